// Package contract_test calls the API with requests generated from infra/openapi.yaml, good and broken ones, and checks
// every answer against it: no answer may be 500 or more, or have a status, field or form that the contract does not
// describe.
//
// It needs a running local cloud: CLIENTELE_STACK names its stack.json (`make test` sets it). CLIENTELE_CALLS is the
// number of calls; CLIENTELE_SEED repeats a run.
package contract_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// contract is openapi.yaml, whose references are resolved on the way.
type contract struct{ document map[string]any }

func readContract(t *testing.T) contract {
	t.Helper()
	text, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var c contract
	if err := yaml.Unmarshal(text, &c.document); err != nil {
		t.Fatal(err)
	}
	return c
}

// object returns v as a map, following a $ref.
func (c contract) object(v any) map[string]any {
	m, _ := v.(map[string]any)
	ref, ok := m["$ref"].(string)
	if !ok {
		return m
	}
	var target any = c.document
	for _, name := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		target = target.(map[string]any)[name]
	}
	return c.object(target)
}

// operation is one route of the contract.
type operation struct {
	method, path string
	public       bool
	parameters   []map[string]any
	body         map[string]any // schema; nil if there is none
	responses    map[string]any
}

func (o operation) name() string { return o.method + " " + o.path }

func (c contract) operations() []operation {
	var all []operation
	paths := c.object(c.document["paths"])
	for path := range paths {
		for method, v := range c.object(paths[path]) {
			raw := c.object(v)
			o := operation{method: strings.ToUpper(method), path: path, public: raw["security"] != nil, responses: c.object(raw["responses"])}
			list, _ := raw["parameters"].([]any)
			for _, p := range list {
				o.parameters = append(o.parameters, c.object(p))
			}
			content := c.object(c.object(raw["requestBody"])["content"])
			o.body = c.object(c.object(content["application/json"])["schema"])
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.name(), b.name()) })
	return all
}

// stack is what the local cloud writes about itself.
type stack struct {
	API, Mailbox string
	Admin        struct{ Username, Password string }
}

// theStack reads stack.json, or skips the test when there is none and none is required.
func theStack(t *testing.T) stack {
	t.Helper()
	path := os.Getenv("CLIENTELE_STACK")
	if path == "" {
		if os.Getenv("CLIENTELE_REQUIRED") != "" {
			t.Fatal("CLIENTELE_STACK is not set")
		}
		t.Skip("needs a running local cloud: `make start`, then CLIENTELE_STACK=$PWD/.local/stack.json")
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s stack
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s
}
