package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/shared/api"
	"clientele/shared/files"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
)

// table is a table in memory with customer c1, its user ada, and user bob of c2. What a test does not expect to be asked
// is left to the nil interface, which panics.
type table struct {
	membership.ImportStore
	imports map[string]membership.Import
	jobs    map[string]membership.Job
	markers map[string]membership.Marker
}

func (t *table) Customer(_ context.Context, reach membership.Reach, id string) (membership.Customer, error) {
	if id != "c1" || !reach.Includes(id) {
		return membership.Customer{}, membership.ErrNotFound
	}
	return membership.Customer{ID: "c1", Type: membership.Corporate, Status: membership.CustomerActive, PortalAccess: true}, nil
}

func (t *table) GroupsOf(context.Context, membership.Reach, []string) ([]membership.Group, error) {
	return []membership.Group{{ID: "g1", Name: "Key accounts", Active: true}}, nil
}

func (t *table) Take(context.Context, membership.Throttle, string, time.Time) error { return nil }

func (t *table) Import(_ context.Context, reach membership.Reach, id string) (membership.Import, error) {
	i, ok := t.imports[id]
	if !ok || !reach.Includes(i.CustomerID) {
		return membership.Import{}, membership.ErrNotFound
	}
	return i, nil
}

func (t *table) keep(i membership.Import, tr membership.Trail) error {
	t.imports[i.ID] = membership.Import{ID: i.ID, CustomerID: i.CustomerID, Company: i.Company, By: i.By, ByName: i.ByName, ByCustomerID: i.ByCustomerID, FileName: i.FileName,
		Role: i.Role, Language: i.Language, GroupIDs: i.GroupIDs, Separator: i.Separator, Stage: i.Stage, Update: i.Update, JobID: i.JobID, CreatedAt: i.CreatedAt,
		ExpiresAt: i.ExpiresAt, Version: i.Version}
	for _, j := range tr.Jobs {
		t.jobs[j.ID] = j
	}
	if tr.Key != nil {
		t.markers[tr.Key.Key] = membership.Marker{BodyHash: tr.Key.BodyHash, IDs: tr.KeyIDs}
	}
	return nil
}

func (t *table) CreateImport(_ context.Context, i membership.Import, tr membership.Trail) error {
	return t.keep(i, tr)
}

func (t *table) ChangeImport(_ context.Context, _, after membership.Import, tr membership.Trail) error {
	return t.keep(after, tr)
}

func (t *table) DeleteImport(_ context.Context, i membership.Import, _ membership.Trail) error {
	delete(t.imports, i.ID)
	return nil
}

func (t *table) Imports(_ context.Context, q membership.ImportQuery) (membership.Page[membership.Import], error) {
	var p membership.Page[membership.Import]
	for _, i := range t.imports {
		if i.By == q.By && i.ByCustomerID == q.ByCustomerID {
			p.Items = append(p.Items, i)
		}
	}
	slices.SortFunc(p.Items, func(a, b membership.Import) int { return strings.Compare(b.ID, a.ID) })
	if start := slices.IndexFunc(p.Items, func(i membership.Import) bool { return i.ID == q.Page.Position }); start >= 0 {
		p.Items = p.Items[start:]
	}
	if len(p.Items) > q.Page.Limit {
		p.Items, p.Next = p.Items[:q.Page.Limit], p.Items[q.Page.Limit].ID
	}
	return p, nil
}

func (t *table) JobsByID(_ context.Context, refs []membership.JobRef) (map[string]membership.Job, error) {
	jobs := map[string]membership.Job{}
	for _, ref := range refs {
		jobs[ref.ID] = t.jobs[ref.ID]
	}
	return jobs, nil
}

func (t *table) Job(_ context.Context, _ membership.Reach, id string) (membership.Job, error) {
	return t.jobs[id], nil
}

func (t *table) Marker(_ context.Context, key membership.IdempotencyKey) (*membership.Marker, error) {
	m, ok := t.markers[key.Key]
	if !ok {
		return nil, nil
	}
	return &m, nil
}

func (t *table) Access(_ context.Context, customerID, userID, _ string) (membership.Access, error) {
	return membership.Access{User: membership.User{ID: userID, CustomerID: customerID, Status: membership.Active, Role: membership.StaffAdministrator},
		Customer: membership.Customer{ID: customerID, Status: membership.CustomerActive, PortalAccess: true}}, nil
}

