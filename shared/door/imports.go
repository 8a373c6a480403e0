package door

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// importRoutes mounts the pages about files of people to invite. They are the same at both doors: membership says whom
// somebody may invite. A signed form sends the file from the browser to the bucket. The way back from there only reads
// (GET); a script, or a person without one, sends the form that has the file checked.
func (d *Door) importRoutes(mux *http.ServeMux) {
	mux.Handle("GET /imports", d.Require(d.imports))
	mux.Handle("GET /imports/new", d.Require(d.showNewImport))
	mux.Handle("GET /imports/sample", d.Require(d.importSample))
	mux.Handle("POST /imports", d.Require(d.beginImport))
	mux.Handle("GET /imports/{importId}", d.Require(d.showImport))
	mux.Handle("POST /imports/{importId}/check", d.Require(d.checkImport))
	mux.Handle("POST /imports/{importId}/confirm", d.Require(d.confirmImport))
	mux.Handle("GET /imports/{importId}/drop", d.Require(d.askDropImport))
	mux.Handle("POST /imports/{importId}/drop", d.Require(d.dropImport))
}

// newImportAddress returns the address of the form that begins an import; with customerID "" staff choose there.
func newImportAddress(actor membership.Actor, customerID string) string {
	if customerID == "" || actor.Realm == membership.Portal {
		return "/imports/new"
	}
	return "/imports/new?customer=" + url.QueryEscape(customerID)
}

// importAction leads from a list to the form that begins an import, if the actor may import. customer is zero for the
// list of everybody.
func importAction(actor membership.Actor, customer membership.Customer) *web.Action {
	if customer.ID == "" && !actor.MayImport() || customer.ID != "" && !mayInvite(actor, customer) {
		return nil
	}
	return &web.Action{Label: web.Text("import.import"), URL: newImportAddress(actor, customer.ID)}
}

// newImportPage is the form that begins an import.
type newImportPage struct {
	Back            web.Link
	Once            string
	Form            *web.Form
	Customer        string // the customer's name, if known
	Choose          bool   // the customer must be named
	CustomerChoices string // address that completes customer names
	Which           []web.Option
	Roles           []web.Option
	Languages       []web.Option
	Groups          []web.Option // if the actor may put people into them
	Columns         []web.Phrase
	Sample          string
}

func (d *Door) showNewImport(w http.ResponseWriter, r *http.Request) {
	form := web.NewForm()
	for _, name := range []string{"customer", "role", "language", "listName", "groups"} { // of an import that failed
		form.Set(name, r.URL.Query().Get(name))
	}
	d.newImport(w, r, http.StatusOK, form, nil)
}

// newImport shows the form. which are the customers to choose from when the typed name only begins theirs.
func (d *Door) newImport(w http.ResponseWriter, r *http.Request, status int, form *web.Form, which []web.Option) {
	actor := Actor(r)
	if !actor.MayImport() {
		d.Pages.Failed(w, r, membership.ErrForbidden)
		return
	}
	var customer membership.Customer
	id := importCustomer(actor, form)
	if id != "" {
		var err error
		if customer, err = d.Customers.Get(r.Context(), d.Call(r), id); err == nil && !actor.May(membership.Invite, id, "") {
			err = membership.ErrForbidden
		}
		if err == nil && customer.Type != membership.Corporate {
			err = membership.ErrIndividual
		}
		if err != nil {
			d.Pages.Failed(w, r, err)
			return
		}
	}
	view := newImportPage{Back: web.Link{Label: web.Text("people.users"), URL: d.usersOf(id)}, Once: d.Once(), Form: form, Customer: customer.Name,
		Choose: id == "", Which: which, CustomerChoices: "/users/customers", Roles: roleOptions(actor, customer), Languages: languagesOf(customer), Sample: "/imports/sample"}
	if actor.Realm == membership.Staff {
		form.Set("customer", id)
		if id == membership.ProviderID {
			view.Customer, view.Sample = "", view.Sample+"?customer="+id
		}
	}
	var err error
	if view.Groups, err = d.groupOptions(r, id, form); err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	if form.Value("role") == "" && len(view.Roles) > 0 {
		form.Set("role", view.Roles[0].Value) // the one with the fewest rights
	}
	for _, c := range membership.ImportColumnsFor(actor, id) {
		view.Columns = append(view.Columns, web.Word("field", c.Name))
	}
	d.Pages.Render(w, r, status, "import-form", view)
}

// importCustomer returns the customer that a form names, or "".
func importCustomer(actor membership.Actor, form *web.Form) string {
	if actor.Realm == membership.Portal {
		return actor.CustomerID
	}
	return knownID(form.Value("customer"))
}

