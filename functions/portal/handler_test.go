package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"clientele/shared/door"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
	"clientele/shared/session"
	"clientele/shared/web"
)

// people is the table as far as sessions go: one signed-in user. What a test does not expect to be asked is left to the
// nil interface, which panics.
type people struct {
	session.Store
	session membership.Session
	user    membership.User
}

func (p people) Access(context.Context, string, string, string) (membership.Access, error) {
	customer := membership.Customer{ID: "c1", Name: "Fjordfisk AS", Type: membership.Corporate, Status: membership.CustomerActive, PortalAccess: true}
	return membership.Access{User: p.user, Customer: customer, Session: &p.session}, nil
}

func now() time.Time { return time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC) }

// send asks the portal as a user with this role; "" is nobody.
func send(t *testing.T, role membership.Role, route string) httpapitest.Answer {
	t.Helper()
	return sendAs(t, somebody(role), membership.Profile{}, route)
}

func somebody(role membership.Role) membership.User {
	return membership.User{ID: "u1", CustomerID: "c1", Status: membership.Active, Role: role, FirstName: "Maja", LastName: "Grønbech", Email: "maja@fjordfisk.example"}
}

// sendAs asks the portal as a user whose own record is read by profile.
func sendAs(t *testing.T, user membership.User, profile membership.Profile, route string) httpapitest.Answer {
	t.Helper()
	store := people{session: membership.NewSession("s1", make([]byte, 32), user, membership.PortalDoor, now()), user: user}
	h, err := newHandler(door.Door{
		Which: membership.PortalDoor, Profile: profile, Now: now, NewID: func() string { return "once" }, Cursors: httpapi.NewCursors(make([]byte, 32)),
		Sessions: session.Sessions{Door: membership.PortalDoor, Store: store, Now: now}, Registrations: membership.Registrations{Store: &desk{}},
	}, web.Site{Provider: "Nordwind", DefaultLanguage: "en"}, membership.Guests{}, "")
	if err != nil {
		t.Fatal(err)
	}
	event := httpapitest.Event(route, "")
	if strings.HasSuffix(route, ".json") {
		event = httpapitest.Recorded(t, route)
		event.Headers["accept-encoding"] = "identity"
	}
	if user.Role != "" {
		event.Cookies = []string{"__Host-portal=c1.u1.s1." + strings.Repeat("A", 43)}
	}
	return httpapitest.Send(t, h, event)
}

// A mailed link opens a page that says nothing and asks nothing: its token stays in the browser until it is posted.
func TestOpeningALink(t *testing.T) {
	a := send(t, "", "testdata/invitation.json")
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Body, "data-token-form") || !strings.Contains(a.Body, "Ihre Einladung") {
		t.Errorf("%d %s", a.StatusCode, a.Body)
	}
}

func TestHome(t *testing.T) {
	for role, want := range map[membership.Role]string{"": "/sign-in", membership.Member: "/profile", membership.Moderator: "/users", membership.Administrator: "/users"} {
		if a := send(t, role, "GET /"); a.StatusCode != http.StatusSeeOther || a.Headers["Location"] != want {
			t.Errorf("%q: %d to %q", role, a.StatusCode, a.Headers["Location"])
		}
	}
}

// A member has no people pages; nothing is asked of the table for them.
func TestMemberSeesNoPeople(t *testing.T) {
	for _, route := range []string{"GET /users", "GET /users/u2", "POST /users/u2/remove", "GET /invitations", "POST /invitations", "POST /invitations/i1/resend"} {
		a := send(t, membership.Member, route)
		if a.StatusCode != http.StatusForbidden || strings.Contains(a.Body, `href="/invitations"`) {
			t.Errorf("%s: %d %s", route, a.StatusCode, a.Body)
		}
	}
}

func TestNoConsoleHere(t *testing.T) {
	for _, route := range []string{"GET /customers", "GET /staff/users", "GET /nowhere"} {
		if a := send(t, membership.Administrator, route); a.StatusCode != http.StatusNotFound || !strings.Contains(a.Body, "Not found") {
			t.Errorf("%s: %d", route, a.StatusCode)
		}
	}
}

// record is the table as far as one's own record goes.
type record struct {
	membership.UserStore
	user membership.User
}

func (r record) User(context.Context, membership.Reach, string) (membership.User, error) {
	return r.user, nil
}

// Who comes from a directory sees the own record, and no way to change it here.
func TestProfileFromADirectory(t *testing.T) {
	for source, form := range map[string]bool{"": true, membership.SourceDirectory: false} {
		user := somebody(membership.Member)
		user.Source = source
		a := sendAs(t, user, membership.Profile{Store: record{user: user}}, "GET /profile")
		if a.StatusCode != http.StatusOK || !strings.Contains(a.Body, `value="Grønbech"`) {
			t.Fatalf("%q: %d %s", source, a.StatusCode, a.Body)
		}
		for _, way := range []string{`href="/profile/email"`, `href="/profile/username"`, `href="/profile/picture"`, `>Save</button>`} {
			if strings.Contains(a.Body, way) != form {
				t.Errorf("%q: %s is there: %v", source, way, !form)
			}
		}
		if strings.Contains(a.Body, "<fieldset class=\"field\" disabled>") == form {
			t.Errorf("%q: the fields can be changed: %v", source, !form)
		}
	}
}

// A panic is a page that says how to ask for help, and costs its own request only.
func TestPanic(t *testing.T) {
	a := send(t, membership.Member, "GET /profile") // there is no table to read it from
	if a.StatusCode != http.StatusInternalServerError || !strings.Contains(a.Body, "Something went wrong") || !strings.Contains(a.Body, "JKJaXmPLvHcESHA=") {
		t.Errorf("%d %s", a.StatusCode, a.Body)
	}
}
