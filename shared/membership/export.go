package membership

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An export is a list of users as a CSV file: the same filter and sort, all pages. A short one is ready with the answer
// to its request; a long one is a job. The file is in the bucket, and looking at the export gives a link to it.

// Limits of exports.
const (
	// ExportAtOnce is how many users a list may have to be exported within the request.
	ExportAtOnce = 200
	// ExportLifetime is how long the file can be downloaded; the bucket deletes it afterwards (template.yaml).
	ExportLifetime = 7 * 24 * time.Hour
	// ExportLink is how long a link to it is good.
	ExportLink = 5 * time.Minute

	exportPage = 400     // rows per Query; their records are four requests at once
	exportStep = 5_000   // rows per step: a second or so, so that progress is seen
	exportPart = 5 << 20 // bytes: the least that S3 takes for any part but the last
	// exportRestarts is how often an export starts over because its parts are gone.
	exportRestarts = 3
)

// exportsPerPerson limits the exports of one person: each can read the whole directory.
var exportsPerPerson = Throttle{"exports", 300, time.Hour}

// ExportInput is a request to export. Position and size of pages in Query are ignored.
type ExportInput struct {
	Query     UserQuery
	Columns   []string // nil is DefaultExportColumns
	Separator ExportSeparator
}

// ExportSeparator stands between the cells of the file.
type ExportSeparator string

// The separators. Spreadsheets expect a semicolon where the comma is the decimal separator.
const (
	Comma     ExportSeparator = "comma" // also ""
	Semicolon ExportSeparator = "semicolon"
)

// Export is one export, as shown to the person who asked for it.
type Export struct {
	ID         string
	CustomerID string // of the person who asked for it
	By, ByName string
	List       *UserQuery // the exported list, without position and size of pages; nil if unknown
	Status     ExportStatus
	Progress   int // users written
	Total      int // users expected, 0 if unknown
	Reason     JobReason
	CreatedAt  time.Time
	DoneAt     time.Time
	URL        string // good for ExportLink; only when a single export is read and its file is there
}

// ExportStatus is where an export stands.
type ExportStatus string

// The statuses: those of its job, and expired, which follows from the clock.
const (
	ExportQueued  ExportStatus = "queued"
	ExportRunning ExportStatus = "running"
	ExportDone    ExportStatus = "done"
	ExportFailed  ExportStatus = "failed"
	ExportExpired ExportStatus = "expired" // ExportLifetime is over
)

func exportOf(j Job, now time.Time) Export {
	e := Export{ID: j.ID, CustomerID: j.CustomerID, By: j.By, ByName: j.ByName, Status: ExportStatus(j.Status), Progress: j.Progress, Total: j.Total,
		Reason: j.Reason, CreatedAt: j.CreatedAt, DoneAt: j.DoneAt}
	if j.Params != nil {
		in := exportInput(j.Params)
		e.List = &in.Query
	}
	if e.Status == ExportDone && !now.Before(j.DoneAt.Add(ExportLifetime)) {
		e.Status = ExportExpired
	}
	return e
}

// ExportRef names the files of one export.
type ExportRef struct{ CustomerID, UserID, ExportID string }

// RowWriter writes the rows of a CSV file.
type RowWriter interface {
	Write(cells ...string) error
	Flush() error
}

// ExportFiles keeps the files of exports; shared/files implements it with S3. Writing a file again replaces it.
type ExportFiles interface {
	// Rows begins a file or, with further, continues one.
	Rows(out io.Writer, separator byte, further bool) RowWriter
	// Put stores a whole file.
	Put(ctx context.Context, ref ExportRef, data []byte) error
	// Link returns an address from which the file can be downloaded for some time.
	Link(ctx context.Context, ref ExportRef, name string, lifetime time.Duration) (string, error)
	// PutPiece and Piece store and read what is not yet enough for a part. Errors: ErrNotFound.
	PutPiece(ctx context.Context, ref ExportRef, number int, data []byte) error
	Piece(ctx context.Context, ref ExportRef, number int) ([]byte, error)
	// Begin begins a file of several parts and returns the name of the upload until it is joined.
	Begin(ctx context.Context, ref ExportRef) (upload string, err error)
	// PutPart stores a part: at least 5 MiB, except for the last. Errors: ErrNotFound when there is no such upload.
	PutPart(ctx context.Context, ref ExportRef, upload string, number int, data []byte) error
	// Join makes the file from the parts with these numbers. Errors: ErrNotFound when there is no such upload: never
	// begun, given up, or joined already.
	Join(ctx context.Context, ref ExportRef, upload string, numbers []int) error
	// Joined says whether the file is there.
	Joined(ctx context.Context, ref ExportRef) (bool, error)
}

