package door

import (
	"errors"
	"net/http"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

type formPage struct{ Form *web.Form }

func (d *Door) showForgot(w http.ResponseWriter, r *http.Request) {
	d.Pages.Render(w, r, http.StatusOK, "forgot-password", formPage{web.NewForm("login", r.URL.Query().Get("login"))})
}

func (d *Door) forgot(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	err = d.SignIn.ForgotPassword(r.Context(), d.Call(r), membership.Forgot{Login: form.Value("login"), Door: d.Which, Source: httpapi.Source(r)}, d.Pages.Language(r))
	if err != nil {
		if !form.Fail(err, "username", "login") {
			d.Pages.Failed(w, r, err)
			return
		}
		d.Pages.Render(w, r, http.StatusUnprocessableEntity, "forgot-password", formPage{form})
		return
	}
	web.Notify(w, "success", "notice.reset_requested")
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

func (d *Door) showReset(w http.ResponseWriter, r *http.Request) {
	d.Pages.Render(w, r, http.StatusOK, "reset-open", nil)
}

type resetPage struct {
	Form  *web.Form
	Name  string // the username, so that password managers save the pair
	Token string
}

func (d *Door) inspectReset(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	token := web.PastedToken(form.Value("token"))
	user, err := d.SignIn.InspectReset(r.Context(), d.Call(r), token)
	if err == nil && membership.DoorOf(user.CustomerID) != d.Which {
		err = errOtherDoor
	}
	if err != nil {
		d.deadReset(w, r, token, err)
		return
	}
	r = web.WithAgain(web.WithLanguage(r, user.Language), map[string]string{"token": token})
	d.Pages.Render(w, r, http.StatusOK, "reset-password", resetPage{Form: web.NewForm(), Name: user.Username, Token: token})
}

// deadReset says why a password link no longer works, and what to do instead.
func (d *Door) deadReset(w http.ResponseWriter, r *http.Request, token string, err error) {
	again := web.Action{Label: web.Text("signin.forgot_again"), URL: "/forgot-password", Kind: "primary"}
	page := deadLink{Text: web.Known(membership.CodeOf(err)), Actions: []web.Action{again, {Label: web.Text("problem.sign_in"), URL: "/sign-in"}}}
	switch membership.CodeOf(err) {
	case membership.ErrResetOver.Code:
		page.Title = web.Text("signin.reset_over_title")
	case membership.ErrBadLink.Code, errOtherDoor.Code:
		page.Title = web.Text("accept.incomplete_title")
	default:
		d.Pages.Fail(w, r, err, again)
		return
	}
	d.deadLink(w, r, token, err, page)
}

func (d *Door) reset(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	token := form.Value("token")
	err = d.SignIn.ResetPassword(r.Context(), d.Call(r), token, form.Value("newPassword"))
	switch {
	case err == nil:
		web.Notify(w, "success", "notice.password_set")
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
	case !errors.Is(err, membership.ErrBadLink) && form.Fail(err, "password", "newPassword"):
		d.Pages.Render(w, r, http.StatusUnprocessableEntity, "reset-password", resetPage{Form: form, Name: form.Value("username"), Token: token})
	default:
		d.deadReset(w, r, token, err)
	}
}