func (t *table) InviteFacts(ctx context.Context, reach membership.Reach, id string, folded []string, keys []*membership.IdempotencyKey) (membership.Customer, []membership.Address, []*membership.Marker, error) {
	customer, err := t.Customer(ctx, reach, id)
	addresses := make([]membership.Address, len(folded))
	for n, f := range folded {
		addresses[n] = map[string]membership.Address{"ada@example.com": {UserID: "ada", CustomerID: "c1"}, "bob@example.com": {UserID: "bob", CustomerID: "c2"}}[f]
	}
	return customer, addresses, make([]*membership.Marker, len(keys)), err
}

func (t *table) Records(context.Context, []membership.UserRow) (map[string]membership.User, error) {
	return map[string]membership.User{"ada": {ID: "ada", CustomerID: "c1", Status: membership.Active, Role: membership.Member, FirstName: "Ada"}}, nil
}

func (t *table) CreateInvitation(context.Context, membership.Invitation, membership.User, membership.Trail) error {
	return nil
}

// bucket keeps files in memory.
type bucket struct {
	files.Imports
	objects map[string][]byte
}

func (b *bucket) UploadForm(_ context.Context, ref membership.ImportRef, _ string, expires time.Time) (membership.UploadForm, error) {
	return membership.UploadForm{URL: "https://files.example/", Fields: map[string]string{"key": ref.ImportID}, ExpiresAt: expires}, nil
}

func (b *bucket) Uploaded(context.Context, membership.ImportRef) (bool, error) {
	return b.objects["upload"] != nil, nil
}

func (b *bucket) Upload(ctx context.Context, ref membership.ImportRef) ([]byte, error) {
	return b.Get(ctx, ref, "upload")
}

func (b *bucket) Put(_ context.Context, _ membership.ImportRef, name string, data []byte) error {
	b.objects[name] = data
	return nil
}

func (b *bucket) Get(_ context.Context, _ membership.ImportRef, name string) ([]byte, error) {
	return b.objects[name], nil
}

func (b *bucket) Link(_ context.Context, _ membership.ImportRef, name, fileName string, _ time.Duration) (string, error) {
	return "https://files.example/" + name + "?" + fileName, nil
}

func (b *bucket) Drop(context.Context, membership.ImportRef) error { return nil }

const (
	staff     = "staff administrator provider u1"
	agent     = "staff agent provider u3"
	boss      = "portal administrator c1 u2"
	member    = "portal member c1 u6"
	foreigner = "portal administrator c2 u9"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// bench is the routes on a table and a bucket, and the workers.
type bench struct {
	http.Handler
	t       *testing.T
	table   *table
	bucket  *bucket
	workers map[membership.JobKind]membership.JobWorker
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, table: &table{imports: map[string]membership.Import{}, jobs: map[string]membership.Job{}, markers: map[string]membership.Marker{}},
		bucket: &bucket{objects: map[string][]byte{}}}
	ids := 0
	newID := func() string { ids++; return fmt.Sprintf("id-%d", ids) }
	imports := membership.Imports{Store: b.table, Files: b.bucket, NewID: newID}
	b.workers = map[membership.JobKind]membership.JobWorker{
		membership.JobImportCheck: membership.ImportCheck{Imports: imports},
		membership.JobImport:      membership.ImportRun{Imports: imports, Invitations: membership.Invitations{Store: b.table, NewID: newID}},
	}
	b.Handler = handler{
		imports: imports,
		gate:    httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: b.table, Now: func() time.Time { return noon }},
		cursors: httpapi.NewCursors(make([]byte, 32)),
	}.routes()
	return b
}

func (b *bench) send(route, body, as string) httpapitest.Answer {
	b.t.Helper()
	return httpapitest.Send(b.t, b, httpapitest.Event(route, body, "Authorization", as))
}

// work does the jobs that there are.
func (b *bench) work() {
	b.t.Helper()
	for id, j := range b.table.jobs {
		for !j.Status.Ended() {
			j.Version++
			if _, err := b.workers[j.Kind].Step(b.t.Context(), membership.Call{Now: noon}, &j); err != nil {
				b.t.Fatal(err)
			}
		}
		b.table.jobs[id] = j
	}
}

