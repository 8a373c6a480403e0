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

// subject is the user that actions are about. version is 0 where it is not known (lists).
type subject struct {
	id, customerID, invitationID, name string
	role                               membership.Role
	status                             membership.Status
	version                            int
	grouped                            bool // in a group
}

// userActions are the steps that the user's status has and the actor may take.
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
	offer(membership.StepResend, invites, web.Action{Label: web.Text("people.resend"), URL: at.invitation(u.invitationID, "resend"), Post: true, Fields: map[string]string{onceField: once}})
	offer(membership.StepReactivate, changes, web.Action{Label: web.Text("people.reactivate"), URL: at.user(u.id, "reactivate"), Post: true, Fields: fields})
	offer(membership.StepDeactivate, changes, web.Action{Label: web.Text("people.deactivate"), URL: at.user(u.id, "deactivate")})
	offer(membership.StepRevoke, invites, web.Action{Label: web.Text("people.revoke"), URL: at.invitation(u.invitationID, "revoke")})
	if u.status != membership.Invited && u.status != membership.Expired { // there, revoking is the same and says what it does
		offer(membership.StepRemove, changes, web.Action{Label: web.Text("people.remove"), URL: at.user(u.id, "remove"), Kind: "danger"})
	}
	return actions
}

// userPage is one user's record.
type userPage struct {
	Name, Status string
	Back         web.Link
	Actions      []web.Action
	Account      []Fact
	Details      []Fact
}

// Fact is a line of a record; what is set is shown.
type Fact struct {
	Label  web.Phrase
	Text   string
	Word   web.Phrase
	URL    string // where Text leads
	Time   time.Time
	Status string
}

// Facts leaves out the lines that say nothing.
func Facts(all ...Fact) []Fact {
	return slices.DeleteFunc(all, func(f Fact) bool { return f.Text == "" && f.Word.Empty() && f.Time.IsZero() && f.Status == "" })
}

func (p People) user(w http.ResponseWriter, r *http.Request, at place) {
	user, err := p.read(r, at)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	actor := Actor(r)
	now := user.StatusAt(p.Door.Now())
	about := subject{id: user.ID, customerID: user.CustomerID, invitationID: user.InvitationID, name: user.DisplayName(), role: user.Role, status: now, version: user.Version}
	view := userPage{Name: user.DisplayName(), Status: string(now), Back: web.Link{Label: web.Text("people.users"), URL: at.users()},
		Actions: userActions(actor, about, at, p.Door.Once()),
		Account: Facts(
			Fact{Label: web.Text("field.email"), Text: user.Email}, Fact{Label: web.Text("field.username"), Text: user.Username},
			Fact{Label: web.Text("field.role"), Word: web.Word("role", user.Role)}, Fact{Label: web.Text("field.company"), Text: user.Company},
			Fact{Label: web.Text("field.registeredAt"), Time: user.RegisteredAt},
		),
		Details: Facts(
			Fact{Label: web.Text("field.title"), Text: user.Title}, Fact{Label: web.Text("field.phone"), Text: user.Phone}, Fact{Label: web.Text("field.mobile"), Text: user.Mobile},
			Fact{Label: web.Text("field.fax"), Text: user.Fax}, Fact{Label: web.Text("field.url"), Text: user.URL, URL: user.URL},
			Fact{Label: web.Text("people.address"), Text: Address(user.Street, user.Postcode, user.City, user.Region, user.Country)},
			language(user.Language), Fact{Label: web.Text("field.externalId"), Text: user.ExternalID},
		),
	}
	if now == membership.Invited || now == membership.Expired {
		view.Account = append(view.Account, Fact{Label: web.Text("people.invitation_expires"), Time: user.InvitationExpiresAt})
	}
	p.Door.Pages.Render(w, r, http.StatusOK, "user", view)
}

func language(code string) Fact {
	if code == "" {
		return Fact{}
	}
	return Fact{Label: web.Text("field.language"), Word: web.Word("language", membership.ChooseLanguage(code))}
}

// Address is a postal address on one line.
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

// read returns the user of the address. One of another customer does not exist here, even where the actor may see it.
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

// userSteps are the steps that have a page, by the last part of its address.
func (p People) stepOf(r *http.Request) (do func(context.Context, membership.Call, string, int) (membership.User, error), notice string, ask web.Confirm) {
	switch lastPart(r) {
	case "reactivate":
		return p.Door.Users.Reactivate, "notice.user_reactivated", web.Confirm{}
	case "remove":
		return p.Door.Users.Remove, "notice.user_removed", web.Confirm{
			Text:   web.Text("people.remove_text"),
			Points: []web.Phrase{web.Text("people.remove_point_access"), web.Text("people.remove_point_again")},
			Action: web.Action{Label: web.Text("people.remove"), Kind: "danger"},
		}
	}
	return p.Door.Users.Deactivate, "notice.user_deactivated", web.Confirm{
		Text:   web.Text("people.deactivate_text"),
		Points: []web.Phrase{web.Text("people.deactivate_point_access"), web.Text("people.deactivate_point_back")},
		Action: web.Action{Label: web.Text("people.deactivate"), Kind: "danger"},
	}
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
	_, _, ask := p.stepOf(r)
	if lastPart(r) == "remove" {
		ask.Title = web.Text("people.remove_title", "name", user.DisplayName())
	} else {
		ask.Title = web.Text("people.deactivate_title", "name", user.DisplayName())
	}
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
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	call, err := d.Send(r, form)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	version, _ := strconv.Atoi(form.Value("version")) // from a list there is none: the status decides
	do, notice, ask := p.stepOf(r)
	if _, err = do(r.Context(), call, user.ID, version); err != nil {
		if wrong, told := Wrong(err); told && !ask.Text.Empty() {
			p.confirmStep(w, r, at, user, wrong)
			return
		}
		d.Pages.Fail(w, r, err, web.Action{Label: web.Text("people.back_to_users"), URL: at.back(r), Kind: "primary"})
		return
	}
	web.Notify(w, "success", notice, "name", user.DisplayName())
	http.Redirect(w, r, at.back(r), http.StatusSeeOther)
}

// Wrong is the notice for an error that trying again, or looking again, can mend.
func Wrong(err error) (*web.Notice, bool) {
	switch membership.KindOf(err) {
	case membership.Stale, membership.Conflict, membership.Unavailable, membership.TooMany, membership.Invalid:
		return &web.Notice{Kind: "error", Text: web.Known(membership.CodeOf(err))}, true
	}
	return nil, false
}
