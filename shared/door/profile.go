package door

import (
	"net/http"
	"strconv"

	"clientele/shared/membership"
	"clientele/shared/web"
)

type profilePage struct {
	User      membership.User
	Form      *web.Form
	Languages []web.Option
	Countries []web.Option
	Picture   string
	Directory bool // kept elsewhere: nothing can be changed here
	Staff     bool
}

func (d *Door) profilePage(r *http.Request, user membership.User, form *web.Form) profilePage {
	p := profilePage{User: user, Form: form, Staff: d.Which == membership.ConsoleDoor, Countries: web.CountryOptions(d.Pages.Language(r)),
		Picture: pictureAddress(user, membership.AvatarSmall), Directory: user.Source == membership.SourceDirectory, Languages: languagesFor(user.Language)}
	return p
}

// languagesFor are the choices of a person's language.
func languagesFor(held string) []web.Option {
	return append([]web.Option{{Label: web.Text("profile.language_default")}}, web.LanguageOptions(held)...)
}

// profileField is a field of a form and where it is in the record.
type profileField struct {
	name  string
	value *string
}

// setFields puts a record into a form that is opened.
func setFields(form *web.Form, fields []profileField) {
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		form.Set(f.name, *f.value)
		names = append(names, f.name)
	}
	Opened(form, names...)
}

// profileFields are the fields of one's own record that the page has.
func profileFields(u *membership.User) []profileField {
	return []profileField{
		{"title", &u.Title}, {"firstName", &u.FirstName}, {"lastName", &u.LastName}, {"phone", &u.Phone}, {"mobile", &u.Mobile}, {"fax", &u.Fax},
		{"url", &u.URL}, {"street", &u.Street}, {"postcode", &u.Postcode}, {"city", &u.City}, {"region", &u.Region}, {"country", &u.Country},
		{"language", &u.Language},
	}
}

func (d *Door) showProfile(w http.ResponseWriter, r *http.Request) {
	user, err := d.Profile.Get(r.Context(), d.Call(r))
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	form := web.NewForm("version", strconv.Itoa(user.Version))
	setFields(form, profileFields(&user))
	d.Pages.Render(w, r, http.StatusOK, "profile", d.profilePage(r, user, form))
}

func (d *Door) changeProfile(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	version, err := strconv.Atoi(form.Value("version"))
	if err != nil {
		d.Pages.Failed(w, r, membership.ErrStale)
		return
	}
	_, err = d.Profile.Change(r.Context(), d.Call(r), version, profileInput(form))
	if err == nil {
		web.Notify(w, "success", "notice.saved")
		http.Redirect(w, r, "/profile", http.StatusSeeOther)
		return
	}
	user, again := d.Profile.Get(r.Context(), d.Call(r))
	if again != nil || !form.Fail(err) {
		d.Pages.Failed(w, r, err)
		return
	}
	status := http.StatusUnprocessableEntity
	if membership.KindOf(err) == membership.Stale {
		status = http.StatusPreconditionFailed
		for _, f := range profileFields(&user) {
			ShowStored(form, f.name, *f.value)
		}
	}
	form.Set("version", strconv.Itoa(user.Version))
	d.Pages.Render(w, r, status, "profile", d.profilePage(r, user, form))
}

func profileInput(form *web.Form) membership.ProfileInput {
	value := func(name string) *string { v := form.Value(name); return &v }
	return membership.ProfileInput{
		Title: value("title"), FirstName: value("firstName"), LastName: value("lastName"), Phone: value("phone"), Mobile: value("mobile"), Fax: value("fax"),
		URL: value("url"), Street: value("street"), Postcode: value("postcode"), City: value("city"), Region: value("region"),
		Country: value("country"), Language: value("language"),
	}
}