func TestImport(t *testing.T) {
	b := newBench(t)
	event := httpapitest.Recorded(t, "testdata/begin.json")
	var i api.Import
	first := httpapitest.Send(t, b, event).Want(201, "")
	first.Into(&i)
	if i.Status != "uploading" || i.Upload == nil || i.Upload.Fields["key"] != i.ID || !i.Upload.ExpiresAt.Equal(noon.Add(10*time.Minute)) || i.Total != nil || i.File != nil ||
		i.Results != nil || i.Role != "member" || i.Language != "de" || !slices.Equal(i.GroupIds, []string{"g1"}) || !i.ExpiresAt.Equal(noon.Add(7*24*time.Hour)) {
		t.Errorf("%s", first.Body)
	}
	if first.Headers["Location"] != "/imports/"+i.ID {
		t.Errorf("headers %v", first.Headers)
	}
	if again := httpapitest.Send(t, b, event).Want(201, ""); again.Body != first.Body || len(b.table.imports) != 1 {
		t.Errorf("repeated: %s", again.Body)
	}
	at := "/imports/" + i.ID
	b.send("POST "+at+"/check", "", staff).Want(409, "import_upload_missing")
	b.bucket.objects["upload"] = []byte("email;firstName;Hobby\nnew@example.com;Nia;x\nada@example.com;Ada\nada@example.com;Ada\nbob@example.com;Bob\nada2@example.com;Ada\n")
	b.send("POST "+at+"/confirm", "{}", staff).Want(409, "import_not_checked")
	i = api.Import{}
	b.send("POST "+at+"/check", "", staff).Want(200, "").Into(&i)
	if i.Status != "checking" || i.Upload != nil {
		t.Errorf("%+v", i)
	}
	b.work()
	checked := b.send("GET "+at, "", staff).Want(200, "")
	checked.Into(&i)
	if i.Status != "checked" || *i.Total != 5 || i.Counts != (api.ImportCounts{New: 2, User: 1, Invalid: 2}) || i.File.Encoding != "UTF-8" || !slices.Equal(i.File.UnknownColumns, []string{"Hobby"}) || i.ResultURL != nil {
		t.Errorf("%s", checked.Body)
	}
	var list api.ImportRowList
	b.send("GET "+at+"/rows?limit=2&class=invalid", "", staff).Want(200, "").Into(&list)
	if len(list.Items) != 2 || list.Items[0].Number != 3 || list.Items[0].Line != 4 || *list.Items[0].Code != "duplicate_row" || *list.Items[1].Code != "email_in_use" || list.Items[1].Result != nil {
		t.Errorf("%+v", list)
	}
	b.send("GET "+at+"/rows?limit=2", "", staff).Want(200, "").Into(&list)
	if len(list.Items) != 2 || list.Next == nil || list.Prev != nil || list.Items[0].Values["firstName"] != "Nia" {
		t.Errorf("%+v", list)
	}
	b.send("GET "+at+"/rows?limit=2&cursor="+*list.Next, "", staff).Want(200, "")
	b.send("GET "+at+"/rows?limit=2&class=new&cursor="+*list.Next, "", staff).Want(400, "invalid_cursor")
	b.send("GET "+at+"/rows?class=old", "", staff).Want(400, "invalid_choice")
	b.send("GET "+at+"/rows?status=new", "", staff).Want(400, "unknown_parameter")
	b.send("POST "+at+"/confirm", `{"update":true}`, staff).Want(200, "").Into(&i)
	if i.Status != "importing" || !i.Update || i.Results == nil || *i.Total != 5 {
		t.Errorf("%+v", i)
	}
	b.send("POST "+at+"/confirm", `{}`, staff).Want(409, "import_confirmed")
	b.send("DELETE "+at, "", staff).Want(409, "import_confirmed")
	b.work()
	done := b.send("GET "+at, "", staff).Want(200, "")
	done.Into(&i)
	if i.Status != "done" || i.Progress != 5 || *i.Results != (api.ImportResults{Invited: 2, Skipped: 1, Failed: 2}) || i.ResultURL == nil || !strings.Contains(*i.FailedURL, "people-failed.csv") {
		t.Errorf("%s", done.Body)
	}
	b.send("GET "+at+"/rows?result=invited", "", staff).Want(200, "").Into(&list)
	if len(list.Items) != 2 || list.Items[0].InvitationID == nil {
		t.Errorf("%+v", list)
	}
}

