package main

import (
	"cmp"
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"clientele/shared/door"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
	"clientele/shared/session"
	"clientele/shared/web"
)

// people is the table as far as sessions go: one signed-in member of the staff. What a test does not expect to be asked
// is left to the nil interface, which panics.
type people struct {
	session.Store
	session membership.Session
	user    membership.User
}

func (p people) Access(_ context.Context, customerID, userID, sessionID string) (membership.Access, error) {
	if customerID != p.user.CustomerID || userID != p.user.ID || sessionID != p.session.ID {
		return membership.Access{}, nil
	}
	provider := membership.Provider("Nordwind", "en", p.session.CreatedAt)
	return membership.Access{User: p.user, Customer: provider, Session: &p.session}, nil
}

// records is the table as far as forms for changes go: one record of each kind, which nobody changes here.
type records struct {
	membership.CustomerStore
	groups
	subAccounts
	customer   membership.Customer
	group      membership.Group
	subAccount membership.SubAccount
	settings   membership.Settings
}

// What the others ask of customers is what customers ask themselves.
type (
	groups      interface{ membership.GroupStore }
	subAccounts interface{ membership.SubAccountStore }
)

func (r *records) Marker(context.Context, membership.IdempotencyKey) (*membership.Marker, error) {
	return nil, nil
}

func (r *records) Customer(context.Context, membership.Reach, string) (membership.Customer, error) {
	return r.customer, nil
}

func (r *records) ChangeCustomer(context.Context, membership.Customer, membership.Customer, membership.Trail) error {
	return membership.ErrStale
}

func (r *records) Group(context.Context, membership.Reach, string) (membership.Group, error) {
	return r.group, nil
}

func (r *records) SubAccounts(context.Context, membership.Reach, string) ([]membership.SubAccount, error) {
	return []membership.SubAccount{r.subAccount}, nil
}

func (r *records) SubAccount(context.Context, membership.Reach, string, string) (membership.SubAccount, error) {
	return r.subAccount, nil
}

func (r *records) Settings(context.Context) (membership.Settings, error) { return r.settings, nil }

func (r *records) ChangeSettings(context.Context, membership.Settings, membership.Settings, membership.Trail) error {
	return membership.ErrStale
}

func now() time.Time { return time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC) }

// console returns the console, and the cookie of an agent's session.
func console(t *testing.T) (http.Handler, string) {
	t.Helper()
	return consoleOf(t, membership.Agent, &records{})
}

// consoleOf returns the console with these records, and the cookie of a session of somebody with this role.
func consoleOf(t *testing.T, role membership.Role, all *records) (http.Handler, string) {
	t.Helper()
	user := membership.User{ID: "u1", CustomerID: membership.ProviderID, Status: membership.Active, Role: role, FirstName: "Paul", LastName: "Okonkwo", Email: "paul@nordwind.example"}
	secret := make([]byte, 32)
	store := people{session: membership.NewSession("s1", secret, user, membership.ConsoleDoor, now()), user: user}
	h, err := newHandler(door.Door{
		Which: membership.ConsoleDoor, Now: now, NewID: func() string { return "once" }, Cursors: httpapi.NewCursors(make([]byte, 32)), Markers: all,
		Customers: membership.Customers{Store: all}, Groups: membership.Groups{Store: all}, Settings: membership.SettingsUse{Store: all},
		Sessions: session.Sessions{Door: membership.ConsoleDoor, Store: store, Now: now},
	}, web.Site{Provider: "Nordwind", DefaultLanguage: "en"}, membership.SubAccounts{Store: all}, "https://portal.example", "")
	if err != nil {
		t.Fatal(err)
	}
	return h, "__Host-console=provider.u1.s1." + strings.Repeat("A", 43)
}

func TestSignInPage(t *testing.T) {
	h, _ := console(t)
	event := httpapitest.Recorded(t, "testdata/sign-in.json")
	event.Headers["accept-encoding"] = "identity"
	a := httpapitest.Send(t, h, event)
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Body, "Anmelden") || !strings.Contains(a.Body, `name="next" value="/customers"`) {
		t.Errorf("%d %s", a.StatusCode, a.Body)
	}
	if !strings.Contains(a.Headers["Content-Security-Policy"], "default-src 'none'") || a.Headers["Strict-Transport-Security"] == "" {
		t.Errorf("headers %v", a.Headers)
	}
}

