package main

import (
	"context"
	"net/http"
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

func now() time.Time { return time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC) }

// console returns the console, and the cookie of an agent's session.
func console(t *testing.T) (http.Handler, string) {
	t.Helper()
	agent := membership.User{ID: "u1", CustomerID: membership.ProviderID, Status: membership.Active, Role: membership.Agent, FirstName: "Paul", LastName: "Okonkwo", Email: "paul@nordwind.example"}
	secret := make([]byte, 32)
	store := people{session: membership.NewSession("s1", secret, agent, membership.ConsoleDoor, now()), user: agent}
	h, err := newHandler(door.Door{
		Which: membership.ConsoleDoor, Now: now, NewID: func() string { return "once" }, Cursors: httpapi.NewCursors(make([]byte, 32)),
		Sessions: session.Sessions{Door: membership.ConsoleDoor, Store: store, Now: now},
	}, web.Site{Provider: "Nordwind", DefaultLanguage: "en"}, membership.SubAccounts{}, "https://portal.example", "")
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
