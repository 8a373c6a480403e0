package main

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
)

// table is a table in memory. What a test does not expect to be asked is left to the nil interfaces, which panic.
type table struct {
	membership.CustomerStore
	customers   map[string]membership.Customer
	subaccounts map[string]membership.SubAccount
	markers     map[string]membership.Marker
	asked       membership.CustomerQuery
	page        membership.Page[membership.Customer]
}

func (t *table) Customer(_ context.Context, reach membership.Reach, id string) (membership.Customer, error) {
	c, ok := t.customers[id]
	if !ok || !reach.Includes(id) {
		return c, membership.ErrNotFound
	}
	return c, nil
}

func (t *table) Customers(_ context.Context, q membership.CustomerQuery) (membership.Page[membership.Customer], error) {
	t.asked = q
	return t.page, nil
}

func (t *table) CreateCustomer(_ context.Context, c membership.Customer, trail membership.Trail) error {
	t.customers[c.ID] = c
	if trail.Key != nil {
		t.markers[trail.Key.Key] = membership.Marker{BodyHash: trail.Key.BodyHash, IDs: trail.KeyIDs}
	}
	return nil
}

func (t *table) ChangeCustomer(_ context.Context, _, after membership.Customer, _ membership.Trail) error {
	t.customers[after.ID] = after
	return nil
}

func (t *table) DeleteCustomer(_ context.Context, c membership.Customer, _ membership.Trail) error {
	delete(t.customers, c.ID)
	return nil
}

func (t *table) SubAccounts(_ context.Context, _ membership.Reach, customerID string) ([]membership.SubAccount, error) {
	if _, there := t.customers[customerID]; !there {
		return nil, membership.ErrNotFound
	}
	var all []membership.SubAccount
	for _, s := range t.subaccounts {
		if s.CustomerID == customerID {
			all = append(all, s)
		}
	}
	return all, nil
}

func (t *table) SubAccount(_ context.Context, _ membership.Reach, customerID, id string) (membership.SubAccount, error) {
	s, ok := t.subaccounts[id]
	if !ok || s.CustomerID != customerID {
		return s, membership.ErrNotFound
	}
	return s, nil
}

func (t *table) CreateSubAccount(_ context.Context, s membership.SubAccount, _ membership.Trail) error {
	t.subaccounts[s.ID] = s
	return nil
}

func (t *table) ChangeSubAccount(_ context.Context, _, after membership.SubAccount, _ membership.Trail) error {
	t.subaccounts[after.ID] = after
	return nil
}

func (t *table) DeleteSubAccount(_ context.Context, s membership.SubAccount, _ membership.Trail) error {
	delete(t.subaccounts, s.ID)
	return nil
}

func (t *table) Marker(_ context.Context, key membership.IdempotencyKey) (*membership.Marker, error) {
	m, ok := t.markers[key.Key]
	if !ok {
		return nil, nil
	}
	return &m, nil
}

// claims are the domains in memory, of which no two customers have the same.
type claims struct {
	membership.DomainStore
	table *table
	all   map[string]membership.Domain
}

func (c claims) Customer(ctx context.Context, reach membership.Reach, id string) (membership.Customer, error) {
	return c.table.Customer(ctx, reach, id)
}

func (c claims) Domains(_ context.Context, _ membership.Reach, customerID string) ([]membership.Domain, error) {
	var all []membership.Domain
	for _, d := range c.all {
		if d.CustomerID == customerID {
			all = append(all, d)
		}
	}
	return all, nil
}

func (c claims) Domain(_ context.Context, reach membership.Reach, customerID, name string) (membership.Domain, error) {
	d, ok := c.all[name]
	if !ok || d.CustomerID != customerID || !reach.Includes(customerID) {
		return d, membership.ErrNotFound
	}
	return d, nil
}

func (c claims) ClaimDomain(_ context.Context, d membership.Domain, trail membership.Trail) error {
	c.all[d.Name] = d
	if trail.Key != nil {
		c.table.markers[trail.Key.Key] = membership.Marker{BodyHash: trail.Key.BodyHash, IDs: trail.KeyIDs}
	}
	return nil
}

