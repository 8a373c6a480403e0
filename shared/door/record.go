package door

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"clientele/shared/membership"
	"clientele/shared/web"
)

// recordPage is one user's record: the tab that is open.
type recordPage struct {
	Name, Status, Picture string
	Initials              string
	Back                  web.Link
	Actions               []web.Action
	Tabs                  []web.Link
	Directory             bool // kept elsewhere: nothing can be changed here
	Account, Details      []Fact
	Comment               string
	NewEmail              string // waits to be confirmed
	NewEmailUntil         time.Time
	Withdraw              *web.Action // the new address, for those who may
	Groups                web.Table
	Join                  string // where a group is chosen; "" for those who may not
	Choices               []web.Option
	Form                  *web.Form
	Once                  string
}

// record is what all tabs of a record have.
func (p People) record(r *http.Request, at place, user membership.User, tab string) recordPage {
	actor, now := Actor(r), user.StatusAt(p.Door.Now())
	about := userSubject(user, p.Door.Now())
	view := recordPage{Name: user.DisplayName(), Status: string(now), Picture: pictureAddress(user, membership.AvatarSmall), Initials: web.Visitor{Name: user.DisplayName()}.Initials(),
		Back: web.Link{Label: web.Text("people.users"), URL: at.users()}, Actions: userActions(actor, about, at, p.Door.Once()),
		Directory: about.directory, Once: p.Door.Once(), Form: web.NewForm()}
	if mayChange(actor, about) {
		view.Actions = append([]web.Action{{Label: web.Text("people.edit"), URL: at.user(user.ID, "edit"), Kind: "primary"}}, view.Actions...)
	}
	add := func(label web.Phrase, name string) {
		view.Tabs = append(view.Tabs, web.Link{Label: label, URL: at.user(user.ID, name), Current: tab == name})
	}
	add(web.Text("people.details"), "")
	if seesGroups(actor, at) {
		add(web.Text("people.groups"), "groups")
	}
	if user.InvitationID != "" && actor.May(membership.ReadInvites, user.CustomerID, "") {
		add(web.Text("people.invitation"), "invitation")
	}
	if mayChange(actor, about) {
		add(web.Text("people.picture"), "picture")
	}
	if len(view.Tabs) < 2 {
		view.Tabs = nil
	}
	return view
}

// userSubject is a user as actions see them.
func userSubject(u membership.User, now time.Time) subject {
	return subject{id: u.ID, customerID: u.CustomerID, invitationID: u.InvitationID, name: u.DisplayName(), email: u.Email, role: u.Role, status: u.StatusAt(now), version: u.Version,
		directory: u.Source == membership.SourceDirectory}
}

// mayChange says whether the actor may change a user's record, and it can be changed here.
func mayChange(a membership.Actor, u subject) bool {
	return !u.directory && a.May(membership.ChangeUsers, u.customerID, u.role) && slices.Contains(u.status.Possible(), membership.StepChange)
}

func seesGroups(a membership.Actor, at place) bool {
	return at.customerID != membership.ProviderID && a.May(membership.ReadGroups, membership.ProviderID, "")
}

func (p People) user(w http.ResponseWriter, r *http.Request, at place) {
	user, err := p.read(r, at)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	view := p.record(r, at, user, "")
	view.Comment = user.Comment
	staff := Actor(r).Realm == membership.Staff
	if !staff {
		view.Comment = ""
	}
	view.Account = Facts(
		Fact{Label: web.Text("field.email"), Text: user.Email, URL: linkTo("mailto:", user.Email)}, Fact{Label: web.Text("field.username"), Text: user.Username},
		Fact{Label: web.Text("field.role"), Word: web.Word("role", user.Role)}, Fact{Label: web.Text("field.company"), Text: user.Company},
		Fact{Label: web.Text("field.registeredAt"), Time: user.RegisteredAt},
	)
	if now := user.StatusAt(p.Door.Now()); now == membership.Invited || now == membership.Expired {
		view.Account = append(view.Account, Fact{Label: web.Text("people.invitation_expires"), Time: user.InvitationExpiresAt})
	}
	if user.SuspendedUntil.After(p.Door.Now()) {
		view.Account = append(view.Account, Fact{Label: web.Text("people.suspended_until"), Time: user.SuspendedUntil})
	}
	if staff && !user.NotificationsEnabled {
		view.Account = append(view.Account, Fact{Label: web.Text("field.notificationsEnabled"), Word: web.Text("people.no")})
	}
	country := web.CountryName(p.Door.Pages.Language(r), user.Country)
	view.Details = Facts(
		Fact{Label: web.Text("field.title"), Text: user.Title}, Fact{Label: web.Text("field.phone"), Text: p.Door.Phone(user.Phone), URL: linkTo("tel:", user.Phone)},
		Fact{Label: web.Text("field.mobile"), Text: p.Door.Phone(user.Mobile), URL: linkTo("tel:", user.Mobile)},
		Fact{Label: web.Text("field.fax"), Text: p.Door.Phone(user.Fax)}, Fact{Label: web.Text("field.url"), Text: user.URL, URL: user.URL},
		Fact{Label: web.Text("people.address"), Text: Address(user.Street, user.Postcode, user.City, user.Region, country)},
		language(user.Language), Fact{Label: web.Text("field.externalId"), Text: user.ExternalID},
	)
	if email := user.NewEmailAt(p.Door.Now()); email != "" {
		view.NewEmail, view.NewEmailUntil = email, user.NewEmailUntil
		if mayChange(Actor(r), userSubject(user, p.Door.Now())) {
			view.Withdraw = &web.Action{Label: web.Text("people.withdraw_email"), URL: at.user(user.ID, "withdraw-email"), Post: true,
				Fields: map[string]string{onceField: view.Once, "version": strconv.Itoa(user.Version)}}
		}
	}
	p.Door.Pages.Render(w, r, http.StatusOK, "user", view)
}

