package journeys_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// settingsOf gives a test sole use of the stack's settings, which all tests share, until it ends: a lock next to
// stack.json keeps other tests and other packages out. Then the settings are restored.
func settingsOf(staff caller) (change func(map[string]any)) {
	staff.t.Helper()
	lock, err := os.OpenFile(filepath.Join(filepath.Dir(os.Getenv("CLIENTELE_STACK")), "settings.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		staff.t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		staff.t.Fatal(err)
	}
	change = func(s map[string]any) {
		staff.t.Helper()
		now := staff.must(200, "GET", "/settings", nil)
		staff.must(200, "PATCH", "/settings", s, "If-Match", now.header.Get("ETag"))
	}
	staff.t.Cleanup(func() {
		change(map[string]any{"selfRegistration": false, "registrationNeedsApproval": true, "approvers": "staff", "allowedDomains": []string{}})
		_ = lock.Close()
	})
	return change
}

func register(c caller, email string) {
	c.t.Helper()
	a := c.must(202, "POST", "/registrations", map[string]string{"email": email, "firstName": "Rita", "lastName": "Gister", "company": "Gister " + email[len(email)-24:len(email)-12]})
	if len(a.raw) != 0 {
		c.t.Errorf("registered: %s", a.raw)
	}
}

// registered registers an address and confirms it with the mailed link; it returns the registration's id.
func registered(t testing.TB, s stack, email string) (id, status string) {
	t.Helper()
	public := nobody(t, s)
	register(public, email)
	key := token(t, mailed(t, s, email, 1))
	if offer := public.must(200, "POST", "/registrations/inspect", map[string]string{"token": key}); offer.text("state") != "unconfirmed" || offer.text("email") != email {
		t.Errorf("offer: %s", offer.raw)
	}
	for range 2 {
		status = public.must(200, "POST", "/registrations/confirm", map[string]string{"token": key}).text("status")
	}
	id, _, _ = strings.Cut(key, ".")
	return id, status
}

// enters sets a password with the newest mail and signs in.
func enters(t testing.TB, s stack, email string, mailCount int) caller {
	t.Helper()
	m := mailed(t, s, email, mailCount)
	nobody(t, s).must(204, "POST", "/auth/reset-password", map[string]string{"token": token(t, m), "password": password})
	var c caller
	within(t, "sign-in of "+email, func() bool { // a sign-in in the second of the reset waits until it is over
		a := nobody(t, s).call("POST", "/auth/sign-in", map[string]string{"username": email, "password": password, "door": "portal"})
		c = caller{t: t, stack: s, token: a.text("accessToken")}
		return a.status == 200
	})
	return c
}

func TestRegisterToSignIn(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	public := nobody(t, s)
	change := settingsOf(staff)
	change(map[string]any{"selfRegistration": false})
	public.refused(409, "registration_off", "POST", "/registrations", map[string]string{"email": address("off"), "firstName": "A", "lastName": "B"})
	change(map[string]any{"selfRegistration": true})

	customer := newCustomer(staff, "Sommer GmbH")
	boss, _ := join(staff, customer, address("boss"), "administrator")
	one, two, three := address("one"), address("two"), address("three")
	var ids []string
	for _, email := range []string{one, two, three} {
		id, status := registered(t, s, email)
		if status != "waiting" {
			t.Errorf("confirmed as %s", status)
		}
		ids = append(ids, id)
		mailed(t, s, email, 2) // the mail that it waits; after the decision, a letter that is still queued is withdrawn
	}
	waits := func(list string) (n int) {
		for _, r := range staff.must(200, "GET", list, nil).items("items") {
			for _, id := range ids {
				if r["id"] == id {
					n++
				}
			}
		}
		return n
	}
	within(t, "three in the queue and the directory", func() bool {
		return waits("/registrations?limit=200") == 3 && waits("/users?status=waiting&limit=200&sort=registered&order=desc") == 3
	})
	if u := staff.must(200, "GET", "/users/"+ids[0], nil); u.text("status") != "waiting" || u.text("customerId") != "" || u.text("role") != "member" {
		t.Errorf("waits as %s", u.raw)
	}
	for _, path := range []string{"/users/" + ids[0], "/registrations/" + ids[0]} {
		boss.refused(404, "not_found", "GET", path, nil)
	}
	if d := staff.must(200, "GET", "/registrations/"+ids[0], nil); d.text("status") != "waiting" || d.text("email") != one {
		t.Errorf("details: %s", d.raw)
	}
	public.refused(401, "wrong_credentials", "POST", "/auth/sign-in", map[string]string{"username": one, "password": password, "door": "portal"})
	public.refused(401, "wrong_credentials", "POST", "/auth/sign-in", map[string]string{"username": one, "password": password, "door": "console"})

	rows := staff.must(200, "POST", "/approvals", map[string]any{"registrationIds": ids[:2], "decision": "approve", "customerId": customer}, "Idempotency-Key", ids[0]).items("results")
	again := staff.must(200, "POST", "/approvals", map[string]any{"registrationIds": ids[:2], "decision": "approve", "customerId": customer}, "Idempotency-Key", ids[0]).items("results")
	for i := range rows {
		if rows[i]["status"] != "ok" || again[i]["status"] != "ok" || rows[i]["id"] != ids[i] {
			t.Fatalf("approved: %v, %v", rows[i], again[i])
		}
	}
	me := enters(t, s, one, 3).must(200, "GET", "/me", nil)
	if me.text("customerId") != customer || me.text("status") != "active" || me.text("username") == "" {
		t.Errorf("in as %s", me.raw)
	}
	if m := mailed(t, s, two, 3); !strings.Contains(m.Text, "do not reply") {
		t.Errorf("no word that it cannot be answered: %s", m.Text)
	}
	row := staff.must(200, "POST", "/approvals", map[string]any{"registrationIds": []string{ids[0]}, "decision": "disapprove"}).items("results")[0]
	if row["code"] != "already_decided" {
		t.Errorf("decided twice: %v", row)
	}
	row = staff.must(200, "POST", "/approvals", map[string]any{"registrationIds": []string{ids[2]}, "decision": "disapprove", "reason": "We do not know you."}).items("results")[0]
	if row["status"] != "ok" {
		t.Fatalf("disapproved: %v", row)
	}
	if m := mailed(t, s, three, 3); !strings.Contains(m.Text, "We do not know you.") {
		t.Errorf("mail: %s", m.Text)
	}
	// A known person is told how to sign in, and the visitor gets the same answer as ever.
	mailed(t, s, one, 4) // about the new password
	register(public, one)
	if m := mailed(t, s, one, 5); !strings.Contains(m.Text, "You already have access") {
		t.Errorf("mail: %s", m.Text)
	}

	change(map[string]any{"registrationNeedsApproval": false})
	four := address("four")
	if _, status := registered(t, s, four); status != "approved" {
		t.Errorf("approval is off, and it is %s", status)
	}
	me = enters(t, s, four, 2).must(200, "GET", "/me", nil)
	if me.text("role") != "member" || me.text("company") != "Rita Gister" {
		t.Errorf("in as %s", me.raw)
	}
	boss.refused(404, "not_found", "GET", "/settings", nil)
	boss.refused(404, "not_found", "PATCH", "/settings", map[string]any{"selfRegistration": true}, "If-Match", `"1"`)
}
