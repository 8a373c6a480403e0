package contract_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// generator makes requests. Most are good at first and then broken in one place, so that they pass the first check.
type generator struct {
	*rand.Rand
	c      contract
	known  map[string][]string // ids that exist, by the name of the path parameter
	emails int
}

// request is one generated call.
type request struct {
	operation operation
	path      string
	header    http.Header
	body      string
	what      string // how it was broken, for the report
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g *generator, list []T) T { return list[g.IntN(len(list))] }

// nasty are texts that break programs.
var nasty = []string{
	"", " ", "\u0000", "\n", "\u202e", "'", `"`, "\\", "%", "%2F", "../..", "<script>", "{{first_name}}", "=1+1", "İ", "ﬁ", "ß", "🙂", "e\u0301",
	strings.Repeat("x", 300), strings.Repeat("🙂", 5000), "null", "0", "-1", "USER#1", "a@b", "\"a b\"@example.com", "ä@bücher.example", "x.y.z", "1.1.AAAA",
	"00000000-0000-0000-0000-000000000000", "provider",
}

// short returns a nasty text that fits into an address: the servers in between refuse longer ones.
func (g *generator) short() string {
	text := []rune(pick(g, nasty))
	return string(text[:min(len(text), 80)])
}

func (g *generator) request(o operation) request {
	r := request{operation: o, path: o.path, header: http.Header{}}
	query := url.Values{}
	for _, p := range o.parameters {
		name, _ := p["name"].(string)
		schema := g.c.object(p["schema"])
		switch p["in"] {
		case "path":
			id := g.short() + "~" // never empty, which would be another route
			if ids := g.known[name]; len(ids) > 0 && g.chance(80) {
				id = pick(g, ids)
			}
			r.path = strings.Replace(r.path, "{"+name+"}", url.PathEscape(id), 1)
		case "query":
			if g.chance(40) {
				query.Set(name, g.parameter(name, schema))
			}
		case "header":
			if value := g.headerValue(name); value != "" && g.chance(85) {
				r.header.Set(name, value)
			}
		}
	}
	if g.chance(5) {
		query.Set(pick(g, []string{"x", "Limit", "status[]", "ä"}), g.short())
	}
	if encoded := query.Encode(); encoded != "" {
		r.path += "?" + encoded
	}
	if g.chance(3) {
		r.path += pick(g, []string{"?limit=%zz", "?;", "&&", "?limit=1&limit=2"})
	}
	if o.body != nil {
		r.header.Set("Content-Type", "application/json")
		r.body, r.what = g.body(o)
		if g.chance(3) {
			r.header.Set("Content-Type", pick(g, []string{"text/plain", "application/xml", "application/json; charset=latin1", ""}))
		}
	} else if g.chance(5) {
		r.body = pick(g, nasty)
	}
	return r
}

func (g *generator) parameter(name string, schema map[string]any) string {
	if values, ok := schema["enum"].([]any); ok && g.chance(85) {
		return fmt.Sprint(pick(g, values))
	}
	if name == "customer" && g.chance(80) {
		return pick(g, g.known["customerId"])
	}
	if schema["type"] == "boolean" && g.chance(85) {
		return strconv.FormatBool(g.chance(50))
	}
	if schema["type"] == "integer" && g.chance(85) {
		return strconv.Itoa(1 + g.IntN(200))
	}
	return g.short()
}

// headerValue returns a value that can be sent: other characters never reach the function.
func (g *generator) headerValue(name string) string {
	if name == "If-Match" {
		return pick(g, []string{`"1"`, `"1"`, `"2"`, `"3"`, `W/"1"`, `"0"`, "1", "*", `"99999999999"`, `"1", "2"`, "x"})
	}
	return pick(g, []string{fmt.Sprintf("key-%d", g.IntN(40)), fmt.Sprintf("key-%d", g.Uint64()), strings.Repeat("k", 101), "k k"})
}

// body returns a request's body and how it was broken.
func (g *generator) body(o operation) (text, what string) {
	value := g.value("", o.body)
	what = "nothing"
	// The doors count attempts per address for everybody on this machine, and other tests share the settings, so only
	// requests that are refused before that are sent.
	counted := o.path == "/auth/sign-in" || o.path == "/auth/forgot-password" || o.path == "/registrations" || o.path == "/settings"
	if counted || g.chance(60) {
		fields, _ := value.(map[string]any)
		names := slices.Sorted(maps.Keys(g.c.object(o.body["properties"])))
		how := g.IntN(5)
		if counted {
			how = g.IntN(3)
		}
		name := pick(g, names)
		switch how {
		case 0:
			fields[pick(g, []string{"extra", "Name", "", "__proto__", "ä"})], what = 1, "a field too many"
		case 1:
			fields[name], what = pick(g, []any{nil, 1, -1.5, true, []any{}, map[string]any{}, []any{[]any{nil}}}), "type of "+name
			if counted {
				fields[name] = nil
			}
		case 2:
			return pick(g, []string{"", "{", "[]", "null", "\"x\"", "{}{}", "\xff\xfe", strings.Repeat("[", 50000), `{"a":` + strings.Repeat(`{"a":`, 2000), "{\"\\ud800\":1}"}), "no JSON"
		case 3:
			fields[name], what = pick(g, nasty), "value of "+name
		case 4:
			delete(fields, name)
			what = "without " + name
		}
	}
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(raw), what
}

// value returns a good value for a schema, as far as a schema can say what is good.
func (g *generator) value(name string, schema map[string]any) any {
	if values, ok := schema["enum"].([]any); ok {
		return pick(g, values)
	}
	switch schema["type"] {
	case "object":
		fields := map[string]any{}
		required, _ := schema["required"].([]any)
		properties := g.c.object(schema["properties"])
		for _, field := range slices.Sorted(maps.Keys(properties)) { // in a fixed order, so that a seed repeats a run
			if slices.Contains(required, any(field)) || g.chance(30) {
				fields[field] = g.value(field, g.c.object(properties[field]))
			}
		}
		return fields
	case "array":
		most := 2
		if schema["maxItems"] == 0 {
			most = 0
		}
		list := []any{}
		for range g.IntN(most + 1) {
			list = append(list, g.value(name, g.c.object(schema["items"])))
		}
		return list
	case "boolean":
		return g.chance(50)
	case "integer":
		return g.IntN(100)
	}
	switch name {
	case "customerId":
		return pick(g, g.known["customerId"])
	case "groupIds":
		return pick(g, g.known["groupId"])
	case "email":
		g.emails++
		return fmt.Sprintf("generated-%d-%d@example.com", g.Uint32(), g.emails%7)
	}
	if g.chance(20) {
		return pick(g, nasty)
	}
	if example, ok := schema["example"].(string); ok {
		return example
	}
	return "text"
}