func linkTo(scheme, address string) string {
	if address == "" {
		return ""
	}
	return scheme + address
}

// userInvitation is the tab with what became of the user's invitation.
func (p People) userInvitation(w http.ResponseWriter, r *http.Request, at place) {
	user, err := p.read(r, at)
	if err == nil && user.InvitationID == "" {
		err = membership.ErrNotFound
	}
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	i, err := p.Door.Invitations.Get(r.Context(), p.Door.Call(r), user.InvitationID)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	view := p.record(r, at, user, "invitation")
	by := Fact{Label: web.Text("field.invitedBy"), Text: i.InvitedByName}
	if i.InvitedBy == "" {
		by.Word = web.Text("people.invited_by_deployment")
	}
	view.Account = Facts(Fact{Label: web.Text("field.status"), Status: string(i.Status)}, Fact{Label: web.Text("field.email"), Text: i.Email},
		Fact{Label: web.Text("field.delivery"), Status: i.Delivery}, Fact{Label: web.Text("field.sentAt"), Time: i.SentAt},
		Fact{Label: web.Text("field.expiresAt"), Time: i.ExpiresAt}, by)
	p.Door.Pages.Render(w, r, http.StatusOK, "user", view)
}

// userGroups is the tab with the groups of a user.
func (p People) userGroups(w http.ResponseWriter, r *http.Request, at place) {
	p.showGroups(w, r, at, http.StatusOK, web.NewForm())
}

func (p People) showGroups(w http.ResponseWriter, r *http.Request, at place, status int, form *web.Form) {
	user, err := p.read(r, at)
	if err == nil && !seesGroups(Actor(r), at) {
		err = membership.ErrNotFound
	}
	var all []membership.Group
	if err == nil {
		all, err = p.Door.groups.get(r.Context(), p.Door.Call(r), p.Door.Groups)
	}
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	view := p.record(r, at, user, "groups")
	view.Form = form
	change := Actor(r).May(membership.ChangeGroups, membership.ProviderID, "") && slices.Contains(user.StatusAt(p.Door.Now()).Possible(), membership.StepChange)
	view.Groups = web.Table{Caption: web.Text("people.groups"), Empty: &web.Empty{Title: web.Text("people.in_no_group")},
		Columns: []web.Column{{Head: web.Text("field.name")}, {Head: web.Text("field.status")}, {Head: web.Text("table.actions"), Kind: "actions"}}}
	for _, g := range all {
		if !slices.Contains(user.GroupIDs, g.ID) {
			if g.Active && change {
				view.Choices = append(view.Choices, web.Option{Value: g.ID, Label: web.Plain(g.Name)})
			}
			continue
		}
		state := membership.CustomerActive
		if !g.Active {
			state = membership.CustomerDeactivated
		}
		row := web.Row{Quiet: !g.Active, Cells: []web.Cell{{Text: g.Name, URL: "/groups/" + g.ID, Detail: g.Description}, {Status: string(state)}, {}}}
		if change {
			row.Cells[2].Actions = []web.Action{{Label: web.Text("people.leave_group"), URL: at.user(user.ID, "groups"), Post: true, About: g.Name, Fields: map[string]string{"leave": g.ID}}}
		}
		view.Groups.Rows = append(view.Groups.Rows, row)
	}
	if change && len(view.Choices) > 0 {
		view.Join = at.user(user.ID, "groups")
	}
	p.Door.Pages.Render(w, r, status, "user", view)
}

