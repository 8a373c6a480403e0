package membership

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An import is a CSV file of people whom somebody wants in: it is uploaded, checked row by row without changing anything,
// confirmed, and then its rows are invited by the use case for one request after the other. What each row came to is told
// in a file with the rows as they were uploaded.

// Limits of imports.
const (
	MaxImportBytes = 5 << 20 // of the file
	MaxImportRows  = 10_000
	// ImportLifetime is how long an import that nobody confirms is kept. Confirming it gives it importResultLifetime, which
	// is long enough for MaxImportRows at lettersPerActor and a week to look at the result. The bucket deletes its files a day
	// later (template.yaml).
	ImportLifetime       = 7 * 24 * time.Hour
	importResultLifetime = 21 * 24 * time.Hour
	importFormLifetime   = 10 * time.Minute // of the form for the upload, as for pictures
	// ImportLink is how long a link to a result is good.
	ImportLink = 5 * time.Minute

	// importPart is how many rows lie in one file of the bucket: as many as one request can invite, some 30 KB.
	importPart = MaxInvitees
	// importLook is how many such files a page of rows reads at most: it can be short, then.
	importLook = 10
)

// importsPerPerson limits what one person can make the worker read.
var importsPerPerson = Throttle{"imports", 30, time.Hour}

// ImportStage is what was asked for last.
type ImportStage string

// The stages.
const (
	ImportBegun     ImportStage = "begun"
	ImportChecks    ImportStage = "check"
	ImportConfirmed ImportStage = "confirmed"
)

// ImportStatus is where an import stands: its stage, and what its job says.
type ImportStatus string

// The statuses.
const (
	ImportUploading ImportStatus = "uploading" // waits for the file, and for being checked
	ImportChecking  ImportStatus = "checking"
	ImportChecked   ImportStatus = "checked"
	ImportRefused   ImportStatus = "refused" // the file is none that can be imported; Problem says why
	ImportImporting ImportStatus = "importing"
	ImportDone      ImportStatus = "done"
	ImportFailed    ImportStatus = "failed" // Reason says why; what was done until then stays done
)

// ImportClass is what the check found a row to be.
type ImportClass string

// The classes.
const (
	ImportNew     ImportClass = "new"
	ImportUser    ImportClass = "user"    // is a user of the customer already
	ImportInvited ImportClass = "invited" // has been invited already
	ImportChanged ImportClass = "changed" // the record of a user, or of somebody invited, is another one than the row
	ImportInvalid ImportClass = "invalid"
)

// ImportClasses returns all of them in the order in which they are counted.
func ImportClasses() []ImportClass {
	return []ImportClass{ImportNew, ImportUser, ImportInvited, ImportChanged, ImportInvalid}
}

// ImportResult is what became of a row.
type ImportResult string

// The results. A row that was not reached, because the import ended before it, has none.
const (
	ResultInvited ImportResult = "invited"
	ResultUpdated ImportResult = "updated"
	ResultSkipped ImportResult = "skipped" // there was nothing to do, or it was not asked for
	ResultFailed  ImportResult = "failed"
)

// ImportResults returns all of them in the order in which they are counted.
func ImportResults() []ImportResult {
	return []ImportResult{ResultInvited, ResultUpdated, ResultSkipped, ResultFailed}
}

// ImportRef names the files of one import; UserID is who began it.
type ImportRef struct{ CustomerID, UserID, ImportID string }

// Import is one import, for who began it.
type Import struct {
	ID, CustomerID string
	// Who began it: rows are invited in their name and with their rights.
	By, ByName, ByCustomerID string
	FileName                 string // as it was called where it came from, "" where nobody said
	Role                     Role   // of rows without one of their own; "" is the first of RolesOf
	Language                 string // of rows without one of their own
	GroupIDs                 []string
	Separator                string // one of ImportSeparators; "" is found out
	Stage                    ImportStage
	Update                   bool   // also change records that differ
	JobID                    string // of the stage
	CreatedAt, ExpiresAt     time.Time
	Version                  int

	// What follows is read from the job.

	Status          ImportStatus
	Progress, Total int // rows checked or, once confirmed, rows done; Total is 0 while it is not known
	Reason          string
	Problem         *ImportProblem
	File            ImportFile
	Counts          map[ImportClass]int
	Results         map[ImportResult]int
	ResultURL       string // a link to the file with the result of every row, good for ImportLink
	FailedURL       string // the same with the rows that failed only; "" where there are none
	parts           importParts
	readID          int // by which the file as it was read is named
}

