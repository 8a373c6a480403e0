package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The usual number of calls takes about a minute. A release must pass CLIENTELE_CALLS=10000.
const usualCalls = 1000

func TestGeneratedCalls(t *testing.T) {
	s, c := theStack(t), readContract(t)
	calls, seed := number(t, "CLIENTELE_CALLS", usualCalls), number(t, "CLIENTELE_SEED", int(time.Now().UnixNano()%1e9))
	t.Logf("%d calls with CLIENTELE_SEED=%d", calls, seed)
	g := &generator{Rand: rand.New(rand.NewPCG(uint64(seed), 1)), c: c, known: map[string][]string{"kind": {"registration", "sign-in"}}}

	token := signIn(t, s)
	seedRecords(t, s, token, g)
	somebody := newAgent(t, s, token)
	operations := c.operations()
	statuses, bad := map[int]int{}, 0
	for i := 0; i < calls && bad < 20; i++ {
		o := operations[i%len(operations)]
		r := g.request(o)
		caller := token
		switch {
		case o.public && g.chance(90):
			caller = ""
		case strings.HasPrefix(o.path, "/me"): // others sign in as the administrator: the pages use their language, and wrong passwords count
			caller = somebody
		case o.path == "/auth/sign-out" || g.chance(4): // a valid sign-out would end the token that all others use
			caller = pick(g, []string{"", "x", "eyJhbGciOiJub25lIn0.e30.", strings.Repeat("x", 9000)})
		}
		status, header, body, err := send(s, r.operation.method, r.path, r.header, r.body, caller)
		if err != nil {
			t.Fatalf("%s %s: %v", r.operation.method, r.path, err)
		}
		statuses[status]++
		if wrong := c.judge(o, status, header, body); wrong != "" {
			bad++
			t.Errorf("%s\n  %s %.200s\n  headers %v\n  body (broken: %s) %.300q\n  answer %d %.500s", wrong, r.operation.method, r.path, r.header, r.what, r.body, status, body)
		}
	}
	t.Logf("answers by status: %v", statuses)
	if statuses[200] == 0 || statuses[201] == 0 || statuses[400] == 0 || statuses[404] == 0 || statuses[409] == 0 {
		t.Error("the calls do not reach far: not every one of 200, 201, 400, 404 and 409 was seen")
	}
}

// judge returns what is wrong with an answer, or "".
func (c contract) judge(o operation, status int, header http.Header, body []byte) string {
	if status >= 500 {
		return fmt.Sprintf("%s: answered with %d", o.name(), status)
	}
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	var content any
	if len(body) > 0 {
		if err := json.Unmarshal(body, &content); err != nil {
			return fmt.Sprintf("%s: the answer is no JSON: %v", o.name(), err)
		}
	}
	described := c.object(o.responses[strconv.Itoa(status)])
	if described == nil {
		// A path that a nasty id turns into another route, or into none, is answered by the gateway or the mux.
		if status == 404 || status == 405 {
			return ""
		}
		return fmt.Sprintf("%s: the status %d is not in the contract", o.name(), status)
	}
	contents := c.object(described["content"])
	if len(contents) == 0 {
		if len(body) > 0 {
			return fmt.Sprintf("%s: %d has a body, the contract has none", o.name(), status)
		}
		return ""
	}
	schema := c.object(c.object(contents[kind])["schema"])
	if schema == nil {
		if status == 404 && kind == "application/json" {
			return ""
		}
		return fmt.Sprintf("%s: %d is %q, which is not in the contract", o.name(), status, kind)
	}
	if wrong := c.violation(schema, content, "body"); wrong != "" {
		return fmt.Sprintf("%s: %d: %s", o.name(), status, wrong)
	}
	for name := range c.object(described["headers"]) {
		if header.Get(name) == "" && name != "Retry-After" {
			return fmt.Sprintf("%s: %d without the header %s", o.name(), status, name)
		}
	}
	return ""
}

