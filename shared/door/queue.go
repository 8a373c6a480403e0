package door

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// queuePath is the list of registrations; letters to approvers lead there.
const queuePath = "/registrations"

// queueRoutes mounts the pages for deciding about registrations: all of them for staff, in the portal those of an
// administrator's own customer.
func (d *Door) queueRoutes(mux *http.ServeMux) {
	mux.Handle("GET /registrations", d.Require(d.queue))
	mux.Handle("GET /registrations/{registrationId}", d.Require(d.registration))
	mux.Handle("GET /registrations/decide", http.RedirectHandler(queuePath, http.StatusSeeOther)) // a reloaded answer
	mux.Handle("POST /registrations/decide", d.Require(d.decide))
}

// MayApprove says whether somebody may decide about registrations at all.
func MayApprove(a membership.Actor) bool { return a.May(membership.Approve, ownCustomer(a), "") }

// ownCustomer returns the customer within which an actor's rights apply: "" for staff.
func ownCustomer(a membership.Actor) string {
	if a.Realm == membership.Portal {
		return a.CustomerID
	}
	return ""
}

// queuePage is the list of registrations.
type queuePage struct {
	Lead     web.Phrase
	Statuses []web.Link
	Table    web.Table
	Picked   *web.Picked
}

// queued is what one page of the list is made of.
type queued struct {
	page    membership.Page[membership.Registration]
	waiting int
	names   map[string]string // of the customers that the registrations name
}

func (d *Door) queue(w http.ResponseWriter, r *http.Request) {
	actor := Actor(r)
	if !MayApprove(actor) {
		d.Pages.Failed(w, r, membership.ErrForbidden)
		return
	}
	list := d.Listing(r, nil, "status")
	_, position := list.Sort()
	status := membership.RegistrationStatus(list.Value("status", words(queueStatuses(actor))...))
	if status == "" {
		status = membership.RegistrationWaiting
	}
	data, err := d.readQueue(r, membership.RegistrationQuery{Status: status, Page: position})
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	view := queuePage{Lead: web.Text("queue.lead")}
	if actor.Realm == membership.Portal {
		view.Lead = web.Text("queue.lead_portal", "name", actor.Company)
	}
	for _, s := range queueStatuses(actor) {
		link := web.Link{Label: web.Word("status", s), URL: list.With("status", string(s)), Current: s == status}
		if s == membership.RegistrationWaiting {
			link.URL, link.Count = queuePath, itoa(data.waiting)
		}
		view.Statuses = append(view.Statuses, link)
	}
	view.Table = d.queueTable(actor, status, data)
	view.Table.Pager = list.Pager(data.page.Prev, data.page.Next)
	if len(view.Table.Rows) == 0 {
		if view.Table.Empty, err = d.nobodyWaits(r, status, list.First()); err != nil {
			d.Pages.Failed(w, r, err)
			return
		}
	}
	if view.Table.Pick != nil && len(view.Table.Rows) > 0 {
		view.Picked = &web.Picked{ID: view.Table.Pick.Form, URL: queuePath + "/decide", Actions: []web.PickedAction{
			{Value: string(membership.DecideApprove), Label: web.Text("queue.approve")},
			{Value: string(membership.DecideDisapprove), Label: web.Text("queue.disapprove"), Kind: "danger"},
		}}
	}
	d.Pages.Render(w, r, http.StatusOK, "queue", view)
}

// queueStatuses returns the statuses that the list can be filtered by. Unconfirmed registrations belong to nobody yet,
// so only staff see them.
func queueStatuses(a membership.Actor) []membership.RegistrationStatus {
	if a.Realm == membership.Portal {
		return []membership.RegistrationStatus{membership.RegistrationWaiting, membership.RegistrationApproved, membership.RegistrationDisapproved}
	}
	return []membership.RegistrationStatus{membership.RegistrationWaiting, membership.RegistrationApproved, membership.RegistrationDisapproved,
		membership.RegistrationUnconfirmed, membership.RegistrationExpired}
}

// namedCustomers is how many customers are named on one page: each is read by itself (1 RCU). The others are shown
// without a name.
const namedCustomers = 10

