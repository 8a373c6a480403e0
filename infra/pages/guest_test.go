package pages_test

import (
	"net/url"
	"strings"
	"testing"
)

// A person who reads the mail of a contact address gets in by link, asks for a first user, and is out with the next
// click once that user exists.
func TestContactAsksForAFirstUser(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	contact := address("maja")
	customer := api.must(201, "POST", "/customers", map[string]string{"name": "Nordlys AS", "type": "corporate", "email": contact, "city": "Bodø"})["id"].(string)

	p := somebody(t)
	p.open(s.Portal + "/sign-in")
	p.leaves("the offer of a link", func() { p.do(`document.querySelector("main a[href='/sign-in/link']").click()`) })
	p.fill("email", strings.ToUpper(contact))
	p.send()
	p.sees("a link is on its way")
	address := link(t, mailed(t, s, contact, 1))

	// Looking changes nothing: a scanner opens the link first, and posts what it finds.
	scanner := browserless{t: t, door: s.Portal}
	_, token, _ := strings.Cut(address, "#")
	for range 3 {
		if w, body := scanner.send("POST", "/guest/link", url.Values{"token": {token}}); w.StatusCode != 200 || !strings.Contains(body, "Nordlys AS") {
			t.Fatalf("looking at the link: %d", w.StatusCode)
		}
	}
	p.open(address)
	p.sees("Nordlys AS")
	p.send()
	p.sees("Bodø")
	if w, _ := scanner.send("POST", "/guest/enter", url.Values{"token": {token}}); w.StatusCode != 410 {
		t.Errorf("a second entry by the same link: %d", w.StatusCode)
	}
	// Nothing else is open.
	for _, path := range []string{"/users", "/invitations", "/domains", "/profile", "/exports"} {
		p.open(s.Portal + path)
		if p.path() != "/sign-in" {
			t.Errorf("%s leads to %s", path, p.path())
		}
	}
	p.open(s.Portal + "/")
	if p.path() != "/guest" {
		t.Errorf("the portal's address leads a guest to %s", p.path())
	}
	p.leaves("German", func() { p.do(`document.querySelector("button[name=language][value=de]").click()`) })
	if language := p.value("language"); language != "de" {
		t.Errorf("asked for on a German page, the first user's language is %q", language)
	}
	p.leaves("English", func() { p.do(`document.querySelector("button[name=language][value=en]").click()`) })
	p.fill("firstName", "Maja")
	p.fill("lastName", "Grønbech")
	p.send()
	p.sees("We have your request")

	waiting := api.must(200, "GET", "/registrations?status=waiting&limit=200", nil)["items"].([]any)
	id := ""
	for _, row := range waiting {
		if r := row.(map[string]any); r["email"] == contact {
			if id = r["id"].(string); r["proposedCustomerId"] != customer {
				t.Errorf("proposed %v", r["proposedCustomerId"])
			}
		}
	}
	staff := somebody(t)
	staff.signIn(s.Console, s.Admin.Username, s.Admin.Password)
	staff.seesIn(s.Console+"/registrations", contact)
	if row := staff.row(contact); !strings.Contains(row, "Asked by its contact") || strings.Contains(row, "Proven domain") {
		t.Errorf("the row of a guest's request: %q", row)
	}
	staff.open(s.Console + "/registrations/" + id)
	staff.sees("Customer whose contact asked", "Nordlys AS")
	staff.decides("approve")
	staff.sees("No domain is proven.")
	staff.seesNo("Has proven the domain")
	a := api.must(200, "POST", "/approvals", map[string]any{"registrationIds": []string{id}, "decision": "approve"})
	if row := a["results"].([]any)[0].(map[string]any); row["status"] != "ok" {
		t.Fatalf("approve: %v", row)
	}
	if u := api.must(200, "GET", "/users/"+id, nil); u["role"] != "administrator" || u["customerId"] != customer || u["status"] != "active" {
		t.Errorf("the first user is %v", u)
	}
	p.open(s.Portal + "/guest")
	if p.path() != "/sign-in" {
		t.Errorf("after the first user, /guest leads to %s", p.path())
	}
	p.sees("has ended")
	mailed(t, s, contact, 2) // the mail says how to sign in
	if w, _ := scanner.send("POST", "/sign-in/link", url.Values{"email": {contact}}); w.StatusCode != 303 {
		t.Errorf("asking again: %d", w.StatusCode)
	}
}
