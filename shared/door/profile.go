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
	Directory bool // kept elsewhere, so nothing can be changed here
	Staff     bool
}

func (d *Door) profilePage(r *http.Request, user membership.User, form *web.Form) profilePage {
	p := profilePage{User: user, Form: form, Staff: d.Which == membership.ConsoleDoor, Countries: web.CountryOptions(d.Pages.Language(r)),
		Picture: pictureAddress(user, membership.AvatarSmall), Directory: user.Source == membership.SourceDirectory, Languages: languagesFor(user.Language)}
	return p
}

// languagesFor returns the choices for a person's language.
func languagesFor(held string) []web.Option {
	return append([]web.Option{{Label: web.Text("profile.language_default")}}, web.LanguageOptions(held)...)
}

// profileFields returns the fields of one's own record that the page has.
func profileFields(u membership.User) []Held {
	return []Held{
		{Name: "title", Value: u.Title}, {Name: "firstName", Value: u.FirstName}, {Name: "lastName", Value: u.LastName},
		{Name: "phone", Value: u.Phone}, {Name: "mobile", Value: u.Mobile}, {Name: "fax", Value: u.Fax}, {Name: "url", Value: u.URL},
		{Name: "street", Value: u.Street}, {Name: "postcode", Value: u.Postcode}, {Name: "city", Value: u.City}, {Name: "region", Value: u.Region},
		{Name: "country", Value: u.Country}, {Name: "language", Value: u.Language},
	}
}

func (d *Door) showProfile(w http.ResponseWriter, r *http.Request) {
	user, err := d.Profile.Get(r.Context(), d.Call(r))
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	form := web.NewForm()
	Opened(form, user.Version, profileFields(user)...)
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
		status = Meanwhile(form, user.Version, profileFields(user)...)
	}
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