// readQueue reads a page and the counter beside it, then the names of its customers: two waits.
func (d *Door) readQueue(r *http.Request, q membership.RegistrationQuery) (queued, error) {
	ctx, call := r.Context(), d.Call(r)
	var data queued
	var counts map[membership.Status]int
	var failed error
	var reading sync.WaitGroup
	reading.Go(func() { counts, failed = d.Users.Counts(ctx, call, ownCustomer(call.Actor)) })
	page, err := d.Registrations.List(ctx, call, q)
	reading.Wait()
	if err == nil {
		err = failed
	}
	if err != nil {
		return data, err
	}
	data.page, data.waiting = page, counts[membership.Waiting]
	if call.Actor.Realm == membership.Portal {
		return data, nil
	}
	customers := make([]string, len(page.Items))
	for i, reg := range page.Items {
		customers[i] = customerOf(reg)
	}
	data.names, err = d.customerNames(ctx, call, customers)
	return data, err
}

// customerNames returns the names of the first namedCustomers customers, by id; "" is left out.
func (d *Door) customerNames(ctx context.Context, call membership.Call, ids []string) (map[string]string, error) {
	names := map[string]string{}
	for _, id := range ids {
		if id != "" && len(names) < namedCustomers {
			names[id] = ""
		}
	}
	var reading sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for _, id := range slices.Collect(maps.Keys(names)) {
		reading.Go(func() {
			c, err := d.Customers.Get(ctx, call, id)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case membership.KindOf(err) == membership.NotFound: // deleted since
			case err != nil:
				failed = err
			default:
				names[id] = c.Name
			}
		})
	}
	reading.Wait()
	return names, failed
}

// customerOf returns the customer that a registration belongs to, or the proposed one, or "".
func customerOf(reg membership.Registration) string {
	if reg.CustomerID != membership.UnassignedID {
		return reg.CustomerID
	}
	return reg.ProposedCustomerID
}

