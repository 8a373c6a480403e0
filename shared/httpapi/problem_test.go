package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

func TestProblemOfEveryKind(t *testing.T) {
	for kind, status := range statuses {
		err := fmt.Errorf("invite: %w", &membership.Error{Kind: kind, Code: "some_code", Message: "Some text.", RetryAfter: 1500 * time.Millisecond})
		response, _ := call(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Problem(w, r, err) }), event("GET", "/", ""))
		p := problemOf(t, response)
		if response.StatusCode != status || p.Code != "some_code" || p.Detail != "Some text." || p.RequestID == "" || p.Errors != nil {
			t.Errorf("%s: %d %+v", kind, response.StatusCode, p)
		}
		if response.Headers["Retry-After"] != "2" { // rounded up: earlier would be refused again
			t.Errorf("%s: Retry-After %q", kind, response.Headers["Retry-After"])
		}
		if (response.Headers["Www-Authenticate"] != "") != (status == 401) {
			t.Errorf("%s: %v", kind, response.Headers)
		}
	}
}

func TestProblemFields(t *testing.T) {
	show := func(err error) problem {
		response, _ := call(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Problem(w, r, err) }), event("GET", "/", ""))
		return problemOf(t, response)
	}
	one := show(membership.InvalidField("email", "invalid_email", "No address."))
	if len(one.Errors) != 1 || one.Errors[0] != (problemField{"email", "invalid_email", "No address."}) {
		t.Errorf("one field: %+v", one)
	}
	field := show(&membership.Error{Kind: membership.Conflict, Code: "email_in_use", Field: "email", Message: "In use."})
	if field.Status != 409 || len(field.Errors) != 1 || field.Errors[0].Field != "email" {
		t.Errorf("a conflict with a field: %+v", field)
	}
	two := show(&membership.Error{Kind: membership.Invalid, Code: "a", Message: "A.", Fields: []membership.FieldError{{Field: "x", Code: "a", Message: "A."}, {Field: "y", Code: "b", Message: "B."}}})
	if len(two.Errors) != 2 || two.Errors[1].Field != "y" {
		t.Errorf("two fields: %+v", two)
	}
}

func TestInternalErrorsTellNothing(t *testing.T) {
	for name, err := range map[string]error{
		"unknown error": errors.New("operation error DynamoDB: table clientele-secret"),
		"unknown kind":  &membership.Error{Kind: "new", Code: "secret", Message: "secret"},
	} {
		response, log := call(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", ETag(3))
			Problem(w, r, err)
		}), event("GET", "/", ""))
		p := problemOf(t, response)
		if response.StatusCode != 500 || p.Code != "internal" || p.RequestID != "JKJaXmPLvHcESHA=" || strings.Contains(response.Body, "secret") || response.Headers["Etag"] != "" {
			t.Errorf("%s: %d %s", name, response.StatusCode, response.Body)
		}
		if !strings.Contains(log, "secret") || !strings.Contains(log, "JKJaXmPLvHcESHA=") {
			t.Errorf("%s: log %s", name, log)
		}
	}
	// A known error with a cause: the cause is logged and not shown.
	response, log := call(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Problem(w, r, membership.ErrOverloaded.Because(errors.New("secret")))
	}), event("GET", "/", ""))
	if response.StatusCode != 503 || strings.Contains(response.Body, "secret") || !strings.Contains(log, "secret") {
		t.Errorf("%d %s log %s", response.StatusCode, response.Body, log)
	}
}

func TestRespond(t *testing.T) {
	w := httptest.NewRecorder()
	RespondVersion(w, 201, 7, map[string]any{"next": nil})
	if w.Code != 201 || w.Header().Get("ETag") != `"7"` || w.Header().Get("Cache-Control") != "no-store" || strings.TrimSpace(w.Body.String()) != `{"next":null}` {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	var log bytes.Buffer
	response, err := newAdapter(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { Respond(w, 200, func() {}) }), &log).serve(t.Context(), event("GET", "/", ""))
	if err != nil || response.StatusCode != 500 || !json.Valid([]byte(response.Body)) {
		t.Errorf("what is no JSON: %v %+v", err, response)
	}
}
