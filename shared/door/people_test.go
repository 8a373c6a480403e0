package door

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
	"clientele/shared/web"
)

// The way back leads to a list as it was, and nowhere else.
func TestBack(t *testing.T) {
	at := place{customerID: "c1", base: "/customers/c1"}
	for name, test := range map[string]struct{ path, referer, field, want string }{
		"from nowhere":         {"/customers/c1/users/u1/deactivate", "", "", "/customers/c1/users"},
		"from its list":        {"/customers/c1/users/u1/deactivate", "https://console.example/customers/c1/users?q=ada&cursor=x", "", "/customers/c1/users?cursor=x&q=ada"},
		"from everybody":       {"/customers/c1/users/u1/remove", "https://console.example/users?status=active", "", "/users?status=active"},
		"from the record":      {"/customers/c1/users/u1/remove", "https://console.example/customers/c1/users/u1", "", "/customers/c1/users"},
		"an invitation":        {"/customers/c1/invitations/i1/revoke", "", "", "/customers/c1/invitations"},
		"from another list":    {"/customers/c1/users/u1/remove", "https://console.example/customers/c2/users", "", "/customers/c1/users"},
		"as the form says":     {"/customers/c1/users/u1/remove", "https://console.example/customers/c1/users/u1/remove", "/users?q=ada", "/users?q=ada"},
		"not another site":     {"/customers/c1/users/u1/remove", "", "https://evil.example/elsewhere", "/customers/c1/users"},
		"not without a scheme": {"/customers/c1/users/u1/remove", "", "//evil.example/users", "/users"},
	} {
		r := httptest.NewRequest(http.MethodPost, test.path, strings.NewReader(url.Values{"back": {test.field}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Referer", test.referer)
		if got := at.back(r); got != test.want {
			t.Errorf("%s: %s instead of %s", name, got, test.want)
		}
	}
}

// A form of 1 MB holds many more people than a page shows. No more are read than it takes to refuse them.
func TestPickedAreBounded(t *testing.T) {
	lines := make([]string, 100_000)
	for n := range lines {
		lines[n] = "c1 u" + strconv.Itoa(n) + " Ada"
	}
	text := strings.Join(lines, "\n")
	if got := pickedFrom(web.NewForm("users", text+"\n"+text)); len(got) != membership.MaxBulk+1 || got[membership.MaxBulk].userID != "u100" {
		t.Errorf("%d picked", len(got))
	}
	if got := pickedFrom(web.NewForm("users", strings.Repeat("c1 u1 Ada\nc1 u2 Bo\n", 10))); len(got) != 2 || got[1].name != "Bo" {
		t.Errorf("picked %+v", got)
	}
}

// Two people of one name are told apart by their e-mails: in questions where it is needed, in results always.
func TestPickedOfOneName(t *testing.T) {
	all := []picked{{"c1", "u1", "Ada Berg", "ada@x.example"}, {"c1", "u2", "Ada Berg", "berg@y.example"}, {"c2", "u3", "Bo Berg", "bo@x.example"},
		{"c2", "u4", "cy@x.example", "cy@x.example"}, {"c2", "u5", "Ada Berg", ""}}
	if again := pickedFrom(web.NewForm("users", textOf(all))); !reflect.DeepEqual(again, all) {
		t.Errorf("%+v, sent as %q", again, textOf(all))
	}
	if who := namesOf(all); !reflect.DeepEqual(who, web.Plain("Ada Berg (ada@x.example), Ada Berg (berg@y.example), Bo Berg, cy@x.example, Ada Berg")) {
		t.Errorf("the question is about %v", who)
	}
	many := append(make([]picked, bulkNames-1), all...)
	if who := namesOf(many); !reflect.DeepEqual(who, web.Text("people.bulk_who_more", "names", strings.Repeat(", ", bulkNames-1)+"Ada Berg (ada@x.example)", "count", len(all)-1)) {
		t.Errorf("the question is about %v", who)
	}
	results := make([]membership.RowResult, len(all))
	results[1].Err = membership.ErrStale
	page := People{Door: &Door{NewID: func() string { return "once" }}}.bulkResults(place{everyone: true}, bulkActions()[0], membership.BulkInput{}, all, results, "/users")
	for i, detail := range []string{"ada@x.example", "berg@y.example", "bo@x.example", "", ""} {
		if who := page.Table.Rows[i].Cells[0]; who.Text != all[i].name || who.Detail != detail {
			t.Errorf("row %d names %+v", i, who)
		}
	}
	if got := page.Again.Fields["users"]; got != all[1].text() {
		t.Errorf("tried again are %q", got)
	}
}

// Customers of one name are told apart by what lists show of them, as far as there is any.
func TestCustomersOfOneName(t *testing.T) {
	day := time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC)
	bare := membership.Customer{Name: "Müller", CreatedAt: day}
	with := func(set func(*membership.Customer)) membership.Customer {
		c := bare
		set(&c)
		return c
	}
	all := []membership.Customer{
		with(func(c *membership.Customer) { c.ExternalID = "X-1" }),
		with(func(c *membership.Customer) { c.City, c.Country = "Bergen", "NO" }),
		with(func(c *membership.Customer) { c.Country, c.Email = "NO", "office@müller.example" }),
		with(func(c *membership.Customer) { c.ID = "c4" }),
		with(func(c *membership.Customer) { c.ID, c.CreatedAt = "c5", day.AddDate(0, 1, 0) }),
		with(func(c *membership.Customer) { c.ID, c.CreatedAt = "c6", day.Add(time.Second) }),
	}
	created := func(customer string, when time.Time) web.Phrase {
		return web.Text("people.customer_created", "customer", customer, "when", when)
	}
	want := []web.Phrase{web.Plain("Müller · X-1"), web.Plain("Müller · Bergen, Norway"), web.Plain("Müller · Norway · müller.example"),
		created("Müller · c4", day), created("Müller", day.AddDate(0, 1, 0)), created("Müller · c6", day.Add(time.Second))}
	for i, label := range customerLabels("en", all) {
		if !reflect.DeepEqual(label, want[i]) {
			t.Errorf("%v is called %v, want %v", all[i], label, want[i])
		}
	}
	if got := customerLabels("de", []membership.Customer{bare}); !reflect.DeepEqual(got, []web.Phrase{web.Plain("Müller")}) {
		t.Errorf("the only one is called %v", got)
	}
}