// ExportStore is what exports need of the table.
type ExportStore interface {
	AccessStore
	// Records returns the records of users that a list shows, by id, eventually consistent like the list itself. A user
	// who is gone since is missing.
	Records(ctx context.Context, rows []UserRow) (map[string]User, error)
	// GroupsOf returns the groups of these ids that exist.
	GroupsOf(ctx context.Context, reach Reach, ids []string) ([]Group, error)
	// CountUsers returns how many users a list has according to the counters, 0 if there is no counter for it.
	CountUsers(ctx context.Context, q UserQuery) (int, error)
	// CreateJobs stores the jobs of the trail. Errors: ErrInProgress.
	CreateJobs(ctx context.Context, t Trail) error
	// Job returns one job within reach. Errors: ErrNotFound.
	Job(ctx context.Context, reach Reach, jobID string) (Job, error)
	// Jobs returns one page of the jobs of one kind that one person has asked for, with the columns that lists show.
	Jobs(ctx context.Context, q JobQuery) (Page[Job], error)
	// Take counts an event against its limit. Errors: TooMany.
	Take(ctx context.Context, t Throttle, subject string, now time.Time) error
}

// Exports are the use cases about exports, and the worker of JobExport.
type Exports struct {
	Store ExportStore
	Users Users // whose list is exported: with its filters, its sorts, its rights
	Files ExportFiles
	NewID func() string
}

// Create exports a list of users. Errors: ErrForbidden, ErrNotFound, Invalid, TooMany, ErrInProgress.
func (e Exports) Create(ctx context.Context, c Call, in ExportInput) (Export, error) {
	if c.Actor.Realm == Portal && in.Query.CustomerID == "" {
		in.Query.CustomerID = c.Actor.CustomerID
	}
	if err := c.Actor.require(ExportUsers, in.Query.CustomerID, ""); err != nil {
		return Export{}, err
	}
	if len(c.Done) > 0 {
		return e.Get(ctx, c, c.Done[0])
	}
	if len(in.Columns) == 0 {
		in.Columns = DefaultExportColumns(c.Actor)
	}
	if in.Separator == "" {
		in.Separator = Comma
	}
	if err := in.check(); err != nil {
		return Export{}, err
	}
	s, err := e.sheet(c, in)
	if err != nil {
		return Export{}, err
	}
	first := in.Query
	first.Page.Limit, first.Page.Position, first.Page.Backward = ExportAtOnce, "", false
	page, err := e.Users.List(ctx, c, first)
	if err != nil {
		return Export{}, calledAs(err, "q", "filter.q")
	}
	if err := e.Store.Take(ctx, exportsPerPerson, c.Actor.UserID, c.Now); err != nil {
		return Export{}, err
	}
	j := NewJob(c, e.NewID(), JobExport, c.Actor.CustomerID, "", in.params())
	trail := c.trail(AuditEntry{}, j.ID)
	if page.Next == "" {
		if err := s.write(ctx, page.Items); err != nil {
			return Export{}, err
		}
		if err := e.Files.Put(ctx, refOf(j), s.data.Bytes()); err != nil {
			return Export{}, err
		}
		j.Progress, j.Total = len(page.Items), len(page.Items)
		j.Finish(c.Now)
		trail.Audit = e.audit(c, j)
	} else if j.Total, err = e.Store.CountUsers(ctx, in.Query.within(c.Actor)); err != nil {
		return Export{}, err
	}
	trail.Jobs = []Job{j}
	if err := e.Store.CreateJobs(ctx, trail); err != nil {
		return Export{}, err
	}
	return e.linked(ctx, j, c.Now)
}

