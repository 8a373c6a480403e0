package pages_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// settings runs under with other settings. All tests share them, so a lock next to stack.json keeps other tests and
// other packages out; then the settings are restored.
func settings(staff caller, s map[string]any, under func()) {
	staff.t.Helper()
	lock, err := os.OpenFile(filepath.Join(filepath.Dir(stackFile()), "settings.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		staff.t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		staff.t.Fatal(err)
	}
	change := func(s map[string]any) {
		now := staff.must(200, "GET", "/settings", nil)
		staff.must(200, "PATCH", "/settings", s, "If-Match", fmt.Sprintf(`"%v"`, now["version"]))
	}
	before := staff.must(200, "GET", "/settings", nil)
	delete(before, "version")
	defer change(before)
	change(s)
	under()
}

// registers registers somebody through the API and confirms the address with the mailed link.
func (c caller) registers(email string, more map[string]string) {
	c.t.Helper()
	first, last := nameOf(email)
	body := map[string]string{"email": email, "firstName": first, "lastName": last}
	for name, value := range more {
		body[name] = value
	}
	public := caller{t: c.t, stack: c.stack}
	public.must(202, "POST", "/registrations", body)
	public.must(200, "POST", "/registrations/confirm", map[string]string{"token": token(c.t, mailed(c.t, c.stack, email, 1))})
}

// registrationOf waits until somebody is in the queue, and returns the id of the registration.
func registrationOf(t testing.TB, api caller, email string) (id string) {
	t.Helper()
	within(t, email+" in the queue", func() bool {
		for _, row := range api.must(200, "GET", "/registrations?limit=200", nil)["items"].([]any) {
			if r := row.(map[string]any); r["email"] == email {
				id = r["id"].(string)
			}
		}
		return id != ""
	})
	return id
}

// pickRows ticks the rows that say this.
func (p person) pickRows(all ...string) {
	p.t.Helper()
	for _, with := range all {
		box := `[...document.querySelectorAll("tbody tr")].find((r) => r.innerText.includes(` + quote(with) + `))?.querySelector(".pick input")`
		p.until("a box for "+with, patience, func() bool { return p.yes(`!!` + box) })
		p.do(box + `.click()`)
	}
}

// decides presses a decision on the page of a registration.
func (p person) decides(what string) {
	p.t.Helper()
	p.leaves(what, func() {
		p.do(`document.querySelector(".page-header [name=do][value=` + what + `]").form.querySelector("button").click()`)
	})
}

// People register, confirm and wait; staff look at their mail and let two in at once, who set a password and sign in. A
// customer's administrator decides about those of its proven domain, and a second approver is told who was first.
func TestWhoWaitsIsLetIn(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	company := "Queue " + address("x")[2:8] + " Ltd"
	customer := api.customer(company, "corporate")
	boss := address("boss")
	api.join(customer, boss, "administrator", "en")
	domain := "queue-" + address("x")[2:8] + ".example"
	proven(t, s, customer, domain)
	one, two, routed, second := address("tor"), address("sigrid"), "live.routed@"+domain, "sami.second@"+domain
	settings(api, map[string]any{"selfRegistration": true, "registrationNeedsApproval": true, "approvers": "customer", "disapprovalReason": "We do not know you."}, func() {
		for _, email := range []string{one, two, routed, second} {
			api.registers(email, map[string]string{"company": "Bygdøy Boats"})
		}
		ids := map[string]string{}
		for _, email := range []string{one, two, routed, second} {
			ids[email] = registrationOf(t, api, email)
		}

		staff := somebody(t)
		staff.signIn(s.Console, s.Admin.Username, s.Admin.Password)
		staff.seesIn(s.Console+"/registrations", one, two, routed)
		if row := staff.row(routed); !strings.Contains(row, company) || !strings.Contains(row, "Proven domain") || !strings.Contains(row, "Bygdøy Boats") {
			t.Errorf("the row of who has a proven domain: %q", row)
		}
		staff.open(s.Console + "/registrations/" + ids[one])
		staff.sees("Tor Hagen", one, "Bygdøy Boats", "Possible duplicates")

		staff.open(s.Console + "/registrations")
		staff.pickRows(one, two)
		staff.doWithPicked("approve")
		staff.sees("Approve 2 registrations", "Tor Hagen, Sigrid Aas")
		staff.fill("where", "existing")
		staff.fill("company", "Nobody of this name "+address("x"))
		staff.press("Approve 2")
		staff.sees("There is no customer of this name.")
		staff.fill("company", "")
		staff.press("Approve 2")
		staff.sees("Fill in this field.")
		staff.fill("company", company[:len(company)-4]) // the beginning of a single name is not taken for it
		staff.press("Approve 2")
		staff.sees("Which customer do you mean?")
		staff.press("Approve 2")
		staff.sees("Which customer do you mean?")
		staff.fill("customer", customer)
		staff.fill("role", "member")
		staff.press("Preview the mail")
		staff.sees("The mail to Tor Hagen", one, "Your account with", company, "reset-password")
		staff.press("Approve 2")
		staff.sees("Done for all 2 users.", "The mail with the way in follows.")
		tor := somebody(t)
		tor.setsPassword(about(t, s, one, "Your account with …"), one, password)
		if u := api.must(200, "GET", "/users/"+ids[one], nil); u["customerId"] != customer || u["role"] != "member" {
			t.Errorf("let in as %v of %v", u["role"], u["customerId"])
		}
		tor.open(s.Portal + "/registrations") // a member decides nothing
		tor.sees("You may not do this")

		// The customer's own administrator sees theirs, and decides while staff still think.
		staff.open(s.Console + "/registrations/" + ids[routed])
		staff.press("Approve Live Bakke")
		staff.sees("Approve Live Bakke", company)
		maja := somebody(t)
		maja.signIn(s.Portal, boss, password)
		maja.seesIn(s.Portal+"/registrations", routed, second)
		maja.pickRows(routed)
		maja.doWithPicked("disapprove")
		maja.sees("Disapprove Live Bakke")
		if reason := maja.value("reason"); reason != "We do not know you." {
			t.Errorf("the form begins with %q", reason)
		}
		maja.fill("reason", "You work elsewhere.")
		maja.press("Preview the mail")
		maja.sees("You work elsewhere.", "was not")
		maja.press("Disapprove")
		maja.sees("Live Bakke is disapproved.")
		if m := about(t, s, routed, "Your registration with … was not approved"); !strings.Contains(m.Text, "You work elsewhere.") {
			t.Errorf("the mail lacks the reason:\n%s", m.Text)
		}
		staff.press("Approve")
		staff.sees("Maja Grønbech has decided already: Disapproved")

		// From the directory, and without a mail.
		staff.seesIn(s.Console+"/users?status=waiting&customer="+customer, second)
		staff.pickRows(second)
		staff.doWithPicked("disapprove")
		staff.do(`document.querySelector("main [name=silent]").checked = true`)
		staff.press("Preview the mail")
		staff.sees("Nothing is sent.")
		staff.press("Disapprove")
		staff.sees("Sami Haddad is disapproved.")
		staff.open(s.Console + "/registrations/" + ids[second])
		staff.sees("None was sent")
		if n := len(mailsTo(t, s, second)); n > 2 { // one to confirm the address, one that it waits
			t.Errorf("%d mails in silence", n)
		}
	})
}

// Staff administrators change the settings on their page, and overwrite each other's changes only knowingly; agents
// read them.
func TestSettingsPage(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	agent := address("agent")
	api.join("provider", agent, "agent", "en")
	settings(api, map[string]any{"selfRegistration": false}, func() {
		staff := somebody(t)
		staff.signIn(s.Console, s.Admin.Username, s.Admin.Password)
		staff.open(s.Console + "/settings")
		staff.do(`document.querySelector("main [name=selfRegistration]").checked = true`)
		staff.fill("rule-street", "mandatory")
		staff.fill("reminderHours", "1000")
		staff.fill("allowedDomains", "not a domain!")
		staff.press("Save")
		staff.sees("There are", "This number is too small or too large.", "This is not a domain.")
		staff.fill("reminderHours", "48")
		staff.fill("allowedDomains", "fjordfisk.example\nbücher.example")
		staff.press("Save")
		staff.sees("Saved.")
		now := api.must(200, "GET", "/settings", nil)
		if now["selfRegistration"] != true || now["reminderHours"] != float64(48) || now["registrationFields"].(map[string]any)["street"] != "mandatory" || len(now["allowedDomains"].([]any)) != 2 {
			t.Errorf("the settings are %v", now)
		}
		staff.open(s.Console + "/settings")
		api.must(200, "PATCH", "/settings", map[string]any{"disapprovalReason": "Typed by the other one.", "reminderHours": 12}, "If-Match", fmt.Sprintf(`"%v"`, now["version"]))
		staff.fill("disapprovalReason", "Typed by me.")
		staff.press("Save")
		staff.sees("Somebody changed this to “Typed by the other one.”", "Reminder after hours: Somebody changed this to what stands here now.")
		staff.press("Save") // knowingly
		staff.sees("Saved.")
		if now := api.must(200, "GET", "/settings", nil); now["disapprovalReason"] != "Typed by me." || now["reminderHours"] != float64(12) {
			t.Errorf("two editors leave %v", now)
		}
		reader := somebody(t)
		reader.signIn(s.Console, agent, password)
		reader.open(s.Console + "/settings")
		reader.sees("Administrators change them.", "fjordfisk.example", "Typed by me.")
		if reader.yes(`!!document.querySelector("main form")`) {
			t.Error("an agent is offered a form")
		}
	})
}
