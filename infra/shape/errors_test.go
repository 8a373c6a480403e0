package shape_test

import (
	"encoding/json"
	"go/ast"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

// TestErrorKinds: every kind of membership has a status of its own in shared/httpapi, and the contract describes it.
func TestErrorKinds(t *testing.T) {
	documented := map[string]bool{}
	for _, operations := range in(yamlFile(t, "infra/openapi.yaml")["paths"]) {
		for _, operation := range in(operations) {
			for status := range in(at(operation, "responses")) {
				documented[status] = true
			}
		}
	}
	kinds, byStatus := errorKinds(t), map[int]string{}
	if len(kinds) == 0 {
		t.Fatal("no kinds found in shared/membership/error.go")
	}
	for name, kind := range kinds {
		status := httpapi.StatusOf(membership.Kind(kind))
		switch {
		case status == http.StatusInternalServerError:
			t.Errorf("membership.%s has no status in shared/httpapi/problem.go", name)
		case http.StatusText(status) == "":
			t.Errorf("membership.%s has the status %d, which has no title", name, status)
		case byStatus[status] != "":
			t.Errorf("membership.%s and %s share the status %d", name, byStatus[status], status)
		case !documented[strconv.Itoa(status)]:
			t.Errorf("membership.%s is answered with %d, which infra/openapi.yaml does not know", name, status)
		}
		byStatus[status] = name
	}
}

// TestErrorTexts: every code of membership has a public text in every language of the pages.
func TestErrorTexts(t *testing.T) {
	codes := errorCodes(t)
	if len(codes) < 10 {
		t.Fatalf("only %d codes found in shared/membership", len(codes))
	}
	for _, language := range membership.Languages() {
		texts := map[string]string{}
		for _, name := range pageTexts(t, language) {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(content, &texts); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for _, code := range slices.Sorted(maps.Keys(codes)) {
			if texts["error."+code] == "" {
				t.Errorf("%s: no text error.%s (%s)", language, code, codes[code])
			}
		}
	}
}

func pageTexts(t *testing.T, language string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "shared/web/text", language+".json"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no texts in %s: %v", language, err)
	}
	return names
}

// errorKinds returns the constants of type Kind by their names.
func errorKinds(t *testing.T) map[string]string {
	kinds := map[string]string{}
	for _, file := range goFiles(t, "shared/membership") {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if id, ok := spec.Type.(*ast.Ident); ok && id.Name == "Kind" {
				for i, constant := range spec.Names {
					if value, ok := literal(spec.Values[i]); ok {
						kinds[constant.Name] = value
					}
				}
			}
			return true
		})
	}
	return kinds
}

// errorCodes returns the codes in Error{Code: "…"} and InvalidField(field, "…", message), with the file that uses each.
func errorCodes(t *testing.T) map[string]string {
	codes := map[string]string{}
	for name, file := range goFiles(t, "shared/membership") {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				if kind, ok := n.Type.(*ast.Ident); !ok || kind.Name != "Error" {
					return true
				}
				for _, element := range n.Elts {
					pair, ok := element.(*ast.KeyValueExpr)
					if !ok {
						t.Errorf("%s: an Error without the names of its fields", name)
						continue
					}
					if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "Code" {
						if code, ok := literal(pair.Value); ok {
							codes[code] = name
						}
					}
				}
			case *ast.CallExpr:
				if called(n) == "InvalidField" && len(n.Args) == 3 {
					if code, ok := literal(n.Args[1]); ok {
						codes[code] = name
					} else if !strings.HasSuffix(name, "error.go") {
						t.Errorf("%s: InvalidField with a code that is no literal text", name)
					}
				}
			}
			return true
		})
	}
	return codes
}