func (c claims) ChangeDomain(_ context.Context, _, after membership.Domain, _ membership.Trail) error {
	c.all[after.Name] = after
	return nil
}

func (c claims) RemoveDomain(_ context.Context, d membership.Domain, _ membership.Trail) error {
	delete(c.all, d.Name)
	return nil
}

func (claims) Take(context.Context, membership.Throttle, string, time.Time) error { return nil }

// names are name servers in memory.
type names map[string][]string

func (names) PublicMail(domain string) bool   { return domain == "mail.example" }
func (names) PublicSuffix(domain string) bool { return domain == "co.example" }

func (n names) TXT(_ context.Context, name string) ([]string, error) {
	texts, ok := n[name]
	if !ok {
		return nil, membership.ErrDNSUnavailable
	}
	return texts, nil
}

const (
	staff  = "staff administrator provider u1"
	member = "portal member c1 u2"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// routes returns the routes on a table with customer c1, which has sub-account s1.
func routes() (http.Handler, *table) {
	h, t, _ := routesAndNames()
	return h, t
}

// routesAndNames returns them with what name servers answer, which is nothing yet.
func routesAndNames() (http.Handler, *table, names) {
	t := &table{
		customers: map[string]membership.Customer{"c1": {
			ID: "c1", Name: "Sommer GmbH", Type: membership.Corporate, Management: membership.ManagedCustomer, Status: membership.CustomerActive,
			PortalAccess: true, Comment: "VIP", CreatedAt: noon, Version: 3,
		}},
		subaccounts: map[string]membership.SubAccount{"s1": {ID: "s1", CustomerID: "c1", Name: "Berlin", Active: true, CreatedAt: noon, Version: 2}},
		markers:     map[string]membership.Marker{},
	}
	n := 0
	newID := func() string { n++; return "id-" + strconv.Itoa(n) }
	keys, err := membership.NewKeys(make([]byte, 32))
	if err != nil {
		panic(err)
	}
	dns := names{}
	return handler{
		customers:   membership.Customers{Store: t, NewID: newID},
		subaccounts: membership.SubAccounts{Store: t, NewID: newID},
		domains:     membership.Domains{Store: claims{table: t, all: map[string]membership.Domain{}}, Names: dns, Keys: keys, NewID: newID},
		gate:        httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: t, Now: func() time.Time { return noon }},
		cursors:     httpapi.NewCursors(make([]byte, 32)),
	}.routes(), t, dns
}

func send(t *testing.T, h http.Handler, route, as, body string, headers ...string) httpapitest.Answer {
	t.Helper()
	return httpapitest.Send(t, h, httpapitest.Event(route, body, append(headers, "Authorization", as)...))
}

func TestCreate(t *testing.T) {
	h, _ := routes()
	event := httpapitest.Recorded(t, "testdata/create.json")
	first := httpapitest.Send(t, h, event).Want(201, "")
	var c api.Customer
	first.Into(&c)
	if c.Name != "Sommer GmbH" || c.Country != "DE" || c.Status != "active" || !c.PortalAccess || c.Comment == nil || *c.Comment != "VIP" || c.GroupIds == nil {
		t.Errorf("made %+v", c)
	}
	if first.Headers["Location"] != "/customers/"+c.ID || first.Headers["Etag"] != `"1"` {
		t.Errorf("headers %v", first.Headers)
	}
	again := httpapitest.Send(t, h, event).Want(201, "")
	if again.Body != first.Body || again.Headers["Location"] != first.Headers["Location"] {
		t.Errorf("repeated:\n%s\n%s", again.Body, first.Body)
	}
	event.Body = strings.Replace(event.Body, "Sommer", "Winter", 1)
	httpapitest.Send(t, h, event).Want(422, "idempotency_key_reused")
}

func TestGetShowsTheCommentToStaffOnly(t *testing.T) {
	h, _ := routes()
	var c api.Customer
	a := send(t, h, "GET /customers/c1", staff, "").Want(200, "")
	if a.Into(&c); c.Comment == nil || a.Headers["Etag"] != `"3"` {
		t.Errorf("staff see %s", a.Body)
	}
	if a := send(t, h, "GET /customers/c1", member, "").Want(200, ""); strings.Contains(a.Body, "comment") {
		t.Errorf("a member sees %s", a.Body)
	}
}

