package door

import (
	"net/http"

	"clientele/shared/httpapi"
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
	offer, err := d.inspect(r, token)
	if err != nil {
		d.deadInvitation(w, r, token, err)
		return
	}
	d.showOffer(w, r, http.StatusOK, offer, token, web.NewForm("firstName", offer.FirstName, "lastName", offer.LastName, "username", offer.Username))
}

// errOtherDoor is the answer to a link that belongs to the other door.
var errOtherDoor = &membership.Error{Kind: membership.NotFound, Code: "other_door", Message: "This link belongs to other pages. Open it from the mail."}

// inspect is the use case's Inspect, for links of this door only.
func (d *Door) inspect(r *http.Request, token string) (membership.Offer, error) {
	offer, err := d.Invitations.Inspect(r.Context(), d.Call(r), token)
	if err == nil && offer.Door != d.Which {
		return membership.Offer{}, errOtherDoor
	}
	return offer, err
}

// showOffer shows what can be done with a link, in the invitee's language.
func (d *Door) showOffer(w http.ResponseWriter, r *http.Request, status int, offer membership.Offer, token string, form *web.Form) {
	r = forInvitee(r, offer, token)
	switch offer.State {
	case membership.OfferOpen:
		d.Pages.Render(w, r, status, "accept", offerPage{Offer: offer, Form: form, Token: token, Staff: d.Which == membership.ConsoleDoor})
	case membership.OfferExpired:
		d.Pages.Render(w, r, http.StatusGone, "invitation-expired", offerPage{Offer: offer, Token: token})
	case membership.OfferAccepted:
		d.deadInvitation(w, r, token, membership.ErrAlreadyAccepted)
	case membership.OfferBlocked:
		d.deadInvitation(w, r, token, membership.ErrInvitationBlocked)
	default:
		d.deadInvitation(w, r, token, membership.ErrInvitationEnded)
	}
}

// forInvitee shows a page in the invitee's language and keeps the link for the language switch.
func forInvitee(r *http.Request, offer membership.Offer, token string) *http.Request {
	return web.WithAgain(web.WithLanguage(r, offer.Language), map[string]string{"token": token})
}

// deadLink is a link that no longer works: why, and what to do instead.
type deadLink struct {
	Title, Text web.Phrase
	Actions     []web.Action
}

// deadInvitation says why a link no longer works, and what to do instead.
func (d *Door) deadInvitation(w http.ResponseWriter, r *http.Request, token string, err error) {
	signIn := web.Action{Label: web.Text("problem.sign_in"), URL: "/sign-in"}
	primary := signIn
	primary.Kind = "primary"
	forgot := web.Action{Label: web.Text("signin.forgot"), URL: "/forgot-password"}
	page := deadLink{Text: web.Known(membership.CodeOf(err)), Actions: []web.Action{primary}}
	switch membership.CodeOf(err) {
	case membership.ErrAlreadyAccepted.Code:
		page.Title, page.Actions = web.Text("accept.accepted_title"), []web.Action{primary, forgot}
	case membership.ErrInvitationEnded.Code, membership.ErrInviterGone.Code:
		page.Title, page.Actions = web.Text("accept.ended_title"), []web.Action{signIn}
	case membership.ErrInvitationReplaced.Code:
		page.Title, page.Actions = web.Text("accept.replaced_title"), []web.Action{signIn}
	case membership.ErrInvitationBlocked.Code:
		page.Title, page.Actions = web.Text("accept.blocked_title"), []web.Action{signIn}
	case membership.ErrRenewedRecently.Code:
		page.Title, page.Actions = web.Text("accept.renewed_title"), []web.Action{signIn}
	case membership.ErrBadLink.Code, errOtherDoor.Code:
		page.Title, page.Actions = web.Text("accept.incomplete_title"), []web.Action{{Label: web.Text("accept.paste_again"), URL: "/invitation", Kind: "primary"}, signIn}
	default:
		d.Pages.Fail(w, r, err, primary)
		return
	}
	d.deadLink(w, r, token, err, page)
}

func (d *Door) deadLink(w http.ResponseWriter, r *http.Request, token string, err error, page deadLink) {
	if r.URL.Path == "/invitation" || r.URL.Path == "/reset-password" { // posting the others again would act again
		r = web.WithAgain(r, map[string]string{"token": token})
	}
	d.Pages.Render(w, r, httpapi.StatusOf(membership.KindOf(err)), "dead-link", page)
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
		d.count("InvitationsAccepted", 1)
		web.Notify(w, "success", "notice.welcome", "name", user.FirstName)
		d.enter(w, r, user, "/")
		return
	}
	offer, dead := d.inspect(r, token)
	if dead != nil {
		d.deadInvitation(w, r, token, dead)
		return
	}
	if offer.State == membership.OfferOpen && !form.Fail(err) {
		d.Pages.Failed(w, r, err)
		return
	}
	d.showOffer(w, r, http.StatusUnprocessableEntity, offer, token, form)
}

// askDecline asks once more, because a declined invitation cannot be accepted later.
func (d *Door) askDecline(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	token := form.Value("token")
	offer, err := d.inspect(r, token)
	if err != nil {
		d.deadInvitation(w, r, token, err)
		return
	}
	d.Pages.Confirm(w, forInvitee(r, offer, token), web.Confirm{
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
	token := form.Value("token")
	if err := d.Invitations.Decline(r.Context(), d.Call(r), token); err != nil {
		d.deadInvitation(w, r, token, err)
		return
	}
	d.Pages.Render(w, d.inTheirLanguage(r, token), http.StatusOK, "declined", nil)
}

func (d *Door) renew(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	token := form.Value("token")
	r = d.inTheirLanguage(r, token) // while the link still says who it is for
	if err := d.Invitations.Renew(r.Context(), d.Call(r), token); err != nil {
		d.deadInvitation(w, r, token, err)
		return
	}
	d.Pages.Render(w, r, http.StatusOK, "renewed", nil)
}

// inTheirLanguage shows a page in the language of a link's invitee, if the link still names it.
func (d *Door) inTheirLanguage(r *http.Request, token string) *http.Request {
	if offer, err := d.inspect(r, token); err == nil {
		return web.WithLanguage(r, offer.Language)
	}
	return r
}
