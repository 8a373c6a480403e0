package pages_test

import (
	"strings"
	"testing"
)

// The main job: staff create a customer and invite three addresses at once, and the one that is right gets in.
func TestInviteToActive(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	other := api.customer("Elsewhere Ltd", "corporate")
	used, good := address("used"), address("good")
	api.join(other, used, "member", "en")

	staff := somebody(t)
	staff.open(s.Console + "/customers/new")
	if staff.path() != "/sign-in" {
		t.Fatalf("nobody is signed in, and sees %s", staff.path())
	}
	staff.fill("login", strings.ToUpper(s.Admin.Username))
	staff.fill("password", s.Admin.Password)
	staff.press("Sign in")
	if staff.path() != "/customers/new" {
		t.Fatalf("after the sign-in: %s", staff.path())
	}

	staff.press("Create the customer")
	staff.sees("Fill in this field.")
	staff.fill("name", "Fjordfisk AS")
	staff.fill("email", "post@fjordfisk")
	staff.press("Create the customer")
	staff.sees("This is not an e-mail address.")
	staff.fill("email", "post@fjordfisk.example")
	staff.press("Create the customer")
	staff.sees("Fjordfisk AS is created.", "No users yet")
	base := strings.TrimSuffix(staff.path(), "/users")

	staff.press("Sub-accounts")
	staff.sees("No sub-accounts")
	staff.fill("name", "Bergen")
	staff.press("Add")
	staff.sees("Bergen is added.")
	staff.seesIn(s.Console+base+"/subaccounts", "Bergen")
	if row := staff.row("Bergen"); !strings.Contains(row, "Active") {
		t.Errorf("the sub-account's row: %q", row)
	}

	staff.press("Users")
	staff.press("Invite")
	staff.fill("emails", "Ada Lovelace <"+good+">\ntor@fjordfisk\n"+used)
	staff.press("Send invitations")
	staff.sees("1 of 3 is invited.")
	for who, what := range map[string]string{good: "Invited", "tor@fjordfisk": "This is not an e-mail address.", used: "belongs to a user of another customer"} {
		if row := staff.row(who); !strings.Contains(row, what) {
			t.Errorf("the row of %s does not say %q: %q", who, what, row)
		}
	}
	staff.press("Correct and invite again")
	if again := staff.value("emails"); again != "tor@fjordfisk\n"+used {
		t.Errorf("to be corrected: %q", again)
	}
	staff.seesIn(s.Console+base+"/users", good, "Invited")
	staff.seesIn(s.Console+base+"/invitations", good, "Pending", "Mail sent")

	invitee := somebody(t)
	invitee.open(link(t, mailed(t, s, good, 1)))
	invitee.sees("Join Fjordfisk AS", good)
	if first := invitee.value("firstName"); first != "Ada" {
		t.Errorf("the first name is %q", first)
	}
	invitee.fill("password", "short")
	invitee.press("Accept and sign in")
	invitee.sees("Use at least 10 characters.")
	invitee.fill("password", password)
	invitee.press("Accept and sign in")
	invitee.sees("Welcome, Ada.", "Your profile", "Fjordfisk AS")

	staff.seesIn(s.Console+base+"/users", "Ada Lovelace", "Active")
	staff.seesIn(s.Console+base+"/invitations", good, "Accepted")

	// A deactivated user is out with the next click; a reactivated one may sign in again.
	staff.seesIn(s.Console+base+"/users", "Ada Lovelace")
	staff.press("Ada Lovelace")
	staff.press("Deactivate Ada Lovelace")
	staff.press("Deactivate")
	staff.sees("Ada Lovelace is deactivated")
	invitee.open(s.Portal + "/profile")
	invitee.sees("Your session has ended.")
	staff.press("Ada Lovelace")
	staff.press("Reactivate Ada Lovelace")
	staff.sees("Ada Lovelace is active again.")
	invitee.signIn(s.Portal, good, password)
	invitee.sees("Your profile")
}

