package journeys_test

import (
	"strings"
	"testing"
	"time"
)

func TestRefreshAndSignOut(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Sessions Ltd")
	email := address("session")
	join(staff, customer, email, "member")
	public := nobody(t, s)
	in := map[string]string{"username": email, "password": password, "door": "portal"}
	one, two := public.must(200, "POST", "/auth/sign-in", in), public.must(200, "POST", "/auth/sign-in", in)
	refresh := map[string]string{"refreshToken": one.text("refreshToken")}
	renewed := public.must(200, "POST", "/auth/refresh", refresh)
	first := caller{t: t, stack: s, token: renewed.text("accessToken")}
	first.must(200, "GET", "/me", nil)
	first.must(204, "POST", "/auth/sign-out", nil)
	first.refused(401, "sign_in_required", "GET", "/me", nil)
	caller{t: t, stack: s, token: one.text("accessToken")}.refused(401, "sign_in_required", "GET", "/me", nil)
	public.refused(401, "sign_in_required", "POST", "/auth/refresh", refresh)
	caller{t: t, stack: s, token: two.text("accessToken")}.must(200, "GET", "/me", nil) // the other device stays signed in
}

func TestForgottenPassword(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Forgetful Ltd")
	email := address("forgot")
	user, _ := join(staff, customer, email, "member")
	public := nobody(t, s)
	known := public.must(202, "POST", "/auth/forgot-password", map[string]string{"username": email, "door": "portal"})
	unknown := public.must(202, "POST", "/auth/forgot-password", map[string]string{"username": address("nobody"), "door": "portal"})
	if string(known.raw) != string(unknown.raw) {
		t.Errorf("answers differ: %q, %q", known.raw, unknown.raw)
	}
	key := token(t, mailed(t, s, email, 2))
	public.refused(400, "password_too_short", "POST", "/auth/reset-password", map[string]string{"token": key, "password": "short"})
	next := "a wholly new password"
	public.must(204, "POST", "/auth/reset-password", map[string]string{"token": key, "password": next})
	public.refused(410, "reset_link_over", "POST", "/auth/reset-password", map[string]string{"token": key, "password": next})
	user.refused(401, "sign_in_required", "GET", "/me", nil)
	public.refused(401, "wrong_credentials", "POST", "/auth/sign-in", map[string]string{"username": email, "password": password, "door": "portal"})
	signIn(t, s, email, next, "portal").must(200, "GET", "/me", nil)
	if m := mailed(t, s, email, 3); tokenInMail.MatchString(m.Text) {
		t.Errorf("the notice of a changed password carries a link:\n%s", m.Text)
	}
}

// Staff give a temporary password: it only lets people choose their own.
func TestTemporaryPassword(t *testing.T) {
	s := theStack(t)
	staff, public := admin(t, s), nobody(t, s)
	customer := newCustomer(staff, "Temporary Ltd")
	email := address("temporary")
	user, id := join(staff, customer, email, "administrator")
	user.refused(403, "temporary_password_not_allowed", "POST", "/users/"+id+"/password", map[string]string{"mode": "temporaryPassword"})
	staff.must(202, "POST", "/users/"+id+"/password", map[string]string{"mode": "temporaryPassword"})
	user.refused(401, "sign_in_required", "GET", "/me", nil)
	sent := mailed(t, s, email, 2).Text
	temporary := temporaryInMail.FindString(sent)
	if temporary == "" || tokenInMail.MatchString(sent) {
		t.Fatalf("no temporary password, or a link:\n%s", sent)
	}
	in := map[string]string{"username": email, "password": temporary, "door": "portal"}
	public.refused(401, "wrong_credentials", "POST", "/auth/sign-in", map[string]string{"username": email, "password": password, "door": "portal"})
	a := public.must(200, "POST", "/auth/sign-in", in)
	if a.text("challenge") != "newPassword" || strings.Contains(string(a.raw), "accessToken") {
		t.Fatalf("%s", a.raw)
	}
	next := "a wholly new password"
	public.refused(400, "password_is_temporary", "POST", "/auth/challenge", map[string]string{"session": a.text("session"), "newPassword": temporary})
	done := public.must(200, "POST", "/auth/challenge", map[string]string{"session": a.text("session"), "newPassword": next})
	caller{t: t, stack: s, token: done.text("accessToken")}.must(200, "GET", "/me", nil)
	public.refused(401, "challenge_over", "POST", "/auth/challenge", map[string]string{"session": a.text("session"), "newPassword": next + "!"})
	public.refused(401, "wrong_credentials", "POST", "/auth/sign-in", in)
	signIn(t, s, email, next, "portal").must(200, "GET", "/me", nil)

	// A new user gets in the same way.
	second := address("registered")
	staff.must(201, "POST", "/users", map[string]any{"customerId": customer, "firstName": "Rae", "lastName": "Gistered", "email": second, "sendRegistrationEmail": true, "credentials": "temporaryPassword"})
	in = map[string]string{"username": second, "password": strings.ToUpper(temporaryInMail.FindString(mailed(t, s, second, 1).Text)), "door": "portal"}
	a = public.must(200, "POST", "/auth/sign-in", in)
	public.must(200, "POST", "/auth/challenge", map[string]string{"session": a.text("session"), "newPassword": next})
	signIn(t, s, second, next, "portal").must(200, "GET", "/me", nil)
}

