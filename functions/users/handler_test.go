package main

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
)

// table is a table in memory. What a test does not expect to be asked is left to the nil interface, which panics.
type table struct {
	membership.UserStore
	mu      sync.Mutex // requests that are refused may leave a read behind (membership.ReadAhead)
	users   map[string]membership.User
	markers map[string]membership.Marker
	asked   membership.UserQuery
	page    membership.Page[membership.UserRow]
}

func (t *table) User(_ context.Context, reach membership.Reach, id string) (membership.User, error) {
	t.mu.Lock()
	u, ok := t.users[id]
	t.mu.Unlock()
	if !ok || !reach.Includes(u.CustomerID) {
		return membership.User{}, membership.ErrNotFound
	}
	return u, nil
}

func (t *table) keep(u membership.User) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.users[u.ID] = u
}

func (t *table) Users(_ context.Context, q membership.UserQuery) (membership.Page[membership.UserRow], error) {
	t.asked = q
	return t.page, nil
}

func (t *table) ChangeUser(_ context.Context, _, after membership.User, _ *membership.InvitationChange, trail membership.Trail) error {
	t.keep(after)
	if trail.Key != nil {
		t.markers[trail.Key.Key] = membership.Marker{BodyHash: trail.Key.BodyHash, IDs: trail.KeyIDs}
	}
	return nil
}

func (t *table) Marker(_ context.Context, key membership.IdempotencyKey) (*membership.Marker, error) {
	m, ok := t.markers[key.Key]
	if !ok {
		return nil, nil
	}
	return &m, nil
}

const (
	staff         = "staff administrator provider u1"
	administrator = "portal administrator c1 u2"
	member        = "portal member c1 u5"
	foreigner     = "portal administrator c2 u9"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// routes returns the routes on a table with user u5 of customer c1.
func routes() (http.Handler, *table) {
	t := &table{
		users: map[string]membership.User{"u5": {
			ID: "u5", CustomerID: "c1", Company: "Sommer GmbH", Status: membership.Active, Role: membership.Member, FirstName: "Ada", LastName: "Lovelace",
			Email: "ada@example.com", Username: "ada@example.com", NotificationsEnabled: true, Comment: "VIP", RegisteredAt: noon, Version: 3,
		}},
		markers: map[string]membership.Marker{},
	}
	return handler{
		users:   membership.Users{Store: t, NewID: func() string { return "id" }},
		gate:    httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: t, Now: func() time.Time { return noon }},
		cursors: httpapi.NewCursors(make([]byte, 32)),
	}.routes(), t
}

func send(t *testing.T, h http.Handler, route, as string, headers ...string) httpapitest.Answer {
	t.Helper()
	return httpapitest.Send(t, h, httpapitest.Event(route, "", append(headers, "Authorization", as)...))
}

func TestList(t *testing.T) {
	h, table := routes()
	table.page = membership.Page[membership.UserRow]{Next: "n", Items: []membership.UserRow{{
		ID: "u5", CustomerID: "c1", Status: membership.Suspended, SuspendedUntil: noon.Add(time.Hour), Role: membership.Member, RegisteredAt: noon,
	}}}
	event := httpapitest.Recorded(t, "testdata/list.json")
	var list api.UserList
	httpapitest.Send(t, h, event).Want(200, "").Into(&list)
	if len(list.Items) != 1 || list.Items[0].SuspendedUntil == nil || list.Items[0].GroupIds == nil || list.Next == nil || list.Prev != nil {
		t.Fatalf("got %+v", list)
	}
	q := table.asked
	if q.CustomerID != "c1" || q.Status != membership.Active || q.Sort != membership.SortEmail || q.Page.Ascending || q.Page.Limit != 2 || !q.Reach.All() {
		t.Errorf("asked %+v", q)
	}
	event.RawQueryString += "&cursor=" + *list.Next
	httpapitest.Send(t, h, event).Want(200, "")
	if table.asked.Page.Position != "n" {
		t.Errorf("asked %+v", table.asked)
	}
	// A cursor is good for its own caller's view only.
	send(t, h, "GET /users?"+event.RawQueryString, administrator).Want(400, "invalid_cursor")

	send(t, h, "GET /users", administrator).Want(200, "")
	if q := table.asked; q.CustomerID != "c1" || q.Reach.All() || q.Sort != membership.SortName || !q.Page.Ascending {
		t.Errorf("an administrator asked %+v", q)
	}
	for query, code := range map[string]string{
		"country=de": "invalid_country", "country=ZZ": "invalid_country", "status=gone": "invalid_choice", "sort=age": "invalid_choice", "order=": "invalid_choice", "role=chief": "invalid_choice", "name=Ada": "unknown_parameter",
		"status=active&status=invited": "repeated_parameter", "limit=ten": "invalid_limit",
	} {
		send(t, h, "GET /users?"+query, staff).Want(400, code)
	}
	for _, route := range []string{"GET /users?customer=c%231", "GET /users?group=..%2Fx", "GET /users?customer=", "GET /users/counts?customer=c%231"} {
		if a := send(t, h, route, staff).Want(400, "invalid_id"); !strings.Contains(a.Body, `"field":"`) {
			t.Errorf("%s: %s", route, a.Body)
		}
	}
	send(t, h, "GET /users?customer=c2", administrator).Want(404, "not_found")
	send(t, h, "GET /users", member).Want(403, "forbidden")
}

