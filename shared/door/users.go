package door

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// subject is the user that actions are about. version is 0 when it is not known (in lists).
type subject struct {
	id, customerID, invitationID, name string
	email                              string
	role                               membership.Role
	status                             membership.Status
	version                            int
	grouped                            bool // in a group
	directory                          bool // kept by the customer's directory
}

// userActions returns the steps that the user's status has and the actor may take.
func userActions(actor membership.Actor, u subject, at place, once string) []web.Action {
	var actions []web.Action
	possible := u.status.Possible()
	offer := func(step membership.Step, allowed bool, a web.Action) {
		if allowed && slices.Contains(possible, step) {
			a.About = u.name
			actions = append(actions, a)
		}
	}
	changes := actor.May(membership.ChangeUsers, u.customerID, u.role) && u.id != actor.UserID
	invites := actor.May(membership.Invite, u.customerID, u.role) && u.invitationID != ""
	fields := map[string]string{onceField: once}
	if u.version > 0 {
		fields["version"] = strconv.Itoa(u.version)
	}
	for _, one := range decisions(picked{u.customerID, u.id, u.name, u.email}) {
		step := membership.StepApprove
		if one.Fields["do"] == string(membership.DecideDisapprove) {
			step, one.Kind = membership.StepDisapprove, ""
		}
		offer(step, actor.May(membership.Approve, u.customerID, u.role), one)
	}
	offer(membership.StepResend, invites, web.Action{Label: web.Text("people.resend"), URL: at.invitation(u.invitationID, "resend"), Post: true, Fields: map[string]string{onceField: once}})
	offer(membership.StepInvite, actor.May(membership.Invite, u.customerID, u.role) && u.email != "", web.Action{Label: web.Text("people.invite"), URL: at.invitation("new", ""), Post: true,
		Fields: map[string]string{"emails": typed(membership.Invitee{Email: u.email}), "role": string(u.role)}})
	offer(membership.StepReactivate, changes, web.Action{Label: web.Text("people.reactivate"), URL: at.user(u.id, "reactivate"), Post: true, Fields: fields})
	offer(membership.StepSuspend, changes, web.Action{Label: web.Text("people.suspend"), URL: at.user(u.id, "suspend")})
	offer(membership.StepDeactivate, changes, web.Action{Label: web.Text("people.deactivate"), URL: at.user(u.id, "deactivate")})
	offer(membership.StepRevoke, invites, web.Action{Label: web.Text("people.revoke"), URL: at.invitation(u.invitationID, "revoke")})
	offer(membership.StepChange, changes && u.status == membership.Active && u.version > 0 && !u.directory, web.Action{Label: web.Text("people.password"), URL: at.user(u.id, "password")})
	if u.status != membership.Invited && u.status != membership.Expired { // there, revoking does the same and says so
		offer(membership.StepRemove, changes, web.Action{Label: web.Text("people.remove"), URL: at.user(u.id, "remove"), Kind: "danger"})
	}
	return actions
}

// Fact is a line of a record; it shows whatever is set.
type Fact struct {
	Label  web.Phrase
	Text   string
	Word   web.Phrase
	URL    string // where Text leads
	Time   time.Time
	Status string
}

// Facts returns all without the lines that say nothing.
func Facts(all ...Fact) []Fact {
	return slices.DeleteFunc(all, func(f Fact) bool { return f.Text == "" && f.Word.Empty() && f.Time.IsZero() && f.Status == "" })
}

func language(code string) Fact {
	if code == "" {
		return Fact{}
	}
	return Fact{Label: web.Text("field.language"), Word: web.Word("language", membership.ChooseLanguage(code))}
}

// Address returns a postal address on one line.
func Address(street, postcode, city, region, country string) string {
	place := postcode
	if place != "" && city != "" {
		place += " "
	}
	var line string
	for _, part := range []string{street, place + city, region, country} {
		if part == "" {
			continue
		}
		if line != "" {
			line += ", "
		}
		line += part
	}
	return line
}

// read returns the user in the address. Another customer's user does not exist here, even if the actor may see them.
func (p People) read(r *http.Request, at place) (membership.User, error) {
	id, err := httpapi.PathID(r, "userId")
	if err != nil {
		return membership.User{}, err
	}
	user, err := p.Door.Users.Get(r.Context(), p.Door.Call(r), id)
	if err == nil && user.CustomerID != at.customerID {
		return membership.User{}, membership.ErrNotFound
	}
	return user, err
}

// userStep is a step with a page of its own.
type userStep struct {
	do     func(ctx context.Context, c membership.Call, userID string, version int) (membership.User, error)
	notice string
	asks   bool
	ask    func(name string) web.Confirm
}

