package pages_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// world is what the photographed pages show.
type world struct {
	stack                                stack
	api                                  caller
	corporate, empty, closed, individual string            // customers
	many                                 string            // the customer for actions on many people, used by nobody else
	staff, agent, boss, member           map[string]string // logins by language
	activeUser, gone, long, invitation   string            // ids
	subAccount, group                    string
	waiting, waitingElsewhere            string // ids of registrations, and the address of one with the corporate customer
	routed                               string
	checked, refused, done               string // imports
	proven, other, claimed               string // domains of the corporate customer
}

func newWorld(t *testing.T, s stack) world {
	t.Helper()
	api := administrator(t, s)
	w := world{stack: s, api: api, staff: map[string]string{}, agent: map[string]string{}, boss: map[string]string{}, member: map[string]string{}}
	w.corporate = api.must(201, "POST", "/customers", map[string]string{"name": "Fjordfisk AS", "type": "corporate", "externalId": address("K")[:8],
		"email": "post@fjordfisk.example", "phone": "+47 55 12 34 56", "url": "https://fjordfisk.example", "street": "Bryggen 12", "postcode": "5003", "city": "Bergen",
		"country": "NO", "language": "en", "comment": "Pays by the end of the month.\nAsk for Sigrid."})["id"].(string)
	w.empty = api.customer("Kraftwerk Südharz Verwaltungs- und Betriebsgesellschaft mbH & Co. KG", "corporate")
	w.closed = api.customer("Levant Spices S.A.R.L.", "corporate")
	w.individual = api.customer("Ute Hartmann", "individual")
	w.many = api.customer("Ferry Lines Ltd", "corporate")
	for _, name := range []string{"anna", "live"} {
		api.join(w.many, address(name), "member", "en")
	}
	api.invite(w.many, address("tor"), "member", "en")
	w.subAccount = api.must(201, "POST", "/customers/"+w.corporate+"/subaccounts", map[string]string{"name": "Depot Bergen"})["id"].(string)
	api.must(201, "POST", "/customers/"+w.corporate+"/subaccounts", map[string]string{"name": "Depot Tromsø"})
	for to, name := range map[*string]string{&w.proven: "fjordfisk", &w.other: "fjordfisk-frakt-og-fryselager", &w.claimed: "lachs"} {
		*to = name + "-" + address("x")[2:8] + ".example"
		d := api.must(201, "POST", "/customers/"+w.corporate+"/domains", map[string]string{"domain": *to})
		switch to {
		case &w.proven:
			publish(t, s, d["recordName"].(string), d["recordValue"].(string))
			api.must(200, "POST", "/customers/"+w.corporate+"/domains/"+*to+"/verify", nil)
		case &w.other:
			publish(t, s, d["recordName"].(string), "v=spf1 include:_spf.fjordfisk.example -all", "clientele-domain=of-somebody-else")
		}
	}
	for _, language := range []string{"en", "de"} {
		w.staff[language], w.agent[language], w.boss[language], w.member[language] = address("ines"), address("agent"), address("maja"), address("jon")
		api.join("provider", w.staff[language], "administrator", language)
		api.join("provider", w.agent[language], "agent", language)
		api.join(w.corporate, w.boss[language], "administrator", language)
		w.activeUser = api.join(w.corporate, w.member[language], "member", language)
	}
	w.group = api.must(201, "POST", "/groups", map[string]string{"name": "Night shift " + address("x")[2:8], "description": "Works when nobody else does."})["id"].(string)
	api.must(204, "PUT", "/groups/"+w.group+"/users/"+w.activeUser, nil)
	api.must(204, "PUT", "/groups/"+w.group+"/customers/"+w.corporate, nil)
	w.gone = api.join(w.corporate, address("live"), "member", "en")
	api.must(200, "POST", "/users/"+w.gone+"/deactivate", nil)
	w.long = api.join(w.closed, address("sami"), "moderator", "en")
	api.must(200, "PATCH", "/users/"+w.long, map[string]string{"lastName": strings.Repeat("Haddad", 16)}, "If-Match", fmt.Sprintf(`"%v"`, api.must(200, "GET", "/users/"+w.long, nil)["version"]))
	api.must(200, "POST", "/customers/"+w.closed+"/deactivate", nil)
	w.invitation = api.invite(w.corporate, "lager+bestellungen@fjordfisk-"+address("x")[2:8]+".example", "member", "en")
	revoked := api.invite(w.corporate, address("tor"), "moderator", "en")
	api.must(200, "POST", "/invitations/"+revoked+"/revoke", nil)
	domain := "fjordfisk-" + address("x")[2:8] + ".example"
	proven(t, s, w.corporate, domain)
	one, other := address("anna"), address("anna")
	w.routed = "sigrid@" + domain
	settings(api, map[string]any{"selfRegistration": true, "approvers": "customer", "disapprovalReason": "We do not know this company."}, func() {
		api.registers(one, map[string]string{"company": "Guttenberg & Söhne Schiffsausrüstung GmbH", "comment": "I need the timetables.\nSigrid knows me.", "phone": "+47 55 12 34 56"})
		api.registers(other, map[string]string{"company": "Guttenberg", "language": "de"})
		api.registers(w.routed, map[string]string{"company": "Fjordfisk"})
	})
	w.waiting, w.waitingElsewhere = registrationOf(t, api, one), registrationOf(t, api, other)
	registrationOf(t, api, w.routed)
	late := address("sigrid")
	id := api.invite(w.corporate, late, "member", "en")
	mailed(t, s, late, 1)
	expiredLink(t, s, id)
	list := messyList([]string{address("ada"), address("bo"), address("jurgen")}, w.boss["en"], late, w.staff["en"])
	ines := signedIn(t, s, w.staff["en"], password, "console") // the imports of one person are limited
	w.checked = ines.imports(w.corporate, "Staff list March.csv", list+w.member["en"]+";Jonas;Lund;;\r\n", false)
	w.refused = ines.imports(w.corporate, "names.csv", "First name;Last name\r\nAda;Berg\r\n", false)
	w.done = ines.imports(w.corporate, "Staff list April.csv", messyList([]string{address("eva"), address("kim"), address("lea")}, w.boss["en"], late, w.staff["en"]), true)
	return w
}