func TestGet(t *testing.T) {
	h, _ := routes()
	var u api.User
	a := send(t, h, "GET /users/u5", staff).Want(200, "")
	if a.Into(&u); a.Headers["Etag"] != `"3"` || u.Comment == nil || u.SuspendedUntil != nil || u.GroupIds == nil || u.Company != "Sommer GmbH" {
		t.Errorf("got %v %s", a.Headers, a.Body)
	}
	if send(t, h, "GET /users/u5", member).Want(200, "").Into(&u); u.Email != "ada@example.com" {
		t.Errorf("got %+v", u)
	}
	send(t, h, "GET /users/u5", foreigner).Want(404, "not_found")
	send(t, h, "GET /users/u5", "").Want(401, "sign_in_required")
	send(t, h, "GET /users/u-5", staff).Want(404, "not_found")
}

func TestDeactivateIsRepeatable(t *testing.T) {
	h, _ := routes()
	event := httpapitest.Recorded(t, "testdata/deactivate.json")
	var u api.User
	first := httpapitest.Send(t, h, event).Want(200, "")
	if first.Into(&u); u.Status != api.UserStatusDeactivated || first.Headers["Etag"] != `"4"` {
		t.Errorf("got %v %s", first.Headers, first.Body)
	}
	if again := httpapitest.Send(t, h, event).Want(200, ""); again.Body != first.Body {
		t.Errorf("repeated: %s", again.Body)
	}
	send(t, h, "POST /users/u5/deactivate", staff).Want(409, "impossible_in_status")
	send(t, h, "POST /users/u5/reactivate", staff, "If-Match", `"3"`).Want(412, "changed_meanwhile")
	send(t, h, "POST /users/u5/reactivate", foreigner).Want(404, "not_found")
	send(t, h, "POST /users/u5/reactivate", member).Want(403, "forbidden")
	send(t, h, "POST /users/u5/reactivate", administrator).Want(200, "").Into(&u)
	if u.Status != api.UserStatusActive {
		t.Errorf("got %+v", u)
	}
}

func TestRemove(t *testing.T) {
	h, table := routes()
	send(t, h, "DELETE /users/u5", staff).Want(428, "if_match_required")
	send(t, h, "DELETE /users/u5", staff, "If-Match", `"2"`).Want(412, "changed_meanwhile")
	send(t, h, "DELETE /users/u5", foreigner, "If-Match", `"3"`).Want(404, "not_found")
	if a := send(t, h, "DELETE /users/u5", administrator, "If-Match", `"3"`).Want(204, ""); a.Body != "" {
		t.Errorf("body %q", a.Body)
	}
	if table.users["u5"].Status != membership.Removed {
		t.Errorf("left %+v", table.users["u5"])
	}
}

func TestOwnAccount(t *testing.T) {
	h, _ := routes()
	send(t, h, "POST /users/u5/deactivate", "portal administrator c1 u5").Want(409, "own_account")
}
