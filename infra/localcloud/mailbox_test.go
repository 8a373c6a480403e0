package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"clientele/shared/domainname/domainnametest"
)

const oneMail = `{"messages":{"000000000000":[{"MessageId":"m1","Source":"Clientele <no-reply@clientele.example>","To":["ann@northwind.example"],
"Subject":"Hello <b>","BodyText":"Open http://localhost:8401/invitation#id.1.mac.\n<script>","BodyHtml":"<html><head></head><body>Hi</body></html>","Timestamp":1795368347.5}]}}`

func openBox(t *testing.T, source string, file string) http.Handler {
	t.Helper()
	names, err := domainnametest.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { names.Close() })
	box, err := mailbox(&messages{source: source, file: file, seen: map[string]bool{}}, names)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestMailboxShowsMails(t *testing.T) {
	cloud := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, oneMail) }))
	defer cloud.Close()
	box := openBox(t, cloud.URL, filepath.Join(t.TempDir(), "mails.json"))

	list := get(t, box, "/").Body.String()
	if !strings.Contains(list, "ann@northwind.example") || !strings.Contains(list, `href="/mails/m1"`) || !strings.Contains(list, "Hello &lt;b&gt;") {
		t.Errorf("list: %s", list)
	}
	one := get(t, box, "/mails/m1").Body.String()
	if !strings.Contains(one, `href="http://localhost:8401/invitation#id.1.mac"`) || !strings.Contains(one, "&lt;script&gt;") {
		t.Errorf("mail: %s", one)
	}
	html := get(t, box, "/mails/m1/html")
	if policy := html.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox ") || strings.Contains(policy, "allow-scripts") {
		t.Errorf("the mail's HTML is not sandboxed: %q", policy)
	}
	for path, want := range map[string]int{"/messages?to=ANN@northwind.example": 1, "/messages?to=bob@northwind.example": 0} {
		var answer struct{ Messages []message }
		if err := json.Unmarshal(get(t, box, path).Body.Bytes(), &answer); err != nil || len(answer.Messages) != want {
			t.Errorf("%s: %d mails, %v; want %d", path, len(answer.Messages), err, want)
		}
	}
	for _, path := range []string{"/mails/m2", "/mails/m2/html", "/messages/m2"} {
		if got := get(t, box, path).Code; got != http.StatusNotFound {
			t.Errorf("%s: %d", path, got)
		}
	}
}

func TestMailsOutliveTheCloud(t *testing.T) {
	body := oneMail
	cloud := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
	defer cloud.Close()
	opts := options{state: t.TempDir()}
	before := &messages{source: cloud.URL, file: opts.file("mails.json"), seen: map[string]bool{}}
	if _, err := before.list(t.Context()); err != nil {
		t.Fatal(err)
	}
	body = strings.ReplaceAll(oneMail, `"m1"`, `"m2"`) // a request never returns less than there was when it was made
	if all, err := before.list(t.Context()); err != nil || len(all) != 2 {
		t.Errorf("got %v, %v", all, err)
	}
	body = `{"messages":{}}`
	after, err := openMessages(opts)
	if err != nil {
		t.Fatal(err)
	}
	after.source = cloud.URL
	all, err := after.list(t.Context())
	if err != nil || len(all) != 2 || all[1].ID != "m1" {
		t.Errorf("got %v, %v", all, err)
	}
}
