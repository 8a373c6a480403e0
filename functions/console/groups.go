package main

import (
	"net/http"
	"strconv"
	"strings"
	"sync"

	"clientele/shared/door"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// groupsPage is the list of groups.
type groupsPage struct {
	New   *web.Action
	Table web.Table
}

func groupAddress(id, page string) string {
	if page == "" {
		return "/groups/" + id
	}
	return "/groups/" + id + "/" + page
}

func mayChangeGroups(r *http.Request) bool {
	return door.Actor(r).May(membership.ChangeGroups, membership.ProviderID, "")
}

func groupStatus(g membership.Group) string {
	if g.Active {
		return string(membership.CustomerActive)
	}
	return string(membership.CustomerDeactivated)
}

func (h handler) listGroups(w http.ResponseWriter, r *http.Request) {
	list := h.Listing(r, nil)
	_, position := list.Sort()
	page, err := h.Groups.List(r.Context(), h.Call(r), membership.GroupQuery{Page: position})
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	var view groupsPage
	if mayChangeGroups(r) {
		view.New = &web.Action{Label: web.Text("console.new_group"), URL: "/groups/new", Kind: "primary"}
	}
	view.Table = web.Table{Caption: web.Text("console.groups"), Pager: list.Pager(page.Prev, page.Next),
		Empty: &web.Empty{Title: web.Text("console.no_groups"), Text: web.Text("console.no_groups_text"), Action: view.New},
		Columns: []web.Column{{Head: web.Text("field.name")}, {Head: web.Text("field.status")}, {Head: web.Text("people.users"), Kind: "number"},
			{Head: web.Text("console.customers"), Kind: "number"}, {Head: web.Text("field.createdAt"), Kind: "minor"}}}
	for _, g := range page.Items {
		view.Table.Rows = append(view.Table.Rows, web.Row{Quiet: !g.Active, Cells: []web.Cell{
			{Text: g.Name, URL: groupAddress(g.ID, ""), Detail: g.Description}, {Status: groupStatus(g)},
			{Text: strconv.Itoa(g.Members.Users), URL: usersOfGroup(g.ID)}, {Text: strconv.Itoa(g.Members.Customers), URL: groupAddress(g.ID, "")}, {Date: g.CreatedAt},
		}})
	}
	h.Pages.Render(w, r, http.StatusOK, "groups", view)
}

func usersOfGroup(id string) string { return "/users?group=" + id }

// groupForm is the form with a group's record, to create or change it.
type groupForm struct {
	Title  web.Phrase
	Back   web.Link
	Action string
	Form   *web.Form
}

func newGroupForm(form *web.Form) groupForm {
	return groupForm{Title: web.Text("console.new_group"), Back: web.Link{Label: web.Text("console.groups"), URL: "/groups"}, Action: "/groups", Form: form}
}

func changeGroupForm(g membership.Group, form *web.Form) groupForm {
	return groupForm{Title: web.Text("console.edit_title", "name", g.Name), Back: web.Link{Label: web.Plain(g.Name), URL: groupAddress(g.ID, "")},
		Action: groupAddress(g.ID, "edit"), Form: form}
}

// groupFields returns the fields of the form with their values in the record.
func groupFields(g membership.Group) []door.Held {
	return []door.Held{{Name: "name", Value: g.Name}, {Name: "description", Value: g.Description}}
}

func groupInput(form *web.Form) membership.GroupInput {
	name, description := form.Value("name"), form.Value("description")
	return membership.GroupInput{Name: &name, Description: &description}
}

func (h handler) showNewGroup(w http.ResponseWriter, r *http.Request) {
	if !mayChangeGroups(r) {
		h.Pages.Failed(w, r, membership.ErrForbidden)
		return
	}
	h.Pages.Render(w, r, http.StatusOK, "group-form", newGroupForm(web.NewForm("once", h.Once())))
}

func (h handler) createGroup(w http.ResponseWriter, r *http.Request) {
	form, call, err := h.Sent(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	g, err := h.Groups.Create(r.Context(), call, groupInput(form))
	if err != nil {
		if !form.Fail(err) {
			h.Pages.Failed(w, r, err)
			return
		}
		h.Pages.Render(w, r, http.StatusUnprocessableEntity, "group-form", newGroupForm(form))
		return
	}
	h.ForgetGroups()
	web.Notify(w, "success", "notice.group_created", "name", g.Name)
	http.Redirect(w, r, groupAddress(g.ID, ""), http.StatusSeeOther)
}

// readGroup returns the group in the address.
func (h handler) readGroup(r *http.Request) (membership.Group, error) {
	id, err := httpapi.PathID(r, "groupId")
	if err != nil {
		return membership.Group{}, err
	}
	return h.Groups.Get(r.Context(), h.Call(r), id)
}

// changeableGroup is readGroup for people who may change the group.
func (h handler) changeableGroup(r *http.Request) (membership.Group, error) {
	if !mayChangeGroups(r) {
		return membership.Group{}, membership.ErrForbidden
	}
	return h.readGroup(r)
}

// groupPage is a group with the customers in it; its users have their own list.
type groupPage struct {
	Group            membership.Group
	Status           string
	Edit             *web.Action
	Steps            []web.Action
	Users, Customers web.Action
	UserCount        int
	Table            web.Table
	Add              string // where to add a customer; "" if the actor may not
	Once             string
	Form             *web.Form
	Which            []web.Option // the customers that the typed name may mean
	Choices          string
}

func (h handler) showGroup(w http.ResponseWriter, r *http.Request) {
	h.groupPage(w, r, http.StatusOK, web.NewForm(), nil)
}

func (h handler) groupPage(w http.ResponseWriter, r *http.Request, status int, form *web.Form, which []web.Option) {
	id, err := httpapi.PathID(r, "groupId")
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	list := h.Listing(r, nil)
	_, position := list.Sort()
	var page membership.Page[membership.Customer]
	var failed error
	var reading sync.WaitGroup
	reading.Go(func() { page, failed = h.Groups.Customers(r.Context(), h.Call(r), id, position) })
	g, err := h.readGroup(r)
	reading.Wait()
	if err == nil {
		err = failed
	}
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	view := groupPage{Group: g, Status: groupStatus(g), UserCount: g.Members.Users, Form: form, Which: which, Once: h.Once(), Choices: "/users/customers",
		Users: web.Action{Label: web.Text("console.show_users"), URL: usersOfGroup(g.ID)}}
	change := mayChangeGroups(r)
	if change {
		view.Edit = &web.Action{Label: web.Text("console.edit"), URL: groupAddress(g.ID, "edit")}
		view.Steps = h.groupSteps(g)
		if g.Active {
			view.Add = groupAddress(g.ID, "customers")
		}
	}
	view.Table = web.Table{Caption: web.Text("console.customers"), Pager: list.Pager(page.Prev, page.Next), Empty: &web.Empty{Title: web.Text("console.no_customers_in_group"), Text: web.Text("console.no_customers_in_group_text")},
		Columns: []web.Column{{Head: web.Text("field.name")}, {Head: web.Text("field.status")}, {Head: web.Text("field.city"), Kind: "minor"}, {Head: web.Text("table.actions"), Kind: "actions"}}}
	for _, c := range page.Items {
		row := web.Row{Quiet: c.Status != membership.CustomerActive, Cells: []web.Cell{{Text: c.Name, URL: home(c), Detail: c.ExternalID}, {Status: string(c.Status)}, {Text: c.City}, {}}}
		if change {
			row.Cells[3].Actions = []web.Action{{Label: web.Text("console.take_out"), URL: groupAddress(g.ID, "customers/"+c.ID+"/remove"), Post: true, About: c.Name, Fields: map[string]string{"name": c.Name}}}
		}
		view.Table.Rows = append(view.Table.Rows, row)
	}
	h.Pages.Render(w, r, status, "group", view)
}

func (h handler) groupSteps(g membership.Group) []web.Action {
	toggle := web.Action{Label: web.Text("people.deactivate"), URL: groupAddress(g.ID, "deactivate"), Post: true, About: g.Name, Fields: h.stamp(g.Version)}
	if !g.Active {
		toggle.Label, toggle.URL = web.Text("people.reactivate"), groupAddress(g.ID, "reactivate")
	}
	return []web.Action{toggle, {Label: web.Text("people.delete"), URL: groupAddress(g.ID, "delete"), Kind: "danger", About: g.Name}}
}

func (h handler) showGroupForm(w http.ResponseWriter, r *http.Request) {
	g, err := h.changeableGroup(r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	form := web.NewForm("once", h.Once())
	door.Opened(form, g.Version, groupFields(g)...)
	h.Pages.Render(w, r, http.StatusOK, "group-form", changeGroupForm(g, form))
}

// changeGroup saves the form, activates or deactivates, whichever the last part of the address says.
func (h handler) changeGroup(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	g, err := h.changeableGroup(r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	call, err := h.Send(r, form)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	notice, in := "notice.saved", groupInput(form)
	edit := strings.HasSuffix(r.URL.Path, "/edit")
	if !edit {
		active := strings.HasSuffix(r.URL.Path, "/reactivate")
		notice, in = "notice.group_deactivated", membership.GroupInput{Active: &active}
		if active {
			notice = "notice.group_reactivated"
		}
	}
	if len(call.Done) == 0 {
		version, _ := strconv.Atoi(form.Value("version")) // a missing version is as stale as an old one
		_, err = h.Groups.Change(r.Context(), call, g.ID, version, in)
	}
	switch {
	case err == nil:
		h.ForgetGroups()
		web.Notify(w, "success", notice, "name", g.Name)
		http.Redirect(w, r, groupAddress(g.ID, ""), http.StatusSeeOther)
	case edit && form.Fail(err):
		status := http.StatusUnprocessableEntity
		if membership.KindOf(err) == membership.Stale {
			status = door.Meanwhile(form, g.Version, groupFields(g)...)
		}
		h.Pages.Render(w, r, status, "group-form", changeGroupForm(g, form))
	default:
		h.Pages.Fail(w, r, err, web.Action{Label: web.Text("console.back_to_group"), URL: groupAddress(g.ID, ""), Kind: "primary"})
	}
}

func (h handler) askDeleteGroup(w http.ResponseWriter, r *http.Request) {
	g, err := h.changeableGroup(r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	h.confirmDeleteGroup(w, r, g, nil)
}

func (h handler) confirmDeleteGroup(w http.ResponseWriter, r *http.Request, g membership.Group, wrong *web.Notice) {
	fields := h.stamp(g.Version)
	fields["name"] = g.Name
	ask := web.Confirm{Title: web.Text("console.delete_title", "name", g.Name), Text: web.Text("console.delete_group_text"), Notice: wrong, Cancel: groupAddress(g.ID, ""),
		Action: web.Action{Label: web.Text("people.delete"), URL: r.URL.Path, Kind: "danger", Fields: fields}}
	if m := g.Members; m.Users+m.Customers > 0 {
		ask.Points = []web.Phrase{web.Text("console.group_has_users", "count", m.Users), web.Text("console.group_has_customers", "count", m.Customers)}
	}
	h.Pages.Confirm(w, r, ask)
}

func (h handler) deleteGroup(w http.ResponseWriter, r *http.Request) {
	form, call, err := h.Sent(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	g, err := h.changeableGroup(r)
	if len(call.Done) > 0 { // this very form deleted it
		err = nil
	} else if err == nil {
		version, _ := strconv.Atoi(form.Value("version"))
		err = h.Groups.Delete(r.Context(), call, g.ID, version)
	}
	if err == nil {
		h.ForgetGroups()
		web.Notify(w, "success", "notice.group_deleted", "name", form.Value("name"))
		http.Redirect(w, r, "/groups", http.StatusSeeOther)
		return
	}
	if wrong, told := door.Wrong(err); told && g.ID != "" {
		h.confirmDeleteGroup(w, r, g, wrong)
		return
	}
	h.Pages.Failed(w, r, err)
}

// addGroupCustomer adds the customer whose name was typed, or who was chosen among several of that name.
func (h handler) addGroupCustomer(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	g, err := h.changeableGroup(r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	chosen, which, err := h.ChosenCustomer(r, form)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	if chosen.ID == "" {
		h.groupPage(w, r, http.StatusUnprocessableEntity, form, which)
		return
	}
	call, err := h.Send(r, form)
	if err == nil && len(call.Done) == 0 {
		err = h.Groups.AddCustomer(r.Context(), call, g.ID, chosen.ID)
	}
	if err != nil {
		if !form.Fail(err, "groupIds", "company") {
			h.Pages.Failed(w, r, err)
			return
		}
		h.groupPage(w, r, http.StatusUnprocessableEntity, form, nil)
		return
	}
	web.Notify(w, "success", "notice.customer_in_group", "name", chosen.Name, "group", g.Name)
	http.Redirect(w, r, groupAddress(g.ID, ""), http.StatusSeeOther)
}

func (h handler) removeGroupCustomer(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	g, err := h.changeableGroup(r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	id, err := httpapi.PathID(r, "customerId")
	if err == nil {
		err = h.Groups.RemoveCustomer(r.Context(), h.Call(r), g.ID, id)
	}
	if err != nil {
		h.Pages.Fail(w, r, err, web.Action{Label: web.Text("console.back_to_group"), URL: groupAddress(g.ID, ""), Kind: "primary"})
		return
	}
	web.Notify(w, "success", "notice.customer_out_of_group", "name", form.Value("name"), "group", g.Name)
	http.Redirect(w, r, groupAddress(g.ID, ""), http.StatusSeeOther)
}