// Ref returns the name of its files.
func (i Import) Ref() ImportRef { return ImportRef{i.CustomerID, i.By, i.ID} }

// ImportFile is what was found out about a file.
type ImportFile struct {
	Size                int
	Hash                string // SHA-256 in hex
	Encoding, Separator string
	Columns             []string // the names of those that are read
	Unknown             []string // headings that mean no column: these are not read
	NotYours            []string // the names of columns that the actor's role does not allow to set: these are not read either
}

// ImportProblem is why a file cannot be imported.
type ImportProblem struct {
	Code, Message string
	Line          int
	Column        string
}

func (i Import) auditFields() map[string]string {
	return map[string]string{"fileName": i.FileName, "role": string(i.Role), "language": i.Language, "groupIds": strings.Join(i.GroupIDs, " "),
		"stage": string(i.Stage), "update": strconv.FormatBool(i.Update)}
}

// Errors about imports.
var (
	ErrImportUploadMissing = &Error{Kind: Conflict, Code: "import_upload_missing", Message: "No file has arrived. Upload it by the form first; it may have at most 5 MB and must not be empty."}
	ErrImportNotChecked    = &Error{Kind: Conflict, Code: "import_not_checked", Message: "Only an import whose file was checked can be confirmed. Wait for the check, or begin a new import."}
	ErrImportConfirmed     = &Error{Kind: Conflict, Code: "import_confirmed", Message: "This import was confirmed already. Look at its progress and result; begin a new one for another file."}
)

// ImportStore is what imports need of the table.
type ImportStore interface {
	AccessStore
	InvitationStore
	// Import returns one import within reach, without what its job says. Errors: ErrNotFound.
	Import(ctx context.Context, reach Reach, importID string) (Import, error)
	CreateImport(ctx context.Context, i Import, t Trail) error
	// ChangeImport replaces before by after. Errors: ErrStale, ErrInProgress.
	ChangeImport(ctx context.Context, before, after Import, t Trail) error
	// DeleteImport deletes an import. Errors: ErrStale.
	DeleteImport(ctx context.Context, i Import, t Trail) error
	// Job returns one job within reach. Errors: ErrNotFound.
	Job(ctx context.Context, reach Reach, jobID string) (Job, error)
	// Records returns the records of users by id; one that is gone is missing.
	Records(ctx context.Context, rows []UserRow) (map[string]User, error)
	// Take counts one event. Errors: TooMany when the limit is reached.
	Take(ctx context.Context, t Throttle, subject string, now time.Time) error
}

// ImportFiles keeps the files of imports. What is written twice is replaced.
type ImportFiles interface {
	// UploadForm signs the form for the upload; back is where the browser goes afterwards, "" for scripts and services.
	UploadForm(ctx context.Context, ref ImportRef, back string, expires time.Time) (UploadForm, error)
	// Uploaded says whether a file has arrived.
	Uploaded(ctx context.Context, ref ImportRef) (bool, error)
	// Upload returns the file. Errors: ErrNotFound, Invalid (csv_too_large).
	Upload(ctx context.Context, ref ImportRef) ([]byte, error)
	// Open reads a file's headings. separator "" is found out. Errors: *ImportFault.
	Open(data []byte, separator string) (ImportSheet, error)
	// Put, Get and Link are about the files that belong to an import, by name. Errors of Get: ErrNotFound.
	Put(ctx context.Context, ref ImportRef, name string, data []byte) error
	Get(ctx context.Context, ref ImportRef, name string) ([]byte, error)
	Link(ctx context.Context, ref ImportRef, name, fileName string, lifetime time.Duration) (string, error)
	// Rows begins a CSV file.
	Rows(out io.Writer, separator byte) RowWriter
	// Say puts a word of the result or the code of a reason into a language; english is what is said where there is no text.
	Say(language, key, english string) string
	// Drop deletes everything of an import.
	Drop(ctx context.Context, ref ImportRef) error
}

