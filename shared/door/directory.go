package door

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// usersPage is the list of people: of one customer, or of everybody.
type usersPage struct {
	Frame    Frame
	Invite   *web.Action
	New      *web.Action
	Closed   bool // the customer is deactivated
	Statuses []web.Link
	// The filter bar. Without script it is a form to send; with script the list follows the typing.
	Address         string
	Form            *web.Form
	Bar             bool // false when there is nobody to look for
	Choices         []choice
	Sorts           []web.Option // for phones, whose cards have no column heads
	Everyone        bool         // a customer can be chosen
	Chosen          []web.Link   // the chosen customer, and the way back to all
	Which           []web.Link   // the customers whose names match, to choose from
	NoCustomer      bool         // no customer has that name
	Clear           string       // address without filters; "" when none is set
	Short           bool         // the search text is too short
	Table           web.Table
	Picked          *web.Picked
	Said            web.Phrase // how many were found, for screen readers
	Follow          string     // where the list goes on when few people on this page fit several filters
	FollowShown     int
	SearchLeast     int
	SearchHint      web.Phrase
	CustomerChoices string // address that completes customer names
	Export, Import  *web.Action
}

// choice is a filter with few values.
type choice struct {
	Name, Value string
	Label, All  web.Phrase
	Options     []web.Option
}

// userSorts returns the columns that a list can be sorted by, the default first.
func userSorts(at place, grouped bool) []string {
	sorts := []string{string(membership.SortName), string(membership.SortEmail), string(membership.SortRole), string(membership.SortRegistered)}
	if at.everyone {
		sorts = append(sorts, string(membership.SortCompany))
	}
	if grouped {
		sorts = append(sorts, string(membership.SortGroup))
	}
	return sorts
}

// people is what one page of the list is made of, read in one wait.
type people struct {
	customer membership.Customer
	page     membership.Page[membership.UserRow]
	counts   map[membership.Status]int
	groups   []membership.Group
}

func (p People) users(w http.ResponseWriter, r *http.Request, at place) {
	d, actor := p.Door, Actor(r)
	grouped := at.customerID != membership.ProviderID && actor.May(membership.ReadGroups, membership.ProviderID, "")
	list := d.Listing(r, userSorts(at, grouped), "q", "status", "role", "country", "group", "customer", "company")
	view := usersPage{Everyone: at.everyone, SearchLeast: membership.MinUserSearch}
	if at.everyone && list.Text("company") != "" {
		if done := p.chooseCustomer(w, r, list, &view); done {
			return
		}
	}
	sort, position := list.Sort()
	q := membership.UserQuery{CustomerID: at.customerID, Page: position, Sort: membership.UserSort(sort), Search: list.Text("q"),
		Status: membership.Status(list.Value("status", words(listedStatuses(actor))...)),
		Role:   membership.Role(list.Value("role", words(membership.RolesOf(at.customerID))...)),
	}
	if country := list.Text("country"); membership.ValidCountry(country) {
		q.Country = country
	}
	if grouped {
		q.GroupID = knownID(list.Text("group"))
	}
	if at.everyone {
		q.CustomerID = knownID(list.Text("customer"))
	}
	if q.Search != "" {
		q.Sort = "" // a search has its own order
	}
	data, err := p.readPeople(r, q, grouped)
	if membership.KindOf(err) == membership.Invalid && q.Search != "" { // too short, or a search of removed people
		view.Short, err = true, nil
	}
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	p.showPeople(w, r, at, list, q, data, view)
}

// readPeople reads a page, its heading and its filters, all at once.
func (p People) readPeople(r *http.Request, q membership.UserQuery, grouped bool) (people, error) {
	var data people
	var failed [4]error
	var reading sync.WaitGroup
	ctx, call := r.Context(), p.Door.Call(r)
	if q.CustomerID != "" {
		reading.Go(func() { data.customer, failed[0] = p.Door.Customers.Get(ctx, call, q.CustomerID) })
	}
	reading.Go(func() { data.counts, failed[1] = p.Door.Users.Counts(ctx, call, q.CustomerID) })
	if grouped {
		reading.Go(func() { data.groups, failed[2] = p.Door.groups.get(ctx, call, p.Door.Groups) })
	}
	data.page, failed[3] = p.Door.Users.List(ctx, call, q)
	reading.Wait()
	for _, err := range failed {
		if err != nil { // the customer's comes first: without it there is no page, whatever the others say
			return data, err
		}
	}
	return data, nil
}

