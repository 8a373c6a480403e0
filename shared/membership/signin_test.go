package membership_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

const wrongPassword = "wrong horse battery"

func (w *world) try(login, password string) error {
	_, err := w.signIn.SignIn(w.ctx, w.public(), membership.Credentials{Login: login, Password: password, Door: membership.PortalDoor, Source: w.id()})
	return err
}

// The stated thresholds: four failures are free, then 2, 4, 8, 16, 32 seconds, and from the tenth on 15 minutes.
func TestSlowDownAndLock(t *testing.T) {
	for _, login := range []string{"alpha-member", "nobody-at-all"} { // no difference between known and unknown
		w := newWorld(t)
		for n, pause := range []time.Duration{0, 0, 0, 0, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second,
			15 * time.Minute, 15 * time.Minute, 15 * time.Minute} {
			wantCode(t, w.try(login, wrongPassword), "wrong_credentials")
			if pause == 0 {
				continue
			}
			asked := len(w.accounts.calls)
			for _, early := range []time.Duration{0, pause / 2, pause - time.Millisecond} {
				failed := w.now
				w.now = failed.Add(early)
				err := w.try(strings.ToUpper(login), goodPassword) // the right password does not help, nor another spelling
				var e *membership.Error
				if !errors.As(err, &e) || e.Code != "too_many_attempts" || e.RetryAfter != pause-early {
					t.Fatalf("%s: %v after failure %d: %v", login, early, n+1, err)
				}
				w.now = failed
			}
			if len(w.accounts.calls) != asked {
				t.Errorf("%s: an attempt before its time reaches the passwords", login)
			}
			w.now = w.now.Add(pause)
		}
	}
}

func TestSuccessForgetsFailures(t *testing.T) {
	w := newWorld(t)
	for range 4 {
		wantCode(t, w.try("alpha-member", wrongPassword), "wrong_credentials")
	}
	wantCode(t, w.try("alpha-member", goodPassword), "")
	for range 4 {
		wantCode(t, w.try("alpha-member", wrongPassword), "wrong_credentials")
	}
	wantCode(t, w.try("alpha-member", goodPassword), "")
}

// Everything is forgotten AttemptsMemory after the last pause: by the clock, even if the table still has the item.
func TestFailuresAreForgottenAfterADay(t *testing.T) {
	w := newWorld(t)
	for range 9 {
		_ = w.try("alpha-member", wrongPassword)
		w.now = w.now.Add(time.Minute)
	}
	w.now = w.now.Add(membership.AttemptsMemory)
	wantCode(t, w.try("alpha-member", wrongPassword), "wrong_credentials")
	wantCode(t, w.try("alpha-member", goodPassword), "")
}

// Sign-in being down is nobody's fault: it must not lock people out when it is up again.
func TestOutagesAreNoFailures(t *testing.T) {
	w := newWorld(t)
	w.accounts.fail = membership.ErrOverloaded
	for range 20 {
		wantCode(t, w.try("alpha-member", goodPassword), "try_again")
	}
	w.accounts.fail = nil
	wantCode(t, w.try("alpha-member", goodPassword), "")
	// But a guess that was made counts, even if another call fails after it.
	for range 4 {
		wantCode(t, w.try("alpha-member", wrongPassword), "wrong_credentials")
	}
	w.accounts.fail = membership.ErrOverloaded
	wantCode(t, w.try("alpha-member", wrongPassword), "try_again")
	w.accounts.fail = nil
	wantCode(t, w.try("alpha-member", wrongPassword), "wrong_credentials") // the fifth
	wantCode(t, w.try("alpha-member", goodPassword), "too_many_attempts")
}