// changeGroups puts a user into a group (field group), or takes them out of one (field leave).
func (p People) changeGroups(w http.ResponseWriter, r *http.Request, at place) {
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
	if leave := form.Value("leave"); leave != "" {
		err = d.Groups.RemoveUser(r.Context(), d.Call(r), knownID(leave), user.ID)
	} else {
		err = d.Groups.AddUser(r.Context(), d.Call(r), knownID(form.Value("group")), user.ID)
	}
	if err != nil {
		if !form.Fail(err, "groupIds", "group") {
			d.Pages.Failed(w, r, err)
			return
		}
		p.showGroups(w, r, at, http.StatusUnprocessableEntity, form)
		return
	}
	web.Notify(w, "success", "notice.saved")
	http.Redirect(w, r, at.user(user.ID, "groups"), http.StatusSeeOther)
}

// recordForm is the form with a user's record, for a new one and for changes.
type recordForm struct {
	Title                web.Phrase
	Back                 web.Link
	Action               string
	New, Staff           bool
	Save                 web.Phrase
	Kinds, Roles         []web.Option
	Credentials          []web.Option // what the registration mail brings
	Languages, Countries []web.Option
	Groups               []web.Option // of a new user, for those who may put people into them
	OwnRole              bool         // nobody changes their own
	Invited, Confirmed   bool         // a new address: corrects the invitation; must be confirmed
	Form                 *web.Form
}

// recordFields are the fields of the form and what is in the record; staff have more of them.
func recordFields(u membership.User, staff bool) []Held {
	fields := append(profileFields(u), Held{Name: "email", Value: u.Email}, Held{Name: "username", Value: u.Username},
		Held{Name: "role", Value: string(u.Role), Said: web.Word("role", u.Role)})
	if staff {
		notified := Held{Name: "notificationsEnabled", Said: web.Text("people.no")}
		if u.NotificationsEnabled {
			notified.Value, notified.Said = "on", web.Text("people.yes")
		}
		fields = append(fields, Held{Name: "externalId", Value: u.ExternalID}, Held{Name: "comment", Value: u.Comment}, notified)
	}
	return fields
}

func recordInput(form *web.Form, a membership.Actor) membership.RecordInput {
	value := func(name string) *string { v := form.Value(name); return &v }
	in := membership.RecordInput{ProfileInput: profileInput(form), Email: value("email"), Username: value("username")}
	if role := membership.Role(form.Value("role")); role != "" {
		in.Role = &role
	}
	if a.Realm == membership.Staff {
		on := form.Checked("notificationsEnabled")
		in.NotificationsEnabled, in.ExternalID, in.Comment = &on, value("externalId"), value("comment")
	}
	return in
}

// form finishes a form with what can be chosen in it; held is the language that the record holds.
func (p People) form(r *http.Request, at place, held string, f recordForm) recordForm {
	actor := Actor(r)
	f.Staff = actor.Realm == membership.Staff
	f.Languages = languagesFor(held)
	f.Countries = web.CountryOptions(p.Door.Pages.Language(r))
	for _, role := range membership.RolesOf(at.customerID) {
		if actor.May(membership.ChangeUsers, at.customerID, role) {
			f.Roles = append(f.Roles, web.Option{Value: string(role), Label: web.Word("role", role)})
		}
	}
	return f
}

func (p People) editForm(r *http.Request, at place, user membership.User, form *web.Form) recordForm {
	f := recordForm{Title: web.Text("people.edit_title", "name", user.DisplayName()), Back: web.Link{Label: web.Plain(user.DisplayName()), URL: at.user(user.ID, "")},
		Action: at.user(user.ID, "edit"), Save: web.Text("form.save"), Form: form, OwnRole: user.ID == Actor(r).UserID}
	status := user.StatusAt(p.Door.Now())
	f.Invited = status == membership.Invited || status == membership.Expired
	f.Confirmed = !f.Invited && status != membership.Contact
	return p.form(r, at, user.Language, f)
}

// changeable is read for those who may change the user.
func (p People) changeable(r *http.Request, at place) (membership.User, error) {
	user, err := p.read(r, at)
	if err == nil && !Actor(r).May(membership.ChangeUsers, user.CustomerID, user.Role) {
		return user, membership.ErrForbidden
	}
	if err == nil && user.Source == membership.SourceDirectory {
		return user, membership.ErrDirectory
	}
	return user, err
}