func (p People) showPeople(w http.ResponseWriter, r *http.Request, at place, list Listing, q membership.UserQuery, data people, view usersPage) {
	d, actor, customer := p.Door, Actor(r), data.customer
	view.Frame = p.Frame(r, customer, "users")
	if at.customerID != "" {
		view.Closed = customer.Status != membership.CustomerActive
		view.Invite = inviteAction(actor, customer, at)
		if customer.Status == membership.CustomerActive && actor.May(membership.ChangeUsers, at.customerID, "") {
			view.New = &web.Action{Label: web.Text("people.new_user"), URL: at.user("new", "")}
		}
	} else if q.CustomerID != "" {
		view.Chosen = []web.Link{{Label: web.Plain(customer.Name), URL: list.With("customer", "")}}
	}
	view.SearchHint = web.Text("people.search_hint")
	if q.CustomerID != "" { // all have the same company, so searching by it is useless
		view.SearchHint = web.Text("people.search_hint_here")
	}
	narrowed := q.Search != "" || q.Role != "" || q.Country != "" || q.GroupID != ""
	view.Statuses = statusLinks(actor, list, q.Status, data.counts, !narrowed)
	view.Address, view.Form = at.users(), web.NewForm("q", q.Search, "status", string(q.Status), "role", string(q.Role), "country", q.Country,
		"group", q.GroupID, "sort", list.SortedBy(), "company", list.Text("company"))
	if at.everyone {
		view.CustomerChoices = at.users() + "/customers"
		view.Form.Set("customer", q.CustomerID)
	}
	if narrowed || view.Chosen != nil {
		view.Clear = list.With("q", "", "role", "", "country", "", "group", "", "customer", "")
	}
	view.Bar = view.Clear != "" || q.Status != "" || len(data.page.Items) > 0 || !list.First() || view.Which != nil || view.NoCustomer
	view.Choices = choices(at, q, data.groups)
	view.Sorts = sortOptions(list)
	view.Table = p.table(r, at, list, q, data)
	view.Table.Pager = list.Pager(data.page.Prev, data.page.Next)
	view.Table.Empty = nobody(view, customer, at)
	if n := len(data.page.Items); data.page.Next != "" && n < q.Page.Limit && !q.Page.Backward {
		view.Follow, view.FollowShown = view.Table.Pager.Next, n
	}
	if len(view.Table.Rows) > 0 {
		view.Export = exportAction(actor, q, list.SortedBy())
	}
	view.Import = importAction(actor, customer)
	view.Said = saidOf(len(data.page.Items), view.Table.Pager)
	view.Picked = pickedBar(view.Table, at, d.Once())
	status := http.StatusOK
	if view.Short || view.NoCustomer {
		status = http.StatusUnprocessableEntity
	}
	d.Pages.Render(w, r, status, "users", view)
}

// listedStatuses returns the statuses that a list can be filtered by. Removed people are shown only to staff who ask
// for them (mission, words).
func listedStatuses(a membership.Actor) []membership.Status {
	return slices.DeleteFunc(membership.Statuses(), func(s membership.Status) bool { return s == membership.Removed && a.Realm != membership.Staff })
}

// lasting are the statuses that are offered even when nobody has them: people look for them every day.
var lasting = []membership.Status{membership.Active, membership.Invited, membership.Waiting}

// statusLinks returns the links that filter the list by status, with how many people each has. The counters ignore the
// other filters; when one is set they would count another list, so they are left out.
func statusLinks(a membership.Actor, list Listing, now membership.Status, counts map[membership.Status]int, counted bool) []web.Link {
	all := 0
	for status, n := range counts {
		if status != membership.Removed {
			all += n
		}
	}
	link := func(label web.Phrase, status membership.Status, n int) web.Link {
		l := web.Link{Label: label, URL: list.With("status", string(status)), Current: status == now}
		if counted {
			l.Count = strconv.Itoa(n)
		}
		return l
	}
	links := []web.Link{link(web.Text("people.all"), "", all)}
	for _, status := range []membership.Status{membership.Active, membership.Invited, membership.Expired, membership.Waiting, membership.Contact,
		membership.Suspended, membership.Deactivated, membership.Rejected, membership.Removed} {
		if !slices.Contains(listedStatuses(a), status) || counts[status] == 0 && status != now && !slices.Contains(lasting, status) {
			continue
		}
		links = append(links, link(web.Word("status", status), status, counts[status]))
	}
	return links
}

