package shape_test

import (
	"go/ast"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// route is what the three descriptions of a route must agree on.
type route struct {
	Public   bool
	Function string // folder under functions/; "" in openapi.yaml, which has no functions
}

// TestRoutes compares template.yaml, openapi.yaml and the handlers: the same routes, the same ones public, each in the
// function that the template sends it to.
func TestRoutes(t *testing.T) {
	template, contract, handlers := templateRoutes(t), contractRoutes(t), handlerRoutes(t)
	all := map[string]bool{}
	for _, routes := range []map[string]route{template, contract, handlers} {
		for r := range routes {
			all[r] = true
		}
	}
	if len(all) == 0 {
		t.Fatal("no routes at all")
	}
	for _, r := range slices.Sorted(maps.Keys(all)) {
		inTemplate, ok1 := template[r]
		inContract, ok2 := contract[r]
		inHandler, ok3 := handlers[r]
		switch {
		case !ok1 || !ok2 || !ok3:
			t.Errorf("%s: in template.yaml %v, in infra/openapi.yaml %v, in a handler %v", r, ok1, ok2, ok3)
		case inTemplate.Public != inContract.Public || inTemplate.Public != inHandler.Public:
			t.Errorf("%s: public in template.yaml %v, in infra/openapi.yaml %v, in its handler %v", r, inTemplate.Public, inContract.Public, inHandler.Public)
		case inTemplate.Function != inHandler.Function:
			t.Errorf("%s: template.yaml sends it to functions/%s, functions/%s handles it", r, inTemplate.Function, inHandler.Function)
		}
	}
}

// TestPublicRoutesAreThrottled: an HTTP API has no limit per client, so each public route has a limit of its own.
func TestPublicRoutesAreThrottled(t *testing.T) {
	routes := templateRoutes(t)
	api := at(yamlFile(t, "template.yaml"), "Resources", "ApiApi", "Properties")
	settings := in(at(api, "RouteSettings"))
	limit := func(v any) float64 {
		switch n := at(v, "ThrottlingRateLimit").(type) {
		case int:
			return float64(n)
		case float64:
			return n
		}
		return 0
	}
	usual := limit(at(api, "DefaultRouteSettings"))
	if usual == 0 {
		t.Error("the API has no default limit")
	}
	for name, r := range routes {
		if own := limit(settings[name]); r.Public && (own == 0 || own >= usual) {
			t.Errorf("%s is public and has no limit below the usual %v a second", name, usual)
		}
	}
	for name := range settings {
		if _, ok := routes[name]; !ok {
			t.Errorf("a limit for %s, which is no route", name)
		}
	}
}

func templateRoutes(t *testing.T) map[string]route {
	routes := map[string]route{}
	for name, resource := range in(at(yamlFile(t, "template.yaml"), "Resources")) {
		if at(resource, "Type") != "AWS::Serverless::Function" {
			continue
		}
		for event, e := range in(at(resource, "Properties", "Events")) {
			if at(e, "Type") != "HttpApi" || at(e, "Properties", "ApiId") != "ApiApi" {
				continue
			}
			method, _ := at(e, "Properties", "Method").(string)
			path, _ := at(e, "Properties", "Path").(string)
			key := strings.ToUpper(method) + " " + path
			if _, twice := routes[key]; twice {
				t.Errorf("template.yaml: %s twice (%s, %s)", key, name, event)
			}
			authorizer := at(e, "Properties", "Auth", "Authorizer")
			if authorizer != nil && authorizer != "NONE" {
				t.Errorf("template.yaml: %s has the authorizer %v; there are the default one and NONE", key, authorizer)
			}
			code, _ := at(resource, "Properties", "CodeUri").(string)
			routes[key] = route{Public: authorizer == "NONE", Function: filepath.Base(code)}
		}
	}
	return routes
}

func contractRoutes(t *testing.T) map[string]route {
	contract := yamlFile(t, "infra/openapi.yaml")
	if security, ok := contract["security"].([]any); !ok || len(security) == 0 {
		t.Error("infra/openapi.yaml: not closed by default")
	}
	routes := map[string]route{}
	for path, operations := range in(contract["paths"]) {
		for method, operation := range in(operations) {
			security, own := at(operation, "security").([]any)
			routes[strings.ToUpper(method)+" "+path] = route{Public: own && len(security) == 0}
		}
	}
	return routes
}

var routePattern = regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE) /`)

// handlerRoutes finds mux.Handle("<route>", gate.Public(…)) and mux.Handle("<route>", gate.SignedIn…(…)). The pages
// have their own routes behind $default.
func handlerRoutes(t *testing.T) map[string]route {
	routes := map[string]route{}
	for name, file := range goFiles(t, "functions") {
		function := filepath.Base(filepath.Dir(name))
		if function == "portal" || function == "console" {
			continue
		}
		registered := map[ast.Node]bool{}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && called(call) == "Handle" && len(call.Args) == 2 {
				key, ok := literal(call.Args[0])
				if !ok {
					t.Errorf("%s: a route that is no literal text", name)
					return true
				}
				registered[call.Args[0]] = true
				if _, twice := routes[key]; twice {
					t.Errorf("%s: %s twice", name, key)
				}
				gate, _ := call.Args[1].(*ast.CallExpr)
				switch how := called(gate); how {
				case "Public", "SignedIn", "SignedInBatch":
					routes[key] = route{Public: how == "Public", Function: function}
				default:
					t.Errorf("%s: %s is not behind gate.Public or gate.SignedIn", name, key)
				}
			}
			return true
		})
		ast.Inspect(file, func(n ast.Node) bool {
			if expression, ok := n.(ast.Expr); ok {
				if text, ok := literal(expression); ok && routePattern.MatchString(text) && !registered[n] {
					t.Errorf("%s: %q looks like a route and is not registered with mux.Handle", name, text)
				}
			}
			return true
		})
	}
	return routes
}

// called returns the name of the called function or method.
func called(call *ast.CallExpr) string {
	if call == nil {
		return ""
	}
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}
