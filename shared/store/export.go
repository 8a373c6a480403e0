package store

import (
	"context"

	"clientele/shared/membership"
)

// Records returns the records of the users in rows of a list, by id and eventually consistent, like the list. A record
// that has gone since is missing.
func (t Table) Records(ctx context.Context, rows []membership.UserRow) (map[string]membership.User, error) {
	keys := make([]key, len(rows))
	for n, r := range rows {
		keys[n] = userKey(r.CustomerID, r.ID)
	}
	found, err := t.batchGetEventually(ctx, keys)
	records := make(map[string]membership.User, len(found))
	for _, i := range found {
		records[i.str("id")] = userFrom(i)
	}
	return records, err
}

// CountUsers returns how many users a list has according to the counters, or 0 when no counter tells: with a search, or
// with several filters, unless these are a customer and a status. Errors: ErrNotFound.
func (t Table) CountUsers(ctx context.Context, q membership.UserQuery) (int, error) {
	if q.CustomerID == "" && !q.Reach.All() || q.CustomerID != "" && !q.Reach.Includes(q.CustomerID) {
		return 0, membership.ErrNotFound
	}
	others := 0
	facet := ""
	for _, f := range []struct{ value, facet string }{{string(q.Role), roleFacet(q.Role)}, {q.Country, countryFacet(q.Country)}, {q.GroupID, groupFacet(q.GroupID)}} {
		if f.value != "" {
			others, facet = others+1, f.facet
		}
	}
	switch {
	case q.Search != "", others > 1, others == 1 && (q.Status != "" || q.CustomerID != ""):
		return 0, nil
	case others == 1:
		counter := countKey(allScope, facet)
		found, err := t.batchGetEventually(ctx, []key{counter})
		return found[counter].int("n"), err
	}
	counts, err := t.UserCounts(ctx, q.Reach, q.CustomerID)
	if err != nil {
		return 0, err
	}
	if q.Status != "" {
		return counts[q.Status], nil
	}
	total := 0
	for status, n := range counts {
		if status != membership.Removed {
			total += n
		}
	}
	return total, nil
}
