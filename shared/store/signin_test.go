package store

import (
	"fmt"
	"testing"
	"time"

	"clientele/shared/membership"
)

func session(id string) membership.Session {
	return membership.Session{ID: id, CustomerID: "c1", UserID: "u1", Door: membership.PortalDoor, SecretHash: []byte{1, 0, 255}, CreatedAt: noon().Add(time.Millisecond),
		SeenAt: noon(), EndsAt: noon().Add(time.Hour)}
}

func TestAccess(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		customer, user := filled("c1"), person("u1", "c1", membership.Active)
		signIns := membership.SignIns{CustomerID: "c1", UserID: "u1", ValidFrom: noon(), SignedOut: map[string]time.Time{"family": noon().Add(time.Hour)}, ResetMail: "m1", ResetVersion: 2,
			ResetExpiresAt: noon().Add(time.Hour), ResetClaimedUntil: noon().Add(time.Millisecond), TemporaryVersion: 3, TemporaryExpiresAt: noon().Add(48 * time.Hour), PasswordOver: true, Version: 1}
		everyFieldSet(t, signIns)
		everyFieldSet(t, session("s1"))
		must(t, w.table.CreateCustomer(ctx, customer, w.trail()))
		w.put(t, user)
		none, err := w.table.SignIns(ctx, "c1", "u1")
		must(t, err)
		equal(t, none, membership.SignIns{CustomerID: "c1", UserID: "u1"})
		must(t, w.table.ChangeSignIns(ctx, none, signIns, nil))
		fails(t, w.table.ChangeSignIns(ctx, none, signIns, nil), membership.ErrStale)
		later := signIns
		later.SignedOut, later.Version = nil, 2
		tr := w.trail()
		must(t, w.table.ChangeSignIns(ctx, signIns, later, &tr))
		fails(t, w.table.ChangeSignIns(ctx, signIns, later, nil), membership.ErrStale)
		s := session("s1")
		must(t, w.table.CreateSession(ctx, s))
		again := s
		again.SecretHash = []byte{2}
		must(t, w.table.CreateSession(ctx, again)) // a repeated call, which changes nothing

		w.calls.Take()
		got, err := w.table.Access(ctx, "c1", "u1", "s1")
		must(t, err)
		equal(t, got, membership.Access{User: user, SignIns: later, Customer: customer, Session: &s})
		equal(t, len(w.calls.Take()), 1)
		got, err = w.table.Access(ctx, "", "u1", "")
		must(t, err)
		equal(t, got, membership.Access{User: user, SignIns: later, Customer: customer})
		equal(t, len(w.calls.Take()), 2)

		for _, ids := range [][3]string{{"c2", "u1", "s1"}, {"c1", "u2", "s1"}, {membership.ProviderID, "u1", "s1"}} {
			got, err = w.table.Access(ctx, ids[0], ids[1], ids[2])
			must(t, err)
			if got.User.ID != "" || got.Session != nil || got.SignIns.Version != 0 {
				t.Errorf("%v reads %+v", ids, got)
			}
		}
		got, err = w.table.Access(ctx, "", "nobody", "")
		must(t, err)
		equal(t, got, membership.Access{})

		s.SeenAt = noon().Add(10 * time.Minute)
		must(t, w.table.TouchSession(ctx, s))
		got, err = w.table.Access(ctx, "c1", "u1", "s1")
		must(t, err)
		equal(t, *got.Session, s)
		must(t, w.table.EndSession(ctx, membership.ConsoleDoor, "c1", "u1", "s1")) // of the other door: nothing
		must(t, w.table.EndSession(ctx, membership.PortalDoor, "c1", "u1", "s1"))
		must(t, w.table.TouchSession(ctx, s)) // does not bring it back
		got, err = w.table.Access(ctx, "c1", "u1", "s1")
		must(t, err)
		equal(t, got.Session, (*membership.Session)(nil))
	})
}

