package main

import (
	"net/http"

	"clientele/shared/api"
	"clientele/shared/embeds"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

type handler struct {
	settings  membership.SettingsUse
	gate      httpapi.Gate
	portalURL string
	provider  string
	language  string // the deployment's
}

func (h handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /settings", h.gate.SignedIn(h.get))
	mux.Handle("PATCH /settings", h.gate.SignedIn(h.change))
	mux.Handle("GET /embeds/{kind}", h.gate.SignedIn(h.embed))
	return httpapi.Routes(mux)
}

func (h handler) get(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	s, err := h.settings.Get(r.Context(), c)
	if err != nil {
		return err
	}
	httpapi.RespondVersion(w, http.StatusOK, s.Version, settings(s))
	return nil
}

func (h handler) change(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	version, err := httpapi.IfMatch(r)
	if err != nil {
		return err
	}
	var in api.ChangeSettingsRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	s, err := h.settings.Change(r.Context(), c, version, input(in))
	if err != nil {
		return err
	}
	httpapi.RespondVersion(w, http.StatusOK, s.Version, settings(s))
	return nil
}

// embed answers with the code with which another site shows one of our forms.
func (h handler) embed(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	values, err := httpapi.Query(r, "variant", "address", "language")
	if err != nil {
		return err
	}
	choice := embeds.Choice{Kind: embeds.Kind(r.PathValue("kind")), Variant: embeds.Form}
	if choice.Kind != embeds.SignIn && choice.Kind != embeds.Registration {
		return membership.ErrNotFound
	}
	if values.Has("variant") {
		if choice.Variant, err = httpapi.Choice(values, "variant", embeds.Form, embeds.Frame); err != nil {
			return err
		}
	}
	address, err := httpapi.Choice(values, "address", "true", "false")
	if err != nil {
		return err
	}
	choice.Address = address == "true"
	language, err := httpapi.Choice(values, "language", membership.Languages()...)
	if err != nil {
		return err
	}
	choice.Language = membership.ChooseLanguage(language, h.language)
	s, err := h.settings.Get(r.Context(), c)
	if err != nil {
		return err
	}
	site := embeds.Site{Portal: h.portalURL, Provider: h.provider, Fields: s.RegistrationFields}
	answer := api.Embed{Kind: api.EmbedKind(choice.Kind), Variant: api.EmbedVariant(choice.Variant), Address: choice.Address, Language: choice.Language, Sites: api.List(s.EmbedSites)}
	if answer.Code, err = site.Code(choice); err != nil {
		return err
	}
	if choice.Variant == embeds.Frame {
		answer.FrameURL = site.FrameURL(choice)
	}
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}

func input(in api.ChangeSettingsRequest) membership.SettingsInput {
	out := membership.SettingsInput{
		SelfRegistration: in.SelfRegistration, RegistrationNeedsApproval: in.RegistrationNeedsApproval,
		Credentials: (*membership.PasswordMode)(in.Credentials), AllowedDomains: in.AllowedDomains, EmbedSites: in.EmbedSites,
		RegistrationAddress: in.RegistrationAddress, Approvers: (*membership.Approvers)(in.Approvers), ReminderHours: in.ReminderHours,
		DisapprovalSilent: in.DisapprovalSilent, DisapprovalReason: in.DisapprovalReason, RegistrationFields: map[string]membership.FieldRule{},
	}
	if f := in.RegistrationFields; f != nil {
		for name, rule := range map[string]*api.FieldRule{"company": f.Company, "phone": f.Phone, "street": f.Street, "postcode": f.Postcode,
			"city": f.City, "region": f.Region, "country": f.Country, "comment": f.Comment} {
			if rule != nil {
				out.RegistrationFields[name] = membership.FieldRule(*rule)
			}
		}
	}
	return out
}

func settings(s membership.Settings) api.Settings {
	f := s.RegistrationFields
	return api.Settings{
		SelfRegistration: s.SelfRegistration, RegistrationNeedsApproval: s.RegistrationNeedsApproval, Credentials: api.Credentials(s.Credentials),
		AllowedDomains: api.List(s.AllowedDomains), RegistrationAddress: s.RegistrationAddress, Approvers: api.Approvers(s.Approvers),
		EmbedSites: api.List(s.EmbedSites), ReminderHours: s.ReminderHours, DisapprovalSilent: s.DisapprovalSilent,
		DisapprovalReason: s.DisapprovalReason, Version: s.Version,
		RegistrationFields: api.RegistrationFields{Company: api.FieldRule(f.Company), Phone: api.FieldRule(f.Phone), Street: api.FieldRule(f.Street),
			Postcode: api.FieldRule(f.Postcode), City: api.FieldRule(f.City), Region: api.FieldRule(f.Region), Country: api.FieldRule(f.Country),
			Comment: api.FieldRule(f.Comment)},
	}
}
