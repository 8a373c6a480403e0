package shape_test

import (
	"go/ast"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFunctions: the folders of functions/ are the functions of template.yaml, each with everything that a function
// needs.
func TestFunctions(t *testing.T) {
	deployed := map[string]string{}
	for name, resource := range in(at(yamlFile(t, "template.yaml"), "Resources")) {
		if at(resource, "Type") == "AWS::Serverless::Function" {
			code, _ := at(resource, "Properties", "CodeUri").(string)
			deployed[path.Base(code)] = name
			if path.Dir(path.Clean(code)) != "functions" {
				t.Errorf("template.yaml: %s is built from %s, not from a folder of functions/", name, code)
			}
		}
	}
	for _, folder := range folders(t, "functions") {
		if deployed[folder] == "" {
			t.Errorf("functions/%s is not in template.yaml", folder)
		}
		delete(deployed, folder)
		for _, file := range []string{"main.go", "handler.go", "handler_test.go"} {
			if _, err := os.Stat(filepath.Join(root, "functions", folder, file)); err != nil {
				t.Errorf("functions/%s has no %s", folder, file)
			}
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(deployed)) {
		t.Errorf("template.yaml: %s has no functions/%s", deployed[folder], folder)
	}
}

// TestNoDrawers: a package with such a name has no subject, so everything ends up in it.
func TestNoDrawers(t *testing.T) {
	drawers := []string{"util", "utils", "common", "helper", "helpers", "types", "shared", "misc", "base"}
	for name, file := range goFiles(t, "functions", "shared", "infra") {
		if slices.Contains(drawers, file.Name.Name) {
			t.Errorf("%s: package %s", name, file.Name.Name)
		}
		if filepath.Dir(name) == "shared" {
			t.Errorf("%s: shared/ holds rooms, no Go file of its own", name)
		}
		base := strings.TrimSuffix(filepath.Base(name), ".go")
		if slices.Contains(drawers, base) {
			t.Errorf("%s: a file is named after its noun", name)
		}
	}
}

// TestNothingCompiledAtPackageLevel: regular expressions and templates in package variables are compiled in every cold
// start, whether needed or not (design 4).
func TestNothingCompiledAtPackageLevel(t *testing.T) {
	costly := map[string]bool{"regexp.MustCompile": true, "template.Must": true, "template.New": true, "regexp.Compile": true}
	for name, file := range goFiles(t, "functions", "shared") {
		for _, declaration := range file.Decls {
			variables, ok := declaration.(*ast.GenDecl)
			if !ok {
				continue
			}
			ast.Inspect(variables, func(n ast.Node) bool {
				if _, inside := n.(*ast.FuncLit); inside {
					return false
				}
				if s, ok := n.(*ast.SelectorExpr); ok {
					if pkg, ok := s.X.(*ast.Ident); ok && costly[pkg.Name+"."+s.Sel.Name] {
						t.Errorf("%s: %s.%s at package level", name, pkg.Name, s.Sel.Name)
					}
				}
				return true
			})
		}
	}
}
