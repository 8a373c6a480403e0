package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"clientele/shared/actor"
	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/identity/identitytest"
	"clientele/shared/membership"
	"clientele/shared/store"
	"clientele/shared/store/storetest"
	"clientele/shared/telemetry"
)

const (
	password = "Correct-Horse 7 battery staple"
	other    = "Another-Horse 8 battery staple"
)

// world is a deployment without its gateway: table and pool on the local cloud, and one user of one customer.
type world struct {
	t        *testing.T
	pool     identitytest.Pool
	table    store.Table
	keys     membership.Keys
	signIn   membership.SignIn
	users    membership.Users
	routes   http.Handler
	callers  *actor.Callers
	user     membership.User
	calls    storetest.Recorder
	clock    func() time.Time // of the door
	lastMail string           // the token of the last letter
	to       string           // and its address
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, pool: identitytest.New(t), clock: time.Now}
	client, name := storetest.MiniStack().Table(t, w.calls.Watch)
	w.table = store.New(client, name)
	keys, err := membership.NewKeys([]byte("a secret of thirty-two characters and more"))
	if err != nil {
		t.Fatal(err)
	}
	w.keys = keys
	accounts := w.pool.Accounts(time.Now)
	w.callers = actor.New(actor.Pool{
		ID: w.pool.ID, Region: identitytest.Region, Endpoint: w.pool.Endpoint, PortalClientID: w.pool.PortalClientID, ConsoleClientID: w.pool.ConsoleClientID,
	}, &http.Client{Timeout: time.Minute}, w.table, time.Now)
	w.signIn = membership.SignIn{Store: w.table, Accounts: accounts, Keys: keys, NewID: uuid.NewString, Wait: wait}
	w.users = membership.Users{Store: w.table, NewID: uuid.NewString}
	w.routes = handler{signIn: w.signIn, guests: membership.Guests{Store: w.table, Keys: keys, NewID: uuid.NewString}, tickets: accounts, families: w.callers, gate: httpapi.Gate{Callers: w.callers, Now: func() time.Time { return w.clock() }}}.routes()

	name, email := "Sommer GmbH", "ada@example.com"
	customers := membership.Customers{Store: w.table, NewID: uuid.NewString}
	customer, err := customers.Create(t.Context(), w.system(), membership.Corporate, membership.CustomerInput{Name: &name})
	if err != nil {
		t.Fatal(err)
	}
	invitations := membership.Invitations{Store: w.table, Accounts: accounts, Keys: keys, NewID: uuid.NewString, ProviderName: "P", Language: "en"}
	rows, err := invitations.Invite(t.Context(), w.system(), membership.InviteInput{CustomerID: customer.ID, Role: membership.Member, Invitees: []membership.Invitee{{Email: email}}})
	if err != nil || rows[0].Err != nil {
		t.Fatal(err, rows)
	}
	inv, err := w.table.Invitation(t.Context(), membership.ReachAll(), rows[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	first, last := "Ada", "Sommer"
	w.user, _, err = invitations.Accept(t.Context(), w.system(), membership.AcceptInput{
		Token: keys.Token(inv.Link()), Password: password, Username: "ada.sommer", FirstName: &first, LastName: &last,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) system() membership.Call {
	return membership.Call{Actor: membership.SystemActor("test"), Now: time.Now()}
}

// stand stops the clock of the door.
func (w *world) stand() {
	now := time.Now()
	w.clock = func() time.Time { return now }
}

func (w *world) send(route, body string, headers ...string) httpapitest.Answer {
	w.t.Helper()
	return httpapitest.Send(w.t, w.routes, httpapitest.Event(route, body, headers...))
}

// enter signs in and returns what was handed out.
func (w *world) enter(password string) api.SignInAnswer {
	w.t.Helper()
	var answer api.SignInAnswer
	w.send("POST /auth/sign-in", `{"username":"ada.sommer","password":"`+password+`","door":"portal"}`).Want(200, "").Into(&answer)
	return answer
}

func (w *world) refresh(token string) httpapitest.Answer {
	w.t.Helper()
	return w.send("POST /auth/refresh", `{"refreshToken":"`+token+`"}`)
}

// allowed says whether an access token still lets somebody in.
func (w *world) allowed(token string) bool {
	w.t.Helper()
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/me"}, Header: http.Header{"Authorization": {"Bearer " + token}}}
	_, err := w.callers.Actor(r.WithContext(w.t.Context()))
	if err != nil && !errors.Is(err, membership.ErrSignedOut) {
		w.t.Fatal(err)
	}
	return err == nil
}

// Post implements membership.Postman: it keeps the last token.
func (w *world) Post(_ context.Context, m membership.Mail, token string) (string, error) {
	w.lastMail, w.to = token, m.To
	return "message", nil
}

// mail delivers what the outbox owes.
func (w *world) mail() {
	w.t.Helper()
	outbox := membership.Outbox{Store: w.table, Postman: w, Keys: w.keys}
	if _, err := outbox.Sweep(w.t.Context(), 20, func() time.Time { return time.Now().Add(time.Second) }); err != nil {
		w.t.Fatal(err)
	}
}

func TestSignIn(t *testing.T) {
	w := newWorld(t)
	a := httpapitest.Send(t, w.routes, httpapitest.Recorded(t, "testdata/sign-in.json")).Want(200, "") // by e-mail, other case
	var in api.SignInAnswer
	a.Into(&in)
	if in.AccessToken == nil || in.RefreshToken == nil || in.ExpiresIn == nil || in.User == nil || in.Challenge != nil || in.Session != nil {
		t.Fatalf("answer %s", a.Body)
	}
	if in.User.ID != w.user.ID || in.User.Comment != nil || *in.ExpiresIn < 60 || a.Headers["Cache-Control"] != "no-store" {
		t.Errorf("answer %v %s", a.Headers, a.Body)
	}
	if !w.allowed(*in.AccessToken) {
		t.Error("the access token lets nobody in")
	}
	// Wrong password, unknown login, wrong door: the same bytes.
	wrong := w.send("POST /auth/sign-in", `{"username":"ada.sommer","password":"wrong","door":"portal"}`).Want(401, "wrong_credentials")
	for what, body := range map[string]string{
		"unknown":  `{"username":"bob@example.com","password":"wrong","door":"portal"}`,
		"console":  `{"username":"ada@example.com","password":"` + password + `","door":"console"}`,
		"empty":    `{"username":"","password":"","door":"portal"}`,
		"long":     `{"username":"` + strings.Repeat("x", 5000) + `","password":"x","door":"portal"}`,
		"a user's": `{"username":"` + w.user.ID + `","password":"` + password + `","door":"portal"}`,
	} {
		got := w.send("POST /auth/sign-in", body).Want(401, "wrong_credentials")
		if got.Body != wrong.Body || got.Headers["Www-Authenticate"] != wrong.Headers["Www-Authenticate"] {
			t.Errorf("%s can be told apart: %s", what, got.Body)
		}
	}
}

// The log says who signed in, and of a failure that there was one (ASVS 16.3.1), and nothing of what was typed.
func TestSignInIsLogged(t *testing.T) {
	w := newWorld(t)
	for body, actor := range map[string]string{
		`{"username":"ada@example.com","password":"` + password + `","door":"portal"}`: w.user.ID,
		`{"username":"ada@example.com","password":"` + other + `","door":"portal"}`:    "",
	} {
		line := telemetry.NewRequest("the-request")
		r := httptest.NewRequest(http.MethodPost, "/auth/sign-in", strings.NewReader(body)).WithContext(telemetry.With(t.Context(), line))
		r.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		w.routes.ServeHTTP(answer, r)
		var log strings.Builder
		line.Write(telemetry.NewLogger(&log), answer.Code)
		if !strings.Contains(log.String(), `"actor":"`+actor+`"`) || strings.Contains(log.String(), "ada@") || strings.Contains(log.String(), password) {
			t.Errorf("%d: %s", answer.Code, &log)
		}
	}
}

func TestSignInSlowsDown(t *testing.T) {
	w := newWorld(t)
	w.stand()                                                     // on a slow machine the pause would be over before the next try
	for _, login := range []string{"ada.sommer", "nobody.here"} { // known or not
		for range 5 {
			w.send("POST /auth/sign-in", `{"username":"`+login+`","password":"wrong","door":"portal"}`).Want(401, "wrong_credentials")
		}
		a := w.send("POST /auth/sign-in", `{"username":"`+login+`","password":"`+password+`","door":"portal"}`).Want(429, "too_many_attempts")
		if a.Headers["Retry-After"] == "" {
			t.Error("it does not say how long to wait")
		}
	}
}

func TestRefreshAndSignOut(t *testing.T) {
	w := newWorld(t)
	mine, kept := w.enter(password), w.enter(password)
	var again api.RefreshAnswer
	w.refresh(*mine.RefreshToken).Want(200, "").Into(&again)
	if again.AccessToken == "" || !w.allowed(again.AccessToken) {
		t.Error("the new access token lets nobody in")
	}
	for what, token := range map[string]string{
		"nothing": "", "an access token": *mine.AccessToken, "cut": (*mine.RefreshToken)[:200], "another door": strings.Replace(*mine.RefreshToken, "portal", "console", 1),
	} {
		t.Run(what, func(*testing.T) { w.refresh(token).Want(401, "sign_in_required") })
	}
	w.send("POST /auth/sign-out", "").Want(401, "sign_in_required")
	w.send("POST /auth/sign-out", "", "Authorization", "Bearer "+again.AccessToken, "Idempotency-Key", "x").Want(204, "")
	w.send("POST /auth/sign-out", "", "Authorization", "Bearer "+again.AccessToken).Want(401, "sign_in_required")
	w.refresh(*mine.RefreshToken).Want(401, "sign_in_required")
	if w.allowed(*mine.AccessToken) || w.allowed(again.AccessToken) {
		t.Error("a token of the sign-in that ended still lets somebody in")
	}
	if !w.allowed(*kept.AccessToken) {
		t.Error("another sign-in ended with it")
	}
	w.refresh(*kept.RefreshToken).Want(200, "")
}

func TestDeactivatedPeopleAreOut(t *testing.T) {
	w := newWorld(t)
	in := w.enter(password)
	user, err := w.users.Deactivate(t.Context(), w.system(), w.user.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	if w.allowed(*in.AccessToken) {
		t.Error("the access token still lets them in")
	}
	w.refresh(*in.RefreshToken).Want(401, "sign_in_required")
	w.send("POST /auth/sign-in", `{"username":"ada.sommer","password":"`+password+`","door":"portal"}`).Want(401, "wrong_credentials")
	if _, err := w.users.Reactivate(t.Context(), w.system(), w.user.ID, user.Version); err != nil {
		t.Fatal(err)
	}
	// What was handed out before stays worthless, also through a refresh; a new sign-in holds at once.
	w.refresh(*in.RefreshToken).Want(401, "sign_in_required")
	if fresh := w.enter(password); !w.allowed(*fresh.AccessToken) {
		t.Error("a sign-in right after the cut-off does not hold")
	}
}

func TestForgottenPassword(t *testing.T) {
	w := newWorld(t)
	w.mail() // the invitation's
	w.lastMail, w.to = "", ""
	in := w.enter(password)
	known := httpapitest.Send(t, w.routes, httpapitest.Recorded(t, "testdata/forgot-password.json")).Want(202, "")
	unknown := w.send("POST /auth/forgot-password", `{"username":"nobody@example.com","door":"portal"}`).Want(202, "")
	if known.Body != unknown.Body || len(known.Headers) != len(unknown.Headers) {
		t.Errorf("known and unknown can be told apart: %v %q, %v %q", known.Headers, known.Body, unknown.Headers, unknown.Body)
	}
	w.mail()
	token := w.lastMail
	if token == "" || w.to != "ada@example.com" {
		t.Fatalf("mailed %q to %q", token, w.to)
	}
	reset := func(token, password string) httpapitest.Answer {
		t.Helper()
		return w.send("POST /auth/reset-password", `{"token":"`+token+`","password":"`+password+`"}`)
	}
	reset(token, "short").Want(400, "password_too_short")
	reset("x", other).Want(400, "invalid_token")
	end := "AA"
	if strings.HasSuffix(token, end) {
		end = "BA"
	}
	reset(token[:len(token)-2]+end, other).Want(400, "invalid_token")
	reset(token, other).Want(204, "")
	reset(token, other).Want(410, "reset_link_over")
	if w.allowed(*in.AccessToken) {
		t.Error("a token from before still lets somebody in")
	}
	w.refresh(*in.RefreshToken).Want(401, "sign_in_required")
	w.send("POST /auth/sign-in", `{"username":"ada.sommer","password":"`+password+`","door":"portal"}`).Want(401, "wrong_credentials")
	if fresh := w.enter(other); !w.allowed(*fresh.AccessToken) {
		t.Error("the new password does not let them in")
	}
}

func TestSecondFactor(t *testing.T) {
	w := newWorld(t)
	secret := w.pool.EnrolTOTP(t, w.user.ID, *w.enter(password).AccessToken)
	in := w.enter(password)
	if in.Challenge == nil || *in.Challenge != "totp" || in.Session == nil || in.AccessToken != nil || in.User != nil {
		t.Fatalf("answer %+v", in)
	}
	answer := func(session, code string) httpapitest.Answer {
		t.Helper()
		return w.send("POST /auth/challenge", `{"session":"`+session+`","code":"`+code+`"}`)
	}
	code := identitytest.Code(t, secret, time.Now())
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	answer(*in.Session, wrong).Want(401, "wrong_code")
	answer(*in.Session, "x").Want(401, "wrong_code")
	answer("portal."+w.user.ID+".9999999999..x.y", code).Want(401, "challenge_over")
	answer(strings.Replace(*in.Session, "portal", "console", 1), code).Want(401, "challenge_over")
	var done api.SignInAnswer
	answer(*in.Session, code[:3]+" "+code[3:]).Want(200, "").Into(&done)
	if done.AccessToken == nil || done.User == nil || !w.allowed(*done.AccessToken) {
		t.Errorf("answer %+v", done)
	}
	w.refresh(*done.RefreshToken).Want(200, "")
}

func TestTemporaryPassword(t *testing.T) {
	w := newWorld(t)
	w.mail() // the invitation's
	before := w.enter(password)
	records := membership.Records{Store: w.table, NewID: uuid.NewString, Language: "en"}
	staff := membership.Call{Actor: membership.Actor{Realm: membership.Staff, UserID: "s1", CustomerID: membership.ProviderID, Role: membership.Administrator}, Now: time.Now()}
	if err := records.RenewPassword(t.Context(), staff, w.user.ID, membership.ByTemporaryPassword); err != nil {
		t.Fatal(err)
	}
	w.mail()
	temporary := w.lastMail
	if w.allowed(*before.AccessToken) {
		t.Error("a token from before still lets somebody in")
	}
	in := w.enter(temporary)
	if in.Challenge == nil || *in.Challenge != "newPassword" || in.Session == nil || in.AccessToken != nil || in.User != nil {
		t.Fatalf("answer %+v", in)
	}
	answer := func(session, more string) httpapitest.Answer {
		t.Helper()
		return w.send("POST /auth/challenge", `{"session":"`+session+`"`+more+`}`)
	}
	answer(*in.Session, `,"newPassword":"`+temporary+`"`).Want(400, "password_is_temporary")
	answer(*in.Session, `,"newPassword":"short"`).Want(400, "password_too_short")
	answer(*in.Session, `,"code":"123456"`).Want(401, "challenge_over")
	answer("x", `,"newPassword":"`+other+`"`).Want(401, "challenge_over")
	var done api.SignInAnswer
	answer(*in.Session, `,"newPassword":"`+other+`"`).Want(200, "").Into(&done)
	if done.AccessToken == nil || done.User == nil || !w.allowed(*done.AccessToken) {
		t.Errorf("answer %+v", done)
	}
	w.refresh(*done.RefreshToken).Want(200, "")
	answer(*in.Session, `,"newPassword":"`+password+`"`).Want(401, "challenge_over")
	w.send("POST /auth/sign-in", `{"username":"ada.sommer","password":"`+temporary+`","door":"portal"}`).Want(401, "wrong_credentials")
	if fresh := w.enter(other); !w.allowed(*fresh.AccessToken) {
		t.Error("the new password does not let them in")
	}

	// With a second factor, the code is asked for after the new password.
	secret := w.pool.EnrolTOTP(t, w.user.ID, *done.AccessToken)
	staff.Now = time.Now()
	if err := records.RenewPassword(t.Context(), staff, w.user.ID, membership.ByTemporaryPassword); err != nil {
		t.Fatal(err)
	}
	w.mail()
	var next api.SignInAnswer
	answer(*w.enter(w.lastMail).Session, `,"newPassword":"`+password+`"`).Want(200, "").Into(&next)
	if next.Challenge == nil || *next.Challenge != "totp" || next.AccessToken != nil {
		t.Fatalf("answer %+v", next)
	}
	answer(*next.Session, `,"newPassword":"`+password+`"`).Want(401, "challenge_over")
	answer(*next.Session, `,"code":"`+identitytest.Code(t, secret, time.Now())+`"`).Want(200, "").Into(&done)
	if !w.allowed(*done.AccessToken) {
		t.Error("the code does not let them in")
	}
}

// What is malformed is answered without asking anybody: the handler here has nothing behind it.
func TestMalformed(t *testing.T) {
	routes := handler{gate: httpapi.Gate{Callers: httpapitest.ByHeader{}, Now: time.Now}}.routes()
	long := strings.Repeat(" ", 1<<20+1)
	tests := []struct {
		route, body string
		status      int
		code        string
	}{
		{"POST /auth/sign-in", `{`, 400, "invalid_body"},
		{"POST /auth/sign-in", ``, 400, "invalid_content_type"},
		{"POST /auth/sign-in", `{}`, 400, "required"},
		{"POST /auth/sign-in", `{"username":"a","password":"b"}`, 400, "required"},
		{"POST /auth/sign-in", `{"username":"a","password":"b","door":"window"}`, 400, "invalid_choice"},
		{"POST /auth/sign-in", `{"username":1,"password":"b","door":"portal"}`, 400, "wrong_type"},
		{"POST /auth/sign-in", `{"username":"a","password":"b","door":"portal","role":"administrator"}`, 400, "unknown_field"},
		{"POST /auth/sign-in", long, 413, "body_too_large"},
		{"POST /auth/challenge", `{"session":"x"}`, 400, "required"},
		{"POST /auth/challenge", `{"session":"x","code":"1","newPassword":"y"}`, 400, "required"},
		{"POST /auth/challenge", `{"session":"x","newPassword":"correct horse battery staple"}`, 401, "challenge_over"},
		{"POST /auth/refresh", `{"refreshToken":null}`, 400, "wrong_type"},
		{"POST /auth/forgot-password", `{"username":"a","door":"window"}`, 400, "invalid_choice"},
		{"POST /auth/forgot-password", `{"username":" ","door":"portal"}`, 400, "required"},
		{"POST /auth/one-time-link", `{}`, 400, "required"},
		{"POST /auth/one-time-link", `{"email":"office"}`, 400, "invalid_email"},
		{"POST /auth/one-time-link", `{"email":"a@b.example","customerId":"c1"}`, 400, "unknown_field"},
		{"POST /auth/reset-password", `{"token":"x","password":"y"}`, 400, "invalid_token"},
		{"GET /auth/sign-in", ``, 405, "method_not_allowed"},
		{"POST /auth/nothing", `{}`, 404, "no_such_route"},
	}
	for _, test := range tests {
		t.Run(test.route+" "+test.body[:min(len(test.body), 40)], func(t *testing.T) {
			httpapitest.Send(t, routes, httpapitest.Event(test.route, test.body)).Want(test.status, test.code)
		})
	}
}

// Whoever asks for a one-time link, the answer and the work are the same; the link goes to contacts of customers without
// users, and opens nothing at the API.
func TestOneTimeLink(t *testing.T) {
	w := newWorld(t)
	w.stand() // the hour of the limit could end under the last request
	name, contact := "Office Ltd", "Office@example.org"
	customers := membership.Customers{Store: w.table, NewID: uuid.NewString}
	customer, err := customers.Create(t.Context(), w.system(), membership.Corporate, membership.CustomerInput{Name: &name, Email: &contact})
	if err != nil {
		t.Fatal(err)
	}
	w.mail() // what is due already
	var first httpapitest.Answer
	var work []string
	for n, email := range []string{"nobody@example.org", "ada@example.com", "office@EXAMPLE.org"} {
		w.calls.Take()
		a := w.send("POST /auth/one-time-link", `{"email":"`+email+`"}`).Want(202, "")
		var calls []string
		for _, c := range w.calls.Take() {
			calls = append(calls, c.Operation)
		}
		if n == 0 {
			first, work = a, calls
		}
		if a.Body != "" || a.Body != first.Body || len(a.Headers) != len(first.Headers) || !slices.Equal(calls, work) {
			t.Errorf("%s can be told apart: %v %q %v, %v %q %v", email, a.Headers, a.Body, calls, first.Headers, first.Body, work)
		}
	}
	w.lastMail, w.to = "", ""
	w.mail()
	if w.to != contact || !strings.HasPrefix(w.lastMail, customer.ID+".") {
		t.Fatalf("mailed %q to %q", w.lastMail, w.to)
	}
	w.send("POST /auth/reset-password", `{"token":"`+w.lastMail+`","password":"`+other+`"}`).Want(400, "invalid_token")
	w.refresh(w.lastMail).Want(401, "sign_in_required")
	for range 2 {
		w.send("POST /auth/one-time-link", `{"email":"Office@example.org"}`).Want(202, "")
	}
	if a := w.send("POST /auth/one-time-link", `{"email":"office@example.org"}`).Want(429, "too_many_requests"); a.Headers["Retry-After"] == "" {
		t.Errorf("no word when to try again: %v", a.Headers)
	}
}