func TestNobodyIsAskedToSignIn(t *testing.T) {
	h, _ := console(t)
	for route, want := range map[string]string{
		"GET /customers?q=nord":                    "/sign-in?next=%2Fcustomers%3Fq%3Dnord",
		"GET /customers/c1/users":                  "/sign-in?next=%2Fcustomers%2Fc1%2Fusers",
		"POST /customers":                          "/sign-in",
		"POST /customers/c1/users/u1/remove":       "/sign-in",
		"GET /staff/users":                         "/sign-in?next=%2Fstaff%2Fusers",
		"POST /customers/c1/subaccounts/s1":        "/sign-in",
		"POST /staff/invitations/i1/revoke":        "/sign-in",
		"GET /customers/c1/invitations/new":        "/sign-in?next=%2Fcustomers%2Fc1%2Finvitations%2Fnew",
		"POST /customers/c1/invitations/i1/delete": "/sign-in",
	} {
		a := httpapitest.Send(t, h, page(route, ""))
		if a.StatusCode != http.StatusSeeOther || a.Headers["Location"] != want {
			t.Errorf("%s: %d to %q", route, a.StatusCode, a.Headers["Location"])
		}
	}
}

// What an agent may not do is refused before anything is asked of the table, and is not offered either.
func TestAgent(t *testing.T) {
	h, cookie := console(t)
	for _, route := range []string{"GET /customers/new", "POST /customers", "POST /customers/c1/deactivate", "POST /customers/c1/subaccounts"} {
		a := httpapitest.Send(t, h, page(route, cookie))
		if a.StatusCode != http.StatusForbidden || !strings.Contains(a.Body, "You may not do this") || !strings.Contains(a.Body, "Paul Okonkwo") {
			t.Errorf("%s: %d %s", route, a.StatusCode, a.Body)
		}
	}
}

// Whoever comes second with a form is told what somebody else has changed since it was opened, and nothing of what only
// they changed themselves. What they did not touch is not put back.
func TestTwoEditors(t *testing.T) {
	all := &records{
		customer:   membership.Customer{ID: "c1", Type: membership.Corporate, Name: "Fjordfisk AS", City: "Bergen", Version: 1},
		group:      membership.Group{ID: "g1", Name: "Key accounts", Description: "Ask first.", Active: true, Version: 1},
		subAccount: membership.SubAccount{ID: "s1", CustomerID: "c1", Name: "Depot", Active: true, Version: 1},
		settings:   membership.DefaultSettings(),
	}
	h, cookie := consoleOf(t, membership.Administrator, all)
	for address, edit := range map[string]struct {
		typed map[string]string
		other func() // changes what is stored
		told  []string
		holds map[string]string // the form afterwards
	}{
		"/customers/c1/edit": {map[string]string{"name": "Fjordfisk ASA"}, func() { all.customer.City, all.customer.Version = "Oslo", 2 },
			[]string{"City: Somebody changed this to what stands here now."}, map[string]string{"name": "Fjordfisk ASA", "city": "Oslo", "version": "2"}},
		"/groups/g1/edit": {map[string]string{"name": "Large accounts"}, func() { all.group.Description, all.group.Version = "Ask twice.", 2 },
			[]string{"Description: Somebody changed this to what stands here now."}, map[string]string{"name": "Large accounts", "version": "2"}},
		"/customers/c1/subaccounts/s1": {map[string]string{"name": "Depot South"}, func() { all.subAccount.Name, all.subAccount.Version = "Depot North", 2 },
			[]string{"Name: Somebody changed this to “Depot North”."}, map[string]string{"name": "Depot South", "version": "2"}},
		"/settings": {map[string]string{"disapprovalReason": "Unknown to us.", "approvers": "customer", "rule-city": "mandatory", "rule-phone": "off"}, func() {
			all.settings.ReminderHours, all.settings.Approvers, all.settings.SelfRegistration, all.settings.Version = 12, membership.ApproversCustomer, true, 2
			all.settings.RegistrationFields.City, all.settings.RegistrationFields.Street = membership.FieldOptional, membership.FieldMandatory
		}, []string{"Reminder after hours: Somebody changed this to what stands here now.", "People can register themselves: Somebody changed this to what stands here now.",
			"City: Somebody changed this to “Optional”.", "Street: Somebody changed this to what stands here now."},
			map[string]string{"reminderHours": "12", "selfRegistration": "on", "approvers": "customer", "rule-city": "mandatory", "rule-street": "mandatory", "rule-phone": "off", "version": "2"}},
	} {
		form := fields(httpapitest.Send(t, h, uncompressed(page("GET "+address, cookie))).Body)
		for name, value := range edit.typed {
			form.Set(name, value)
		}
		edit.other()
		event := uncompressed(page("POST "+address, cookie))
		event.Body = form.Encode()
		a := httpapitest.Send(t, h, event)
		if a.StatusCode != http.StatusPreconditionFailed {
			t.Errorf("%s: %d %s", address, a.StatusCode, a.Body)
			continue
		}
		summary := html.UnescapeString(tags.ReplaceAllString(between(a.Body, `class="error-summary"`, "</ul>"), ""))
		for _, told := range edit.told {
			if !strings.Contains(summary, told) {
				t.Errorf("%s: does not tell %q: %s", address, told, summary)
			}
		}
		if n := strings.Count(summary, "Somebody changed this"); n != 1+len(edit.told) { // and that it was changed at all
			t.Errorf("%s: tells of %d changes: %s", address, n-1, summary)
		}
		again := fields(a.Body)
		for name, value := range edit.holds {
			if again.Get(name) != value {
				t.Errorf("%s: %s became %q", address, name, again.Get(name))
			}
		}
	}
}