// ImportSheet is an opened file.
type ImportSheet interface {
	// Next returns the next row that is not blank, io.EOF after the last. Errors: *ImportFault, which ends the file.
	Next() (ImportLine, error)
	Headings() []string
	Unknown() []string                       // headings that mean no column
	Column(name string) (at int, found bool) // where among the headings it is
	Encoding() string                        // as far as the rows read until now tell
	Separator() string                       // one of ImportSeparators, or "other"
}

// ImportLine is a row as it stands in a file.
type ImportLine struct {
	Line   int // in the file, from 1
	Cells  []string
	Values map[string]string // the cells by the names of ImportColumns, trimmed
	Fault  string            // a code: why the row cannot be trusted; "" if it is sound
}

// ImportFault is what is wrong with a file.
type ImportFault struct {
	Code   string
	Line   int
	Column string
}

func (f *ImportFault) Error() string { return f.Code + " in line " + strconv.Itoa(f.Line) }

// Imports are the use cases about imports.
type Imports struct {
	Store ImportStore
	Files ImportFiles
	NewID func() string
}

// ImportInput is a request to import.
type ImportInput struct {
	CustomerID string
	FileName   string
	Role       Role
	Language   string
	GroupIDs   []string
	Separator  string // one of ImportSeparators; "" is found out
	// Back returns the page to which a browser goes after the upload, from the import's id; nil for scripts and services.
	Back func(importID string) string
}

// Begin makes an import and the form by which its file is uploaded. Errors: ErrNotFound, ErrForbidden, ErrIndividual,
// ErrCustomerDeactivated, Invalid, TooMany, those of groups (as Invitations.Invite), ErrInProgress.
func (is Imports) Begin(ctx context.Context, c Call, in ImportInput) (Import, UploadForm, error) {
	if err := c.Actor.require(Invite, in.CustomerID, ""); err != nil {
		return Import{}, UploadForm{}, err
	}
	if len(c.Done) > 0 {
		i, err := is.find(ctx, c, c.Done[0])
		if err != nil {
			return Import{}, UploadForm{}, err
		}
		return is.begun(ctx, c, i, in)
	}
	customer, err := is.Store.Customer(ctx, c.Actor.Reach(), in.CustomerID)
	switch {
	case err != nil:
		return Import{}, UploadForm{}, err
	case customer.Type != Corporate:
		return Import{}, UploadForm{}, ErrIndividual
	case customer.Status != CustomerActive:
		return Import{}, UploadForm{}, ErrCustomerDeactivated
	}
	i, err := is.fresh(ctx, c, in)
	if err != nil {
		return Import{}, UploadForm{}, err
	}
	if err := is.Store.Take(ctx, importsPerPerson, c.Actor.UserID, c.Now); err != nil {
		return Import{}, UploadForm{}, err
	}
	audit := c.auditEntry(is.NewID(), "import.begun", "import", i.ID, i.CustomerID, nil, i.auditFields())
	if err := is.Store.CreateImport(ctx, i, c.trail(audit, i.ID)); err != nil {
		return Import{}, UploadForm{}, err
	}
	return is.begun(ctx, c, i, in)
}

func (is Imports) fresh(ctx context.Context, c Call, in ImportInput) (Import, error) {
	var errs fieldErrors
	i := Import{ID: is.NewID(), CustomerID: in.CustomerID, By: c.Actor.UserID, ByName: c.Actor.Name, ByCustomerID: c.Actor.CustomerID, Stage: ImportBegun,
		CreatedAt: second(c.Now), ExpiresAt: second(c.Now.Add(ImportLifetime)), Version: 1}
	i.FileName = checkText(&errs, "fileName", in.FileName, maxText, false)
	i.Language = checkLanguage(&errs, "language", in.Language)
	i.Role, i.Separator = in.Role, in.Separator
	if i.Role == "" {
		i.Role = RolesOf(in.CustomerID)[0]
	}
	switch {
	case !ValidRole(in.CustomerID, i.Role):
		errs.add(InvalidField("role", "invalid_role", "There is no such role here."))
	case !c.Actor.May(Invite, in.CustomerID, i.Role):
		return Import{}, &Error{Kind: Forbidden, Code: "role_not_allowed", Field: "role", Message: "Your role does not allow you to give this role."}
	}
	if i.Separator != "" && !slices.Contains(ImportSeparators(), i.Separator) {
		errs.add(InvalidField("separator", "invalid_choice", "The separator is a comma, a semicolon, a tab or a vertical bar. Leave it out to have it found out."))
	}
	if err := errs.err(); err != nil {
		return Import{}, err
	}
	groups, err := chooseGroups(ctx, is.Store, c.Actor, in.CustomerID, in.GroupIDs)
	i.GroupIDs = groups.ids
	return i, err
}

