package faults_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const shared = "../../shared"

// sources parses a package of shared/ without its tests.
func sources(t *testing.T, room string) []*ast.File {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(shared, room, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources in %s: %v", room, err)
	}
	var parsed []*ast.File
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	return parsed
}

// receiver returns the name of a method's type, "" for a function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return ""
	}
	typ := f.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if name, ok := typ.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

func isContext(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	p, ok := s.X.(*ast.Ident)
	return ok && p.Name == "context" && s.Sel.Name == "Context"
}

// useCases returns the exported methods of exported types of membership that take a context.
func useCases(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, f := range sources(t, "membership") {
		for _, d := range f.Decls {
			method, ok := d.(*ast.FuncDecl)
			if !ok || !method.Name.IsExported() || !ast.IsExported(receiver(method)) || method.Type.Params.NumFields() == 0 || !isContext(method.Type.Params.List[0].Type) {
				continue
			}
			found = append(found, receiver(method)+"."+method.Name.Name)
		}
	}
	return found
}

// TestEveryUseCaseIsInTheMatrix fails for a use case without an entry, and for an entry without a use case.
func TestEveryUseCaseIsInTheMatrix(t *testing.T) {
	cases := useCases(t)
	if len(cases) < 30 {
		t.Fatalf("only %d use cases were found: %v", len(cases), cases)
	}
	seen := map[string]bool{}
	for _, e := range entries() {
		if !e.door && !slices.Contains(cases, e.use) {
			t.Errorf("there is no use case %s", e.use)
		}
		if seen[e.name()] {
			t.Errorf("%s stands twice", e.name())
		}
		seen[e.use], seen[e.name()] = true, true
	}
	for _, c := range cases {
		if !seen[c] {
			t.Errorf("use case %s is missing from the matrix: write an entry (entries_*_test.go)", c)
		}
	}
}

// placesThatCallAWS returns the methods of the packages next to AWS that call it, each with the operation:
// "store.Table.get GetItem". A call is a method of an SDK client, which the packages keep in a field.
func placesThatCallAWS(t *testing.T) []string {
	t.Helper()
	fields := map[string]string{"store": "client", "identity": "api", "mail/sending": "Client"}
	var places []string
	for room, field := range fields {
		for _, f := range sources(t, room) {
			for _, d := range f.Decls {
				method, ok := d.(*ast.FuncDecl)
				if !ok || method.Body == nil || receiver(method) == "" {
					continue
				}
				ast.Inspect(method.Body, func(n ast.Node) bool {
					call, ok := n.(*ast.CallExpr)
					if !ok {
						return true
					}
					op, ok := call.Fun.(*ast.SelectorExpr)
					if !ok {
						return true
					}
					if client, ok := op.X.(*ast.SelectorExpr); ok && client.Sel.Name == field && op.Sel.IsExported() {
						places = append(places, room+"."+receiver(method)+"."+method.Name.Name+" "+op.Sel.Name)
					}
					return true
				})
			}
		}
	}
	slices.Sort(places)
	return slices.Compact(places)
}

// TestOnlyKnownRoomsCallAWS: a package that starts to call AWS must be watched by the matrix.
func TestOnlyKnownRoomsCallAWS(t *testing.T) {
	watched := []string{"store", "identity", "mail/sending"}
	// awsclient makes clients and reads the secret once at the start; the tests' own packages may call what they like.
	known := append(watched, "awsclient", "awsclient/cognito", "awsclient/dynamo", "awsclient/ses", "store/storetest", "identity/identitytest")
	err := filepath.WalkDir(shared, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			room, _ := filepath.Rel(shared, filepath.Dir(path))
			if strings.Contains(i.Path.Value, "/aws-sdk-go-v2/service/") && !strings.Contains(i.Path.Value, "/types") && !slices.Contains(known, room) {
				t.Errorf("%s calls AWS and is not in the matrix", path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
