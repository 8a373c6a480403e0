package membership_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"clientele/shared/csvfile"
	"clientele/shared/membership"
)

// exportTable has users in the order of their numbers, and everything else that exports ask for.
type exportTable struct {
	membership.UserStore // what a test does not expect panics
	jobTable
	users   []membership.User
	access  membership.Access
	markers map[string]bool
	taken   int
	fail    func(what string) error // called before and after every Query and everything that changes something
}

func (t *exportTable) broken(what string) error {
	if t.fail == nil {
		return nil
	}
	return t.fail(what)
}

func rowOfUser(u membership.User) membership.UserRow {
	return membership.UserRow{ID: u.ID, CustomerID: u.CustomerID, Company: u.Company, FirstName: u.FirstName, LastName: u.LastName, Email: u.Email,
		Username: u.Username, Role: u.Role, Status: u.Status, Country: u.Country, GroupIDs: u.GroupIDs, RegisteredAt: u.RegisteredAt}
}

func (t *exportTable) Users(_ context.Context, q membership.UserQuery) (membership.Page[membership.UserRow], error) {
	if err := t.broken("Users"); err != nil {
		return membership.Page[membership.UserRow]{}, err
	}
	from, _ := strconv.Atoi(q.Page.Position)
	var p membership.Page[membership.UserRow]
	n := from
	for ; n < len(t.users) && len(p.Items) < q.Page.Limit; n++ {
		i := n
		if !q.Page.Ascending {
			i = len(t.users) - 1 - n
		}
		if r := rowOfUser(t.users[i]); q.Keeps(r) {
			p.Items = append(p.Items, r)
		}
	}
	if n < len(t.users) {
		p.Next = strconv.Itoa(n)
	}
	return p, nil
}

func (t *exportTable) Records(_ context.Context, rows []membership.UserRow) (map[string]membership.User, error) {
	found := map[string]membership.User{}
	for _, r := range rows {
		n, _ := strconv.Atoi(r.ID)
		found[r.ID] = t.users[n]
	}
	return found, t.broken("Records")
}

func (t *exportTable) GroupsOf(_ context.Context, reach membership.Reach, ids []string) ([]membership.Group, error) {
	var groups []membership.Group
	for _, id := range ids {
		if id != "gone" && reach.All() {
			groups = append(groups, membership.Group{ID: id, Name: "Group " + id})
		}
	}
	return groups, nil
}

func (t *exportTable) CountUsers(context.Context, membership.UserQuery) (int, error) {
	return len(t.users), nil
}

func (t *exportTable) CreateJobs(_ context.Context, tr membership.Trail) error {
	if tr.Key != nil {
		t.markers[tr.Key.Key] = true
	}
	t.job, t.trails = tr.Jobs[0], append(t.trails, tr)
	return nil
}

func (t *exportTable) Job(_ context.Context, reach membership.Reach, id string) (membership.Job, error) {
	if t.job.ID != id || !reach.Includes(t.job.CustomerID) {
		return membership.Job{}, membership.ErrNotFound
	}
	return t.job, nil
}

func (t *exportTable) Jobs(_ context.Context, q membership.JobQuery) (membership.Page[membership.Job], error) {
	var p membership.Page[membership.Job]
	if q.By == t.job.By && q.CustomerID == t.job.CustomerID && q.Kind == t.job.Kind {
		p.Items = append(p.Items, t.job)
	}
	return p, nil
}

func (t *exportTable) Take(context.Context, membership.Throttle, string, time.Time) error {
	t.taken++
	return nil
}

func (t *exportTable) Access(context.Context, string, string, string) (membership.Access, error) {
	return t.access, nil
}

func (t *exportTable) SaveJob(ctx context.Context, before, after membership.Job, tr membership.Trail) error {
	if err := t.broken("SaveJob"); err != nil {
		return err
	}
	if err := t.jobTable.SaveJob(ctx, before, after, tr); err != nil {
		return err
	}
	return t.broken("SaveJob done")
}

// exportFiles is the bucket: objects by name, and files that are not joined yet.
type exportFiles struct {
	table   *exportTable
	objects map[string][]byte
	uploads map[string]map[int][]byte
	parts   int // that were joined
}

