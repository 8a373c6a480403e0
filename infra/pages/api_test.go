package pages_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// client is for what a test needs besides the pages: the API that makes what they show, and the mailbox.
func client() *http.Client { return &http.Client{Timeout: 2 * time.Minute} }

// caller calls the API with a token; "" means nobody.
type caller struct {
	t     testing.TB
	stack stack
	token string
}

// must sends a request and returns the members of the answer; any other status fails the test. headers are name, value,
// …
func (c caller) must(status int, method, path string, body any, headers ...string) map[string]any {
	c.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, c.stack.API+path, bytes.NewReader(raw))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, err := client().Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer w.Body.Close()
	answer, err := io.ReadAll(w.Body)
	if err != nil || w.StatusCode != status {
		c.t.Fatalf("%s %s: %d instead of %d: %s %v", method, path, w.StatusCode, status, answer, err)
	}
	var members map[string]any
	_ = json.Unmarshal(answer, &members) // there is no body, or none of ours
	return members
}

func signedIn(t testing.TB, s stack, login, password, door string) caller {
	t.Helper()
	a := caller{t: t, stack: s}.must(200, "POST", "/auth/sign-in", map[string]string{"username": login, "password": password, "door": door})
	return caller{t: t, stack: s, token: a["accessToken"].(string)}
}

// administrator calls the API as the first administrator. All tests share one sign-in, because sign-ins are limited.
func administrator(t testing.TB, s stack) caller {
	t.Helper()
	staffToken.once.Do(func() { staffToken.text = signedIn(t, s, s.Admin.Username, s.Admin.Password, "console").token })
	return caller{t: t, stack: s, token: staffToken.text}
}

var staffToken struct {
	once sync.Once
	text string
}

func (c caller) customer(name, kind string) string {
	c.t.Helper()
	return c.must(201, "POST", "/customers", map[string]string{"name": name, "type": kind})["id"].(string)
}

// invite invites one person and returns the invitation's id.
func (c caller) invite(customerID, email, role, language string) string {
	c.t.Helper()
	first, last := nameOf(email)
	a := c.must(200, "POST", "/invitations", map[string]any{"customerId": customerID, "role": role,
		"invitees": []map[string]string{{"email": email, "firstName": first, "lastName": last, "language": language}}})
	row := a["results"].([]any)[0].(map[string]any)
	if row["status"] != "ok" {
		c.t.Fatalf("invite %s: %v", email, row)
	}
	return row["id"].(string)
}

// nameOf gives the people on the pictures names of their own.
func nameOf(email string) (first, last string) {
	before, _, _ := strings.Cut(email, ".")
	switch before {
	case "ines":
		return "Ines", "Albrecht"
	case "agent":
		return "Paul", "Okonkwo"
	case "jon":
		return "Jón", "Þórsson"
	case "live":
		return "Live", "Bakke"
	case "sami":
		return "Sami", "Haddad"
	case "tor":
		return "Tor", "Hagen"
	case "sigrid":
		return "Sigrid", "Aas"
	case "anna":
		return "Anna-Lena", "Freifrau von und zu Guttenberg-Waldhausen"
	case "zwei":
		return "Øyvind", "Strøm"
	}
	return "Maja", "Grønbech"
}

// imports uploads a file for a customer, has it checked and, with confirm, imported, and returns the import's id.
func (c caller) imports(customerID, name, file string, confirm bool) string {
	c.t.Helper()
	begun := c.must(201, "POST", "/imports", map[string]string{"customerId": customerID, "fileName": name})
	form := begun["upload"].(map[string]any)
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range form["fields"].(map[string]any) {
		_ = w.WriteField(name, value.(string))
	}
	part, _ := w.CreateFormFile("file", name)
	_, _ = part.Write([]byte(file))
	_ = w.Close()
	answer, err := client().Post(form["url"].(string), w.FormDataContentType(), &body)
	if err != nil {
		c.t.Fatal(err)
	}
	_ = answer.Body.Close()
	id := begun["id"].(string)
	status := func(wanted ...string) bool {
		return slices.Contains(wanted, c.must(200, "GET", "/imports/"+id, nil)["status"].(string))
	}
	c.must(200, "POST", "/imports/"+id+"/check", nil)
	if !soon(recovery, func() bool { return status("checked", "refused") }) {
		c.t.Fatalf("%s is not checked", name)
	}
	if confirm {
		c.must(200, "POST", "/imports/"+id+"/confirm", map[string]bool{"update": false})
		if !soon(recovery, func() bool { return status("done") }) {
			c.t.Fatalf("%s is not done", name)
		}
	}
	return id
}

