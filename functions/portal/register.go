package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"clientele/shared/door"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// registering are the pages of people who were not invited.
type registering struct {
	*door.Door
	opening *opening
}

func (h registering) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /register", h.show)
	mux.HandleFunc("POST /register", h.register)
	mux.HandleFunc("GET /register/sent", h.showSent)
	mux.HandleFunc("GET /registration", h.showLink)
	mux.HandleFunc("POST /registration", h.inspect)
	mux.HandleFunc("POST /registration/confirm", h.confirm)
	mux.HandleFunc("GET /embed/registration", h.showFramed)
	mux.HandleFunc("POST /embed/registration", h.registerFramed)
	mux.HandleFunc("POST /embed/form", h.registerEmbedded)
	mux.HandleFunc("GET /embed/sign-in", h.showFramedSignIn)
}

// opening remembers whether people can register, so that the sign-in page, which reads nothing for strangers, need not
// wait for the table to offer it. It is read once per remembered, and whenever another page reads it anyway.
type opening struct {
	registrations membership.Registrations
	now           func() time.Time

	mu   sync.Mutex
	open bool
	at   time.Time
}

// How long an answer is remembered, and how long the sign-in page waits for a new one; without an answer it does not
// offer registration. The page behind the link always asks again.
const (
	remembered  = 30 * time.Second
	openingWait = time.Second
)

func (o *opening) ask(ctx context.Context) bool {
	o.mu.Lock()
	open, fresh := o.open, o.now().Sub(o.at) < remembered
	o.mu.Unlock()
	if fresh {
		return open
	}
	ctx, cancel := context.WithTimeout(ctx, openingWait)
	defer cancel()
	form, err := o.registrations.Form(ctx)
	if err != nil {
		return false
	}
	o.remember(form.Open)
	return form.Open
}

func (o *opening) remember(open bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open, o.at = open, o.now()
}

// form reads what the settings say about registering.
func (h registering) form(r *http.Request) (membership.RegistrationForm, error) {
	form, err := h.Registrations.Form(r.Context())
	if err == nil {
		h.opening.remember(form.Open)
	}
	return form, err
}

// registerPage is the form to register, on a page of its own or in a frame.
type registerPage struct {
	Form      *web.Form
	Fields    membership.RegistrationFields
	Countries []web.Option
	Action    string
	Sites     string // in a frame: the sites that may show it
}

func (h registering) page(r *http.Request, fields membership.RegistrationFields, form *web.Form) registerPage {
	return registerPage{Form: form, Fields: fields, Countries: web.CountryOptions(h.Pages.Language(r)), Action: "/register"}
}

// newForm is an empty form that knows when it was shown.
func (h registering) newForm() *web.Form { return web.NewForm("shownAt", h.shownAt(0)) }

func (h registering) shownAt(ago time.Duration) string {
	return strconv.FormatInt(h.Now().Add(-ago).Unix(), 10)
}

// typingTime is how long ago a form that was already filled in counts as shown: longer than filling it in must take.
const typingTime = time.Minute

func (h registering) show(w http.ResponseWriter, r *http.Request) {
	form, err := h.form(r)
	switch {
	case err != nil:
		h.Pages.Failed(w, r, err)
	case !form.Open:
		h.closed(w, r, http.StatusOK)
	default:
		h.Pages.Render(w, r, http.StatusOK, "register", h.page(r, form.Fields, h.newForm()))
	}
}

// state is a page that says where somebody stands and how to go on.
type state struct {
	Title, Text web.Phrase
	Actions     []web.Action
}

func signIn(kind string) web.Action {
	return web.Action{Label: web.Text("problem.sign_in"), URL: "/sign-in", Kind: kind}
}

func again(kind string) web.Action {
	return web.Action{Label: web.Text("register.again"), URL: "/register", Kind: kind}
}

func (h registering) closed(w http.ResponseWriter, r *http.Request, status int) {
	h.Pages.Render(w, r, status, "register-state", state{web.Text("register.closed_title"), web.Text("register.closed_text"), []web.Action{signIn("primary")}})
}

