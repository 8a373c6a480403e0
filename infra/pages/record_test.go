package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// setsPassword follows the link of a mail about a password and signs in at the portal.
func (p person) setsPassword(m message, login, next string) {
	p.t.Helper()
	p.open(link(p.t, m))
	p.sees("Set your password")
	p.fill("newPassword", next)
	p.press("Set the password")
	p.sees("Your password is set.")
	p.fill("login", login)
	p.fill("password", next)
	p.press("Sign in")
	p.sees("Your profile")
}

// isOut fails unless the person's session has ended.
func (p person) isOut(door string) {
	p.t.Helper()
	p.open(door + "/profile")
	p.sees("Your session has ended.")
}

// A record from its creation on: the link of the registration mail, changes by two people, a suspension, another
// username and address by the person, and a renewed password.
func TestRecordPages(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer := api.customer("Records Ltd", "corporate")
	email := address("nia")
	at := s.Console + "/customers/" + customer
	staff := somebody(t)
	staff.signIn(s.Console, s.Admin.Username, s.Admin.Password)
	staff.open(at + "/users")
	staff.press("New user")
	for name, value := range map[string]string{"firstName": "Nia", "lastName": "Núñez", "email": email, "phone": "030", "country": "DE", "comment": "Ask first."} {
		staff.fill(name, value)
	}
	staff.press("Create")
	staff.sees("This is not a telephone number")
	staff.fill("phone", "030 123456")
	staff.press("Create")
	staff.sees("Nia Núñez is created.", "Active", "+49 30 123456", "Germany", "Ask first.")
	record := staff.path()
	nia := somebody(t)
	nia.setsPassword(about(t, s, email, "Your account with …"), email, password)

	// Two editors: the second sees both versions, keeps what was typed, and decides. Fields that the second did not
	// touch keep the first one's changes, and fields that only the second changed are not shown as changed.
	api.must(200, "PATCH", "/users/"+record[strings.LastIndex(record, "/")+1:], map[string]string{"language": "en-GB"}, "If-Match", `"1"`)
	staff.press("Edit")
	staff.fill("city", "Bergen")
	staff.fill("comment", "Ask twice.")
	other := staff.anotherTab()
	other.open(s.Console + record + "/edit")
	other.fill("city", "Oslo")
	other.fill("street", "Nygaten 1")
	other.fill("role", "moderator")
	other.do(`document.querySelector("main [name=notificationsEnabled]").checked = false`)
	other.press("Save")
	other.sees("Saved.", "Oslo", "Moderator")
	staff.press("Save")
	staff.sees("Somebody changed this in the meantime.", "Street: Somebody changed this to what stands here now.", "City: Somebody changed this to “Oslo”.")
	for name, want := range map[string]string{"city": "Bergen", "comment": "Ask twice.", "street": "Nygaten 1", "role": "moderator", "language": "en-GB"} {
		if got := staff.value(name); got != want {
			t.Errorf("%s became %q", name, got)
		}
	}
	if staff.yes(`document.querySelector("main [name=notificationsEnabled]").checked || document.querySelector("main [name=comment]").matches("[aria-invalid]")`) {
		t.Errorf("what somebody else changed is put back, or an own change is said to be theirs:\n%s", staff.text())
	}
	b := enter(t, s.Console, s.Admin.Username, s.Admin.Password)
	if w, body := b.send("POST", record+"/edit", url.Values{"version": {"1"}, "firstName": {"Nia"}, "lastName": {"Núñez"}, "email": {email}}); w.StatusCode != http.StatusPreconditionFailed || !strings.Contains(body, "Oslo") {
		t.Errorf("an old version is answered with %d", w.StatusCode)
	}
	staff.fill("role", "member")
	staff.press("Save")
	staff.sees("Saved.", "Nygaten 1", "Bergen", "Member", "Ask twice.")
	if kept := api.must(200, "GET", "/users/"+record[strings.LastIndex(record, "/")+1:], nil); kept["language"] != "en-GB" || kept["notificationsEnabled"] != false {
		t.Errorf("two editors leave %v", kept)
	}

	staff.press("Suspend Nia Núñez")
	staff.fill("until", "2020-01-01")
	staff.press("Suspend")
	staff.sees("A suspension ends in the future.")
	staff.fill("until", time.Now().UTC().AddDate(0, 0, 3).Format(time.DateOnly))
	staff.press("Suspend")
	staff.sees("Nia Núñez is suspended", "ends in")
	nia.isOut(s.Portal)
	staff.open(s.Console + record)
	staff.sees("Suspended until")
	staff.press("Reactivate Nia Núñez")
	staff.sees("Nia Núñez is active again.")

	// The person's own names: a username that nobody has, and an address once it is confirmed there.
	nia.signIn(s.Portal, email, password)
	nia.open(s.Portal + "/profile/username")
	nia.fill("username", s.Admin.Username)
	nia.press("Save")
	if nia.path() != "/profile/username" {
		t.Errorf("took the username of somebody else: %s", nia.text())
	}
	name := "nia-" + address("x")[2:8]
	nia.fill("username", name)
	nia.press("Save")
	nia.sees("Your username is " + name + " now.")
	next := address("next")
	nia.open(s.Portal + "/profile/email")
	nia.fill("email", next)
	nia.fill("password", "not the password")
	nia.press("Send the link")
	nia.sees("This password is wrong.")
	nia.fill("password", password)
	nia.press("Send the link")
	nia.sees("A mail with a link is on its way to "+next, email)
	staff.open(s.Console + record)
	staff.sees("The new address " + next + " waits to be confirmed")
	staff.open(s.Console + record + "/edit") // what is changed meanwhile lets it wait
	staff.fill("city", "Bergen")
	staff.press("Save")
	staff.sees("Saved.", "Bergen", "The new address "+next+" waits to be confirmed")
	confirm := link(t, about(t, s, next, "Confirm your new e-mail address for …"))
	if told := about(t, s, email, "The e-mail address of your account with … is about to change"); strings.Contains(told.Text, next) || strings.Contains(told.Text, "#") {
		t.Errorf("the old address is told too much:\n%s", told.Text)
	}
	reader := somebody(t)
	reader.open(confirm)
	reader.sees("Confirm your new address", next)
	reader.press("Confirm the address")
	reader.sees("Address confirmed", name)
	about(t, s, email, "The e-mail address of your account with … was changed")
	nia.isOut(s.Portal)
	nia.signIn(s.Portal, email, password)
	nia.sees("Username or password is wrong")
	nia.signIn(s.Portal, next, password)
	nia.sees("Your profile", next)

	staff.open(s.Console + record + "/edit")
	staff.fill("email", address("mistyped"))
	staff.press("Save")
	staff.press("Withdraw the new address")
	staff.sees("The new address is withdrawn. " + next + " stays.")
	staff.seesNo("waits to be confirmed")

	staff.press("Renew password Nia Núñez")
	staff.press("Renew password")
	staff.sees("A link to set a new password is on its way to " + next)
	nia.isOut(s.Portal)
	nia.signIn(s.Portal, name, password)
	nia.sees("Username or password is wrong")
	nia.setsPassword(about(t, s, next, "Choose a new password for …"), name, "another good password")
}

