package pages_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// browserless is a signed-in session without a browser, for requests that no page offers.
type browserless struct {
	t      testing.TB
	door   string
	cookie string // "" means nobody
}

func enter(t testing.TB, door, login, password string) browserless {
	t.Helper()
	b := browserless{t: t, door: door}
	w, _ := b.send("POST", "/sign-in", url.Values{"login": {login}, "password": {password}})
	for _, c := range w.Cookies() {
		if c.Name == "__Host-portal" || c.Name == "__Host-console" {
			b.cookie = c.Name + "=" + c.Value
		}
	}
	if b.cookie == "" {
		t.Fatalf("%s does not get in: %d", login, w.StatusCode)
	}
	return b
}

func (b browserless) send(method, path string, form url.Values, headers ...string) (*http.Response, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, b.door+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.door)
	}
	if b.cookie != "" {
		r.Header.Set("Cookie", b.cookie)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	c := client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	w, err := c.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if csp := w.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "; frame-ancestors 'none';") && !strings.HasPrefix(path, "/embed/") {
		b.t.Errorf("%s %s can be shown in a frame: %q", method, path, csp)
	}
	return w, string(body)
}

// peopleRoutes are the routes of door.People below an address; ids are those of a user and of an invitation.
func peopleRoutes(at, user, invitation string) []string {
	return []string{
		"GET " + at + "/users", "POST " + at + "/users/bulk", "GET " + at + "/users/" + user, "GET " + at + "/users/" + user + "/deactivate", "POST " + at + "/users/" + user + "/deactivate",
		"GET " + at + "/users/new", "POST " + at + "/users", "GET " + at + "/users/" + user + "/edit", "POST " + at + "/users/" + user + "/edit", "POST " + at + "/users/" + user + "/withdraw-email",
		"GET " + at + "/users/" + user + "/groups", "POST " + at + "/users/" + user + "/groups", "GET " + at + "/users/" + user + "/invitation",
		"GET " + at + "/users/" + user + "/picture", "POST " + at + "/users/" + user + "/picture/begin", "POST " + at + "/users/" + user + "/picture/remove",
		"GET " + at + "/users/" + user + "/password", "POST " + at + "/users/" + user + "/password", "GET " + at + "/users/" + user + "/suspend", "POST " + at + "/users/" + user + "/suspend",
		"POST " + at + "/users/" + user + "/reactivate", "GET " + at + "/users/" + user + "/remove", "POST " + at + "/users/" + user + "/remove",
		"GET " + at + "/invitations", "GET " + at + "/invitations/new", "POST " + at + "/invitations/new", "POST " + at + "/invitations",
		"POST " + at + "/invitations/resend-expired",
		"POST " + at + "/invitations/" + invitation + "/resend", "GET " + at + "/invitations/" + invitation + "/revoke", "POST " + at + "/invitations/" + invitation + "/revoke",
		"GET " + at + "/invitations/" + invitation + "/delete", "POST " + at + "/invitations/" + invitation + "/delete",
	}
}

// customerRoutes are the console's other routes about one customer.
func customerRoutes(customer, subAccount string) []string {
	at := "/customers/" + customer
	return []string{
		"GET " + at, "GET " + at + "/details", "GET " + at + "/edit", "POST " + at + "/edit", "GET " + at + "/deactivate", "POST " + at + "/deactivate",
		"POST " + at + "/reactivate", "GET " + at + "/delete", "POST " + at + "/delete", "GET " + at + "/subaccounts", "POST " + at + "/subaccounts",
		"GET " + at + "/subaccounts/" + subAccount, "POST " + at + "/subaccounts/" + subAccount, "GET " + at + "/subaccounts/" + subAccount + "/delete",
		"POST " + at + "/subaccounts/" + subAccount + "/delete",
	}
}

// domainRoutes are the routes of door.CustomerDomains below an address.
func domainRoutes(at, domain string) []string {
	return []string{"GET " + at + "/domains", "POST " + at + "/domains", "GET " + at + "/domains/" + domain + "/verify", "POST " + at + "/domains/" + domain + "/verify",
		"GET " + at + "/domains/" + domain + "/remove", "POST " + at + "/domains/" + domain + "/remove"}
}