// links are what mails of one language lead to.
type links struct {
	open, expired, accepted, ended, replaced, blocked, declining string
	reset, usedReset                                             string
	totpLogin                                                    string
	temporaryLogin, temporary                                    string
	guest                                                        string
}

func newLinks(t *testing.T, w world, language string) links {
	t.Helper()
	s, api := w.stack, w.api
	invite := func(customer, name string) (string, string) {
		email := address(name)
		return email, api.invite(customer, email, "member", language)
	}
	var l links
	email, _ := invite(w.corporate, "anna")
	l.open = link(t, mailed(t, s, email, 1))
	email, _ = invite(w.corporate, "nein")
	l.declining = link(t, mailed(t, s, email, 1))
	email, id := invite(w.corporate, "spaet")
	mailed(t, s, email, 1)
	l.expired = s.Portal + "/invitation#" + expiredLink(t, s, id)
	email, id = invite(w.corporate, "neu")
	l.replaced = link(t, mailed(t, s, email, 1))
	api.must(200, "POST", "/invitations/"+id+"/resend", nil)
	email, id = invite(w.corporate, "aus")
	l.ended = link(t, mailed(t, s, email, 1))
	api.must(200, "POST", "/invitations/"+id+"/revoke", nil)
	l.accepted = link(t, mailed(t, s, w.member[language], 1))
	blocked := api.customer("Closed Ltd", "corporate")
	email, _ = invite(blocked, "zu")
	l.blocked = link(t, mailed(t, s, email, 1))
	api.must(200, "POST", "/customers/"+blocked+"/deactivate", nil)

	public := caller{t: t, stack: s}
	forgetful := address("vergessen")
	api.join(w.corporate, forgetful, "member", language)
	public.must(202, "POST", "/auth/forgot-password", map[string]string{"username": forgetful, "door": "portal"})
	l.usedReset = link(t, mailed(t, s, forgetful, 2))
	public.must(204, "POST", "/auth/reset-password", map[string]string{"token": l.usedReset[strings.Index(l.usedReset, "#")+1:], "password": password})
	mailed(t, s, forgetful, 3)
	public.must(202, "POST", "/auth/forgot-password", map[string]string{"username": forgetful, "door": "portal"})
	l.reset = link(t, mailed(t, s, forgetful, 4))

	contact := address("office")
	api.must(201, "POST", "/customers", map[string]string{"name": "Nordlys AS", "type": "corporate", "email": contact, "language": language, "phone": "+47 75 12 34 56", "city": "Bodø", "country": "NO"})
	public.must(202, "POST", "/auth/one-time-link", map[string]string{"email": contact})
	l.guest = link(t, mailed(t, s, contact, 1))

	l.totpLogin = address("zwei")
	user := api.join(w.corporate, l.totpLogin, "member", language)
	withSecondFactor(t, s, user, signedIn(t, s, l.totpLogin, password, "portal").token)

	l.temporaryLogin = address("vorerst")
	api.must(201, "POST", "/users", map[string]any{"customerId": w.corporate, "firstName": "Ada", "lastName": "Vorerst", "email": l.temporaryLogin, "language": language,
		"sendRegistrationEmail": true, "credentials": "temporaryPassword"})
	l.temporary = temporary(t, mailed(t, s, l.temporaryLogin, 1))
	return l
}

