package store

import (
	"context"

	"clientele/shared/membership"
)

// Markers returns what earlier requests with these keys left behind, nil where there was none, in the order of keys and
// with one wait.
func (t Table) Markers(ctx context.Context, keys []*membership.IdempotencyKey) ([]*membership.Marker, error) {
	var ask []key
	for _, k := range keys {
		if k != nil {
			ask = append(ask, markerKey(*k))
		}
	}
	markers := make([]*membership.Marker, len(keys))
	if len(ask) == 0 {
		return markers, nil
	}
	found, err := t.batchGet(ctx, ask)
	if err != nil {
		return nil, err
	}
	for n, k := range keys {
		if k != nil {
			markers[n] = markerFrom(found[markerKey(*k)])
		}
	}
	return markers, nil
}