// seedRecords makes records whose ids the generated calls use.
func seedRecords(t *testing.T, s stack, token string, g *generator) {
	t.Helper()
	must := func(method, path string, body any) map[string]any {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		status, _, answer, err := send(s, method, path, http.Header{"Content-Type": {"application/json"}}, string(raw), token)
		if err != nil || status >= 300 {
			t.Fatalf("%s %s: %d %v %s", method, path, status, err, answer)
		}
		var content map[string]any
		if err := json.Unmarshal(answer, &content); err != nil {
			t.Fatal(err)
		}
		return content
	}
	for i := range 4 {
		id := must("POST", "/customers", map[string]any{"name": fmt.Sprintf("Generated %d %d", g.Uint32(), i), "type": "corporate"})["id"].(string)
		g.known["customerId"] = append(g.known["customerId"], id)
		group := must("POST", "/groups", map[string]any{"name": fmt.Sprintf("Generated %d %d", g.Uint32(), i)})["id"].(string)
		g.known["groupId"] = append(g.known["groupId"], group)
		sub := must("POST", "/customers/"+id+"/subaccounts", map[string]any{"name": "Part"})["id"].(string)
		g.known["subaccountId"] = append(g.known["subaccountId"], sub)
		domain := fmt.Sprintf("generated-%d.example", g.Uint32())
		must("POST", "/customers/"+id+"/domains", map[string]any{"domain": domain})
		g.known["domainName"] = append(g.known["domainName"], domain)
		var rows []any
		for range 3 {
			g.emails++
			rows = append(rows, map[string]any{"email": fmt.Sprintf("seeded-%d-%d@example.com", g.Uint32(), g.emails)})
		}
		for _, row := range must("POST", "/invitations", map[string]any{"customerId": id, "invitees": rows})["results"].([]any) {
			invitation := row.(map[string]any)["id"].(string)
			g.known["invitationId"] = append(g.known["invitationId"], invitation)
			g.known["userId"] = append(g.known["userId"], must("GET", "/invitations/"+invitation, nil)["userId"].(string))
		}
	}
}

func signIn(t *testing.T, s stack) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"username": s.Admin.Username, "password": s.Admin.Password, "door": "console"})
	if err != nil {
		t.Fatal(err)
	}
	status, _, answer, err := send(s, "POST", "/auth/sign-in", http.Header{"Content-Type": {"application/json"}}, string(body), "")
	var tokens struct{ AccessToken string }
	if err != nil || status != 200 || json.Unmarshal(answer, &tokens) != nil {
		t.Fatalf("sign-in: %d %v %s", status, err, answer)
	}
	return tokens.AccessToken
}

// newAgent invites an agent, accepts, and returns the agent's access token.
func newAgent(t *testing.T, s stack, token string) string {
	t.Helper()
	email := fmt.Sprintf("generated-%d@example.com", rand.Uint64())
	post := func(path, body, as string) []byte {
		status, _, answer, err := send(s, "POST", path, http.Header{"Content-Type": {"application/json"}}, body, as)
		if err != nil || status != 200 {
			t.Fatalf("%s: %d %v %s", path, status, err, answer)
		}
		return answer
	}
	post("/invitations", `{"customerId":"provider","role":"agent","invitees":[{"email":"`+email+`"}]}`, token)
	link := regexp.MustCompile(`/invitation#([A-Za-z0-9_.-]+[A-Za-z0-9_-])`)
	// The sweeper runs every minute, and a try that was killed has a lease of two.
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		w, err := client.Get(s.Mailbox + "/messages?to=" + email)
		if err != nil {
			continue // too busy to answer
		}
		mails, err := io.ReadAll(w.Body)
		_ = w.Body.Close()
		if err != nil {
			continue
		}
		if found := link.FindSubmatch(mails); found != nil {
			answer := post("/invitations/accept", `{"token":"`+string(found[1])+`","password":"correct horse battery","firstName":"Gene","lastName":"Rated"}`, "")
			var tokens struct{ AccessToken string }
			if err := json.Unmarshal(answer, &tokens); err != nil {
				t.Fatal(err)
			}
			return tokens.AccessToken
		}
	}
	t.Fatal("no invitation came within five minutes")
	return ""
}

var client = &http.Client{Timeout: 2 * time.Minute}

func send(s stack, method, path string, header http.Header, body, token string) (int, http.Header, []byte, error) {
	r, err := http.NewRequestWithContext(context.Background(), method, s.API+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, nil, nil, err
	}
	r.Header = header
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w, err := client.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	defer w.Body.Close()
	answer, err := io.ReadAll(w.Body)
	return w.StatusCode, w.Header, answer, err
}

func number(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