func TestList(t *testing.T) {
	h, table := routes()
	table.page = membership.Page[membership.Customer]{Items: []membership.Customer{table.customers["c1"]}, Next: "n", Prev: "p"}
	var list api.CustomerList
	send(t, h, "GET /customers?sort=created&order=desc&limit=1", staff, "").Want(200, "").Into(&list)
	if len(list.Items) != 1 || list.Next == nil || list.Prev == nil {
		t.Fatalf("got %+v", list)
	}
	if q := table.asked; q.Sort != membership.CustomersByCreated || q.Page.Ascending || q.Page.Limit != 1 {
		t.Errorf("asked %+v", q)
	}
	send(t, h, "GET /customers?sort=created&order=desc&cursor="+*list.Prev, staff, "").Want(200, "")
	if p := table.asked.Page; p.Position != "p" || !p.Backward || p.Ascending || p.Limit != 50 {
		t.Errorf("asked %+v", p)
	}
	send(t, h, "GET /customers?cursor="+*list.Next, staff, "").Want(400, "invalid_cursor") // of another query
	for query, code := range map[string]string{
		"sort=age": "invalid_choice", "order=up": "invalid_choice", "limit=0": "invalid_limit", "limit=201": "invalid_limit",
		"cursor=x": "invalid_cursor", "name=x": "unknown_parameter", "q=sommer&sort=name": "search_excludes_sort", "q=s": "search_too_short",
	} {
		send(t, h, "GET /customers?"+query, staff, "").Want(400, code)
	}
	table.page = membership.Page[membership.Customer]{}
	if a := send(t, h, "GET /customers", staff, "").Want(200, ""); a.Body != `{"items":[],"next":null,"prev":null}` {
		t.Errorf("none: %s", a.Body)
	}
}

func TestChangesNeedTheVersion(t *testing.T) {
	for _, route := range []string{
		"PATCH /customers/c1", "DELETE /customers/c1", "PATCH /customers/c1/subaccounts/s1", "DELETE /customers/c1/subaccounts/s1",
	} {
		t.Run(route, func(t *testing.T) {
			h, table := routes()
			body, done := "", 204
			if strings.HasPrefix(route, "PATCH") {
				body, done = `{"name":"Neu"}`, 200
			}
			version := 3
			if strings.Contains(route, "subaccounts") {
				version = 2
			}
			send(t, h, route, staff, body).Want(428, "if_match_required")
			send(t, h, route, staff, body, "If-Match", `"1"`).Want(412, "changed_meanwhile")
			send(t, h, route, staff, body, "If-Match", "1").Want(400, "invalid_if_match")
			send(t, h, route, member, body, "If-Match", httpapi.ETag(version)).Want(403, "forbidden")
			send(t, h, route, "portal administrator c2 u3", body, "If-Match", httpapi.ETag(version)).Want(404, "not_found")
			send(t, h, route, "", body, "If-Match", httpapi.ETag(version)).Want(401, "sign_in_required")
			if a := send(t, h, route, staff, body, "If-Match", httpapi.ETag(version)).Want(done, ""); done == 200 && a.Headers["Etag"] != httpapi.ETag(version+1) {
				t.Errorf("headers %v", a.Headers)
			}
			if done == 204 && len(table.customers)+len(table.subaccounts) != 1 {
				t.Error("nothing was deleted")
			}
		})
	}
}

func TestActions(t *testing.T) {
	h, _ := routes()
	var c api.Customer
	send(t, h, "POST /customers/c1/reactivate", staff, "").Want(409, "already_active")
	send(t, h, "POST /customers/c1/deactivate", staff, "", "If-Match", `"2"`).Want(412, "changed_meanwhile")
	a := send(t, h, "POST /customers/c1/deactivate", staff, "", "If-Match", `"3"`).Want(200, "")
	if a.Into(&c); c.Status != api.CustomerStatusDeactivated || a.Headers["Etag"] != `"4"` {
		t.Errorf("got %s", a.Body)
	}
	send(t, h, "POST /customers/c1/reactivate", staff, "").Want(200, "").Into(&c)
	if c.Status != api.CustomerStatusActive {
		t.Errorf("got %+v", c)
	}
}