func (f *exportFiles) Rows(out io.Writer, separator byte, further bool) membership.RowWriter {
	if further {
		return csvfile.ContinueWriter(out, csvfile.Separator(separator))
	}
	return csvfile.NewWriter(out, csvfile.Separator(separator))
}

func name(ref membership.ExportRef) string { return fmt.Sprint(ref) }

// change changes the bucket between two possible faults.
func (f *exportFiles) change(what string, do func()) error {
	if err := f.table.broken(what); err != nil {
		return err
	}
	do()
	return f.table.broken(what + " done")
}

func (f *exportFiles) Put(_ context.Context, ref membership.ExportRef, data []byte) error {
	return f.change("Put", func() { f.objects[name(ref)] = bytes.Clone(data) })
}

func (f *exportFiles) Link(_ context.Context, ref membership.ExportRef, file string, lifetime time.Duration) (string, error) {
	return "https://files.example/" + name(ref) + "/" + file + "?" + lifetime.String(), nil
}

func (f *exportFiles) PutPiece(_ context.Context, ref membership.ExportRef, number int, data []byte) error {
	return f.change("PutPiece", func() { f.objects[name(ref)+strconv.Itoa(number)] = bytes.Clone(data) })
}

func (f *exportFiles) Piece(_ context.Context, ref membership.ExportRef, number int) ([]byte, error) {
	data, ok := f.objects[name(ref)+strconv.Itoa(number)]
	if !ok {
		return nil, membership.ErrNotFound
	}
	return data, f.table.broken("Piece")
}

func (f *exportFiles) Begin(context.Context, membership.ExportRef) (string, error) {
	upload := fmt.Sprint("upload ", len(f.uploads))
	return upload, f.change("Begin", func() { f.uploads[upload] = map[int][]byte{} })
}

func (f *exportFiles) PutPart(_ context.Context, _ membership.ExportRef, upload string, number int, data []byte) error {
	if f.uploads[upload] == nil {
		return membership.ErrNotFound
	}
	return f.change("PutPart", func() { f.uploads[upload][number] = bytes.Clone(data) })
}

func (f *exportFiles) Join(_ context.Context, ref membership.ExportRef, upload string, numbers []int) error {
	parts := f.uploads[upload]
	if parts == nil {
		return membership.ErrNotFound
	}
	var whole []byte
	for i, n := range numbers {
		if len(parts[n]) < 5<<20 && i < len(numbers)-1 || i > 0 && numbers[i-1] >= n {
			return fmt.Errorf("part %d of %v has %d bytes", n, numbers, len(parts[n]))
		}
		whole = append(whole, parts[n]...)
	}
	return f.change("Join", func() {
		f.objects[name(ref)], f.parts = whole, len(numbers)
		delete(f.uploads, upload)
	})
}

func (f *exportFiles) Joined(_ context.Context, ref membership.ExportRef) (bool, error) {
	_, ok := f.objects[name(ref)]
	return ok, nil
}

// exportWorld is a directory of n users of c1, and every third of c2.
type exportWorld struct {
	table   *exportTable
	files   *exportFiles
	exports membership.Exports
	jobs    membership.Jobs
	now     time.Time
}

func newExportWorld(n int, text string) *exportWorld {
	w := &exportWorld{now: start.Truncate(time.Second)}
	w.table = &exportTable{markers: map[string]bool{}, access: membership.Access{
		User:     membership.User{ID: "chief", CustomerID: membership.ProviderID, Role: membership.Administrator, Status: membership.Active, FirstName: "Ada", LastName: "Chief"},
		Customer: membership.Customer{ID: membership.ProviderID, Status: membership.CustomerActive, PortalAccess: true},
	}}
	for i := range n {
		u := membership.User{ID: strconv.Itoa(i), CustomerID: "c1", Company: "Alpha", FirstName: "First " + text, LastName: fmt.Sprint("Last ", i), Email: fmt.Sprintf("u%d@example.com", i),
			Username: fmt.Sprint("user", i), Role: membership.Member, Status: membership.Active, Country: "DE", RegisteredAt: w.now, Phone: "+49301234" + fmt.Sprint(i), Comment: "=1+1", Version: 1}
		if i%3 == 2 {
			u.CustomerID, u.Company, u.GroupIDs = "c2", "Beta; & Co", []string{"g1", "gone", "g2"}
		}
		w.table.users = append(w.table.users, u)
	}
	w.files = &exportFiles{table: w.table, objects: map[string][]byte{}, uploads: map[string]map[int][]byte{}}
	ids := 0
	newID := func() string { ids++; return fmt.Sprint("id", ids) }
	w.exports = membership.Exports{Store: w.table, Users: membership.Users{Store: w.table, NewID: newID}, Files: w.files, NewID: newID}
	w.jobs = membership.Jobs{Store: w.table, Workers: map[membership.JobKind]membership.JobWorker{membership.JobExport: w.exports}, Clock: func() time.Time { return w.now }}
	return w
}