// Without a mail a user signs in with the password that staff set; a contact has no way in until invited.
func TestRecordsWithoutMail(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer := api.customer("Quiet Ltd", "corporate")
	staff := somebody(t)
	staff.signIn(s.Console, s.Admin.Username, s.Admin.Password)
	quiet, contact := address("quiet"), address("contact")
	form := s.Console + "/customers/" + customer + "/users/new"
	staff.open(form)
	staff.fill("firstName", "Kim")
	staff.fill("lastName", "Quiet")
	staff.fill("email", quiet)
	staff.fill("password", password)
	staff.do(`document.querySelector("main [name=sendRegistrationEmail]").checked = false`)
	staff.press("Create")
	staff.sees("Kim Quiet is created.")
	kim := somebody(t)
	kim.signIn(s.Portal, quiet, password)
	kim.sees("Your profile")

	staff.open(form)
	staff.fill("kind", "contact")
	staff.fill("lastName", "Kontakt")
	staff.fill("email", contact)
	staff.fill("comment", "Met at the fair.")
	staff.press("Create")
	staff.sees("Kontakt is created.", "Contact", "Met at the fair.")
	record := staff.path()
	staff.press("Invite Kontakt")
	if emails := staff.value("emails"); emails != contact {
		t.Errorf("the form to invite has %q", emails)
	}
	staff.press("Send invitations")
	staff.sees("The invitation is made.")
	staff.seesIn(s.Console+record, "Invited", "Met at the fair.")
	guest := somebody(t)
	guest.open(link(t, mailed(t, s, contact, 1)))
	guest.fill("firstName", "Kai")
	guest.fill("password", password)
	guest.press("Accept and sign in")
	guest.sees("Welcome, Kai.")
	staff.seesIn(s.Console+record, "Kai Kontakt", "Active", "Met at the fair.")
	if n := len(mailsTo(t, s, quiet)); n != 0 {
		t.Errorf("%d mails to who was created without one", n)
	}
}