func nobodysLooks(w world, l links) []look {
	portal, console := w.stack.Portal, w.stack.Console
	return []look{
		{"console-sign-in", at(console + "/sign-in"), "input[name=login]", true},
		{"sign-in", at(portal + "/sign-in"), "input[name=login]", true},
		{"sign-in-wrong", typed(portal+"/sign-in", "login", address("maja"), "password", "not the password"), ".error-summary", false},
		{"sign-in-code", typed(portal+"/sign-in", "login", l.totpLogin, "password", password), "input[name=code]", false},
		{"sign-in-code-wrong", func(p person) {
			typed(portal+"/sign-in", "login", l.totpLogin, "password", password)(p)
			p.fill("code", "000000")
			p.send()
		}, ".error-summary", false},
		{"choose-password", typed(portal+"/sign-in", "login", l.temporaryLogin, "password", l.temporary), "input[name=newPassword]", true},
		{"choose-password-error", func(p person) { p.fill("newPassword", l.temporary); p.send() }, ".error-summary", false},
		{"forgot-password", at(portal + "/forgot-password"), "input[name=login]", false},
		{"forgot-password-empty", func(p person) { p.open(portal + "/forgot-password"); p.send() }, ".error-summary", false},
		{"forgot-password-sent", typed(portal+"/forgot-password", "login", address("nobody")), ".notice", false},
		{"reset-open", at(portal + "/reset-password"), "input[name=token]", false},
		{"reset", at(l.reset), "input[name=newPassword]", false},
		{"reset-error", func(p person) { p.open(l.reset); p.fill("newPassword", "aaaaaaaaaaaa"); p.send() }, ".error", false},
		{"reset-over", at(l.usedReset), "a[href='/forgot-password']", false},
		{"reset-incomplete", at(l.reset[:len(l.reset)-4]), "a[href='/forgot-password']", false},
		{"invitation-open", at(portal + "/invitation"), "input[name=token]", false},
		{"invitation-accept", at(l.open), "input[name=password]", true},
		{"invitation-accept-errors", func(p person) {
			p.open(l.open)
			p.fill("lastName", "")
			p.fill("username", "no")
			p.fill("password", "short")
			p.send()
		}, ".error-summary", false},
		{"invitation-decline", func(p person) {
			p.open(l.declining)
			p.leaves("declining", func() { p.do(`document.querySelector("main button.link").click()`) })
		}, ".button.danger", false},
		{"invitation-declined", func(p person) { p.send() }, ".panel", false},
		{"invitation-expired", at(l.expired), "button.primary", true},
		{"invitation-renewed", func(p person) { p.open(l.expired); p.send() }, ".panel", false},
		{"invitation-accepted", at(l.accepted), "a[href='/sign-in']", false},
		{"invitation-ended", at(l.ended), "a[href='/sign-in']", false},
		{"invitation-replaced", at(l.replaced), "a[href='/sign-in']", false},
		{"invitation-blocked", at(l.blocked), "a[href='/sign-in']", false},
		{"invitation-incomplete", at(l.open[:len(l.open)-4]), "a[href='/invitation']", false},
		{"link-ask", at(portal + "/sign-in/link"), "input[name=email]", true},
		{"link-ask-error", typed(portal+"/sign-in/link", "email", "office"), ".error-summary", false},
		{"guest-open", at(portal + "/guest/link"), "input[name=token]", false},
		{"guest-link", at(l.guest), "button.primary", false},
		{"guest", func(p person) { p.open(l.guest); p.send() }, "input[name=role]", true},
		{"guest-error", func(p person) { p.open(portal + "/guest"); p.fill("email", "office"); p.send() }, ".error-summary", false},
		{"guest-link-over", at(l.guest), "a[href='/sign-in/link']", false},
		{"not-found", at(portal + "/nowhere"), "h1", false},
	}
}