// A used, declined, replaced or truncated link shows a way on.
func TestDeadLinks(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer := api.customer("Links Ltd", "corporate")
	visitor := somebody(t)

	declined := address("decline")
	api.invite(customer, declined, "member", "en")
	url := link(t, mailed(t, s, declined, 1))
	visitor.open(url)
	visitor.press("Decline the invitation")
	visitor.sees("Decline the invitation of Links Ltd?")
	visitor.press("Cancel")
	visitor.sees("Join Links Ltd")
	visitor.press("Decline the invitation")
	visitor.press("Decline the invitation")
	visitor.sees("Invitation declined")
	visitor.open(url)
	visitor.sees("This invitation has ended", "Sign in")

	used := address("used")
	api.join(customer, used, "member", "en")
	visitor.open(link(t, mailed(t, s, used, 1)))
	visitor.sees("You have accepted already", "Forgot your password?")
	visitor.press("Sign in")
	visitor.sees("Username or e-mail")

	replaced := address("twice")
	id := api.invite(customer, replaced, "member", "en")
	old := link(t, mailed(t, s, replaced, 1))
	api.must(200, "POST", "/invitations/"+id+"/resend", nil)
	visitor.open(old)
	visitor.sees("There is a newer link")

	visitor.open(old[:len(old)-5])
	visitor.sees("This link is not complete")
	visitor.press("Paste the code")
	visitor.fill("token", link(t, mailed(t, s, replaced, 2)))
	visitor.press("Continue")
	visitor.sees("Join Links Ltd")

	expired := address("late")
	id = api.invite(customer, expired, "member", "de")
	mailed(t, s, expired, 1)
	visitor.open(s.Portal + "/invitation#" + expiredLink(t, s, id))
	visitor.sees("Diese Einladung ist abgelaufen") // in the invitee's language
	visitor.press("Neuen Link anfordern")
	visitor.sees("Sehen Sie in Ihr Postfach")
	visitor.open(link(t, mailed(t, s, expired, 2)))
	visitor.sees("Zugang zu Links Ltd")
	visitor.press("English")
	visitor.sees("Join Links Ltd", expired)

	// A link of the portal does not work at the console.
	visitor.open(strings.Replace(link(t, mailed(t, s, expired, 2)), s.Portal, s.Console, 1))
	visitor.sees("This link belongs to other pages than these.")
}

func TestForgottenPassword(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer := api.customer("Forgetful Ltd", "corporate")
	email := address("forgot")
	api.join(customer, email, "member", "en")

	visitor := somebody(t)
	visitor.signIn(s.Portal, email, "not the password")
	visitor.sees("Username or password is wrong")
	if visitor.value("login") != email || visitor.value("password") != "" {
		t.Errorf("the form holds %q and %q", visitor.value("login"), visitor.value("password"))
	}
	visitor.press("Forgot your password?")
	visitor.fill("login", address("nobody"))
	visitor.press("Send the link")
	visitor.sees("If this account exists here, a mail with a link is on its way.")
	visitor.press("Forgot your password?")
	visitor.fill("login", email)
	visitor.press("Send the link")
	visitor.sees("If this account exists here, a mail with a link is on its way.")

	url := link(t, mailed(t, s, email, 2))
	visitor.open(url)
	visitor.sees("Set your password")
	visitor.fill("newPassword", email)
	visitor.press("Set the password")
	visitor.sees("Your e-mail address is not a safe password.")
	visitor.fill("newPassword", "another good password")
	visitor.press("Set the password")
	visitor.sees("Your password is set.")
	visitor.fill("login", email)
	visitor.fill("password", "another good password")
	visitor.press("Sign in")
	visitor.sees("Your profile")
	visitor.open(url)
	visitor.sees("This link no longer works", "Ask for a new link")
	visitor.open(s.Portal + "/profile")
	visitor.press("Sign out")
	visitor.sees("You are signed out.")
	visitor.open(s.Portal + "/profile")
	if visitor.path() != "/sign-in" {
		t.Errorf("signed out, and sees %s", visitor.path())
	}
}

