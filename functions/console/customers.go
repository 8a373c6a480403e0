package main

import (
	"net/http"

	"clientele/shared/door"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// customersPage is the list of customers.
type customersPage struct {
	Form   *web.Form
	New    *web.Action
	Search bool // hidden only when there is nothing to search
	Wrong  web.Phrase
	Table  web.Table
}

func (h handler) customers(w http.ResponseWriter, r *http.Request) {
	list := h.Listing(r, []string{"name", "created"}, "q")
	sort, position := list.Sort()
	q := membership.CustomerQuery{Search: list.Text("q"), Page: position}
	if q.Search == "" {
		q.Sort = membership.CustomerSort(sort)
	}
	actor := door.Actor(r)
	view := customersPage{Form: web.NewForm("q", q.Search)}
	if actor.May(membership.CreateCustomer, "", "") {
		view.New = &web.Action{Label: web.Text("console.new_customer"), URL: "/customers/new", Kind: "primary"}
	}
	status := http.StatusOK
	page, err := h.Customers.List(r.Context(), h.Call(r), q)
	switch {
	case membership.KindOf(err) == membership.Invalid: // too short to search for
		view.Wrong, status = web.Known(membership.CodeOf(err)), http.StatusUnprocessableEntity
	case err != nil:
		h.Pages.Failed(w, r, err)
		return
	}
	view.Search = len(page.Items) > 0 || q.Search != "" || !list.First()
	view.Table = web.Table{Caption: web.Text("console.customers"), Columns: customerColumns(list, q.Search != ""), Pager: list.Pager(page.Prev, page.Next),
		Empty: noCustomers(view, q.Search, list.First())}
	for _, c := range page.Items {
		view.Table.Rows = append(view.Table.Rows, customerRow(actor, c))
	}
	if !view.Wrong.Empty() {
		view.Table.Empty = nil
	}
	h.Pages.Render(w, r, status, "customers", view)
}

// customerColumns returns the columns of the list. A search has its own order, so it cannot be sorted.
func customerColumns(list door.Listing, search bool) []web.Column {
	name, created := web.Column{Head: web.Text("field.name")}, web.Column{Head: web.Text("field.createdAt")}
	if !search {
		name, created = list.Sorted(name.Head, "name"), list.Sorted(created.Head, "-created")
	}
	created.Kind = "minor"
	return []web.Column{name, {Head: web.Text("field.status")}, {Head: web.Text("field.type"), Kind: "minor"}, {Head: web.Text("field.city"), Kind: "minor"},
		created, {Head: web.Text("table.actions"), Kind: "actions"}}
}

func customerRow(actor membership.Actor, c membership.Customer) web.Row {
	page := "users"
	if c.Type != membership.Corporate {
		page = "details"
	}
	var actions []web.Action
	if c.Type == membership.Corporate && c.Status == membership.CustomerActive && actor.May(membership.Invite, c.ID, "") {
		actions = []web.Action{{Label: web.Text("people.invite"), URL: address(c.ID, "invitations/new"), About: c.Name}}
	}
	return web.Row{Quiet: c.Status != membership.CustomerActive, Cells: []web.Cell{
		{Text: c.Name, URL: address(c.ID, page), Detail: c.ExternalID}, {Status: string(c.Status)}, {Word: web.Word("customer_type", c.Type)},
		{Text: c.City}, {Date: c.CreatedAt}, {Actions: actions},
	}}
}

func noCustomers(view customersPage, search string, first bool) *web.Empty {
	if search != "" || !first {
		return &web.Empty{Title: web.Text("console.nothing_found"), Text: web.Text("console.nothing_found_text"),
			Action: &web.Action{Label: web.Text("people.show_all"), URL: "/customers"}}
	}
	return &web.Empty{Title: web.Text("console.no_customers"), Text: web.Text("console.no_customers_text"), Action: view.New}
}