// ImportSeparators returns the names of what can stand between cells.
func ImportSeparators() []string { return []string{string(Comma), string(Semicolon), "tab", "bar"} }

func (is Imports) begun(ctx context.Context, c Call, i Import, in ImportInput) (Import, UploadForm, error) {
	back := ""
	if in.Back != nil {
		back = in.Back(i.ID)
	}
	form, err := is.Files.UploadForm(ctx, i.Ref(), back, second(c.Now.Add(importFormLifetime)))
	i.Status = ImportUploading
	return i, form, err
}

// find returns an import that the actor may see: their own, and to staff administrators those of the staff. What staff
// import for a customer says where else an address is used, and is nothing for the customer's people.
func (is Imports) find(ctx context.Context, c Call, importID string) (Import, error) {
	i, err := is.Store.Import(ctx, c.Actor.Reach(), importID)
	if err != nil {
		return Import{}, err
	}
	own := i.By == c.Actor.UserID && i.ByCustomerID == c.Actor.CustomerID
	chief := c.Actor.Realm == Staff && c.Actor.Role == StaffAdministrator && i.ByCustomerID == ProviderID
	if !own && !chief || !c.Now.Before(i.ExpiresAt) {
		return Import{}, ErrNotFound
	}
	return i, c.Actor.require(Invite, i.CustomerID, "")
}

// Get returns one import with new links to its results. Errors: ErrNotFound, ErrForbidden.
func (is Imports) Get(ctx context.Context, c Call, importID string) (Import, error) {
	i, _, err := is.look(ctx, c, importID)
	if err != nil || i.Status != ImportDone && (i.Status != ImportFailed || len(i.Results) == 0) {
		return i, err
	}
	name := fileStem(i.FileName, "import-"+i.CreatedAt.UTC().Format("2006-01-02"))
	if i.ResultURL, err = is.Files.Link(ctx, i.Ref(), resultFile, name+"-result.csv", ImportLink); err != nil {
		return i, err
	}
	if i.Results[ResultFailed] > 0 || i.done() < i.Total {
		i.FailedURL, err = is.Files.Link(ctx, i.Ref(), failedFile, name+"-failed.csv", ImportLink)
	}
	return i, err
}

// done returns how many rows have a result.
func (i Import) done() (n int) {
	for _, count := range i.Results {
		n += count
	}
	return n
}

// fileStem returns a file's name without its ending.
func fileStem(name, otherwise string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		name = name[:dot]
	}
	if name == "" {
		return otherwise
	}
	return name
}

// look returns an import with what its job says, and the job.
func (is Imports) look(ctx context.Context, c Call, importID string) (Import, Job, error) {
	i, err := is.find(ctx, c, importID)
	if err != nil {
		return Import{}, Job{}, err
	}
	if i.Stage == ImportBegun {
		i.Status = ImportUploading
		return i, Job{}, nil
	}
	j, err := is.Store.Job(ctx, ReachCustomer(i.CustomerID), i.JobID)
	if err != nil {
		return Import{}, Job{}, err
	}
	return i.with(j), j, nil
}

// with returns the import with what its job says.
func (i Import) with(j Job) Import {
	report := readImportReport(j.Params)
	i.File, i.Counts, i.parts, i.readID = report.File, report.counts(), report.Parts, report.Read
	i.Progress, i.Total, i.Reason = j.Progress, j.Total, string(j.Reason)
	if report.Fault != nil {
		i.Problem = report.Fault.problem()
	}
	confirmed := i.Stage == ImportConfirmed
	if confirmed {
		i.Results = report.results()
	}
	switch {
	case j.Status == JobFailed:
		i.Status = ImportFailed
	case j.Status != JobDone && confirmed:
		i.Status = ImportImporting
	case j.Status != JobDone:
		i.Status = ImportChecking
	case report.Fault != nil:
		i.Status = ImportRefused
	case !confirmed:
		i.Status = ImportChecked
	case report.Stopped != "":
		i.Status, i.Reason = ImportFailed, report.Stopped
	default:
		i.Status = ImportDone
	}
	if i.Status == ImportFailed && report.Stopped == "" {
		i.Results = nil // the worker gave up, and there is no file
	}
	return i
}

