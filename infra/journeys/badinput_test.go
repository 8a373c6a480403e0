package journeys_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestBadInput(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Input Ltd")
	etag := staff.must(200, "GET", "/customers/"+customer, nil).header.Get("ETag")
	long := strings.Repeat("x", 5000)
	for _, c := range []struct {
		name, method, path string
		body               any
		status             int
		code, field        string
	}{
		{"malformed", "POST", "/customers", `{"name":`, 400, "invalid_body", ""},
		{"no body", "POST", "/customers", ``, 400, "invalid_body", ""},
		{"an array", "POST", "/customers", `[]`, 400, "", ""},
		{"unknown field", "POST", "/customers", `{"name":"A","type":"corporate","colour":"red"}`, 400, "unknown_field", "colour"},
		{"wrong type", "POST", "/customers", `{"name":7,"type":"corporate"}`, 400, "wrong_type", "name"},
		{"wrong choice", "POST", "/customers", `{"name":"A","type":"other"}`, 400, "invalid_choice", "type"},
		{"empty name", "POST", "/customers", `{"name":" ","type":"corporate"}`, 400, "required", "name"},
		{"over-long", "POST", "/customers", map[string]string{"name": long, "type": "corporate"}, 400, "too_long", "name"},
		{"control characters", "POST", "/customers", `{"name":"a\u0000b","type":"corporate"}`, 400, "invalid_text", "name"},
		{"a link as name", "POST", "/customers", `{"name":"win https://example.com","type":"corporate"}`, 400, "invalid_text", "name"},
		{"bad country", "PATCH", "/customers/" + customer, `{"country":"Germany"}`, 400, "invalid_country", "country"},
		{"an unknown group", "POST", "/invitations", map[string]any{"customerId": customer, "groupIds": []string{"x"}, "invitees": []map[string]string{{"email": "a@example.com"}}}, 409, "group_gone", ""},
		{"nobody to invite", "POST", "/invitations", map[string]any{"customerId": customer, "invitees": []string{}}, 400, "required", "invitees"},
		{"unknown customer", "POST", "/invitations", map[string]any{"customerId": "nope", "invitees": []map[string]string{{"email": "a@example.com"}}}, 404, "not_found", ""},
		{"unknown parameter", "GET", "/users?colour=red", nil, 400, "", "colour"},
		{"bad limit", "GET", "/users?limit=0", nil, 400, "", "limit"},
		{"bad limit", "GET", "/users?limit=201", nil, 400, "", "limit"},
		{"bad sort", "GET", "/users?sort=colour", nil, 400, "", "sort"},
		{"bad status", "GET", "/users?status=happy", nil, 400, "", "status"},
		{"bad cursor", "GET", "/users?cursor=abc", nil, 400, "", "cursor"},
		{"short search", "GET", "/customers?q=a", nil, 400, "search_too_short", "q"},
	} {
		headers := []string{}
		if c.method == "PATCH" {
			headers = []string{"If-Match", etag}
		}
		a := staff.call(c.method, c.path, c.body, headers...)
		if a.status != c.status || c.code != "" && a.text("code") != c.code {
			t.Errorf("%s: %s %s: %d %s", c.name, c.method, c.path, a.status, a.raw)
			continue
		}
		if c.field != "" && !strings.Contains(string(a.raw), `"field":"`+c.field+`"`) {
			t.Errorf("%s: field %s is not named: %s", c.name, c.field, a.raw)
		}
	}
	if a := staff.call("POST", "/customers", `{"name":"`+strings.Repeat("x", 1_200_000)+`"}`); a.status != 413 {
		t.Errorf("1.2 MB: %d %.200s", a.status, a.raw)
	}
}

func TestIdempotencyKey(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	key := uuid.NewString()
	body := map[string]string{"name": "Once Ltd", "type": "corporate"}
	one := staff.must(201, "POST", "/customers", body, "Idempotency-Key", key)
	two := staff.must(201, "POST", "/customers", body, "Idempotency-Key", key)
	if one.text("id") != two.text("id") {
		t.Errorf("two customers: %s, %s", one.raw, two.raw)
	}
	staff.refused(422, "idempotency_key_reused", "POST", "/customers", map[string]string{"name": "Twice Ltd", "type": "corporate"}, "Idempotency-Key", key)

	email, batch := address("once"), uuid.NewString()
	rows := map[string]any{"customerId": one.text("id"), "invitees": []map[string]string{{"email": email}, {"email": "broken"}}}
	first := staff.must(200, "POST", "/invitations", rows, "Idempotency-Key", batch)
	again := staff.must(200, "POST", "/invitations", rows, "Idempotency-Key", batch)
	if string(first.raw) != string(again.raw) {
		t.Errorf("answers differ:\n%s\n%s", first.raw, again.raw)
	}
	mailed(t, s, email, 1)
	staff.must(200, "GET", "/invitations/"+first.items("results")[0]["id"].(string), nil)
	if n := len(mails(t, s, email)); n != 1 {
		t.Errorf("%d mails", n)
	}
}
