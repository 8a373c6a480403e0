package pages_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// brings puts a file into the page's file field, as the browser's dialog does.
func (p person) brings(name, content string) {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.settle()
	p.act("choose "+name, chromedp.SetUploadFiles("#f-file", []string{file}))
	p.until("the file "+name, patience, func() bool { return p.yes(`document.getElementById("f-file").files.length === 1`) })
}

// shows waits for the result of a job: the page asks by itself, or is opened again when it has no script.
func (p person) shows(text string, scripted bool) {
	p.t.Helper()
	says := func() bool { return strings.Contains(p.text(), text) }
	if scripted {
		p.comes(text, says)
	} else {
		p.until(text, recovery, func() bool {
			if !says() {
				p.open(p.ask(`location.href`).(string))
			}
			return says()
		})
	}
	p.settle()
}

// messyList returns a file as people make them: three people who can be invited, and six rows that cannot, each for a
// different reason.
func messyList(fresh []string, known, invited, used string) string {
	return "sep=;\r\nE-Mail;Vorname;Nachname;Rolle;Hobby\r\n" +
		fresh[0] + ";Ada;Berg;;Chess\r\n" + fresh[1] + ";Bo;\"Lund; junior\";Moderator;\r\n" + ";;;;\r\n" + fresh[2] + ";J\xfcrgen;Alt;;\r\n" +
		strings.ToUpper(fresh[0]) + ";Ada;Again;;\r\n" + "tor@fjordfisk;Tor;;;\r\n" + known + ";;;;\r\n" + invited + ";;;;\r\n" +
		used + ";Other;Customer;;\r\n" + "king@example.com;Ki;Ng;king;\r\n" + "quotes@example.com;\"Bro\"ken;;;\r\n"
}

// Staff upload an untidy file, see what would become of each row, confirm, and find the result.
func TestImportPages(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer, other := api.customer("Import Ltd", "corporate"), api.customer("Elsewhere Ltd", "corporate")
	fresh := []string{address("ada"), address("bo"), address("jurgen")}
	known, invited, used := address("known"), address("invited"), address("used")
	api.join(customer, known, "member", "en")
	api.invite(customer, invited, "member", "en")
	api.join(other, used, "member", "en")
	file := messyList(fresh, known, invited, used)
	chief := address("chief") // the imports of one person are limited
	api.join("provider", chief, "administrator", "en")

	p := somebody(t)
	p.signIn(s.Console, chief, password)
	p.open(s.Console + "/customers/" + customer + "/users")
	p.press("Import from CSV")
	p.sees("Import users of Import Ltd", "First name", "Download a sample file")
	p.fill("listName", "March.csv")
	p.press("Go on to the file")
	p.sees("March.csv", "Import Ltd", "Waiting for the file")
	mine := p.path()

	// A file that the bucket would refuse is not sent: the bucket answers in words for programs.
	p.brings("empty.csv", "")
	if wrong, _ := p.ask(`document.getElementById("f-file").validationMessage`).(string); wrong != "The file is empty." {
		t.Errorf("an empty file: %q", wrong)
	}
	p.brings("large.csv", "email\n"+strings.Repeat("x", 5<<20))
	if wrong, _ := p.ask(`document.getElementById("f-file").validationMessage`).(string); !strings.Contains(wrong, "larger than 5 MB") {
		t.Errorf("a large file: %q", wrong)
	}
	p.brings("people.csv", file)
	p.press("Upload and check")
	p.shows("10 rows were checked.", true)
	if p.path() != mine {
		t.Errorf("the check is at %s", p.path())
	}
	p.sees("Nothing has been sent or changed yet.", "Not read, because their headings mean none of the columns: Hobby.", "5 rows cannot be imported.",
		"Already a user", "Already invited", "belongs to a user of another customer", "There is no such role here.", "stands in the list twice", "quotes of this row are broken", "Jürgen Alt")
	p.press("Invalid 5")
	p.sees("This is not an e-mail address.", "tor@fjordfisk")
	p.seesNo("Jürgen Alt")
	p.do(`history.back()`)
	p.sees("Jürgen Alt")
	p.press("Invite 3 people")
	p.shows("The import is finished. 5 rows were not imported.", true)
	for _, email := range fresh {
		if m := mailed(t, s, email, 1); !strings.Contains(m.Text, s.Portal+"/invitation#") || !strings.Contains(m.Text, "Import Ltd") {
			t.Errorf("mail to %s:\n%s", email, m.Text)
		}
	}
	p.press("Failed 5")
	p.sees("tor@fjordfisk")
	p.seesNo(fresh[1])
	if result := download(t, p); strings.Count(result, "\r\n") != 11 || !strings.Contains(result, fresh[1]+";Bo;\"Lund; junior\";Moderator;;invited;\r\n") {
		t.Errorf("the result is %q", result)
	}

	// Going back to an earlier page shows where the import is, and sending its form again does nothing new.
	p.open(s.Console + mine + "?sent=1")
	p.sees("The import is finished.")
	p.open(s.Console + "/customers/" + customer + "/users")
	p.seesIn(s.Console+"/customers/"+customer+"/users", fresh[0], fresh[1], fresh[2])

	// The same file again: nobody is invited twice. The import can be discarded, and is then gone.
	p.press("Import from CSV")
	p.press("Go on to the file")
	p.brings("people.csv", file)
	p.press("Upload and check")
	p.shows("There is nobody to invite and nothing to change in this file.", true)
	gone := p.path()
	p.press("Discard")
	p.sees("Discard this import?")
	p.press("Discard")
	p.sees("The import was discarded.")
	p.seesIn(s.Console+"/imports", "March.csv", "3 invited, 5 failed")
	p.open(s.Console + gone)
	p.sees("Not found")

	// Files of the wrong kind are refused in words that help.
	for name, want := range map[string]string{"workbook.xlsx": "This file is a workbook", "names.csv": "The column with the e-mail addresses is missing."} {
		p.open(s.Console + "/imports/new?customer=" + customer)
		p.press("Go on to the file")
		p.brings(name, map[string]string{"workbook.xlsx": "PK\x03\x04 a workbook", "names.csv": "First name;Last name\r\nAda;Berg\r\n"}[name])
		p.press("Upload and check")
		p.shows(want, true)
	}

	// A form that is sent twice begins one import; a customer is found by name.
	staff := enter(t, s.Console, chief, password)
	twice := url.Values{"once": {"0192aaaa-0000-7000-8000-" + address("x")[2:8] + "000000"}, "customer": {customer}, "role": {"member"}}
	first, _ := staff.send("POST", "/imports", twice)
	second, _ := staff.send("POST", "/imports", twice)
	if first.StatusCode != http.StatusSeeOther || first.Header.Get("Location") != second.Header.Get("Location") {
		t.Errorf("sent twice: %d %s, %d %s", first.StatusCode, first.Header.Get("Location"), second.StatusCode, second.Header.Get("Location"))
	}
	if w, body := staff.send("POST", "/imports", url.Values{"company": {"no such customer"}, "role": {"member"}}); w.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "There is no customer of this name.") {
		t.Errorf("an unknown customer: %d", w.StatusCode)
	}
	p.open(s.Console + "/users")
	p.press("Import from CSV")
	name := "Zweigstelle " + address("x")[2:8]
	branch := api.customer(name, "corporate")
	p.fill("company", name)
	p.press("Go on to the file")
	p.sees(name)
	p.open(s.Console + "/customers/" + branch + "/invitations/new")
	p.press("Many people? Import them from a CSV file")
	p.sees("Import users of " + name)
}

