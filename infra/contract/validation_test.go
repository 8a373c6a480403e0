package contract_test

import "testing"

// A value that may be null is described by a named schema in allOf: its fields are known, and others are not.
func TestNamedSchemasThatMayBeNull(t *testing.T) {
	c := readContract(t)
	described := map[string]any{"type": "object", "nullable": true, "allOf": []any{map[string]any{"$ref": "#/components/schemas/ImportResults"}}}
	results := map[string]any{}
	for name := range c.object(c.object(map[string]any{"$ref": "#/components/schemas/ImportResults"})["properties"]) {
		results[name] = 0.0
	}
	for _, good := range []any{nil, results} {
		if wrong := c.violation(described, good, "results"); wrong != "" {
			t.Errorf("%v: %s", good, wrong)
		}
	}
	for want, bad := range map[string]any{"results is no object": "x", "results.other is not in the contract": map[string]any{"other": 1.0}} {
		if bad, ok := bad.(map[string]any); ok {
			for name, n := range results {
				bad[name] = n
			}
		}
		if wrong := c.violation(described, bad, "results"); wrong != want {
			t.Errorf("%v: %q, want %q", bad, wrong, want)
		}
	}
}
