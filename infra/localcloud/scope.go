package main

import (
	"fmt"
	"regexp"
	"strings"
)

// The local cloud's account.
const accountID = "000000000000"

// scope resolves the few intrinsic functions in an HTTP API's body: Ref, Fn::Sub, and Fn::If of the form "this
// parameter unless it is empty" (conditions Has<Parameter>).
type scope struct {
	ids        map[string]string // physical ids by logical id
	parameters map[string]string
}

var placeholder = regexp.MustCompile(`\$\{([^}]+)\}`)

func (s scope) text(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case map[string]any:
		if ref, ok := v["Ref"].(string); ok {
			return s.name(ref)
		}
		if sub, ok := v["Fn::Sub"].(string); ok {
			return s.sub(sub)
		}
		if branches, ok := v["Fn::If"].([]any); ok && len(branches) == 3 {
			condition, _ := branches[0].(string)
			// MiniStack's processed template has the parameter's default in place of the first branch, so the value is
			// taken from the stack.
			if value := s.parameters[strings.TrimPrefix(condition, "Has")]; value != "" {
				return value, nil
			}
			return s.text(branches[2])
		}
	}
	return "", fmt.Errorf("cannot resolve %v", v)
}

func (s scope) sub(text string) (string, error) {
	var failed error
	out := placeholder.ReplaceAllStringFunc(text, func(m string) string {
		value, err := s.name(strings.Trim(m, "${}"))
		if err != nil {
			failed = err
		}
		return value
	})
	return out, failed
}

func (s scope) name(name string) (string, error) {
	switch name {
	case "AWS::Partition":
		return "aws", nil
	case "AWS::Region":
		return region, nil
	case "AWS::AccountId":
		return accountID, nil
	case "AWS::URLSuffix":
		return "amazonaws.com", nil
	case "AWS::StackName":
		return stackName, nil
	}
	if value, ok := s.parameters[name]; ok {
		return value, nil
	}
	if id, ok := s.ids[name]; ok {
		return id, nil
	}
	if logical, ok := strings.CutSuffix(name, ".Arn"); ok && s.ids[logical] != "" {
		return "arn:aws:lambda:" + region + ":" + accountID + ":function:" + s.ids[logical], nil
	}
	return "", fmt.Errorf("nothing in the stack is called %s", name)
}
