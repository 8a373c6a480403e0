package membership

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"
)

// An import is a CSV file of people to invite. It is uploaded, checked row by row without changing anything, and
// confirmed; then its rows are invited by the use case for one request, a hundred at a time. A result file has the rows
// as they were uploaded, each with its outcome.

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

	// importPart is how many rows are in one file of the bucket: as many as one request can invite, some 30 KB.
	importPart = MaxInvitees
	// importLook is how many such files a page of rows reads at most; the page can then be short.
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
	ImportRefused   ImportStatus = "refused" // the file cannot be imported; Problem says why
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
	ImportChanged ImportClass = "changed" // the record of a user, or of somebody invited, differs from the row
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

// ImportQuery asks for one page of the imports that one person has begun.
type ImportQuery struct {
	ByCustomerID, By string
	Page             PageRequest
}

// ImportRef names the files of one import; UserID is who began it.
type ImportRef struct{ CustomerID, UserID, ImportID string }

// Import is one import, as shown to the person who began it.
type Import struct {
	ID, CustomerID string
	Company        string // the customer's name when the import was begun, for lists
	// Who began it: rows are invited in their name and with their rights.
	By, ByName, ByCustomerID string
	FileName                 string // as it was called on upload, "" if unknown
	Role                     Role   // of rows without one of their own; "" is the first of RolesOf
	Language                 string // of rows without one of their own
	GroupIDs                 []string
	Separator                string // one of ImportSeparators; "" detects it
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
	FailedURL       string // the same with only the rows that failed; "" if there are none
	parts           importParts
	readID          int // names the copy of the file that was read
}

// Ref returns the name of its files.
func (i Import) Ref() ImportRef { return ImportRef{i.CustomerID, i.By, i.ID} }

// ImportFile is what was found out about a file.
type ImportFile struct {
	Size                int
	Hash                string // SHA-256 in hex
	Encoding, Separator string
	Columns             []string // the names of those that are read
	Unknown             []string // headings that mean no column; they are not read
	NotYours            []string // columns that the actor's role may not set; they are not read either
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
	// ChangeImport replaces before with after. Errors: ErrStale, ErrInProgress.
	ChangeImport(ctx context.Context, before, after Import, t Trail) error
	// DeleteImport deletes an import. Errors: ErrStale.
	DeleteImport(ctx context.Context, i Import, t Trail) error
	// Imports returns one page of the imports that one person has begun, by age, with what lists show of them.
	Imports(ctx context.Context, q ImportQuery) (Page[Import], error)
	// Job returns one job within reach. Errors: ErrNotFound.
	Job(ctx context.Context, reach Reach, jobID string) (Job, error)
	// JobsByID returns jobs by id, eventually consistent like the list that names them. Unknown jobs are missing.
	JobsByID(ctx context.Context, refs []JobRef) (map[string]Job, error)
	// Records returns the records of users by id; users who are gone are missing.
	Records(ctx context.Context, rows []UserRow) (map[string]User, error)
	// Take counts one event. Errors: TooMany when the limit is reached.
	Take(ctx context.Context, t Throttle, subject string, now time.Time) error
}

// ImportFiles keeps the files of imports. Writing a file again replaces it.
type ImportFiles interface {
	// UploadForm signs the form for the upload; back is where the browser goes afterwards, "" for scripts and services.
	UploadForm(ctx context.Context, ref ImportRef, back string, expires time.Time) (UploadForm, error)
	// Uploaded says whether a file has arrived.
	Uploaded(ctx context.Context, ref ImportRef) (bool, error)
	// Upload returns the file. Errors: ErrNotFound, Invalid (csv_too_large).
	Upload(ctx context.Context, ref ImportRef) ([]byte, error)
	// Open reads a file's headings. With separator "" it detects the separator. Errors: *ImportFault.
	Open(data []byte, separator string) (ImportSheet, error)
	// Put, Get and Link store, read and link the files that belong to an import, by name. Errors of Get: ErrNotFound.
	Put(ctx context.Context, ref ImportRef, name string, data []byte) error
	Get(ctx context.Context, ref ImportRef, name string) ([]byte, error)
	Link(ctx context.Context, ref ImportRef, name, fileName string, lifetime time.Duration) (string, error)
	// Rows begins a CSV file.
	Rows(out io.Writer, separator byte) RowWriter
	// Say translates a word of the result or the code of a reason; without a translation it returns english.
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
	Encoding() string                        // as far as the rows read so far tell
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
