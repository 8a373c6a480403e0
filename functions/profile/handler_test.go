package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
)

// table is a table in memory with users by id. What a test does not expect to be asked is left to the nil interface.
type table struct {
	membership.UserStore
	users map[string]membership.User
	trail membership.Trail
}

func (t *table) User(_ context.Context, reach membership.Reach, id string) (membership.User, error) {
	u, ok := t.users[id]
	if !ok || !reach.Includes(u.CustomerID) {
		return u, membership.ErrNotFound
	}
	return u, nil
}

func (t *table) ChangeUser(_ context.Context, _, after membership.User, _ *membership.InvitationChange, trail membership.Trail) error {
	t.users[after.ID], t.trail = after, trail
	return nil
}

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

const member = "portal member c1 u2"

// routes returns the routes on a table with user u2 of customer c1 and the staff member u1.
func routes() (http.Handler, *table) {
	t := &table{users: map[string]membership.User{
		"u2": {ID: "u2", CustomerID: "c1", Company: "Sommer GmbH", Status: membership.Active, Role: membership.Member, Title: "Dr.", FirstName: "Ada", LastName: "Sommer",
			Email: "ada@example.com", Username: "ada.sommer", Phone: "1", Comment: "late payer", NotificationsEnabled: true, RegisteredAt: noon, Version: 3},
		"u1": {ID: "u1", CustomerID: membership.ProviderID, Status: membership.Active, Role: membership.Agent, FirstName: "Sam", LastName: "Staff", Comment: "on leave", RegisteredAt: noon, Version: 1},
	}}
	return handler{
		profile: membership.Profile{Store: t, NewID: func() string { return "id" }},
		gate:    httpapi.Gate{Callers: httpapitest.ByHeader{}, Now: func() time.Time { return noon }},
	}.routes(), t
}

func send(t *testing.T, h http.Handler, route, as, body string, headers ...string) httpapitest.Answer {
	t.Helper()
	return httpapitest.Send(t, h, httpapitest.Event(route, body, append(headers, "Authorization", as)...))
}

func TestGet(t *testing.T) {
	h, _ := routes()
	a := send(t, h, "GET /me", member, "").Want(200, "")
	var u api.User
	a.Into(&u)
	if u.ID != "u2" || u.Username != "ada.sommer" || u.Status != "active" || u.Version != 3 || a.Headers["Etag"] != `"3"` {
		t.Errorf("%v %+v", a.Headers, u)
	}
	if strings.Contains(a.Body, "late payer") {
		t.Error("a member reads the staff's comment")
	}
	if a := send(t, h, "GET /me", "staff agent provider u1", "").Want(200, ""); !strings.Contains(a.Body, "on leave") {
		t.Errorf("staff do not: %s", a.Body)
	}
	send(t, h, "GET /me", "", "").Want(401, "sign_in_required")
	send(t, h, "GET /me", "portal member c2 u2", "").Want(404, "not_found")
}

func TestChange(t *testing.T) {
	h, table := routes()
	a := httpapitest.Send(t, h, httpapitest.Recorded(t, "testdata/change.json")).Want(200, "")
	var u api.User
	a.Into(&u)
	if u.Phone != "+49 30 1234567" || u.Country != "DE" || u.Title != "" || u.FirstName != "Ada" || u.Version != 4 || a.Headers["Etag"] != `"4"` {
		t.Errorf("%v %+v", a.Headers, u)
	}
	audit := table.trail.Audit
	if audit.Action != "user.changed" || audit.ActorID != "u2" || audit.After["phone"] != "+49 30 1234567" || audit.Before["title"] != "Dr." || audit.RequestID == "" {
		t.Errorf("audit entry %+v", audit)
	}
	httpapitest.Send(t, h, httpapitest.Recorded(t, "testdata/change.json")).Want(412, "changed_meanwhile")
}

func TestRefusedChanges(t *testing.T) {
	tests := map[string]struct {
		body, ifMatch string
		status        int
		code          string
	}{
		"no If-Match":    {`{"phone":"1"}`, "", 428, "if_match_required"},
		"strange ETag":   {`{"phone":"1"}`, "3", 400, "invalid_if_match"},
		"old ETag":       {`{"phone":"1"}`, `"2"`, 412, "changed_meanwhile"},
		"broken JSON":    {`{"phone":`, `"3"`, 400, "invalid_body"},
		"a list":         {`[]`, `"3"`, 400, "wrong_type"},
		"null":           {`{"phone":null}`, `"3"`, 400, "wrong_type"},
		"number":         {`{"phone":1}`, `"3"`, 400, "wrong_type"},
		"role":           {`{"role":"administrator"}`, `"3"`, 400, "unknown_field"},
		"customer":       {`{"customerId":"c2"}`, `"3"`, 400, "unknown_field"},
		"status":         {`{"status":"active"}`, `"3"`, 400, "unknown_field"},
		"comment":        {`{"comment":"x"}`, `"3"`, 400, "unknown_field"},
		"external id":    {`{"externalId":"x"}`, `"3"`, 400, "unknown_field"},
		"notifications":  {`{"notificationsEnabled":false}`, `"3"`, 400, "unknown_field"},
		"no first name":  {`{"firstName":" "}`, `"3"`, 400, "required"},
		"link in a name": {`{"lastName":"www.example.com"}`, `"3"`, 400, "invalid_text"},
		"long":           {`{"city":"` + strings.Repeat("x", 201) + `"}`, `"3"`, 400, "too_long"},
		"script":         {`{"url":"javascript:alert(1)"}`, `"3"`, 400, "invalid_url"},
		"language":       {`{"language":"fr"}`, `"3"`, 400, "invalid_language"},
		"country":        {`{"country":"Germany"}`, `"3"`, 400, "invalid_country"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h, table := routes()
			before := table.users["u2"].Version
			headers := []string{}
			if test.ifMatch != "" {
				headers = append(headers, "If-Match", test.ifMatch)
			}
			send(t, h, "PATCH /me", member, test.body, headers...).Want(test.status, test.code)
			if table.users["u2"].Version != before {
				t.Error("changed all the same")
			}
		})
	}
}

func TestKeptByDirectory(t *testing.T) {
	h, table := routes()
	u := table.users["u2"]
	u.Source = "directory"
	table.users["u2"] = u
	send(t, h, "PATCH /me", member, `{"phone":"1"}`, "If-Match", `"3"`).Want(409, "kept_by_directory")
}