func (d *Door) queueTable(actor membership.Actor, status membership.RegistrationStatus, data queued) web.Table {
	staff, waiting := actor.Realm == membership.Staff, status == membership.RegistrationWaiting
	t := web.Table{Caption: web.Text("queue.registrations"), Columns: []web.Column{{Head: web.Text("field.name")}}}
	if waiting {
		t.Pick = &web.Pick{Form: "picked", Name: "user"}
		t.Columns = append(t.Columns, web.Column{Head: web.Text("queue.since"), Kind: "plain"})
	} else {
		t.Columns = append(t.Columns, web.Column{Head: web.Text("field.registeredAt"), Kind: "plain"})
	}
	t.Columns = append(t.Columns, web.Column{Head: web.Text("field.company"), Kind: "plain"})
	if staff {
		t.Columns = append(t.Columns, web.Column{Head: web.Text("field.customer"), Kind: "plain"})
	}
	t.Columns = append(t.Columns, web.Column{Head: web.Text("field.origin"), Kind: "minor"})
	switch status {
	case membership.RegistrationWaiting:
		t.Columns = append(t.Columns, web.Column{Head: web.Text("table.actions"), Kind: "actions"})
	case membership.RegistrationApproved, membership.RegistrationDisapproved:
		t.Columns = append(t.Columns, web.Column{Head: web.Text("queue.decided")})
	}
	alike := alikeOn(data.page.Items)
	for _, reg := range data.page.Items {
		who := web.Cell{Text: reg.DisplayName(), URL: queuePath + "/" + reg.ID}
		if who.Text != reg.Email {
			who.Detail = reg.Email
		}
		row := web.Row{About: reg.DisplayName(), Cells: []web.Cell{who}}
		if waiting {
			row.Cells[0].Note = alike(reg)
			row.Cells = append(row.Cells, web.Cell{Time: reg.ConfirmedAt})
		} else {
			row.Cells = append(row.Cells, web.Cell{Date: reg.RegisteredAt})
		}
		row.Cells = append(row.Cells, web.Cell{Text: reg.Company})
		if staff {
			row.Cells = append(row.Cells, customerCell(reg, data.names))
		}
		row.Cells = append(row.Cells, web.Cell{Word: web.Word("origin", reg.Origin)})
		switch status {
		case membership.RegistrationWaiting:
			row.Pick = picked{reg.CustomerID, reg.ID, reg.DisplayName(), reg.Email}.text()
			row.Can = string(membership.DecideApprove) + " " + string(membership.DecideDisapprove)
			row.Cells = append(row.Cells, web.Cell{Actions: decisions(picked{reg.CustomerID, reg.ID, reg.DisplayName(), reg.Email})})
		case membership.RegistrationApproved, membership.RegistrationDisapproved:
			row.Cells = append(row.Cells, decidedCell(reg))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// decisions returns the buttons next to a waiting person.
func decisions(who picked) []web.Action {
	button := func(label web.Phrase, kind string, do membership.Decision) web.Action {
		return web.Action{Label: label, Kind: kind, URL: queuePath + "/decide", Post: true, About: who.name,
			Fields: map[string]string{"user": who.text(), "do": string(do)}}
	}
	return []web.Action{button(web.Text("queue.approve"), "", membership.DecideApprove), button(web.Text("queue.disapprove"), "danger", membership.DecideDisapprove)}
}

func customerCell(reg membership.Registration, names map[string]string) web.Cell {
	id := customerOf(reg)
	if id == "" {
		return web.Cell{}
	}
	cell := web.Cell{Text: names[id], URL: "/customers/" + id}
	because := web.Text("queue.proposed")
	if reg.Origin == membership.OriginGuest {
		because = web.Text("queue.asked_by_contact")
	}
	if cell.Text == "" {
		cell.Word = because
	} else if reg.Status == membership.RegistrationWaiting {
		cell.Note = because
	}
	return cell
}

func decidedCell(reg membership.Registration) web.Cell {
	if reg.DecidedByName == "" {
		return web.Cell{Word: web.Text("queue.by_settings"), Time: reg.EndedAt}
	}
	return web.Cell{Text: reg.DecidedByName, Time: reg.EndedAt}
}

// alikeOn returns what to say of a registration that looks like another one on the same page. Only the page of a single
// registration searches the whole directory: for fifty of them it would cost two hundred read units.
func alikeOn(all []membership.Registration) func(membership.Registration) web.Phrase {
	names := map[string]int{}
	for _, reg := range all {
		names[nameOf(reg)]++
	}
	return func(reg membership.Registration) web.Phrase {
		if name := nameOf(reg); name != "" && names[name] > 1 {
			return web.Text("queue.same_name")
		}
		return web.Phrase{}
	}
}

func nameOf(reg membership.Registration) string {
	return membership.FoldName(strings.TrimSpace(reg.FirstName + " " + reg.LastName))
}

// nobodyWaits is the empty list, which says how people get into it.
func (d *Door) nobodyWaits(r *http.Request, status membership.RegistrationStatus, first bool) (*web.Empty, error) {
	actor := Actor(r)
	switch {
	case status != membership.RegistrationWaiting || !first:
		return &web.Empty{Title: web.Text("queue.none"), Action: &web.Action{Label: web.Text("queue.show_waiting"), URL: queuePath}}, nil
	case !actor.May(membership.ReadSettings, membership.ProviderID, ""):
		return &web.Empty{Title: web.Text("queue.nobody"), Text: web.Text("queue.nobody_portal")}, nil
	}
	settings, err := d.Settings.Get(r.Context(), d.Call(r))
	if err != nil {
		return nil, err
	}
	to := &web.Action{Label: web.Text("queue.to_settings"), URL: "/settings"}
	switch {
	case !settings.SelfRegistration:
		return &web.Empty{Title: web.Text("queue.nobody"), Text: web.Text("queue.nobody_off"), Action: to}, nil
	case !settings.RegistrationNeedsApproval:
		return &web.Empty{Title: web.Text("queue.nobody"), Text: web.Text("queue.nobody_unasked"), Action: to}, nil
	}
	return &web.Empty{Title: web.Text("queue.nobody"), Text: web.Text("queue.nobody_text")}, nil
}

// registrationPage is one registration.
type registrationPage struct {
	Name, Status   string
	Actions        []web.Action
	Facts, History []Fact
	Comment        string
	Reason         string
	Alike          *web.Table // nil if nobody has looked
}

func (d *Door) registration(w http.ResponseWriter, r *http.Request) {
	id, err := httpapi.PathID(r, "registrationId")
	var found membership.RegistrationDetails
	if err == nil {
		found, err = d.Registrations.Get(r.Context(), d.Call(r), id)
	}
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	reg := found.Registration
	view := registrationPage{Name: reg.DisplayName(), Status: string(reg.Status), Facts: d.registrationFacts(r, found), Comment: reg.Comment, Reason: reg.Reason}
	view.History = Facts(
		Fact{Label: web.Text("field.origin"), Word: web.Word("origin", reg.Origin)}, Fact{Label: web.Text("field.registeredAt"), Time: reg.RegisteredAt},
		Fact{Label: web.Text("queue.confirmed"), Time: reg.ConfirmedAt},
	)
	switch reg.Status {
	case membership.RegistrationUnconfirmed, membership.RegistrationExpired:
		view.History = append(view.History, Fact{Label: web.Text("queue.link_until"), Time: reg.ExpiresAt})
		if reg.Ignored != "" {
			view.History = append(view.History, Fact{Label: web.Text("queue.ignored"), Word: web.Word("ignored", reg.Ignored)})
		}
	case membership.RegistrationWaiting:
		view.Actions = decisions(picked{reg.CustomerID, reg.ID, reg.DisplayName(), reg.Email})
		view.Actions[0].Kind = "primary"
		view.Alike = d.alikeTable(Actor(r), found.Duplicates)
	default:
		by := Fact{Label: web.Text("queue.decided_by"), Text: reg.DecidedByName}
		if by.Text == "" {
			by.Word = web.Text("queue.by_settings")
		}
		view.History = append(view.History, by, Fact{Label: web.Text("queue.decided"), Time: reg.EndedAt})
		if reg.Status == membership.RegistrationApproved {
			view.Actions = []web.Action{{Label: web.Text("queue.to_user"), URL: "/users/" + reg.ID, Kind: "primary"}}
		}
	}
	if reg.Delivery == "" && reg.Status == membership.RegistrationDisapproved {
		view.History = append(view.History, Fact{Label: web.Text("field.delivery"), Word: web.Text("queue.told_nobody")})
	}
	if reg.Delivery != "" && reg.Delivery != string(membership.MailWithdrawn) {
		view.History = append(view.History, Fact{Label: web.Text("field.delivery"), Status: reg.Delivery})
	}
	d.Pages.Render(w, r, http.StatusOK, "registration", view)
}

// registrationFacts returns what somebody has typed, and the customer that the address proposes.
func (d *Door) registrationFacts(r *http.Request, found membership.RegistrationDetails) []Fact {
	reg := found.Registration
	facts := []Fact{{Label: web.Text("field.email"), Text: reg.Email, URL: linkTo("mailto:", reg.Email)}, {Label: web.Text("field.company"), Text: reg.Company}}
	if found.Proposed.ID != "" && Actor(r).Realm == membership.Staff {
		label := web.Text("queue.proposed_customer")
		if reg.Origin == membership.OriginGuest {
			label = web.Text("queue.contact_customer")
		}
		facts = append(facts, Fact{Label: label, Text: found.Proposed.Name, URL: "/customers/" + found.Proposed.ID})
	}
	if reg.ProposedRole != "" { // the person who asked for it reads the mail of the customer's contact address
		facts = append(facts, Fact{Label: web.Text("queue.asked_role"), Word: web.Word("role", reg.ProposedRole)})
	}
	return Facts(append(facts, Fact{Label: web.Text("field.phone"), Text: d.Phone(reg.Phone), URL: linkTo("tel:", reg.Phone)},
		Fact{Label: web.Text("people.address"), Text: Address(reg.Street, reg.Postcode, reg.City, reg.Region, web.CountryName(d.Pages.Language(r), reg.Country))},
		language(reg.Language))...)
}

// likeness ranks duplicates: by name and domain above by name, and that above by domain.
func likeness(d membership.Duplicate) int {
	switch {
	case d.Name && d.Domain:
		return 2
	case d.Name:
		return 1
	}
	return 0
}

// alikeTable shows people who may be the same person, or a colleague, the most alike first.
func (d *Door) alikeTable(actor membership.Actor, all []membership.Duplicate) *web.Table {
	t := &web.Table{Caption: web.Text("queue.alike"), Empty: &web.Empty{Title: web.Text("queue.nobody_alike")},
		Columns: []web.Column{{Head: web.Text("field.name")}, {Head: web.Text("field.status"), Kind: "plain"}, {Head: web.Text("queue.alike_in"), Kind: "plain"}}}
	staff := actor.Realm == membership.Staff
	if staff {
		t.Columns = append(t.Columns, web.Column{Head: web.Text("field.company"), Kind: "plain"})
	}
	slices.SortStableFunc(all, func(a, b membership.Duplicate) int { return likeness(b) - likeness(a) })
	for _, one := range all {
		who := web.Cell{Text: one.User.DisplayName(), URL: "/users/" + one.User.ID, Detail: one.User.Email}
		if one.User.Status == membership.Waiting || one.User.CustomerID == membership.UnassignedID {
			who.URL = queuePath + "/" + one.User.ID
		}
		alike := web.Text("queue.alike_domain")
		switch {
		case one.Domain && one.Name:
			alike = web.Text("queue.alike_both")
		case one.Name:
			alike = web.Text("queue.alike_name")
		}
		row := web.Row{Cells: []web.Cell{who, {Status: string(one.User.Status)}, {Word: alike}}}
		if staff {
			row.Cells = append(row.Cells, web.Cell{Text: one.User.Company})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
