package pages_test

import (
	"net/url"
	"strings"
	"testing"
)

// pick ticks the row of a person.
func (p person) pick(who string) {
	p.t.Helper()
	box := `[...document.querySelectorAll("tbody tr")].find((r) => r.innerText.includes(` + quote(who) + `))?.querySelector(".pick input")`
	p.until("a box beside "+who, patience, func() bool { return p.yes(`!!` + box) })
	p.do(box + `.click()`)
}

// pickAll ticks all rows of the page.
func (p person) pickAll() {
	p.t.Helper()
	p.until("a box for all rows", patience, func() bool { return p.yes(`!!document.querySelector("[data-pick-all]:not([hidden])")`) })
	p.do(`document.querySelector("[data-pick-all]").click()`)
}

// doWithPicked presses a button of the bar below the table.
func (p person) doWithPicked(what string) {
	p.t.Helper()
	p.leaves(what+" with those picked", func() { p.do(`document.querySelector(".picked [value=` + what + `]").click()`) })
}

// query returns the query of the page's address.
func (p person) query() url.Values {
	p.t.Helper()
	u, err := url.Parse(p.ask(`location.href`).(string))
	if err != nil {
		p.t.Fatal(err)
	}
	return u.Query()
}

// The list follows the typing without another page, and tells screen readers how many there are; its address can be
// passed on, and going back shows the list as it was.
func TestSearchWhileTyping(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	word := "qw" + address("x")[2:8]
	name := strings.ToUpper(word) + " Shipping"
	one, other := api.customer(name, "corporate"), api.customer("Elsewhere Ltd", "corporate")
	sigrid, tor, foreign := address("sigrid"), address("tor"), address("foreign")
	api.invite(one, sigrid, "member", "en")
	api.invite(one, tor, "moderator", "en")
	api.invite(other, foreign, "member", "en")

	p := somebody(t)
	p.signIn(s.Console, s.Admin.Username, s.Admin.Password)
	search := s.Console + "/users?q=" + word
	p.seesIn(search, sigrid, tor) // the words to search for follow in a moment
	p.open(s.Console + "/users")
	hint := func(want string) {
		t.Helper()
		p.until("the hint "+want, patience, func() bool { return p.yes(`document.getElementById("f-q")?.placeholder === ` + quote(want)) })
	}
	hint("Name, e-mail, username or company")
	p.open(s.Console + "/customers/" + one + "/users")
	hint("Name, e-mail or username") // all have the same company
	p.open(s.Console + "/users")
	p.mark()
	p.do(`document.getElementById("f-q").focus()`)
	p.types("qw")
	p.sees("Type at least three characters.")
	if q := p.query().Get("q"); q != "" {
		t.Errorf("asked for %q", q)
	}
	p.types(word[2:])
	// When typing takes longer than the list waits, the beginning of the word is searched for as well, and finds the
	// same two.
	p.until("the number of results of the whole word to be said", patience, func() bool {
		return p.yes(`document.getElementById("said").textContent === "2 users found." && new URLSearchParams(location.search).get("q") === ` + quote(word))
	})
	p.sees(sigrid, tor)
	p.seesNo(foreign, "Type at least three characters.")
	if p.elsewhere() || !p.yes(`document.activeElement.id === "f-q"`) {
		t.Error("another page came, or the focus went")
	}
	p.do(`(() => { const role = document.getElementById("f-role"); role.value = "moderator";
	  for (const event of ["input", "change"]) role.dispatchEvent(new Event(event, { bubbles: true })); })()`) // as choosing does
	p.until("moderators only", patience, func() bool { return !strings.Contains(p.text(), sigrid) })
	p.sees(tor)
	p.leaves("going back", func() { p.do(`history.back()`) })
	p.sees(sigrid, tor)
	if q := p.query(); q.Get("q") != word || q.Get("role") != "" {
		t.Errorf("back at %v", q)
	}

	// A customer is chosen by its name, which is completed.
	p.open(s.Console + "/users")
	p.do(`(() => { const f = document.getElementById("f-company"); f.value = ` + quote(word) + `; f.dispatchEvent(new Event("input", { bubbles: true })); })()`)
	p.until("the name to be completed", patience, func() bool { return p.yes(`document.querySelector("#companies option")?.value === ` + quote(name)) })
	p.leaves("choosing the customer", func() {
		p.do(`(() => { const f = document.getElementById("f-company"); f.value = ` + quote(name) + `; f.dispatchEvent(new Event("input", { bubbles: true })); })()`)
	})
	p.sees("Customer: "+name, sigrid, tor)
	p.seesNo(foreign)
	p.press("Registered")
	if q := p.query(); q.Get("customer") != one || q.Get("sort") != "-registered" {
		t.Errorf("sorted at %v", q)
	}
	p.press("Customer: " + name + " ×")
	p.seesNo("Customer: " + name)
}

