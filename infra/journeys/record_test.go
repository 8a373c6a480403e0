package journeys_test

import (
	"strings"
	"testing"
	"time"
)

// setPassword follows the link of a mail about a password, and signs in with the new one.
func setPassword(c caller, m message, login, next string) caller {
	c.t.Helper()
	nobody(c.t, c.stack).must(204, "POST", "/auth/reset-password", map[string]string{"token": token(c.t, m), "password": next})
	return signIn(c.t, c.stack, login, next, "portal")
}

// Staff create records: with the registration mail, with a password and no mail, and without access; the last person is
// invited later and keeps the record.
func TestCreateRecords(t *testing.T) {
	s := theStack(t)
	staff, public := admin(t, s), nobody(t, s)
	customer, other := newCustomer(staff, "Records Ltd"), newCustomer(staff, "Elsewhere Ltd")
	boss, _ := join(staff, customer, address("boss"), "administrator")
	foreign := address("foreign")
	join(staff, other, foreign, "member")

	mailedTo := address("m")
	name := "mia-" + mailedTo[2:14] // without a dot: letters to new addresses leave out a name that reads like a web address, as mia.ab12 does
	full := map[string]any{"customerId": customer, "firstName": "Mía", "lastName": "Müller", "email": mailedTo, "username": name, "country": "DE", "phone": "030 123456", "mobile": "+49 (0)171 1234567",
		"url": "https://example.com", "street": "Hafen 1", "postcode": "20457", "city": "Hamburg", "language": "de", "externalId": "HR-1", "comment": "Ask first.", "sendRegistrationEmail": true}
	made := staff.must(201, "POST", "/users", full, "Idempotency-Key", mailedTo)
	again := staff.must(201, "POST", "/users", full, "Idempotency-Key", mailedTo)
	path := made.header.Get("Location")
	if again.text("id") != made.text("id") || path != "/users/"+made.text("id") {
		t.Errorf("%s, again %s", made.raw, again.raw)
	}
	for field, want := range map[string]string{"status": "active", "role": "member", "phone": "+4930123456", "mobile": "+491711234567", "company": "Records Ltd", "comment": "Ask first.", "notificationsEnabled": "true"} {
		if got := made.text(field); got != want {
			t.Errorf("%s is %q instead of %q", field, got, want)
		}
	}
	m := mailed(t, s, mailedTo, 1)
	if !strings.Contains(m.Text, made.text("username")) || !strings.HasPrefix(m.Subject, "Ihr Zugang") {
		t.Errorf("%s:\n%s", m.Subject, m.Text)
	}
	me := setPassword(staff, m, made.text("username"), "a password of my own")
	if a := me.must(200, "GET", "/me", nil); a.text("comment") != "" || a.text("externalId") != "HR-1" || a.text("city") != "Hamburg" {
		t.Errorf("what the person sees: %s", a.raw)
	}
	public.refused(410, "reset_link_over", "POST", "/auth/reset-password", map[string]string{"token": token(t, m), "password": "another password"})

	// Mistakes are named; staff are told who has an address, a customer's administrator is not.
	for code, broken := range map[string]map[string]any{
		"invalid_phone": {"phone": "call me"}, "invalid_country": {"country": "Germany"}, "invalid_url": {"url": "example"}, "invalid_username": {"username": "no"},
		"username_in_use": {"username": strings.ToUpper(name)}, "username_is_foreign_email": {"username": "foreign@example.com"}, "email_in_use": {"email": foreign}, "already_user": {"email": strings.ToUpper(mailedTo)},
		"password_too_short": {"password": "short"}, "invalid_role": {"role": "agent"}, "required": {"lastName": " "}, "external_id_in_use": {"externalId": "HR-1"}, "group_gone": {"groupIds": []string{"x"}},
	} {
		in := map[string]any{"customerId": customer, "firstName": "Bo", "lastName": "Broken", "email": address("b")}
		for field, value := range broken {
			in[field] = value
		}
		if a := staff.call("POST", "/users", in); a.status != 400 && a.status != 409 || !strings.Contains(string(a.raw), `"`+code+`"`) {
			t.Errorf("%s: %d %s", code, a.status, a.raw)
		}
	}
	here := boss.must(201, "POST", "/users", map[string]any{"customerId": customer, "firstName": "Jo", "lastName": "Elsewhere", "email": foreign, "sendRegistrationEmail": true})
	if m := mailed(t, s, foreign, 2); here.text("status") != "active" || tokenInMail.MatchString(m.Text) {
		t.Errorf("%s, and the owner of the address reads:\n%s", here.raw, m.Text)
	}
	boss.refused(403, "", "POST", "/users", map[string]any{"customerId": customer, "firstName": "Jo", "lastName": "Secret", "email": address("s"), "comment": "For staff only."})
	boss.refused(404, "not_found", "POST", "/users", map[string]any{"customerId": other, "firstName": "Jo", "lastName": "There", "email": address("t")})

	// With a password and without a mail, the first mail is that of the password that is renewed later.
	quiet := address("q")
	staff.must(201, "POST", "/users", map[string]any{"customerId": customer, "firstName": "Kim", "lastName": "Quiet", "email": quiet, "username": "kim." + quiet[2:14], "password": password})
	kim := signIn(t, s, "KIM."+quiet[2:14], password, "portal")
	id := kim.must(200, "GET", "/me", nil).text("id")
	boss.must(202, "POST", "/users/"+id+"/password", map[string]string{"mode": "link"})
	kim.refused(401, "sign_in_required", "GET", "/me", nil)
	public.refused(401, "wrong_credentials", "POST", "/auth/sign-in", map[string]string{"username": quiet, "password": password, "door": "portal"})
	setPassword(staff, mailed(t, s, quiet, 1), quiet, "renewed by the administrator").must(200, "GET", "/me", nil)
	if n := len(mails(t, s, quiet)); n != 1 && n != 2 { // the second says that the password has changed
		t.Errorf("%d mails to who was created without one", n)
	}

	contact := address("c")
	record := staff.must(201, "POST", "/users", map[string]any{"customerId": customer, "status": "contact", "lastName": "Kontakt", "email": contact, "comment": "Met at the fair."})
	if record.text("status") != "contact" || record.text("username") != "" {
		t.Errorf("%s", record.raw)
	}
	staff.refused(400, "", "POST", "/users", map[string]any{"customerId": customer, "status": "contact", "lastName": "Kontakt", "sendRegistrationEmail": true})
	public.must(202, "POST", "/auth/forgot-password", map[string]string{"username": contact, "door": "portal"}) // this sends no mail: the next one is the first
	invite(staff, customer, contact, "moderator")
	invited := staff.must(200, "GET", "/users/"+record.text("id"), nil)
	if invited.text("status") != "invited" || invited.text("comment") != "Met at the fair." {
		t.Errorf("%s", invited.raw)
	}
	accepted := public.must(200, "POST", "/invitations/accept", map[string]string{"token": token(t, mailed(t, s, contact, 1)), "password": password, "firstName": "Ken"})
	if accepted.text("user.id") != record.text("id") || accepted.text("user.lastName") != "Kontakt" || accepted.text("user.role") != "moderator" {
		t.Errorf("%s", accepted.raw)
	}
}