// stepOf returns the step that the last part of the address names. form is what was sent, nil for the question.
func (p People) stepOf(r *http.Request, form *web.Form) userStep {
	users := p.Door.Users
	switch lastPart(r) {
	case "reactivate":
		return userStep{do: users.Reactivate, notice: "notice.user_reactivated"}
	case "suspend":
		return userStep{asks: true, notice: "notice.user_suspended",
			do: func(ctx context.Context, c membership.Call, id string, version int) (membership.User, error) {
				until, bad := dayOf(form.Value("until"))
				if bad != nil {
					return membership.User{}, bad
				}
				return users.Suspend(ctx, c, id, version, until)
			},
			ask: func(name string) web.Confirm {
				return web.Confirm{Title: web.Text("people.suspend_title", "name", name), Text: web.Text("people.suspend_text"),
					Points: []web.Phrase{web.Text("people.deactivate_point_access"), web.Text("people.deactivate_point_back")},
					Fields: []web.Field{untilField(r)}, Action: web.Action{Label: web.Text("people.suspend"), Kind: "danger"}}
			}}
	case "remove":
		return userStep{do: users.Remove, notice: "notice.user_removed", asks: true, ask: func(name string) web.Confirm {
			return web.Confirm{Title: web.Text("people.remove_title", "name", name), Text: web.Text("people.remove_text"),
				Points: []web.Phrase{web.Text("people.remove_point_access"), web.Text("people.remove_point_again")},
				Action: web.Action{Label: web.Text("people.remove"), Kind: "danger"}}
		}}
	}
	return userStep{do: users.Deactivate, notice: "notice.user_deactivated", asks: true, ask: func(name string) web.Confirm {
		return web.Confirm{Title: web.Text("people.deactivate_title", "name", name), Text: web.Text("people.deactivate_text"),
			Points: []web.Phrase{web.Text("people.deactivate_point_access"), web.Text("people.deactivate_point_back")},
			Action: web.Action{Label: web.Text("people.deactivate"), Kind: "danger"}}
	}}
}

// untilField asks how long a suspension lasts.
func untilField(r *http.Request) web.Field {
	return web.Field{ID: "f-until", Name: "until", Type: "date", Label: web.Text("people.until"), Hint: web.Text("people.until_hint"), Optional: true, Class: "short", Value: r.PostFormValue("until")}
}

func lastPart(r *http.Request) string {
	for i := len(r.URL.Path) - 1; i >= 0; i-- {
		if r.URL.Path[i] == '/' {
			return r.URL.Path[i+1:]
		}
	}
	return r.URL.Path
}

func (p People) askStep(w http.ResponseWriter, r *http.Request, at place) {
	user, err := p.read(r, at)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	p.confirmStep(w, r, at, user, nil)
}

func (p People) confirmStep(w http.ResponseWriter, r *http.Request, at place, user membership.User, wrong *web.Notice) {
	ask := p.stepOf(r, nil).ask(user.DisplayName())
	back := at.back(r)
	ask.Action.URL, ask.Cancel, ask.Notice = r.URL.Path, back, wrong
	if back == at.users() { // it was not asked from a list
		ask.Cancel = at.user(user.ID, "")
	}
	ask.Action.Fields = map[string]string{"version": strconv.Itoa(user.Version), onceField: p.Door.Once(), "back": back}
	p.Door.Pages.Confirm(w, r, ask)
}

func (p People) step(w http.ResponseWriter, r *http.Request, at place) {
	d := p.Door
	user, err := p.read(r, at)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	form, call, err := d.Sent(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	version, _ := strconv.Atoi(form.Value("version")) // a list sends none: the status decides
	step := p.stepOf(r, form)
	if _, err = step.do(r.Context(), call, user.ID, version); err != nil {
		if wrong, told := Wrong(err); told && step.asks {
			p.confirmStep(w, r, at, user, wrong)
			return
		}
		d.Pages.Fail(w, r, err, web.Action{Label: web.Text("people.back_to_users"), URL: at.back(r), Kind: "primary"})
		return
	}
	web.Notify(w, "success", step.notice, "name", user.DisplayName())
	http.Redirect(w, r, at.back(r), http.StatusSeeOther)
}

// Wrong returns the notice for an error that trying again, or looking again, can fix, and whether err is one.
func Wrong(err error) (*web.Notice, bool) {
	switch membership.KindOf(err) {
	case membership.Stale, membership.Conflict, membership.Unavailable, membership.TooMany, membership.Invalid:
		return &web.Notice{Kind: "error", Text: web.Known(membership.CodeOf(err))}, true
	}
	return nil, false
}