func staffLooks(w world) []look {
	console := w.stack.Console
	customer := console + "/customers/" + w.corporate
	return []look{
		{"customers", at(console + "/customers"), "table", true},
		{"everyone", at(console + "/users"), ".pills", true},
		{"everyone-filtered", at(console + "/users?role=member&status=invited&country=NO&sort=-registered"), ".chosen", false},
		{"everyone-of-a-customer", at(console + "/users?role=member&customer=" + w.corporate), ".chosen", true},
		{"everyone-nothing", at(console + "/users?q=qqqq&role=moderator"), ".empty", false},
		{"everyone-short-search", at(console + "/users?q=qq"), "#f-q-hint:not([hidden])", false},
		{"everyone-no-customer", at(console + "/users?company=qqqq"), ".notice-warning", false},
		{"everyone-which-customer", at(console + "/users?company=fjordfisk"), "table", false},
		{"everyone-menu", func(p person) { p.open(console + "/users"); p.do(`document.querySelector(".row-menu").open = true`) }, ".menu-list", false},
		{"everyone-picked", func(p person) { p.open(console + "/users?customer=" + w.many); p.pickAll() }, ".picked", true},
		{"everyone-deactivate", func(p person) {
			p.open(console + "/users?status=active&customer=" + w.many)
			p.pickAll()
			p.doWithPicked("deactivate")
		}, ".button.danger", true},
		{"everyone-remove", func(p person) {
			p.open(console + "/users?status=active&customer=" + w.many)
			p.pickAll()
			p.doWithPicked("remove")
		}, ".button.danger", false},
		{"everyone-results", func(p person) { p.open(console + "/users?customer=" + w.many); p.pickAll(); p.doWithPicked("resend") }, "table", true},
		{"export", at(console + "/exports/new?role=member&customer=" + w.corporate), "input[name=columns]", true},
		{"export-no-column", func(p person) {
			p.open(console + "/exports/new?customer=" + w.corporate)
			p.do(`document.querySelectorAll("main [name=columns]").forEach((box) => { box.checked = false; })`)
			p.send()
		}, ".error-summary", false},
		{"export-ready", func(p person) { p.open(console + "/exports/new?customer=" + w.corporate); p.send() }, "#export a.primary", true},
		{"exports", at(console + "/exports"), "table", false},
		{"import", at(console + "/imports/new?customer=" + w.corporate), "input[name=listName]", false},
		{"import-for-nobody", typed(console+"/imports/new", "company", "qqqq"), ".error-summary", false},
		{"import-upload", func(p person) { p.open(console + "/imports/new?customer=" + w.corporate); p.send() }, "input[type=file]", false},
		{"import-checked", at(console + "/imports/" + w.checked), "input[name=update]", true},
		{"import-refused", at(console + "/imports/" + w.refused), ".notice-error", false},
		{"import-done", at(console + "/imports/" + w.done), ".notice-warning", false},
		{"imports", at(console + "/imports"), "table", false},
		{"customers-search", at(console + "/customers?q=fjord"), "table", false},
		{"customers-nothing", at(console + "/customers?q=" + url.QueryEscape("qqqq")), ".empty", false},
		{"customers-short-search", at(console + "/customers?q=f"), ".error", false},
		{"customer-new", at(console + "/customers/new"), "input[name=name]", false},
		{"customer-new-errors", typed(console+"/customers/new", "name", "", "email", "post@", "url", "fjordfisk", "phone", "call us"), ".error-summary", false},
		{"customer-users", at(customer + "/users"), "table", true},
		{"customer-users-filtered", at(customer + "/users?status=invited&sort=-registered"), "table", false},
		{"customer-users-none-like-this", at(console + "/customers/" + w.empty + "/users?status=active"), ".empty", false},
		{"customer-users-empty", at(console + "/customers/" + w.empty + "/users"), ".empty", true},
		{"customer-users-closed", at(console + "/customers/" + w.closed + "/users"), ".notice-warning", false},
		{"customer-invitations", at(customer + "/invitations"), "table", true},
		{"customer-invitations-empty", at(console + "/customers/" + w.empty + "/invitations"), ".empty", false},
		{"customer-subaccounts", at(customer + "/subaccounts"), "table", false},
		{"customer-subaccounts-error", func(p person) {
			p.open(customer + "/subaccounts")
			p.fill("name", "<b>")
			p.leaves("adding", func() { p.do(`document.querySelector("form.add button").click()`) })
		}, ".error", false},
		{"customer-subaccounts-empty", at(console + "/customers/" + w.empty + "/subaccounts"), ".empty", false},
		{"subaccount-rename", at(customer + "/subaccounts/" + w.subAccount), "input[name=name]", false},
		{"subaccount-delete", at(customer + "/subaccounts/" + w.subAccount + "/delete"), ".button.danger", false},
		{"customer-domains", at(customer + "/domains"), ".code-line", true},
		{"customer-domains-empty", at(console + "/customers/" + w.empty + "/domains"), ".empty", false},
		{"customer-domains-error", func(p person) {
			p.open(customer + "/domains")
			p.fill("domain", "mail.gmail.com")
			p.leaves("adding", func() { p.do(`document.querySelector("form.add button").click()`) })
		}, ".error", false},
		{"customer-domains-other-record", verifying(customer, w.other), ".notice-warning", true},
		{"customer-domains-no-record", verifying(customer, w.claimed), ".notice-warning", false},
		{"customer-domain-remove", at(customer + "/domains/" + w.proven + "/remove"), ".button.danger", false},
		{"customer-details", at(customer + "/details"), ".facts", true},
		{"customer-details-individual", at(console + "/customers/" + w.individual + "/details"), ".facts", false},
		{"customer-edit", at(customer + "/edit"), "input[name=name]", false},
		{"customer-edit-stale", func(p person) {
			p.open(customer + "/edit")
			p.do(`document.querySelector("[name=version]").value = "999"`)
			p.fill("city", "Oslo")
			p.send()
		}, ".error-summary", false},
		{"customer-deactivate", at(customer + "/deactivate"), ".button.danger", true},
		// Of another customer: while it is checked whether a customer is empty it lets nobody in, and the other
		// language's run invites people.
		{"customer-delete-refused", func(p person) { p.open(console + "/customers/" + w.closed + "/delete"); p.send() }, ".notice-error", false},
		{"invite", at(customer + "/invitations/new"), "textarea", true},
		{"invite-errors", typed(customer+"/invitations/new", "emails", ""), ".error-summary", false},
		{"invite-one-error", typed(customer+"/invitations/new", "emails", "tor@fjordfisk"), ".error-summary", false},
		{"invite-results", func(p person) {
			typed(customer+"/invitations/new", "emails", "Sigrid Aas <"+address("sigrid")+">\ntor@fjordfisk\n"+w.member["en"]+"\n"+w.staff["en"])(p)
		}, "table", true},
		{"invite-results-none", typed(customer+"/invitations/new", "emails", "tor@fjordfisk\n"+w.member["en"]), ".notice-error", false},
		{"invite-results-all", func(p person) { typed(customer+"/invitations/new", "emails", address("alle"))(p) }, ".notice-success", false},
		{"user", at(customer + "/users/" + w.activeUser), ".facts", false},
		{"user-deactivated", at(customer + "/users/" + w.gone), ".facts", false},
		{"user-long-name", at(console + "/customers/" + w.closed + "/users/" + w.long), ".facts", false},
		{"user-long-name-edit", at(console + "/customers/" + w.closed + "/users/" + w.long + "/edit"), "input[name=email]", false},
		{"user-deactivate", at(customer + "/users/" + w.activeUser + "/deactivate"), ".button.danger", false},
		{"user-deactivate-twice", func(p person) { p.open(customer + "/users/" + w.gone + "/deactivate"); p.send() }, ".notice-error", false},
		{"user-edit", at(customer + "/users/" + w.activeUser + "/edit"), "input[name=email]", true},
		{"user-edit-stale", func(p person) {
			p.open(customer + "/users/" + w.activeUser + "/edit")
			p.do(`document.querySelector("[name=version]").value = "1"`)
			p.do(`document.querySelector("[name=opened]").value = JSON.stringify({ city: "", street: "Bryggen 12" })`)
			p.fill("city", "Oslo")
			p.fill("comment", "Typed by the second.")
			p.send()
		}, ".error-summary", true},
		{"user-edit-errors", typed(customer+"/users/"+w.activeUser+"/edit", "firstName", "", "email", "jon@", "phone", "call me", "username", "no"), ".error-summary", false},
		{"user-groups", at(customer + "/users/" + w.activeUser + "/groups"), ".tabs", true},
		{"user-invitation", at(customer + "/users/" + w.activeUser + "/invitation"), ".facts", false},
		{"user-picture", at(customer + "/users/" + w.activeUser + "/picture"), ".picture", false},
		{"user-picture-upload", func(p person) {
			p.open(customer + "/users/" + w.activeUser + "/picture")
			p.leaves("choosing", func() { p.do(`document.querySelector(".picture button").click()`) })
		}, "input[type=file]", false},
		{"user-suspend", at(customer + "/users/" + w.activeUser + "/suspend"), "input[type=date]", false},
		{"user-password", at(customer + "/users/" + w.activeUser + "/password"), "input[name=mode]", true},
		{"user-new", at(customer + "/users/new"), "input[name=kind]", true},
		{"user-new-errors", typed(customer+"/users/new", "email", "tor@"), ".error-summary", false},
		{"queue", at(console + "/registrations"), "table", true},
		{"queue-picked", func(p person) { p.open(console + "/registrations"); p.pickAll() }, ".picked", false},
		{"queue-approved", at(console + "/registrations?status=approved"), ".pills", false},
		{"queue-of-everyone", at(console + "/users?status=waiting"), "table", false},
		{"registration", at(console + "/registrations/" + w.waiting), "#alike", true},
		{"queue-approve", func(p person) {
			p.open(console + "/registrations/" + w.waiting)
			p.decides("approve")
		}, "input[name=where]", true},
		{"queue-approve-preview", func(p person) {
			p.open(console + "/registrations/" + w.waiting)
			p.decides("approve")
			p.leaves("the preview", func() { p.do(`document.querySelector("main [name=preview]").click()`) })
		}, "#preview .letter", true},
		{"queue-approve-many", func(p person) {
			p.open(console + "/registrations")
			p.pickAll()
			p.doWithPicked("approve")
		}, "input[name=where]", false},
		{"queue-approve-no-customer", func(p person) { p.fill("where", "existing"); p.fill("company", "qqqq"); p.send() }, ".error-summary", false},
		{"queue-results", func(p person) {
			p.open(console + "/registrations")
			p.pickRows("Guttenberg & S", "Guttenberg\t")
			p.doWithPicked("approve")
			p.send()
		}, ".notice-error", true},
		{"queue-disapprove", func(p person) {
			p.open(console + "/registrations/" + w.waitingElsewhere)
			p.decides("disapprove")
		}, "textarea[name=reason]", false},
		{"settings", at(console + "/settings"), "table.choices", true},
		{"settings-errors", typed(console+"/settings", "reminderHours", "1000", "allowedDomains", "not a domain!", "embedSites", "fjordfisk", "registrationAddress", "post@"), ".error-summary", false},
		{"settings-stale", func(p person) {
			p.open(console + "/settings")
			p.do(`document.querySelector("main [name=version]").value = "0"`)
			p.fill("reminderHours", "300")
			p.fill("rule-city", "mandatory")
			p.send()
		}, ".error-summary", false},
		{"groups", at(console + "/groups"), "table", true},
		{"group", at(console + "/groups/" + w.group), ".section", true},
		{"group-new", at(console + "/groups/new"), "input[name=name]", false},
		{"group-new-errors", typed(console+"/groups/new", "name", ""), ".error-summary", false},
		{"group-delete-refused", func(p person) { p.open(console + "/groups/" + w.group + "/delete"); p.send() }, ".notice-error", false},
		{"everyone-add-to-group", func(p person) {
			p.open(console + "/users?customer=" + w.many)
			p.pickAll()
			p.doWithPicked("addToGroup")
		}, "select[name=group]", false},
		{"everyone-suspend", func(p person) {
			p.open(console + "/users?status=active&customer=" + w.many)
			p.pickAll()
			p.doWithPicked("suspend")
		}, "input[type=date]", false},
		{"user-remove", at(customer + "/users/" + w.activeUser + "/remove"), ".button.danger", false},
		{"invitation-revoke", at(customer + "/invitations/" + w.invitation + "/revoke"), ".button.danger", false},
		{"invitation-delete", at(customer + "/invitations/" + w.invitation + "/delete"), ".button.danger", false},
		{"staff-users", at(console + "/staff"), "table", false},
		{"staff-invitations", at(console + "/staff/invitations"), "table", false},
		{"staff-invite", at(console + "/staff/invitations/new"), "textarea", false},
		{"profile", at(console + "/profile"), "input[name=firstName]", false},
		{"profile-errors", typed(console+"/profile", "firstName", "", "url", "example"), ".error-summary", false},
		{"not-found", at(console + "/customers/nothing"), "h1", false},
	}
}