// Unknown login, wrong password, ended access and the wrong door: one answer after the same calls.
func TestSignInIsNoOracle(t *testing.T) {
	cases := map[string]struct {
		login string
		door  membership.Door
		spoil func(*world)
	}{
		"wrong password": {"alpha-member", membership.PortalDoor, func(w *world) { w.accounts.passwords["alpha-member"] = "another one" }},
		"unknown":        {"nobody-at-all", membership.PortalDoor, func(*world) {}},
		"no login":       {"nobody@example.com", membership.PortalDoor, func(*world) {}},
		"wrong door":     {"alpha-member", membership.ConsoleDoor, func(*world) {}},
		"staff":          {"provider-agent", membership.PortalDoor, func(*world) {}},
		"deactivated":    {"alpha-member", membership.PortalDoor, func(w *world) { w.set("alpha-member", func(u *membership.User) { u.Status = membership.Deactivated }) }},
		"suspended":      {"alpha-member", membership.PortalDoor, func(w *world) { w.set("alpha-member", func(u *membership.User) { u.Status = membership.Suspended }) }},
		"invited":        {"alpha-member", membership.PortalDoor, func(w *world) { w.set("alpha-member", func(u *membership.User) { u.Status = membership.Invited }) }},
		"customer out": {"alpha-member", membership.PortalDoor, func(w *world) {
			w.setCustomer(func(c *membership.Customer) { c.Status = membership.CustomerDeactivated })
		}},
		"portal closed": {"alpha-member", membership.PortalDoor, func(w *world) { w.setCustomer(func(c *membership.Customer) { c.PortalAccess = false }) }},
	}
	var reference []string
	for name, c := range cases {
		w := newWorld(t)
		c.spoil(w)
		_, err := w.signIn.SignIn(w.ctx, w.public(), membership.Credentials{Login: c.login, Password: goodPassword, Door: c.door})
		if !errors.Is(err, membership.ErrWrongCredentials) {
			t.Errorf("%s: %v", name, err)
		}
		if reference == nil {
			reference = w.accounts.calls
		}
		if !slices.Equal(reference, w.accounts.calls) || w.waited != 0 {
			t.Errorf("%s: calls %v, others %v", name, w.accounts.calls, reference)
		}
	}
	for _, in := range []membership.Credentials{{}, {Login: " ", Password: "x"}, {Login: "alpha-member"}, {Login: strings.Repeat("a", 300), Password: "x"},
		{Login: "alpha-member", Password: strings.Repeat("x", 100_000)}} {
		w := newWorld(t)
		if _, err := w.signIn.SignIn(w.ctx, w.public(), in); !errors.Is(err, membership.ErrWrongCredentials) {
			t.Errorf("%.20q: %v", in.Login, err)
		}
	}
}

func TestOneSourceCannotUseUpEverything(t *testing.T) {
	w := newWorld(t)
	for n := range 601 {
		_, err := w.signIn.SignIn(w.ctx, w.public(), membership.Credentials{Login: "someone" + w.id(), Password: wrongPassword, Door: membership.PortalDoor, Source: "192.0.2.1"})
		if want := map[bool]string{false: "wrong_credentials", true: "too_many_requests"}[n == 600]; membership.CodeOf(err) != want {
			t.Fatalf("attempt %d: %v", n+1, err)
		}
	}
	wantCode(t, w.try("alpha-member", goodPassword), "")
}

