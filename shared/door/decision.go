package door

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"clientele/shared/membership"
	"clientele/shared/web"
)

func itoa(n int) string { return strconv.Itoa(n) }

// decisionPage is the form of a decision about one registration or many.
type decisionPage struct {
	Title   web.Phrase
	Back    web.Link
	Form    *web.Form
	Approve bool
	Label   web.Phrase // of the button
	Facts   []Fact     // of one registration
	Alike   int        // how many look like the one
	Page    string     // of one registration
	Who     web.Phrase // for several
	// Where are the ways to choose a customer; none when it is known.
	Where, Which, Types, Roles []web.Option
	Choices                    string // address that completes customer names
	Groups                     []web.Option
	Preview                    *preview
}

// preview is a mail as it will be sent, with a sample where only the mail itself has the content.
type preview struct {
	Name, To, Subject, Text string
	None                    bool // no mail is sent
	Secret                  bool // it brings a link or a password, which nobody sees beforehand
}

// The customers that people can be let into.
const (
	whereProposed = "proposed"
	whereExisting = "existing"
	whereNew      = "new"
)

// decide shows the form of a decision (filled in when somebody comes back to it), shows its mail, or carries it out.
func (d *Door) decide(w http.ResponseWriter, r *http.Request) {
	actor := Actor(r)
	form, err := web.ReadForm(w, r)
	if err == nil && !MayApprove(actor) {
		err = membership.ErrForbidden
	}
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	all, back, what := pickedFrom(form), backToQueue(r), membership.Decision(form.Value("do"))
	if len(all) == 0 || what != membership.DecideApprove && what != membership.DecideDisapprove {
		web.Notify(w, "info", "notice.nobody_picked")
		http.Redirect(w, r, back, http.StatusSeeOther)
		return
	}
	form.Set("users", textOf(all))
	form.Set("back", back)
	r = web.WithAgain(r, map[string]string{"users": textOf(all), "do": string(what), "back": back})
	view := decisionPage{Form: form, Approve: what == membership.DecideApprove, Back: web.Link{Label: web.Text("queue.title"), URL: back}}
	in, mistaken, err := d.decisionInput(r, form, all, &view)
	switch {
	case err != nil:
		d.Pages.Failed(w, r, err)
	case form.Value("sure") == "" && form.Value("preview") == "": // with the earlier choices when some have failed
		if form.Value("filled") == "" {
			if err := d.presetDecision(r, form, view.Approve); err != nil {
				d.Pages.Failed(w, r, err)
				return
			}
		}
		d.decisionForm(w, r, http.StatusOK, view, all)
	case mistaken:
		d.decisionForm(w, r, http.StatusUnprocessableEntity, view, all)
	case form.Value("sure") == "":
		d.previewDecision(w, r, view, all, in)
	default:
		d.carryOut(w, r, view, all, in, back)
	}
}

// backToQueue returns the list where a decision began, like place.back.
func backToQueue(r *http.Request) string {
	from := r.PostFormValue("back")
	if from == "" {
		from = r.Referer()
	}
	u, err := url.Parse(from)
	if err != nil {
		return queuePath
	}
	ofCustomer := strings.HasPrefix(u.Path, "/customers/") && strings.HasSuffix(u.Path, "/users") && strings.Count(u.Path, "/") == 3
	if u.Path != queuePath && u.Path != "/users" && !ofCustomer {
		return queuePath
	}
	if u.RawQuery == "" {
		return u.Path
	}
	return u.Path + "?" + u.Query().Encode()
}

// presetDecision fills in what the form begins with.
func (d *Door) presetDecision(r *http.Request, form *web.Form, approve bool) error {
	form.Set("filled", "yes")
	if approve {
		form.Set("type", string(membership.Corporate))
		return nil // the customer follows from the registrations
	}
	preset, err := d.Approvals.Preset(r.Context(), d.Call(r))
	if err != nil {
		return err
	}
	form.Set("reason", preset.Reason)
	if preset.Silent {
		form.Set("silent", "on")
	}
	return nil
}

// decisionInput reads the form. mistaken says that something in it must be corrected first.
func (d *Door) decisionInput(r *http.Request, form *web.Form, all []picked, view *decisionPage) (in membership.DecisionInput, mistaken bool, err error) {
	in = membership.DecisionInput{Decision: membership.Decision(form.Value("do")), Reason: form.Value("reason"), Silent: form.Checked("silent"),
		Role: membership.Role(form.Value("role")), GroupIDs: groupsIn(form)}
	for _, one := range all {
		in.RegistrationIDs = append(in.RegistrationIDs, one.userID)
	}
	if !view.Approve || Actor(r).Realm == membership.Portal {
		return in, false, nil
	}
	switch form.Value("where") {
	case whereNew:
		name := form.Value("newName")
		in.NewCustomer = &membership.NewCustomer{Type: membership.CustomerType(form.Value("type")), CustomerInput: membership.CustomerInput{Name: &name}}
	case whereExisting:
		chosen, which, err := d.ChosenCustomer(r, form)
		in.CustomerID, view.Which = chosen.ID, which
		return in, chosen.ID == "", err
	}
	return in, false, nil
}

