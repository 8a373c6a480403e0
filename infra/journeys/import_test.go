package journeys_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// beginImport begins an import and uploads its file as a browser does.
func beginImport(t *testing.T, c caller, in map[string]any, file string) (id string) {
	t.Helper()
	begun := c.must(201, "POST", "/imports", in)
	var f struct{ Upload form }
	if err := json.Unmarshal(begun.raw, &f); err != nil || begun.text("status") != "uploading" {
		t.Fatalf("%v: %s", err, begun.raw)
	}
	if status := upload(t, f.Upload, []byte(file)); status != http.StatusCreated {
		t.Fatalf("the bucket answers %d", status)
	}
	return begun.text("id")
}

// until polls an import until it has one of the statuses.
func until(c caller, id string, statuses ...string) answer {
	c.t.Helper()
	var a answer
	patiently(c.t, fmt.Sprintf("import %s to be one of %v", id, statuses), func() bool {
		a = c.must(200, "GET", "/imports/"+id, nil)
		return slices.Contains(statuses, a.text("status"))
	})
	return a
}

// lines reads a result through its link.
func lines(t *testing.T, address string, comma rune) [][]string {
	t.Helper()
	w, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	raw, err := io.ReadAll(w.Body)
	if err != nil || w.StatusCode != http.StatusOK || !strings.Contains(address, "X-Amz-Expires=300") || !strings.HasPrefix(w.Header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("%d %v %v: %.200s", w.StatusCode, err, w.Header, raw)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff"))))
	r.Comma = comma
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// messy returns a file as people make them: Excel's separator line, semicolons, German headings, an unknown column, old
// and new encodings in one file, broken quotes, duplicate and wrong addresses. It has 300 rows; fresh are the new ones.
func messy(mark, used, known string) (file string, fresh []string) {
	var b strings.Builder
	b.WriteString("sep=;\r\nE-Mail;Vorname;Nachname;Rolle;PLZ;Hobby\r\n")
	for n := range 290 {
		email := fmt.Sprintf("p%d.%s@example.com", n, mark)
		fresh = append(fresh, email)
		fmt.Fprintf(&b, "%s;Vor%d;\"Nach;%d\";;1%04d;x\r\n", email, n, n, n)
	}
	b.WriteString("P1." + mark + "@Example.com;Twice;;;;\r\n") // 1
	b.WriteString(";;;;;\r\n")                                 // blank
	b.WriteString("not an address;No;;;;\r\n")                 // 2
	b.WriteString(";No;Address;;;\r\n")                        // 3
	b.WriteString(used + ";Other;Customer;;;\r\n")             // 4
	b.WriteString(known + ";Jo;Smith;;;\r\n")                  // 5, a user already
	b.WriteString("m1." + mark + "@example.com;Ki;Ng;king;;\r\n")
	b.WriteString("m2." + mark + "@example.com;\"Bro\"ken;Quotes;;;\r\n")
	b.WriteString("m3." + mark + "@example.com;J\xfcrgen;Alt;;;\r\n") // Windows-1252
	b.WriteString("m4." + mark + "@example.com;Too;Many;;;;cells\r\n")
	b.WriteString("m5." + mark + "@example.com;Short\r\n") // 10: the rest of the row is missing
	fresh = append(fresh, "m3."+mark+"@example.com", "m5."+mark+"@example.com")
	return b.String(), fresh
}

func TestImport(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer, other := newCustomer(staff, "Imported Ltd"), newCustomer(staff, "Elsewhere Ltd")
	used, known := address("used"), address("known")
	join(staff, other, used, "member")
	join(staff, customer, known, "member")
	mark := strings.TrimSuffix(strings.TrimPrefix(address("x"), "x."), "@example.com")
	file, fresh := messy(mark, used, known)

	id := beginImport(t, staff, map[string]any{"customerId": customer, "fileName": "staff list.csv", "language": "de"}, file)
	staff.refused(409, "import_not_checked", "POST", "/imports/"+id+"/confirm", `{}`)
	staff.must(200, "POST", "/imports/"+id+"/check", nil)
	a := until(staff, id, "checked", "refused", "failed")
	want := map[string]string{"status": "checked", "total": "300", "progress": "300", "counts.new": "292", "counts.user": "1", "counts.invited": "0", "counts.changed": "0", "counts.invalid": "7",
		"file.separator": "semicolon", "file.encoding": "Windows-1252", "results": "", "resultUrl": ""}
	for field, v := range want {
		if a.text(field) != v {
			t.Errorf("%s is %q, want %q", field, a.text(field), v)
		}
	}
	if unknown := fmt.Sprint(a.body["file"].(map[string]any)["unknownColumns"]); unknown != "[Hobby]" {
		t.Errorf("unknown columns %s", unknown)
	}
	codes := map[string]int{}
	for _, row := range staff.must(200, "GET", "/imports/"+id+"/rows?class=invalid&limit=200", nil).items("items") {
		codes[fmt.Sprint(row["code"])]++
		if row["message"] == "" || row["line"].(float64) < 3 {
			t.Errorf("row %v", row)
		}
	}
	if fmt.Sprint(codes) != "map[csv_quotes:1 csv_too_many_cells:1 duplicate_row:1 email_in_use:1 invalid_email:1 invalid_role:1 required:1]" {
		t.Errorf("invalid: %v", codes)
	}
	if n := len(mails(t, s, fresh[0])); n != 0 {
		t.Errorf("the check has sent %d mails", n)
	}

	staff.must(200, "POST", "/imports/"+id+"/confirm", `{"update":true}`, "Idempotency-Key", "once")
	staff.must(200, "POST", "/imports/"+id+"/confirm", `{"update":true}`, "Idempotency-Key", "once")
	a = until(staff, id, "done", "failed")
	if got := fmt.Sprint(a.text("status"), a.text("progress"), a.body["results"]); got != "done300map[failed:7 invited:292 skipped:1 updated:0]" {
		t.Fatalf("%s: %s", got, a.raw)
	}
	result, failed := lines(t, a.text("resultUrl"), ';'), lines(t, a.text("failedUrl"), ';')
	if len(result) != 301 || len(failed) != 8 || strings.Join(result[0], "|") != "E-Mail|Vorname|Nachname|Rolle|PLZ|Hobby|result|reason" || strings.Join(result[1], "|") != fresh[0]+"|Vor0|Nach;0||10000|x|invited|" {
		t.Errorf("%d and %d lines, %q", len(result), len(failed), result[:2])
	}
	for _, email := range []string{fresh[0], fresh[150], fresh[len(fresh)-1]} {
		m := mailed(t, s, email, 1)
		if !strings.Contains(m.Text, s.Portal+"/invitation#") || !strings.Contains(m.Text, "Imported Ltd") {
			t.Errorf("mail to %s:\n%s", email, m.Text)
		}
	}
	accepted := nobody(t, s).must(200, "POST", "/invitations/accept", map[string]string{"token": token(t, mailed(t, s, fresh[291-1], 1)), "password": password, "lastName": "Alt"})
	if accepted.text("user.firstName") != "Jürgen" || accepted.text("user.customerId") != customer {
		t.Errorf("accepted: %s", accepted.raw)
	}

	// The same file again: everybody is known already, and nobody gets a second mail.
	id = beginImport(t, staff, map[string]any{"customerId": customer, "separator": "semicolon"}, file)
	staff.must(200, "POST", "/imports/"+id+"/check", nil)
	a = until(staff, id, "checked", "refused", "failed")
	if a.text("counts.new") != "0" || a.text("counts.invited") != "291" {
		t.Errorf("again: %s", a.raw)
	}
	staff.must(200, "POST", "/imports/"+id+"/confirm", `{}`)
	if a = until(staff, id, "done", "failed"); a.text("results.invited") != "0" || a.text("results.skipped") != "293" {
		t.Errorf("again: %s", a.raw)
	}
	if n := len(mails(t, s, fresh[0])); n != 1 {
		t.Errorf("%d mails to %s", n, fresh[0])
	}
}

func TestImportByACustomersAdministrator(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer, other := newCustomer(staff, "Own Import Ltd"), newCustomer(staff, "Theirs Ltd")
	used := address("used")
	join(staff, other, used, "member")
	boss, _ := join(staff, customer, address("boss"), "administrator")
	moderator, _ := join(staff, customer, address("moderator"), "moderator")
	fresh := address("fresh")
	id := beginImport(t, boss, map[string]any{"customerId": customer}, "email,phone,role\n"+used+",+49 30 1234567,\n"+fresh+",+49 30 1234568,moderator\n")
	boss.must(200, "POST", "/imports/"+id+"/check", nil)
	if a := until(boss, id, "checked", "refused", "failed"); a.text("counts.new") != "2" {
		t.Errorf("an address of another customer is told: %s", a.raw)
	}
	staff.refused(404, "not_found", "GET", "/imports/"+id, nil)
	moderator.refused(404, "not_found", "GET", "/imports/"+id+"/rows", nil)
	boss.must(200, "POST", "/imports/"+id+"/confirm", `{}`)
	if a := until(boss, id, "done", "failed"); a.text("results.invited") != "2" || a.text("failedUrl") != "" {
		t.Errorf("%s", a.raw)
	}
	if own := boss.must(200, "GET", "/imports", nil).items("items"); len(own) != 1 || own[0]["id"] != id || own[0]["status"] != "done" || own[0]["resultUrl"] != nil {
		t.Errorf("the list of one's own imports: %v", own)
	}
	if m := mailed(t, s, used, 2); tokenInMail.MatchString(m.Text) {
		t.Errorf("the letter to somebody else's user carries a link:\n%s", m.Text)
	}
	// A moderator invites members but cannot set records.
	id = beginImport(t, moderator, map[string]any{"customerId": customer}, "email,phone,role\n"+address("m")+",+49 30 1,administrator\n"+address("n")+",+49 30 1,\n")
	moderator.must(200, "POST", "/imports/"+id+"/check", nil)
	a := until(moderator, id, "checked", "refused", "failed")
	if a.text("counts.new") != "1" || a.text("counts.invalid") != "1" || !strings.Contains(string(a.raw), `"columnsNotAllowed":["phone"]`) {
		t.Errorf("%s", a.raw)
	}
	moderator.must(204, "DELETE", "/imports/"+id, nil)
	moderator.refused(404, "not_found", "GET", "/imports/"+id, nil)
	if own := moderator.must(200, "GET", "/imports", nil).items("items"); len(own) != 0 {
		t.Errorf("a dropped import is listed: %v", own)
	}
}

func TestFilesThatCannotBeImported(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Refused Ltd")
	for code, file := range map[string]string{
		"csv_header": "\xff\xd8\xff\xe0\x00\x10JFIF\x00" + strings.Repeat("\x01\xfe\"", 5000), "csv_workbook": "PK\x03\x04 a workbook",
		"csv_no_rows": "email;firstName\r\n", "csv_column_missing": "firstName;lastName\r\nA;B\r\n", "csv_too_many_rows": "email\n" + strings.Repeat("a@b.example\n", 10001),
	} {
		id := beginImport(t, staff, map[string]any{"customerId": customer}, file)
		staff.must(200, "POST", "/imports/"+id+"/check", nil)
		a := until(staff, id, "checked", "refused", "failed")
		if a.text("status") != "refused" || a.text("problem.code") != code || a.text("problem.message") == "" {
			t.Errorf("%s: %s", code, a.raw)
		}
		staff.must(204, "DELETE", "/imports/"+id, nil)
	}
	// A file that is larger than the form allows does not reach the bucket.
	begun := staff.must(201, "POST", "/imports", map[string]any{"customerId": customer})
	var f struct{ Upload form }
	if err := json.Unmarshal(begun.raw, &f); err != nil {
		t.Fatal(err)
	}
	if status := upload(t, f.Upload, bytes.Repeat([]byte("a"), 5<<20+1)); status != http.StatusBadRequest {
		t.Errorf("the bucket takes more than 5 MB: %d", status)
	}
	staff.refused(409, "import_upload_missing", "POST", "/imports/"+begun.text("id")+"/check", nil)
}
