// Package journeys_test goes through the deployed template as clients of the API do: real requests, real mails, a real
// table. It needs a running local cloud: CLIENTELE_STACK names its stack.json (`make test` sets it).
package journeys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// stack is what the local cloud writes about itself.
type stack struct {
	Console, Portal, API, Mailbox, Endpoint, Region, Table, UserPoolID, Files, Inbound string
	Clients                                                                            struct{ Portal, Console string }
	Admin                                                                              struct{ Username, Password string }
}

// theStack reads stack.json, or skips the test when there is none and none is required.
func theStack(t *testing.T) stack {
	t.Helper()
	path := os.Getenv("CLIENTELE_STACK")
	if path == "" {
		if os.Getenv("CLIENTELE_REQUIRED") != "" {
			t.Fatal("CLIENTELE_STACK is not set")
		}
		t.Skip("needs a running local cloud: `make start`, then CLIENTELE_STACK=.local/stack.json")
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

// caller is somebody who calls the API; token "" means nobody.
type caller struct {
	t     testing.TB
	stack stack
	token string
	api   string // another address of the API; "" means the stack's
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    []byte
}

func (a answer) text(path string) string {
	var v any = a.body
	for _, name := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[name]
	}
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	default:
		return fmt.Sprint(x)
	}
}