// Get returns one export with a new link, to the person who asked for it and to staff administrators.
// Errors: ErrNotFound, ErrForbidden.
func (e Exports) Get(ctx context.Context, c Call, exportID string) (Export, error) {
	j, err := e.Store.Job(ctx, c.Actor.Reach(), exportID)
	if err != nil {
		return Export{}, err
	}
	own := j.By == c.Actor.UserID && j.CustomerID == c.Actor.CustomerID
	if j.Kind != JobExport || !own && !(c.Actor.Realm == Staff && c.Actor.Role == StaffAdministrator) {
		return Export{}, ErrNotFound
	}
	if err := c.Actor.require(ExportUsers, j.Params["customer"], ""); err != nil { // the right has ended since: no file
		return Export{}, err
	}
	return e.linked(ctx, j, c.Now)
}

func (e Exports) linked(ctx context.Context, j Job, now time.Time) (Export, error) {
	x := exportOf(j, now)
	if x.Status != ExportDone {
		return x, nil
	}
	var err error
	x.URL, err = e.Files.Link(ctx, refOf(j), "users-"+j.CreatedAt.UTC().Format("2006-01-02-1504")+".csv", ExportLink)
	return x, err
}

// List returns one page of the actor's own exports, the newest first, without links. Errors: ErrForbidden, Invalid.
func (e Exports) List(ctx context.Context, c Call, p PageRequest) (Page[Export], error) {
	customerID := c.Actor.CustomerID
	if !c.Actor.May(ExportUsers, customerID, "") {
		return Page[Export]{}, ErrForbidden
	}
	p.Ascending = false
	jobs, err := e.Store.Jobs(ctx, JobQuery{CustomerID: customerID, By: c.Actor.UserID, Kind: JobExport, Page: p})
	page := Page[Export]{Items: make([]Export, len(jobs.Items)), Next: jobs.Next, Prev: jobs.Prev}
	for n, j := range jobs.Items {
		page.Items[n] = exportOf(j, c.Now)
	}
	return page, err
}

func refOf(j Job) ExportRef { return ExportRef{j.CustomerID, j.By, j.ID} }

// check judges each value by itself; the list judges how they go together.
func (in ExportInput) check() error {
	var errs fieldErrors
	choice := func(field string, good bool) {
		if !good {
			errs.add(InvalidField(field, "invalid_choice", "This is none of the possible values."))
		}
	}
	q := in.Query
	choice("filter.status", q.Status == "" || slices.Contains(Statuses(), q.Status))
	choice("filter.role", q.Role == "" || slices.Contains([]Role{Member, Moderator, Administrator, Agent}, q.Role))
	choice("sort", q.Sort == "" || slices.Contains([]UserSort{SortName, SortEmail, SortGroup, SortRole, SortCompany, SortRegistered}, q.Sort))
	if q.Country != "" && !ValidCountry(q.Country) { // as in lists: not in small letters, which no user has
		errs.add(InvalidField("filter.country", "invalid_country", "A country is its two capital letters in ISO 3166: DE, US."))
	}
	return errs.err()
}

// params returns the input as the job keeps it and the audit log shows it.
func (in ExportInput) params() map[string]string {
	order := "asc"
	if !in.Query.Page.Ascending {
		order = "desc"
	}
	p := map[string]string{
		"customer": in.Query.CustomerID, "status": string(in.Query.Status), "role": string(in.Query.Role), "group": in.Query.GroupID,
		"country": in.Query.Country, "q": in.Query.Search, "sort": string(in.Query.Sort), "order": order,
		"columns": strings.Join(in.Columns, ","), "separator": string(in.Separator),
	}
	maps.DeleteFunc(p, func(_, v string) bool { return v == "" })
	return p
}

func exportInput(p map[string]string) ExportInput {
	return ExportInput{
		Query: UserQuery{CustomerID: p["customer"], Status: Status(p["status"]), Role: Role(p["role"]), GroupID: p["group"], Country: p["country"],
			Search: p["q"], Sort: UserSort(p["sort"]), Page: PageRequest{Ascending: p["order"] == "asc"}},
		Columns: strings.Split(p["columns"], ","), Separator: ExportSeparator(p["separator"]),
	}
}

// audit returns the entry of a finished export: who took out what, and how much. It goes to the log of the customer
// whose users they are; with several customers, to the provider's.
func (e Exports) audit(c Call, j Job) AuditEntry {
	customerID := j.CustomerID
	if id := j.Params["customer"]; id != "" {
		customerID = id
	}
	fields := maps.Clone(j.Params)
	fields["rows"] = strconv.Itoa(j.Progress)
	return c.auditEntry(e.NewID(), "users.exported", "export", j.ID, customerID, nil, fields)
}