func TestSecondFactor(t *testing.T) {
	w := newWorld(t)
	w.accounts.totp["alpha-member"] = "123456"
	in, err := w.signIn.SignIn(w.ctx, w.public(), membership.Credentials{Login: "alpha-member", Password: goodPassword, Door: membership.PortalDoor})
	if err != nil || in.Answer.Challenge != "totp" || in.Answer.Tokens.Access != "" {
		t.Fatalf("%+v %v", in, err)
	}
	answer := func(userID, session, code string, door membership.Door) error {
		_, err := w.signIn.AnswerChallenge(w.ctx, w.public(), membership.Challenge{UserID: userID, Door: door, Session: session, Code: code})
		return err
	}
	wantCode(t, answer("alpha-member", in.Answer.Session, "123456", membership.ConsoleDoor), "challenge_over")
	wantCode(t, answer("nobody", in.Answer.Session, "123456", membership.PortalDoor), "challenge_over")
	wantCode(t, answer("", "", "", membership.PortalDoor), "challenge_over")
	wantCode(t, answer("alpha-member", in.Answer.Session, "123456", membership.PortalDoor), "")

	// Guessing codes is slowed down like guessing passwords, and signing in again does not forget the failures.
	guesses := 0
	for range 200 {
		if _, err := w.signIn.SignIn(w.ctx, w.public(), membership.Credentials{Login: "alpha-member", Password: goodPassword, Door: membership.PortalDoor, Source: w.id()}); err != nil {
			continue
		}
		if err := answer("alpha-member", in.Answer.Session, "000000", membership.PortalDoor); membership.CodeOf(err) == "wrong_code" {
			guesses++
		}
	}
	if guesses > 5 {
		t.Errorf("%d codes were tried at one moment", guesses)
	}
}