// decisionForm adds what can be chosen and shows the page.
func (d *Door) decisionForm(w http.ResponseWriter, r *http.Request, status int, view decisionPage, all []picked) {
	actor, form := Actor(r), view.Form
	form.Set(onceField, d.Once())
	view.Who = namesOf(all)
	var found membership.RegistrationDetails
	if len(all) == 1 {
		var err error
		if found, err = d.Registrations.Get(r.Context(), d.Call(r), all[0].userID); err != nil {
			d.Pages.Failed(w, r, err)
			return
		}
		view.Facts, view.Page, view.Alike = d.registrationFacts(r, found), queuePath+"/"+all[0].userID, len(found.Duplicates)
	}
	view.Title, view.Label = web.Text("queue.disapprove_title", "count", len(all), "name", all[0].name), web.Text("queue.disapprove_do", "count", len(all))
	if view.Approve {
		view.Title, view.Label = web.Text("queue.approve_title", "count", len(all), "name", all[0].name), web.Text("queue.approve_do", "count", len(all))
		view.Roles = decisionRoles(actor)
		if form.Value("role") == "" && actor.Realm == membership.Portal {
			form.Set("role", string(membership.Member))
		}
		if actor.Realm == membership.Staff {
			if err := d.whereToLetIn(r, &view, all, found); err != nil {
				d.Pages.Failed(w, r, err)
				return
			}
		}
	}
	d.Pages.Render(w, r, status, "decision", view)
}

// whereToLetIn adds the customers and groups that staff can choose.
func (d *Door) whereToLetIn(r *http.Request, view *decisionPage, all []picked, found membership.RegistrationDetails) error {
	form, one := view.Form, len(all) == 1
	view.Choices = "/users/customers"
	proposed := web.Option{Value: whereProposed, Label: web.Text("queue.where_proposed"), Hint: web.Text("queue.where_proposed_hint")}
	if one && found.Proposed.ID != "" {
		proposed.Label, proposed.Hint = web.Plain(found.Proposed.Name), web.Text("queue.where_this_hint")
		if found.Registration.Origin == membership.OriginGuest {
			proposed.Hint = web.Text("queue.where_contact_hint")
		}
	}
	if !one || found.Proposed.ID != "" {
		view.Where = append(view.Where, proposed)
	}
	view.Where = append(view.Where, web.Option{Value: whereExisting, Label: web.Text("queue.where_existing")})
	if one {
		view.Where = append(view.Where, web.Option{Value: whereNew, Label: web.Text("queue.where_new")})
		view.Types = []web.Option{{Value: string(membership.Corporate), Label: web.Word("customer_type", membership.Corporate)},
			{Value: string(membership.Individual), Label: web.Word("customer_type", membership.Individual)}}
		if form.Value("newName") == "" {
			form.Set("newName", found.Registration.Company)
		}
	}
	if form.Value("where") == "" {
		switch {
		case !one || found.Proposed.ID != "":
			form.Set("where", whereProposed)
		case found.Registration.Company != "" && found.Registration.Status == membership.RegistrationWaiting:
			form.Set("where", whereNew)
		default:
			form.Set("where", whereExisting)
		}
	}
	var err error
	view.Groups, err = d.groupOptions(r, "", form)
	return err
}

// decisionRoles returns the roles that can be given. Staff may leave it at the usual one, which depends on the
// customer.
func decisionRoles(actor membership.Actor) []web.Option {
	var options []web.Option
	if actor.Realm == membership.Staff {
		options = append(options, web.Option{Label: web.Text("queue.role_usual"), Hint: web.Text("queue.role_usual_hint")})
	}
	for _, role := range membership.RolesOf(membership.UnassignedID) {
		options = append(options, web.Option{Value: string(role), Label: web.Word("role", role), Hint: web.Word("role_hint", role)})
	}
	return options
}

// previewDecision shows the mail that the first person will get.
func (d *Door) previewDecision(w http.ResponseWriter, r *http.Request, view decisionPage, all []picked, in membership.DecisionInput) {
	mail, err := d.Approvals.Preview(r.Context(), d.Call(r), in)
	if err != nil {
		d.mend(w, r, view, all, err)
		return
	}
	view.Preview = &preview{Name: all[0].name, None: mail.Letter == "", Secret: view.Approve}
	if !view.Preview.None {
		view.Preview.To = mail.To
		if view.Preview.Subject, view.Preview.Text, err = d.Letter(mail, d.origin(r)); err != nil {
			d.Pages.Failed(w, r, err)
			return
		}
	}
	d.decisionForm(w, r, http.StatusOK, view, all)
}

