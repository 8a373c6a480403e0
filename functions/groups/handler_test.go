package main

import (
	"context"
	"net/http"
	"strconv"
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
	membership.GroupStore
	mu        sync.Mutex // requests that are refused may leave a read behind (membership.ReadAhead)
	groups    map[string]membership.Group
	users     map[string]membership.User
	customers map[string]membership.Customer
	markers   map[string]membership.Marker
	asked     membership.GroupQuery
	page      membership.Page[membership.Group]
}

func (t *table) User(_ context.Context, reach membership.Reach, id string) (membership.User, error) {
	t.mu.Lock()
	u, ok := t.users[id]
	t.mu.Unlock()
	if !ok || !reach.Includes(u.CustomerID) {
		return u, membership.ErrNotFound
	}
	return u, nil
}

func (t *table) Customer(_ context.Context, reach membership.Reach, id string) (membership.Customer, error) {
	t.mu.Lock()
	c, ok := t.customers[id]
	t.mu.Unlock()
	if !ok || !reach.Includes(id) {
		return c, membership.ErrNotFound
	}
	return c, nil
}

func (t *table) Group(_ context.Context, reach membership.Reach, id string) (membership.Group, error) {
	g, ok := t.groups[id]
	if !ok || !reach.All() {
		return g, membership.ErrNotFound
	}
	return g, nil
}

func (t *table) Groups(_ context.Context, q membership.GroupQuery) (membership.Page[membership.Group], error) {
	t.asked = q
	return t.page, nil
}

func (t *table) GroupsOf(_ context.Context, _ membership.Reach, ids []string) ([]membership.Group, error) {
	var groups []membership.Group
	for _, id := range ids {
		if g, ok := t.groups[id]; ok {
			groups = append(groups, g)
		}
	}
	return groups, nil
}

func (t *table) GroupCustomers(_ context.Context, _ membership.Reach, id string, _ membership.PageRequest) (membership.Page[membership.Customer], error) {
	if _, ok := t.groups[id]; !ok {
		return membership.Page[membership.Customer]{}, membership.ErrNotFound
	}
	return membership.Page[membership.Customer]{Items: []membership.Customer{t.customers["c1"]}, Next: "n"}, nil
}

func (t *table) CreateGroup(_ context.Context, g membership.Group, trail membership.Trail) error {
	t.groups[g.ID] = g
	if trail.Key != nil {
		t.markers[trail.Key.Key] = membership.Marker{BodyHash: trail.Key.BodyHash, IDs: trail.KeyIDs}
	}
	return nil
}

func (t *table) ChangeGroup(_ context.Context, _, after membership.Group, _ membership.Trail) error {
	t.groups[after.ID] = after
	return nil
}

func (t *table) DeleteGroup(_ context.Context, g membership.Group, _ membership.Trail) error {
	if g.Members != (membership.GroupMembers{}) {
		return membership.ErrGroupNotEmpty
	}
	delete(t.groups, g.ID)
	return nil
}

func (t *table) ChangeUser(_ context.Context, _, after membership.User, _ *membership.InvitationChange, _ membership.Trail) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.users[after.ID] = after
	return nil
}

func (t *table) ChangeCustomer(_ context.Context, _, after membership.Customer, _ membership.Trail) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.customers[after.ID] = after
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
	staff = "staff administrator provider u1"
	agent = "staff agent provider u2"
	boss  = "portal administrator c1 u3"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// routes returns the routes on a table with the groups g1, which has members, g2, which has none, and g3, which is
// inactive.
func routes() (http.Handler, *table) {
	group := func(id, name string, active bool) membership.Group {
		return membership.Group{ID: id, Name: name, Active: active, CreatedAt: noon, Version: 3}
	}
	t := &table{
		groups:    map[string]membership.Group{"g1": group("g1", "Key accounts", true), "g2": group("g2", "Beta testers", true), "g3": group("g3", "Old", false)},
		users:     map[string]membership.User{"u9": {ID: "u9", CustomerID: "c1", Status: membership.Active, Version: 1}, "u1": {ID: "u1", CustomerID: "provider", Status: membership.Active, Version: 1}},
		customers: map[string]membership.Customer{"c1": {ID: "c1", Name: "Sommer GmbH", Type: membership.Corporate, Status: membership.CustomerActive, CreatedAt: noon, Version: 1}},
		markers:   map[string]membership.Marker{},
	}
	full := t.groups["g1"]
	full.Members = membership.GroupMembers{Users: 2, Customers: 1}
	t.groups["g1"] = full
	n := 0
	return handler{
		groups:  membership.Groups{Store: t, NewID: func() string { n++; return "id-" + strconv.Itoa(n) }},
		gate:    httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: t, Now: func() time.Time { return noon }},
		cursors: httpapi.NewCursors(make([]byte, 32)),
	}.routes(), t
}

func send(t *testing.T, h http.Handler, route, as, body string, headers ...string) httpapitest.Answer {
	t.Helper()
	return httpapitest.Send(t, h, httpapitest.Event(route, body, append(headers, "Authorization", as)...))
}

