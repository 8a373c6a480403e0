package shape_test

import (
	"slices"
	"strings"
	"testing"
)

// TestContractIsComplete checks what every operation and request of infra/openapi.yaml must say.
func TestContractIsComplete(t *testing.T) {
	contract := yamlFile(t, "infra/openapi.yaml")
	schemas := in(at(contract, "components", "schemas"))
	ids := map[string]bool{}
	for path, operations := range in(contract["paths"]) {
		for method, operation := range in(operations) {
			name := strings.ToUpper(method) + " " + path
			id, _ := at(operation, "operationId").(string)
			if id == "" || ids[id] {
				t.Errorf("%s: operationId %q is missing or used twice", name, id)
			}
			ids[id] = true
			responses := in(at(operation, "responses"))
			public := at(operation, "security") != nil
			wanted := []string{"400", "429", "500", "503"}
			if !public {
				wanted = append(wanted, "401", "403")
			}
			if at(operation, "requestBody") != nil {
				wanted = append(wanted, "413")
			}
			parameters := references(at(operation, "parameters"))
			if slices.Contains(parameters, "IfMatch") {
				wanted = append(wanted, "412", "428")
			}
			if slices.Contains(parameters, "IdempotencyKey") {
				wanted = append(wanted, "409", "422")
			}
			if method == "post" && !strings.HasPrefix(path, "/auth/") && slices.Contains(parameters, "IdempotencyKey") == public {
				t.Errorf("%s: an authenticated POST takes an Idempotency-Key, a public one takes none", name)
			}
			for _, status := range wanted {
				if responses[status] == nil {
					t.Errorf("%s: does not say what %s looks like", name, status)
				}
			}
			for _, parameter := range strings.FieldsFunc(path, func(c rune) bool { return c == '/' }) {
				if p, ok := strings.CutPrefix(parameter, "{"); ok {
					p = strings.TrimSuffix(p, "}")
					if !slices.Contains(parameters, strings.ToUpper(p[:1])+p[1:]) {
						t.Errorf("%s: parameter %s is not described", name, p)
					}
				}
			}
			if schema := referenced(at(operation, "requestBody", "content", "application/json", "schema")); schema != "" {
				strict(t, schemas, schema)
			}
		}
	}
}

// strict follows a request's schema and requires each object in it to be closed and each text to be bounded.
func strict(t *testing.T, schemas map[string]any, name string) {
	schema := schemas[name]
	if schema == nil {
		t.Errorf("no schema %s", name)
		return
	}
	if at(schema, "enum") != nil || at(schema, "type") == "string" && at(schema, "maxLength") != nil {
		return
	}
	if at(schema, "additionalProperties") != false {
		t.Errorf("schema %s takes unknown fields", name)
	}
	for field, property := range in(at(schema, "properties")) {
		property := property
		if at(property, "type") == "array" {
			if at(property, "maxItems") == nil {
				t.Errorf("schema %s: list %s is endless", name, field)
			}
			if at(property, "maxItems") == 0 {
				continue
			}
			property = at(property, "items")
		}
		if inner := referenced(property); inner != "" {
			strict(t, schemas, inner)
			continue
		}
		if at(property, "type") == "string" && at(property, "maxLength") == nil && at(property, "enum") == nil {
			t.Errorf("schema %s: text %s is endless", name, field)
		}
	}
}

// referenced returns the last part of a $ref.
func referenced(v any) string {
	ref, _ := at(v, "$ref").(string)
	return ref[strings.LastIndexByte(ref, '/')+1:]
}

func references(v any) []string {
	list, _ := v.([]any)
	var names []string
	for _, element := range list {
		if name := referenced(element); name != "" {
			names = append(names, name)
		}
	}
	return names
}