// choices returns the filters by role and, when there are groups, by group.
func choices(at place, q membership.UserQuery, groups []membership.Group) []choice {
	role := choice{Name: "role", Value: string(q.Role), Label: web.Text("field.role"), All: web.Text("people.all_roles")}
	for _, r := range membership.RolesOf(at.customerID) {
		role.Options = append(role.Options, web.Option{Value: string(r), Label: web.Word("role", r)})
	}
	group := choice{Name: "group", Value: q.GroupID, Label: web.Text("field.group"), All: web.Text("people.all_groups")}
	for _, g := range groups {
		if g.Active || g.ID == q.GroupID {
			group.Options = append(group.Options, web.Option{Value: g.ID, Label: web.Plain(g.Name)})
		}
	}
	if group.Options == nil {
		return []choice{role}
	}
	return []choice{role, group}
}

func sortOptions(list Listing) []web.Option {
	var options []web.Option
	for _, sort := range list.sorts {
		options = append(options, web.Option{Value: sort, Label: sortWord(membership.UserSort(sort), false)}, web.Option{Value: "-" + sort, Label: sortWord(membership.UserSort(sort), true)})
	}
	return options
}

// sortWord names an order.
func sortWord(sort membership.UserSort, down bool) web.Phrase {
	switch {
	case sort == membership.SortRegistered && down:
		return web.Text("people.sort_newest")
	case sort == membership.SortRegistered:
		return web.Text("people.sort_oldest")
	case down:
		return web.Text("people.sort_down", "field", sortLabel(sort))
	}
	return web.Text("people.sort_up", "field", sortLabel(sort))
}

func sortLabel(sort membership.UserSort) web.Phrase {
	switch sort {
	case membership.SortEmail:
		return web.Text("field.email")
	case membership.SortRole:
		return web.Text("field.role")
	case membership.SortCompany:
		return web.Text("field.company")
	case membership.SortGroup:
		return web.Text("field.group")
	}
	return web.Text("field.name")
}

func saidOf(n int, pager *web.Pager) web.Phrase {
	switch {
	case n == 0:
		return web.Text("people.said_nobody")
	case pager != nil:
		return web.Text("people.said_more", "count", n)
	}
	return web.Text("people.said_all", "count", n)
}

func nobody(view usersPage, c membership.Customer, at place) *web.Empty {
	switch {
	case view.Short || view.NoCustomer || view.Which != nil:
		return &web.Empty{Title: web.Text("people.nobody_yet")}
	case view.Follow != "":
		return &web.Empty{Title: web.Text("people.nobody_so_far"), Action: &web.Action{Label: web.Text("people.look_on"), URL: view.Follow}}
	case view.Clear != "":
		return &web.Empty{Title: web.Text("people.nobody_like_this"), Text: web.Text("people.nobody_like_this_text"), Action: &web.Action{Label: web.Text("people.clear"), URL: view.Clear}}
	case view.Bar:
		return &web.Empty{Title: web.Text("people.nobody_like_this"), Action: &web.Action{Label: web.Text("people.show_all"), URL: at.users()}}
	case at.everyone:
		return &web.Empty{Title: web.Text("people.no_users"), Text: web.Text("people.no_users_anywhere"), Action: &web.Action{Label: web.Text("people.to_customers"), URL: "/customers", Kind: "primary"}}
	case c.Type != membership.Corporate:
		return &web.Empty{Title: web.Text("people.no_user"), Text: web.Text("people.no_user_text")}
	}
	return &web.Empty{Title: web.Text("people.no_users"), Text: web.Text("people.no_users_text"), Action: view.Invite}
}

// table is the list itself. On a phone the cells of kind "plain" are on one line below the name.
func (p People) table(r *http.Request, at place, list Listing, q membership.UserQuery, data people) web.Table {
	sorted := func(head web.Phrase, sort, kind string) web.Column {
		c := web.Column{Head: head}
		if q.Search == "" {
			c = list.Sorted(head, sort)
		}
		c.Kind = kind
		return c
	}
	grouped := len(data.groups) > 0
	name := sorted(web.Text("field.name"), "name", "")
	if q.Search == "" {
		name.Also = []web.Column{list.Sorted(web.Text("field.email"), "email")}
	}
	t := web.Table{Caption: web.Text("people.users"), Pick: &web.Pick{Form: "picked", Name: "user"},
		Columns: []web.Column{name, {Head: web.Text("field.status"), Kind: "plain"}}}
	if at.everyone {
		t.Columns = append(t.Columns, sorted(web.Text("field.company"), "company", "plain short"))
	}
	t.Columns = append(t.Columns, sorted(web.Text("field.role"), "role", "plain"))
	if grouped {
		t.Columns = append(t.Columns, sorted(web.Text("field.group"), "group", "minor"))
	}
	t.Columns = append(t.Columns, sorted(web.Text("field.registeredAt"), "-registered", "minor"), web.Column{Head: web.Text("table.actions"), Kind: "actions"})
	actor, once := Actor(r), p.Door.Once()
	for _, u := range data.page.Items {
		t.Rows = append(t.Rows, userRow(actor, u, at, data.groups, once))
	}
	return t
}