func TestCreate(t *testing.T) {
	h, _ := routes()
	event := httpapitest.Recorded(t, "testdata/create.json")
	first := httpapitest.Send(t, h, event).Want(201, "")
	var g api.Group
	first.Into(&g)
	if g.Name != "Carriers" || g.Description != "They may book themselves." || !g.Active || g.Members != (api.GroupMembers{}) || g.Version != 1 {
		t.Errorf("made %+v", g)
	}
	if first.Headers["Location"] != "/groups/"+g.ID || first.Headers["Etag"] != `"1"` {
		t.Errorf("headers %v", first.Headers)
	}
	if again := httpapitest.Send(t, h, event).Want(201, ""); again.Body != first.Body {
		t.Errorf("repeated:\n%s\n%s", again.Body, first.Body)
	}
	event.Body = strings.Replace(event.Body, "Carriers", "Shippers", 1)
	httpapitest.Send(t, h, event).Want(422, "idempotency_key_reused")
}

func TestGet(t *testing.T) {
	h, _ := routes()
	for _, as := range []string{staff, agent} {
		var g api.Group
		a := send(t, h, "GET /groups/g1", as, "").Want(200, "")
		if a.Into(&g); g.Members != (api.GroupMembers{Users: 2, Customers: 1}) || a.Headers["Etag"] != `"3"` {
			t.Errorf("%s sees %s", as, a.Body)
		}
	}
}

func TestList(t *testing.T) {
	h, table := routes()
	table.page = membership.Page[membership.Group]{Items: []membership.Group{table.groups["g1"]}, Next: "n", Prev: "p"}
	var list api.GroupList
	send(t, h, "GET /groups?active=true&limit=1", agent, "").Want(200, "").Into(&list)
	if len(list.Items) != 1 || list.Items[0].Members.Users != 2 || list.Next == nil || list.Prev == nil {
		t.Fatalf("got %+v", list)
	}
	if q := table.asked; q.Active == nil || !*q.Active || !q.Page.Ascending || q.Page.Limit != 1 || !q.Reach.All() {
		t.Errorf("asked %+v", q)
	}
	send(t, h, "GET /groups?active=true&cursor="+*list.Next, agent, "").Want(200, "")
	if p := table.asked.Page; p.Position != "n" || p.Backward {
		t.Errorf("asked %+v", p)
	}
	send(t, h, "GET /groups?active=false&cursor="+*list.Next, agent, "").Want(400, "invalid_cursor") // of another query
	send(t, h, "GET /groups?active=false", agent, "").Want(200, "")
	if q := table.asked; q.Active == nil || *q.Active {
		t.Errorf("asked %+v", q)
	}
	send(t, h, "GET /groups", agent, "").Want(200, "")
	if table.asked.Active != nil {
		t.Errorf("asked %+v", table.asked)
	}
	for query, code := range map[string]string{
		"active=yes": "invalid_choice", "active=": "invalid_choice", "limit=0": "invalid_limit", "cursor=x": "invalid_cursor", "sort=name": "unknown_parameter",
	} {
		send(t, h, "GET /groups?"+query, staff, "").Want(400, code)
	}
	table.page = membership.Page[membership.Group]{}
	if a := send(t, h, "GET /groups", staff, "").Want(200, ""); a.Body != `{"items":[],"next":null,"prev":null}` {
		t.Errorf("none: %s", a.Body)
	}
}

func TestChange(t *testing.T) {
	h, _ := routes()
	var g api.Group
	send(t, h, "PATCH /groups/g1", staff, `{"active":false}`, "If-Match", `"3"`).Want(200, "").Into(&g)
	if g.Active || g.Name != "Key accounts" || g.Version != 4 {
		t.Errorf("got %+v", g)
	}
	send(t, h, "PATCH /groups/g1", staff, `{"name":"VIPs","description":"Ask first.","active":true}`, "If-Match", `"4"`).Want(200, "").Into(&g)
	if !g.Active || g.Name != "VIPs" || g.Description != "Ask first." || g.Version != 5 {
		t.Errorf("got %+v", g)
	}
}

func TestDeleteSaysHowManyMembersThereAre(t *testing.T) {
	h, table := routes()
	if a := send(t, h, "DELETE /groups/g1", staff, "", "If-Match", `"3"`).Want(409, "group_not_empty"); !strings.Contains(a.Body, "2 users and 1 customer.") {
		t.Errorf("got %s", a.Body)
	}
	send(t, h, "DELETE /groups/g2", staff, "", "If-Match", `"3"`).Want(204, "")
	if _, there := table.groups["g2"]; there {
		t.Error("nothing was deleted")
	}
}