// mend shows the form again with what is wrong.
func (d *Door) mend(w http.ResponseWriter, r *http.Request, view decisionPage, all []picked, err error) {
	field := "company"
	if view.Form.Value("where") == whereProposed {
		field = "where"
	}
	if errors.Is(err, membership.ErrAlreadyDecided) {
		view.Form.Error("", decidedBy(err))
	} else if !view.Form.Fail(err, "customerId", field, "newCustomer.name", "newName", "newCustomer.type", "type", "newCustomer", "where", "groupIds", "groups", "registrationIds", "") {
		d.Pages.Failed(w, r, err)
		return
	}
	d.decisionForm(w, r, http.StatusUnprocessableEntity, view, all)
}

// decidedBy tells a second approver who has already decided.
func decidedBy(err error) web.Phrase {
	wrong, _ := err.(*membership.Error) //nolint:errorlint // rows carry the error itself
	switch {
	case wrong == nil || wrong.What == "":
		return web.Known(membership.CodeOf(err))
	case wrong.By == "":
		return web.Text("queue.decided_already_settings", "what", web.Word("status", wrong.What), "when", wrong.At)
	}
	return web.Text("queue.decided_already", "name", wrong.By, "what", web.Word("status", wrong.What), "when", wrong.At)
}

// carryOut decides, and says what happened to each registration.
func (d *Door) carryOut(w http.ResponseWriter, r *http.Request, view decisionPage, all []picked, in membership.DecisionInput, back string) {
	call := d.Call(r)
	call.Key = onceKey(r, view.Form, call.Actor.UserID) // the use case checks row by row what was done before
	results, err := d.Approvals.Decide(r.Context(), call, in)
	if err != nil {
		d.mend(w, r, view, all, err)
		return
	}
	done := 0
	for _, result := range results {
		if result.Err == nil {
			done++
		}
	}
	metric, notice := "RegistrationsDisapproved", "notice.disapproved"
	if view.Approve {
		metric, notice = "RegistrationsApproved", "notice.approved"
	}
	d.count(metric, done)
	if len(results) == 1 {
		switch wrong := results[0].Err; {
		case wrong == nil:
			web.Notify(w, "success", notice, "name", all[0].name)
			http.Redirect(w, r, back, http.StatusSeeOther)
			return
		case wrong.Code != membership.ErrAlreadyDecided.Code && wrong.Kind != membership.NotFound:
			d.mend(w, r, view, all, wrong)
			return
		}
	}
	d.Pages.Render(w, r, http.StatusOK, "bulk-results", d.decisionResults(view, all, results, back))
}

func (d *Door) decisionResults(view decisionPage, all []picked, results []membership.RowResult, back string) bulkPage {
	page := bulkPage{All: len(results), Back: web.Link{Label: web.Text("queue.title"), URL: back}, Leave: web.Text("queue.back"),
		Table: web.Table{Caption: web.Text("people.bulk_results"), Columns: []web.Column{
			{Head: web.Text("field.name")}, {Head: web.Text("field.status")}, {Head: web.Text("people.what_happened")},
		}},
	}
	happened := web.Word("bulk", membership.DecideDisapprove)
	if view.Approve {
		happened = web.Word("bulk", membership.DecideApprove)
	}
	var failed []picked
	for i, result := range results {
		who := all[i].cell(queuePath + "/" + all[i].userID)
		if result.Err == nil {
			page.Done++
			page.Table.Rows = append(page.Table.Rows, web.Row{Cells: []web.Cell{who, {Status: "ok"}, {Word: happened}}})
			continue
		}
		what := web.Known(result.Err.Code)
		if result.Err.Code == membership.ErrAlreadyDecided.Code {
			what = decidedBy(result.Err)
		} else {
			failed = append(failed, all[i])
		}
		page.Table.Rows = append(page.Table.Rows, web.Row{Cells: []web.Cell{who, {Status: "error"}, {Word: what}}})
	}
	if len(failed) > 0 { // back into the form: they may need another customer
		again := map[string]string{"users": textOf(failed), "filled": "yes", "groups": strings.Join(groupsIn(view.Form), " ")}
		for _, name := range []string{"do", "back", "where", "company", "customer", "role", "reason", "silent"} {
			again[name] = view.Form.Value(name)
		}
		page.Again = &web.Action{Label: web.Text("people.bulk_again"), URL: queuePath + "/decide", Post: true, Fields: again}
	}
	return page
}
