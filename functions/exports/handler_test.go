package main

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"clientele/shared/api"
	"clientele/shared/csvfile"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
)

// table is a table in memory. What a test does not expect to be asked is left to the nil interfaces, which panic.
type table struct {
	membership.UserStore
	membership.ExportStore
	page    membership.Page[membership.UserRow]
	asked   membership.UserQuery
	jobs    []membership.Job
	markers map[string]membership.Marker
}

func (t *table) Users(_ context.Context, q membership.UserQuery) (membership.Page[membership.UserRow], error) {
	t.asked = q
	return t.page, nil
}

func (t *table) Records(_ context.Context, rows []membership.UserRow) (map[string]membership.User, error) {
	return map[string]membership.User{rows[0].ID: {ID: rows[0].ID, Comment: "VIP"}}, nil
}

func (t *table) CountUsers(context.Context, membership.UserQuery) (int, error) { return 700, nil }

func (t *table) Take(context.Context, membership.Throttle, string, time.Time) error { return nil }

func (t *table) CreateJobs(_ context.Context, tr membership.Trail) error {
	t.jobs = append(t.jobs, tr.Jobs...)
	if tr.Key != nil {
		t.markers[tr.Key.Key] = membership.Marker{BodyHash: tr.Key.BodyHash, IDs: tr.KeyIDs}
	}
	return nil
}

func (t *table) Job(_ context.Context, reach membership.Reach, id string) (membership.Job, error) {
	for _, j := range t.jobs {
		if j.ID == id && reach.Includes(j.CustomerID) {
			return j, nil
		}
	}
	return membership.Job{}, membership.ErrNotFound
}

func (t *table) Jobs(_ context.Context, q membership.JobQuery) (membership.Page[membership.Job], error) {
	return membership.Page[membership.Job]{Items: t.jobs[:min(len(t.jobs), q.Page.Limit)], Next: "n"}, nil
}

func (t *table) Marker(_ context.Context, key membership.IdempotencyKey) (*membership.Marker, error) {
	m, ok := t.markers[key.Key]
	if !ok {
		return nil, nil
	}
	return &m, nil
}

// bucket keeps the last file.
type bucket struct {
	membership.ExportFiles
	file string
}

func (b *bucket) Rows(out io.Writer, separator byte, _ bool) membership.RowWriter {
	return csvfile.NewWriter(out, csvfile.Separator(separator))
}

func (b *bucket) Put(_ context.Context, _ membership.ExportRef, data []byte) error {
	b.file = string(data)
	return nil
}

func (b *bucket) Link(_ context.Context, ref membership.ExportRef, name string, _ time.Duration) (string, error) {
	return "https://files.example/" + ref.ExportID + "/" + name, nil
}

const (
	staff         = "staff administrator provider u1"
	agent         = "staff agent provider u3"
	administrator = "portal administrator c1 u2"
	moderator     = "portal moderator c1 u5"
	foreigner     = "portal administrator c2 u9"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// routes returns the routes on a table with one user.
func routes() (http.Handler, *table, *bucket) {
	t := &table{markers: map[string]membership.Marker{}, page: membership.Page[membership.UserRow]{Items: []membership.UserRow{{
		ID: "u5", CustomerID: "c1", Company: "Sommer GmbH", Email: "ada@example.com", Status: membership.Active, Role: membership.Member, RegisteredAt: noon,
	}}}}
	b := &bucket{}
	ids := 0
	newID := func() string { ids++; return "id" + string(rune('0'+ids)) }
	return handler{
		exports: membership.Exports{Store: t, Users: membership.Users{Store: t, NewID: newID}, Files: b, NewID: newID},
		gate:    httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: t, Now: func() time.Time { return noon }},
		cursors: httpapi.NewCursors(make([]byte, 32)),
	}.routes(), t, b
}

func send(t *testing.T, h http.Handler, route, body, as string) httpapitest.Answer {
	t.Helper()
	return httpapitest.Send(t, h, httpapitest.Event(route, body, "Authorization", as))
}

