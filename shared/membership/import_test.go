package membership_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/shared/csvfile"
	"clientele/shared/membership"
	"clientele/shared/phone"
)

// importWorld is a world with imports and the workers of their jobs.
type importWorld struct {
	*world
	table   *importTable
	shelf   *shelf
	imports membership.Imports
	jobs    membership.Jobs
	pausing func() // what happens while the worker waits for its turn
}

func newImportWorld(t *testing.T) *importWorld {
	t.Helper()
	w := &importWorld{world: newWorld(t)}
	w.table = &importTable{memory: w.store, imports: map[string]membership.Import{}}
	w.shelf = &shelf{memory: w.store, objects: map[string][]byte{}}
	w.imports = membership.Imports{Store: w.table, Files: w.shelf, NewID: w.id}
	w.jobs = membership.Jobs{Store: w.table, Clock: func() time.Time { return w.now }, Workers: map[membership.JobKind]membership.JobWorker{
		membership.JobImportCheck: membership.ImportCheck{Imports: w.imports, Phones: phone.Parse},
		membership.JobImport: membership.ImportRun{Imports: w.imports, Invitations: w.invitations, Records: membership.Records{Store: w.table, Phones: phone.Parse, NewID: w.id, Language: "en"}, Wait: func(_ context.Context, d time.Duration) error {
			w.now, w.waited = w.now.Add(d), w.waited+d
			if w.pausing != nil {
				w.pausing()
			}
			return nil
		}},
	}}
	return w
}

// upload begins an import for alpha and stores a file where its form would.
func (w *importWorld) upload(c membership.Call, in membership.ImportInput, file string) string {
	w.t.Helper()
	if in.CustomerID == "" {
		in.CustomerID = "alpha"
	}
	i, form, err := w.imports.Begin(w.ctx, c, in)
	if err != nil {
		w.t.Fatal(err)
	}
	w.shelf.objects[strings.TrimPrefix(form.URL, "https://bucket.example/")] = []byte(file)
	return i.ID
}

// run works on what is due, as often as something becomes due within d.
func (w *importWorld) run(d time.Duration) {
	w.t.Helper()
	for end := w.now.Add(d); ; {
		if _, err := w.jobs.RunDue(w.ctx, membership.Call{Actor: membership.SystemActor("run")}, 10); err != nil {
			w.t.Fatal(err)
		}
		var next time.Time
		for _, j := range w.store.jobs {
			if !j.Status.Ended() && (next.IsZero() || j.DueAt.Before(next)) {
				next = j.DueAt
			}
		}
		if next.IsZero() || next.After(end) {
			return
		}
		w.now = next
	}
}

