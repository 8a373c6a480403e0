package door

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// exportRoutes mounts the pages about lists of people as files. They are the same at both doors: the filter says whose
// people they are, and membership says what may be exported.
func (d *Door) exportRoutes(mux *http.ServeMux) {
	mux.Handle("GET /exports", d.Require(d.exports))
	mux.Handle("GET /exports/new", d.Require(d.showExport))
	mux.Handle("POST /exports", d.Require(d.export))
	mux.Handle("GET /exports/{exportId}", d.Require(d.exportProgress))
}

// exportFilters returns the parameters of a list that its file keeps.
func exportFilters() []string {
	return []string{"customer", "q", "status", "role", "country", "group", "sort"}
}

// exportAction leads from a list to its file, with the same people in the same order, if the actor may have it.
func exportAction(actor membership.Actor, q membership.UserQuery, sort string) *web.Action {
	if !actor.May(membership.ExportUsers, q.CustomerID, "") {
		return nil
	}
	query := url.Values{}
	for name, value := range map[string]string{"customer": q.CustomerID, "q": q.Search, "status": string(q.Status), "role": string(q.Role),
		"country": q.Country, "group": q.GroupID, "sort": sort} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return &web.Action{Label: web.Text("export.download"), URL: "/exports/new?" + query.Encode()}
}

// exportPage is the form that asks for a file.
type exportPage struct {
	Back       web.Link
	Once       string
	Form       *web.Form
	Filters    []string // names of the hidden fields
	Facts      []Fact   // who the file will contain
	Columns    []exportColumn
	Separators []web.Option
	NoColumn   bool
}

type exportColumn struct {
	Name    string
	Label   web.Phrase
	Checked bool
}

func (d *Door) showExport(w http.ResponseWriter, r *http.Request) {
	form := web.NewForm("separator", string(membership.Comma))
	if d.Pages.Language(r) == "de" { // spreadsheets expect a semicolon where the decimal separator is a comma
		form.Set("separator", string(membership.Semicolon))
	}
	query := r.URL.Query()
	for _, name := range exportFilters() {
		form.Set(name, query.Get(name))
	}
	d.exportForm(w, r, http.StatusOK, form, membership.DefaultExportColumns(Actor(r)))
}

func (d *Door) exportForm(w http.ResponseWriter, r *http.Request, status int, form *web.Form, chosen []string) {
	actor := Actor(r)
	q := exportQuery(actor, form)
	if !actor.May(membership.ExportUsers, q.CustomerID, "") {
		d.Pages.Failed(w, r, membership.ErrForbidden)
		return
	}
	view := exportPage{Back: web.Link{Label: web.Text("people.users"), URL: d.listOf(q.CustomerID, form)}, Once: d.Once(), Form: form, Filters: exportFilters(),
		NoColumn: len(chosen) == 0,
		Separators: []web.Option{{Value: string(membership.Comma), Label: web.Text("export.comma")},
			{Value: string(membership.Semicolon), Label: web.Text("export.semicolon")}}}
	for _, name := range membership.ExportColumns(actor) {
		view.Columns = append(view.Columns, exportColumn{Name: name, Label: web.Word("field", name), Checked: slices.Contains(chosen, name)})
	}
	var err error
	view.Facts, err = d.exportFacts(r, q)
	if err == nil && q.CustomerID != "" && view.Facts[0].Text == "" {
		err = membership.ErrNotFound
	}
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	d.Pages.Render(w, r, status, "export", view)
}

// exportFacts says in words which list a file contains, using the names that filters and sorts have on the list's own
// page.
func (d *Door) exportFacts(r *http.Request, q membership.UserQuery) ([]Fact, error) {
	all, err := d.exportsFacts(r, []membership.UserQuery{q})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// exportsFacts is exportFacts for several lists, with one wait for the names of customers and the groups.
func (d *Door) exportsFacts(r *http.Request, lists []membership.UserQuery) ([][]Fact, error) {
	var customers []string
	grouped := false
	for _, q := range lists {
		customers, grouped = append(customers, q.CustomerID), grouped || q.GroupID != ""
	}
	ctx, call := r.Context(), d.Call(r)
	var names map[string]string
	var failed error
	var reading sync.WaitGroup
	reading.Go(func() { names, failed = d.customerNames(ctx, call, customers) })
	var groups []membership.Group
	var err error
	if grouped {
		groups, err = d.groups.get(ctx, call, d.Groups)
	}
	reading.Wait()
	if failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, err
	}
	facts := make([][]Fact, len(lists))
	for i, q := range lists {
		facts[i] = listFacts(q, names, groups, d.Pages.Language(r))
	}
	return facts, nil
}

