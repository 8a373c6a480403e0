package door

import (
	"net/http"
	"slices"
	"strings"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// picked is a row that was picked, as its checkbox sends it. It carries name and e-mail so that the next pages need not
// read a hundred people to say who they are.
type picked struct{ customerID, userID, name, email string }

func (p picked) text() string {
	return p.customerID + " " + p.userID + " " + p.name + "\t" + p.email // no name has a tab
}

// cell names somebody as lists do: with the e-mail below, which tells people with the same name apart.
func (p picked) cell(address string) web.Cell {
	cell := web.Cell{Text: p.name, URL: address}
	if p.email != p.name {
		cell.Detail = p.email
	}
	return cell
}

// namesOf names the first few people and says how many more there are. People with the same name are told apart.
func namesOf(all []picked) web.Phrase {
	called := map[string]int{}
	for _, one := range all {
		called[one.name]++
	}
	names := make([]string, 0, bulkNames)
	for _, one := range all[:min(len(all), bulkNames)] {
		name := one.name
		if called[name] > 1 && one.email != "" && one.email != name {
			name += " (" + one.email + ")"
		}
		names = append(names, name)
	}
	if more := len(all) - len(names); more > 0 {
		return web.Text("people.bulk_who_more", "names", strings.Join(names, ", "), "count", more)
	}
	return web.Plain(strings.Join(names, ", "))
}

// pickedFrom reads what checkboxes, or a page after them, have sent: each person once, and at most one more than is
// allowed, so that too many are refused. It leaves out what is not a row.
func pickedFrom(form *web.Form) []picked {
	var all []picked
	met := map[string]bool{}
	for _, text := range append(slices.Clone(form.Values("user")), strings.Split(form.Value("users"), "\n")...) {
		customerID, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
		userID, who, _ := strings.Cut(rest, " ")
		name, email, _ := strings.Cut(who, "\t")
		if p := (picked{knownID(customerID), knownID(userID), name, email}); p.customerID != "" && p.userID != "" && !met[p.userID] {
			met[p.userID] = true
			all = append(all, p)
		}
		if len(all) > membership.MaxBulk {
			break
		}
	}
	return all
}

func textOf(all []picked) string {
	lines := make([]string, len(all))
	for i, p := range all {
		lines[i] = p.text()
	}
	return strings.Join(lines, "\n")
}

// bulkAction is something that can be done with the people who were picked.
type bulkAction struct {
	action membership.BulkAction
	step   membership.Step
	needs  membership.Action
	label  web.Phrase
	danger bool
	asks   bool // before it acts
}

// The decisions about waiting people are in the bar like everything else, but have a form of their own.
const (
	bulkApprove    = membership.BulkAction(membership.DecideApprove)
	bulkDisapprove = membership.BulkAction(membership.DecideDisapprove)
)

// bulkActions returns all of them, in the order of the bar.
func bulkActions() []bulkAction {
	return []bulkAction{
		{bulkApprove, membership.StepApprove, membership.Approve, web.Text("queue.approve"), false, true},
		{bulkDisapprove, membership.StepDisapprove, membership.Approve, web.Text("queue.disapprove"), true, true},
		{membership.BulkAddToGroup, membership.StepChange, membership.ChangeGroups, web.Text("people.add_to_group"), false, true},
		{membership.BulkLeaveGroup, membership.StepChange, membership.ChangeGroups, web.Text("people.leave_group"), false, true},
		{membership.BulkResend, membership.StepResend, membership.Invite, web.Text("people.resend"), false, false},
		{membership.BulkReactivate, membership.StepReactivate, membership.ChangeUsers, web.Text("people.reactivate"), false, false},
		{membership.BulkSetRole, membership.StepChange, membership.ChangeUsers, web.Text("people.set_role"), false, true},
		{membership.BulkSuspend, membership.StepSuspend, membership.ChangeUsers, web.Text("people.suspend"), false, true},
		{membership.BulkDeactivate, membership.StepDeactivate, membership.ChangeUsers, web.Text("people.deactivate"), false, true},
		{membership.BulkRemove, membership.StepRemove, membership.ChangeUsers, web.Text("people.remove"), true, true},
	}
}

// bulkable returns the actions that the user's status allows and the actor may take, separated by spaces, or "".
// grouped says that there are groups to choose from.
func bulkable(actor membership.Actor, u subject, grouped bool) string {
	if u.id == actor.UserID {
		return ""
	}
	possible := u.status.Possible()
	var can []string
	for _, a := range bulkActions() {
		ofGroups := a.needs == membership.ChangeGroups
		if ofGroups && (u.customerID == membership.ProviderID || !grouped || a.action == membership.BulkLeaveGroup && !u.grouped) {
			continue
		}
		if slices.Contains(possible, a.step) && actor.May(a.needs, u.customerID, u.role) {
			can = append(can, string(a.action))
		}
	}
	return strings.Join(can, " ")
}

// pickedBar is the bar below a table: the actions possible for at least one of its rows.
func pickedBar(t web.Table, at place, once string) *web.Picked {
	bar := web.Picked{ID: t.Pick.Form, URL: at.users() + "/bulk", Fields: map[string]string{onceField: once}}
	for _, a := range bulkActions() {
		if slices.ContainsFunc(t.Rows, func(r web.Row) bool { return slices.Contains(strings.Fields(r.Can), string(a.action)) }) {
			kind := ""
			if a.danger {
				kind = "danger"
			}
			bar.Actions = append(bar.Actions, web.PickedAction{Value: string(a.action), Label: a.label, Kind: kind})
		}
	}
	if len(bar.Actions) == 0 {
		return nil
	}
	return &bar
}

// bulk does something with everybody who was picked. It asks first when that cannot simply be undone.
func (p People) bulk(w http.ResponseWriter, r *http.Request, at place) {
	d := p.Door
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	all, back := pickedFrom(form), at.back(r)
	n := slices.IndexFunc(bulkActions(), func(a bulkAction) bool { return string(a.action) == form.Value("do") })
	if n < 0 || len(all) == 0 {
		web.Notify(w, "info", "notice.nobody_picked")
		http.Redirect(w, r, back, http.StatusSeeOther)
		return
	}
	action := bulkActions()[n]
	if action.needs == membership.Approve {
		d.decide(w, r)
		return
	}
	if action.asks && form.Value("sure") == "" {
		r = web.WithAgain(r, map[string]string{"users": textOf(all), "do": string(action.action), "back": back})
		p.askBulk(w, r, at, action, all, back, nil)
		return
	}
	call := d.Call(r)
	call.Key = onceKey(r, form, call.Actor.UserID) // the use case checks row by row what was done before
	in := membership.BulkInput{Action: action.action, GroupID: knownID(form.Value("group")), Role: membership.Role(form.Value("role"))}
	var bad *membership.Error
	if in.Until, bad = dayOf(form.Value("until")); bad != nil {
		p.askBulk(w, r, at, action, all, back, &web.Notice{Kind: "error", Text: web.Known(bad.Code)})
		return
	}
	for _, one := range all {
		in.UserIDs = append(in.UserIDs, one.userID)
	}
	results, err := d.Bulk.Do(r.Context(), call, in)
	if err != nil {
		if wrong, told := Wrong(err); told && action.asks {
			p.askBulk(w, r, at, action, all, back, wrong)
			return
		}
		d.Pages.Fail(w, r, err, web.Action{Label: web.Text("people.back_to_users"), URL: back, Kind: "primary"})
		return
	}
	d.Pages.Render(w, r, http.StatusOK, "bulk-results", p.bulkResults(at, action, in, all, results, back))
}

// leaveBulk answers a GET of an address that only answers forms: it redirects to the list.
func (p People) leaveBulk(w http.ResponseWriter, r *http.Request, at place) {
	http.Redirect(w, r, at.back(r), http.StatusSeeOther)
}

// bulkNames is how many names a question lists.
const bulkNames = 8

func (p People) askBulk(w http.ResponseWriter, r *http.Request, at place, action bulkAction, all []picked, back string, wrong *web.Notice) {
	ask := web.Confirm{Notice: wrong, Cancel: back, Points: []web.Phrase{namesOf(all)}, Action: web.Action{Label: action.label, Kind: "danger", URL: at.users() + "/bulk",
		Fields: map[string]string{"users": textOf(all), "do": string(action.action), "sure": "yes", "back": back, onceField: p.Door.Once()}}}
	switch action.action {
	case membership.BulkRemove:
		ask.Title, ask.Text = web.Text("people.bulk_remove_title", "count", len(all)), web.Text("people.bulk_remove_text")
		ask.Points = append(ask.Points, web.Text("people.remove_point_access"), web.Text("people.remove_point_again"))
	case membership.BulkSuspend:
		ask.Title, ask.Text, ask.Fields = web.Text("people.bulk_suspend_title", "count", len(all)), web.Text("people.bulk_suspend_text"), []web.Field{untilField(r)}
		ask.Points = append(ask.Points, web.Text("people.deactivate_point_access"), web.Text("people.bulk_deactivate_point_back"))
	case membership.BulkSetRole:
		ask.Title, ask.Text, ask.Action.Kind = web.Text("people.bulk_role_title", "count", len(all)), web.Text("people.bulk_role_text"), "primary"
		role := web.Field{ID: "f-role", Name: "role", Type: "select", Label: web.Text("field.role"), Value: r.PostFormValue("role"), Required: true}
		for _, one := range membership.RolesOf(at.customerID) {
			role.Options = append(role.Options, web.Option{Value: string(one), Label: web.Word("role", one)})
		}
		ask.Fields = []web.Field{role}
	case membership.BulkAddToGroup, membership.BulkLeaveGroup:
		groups, err := p.Door.groups.get(r.Context(), p.Door.Call(r), p.Door.Groups)
		if err != nil {
			p.Door.Pages.Failed(w, r, err)
			return
		}
		ask.Title, ask.Action.Kind = web.Text("people.add_to_group_title", "count", len(all)), "primary"
		if action.action == membership.BulkLeaveGroup {
			ask.Title = web.Text("people.leave_group_title", "count", len(all))
		}
		group := web.Field{ID: "f-group", Name: "group", Type: "select", Label: web.Text("field.group"), Value: r.PostFormValue("group"), Required: true}
		for _, g := range groups {
			if g.Active || action.action == membership.BulkLeaveGroup {
				group.Options = append(group.Options, web.Option{Value: g.ID, Label: web.Plain(g.Name)})
			}
		}
		ask.Fields = []web.Field{group}
	default:
		ask.Title, ask.Text = web.Text("people.bulk_deactivate_title", "count", len(all)), web.Text("people.bulk_deactivate_text")
		ask.Points = append(ask.Points, web.Text("people.deactivate_point_access"), web.Text("people.bulk_deactivate_point_back"))
	}
	p.Door.Pages.Confirm(w, r, ask)
}

// bulkPage says what happened to each person.
type bulkPage struct {
	Done, All int
	Table     web.Table
	Back      web.Link
	Again     *web.Action // for those that failed
	Leave     web.Phrase
}

func (p People) bulkResults(at place, action bulkAction, in membership.BulkInput, all []picked, results []membership.RowResult, back string) bulkPage {
	view := bulkPage{All: len(results), Back: web.Link{Label: web.Text("people.users"), URL: back}, Leave: web.Text("people.back_to_users"),
		Table: web.Table{Caption: web.Text("people.bulk_results"), Columns: []web.Column{
			{Head: web.Text("field.name")}, {Head: web.Text("field.status")}, {Head: web.Text("people.what_happened")},
		}},
	}
	var failed []picked
	for i, result := range results {
		who := all[i].cell(at.of(all[i].customerID).user(all[i].userID, ""))
		if result.Err == nil {
			view.Done++
			view.Table.Rows = append(view.Table.Rows, web.Row{Cells: []web.Cell{who, {Status: "ok"}, {Word: web.Word("bulk", action.action)}}})
			continue
		}
		why := web.Known(result.Err.Code)
		if result.Err.Code == "impossible_in_status" {
			why = web.Word("bulk_not", action.action) // says for whom it is possible
		}
		view.Table.Rows = append(view.Table.Rows, web.Row{Cells: []web.Cell{who, {Status: "error"}, {Word: why}}})
		failed = append(failed, all[i])
	}
	if len(failed) > 0 {
		view.Again = &web.Action{Label: web.Text("people.bulk_again"), URL: at.users() + "/bulk", Post: true,
			Fields: map[string]string{"users": textOf(failed), "do": string(action.action), "group": in.GroupID, "role": string(in.Role), "until": dayText(in.Until), "sure": "yes", "back": back, onceField: p.Door.Once()}}
	}
	return view
}

// findUser leads from a bare user id to the user's page.
func (p People) findUser(w http.ResponseWriter, r *http.Request, at place) {
	id, err := httpapi.PathID(r, "userId")
	if err == nil {
		var user membership.User
		if user, err = p.Door.Users.Get(r.Context(), p.Door.Call(r), id); err == nil {
			base := at.of(user.CustomerID)
			if user.CustomerID == membership.ProviderID {
				base = place{base: "/staff"}
			}
			http.Redirect(w, r, base.user(id, ""), http.StatusSeeOther)
			return
		}
	}
	p.Door.Pages.Failed(w, r, err)
}
