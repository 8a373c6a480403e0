package telemetry

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// Namespace is the CloudWatch namespace of all our metrics.
const Namespace = "Clientele"

// Count writes one EMF line: metric name counted n, once for this set of dimensions. Dimensions are few and have few
// values (an outcome, a letter's name), never ids: every combination is a metric that costs money. An EMF line takes at
// most 30 dimensions; ours have one or two.
func Count(w io.Writer, now time.Time, name string, n int, dims map[string]string) error {
	keys := slices.Sorted(maps.Keys(dims))
	line := map[string]any{
		"_aws": map[string]any{
			"Timestamp": now.UnixMilli(),
			"CloudWatchMetrics": []any{map[string]any{
				"Namespace":  Namespace,
				"Dimensions": [][]string{append([]string{}, keys...)},
				"Metrics":    []any{map[string]any{"Name": name, "Unit": "Count"}},
			}},
		},
	}
	for _, k := range keys {
		line[k] = dims[k]
	}
	line[name] = n
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("metric %s: %w", name, err)
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("metric %s: %w", name, err)
	}
	return nil
}
