package policies_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestGrantsAreWhatIsCalled(t *testing.T) {
	granted := grants(t)
	p := load(t)
	dirs, err := os.ReadDir("../../functions")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if !d.IsDir() {
			continue
		}
		t.Run(d.Name(), func(t *testing.T) {
			have, ok := granted[d.Name()]
			if !ok {
				t.Fatal("no role of template.yaml belongs to this function")
			}
			called := p.actions(t, module+"/functions/"+d.Name())
			if len(called) == 0 {
				t.Fatal("no AWS call was found, so nothing was compared")
			}
			for _, action := range called {
				if !slices.Contains(have, action) {
					t.Errorf("called and not granted: %s", action)
				}
			}
			for _, action := range have {
				if !slices.Contains(called, action) && !platform(action) {
					t.Errorf("granted and not called: %s", action)
				}
			}
		})
	}
}

// platform says whether Lambda itself needs an action of the function's role: for logs, traces, reading the stream and
// setting aside failures.
func platform(action string) bool {
	switch action {
	case "logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords",
		"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams", "sqs:SendMessage":
		return true
	}
	return false
}

// No grant is wider than it must be: no wildcard action, and no wildcard resource except for actions to which AWS gives
// none.
func TestNoWildcards(t *testing.T) {
	for name, role := range roles(t) {
		for _, s := range role {
			for _, a := range s.actions {
				if strings.Contains(a, "*") {
					t.Errorf("%s: action %s", name, a)
				}
			}
			for _, r := range s.resources {
				if r == "*" && !slices.Equal(s.actions, []string{"xray:PutTraceSegments", "xray:PutTelemetryRecords"}) && !slices.Equal(s.actions, []string{"dynamodb:ListStreams"}) {
					t.Errorf("%s: %v on every resource", name, s.actions)
				}
			}
		}
	}
}

type statement struct{ actions, resources []string }

// grants returns the actions granted to each function, by the name of its folder.
func grants(t *testing.T) map[string][]string {
	t.Helper()
	byRole := roles(t)
	out := map[string][]string{}
	for _, r := range resources(t) {
		if r.Type != "AWS::Serverless::Function" {
			continue
		}
		var p struct {
			CodeUri string    `yaml:"CodeUri"`
			Role    yaml.Node `yaml:"Role"`
		}
		if err := r.Properties.Decode(&p); err != nil {
			t.Fatal(err)
		}
		name := strings.Trim(strings.TrimPrefix(strings.TrimPrefix(p.CodeUri, "./"), "functions/"), "/")
		role, _, _ := strings.Cut(p.Role.Value, ".") // !GetAtt CustomersRole.Arn
		for _, s := range byRole[role] {
			out[name] = append(out[name], s.actions...)
		}
	}
	return out
}

// roles returns the statements of every role, by its name in the template; a managed policy of the template counts for
// each role that has it.
func roles(t *testing.T) map[string][]statement {
	t.Helper()
	all := resources(t)
	managed := map[string][]statement{}
	for name, r := range all {
		if r.Type == "AWS::IAM::ManagedPolicy" {
			managed[name] = statements(t, child(&r.Properties, "PolicyDocument"))
		}
	}
	out := map[string][]statement{}
	for name, r := range all {
		if r.Type != "AWS::IAM::Role" {
			continue
		}
		if policies := child(&r.Properties, "Policies"); policies != nil {
			for _, p := range policies.Content {
				out[name] = append(out[name], statements(t, child(p, "PolicyDocument"))...)
			}
		}
		if arns := child(&r.Properties, "ManagedPolicyArns"); arns != nil {
			for _, a := range arns.Content {
				s, ok := managed[a.Value]
				if !ok {
					t.Errorf("%s holds a policy that is not of this template: %s", name, a.Value)
				}
				out[name] = append(out[name], s...)
			}
		}
	}
	return out
}

func statements(t *testing.T, document *yaml.Node) []statement {
	t.Helper()
	var out []statement
	for _, s := range child(document, "Statement").Content {
		out = append(out, statement{texts(child(s, "Action")), texts(child(s, "Resource"))})
	}
	return out
}

type resource struct {
	Type       string    `yaml:"Type"`
	Properties yaml.Node `yaml:"Properties"`
}

func resources(t *testing.T) map[string]resource {
	t.Helper()
	raw, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]resource `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(raw, &template); err != nil {
		t.Fatal(err)
	}
	return template.Resources
}

// child returns the value of a mapping's key, or nil when it has none.
func child(n *yaml.Node, name string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// texts returns the texts of a scalar or a list; intrinsic functions count as their text.
func texts(n *yaml.Node) []string {
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.ScalarNode:
		return []string{n.Value}
	case n.Kind == yaml.SequenceNode:
		var out []string
		for _, x := range n.Content {
			if x.Kind == yaml.ScalarNode {
				out = append(out, x.Value)
			}
		}
		return out
	}
	return nil
}
