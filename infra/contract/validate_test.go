package contract_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// violation returns where a value differs from its schema, or "". It knows what openapi.yaml uses: type, enum,
// nullable, required, properties, additionalProperties, items, allOf and format date-time. A field that is not
// described is a violation too.
func (c contract) violation(schema map[string]any, v any, at string) string {
	if v == nil {
		if schema["nullable"] == true {
			return ""
		}
		return at + " is null"
	}
	// allOf describes the whole value: openapi.yaml uses it where a named schema may also be null.
	if parts, ok := schema["allOf"].([]any); ok {
		for _, part := range parts {
			if wrong := c.violation(c.object(part), v, at); wrong != "" {
				return wrong
			}
		}
		return ""
	}
	switch schema["type"] {
	case "object":
		return c.objectViolation(schema, v, at)
	case "array":
		list, ok := v.([]any)
		if !ok {
			return at + " is no list"
		}
		for i, element := range list {
			if wrong := c.violation(c.object(schema["items"]), element, fmt.Sprintf("%s[%d]", at, i)); wrong != "" {
				return wrong
			}
		}
	case "string":
		text, ok := v.(string)
		if !ok {
			return at + " is no string"
		}
		if values, ok := schema["enum"].([]any); ok && !slices.Contains(values, any(text)) {
			return fmt.Sprintf("%s is %q, none of %v", at, text, values)
		}
		if schema["format"] == "date-time" {
			if when, err := time.Parse(time.RFC3339, text); err != nil || !strings.HasSuffix(text, "Z") || when.Nanosecond() != 0 {
				return fmt.Sprintf("%s is %q, no time in UTC with whole seconds", at, text)
			}
		}
	case "integer":
		if n, ok := v.(float64); !ok || n != float64(int64(n)) {
			return at + " is no whole number"
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return at + " is neither true nor false"
		}
	default:
		return fmt.Sprintf("%s: the contract has the type %v, which this test does not know", at, schema["type"])
	}
	return ""
}

func (c contract) objectViolation(schema map[string]any, v any, at string) string {
	fields, ok := v.(map[string]any)
	if !ok {
		return at + " is no object"
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := fields[name.(string)]; !ok {
			return fmt.Sprintf("%s.%s is missing", at, name)
		}
	}
	properties, others := c.object(schema["properties"]), c.object(schema["additionalProperties"])
	for name, value := range fields {
		described := c.object(properties[name])
		if described == nil {
			described = others
		}
		if described == nil {
			return fmt.Sprintf("%s.%s is not in the contract", at, name)
		}
		if wrong := c.violation(described, value, at+"."+name); wrong != "" {
			return wrong
		}
	}
	return ""
}
