package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"clientele/shared/door"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// embeddedRoute is the one route to which pages of other sites may post; the settings say which sites.
const embeddedRoute = "POST /embed/form"

// registerEmbedded takes a form from a page of an allowed site. The browser names the site in a header that no page can
// forge. The answer is a page of the portal, because the form has left the other page. When a script of that page sends
// the form (fetch) and asks for JSON, it is answered as by the API, in the form's language, and may read the answer.
func (h registering) registerEmbedded(w http.ResponseWriter, r *http.Request) {
	typed, unread := web.ReadForm(w, r)
	r = web.WithLanguage(r, typed.Value("language"))
	form, err := h.form(r)
	if err != nil {
		h.Failed(w, r, err)
		return
	}
	site, asJSON := r.Header.Get("Origin"), door.ByScript(r)
	w.Header().Add("Vary", "Origin")
	switch {
	case slices.Contains(form.EmbedSites, site):
		w.Header().Set("Access-Control-Allow-Origin", site) // no cookies: the answer is the same for everybody
		w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
	case asJSON:
		h.problem(w, r, membership.ErrSiteNotAllowed)
		return
	default:
		h.Pages.Render(w, r, http.StatusForbidden, "register-state", state{web.Text("register.site_title"), web.Text("register.site_text"),
			[]web.Action{{Label: web.Text("register.title"), URL: "/register", Kind: "primary"}}})
		return
	}
	if err = unread; err == nil {
		err = h.Registrations.Start(r.Context(), h.Call(r), h.input(r, typed, membership.OriginForm))
	}
	switch {
	case err != nil && asJSON:
		h.problem(w, r, err)
	case asJSON:
		httpapi.Accepted(w)
	case unread != nil:
		h.Pages.Failed(w, r, unread)
	case err != nil:
		typed.Set("shownAt", h.shownAt(typingTime)) // continues as the portal's own form
		h.refused(w, r, typed, err)
	default:
		h.sent(w, r)
	}
}

// problem answers with an error as the API does, in the visitor's language, for a page that shows it as it is.
func (h registering) problem(w http.ResponseWriter, r *http.Request, err error) {
	httpapi.ProblemIn(w, r, err, func(code string) string { return h.Pages.Say(r, web.Known(code)) })
}

// framed lets the allowed sites, and no others, show the answer in a frame, in the language of the frame's address.
// There are no cookies in a frame on another site, and none are needed.
func (h registering) framed(w http.ResponseWriter, r *http.Request) (*http.Request, membership.RegistrationForm, error) {
	form, err := h.form(r)
	if err != nil {
		return r, form, err
	}
	web.MayBeFramed(w, form.EmbedSites)
	query := r.URL.Query()
	if query.Get("address") != "true" {
		form.Fields = form.Fields.WithoutAddress()
	}
	return web.WithLanguage(r, query.Get("language")), form, nil
}

// framedPage is registerPage with a form that posts to the frame's own route.
func (h registering) framedPage(r *http.Request, form membership.RegistrationForm, typed *web.Form) registerPage {
	page := h.page(r, form.Fields, typed)
	query := url.Values{"language": {h.Pages.Language(r)}}
	if r.URL.Query().Get("address") == "true" {
		query.Set("address", "true")
	}
	page.Action, page.Sites = "/embed/registration?"+query.Encode(), strings.Join(form.EmbedSites, " ")
	return page
}

// framedState is a state in a frame.
type framedState struct {
	Title, Text web.Phrase
	Sites       string
}

func (h registering) showFramed(w http.ResponseWriter, r *http.Request) {
	r, form, err := h.framed(w, r)
	switch {
	case err != nil:
		h.Pages.Failed(w, r, err)
	case !form.Open:
		h.framedState(w, r, http.StatusOK, form, "register.closed_title", "register.closed_text")
	default:
		h.Pages.Render(w, r, http.StatusOK, "framed-registration", h.framedPage(r, form, h.newForm()))
	}
}

func (h registering) framedState(w http.ResponseWriter, r *http.Request, status int, form membership.RegistrationForm, title, text string) {
	h.Pages.Render(w, r, status, "framed-state", framedState{web.Text(title), web.Text(text), strings.Join(form.EmbedSites, " ")})
}

func (h registering) registerFramed(w http.ResponseWriter, r *http.Request) {
	r, form, err := h.framed(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	typed, err := web.ReadForm(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	err = h.start(r, typed, h.input(r, typed, membership.OriginPage))
	switch {
	case err == nil && !typed.Failed():
		h.framedState(w, r, http.StatusOK, form, "register.sent_title", "register.sent_text")
	case errors.Is(err, membership.ErrRegistrationOff):
		h.framedState(w, r, http.StatusConflict, form, "register.closed_title", "register.closed_text")
	case typed.Failed() || typed.Fail(err):
		h.Pages.Render(w, r, http.StatusUnprocessableEntity, "framed-registration", h.framedPage(r, form, typed))
	default:
		h.Pages.Failed(w, r, err)
	}
}

// framedSignIn asks only for the name, and leads to the portal's own page in the frame's language.
type framedSignIn struct {
	Form            *web.Form
	Sites, Language string
}

func (h registering) showFramedSignIn(w http.ResponseWriter, r *http.Request) {
	r, form, err := h.framed(w, r)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	h.Pages.Render(w, r, http.StatusOK, "framed-sign-in", framedSignIn{web.NewForm(), strings.Join(form.EmbedSites, " "), h.Pages.Language(r)})
}
