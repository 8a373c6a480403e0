package session_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"

	"clientele/shared/membership"
	"clientele/shared/session"
	"clientele/shared/store"
	"clientele/shared/store/storetest"
)

// world is a table with one customer and one of its users, and the two doors.
type world struct {
	table           store.Table
	calls           storetest.Recorder
	user            membership.User
	portal, console session.Sessions
	now             time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: time.Now().Truncate(time.Second)}
	client, name := storetest.MiniStack().Table(t, w.calls.Watch)
	w.table = store.New(client, name)
	customer := membership.Customer{ID: uuid.NewString(), Name: "Acme", Type: membership.Corporate, Status: membership.CustomerActive, PortalAccess: true, CreatedAt: w.now, Version: 1}
	if err := w.table.CreateCustomer(t.Context(), customer, w.trail("customer", customer.ID, customer.ID)); err != nil {
		t.Fatal(err)
	}
	invited := membership.User{ID: uuid.NewString(), CustomerID: customer.ID, Company: "Acme", Status: membership.Invited, Role: membership.Member,
		FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com", RegisteredAt: w.now, InvitationExpiresAt: w.now.Add(time.Hour), Version: 1}
	invitation := membership.Invitation{ID: uuid.NewString(), CustomerID: customer.ID, UserID: invited.ID, Email: invited.Email, Role: membership.Member,
		Status: membership.InvitationPending, ExpiresAt: w.now.Add(time.Hour), SentAt: w.now, CreatedAt: w.now, LinkVersion: 1, Version: 1}
	invited.InvitationID = invitation.ID
	if err := w.table.CreateInvitation(t.Context(), invitation, invited, w.trail("invitation", invitation.ID, customer.ID)); err != nil {
		t.Fatal(err)
	}
	w.user = w.change(t, invited, func(u *membership.User) { u.Status, u.Username = membership.Active, "ada.lovelace" })
	sessions := session.Sessions{Door: membership.PortalDoor, Store: w.table, NewID: uuid.NewString, Now: func() time.Time { return w.now }}
	w.portal = sessions
	sessions.Door = membership.ConsoleDoor
	w.console = sessions
	return w
}

func (w *world) trail(subject, subjectID, customerID string) membership.Trail {
	return membership.Trail{Now: w.now, Audit: membership.AuditEntry{ID: uuid.NewString(), At: w.now, Realm: membership.System, CustomerID: customerID,
		Action: subject + ".created", Subject: subject, SubjectID: subjectID}}
}

func (w *world) change(t *testing.T, before membership.User, change func(*membership.User)) membership.User {
	t.Helper()
	after := before
	change(&after)
	after.Version++
	if err := w.table.ChangeUser(t.Context(), before, after, nil, w.trail("user", before.ID, before.CustomerID)); err != nil {
		t.Fatal(err)
	}
	return after
}

// start signs a browser in and returns its cookie.
func (w *world) start(t *testing.T, s session.Sessions) *http.Cookie {
	t.Helper()
	answer := httptest.NewRecorder()
	if err := s.Start(answer, httptest.NewRequest("POST", "/sign-in", nil), w.user, w.now); err != nil {
		t.Fatal(err)
	}
	return answer.Result().Cookies()[0]
}

// load asks who sends these cookies, and returns the answer with it.
func load(s session.Sessions, cookies ...*http.Cookie) (membership.Actor, *http.Response, error) {
	r := httptest.NewRequest("GET", "/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	answer := httptest.NewRecorder()
	actor, err := s.Load(answer, r)
	return actor, answer.Result(), err
}

func wantSignedOut(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, membership.ErrSignedOut) {
		t.Errorf("%s: %v, want sign_in_required", what, err)
	}
}