// Two people change a record; it is suspended for a time, and renamed; every change takes effect with the next request.
func TestChangeRecords(t *testing.T) {
	s := theStack(t)
	staff, public := admin(t, s), nobody(t, s)
	customer := newCustomer(staff, "Changes Ltd")
	email := address("a")
	user, id := join(staff, customer, email, "member")
	path := "/users/" + id
	read := staff.must(200, "GET", path, nil)
	etag := read.header.Get("ETag")
	staff.refused(428, "if_match_required", "PATCH", path, map[string]string{"city": "Oslo"})
	staff.must(200, "PATCH", path, map[string]any{"city": "Oslo", "country": "NO", "role": "moderator"}, "If-Match", etag)
	staff.refused(412, "changed_meanwhile", "PATCH", path, map[string]string{"city": "Bergen"}, "If-Match", etag)
	if now := staff.must(200, "GET", path, nil); now.text("city") != "Oslo" || now.text("role") != "moderator" || now.text("version") == read.text("version") {
		t.Errorf("%s", now.raw)
	}
	now := staff.must(200, "GET", path, nil)
	same := staff.must(200, "PATCH", path, map[string]any{"city": " Oslo", "country": "no", "email": email}, "If-Match", now.header.Get("ETag"))
	if same.header.Get("ETag") != now.header.Get("ETag") || string(same.raw) != string(now.raw) { // saved unchanged
		t.Errorf("%s became %s", now.raw, same.raw)
	}
	user.must(200, "GET", "/users", nil) // a moderator at once

	staff.refused(400, "until_is_past", "POST", path+"/suspend", map[string]string{"until": "2020-01-01T00:00:00Z"})
	staff.must(200, "POST", path+"/suspend", nil)
	user.refused(401, "sign_in_required", "GET", "/me", nil)
	public.refused(401, "wrong_credentials", "POST", "/auth/sign-in", map[string]string{"username": email, "password": password, "door": "portal"})
	var suspended answer
	for pause := 2 * time.Second; ; pause *= 2 { // on a slow machine the request arrives when that is over
		suspended = staff.call("POST", path+"/suspend", map[string]any{"until": time.Now().Add(pause)})
		if suspended.status == 200 {
			break
		}
		if suspended.text("code") != "until_is_past" || pause > time.Minute {
			t.Fatalf("%d %s", suspended.status, suspended.raw)
		}
	}
	if suspended.text("status") != "suspended" || suspended.text("suspendedUntil") == "" {
		t.Errorf("%s", suspended.raw)
	}
	within(t, "the suspension to end by itself", func() bool { return staff.must(200, "GET", path, nil).text("status") == "active" })
	user.refused(401, "sign_in_required", "GET", "/me", nil) // earlier sessions stay closed
	user = signIn(t, s, email, password, "portal")

	// Usernames and addresses share one namespace without regard to case, and a name that is given up is free at once.
	name, old := "name."+email[2:14], "old."+email[2:14]
	colleague, colleagueID := join(staff, customer, address("b"), "member")
	user.must(200, "POST", "/me/username", map[string]string{"username": old})
	colleague.must(200, "POST", "/me/username", map[string]string{"username": "taken." + email[2:14]})
	user.refused(409, "username_in_use", "POST", "/me/username", map[string]string{"username": "TAKEN." + email[2:14]})
	user.must(200, "POST", "/me/username", map[string]string{"username": name})
	signIn(t, s, strings.ToUpper(name), password, "portal")
	colleague.must(200, "POST", "/me/username", map[string]string{"username": strings.ToUpper(old)})

	// Another address counts once its reader has confirmed it; the old one is notified before and after.
	had := len(mails(t, s, email))
	next := address("n")
	user.refused(400, "wrong_password", "POST", "/me/email", map[string]string{"email": next, "password": "not the password"})
	user.must(202, "POST", "/me/email", map[string]string{"email": next, "password": password})
	link := token(t, mailed(t, s, next, 1))
	if m := mailed(t, s, email, had+1); tokenInMail.MatchString(m.Text) || strings.Contains(m.Text, next) {
		t.Errorf("the old address is told too much:\n%s", m.Text)
	}
	if now := user.must(200, "GET", "/me", nil); now.text("email") != email {
		t.Errorf("changed without being confirmed: %s", now.raw)
	}
	public.must(400, "POST", "/email-changes/confirm", map[string]string{"token": link[:len(link)-4]})
	for range 2 { // twice is no error
		if a := public.must(200, "POST", "/email-changes/confirm", map[string]string{"token": link}); a.text("email") != next || a.text("username") != name {
			t.Errorf("%s", a.raw)
		}
	}
	mailed(t, s, email, had+2)
	user.refused(401, "sign_in_required", "GET", "/me", nil)
	public.refused(401, "wrong_credentials", "POST", "/auth/sign-in", map[string]string{"username": email, "password": password, "door": "portal"})
	user = signIn(t, s, next, password, "portal")
	invite(staff, customer, email, "member") // the old address now belongs to somebody else

	// Staff request it too; the newest change counts, and the present address withdraws it.
	etag = staff.must(200, "GET", path, nil).header.Get("ETag")
	third, fourth := address("t"), address("f")
	etag = staff.must(200, "PATCH", path, map[string]string{"email": third}, "If-Match", etag).header.Get("ETag")
	link = token(t, mailed(t, s, third, 1))
	etag = staff.must(200, "PATCH", path, map[string]string{"email": fourth}, "If-Match", etag).header.Get("ETag")
	public.refused(410, "email_change_over", "POST", "/email-changes/confirm", map[string]string{"token": link})
	link = token(t, mailed(t, s, fourth, 1))
	staff.must(200, "PATCH", path, map[string]string{"email": next}, "If-Match", etag)
	public.refused(410, "email_change_over", "POST", "/email-changes/confirm", map[string]string{"token": link})
	if now := user.must(200, "GET", "/me", nil); now.text("email") != next {
		t.Errorf("%s", now.raw)
	}

	// Many at once, for some of whom it is not possible.
	rows := staff.must(200, "POST", "/users/bulk", map[string]any{"action": "suspend", "userIds": []string{id, colleagueID, "nobody"}, "until": time.Now().Add(time.Hour)}).items("results")
	if rows[0]["status"] != "ok" || rows[1]["status"] != "ok" || rows[2]["code"] != "not_found" {
		t.Errorf("%v", rows)
	}
	user.refused(401, "sign_in_required", "GET", "/me", nil)
	rows = staff.must(200, "POST", "/users/bulk", map[string]any{"action": "setRole", "userIds": []string{id, colleagueID}, "role": "administrator"}).items("results")
	if rows[0]["status"] != "ok" || rows[1]["status"] != "ok" || staff.must(200, "GET", path, nil).text("role") != "administrator" {
		t.Errorf("%v", rows)
	}
}