func userRow(actor membership.Actor, u membership.UserRow, at place, groups []membership.Group, once string) web.Row {
	home := at.of(u.CustomerID)
	who := web.Cell{Text: u.DisplayName(), URL: home.user(u.ID, "")}
	if u.Status == membership.Waiting && actor.May(membership.Approve, u.CustomerID, "") {
		who.URL = queuePath + "/" + u.ID
	}
	if who.Text != u.Email {
		who.Detail = u.Email
	}
	if u.ID == actor.UserID {
		who.Note = web.Text("people.you")
	}
	status := web.Cell{Status: string(u.Status)}
	switch u.Status {
	case membership.Invited:
		status.Time, status.Before = u.InvitationExpiresAt, web.Text("people.expires")
	case membership.Expired:
		status.Time = u.InvitationExpiresAt
	case membership.Suspended:
		status.Time, status.Before = u.SuspendedUntil, web.Text("people.ends")
	}
	row := web.Row{Quiet: u.Status == membership.Deactivated || u.Status == membership.Removed || u.Status == membership.Rejected, Cells: []web.Cell{who, status}}
	if at.everyone {
		company := web.Cell{Text: u.Company, URL: home.users()}
		if u.CustomerID == membership.UnassignedID {
			company = web.Cell{}
		}
		row.Cells = append(row.Cells, company)
	}
	row.Cells = append(row.Cells, web.Cell{Word: web.Word("role", u.Role)})
	if len(groups) > 0 {
		row.Cells = append(row.Cells, groupCell(u.GroupIDs, groups))
	}
	about := subject{id: u.ID, customerID: u.CustomerID, invitationID: u.InvitationID, name: u.DisplayName(), email: u.Email, role: u.Role, status: u.Status, grouped: len(u.GroupIDs) > 0}
	row.Cells = append(row.Cells, web.Cell{Date: u.RegisteredAt},
		web.Cell{Folded: u.Status != membership.Expired && u.Status != membership.Waiting, Actions: userActions(actor, about, home, once)})
	if can := bulkable(actor, about, len(groups) > 0); can != "" {
		row.Pick, row.About, row.Can = picked{u.CustomerID, u.ID, u.DisplayName(), u.Email}.text(), u.DisplayName(), can
	}
	return row
}

// groupCell names the first active group, by which the list is sorted, and says how many more there are.
func groupCell(ids []string, groups []membership.Group) web.Cell {
	cell := web.Cell{Text: membership.FirstActive(ids, groups)}
	if more := len(ids) - 1; cell.Text != "" && more > 0 {
		cell.Note = web.Plain("+" + strconv.Itoa(more))
	}
	return cell
}

// inviteAction leads to the invitation form, if the actor may invite.
func inviteAction(actor membership.Actor, c membership.Customer, at place) *web.Action {
	if !mayInvite(actor, c) {
		return nil
	}
	return &web.Action{Label: web.Text("people.invite"), URL: at.invitation("new", ""), Kind: "primary"}
}

// chosenCustomers is how many matching customers are offered to choose from.
const chosenCustomers = 10

// chooseCustomer turns a typed customer name into a filter when it means one customer, and offers them when it means
// several. done says that the answer is already written.
func (p People) chooseCustomer(w http.ResponseWriter, r *http.Request, list Listing, view *usersPage) (done bool) {
	found, err := p.Door.FindCustomers(r, list.Text("company"))
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return true
	}
	switch len(found) {
	case 0:
		view.NoCustomer = true
	case 1:
		http.Redirect(w, r, list.With("company", "", "customer", found[0].ID), http.StatusSeeOther)
		return true
	}
	for i, label := range customerLabels(p.Door.Pages.Language(r), found) {
		view.Which = append(view.Which, web.Link{Label: label, URL: list.With("company", "", "customer", found[i].ID)})
	}
	return false
}

