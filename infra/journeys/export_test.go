package journeys_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"clientele/shared/membership"
	"clientele/shared/store"
	"clientele/shared/store/storetest"
)

// download returns the rows of an export's file, by the names of its columns.
func download(t testing.TB, export answer, comma rune) []map[string]string {
	t.Helper()
	address := export.text("url")
	if export.text("status") != "done" || !strings.Contains(address, "X-Amz-Expires=300") {
		t.Fatalf("export: %s", export.raw)
	}
	w, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	raw, err := io.ReadAll(w.Body)
	if err != nil || w.StatusCode != http.StatusOK || !strings.HasPrefix(w.Header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("%d %v %v: %.200s", w.StatusCode, err, w.Header, raw)
	}
	text, marked := bytes.CutPrefix(raw, []byte("\ufeff"))
	if !marked {
		t.Errorf("no byte order mark: %.20q", raw)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = comma
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for n, name := range lines[0] {
			row[name] = line[n]
		}
		rows = append(rows, row)
	}
	return rows
}

// listed returns everybody on a list, page by page.
func listed(c caller, query string) []map[string]any {
	c.t.Helper()
	var all []map[string]any
	for cursor := ""; ; {
		a := c.must(200, "GET", "/users?limit=200"+query+cursor, nil)
		all = append(all, a.items("items")...)
		if a.text("next") == "" {
			return all
		}
		cursor = "&cursor=" + a.text("next")
	}
}

// same compares a file with a list: the same users, in the same order, with the same columns.
func same(t testing.TB, rows []map[string]string, list []map[string]any) {
	t.Helper()
	if len(rows) != len(list) {
		t.Fatalf("the file has %d users, the list %d", len(rows), len(list))
	}
	for n, row := range rows {
		for _, column := range []string{"id", "email", "firstName", "lastName", "company", "role", "status", "country", "registeredAt"} {
			if want := fmt.Sprint(list[n][column]); row[column] != want {
				t.Fatalf("row %d, %s: %q, the list says %q", n, column, row[column], want)
			}
		}
	}
}

// listColumns are in lists and in files.
const listColumns = `"id","email","firstName","lastName","company","role","status","country","registeredAt"`

func TestExport(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer, other := newCustomer(staff, "Exported; Ltd"), newCustomer(staff, "Not Exported Ltd")
	boss, _ := join(staff, customer, address("boss"), "administrator")
	moderator, _ := join(staff, customer, address("moderator"), "moderator")
	foreigner, _ := join(staff, other, address("foreigner"), "administrator")
	invite(staff, customer, address("invited"), "member")
	within(t, "three users on the list", func() bool { return len(listed(boss, "")) == 3 })

	// A customer's administrator gets exactly their own list.
	made := boss.must(201, "POST", "/exports", `{"columns":[`+listColumns+`],"separator":"semicolon"}`, "Idempotency-Key", "k1")
	same(t, download(t, made, ';'), listed(boss, ""))
	again := boss.must(201, "POST", "/exports", `{"columns":[`+listColumns+`],"separator":"semicolon"}`, "Idempotency-Key", "k1")
	if again.text("id") != made.text("id") || made.header.Get("Location") != "/exports/"+made.text("id") {
		t.Errorf("%s, repeated %s", made.raw, again.raw)
	}
	some := boss.must(201, "POST", "/exports", `{"filter":{"status":"invited"},"columns":["email","status"]}`)
	if rows := download(t, some, ','); len(rows) != 1 || rows[0]["status"] != "invited" {
		t.Errorf("invited are %v", rows)
	}

	// Each look returns a new link, to those who may look.
	id := made.text("id")
	same(t, download(t, boss.must(200, "GET", "/exports/"+id, nil), ';'), listed(boss, ""))
	staff.must(200, "GET", "/exports/"+id, nil)
	foreigner.refused(404, "not_found", "GET", "/exports/"+id, nil)
	moderator.refused(403, "forbidden", "GET", "/exports", nil)
	moderator.refused(403, "forbidden", "POST", "/exports", `{}`)
	boss.refused(404, "not_found", "POST", "/exports", `{"filter":{"customer":"`+other+`"}}`)
	boss.refused(400, "unknown_column", "POST", "/exports", `{"columns":["comment"]}`)
	own := boss.must(200, "GET", "/exports", nil).items("items")
	if len(own) != 2 || own[1]["id"] != id || own[0]["url"] != nil {
		t.Errorf("own exports: %v", own)
	}
	if list := foreigner.must(200, "GET", "/exports", nil); strings.Contains(string(list.raw), id) {
		t.Errorf("foreign exports: %s", list.raw)
	}

	// What spreadsheets would run is text, and phone numbers stay as they are for programs that read the file back.
	rows := download(t, staff.must(201, "POST", "/exports", `{"filter":{"customer":"`+customer+`"},"sort":"email","columns":["email","company","comment","groups"]}`), ',')
	if len(rows) != 3 || rows[0]["company"] != "Exported; Ltd" {
		t.Errorf("staff got %v", rows)
	}
}

