package shape_test

import (
	"go/ast"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestDictionary: every entity that shared/store writes has a row in the data dictionary of its doc.go, and every row
// is about an entity.
func TestDictionary(t *testing.T) {
	entities, rows := map[string]string{}, map[string]bool{}
	for name, file := range goFiles(t, "shared/store") {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, constant := range spec.Names {
					if strings.HasPrefix(constant.Name, "entity") && i < len(spec.Values) {
						if value, ok := literal(spec.Values[i]); ok {
							entities[value] = constant.Name
						}
					}
				}
			}
			// An item is made with newItem(key, entityX): a literal text would escape the dictionary.
			if call, ok := n.(*ast.CallExpr); ok && called(call) == "newItem" && len(call.Args) == 2 {
				if id, ok := call.Args[1].(*ast.Ident); !ok || !strings.HasPrefix(id.Name, "entity") {
					t.Errorf("%s: newItem with an entity that is no entity constant", name)
				}
			}
			return true
		})
		if name == "shared/store/doc.go" {
			rows = dictionaryRows(file.Doc.Text())
		}
	}
	if len(entities) == 0 || len(rows) == 0 {
		t.Fatalf("%d entities, %d rows", len(entities), len(rows))
	}
	for _, entity := range slices.Sorted(maps.Keys(entities)) {
		if !rows[entity] {
			t.Errorf("%s (%q) has no row in the dictionary of shared/store/doc.go", entities[entity], entity)
		}
		delete(rows, entity)
	}
	for _, row := range slices.Sorted(maps.Keys(rows)) {
		t.Errorf("the dictionary of shared/store/doc.go describes %q, which is no entity", row)
	}
}

// dictionaryRows returns the first column of the table that starts with "entity pk sk".
func dictionaryRows(doc string) map[string]bool {
	rows := map[string]bool{}
	inside := false
	for line := range strings.Lines(doc) {
		fields := strings.Fields(line)
		switch {
		case len(fields) >= 3 && fields[0] == "entity" && fields[1] == "pk" && fields[2] == "sk":
			inside = true
		case inside && len(fields) == 0:
			return rows
		case inside:
			rows[fields[0]] = true
		}
	}
	return rows
}
