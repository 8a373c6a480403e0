package session_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"clientele/shared/membership"
	"clientele/shared/session"
)

// links is a postman that keeps the tokens of the links in mails.
type links struct{ tokens []string }

func (l *links) Post(_ context.Context, _ membership.Mail, token string) (string, error) {
	l.tokens = append(l.tokens, token)
	return "message", nil
}

// guests returns the sessions of guests, and a link to a customer that nobody has got into yet.
func (w *world) guests(t *testing.T) (session.Guests, membership.Customer, string) {
	t.Helper()
	customer := membership.Customer{ID: uuid.NewString(), Name: "Office Ltd", Type: membership.Corporate, Status: membership.CustomerActive, PortalAccess: true,
		Email: "office@example.com", CreatedAt: w.now, Version: 1}
	if err := w.table.CreateCustomer(t.Context(), customer, w.trail("customer", customer.ID, customer.ID)); err != nil {
		t.Fatal(err)
	}
	keys, err := membership.NewKeys(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	use := membership.Guests{Store: w.table, Keys: keys, NewID: uuid.NewString, Language: "en"}
	if err := use.Ask(t.Context(), membership.Call{Now: w.now}, membership.AskLink{Email: customer.Email, Source: "192.0.2.1"}, "en"); err != nil {
		t.Fatal(err)
	}
	var mailed links
	outbox := membership.Outbox{Store: w.table, Postman: &mailed, Keys: keys}
	if _, err := outbox.Sweep(t.Context(), 20, func() time.Time { return w.now }); err != nil || len(mailed.tokens) == 0 {
		t.Fatalf("%d links, %v", len(mailed.tokens), err)
	}
	return session.Guests{Guests: use, Now: func() time.Time { return w.now }}, customer, mailed.tokens[len(mailed.tokens)-1]
}

// enter follows a link and returns the cookie.
func enter(t *testing.T, g session.Guests, token string) (*http.Cookie, error) {
	t.Helper()
	answer := httptest.NewRecorder()
	err := g.Start(answer, httptest.NewRequest(http.MethodPost, "/guest/enter", nil), membership.Call{Now: g.Now()}, token)
	if set := answer.Result().Cookies(); len(set) == 1 {
		return set[0], err
	}
	return nil, err
}

func loadGuest(g session.Guests, c *http.Cookie) (membership.Actor, membership.Customer, *http.Response, error) {
	r := httptest.NewRequest(http.MethodGet, "/guest", nil)
	r.AddCookie(c)
	answer := httptest.NewRecorder()
	actor, customer, err := g.Load(answer, r)
	return actor, customer, answer.Result(), err
}

func TestGuestSession(t *testing.T) {
	w := newWorld(t)
	g, customer, token := w.guests(t)
	c, err := enter(t, g, token)
	if err != nil || c.Name != "__Host-guest" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != int(membership.GuestStay.Seconds()) {
		t.Fatalf("cookie %+v, %v", c, err)
	}
	if again, err := enter(t, g, token); again != nil || !errors.Is(err, membership.ErrGuestLinkOver) {
		t.Errorf("the link once more: %+v, %v", again, err)
	}
	w.calls.Take()
	actor, loaded, answer, err := loadGuest(g, c)
	if err != nil || actor.Realm != membership.Guest || actor.UserID != "" || actor.CustomerID != customer.ID || loaded.ID != customer.ID || len(answer.Cookies()) != 0 {
		t.Errorf("%+v of %+v, %v", actor, loaded, err)
	}
	if calls := w.calls.Take(); len(calls) != 2 {
		t.Errorf("a guest's page took %+v, want two calls", calls)
	}
	// At the doors a guest is nobody, under whichever name the cookie is sent.
	for _, s := range []session.Sessions{w.portal, w.console} {
		for _, name := range []string{c.Name, "__Host-" + string(s.Door)} {
			parts := strings.Split(c.Value, ".")
			for _, value := range []string{c.Value, strings.Join([]string{parts[0], "", parts[1], parts[2]}, "."), strings.Join([]string{parts[0], parts[0], parts[1], parts[2]}, ".")} {
				_, _, err := load(s, &http.Cookie{Name: name, Value: value})
				wantSignedOut(t, "a guest at the "+string(s.Door), err)
			}
		}
	}
	// And nobody signed in there is a guest.
	user := strings.Split(w.start(t, w.portal).Value, ".")
	_, _, _, err = loadGuest(g, &http.Cookie{Name: c.Name, Value: strings.Join([]string{user[0], user[2], user[3]}, ".")})
	wantSignedOut(t, "a user as guest", err)
}

func TestGuestCookiesThatAreNone(t *testing.T) {
	w := newWorld(t)
	g, _, token := w.guests(t)
	c, err := enter(t, g, token)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(c.Value, ".")
	with := func(part int, value string) string {
		other := slices.Clone(parts)
		other[part] = value
		return strings.Join(other, ".")
	}
	secret := []byte(parts[2])
	secret[0] ^= 1
	for what, value := range map[string]string{
		"another secret": with(2, string(secret)), "no secret": with(2, ""), "short secret": with(2, "AAAA"), "another customer": with(0, w.user.CustomerID),
		"no customer": with(0, uuid.NewString()), "another session": with(1, uuid.NewString()), "a key's text": with(1, "x#y"),
		"long id": with(0, strings.Repeat("a", 500)), "empty": "", "cut": c.Value[:len(c.Value)-5], "more": c.Value + ".x",
	} {
		_, _, _, err := loadGuest(g, &http.Cookie{Name: c.Name, Value: value})
		wantSignedOut(t, what, err)
		r := httptest.NewRequest(http.MethodPost, "/guest/leave", nil)
		r.AddCookie(&http.Cookie{Name: c.Name, Value: value})
		if err := g.End(httptest.NewRecorder(), r); err != nil {
			t.Errorf("%s leaves: %v", what, err)
		}
	}
	if _, _, _, err := loadGuest(g, c); err != nil {
		t.Error("the good one is refused:", err)
	}
}

// A stay ends for good, and the browser is told to forget its cookie.
func TestGuestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	g, _, token := w.guests(t)
	c, err := enter(t, g, token)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/guest/leave", nil)
	r.AddCookie(c)
	for range 2 { // the second time changes nothing
		answer := httptest.NewRecorder()
		if err := g.End(answer, r); err != nil {
			t.Fatal(err)
		}
		if set := answer.Result().Cookies(); len(set) != 1 || set[0].Name != c.Name || set[0].MaxAge >= 0 || set[0].Value != "" {
			t.Errorf("cookies %+v", set)
		}
	}
	_, _, answer, err := loadGuest(g, c)
	wantSignedOut(t, "after leaving", err)
	if set := answer.Cookies(); len(set) != 1 || set[0].Name != c.Name || set[0].MaxAge >= 0 {
		t.Errorf("cookies %v", set)
	}
	answered := httptest.NewRecorder()
	if err := g.End(answered, httptest.NewRequest(http.MethodPost, "/guest/leave", nil)); err != nil || len(answered.Result().Cookies()) != 0 {
		t.Errorf("who is none leaves: %v", err)
	}
}