func TestSlowDown(t *testing.T) {
	s := theStack(t)
	public := nobody(t, s)
	login := address("guess") // unknown logins are slowed down like known ones
	for range 5 {
		public.refused(401, "wrong_credentials", "POST", "/auth/sign-in", map[string]string{"username": login, "password": "wrong password", "door": "portal"})
	}
	// The first pause is two seconds, and each one is twice as long as the last: a slow machine may only get to try
	// again after one.
	guess := map[string]string{"username": login, "password": "wrong password", "door": "portal"}
	a := public.call("POST", "/auth/sign-in", guess)
	for tries := 0; a.status == 401 && tries < 5; tries++ {
		a = public.call("POST", "/auth/sign-in", guess)
	}
	if a.status != 429 || a.text("code") != "too_many_attempts" {
		t.Fatalf("guessing is not slowed down: %d %s", a.status, a.raw)
	}
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestForgedTokens(t *testing.T) {
	s := theStack(t)
	staff, public := admin(t, s), nobody(t, s)
	customer := newCustomer(staff, "Forgers Ltd")
	email := address("forged")
	invite(staff, customer, email, "member")
	key := token(t, mailed(t, s, email, 1))
	for name, bad := range map[string]string{
		"truncated": key[:len(key)-4], "empty": "", "no token": "hello", "another id": "f" + key[1:], "longer": key + "A",
		"another letter": key[:len(key)-5] + otherLetter(key[len(key)-5]) + key[len(key)-4:],
	} {
		a := public.call("POST", "/invitations/inspect", map[string]string{"token": bad})
		if a.status != 400 {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	at := len(staff.token) - 40 // in the signature, but not its last letter, of which only two bits count
	forged := staff.token[:at] + otherLetter(staff.token[at]) + staff.token[at+1:]
	for _, bearer := range []string{"x", "a.b.c", strings.Repeat("y", 5000), forged} {
		if a := (caller{t: t, stack: s, token: bearer}).call("GET", "/me", nil); a.status != 401 {
			t.Errorf("bearer %.20s: %d %s", bearer, a.status, a.raw)
		}
	}
}

func otherLetter(letter byte) string {
	if letter == 'A' {
		return "B"
	}
	return "A"
}

// Mail scanners open links: a thousand GET and HEAD requests to a mailed link use nothing up.
func TestLookingAtLinksChangesNothing(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Scanner Ltd")
	email := address("scanned")
	id := invite(staff, customer, email, "member")
	m := mailed(t, s, email, 1)
	var before answer
	within(t, "the mail to be marked as sent", func() bool {
		before = staff.must(200, "GET", "/invitations/"+id, nil)
		return before.text("delivery") == "sent"
	})
	link := s.Portal + "/invitation?from=scanner#" + token(t, m)
	began := time.Now()
	for i := 0; i < 1000 && time.Since(began) < 20*time.Second; i++ {
		get := client.Get
		if i%2 == 1 {
			get = client.Head
		}
		w, err := get(link)
		if err != nil {
			t.Fatal(err)
		}
		_ = w.Body.Close()
		if w.StatusCode != 200 {
			t.Fatalf("look %d: %d", i, w.StatusCode)
		}
	}
	if after := staff.must(200, "GET", "/invitations/"+id, nil); string(after.raw) != string(before.raw) {
		t.Errorf("changed by looking:\n%s\n%s", before.raw, after.raw)
	}
}