func TestAccess(t *testing.T) {
	open := func() membership.Access {
		return membership.Access{
			User:     membership.User{ID: "u", CustomerID: "alpha", Status: membership.Active, Role: membership.Member},
			Customer: membership.Customer{ID: "alpha", Status: membership.CustomerActive, PortalAccess: true},
		}
	}
	if a, err := open().Actor(membership.PortalDoor, start, "f", start); err != nil || a.Realm != membership.Portal || a.CustomerID != "alpha" || a.Role != membership.Member {
		t.Fatalf("%+v %v", a, err)
	}
	cut := start.Truncate(time.Second).Add(time.Second)
	for name, c := range map[string]struct {
		change func(*membership.Access)
		door   membership.Door
		issued time.Time
		ok     bool
	}{
		"wrong door":                {func(*membership.Access) {}, membership.ConsoleDoor, start, false},
		"no door":                   {func(*membership.Access) {}, "", start, false},
		"no user":                   {func(a *membership.Access) { a.User = membership.User{} }, membership.PortalDoor, start, false},
		"no customer":               {func(a *membership.Access) { a.Customer = membership.Customer{} }, membership.PortalDoor, start, false},
		"customer deactivated":      {func(a *membership.Access) { a.Customer.Status = membership.CustomerDeactivated }, membership.PortalDoor, start, false},
		"portal closed":             {func(a *membership.Access) { a.Customer.PortalAccess = false }, membership.PortalDoor, start, false},
		"suspended":                 {func(a *membership.Access) { a.User.Status = membership.Suspended }, membership.PortalDoor, start, false},
		"suspension over":           {func(a *membership.Access) { a.User.Status, a.User.SuspendedUntil = membership.Suspended, start }, membership.PortalDoor, start, true},
		"user cut off":              {func(a *membership.Access) { a.User.ValidFrom = cut }, membership.PortalDoor, cut.Add(-time.Second), false},
		"same second as cut-off":    {func(a *membership.Access) { a.User.ValidFrom = cut }, membership.PortalDoor, start, false},
		"after the cut-off":         {func(a *membership.Access) { a.User.ValidFrom = cut }, membership.PortalDoor, cut, true},
		"customer cut off":          {func(a *membership.Access) { a.Customer.ValidFrom = cut }, membership.PortalDoor, cut.Add(-time.Second), false},
		"after that cut-off":        {func(a *membership.Access) { a.Customer.ValidFrom = cut }, membership.PortalDoor, cut, true},
		"sign-ins cut off":          {func(a *membership.Access) { a.SignIns.ValidFrom = cut }, membership.PortalDoor, start, false},
		"family signed out":         {func(a *membership.Access) { a.SignIns.SignedOut = map[string]time.Time{"f": start} }, membership.PortalDoor, start, false},
		"another family signed out": {func(a *membership.Access) { a.SignIns.SignedOut = map[string]time.Time{"g": start} }, membership.PortalDoor, start, true},
	} {
		a := open()
		c.change(&a)
		if _, err := a.Actor(c.door, c.issued, "f", start); (err == nil) != c.ok || err != nil && !errors.Is(err, membership.ErrSignedOut) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, s := range membership.Statuses() {
		a := open()
		a.User.Status = s
		if _, err := a.Actor(membership.PortalDoor, start, "", start); (err == nil) != (s == membership.Active) {
			t.Errorf("%s gets in: %v", s, err)
		}
	}
}

func TestDeactivatingCutsOffAndReactivatingDoesNotBringBack(t *testing.T) {
	w := newWorld(t)
	access := func() membership.Access {
		a, _ := w.store.Access(w.ctx, "", "alpha-member", "")
		return a
	}
	before := w.now
	w.now = w.now.Add(time.Minute)
	if _, err := w.users.Deactivate(w.ctx, w.staff(), "alpha-member", 1); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
	if _, err := w.users.Reactivate(w.ctx, w.staff(), "alpha-member", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := access().Actor(membership.PortalDoor, before, "", w.now); err == nil {
		t.Error("a token from before is good again")
	}
	// A sign-in in the same second waits for the cut-off to be over instead of failing.
	in, err := w.signIn.SignIn(w.ctx, w.public(), membership.Credentials{Login: "alpha-member", Password: goodPassword, Door: membership.PortalDoor})
	if err != nil || in.User.ID != "alpha-member" || w.waited <= 0 || w.waited > 2*time.Second {
		t.Errorf("%v after waiting %v", err, w.waited)
	}
}

// reads counts how often the sign-ins of an account are asked for.
type reads struct {
	membership.SignInStore
	n int
}

func (r *reads) SignIns(ctx context.Context, customerID, userID string) (membership.SignIns, error) {
	r.n++
	return r.SignInStore.SignIns(ctx, customerID, userID)
}

// Signing out starts from what was read with the caller, and reads again if that has changed since.
func TestSigningOutKnowsTheCaller(t *testing.T) {
	w := newWorld(t)
	store := &reads{SignInStore: w.store}
	w.signIn.Store = store
	caller := func(family string) membership.Call {
		access, err := w.store.Access(w.ctx, "", "alpha-member", "")
		if err != nil {
			t.Fatal(err)
		}
		actor, err := access.Actor(membership.PortalDoor, start, family, w.now)
		if err != nil {
			t.Fatal(err)
		}
		return membership.Call{Now: w.now, Actor: actor}
	}
	both := map[string]membership.Call{"one": caller("one"), "two": caller("two")}
	for n, family := range []string{"one", "two"} {
		if err := w.signIn.SignOut(w.ctx, both[family], membership.Family{ID: family, EndsAt: w.now.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if store.n != n { // the second caller was read before the first was out
			t.Errorf("after %q: read %d times", family, store.n)
		}
	}
	if out := w.store.signIns["alpha-member"].SignedOut; len(out) != 2 {
		t.Errorf("signed out: %v", out)
	}
}

func TestSigningOut(t *testing.T) {
	w := newWorld(t)
	c := w.as("alpha", membership.Member)
	out := func(id string) {
		if err := w.signIn.SignOut(w.ctx, c, membership.Family{ID: id, EndsAt: w.now.Add(24 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	good := func(family string) bool {
		a, _ := w.store.Access(w.ctx, "", "alpha-member", "")
		_, err := a.Actor(membership.PortalDoor, start, family, w.now)
		return err == nil
	}
	out("one")
	if good("one") || !good("two") {
		t.Error("signing out ends that sign-in and no other")
	}
	for range 30 {
		out(w.id())
	}
	if good("one") || good("two") {
		t.Error("many signed-out families bring an old one back")
	}
	if n := len(w.store.signIns["alpha-member"].SignedOut); n > 20 {
		t.Errorf("%d families are remembered", n)
	}
	w.now = w.now.Add(48 * time.Hour)
	c.Now = w.now
	out("late")
	if n := len(w.store.signIns["alpha-member"].SignedOut); n != 1 {
		t.Errorf("%d families are remembered, of which one can still be used", n)
	}
}

func TestForgotPasswordIsNoOracleAndMailsTheStoredAddressOnly(t *testing.T) {
	for name, c := range map[string]struct {
		login string
		door  membership.Door
		spoil func(*world)
		to    string
	}{
		"username":    {"ALPHA-member", membership.PortalDoor, func(*world) {}, "alpha-member@example.com"},
		"e-mail":      {" Alpha-Member@Example.com ", membership.PortalDoor, func(*world) {}, "alpha-member@example.com"},
		"staff":       {"provider-agent", membership.ConsoleDoor, func(*world) {}, "provider-agent@example.com"},
		"unknown":     {"nobody@example.com", membership.PortalDoor, func(*world) {}, ""},
		"wrong door":  {"alpha-member", membership.ConsoleDoor, func(*world) {}, ""},
		"deactivated": {"alpha-member", membership.PortalDoor, func(w *world) { w.set("alpha-member", func(u *membership.User) { u.Status = membership.Deactivated }) }, ""},
		"invited":     {"new@example.com", membership.PortalDoor, func(w *world) { w.invite("new@example.com", membership.Member) }, ""},
		"customer out": {"alpha-member", membership.PortalDoor, func(w *world) {
			w.setCustomer(func(c *membership.Customer) { c.Status = membership.CustomerDeactivated })
		}, ""},
	} {
		w := newWorld(t)
		c.spoil(w)
		mails := len(w.store.mails)
		err := w.signIn.ForgotPassword(w.ctx, w.public(), membership.Forgot{Login: c.login, Door: c.door, Source: "192.0.2.1"}, "en")
		if err != nil || len(w.store.mails) != mails+1 {
			t.Errorf("%s: %v, %d mails stored", name, err, len(w.store.mails)-mails)
		}
		for _, m := range w.store.mails {
			if m.Letter == membership.LetterPasswordReset && (m.To != "" || m.UserID != "") {
				t.Errorf("%s: stored in the visitor's sight: %+v", name, m)
			}
		}
		if _, err := w.outbox.Sweep(w.ctx, 10, func() time.Time { return w.now }); err != nil {
			t.Fatal(err)
		}
		var to string
		for _, m := range w.postman.posted {
			if m.Letter == membership.LetterPasswordReset {
				to += m.To
			}
		}
		if to != c.to {
			t.Errorf("%s: mailed to %q, want %q", name, to, c.to)
		}
	}
}

func TestForgotPasswordLimits(t *testing.T) {
	w := newWorld(t)
	ask := func(login, source string) error {
		return w.signIn.ForgotPassword(w.ctx, w.public(), membership.Forgot{Login: login, Door: membership.PortalDoor, Source: source}, "en")
	}
	for n := range 4 {
		want := map[bool]string{true: "too_many_requests"}[n == 3]
		wantCode(t, ask("alpha-member", w.id()), want)
		wantCode(t, ask("nobody-at-all", w.id()), want)
	}
	for n := range 31 {
		wantCode(t, ask(w.id(), "192.0.2.9"), map[bool]string{true: "too_many_requests"}[n == 30])
	}
	wantCode(t, ask("", "192.0.2.10"), "required")
	wantCode(t, ask(strings.Repeat("x", 255), "192.0.2.10"), "required")
}

func TestPasswordLinkWorksOnceAndEndsEverySession(t *testing.T) {
	w := newWorld(t)
	for range 10 {
		_ = w.try("alpha-member", wrongPassword)
		w.now = w.now.Add(time.Minute)
	}
	token := w.resetToken("alpha-member", membership.PortalDoor)
	for range 3 { // looking does not use it up
		if u, err := w.signIn.InspectReset(w.ctx, w.public(), token); err != nil || u.ID != "alpha-member" {
			t.Fatal(err)
		}
	}
	wantCode(t, w.signIn.ResetPassword(w.ctx, w.public(), token, "short"), "password_too_short")
	wantCode(t, w.signIn.ResetPassword(w.ctx, w.public(), token, "alpha-member@example.com"), "password_is_email")
	signedInBefore := w.now
	wantCode(t, w.signIn.ResetPassword(w.ctx, w.public(), token, "another good password"), "")
	wantCode(t, w.signIn.ResetPassword(w.ctx, w.public(), token, "yet another password"), "reset_link_over")
	wantCode(t, second(w.signIn.InspectReset(w.ctx, w.public(), token)), "reset_link_over")
	a, _ := w.store.Access(w.ctx, "", "alpha-member", "")
	if _, err := a.Actor(membership.PortalDoor, signedInBefore, "f", w.now); err == nil {
		t.Error("a session from before the new password is still open")
	}
	wantCode(t, w.try("alpha-member", "another good password"), "") // the lock is forgotten with the old password
	told := slices.ContainsFunc(mailsOf(w), func(m membership.Mail) bool {
		return m.Letter == membership.LetterPasswordChanged && m.To == "alpha-member@example.com"
	})
	if !told {
		t.Error("nobody is told that the password was changed")
	}
}

func TestNewerPasswordLinkReplacesTheOlder(t *testing.T) {
	w := newWorld(t)
	older := w.resetToken("alpha-member", membership.PortalDoor)
	newer := w.resetToken("alpha-member", membership.PortalDoor)
	wantCode(t, second(w.signIn.InspectReset(w.ctx, w.public(), older)), "reset_link_over")
	wantCode(t, second(w.signIn.InspectReset(w.ctx, w.public(), newer)), "")
	w.set("alpha-member", func(u *membership.User) { u.Status = membership.Deactivated })
	wantCode(t, w.signIn.ResetPassword(w.ctx, w.public(), newer, "another good password"), "reset_link_over")
	if w.accounts.passwords["alpha-member"] != goodPassword {
		t.Error("the password of a deactivated user was set")
	}
}

// A mail that is tried again (its answer was lost) carries the same link, so that the copy that arrived stays good.
func TestRepeatedPasswordMailCarriesTheSameLink(t *testing.T) {
	w := newWorld(t)
	first := w.resetToken("alpha-member", membership.PortalDoor)
	for id, m := range w.store.mails { // as after a crash between SES's answer and the mark
		m.Status = membership.MailQueued
		w.store.mails[id] = m
	}
	w.now = w.now.Add(5 * time.Minute)
	if _, err := w.outbox.Sweep(w.ctx, 10, func() time.Time { return w.now }); err != nil {
		t.Fatal(err)
	}
	if again := w.postman.tokens[len(w.postman.tokens)-1]; again != first {
		wantCode(t, second(w.signIn.InspectReset(w.ctx, w.public(), again)), "")
	}
	wantCode(t, second(w.signIn.InspectReset(w.ctx, w.public(), first)), "")
	// Once used, no copy of the mail brings a new link.
	wantCode(t, w.signIn.ResetPassword(w.ctx, w.public(), first, "another good password"), "")
	for id, m := range w.store.mails {
		if m.Letter == membership.LetterPasswordReset {
			m.Status = membership.MailQueued
			w.store.mails[id] = m
		}
	}
	posted := len(w.postman.posted)
	w.now = w.now.Add(5 * time.Minute)
	if _, err := w.outbox.Sweep(w.ctx, 10, func() time.Time { return w.now }); err != nil {
		t.Fatal(err)
	}
	for _, m := range w.postman.posted[posted:] {
		if m.Letter == membership.LetterPasswordReset {
			t.Error("a used link was followed by a new one that nobody asked for")
		}
	}
}

func mailsOf(w *world) []membership.Mail {
	var all []membership.Mail
	for _, m := range w.store.mails {
		all = append(all, m)
	}
	return all
}