func TestSubaccounts(t *testing.T) {
	h, _ := routes()
	var list api.SubaccountList
	send(t, h, "GET /customers/c1/subaccounts", staff, "").Want(200, "").Into(&list)
	if len(list.Items) != 1 || list.Items[0] != (api.Subaccount{ID: "s1", CustomerID: "c1", Name: "Berlin", Active: true, CreatedAt: noon, Version: 2}) {
		t.Errorf("got %+v", list)
	}
	send(t, h, "GET /customers/c1/subaccounts?limit=1", staff, "").Want(400, "unknown_parameter")
	var s api.Subaccount
	a := send(t, h, "POST /customers/c1/subaccounts", staff, `{"name":"Köln"}`).Want(201, "")
	if a.Into(&s); s.Name != "Köln" || !s.Active || a.Headers["Location"] != "/customers/c1/subaccounts/"+s.ID {
		t.Errorf("got %v %s", a.Headers, a.Body)
	}
	send(t, h, "PATCH /customers/c1/subaccounts/s1", staff, `{"active":false}`, "If-Match", `"2"`).Want(200, "").Into(&s)
	if s.Active || s.Name != "Berlin" {
		t.Errorf("got %+v", s)
	}
}

func TestDomains(t *testing.T) {
	h, _, dns := routesAndNames()
	const boss = "portal administrator c1 u3"
	if a := send(t, h, "GET /customers/c1/domains", boss, "").Want(200, ""); a.Body != `{"items":[],"next":null,"prev":null}` {
		t.Errorf("none is %s", a.Body)
	}
	send(t, h, "GET /customers/c1/domains?limit=1", boss, "").Want(400, "unknown_parameter")
	var d api.Domain
	first := send(t, h, "POST /customers/c1/domains", boss, `{"domain":" @Sömmer.example. "}`, "Idempotency-Key", "k1").Want(201, "")
	first.Into(&d)
	if d.Name != "xn--smmer-jua.example" || d.CustomerID != "c1" || d.Proven || d.ProvenAt != nil || d.CheckedAt != nil || d.RecordName != "_clientele."+d.Name || !d.CreatedAt.Equal(noon) {
		t.Errorf("claimed %s", first.Body)
	}
	if again := send(t, h, "POST /customers/c1/domains", boss, `{"domain":" @Sömmer.example. "}`, "Idempotency-Key", "k1").Want(201, ""); again.Body != first.Body {
		t.Errorf("repeated:\n%s\n%s", again.Body, first.Body)
	}
	verify := "POST /customers/c1/domains/" + d.Name + "/verify"
	check := func() (c api.DomainCheck) {
		t.Helper()
		send(t, h, verify, staff, "").Want(200, "").Into(&c)
		return c
	}
	send(t, h, verify, staff, "").Want(503, "dns_unavailable")
	dns[d.RecordName] = nil
	if c := check(); c.Result != "no_record" || c.Domain.Proven || c.Found == nil || len(c.Found) != 0 {
		t.Errorf("without a record: %+v", c)
	}
	dns[d.RecordName] = []string{"clientele-domain=another"}
	if c := check(); c.Result != "other_record" || len(c.Found) != 1 || c.Found[0] != "clientele-domain=another" {
		t.Errorf("with another record: %+v", c)
	}
	dns[d.RecordName] = []string{"another", d.RecordValue}
	if c := check(); c.Result != "proven" || !c.Domain.Proven || c.Domain.ProvenAt == nil || !c.Domain.ProvenAt.Equal(noon) || c.Domain.CheckedAt == nil {
		t.Errorf("with the record: %+v", c)
	}
	var list api.DomainList
	send(t, h, "GET /customers/c1/domains", "staff agent provider u5", "").Want(200, "").Into(&list)
	if len(list.Items) != 1 || list.Items[0].Name != d.Name || !list.Items[0].Proven || list.Items[0].RecordValue != d.RecordValue {
		t.Errorf("listed %+v", list)
	}
	for _, c := range []struct {
		route, as, body string
		status          int
		code            string
	}{
		{"POST /customers/c1/domains", staff, `{"domain":"mail.example"}`, 400, "public_mail_domain"},
		{"POST /customers/c1/domains", staff, `{"domain":"co.example"}`, 400, "public_suffix"},
		{"POST /customers/c1/domains", staff, `{"domain":"not a domain"}`, 400, "invalid_domain"},
		{"POST /customers/c1/domains", staff, `{}`, 400, "required"},
		{"POST /customers/c1/domains", staff, `{"domain":"a.example","proven":true}`, 400, "unknown_field"},
		{"POST /customers/c1/domains", "staff agent provider u5", `{"domain":"a.example"}`, 403, "forbidden"},
		{"POST /customers/c1/domains", member, `{"domain":"a.example"}`, 403, "forbidden"},
		{"POST /customers/c1/domains", "portal administrator c2 u3", `{"domain":"a.example"}`, 404, "not_found"},
		{"POST /customers/provider/domains", staff, `{"domain":"a.example"}`, 403, "forbidden"},
		{"POST /customers/unassigned/domains", staff, `{"domain":"a.example"}`, 404, "not_found"},
		{"GET /customers/unassigned/domains", staff, "", 404, "not_found"},
		{"GET /customers/c1/domains", member, "", 403, "forbidden"},
		{"GET /customers/c1/domains", "portal administrator c2 u3", "", 404, "not_found"},
		{"GET /customers/c1/domains", "", "", 401, "sign_in_required"},
		{"POST /customers/c1/domains/" + d.Name + "/verify", "portal administrator c2 u3", "", 404, "not_found"},
		{"POST /customers/c1/domains/other.example/verify", staff, "", 404, "not_found"},
		{"POST /customers/c1/domains/x%23y/verify", staff, "", 404, "not_found"},
		{"DELETE /customers/c1/domains/" + d.Name, "portal moderator c1 u6", "", 403, "forbidden"},
		{"DELETE /customers/c1/domains/" + d.Name, "portal administrator c2 u3", "", 404, "not_found"},
		{"DELETE /customers/c1/domains/S%C3%B6mmer.example", boss, "", 204, ""},
		{"DELETE /customers/c1/domains/" + d.Name, boss, "", 404, "not_found"},
	} {
		send(t, h, c.route, c.as, c.body).Want(c.status, c.code)
	}
}

