package main

import (
	"html/template"
	"net/http"
	"slices"
	"strings"

	"clientele/shared/embeds"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// embedsPage is the code with which another site shows one of our forms, how the form looks, and where it works.
type embedsPage struct {
	Kinds                          []web.Link
	Kind                           string
	Form                           *web.Form
	Variants, Addresses, Languages []web.Option
	Code                           string
	Rows                           int
	Open                           bool // people can register
	Sites                          []string
	// What the preview shows: a plain form as it is, or what the portal shows in the frame.
	Plain     template.HTML
	Fields    membership.RegistrationFields
	Countries []web.Option
	Frame     string // address of the page in the frame
}

func (h handler) showEmbeds(w http.ResponseWriter, r *http.Request) {
	settings, err := h.Settings.Get(r.Context(), h.Call(r))
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	// Whatever the address gets wrong has its default.
	asked := r.URL.Query()
	choice := embeds.Choice{Kind: embeds.Registration, Variant: embeds.Form, Address: asked.Get("address") == "true", Language: h.Pages.Language(r)}
	if embeds.Kind(asked.Get("kind")) == embeds.SignIn {
		choice.Kind = embeds.SignIn
	}
	if embeds.Variant(asked.Get("variant")) == embeds.Frame {
		choice.Variant = embeds.Frame
	}
	if slices.Contains(membership.Languages(), asked.Get("language")) {
		choice.Language = asked.Get("language")
	}
	site := embeds.Site{Portal: h.portalURL, Provider: h.provider, Fields: settings.RegistrationFields}
	code, err := site.Code(choice)
	if err != nil {
		h.Pages.Failed(w, r, err)
		return
	}
	view := embedsPage{
		Kinds: []web.Link{
			{Label: web.Text("console.embed_registration"), URL: "/settings/embeds", Current: choice.Kind == embeds.Registration},
			{Label: web.Text("console.embed_sign_in"), URL: "/settings/embeds?kind=sign-in", Current: choice.Kind == embeds.SignIn},
		},
		Kind: string(choice.Kind), Form: web.NewForm("variant", string(choice.Variant), "address", asked.Get("address"), "language", choice.Language),
		Variants:  []web.Option{{Value: string(embeds.Form), Label: web.Text("console.embed_form")}, {Value: string(embeds.Frame), Label: web.Text("console.embed_frame")}},
		Addresses: []web.Option{{Value: "false", Label: web.Text("console.embed_no_address")}, {Value: "true", Label: web.Text("console.embed_address")}},
		Languages: web.LanguageOptions(), Code: code, Rows: min(24, strings.Count(code, "\n")), Open: settings.SelfRegistration, Sites: settings.EmbedSites,
		Fields: settings.RegistrationFields, Countries: web.CountryOptions(choice.Language),
	}
	if choice.Variant == embeds.Frame {
		view.Frame = site.FrameURL(choice)
		if !choice.Address {
			view.Fields = view.Fields.WithoutAddress()
		}
	} else {
		view.Plain = template.HTML(code) //nolint:gosec // embeds escapes all but its own tags; the page makes it inert
	}
	h.Pages.Render(w, r, http.StatusOK, "embeds", view)
}