func (h registering) register(w http.ResponseWriter, r *http.Request) {
	typed, err := web.ReadForm(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	r = web.WithLanguage(r, typed.Value("language")) // the language of a form on another site that was refused
	if err := h.start(r, typed, h.input(r, typed, membership.OriginPage)); err != nil || typed.Failed() {
		h.refused(w, r, typed, err)
		return
	}
	h.sent(w, r)
}

// sent leads to the page that everybody sees after sending a form, whoever has the address.
func (h registering) sent(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/register/sent?language="+h.Pages.Language(r), http.StatusSeeOther)
}

func (h registering) showSent(w http.ResponseWriter, r *http.Request) {
	r = web.WithLanguage(r, r.URL.Query().Get("language"))
	h.Pages.Render(w, r, http.StatusOK, "register-state", state{web.Text("register.sent_title"), web.Text("register.sent_text"), []web.Action{again(""), signIn("")}})
}

// refused shows what is wrong with a form, on the portal's own page.
func (h registering) refused(w http.ResponseWriter, r *http.Request, typed *web.Form, err error) {
	if errors.Is(err, membership.ErrRegistrationOff) {
		h.opening.remember(false)
		h.closed(w, r, http.StatusConflict)
		return
	}
	if !typed.Failed() && !typed.Fail(err) {
		h.Pages.Failed(w, r, err)
		return
	}
	form, err := h.form(r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	h.Pages.Render(w, r, http.StatusUnprocessableEntity, "register", h.page(r, form.Fields, typed))
}

func (h registering) input(r *http.Request, typed *web.Form, origin membership.RegistrationOrigin) membership.RegistrationInput {
	in := membership.RegistrationInput{
		Email: typed.Value("email"), FirstName: typed.Value("firstName"), LastName: typed.Value("lastName"), Company: typed.Value("company"),
		Language: h.Pages.Language(r), Phone: typed.Value("phone"), Street: typed.Value("street"), Postcode: typed.Value("postcode"),
		City: typed.Value("city"), Region: typed.Value("region"), Country: typed.Value("country"), Comment: typed.Value("comment"),
		Origin: origin, Source: httpapi.Source(r), Website: typed.Value("website"),
	}
	if seconds, err := strconv.ParseInt(typed.Value("shownAt"), 10, 64); err == nil && origin == membership.OriginPage {
		in.ShownAt = time.Unix(seconds, 0)
	}
	return in
}

// start takes a registration. If the page was open for more than a day, what it sends would be ignored, so it is shown
// once more: then typed says so.
func (h registering) start(r *http.Request, typed *web.Form, in membership.RegistrationInput) error {
	if !in.ShownAt.IsZero() && h.Now().Sub(in.ShownAt) > membership.ConfirmationLifetime {
		typed.Set("shownAt", h.shownAt(typingTime))
		typed.Error("", web.Text("register.stale"))
		return nil
	}
	return h.Registrations.Start(r.Context(), h.Call(r), in)
}

func (h registering) showLink(w http.ResponseWriter, r *http.Request) {
	h.Pages.Render(w, r, http.StatusOK, "register-open", nil)
}

// confirmPage asks for an address to be confirmed.
type confirmPage struct {
	Offer membership.RegistrationOffer
	Form  *web.Form
	Token string
}

func (h registering) inspect(w http.ResponseWriter, r *http.Request) {
	typed, err := web.ReadForm(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	token := web.PastedToken(typed.Value("token"))
	r = web.WithAgain(r, map[string]string{"token": token})
	offer, err := h.Registrations.Inspect(r.Context(), h.Call(r), token)
	if err != nil {
		h.dead(w, r, err)
		return
	}
	r = web.WithLanguage(r, offer.Language)
	if offer.State != membership.RegistrationUnconfirmed {
		h.become(w, r, offer.State)
		return
	}
	h.Pages.Render(w, r, http.StatusOK, "register-confirm", confirmPage{offer, web.NewForm("firstName", offer.FirstName, "lastName", offer.LastName), token})
}

func (h registering) confirm(w http.ResponseWriter, r *http.Request) {
	typed, err := web.ReadForm(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	token, first, last := typed.Value("token"), typed.Value("firstName"), typed.Value("lastName")
	registration, err := h.Registrations.Confirm(r.Context(), h.Call(r), membership.ConfirmInput{Token: token, FirstName: &first, LastName: &last})
	if err == nil {
		h.become(w, web.WithLanguage(r, registration.Language), registration.Status)
		return
	}
	if membership.KindOf(err) == membership.Invalid && !errors.Is(err, membership.ErrBadLink) {
		offer, dead := h.Registrations.Inspect(r.Context(), h.Call(r), token)
		if dead == nil && typed.Fail(err) {
			r = web.WithLanguage(r, offer.Language)
			h.Pages.Render(w, r, http.StatusUnprocessableEntity, "register-confirm", confirmPage{offer, typed, token})
			return
		}
	}
	h.dead(w, r, err)
}

// become shows what has become of a registration.
func (h registering) become(w http.ResponseWriter, r *http.Request, status membership.RegistrationStatus) {
	page := state{Title: web.Text("register.waiting_title"), Text: web.Text("register.waiting_text")}
	switch status {
	case membership.RegistrationApproved:
		page = state{web.Text("register.approved_title"), web.Text("register.approved_text"),
			[]web.Action{signIn("primary"), {Label: web.Text("signin.forgot"), URL: "/forgot-password"}}}
	case membership.RegistrationExpired:
		h.dead(w, r, membership.ErrRegistrationExpired)
		return
	}
	h.Pages.Render(w, r, http.StatusOK, "register-state", page)
}

// dead says why a link no longer works, and what to do instead.
func (h registering) dead(w http.ResponseWriter, r *http.Request, err error) {
	page := state{Text: web.Known(membership.CodeOf(err)), Actions: []web.Action{again("primary"), signIn("")}}
	switch membership.CodeOf(err) {
	case membership.ErrRegistrationExpired.Code:
		page.Title = web.Text("register.expired_title")
	case membership.ErrRegistrationEnded.Code:
		page.Title = web.Text("register.ended_title")
	case membership.ErrRegistrationReplaced.Code:
		page.Title, page.Actions = web.Text("accept.replaced_title"), []web.Action{again(""), signIn("")}
	case membership.ErrAddressKnown.Code:
		page.Title = web.Text("register.known_title")
		page.Actions = []web.Action{signIn("primary"), {Label: web.Text("signin.forgot"), URL: "/forgot-password"}}
	case membership.ErrBadLink.Code:
		page.Title = web.Text("accept.incomplete_title")
		page.Actions = []web.Action{{Label: web.Text("accept.paste_again"), URL: "/registration", Kind: "primary"}, again(""), signIn("")}
	case membership.ErrRegistrationOff.Code:
		h.closed(w, r, http.StatusConflict)
		return
	default:
		h.Pages.Fail(w, r, err, again("primary"))
		return
	}
	h.Pages.Render(w, r, httpapi.StatusOf(membership.KindOf(err)), "register-state", page)
}