func TestStartAndLoad(t *testing.T) {
	w := newWorld(t)
	c := w.start(t, w.portal)
	if c.Name != "__Host-portal" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != int(membership.PortalSession.Seconds()) {
		t.Errorf("cookie %+v", c)
	}
	w.calls.Take()
	actor, answer, err := load(w.portal, c)
	if err != nil || actor.UserID != w.user.ID || actor.CustomerID != w.user.CustomerID || actor.Realm != membership.Portal {
		t.Errorf("%+v, %v", actor, err)
	}
	calls := w.calls.Take()
	if len(calls) != 1 || calls[0].Operation != "BatchGetItem" {
		t.Errorf("a page's caller took %+v, want one BatchGetItem", calls)
	}
	if len(answer.Cookies()) != 0 {
		t.Error("a good session sets a cookie")
	}
	if other := w.start(t, w.portal); other.Value == c.Value {
		t.Error("two sign-ins have the same session")
	}
}

func TestCookiesThatAreNone(t *testing.T) {
	w := newWorld(t)
	c := w.start(t, w.portal)
	parts := strings.Split(c.Value, ".")
	with := func(part int, value string) *http.Cookie {
		other := slices.Clone(parts)
		other[part] = value
		return &http.Cookie{Name: c.Name, Value: strings.Join(other, ".")}
	}
	secret := []byte(parts[3])
	secret[0] ^= 1
	for what, cookie := range map[string]*http.Cookie{
		"another secret":   with(3, string(secret)),
		"no secret":        with(3, ""),
		"short secret":     with(3, "AAAA"),
		"another customer": with(0, uuid.NewString()),
		"the provider":     with(0, membership.ProviderID),
		"another user":     with(1, uuid.NewString()),
		"another session":  with(2, uuid.NewString()),
		"a key's text":     with(2, "x#y"),
		"long id":          with(1, strings.Repeat("a", 500)),
		"empty":            {Name: c.Name},
		"cut":              {Name: c.Name, Value: c.Value[:len(c.Value)-5]},
		"the other's name": {Name: "__Host-console", Value: c.Value},
	} {
		_, _, err := load(w.portal, cookie)
		wantSignedOut(t, what, err)
	}
	_, _, err := load(w.portal)
	wantSignedOut(t, "none", err)
	_, _, err = load(w.console, &http.Cookie{Name: "__Host-console", Value: c.Value})
	wantSignedOut(t, "a portal session at the console", err)
	if _, _, err := load(w.portal, c); err != nil {
		t.Error("the good one is refused:", err)
	}
}

// What a user loses is lost with the next request, and the browser is told to forget its cookie.
func TestSessionsEnd(t *testing.T) {
	tests := map[string]func(t *testing.T, w *world){
		"idle": func(_ *testing.T, w *world) { w.now = w.now.Add(membership.PortalIdle) },
		"deactivated": func(t *testing.T, w *world) {
			w.user = w.change(t, w.user, func(u *membership.User) { u.Status = membership.Deactivated })
		},
		"cut off": func(t *testing.T, w *world) {
			w.user = w.change(t, w.user, func(u *membership.User) { u.ValidFrom = w.now.Add(time.Second) })
			w.now = w.now.Add(time.Minute)
		},
		"customer deactivated and back": func(t *testing.T, w *world) {
			customers := membership.Customers{Store: w.table, NewID: uuid.NewString}
			c := membership.Call{Actor: membership.SystemActor(""), Now: w.now}
			for _, do := range []func(context.Context, membership.Call, string, int) (membership.Customer, error){customers.Deactivate, customers.Reactivate} {
				if _, err := do(t.Context(), c, w.user.CustomerID, 0); err != nil {
					t.Fatal(err)
				}
			}
			w.now = w.now.Add(time.Minute)
		},
		"customer deactivated": func(t *testing.T, w *world) {
			before, err := w.table.Customer(t.Context(), membership.ReachAll(), w.user.CustomerID)
			if err != nil {
				t.Fatal(err)
			}
			after := before
			after.Status, after.Version = membership.CustomerDeactivated, before.Version+1
			if err := w.table.ChangeCustomer(t.Context(), before, after, w.trail("customer", before.ID, before.ID)); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.start(t, w.portal)
			end(t, w)
			_, answer, err := load(w.portal, c)
			wantSignedOut(t, name, err)
			if set := answer.Cookies(); len(set) != 1 || set[0].Name != c.Name || set[0].MaxAge >= 0 {
				t.Errorf("cookies %v", set)
			}
		})
	}
}