// A customer's administrator and moderator import their own people without any script, and nobody else sees it.
func TestImportPagesInThePortal(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer, other := api.customer("Own Import Ltd", "corporate"), api.customer("Theirs Ltd", "corporate")
	boss, moderator, member, foreign := address("boss"), address("mod"), address("member"), address("foreign")
	for email, role := range map[string]string{boss: "administrator", moderator: "moderator", member: "member"} {
		api.join(customer, email, role, "en")
	}
	api.join(other, foreign, "administrator", "en")
	fresh := address("neu")

	p := somebody(t)
	p.signIn(s.Portal, boss, password)
	p.noScript()
	p.press("Import from CSV")
	p.sees("Import users of Own Import Ltd", "Phone")
	p.press("Go on to the file")
	mine := p.path()
	p.brings("people.csv", "email,phone\n"+fresh+",+49 30 901820\n"+foreign+",\nbroken,\n"+member+",+49 30 901821\n")
	p.press("Upload and check")
	p.sees("The file has arrived.")
	p.press("Check the file")
	p.shows("4 rows were checked.", false)
	p.sees("Also change 1 record that differs from its row", "The record says something else: Phone.")
	p.seesNo("another customer") // another customer's address looks like any other
	p.press("Invite 2 people")
	p.shows("1 row was not imported.", false)
	p.press("Skipped 1")
	p.sees(member)
	mailed(t, s, fresh, 1)
	p.seesIn(s.Portal+"/imports", "Import for Own Import Ltd", "2 invited, 1 failed")

	for who, want := range map[string]int{foreign: 404, moderator: 404, member: 404} {
		b := enter(t, s.Portal, who, password)
		for _, route := range []string{"GET " + mine, "POST " + mine + "/check", "POST " + mine + "/confirm", "GET " + mine + "/drop", "POST " + mine + "/drop"} {
			method, path, _ := strings.Cut(route, " ")
			if w, body := b.send(method, path, url.Values{}); w.StatusCode != want || strings.Contains(body, fresh) || strings.Contains(body, "Own Import") && who == foreign {
				t.Errorf("%s: %s answers %d", who, route, w.StatusCode)
			}
		}
		want := http.StatusOK
		if who == member {
			want = http.StatusForbidden
		}
		for _, path := range []string{"/imports", "/imports/new", "/imports/sample"} {
			if w, body := b.send("GET", path, nil); w.StatusCode != want || strings.Contains(body, strings.TrimPrefix(mine, "/imports/")) {
				t.Errorf("%s: %s answers %d", who, path, w.StatusCode)
			}
		}
		if w, _ := b.send("POST", "/imports", url.Values{"customer": {customer}, "role": {"administrator"}}); who != foreign && w.StatusCode != http.StatusForbidden && w.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s begins an import of administrators: %d", who, w.StatusCode)
		}
	}
	if w, body := enter(t, s.Portal, moderator, password).send("GET", "/imports/sample", nil); w.Header.Get("Content-Type") != "text/csv; charset=utf-8" ||
		!strings.HasPrefix(body, "\ufeffE-mail,First name,Last name,Role,Language\r\n") {
		t.Errorf("the sample of a moderator is %q", fmt.Sprint(w.Header, body))
	}
}