func (w *importWorld) get(c membership.Call, id string) membership.Import {
	w.t.Helper()
	c.Now = w.now
	i, err := w.imports.Get(w.ctx, c, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

// checked uploads a file and has it checked.
func (w *importWorld) checked(c membership.Call, in membership.ImportInput, file string) string {
	w.t.Helper()
	id := w.upload(c, in, file)
	if _, err := w.imports.Check(w.ctx, c, id); err != nil {
		w.t.Fatal(err)
	}
	w.run(time.Hour)
	return id
}

// imported is checked, and confirmed.
func (w *importWorld) imported(c membership.Call, in membership.ImportInput, file string, update bool) membership.Import {
	w.t.Helper()
	id := w.checked(c, in, file)
	c.Now = w.now
	if _, err := w.imports.Confirm(w.ctx, c, id, update); err != nil {
		w.t.Fatal(err)
	}
	w.run(time.Hour)
	return w.get(c, id)
}

// rows writes down all rows: line, class, result, why, and what differs.
func (w *importWorld) rows(c membership.Call, id string) []string {
	w.t.Helper()
	c.Now = w.now
	var all []string
	q := membership.ImportRowQuery{Page: membership.PageRequest{Limit: 7}}
	for {
		p, err := w.imports.Rows(w.ctx, c, id, q)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, r := range p.Items {
			line := fmt.Sprintf("%d %s %s", r.Line, r.Email, r.Class)
			for _, s := range []string{string(r.Result), r.Code, r.Field, strings.Join(r.Changes, "+")} {
				if s != "" {
					line += " " + s
				}
			}
			all = append(all, line)
		}
		if q.Page.Position = p.Next; p.Next == "" {
			return all
		}
	}
}

// result reads a result file, one row per line, cells separated by |.
func (w *importWorld) result(i membership.Import, name string) []string {
	w.t.Helper()
	data, err := w.shelf.Get(w.ctx, i.Ref(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := csvfile.NewReader(strings.NewReader(string(data)), []csvfile.Column{{Name: "email", Spelled: []string{"e-mail"}}}, csvfile.Limits{Rows: 20000, Bytes: 1 << 30})
	if err != nil {
		w.t.Fatal(err)
	}
	lines := []string{strings.Join(r.Headings(), "|")}
	for {
		row, err := r.Next()
		if err != nil {
			return lines
		}
		lines = append(lines, strings.Join(row.Cells, "|"))
	}
}

func wantLines(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestImportFromUploadToResult(t *testing.T) {
	w := newImportWorld(t)
	c := w.staff()
	w.inviteAs(c, "alpha", "invited@example.com", membership.Member)
	file := "sep=;\r\nE-Mail;Vorname;Nachname;Rolle;Telefon;Land;Lieblingsfarbe\r\n" +
		"new@example.com;Ada;Lovelace;Mitglied;+49 30 1234567;de;blau\r\n" +
		";;;;;;\r\n" +
		"NEW@example.com;Ada;Again;;;;\r\n" +
		"alpha-member@example.com;Ann;member;;;;\r\n" +
		"alpha-moderator@example.com;Anna;moderator;;+49 30 99;;\r\n" +
		"invited@example.com;Ina;Vitee;;;;\r\n" +
		"beta-administrator@example.com;Not;Ours;;;;\r\n" +
		"broken;No;Address;;;;\r\n" +
		"second@example.com;Bo;Berg;king;;;\r\n" +
		"\"third@example.com;\"Ca\"x;Dahl;;;;\r\n" +
		"fourth@example.com;Di;Eich;moderator;;zz;\r\n" +
		"fifth@example.com;'=1+1;\"Fi\nsch\";Administrator;;AT;\r\n" +
		"sixth@example.com;Go;Gul;;;;;too;many\r\n"
	id := w.upload(c, membership.ImportInput{FileName: "people.csv", Language: "de"}, file)
	if i := w.get(c, id); i.Status != membership.ImportUploading || i.Role != membership.Member {
		t.Fatalf("%+v", i)
	}
	_, err := w.imports.Confirm(w.ctx, c, id, false)
	wantCode(t, err, "import_not_checked")
	i, err := w.imports.Check(w.ctx, c, id)
	if err != nil || i.Status != membership.ImportChecking {
		t.Fatal(i, err)
	}
	again, err := w.imports.Check(w.ctx, c, id)
	if err != nil || again.JobID != i.JobID {
		t.Fatal(again, err)
	}
	before, mails := len(w.store.invitations), len(w.store.mails)
	w.run(time.Minute)
	i = w.get(c, id)
	if i.Status != membership.ImportChecked || i.Total != 12 || i.Progress != 12 || len(w.store.invitations) != before || len(w.store.mails) != mails {
		t.Fatalf("%+v", i)
	}
	if f := i.File; f.Size != len(file) || len(f.Hash) != 64 || f.Encoding != "UTF-8" || f.Separator != "semicolon" ||
		!slices.Equal(f.Unknown, []string{"Lieblingsfarbe"}) || !slices.Equal(f.Columns, []string{"email", "firstName", "lastName", "role", "phone", "country"}) || f.NotYours != nil {
		t.Errorf("%+v", f)
	}
	for class, n := range map[membership.ImportClass]int{"new": 1, "user": 1, "invited": 1, "changed": 1, "invalid": 8} {
		if i.Counts[class] != n {
			t.Errorf("%s: %d, want %d", class, i.Counts[class], n)
		}
	}
	checked := []string{
		"3 new@example.com new",
		"5 NEW@example.com invalid duplicate_row email",
		"6 alpha-member@example.com user already_user email",
		"7 alpha-moderator@example.com changed already_user email firstName+phone",
		"8 invited@example.com invited already_invited email",
		"9 beta-administrator@example.com invalid email_in_use email",
		"10 broken invalid invalid_email email",
		"11 second@example.com invalid invalid_role role",
		"12  invalid csv_quotes",
		"13 fourth@example.com invalid invalid_country country",
		"14 fifth@example.com invalid invalid_text lastName",
		"16 sixth@example.com invalid csv_too_many_cells",
	}
	wantLines(t, w.rows(c, id), checked)

	c.Now = w.now
	if i, err = w.imports.Confirm(w.ctx, c, id, true); err != nil || i.Status != membership.ImportImporting || i.Total != 12 {
		t.Fatal(i, err)
	}
	_, err = w.imports.Confirm(w.ctx, c, id, false)
	wantCode(t, err, "import_confirmed")
	wantCode(t, w.imports.Drop(w.ctx, c, id), "import_confirmed")
	w.run(time.Minute)
	i = w.get(c, id)
	if i.Status != membership.ImportDone || i.Progress != 12 || i.Results["invited"] != 1 || i.Results["updated"] != 1 || i.Results["skipped"] != 2 || i.Results["failed"] != 8 {
		t.Fatalf("%+v", i)
	}
	if !strings.HasSuffix(i.ResultURL, "/result.csv?as=people-result.csv&for=5m0s") || !strings.HasSuffix(i.FailedURL, "/failed.csv?as=people-failed.csv&for=5m0s") {
		t.Errorf("links %s %s", i.ResultURL, i.FailedURL)
	}
	if rows := w.rows(c, id); rows[0] != "3 new@example.com new invited" || rows[2] != "6 alpha-member@example.com user skipped already_user email" ||
		rows[3] != "7 alpha-moderator@example.com changed updated firstName+phone" || rows[1] != "5 NEW@example.com invalid failed duplicate_row email" {
		t.Error(rows)
	}
	var made membership.User
	for _, u := range w.store.users {
		if u.Email == "new@example.com" {
			made = u
		}
	}
	inv := w.store.invitations[made.InvitationID]
	if made.Status != membership.Invited || made.FirstName != "Ada" || made.Phone != "+49301234567" || made.Country != "DE" || made.Language != "" && made.Language != "de" ||
		inv.Language != "de" || inv.InvitedBy != c.Actor.UserID || w.store.mails[inv.MailID].Language != "de" {
		t.Errorf("%+v %+v", made, inv)
	}
	if u := w.store.users["alpha-moderator"]; u.FirstName != "Anna" || u.Phone != "+493099" || u.Version != 2 {
		t.Errorf("%+v", u)
	}
	all, failed := w.result(i, "result.csv"), w.result(i, "failed.csv")
	if len(all) != 13 || len(failed) != 9 || all[0] != "E-Mail|Vorname|Nachname|Rolle|Telefon|Land|Lieblingsfarbe|result|reason" {
		t.Errorf("%q %q", all, failed)
	}
	if all[1] != "new@example.com|Ada|Lovelace|Mitglied|+49 30 1234567|de|blau|invited|" || !strings.HasPrefix(all[12], "sixth@example.com|Go|Gul||||;too;many|failed|This row has more cells") ||
		!strings.HasPrefix(failed[5], `"third@example.com;"Ca"x;Dahl;;;;|||||||failed|The quotes`) || !strings.Contains(all[11], "|=1+1|Fi\nsch|") {
		t.Errorf("%s", strings.Join(all, "\n"))
	}
	var actions []string
	for _, a := range w.store.audit {
		if a.Subject == "import" {
			if a.SubjectID != id || a.CustomerID != "alpha" || a.ActorID != c.Actor.UserID {
				t.Errorf("%+v", a)
			}
			actions = append(actions, a.Action)
		}
	}
	wantLines(t, actions, []string{"import.begun", "import.check-asked", "import.checked", "import.confirmed", "import.finished"})
	last := w.store.audit[len(w.store.audit)-1]
	if last.After["invited"] != "1" || last.After["failed"] != "8" || last.After["sha256"] != i.File.Hash || last.After["fileName"] != "people.csv" || last.After["rows"] != "12" {
		t.Errorf("%+v", last)
	}
}

// Whoever invites, and however: a letter that is sent counts, once.
func TestInvitationsSentAreCountedHoweverTheyWereMade(t *testing.T) {
	w := newImportWorld(t)
	var sent int
	sweep := func(how string, want int) {
		t.Helper()
		w.now = w.now.Add(time.Second)
		d, err := w.outbox.Sweep(w.ctx, 100, func() time.Time { return w.now })
		if err != nil || d.Invitations != want {
			t.Errorf("%s: %d invitations sent, want %d (%v)", how, d.Invitations, want, err)
		}
		sent += d.Invitations
	}
	inv := w.invite("one@example.com", membership.Member)
	w.inviteAs(w.as("alpha", membership.Administrator), "alpha", "beta-administrator@example.com", membership.Member) // whose letter says that the address is in use
	sweep("invited", 2)
	w.now = w.now.Add(time.Hour)
	if _, err := w.invitations.Resend(w.ctx, w.staff(), inv.ID); err != nil {
		t.Fatal(err)
	}
	sweep("sent again", 1)
	w.now = w.now.Add(membership.InvitationLifetime)
	if _, _, err := w.invitations.ResendExpired(w.ctx, w.staff(), "alpha", ""); err != nil {
		t.Fatal(err)
	}
	sweep("expired ones sent again", 1)
	w.now = w.now.Add(2 * time.Hour)
	wantCode(t, w.invitations.Renew(w.ctx, w.public(), w.token(inv.ID)), "")
	sweep("renewed", 1)
	w.imported(w.staff(), membership.ImportInput{FileName: "people.csv"}, "email\nfile1@example.com\nfile2@example.com\n", false)
	sweep("from a file", 2)
	wantCode(t, w.signIn.ForgotPassword(w.ctx, w.public(), membership.Forgot{Login: "alpha-member", Door: membership.PortalDoor, Source: "192.0.2.1"}, "en"), "")
	sweep("another letter", 0)
	w.invite("refused@example.com", membership.Member)
	w.postman.fail = &membership.MailRefusal{Reason: "no such address"}
	sweep("refused", 0)
	if sent != 7 {
		t.Errorf("%d in all", sent)
	}
}

// The same file again finds everybody there, and the rows that failed can be corrected and uploaded alone.
func TestImportTwice(t *testing.T) {
	w := newImportWorld(t)
	c := w.staff()
	var b strings.Builder
	b.WriteString("email,firstName,title\n")
	for n := range 250 {
		fmt.Fprintf(&b, "p%d@example.com,P%d,Dr.\n", n, n)
	}
	b.WriteString("nobody,x,\n")
	first := w.imported(c, membership.ImportInput{}, b.String(), true)
	if first.Results["invited"] != 250 || first.Results["failed"] != 1 || len(w.store.invitations) != 250 || len(w.store.mails) != 250 {
		t.Fatalf("%+v", first)
	}
	if w.waited == 0 {
		t.Error("three hundred rows went at once")
	}
	waited := w.waited
	second := w.imported(c, membership.ImportInput{}, b.String(), true)
	if second.Counts["invited"] != 250 || second.Counts["invalid"] != 1 || second.Results["skipped"] != 250 || len(w.store.invitations) != 250 || len(w.store.mails) != 250 || w.waited != waited {
		t.Fatalf("%+v", second)
	}
	data, err := w.shelf.Get(w.ctx, second.Ref(), "failed.csv")
	if err != nil {
		t.Fatal(err)
	}
	third := w.imported(c, membership.ImportInput{}, strings.Replace(string(data), "nobody", "somebody@example.com", 1), false)
	if third.Results["invited"] != 1 || third.File.Unknown != nil {
		t.Errorf("%+v", third)
	}
	if lines := w.result(third, "result.csv"); len(lines) != 2 || lines[0] != "email|firstName|title|result|reason" || lines[1] != "somebody@example.com|x||invited|" {
		t.Error(lines)
	}
}

func TestFilesThatAreNoImport(t *testing.T) {
	many := "email\n" + strings.Repeat("a@b.example\n", membership.MaxImportRows)
	for name, f := range map[string]struct{ file, code string }{
		"nothing":             {" ", "csv_empty"},
		"header only":         {"email;firstName\n\n\n", "csv_no_rows"},
		"no address":          {"firstName;lastName\nA;B\n", "csv_column_missing"},
		"no header":           {"a@b.example;Ada\nc@d.example;Bo\n", "csv_header"},
		"picture":             {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", "csv_header"},
		"picture JPEG":        {"\xff\xd8\xff\xe0\x00\x10JFIF" + strings.Repeat("\x00\xfe\"", 40000), "csv_header"},
		"workbook":            {"PK\x03\x04rest", "csv_workbook"},
		"twice":               {"email;E-Mail\nx;y\n", "csv_column_twice"},
		"10,001 rows":         {many + "a@b.example\n", "csv_too_many_rows"},
		"too large":           {"email\n" + strings.Repeat("a", membership.MaxImportBytes), "csv_too_large"},
		"501 columns":         {"email" + strings.Repeat(",x", 500) + "\na@b.example\n", "csv_too_many_columns"},
		"quote without end":   {"\"email;firstName\nx;y\n", "csv_header"},
		"separator of others": {"email^firstName\nx^y\n", "csv_header"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newImportWorld(t)
			c := w.staff()
			id := w.checked(c, membership.ImportInput{}, f.file)
			i := w.get(c, id)
			if i.Status != membership.ImportRefused || i.Problem == nil || i.Problem.Code != f.code || i.Problem.Message == "" || i.Reason != "" {
				t.Fatalf("%+v %+v", i, i.Problem)
			}
			_, err := w.imports.Confirm(w.ctx, c, id, false)
			wantCode(t, err, "import_not_checked")
			if rows := w.rows(c, id); rows != nil {
				t.Error(rows)
			}
			if err := w.imports.Drop(w.ctx, c, id); err != nil || len(w.shelf.objects) != 0 {
				t.Error(err, w.shelf.objects)
			}
		})
	}
	w := newImportWorld(t)
	c := w.staff()
	if i := w.get(c, w.checked(c, membership.ImportInput{}, many)); i.Status != membership.ImportChecked || i.Counts["new"] != 1 || i.Counts["invalid"] != membership.MaxImportRows-1 {
		t.Errorf("10,000 rows: %+v", i)
	}
	_, err := w.imports.Check(w.ctx, c, w.uploadNothing(c))
	wantCode(t, err, "import_upload_missing")
}

func (w *importWorld) uploadNothing(c membership.Call) string {
	id := w.upload(c, membership.ImportInput{}, "x")
	i := w.table.imports[id]
	delete(w.shelf.objects, objectName(i.Ref(), "upload"))
	return id
}

// Encodings and separators of common programs give the same rows.
func TestImportsOfManyPrograms(t *testing.T) {
	utf16 := func(s string) string {
		b := []byte{0xff, 0xfe}
		for _, r := range s {
			b = append(b, byte(r), byte(r>>8))
		}
		return string(b)
	}
	for name, f := range map[string]struct{ file, separator, encoding string }{
		"Excel, German":    {"E-Mail;Vorname\r\nm\xfcller@x.example;M\xfc\r\nok@x.example;J\xf6rg\r\n", "semicolon", "Windows-1252"},
		"Excel, Unicode":   {utf16("E-Mail\tVorname\r\nmüller@x.example\tMü\r\nok@x.example\tJörg\r\n"), "tab", "UTF-16"},
		"with mark":        {"\ufeffemail,first name\nmüller@x.example,Mü\nok@x.example,Jörg\n", "comma", "UTF-8"},
		"old Macintosh":    {"email|firstname\rmüller@x.example|Mü\rok@x.example|Jörg\r", "bar", "UTF-8"},
		"mixed up by hand": {"email,firstName\nm\xfcller@x.example,M\nok@x.example,Jörg\nb\xe4d@x.example,B\xe4\n", "comma", "Windows-1252"},
	} {
		w := newImportWorld(t)
		c := w.staff()
		id := w.checked(c, membership.ImportInput{}, f.file)
		i := w.get(c, id)
		if i.Status != membership.ImportChecked || i.File.Separator != f.separator || i.File.Encoding != f.encoding || i.Counts["new"] != 1 {
			t.Errorf("%s: %+v %+v", name, i, w.rows(c, id))
			continue
		}
		c.Now = w.now
		if _, err := w.imports.Confirm(w.ctx, c, id, false); err != nil {
			t.Fatal(err)
		}
		w.run(time.Hour)
		for _, v := range w.store.invitations {
			if v.Email != "ok@x.example" || v.FirstName != "Jörg" {
				t.Errorf("%s: %+v", name, v)
			}
		}
		if i = w.get(c, id); i.Results["invited"] != 1 || i.Results["failed"] != i.Total-1 {
			t.Errorf("%s: %+v", name, i)
		}
	}
}

func TestWhoMayImport(t *testing.T) {
	w := newImportWorld(t)
	agent := w.as(membership.ProviderID, membership.Agent)
	boss, moderator, member := w.as("alpha", membership.Administrator), w.as("alpha", membership.Moderator), w.as("alpha", membership.Member)
	foreign := w.as("beta", membership.Administrator)
	begin := func(c membership.Call, in membership.ImportInput) error {
		_, _, err := w.imports.Begin(w.ctx, c, in)
		return err
	}
	wantCode(t, begin(member, membership.ImportInput{CustomerID: "alpha"}), "forbidden")
	wantCode(t, begin(foreign, membership.ImportInput{CustomerID: "alpha"}), "not_found")
	wantCode(t, begin(agent, membership.ImportInput{CustomerID: membership.ProviderID}), "forbidden")
	wantCode(t, begin(w.staff(), membership.ImportInput{CustomerID: "gamma"}), "not_found")
	wantCode(t, begin(moderator, membership.ImportInput{CustomerID: "alpha", Role: membership.Administrator}), "role_not_allowed")
	wantCode(t, begin(boss, membership.ImportInput{CustomerID: "alpha", Role: membership.Agent}), "invalid_role")
	wantCode(t, begin(boss, membership.ImportInput{CustomerID: "alpha", Language: "xx"}), "invalid_language")
	wantCode(t, begin(boss, membership.ImportInput{CustomerID: "alpha", Separator: "^"}), "invalid_choice")
	wantCode(t, begin(boss, membership.ImportInput{CustomerID: "alpha", GroupIDs: []string{"g"}}), "groups_not_allowed")
	closed := w.store.customers["beta"]
	closed.Status = membership.CustomerDeactivated
	w.store.customers["beta"] = closed
	wantCode(t, begin(w.staff(), membership.ImportInput{CustomerID: "beta"}), "customer_deactivated")
	one := w.store.customers["alpha"]
	one.Type = membership.Individual
	w.store.customers["alpha"] = one
	wantCode(t, begin(w.staff(), membership.ImportInput{CustomerID: "alpha"}), "customer_is_individual")
	one.Type = membership.Corporate
	w.store.customers["alpha"] = one

	// The person who began an import sees it; staff administrators also see what staff import.
	file := "email\nx@example.com\n"
	ids := map[string]string{"boss": w.upload(boss, membership.ImportInput{}, file), "agent": w.upload(agent, membership.ImportInput{}, file), "staff": w.upload(w.staff(), membership.ImportInput{}, file)}
	for _, x := range []struct {
		c    membership.Call
		sees []string
	}{{boss, []string{"boss"}}, {moderator, nil}, {member, nil}, {foreign, nil}, {agent, []string{"agent"}}, {w.staff(), []string{"agent", "staff"}}} {
		for whose, id := range ids {
			_, err := w.imports.Get(w.ctx, x.c, id)
			_, rows := w.imports.Rows(w.ctx, x.c, id, membership.ImportRowQuery{Page: membership.PageRequest{Limit: 1}})
			if sees := slices.Contains(x.sees, whose); sees != (err == nil) || sees != (rows == nil) || !sees && (!errors.Is(err, membership.ErrNotFound) || !errors.Is(w.imports.Drop(w.ctx, x.c, id), membership.ErrNotFound)) {
				t.Errorf("%s %s looks at that of %s: %v", x.c.Actor.CustomerID, x.c.Actor.Role, whose, err)
			}
		}
	}
	// Until it has expired.
	w.now = w.now.Add(membership.ImportLifetime)
	c := w.staff()
	_, err := w.imports.Get(w.ctx, c, ids["staff"])
	wantCode(t, err, "not_found")
}

// Everybody finds their own imports, the newest first and with their progress: not those of others, no expired ones,
// and none for a customer whose people they may no longer invite.
func TestOwnImports(t *testing.T) {
	w := newImportWorld(t)
	staff, boss := w.staff(), w.as("alpha", membership.Administrator)
	listed := func(c membership.Call) []string {
		t.Helper()
		c.Now = w.now
		page, err := w.imports.List(w.ctx, c, membership.PageRequest{Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		lines := []string{}
		for _, i := range page.Items {
			lines = append(lines, fmt.Sprintf("%s %s %s %d/%d %d", i.FileName, i.Company, i.Status, i.Progress, i.Total, i.Counts[membership.ImportNew]))
		}
		return lines
	}
	w.imported(staff, membership.ImportInput{FileName: "done"}, "email\na@example.com\n", false)
	waiting := w.upload(staff, membership.ImportInput{FileName: "waits"}, "email\nb@example.com\n")
	w.checked(staff, membership.ImportInput{FileName: "checked", CustomerID: "beta"}, "email\nc@example.com\nd@example.com\n")
	w.checked(boss, membership.ImportInput{FileName: "theirs"}, "email\n")
	wantLines(t, listed(staff), []string{"checked beta checked 2/2 2", "waits alpha uploading 0/0 0", "done alpha done 1/1 1"})
	wantLines(t, listed(boss), []string{"theirs alpha refused 0/0 0"})
	wantLines(t, listed(w.as("alpha", membership.Moderator)), []string{})
	_, err := w.imports.List(w.ctx, w.as("alpha", membership.Member), membership.PageRequest{Limit: 50})
	wantCode(t, err, "forbidden")

	// A form can be signed any number of times, for an upload that was not checked yet.
	form, err := w.imports.Form(w.ctx, staff, waiting, "")
	if err != nil || !strings.Contains(form.URL, waiting) {
		t.Error(form, err)
	}
	_, err = w.imports.Form(w.ctx, boss, waiting, "")
	wantCode(t, err, "not_found")
	if _, err = w.imports.Check(w.ctx, staff, waiting); err != nil {
		t.Fatal(err)
	}
	_, err = w.imports.Form(w.ctx, staff, waiting, "")
	wantCode(t, err, membership.ErrStale.Code)
	wantLines(t, listed(staff)[1:2], []string{"waits alpha checking 0/0 0"})

	staff.Actor.Role = membership.StaffAgent
	provider := w.upload(w.staff(), membership.ImportInput{FileName: "colleagues", CustomerID: membership.ProviderID}, "email\n")
	if _, err := w.imports.Get(w.ctx, staff, provider); membership.KindOf(err) == "" {
		t.Error("an agent sees an import of colleagues")
	}
	wantLines(t, listed(staff), []string{"checked beta checked 2/2 2", "waits alpha checking 0/0 0", "done alpha done 1/1 1"})
	w.now = w.now.Add(membership.ImportLifetime)
	wantLines(t, listed(staff), []string{"done alpha done 1/1 1"})
}

// A customer's own people learn nothing of other customers, and columns that their role may not set are not read.
func TestImportByACustomersPeople(t *testing.T) {
	w := newImportWorld(t)
	moderator := w.as("alpha", membership.Moderator)
	i := w.imported(moderator, membership.ImportInput{}, "email,role,phone\nbeta-administrator@example.com,,\nfree@example.com,member,+49 30 1\nchief@example.com,administrator,\nalpha-member@example.com,,+49 30 5\n", true)
	if i.Counts["new"] != 2 || i.Results["invited"] != 2 || !slices.Equal(i.File.NotYours, []string{"phone"}) || slices.Contains(i.File.Columns, "phone") {
		t.Fatalf("%+v", i)
	}
	wantLines(t, w.rows(moderator, i.ID), []string{"2 beta-administrator@example.com new invited", "3 free@example.com new invited",
		"4 chief@example.com invalid failed role_not_allowed role", "5 alpha-member@example.com user skipped already_user email"})
	again := w.imported(moderator, membership.ImportInput{}, "email\nbeta-administrator@example.com\nfree@example.com\n", false)
	if again.Counts["invited"] != 2 {
		t.Errorf("%+v", again.Counts)
	}
}

// Somebody who waits for approval is approved, not imported; a customer's people see only those who wait for them.
func TestImportOfWhoWaits(t *testing.T) {
	w := newImportWorld(t)
	w.settings(func(s *membership.Settings) { s.Approvers = membership.ApproversCustomer })
	w.store.domains["alpha.example"] = "alpha"
	routed, other := w.waiting("rita@alpha.example"), w.waiting("rita@gister.example")
	file := "email,firstName,role\nrita@alpha.example,Imported,administrator\nrita@gister.example,Imported,administrator\n"
	staff, boss := w.staff(), w.as("alpha", membership.Administrator)
	wantLines(t, w.rows(staff, w.imported(staff, membership.ImportInput{}, file, true).ID), []string{
		"2 rita@alpha.example invalid failed address_waiting email", "3 rita@gister.example invalid failed address_waiting email"})
	wantLines(t, w.rows(boss, w.imported(boss, membership.ImportInput{}, file, true).ID), []string{
		"2 rita@alpha.example invalid failed address_waiting email", "3 rita@gister.example new invited"})
	for _, r := range []membership.Registration{routed, other} {
		if u := w.store.users[r.ID]; u.Status != membership.Waiting || u.FirstName != "Rita" || u.Role != membership.Member || u.Version != 1 {
			t.Errorf("imported over: %+v", u)
		}
	}
}

// Rights that end while an import waits for its turn are missing for the rows that follow.
func TestRightsThatEndWhileAnImportWaitsForItsTurn(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*membership.User)
		reason  string
		invited []string
	}{
		"demoted":     {func(u *membership.User) { u.Role = membership.Moderator }, "", []string{"colleague@example.com"}},
		"deactivated": {func(u *membership.User) { u.Status = membership.Deactivated }, "access_ended", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newImportWorld(t)
			boss := w.as("alpha", membership.Administrator)
			id := w.checked(boss, membership.ImportInput{}, "email,role\nchief@example.com,administrator\ncolleague@example.com,member\n")
			if err := w.store.Take(w.ctx, membership.Throttle{Name: "import-pace", Limit: 1, Window: 10 * time.Second}, "all", w.now); err != nil { // somebody else's turn
				t.Fatal(err)
			}
			boss.Now = w.now
			if _, err := w.imports.Confirm(w.ctx, boss, id, false); err != nil {
				t.Fatal(err)
			}
			w.pausing = sync.OnceFunc(func() { w.set(boss.Actor.UserID, test.change) })
			w.run(time.Hour)
			var invited []string
			for _, inv := range w.store.invitations {
				invited = append(invited, inv.Email)
			}
			if i := w.get(boss, id); w.waited == 0 || i.Reason != test.reason || !slices.Equal(invited, test.invited) || len(w.result(i, "result.csv")) != 3 {
				t.Errorf("waited %v, %s %q, invited %q", w.waited, i.Status, i.Reason, invited)
			}
		})
	}
}

// A limit of letters breaks no import of a customer's people: it goes on when the limit is over, and nobody is invited twice.
func TestImportWaitsForLimits(t *testing.T) {
	w := newImportWorld(t)
	boss := w.as("alpha", membership.Administrator)
	var b strings.Builder
	b.WriteString("email\n")
	for n := range 2150 {
		fmt.Fprintf(&b, "p%d@example.com\n", n)
	}
	id := w.checked(boss, membership.ImportInput{}, b.String())
	boss.Now = w.now
	if _, err := w.imports.Confirm(w.ctx, boss, id, false); err != nil {
		t.Fatal(err)
	}
	w.run(time.Hour)
	if i := w.get(boss, id); i.Status != membership.ImportImporting || i.Progress != 1000 || len(w.store.invitations) != 1000 || len(i.ResultURL) > 0 {
		t.Fatalf("after an hour: %d of %+v", len(w.store.invitations), i)
	}
	w.store.markers = map[membership.IdempotencyKey]membership.Marker{} // remembered for a day
	w.run(72 * time.Hour)
	i := w.get(boss, id)
	if i.Status != membership.ImportDone || i.Results["invited"] != 2150 || len(w.store.invitations) != 2150 || len(w.store.mails) != 2150 {
		t.Fatalf("%d invitations, %+v", len(w.store.invitations), i)
	}
}

// Rights end, or the customer is closed: what was done stays done, and the result tells what was not reached.
func TestImportEnds(t *testing.T) {
	var b strings.Builder
	b.WriteString("email,lastName\n")
	for n := range 230 {
		fmt.Fprintf(&b, "p%d@example.com,P\n", n)
	}
	b.WriteString("x,\n")
	for reason, end := range map[string]func(w *importWorld){
		"access_ended": func(w *importWorld) {
			u := w.store.users["provider-agent"]
			u.Status = membership.Deactivated
			w.store.users[u.ID] = u
		},
		"customer_deactivated": func(w *importWorld) {
			x := w.store.customers["alpha"]
			x.Status = membership.CustomerDeactivated
			w.store.customers["alpha"] = x
		},
	} {
		t.Run(reason, func(t *testing.T) {
			w := newImportWorld(t)
			agent := w.as(membership.ProviderID, membership.Agent)
			id := w.checked(agent, membership.ImportInput{}, b.String())
			agent.Now = w.now
			if _, err := w.imports.Confirm(w.ctx, agent, id, false); err != nil {
				t.Fatal(err)
			}
			puts := 0
			w.store.before = func(method string) error {
				if method == "Put" {
					if puts++; puts == 2 { // the second part is done
						w.store.mu.Lock()
						end(w)
						w.store.mu.Unlock()
					}
				}
				return nil
			}
			w.run(time.Hour)
			i := w.get(w.staff(), id)
			if i.Status != membership.ImportFailed || i.Reason != reason || i.Results["invited"] != 200 || i.Results["failed"] != 1 || i.Total != 231 || i.Progress != 201 || i.FailedURL == "" {
				t.Fatalf("%+v", i)
			}
			if lines := w.result(i, "failed.csv"); len(lines) != 32 || !strings.Contains(lines[1], "|not reached|The import ended") {
				t.Errorf("%d %q", len(lines), lines[:2])
			}
			if reason == "access_ended" {
				_, err := w.imports.Get(w.ctx, agent, id)
				if err != nil { // their sessions have ended; the test's call has not
					t.Error(err)
				}
			}
		})
	}
}

// Contacts are invited; what is known of them changes only on request. So do roles and what only staff set.
func TestImportOfKnownPeople(t *testing.T) {
	for _, update := range []bool{false, true} {
		w := newImportWorld(t)
		c := w.staff()
		x := w.store.customers["alpha"]
		x.Country = "DE"
		w.store.customers["alpha"] = x
		contact := membership.User{ID: "contact", CustomerID: "alpha", Status: membership.Contact, Role: membership.Member, FirstName: "Cora", LastName: "Contact", Email: "cora@example.com",
			City: "Bremen", RegisteredAt: start.Add(-time.Hour), Version: 1}
		if err := w.store.put(membership.User{}, contact); err != nil {
			t.Fatal(err)
		}
		kept := w.store.users["alpha-member"]
		kept.Source = membership.SourceDirectory
		w.store.users[kept.ID] = kept
		i := w.imported(c, membership.ImportInput{}, "E-Mail;Vorname;Rolle;Telefon;Externe ID;Kommentar;Ort\n"+
			"cora@example.com;Corinna;moderator;030 123456;7;=VIP;Emden\n"+
			"alpha-moderator@example.com;;administrator;;8;;\n"+
			"alpha-member@example.com;Other;;;;;\n"+
			"provider-agent@example.com;Not;;;;;\n"+
			"new@example.com;Nia;;0171 1234567;9;keen;\n"+
			"tel@example.com;Tel;;123;;;\n", update)
		if i.Counts["new"] != 2 || i.Counts["changed"] != 1 || i.Counts["user"] != 1 || i.Counts["invalid"] != 2 || i.Results["invited"] != 2 {
			t.Fatalf("%+v %q", i, w.rows(c, i.ID))
		}
		rows := w.rows(c, i.ID)
		if rows[0] != "2 cora@example.com new invited city+comment+externalId+firstName+phone+role" || rows[5] != "7 tel@example.com invalid failed invalid_phone phone" {
			t.Errorf("%q", rows)
		}
		u, mod := w.store.users["contact"], w.store.users["alpha-moderator"]
		if u.Status != membership.Invited || u.Role != membership.Moderator || u.LastName != "Contact" {
			t.Errorf("%+v", u)
		}
		if changed := u.FirstName == "Corinna" && u.City == "Emden" && u.Phone == "+4930123456" && u.ExternalID == "7" && u.Comment == "=VIP"; changed != update || !update && (u.FirstName != "Cora" || u.City != "Bremen") {
			t.Errorf("update %v: %+v", update, u)
		}
		if changed := mod.Role == membership.Administrator && mod.ExternalID == "8"; changed != update {
			t.Errorf("update %v: %+v", update, mod)
		}
		for _, u := range w.store.users {
			if u.Email == "new@example.com" && (u.Phone != "+491711234567" || u.ExternalID != "9" || u.Comment != "keen") {
				t.Errorf("%+v", u)
			}
		}
		// A customer's administrator does not set what only staff set.
		own := w.imported(w.as("alpha", membership.Administrator), membership.ImportInput{}, "email,comment,phone\nalpha-moderator@example.com,x,030 999999\n", update)
		if !slices.Equal(own.File.NotYours, []string{"comment"}) || own.Counts["changed"] != 1 || w.store.users["alpha-moderator"].Comment != "" {
			t.Errorf("%+v", own)
		}
	}
}

func TestImportIsDropped(t *testing.T) {
	w := newImportWorld(t)
	c := w.staff()
	id := w.upload(c, membership.ImportInput{}, "email\nx@example.com\n")
	if _, err := w.imports.Check(w.ctx, c, id); err != nil {
		t.Fatal(err)
	}
	if err := w.imports.Drop(w.ctx, c, id); err != nil {
		t.Fatal(err)
	}
	w.run(time.Hour)
	if j := w.store.jobs[0]; j.Status != membership.JobDone || len(w.shelf.objects) != 0 {
		t.Errorf("%+v %v", j, w.shelf.objects)
	}
	_, err := w.imports.Get(w.ctx, c, id)
	wantCode(t, err, "not_found")
}

func TestImportIntoGroupsInGerman(t *testing.T) {
	w := newImportWorld(t)
	g := w.group("Key accounts")
	chief := w.store.users["provider-administrator"]
	chief.Language = "de"
	w.store.users[chief.ID] = chief
	c := w.staff()
	c.Actor.Language = "de"
	i := w.imported(c, membership.ImportInput{GroupIDs: []string{g.ID}, Role: membership.Moderator, Separator: "bar"}, "email|Name, voll; ganz\nx@example.com|X\nbroken|\n", false)
	if i.Results["invited"] != 1 {
		t.Fatalf("%+v %v", i, w.rows(c, i.ID))
	}
	for _, u := range w.store.users {
		if u.Email == "x@example.com" && (!slices.Equal(u.GroupIDs, []string{g.ID}) || u.Group != "Key accounts" || u.Role != membership.Moderator) {
			t.Errorf("%+v", u)
		}
	}
	wantLines(t, w.result(i, "result.csv"), []string{"email|Name, voll; ganz|Ergebnis|Grund", "x@example.com|X|eingeladen|", "broken||fehlgeschlagen|Das ist keine E-Mail-Adresse."})
}

// Whatever breaks, and wherever the process is killed: everybody is invited once, and every result is reported.
func TestImportBreaksAnywhere(t *testing.T) {
	var b strings.Builder
	b.WriteString("email,firstName,street\n")
	for n := range 130 {
		fmt.Fprintf(&b, "p%d@example.com,P,Weg %d\n", n, n)
	}
	b.WriteString("alpha-member@example.com,Anna,Weg 1\nx,,\n")
	type crash struct{}
	for _, killed := range []bool{false, true} {
		for at, end := 0, false; !end; at += 3 {
			w := newImportWorld(t)
			c := w.staff()
			calls, counting := 0, false
			w.store.before = func(string) error {
				if !counting {
					return nil
				}
				if calls++; calls != at+1 {
					return nil
				}
				if killed {
					panic(crash{})
				}
				return membership.ErrOverloaded
			}
			id := w.upload(c, membership.ImportInput{}, b.String())
			run := func() {
				counting = true
				for range 40 {
					func() {
						defer func() {
							if r := recover(); r != nil && r != (crash{}) {
								panic(r)
							}
						}()
						_, _ = w.jobs.RunDue(w.ctx, membership.Call{Actor: membership.SystemActor("run")}, 10)
					}()
					w.now = w.now.Add(3 * time.Minute)
				}
				counting = false
			}
			if _, err := w.imports.Check(w.ctx, c, id); err != nil {
				t.Fatal(err)
			}
			run()
			c.Now = w.now
			if _, err := w.imports.Confirm(w.ctx, c, id, true); err != nil {
				t.Fatal(err)
			}
			run()
			end = calls <= at
			i := w.get(c, id)
			if i.Status != membership.ImportDone || i.Results["invited"] != 130 || i.Results["updated"] != 1 || i.Results["failed"] != 1 || i.Progress != 132 {
				t.Fatalf("call %d, killed %v: %+v", at, killed, i)
			}
			if len(w.store.invitations) != 130 || len(w.store.mails) != 130 || w.store.users["alpha-member"].Version != 2 {
				t.Fatalf("call %d, killed %v: %d invitations, %d mails", at, killed, len(w.store.invitations), len(w.store.mails))
			}
			seen := map[string]int{}
			for _, a := range w.store.audit {
				seen[a.Action+a.SubjectID]++
			}
			for what, n := range seen {
				if n != 1 {
					t.Fatalf("call %d: %s is written down %d times", at, what, n)
				}
			}
			if lines := w.result(i, "result.csv"); len(lines) != 133 {
				t.Fatalf("call %d: %d lines", at, len(lines))
			}
		}
	}
}

// Whatever is done to a file: it is refused as a whole with a reason, or every row that is not blank is reported once,
// sound or not, and is in the result.
func TestMangledFiles(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	junk := []string{"\"", "\n", "\r", ";", ",", "\t", "\x00", "\xff", "\xfe", "\x81", "\ufeff", "'", "=", "\"\"", "ü", "\xfc", "\u202e", "😀", "sep=;\n", strings.Repeat("x", 3000), strings.Repeat("\"", 70000)}
	outcomes := map[membership.ImportStatus]int{}
	for range 25 {
		var b strings.Builder
		b.WriteString("email;firstName;lastName;role;phone;comment\r\n")
		for n := range 20 + random.IntN(300) {
			fmt.Fprintf(&b, "p%d@example.com;\"Vor %d\";Nach;member;+49 30 %06d;\"a;b\"\r\n", n, n, n)
		}
		file := []byte(b.String())
		for range random.IntN(40) {
			at, what := random.IntN(len(file)), junk[random.IntN(len(junk))]
			if random.IntN(20) > 0 { // the first row mostly stays
				at = 50 + random.IntN(len(file)-50)
			}
			file = slices.Concat(file[:at], []byte(what), file[min(len(file), at+random.IntN(3)):])
		}
		w := newImportWorld(t)
		c := w.staff()
		id := w.checked(c, membership.ImportInput{}, string(file))
		i := w.get(c, id)
		outcomes[i.Status]++
		if i.Status == membership.ImportRefused {
			if i.Problem.Code == "" || i.Problem.Message == "" {
				t.Fatalf("refused without a reason: %+v", i)
			}
			continue
		}
		sum := 0
		for _, n := range i.Counts {
			sum += n
		}
		if rows := w.rows(c, id); i.Status != membership.ImportChecked || sum != i.Total || len(rows) != i.Total {
			t.Fatalf("%d rows of %d, %d listed: %+v", sum, i.Total, len(rows), i)
		}
		c.Now = w.now
		if _, err := w.imports.Confirm(w.ctx, c, id, true); err != nil {
			t.Fatal(err)
		}
		w.run(time.Hour)
		if i = w.get(c, id); i.Status != membership.ImportDone || i.Results["invited"] != len(w.store.invitations) || len(w.result(i, "result.csv")) != i.Total+1 {
			t.Fatalf("%d lines of %d: %+v", len(w.result(i, "result.csv")), i.Total, i)
		}
	}
	if outcomes[membership.ImportChecked] < 5 {
		t.Errorf("outcomes: %v", outcomes)
	}
}

// Pages of rows in both directions, with and without a class, have every row once.
func TestImportRowsInPages(t *testing.T) {
	w := newImportWorld(t)
	c := w.staff()
	var b strings.Builder
	b.WriteString("email\n")
	for n := range 1730 {
		if n%170 == 3 || n == 0 || n == 1729 {
			b.WriteString("broken\n")
		} else {
			fmt.Fprintf(&b, "p%d@example.com\n", n)
		}
	}
	id := w.checked(c, membership.ImportInput{}, b.String())
	for _, class := range []membership.ImportClass{"", "new", "invalid", "changed"} {
		for _, limit := range []int{1, 3, 100, 200} {
			if limit == 1 && class != "invalid" {
				continue
			}
			var there, back []int
			q := membership.ImportRowQuery{Class: class, Page: membership.PageRequest{Limit: limit}}
			page := func() membership.Page[membership.ImportRow] {
				p, err := w.imports.Rows(w.ctx, c, id, q)
				if err != nil || len(p.Items) > limit {
					t.Fatal(len(p.Items), err)
				}
				return p
			}
			p := page()
			for ; ; p = page() {
				for _, r := range p.Items {
					there = append(there, r.Number)
				}
				if p.Next == "" {
					break
				}
				q.Page.Position = p.Next
			}
			for ; ; p = page() {
				var numbers []int
				for _, r := range p.Items {
					numbers = append(numbers, r.Number)
				}
				back = append(numbers, back...)
				if p.Prev == "" {
					break
				}
				q.Page.Position, q.Page.Backward = p.Prev, true
			}
			want := w.get(c, id).Counts[class]
			if class == "" {
				want = 1730
			}
			if len(there) != want || !slices.IsSorted(there) || !slices.Equal(there, back) {
				t.Errorf("%q by %d: %d rows there, %d back, want %d", class, limit, len(there), len(back), want)
			}
		}
	}
	_, err := w.imports.Rows(w.ctx, c, id, membership.ImportRowQuery{Class: "x"})
	wantCode(t, err, "invalid_choice")
}
