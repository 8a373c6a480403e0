package door

import (
	"net/http"
	"strings"

	"clientele/shared/membership"
	"clientele/shared/web"
)

// invitePage is the form that invites people.
type invitePage struct {
	Title     web.Phrase
	Back      web.Link
	Action    string
	Once      string
	Form      *web.Form
	Roles     []web.Option
	Languages []web.Option
	Groups    []web.Option // if the actor may put people into them
	Import    string       // address of the form that takes a file instead; "" if there is none
}

func (p People) showInvite(w http.ResponseWriter, r *http.Request, at place) {
	p.inviteForm(w, r, at, http.StatusOK, web.NewForm())
}

// showInviteAgain shows the form filled with what was posted. It changes nothing. It is no GET because e-mail addresses
// do not belong in a page's address, which browsers and logs keep.
func (p People) showInviteAgain(w http.ResponseWriter, r *http.Request, at place) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	p.inviteForm(w, r, at, http.StatusOK, form)
}

func (p People) inviteForm(w http.ResponseWriter, r *http.Request, at place, status int, form *web.Form) {
	actor := Actor(r)
	customer, err := p.Door.Customers.Get(r.Context(), p.Door.Call(r), at.customerID)
	if err == nil && !actor.May(membership.Invite, at.customerID, "") {
		err = membership.ErrForbidden
	}
	if err == nil && customer.Type != membership.Corporate {
		err = membership.ErrIndividual
	}
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	view := invitePage{Title: web.Text("people.invite_title", "name", customer.Name), Back: web.Link{Label: web.Plain(customer.Name), URL: at.users()},
		Action: at.invitations(), Once: p.Door.Once(), Form: form, Roles: roleOptions(actor, customer)}
	if at.customerID == membership.ProviderID {
		view.Title = web.Text("people.invite_staff_title")
	}
	if form.Value("role") == "" && len(view.Roles) > 0 {
		form.Set("role", view.Roles[0].Value) // the one with the fewest rights
	}
	view.Languages = languagesOf(customer)
	if view.Groups, err = p.Door.groupOptions(r, at.customerID, form); err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	if mayInvite(actor, customer) {
		view.Import = newImportAddress(actor, customer.ID)
	}
	p.Door.Pages.Render(w, r, status, "invite", view)
}

// languagesOf returns the languages of letters to people of a customer, the customer's own first.
func languagesOf(c membership.Customer) []web.Option {
	usual := web.Text("people.language_of_customer")
	if c.Language != "" {
		usual = web.Text("people.language_of_customer_is", "language", web.Word("language", membership.ChooseLanguage(c.Language)))
	}
	return append([]web.Option{{Label: usual}}, web.LanguageOptions()...)
}

// roleOptions returns the roles that the actor may give here, with what each means.
func roleOptions(actor membership.Actor, c membership.Customer) []web.Option {
	var options []web.Option
	for _, role := range membership.RolesOf(c.ID) {
		if !actor.May(membership.Invite, c.ID, role) {
			continue
		}
		hint := web.Word("role_hint", role)
		switch {
		case c.ID == membership.ProviderID:
			hint = web.Word("staff_role_hint", role)
		case role == membership.Administrator && actor.Realm == membership.Staff && c.Management == membership.ManagedCustomer:
			hint = web.Text("people.administrator_of_managed")
		}
		options = append(options, web.Option{Value: string(role), Label: web.Word("role", role), Hint: hint})
	}
	return options
}

func (p People) invite(w http.ResponseWriter, r *http.Request, at place) {
	d := p.Door
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	in := membership.InviteInput{CustomerID: at.customerID, Role: membership.Role(form.Value("role")), GroupIDs: groupsIn(form), Invitees: Invitees(form.Value("emails"))}
	for i := range in.Invitees {
		in.Invitees[i].Language = form.Value("language")
	}
	if len(in.Invitees) > membership.MaxInvitees { // before the use case, which would refuse all of it too
		form.Error("emails", web.Known("too_many"))
		p.inviteForm(w, r, at, http.StatusUnprocessableEntity, form)
		return
	}
	call := d.Call(r)
	call.Key = onceKey(r, form, call.Actor.UserID) // the use case checks row by row what was done before
	asked := append([]membership.Invitee{}, in.Invitees...)
	results, err := d.Invitations.Invite(r.Context(), call, in)
	if err != nil {
		if !form.Fail(err, "invitees", "emails", "groupIds", "groups") {
			d.Pages.Failed(w, r, err)
			return
		}
		p.inviteForm(w, r, at, http.StatusUnprocessableEntity, form)
		return
	}
	view := newResults(results, asked, form, at)
	if view.Invited == 0 && len(results) == 1 { // a single mistake is corrected where it was made
		field := "emails"
		if results[0].Err.Field == "role" || results[0].Err.Field == "language" {
			field = results[0].Err.Field
		}
		form.Error(field, web.Known(results[0].Err.Code))
		p.inviteForm(w, r, at, http.StatusUnprocessableEntity, form)
		return
	}
	d.Pages.Render(w, r, http.StatusOK, "invite-results", view)
}

// resultsPage says what happened to each address.
type resultsPage struct {
	Invited, All int
	Table        web.Table
	Back         web.Link
	More         web.Action
	Again        *web.Action // the form again, for those that failed and can be corrected
}

func newResults(results []membership.RowResult, asked []membership.Invitee, form *web.Form, at place) resultsPage {
	view := resultsPage{All: len(results), Back: web.Link{Label: web.Text("people.invitations"), URL: at.invitations()},
		More: web.Action{Label: web.Text("people.invite_more"), URL: at.invitation("new", "")},
		Table: web.Table{Caption: web.Text("people.results"), Columns: []web.Column{
			{Head: web.Text("field.email")}, {Head: web.Text("field.status")}, {Head: web.Text("people.what_happened")},
		}},
	}
	var again []string
	for i, result := range results {
		row := asked[i]
		who := web.Cell{Text: row.Email, Detail: strings.TrimSpace(row.FirstName + " " + row.LastName)}
		if result.Err == nil {
			view.Invited++
			view.Table.Rows = append(view.Table.Rows, web.Row{Cells: []web.Cell{who, {Status: "invited"}, {Word: web.Text("people.mail_follows")}}})
			continue
		}
		view.Table.Rows = append(view.Table.Rows, web.Row{Cells: []web.Cell{who, {Status: "error"}, {Word: web.Known(result.Err.Code)}}})
		if mendable(result.Err) {
			again = append(again, typed(row))
		}
	}
	if len(again) > 0 {
		view.Again = &web.Action{Label: web.Text("people.invite_failed_again"), URL: at.invitation("new", ""), Post: true, Kind: "primary",
			Fields: map[string]string{"emails": strings.Join(again, "\n"), "role": form.Value("role"), "language": form.Value("language"), "groups": strings.Join(groupsIn(form), " ")}}
	}
	return view
}

// mendable says whether inviting the same person again, perhaps with another address, makes sense.
func mendable(e *membership.Error) bool {
	switch e.Code {
	case membership.ErrAlreadyUser.Code, membership.ErrAlreadyInvited.Code, "duplicate_row":
		return false
	}
	return true
}