func TestSeen(t *testing.T) {
	w := newWorld(t)
	c := w.start(t, w.portal)
	w.calls.Take()
	for range 5 { // minutes 5 to 25: written at 10 and 20
		w.now = w.now.Add(5 * time.Minute)
		if _, _, err := load(w.portal, c); err != nil {
			t.Fatal(err)
		}
	}
	writes := 0
	for _, call := range w.calls.Take() {
		if call.Operation == "UpdateItem" {
			writes++
		}
	}
	if writes != 2 {
		t.Errorf("%d writes in 25 minutes, want 2", writes)
	}
	for range 20 { // in use it does not become idle, until its whole time is over
		w.now = w.now.Add(membership.PortalIdle - 15*time.Minute)
		_, _, err := load(w.portal, c)
		if over := w.now.Sub(w.user.RegisteredAt) >= membership.PortalSession; over != (err != nil) {
			t.Errorf("after %v: %v", w.now.Sub(w.user.RegisteredAt), err)
		}
	}
}

func TestEnd(t *testing.T) {
	w := newWorld(t)
	c, other := w.start(t, w.portal), w.start(t, w.portal)
	r := httptest.NewRequest("POST", "/sign-out", nil)
	r.AddCookie(c)
	answer := httptest.NewRecorder()
	for range 2 { // the second time changes nothing
		if err := w.portal.End(answer, r); err != nil {
			t.Fatal(err)
		}
	}
	if set := answer.Result().Cookies(); set[0].Name != c.Name || set[0].MaxAge >= 0 || set[0].Value != "" {
		t.Errorf("cookie %+v", set[0])
	}
	_, _, err := load(w.portal, c)
	wantSignedOut(t, "after the end", err)
	if _, _, err := load(w.portal, other); err != nil {
		t.Error("another browser's session ended with it:", err)
	}
}

// Signing in again ends the browser's previous session, and no other.
func TestStartEndsTheFormerSession(t *testing.T) {
	w := newWorld(t)
	former, other := w.start(t, w.portal), w.start(t, w.portal)
	forged := *other
	forged.Value = other.Value[:len(other.Value)-secretText] + former.Value[len(former.Value)-secretText:]
	for _, c := range []*http.Cookie{former, &forged} {
		r := httptest.NewRequest("POST", "/sign-in", nil)
		r.AddCookie(c)
		answer := httptest.NewRecorder()
		if err := w.portal.Start(answer, r, w.user, w.now); err != nil {
			t.Fatal(err)
		}
		set := answer.Result().Cookies()
		if len(set) != 1 {
			t.Fatalf("cookies %v", set)
		}
		if _, _, err := load(w.portal, set[0]); err != nil {
			t.Error("the new session:", err)
		}
	}
	_, _, err := load(w.portal, former)
	wantSignedOut(t, "the former session", err)
	if _, _, err := load(w.portal, other); err != nil {
		t.Error("a session whose secret the browser did not have ended with it:", err)
	}
}

// secretText is the length of a cookie's secret as text: 32 bytes in base64url.
const secretText = 43

// The table keeps no secret of a cookie.
func TestNoSecretIsStored(t *testing.T) {
	engine := storetest.MiniStack()
	client, name := engine.Table(t)
	sessions := session.Sessions{Door: membership.ConsoleDoor, Store: store.New(client, name), NewID: uuid.NewString, Now: time.Now}
	answer := httptest.NewRecorder()
	user := membership.User{ID: uuid.NewString(), CustomerID: membership.ProviderID}
	if err := sessions.Start(answer, httptest.NewRequest("POST", "/sign-in", nil), user, time.Now()); err != nil {
		t.Fatal(err)
	}
	value := answer.Result().Cookies()[0].Value
	secret := value[strings.LastIndexByte(value, '.')+1:]
	items, err := storetest.Items(t.Context(), client, name)
	if err != nil || len(items) != 1 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	for attribute, v := range items[0] {
		var text string
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			text = v.Value
		case *types.AttributeValueMemberB:
			text = string(v.Value)
		}
		if strings.Contains(text, secret) || strings.Contains(text, string(raw)) {
			t.Errorf("%s holds the secret", attribute)
		}
	}
}