// Actions on many at once: what cannot simply be undone is asked first, each person has a result, and those that failed
// can be tried again; the way back leads to the list as it was.
func TestManyAtOnce(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer := api.customer("Many Ltd", "corporate")
	anna, sami, late := address("anna"), address("sami"), address("late")
	api.join(customer, anna, "member", "en")
	gone := api.join(customer, sami, "member", "en")
	api.invite(customer, late, "member", "en")
	mailed(t, s, late, 1)
	p := somebody(t)
	p.signIn(s.Console, s.Admin.Username, s.Admin.Password)
	list := s.Console + "/users?customer=" + customer + "&sort=-registered"
	p.seesIn(list, anna, sami, late, "Invited")

	p.pick(anna)
	p.sees("1 selected")
	if p.yes(`!document.querySelector(".picked [value=resend]").hidden`) {
		t.Error("who is active is offered a new link")
	}
	p.pick(sami)
	p.sees("2 selected")
	p.doWithPicked("deactivate")
	p.sees("Deactivate 2 users?", "Sami Haddad")
	api.must(200, "POST", "/users/"+gone+"/deactivate", nil)
	p.press("Deactivate")
	p.sees("Done for 1 of 2 users.", "Has no access any more.", "Is not active.", anna, sami)
	p.press("Try the failed ones again")
	p.sees("Nothing was changed.")
	p.press("Back to the users")
	if q := p.query(); q.Get("customer") != customer || q.Get("sort") != "-registered" {
		t.Errorf("back at %v", q)
	}
	p.until("both to be deactivated", recovery, func() bool {
		p.open(list)
		return strings.Contains(p.row(anna), "Deactivated") && strings.Contains(p.row(sami), "Deactivated")
	})
	p.pickAll()
	p.sees("3 selected")
	p.doWithPicked("remove")
	p.sees("Remove 3 users?")
	p.press("Cancel")
	p.pick(late)
	p.doWithPicked("resend")
	p.sees("A new link is on its way")
	mailed(t, s, late, 2)

	// One row's action leads back too.
	p.open(list)
	p.press("Reactivate " + nameOnPage(anna))
	p.sees("is active again.")
	if q := p.query(); q.Get("customer") != customer {
		t.Errorf("back at %v", q)
	}
}

func nameOnPage(email string) string {
	first, last := nameOf(email)
	return first + " " + last
}

// A customer's administrator has the same list of their own people; a moderator may pick the people they may act on.
func TestPortalList(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer, other := api.customer("Own Ltd", "corporate"), api.customer("Theirs Ltd", "corporate")
	boss, moderator, member, foreign := address("maja"), address("mod"), address("jon"), address("foreign")
	api.join(customer, boss, "administrator", "en")
	api.join(customer, moderator, "moderator", "en")
	api.join(customer, member, "member", "en")
	foreignID := api.join(other, foreign, "member", "en")
	p := somebody(t)
	p.signIn(s.Portal, boss, password)
	p.seesIn(s.Portal+"/users", member, moderator, "All 3", "Active 3")
	p.seesNo(foreign, "Company", "All customers", "All groups", "Removed")
	p.seesIn(s.Portal+"/users?q=jon", member)
	p.seesNo(moderator)
	p.pick(member)
	p.doWithPicked("remove")
	p.press("Remove")
	p.sees("Done for 1 user.")

	b := enter(t, s.Portal, boss, password)
	_, body := b.send("POST", "/users/bulk", url.Values{"user": {other + " " + foreignID + " X"}, "do": {"deactivate"}, "sure": {"yes"}})
	if !strings.Contains(body, "This does not exist") {
		t.Errorf("a foreign user: %s", body)
	}
	if user := api.must(200, "GET", "/users/"+foreignID, nil); user["status"] != "active" {
		t.Errorf("the foreign user is %v", user["status"])
	}

	p.forget()
	p.signIn(s.Portal, moderator, password)
	if p.yes(`!!document.querySelector(".pick input[name]")`) {
		t.Errorf("a moderator can pick people whom they may not change:\n%s", p.text())
	}
}

// Search, filters and selection are forms that work without script.
func TestListWithoutScript(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer := api.customer("Plain Ltd", "corporate")
	tor, live := address("tor"), address("live")
	api.join(customer, tor, "member", "en")
	api.invite(customer, live, "moderator", "en")
	staff := somebody(t)
	staff.signIn(s.Console, s.Admin.Username, s.Admin.Password)
	staff.seesIn(s.Console+"/customers/"+customer+"/users?q=hagen", tor)
	staff.noScript()
	staff.open(s.Console + "/customers/" + customer + "/users")
	staff.fill("role", "moderator")
	staff.press("Filter")
	staff.sees(live)
	staff.seesNo(tor)
	staff.press("Clear filters")
	staff.fill("q", "to")
	staff.press("Filter")
	staff.sees("Type at least three characters.")
	staff.fill("q", "hagen")
	staff.press("Filter")
	staff.sees(tor)
	staff.seesNo(live)
	staff.do(`document.querySelector("td.pick input").checked = true`)
	staff.doWithPicked("deactivate")
	staff.press("Deactivate")
	staff.sees("Done for 1 user.")
}