const password = "correct horse battery"

// join invites a person, accepts for them, and returns the user's id.
func (c caller) join(customerID, email, role, language string) string {
	c.t.Helper()
	c.invite(customerID, email, role, language)
	a := caller{t: c.t, stack: c.stack}.must(200, "POST", "/invitations/accept", map[string]string{
		"token": token(c.t, mailed(c.t, c.stack, email, 1)), "password": password})
	return a["user"].(map[string]any)["id"].(string)
}

// address returns an e-mail address that nobody has used; short enough to be a username.
func address(name string) string {
	id := strings.ReplaceAll(uuid.NewString(), "-", "")
	return name + "." + id[len(id)-6:] + "@example.com"
}

type message struct{ Subject, Text string }

// mailed waits until n mails have arrived at an address and returns the newest. Before an invitation is sent again its
// mail must have arrived: one that is still queued is withdrawn and never comes.
func mailed(t testing.TB, s stack, to string, n int) message {
	t.Helper()
	var all []message
	if !soon(recovery, func() bool { all = mailsTo(t, s, to); return len(all) >= n }) {
		t.Fatalf("%d mails to %s within %v instead of %d", len(all), to, recovery, n)
	}
	return all[0]
}

// about waits for a mail to an address with this subject, in which … stands for anything, and returns it. The whole
// subject is compared, because earlier letters may have the same words in theirs.
func about(t testing.TB, s stack, to, subject string) message {
	t.Helper()
	var found message
	begins, ends, _ := strings.Cut(subject, "…")
	within(t, "a mail to "+to+" about "+subject, func() bool {
		for _, m := range mailsTo(t, s, to) {
			if strings.HasPrefix(m.Subject, begins) && strings.HasSuffix(m.Subject, ends) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// mailsTo returns the mails that have arrived at an address, the newest first. A mailbox too busy to answer is asked
// again.
func mailsTo(t testing.TB, s stack, to string) []message {
	t.Helper()
	var list struct{ Messages []message }
	var problem error
	if !soon(recovery, func() bool {
		w, err := client().Get(s.Mailbox + "/messages?to=" + strings.ReplaceAll(to, "+", "%2B"))
		if err != nil {
			problem = err
			return false
		}
		defer w.Body.Close()
		problem = json.NewDecoder(w.Body).Decode(&list)
		return problem == nil
	}) {
		t.Fatalf("the mailbox does not answer: %v", problem)
	}
	return list.Messages
}

// link returns the link in a mail, token its part behind the #.
func link(t testing.TB, m message) string {
	t.Helper()
	found := regexp.MustCompile(`https?://\S+/(?:invitation|reset-password|email-change|guest/link|registration)#[A-Za-z0-9_.-]+`).FindString(m.Text)
	if found == "" {
		t.Fatalf("no link in mail %q:\n%s", m.Subject, m.Text)
	}
	return strings.TrimRight(found, ".")
}

// temporary returns the temporary password in a mail, which is alone on its line.
func temporary(t testing.TB, m message) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^[0-9a-z]{5}(?:-[0-9a-z]{5}){3}\b`).FindString(m.Text)
	if found == "" {
		t.Fatalf("no temporary password in mail %q:\n%s", m.Subject, m.Text)
	}
	return found
}

func token(t testing.TB, m message) string {
	t.Helper()
	_, token, _ := strings.Cut(link(t, m), "#")
	return token
}

// publish makes the local cloud's name server answer with these TXT records.
func publish(t testing.TB, s stack, name string, texts ...string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPut, s.Mailbox+"/dns/"+name, strings.NewReader(strings.Join(texts, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	w, err := client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = w.Body.Close()
	if w.StatusCode != http.StatusNoContent {
		t.Fatalf("publish %s: %d", name, w.StatusCode)
	}
}