func listFacts(q membership.UserQuery, names map[string]string, groups []membership.Group, language string) []Fact {
	whose := Fact{Label: web.Text("field.customer"), Text: names[q.CustomerID]}
	switch {
	case q.CustomerID == "":
		whose.Word = web.Text("people.all_customers")
	case whose.Text == "":
		whose.Word = web.Text("export.one_customer") // deleted since, or beyond the customers that are named
	}
	facts := []Fact{whose, {Label: web.Text("field.q"), Text: q.Search}}
	if q.Status != "" {
		facts = append(facts, Fact{Label: web.Text("field.status"), Status: string(q.Status)})
	}
	if q.Role != "" {
		facts = append(facts, Fact{Label: web.Text("field.role"), Word: web.Word("role", q.Role)})
	}
	if q.GroupID != "" {
		group := Fact{Label: web.Text("field.group"), Word: web.Text("export.one_group")} // deleted since
		if n := slices.IndexFunc(groups, func(g membership.Group) bool { return g.ID == q.GroupID }); n >= 0 {
			group.Text, group.Word = groups[n].Name, web.Phrase{}
		}
		facts = append(facts, group)
	}
	facts = append(facts, Fact{Label: web.Text("field.country"), Text: web.CountryName(language, q.Country)})
	if q.Search == "" { // a search has its own order
		facts = append(facts, Fact{Label: web.Text("field.sort"), Word: sortWord(cmp.Or(q.Sort, membership.SortName), !q.Page.Ascending)})
	}
	return Facts(facts...)
}

// factsWord puts facts on one line.
func factsWord(facts []Fact) web.Phrase {
	var line web.Phrase
	for _, f := range facts {
		said := f.Word
		switch {
		case f.Text != "":
			said = web.Plain(f.Text)
		case f.Status != "":
			said = web.Word("status", f.Status)
		}
		said = web.Text("form.of_field", "field", f.Label, "text", said)
		if line.Empty() {
			line = said
		} else {
			line = web.Text("export.and", "one", line, "other", said)
		}
	}
	return line
}

// exportQuery returns the list that a form means. It leaves out what it does not know, as lists do.
func exportQuery(actor membership.Actor, form *web.Form) membership.UserQuery {
	sort, turned := strings.CutPrefix(form.Value("sort"), "-")
	q := membership.UserQuery{CustomerID: knownID(form.Value("customer")), Search: form.Value("q"), Sort: membership.UserSort(sort),
		GroupID: knownID(form.Value("group")), Page: membership.PageRequest{Ascending: !turned}}
	if actor.Realm == membership.Portal {
		q.CustomerID = actor.CustomerID
	}
	if status := membership.Status(form.Value("status")); slices.Contains(listedStatuses(actor), status) {
		q.Status = status
	}
	if role := membership.Role(form.Value("role")); slices.Contains(membership.RolesOf(q.CustomerID), role) {
		q.Role = role
	}
	if country := form.Value("country"); membership.ValidCountry(country) {
		q.Country = country
	}
	if q.Search != "" {
		q.Sort = "" // a search has its own order
	}
	return q
}

// usersOf returns the address of a customer's list of users; with "", of everybody's.
func (d *Door) usersOf(customerID string) string {
	switch {
	case d.Which != membership.ConsoleDoor || customerID == "":
		return "/users"
	case customerID == membership.ProviderID:
		return "/staff/users"
	}
	return "/customers/" + customerID + "/users"
}