// place is how far a job has come.
type place struct {
	Next     string `json:"next,omitempty"`   // of the list
	Piece    int    `json:"piece,omitempty"`  // the number of the piece that is not yet enough for a part
	Upload   string `json:"upload,omitempty"` // the file of several parts
	Parts    []int  `json:"parts,omitempty"`  // its parts
	Joining  bool   `json:"joining,omitempty"`
	Restarts int    `json:"restarts,omitempty"`
}

func (p place) String() string {
	b, _ := json.Marshal(p) // numbers and texts cannot fail
	return string(b)
}

// Step writes some thousand rows. Each step writes under a number of its own, the job's version, so that the remains of
// a step that outlived its lease are in nobody's way.
func (e Exports) Step(ctx context.Context, c Call, j *Job) (Trail, error) {
	own, err := e.asked(ctx, c, *j)
	if err != nil {
		return Trail{}, err
	}
	var at place
	if j.Position != "" {
		if err := json.Unmarshal([]byte(j.Position), &at); err != nil {
			return Trail{}, fmt.Errorf("place of job %s: %w", j.ID, err)
		}
	}
	var done bool
	if at.Joining {
		done, err = e.join(ctx, *j, at)
	} else {
		done, err = e.rows(ctx, own, j, &at)
	}
	switch {
	case KindOf(err) == NotFound: // parts that are too old are deleted
		if at.Restarts++; at.Restarts > exportRestarts {
			return Trail{}, &JobFailure{Reason: JobGaveUp, Cause: err}
		}
		j.Progress, j.Position = 0, place{Restarts: at.Restarts}.String()
		return Trail{}, nil
	case err != nil || !done:
		j.Position = at.String()
		return Trail{}, err
	}
	j.Position = ""
	j.Finish(c.Now)
	j.Total = j.Progress
	return Trail{Audit: e.audit(own, *j)}, nil
}

// asked returns a call of the person who asked for the export, with their present rights: without the right, no file.
func (e Exports) asked(ctx context.Context, c Call, j Job) (Call, error) {
	access, err := e.Store.Access(ctx, j.CustomerID, j.By, "")
	if err != nil {
		return Call{}, err
	}
	actor, err := access.actorNow(DoorOf(j.CustomerID), c.Now)
	if err == nil {
		err = actor.require(ExportUsers, j.Params["customer"], "")
	}
	if err != nil {
		return Call{}, &JobFailure{Reason: JobAccessEnded, Cause: err}
	}
	actor.RequestID = j.RequestID
	return Call{Actor: actor, Now: c.Now}, nil
}

func (e Exports) join(ctx context.Context, j Job, at place) (done bool, err error) {
	err = e.Files.Join(ctx, refOf(j), at.Upload, at.Parts)
	if KindOf(err) == NotFound { // perhaps because it was joined, and the answer was lost
		joined, err := e.Files.Joined(ctx, refOf(j))
		if err == nil && !joined {
			err = ErrNotFound
		}
		return joined, err
	}
	return err == nil, err
}

// rows writes the next rows; done says that the file is complete.
func (e Exports) rows(ctx context.Context, c Call, j *Job, at *place) (done bool, err error) {
	in := exportInput(j.Params)
	s, err := e.sheet(c, in)
	if err != nil {
		return false, &JobFailure{Reason: JobAccessEnded, Cause: err} // a column that is no longer for them
	}
	s.data.Grow(exportPart + 1<<20) // growing by doubling would take twice the memory
	s.begun = at.Piece > 0 || len(at.Parts) > 0
	if at.Piece > 0 {
		piece, err := e.Files.Piece(ctx, refOf(*j), at.Piece)
		if err != nil {
			return false, err
		}
		s.data.Write(piece)
	}
	q := in.Query
	q.Page.Limit = exportPage
	from := j.Progress
	for more := true; more && j.Progress-from < exportStep && s.data.Len() < exportPart; more = at.Next != "" {
		q.Page.Position = at.Next
		page, err := e.Users.List(ctx, c, q)
		if err != nil {
			return false, err
		}
		if err := s.write(ctx, page.Items); err != nil {
			return false, err
		}
		j.Progress, at.Next = j.Progress+len(page.Items), page.Next
	}
	return e.keep(ctx, *j, at, s.data.Bytes())
}

