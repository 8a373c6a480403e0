// Package policies_test compares what each function can call with what its role grants: nothing is granted that is not
// called, and nothing is called that is not granted.
package policies_test

import (
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// program is the module's own code, with the calls of each function.
type program struct {
	bodies map[*types.Func]body
	fields map[*types.Var]string // the IAM action that a call of a field of a package's struct calls needs
	named  []*types.Named        // every type of the module and every AWS client, for calls through interfaces
}

// body is where a function is defined.
type body struct {
	pkg  *packages.Package
	decl *ast.FuncDecl
}

const module = "clientele"

func load(t *testing.T) *program {
	t.Helper()
	pkgs, err := packages.Load(&packages.Config{Dir: "../..", Mode: packages.NeedName | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedSyntax | packages.NeedImports | packages.NeedDeps | packages.NeedFiles},
		"./functions/...", "./shared/...")
	if err != nil {
		t.Fatal(err)
	}
	p := &program{bodies: map[*types.Func]body{}, fields: map[*types.Var]string{}}
	packages.Visit(pkgs, nil, func(pkg *packages.Package) {
		if strings.HasPrefix(pkg.PkgPath, sdk) {
			if client, ok := pkg.Types.Scope().Lookup("Client").(*types.TypeName); ok { // an implementation that our interfaces may stand for
				p.named = append(p.named, client.Type().(*types.Named))
			}
		}
		if !strings.HasPrefix(pkg.PkgPath, module+"/") {
			return
		}
		for _, e := range pkg.Errors {
			t.Fatalf("%s: %v", pkg.PkgPath, e)
		}
		for _, file := range pkg.Syntax {
			for _, d := range file.Decls {
				if fd, ok := d.(*ast.FuncDecl); ok {
					if f, ok := pkg.TypesInfo.Defs[fd.Name].(*types.Func); ok {
						p.bodies[f] = body{pkg, fd}
					}
				}
			}
		}
		for _, name := range pkg.Types.Scope().Names() {
			if tn, ok := pkg.Types.Scope().Lookup(name).(*types.TypeName); ok && !tn.IsAlias() {
				if n, ok := tn.Type().(*types.Named); ok {
					p.named = append(p.named, n)
				}
				if name == "calls" {
					p.addCalls(tn)
				}
			}
		}
	})
	return p
}

// addCalls notes the fields of a package's struct calls (shared/store, shared/identity): each is named after an
// operation and takes its input.
func (p *program) addCalls(tn *types.TypeName) {
	s, ok := tn.Type().Underlying().(*types.Struct)
	if !ok {
		return
	}
	for i := range s.NumFields() {
		field := s.Field(i)
		if sig, ok := field.Type().(*types.Signature); ok && sig.Params().Len() > 1 && field.Name() != "TransactWriteItems" {
			input := strings.TrimPrefix(types.TypeString(sig.Params().At(1).Type(), (*types.Package).Path), "*")
			if service, ok := strings.CutPrefix(input, sdk); ok {
				service, _, _ = strings.Cut(service, ".")
				p.fields[field] = prefixes()[service] + ":" + field.Name()
			}
		}
	}
}

// prefixes returns IAM's names of the services.
func prefixes() map[string]string {
	return map[string]string{"dynamodb": "dynamodb", "cognitoidentityprovider": "cognito-idp", "sesv2": "ses"}
}

// actions returns the IAM actions of the AWS calls that main can reach. A function that is mentioned counts as called.
// A call through an interface reaches every type of the module that has all its methods and whose package main imports.
func (p *program) actions(t *testing.T, main string) []string {
	t.Helper()
	var queue []*types.Func
	reached := map[*types.Func]bool{}
	reach := func(f *types.Func) {
		if f = f.Origin(); !reached[f] {
			reached[f] = true
			queue = append(queue, f)
		}
	}
	imported := map[string]bool{}
	for f, b := range p.bodies {
		if b.pkg.PkgPath == main && f.Name() == "main" {
			reach(f)
			packages.Visit([]*packages.Package{b.pkg}, nil, func(dep *packages.Package) { imported[dep.PkgPath] = true })
		}
	}
	if len(queue) == 0 {
		t.Fatalf("%s has no main", main)
	}
	found := map[string]bool{}
	for len(queue) > 0 {
		f := queue[0]
		queue = queue[1:]
		if action := actionOf(f); action != "" {
			found[action] = true
			continue
		}
		if recv := f.Signature().Recv(); recv != nil && types.IsInterface(recv.Type()) {
			for _, m := range p.implementations(recv.Type(), f.Name(), imported) {
				reach(m)
			}
			continue
		}
		b, ok := p.bodies[f]
		if !ok {
			continue
		}
		ast.Inspect(b.decl, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			switch used := b.pkg.TypesInfo.Uses[id].(type) {
			case *types.Func:
				if !strings.HasPrefix(used.Name(), "callsOf") { // it mentions all calls of its package; their uses say which are made
					reach(used)
				}
			case *types.Var:
				if action := p.fields[used]; action != "" {
					found[action] = true
				}
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(found))
}

func (p *program) implementations(i types.Type, method string, imported map[string]bool) []*types.Func {
	iface, ok := i.Underlying().(*types.Interface)
	if !ok {
		return nil
	}
	var found []*types.Func
	for _, n := range p.named {
		if types.IsInterface(n) || n.TypeParams().Len() > 0 || !imported[n.Obj().Pkg().Path()] {
			continue
		}
		if !types.Implements(n, iface) && !types.Implements(types.NewPointer(n), iface) {
			continue
		}
		obj, _, _ := types.LookupFieldOrMethod(types.NewPointer(n), true, n.Obj().Pkg(), method)
		if m, ok := obj.(*types.Func); ok {
			found = append(found, m)
		}
	}
	return found
}

const sdk = "github.com/aws/aws-sdk-go-v2/service/"

// actionOf returns the IAM action that calling f needs, or "" when f does not call AWS. The actions of a transaction
// are those of its parts, which the store adds with its own methods.
func actionOf(f *types.Func) string {
	recv := f.Signature().Recv()
	if recv == nil || f.Pkg() == nil {
		if f.Pkg() != nil && f.Pkg().Path() == module+"/shared/awsclient" && f.Name() == "Secret" {
			return "secretsmanager:GetSecretValue"
		}
		if f.Pkg() != nil && f.Pkg().Path() == module+"/shared/awsclient" && f.Name() == "Later" {
			return "lambda:InvokeFunction"
		}
		return ""
	}
	name := types.TypeString(recv.Type(), (*types.Package).Path)
	if name == module+"/shared/files.Bucket" { // it signs its calls, its forms and its links itself
		return map[string]string{"Get": "s3:GetObject", "GetStart": "s3:GetObject", "Link": "s3:GetObject", "Put": "s3:PutObject", "Form": "s3:PutObject", "Delete": "s3:DeleteObject", "list": "s3:ListBucket",
			"Begin": "s3:PutObject", "PutPart": "s3:PutObject", "parts": "s3:ListMultipartUploadParts"}[f.Name()]
	}
	if name == "*"+module+"/shared/store.write" {
		return map[string]string{"put": "dynamodb:PutItem", "delete": "dynamodb:DeleteItem", "update": "dynamodb:UpdateItem", "check": "dynamodb:ConditionCheckItem"}[f.Name()]
	}
	service, ok := strings.CutPrefix(strings.TrimPrefix(name, "*"), sdk)
	if !ok {
		return ""
	}
	service, typ, _ := strings.Cut(service, ".")
	if typ != "Client" || f.Name() == "TransactWriteItems" || !f.Exported() || f.Name() == "Options" {
		return ""
	}
	return prefixes()[service] + ":" + f.Name()
}