// Check has the uploaded file looked at, row by row and without changing anything. Asking again is answered with how far
// it is. Errors: ErrNotFound, ErrForbidden, ErrImportUploadMissing, ErrImportConfirmed, ErrStale, ErrInProgress.
func (is Imports) Check(ctx context.Context, c Call, importID string) (Import, error) {
	return again(func() (Import, error) { return is.check(ctx, c, importID) })
}

// again looks once more when somebody else was faster: what they did may be what was asked for.
func again(do func() (Import, error)) (Import, error) {
	i, err := do()
	if KindOf(err) == Stale {
		i, err = do()
	}
	return i, err
}

func (is Imports) check(ctx context.Context, c Call, importID string) (Import, error) {
	before, _, err := is.look(ctx, c, importID)
	if err != nil || before.Stage == ImportChecks {
		return before, err
	}
	if before.Stage == ImportConfirmed {
		if len(c.Done) > 0 {
			return before, nil
		}
		return Import{}, ErrImportConfirmed
	}
	there, err := is.Files.Uploaded(ctx, before.Ref())
	if err != nil {
		return Import{}, err
	}
	if !there {
		return Import{}, ErrImportUploadMissing
	}
	after := before
	after.Stage = ImportChecks
	return is.ask(ctx, c, before, after, NewJob(c, is.NewID(), JobImportCheck, before.CustomerID, before.ID, nil), "import.check-asked")
}

// Confirm has the rows of a checked import invited and, with update, the records changed that differ. Asking again is
// answered with how far it is. Errors: ErrNotFound, ErrForbidden, ErrImportNotChecked, ErrImportConfirmed (where it was
// confirmed with another choice), ErrStale, ErrInProgress.
func (is Imports) Confirm(ctx context.Context, c Call, importID string, update bool) (Import, error) {
	return again(func() (Import, error) { return is.confirm(ctx, c, importID, update) })
}

func (is Imports) confirm(ctx context.Context, c Call, importID string, update bool) (Import, error) {
	before, checked, err := is.look(ctx, c, importID)
	switch {
	case err != nil:
		return Import{}, err
	case before.Stage == ImportConfirmed && before.Update == update:
		return before, nil
	case before.Stage == ImportConfirmed:
		return Import{}, ErrImportConfirmed
	case before.Status != ImportChecked:
		return Import{}, ErrImportNotChecked
	}
	after := before
	after.Stage, after.Update, after.ExpiresAt = ImportConfirmed, update, second(c.Now.Add(importResultLifetime))
	params := maps.Clone(checked.Params)
	params["language"] = ChooseLanguage(c.Actor.Language)
	j := NewJob(c, is.NewID(), JobImport, before.CustomerID, before.ID, params)
	j.Total = before.Total
	j.Version = checked.Version + 1 // the versions of both jobs name files: they never meet
	return is.ask(ctx, c, before, after, j, "import.confirmed")
}

// ask brings an import to its next stage, with the job that the stage owes.
func (is Imports) ask(ctx context.Context, c Call, before, after Import, j Job, action string) (Import, error) {
	after.JobID, after.Version = j.ID, before.Version+1
	trail := c.trail(c.auditEntry(is.NewID(), action, "import", before.ID, before.CustomerID, before.auditFields(), after.auditFields()), before.ID)
	trail.Jobs = []Job{j}
	if err := is.Store.ChangeImport(ctx, before, after, trail); err != nil {
		return Import{}, err
	}
	return after.with(j), nil
}

// Drop deletes an import that was not confirmed, with its files. Errors: ErrNotFound, ErrForbidden, ErrImportConfirmed,
// ErrStale.
func (is Imports) Drop(ctx context.Context, c Call, importID string) error {
	i, err := again(func() (Import, error) { return is.drop(ctx, c, importID) })
	if err == nil {
		_ = is.Files.Drop(ctx, i.Ref()) // what stays is deleted by age
	}
	return err
}