// Staff create a user with a temporary password, and renew one: each only lets people choose their own. A customer's
// administrator can only send a link.
func TestTemporaryPassword(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer := api.customer("Temporary Ltd", "corporate")
	bossEmail, email := address("boss"), address("temporary")
	api.join(customer, bossEmail, "administrator", "en")

	staff := somebody(t)
	staff.signIn(s.Console, s.Admin.Username, s.Admin.Password)
	staff.open(s.Console + "/customers/" + customer + "/users/new")
	for name, value := range map[string]string{"firstName": "Tem", "lastName": "Porary", "email": email} {
		staff.fill(name, value)
	}
	staff.fill("credentials", "temporaryPassword")
	staff.fill("password", password)
	staff.press("Create")
	staff.sees("A temporary password comes with the registration e-mail, to somebody who is given no other one.")
	staff.fill("password", "")
	staff.press("Create")
	staff.sees("Tem Porary")

	visitor := somebody(t)
	visitor.signIn(s.Portal, email, temporary(t, mailed(t, s, email, 1)))
	visitor.sees("Choose your new password")
	visitor.fill("newPassword", "short")
	visitor.press("Set the password and go on")
	visitor.sees("Use at least 10 characters.")
	visitor.fill("newPassword", password)
	visitor.press("Set the password and go on")
	visitor.sees("Your profile")
	mailed(t, s, email, 2) // about the changed password

	staff.press("Renew password Tem Porary") // as screen readers say it
	staff.sees("Renew the password of Tem Porary?", email)
	staff.fill("mode", "temporaryPassword")
	staff.press("Renew password")
	staff.sees("A temporary password is on its way to " + email)
	visitor.open(s.Portal + "/profile")
	visitor.sees("Sign in")
	visitor.signIn(s.Portal, email, password)
	visitor.sees("Username or password is wrong")
	sent := temporary(t, mailed(t, s, email, 3))
	visitor.signIn(s.Portal, email, sent)
	visitor.sees("Choose your new password")
	other := somebody(t) // who comes second
	other.signIn(s.Portal, email, sent)
	visitor.fill("newPassword", "another good password")
	visitor.press("Set the password and go on")
	visitor.sees("Your profile")
	other.fill("newPassword", "a third good password")
	other.press("Set the password and go on")
	other.sees("Sign in")
	other.signIn(s.Portal, email, sent)
	other.sees("Username or password is wrong")

	boss := somebody(t)
	boss.signIn(s.Portal, bossEmail, password)
	boss.open(s.Portal + "/users")
	boss.press("Tem Porary")
	boss.press("Renew password Tem Porary")
	boss.sees("A link to set a new password goes to " + email)
	if boss.yes(`document.querySelector("[name=mode]") !== null`) {
		t.Error("a customer's administrator is offered temporary passwords")
	}
	boss.press("Send the link")
	boss.sees("A link to set a new password is on its way to " + email)
}

// A customer's administrator invites from the portal; a moderator invites members only; a member sees no people pages.
func TestPortalPeople(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer := api.customer("Fjordfisk AS", "corporate")
	boss, moderator, member := address("boss"), address("moderator"), address("member")
	api.join(customer, boss, "administrator", "en")
	api.join(customer, moderator, "moderator", "en")
	api.join(customer, member, "member", "en")

	p := somebody(t)
	p.signIn(s.Portal, boss, password)
	p.sees("Users", "Who can sign in for Fjordfisk AS.")
	p.seesIn(s.Portal+"/users", member)
	p.press("Invite")
	p.sees("Member", "Moderator", "Administrator")
	p.seesNo("Unusual while you manage this customer")
	invited := address("invited")
	p.fill("emails", invited)
	p.fill("role", "moderator")
	p.press("Send invitations")
	p.sees("The invitation is made.")
	mailed(t, s, invited, 1)
	p.press("To the invitations")
	p.seesIn(s.Portal+"/invitations", invited, "Pending", "Moderator")
	if !p.yes(`document.querySelector("tbody tr").innerText.includes("` + invited + `")`) {
		t.Errorf("the newest invitation is not the first:\n%s", p.text())
	}
	p.press("Resend " + invited)
	p.sees("A new link is on its way to " + invited)
	mailed(t, s, invited, 2)
	p.press("Revoke " + invited)
	p.press("Revoke")
	p.sees("The invitation of " + invited + " is revoked.")
	p.seesIn(s.Portal+"/invitations", "Revoked")
	p.press("Delete " + invited)
	p.press("Delete")
	p.sees("The invitation of " + invited + " is deleted.")

	p.forget()
	p.signIn(s.Portal, moderator, password)
	p.press("Invite")
	p.sees("Member")
	p.seesNo("Administrator")
	p.fill("emails", address("by-moderator"))
	p.press("Send invitations")
	p.sees("The invitation is made.")
	p.open(s.Portal + "/users")
	if p.yes(`[...document.querySelectorAll("main a, main button")].some((e) => /^(Deactivate|Remove|Reactivate) /.test(e.textContent))`) {
		t.Errorf("a moderator is offered to change users:\n%s", p.text())
	}

	p.forget()
	p.signIn(s.Portal, member, password)
	p.sees("Your profile")
	p.seesNo("Invitations")
	for _, path := range []string{"/users", "/invitations", "/invitations/new"} {
		p.open(s.Portal + path)
		p.sees("You may not do this")
	}
	p.open(s.Portal + "/customers")
	p.sees("There is no page at this address.")
}

