package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

type caller struct {
	actor membership.Actor
	err   error
}

func (c caller) Actor(*http.Request) (membership.Actor, error) { return c.actor, c.err }
func (c caller) UserID(*http.Request) (string, error)          { return c.actor.UserID, c.err }
func (c caller) Reach(*http.Request) membership.Reach          { return c.actor.Reach() }

type remembered map[string]membership.Marker

func (m remembered) Marker(_ context.Context, key membership.IdempotencyKey) (*membership.Marker, error) {
	marker, ok := m[key.Key]
	if !ok {
		return nil, nil
	}
	return &marker, nil
}

func TestGate(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	hash, err := IdempotencyKey(keyed("seen", `{}`), "u1")
	if err != nil {
		t.Fatal(err)
	}
	gate := Gate{
		Callers: caller{actor: membership.Actor{Realm: membership.Staff, UserID: "u1"}},
		Markers: remembered{"seen": {BodyHash: hash.BodyHash, IDs: []string{"c1"}}, "other": {BodyHash: "x"}},
		Now:     func() time.Time { return now },
	}
	var got *membership.Call
	use := func(w http.ResponseWriter, _ *http.Request, c membership.Call) error {
		got = &c
		NoContent(w)
		return nil
	}
	serve := func(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
		got = nil
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}

	serve(gate.SignedIn(use), keyed("", `{}`))
	if got == nil || got.Actor.UserID != "u1" || !got.Now.Equal(now) || got.Key != nil || got.Done != nil {
		t.Errorf("without a key: %+v", got)
	}
	serve(gate.SignedIn(use), keyed("new", `{}`))
	if got == nil || got.Key == nil || got.Key.Key != "new" || got.Key.ActorID != "u1" || got.Done != nil {
		t.Errorf("with a new key: %+v", got)
	}
	serve(gate.SignedIn(use), keyed("seen", `{}`))
	if got == nil || len(got.Done) != 1 {
		t.Errorf("repeated: %+v", got)
	}
	if w := serve(gate.SignedIn(use), keyed("other", `{}`)); w.Code != 422 || got != nil {
		t.Errorf("key with another body: %d", w.Code)
	}
	serve(gate.SignedInBatch(use), keyed("other", `{}`))
	if got == nil || got.Key == nil {
		t.Errorf("batch: %+v", got)
	}
	serve(gate.Public(use), keyed("seen", `{}`))
	if got == nil || got.Key != nil || got.Actor.UserID != "" {
		t.Errorf("public: %+v", got)
	}
	gate.Callers = caller{err: membership.ErrSignedOut}
	if w := serve(gate.SignedIn(use), keyed("", `{}`)); w.Code != 401 || got != nil {
		t.Errorf("nobody: %d", w.Code)
	}
	if w := serve(gate.Public(func(http.ResponseWriter, *http.Request, membership.Call) error { return errors.New("secret") }), keyed("", "")); w.Code != 500 || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("internal: %d %s", w.Code, w.Body)
	}
}

// What a route reads ahead is begun with the reach that its caller will have, and comes to a use case only with a caller
// who was let in.
func TestGateReadsAhead(t *testing.T) {
	for name, x := range map[string]struct {
		caller       caller
		begun, comes bool
	}{
		"staff":          {caller{actor: membership.Actor{Realm: membership.Staff, UserID: "u1"}}, true, true},
		"a customer's":   {caller{actor: membership.Actor{Realm: membership.Portal, UserID: "u2", CustomerID: "c1"}}, true, true},
		"unknown so far": {caller{actor: membership.Actor{UserID: "u3"}}, false, true},
		"cut off":        {caller{actor: membership.Actor{Realm: membership.Staff}, err: membership.ErrSignedOut}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			begun, came := false, false
			gate := Gate{Callers: x.caller, Now: time.Now, Ahead: func(r *http.Request, reach membership.Reach, c *membership.Call) {
				if begun = true; reach != x.caller.actor.Reach() {
					t.Errorf("reach %+v", reach)
				}
				c.Invitation = membership.ReadAhead(r.Context(), reach, "i1", func(context.Context, membership.Reach, string) (membership.Invitation, error) {
					return membership.Invitation{ID: "i1"}, nil
				})
			}}
			w := httptest.NewRecorder()
			gate.SignedInBatch(func(w http.ResponseWriter, _ *http.Request, c membership.Call) error {
				if came = true; (c.Invitation != nil) != x.begun || c.Actor.UserID != x.caller.actor.UserID {
					t.Errorf("%+v", c)
				}
				NoContent(w)
				return nil
			}).ServeHTTP(w, keyed("", ""))
			if begun != x.begun || came != x.comes {
				t.Errorf("begun %v, came %v, status %d", begun, came, w.Code)
			}
		})
	}
}

func keyed(key, body string) *http.Request {
	r := httptest.NewRequest("POST", "/customers", strings.NewReader(body))
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return r
}

func TestID(t *testing.T) {
	for _, good := range []string{"provider", "01930d1c-7c5e-7b1a-9f5e-0c9f8d1b2a3c"} {
		if got, err := ID(good); got != good || err != nil {
			t.Errorf("%q: %q %v", good, got, err)
		}
	}
	for _, bad := range []string{"", strings.Repeat("a", 65), "a#b", "a/b", "ä", "a b", "a\x00"} {
		if _, err := ID(bad); membership.KindOf(err) != membership.NotFound {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestChoice(t *testing.T) {
	if v, err := Choice(url.Values{}, "sort", "name"); v != "" || err != nil {
		t.Errorf("absent: %q %v", v, err)
	}
	if v, err := Choice(url.Values{"sort": {"name"}}, "sort", membership.CustomersByName); v != "name" || err != nil {
		t.Errorf("known: %q %v", v, err)
	}
	for _, bad := range []string{"", "NAME"} {
		if _, err := Choice(url.Values{"sort": {bad}}, "sort", "name"); membership.CodeOf(err) != "invalid_choice" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for order, want := range map[string]bool{"asc": true, "desc": false} {
		if got, err := Ascending(url.Values{"order": {order}}); got != want || err != nil {
			t.Errorf("%s: %v %v", order, got, err)
		}
	}
}
