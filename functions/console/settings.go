package main

import (
	"net/http"
	"strconv"
	"strings"

	"clientele/shared/door"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// settingsPage shows what staff administrators decide for all: as a form to them, as facts to those who may only read.
type settingsPage struct {
	Form                   *web.Form
	Credentials, Approvers []web.Option
	Fields                 []fieldRule
	Rules                  []web.Option
	Groups                 []settingGroup // instead of the form
}

// fieldRule is a row of the table of fields that people are asked for.
type fieldRule struct {
	Name  string // of the field in the form
	Label web.Phrase
	Value string
	Wrong web.Phrase
}

// settingGroup is a section of the page for people who only read it.
type settingGroup struct {
	ID    string
	Title web.Phrase
	Facts []door.Fact
}

func (h handler) showSettings(w http.ResponseWriter, r *http.Request) {
	s, err := h.Settings.Get(r.Context(), h.Call(r))
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	if !door.Actor(r).May(membership.ChangeSettings, membership.ProviderID, "") {
		h.Pages.Render(w, r, http.StatusOK, "settings", settingsPage{Form: web.NewForm(), Groups: settingGroups(s)})
		return
	}
	form := web.NewForm("once", h.Once())
	door.Opened(form, s.Version, settingFields(s)...)
	h.settingsForm(w, r, http.StatusOK, form)
}

func (h handler) settingsForm(w http.ResponseWriter, r *http.Request, status int, form *web.Form) {
	view := settingsPage{Form: form, Credentials: choicesOf("credentials", membership.ByLink, membership.ByTemporaryPassword),
		Approvers: choicesOf("approvers", membership.ApproversStaff, membership.ApproversCustomer),
		Rules:     choicesOf("field_rule", membership.FieldOff, membership.FieldOptional, membership.FieldMandatory)}
	for i := range view.Rules {
		view.Rules[i].Hint = web.Phrase{}
	}
	for _, f := range (membership.RegistrationFields{}).All() {
		row := fieldRule{Name: ruleField(f.Name), Label: fieldLabel(f.Name), Value: form.Value(ruleField(f.Name))}
		for _, e := range form.Errors() {
			if e.Field == row.Name {
				row.Wrong = e.Text
			}
		}
		view.Fields = append(view.Fields, row)
	}
	h.Pages.Render(w, r, status, "settings", view)
}

// choicesOf returns values with their words, and with what each means.
func choicesOf[T ~string](family string, values ...T) []web.Option {
	options := make([]web.Option, len(values))
	for i, v := range values {
		options[i] = web.Option{Value: string(v), Label: web.Word(family, v), Hint: web.Word(family+"_hint", v)}
	}
	return options
}

// ruleField returns the name of the form field with the rule of a registration field.
func ruleField(name string) string { return "rule-" + name }

// settingFields returns all settings as the form shows them.
func settingFields(s membership.Settings) []door.Held {
	yes := func(name string, on bool) door.Held {
		if on {
			return door.Held{Name: name, Value: "on", Said: web.Text("settings.on")}
		}
		return door.Held{Name: name, Said: web.Text("settings.off")}
	}
	fields := []door.Held{
		yes("selfRegistration", s.SelfRegistration), yes("registrationNeedsApproval", s.RegistrationNeedsApproval),
		{Name: "approvers", Value: string(s.Approvers), Said: web.Word("approvers", s.Approvers)}, {Name: "reminderHours", Value: strconv.Itoa(s.ReminderHours)},
		yes("disapprovalSilent", s.DisapprovalSilent), {Name: "disapprovalReason", Value: s.DisapprovalReason},
		{Name: "credentials", Value: string(s.Credentials), Said: web.Word("credentials", s.Credentials)},
		{Name: "allowedDomains", Value: strings.Join(s.AllowedDomains, "\n")}, {Name: "embedSites", Value: strings.Join(s.EmbedSites, "\n")},
		{Name: "registrationAddress", Value: s.RegistrationAddress},
	}
	for _, f := range s.RegistrationFields.All() {
		fields = append(fields, door.Held{Name: ruleField(f.Name), Value: string(f.Rule), Said: web.Word("field_rule", f.Rule), Label: fieldLabel(f.Name)})
	}
	return fields
}

// fieldLabel names a field or a setting. The comment of a person who registers is the form's message, because the
// comment of a user is the staff's.
func fieldLabel(name string) web.Phrase {
	if name == "comment" {
		return web.Text("form.message")
	}
	return web.Word("field", name)
}

// settingGroups returns the settings for people who only read them.
func settingGroups(s membership.Settings) []settingGroup {
	facts := map[string]door.Fact{}
	for _, f := range settingFields(s) {
		fact := door.Fact{Label: fieldLabel(strings.TrimPrefix(f.Name, "rule-")), Text: strings.ReplaceAll(f.Value, "\n", ", "), Word: f.Said}
		switch {
		case !f.Said.Empty():
			fact.Text = ""
		case f.Value == "":
			fact.Word = web.Text("settings.nothing")
		}
		facts[f.Name] = fact
	}
	group := func(id string, title web.Phrase, names ...string) settingGroup {
		g := settingGroup{ID: id, Title: title}
		for _, name := range names {
			g.Facts = append(g.Facts, facts[name])
		}
		return g
	}
	var rules []string
	for _, f := range s.RegistrationFields.All() {
		rules = append(rules, ruleField(f.Name))
	}
	return []settingGroup{
		group("registration", web.Text("settings.registration"), "selfRegistration", "allowedDomains"),
		group("fields", web.Text("settings.fields"), rules...),
		group("approval", web.Text("settings.approval"), "registrationNeedsApproval", "approvers", "reminderHours", "disapprovalReason", "disapprovalSilent"),
		group("credentials", web.Text("settings.credentials"), "credentials"),
		group("elsewhere", web.Text("settings.elsewhere"), "embedSites", "registrationAddress"),
	}
}

// settingsInput reads the form. Text that is not a number counts as out of range, which the use case reports.
func settingsInput(form *web.Form) membership.SettingsInput {
	on := func(name string) *bool { v := form.Checked(name); return &v }
	text := func(name string) *string { v := form.Value(name); return &v }
	lines := func(name string) *[]string {
		v := strings.FieldsFunc(form.Value(name), func(r rune) bool { return strings.ContainsRune(" ,;\t\r\n", r) })
		return &v
	}
	credentials, approvers := membership.PasswordMode(form.Value("credentials")), membership.Approvers(form.Value("approvers"))
	hours, err := strconv.Atoi(form.Value("reminderHours"))
	if err != nil {
		hours = -1
	}
	in := membership.SettingsInput{
		SelfRegistration: on("selfRegistration"), RegistrationNeedsApproval: on("registrationNeedsApproval"), Credentials: &credentials,
		AllowedDomains: lines("allowedDomains"), EmbedSites: lines("embedSites"), RegistrationFields: map[string]membership.FieldRule{},
		RegistrationAddress: text("registrationAddress"), Approvers: &approvers, ReminderHours: &hours,
		DisapprovalSilent: on("disapprovalSilent"), DisapprovalReason: text("disapprovalReason"),
	}
	for _, f := range (membership.RegistrationFields{}).All() {
		in.RegistrationFields[f.Name] = membership.FieldRule(form.Value(ruleField(f.Name)))
	}
	return in
}

func (h handler) changeSettings(w http.ResponseWriter, r *http.Request) {
	form, call, err := h.Sent(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	version, _ := strconv.Atoi(form.Value("version")) // a missing version is as stale as an old one
	if _, err = h.Settings.Change(r.Context(), call, version, settingsInput(form)); err == nil {
		web.Notify(w, "success", "notice.saved")
		http.Redirect(w, r, "/settings", http.StatusSeeOther)
		return
	}
	failed := form.Fail(inForm(err))
	now, gone := h.Settings.Get(r.Context(), h.Call(r))
	if !failed || gone != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	status := http.StatusUnprocessableEntity
	if membership.KindOf(err) == membership.Stale {
		status = door.Meanwhile(form, now.Version, settingFields(now)...)
	}
	h.settingsForm(w, r, status, form)
}

// inForm gives an error's fields the names of the form: a list is one field of several lines, named once.
func inForm(err error) error {
	wrong, ok := err.(*membership.Error) //nolint:errorlint // a use case's own error; what is wrapped is no field's
	if !ok || len(wrong.Fields) == 0 {
		return err
	}
	named := *wrong
	named.Fields = nil
	seen := map[string]bool{}
	for _, f := range wrong.Fields {
		f.Field, _, _ = strings.Cut(f.Field, "[")
		if rule, ok := strings.CutPrefix(f.Field, "registrationFields."); ok {
			f.Field = ruleField(rule)
		}
		if !seen[f.Field] {
			named.Fields = append(named.Fields, f)
		}
		seen[f.Field] = true
	}
	return &named
}