// keep stores what has been written: as the whole file, as a part of it, or as a piece that the next step continues.
func (e Exports) keep(ctx context.Context, j Job, at *place, data []byte) (done bool, err error) {
	end := at.Next == ""
	switch {
	case end && at.Upload == "":
		return true, e.Files.Put(ctx, refOf(j), data)
	case !end && len(data) < exportPart:
		at.Piece = j.Version
		return false, e.Files.PutPiece(ctx, refOf(j), at.Piece, data)
	}
	if at.Upload == "" {
		if at.Upload, err = e.Files.Begin(ctx, refOf(j)); err != nil {
			return false, err
		}
	}
	if len(data) > 0 {
		if err := e.Files.PutPart(ctx, refOf(j), at.Upload, j.Version, data); err != nil {
			return false, err
		}
		at.Parts = append(slices.Clone(at.Parts), j.Version)
	}
	at.Piece, at.Joining = 0, end
	return false, nil
}

// sheet turns users into rows of the file.
type sheet struct {
	exports Exports
	call    Call
	columns []exportColumn
	groups  map[string]Group // those met so far
	data    bytes.Buffer
	begun   bool // the header is written
	comma   byte
}

func (e Exports) sheet(c Call, in ExportInput) (*sheet, error) {
	s := &sheet{exports: e, call: c, groups: map[string]Group{}}
	switch in.Separator {
	case Comma:
		s.comma = ','
	case Semicolon:
		s.comma = ';'
	default:
		return nil, InvalidField("separator", "invalid_choice", "The separator is a comma or a semicolon.")
	}
	var errs fieldErrors
	all := exportColumns(c.Actor)
	for n, name := range in.Columns {
		if len(errs) == maxFieldErrors {
			break
		}
		field := fmt.Sprintf("columns[%d]", n)
		at := slices.IndexFunc(all, func(x exportColumn) bool { return x.name == name })
		switch {
		case at < 0:
			errs.add(InvalidField(field, "unknown_column", fmt.Sprintf("There is no such column, or it is not for you. Choose some of: %s.", strings.Join(ExportColumns(c.Actor), ", "))))
		case slices.Contains(in.Columns[:n], name):
			errs.add(InvalidField(field, "repeated_column", "Each column can be in the file once."))
		default:
			s.columns = append(s.columns, all[at])
		}
	}
	return s, errs.err()
}

// write adds a page of the list, after the header if it is the first.
func (s *sheet) write(ctx context.Context, rows []UserRow) error {
	records, err := s.records(ctx, rows)
	if err != nil {
		return err
	}
	if err := s.meet(ctx, rows); err != nil {
		return err
	}
	out := s.exports.Files.Rows(&s.data, s.comma, s.begun)
	cells := make([]string, len(s.columns))
	if !s.begun {
		for n, c := range s.columns {
			cells[n] = c.name
		}
		if err := out.Write(cells...); err != nil {
			return err
		}
	}
	for _, r := range rows {
		x := exported{row: r, record: records[r.ID], groups: s.groups}
		for n, c := range s.columns {
			cells[n] = c.cell(x)
		}
		if err := out.Write(cells...); err != nil {
			return err
		}
	}
	s.begun = true
	return out.Flush()
}

// records reads the records of a page if a column needs them.
func (s *sheet) records(ctx context.Context, rows []UserRow) (map[string]User, error) {
	if len(rows) == 0 || !slices.ContainsFunc(s.columns, func(c exportColumn) bool { return c.record }) {
		return nil, nil
	}
	return s.exports.Store.Records(ctx, rows)
}