func TestRefusals(t *testing.T) {
	h, _ := routes()
	for _, c := range []struct {
		route, as, body string
		status          int
		code            string
	}{
		{"POST /customers", staff, `{"name":"A","type":"corporate"`, 400, "invalid_body"},
		{"POST /customers", staff, `{"name":"A","type":"corporate","id":"x"}`, 400, "unknown_field"},
		{"POST /customers", staff, `{"name":"A"}`, 400, "required"},
		{"POST /customers", staff, `{"name":7,"type":"corporate"}`, 400, "wrong_type"},
		{"POST /customers", staff, `{"name":"A","type":"club"}`, 400, "invalid_choice"},
		{"POST /customers", staff, `{"name":"` + strings.Repeat("A", 101) + `","type":"corporate"}`, 400, "too_long"},
		{"POST /customers", member, `{"name":"A","type":"corporate"}`, 403, "forbidden"},
		{"POST /customers", "", `{"name":"A","type":"corporate"}`, 401, "sign_in_required"},
		{"GET /customers/c9", staff, "", 404, "not_found"},
		{"GET /customers/" + strings.Repeat("c", 3000), staff, "", 404, "not_found"},
		{"GET /customers/c1%23AUDIT", staff, "", 404, "not_found"},
		{"GET /customers/c1", "portal administrator c2 u3", "", 404, "not_found"},
		{"POST /customers/c1/subaccounts", "portal administrator c1 u3", `{"name":"A"}`, 403, "forbidden"},
		{"GET /customers/c1/nothing", staff, "", 404, "no_such_route"},
		{"PUT /customers/c1", staff, "{}", 405, "method_not_allowed"},
	} {
		t.Run(c.route[:min(len(c.route), 40)]+" "+c.code, func(t *testing.T) { send(t, h, c.route, c.as, c.body).Want(c.status, c.code) })
	}
}
