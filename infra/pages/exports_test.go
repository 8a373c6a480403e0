package pages_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// A list becomes a file with the people and the order that it shows, and one can return to it.
func TestExportPages(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer := api.customer("Export Ltd", "corporate")
	maja, jon := address("maja"), address("jon")
	api.join(customer, maja, "administrator", "en")
	api.join(customer, jon, "member", "en")

	p := somebody(t)
	p.signIn(s.Portal, maja, password)
	p.seesIn(s.Portal+"/users?role=member", jon, "Download as CSV")
	p.press("Download as CSV")
	p.sees("Export Ltd", "Member", "Columns")
	p.do(`document.querySelectorAll("main [name=columns]").forEach((box) => { box.checked = false; })`)
	p.press("Make the file")
	p.sees("Choose at least one column.")
	p.do(`for (const name of ["email", "role"]) document.getElementById("f-column-" + name).checked = true`)
	p.fill("separator", "semicolon")
	p.press("Make the file")
	p.sees("The file is ready: 1 user.")
	if file := download(t, p); !strings.Contains(file, "email;role\r\n"+jon+";member\r\n") {
		t.Errorf("the file is %q", file)
	}
	mine := p.path()
	p.sees("Role", "Member", "Sort by", "Name, A to Z")
	p.press("Downloads")
	p.sees("Ready", "Role: Member · Sort by: Name, A to Z")
	p.press("Open")
	if p.path() != mine {
		t.Errorf("opened %s instead of %s", p.path(), mine)
	}

	// The file is nobody else's, and members have no such pages.
	other := api.customer("Elsewhere Ltd", "corporate")
	foreign, member := address("foreign"), jon
	api.join(other, foreign, "administrator", "en")
	for who, want := range map[string]int{foreign: 404, member: 404} {
		if w, _ := enter(t, s.Portal, who, password).send("GET", mine, nil); w.StatusCode != want {
			t.Errorf("%s gets %d", who, w.StatusCode)
		}
	}
	if w, _ := enter(t, s.Portal, member, password).send("GET", "/exports/new", nil); w.StatusCode != http.StatusForbidden {
		t.Errorf("a member gets %d", w.StatusCode)
	}

	staff := somebody(t)
	staff.signIn(s.Console, s.Admin.Username, s.Admin.Password)
	staff.seesIn(s.Console+"/customers/"+customer+"/users", jon)
	staff.noScript()
	staff.press("Download as CSV")
	staff.press("Make the file")
	staff.sees("The file is ready: 2 users.")
}

// download returns the file that the page links to.
func download(t *testing.T, p person) string {
	t.Helper()
	address, _ := p.ask(`document.querySelector("#export a.primary, #import a[href*=result]").href`).(string)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil || w.StatusCode != http.StatusOK {
		t.Fatalf("%d %v", w.StatusCode, err)
	}
	return string(body)
}
