package door

import (
	"net/http"

	"clientele/shared/membership"
	"clientele/shared/web"
)

// ownPage is a small form about one's own account: for a new username, or a new address.
type ownPage struct {
	Email, Username string
	Once            string
	Form            *web.Form
}

func (d *Door) ownForm(w http.ResponseWriter, r *http.Request, status int, page string, form *web.Form) {
	user, err := d.Profile.Get(r.Context(), d.Call(r))
	if err == nil && user.Source == membership.SourceDirectory {
		err = membership.ErrDirectory
	}
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	if status == http.StatusOK && page == "own-username" {
		form.Set("username", user.Username)
	}
	d.Pages.Render(w, r, status, page, ownPage{Email: user.Email, Username: user.Username, Once: d.Once(), Form: form})
}

func (d *Door) showUsername(w http.ResponseWriter, r *http.Request) {
	d.ownForm(w, r, http.StatusOK, "own-username", web.NewForm())
}

func (d *Door) changeUsername(w http.ResponseWriter, r *http.Request) {
	d.changeOwn(w, r, "own-username", func(form *web.Form, call membership.Call) error {
		user, err := d.Profile.ChangeUsername(r.Context(), call, form.Value("username"))
		if err == nil {
			web.Notify(w, "success", "notice.username_changed", "username", user.Username)
		}
		return err
	})
}

func (d *Door) showEmail(w http.ResponseWriter, r *http.Request) {
	d.ownForm(w, r, http.StatusOK, "own-email", web.NewForm())
}

func (d *Door) changeEmail(w http.ResponseWriter, r *http.Request) {
	d.changeOwn(w, r, "own-email", func(form *web.Form, call membership.Call) error {
		user, err := d.EmailChanges.Ask(r.Context(), call, form.Value("email"), form.Value("password"))
		switch {
		case err != nil:
		case user.NewEmailAt(d.Now()) != "":
			web.Notify(w, "success", "notice.email_asked", "email", user.NewEmail)
		default:
			web.Notify(w, "success", "notice.saved")
		}
		return err
	})
}

func (d *Door) changeOwn(w http.ResponseWriter, r *http.Request, page string, change func(*web.Form, membership.Call) error) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	call, err := d.Send(r, form)
	if err == nil {
		err = change(form, call)
	}
	switch {
	case err == nil:
		http.Redirect(w, r, "/profile", http.StatusSeeOther)
	case form.Fail(err):
		d.ownForm(w, r, http.StatusUnprocessableEntity, page, form)
	default:
		d.Pages.Failed(w, r, err)
	}
}

func (d *Door) showEmailChange(w http.ResponseWriter, r *http.Request) {
	d.Pages.Render(w, r, http.StatusOK, "email-change-open", nil)
}

// emailChangePage asks whether an address should become the account's, or says that it has.
type emailChangePage struct {
	Change membership.EmailChange
	Token  string
}

func (d *Door) inspectEmailChange(w http.ResponseWriter, r *http.Request) {
	d.emailChange(w, r, func(token string) (membership.EmailChange, error) {
		return d.EmailChanges.Inspect(r.Context(), d.Call(r), token)
	})
}

func (d *Door) confirmEmailChange(w http.ResponseWriter, r *http.Request) {
	d.emailChange(w, r, func(token string) (membership.EmailChange, error) {
		return d.EmailChanges.Confirm(r.Context(), d.Call(r), token)
	})
}

func (d *Door) emailChange(w http.ResponseWriter, r *http.Request, do func(token string) (membership.EmailChange, error)) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	token := web.PastedToken(form.Value("token"))
	change, err := do(token)
	if err == nil && change.Door != d.Which {
		err = errOtherDoor
	}
	if err != nil {
		d.deadEmailChange(w, r, token, err)
		return
	}
	r = web.WithAgain(web.WithLanguage(r, change.Language), map[string]string{"token": token})
	d.Pages.Render(w, r, http.StatusOK, "email-change", emailChangePage{Change: change, Token: token})
}

// deadEmailChange says why a link that confirms an address no longer works.
func (d *Door) deadEmailChange(w http.ResponseWriter, r *http.Request, token string, err error) {
	home := web.Action{Label: web.Text("problem.home"), URL: "/", Kind: "primary"}
	page := deadLink{Text: web.Known(membership.CodeOf(err)), Actions: []web.Action{home}}
	switch membership.CodeOf(err) {
	case membership.ErrEmailChangeOver.Code:
		page.Title = web.Text("signin.reset_over_title")
	case membership.ErrEmailTaken.Code, membership.ErrUsernameInUse.Code:
		page.Title = web.Text("email.taken_title")
	case membership.ErrBadLink.Code, errOtherDoor.Code:
		page.Title = web.Text("accept.incomplete_title")
	default:
		d.Pages.Fail(w, r, err, home)
		return
	}
	d.deadLink(w, r, token, err, page)
}
