package membership

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strconv"
)

// importCheckStep is how many rows one step of a check looks at: some hundred reads of the table at once, a second or two.
const importCheckStep = 500

// importUnknown is how many headings that mean no column are reported, each cut to maxName bytes.
const importUnknown = 50

// ImportCheck is the worker of JobImportCheck. It changes nothing: it writes down what each row is.
type ImportCheck struct {
	Imports Imports
	Phones  Phones
}

// Step reads the whole file the first time, and then checks the next rows each time.
func (w ImportCheck) Step(ctx context.Context, c Call, j *Job) (Trail, error) {
	i, own, err := w.Imports.asked(ctx, c, *j)
	if KindOf(err) == NotFound { // dropped
		j.Finish(c.Now)
		return Trail{}, nil
	}
	if err != nil {
		return Trail{}, err
	}
	report := readImportReport(j.Params)
	var end bool
	if report.Read == 0 {
		err = w.read(ctx, own, i, j, &report)
	} else {
		end, err = w.look(ctx, own, i, j, &report)
	}
	if fault, ok := errors.AsType[*ImportFault](err); ok {
		report.Fault, report.Parts = fault, nil
		end, err = true, nil
	}
	if err != nil {
		return Trail{}, err
	}
	j.Params = report.in(j.Params)
	if !end {
		return Trail{}, nil
	}
	j.Finish(c.Now)
	fields := report.auditFields()
	fields["fileName"] = i.FileName
	return Trail{Audit: own.auditEntry(w.Imports.NewID(), "import.checked", "import", i.ID, i.CustomerID, nil, fields)}, nil
}

// asked returns the import of a job, and a call of the person who began it, with their rights at this moment: a right
// that has ended is missing for the rows that follow. Errors: ErrNotFound when the import was dropped; *JobFailure,
// together with the import, when they may no longer import.
func (is Imports) asked(ctx context.Context, c Call, j Job) (Import, Call, error) {
	i, err := is.Store.Import(ctx, ReachCustomer(j.CustomerID), j.Subject)
	if err != nil {
		return Import{}, Call{}, err
	}
	access, err := is.Store.Access(ctx, i.ByCustomerID, i.By, "")
	if err != nil {
		return i, Call{}, err
	}
	actor, err := access.actorNow(DoorOf(i.ByCustomerID), c.Now)
	if err == nil {
		err = actor.require(Invite, i.CustomerID, "")
	}
	if err != nil {
		return i, Call{}, &JobFailure{Reason: JobAccessEnded, Cause: err}
	}
	actor.RequestID = j.RequestID
	return i, Call{Actor: actor, Now: c.Now}, nil
}

