package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

type sample struct {
	Name     string     `json:"name"`
	Count    *int       `json:"count,omitempty"`
	On       *bool      `json:"on,omitempty"`
	At       *time.Time `json:"at,omitempty"`
	Rows     *[]row     `json:"rows,omitempty"`
	Tags     []string   `json:"tags,omitempty"`
	internal string
}

type row struct {
	Email string  `json:"email"`
	Role  *string `json:"role,omitempty"`
}

func post(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json; charset=UTF-8")
	return r
}

func TestDecode(t *testing.T) {
	var got sample
	body := `{"name":"first","name":"A\u00e9","count":3,"on":false,"at":"2026-01-31T12:00:00Z","rows":[{"email":"a@b.c"},{"email":"d","role":"member"}],"tags":[]}` + " \n"
	if err := Decode(post(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "Aé" || *got.Count != 3 || *got.On || got.At.Hour() != 12 || len(*got.Rows) != 2 || *(*got.Rows)[1].Role != "member" || got.Tags == nil || got.internal != "" {
		t.Errorf("got %+v", got)
	}
	got = sample{}
	if err := Decode(post(`{"name":""}`), &got); err != nil || got.Count != nil || got.Rows != nil {
		t.Errorf("optional fields: %v %+v", err, got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	tests := map[string][2]string{ // body → field, code
		``:                              {"body", "invalid_body"},
		"  \n":                          {"body", "invalid_body"},
		`{`:                             {"body", "invalid_body"},
		`{"name":"x"} {}`:               {"body", "invalid_body"},
		`{"name":"x"}]`:                 {"body", "invalid_body"},
		`{"name":"x",}`:                 {"body", "invalid_body"},
		"\ufeff{}":                      {"body", "invalid_body"},
		"{\"name\":\"\xff\"}":           {"body", "invalid_body"},
		`{"name":NaN}`:                  {"body", "invalid_body"},
		strings.Repeat("[", 100000):     {"body", "invalid_body"},
		`[]`:                            {"body", "wrong_type"},
		`null`:                          {"body", "wrong_type"},
		`"x"`:                           {"body", "wrong_type"},
		`{"name":5}`:                    {"name", "wrong_type"},
		`{"name":null}`:                 {"name", "wrong_type"},
		`{"name":"x","count":"3"}`:      {"count", "wrong_type"},
		`{"name":"x","count":1.5}`:      {"count", "wrong_type"},
		`{"name":"x","count":1e99}`:     {"count", "wrong_type"},
		`{"name":"x","count":null}`:     {"count", "wrong_type"},
		`{"name":"x","on":"true"}`:      {"on", "wrong_type"},
		`{"name":"x","at":"yesterday"}`: {"at", "wrong_type"},
		`{"name":"x","at":5}`:           {"at", "wrong_type"},
		`{"name":"x","rows":{}}`:        {"rows", "wrong_type"},
		`{"name":"x","rows":[null]}`:    {"rows[0]", "wrong_type"},
		`{"name":"x","tags":["a",5]}`:   {"tags[1]", "wrong_type"},
		`{"name":"x","extra":1}`:        {"extra", "unknown_field"},
		`{"Name":"x"}`:                  {"name", "required"},
		`{}`:                            {"name", "required"},
		`{"name":"x","internal":"x"}`:   {"internal", "unknown_field"},
		`{"name":"x","":1}`:             {"body", "unknown_field"},
		`{"name":"x","rows":[{"email":"a"},{"email":"a","rôle":"x"}]}`:   {"rows[1].r?le", "unknown_field"},
		`{"name":"x","rows":[{"email":"a"},{"email":"a","role":["x"]}]}`: {"rows[1].role", "wrong_type"},
		`{"name":"x","rows":[{"email":"a"},{}]}`:                         {"rows[1].email", "required"},
	}
	for body, want := range tests {
		var got sample
		err := Decode(post(body), &got)
		var e *membership.Error
		if !errors.As(err, &e) || e.Kind != membership.Invalid || e.Field != want[0] || e.Code != want[1] || e.Message == "" || len(e.Fields) == 0 {
			t.Errorf("%.60s: got %v, want %v", body, err, want)
		}
	}
}

func TestDecodeNamesAllFieldsUpToALimit(t *testing.T) {
	var e *membership.Error
	if err := Decode(post(`{"count":"x","rows":[{}],"b":1,"a":2}`), new(sample)); !errors.As(err, &e) {
		t.Fatal(err)
	}
	var fields []string
	for _, f := range e.Fields {
		fields = append(fields, f.Field)
	}
	if got := strings.Join(fields, " "); got != "name count rows[0].email a b" {
		t.Errorf("fields: %s", got)
	}
	many := `{"name":"x","rows":[` + strings.Repeat(`5,`, 10000) + `5]}`
	if err := Decode(post(many), new(sample)); !errors.As(err, &e) || len(e.Fields) != maxFieldErrors {
		t.Errorf("%d fields", len(e.Fields))
	}
	if err := Decode(post(`{"name":"x","`+strings.Repeat("y", 5000)+`":1}`), new(sample)); !errors.As(err, &e) || len(e.Field) > maxFieldNameLen {
		t.Errorf("a field name of %d characters", len(e.Field))
	}
}

func TestDecodeWantsJSON(t *testing.T) {
	for kind, ok := range map[string]bool{
		"application/json": true, "Application/JSON;charset=utf-8": true,
		"": false, "text/plain": false, "application/json; charset=latin1": false, "application/x-www-form-urlencoded": false, "application/json;;;": false,
	} {
		r := post(`{"name":"x"}`)
		r.Header.Set("Content-Type", kind)
		if err := Decode(r, new(sample)); (err == nil) != ok || !ok && membership.CodeOf(err) != "invalid_content_type" {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"x","count":1,"at":"2026-01-31T12:00:00Z","rows":[{"email":"a","role":"b"}],"tags":["x"]}`))
	f.Add([]byte(`{"name":"\ud800","name":{"a":[[[["\""]]]]}}`))
	f.Add([]byte("{\"rows\":[{\"\\u0000\":null}]}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		var got sample
		err := Decode(post(string(body)), &got)
		if err != nil {
			if membership.KindOf(err) != membership.Invalid {
				t.Fatalf("not the caller's fault? %v", err)
			}
			return
		}
		// Whatever is taken reads the same with the standard decoder.
		var want sample
		decoder := json.NewDecoder(bytes.NewReader(body))
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("encoding/json refuses it: %v", err)
		}
		if want.Name != got.Name && !bytes.Contains(body, []byte(`\`)) && bytes.Count(bytes.ToLower(body), []byte("name")) == 1 {
			t.Fatalf("got %q, want %q", got.Name, want.Name)
		}
	})
}