// Everybody has a list of their own, the newest first, as far as each import is.
func TestListOfImports(t *testing.T) {
	b := newBench(t)
	var first, second, list api.ImportList
	var i api.Import
	b.send("POST /imports", `{"customerId":"c1","fileName":"one.csv"}`, staff).Want(201, "").Into(&i)
	b.bucket.objects["upload"] = []byte("email\nnew@example.com\nbroken\n")
	b.send("POST /imports/"+i.ID+"/check", "", staff).Want(200, "")
	b.work()
	b.send("POST /imports", `{"customerId":"c1","fileName":"two.csv"}`, staff).Want(201, "")
	b.send("POST /imports", `{"customerId":"c1"}`, agent).Want(201, "")
	b.send("GET /imports?limit=1", "", staff).Want(200, "").Into(&first)
	if len(first.Items) != 1 || first.Items[0].FileName != "two.csv" || first.Items[0].Status != "uploading" || first.Items[0].Upload != nil || first.Next == nil {
		t.Fatalf("%+v", first)
	}
	b.send("GET /imports?limit=1&cursor="+*first.Next, "", agent).Want(400, "invalid_cursor")
	b.send("GET /imports?limit=1&cursor="+*first.Next, "", staff).Want(200, "").Into(&second)
	if len(second.Items) != 1 || second.Items[0].FileName != "one.csv" || second.Items[0].Status != "checked" || second.Items[0].Counts != (api.ImportCounts{New: 1, Invalid: 1}) || second.Next != nil {
		t.Errorf("%+v", second)
	}
	b.send("GET /imports", "", boss).Want(200, "").Into(&list)
	if len(list.Items) != 0 {
		t.Errorf("somebody else's: %+v", list)
	}
	b.send("GET /imports?status=checked", "", staff).Want(400, "unknown_parameter")
	b.send("GET /imports", "", member).Want(403, "forbidden")
	b.send("GET /imports", "", "").Want(401, "sign_in_required")
}

func TestRefusedFile(t *testing.T) {
	b := newBench(t)
	var i api.Import
	b.send("POST /imports", `{"customerId":"c1"}`, staff).Want(201, "").Into(&i)
	b.bucket.objects["upload"] = []byte("\x89PNG\r\n\x1a\n")
	b.send("POST /imports/"+i.ID+"/check", "", staff).Want(200, "")
	b.work()
	b.send("GET /imports/"+i.ID, "", staff).Want(200, "").Into(&i)
	if i.Status != "refused" || i.Problem == nil || i.Problem.Code != "csv_header" || i.Problem.Message == "" {
		t.Errorf("%+v", i)
	}
	b.send("DELETE /imports/"+i.ID, "", staff).Want(204, "")
	b.send("GET /imports/"+i.ID, "", staff).Want(404, "not_found")
}

func TestImportRefuses(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		as, body string
		status   int
		code     string
	}{
		{staff, `{}`, 400, "required"},
		{staff, `{"customerId":"c9"}`, 404, "not_found"},
		{staff, `{"customerId":"c/1"}`, 404, "not_found"},
		{staff, `{"customerId":"c1","role":"king"}`, 400, "invalid_role"},
		{staff, `{"customerId":"c1","separator":";"}`, 400, "invalid_choice"},
		{staff, `{"customerId":"c1","fileName":"a\u0000b"}`, 400, "invalid_text"},
		{staff, `{"customerId":"c1","language":"tlh"}`, 400, "invalid_language"},
		{staff, `{"customerId":"c1","file":"x"}`, 400, "unknown_field"},
		{agent, `{"customerId":"c1","groupIds":["g1"]}`, 403, "groups_not_allowed"},
		{foreigner, `{"customerId":"c1"}`, 404, "not_found"},
		{member, `{"customerId":"c1"}`, 403, "forbidden"},
		{"", `{"customerId":"c1"}`, 401, "sign_in_required"},
	} {
		b.send("POST /imports", c.body, c.as).Want(c.status, c.code)
	}
	var i api.Import
	b.send("POST /imports", `{"customerId":"c1"}`, boss).Want(201, "").Into(&i)
	for _, route := range []string{"GET /imports/ID", "DELETE /imports/ID", "POST /imports/ID/check", "POST /imports/ID/confirm", "GET /imports/ID/rows"} {
		route = strings.Replace(route, "ID", i.ID, 1)
		body := ""
		if strings.HasSuffix(route, "confirm") {
			body = "{}"
		}
		for _, as := range []string{foreigner, member, agent, staff} {
			b.send(route, body, as).Want(404, "not_found")
		}
		b.send(route, body, "").Want(401, "sign_in_required")
		b.send(strings.Replace(route, i.ID, "a%20b", 1), body, boss).Want(404, "not_found")
	}
}
