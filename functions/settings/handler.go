package main

import (
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

type handler struct {
	settings membership.SettingsUse
	gate     httpapi.Gate
}

func (h handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /settings", h.gate.SignedIn(h.get))
	mux.Handle("PATCH /settings", h.gate.SignedIn(h.change))
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
