package httpapi

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"clientele/shared/membership"
)

func TestIfMatch(t *testing.T) {
	for header, want := range map[string]int{ETag(3): 3, `W/"12"`: 12, ` "1" `: 1} {
		r := post("")
		r.Header.Set("If-Match", header)
		if got, err := IfMatch(r); err != nil || got != want {
			t.Errorf("%s: %d %v", header, got, err)
		}
	}
	for header, code := range map[string]string{
		"": "if_match_required", "3": "invalid_if_match", "*": "invalid_if_match", `"0"`: "invalid_if_match", `"3`: "invalid_if_match", `"-1"`: "invalid_if_match",
		`"03"`: "invalid_if_match", `"+3"`: "invalid_if_match", `"1", "2"`: "invalid_if_match", `"99999999999999999999"`: "invalid_if_match", `"x"`: "invalid_if_match",
	} {
		r := post("")
		r.Header.Set("If-Match", header)
		if _, err := IfMatch(r); membership.CodeOf(err) != code {
			t.Errorf("%q: %v", header, err)
		}
	}
	if got, err := OptionalIfMatch(post("")); err != nil || got != 0 {
		t.Errorf("optional: %d %v", got, err)
	}
	if _, err := IfMatch(post("")); membership.KindOf(err) != membership.PreconditionRequired {
		t.Errorf("no header: %v", err)
	}
}

func TestIdempotencyKey(t *testing.T) {
	keyed := func(path, body, key string) *membership.IdempotencyKey {
		t.Helper()
		r := post(body)
		r.URL.Path = path
		r.Header.Set("Idempotency-Key", key)
		k, err := IdempotencyKey(r, "actor-1")
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := io.ReadAll(r.Body); string(again) != body {
			t.Errorf("the body is gone: %q", again)
		}
		return k
	}
	if got, err := IdempotencyKey(post("{}"), "actor-1"); err != nil || got != nil {
		t.Errorf("no key: %+v %v", got, err)
	}
	first := keyed("/customers", `{"name":"x"}`, "8e03978e-40d5 ~")
	if first.ActorID != "actor-1" || first.Route != "POST /customers" || first.Key != "8e03978e-40d5 ~" || len(first.BodyHash) != 64 {
		t.Errorf("%+v", first)
	}
	if second := keyed("/customers", `{"name":"y"}`, first.Key); second.BodyHash == first.BodyHash {
		t.Error("another body, the same hash")
	}
	if third := keyed("/customers/1/deactivate", "", first.Key); third.Route == keyed("/customers/2/deactivate", "", first.Key).Route {
		t.Error("another record, the same route")
	}
	// After Decode too, in either order.
	again := post(`{"name":"x"}`)
	again.URL.Path = "/customers"
	again.Header.Set("Idempotency-Key", first.Key)
	if err := Decode(again, new(sample)); err != nil {
		t.Fatal(err)
	}
	if got, err := IdempotencyKey(again, "actor-1"); err != nil || *got != *first {
		t.Errorf("after Decode: %+v %v", got, err)
	}
	for _, key := range []string{"", strings.Repeat("x", 101), "a\tb", "ä", "a\x7f"} {
		r := post("{}")
		r.Header.Set("Idempotency-Key", key)
		if _, err := IdempotencyKey(r, "actor-1"); membership.CodeOf(err) != "invalid_idempotency_key" {
			t.Errorf("%q: %v", key, err)
		}
	}
	for _, id := range []string{strings.Repeat("x", 5000), "1#2"} {
		r := post("{}")
		r.URL.Path = "/customers/" + id + "/deactivate"
		r.Header.Set("Idempotency-Key", "k")
		if _, err := IdempotencyKey(r, "actor-1"); membership.KindOf(err) != membership.NotFound {
			t.Errorf("%.20s, which is no id: %v", id, err)
		}
	}
}

func TestListParameters(t *testing.T) {
	list, err := ListParameters(httptest.NewRequest("GET", "/users", nil), "status")
	if err != nil || list.Limit != 50 || list.Cursor != "" {
		t.Errorf("%+v %v", list, err)
	}
	list, err = ListParameters(httptest.NewRequest("GET", "/users?limit=200&cursor=abc&status=active", nil), "status")
	if err != nil || list.Limit != 200 || list.Cursor != "abc" || list.Values.Get("status") != "active" {
		t.Errorf("%+v %v", list, err)
	}
	for query, want := range map[string][2]string{
		"limit=0": {"limit", "invalid_limit"}, "limit=201": {"limit", "invalid_limit"}, "limit=": {"limit", "invalid_limit"},
		"limit=1.5": {"limit", "invalid_limit"}, "limit=9999999999999999999": {"limit", "invalid_limit"},
		"limit=1&limit=2": {"limit", "repeated_parameter"}, "cursor=": {"cursor", "invalid_cursor"},
		"Status=x": {"Status", "unknown_parameter"}, "country=de": {"country", "unknown_parameter"},
		"%FF=1": {"?", "unknown_parameter"}, "a;b": {"query", "invalid_query"}, "limit=%zz": {"query", "invalid_query"},
	} {
		r := httptest.NewRequest("GET", "/users", nil)
		r.URL.RawQuery = query
		_, err := ListParameters(r, "status")
		e, ok := err.(*membership.Error) //nolint:errorlint // the very type is what is tested
		if !ok || e.Field != want[0] || e.Code != want[1] {
			t.Errorf("%s: %v", query, err)
		}
	}
}