// customerLabels tells customers of the same name apart by what lists show of them. Those that are alike in all of that
// differ in the time they were created; within one minute, only their ids are left.
func customerLabels(language string, all []membership.Customer) []web.Phrase {
	const minute = "2006-01-02 15:04" // as precise as pages show times
	alike := map[string]int{}
	called := make([]string, len(all))
	for i, c := range all {
		called[i] = strings.Join(append([]string{c.Name}, customerMarks(language, c)...), " · ")
		alike[called[i]]++
		alike[called[i]+c.CreatedAt.UTC().Format(minute)]++
	}
	labels := make([]web.Phrase, len(all))
	for i, c := range all {
		switch label := called[i]; {
		case alike[label] == 1:
			labels[i] = web.Plain(label)
		case alike[label+c.CreatedAt.UTC().Format(minute)] == 1:
			labels[i] = web.Text("people.customer_created", "customer", label, "when", c.CreatedAt)
		default:
			labels[i] = web.Text("people.customer_created", "customer", label+" · "+c.ID, "when", c.CreatedAt)
		}
	}
	return labels
}

// customerMarks returns what tells a customer from others of the same name.
func customerMarks(language string, c membership.Customer) []string {
	place := slices.DeleteFunc([]string{c.City, web.CountryName(language, c.Country)}, empty)
	return slices.DeleteFunc([]string{c.ExternalID, strings.Join(place, ", "), c.Email[strings.LastIndexByte(c.Email, '@')+1:]}, empty)
}

func empty(text string) bool { return text == "" }

// FindCustomers returns the customers that a typed name means: the one with exactly this name, else up to
// chosenCustomers that have a word beginning with it. A name that is too short finds none.
func (d *Door) FindCustomers(r *http.Request, name string) ([]membership.Customer, error) {
	page, err := d.Customers.List(r.Context(), d.Call(r), membership.CustomerQuery{Search: name, Page: membership.PageRequest{Limit: chosenCustomers, Ascending: true}})
	if membership.KindOf(err) == membership.Invalid { // too short to search for
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	called := func(c membership.Customer) bool { return membership.FoldName(c.Name) == membership.FoldName(name) }
	if n := slices.IndexFunc(page.Items, called); n >= 0 && !slices.ContainsFunc(page.Items[n+1:], called) {
		return page.Items[n : n+1], nil
	}
	return page.Items, nil
}

// ChosenCustomer returns the customer that a form means: the one whose full name is in the field company, or the one
// that the field customer picks from those whose names begin with it. It is zero when the form means none; then the
// form says why. which are the customers to pick from, after an empty option, so that none is taken that was neither
// named in full nor picked.
func (d *Door) ChosenCustomer(r *http.Request, form *web.Form) (chosen membership.Customer, which []web.Option, err error) {
	name := form.Value("company")
	if name == "" {
		form.Error("company", web.Known("required"))
		return chosen, nil, nil
	}
	found, err := d.FindCustomers(r, name)
	switch {
	case err != nil:
		return chosen, nil, err
	case len(found) == 0:
		form.Error("company", web.Text("people.no_customer"))
		return chosen, nil, nil
	case len(found) == 1 && membership.FoldName(found[0].Name) == membership.FoldName(name):
		return found[0], nil, nil
	}
	which = []web.Option{{}}
	for i, label := range customerLabels(d.Pages.Language(r), found) {
		which = append(which, web.Option{Value: found[i].ID, Label: label})
		if found[i].ID == form.Value("customer") {
			chosen = found[i]
		}
	}
	if chosen.ID == "" {
		form.Error("customer", web.Text("people.which_customer"))
	}
	return chosen, which, nil
}

// customerChoices completes a customer name that is being typed.
func (p People) customerChoices(w http.ResponseWriter, r *http.Request, _ place) {
	found, err := p.Door.FindCustomers(r, strings.TrimSpace(r.URL.Query().Get("q")))
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	var choices []web.Option
	for _, c := range found {
		choices = append(choices, web.Option{Value: c.Name, Label: web.Plain(strings.Join(customerMarks(p.Door.Pages.Language(r), c), " · "))})
	}
	p.Door.Pages.Choices(w, choices)
}

// knownID returns the id in text, or "" when it is none.
func knownID(text string) string {
	id, err := httpapi.ID(text)
	if err != nil {
		return ""
	}
	return id
}

func words[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