func (a answer) items(name string) []map[string]any {
	var out []map[string]any
	list, _ := a.body[name].([]any)
	for _, x := range list {
		if m, ok := x.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// The client waits as long as a very slow machine may need; the functions have shorter limits.
var client = &http.Client{Timeout: 2 * time.Minute}

// call sends one request; body is JSON text, a value to encode, or nil. headers are name, value, name, value …
func (c caller) call(method, path string, body any, headers ...string) answer {
	c.t.Helper()
	a, err := c.try(method, path, body, headers...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (c caller) try(method, path string, body any, headers ...string) (answer, error) {
	var payload io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		payload = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return answer{}, err
		}
		payload = bytes.NewReader(raw)
	}
	address := c.api
	if address == "" {
		address = c.stack.API
	}
	r, err := http.NewRequestWithContext(context.Background(), method, address+path, payload)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer w.Body.Close()
	raw, err := io.ReadAll(w.Body)
	a := answer{status: w.StatusCode, header: w.Header, raw: raw}
	_ = json.Unmarshal(raw, &a.body) // there is no body, or none of ours
	return a, err
}

// must is call with the status that is expected.
func (c caller) must(status int, method, path string, body any, headers ...string) answer {
	c.t.Helper()
	a := c.call(method, path, body, headers...)
	if a.status != status {
		c.t.Fatalf("%s %s: %d instead of %d: %s", method, path, a.status, status, a.raw)
	}
	return a
}

// refused is must for a problem with a code.
func (c caller) refused(status int, code, method, path string, body any, headers ...string) answer {
	c.t.Helper()
	a := c.must(status, method, path, body, headers...)
	if code != "" && a.text("code") != code {
		c.t.Fatalf("%s %s: code %q instead of %q: %s", method, path, a.text("code"), code, a.raw)
	}
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "application/problem+json") {
		c.t.Fatalf("%s %s: content type %q of a problem", method, path, got)
	}
	return a
}

func nobody(t testing.TB, s stack) caller { return caller{t: t, stack: s} }

// signIn signs in at a door.
func signIn(t testing.TB, s stack, login, password, door string) caller {
	t.Helper()
	a := nobody(t, s).must(200, "POST", "/auth/sign-in", map[string]string{"username": login, "password": password, "door": door})
	return caller{t: t, stack: s, token: a.text("accessToken")}
}

func admin(t testing.TB, s stack) caller {
	t.Helper()
	return signIn(t, s, s.Admin.Username, s.Admin.Password, "console")
}

// address returns an e-mail address that nobody has used.
func address(name string) string {
	return name + "." + strings.ReplaceAll(uuid.NewString(), "-", "")[:12] + "@example.com"
}

// recovery is how long the effects of a change may take: its mail, its job, its search words and counts. The table's
// stream brings them at once, but in the local cloud it is one queue, in which thousands of records of another test may
// come first. Then the sweeper acts instead, which runs every minute; and after work that was killed, it must first
// wait for the end of a lease of two minutes. It matters only in failures.
const recovery = 5 * time.Minute

// within polls until done returns true, for as long as a recovery may take. It looks once more after that, because a
// busy machine may have slept through all of it.
func within(t testing.TB, what string, done func() bool) {
	t.Helper()
	poll(t, what, 50*time.Millisecond, done)
}

func poll(t testing.TB, what string, pause time.Duration, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(recovery); time.Now().Before(deadline); time.Sleep(pause) {
		if done() {
			return
		}
	}
	if !done() {
		t.Fatalf("waited %v for: %s", recovery, what)
	}
}

type message struct {
	ID      string   `json:"id"`
	To      []string `json:"to"`
	Subject string   `json:"subject"`
	Text    string   `json:"text"`
	HTML    string   `json:"html"`
}

// mails returns all mails to an address, the newest first. A mailbox too busy to answer is asked again.
func mails(t testing.TB, s stack, to string) []message {
	t.Helper()
	var list struct{ Messages []message }
	within(t, "the mailbox to answer", func() bool {
		w, err := client.Get(s.Mailbox + "/messages?to=" + strings.ReplaceAll(to, "+", "%2B"))
		if err != nil {
			return false
		}
		defer w.Body.Close()
		return json.NewDecoder(w.Body).Decode(&list) == nil
	})
	return list.Messages
}

// mailed waits until n mails have arrived at an address and returns the newest. Before an invitation is sent again its
// mail must have arrived: one that is still queued is withdrawn and never comes.
func mailed(t testing.TB, s stack, to string, n int) message {
	t.Helper()
	var got []message
	within(t, fmt.Sprintf("%d mails to %s", n, to), func() bool { got = mails(t, s, to); return len(got) >= n })
	return got[0]
}

// temporaryInMail finds the temporary password in a mail, which is alone on its line.
var temporaryInMail = regexp.MustCompile(`(?m)^[0-9a-z]{5}(?:-[0-9a-z]{5}){3}\b`)

var tokenInMail = regexp.MustCompile(`/(?:invitation|reset-password|email-change|registration|guest/link)#([A-Za-z0-9_.-]+)`)

// token returns the token of the link in a mail.
func token(t testing.TB, m message) string {
	t.Helper()
	found := tokenInMail.FindStringSubmatch(m.Text)
	if found == nil {
		t.Fatalf("no link in mail %q:\n%s", m.Subject, m.Text)
	}
	return strings.TrimRight(found[1], ".")
}

// newCustomer creates a corporate customer and returns its id.
func newCustomer(c caller, name string) string {
	c.t.Helper()
	return c.must(201, "POST", "/customers", map[string]string{"name": name, "type": "corporate"}).text("id")
}

// invite invites one address and returns the invitation's id.
func invite(c caller, customerID, email, role string) string {
	c.t.Helper()
	a := c.must(200, "POST", "/invitations", map[string]any{"customerId": customerID, "role": role, "invitees": []map[string]string{{"email": email}}})
	row := a.items("results")[0]
	if row["status"] != "ok" {
		c.t.Fatalf("invite %s: %s", email, a.raw)
	}
	return row["id"].(string)
}

const password = "correct horse battery"

// join invites an address, accepts, and returns the new user signed in.
func join(c caller, customerID, email, role string) (user caller, userID string) {
	c.t.Helper()
	invite(c, customerID, email, role)
	a := nobody(c.t, c.stack).must(200, "POST", "/invitations/accept", map[string]string{
		"token": token(c.t, mailed(c.t, c.stack, email, 1)), "password": password, "firstName": "Jo", "lastName": "Smith"})
	return caller{t: c.t, stack: c.stack, token: a.text("accessToken")}, a.text("user.id")
}
