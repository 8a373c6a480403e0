package main

import (
	"net/http"
	"strconv"
	"sync"

	"clientele/shared/door"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// subAccountsPage is a customer's sub-accounts and the form to add one.
type subAccountsPage struct {
	Frame  door.Frame
	Table  web.Table
	Action string // of the form; "" if the actor may not add one
	Once   string
	Form   *web.Form
}

func (h handler) listSubAccounts(w http.ResponseWriter, r *http.Request) {
	h.subAccountsPage(w, r, http.StatusOK, web.NewForm())
}

func (h handler) subAccountsPage(w http.ResponseWriter, r *http.Request, status int, form *web.Form) {
	c, all, err := h.customerAndSubAccounts(r)
	if err == nil && c.Type != membership.Corporate {
		err = membership.ErrIndividual
	}
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	view := subAccountsPage{Frame: customerFrame(r, c, "subaccounts"), Form: form, Once: h.Once()}
	mayChange := door.Actor(r).May(membership.ChangeCustomer, c.ID, "")
	if mayChange {
		view.Action = address(c.ID, "subaccounts")
	}
	view.Table = web.Table{Caption: web.Text("console.subaccounts"), Empty: &web.Empty{Title: web.Text("console.no_subaccounts"), Text: web.Text("console.no_subaccounts_text")},
		Columns: []web.Column{{Head: web.Text("field.name")}, {Head: web.Text("field.status")}, {Head: web.Text("field.createdAt"), Kind: "minor"}, {Head: web.Text("table.actions"), Kind: "actions"}}}
	for _, s := range all {
		state := membership.CustomerActive
		if !s.Active {
			state = membership.CustomerDeactivated
		}
		row := web.Row{Quiet: !s.Active, Cells: []web.Cell{{Text: s.Name}, {Status: string(state)}, {Date: s.CreatedAt}, {}}}
		if mayChange {
			row.Cells[3].Actions = h.subAccountActions(s)
		}
		view.Table.Rows = append(view.Table.Rows, row)
	}
	h.Pages.Render(w, r, status, "subaccounts", view)
}

// customerAndSubAccounts reads both in one wait.
func (h handler) customerAndSubAccounts(r *http.Request) (membership.Customer, []membership.SubAccount, error) {
	id, err := httpapi.PathID(r, "customerId")
	if err != nil || id == membership.ProviderID {
		return membership.Customer{}, nil, membership.ErrNotFound
	}
	var all []membership.SubAccount
	var failed error
	var reading sync.WaitGroup
	reading.Go(func() { all, failed = h.subAccounts.List(r.Context(), h.Call(r), id) })
	c, err := h.read(r)
	reading.Wait()
	if err != nil {
		return c, nil, err
	}
	return c, all, failed
}

func subAccountAddress(s membership.SubAccount) string {
	return address(s.CustomerID, "subaccounts/"+s.ID)
}

func (h handler) subAccountActions(s membership.SubAccount) []web.Action {
	toggle := web.Action{Label: web.Text("people.deactivate"), URL: subAccountAddress(s), Post: true, About: s.Name, Fields: h.stamp(s.Version)}
	toggle.Fields["active"] = "false"
	if !s.Active {
		toggle.Label, toggle.Fields["active"] = web.Text("people.reactivate"), "true"
	}
	return []web.Action{
		{Label: web.Text("console.rename"), URL: subAccountAddress(s), About: s.Name}, toggle,
		{Label: web.Text("people.delete"), URL: subAccountAddress(s) + "/delete", Kind: "danger", About: s.Name},
	}
}

func (h handler) createSubAccount(w http.ResponseWriter, r *http.Request) {
	id, err := httpapi.PathID(r, "customerId")
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	form, call, err := h.Sent(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	s, err := h.subAccounts.Create(r.Context(), call, id, form.Value("name"))
	if err != nil {
		if !form.Fail(err) {
			h.Pages.Failed(w, r, err)
			return
		}
		h.subAccountsPage(w, r, http.StatusUnprocessableEntity, form)
		return
	}
	web.Notify(w, "success", "notice.subaccount_created", "name", s.Name)
	http.Redirect(w, r, address(id, "subaccounts"), http.StatusSeeOther)
}

// readSubAccount returns the sub-account in the address and its customer.
func (h handler) readSubAccount(r *http.Request) (membership.Customer, membership.SubAccount, error) {
	id, err := httpapi.PathID(r, "subaccountId")
	if err != nil {
		return membership.Customer{}, membership.SubAccount{}, err
	}
	c, all, err := h.customerAndSubAccounts(r)
	if err != nil {
		return c, membership.SubAccount{}, err
	}
	if !door.Actor(r).May(membership.ChangeCustomer, c.ID, "") {
		return c, membership.SubAccount{}, membership.ErrForbidden
	}
	for _, s := range all {
		if s.ID == id {
			return c, s, nil
		}
	}
	return c, membership.SubAccount{}, membership.ErrNotFound
}

// subAccountForm renames a sub-account.
type subAccountForm struct {
	Title  web.Phrase
	Back   web.Link
	Action string
	Form   *web.Form
}

func newSubAccountForm(c membership.Customer, s membership.SubAccount, form *web.Form) subAccountForm {
	return subAccountForm{Title: web.Text("console.rename_title", "name", s.Name), Back: web.Link{Label: web.Plain(c.Name), URL: address(c.ID, "subaccounts")},
		Action: subAccountAddress(s), Form: form}
}

func (h handler) showSubAccount(w http.ResponseWriter, r *http.Request) {
	c, s, err := h.readSubAccount(r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	form := web.NewForm("once", h.Once())
	door.Opened(form, s.Version, door.Held{Name: "name", Value: s.Name})
	h.Pages.Render(w, r, http.StatusOK, "subaccount-form", newSubAccountForm(c, s, form))
}

// changeSubAccount renames (field name), or activates and deactivates (field active).
func (h handler) changeSubAccount(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	c, s, err := h.readSubAccount(r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	call, err := h.Send(r, form)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	notice, in := "notice.saved", membership.SubAccountInput{}
	name, active := form.Value("name"), form.Value("active") == "true"
	rename := form.Value("active") == ""
	switch {
	case rename:
		in.Name = &name
	case active:
		notice, in.Active = "notice.subaccount_reactivated", &active
	default:
		notice, in.Active = "notice.subaccount_deactivated", &active
	}
	if len(call.Done) == 0 {
		version, _ := strconv.Atoi(form.Value("version")) // a missing version is as stale as an old one
		_, err = h.subAccounts.Change(r.Context(), call, c.ID, s.ID, version, in)
	}
	switch {
	case err == nil:
		web.Notify(w, "success", notice, "name", s.Name)
		http.Redirect(w, r, address(c.ID, "subaccounts"), http.StatusSeeOther)
	case rename && form.Fail(err):
		status := http.StatusUnprocessableEntity
		if membership.KindOf(err) == membership.Stale {
			status = door.Meanwhile(form, s.Version, door.Held{Name: "name", Value: s.Name})
		}
		h.Pages.Render(w, r, status, "subaccount-form", newSubAccountForm(c, s, form))
	default:
		h.Pages.Fail(w, r, err, web.Action{Label: web.Text("console.back_to_subaccounts"), URL: address(c.ID, "subaccounts"), Kind: "primary"})
	}
}

func (h handler) askDeleteSubAccount(w http.ResponseWriter, r *http.Request) {
	_, s, err := h.readSubAccount(r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	h.confirmDeleteSubAccount(w, r, s, nil)
}

func (h handler) confirmDeleteSubAccount(w http.ResponseWriter, r *http.Request, s membership.SubAccount, wrong *web.Notice) {
	fields := h.stamp(s.Version)
	fields["name"] = s.Name
	h.Pages.Confirm(w, r, web.Confirm{
		Title: web.Text("console.delete_title", "name", s.Name), Text: web.Text("console.delete_subaccount_text"), Notice: wrong, Cancel: address(s.CustomerID, "subaccounts"),
		Action: web.Action{Label: web.Text("people.delete"), URL: r.URL.Path, Kind: "danger", Fields: fields},
	})
}

func (h handler) deleteSubAccount(w http.ResponseWriter, r *http.Request) {
	form, call, err := h.Sent(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	c, s, err := h.readSubAccount(r)
	if len(call.Done) > 0 { // this very form deleted it
		err = nil
	} else if err == nil {
		version, _ := strconv.Atoi(form.Value("version"))
		err = h.subAccounts.Delete(r.Context(), call, c.ID, s.ID, version)
	}
	if err == nil {
		web.Notify(w, "success", "notice.subaccount_deleted", "name", form.Value("name"))
		http.Redirect(w, r, address(c.ID, "subaccounts"), http.StatusSeeOther)
		return
	}
	if wrong, told := door.Wrong(err); told && s.ID != "" {
		h.confirmDeleteSubAccount(w, r, s, wrong)
		return
	}
	h.Pages.Failed(w, r, err)
}
