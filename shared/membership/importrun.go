package membership

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// importPace limits all imports of a deployment together to a hundred rows in ten seconds. SES gives new accounts 14
// mails a second, and other mails must not wait behind an import: the outbox would put off what is beyond that for
// minutes, and try it again.
var importPace = Throttle{"import-pace", 1, 10 * time.Second}

const (
	importPaceTries = 4 // before the job is given back and another import is let through
	importPauseMost = 24 * time.Hour
	importTries     = 4 // of a record that somebody else changes at the same moment
	// importLongest bounds a row of the result, in bytes, so that it can be read again with every quote doubled. A user
	// with every field full has some 8 KB; anything longer is not about people.
	importLongest = 24 << 10
)

// ImportRun is the worker of JobImport. It invites the rows of a checked import by the use case for one request, a
// hundred at a time, each under an idempotency key made of import and row: a repeated step invites nobody twice.
//
// The limit of what a customer's own people can make us mail (Actor.letters) holds for their imports too: else a stolen
// account could use a file to get around it. It breaks no import: the job waits until the limit is over, and goes on.
type ImportRun struct {
	Imports     Imports
	Invitations Invitations
	Records     Records
	// Wait pauses, at most for the window of importPace.
	Wait func(context.Context, time.Duration) error
}

// Step does the next rows; the last one writes the results.
func (w ImportRun) Step(ctx context.Context, c Call, j *Job) (Trail, error) {
	report := readImportReport(j.Params)
	i, own, err := w.Imports.asked(ctx, c, *j)
	var ended *JobFailure
	switch {
	case KindOf(err) == NotFound: // deleted by age
		j.Finish(c.Now)
		return Trail{}, nil
	case errors.As(err, &ended):
		report.Stopped = string(ended.Reason)
	case err != nil:
		return Trail{}, err
	}
	done, _ := strconv.Atoi(j.Position) // parts
	if report.Stopped == "" && done < len(report.Parts) {
		err := w.parts(ctx, own, i, j, &report, done)
		j.Params = report.in(j.Params)
		return Trail{}, err
	}
	if err := w.results(ctx, i, j, &report); err != nil {
		return Trail{}, err
	}
	j.Params = report.in(j.Params)
	j.Finish(c.Now)
	fields := report.auditFields()
	fields["fileName"] = i.FileName
	if own.Actor.UserID == "" { // the person who asked for it may no longer import
		own = Call{Actor: Actor{Realm: realmOf(i.ByCustomerID), UserID: i.By, CustomerID: i.ByCustomerID, Name: i.ByName, RequestID: j.RequestID}, Now: c.Now}
	}
	return Trail{Audit: own.auditEntry(w.Imports.NewID(), "import.finished", "import", i.ID, i.CustomerID, nil, fields)}, nil
}

// parts skips the parts in which there is nothing to do, and does the next one.
func (w ImportRun) parts(ctx context.Context, own Call, i Import, j *Job, report *importReport, done int) error {
	for ; done < len(report.Parts); done++ {
		p := report.Parts[done]
		if p.count(ImportNew) == 0 && (!i.Update || p.count(ImportChanged) == 0) {
			report.add(ResultFailed, p.count(ImportInvalid))
			report.add(ResultSkipped, p.rows()-p.count(ImportInvalid))
			j.Progress += p.rows()
			continue
		}
		whole, err := w.part(ctx, own, i, j, report, done)
		if err == nil && whole {
			done++
		}
		if err != nil {
			return err
		}
		break
	}
	j.Position = strconv.Itoa(done)
	return nil
}