// closedRoutes are the routes of both doors that need a sign-in but no id.
func closedRoutes() []string {
	return []string{"GET /profile", "POST /profile", "GET /customers", "GET /customers/new", "POST /customers", "GET /users", "GET /users/customers", "POST /users/bulk", "GET /users/bulk",
		"GET /groups", "GET /groups/new", "POST /groups", "GET /exports", "GET /exports/new", "POST /exports", "GET /exports/{exportId}",
		"GET /imports", "GET /imports/new", "GET /imports/sample", "POST /imports", "GET /imports/{importId}", "POST /imports/{importId}/check",
		"POST /imports/{importId}/confirm", "GET /imports/{importId}/drop", "POST /imports/{importId}/drop",
		"GET /profile/username", "POST /profile/username", "GET /profile/email", "POST /profile/email", "GET /profile/picture", "POST /profile/picture/begin",
		"POST /profile/picture/remove", "GET /users/{userId}/avatar",
		"GET /registrations", "GET /registrations/{registrationId}", "GET /registrations/decide", "POST /registrations/decide", "GET /settings", "POST /settings", "GET /settings/embeds"}
}

// groupRoutes are the console's routes about one group.
func groupRoutes(group, customer string) []string {
	at := "/groups/" + group
	return []string{"GET " + at, "GET " + at + "/edit", "POST " + at + "/edit", "POST " + at + "/deactivate", "POST " + at + "/reactivate",
		"GET " + at + "/delete", "POST " + at + "/delete", "POST " + at + "/customers", "POST " + at + "/customers/" + customer + "/remove"}
}