func (w *exportWorld) chief() membership.Call {
	return membership.Call{Now: w.now, Actor: membership.Actor{Realm: membership.Staff, UserID: "chief", CustomerID: membership.ProviderID, Role: membership.Administrator, Name: "Ada Chief", RequestID: "r1"}}
}

func (w *exportWorld) boss(customerID string) membership.Call {
	return membership.Call{Now: w.now, Actor: membership.Actor{Realm: membership.Portal, UserID: "boss", CustomerID: customerID, Role: membership.Administrator, Name: "Bea Boss"}}
}

func ascending() membership.UserQuery {
	return membership.UserQuery{Page: membership.PageRequest{Ascending: true}}
}

// file returns the rows of the only file.
func (w *exportWorld) file(t *testing.T, comma rune) [][]string {
	t.Helper()
	data := w.files.objects[name(membership.ExportRef{CustomerID: w.table.job.CustomerID, UserID: w.table.job.By, ExportID: w.table.job.ID})]
	rest, ok := bytes.CutPrefix(data, []byte("\ufeff"))
	if !ok || bytes.Contains(rest, []byte("\ufeff")) {
		t.Fatalf("byte order marks in %.100q", data)
	}
	r := csv.NewReader(bytes.NewReader(rest))
	r.Comma = comma
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestShortExportIsReadyAtOnce(t *testing.T) {
	w := newExportWorld(200, "")
	in := membership.ExportInput{Query: ascending(), Columns: []string{"email", "groups", "comment", "phone"}, Separator: membership.Semicolon}
	e, err := w.exports.Create(t.Context(), w.chief(), in)
	if err != nil {
		t.Fatal(err)
	}
	if e.Status != membership.ExportDone || e.Progress != 200 || e.Total != 200 || !strings.Contains(e.URL, "users-2026-03-02-0930.csv?5m0s") {
		t.Errorf("%+v", e)
	}
	rows := w.file(t, ';')
	if len(rows) != 201 || fmt.Sprint(rows[0]) != "[email groups comment phone]" || fmt.Sprint(rows[3]) != "[u2@example.com Group g1, Group g2 '=1+1 '+493012342]" {
		t.Errorf("%d rows, %q", len(rows), rows[:4])
	}
	audit := w.table.trails[0].Audit
	want := map[string]string{"columns": "email,groups,comment,phone", "separator": "semicolon", "order": "asc", "rows": "200"}
	if audit.Action != "users.exported" || audit.CustomerID != membership.ProviderID || audit.ActorID != "chief" || audit.SubjectID != e.ID || !maps.Equal(audit.After, want) {
		t.Errorf("%+v", audit)
	}
}

func TestLongExportIsAJob(t *testing.T) {
	w := newExportWorld(1001, "")
	q := ascending()
	q.Page.Ascending = false
	e, err := w.exports.Create(t.Context(), w.chief(), membership.ExportInput{Query: q})
	if err != nil {
		t.Fatal(err)
	}
	if e.Status != membership.ExportQueued || e.URL != "" || e.Total != 1001 || w.table.trails[0].Audit.ID != "" {
		t.Fatalf("%+v", e)
	}
	if _, err := w.jobs.RunDue(t.Context(), membership.Call{}, 10); err != nil {
		t.Fatal(err)
	}
	e, err = w.exports.Get(t.Context(), w.chief(), e.ID)
	if err != nil || e.Status != membership.ExportDone || e.Progress != 1001 || e.URL == "" {
		t.Fatalf("%+v %v", e, err)
	}
	rows := w.file(t, ',')
	if len(rows) != 1002 || !slices.Equal(rows[0], membership.DefaultExportColumns(w.chief().Actor)) {
		t.Fatalf("%d rows, %q", len(rows), rows[0])
	}
	for n, row := range rows[1:] {
		if row[3] != fmt.Sprintf("u%d@example.com", 1000-n) {
			t.Fatalf("row %d: %q", n, row)
		}
	}
	audit := w.table.trails[len(w.table.trails)-1].Audit
	if audit.Action != "users.exported" || audit.ActorName != "Ada Chief" || audit.Realm != membership.Staff || audit.RequestID != "r1" || audit.After["rows"] != "1001" {
		t.Errorf("%+v", audit)
	}
	w.now = w.now.Add(membership.ExportLifetime - time.Second)
	if e, err = w.exports.Get(t.Context(), w.chief(), e.ID); e.Status != membership.ExportDone || err != nil {
		t.Errorf("%+v %v", e, err)
	}
	w.now = w.now.Add(time.Second)
	if e, err = w.exports.Get(t.Context(), w.chief(), e.ID); e.Status != membership.ExportExpired || e.URL != "" || err != nil {
		t.Errorf("%+v %v", e, err)
	}
}

var errFault = errors.New("a fault")

// However often the work breaks off, and wherever, the file is the same in the end: every user once, in order.
func TestExportGoesOnAfterEveryFault(t *testing.T) {
	text := strings.Repeat("x", 450)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 1))
	var whole []byte
	run := func(faultAt int, often bool) (calls []string) {
		w := newExportWorld(15_000, text)
		if _, err := w.exports.Create(t.Context(), w.chief(), membership.ExportInput{Query: ascending(), Columns: []string{"id", "firstName", "phone"}}); err != nil {
			t.Fatal(err)
		}
		w.table.fail = func(what string) error {
			if what == "Users" || what == "Records" {
				if len(calls)%5 != 0 { // each of their hundred calls would be one more run of the test
					return nil
				}
			}
			calls = append(calls, what)
			if len(calls) == faultAt || often && dice.IntN(25) == 0 { // too rarely for the job to give up: that takes twelve failures without a step between
				return errFault
			}
			return nil
		}
		for range 60 {
			_, _ = w.jobs.RunDue(t.Context(), membership.Call{}, 10)
			w.now = w.now.Add(2 * time.Hour)
			if w.table.job.Status.Ended() {
				break
			}
		}
		if j := w.table.job; j.Status != membership.JobDone || j.Progress != 15_000 {
			t.Fatalf("fault %d (%s): %+v", faultAt, calls[max(0, faultAt-1)], j)
		}
		data := w.files.objects[name(membership.ExportRef{CustomerID: membership.ProviderID, UserID: "chief", ExportID: w.table.job.ID})]
		if whole == nil { // without faults: each user once, in order
			whole = data
			for n, row := range w.file(t, ',')[1:] {
				if row[0] != strconv.Itoa(n) || row[1] != "First "+text {
					t.Fatalf("row %d: %.40q", n, row)
				}
			}
		}
		if !bytes.Equal(data, whole) {
			t.Fatalf("fault %d: %d bytes, want %d", faultAt, len(data), len(whole))
		}
		if w.files.parts != 2 {
			t.Errorf("fault %d: %d parts", faultAt, w.files.parts)
		}
		audits := 0
		for _, tr := range w.table.trails {
			if tr.Audit.Action == "users.exported" {
				audits++
			}
		}
		if audits != 1 {
			t.Errorf("fault %d: %d audit entries", faultAt, audits)
		}
		return calls
	}
	calls := run(0, false)
	t.Log(calls)
	for _, what := range []string{"PutPiece", "PutPart", "Begin", "Join done", "SaveJob done"} {
		if !slices.Contains(calls, what) {
			t.Errorf("no call %s in %v", what, calls)
		}
	}
	for n := range calls {
		run(n+1, false)
	}
	run(0, true)
}