// crowd stores users of a customer directly, because the use cases would mail each of them.
func crowd(t testing.TB, s stack, customerID, company string, count int) {
	t.Helper()
	t.Setenv("CLIENTELE_ENDPOINT", s.Endpoint)
	table := store.New(storetest.MiniStack().Client(), s.Table)
	var wg sync.WaitGroup
	numbers := make(chan int)
	mark := uuid.NewString()[24:]
	for range 8 {
		wg.Go(func() {
			for n := range numbers {
				u := membership.User{ID: uuid.Must(uuid.NewV7()).String(), CustomerID: customerID, Company: company, Status: membership.Contact, Role: membership.Member,
					FirstName: fmt.Sprintf("Vorname-%d", n%97), LastName: fmt.Sprintf("Nächname \"%d\"", n), Email: fmt.Sprintf("crowd-%04d.%s@example.com", n, mark),
					Country: []string{"DE", "AT", "CH"}[n%3], Phone: "+4930" + strconv.Itoa(100000+n), Comment: "=1+1", RegisteredAt: time.Now().UTC().Truncate(time.Second), Version: 1}
				if err := table.ChangeUser(t.Context(), membership.User{}, u, nil, membership.Trail{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := range count {
		numbers <- n
	}
	close(numbers)
	wg.Wait()
}

// patiently is within for more expensive looks.
func patiently(t testing.TB, what string, done func() bool) {
	t.Helper()
	poll(t, what, 250*time.Millisecond, done)
}

// A long list is a job: the file is written in steps and equals the list, row by row.
func TestLongExport(t *testing.T) {
	const count = 1000 // three reads of the list; other tests' mails and jobs wait in the stream behind them
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Crowded Ltd")
	crowd(t, s, customer, "Crowded Ltd", count)
	query := "&customer=" + customer + "&sort=email&order=desc"
	// In the stream the job comes after all of them, and what is expected is counted from it.
	patiently(t, "the crowd counted", func() bool {
		return staff.must(200, "GET", "/users/counts?customer="+customer, nil).text("contact") == strconv.Itoa(count)
	})

	e := staff.must(201, "POST", "/exports", `{"filter":{"customer":"`+customer+`"},"sort":"email","order":"desc","columns":[`+listColumns+`,"phone","comment"]}`)
	if e.text("status") != "queued" || e.text("url") != "" {
		t.Fatalf("export: %s", e.raw)
	}
	began := time.Now()
	progress := 0.0
	patiently(t, "the export", func() bool {
		e = staff.must(200, "GET", "/exports/"+e.text("id"), nil)
		now, _ := e.body["progress"].(float64)
		if now < progress {
			t.Errorf("progress fell from %v to %v", progress, now)
		}
		progress = now
		return e.text("status") != "queued" && e.text("status") != "running"
	})
	t.Logf("%d users in %v", count, time.Since(began).Round(100*time.Millisecond))
	if e.text("progress") != strconv.Itoa(count) || e.text("total") != strconv.Itoa(count) {
		t.Errorf("export: %s", e.raw)
	}
	rows := download(t, e, ',')
	same(t, rows, listed(staff, query))
	phones := map[string]bool{}
	for _, row := range rows {
		if row["comment"] != "'=1+1" || !strings.HasPrefix(row["phone"], "'+4930") {
			t.Fatalf("row %v", row)
		}
		phones[row["phone"]] = true
	}
	if len(phones) != count {
		t.Errorf("%d phone numbers", len(phones))
	}

	// Two filters and another order: still all pages.
	e = staff.must(201, "POST", "/exports", `{"filter":{"customer":"`+customer+`","country":"AT"},"columns":[`+listColumns+`]}`)
	patiently(t, "the second export", func() bool {
		e = staff.must(200, "GET", "/exports/"+e.text("id"), nil)
		return e.text("status") == "done"
	})
	same(t, download(t, e, ','), listed(staff, "&country=AT&customer="+customer))
}

// A customer's new name reaches its users without anybody waiting for it.
func TestNewNameOfACustomer(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Old Name Ltd")
	for range 3 {
		invite(staff, customer, address("renamed"), "member")
	}
	at := staff.must(200, "GET", "/customers/"+customer, nil).header.Get("ETag")
	staff.must(200, "PATCH", "/customers/"+customer, map[string]string{"name": "New Name Ltd"}, "If-Match", at)
	began := time.Now()
	patiently(t, "the new name on the list", func() bool {
		names := map[string]int{}
		for _, u := range listed(staff, "&sort=company&customer="+customer) {
			names[fmt.Sprint(u["company"])]++
		}
		return slices.Equal(slices.Collect(maps.Keys(names)), []string{"New Name Ltd"}) && names["New Name Ltd"] == 3
	})
	t.Logf("after %v", time.Since(began).Round(100*time.Millisecond))
}
