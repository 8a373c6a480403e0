// Package shape_test checks the shape of the repository: what must agree between files and no compiler compares.
package shape_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// root is the checkout, seen from this folder.
const root = "../.."

// yamlFile reads a YAML file; CloudFormation's tags (!Ref, !Sub …) are read as their plain values.
func yamlFile(t *testing.T, name string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	var content map[string]any
	if err := yaml.Unmarshal(text, &content); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return content
}

// at walks down maps and returns nil where there is nothing.
func at(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

// in returns v as a map, or nil when it is none.
func in(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// goFiles parses the Go files below the folders, except tests and generated files.
func goFiles(t *testing.T, folders ...string) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".gen.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			name, _ := filepath.Rel(root, path)
			files[name] = file
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// folders returns the names of the folders in a folder.
func folders(t *testing.T, name string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}
