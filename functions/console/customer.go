package main

import (
	"net/http"
	"strconv"
	"strings"

	"clientele/shared/door"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// read returns the customer in the address. The provider has the staff pages instead.
func (h handler) read(r *http.Request) (membership.Customer, error) {
	id, err := httpapi.PathID(r, "customerId")
	if err != nil || id == membership.ProviderID {
		return membership.Customer{}, membership.ErrNotFound
	}
	return h.Customers.Get(r.Context(), h.Call(r), id)
}

// readFor is read for a page that needs the right to do something.
func (h handler) readFor(r *http.Request, action membership.Action) (membership.Customer, error) {
	c, err := h.read(r)
	if err == nil && !door.Actor(r).May(action, c.ID, "") {
		return c, membership.ErrForbidden
	}
	return c, err
}

// customer leads to the customer's first tab.
func (h handler) customer(w http.ResponseWriter, r *http.Request) {
	c, err := h.read(r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	http.Redirect(w, r, home(c), http.StatusSeeOther)
}

func home(c membership.Customer) string {
	if c.Type == membership.Corporate {
		return address(c.ID, "users")
	}
	return address(c.ID, "details")
}

// detailsPage is a customer's record.
type detailsPage struct {
	Frame   door.Frame
	Edit    *web.Action
	Steps   []web.Action
	Account []door.Fact
	Contact []door.Fact
	Comment string
}

func (h handler) details(w http.ResponseWriter, r *http.Request) {
	c, err := h.read(r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	view := detailsPage{Frame: customerFrame(r, c, "details"), Comment: c.Comment,
		Account: door.Facts(
			door.Fact{Label: web.Text("field.type"), Word: web.Word("customer_type", c.Type)}, door.Fact{Label: web.Text("field.externalId"), Text: c.ExternalID},
			languageFact(c.Language), door.Fact{Label: web.Text("field.createdAt"), Time: c.CreatedAt},
		),
		Contact: door.Facts(
			door.Fact{Label: web.Text("field.email"), Text: c.Email}, door.Fact{Label: web.Text("field.phone"), Text: h.Phone(c.Phone)},
			door.Fact{Label: web.Text("field.url"), Text: c.URL, URL: c.URL},
			door.Fact{Label: web.Text("people.address"), Text: door.Address(c.Street, c.Postcode, c.City, c.Region, c.Country)},
		),
	}
	if door.Actor(r).May(membership.ChangeCustomer, c.ID, "") {
		view.Edit = &web.Action{Label: web.Text("console.edit"), URL: address(c.ID, "edit")}
		view.Steps = h.customerSteps(c)
	}
	h.Pages.Render(w, r, http.StatusOK, "customer", view)
}

func languageFact(code string) door.Fact {
	if code == "" {
		return door.Fact{}
	}
	return door.Fact{Label: web.Text("field.language"), Word: web.Word("language", membership.ChooseLanguage(code))}
}

func (h handler) customerSteps(c membership.Customer) []web.Action {
	remove := web.Action{Label: web.Text("people.delete"), URL: address(c.ID, "delete"), Kind: "danger", About: c.Name}
	if c.Status == membership.CustomerActive {
		return []web.Action{{Label: web.Text("people.deactivate"), URL: address(c.ID, "deactivate"), About: c.Name}, remove}
	}
	return []web.Action{{Label: web.Text("people.reactivate"), URL: address(c.ID, "reactivate"), About: c.Name, Post: true, Fields: h.stamp(c.Version)}, remove}
}

// stamp returns the hidden fields of a button: the version that it was offered for, and a key for this one sending.
func (h handler) stamp(version int) map[string]string {
	return map[string]string{"version": strconv.Itoa(version), "once": h.Once()}
}

// askCustomer asks before the step that the last part of the address names.
func (h handler) askCustomer(w http.ResponseWriter, r *http.Request) {
	c, err := h.readFor(r, membership.ChangeCustomer)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	h.confirmCustomer(w, r, c, nil)
}

func (h handler) confirmCustomer(w http.ResponseWriter, r *http.Request, c membership.Customer, wrong *web.Notice) {
	ask := web.Confirm{
		Title: web.Text("console.deactivate_title", "name", c.Name), Text: web.Text("console.deactivate_text"),
		Points: []web.Phrase{web.Text("console.deactivate_point_users"), web.Text("console.deactivate_point_invitations")},
		Action: web.Action{Label: web.Text("people.deactivate"), Kind: "danger"},
	}
	if strings.HasSuffix(r.URL.Path, "/delete") {
		ask = web.Confirm{
			Title: web.Text("console.delete_title", "name", c.Name), Text: web.Text("console.delete_text"), Points: []web.Phrase{web.Text("console.delete_point")},
			Action: web.Action{Label: web.Text("people.delete"), Kind: "danger"},
		}
	}
	ask.Action.URL, ask.Action.Fields, ask.Cancel, ask.Notice = r.URL.Path, h.stamp(c.Version), address(c.ID, "details"), wrong
	h.Pages.Confirm(w, r, ask)
}

// stepCustomer deactivates, reactivates or deletes a customer.
func (h handler) stepCustomer(w http.ResponseWriter, r *http.Request) {
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
	version, _ := strconv.Atoi(form.Value("version")) // without one there is nothing to compare: ErrStale if it is needed
	notice, next := "notice.customer_deactivated", address(id, "details")
	switch {
	case strings.HasSuffix(r.URL.Path, "/reactivate"):
		notice = "notice.customer_reactivated"
		_, err = h.Customers.Reactivate(r.Context(), call, id, version)
	case strings.HasSuffix(r.URL.Path, "/delete"):
		notice, next = "notice.customer_deleted", "/customers"
		if len(call.Done) == 0 {
			err = h.Customers.Delete(r.Context(), call, id, version)
		}
	default:
		_, err = h.Customers.Deactivate(r.Context(), call, id, version)
	}
	if err == nil {
		web.Notify(w, "success", notice)
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	if wrong, told := door.Wrong(err); told && !strings.HasSuffix(r.URL.Path, "/reactivate") {
		if c, gone := h.readFor(r, membership.ChangeCustomer); gone == nil {
			h.confirmCustomer(w, r, c, wrong)
			return
		}
	}
	h.Pages.Fail(w, r, err, web.Action{Label: web.Text("console.back_to_customer"), URL: address(id, "details"), Kind: "primary"})
}

// customerForm is the form with a customer's record, to create or change it.
type customerForm struct {
	Title     web.Phrase
	Back      web.Link
	Action    string
	New       bool
	Save      web.Phrase
	Form      *web.Form
	Types     []web.Option
	Languages []web.Option
	Countries []web.Option
}

func newCustomerForm(form *web.Form) customerForm {
	return customerForm{Title: web.Text("console.new_customer"), Back: web.Link{Label: web.Text("console.customers"), URL: "/customers"}, Action: "/customers",
		New: true, Save: web.Text("console.create_customer"), Form: form, Languages: languages(""), Types: []web.Option{
			{Value: string(membership.Corporate), Label: web.Word("customer_type", membership.Corporate), Hint: web.Text("console.corporate_hint")},
			{Value: string(membership.Individual), Label: web.Word("customer_type", membership.Individual), Hint: web.Text("console.individual_hint")},
		}}
}

func changeCustomerForm(c membership.Customer, form *web.Form) customerForm {
	return customerForm{Title: web.Text("console.edit_title", "name", c.Name), Back: web.Link{Label: web.Plain(c.Name), URL: address(c.ID, "details")},
		Action: address(c.ID, "edit"), Save: web.Text("form.save"), Form: form, Languages: languages(c.Language)}
}

func (h handler) customerForm(w http.ResponseWriter, r *http.Request, status int, view customerForm) {
	view.Countries = web.CountryOptions(h.Pages.Language(r))
	h.Pages.Render(w, r, status, "customer-form", view)
}

// languages returns the choices for a customer's language; held is the record's.
func languages(held string) []web.Option {
	return append([]web.Option{{Label: web.Text("console.language_usual")}}, web.LanguageOptions(held)...)
}

// customerFields returns the fields of the form with their values in the record.
func customerFields(c membership.Customer) []door.Held {
	return []door.Held{
		{Name: "name", Value: c.Name}, {Name: "externalId", Value: c.ExternalID}, {Name: "email", Value: c.Email}, {Name: "phone", Value: c.Phone},
		{Name: "url", Value: c.URL}, {Name: "street", Value: c.Street}, {Name: "postcode", Value: c.Postcode}, {Name: "city", Value: c.City},
		{Name: "region", Value: c.Region}, {Name: "country", Value: c.Country}, {Name: "language", Value: c.Language}, {Name: "comment", Value: c.Comment},
	}
}

func customerInput(form *web.Form) membership.CustomerInput {
	value := func(name string) *string { v := form.Value(name); return &v }
	return membership.CustomerInput{
		Name: value("name"), ExternalID: value("externalId"), Email: value("email"), Phone: value("phone"), URL: value("url"), Street: value("street"),
		Postcode: value("postcode"), City: value("city"), Region: value("region"), Country: value("country"), Language: value("language"), Comment: value("comment"),
	}
}

func (h handler) showNewCustomer(w http.ResponseWriter, r *http.Request) {
	if !door.Actor(r).May(membership.CreateCustomer, "", "") {
		h.Pages.Failed(w, r, membership.ErrForbidden)
		return
	}
	h.customerForm(w, r, http.StatusOK, newCustomerForm(web.NewForm("once", h.Once(), "type", string(membership.Corporate))))
}

func (h handler) createCustomer(w http.ResponseWriter, r *http.Request) {
	form, call, err := h.Sent(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	c, err := h.Customers.Create(r.Context(), call, membership.CustomerType(form.Value("type")), customerInput(form))
	if err != nil {
		if !form.Fail(err) {
			h.Pages.Failed(w, r, err)
			return
		}
		h.customerForm(w, r, http.StatusUnprocessableEntity, newCustomerForm(form))
		return
	}
	web.Notify(w, "success", "notice.customer_created", "name", c.Name)
	http.Redirect(w, r, home(c), http.StatusSeeOther)
}

func (h handler) showCustomer(w http.ResponseWriter, r *http.Request) {
	c, err := h.readFor(r, membership.ChangeCustomer)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	form := web.NewForm("once", h.Once())
	door.Opened(form, c.Version, customerFields(c)...)
	h.customerForm(w, r, http.StatusOK, changeCustomerForm(c, form))
}

func (h handler) changeCustomer(w http.ResponseWriter, r *http.Request) {
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
	version, err := strconv.Atoi(form.Value("version"))
	if err != nil || version < 1 { // 0 would mean no comparison
		version = -1
	}
	_, err = h.Customers.Change(r.Context(), call, id, version, customerInput(form))
	if err == nil {
		web.Notify(w, "success", "notice.saved")
		http.Redirect(w, r, address(id, "details"), http.StatusSeeOther)
		return
	}
	c, gone := h.read(r)
	if gone != nil || !form.Fail(err) {
		h.Pages.Failed(w, r, err)
		return
	}
	status := http.StatusUnprocessableEntity
	if membership.KindOf(err) == membership.Stale {
		status = door.Meanwhile(form, c.Version, customerFields(c)...)
	}
	h.customerForm(w, r, status, changeCustomerForm(c, form))
}