// Groups are made, named and left in the console; an inactive one is not offered, and one with members is not deleted.
func TestGroupPages(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	word := "Crew " + address("x")[2:8]
	company := "Grouped " + address("x")[2:8] + " Ltd"
	customer := api.customer(company, "corporate")
	tor := address("tor")
	user := api.join(customer, tor, "member", "en")
	groups := s.Console + "/customers/" + customer + "/users/" + user + "/groups"
	staff := somebody(t)
	staff.signIn(s.Console, s.Admin.Username, s.Admin.Password)
	staff.open(s.Console + "/groups")
	staff.press("New group")
	staff.fill("name", word)
	staff.press("Save")
	staff.sees(word + " is created.")
	group := staff.path()
	staff.press("Edit")
	staff.fill("name", word+" North")
	staff.fill("description", "Sails at night.")
	staff.press("Save")
	staff.sees("Saved.", word+" North", "Sails at night.")
	staff.fill("company", strings.TrimSuffix(company, " Ltd")) // the beginning of a name only leads to a question
	staff.press("Add")
	staff.sees("Which customer do you mean?")
	staff.press("Add") // none is chosen by default
	staff.sees("Which customer do you mean?")
	staff.do(`document.getElementById("f-customer").value = ` + quote(customer))
	staff.press("Add")
	staff.sees(company + " is in " + word + " North now.")

	choice := `[...document.querySelectorAll("main select[name=group] option")].find((o) => o.textContent.includes(` + quote(word) + `))`
	staff.open(groups)
	staff.until("the group to be offered", recovery, func() bool {
		if staff.yes(`!!` + choice) {
			return true
		}
		staff.open(groups) // a function caches the groups for a moment
		return false
	})
	staff.do(`document.querySelector("main select[name=group]").value = ` + choice + `.value`)
	staff.press("Add to group")
	staff.sees("Saved.", word+" North")
	staff.seesIn(s.Console+group, "1", company)
	staff.press("Show its users")
	staff.seesIn(s.Console+"/users?group="+strings.TrimPrefix(group, "/groups/"), tor)

	// New people can be put into it at once: invited, created, imported.
	at := s.Console + "/customers/" + customer
	box := `[...document.querySelectorAll("#f-groups label")].find((l) => l.textContent === ` + quote(word+" North") + `)`
	tick := func(p person, form string) {
		p.t.Helper()
		p.until("the group to be offered at "+form, recovery, func() bool {
			p.open(form)
			return p.yes(`!!` + box)
		})
		p.do(box + `.click()`)
	}
	invited, created, imported := address("invited"), address("created"), address("imported")
	tick(staff, at+"/invitations/new")
	staff.fill("emails", "broken")
	staff.press("Send invitations")
	staff.sees("This is not an e-mail address.")
	if !staff.yes(`!!` + box + ` && document.getElementById(` + box + `.htmlFor).checked`) {
		t.Error("a mistake unticks the group")
	}
	staff.fill("emails", invited)
	staff.press("Send invitations")
	staff.sees("The mail is on its way.")
	tick(staff, at+"/users/new")
	staff.fill("firstName", "Cleo")
	staff.fill("lastName", "Ated")
	staff.fill("email", created)
	staff.press("Create")
	staff.sees("Cleo Ated")
	tick(staff, s.Console+"/imports/new?customer="+customer)
	staff.press("Go on to the file")
	staff.sees("Waiting for the file", word+" North")
	staff.brings("people.csv", "email\n"+imported+"\n")
	staff.press("Upload and check")
	staff.shows("1 row was checked.", true)
	staff.press("Invite 1 person")
	staff.shows("The import is finished.", true)
	id := strings.TrimPrefix(group, "/groups/")
	staff.seesIn(s.Console+"/users?group="+id, invited, created, imported, tor)
	staff.seesIn(s.Console+group+"/delete", "4 users are in it.", "1 customer is in it.")
	for _, member := range api.must(200, "GET", "/users?group="+id, nil)["items"].([]any) {
		if one := member.(map[string]any)["id"].(string); one != user {
			api.must(204, "DELETE", "/groups/"+id+"/users/"+one, nil)
		}
	}
	staff.seesIn(s.Console+group+"/delete", "1 user is in it.")

	staff.open(s.Console + group)
	staff.press("Delete " + word + " North")
	staff.sees("1 user is in it.", "1 customer is in it.")
	staff.press("Delete")
	staff.sees("This group still has members.")
	staff.open(s.Console + group)
	staff.press("Deactivate " + word + " North")
	staff.sees(word+" North is inactive now.", "This group is inactive")
	other := api.join(customer, address("sami"), "member", "en")
	elsewhere := s.Console + "/customers/" + customer + "/users/" + other + "/groups"
	staff.until("the inactive group to vanish from the choices", recovery, func() bool {
		staff.open(elsewhere)
		return !staff.yes(`!!` + choice)
	})
	staff.open(groups) // its members stay in it
	staff.sees(word + " North")
	staff.press("Take out of group " + word + " North")
	staff.sees("Saved.")
	staff.open(s.Console + group)
	staff.press("Take out " + company)
	staff.sees(company + " is no longer in " + word + " North.")
	staff.press("Delete " + word + " North")
	staff.press("Delete")
	staff.sees(word + " North is deleted.")
}