func (is Imports) drop(ctx context.Context, c Call, importID string) (Import, error) {
	i, err := is.find(ctx, c, importID)
	if err != nil {
		return Import{}, err
	}
	if i.Stage == ImportConfirmed {
		return Import{}, ErrImportConfirmed
	}
	audit := c.auditEntry(is.NewID(), "import.dropped", "import", i.ID, i.CustomerID, i.auditFields(), nil)
	return i, is.Store.DeleteImport(ctx, i, c.trail(audit, i.ID))
}

// ImportRowQuery asks for one page of an import's rows, in the order of the file.
type ImportRowQuery struct {
	Class  ImportClass  // "" is every class
	Result ImportResult // "" is every result
	Page   PageRequest
}

// Rows returns one page of the rows as far as they are checked. With a class or a result a page can be shorter than asked
// for and still have a next one. Errors: ErrNotFound, ErrForbidden, Invalid.
func (is Imports) Rows(ctx context.Context, c Call, importID string, q ImportRowQuery) (Page[ImportRow], error) {
	if q.Class != "" && !slices.Contains(ImportClasses(), q.Class) {
		return Page[ImportRow]{}, InvalidField("class", "invalid_choice", "There is no such class of rows.")
	}
	if q.Result != "" && !slices.Contains(ImportResults(), q.Result) {
		return Page[ImportRow]{}, InvalidField("result", "invalid_choice", "There is no such result.")
	}
	i, _, err := is.look(ctx, c, importID)
	if err != nil {
		return Page[ImportRow]{}, err
	}
	at, _ := strconv.Atoi(q.Page.Position) // of the first row to look at; backwards, of the first not to look at
	rows := i.parts.rows()
	step, end := 1, rows
	if q.Page.Backward {
		at, step, end = min(at, rows)-1, -1, -1
	}
	var (
		found  []ImportRow
		loaded []ImportRow
		part   = -1
		looked = 0
		first  = at
	)
	for ; step > 0 && at < end || step < 0 && at > end; at += step {
		p := at / importPart
		if p >= len(i.parts) || p < 0 {
			break
		}
		if q.Class != "" && i.parts[p].count(q.Class) == 0 { // nothing for this page in the whole part
			at = partEdge(p, step)
			continue
		}
		if p != part {
			if looked == importLook {
				break
			}
			if loaded, err = is.part(ctx, i, p); err != nil {
				return Page[ImportRow]{}, err
			}
			part, looked = p, looked+1
		}
		n := at % importPart
		if n >= len(loaded) {
			continue
		}
		row := loaded[n]
		row.Number = at + 1
		if q.Class != "" && row.Class != q.Class || q.Result != "" && row.Result != q.Result {
			continue
		}
		if len(found) == q.Page.Limit {
			break
		}
		found = append(found, row)
	}
	page := Page[ImportRow]{Items: found}
	more := step > 0 && at < end || step < 0 && at > end
	if q.Page.Backward {
		slices.Reverse(page.Items)
		if more {
			page.Prev = strconv.Itoa(at + 1)
		}
		if first+1 < rows {
			page.Next = strconv.Itoa(first + 1)
		}
		return page, nil
	}
	if more {
		page.Next = strconv.Itoa(at)
	}
	if first > 0 {
		page.Prev = strconv.Itoa(first)
	}
	return page, nil
}

// partEdge returns the last row of a part in the direction of reading.
func partEdge(part, step int) int {
	if step < 0 {
		return part * importPart
	}
	return (part+1)*importPart - 1
}

// part reads one file of rows; rows that the import has passed and that it had nothing to do for get their result here.
func (is Imports) part(ctx context.Context, i Import, n int) ([]ImportRow, error) {
	data, err := is.Files.Get(ctx, i.Ref(), i.parts[n].name(n))
	if err != nil {
		return nil, err
	}
	var rows []ImportRow
	if err := json.Unmarshal(data, &rows); err != nil {
		return nil, err
	}
	for at := range rows {
		if i.Stage == ImportConfirmed && n*importPart+at < i.Progress {
			rows[at].settle(i.Update)
		}
	}
	return rows, nil
}
