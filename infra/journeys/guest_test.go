package journeys_test

import (
	"reflect"
	"testing"
)

// Asking for a one-time link does not reveal whose contact an address is, or which customers have users.
func TestOneTimeLinkTellsNothing(t *testing.T) {
	s := theStack(t)
	staff, public := admin(t, s), nobody(t, s)
	contact, taken := address("contact"), address("taken")
	lonely := staff.must(201, "POST", "/customers", map[string]string{"name": "Lonely Ltd", "type": "corporate", "email": contact}).text("id")
	busy := staff.must(201, "POST", "/customers", map[string]string{"name": "Busy Ltd", "type": "corporate", "email": taken}).text("id")
	join(staff, busy, address("user"), "member")

	var first answer
	for n, email := range []string{contact, taken, address("nobody"), s.Admin.Username} {
		a := public.must(202, "POST", "/auth/one-time-link", map[string]string{"email": email})
		for _, volatile := range []string{"Date", "X-Request-Id", "Apigw-Requestid", "X-Amzn-Requestid"} {
			a.header.Del(volatile)
		}
		if n == 0 {
			first = a
		} else if string(a.raw) != string(first.raw) || !reflect.DeepEqual(a.header, first.header) {
			t.Errorf("%s is answered\n%v %q, the contact\n%v %q", email, a.header, a.raw, first.header, first.raw)
		}
	}
	public.refused(400, "invalid_email", "POST", "/auth/one-time-link", map[string]string{"email": "office"})
	public.refused(400, "", "POST", "/auth/one-time-link", map[string]string{"email": contact, "door": "portal"})

	link := token(t, mailed(t, s, contact, 1))
	if got := mails(t, s, taken); len(got) != 0 {
		t.Errorf("a customer with a user: %d mails", len(got))
	}
	// The link does not work as any other kind.
	public.refused(400, "invalid_token", "POST", "/invitations/inspect", map[string]string{"token": link})
	if a := public.call("POST", "/auth/reset-password", map[string]string{"token": link, "password": password}); a.status != 400 {
		t.Errorf("as a password link: %d %s", a.status, a.raw)
	}
	staff.must(200, "GET", "/customers/"+lonely, nil)
}