func TestCreate(t *testing.T) {
	h, table, bucket := routes()
	event := httpapitest.Recorded(t, "testdata/create.json")
	var e api.Export
	first := httpapitest.Send(t, h, event).Want(201, "")
	first.Into(&e)
	if e.Status != api.ExportStatusDone || e.Progress != 1 || *e.Total != 1 || e.URL == nil || !strings.Contains(*e.URL, "users-2026-01-31-1200.csv") || e.FinishedAt == nil || e.Reason != nil {
		t.Errorf("%s", first.Body)
	}
	want := &api.ExportedList{Filter: api.ExportFilter{Customer: given("c1"), Status: given(api.UserStatusActive), Role: given(api.RoleMember), Group: given("g1"), Country: given("DE")},
		Sort: given("email"), Order: api.ExportedListOrderDesc}
	if !reflect.DeepEqual(e.List, want) {
		t.Errorf("of the list %s", first.Body)
	}
	if first.Headers["Location"] != "/exports/"+e.ID {
		t.Errorf("headers %v", first.Headers)
	}
	q := table.asked
	if q.CustomerID != "c1" || q.Status != membership.Active || q.Role != membership.Member || q.GroupID != "g1" || q.Country != "DE" || q.Sort != membership.SortEmail || q.Page.Ascending || q.Page.Limit != 200 {
		t.Errorf("asked %+v", q)
	}
	if bucket.file != "\ufeffemail;comment\r\nada@example.com;VIP\r\n" {
		t.Errorf("file %q", bucket.file)
	}
	if again := httpapitest.Send(t, h, event).Want(201, ""); again.Body != first.Body || len(table.jobs) != 1 {
		t.Errorf("repeated: %s, %d jobs", again.Body, len(table.jobs))
	}
}

func TestLongListIsQueued(t *testing.T) {
	h, table, _ := routes()
	table.page.Next = "more"
	var e api.Export
	send(t, h, "POST /exports", `{}`, administrator).Want(201, "").Into(&e)
	if e.Status != api.ExportStatusQueued || e.URL != nil || e.FinishedAt != nil || *e.Total != 700 || table.asked.CustomerID != "c1" || !table.asked.Page.Ascending {
		t.Errorf("%+v, asked %+v", e, table.asked)
	}
	table.jobs[0].Status, table.jobs[0].Reason = membership.JobFailed, membership.JobGaveUp
	send(t, h, "GET /exports/"+e.ID, "", administrator).Want(200, "").Into(&e)
	if e.Status != api.ExportStatusFailed || e.Reason == nil || *e.Reason != "gave_up" {
		t.Errorf("%+v", e)
	}
	send(t, h, "GET /exports/"+e.ID, "", foreigner).Want(404, "not_found")
	send(t, h, "GET /exports/"+e.ID, "", agent).Want(404, "not_found")
	send(t, h, "GET /exports/"+e.ID, "", staff).Want(200, "")
	send(t, h, "GET /exports/no%20id", "", staff).Want(404, "not_found")
}

func TestCreateRefuses(t *testing.T) {
	h, _, _ := routes()
	for body, code := range map[string]string{
		`{"filter":{"customer":"c#1"}}`: "invalid_id", `{"filter":{"group":""}}`: "invalid_id", `{"filter":{"country":"de"}}`: "invalid_country", `{"filter":{"country":"ZZ"}}`: "invalid_country", `{"order":"up"}`: "invalid_choice", `{"sort":"age"}`: "invalid_choice",
		`{"columns":["password"]}`: "unknown_column", `{"separator":";"}`: "invalid_choice", `{"filter":{"name":"x"}}`: "unknown_field", `{"filter":null}`: "wrong_type",
		`[]`: "wrong_type", `{`: "invalid_body",
	} {
		send(t, h, "POST /exports", body, staff).Want(400, code)
	}
	send(t, h, "POST /exports", `{"filter":{"customer":"c2"}}`, administrator).Want(404, "not_found")
	send(t, h, "POST /exports", `{"columns":["comment"]}`, administrator).Want(400, "unknown_column")
	send(t, h, "POST /exports", `{}`, moderator).Want(403, "forbidden")
	send(t, h, "POST /exports", `{}`, "").Want(401, "sign_in_required")
}

func TestList(t *testing.T) {
	h, _, _ := routes()
	send(t, h, "POST /exports", `{"filter":{"q":"ada"}}`, staff).Want(201, "")
	var list api.ExportList
	send(t, h, "GET /exports?limit=1", "", staff).Want(200, "").Into(&list)
	if of := list.Items[0].List; of == nil || of.Sort != nil || of.Order != api.ExportedListOrderAsc || !reflect.DeepEqual(of.Filter, api.ExportFilter{Q: given("ada")}) {
		t.Errorf("of the list %+v", of)
	}
	if len(list.Items) != 1 || list.Items[0].URL != nil || list.Next == nil {
		t.Fatalf("%+v", list)
	}
	send(t, h, "GET /exports?limit=1&cursor="+*list.Next, "", staff).Want(200, "")
	send(t, h, "GET /exports?limit=1&cursor="+*list.Next, "", agent).Want(400, "invalid_cursor")
	send(t, h, "GET /exports", "", moderator).Want(403, "forbidden")
	send(t, h, "GET /exports?status=done", "", staff).Want(400, "unknown_parameter")
}