// listOf returns the address of the list that a file is made from.
func (d *Door) listOf(customerID string, form *web.Form) string {
	path := d.usersOf(customerID)
	query := url.Values{}
	for _, name := range exportFilters()[1:] {
		if value := form.Value(name); value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

func (d *Door) export(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	columns := form.Values("columns")
	if len(columns) == 0 {
		form.Error("columns", web.Text("export.no_column"))
		d.exportForm(w, r, http.StatusUnprocessableEntity, form, nil)
		return
	}
	call, err := d.Send(r, form)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	e, err := d.Exports.Create(r.Context(), call, membership.ExportInput{Query: exportQuery(call.Actor, form), Columns: columns,
		Separator: membership.ExportSeparator(form.Value("separator"))})
	if err != nil {
		if membership.KindOf(err) == membership.Forbidden || !form.Fail(err) {
			d.Pages.Failed(w, r, err)
			return
		}
		d.exportForm(w, r, http.StatusUnprocessableEntity, form, columns)
		return
	}
	http.Redirect(w, r, "/exports/"+e.ID, http.StatusSeeOther)
}

// exportProgressPage says how far a file is, and links to it once it is ready.
type exportProgressPage struct {
	Export membership.Export
	Facts  []Fact // which list it contains
	Live   bool
	Bar    progress
}

// progress is a progress bar: Total is 0 while the total is unknown.
type progress struct {
	Label       web.Phrase
	Done, Total int
}

func (d *Door) exportProgress(w http.ResponseWriter, r *http.Request) {
	id, err := httpapi.PathID(r, "exportId")
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	e, err := d.Exports.Get(r.Context(), d.Call(r), id)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	view := exportProgressPage{Export: e, Live: e.Status == membership.ExportQueued || e.Status == membership.ExportRunning,
		Bar: progress{Label: web.Text("export.progress"), Done: e.Progress, Total: max(e.Total, 0)}}
	if e.List != nil {
		if view.Facts, err = d.exportFacts(r, *e.List); err != nil {
			d.Pages.Failed(w, r, err)
			return
		}
	}
	if view.Bar.Total > 0 { // the counters lag, so there can be more than expected
		view.Bar.Done = min(e.Progress, e.Total)
	}
	d.Pages.Render(w, r, http.StatusOK, "export-progress", view)
}

func (d *Door) exports(w http.ResponseWriter, r *http.Request) {
	list := d.Listing(r, nil)
	_, position := list.Sort()
	page, err := d.Exports.List(r.Context(), d.Call(r), position)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	var lists []membership.UserQuery
	for _, e := range page.Items {
		if e.List != nil {
			lists = append(lists, *e.List)
		}
	}
	facts, err := d.exportsFacts(r, lists)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	table := web.Table{Caption: web.Text("export.own"), Pager: list.Pager(page.Prev, page.Next),
		Columns: []web.Column{{Head: web.Text("export.list")}, {Head: web.Text("field.createdAt")}, {Head: web.Text("field.status")}, {Head: web.Text("people.users"), Kind: "number"},
			{Head: web.Text("table.actions"), Kind: "actions"}},
		Empty: &web.Empty{Title: web.Text("export.none"), Text: web.Text("export.none_text"), Action: &web.Action{Label: web.Text("people.back_to_users"), URL: "/users"}}}
	for _, e := range page.Items {
		which := web.Cell{Word: web.Text("export.unknown_list")}
		if e.List != nil {
			own := facts[0]
			if facts = facts[1:]; Actor(r).Realm == membership.Portal {
				own = own[1:] // there is only their customer
			}
			which.Word = factsWord(own)
		}
		row := web.Row{Quiet: e.Status == membership.ExportExpired, Cells: []web.Cell{which, {Time: e.CreatedAt}, {Word: exportWord(e.Status)}, {Text: strconv.Itoa(e.Progress)}, {}}}
		if e.Status != membership.ExportExpired {
			row.Cells[4].Actions = []web.Action{{Label: web.Text("export.open"), URL: "/exports/" + e.ID}}
		}
		table.Rows = append(table.Rows, row)
	}
	d.Pages.Render(w, r, http.StatusOK, "exports", exportsPage{table})
}

type exportsPage struct{ Table web.Table }

func exportWord(s membership.ExportStatus) web.Phrase {
	switch s {
	case membership.ExportDone:
		return web.Text("export.is_done")
	case membership.ExportFailed:
		return web.Text("export.is_failed")
	case membership.ExportExpired:
		return web.Text("export.is_expired")
	}
	return web.Text("export.is_running")
}