// What the bucket has deleted meanwhile is written again, but not for ever.
func TestExportWhoseFilesAreGone(t *testing.T) {
	w := newExportWorld(15_000, strings.Repeat("x", 450))
	if _, err := w.exports.Create(t.Context(), w.chief(), membership.ExportInput{Query: ascending(), Columns: []string{"id", "firstName"}}); err != nil {
		t.Fatal(err)
	}
	gone := 1
	w.table.fail = func(what string) error {
		if what == "PutPart done" && gone > 0 {
			gone--
			clear(w.files.uploads)
			clear(w.files.objects)
		}
		return nil
	}
	if _, err := w.jobs.RunDue(t.Context(), membership.Call{}, 10); err != nil || w.table.job.Status != membership.JobDone || len(w.file(t, ',')) != 15_001 {
		t.Fatalf("%v %+v", err, w.table.job)
	}
	w = newExportWorld(15_000, strings.Repeat("x", 450))
	if _, err := w.exports.Create(t.Context(), w.chief(), membership.ExportInput{Query: ascending(), Columns: []string{"id", "firstName"}}); err != nil {
		t.Fatal(err)
	}
	w.table.fail = func(what string) error {
		clear(w.files.uploads)
		return nil
	}
	if _, err := w.jobs.RunDue(t.Context(), membership.Call{}, 10); err == nil || w.table.job.Status != membership.JobFailed || w.table.job.Reason != membership.JobGaveUp {
		t.Errorf("%v %+v", err, w.table.job)
	}
}