// TestRoutesAreAllAsked: a route that is added to a door must be added to the tables above.
func TestRoutesAreAllAsked(t *testing.T) {
	asked := map[string]bool{}
	for _, route := range slices.Concat(closedRoutes(), customerRoutes("{customerId}", "{subaccountId}"), peopleRoutes("", "{userId}", "{invitationId}"), groupRoutes("{groupId}", "{customerId}"), domainRoutes("", "{domainName}")) {
		asked[route] = true
	}
	open := regexp.MustCompile(`^(GET|POST) (/language|/sign-in|/sign-in/(code|password)|/sign-out|/forgot-password|/reset-password(/set)?|/invitation(/accept|/decline|/declined|/renew)?|/email-change(/confirm)?|/sign-in/link|/guest(/link|/enter|/first-user|/leave)?|/register(/sent)?|/registration(/confirm)?|/embed/(form|registration|sign-in)|/\{\$\}|/staff)$`)
	pattern := regexp.MustCompile(`"((?:GET|POST) (?:"\+p\.At\+")?/[^"]*)"`)
	found := 0
	for _, file := range []string{"shared/door/door.go", "shared/door/people.go", "shared/door/queue.go", "shared/door/domains.go", "shared/door/guest.go", "shared/door/exports.go", "shared/door/imports.go", "functions/console/handler.go", "functions/portal/handler.go", "functions/portal/register.go"} {
		source, err := os.ReadFile(filepath.Join(checkout, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pattern.FindAllStringSubmatch(string(source), -1) {
			found++
			m[1] = strings.Replace(m[1], `"+p.At+"`, "", 1)
			if !asked[m[1]] && !open.MatchString(m[1]) {
				t.Errorf("%s: the route %q is in none of the tables", file, m[1])
			}
		}
	}
	if found < 40 {
		t.Errorf("found only %d routes: has their notation changed?", found)
	}
}

// TestTenancy asks for everything with the ids of another customer: nothing of it may be seen, and nothing may change.
func TestTenancy(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	mine, theirs := api.customer("Mine Ltd", "corporate"), api.customer("Theirs Ltd", "corporate")
	boss, member, agent := address("boss"), address("member"), address("agent")
	api.join(mine, boss, "administrator", "en")
	mineID := api.join(mine, member, "member", "en")
	api.join("provider", agent, "agent", "en")
	victim, invited := address("victim"), address("invited")
	victimID := api.join(theirs, victim, "member", "en")
	invitation := api.invite(theirs, invited, "member", "en")
	sub := api.must(201, "POST", "/customers/"+theirs+"/subaccounts", map[string]string{"name": "Secret depot"})["id"].(string)
	domain := "secret-" + address("d")[2:8] + ".example"
	api.must(201, "POST", "/customers/"+theirs+"/domains", map[string]string{"domain": domain})
	theirSecrets := []string{victim, invited, "Secret depot", "Theirs Ltd"}

	ask := func(who browserless, name string, routes []string, statuses ...int) {
		t.Helper()
		for _, route := range routes {
			method, path, _ := strings.Cut(route, " ")
			w, body := who.send(method, path, url.Values{"version": {"1"}, "emails": {invited}, "role": {"member"}, "name": {"Changed"}, "active": {"false"}})
			allowed := false
			for _, status := range statuses {
				allowed = allowed || w.StatusCode == status
			}
			if !allowed {
				t.Errorf("%s: %s answers %d", name, route, w.StatusCode)
			}
			for _, secret := range theirSecrets {
				if strings.Contains(body, secret) && !(path == "/invitations" && secret == invited) { // there it is what was typed
					t.Errorf("%s: %s shows %q", name, route, secret)
				}
			}
		}
	}
	foreign := []string{}
	for _, route := range peopleRoutes("", victimID, invitation) {
		if strings.Contains(route, victimID) || strings.Contains(route, invitation) {
			foreign = append(foreign, route)
		}
	}
	ask(enter(t, s.Portal, boss, password), "an administrator", append(foreign, "GET /users/"+victimID+"/avatar"), 404)
	ask(enter(t, s.Portal, boss, password), "an administrator", []string{"POST /domains/" + domain + "/verify", "POST /domains/" + domain + "/remove"}, 404)
	ask(enter(t, s.Portal, member, password), "a member", domainRoutes("", domain)[:2], 403)
	ask(enter(t, s.Portal, member, password), "a member", peopleRoutes("", victimID, invitation), 403)
	ask(enter(t, s.Portal, member, password), "a member at their own customer", peopleRoutes("", mineID, invitation), 403)

	// A person who registered with an address of theirs waits with them: nobody else's administrator sees or decides
	// it, nor do people who may not decide at all.
	provenDomain := "proven-" + address("d")[2:8] + ".example"
	proven(t, s, theirs, provenDomain)
	waiter := "rita@" + provenDomain
	settings(api, map[string]any{"selfRegistration": true, "approvers": "customer"}, func() { api.registers(waiter, map[string]string{"firstName": "Rita", "lastName": "Secret"}) })
	waits := registrationOf(t, api, waiter)
	theirSecrets = append(theirSecrets, waiter, "Rita Secret")
	queue := []string{"GET /registrations", "GET /registrations/" + waits, "POST /registrations/decide", "GET /settings", "POST /settings"}
	ask(enter(t, s.Portal, boss, password), "an administrator", queue[1:2], 404)
	ask(enter(t, s.Portal, boss, password), "an administrator at their own queue", queue[:1], 200)
	ask(enter(t, s.Portal, member, password), "a member", queue[:3], 403, 404)
	ask(enter(t, s.Portal, boss, password), "the portal", queue[3:], 404)
	for _, do := range []string{"approve", "disapprove"} {
		w, body := enter(t, s.Portal, boss, password).send("POST", "/registrations/decide", url.Values{"user": {theirs + " " + waits + " x"}, "do": {do}, "role": {"member"}, "sure": {"yes"}, "filled": {"yes"}})
		if w.StatusCode == http.StatusSeeOther || strings.Contains(body, "Rita Secret") {
			t.Errorf("another's administrator decides to %s: %d %s", do, w.StatusCode, body)
		}
	}

	// At the console, a user is found only below their own customer, and the staff below none.
	staff := enter(t, s.Console, s.Admin.Username, s.Admin.Password)
	for _, at := range []string{"/customers/" + mine, "/staff"} {
		var below []string
		for _, route := range peopleRoutes(at, victimID, invitation) {
			if strings.Contains(route, victimID) || strings.Contains(route, invitation) {
				below = append(below, route)
			}
		}
		ask(staff, "staff below "+at, below, 404)
	}
	ask(staff, "staff", append(customerRoutes("provider", sub), peopleRoutes("/customers/provider", victimID, invitation)...), 403, 404)

	// People who are not signed in are sent to the sign-in page, whatever they ask for; so are people who signed in at
	// the other door.
	group := api.must(201, "POST", "/groups", map[string]string{"name": "Secret " + address("group")})["id"].(string)
	everything := slices.Concat(closedRoutes(), customerRoutes(theirs, sub), peopleRoutes("/customers/"+theirs, victimID, invitation), groupRoutes(group, theirs), domainRoutes("/customers/"+theirs, domain))
	ask(browserless{t: t, door: s.Console}, "nobody", everything, 303)
	ask(browserless{t: t, door: s.Console, cookie: strings.Replace(enter(t, s.Portal, boss, password).cookie, "portal", "console", 1)}, "a portal's session", everything, 303)

	// An agent changes neither customers nor users, and does not let colleagues in.
	theirSecrets = nil
	var changes []string
	for _, route := range append(customerRoutes(theirs, sub), "POST /customers/"+theirs+"/users/"+victimID+"/deactivate", "POST /customers/"+theirs+"/users/"+victimID+"/remove",
		"POST /customers/"+theirs+"/domains", "POST /customers/"+theirs+"/domains/"+domain+"/verify", "POST /customers/"+theirs+"/domains/"+domain+"/remove",
		"POST /settings", "POST /customers", "GET /customers/new", "POST /staff/invitations", "GET /staff/invitations/new", "POST /groups", "GET /groups/new", "GET /groups/"+group+"/edit",
		"POST /groups/"+group+"/edit", "POST /groups/"+group+"/delete", "POST /groups/"+group+"/deactivate", "POST /groups/"+group+"/customers", "POST /groups/"+group+"/customers/"+theirs+"/remove") {
		if strings.HasPrefix(route, "POST ") || strings.HasSuffix(route, "/edit") || strings.HasSuffix(route, "/new") || strings.HasSuffix(route, "/delete") || strings.HasSuffix(route, "/deactivate") {
			changes = append(changes, route)
		}
	}
	ask(enter(t, s.Console, agent, password), "an agent", changes, 403)

	if user := api.must(200, "GET", "/users/"+victimID, nil); user["status"] != "active" {
		t.Errorf("the user is %v", user["status"])
	}
	if r := api.must(200, "GET", "/registrations/"+waits, nil); r["status"] != "waiting" {
		t.Errorf("the registration is %v", r["status"])
	}
	if i := api.must(200, "GET", "/invitations/"+invitation, nil); i["status"] != "pending" {
		t.Errorf("the invitation is %v", i["status"])
	}
	if c := api.must(200, "GET", "/customers/"+theirs, nil); c["name"] != "Theirs Ltd" || c["status"] != "active" {
		t.Errorf("the customer is %v", c)
	}
}

// TestOtherSites: a form from another site is refused, whatever it contains.
func TestOtherSites(t *testing.T) {
	s := theStack(t)
	staff := enter(t, s.Console, s.Admin.Username, s.Admin.Password)
	for _, headers := range [][]string{{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, {"Origin", s.Portal}} {
		w, body := staff.send("POST", "/customers", url.Values{"name": {"Smuggled Ltd"}, "type": {"corporate"}}, headers...)
		if w.StatusCode != http.StatusForbidden || !strings.Contains(body, "<html") {
			t.Errorf("%v: %d", headers, w.StatusCode)
		}
	}
	w, _ := staff.send("GET", "/customers", nil)
	for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store"} {
		if got := w.Header.Get(name); !strings.Contains(got, want) {
			t.Errorf("%s is %q", name, got)
		}
	}
}
