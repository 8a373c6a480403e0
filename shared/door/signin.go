package door

import (
	"errors"
	"net/http"
	"strings"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

type signInPage struct {
	Form     *web.Form
	Next     string
	Portal   bool
	Register bool // whether people can register
}

func (d *Door) signInPage(form *web.Form, register bool) signInPage {
	return signInPage{Form: form, Next: web.LocalPath(form.Value("next")), Portal: d.Which == membership.PortalDoor, Register: register}
}

// registering starts to ask whether people can register, in parallel to whatever else the request waits for.
func (d *Door) registering(r *http.Request) (answer func() bool) {
	if d.Registering == nil {
		return func() bool { return false }
	}
	open := make(chan bool, 1)
	go func() { open <- d.Registering(r.Context()) }()
	return func() bool { return <-open }
}

func (d *Door) showSignIn(w http.ResponseWriter, r *http.Request) {
	register := d.registering(r)
	if d.hasCookie(r) {
		if _, err := d.Sessions.Load(w, r); err == nil {
			http.Redirect(w, r, web.LocalPath(r.URL.Query().Get("next")), http.StatusSeeOther)
			return
		}
	}
	query := r.URL.Query() // a form on another site passes the login and the language, never a password
	form := web.NewForm("next", query.Get("next"), "login", query.Get("login"), "language", query.Get("language"))
	d.Pages.Render(w, web.WithLanguage(r, form.Value("language")), http.StatusOK, "sign-in", d.signInPage(form, register()))
}

func (d *Door) signIn(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	register := d.registering(r)
	r = web.WithLanguage(r, form.Value("language"))
	signedIn, err := d.SignIn.SignIn(r.Context(), d.Call(r), membership.Credentials{
		Login: form.Value("login"), Password: form.Value("password"), Door: d.Which, Source: httpapi.Source(r),
	})
	if err != nil {
		if !form.Fail(err) {
			d.Pages.Failed(w, r, err)
			return
		}
		d.Pages.Render(w, r, http.StatusUnprocessableEntity, "sign-in", d.signInPage(form, register()))
		return
	}
	d.goOn(w, r, signedIn, form)
}

// goOn asks for what a sign-in still needs, or lets the person in.
func (d *Door) goOn(w http.ResponseWriter, r *http.Request, s membership.SignedIn, form *web.Form) {
	page := "code"
	switch s.Answer.Challenge {
	case "":
		d.enter(w, r, s.User, form.Value("next"))
		return
	case membership.ChallengeNewPassword:
		page = "choose-password"
		r = web.WithLanguage(r, s.User.Language)
	}
	next := web.NewForm("challenge", s.Answer.Session, "username", s.User.Username) // so that password managers save the pair
	d.Pages.Render(w, r, http.StatusOK, page, challengePage{Form: next, Next: web.LocalPath(form.Value("next"))})
}

type challengePage struct {
	Form *web.Form
	Next string
}

// challengeOver sends people who were too slow, or second, back to the start.
func challengeOver(w http.ResponseWriter, r *http.Request) {
	web.Notify(w, "warning", "notice.challenge_over")
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

// choosePassword is the step after a temporary password.
func (d *Door) choosePassword(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	signedIn, err := d.SignIn.AnswerNewPassword(r.Context(), d.Call(r), membership.NewPassword{Session: form.Value("challenge"), Door: d.Which, Password: form.Value("newPassword")})
	switch {
	case errors.Is(err, membership.ErrChallengeOver):
		challengeOver(w, r)
	case err != nil && form.Fail(err):
		d.Pages.Render(w, r, http.StatusUnprocessableEntity, "choose-password", challengePage{Form: form, Next: web.LocalPath(form.Value("next"))})
	case err != nil:
		d.Pages.Failed(w, r, err)
	default:
		d.goOn(w, r, signedIn, form)
	}
}

func (d *Door) answerChallenge(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	challenge, err := d.Challenges.Challenge(r.Context(), form.Value("challenge"))
	if err != nil || challenge.Door != d.Which {
		challengeOver(w, r)
		return
	}
	challenge.Code = strings.ReplaceAll(form.Value("code"), " ", "") // apps show it in two groups
	signedIn, err := d.SignIn.AnswerChallenge(r.Context(), d.Call(r), challenge)
	switch {
	case errors.Is(err, membership.ErrChallengeOver):
		challengeOver(w, r)
	case err != nil && form.Fail(err):
		form.Set("code", "")
		d.Pages.Render(w, r, http.StatusUnprocessableEntity, "code", challengePage{Form: form, Next: web.LocalPath(form.Value("next"))})
	case err != nil:
		d.Pages.Failed(w, r, err)
	default:
		d.enter(w, r, signedIn.User, form.Value("next"))
	}
}

// enter starts a session and goes to the page that the person wanted.
func (d *Door) enter(w http.ResponseWriter, r *http.Request, user membership.User, next string) {
	if err := d.Sessions.Start(w, r, user, d.Now()); err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	httpapi.WithActor(r.Context(), user.ID, user.CustomerID) // the log line says who signed in
	http.Redirect(w, r, web.LocalPath(next), http.StatusSeeOther)
}

func (d *Door) signOut(w http.ResponseWriter, r *http.Request) {
	if err := d.Sessions.End(w, r); err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	web.Notify(w, "success", "notice.signed_out")
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}