// Somebody whose rights end while the file is written gets none.
func TestExportEndsWithTheRights(t *testing.T) {
	for what, end := range map[string]func(*membership.Access){
		"deactivated":         func(a *membership.Access) { a.User.Status = membership.Deactivated },
		"demoted":             func(a *membership.Access) { a.User.Role = "nobody" },
		"customer is out":     func(a *membership.Access) { a.Customer.Status = membership.CustomerDeactivated },
		"gone from the table": func(a *membership.Access) { *a = membership.Access{} },
	} {
		w := newExportWorld(1000, "")
		if _, err := w.exports.Create(t.Context(), w.chief(), membership.ExportInput{Query: ascending()}); err != nil {
			t.Fatal(err)
		}
		end(&w.table.access)
		if _, err := w.jobs.RunDue(t.Context(), membership.Call{}, 10); err == nil || w.table.job.Reason != membership.JobAccessEnded || len(w.files.objects) != 0 {
			t.Errorf("%s: %v %+v", what, err, w.table.job)
		}
	}
}

func TestWhoMayExport(t *testing.T) {
	w := newExportWorld(9, "")
	// A customer's administrator gets their own users, whatever they ask for.
	e, err := w.exports.Create(t.Context(), w.boss("c2"), membership.ExportInput{Query: ascending()})
	if err != nil || e.Progress != 3 {
		t.Fatalf("%+v %v", e, err)
	}
	for _, row := range w.file(t, ',')[1:] {
		if row[0] != "Beta; & Co" {
			t.Errorf("%q", row)
		}
	}
	if audit := w.table.trails[0].Audit; audit.CustomerID != "c2" || audit.Realm != membership.Portal {
		t.Errorf("%+v", audit)
	}
	foreign := ascending()
	foreign.CustomerID = "c1"
	if _, err := w.exports.Create(t.Context(), w.boss("c2"), membership.ExportInput{Query: foreign}); membership.KindOf(err) != membership.NotFound {
		t.Errorf("foreign users: %v", err)
	}
	for _, column := range []string{"comment", "groups"} {
		if _, err := w.exports.Create(t.Context(), w.boss("c2"), membership.ExportInput{Query: ascending(), Columns: []string{column}}); membership.CodeOf(err) != "unknown_column" {
			t.Errorf("%s: %v", column, err)
		}
	}
	for _, role := range []membership.Role{membership.Moderator, membership.Member} {
		c := w.boss("c2")
		c.Actor.Role = role
		if _, err := w.exports.Create(t.Context(), c, membership.ExportInput{Query: ascending()}); membership.KindOf(err) != membership.Forbidden {
			t.Errorf("%s: %v", role, err)
		}
		if _, err := w.exports.List(t.Context(), c, membership.PageRequest{Limit: 10}); membership.KindOf(err) != membership.Forbidden {
			t.Errorf("%s: %v", role, err)
		}
		if _, err := w.exports.Get(t.Context(), c, e.ID); membership.KindOf(err) != membership.Forbidden {
			t.Errorf("%s: %v", role, err)
		}
	}
	agent, colleague := w.chief(), w.boss("c2")
	agent.Actor.Role, agent.Actor.UserID = membership.Agent, "agent"
	colleague.Actor.UserID = "other"
	for _, c := range []membership.Call{agent, colleague, w.boss("c1")} {
		if _, err := w.exports.Get(t.Context(), c, e.ID); membership.KindOf(err) != membership.NotFound {
			t.Errorf("%+v: %v", c.Actor, err)
		}
	}
	for _, c := range []membership.Call{w.boss("c2"), w.chief()} {
		if got, err := w.exports.Get(t.Context(), c, e.ID); err != nil || got.URL == "" {
			t.Errorf("%+v %v", got, err)
		}
	}
	own, err := w.exports.List(t.Context(), w.boss("c2"), membership.PageRequest{Limit: 10})
	if err != nil || len(own.Items) != 1 || own.Items[0].URL != "" {
		t.Errorf("%+v %v", own, err)
	}
	if others, err := w.exports.List(t.Context(), w.chief(), membership.PageRequest{Limit: 10}); err != nil || len(others.Items) != 0 {
		t.Errorf("%+v %v", others, err)
	}
	w.table.job.Kind = "import"
	if _, err := w.exports.Get(t.Context(), w.chief(), e.ID); membership.KindOf(err) != membership.NotFound {
		t.Errorf("another job: %v", err)
	}
}