// meet reads the groups of a page that were not met before, if a column names them.
func (s *sheet) meet(ctx context.Context, rows []UserRow) error {
	if !slices.ContainsFunc(s.columns, func(c exportColumn) bool { return c.name == "groups" }) {
		return nil
	}
	var ids []string
	for _, r := range rows {
		for _, id := range r.GroupIDs {
			if _, met := s.groups[id]; !met && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	groups, err := s.exports.Store.GroupsOf(ctx, s.call.Actor.Reach(), ids)
	for _, id := range ids {
		s.groups[id] = Group{} // deleted since
	}
	for _, g := range groups {
		s.groups[g.ID] = g
	}
	return err
}

// exported is one user, as columns see it.
type exported struct {
	row    UserRow
	record User // only for columns that need it
	groups map[string]Group
}

// exportColumn is a column of the file, by the name of the API's field.
type exportColumn struct {
	name   string
	cell   func(exported) string
	record bool // not in lists, so the record is read
	staff  bool // for staff only
	usual  bool // is in the file unless columns are chosen
}

// exportColumns returns the columns that an actor may have, in the order of the API's documentation.
func exportColumns(a Actor) []exportColumn {
	all := []exportColumn{
		{name: "id", cell: func(x exported) string { return x.row.ID }},
		{name: "customerId", cell: func(x exported) string {
			if x.row.CustomerID == UnassignedID {
				return ""
			}
			return x.row.CustomerID
		}},
		{name: "company", cell: func(x exported) string { return x.row.Company }, usual: true},
		{name: "title", cell: func(x exported) string { return x.record.Title }, record: true},
		{name: "firstName", cell: func(x exported) string { return x.row.FirstName }, usual: true},
		{name: "lastName", cell: func(x exported) string { return x.row.LastName }, usual: true},
		{name: "email", cell: func(x exported) string { return x.row.Email }, usual: true},
		{name: "username", cell: func(x exported) string { return x.row.Username }, usual: true},
		{name: "role", cell: func(x exported) string { return string(x.row.Role) }, usual: true},
		{name: "groups", cell: func(x exported) string { return x.groupNames() }, staff: true, usual: true},
		{name: "status", cell: func(x exported) string { return string(x.row.Status) }, usual: true},
		{name: "suspendedUntil", cell: func(x exported) string { return auditTime(x.row.SuspendedUntil) }},
		{name: "notificationsEnabled", cell: func(x exported) string { return strconv.FormatBool(x.record.NotificationsEnabled) }, record: true},
		{name: "url", cell: func(x exported) string { return x.record.URL }, record: true},
		{name: "phone", cell: func(x exported) string { return x.record.Phone }, record: true},
		{name: "mobile", cell: func(x exported) string { return x.record.Mobile }, record: true},
		{name: "fax", cell: func(x exported) string { return x.record.Fax }, record: true},
		{name: "street", cell: func(x exported) string { return x.record.Street }, record: true},
		{name: "postcode", cell: func(x exported) string { return x.record.Postcode }, record: true},
		{name: "city", cell: func(x exported) string { return x.record.City }, record: true},
		{name: "region", cell: func(x exported) string { return x.record.Region }, record: true},
		{name: "country", cell: func(x exported) string { return x.row.Country }, usual: true},
		{name: "language", cell: func(x exported) string { return x.record.Language }, record: true},
		{name: "externalId", cell: func(x exported) string { return x.record.ExternalID }, record: true},
		{name: "comment", cell: func(x exported) string { return x.record.Comment }, record: true, staff: true},
		{name: "source", cell: func(x exported) string { return x.record.Source }, record: true},
		{name: "registeredAt", cell: func(x exported) string { return auditTime(x.row.RegisteredAt) }, usual: true},
	}
	if a.Realm != Portal {
		return all
	}
	return slices.DeleteFunc(all, func(c exportColumn) bool { return c.staff })
}

func (x exported) groupNames() string {
	var names []string
	for _, id := range x.row.GroupIDs {
		if g := x.groups[id]; g.Name != "" {
			names = append(names, g.Name)
		}
	}
	return strings.Join(names, ", ")
}

// ExportColumns returns the names of the columns that an actor may have.
func ExportColumns(a Actor) []string { return columnNames(exportColumns(a)) }

// DefaultExportColumns returns the columns of an export for which none are chosen: what the list shows.
func DefaultExportColumns(a Actor) []string {
	return columnNames(slices.DeleteFunc(exportColumns(a), func(c exportColumn) bool { return !c.usual }))
}

func columnNames(columns []exportColumn) []string {
	names := make([]string, len(columns))
	for n, c := range columns {
		names[n] = c.name
	}
	return names
}