var (
	tags  = regexp.MustCompile(`<[^>]*>`)
	input = regexp.MustCompile(`<input [^>]*>|<textarea [^>]*>[^<]*</textarea>|<select [^>]*name="([^"]*)"|<option [^>]*selected[^>]*>`)
	named = regexp.MustCompile(` (name|value|type)="([^"]*)"`)
)

// fields are what a browser would send of the form on a page.
func fields(body string) url.Values {
	all, choice := url.Values{}, ""
	for _, element := range input.FindAllStringSubmatch(between(body, "<main", "</main>"), -1) {
		is := map[string]string{}
		for _, m := range named.FindAllStringSubmatch(element[0], -1) {
			is[m[1]] = html.UnescapeString(m[2])
		}
		switch {
		case strings.HasPrefix(element[0], "<select"):
			choice = element[1]
		case strings.HasPrefix(element[0], "<option"):
			all.Set(choice, is["value"])
		case strings.HasPrefix(element[0], "<textarea"):
			all.Set(is["name"], html.UnescapeString(strings.TrimPrefix(between(element[0], ">", "</textarea>"), ">")))
		case is["type"] == "checkbox" || is["type"] == "radio":
			if strings.Contains(element[0], " checked") {
				all.Set(is["name"], cmp.Or(is["value"], "on"))
			}
		default:
			all.Set(is["name"], is["value"])
		}
	}
	return all
}

// between returns a text from one mark to the next one behind it.
func between(text, from, to string) string {
	_, rest, _ := strings.Cut(text, from)
	part, _, _ := strings.Cut(rest, to)
	return part
}

// uncompressed asks for an answer that is not compressed.
func uncompressed(e events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPRequest {
	e.Headers["accept-encoding"] = "identity"
	return e
}

func TestUnknownAddresses(t *testing.T) {
	h, cookie := console(t)
	for _, route := range []string{"GET /nowhere", "GET /customers/provider/users", "GET /customers/provider", "GET /customers/" + strings.Repeat("x", 70)} {
		a := httpapitest.Send(t, h, page(route, cookie))
		if a.StatusCode != http.StatusNotFound || !strings.Contains(a.Body, "Not found") {
			t.Errorf("%s: %d %s", route, a.StatusCode, a.Body)
		}
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	h, cookie := console(t)
	event := page("POST /customers", cookie)
	event.Headers["origin"] = "https://evil.example"
	if a := httpapitest.Send(t, h, event); a.StatusCode != http.StatusForbidden || !strings.Contains(a.Body, "another site") {
		t.Errorf("%d %s", a.StatusCode, a.Body)
	}
}

// page is a browser's request.
func page(route, cookie string) events.APIGatewayV2HTTPRequest {
	e := httpapitest.Event(route, "")
	e.Headers["content-type"] = "application/x-www-form-urlencoded"
	if cookie != "" {
		e.Cookies = []string{cookie}
	}
	return e
}
