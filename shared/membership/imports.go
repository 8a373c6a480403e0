package membership

import (
	"context"
	"maps"
	"slices"
	"strings"
)

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
	Separator  string // one of ImportSeparators; "" detects it
	// Back returns the page to which a browser goes after the upload of an import; nil for scripts and services.
	Back func(importID string) string
}

// Begin creates an import and returns it with the form for uploading its file. Errors: ErrNotFound, ErrForbidden,
// ErrIndividual, ErrCustomerDeactivated, Invalid, TooMany, those of groups (as Invitations.Invite), ErrInProgress.
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
	i.Company = customer.Name
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
	i.FileName = checkText(&errs, "fileName", in.FileName, maxText)
	i.Language = checkLanguage(&errs, in.Language)
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

// ImportSeparators returns the names of the separators that can stand between cells.
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

// find returns an import that the actor may see: their own and, for staff administrators, those of all staff. What
// staff import for a customer tells where else an address is used, so the customer's people must not see it.
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

// List returns one page of the actor's own imports, the newest first, without links. It leaves out expired imports and
// those for customers that the actor may no longer invite for, so a page can be short. Errors: ErrForbidden.
func (is Imports) List(ctx context.Context, c Call, p PageRequest) (Page[Import], error) {
	if !c.Actor.MayImport() {
		return Page[Import]{}, ErrForbidden
	}
	p.Ascending = false
	page, err := is.Store.Imports(ctx, ImportQuery{ByCustomerID: c.Actor.CustomerID, By: c.Actor.UserID, Page: p})
	if err != nil {
		return Page[Import]{}, err
	}
	page.Items = slices.DeleteFunc(page.Items, func(i Import) bool {
		return !c.Now.Before(i.ExpiresAt) || !c.Actor.May(Invite, i.CustomerID, "")
	})
	var refs []JobRef
	for _, i := range page.Items {
		if i.Stage != ImportBegun {
			refs = append(refs, JobRef{CustomerID: i.CustomerID, ID: i.JobID})
		}
	}
	jobs, err := is.Store.JobsByID(ctx, refs)
	for n, i := range page.Items {
		if i.Stage == ImportBegun {
			page.Items[n].Status = ImportUploading
			continue
		}
		page.Items[n] = i.with(jobs[i.JobID]) // a job that is not seen yet has not begun
	}
	return page, err
}

// MayImport says whether there is any customer that the actor may import for.
func (a Actor) MayImport() bool {
	if a.Realm == Portal {
		return a.May(Invite, a.CustomerID, "")
	}
	return a.May(Invite, "", "")
}

// Form signs a new form for the upload of an import whose file was not checked yet: a form is good for ten minutes
// only. Errors: ErrNotFound, ErrForbidden, ErrStale.
func (is Imports) Form(ctx context.Context, c Call, importID, back string) (UploadForm, error) {
	i, err := is.find(ctx, c, importID)
	if err == nil && i.Stage != ImportBegun {
		err = ErrStale
	}
	if err != nil {
		return UploadForm{}, err
	}
	return is.Files.UploadForm(ctx, i.Ref(), back, second(c.Now.Add(importFormLifetime)))
}

// done returns how many rows have a result.
func (i Import) done() (n int) {
	for _, count := range i.Results {
		n += count
	}
	return n
}

// fileStem returns a file's name without folders and ending, or otherwise if that leaves nothing.
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

// Check starts checking the uploaded file, row by row and without changing anything. Asked again, it returns how far
// the check is. Errors: ErrNotFound, ErrForbidden, ErrImportUploadMissing, ErrImportConfirmed, ErrStale, ErrInProgress.
func (is Imports) Check(ctx context.Context, c Call, importID string) (Import, error) {
	return again(func() (Import, error) { return is.check(ctx, c, importID) })
}

// again repeats do once when somebody else was faster: what they did may be what was asked for.
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

// Confirm starts inviting the rows of a checked import and, with update, changing the records that differ. Asked again,
// it returns how far the import is. Errors: ErrNotFound, ErrForbidden, ErrImportNotChecked, ErrImportConfirmed (if it
// was confirmed with another choice), ErrStale, ErrInProgress.
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
	j.Version = checked.Version + 1 // the versions of both jobs name files, so they must not overlap
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