// part does the rows of one part. whole is false when a limit was reached; the job then waits.
func (w ImportRun) part(ctx context.Context, own Call, i Import, j *Job, report *importReport, n int) (whole bool, err error) {
	now, err := w.pace(ctx, own.Now)
	if err != nil {
		return w.later(j, now, err)
	}
	if now.After(own.Now) { // rights may have ended while it waited
		_, own, err = w.Imports.asked(ctx, Call{Now: now}, *j)
		if ended := (*JobFailure)(nil); errors.As(err, &ended) {
			report.Stopped = string(ended.Reason)
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	i.parts = report.Parts
	rows, err := w.Imports.part(ctx, i, n)
	if err != nil {
		return false, err
	}
	pause, err := w.invite(ctx, own, i, rows, n)
	if e, ok := errors.AsType[*Error](err); ok && e.Kind != Unavailable && e.Code != ErrInProgress.Code {
		report.Stopped = e.Code // nobody can be invited any more: the customer is deactivated, a right has ended
		err = nil
	}
	if err != nil {
		return false, err
	}
	if i.Update && report.Stopped == "" {
		if err := w.update(ctx, own, i, rows); err != nil {
			return false, err
		}
	}
	for at := range rows {
		rows[at].settle(i.Update)
	}
	p := partOf(j.Version, rows)
	if err := w.Imports.putPart(ctx, i, p, n, rows); err != nil {
		return false, err
	}
	report.Parts[n] = p
	if pause != nil {
		return w.later(j, own.Now, pause)
	}
	for _, row := range rows {
		report.add(row.Result, 1)
		if row.Result != "" {
			j.Progress++
		}
	}
	return true, nil
}

// pace waits for the deployment's turn, and returns the time after that. Errors: TooMany when others are first.
func (w ImportRun) pace(ctx context.Context, now time.Time) (time.Time, error) {
	for try := 1; ; try++ {
		err := w.Imports.Store.Take(ctx, importPace, "all", now)
		if KindOf(err) != TooMany || try == importPaceTries {
			return now, err
		}
		pause := pauseOf(err)
		if err := w.Wait(ctx, pause); err != nil {
			return now, err
		}
		now = now.Add(pause)
	}
}

// later puts the rest off until a limit is over.
func (w ImportRun) later(j *Job, now time.Time, err error) (whole bool, _ error) {
	if KindOf(err) != TooMany {
		return false, err
	}
	j.DueAt = second(now.Add(pauseOf(err) + time.Second))
	return false, nil
}

func pauseOf(err error) time.Duration {
	e, _ := errors.AsType[*Error](err)
	return min(max(e.RetryAfter, time.Second), importPauseMost)
}

// invite invites the new rows of a part. They are the same each time the part is done, so that each keeps its key. A
// result that was stored before a pause stays, because keys are remembered for a day only. pause is the error of a
// limit that was reached. Errors: those of Invitations.Invite.
func (w ImportRun) invite(ctx context.Context, own Call, i Import, rows []ImportRow, n int) (pause, err error) {
	in := InviteInput{CustomerID: i.CustomerID, GroupIDs: i.GroupIDs}
	var at []int
	for k := range rows {
		if rows[k].Class == ImportNew {
			at, in.Invitees = append(at, k), append(in.Invitees, rows[k].asInvited(i))
		}
	}
	if len(at) == 0 {
		return nil, nil
	}
	own.Key = &IdempotencyKey{ActorID: own.Actor.UserID, Route: "import", Key: i.ID + "/" + strconv.Itoa(n), BodyHash: i.ID}
	results, err := w.Invitations.Invite(ctx, own, in)
	if err != nil {
		return nil, err
	}
	for k, result := range results {
		row := &rows[at[k]]
		switch e := result.Err; {
		case row.Result != "":
		case e == nil:
			row.Result, row.InvitationID = ResultInvited, result.ID
		case e.Kind == TooMany:
			pause = e
		case e.Kind == Unavailable || e.Code == ErrInProgress.Code:
			return nil, e
		case e.Code == ErrAlreadyUser.Code || e.Code == ErrAlreadyInvited.Code: // since the check
			row.Result = ResultSkipped
			row.why(e)
		default:
			row.Result = ResultFailed
			row.why(e)
		}
	}
	return pause, nil
}

// asInvited returns the row as it is invited. What is known of a contact stays, unless records are to be changed.
func (r ImportRow) asInvited(i Import) Invitee {
	if r.UserID != "" && !i.Update {
		return Invitee{Email: r.Email, Role: r.Role}
	}
	r.language = i.Language
	return r.invitee(true)
}

// update changes the records of a part that differ from their rows. Doing it again finds no difference.
func (w ImportRun) update(ctx context.Context, own Call, i Import, rows []ImportRow) error {
	for k := range rows {
		row := &rows[k]
		if row.Class != ImportChanged || row.Result != "" {
			continue
		}
		err := w.change(ctx, own, i, *row)
		switch e, ok := errors.AsType[*Error](err); {
		case err == nil:
			row.Result = ResultUpdated
			row.Code, row.Message, row.Field = "", "", ""
		case ok && e.Kind != Unavailable:
			row.Result = ResultFailed
			row.why(e)
		default:
			return err
		}
	}
	return nil
}

func (w ImportRun) change(ctx context.Context, own Call, i Import, row ImportRow) error {
	for try := 1; ; try++ {
		user, err := w.Imports.Store.User(ctx, ReachCustomer(i.CustomerID), row.UserID)
		if err != nil || len(row.changes(user)) == 0 {
			return err
		}
		if _, err = w.Records.Change(ctx, own, user.ID, user.Version, row.record()); KindOf(err) != Stale || try == importTries {
			return err
		}
	}
}

// results writes the file as it was uploaded, with the result and reason of each row, and the same with only the rows
// that failed or were not reached. A file of 5 MB is held in memory while it is written.
func (w ImportRun) results(ctx context.Context, i Import, j *Job, report *importReport) error {
	sheet, err := w.Imports.source(ctx, i, *report)
	if err != nil {
		return err
	}
	i.parts, report.Results = report.Parts, nil
	all, failed := w.newResult(j, sheet), w.newResult(j, sheet)
	var rows []ImportRow
	for n := 0; ; n++ {
		line, err := sheet.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if n%importPart == 0 {
			if rows, err = w.Imports.part(ctx, i, n/importPart); err != nil {
				return err
			}
		}
		row := rows[n%importPart]
		row.settle(i.Update)
		report.add(row.Result, 1)
		if row.Result == "" {
			row.Code, row.Message = report.Stopped, "The import ended before this row. Import it again."
		}
		all.write(line, row)
		if row.Result == ResultFailed || row.Result == "" {
			failed.write(line, row)
		}
	}
	j.Progress = 0
	for _, n := range report.Results {
		j.Progress += n
	}
	if err := all.put(ctx, i, resultFile); err != nil {
		return err
	}
	return failed.put(ctx, i, failedFile)
}

// importOutcome writes one of the two files.
type importOutcome struct {
	files    ImportFiles
	data     bytes.Buffer
	out      RowWriter
	language string
	columns  []int // of the file as it was uploaded, without those of an earlier result
	width    int
	comma    byte
	err      error
}

func (w ImportRun) newResult(j *Job, sheet ImportSheet) *importOutcome {
	o := &importOutcome{files: w.Imports.Files, language: j.Params["language"], width: len(sheet.Headings()), comma: ','}
	if sheet.Separator() == string(Semicolon) {
		o.comma = ';'
	}
	o.out = o.files.Rows(&o.data, o.comma)
	var headings []string
	ours := []string{importResultColumn, importReasonColumn}
	var earlier []int
	for _, name := range ours {
		if at, found := sheet.Column(name); found {
			earlier = append(earlier, at)
		}
	}
	for n, heading := range sheet.Headings() {
		if !slices.Contains(earlier, n) {
			o.columns, headings = append(o.columns, n), append(headings, heading)
		}
	}
	for _, name := range ours {
		headings = append(headings, o.files.Say(o.language, "column."+name, name))
	}
	o.err = o.out.Write(headings...)
	return o
}

// write adds a row. A row with more cells than headings keeps them all: the last column takes the rest.
func (o *importOutcome) write(line ImportLine, row ImportRow) {
	cells := slices.Clone(line.Cells)
	if o.width > 0 && len(cells) > o.width {
		cells = append(cells[:o.width-1:o.width-1], strings.Join(cells[o.width-1:], string(o.comma)))
	}
	size := 0
	for _, cell := range cells {
		size += len(cell)
	}
	var out []string
	for _, n := range o.columns {
		cell := ""
		if n < len(cells) {
			cell = cells[n]
		}
		if size > importLongest {
			cell = clip(cell, importLongest/len(cells))
		}
		out = append(out, cell)
	}
	result, reason := string(row.Result), row.Message
	if row.Result == "" {
		result = "open"
	}
	if row.Code != "" {
		reason = o.files.Say(o.language, "reason."+row.Code, reason)
	}
	out = append(out, o.files.Say(o.language, "result."+result, result), reason)
	if err := o.out.Write(out...); err != nil && o.err == nil {
		o.err = err
	}
}

func (o *importOutcome) put(ctx context.Context, i Import, name string) error {
	if err := o.out.Flush(); err != nil && o.err == nil {
		o.err = err
	}
	if o.err != nil {
		return o.err
	}
	return o.files.Put(ctx, i.Ref(), name, o.data.Bytes())
}