// Expired invitations are resent all at once, and only those.
func TestResendExpired(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer := api.customer("Late Ltd", "corporate")
	late, open := address("late"), address("open")
	id := api.invite(customer, late, "member", "en")
	api.invite(customer, open, "member", "en")
	mailed(t, s, late, 1)
	expiredLink(t, s, id)
	staff := somebody(t)
	staff.signIn(s.Console, s.Admin.Username, s.Admin.Password)
	staff.seesIn(s.Console+"/customers/"+customer+"/invitations", "Expired", "Pending")
	staff.press("Resend all expired")
	staff.sees("1 expired invitation is resent; its new link is on its way.")
	visitor := somebody(t)
	visitor.open(link(t, mailed(t, s, late, 2)))
	visitor.sees("Join Late Ltd")
	mailed(t, s, open, 1)
}

// The second of two editors is told about the first one's changes, and a form that is sent twice acts once.
func TestMeetingChanges(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer := api.customer("Meeting Ltd", "corporate")
	one := somebody(t)
	one.signIn(s.Console, s.Admin.Username, s.Admin.Password)
	edit := s.Console + "/customers/" + customer + "/edit"
	one.open(edit)
	one.fill("city", "Bergen")

	// The same person in another tab.
	other := one.anotherTab()
	other.open(edit)
	other.fill("city", "Oslo")
	other.press("Save")
	other.sees("Saved.", "Oslo")

	one.press("Save")
	one.sees("Somebody changed this in the meantime.", "Somebody changed this to “Oslo”.")
	if city := one.value("city"); city != "Bergen" {
		t.Errorf("what was typed became %q", city)
	}
	one.press("Save")
	one.sees("Saved.", "Bergen")

	// The same form from two windows at once makes one sub-account.
	one.open(s.Console + "/customers/" + customer + "/subaccounts")
	one.fill("name", "Twice")
	posted := `(async () => { const f = document.querySelector("form.add"); const send = () => fetch(f.action, { method: "POST", body: new URLSearchParams(new FormData(f)) });
	  const a = await send(), b = await send(); window.statuses = [a.status, b.status].join(); })()`
	one.do(posted)
	within(t, "both answers", func() bool { return one.yes(`"statuses" in window`) })
	if got := one.ask(`window.statuses`); got != "200,200" {
		t.Errorf("statuses %v", got)
	}
	one.seesIn(s.Console+"/customers/"+customer+"/subaccounts", "Twice")
	if n := one.ask(`document.querySelectorAll("tbody tr").length`); n != float64(1) {
		t.Errorf("%v sub-accounts", n)
	}
}

// Everything works without script, except for opening a mailed link, where the code is pasted.
func TestWithoutScript(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer := api.customer("Plain Ltd", "corporate")
	staff := somebody(t)
	staff.noScript()
	staff.signIn(s.Console, s.Admin.Username, s.Admin.Password)
	staff.sees("Customers")
	staff.open(s.Console + "/customers/" + customer + "/invitations/new")
	email := address("plain")
	staff.fill("emails", email)
	staff.press("Send invitations")
	staff.sees("The invitation is made.")

	invitee := somebody(t)
	invitee.noScript()
	invitee.open(link(t, mailed(t, s, email, 1)))
	invitee.sees("Code from the e-mail")
	invitee.fill("token", token(t, mailed(t, s, email, 1)))
	invitee.press("Continue")
	invitee.fill("firstName", "Ada")
	invitee.fill("lastName", "Lovelace")
	invitee.fill("password", password)
	invitee.press("Accept and sign in")
	invitee.sees("Welcome, Ada.")
}

// One can sign in with the keyboard alone: the first field has the focus, Enter sends.
func TestKeyboard(t *testing.T) {
	s := theStack(t)
	p := somebody(t)
	p.open(s.Console + "/sign-in")
	focus := func(name string) {
		p.until("the focus on "+name, patience, func() bool { return p.yes(`document.activeElement?.name === "` + name + `"`) })
	}
	focus("login")
	p.types(s.Admin.Username + "\t")
	focus("password")
	p.types(s.Admin.Password)
	p.until("both fields to be filled", patience, func() bool {
		return p.value("login") == s.Admin.Username && p.value("password") == s.Admin.Password
	})
	p.leaves("Enter", func() { p.types("\r") })
	p.sees("Customers")
}