// verifying looks for a domain's record.
func verifying(customer, domain string) func(person) {
	return func(p person) {
		p.t.Helper()
		p.open(customer + "/domains")
		p.leaves("verifying", func() { p.do(`document.querySelector("form[action$='/` + domain + `/verify'] button").click()`) })
	}
}

func agentLooks(w world) []look {
	console := w.stack.Console
	return []look{
		{"customer-users", at(console + "/customers/" + w.corporate + "/users"), "table", false},
		{"customer-details", at(console + "/customers/" + w.corporate + "/details"), ".facts", false},
		{"customer-domains", at(console + "/customers/" + w.corporate + "/domains"), ".code-line", false},
		{"settings", at(console + "/settings"), ".facts", false},
		{"forbidden", at(console + "/customers/new"), "h1", false},
	}
}

func bossLooks(w world) []look {
	portal := w.stack.Portal
	return []look{
		{"users", at(portal + "/"), "table", true},
		{"users-picked", func(p person) { p.open(portal + "/users"); p.pickAll() }, ".picked", false},
		{"imports-empty", at(portal + "/imports"), ".empty", false},
		{"users-nothing", at(portal + "/users?q=qqqq"), ".empty", false},
		{"queue", at(portal + "/registrations"), "table", true},
		{"queue-approve", func(p person) {
			p.open(portal + "/registrations")
			p.pickRows(w.routed)
			p.doWithPicked("approve")
		}, "input[name=role]", false},
		{"queue-disapproved", at(portal + "/registrations?status=disapproved"), ".empty", false},
		{"invitations", at(portal + "/invitations"), "table", false},
		{"invite", at(portal + "/invitations/new"), "textarea", false},
		{"user", at(portal + "/users/" + w.activeUser), ".facts", false},
		{"user-edit", at(portal + "/users/" + w.activeUser + "/edit"), "input[name=email]", false},
		{"user-new", at(portal + "/users/new"), "input[name=kind]", false},
		{"user-password", at(portal + "/users/" + w.activeUser + "/password"), "button.primary", false},
		{"domains", at(portal + "/domains"), ".code-line", false},
	}
}

func memberLooks(w world) []look {
	portal := w.stack.Portal
	return []look{
		{"profile", at(portal + "/"), "input[name=firstName]", true},
		{"profile-username", at(portal + "/profile/username"), "input[name=username]", false},
		{"profile-email", at(portal + "/profile/email"), "input[name=password]", false},
		{"profile-email-wrong", typed(portal+"/profile/email", "email", address("neu"), "password", "not the password"), ".error-summary", false},
		{"profile-picture", at(portal + "/profile/picture"), ".picture", false},
		{"profile-saved", func(p person) { typed(portal+"/profile", "city", "Bergen")(p) }, ".notice-success", false},
		{"forbidden", at(portal + "/users"), "h1", false},
	}
}