func (d *Door) beginImport(w http.ResponseWriter, r *http.Request) {
	form, call, err := d.Sent(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	id := importCustomer(call.Actor, form)
	if id == "" && call.Actor.MayImport() {
		chosen, which, err := d.ChosenCustomer(r, form)
		if err != nil {
			d.Pages.Failed(w, r, err)
			return
		}
		if id = chosen.ID; id == "" {
			d.newImport(w, r, http.StatusUnprocessableEntity, form, which)
			return
		}
	}
	i, _, err := d.Imports.Begin(r.Context(), call, membership.ImportInput{CustomerID: id, FileName: form.Value("listName"),
		Role: membership.Role(form.Value("role")), Language: form.Value("language"), GroupIDs: groupsIn(form)})
	if err != nil {
		if !form.Fail(err, "fileName", "listName", "groupIds", "groups") {
			d.Pages.Failed(w, r, err)
			return
		}
		d.newImport(w, r, http.StatusUnprocessableEntity, form, nil)
		return
	}
	http.Redirect(w, r, "/imports/"+i.ID, http.StatusSeeOther)
}

// importSample serves a file as it should be: headings in the page's language, and two people.
func (d *Door) importSample(w http.ResponseWriter, r *http.Request) {
	actor := Actor(r)
	if !actor.MayImport() {
		d.Pages.Failed(w, r, membership.ErrForbidden)
		return
	}
	customerID := actor.CustomerID
	if actor.Realm == membership.Staff {
		customerID = knownID(r.URL.Query().Get("customer"))
	}
	comma := byte(',')
	language := d.Pages.Language(r)
	if language == "de" { // spreadsheets expect a semicolon where the decimal separator is a comma
		comma = ';'
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="import.csv"`)
	out := d.Imports.Files.Rows(w, comma)
	for _, row := range sampleRows(membership.ImportColumnsFor(actor, customerID), membership.RolesOf(customerID)[0], language,
		func(column string) string { return d.Pages.Say(r, web.Word("field", column)) }) {
		if err := out.Write(row...); err != nil {
			return // the browser has left
		}
	}
	_ = out.Flush()
}

// sampleRows returns the headings, a person with every field, and a person with only an address.
func sampleRows(columns []membership.ImportColumn, role membership.Role, language string, heading func(column string) string) [][]string {
	person := map[string]string{"email": "maja.berg@example.com", "firstName": "Maja", "lastName": "Berg", "role": string(role), "language": language,
		"title": "Dr.", "url": "https://example.com", "phone": "+49 30 901820", "mobile": "+49 171 3920000", "fax": "", "street": "Seestraße 12",
		"postcode": "13353", "city": "Berlin", "region": "Berlin", "country": "DE", "externalId": "K-1001", "comment": ""}
	rows := make([][]string, 3)
	for _, c := range columns {
		other := ""
		if c.Name == "email" {
			other = "jon.lund@example.com"
		}
		rows[0], rows[1], rows[2] = append(rows[0], heading(c.Name)), append(rows[1], person[c.Name]), append(rows[2], other)
	}
	return rows
}

// importPage is one import, from upload to result.
type importPage struct {
	Import     membership.Import
	Title      web.Phrase
	Company    web.Link // its users
	ForWhom    bool     // the title does not name the customer, and there are several
	At         string
	Once       string
	Facts      []Fact
	Upload     *membership.UploadForm
	MostBytes  int
	Sent       bool // back from the bucket
	Live       bool
	Bar        progress
	OwnLimits  bool // a customer's own people have a limit per day
	Problem    web.Phrase
	Unknown    string // headings that are not known
	NotYours   string // columns that the role may not set
	Pills      []web.Link
	Table      web.Table
	NewImport  string // with this one's choices
	New        int    // rows, as checked
	Changed    int
	Invalid    int
	Invited    int // rows, as imported
	Mistakes   int
	MayConfirm bool
}

func (d *Door) showImport(w http.ResponseWriter, r *http.Request) {
	id, err := httpapi.PathID(r, "importId")
	var i membership.Import
	if err == nil {
		i, err = d.Imports.Get(r.Context(), d.Call(r), id)
	}
	var view importPage
	if err == nil {
		view, err = d.importPage(r, i)
	}
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	switch i.Status {
	case membership.ImportUploading:
		if !view.Sent {
			form, err := d.Imports.Form(r.Context(), d.Call(r), id, d.origin(r)+view.At+"?sent=1")
			if err != nil {
				d.Pages.Failed(w, r, err)
				return
			}
			view.Upload, view.MostBytes = &form, membership.MaxImportBytes
		}
	case membership.ImportChecked, membership.ImportDone, membership.ImportFailed:
		if err := d.importRows(r, &view); err != nil {
			d.Pages.Failed(w, r, err)
			return
		}
	}
	d.Pages.Render(w, r, http.StatusOK, "import", view)
}

func (d *Door) importPage(r *http.Request, i membership.Import) (importPage, error) {
	actor := Actor(r)
	view := importPage{Import: i, At: "/imports/" + i.ID, Once: d.Once(), Title: importName(i), Sent: r.URL.Query().Has("sent"),
		Company:   web.Link{Label: web.Plain(i.Company), URL: d.usersOf(i.CustomerID)},
		Live:      i.Status == membership.ImportChecking || i.Status == membership.ImportImporting,
		Bar:       progress{Label: web.Text("import.rows_checked"), Done: i.Progress, Total: i.Total},
		ForWhom:   actor.Realm == membership.Staff && i.FileName != "",
		OwnLimits: actor.Realm == membership.Portal,
		Unknown:   strings.Join(i.File.Unknown, ", "),
		New:       i.Counts[membership.ImportNew],
		Changed:   i.Counts[membership.ImportChanged],
		Invalid:   i.Counts[membership.ImportInvalid],
		Invited:   i.Results[membership.ResultInvited],
		Mistakes:  i.Results[membership.ResultFailed]}
	view.MayConfirm = i.Status == membership.ImportChecked && view.New+view.Changed > 0
	if i.Status == membership.ImportImporting {
		view.Bar.Label = web.Text("import.rows_done")
	}
	var names []string
	for _, column := range i.File.NotYours {
		names = append(names, d.Pages.Say(r, web.Word("field", column)))
	}
	view.NotYours = strings.Join(names, ", ")
	switch {
	case i.Problem != nil && i.Problem.Column != "" && i.Problem.Code != "csv_column_missing": // its text names it
		view.Problem = web.Text("import.problem_column", "problem", web.Known(i.Problem.Code), "column", d.columnLabel(r, i.Problem.Column))
	case i.Problem != nil && i.Problem.Line > 1:
		view.Problem = web.Text("import.problem_line", "problem", web.Known(i.Problem.Code), "line", i.Problem.Line)
	case i.Problem != nil:
		view.Problem = web.Known(i.Problem.Code)
	case i.Reason == string(membership.JobGaveUp):
		view.Problem = web.Text("import.gave_up")
	case i.Reason == string(membership.JobAccessEnded):
		view.Problem = web.Text("import.access_ended")
	case i.Reason != "":
		view.Problem = web.Known(i.Reason)
	}
	facts := []Fact{{Label: web.Text("field.customer"), Text: i.Company}, {Label: web.Text("field.role"), Word: web.Word("role", i.Role)}}
	if i.Language != "" {
		facts = append(facts, Fact{Label: web.Text("field.language"), Word: web.Word("language", i.Language)})
	}
	groups, err := d.groupNames(r, i.GroupIDs)
	if err != nil {
		return importPage{}, err
	}
	facts = append(facts, Fact{Label: web.Text("people.groups"), Text: groups})
	view.Facts = Facts(facts...)
	again := url.Values{"role": {string(i.Role)}, "language": {i.Language}, "listName": {i.FileName}, "groups": {strings.Join(i.GroupIDs, " ")}}
	if actor.Realm == membership.Staff {
		again.Set("customer", i.CustomerID)
	}
	view.NewImport = "/imports/new?" + again.Encode()
	return view, nil
}

func (d *Door) columnLabel(r *http.Request, column string) string {
	if !slices.ContainsFunc(membership.ImportColumns(), func(c membership.ImportColumn) bool { return c.Name == column }) {
		return column
	}
	return d.Pages.Say(r, web.Word("field", column))
}

// importName returns the owner's name for an import, else its customer.
func importName(i membership.Import) web.Phrase {
	if i.FileName != "" {
		return web.Plain(i.FileName)
	}
	return web.Text("import.title", "name", i.Company)
}

// importRows adds a page of the rows and how many there are of each kind: by what the check found until the import is
// confirmed, by what happened to them afterwards.
func (d *Door) importRows(r *http.Request, view *importPage) error {
	i := view.Import
	list := d.Listing(r, nil, "class", "result")
	_, position := list.Sort()
	q := membership.ImportRowQuery{Page: position}
	var kinds []string
	counts := map[string]int{}
	all, current, filter := 0, "", "class"
	if i.Stage == membership.ImportConfirmed {
		filter = "result"
		kinds = words(membership.ImportResults())
		for kind, n := range i.Results {
			counts[string(kind)] = n
		}
		all = i.Total
		current = list.Value("result", kinds...)
		q.Result = membership.ImportResult(current)
	} else {
		kinds = words(membership.ImportClasses())
		for kind, n := range i.Counts {
			counts[string(kind)] = n
			all += n
		}
		current = list.Value("class", kinds...)
		q.Class = membership.ImportClass(current)
	}
	if all == 0 || filter == "result" && i.Results == nil {
		return nil // it ended before there was anything to show
	}
	view.Pills = []web.Link{{Label: web.Text("people.all"), URL: list.With("class", "", "result", ""), Current: current == "", Count: strconv.Itoa(all)}}
	for _, kind := range kinds {
		if counts[kind] > 0 || kind == current {
			label := kind
			if filter == "class" {
				label = classStatus(membership.ImportClass(kind))
			}
			view.Pills = append(view.Pills, web.Link{Label: web.Word("status", label), URL: list.With("class", "", "result", "", filter, kind), Current: kind == current, Count: strconv.Itoa(counts[kind])})
		}
	}
	page, err := d.Imports.Rows(r.Context(), d.Call(r), i.ID, q)
	if err != nil {
		return err
	}
	view.Table = web.Table{Caption: web.Text("import.rows"), Pager: list.Pager(page.Prev, page.Next),
		Columns: []web.Column{{Head: web.Text("field.email")}, {Head: web.Text("import.line"), Kind: "number"}, {Head: web.Text("field.role"), Kind: "minor"},
			{Head: web.Text("field.status")}, {Head: web.Text("people.what_happened")}},
		Empty: &web.Empty{Title: web.Text("import.no_rows"), Action: &web.Action{Label: web.Text("import.all_rows"), URL: list.With("class", "", "result", "")}}}
	if next := view.Table.Pager; len(page.Items) == 0 && next != nil && next.Next != "" { // none among the rows that one request reads
		view.Table.Empty.Action = &web.Action{Label: web.Text("people.look_on"), URL: next.Next}
	}
	if filter == "class" {
		view.Table.Columns[4].Head = web.Text("import.why")
	}
	for _, row := range page.Items {
		view.Table.Rows = append(view.Table.Rows, d.importRow(r, i, row))
	}
	return nil
}

// classStatus returns how a class of rows is shown: people who were invited before were not invited by this import.
func classStatus(c membership.ImportClass) string {
	if c == membership.ImportInvited {
		return "already_invited"
	}
	return string(c)
}

func (d *Door) importRow(r *http.Request, i membership.Import, row membership.ImportRow) web.Row {
	who := web.Cell{Text: row.Email, Detail: strings.TrimSpace(row.Values["firstName"] + " " + row.Values["lastName"])}
	if row.Email == "" {
		who.Word = web.Text("import.no_address")
	}
	role := web.Cell{}
	if membership.ValidRole(i.CustomerID, row.Role) {
		role.Word = web.Word("role", row.Role)
	}
	status, why := web.Cell{Status: classStatus(row.Class)}, web.Cell{}
	if row.Code != "" {
		why.Word = web.Known(row.Code)
		if row.Field != "" && row.Field != "email" {
			why.Note = web.Plain(d.columnLabel(r, row.Field))
		}
	}
	if i.Stage == membership.ImportConfirmed {
		status = web.Cell{Status: string(row.Result)}
		if row.Result == "" {
			status, why = web.Cell{Status: "open"}, web.Cell{Word: web.Text("import.not_reached")}
		}
	}
	if len(row.Changes) > 0 && row.Class == membership.ImportChanged && row.Result != membership.ResultFailed {
		var names []string
		for _, column := range row.Changes {
			names = append(names, d.columnLabel(r, column))
		}
		why = web.Cell{Word: web.Text("import.differs", "fields", strings.Join(names, ", "))}
	}
	quiet := row.Class == membership.ImportUser || row.Class == membership.ImportInvited
	return web.Row{Quiet: quiet, Cells: []web.Cell{who, {Text: strconv.Itoa(row.Line)}, role, status, why}}
}

// stepImport does something with the import in the address and shows it.
func (d *Door) stepImport(w http.ResponseWriter, r *http.Request, do func(c membership.Call, form *web.Form, id string) error) {
	id, err := httpapi.PathID(r, "importId")
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	form, call, err := d.Sent(w, r)
	if err == nil {
		err = do(call, form, id)
	}
	switch {
	case errors.Is(err, membership.ErrImportUploadMissing):
		web.Notify(w, "error", "notice.import_upload_missing")
	case membership.KindOf(err) == membership.NotFound:
		d.Pages.Failed(w, r, err)
		return
	case err != nil:
		d.Pages.Fail(w, r, err, web.Action{Label: web.Text("import.back"), URL: "/imports/" + id, Kind: "primary"})
		return
	}
	http.Redirect(w, r, "/imports/"+id, http.StatusSeeOther)
}

func (d *Door) checkImport(w http.ResponseWriter, r *http.Request) {
	d.stepImport(w, r, func(c membership.Call, _ *web.Form, id string) error {
		_, err := d.Imports.Check(r.Context(), c, id)
		if errors.Is(err, membership.ErrImportConfirmed) { // the page was left open since: the import says how far it is
			return nil
		}
		return err
	})
}

func (d *Door) confirmImport(w http.ResponseWriter, r *http.Request) {
	d.stepImport(w, r, func(c membership.Call, form *web.Form, id string) error {
		_, err := d.Imports.Confirm(r.Context(), c, id, form.Checked("update"))
		return err
	})
}

func (d *Door) askDropImport(w http.ResponseWriter, r *http.Request) {
	id, err := httpapi.PathID(r, "importId")
	var i membership.Import
	if err == nil {
		i, err = d.Imports.Get(r.Context(), d.Call(r), id)
	}
	if err == nil && i.Stage == membership.ImportConfirmed {
		err = membership.ErrImportConfirmed
	}
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	d.Pages.Confirm(w, r, web.Confirm{Title: web.Text("import.drop_title"), Text: web.Text("import.drop_text"), Cancel: "/imports/" + id,
		Action: web.Action{Label: web.Text("import.drop"), URL: r.URL.Path, Kind: "danger", Fields: map[string]string{onceField: d.Once()}}})
}

func (d *Door) dropImport(w http.ResponseWriter, r *http.Request) {
	id, err := httpapi.PathID(r, "importId")
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	_, call, err := d.Sent(w, r)
	if err == nil && len(call.Done) == 0 {
		err = d.Imports.Drop(r.Context(), call, id)
	}
	if err != nil {
		d.Pages.Fail(w, r, err, web.Action{Label: web.Text("import.own"), URL: "/imports", Kind: "primary"})
		return
	}
	web.Notify(w, "success", "notice.import_dropped")
	http.Redirect(w, r, "/imports", http.StatusSeeOther)
}

type importsPage struct {
	Table web.Table
	New   *web.Action
}

func (d *Door) imports(w http.ResponseWriter, r *http.Request) {
	actor := Actor(r)
	list := d.Listing(r, nil)
	_, position := list.Sort()
	page, err := d.Imports.List(r.Context(), d.Call(r), position)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	view := importsPage{New: &web.Action{Label: web.Text("import.new"), URL: "/imports/new", Kind: "primary"}}
	view.Table = web.Table{Caption: web.Text("import.own"), Pager: list.Pager(page.Prev, page.Next),
		Columns: []web.Column{{Head: web.Text("field.name")}, {Head: web.Text("field.createdAt")}, {Head: web.Text("field.status")},
			{Head: web.Text("import.rows"), Kind: "number"}, {Head: web.Text("people.what_happened")}, {Head: web.Text("table.actions"), Kind: "actions"}},
		Empty: &web.Empty{Title: web.Text("import.none"), Text: web.Text("import.none_text"), Action: view.New}}
	for _, i := range page.Items {
		who, became := web.Cell{URL: "/imports/" + i.ID}, web.Cell{}
		if who.Text = i.FileName; who.Text == "" {
			who.Word = importName(i)
		} else if actor.Realm == membership.Staff {
			who.Detail = i.Company
		}
		if i.Results != nil {
			became.Word = web.Text("import.brief", "invited", i.Results[membership.ResultInvited], "failed", i.Results[membership.ResultFailed])
		}
		rows := ""
		if i.Total > 0 {
			rows = strconv.Itoa(i.Total)
		}
		view.Table.Rows = append(view.Table.Rows, web.Row{Cells: []web.Cell{who, {Time: i.CreatedAt}, {Status: string(i.Status)}, {Text: rows}, became,
			{Actions: []web.Action{{Label: web.Text("export.open"), URL: "/imports/" + i.ID, About: i.FileName}}}}})
	}
	d.Pages.Render(w, r, http.StatusOK, "imports", view)
}