func TestAttempts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.put(t, person("u1", "c1", membership.Active))
		holder, attempts, err := w.table.LoginFacts(ctx, "name-u1")
		must(t, err)
		equal(t, holder, membership.Address{UserID: "u1", CustomerID: "c1"})
		equal(t, attempts, membership.Attempts{Login: "name-u1"})
		one := membership.Attempts{Login: "name-u1", Failures: 1, NextAt: noon().Add(1500 * time.Millisecond)}
		must(t, w.table.CountAttempt(ctx, attempts, one, noon()))
		fails(t, w.table.CountAttempt(ctx, attempts, one, noon()), membership.ErrTooManyAttempts)
		_, got, err := w.table.LoginFacts(ctx, "name-u1")
		must(t, err)
		equal(t, got, one)
		two := membership.Attempts{Login: "name-u1", Failures: 2, NextAt: noon()}
		must(t, w.table.CountAttempt(ctx, one, two, noon()))
		must(t, w.table.ForgetAttempts(ctx, "name-u1"))
		must(t, w.table.ForgetAttempts(ctx, "name-u1"))
		holder, got, err = w.table.LoginFacts(ctx, "name-u1")
		must(t, err)
		equal(t, holder.UserID, "u1")
		equal(t, got, membership.Attempts{Login: "name-u1"})
	})
}

// However many guess at once, every guess that is let through is counted.
func TestParallelAttemptsLoseNoCount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const guesses = 32
		counted := 0
		for range 8 {
			errs := parallel(guesses, func(int) error {
				_, have, err := w.table.LoginFacts(t.Context(), "eva")
				if err != nil {
					return err
				}
				after := have
				after.Failures++
				return w.table.CountAttempt(t.Context(), have, after, noon())
			})
			n := codes(t, errs)
			counted += n[""]
			if n[""]+n[membership.ErrTooManyAttempts.Code] != guesses {
				t.Fatalf("outcomes %v", n)
			}
		}
		_, have, err := w.table.LoginFacts(t.Context(), "eva")
		must(t, err)
		equal(t, have.Failures, counted)
	})
}

// Who signs in at several places in the same moment gets in at all of them: each attempt is counted, and waits for no other.
func TestSigningInAtSeveralPlacesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.customer(t, "Busy Ltd")
		u := w.member(t, c.ID, "ida@example.com")
		w.now = w.now.Add(time.Minute)
		for range 5 {
			errs := parallel(3, func(n int) error {
				in := membership.Credentials{Login: u.Email, Password: "correct horse battery", Door: membership.PortalDoor, Source: fmt.Sprint(n)}
				_, err := w.signIn.SignIn(t.Context(), membership.Call{Now: w.now}, in)
				return err
			})
			equal(t, codes(t, errs), map[string]int{"": 3})
		}
		_, have, err := w.table.LoginFacts(t.Context(), u.Email)
		must(t, err)
		equal(t, have.Failures, 0)
	})
}

func TestThrottle(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		th := membership.Throttle{Name: "test", Limit: 10, Window: time.Hour}
		take := func(subject string, now time.Time) func(int) error {
			return func(int) error { return w.table.Take(t.Context(), th, subject, now) }
		}
		equal(t, codes(t, parallel(25, take("a", noon())))[""], 10)
		equal(t, codes(t, parallel(5, take("a", noon().Add(time.Hour-time.Second))))["too_many_requests"], 5)
		equal(t, codes(t, parallel(5, take("a", noon().Add(time.Hour))))[""], 5)
		equal(t, codes(t, parallel(5, take("b", noon())))[""], 5)
		err := w.table.Take(t.Context(), th, "a", noon().Add(time.Minute))
		var e *membership.Error
		if !asError(err, &e) || e.RetryAfter != 59*time.Minute {
			t.Errorf("got %v", err)
		}
	})
}

func TestSignInByUsernameAndEmail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.customer(t, "Sign Ltd")
		u := w.member(t, c.ID, "eva.with.a.very.long.local.part@example.com")
		w.now = w.now.Add(time.Minute)
		for n, login := range []string{u.Email, u.Username, "EVA.with.a.very.long.local.part@EXAMPLE.com "} {
			in := membership.Credentials{Login: login, Password: "correct horse battery", Door: membership.PortalDoor, Source: fmt.Sprint(n)}
			got, err := w.signIn.SignIn(t.Context(), membership.Call{Now: w.now}, in)
			must(t, err)
			equal(t, got.User.ID, u.ID)
		}
	})
}
