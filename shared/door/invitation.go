package door

import (
	"net/http"

	"clientele/shared/membership"
	"clientele/shared/web"
)

func (d *Door) showInvitation(w http.ResponseWriter, r *http.Request) {
	d.Pages.Render(w, r, http.StatusOK, "invitation-open", nil)
}

// offerPage is an open offer with the form that accepts it.
type offerPage struct {
	Offer membership.Offer
	Form  *web.Form
	Token string
	Staff bool
}

func (d *Door) inspectInvitation(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	token := web.PastedToken(form.Value("token"))
	offer, err := d.Invitations.Inspect(r.Context(), d.Call(r), token)
	if err != nil {
		d.deadInvitation(w, r, err)
		return
	}
	d.showOffer(w, r, http.StatusOK, offer, token, web.NewForm("firstName", offer.FirstName, "lastName", offer.LastName, "username", offer.Username))
}

// showOffer shows what can be done with a link, in the invitee's language.
func (d *Door) showOffer(w http.ResponseWriter, r *http.Request, status int, offer membership.Offer, token string, form *web.Form) {
	r = web.WithAgain(web.WithLanguage(r, offer.Language), map[string]string{"token": token})
	switch offer.State {
	case membership.OfferOpen:
		d.Pages.Render(w, r, status, "accept", offerPage{Offer: offer, Form: form, Token: token, Staff: offer.Door == membership.ConsoleDoor})
	case membership.OfferExpired:
		d.Pages.Render(w, r, http.StatusGone, "invitation-expired", offerPage{Offer: offer, Token: token})
	case membership.OfferAccepted:
		d.Pages.Fail(w, r, membership.ErrAlreadyAccepted, primary(toSignIn()), web.Action{Label: web.Text("signin.forgot"), URL: "/forgot-password"})
	case membership.OfferBlocked:
		d.Pages.Fail(w, r, membership.ErrInvitationBlocked, toSignIn())
	default:
		d.Pages.Fail(w, r, membership.ErrInvitationEnded, toSignIn())
	}
}

func primary(a web.Action) web.Action {
	a.Kind = "primary"
	return a
}

// deadInvitation says why a link does nothing any more, and what does.
func (d *Door) deadInvitation(w http.ResponseWriter, r *http.Request, err error) {
	d.Pages.Fail(w, r, err, primary(toSignIn()))
}

func (d *Door) accept(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	token, first, last := form.Value("token"), form.Value("firstName"), form.Value("lastName")
	user, _, err := d.Invitations.Accept(r.Context(), d.Call(r), membership.AcceptInput{
		Token: token, Password: form.Value("password"), Username: form.Value("username"), FirstName: &first, LastName: &last,
	})
	if err == nil {
		if err := d.Sessions.Start(r.Context(), w, user, d.Now()); err != nil {
			d.Pages.Failed(w, r, err)
			return
		}
		web.Notify(w, "success", "notice.welcome", "name", user.FirstName)
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	offer, again := d.Invitations.Inspect(r.Context(), d.Call(r), token)
	if again != nil {
		d.deadInvitation(w, r, again)
		return
	}
	if offer.State == membership.OfferOpen && !form.Fail(err) {
		d.Pages.Failed(w, r, err)
		return
	}
	d.showOffer(w, r, http.StatusUnprocessableEntity, offer, token, form)
}

// askDecline asks once more, because a declined invitation cannot be taken up again.
func (d *Door) askDecline(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	token := form.Value("token")
	offer, err := d.Invitations.Inspect(r.Context(), d.Call(r), token)
	if err != nil {
		d.deadInvitation(w, r, err)
		return
	}
	r = web.WithAgain(web.WithLanguage(r, offer.Language), map[string]string{"token": token})
	d.Pages.Confirm(w, r, web.Confirm{
		Title: web.Text("accept.decline_title", "customer", offer.Customer), Text: web.Text("accept.decline_text"), Cancel: "/invitation#" + token,
		Action: web.Action{Label: web.Text("accept.decline"), URL: "/invitation/declined", Kind: "danger", Post: true, Fields: map[string]string{"token": token}},
	})
}

func (d *Door) decline(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	if err := d.Invitations.Decline(r.Context(), d.Call(r), form.Value("token")); err != nil {
		d.deadInvitation(w, r, err)
		return
	}
	d.Pages.Render(w, r, http.StatusOK, "declined", nil)
}

func (d *Door) renew(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	if err := d.Invitations.Renew(r.Context(), d.Call(r), form.Value("token")); err != nil {
		d.deadInvitation(w, r, err)
		return
	}
	d.Pages.Render(w, r, http.StatusOK, "renewed", nil)
}