func TestExportInput(t *testing.T) {
	w := newExportWorld(3, "")
	for want, change := range map[string]func(*membership.ExportInput){
		"columns[1] repeated_column":       func(in *membership.ExportInput) { in.Columns = []string{"email", "email"} },
		"columns[1] unknown_column":        func(in *membership.ExportInput) { in.Columns = []string{"email", "password"} },
		"separator invalid_choice":         func(in *membership.ExportInput) { in.Separator = "," },
		"sort invalid_choice":              func(in *membership.ExportInput) { in.Query.Sort = "age" },
		"filter.status invalid_choice":     func(in *membership.ExportInput) { in.Query.Status = "here" },
		"filter.role invalid_choice":       func(in *membership.ExportInput) { in.Query.Role = "king" },
		"filter.country invalid_country":   func(in *membership.ExportInput) { in.Query.Country = "Germany" },
		"sort search_excludes_sort":        func(in *membership.ExportInput) { in.Query.Search, in.Query.Sort = "ada", membership.SortEmail },
		"filter.q search_too_short":        func(in *membership.ExportInput) { in.Query.Search = "ad" },
		"filter.q search_excludes_removed": func(in *membership.ExportInput) { in.Query.Search, in.Query.Status = "ada", membership.Removed },
		"columns[0] unknown_column":        func(in *membership.ExportInput) { in.Columns = strings.Split(strings.Repeat("x,", 300_000), ",") },
	} {
		in := membership.ExportInput{Query: ascending()}
		change(&in)
		_, err := w.exports.Create(t.Context(), w.chief(), in)
		var e *membership.Error
		if !errors.As(err, &e) || e.Field+" "+e.Code != want {
			t.Errorf("%v, want %s", err, want)
		} else if len(e.Fields) > 20 { // each is in the answer, which Lambda wants below 6 MB
			t.Errorf("%s: %d fields", want, len(e.Fields))
		}
	}
	if w.table.taken != 0 || len(w.table.trails) != 0 || len(w.files.objects) != 0 {
		t.Errorf("%d taken, %d stored, %d files", w.table.taken, len(w.table.trails), len(w.files.objects))
	}
}

// A repeated request gets its first answer, and writes no second file.
func TestRepeatedExport(t *testing.T) {
	w := newExportWorld(3, "")
	c := w.chief()
	c.Key = &membership.IdempotencyKey{ActorID: "chief", Key: "k"}
	first, err := w.exports.Create(t.Context(), c, membership.ExportInput{Query: ascending()})
	if err != nil || !w.table.markers["k"] {
		t.Fatal(err)
	}
	c.Done = w.table.trails[0].KeyIDs
	again, err := w.exports.Create(t.Context(), c, membership.ExportInput{Query: ascending()})
	if err != nil || !reflect.DeepEqual(again, first) || len(w.table.trails) != 1 || len(w.files.objects) != 1 {
		t.Errorf("%+v, %+v, %v", first, again, err)
	}
}