func TestMembers(t *testing.T) {
	h, table := routes()
	for range 2 { // again says the same
		send(t, h, "PUT /groups/g2/users/u9", staff, "").Want(204, "")
		send(t, h, "PUT /groups/g2/customers/c1", staff, "").Want(204, "")
	}
	if u := table.users["u9"]; len(u.GroupIDs) != 1 || u.Group != "Beta testers" || u.Version != 2 {
		t.Errorf("user %+v", u)
	}
	if c := table.customers["c1"]; len(c.GroupIDs) != 1 || c.Version != 2 {
		t.Errorf("customer %+v", c)
	}
	var list api.CustomerList
	send(t, h, "GET /groups/g2/customers?limit=1", agent, "").Want(200, "").Into(&list)
	if len(list.Items) != 1 || list.Items[0].Name != "Sommer GmbH" || list.Next == nil {
		t.Errorf("listed %+v", list)
	}
	send(t, h, "GET /groups/g1/customers?cursor="+*list.Next, agent, "").Want(400, "invalid_cursor") // of another group
	for range 2 {
		send(t, h, "DELETE /groups/g2/users/u9", staff, "").Want(204, "")
		send(t, h, "DELETE /groups/g2/customers/c1", staff, "").Want(204, "")
	}
	if u, c := table.users["u9"], table.customers["c1"]; len(u.GroupIDs)+len(c.GroupIDs) != 0 || u.Group != "" || u.Version != 3 || c.Version != 3 {
		t.Errorf("left %+v %+v", u, c)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		route, as, body string
		status          int
		code            string
	}{
		{"POST /groups", staff, `{"name":"A"`, 400, "invalid_body"},
		{"POST /groups", staff, `{"name":"A","colour":"red"}`, 400, "unknown_field"},
		{"POST /groups", staff, `{}`, 400, "required"},
		{"POST /groups", staff, `{"name":"A","active":"yes"}`, 400, "wrong_type"},
		{"POST /groups", staff, `{"name":"` + strings.Repeat("A", 101) + `"}`, 400, "too_long"},
		{"POST /groups", staff, `{"name":"A","description":"a\u202eb"}`, 400, "invalid_text"},
		{"POST /groups", agent, `{"name":"A"}`, 403, "forbidden"},
		{"POST /groups", boss, `{"name":"A"}`, 403, "forbidden"},
		{"POST /groups", "", `{"name":"A"}`, 401, "sign_in_required"},
		{"GET /groups", boss, "", 403, "forbidden"},
		{"GET /groups/g1", boss, "", 404, "not_found"},
		{"GET /groups/g1/customers", boss, "", 404, "not_found"},
		{"PUT /groups/g1/users/u9", boss, "", 404, "not_found"},
		{"DELETE /groups/g1/users/u9", boss, "", 404, "not_found"},
		{"PUT /groups/g1/customers/c1", boss, "", 404, "not_found"},
		{"DELETE /groups/g1/customers/c1", boss, "", 404, "not_found"},
		{"PUT /groups/g1/users/u9", agent, "", 403, "forbidden"},
		{"DELETE /groups/g1/customers/c1", agent, "", 403, "forbidden"},
		{"GET /groups/g9", staff, "", 404, "not_found"},
		{"GET /groups/g9/customers", staff, "", 404, "not_found"},
		{"PUT /groups/g9/users/u9", staff, "", 404, "not_found"},
		{"PUT /groups/g1/users/u8", staff, "", 404, "not_found"},
		{"PUT /groups/g1/customers/c8", staff, "", 404, "not_found"},
		{"PUT /groups/g3/users/u9", staff, "", 409, "group_gone"},
		{"PUT /groups/g3/customers/c1", staff, "", 409, "group_gone"},
		{"PUT /groups/g1/users/u1", staff, "", 409, "staff_have_no_groups"},
		{"GET /groups/g1%23USER", staff, "", 404, "not_found"},
		{"GET /groups/" + strings.Repeat("g", 3000), staff, "", 404, "not_found"},
		{"PUT /groups/g1", staff, "{}", 405, "method_not_allowed"},
		{"GET /groups/g1/users", staff, "", 404, "no_such_route"},
	} {
		h, _ := routes()
		t.Run(c.route[:min(len(c.route), 40)]+" "+c.code, func(t *testing.T) { send(t, h, c.route, c.as, c.body).Want(c.status, c.code) })
	}
	for _, route := range []string{"PATCH /groups/g1", "DELETE /groups/g2"} {
		h, _ := routes()
		body := ""
		if strings.HasPrefix(route, "PATCH") {
			body = `{"name":"Neu"}`
		}
		send(t, h, route, staff, body).Want(428, "if_match_required")
		send(t, h, route, staff, body, "If-Match", `"1"`).Want(412, "changed_meanwhile")
		send(t, h, route, staff, body, "If-Match", "3").Want(400, "invalid_if_match")
		send(t, h, route, agent, body, "If-Match", `"3"`).Want(403, "forbidden")
		send(t, h, route, boss, body, "If-Match", `"3"`).Want(404, "not_found")
		send(t, h, route, "", body, "If-Match", `"3"`).Want(401, "sign_in_required")
	}
}