func (p People) showEdit(w http.ResponseWriter, r *http.Request, at place) {
	user, err := p.changeable(r, at)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	form := web.NewForm(onceField, p.Door.Once())
	Opened(form, user.Version, recordFields(user, Actor(r).Realm == membership.Staff)...)
	p.Door.Pages.Render(w, r, http.StatusOK, "record-form", p.editForm(r, at, user, form))
}

// edit saves the form. Who comes second is shown what the first one stored, beside what they typed themselves.
func (p People) edit(w http.ResponseWriter, r *http.Request, at place) {
	d := p.Door
	user, err := p.changeable(r, at)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	form, call, err := d.Sent(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	after := user
	if len(call.Done) == 0 {
		in := recordInput(form, call.Actor)
		if !touched(form, "email") {
			in.Email = nil // the present address would withdraw a new one that waits to be confirmed
		}
		version, _ := strconv.Atoi(form.Value("version")) // none is as stale as an old one
		after, err = d.Records.Change(r.Context(), call, user.ID, version, in)
	}
	if err == nil {
		if email := after.NewEmailAt(d.Now()); email != "" && email != user.NewEmail {
			web.Notify(w, "success", "notice.saved_email_waits", "email", email)
		} else {
			web.Notify(w, "success", "notice.saved")
		}
		http.Redirect(w, r, at.user(user.ID, ""), http.StatusSeeOther)
		return
	}
	if !form.Fail(err) {
		d.Pages.Failed(w, r, err)
		return
	}
	status := http.StatusUnprocessableEntity
	if membership.KindOf(err) == membership.Stale {
		fields := recordFields(user, call.Actor.Realm == membership.Staff)
		if form.Value("role") == "" { // nobody changes their own
			fields = slices.DeleteFunc(fields, func(f Held) bool { return f.Name == "role" })
		}
		status = Meanwhile(form, user.Version, fields...)
	}
	d.Pages.Render(w, r, status, "record-form", p.editForm(r, at, user, form))
}

// withdrawEmail ends the wait for a new address: the user keeps the present one.
func (p People) withdrawEmail(w http.ResponseWriter, r *http.Request, at place) {
	d := p.Door
	user, err := p.changeable(r, at)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	form, call, err := d.Sent(w, r)
	if err == nil && len(call.Done) == 0 {
		version, _ := strconv.Atoi(form.Value("version"))
		_, err = d.Records.Change(r.Context(), call, user.ID, version, membership.RecordInput{Email: &user.Email})
	}
	if err != nil {
		d.Pages.Fail(w, r, err, web.Action{Label: web.Plain(user.DisplayName()), URL: at.user(user.ID, ""), Kind: "primary"})
		return
	}
	web.Notify(w, "success", "notice.email_withdrawn", "email", user.Email)
	http.Redirect(w, r, at.user(user.ID, ""), http.StatusSeeOther)
}

func (p People) showNewForm(w http.ResponseWriter, r *http.Request, at place, status int, form *web.Form) {
	view := p.form(r, at, "", recordForm{Title: web.Text("people.new_user"), Back: web.Link{Label: web.Text("people.users"), URL: at.users()}, Action: at.users(),
		New: true, Save: web.Text("people.create_user"), Form: form, Kinds: []web.Option{
			{Value: "user", Label: web.Text("people.kind_user"), Hint: web.Text("people.kind_user_hint")},
			{Value: "contact", Label: web.Text("people.kind_contact"), Hint: web.Text("people.kind_contact_hint")},
		}, Credentials: []web.Option{
			{Value: string(membership.ByLink), Label: web.Text("people.registration_by_link"), Hint: web.Text("people.registration_by_link_hint")},
			{Value: string(membership.ByTemporaryPassword), Label: web.Text("people.password_by_temporary"), Hint: web.Text("people.password_by_temporary_hint")},
		}})
	var err error
	if view.Groups, err = p.Door.groupOptions(r, at.customerID, form); err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	p.Door.Pages.Render(w, r, status, "record-form", view)
}

func (p People) showNew(w http.ResponseWriter, r *http.Request, at place) {
	if !Actor(r).May(membership.ChangeUsers, at.customerID, "") {
		p.Door.Pages.Failed(w, r, membership.ErrForbidden)
		return
	}
	form := web.NewForm(onceField, p.Door.Once(), "kind", "user", "sendRegistrationEmail", "on", "credentials", string(membership.ByLink), "notificationsEnabled", "on", "role", string(membership.RolesOf(at.customerID)[0]))
	p.showNewForm(w, r, at, http.StatusOK, form)
}

func (p People) create(w http.ResponseWriter, r *http.Request, at place) {
	d := p.Door
	form, call, err := d.Sent(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	in := membership.CreateInput{CustomerID: at.customerID, RecordInput: recordInput(form, call.Actor)}
	if groups := groupsIn(form); len(groups) > 0 {
		in.GroupIDs = &groups
	}
	if in.Contact = form.Value("kind") == "contact"; !in.Contact {
		in.SendRegistrationEmail = form.Checked("sendRegistrationEmail")
		if call.Actor.Realm == membership.Staff {
			in.Password, in.Credentials = form.Value("password"), membership.PasswordMode(form.Value("credentials"))
		}
	} else {
		in.Username = nil
	}
	user, err := d.Records.Create(r.Context(), call, in)
	if err != nil {
		if !form.Fail(err, "groupIds", "groups") {
			d.Pages.Failed(w, r, err)
			return
		}
		p.showNewForm(w, r, at, http.StatusUnprocessableEntity, form)
		return
	}
	web.Notify(w, "success", "notice.user_created", "name", user.DisplayName())
	http.Redirect(w, r, at.user(user.ID, ""), http.StatusSeeOther)
}

// askPassword and renewPassword send a link to set a new password, or a temporary one where staff choose it.
func (p People) askPassword(w http.ResponseWriter, r *http.Request, at place) {
	user, err := p.changeable(r, at)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	p.confirmPassword(w, r, at, user, membership.ByLink, nil)
}

func (p People) confirmPassword(w http.ResponseWriter, r *http.Request, at place, user membership.User, mode membership.PasswordMode, wrong *web.Notice) {
	ask := web.Confirm{Title: web.Text("people.password_title", "name", user.DisplayName()), Text: web.Text("people.password_text", "email", user.Email),
		Points: []web.Phrase{web.Text("people.password_point_over"), web.Text("people.password_point_sessions")}, Cancel: at.user(user.ID, ""), Notice: wrong,
		Action: web.Action{Label: web.Text("people.password_send"), Kind: "primary", URL: r.URL.Path, Fields: map[string]string{onceField: p.Door.Once()}}}
	if Actor(r).Realm == membership.Staff {
		ask.Text, ask.Action.Label = web.Text("people.password_text_staff", "email", user.Email), web.Text("people.password")
		ask.Fields = []web.Field{{ID: "f-mode", Name: "mode", Type: "radio", Label: web.Text("people.password_mode"), Required: true, Value: string(mode), Options: []web.Option{
			{Value: string(membership.ByLink), Label: web.Text("people.password_by_link"), Hint: web.Text("people.password_by_link_hint")},
			{Value: string(membership.ByTemporaryPassword), Label: web.Text("people.password_by_temporary"), Hint: web.Text("people.password_by_temporary_hint")},
		}}}
	}
	p.Door.Pages.Confirm(w, r, ask)
}

func (p People) renewPassword(w http.ResponseWriter, r *http.Request, at place) {
	d := p.Door
	user, err := p.changeable(r, at)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	mode := membership.PasswordMode(cmp.Or(form.Value("mode"), string(membership.ByLink)))
	call, err := d.Send(r, form)
	if err == nil {
		err = d.Records.RenewPassword(r.Context(), call, user.ID, mode)
	}
	if err != nil {
		if wrong, told := Wrong(err); told {
			p.confirmPassword(w, r, at, user, mode, wrong)
			return
		}
		d.Pages.Failed(w, r, err)
		return
	}
	sent := "notice.password_link"
	if mode == membership.ByTemporaryPassword {
		sent = "notice.password_temporary"
	}
	web.Notify(w, "success", sent, "email", user.Email)
	http.Redirect(w, r, at.user(user.ID, ""), http.StatusSeeOther)
}

// dayOf reads the date of a form; the zero time where none is given.
func dayOf(text string) (time.Time, *membership.Error) {
	if text = strings.TrimSpace(text); text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, membership.InvalidField("until", "invalid_date", "A date is written like 2026-03-31.")
	}
	return day, nil
}

func dayText(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return day.Format(time.DateOnly)
}

func pictureAddress(u membership.User, size int) string {
	if u.AvatarURL == "" {
		return ""
	}
	return u.AvatarURL + "&size=" + strconv.Itoa(size)
}