// read goes through the whole file and keeps a copy: too many rows are found before the first is checked, and a later
// upload with the same form changes nothing. Errors: *ImportFault.
func (w ImportCheck) read(ctx context.Context, own Call, i Import, j *Job, report *importReport) error {
	data, err := w.Imports.Files.Upload(ctx, i.Ref())
	if KindOf(err) == NotFound {
		return &ImportFault{Code: faultUploadMissing}
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == Invalid {
		return &ImportFault{Code: e.Code}
	}
	if err != nil {
		return err
	}
	hash := sha256.Sum256(data)
	report.File = ImportFile{Size: len(data), Hash: hex.EncodeToString(hash[:])}
	sheet, err := w.Imports.Files.Open(data, i.Separator)
	if err != nil {
		return err
	}
	rows := 0
	for ; ; rows++ {
		if _, err = sheet.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
	}
	if rows == 0 {
		return &ImportFault{Code: faultNoRows, Line: 1}
	}
	report.File.Encoding, report.File.Separator = sheet.Encoding(), sheet.Separator()
	report.File.Columns, report.File.NotYours = newImportReader(own.Actor, i, sheet).names(sheet)
	for _, heading := range sheet.Unknown() {
		if len(report.File.Unknown) < importUnknown {
			report.File.Unknown = append(report.File.Unknown, clip(heading, maxName))
		}
	}
	if err := w.Imports.Files.Put(ctx, i.Ref(), sourceName(j.Version), data); err != nil {
		return err
	}
	report.Read, j.Total = j.Version, rows
	return nil
}

// look finds out what the next rows are. It reads those before again, because a row is compared with them.
func (w ImportCheck) look(ctx context.Context, own Call, i Import, j *Job, report *importReport) (end bool, err error) {
	sheet, err := w.Imports.source(ctx, i, *report)
	if err != nil {
		return false, err
	}
	customer, err := w.Imports.Store.Customer(ctx, own.Actor.Reach(), i.CustomerID)
	switch {
	case KindOf(err) == NotFound:
		return false, &JobFailure{Reason: JobAccessEnded, Cause: err}
	case err != nil:
		return false, err
	case customer.Type != Corporate:
		return false, &ImportFault{Code: ErrIndividual.Code}
	case customer.Status != CustomerActive:
		return false, &ImportFault{Code: ErrCustomerDeactivated.Code}
	}
	reader := newImportReader(own.Actor, i, sheet)
	reader.phones, reader.country = w.Phones, customer.Country
	var rows []ImportRow
	for n := 0; n < j.Progress+importCheckStep; n++ {
		line, err := sheet.Next()
		if errors.Is(err, io.EOF) {
			end = true
			break
		}
		if err != nil {
			return false, err
		}
		if row := reader.row(line); n >= j.Progress {
			rows = append(rows, row)
		}
	}
	end = end || j.Progress+len(rows) >= j.Total
	if err := w.Imports.classify(ctx, own, i, rows); err != nil {
		return false, err
	}
	for from := 0; from < len(rows); from += importPart {
		some := rows[from:min(from+importPart, len(rows))]
		p := partOf(j.Version, some)
		if err := w.Imports.putPart(ctx, i, p, len(report.Parts), some); err != nil {
			return false, err
		}
		report.Parts = append(report.Parts, p)
	}
	j.Progress += len(rows)
	j.Position = strconv.Itoa(j.Progress)
	return end, nil
}

// source opens the copy of the file that was read.
func (is Imports) source(ctx context.Context, i Import, report importReport) (ImportSheet, error) {
	data, err := is.Files.Get(ctx, i.Ref(), sourceName(report.Read))
	if err != nil {
		return nil, err
	}
	return is.Files.Open(data, i.Separator)
}

func (is Imports) putPart(ctx context.Context, i Import, p importPartOf, n int, rows []ImportRow) error {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(rows); err != nil {
		return err
	}
	return is.Files.Put(ctx, i.Ref(), p.name(n), b.Bytes())
}

// classify finds out from the table what each row is, with the same answers as Invitations.Invite (see invitable
// there). An actor who may not look into other customers learns nothing of them here either.
func (is Imports) classify(ctx context.Context, own Call, i Import, rows []ImportRow) error {
	var at []int
	var folded []string
	for n := range rows {
		if rows[n].Class == "" {
			at, folded = append(at, n), append(folded, FoldLogin(rows[n].Email))
		}
	}
	_, addresses, _, err := is.Store.InviteFacts(ctx, own.Actor.Reach(), i.CustomerID, folded, nil)
	if err != nil {
		return err
	}
	var known []UserRow
	told := make([]bool, len(rows)) // that the address signs in elsewhere, and the actor may know
	for k, n := range at {
		row, a := &rows[n], addresses[k]
		elsewhere := a.UserID != "" && a.CustomerID != i.CustomerID
		told[n] = elsewhere && own.Actor.Realm != Portal
		switch {
		case a.InvitedHere != "":
			row.UserID = a.InvitedHere
		case told[n] && a.CustomerID == UnassignedID:
			row.invalid(ErrAddressWaiting)
		case told[n]:
			row.invalid(ErrEmailInUse)
		case elsewhere, a.UserID == "":
			row.Class = ImportNew
		default:
			row.UserID = a.UserID
		}
		if row.UserID != "" {
			known = append(known, UserRow{ID: row.UserID, CustomerID: i.CustomerID})
		}
	}
	records, err := is.Store.Records(ctx, known)
	if err != nil {
		return err
	}
	for _, n := range at {
		if rows[n].UserID == "" {
			continue
		}
		user, ok := records[rows[n].UserID]
		if !ok { // just created, or gone: only this row needs a consistent read
			if user, err = is.Store.User(ctx, ReachCustomer(i.CustomerID), rows[n].UserID); KindOf(err) == NotFound {
				rows[n].invalid(ErrLoginTaken)
				continue
			} else if err != nil {
				return err
			}
		}
		rows[n].known(own, user, told[n])
	}
	return nil
}

// known classifies a row whose person the customer already has. A contact is invited, like somebody new.
func (r *ImportRow) known(own Call, u User, told bool) {
	status := u.StatusAt(own.Now)
	switch status {
	case Contact:
		if told {
			r.UserID = ""
			r.invalid(ErrEmailInUse)
			return
		}
		r.Class = ImportNew
	case Invited, Expired:
		r.Class = ImportInvited
		r.why(ErrAlreadyInvited)
	case Waiting:
		r.UserID = ""
		r.invalid(ErrAddressWaiting)
		return
	default:
		r.Class = ImportUser
		r.why(ErrAlreadyUser)
	}
	if _, possible := status.Next(StepChange); !possible || u.Source == SourceDirectory || !own.Actor.May(ChangeUsers, u.CustomerID, u.Role) {
		return
	}
	if r.Changes = r.changes(u); len(r.Changes) > 0 && r.Class != ImportNew {
		r.Class = ImportChanged
	}
}
