package main

import (
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

type handler struct {
	profile membership.Profile
	emails  membership.EmailChanges
	gate    httpapi.Gate
	avatars membership.Avatars
}

func (h handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /me", h.gate.SignedIn(h.get))
	mux.Handle("PATCH /me", h.gate.SignedIn(h.change))
	h.loginRoutes(mux)
	h.avatarRoutes(mux)
	return httpapi.Routes(mux)
}

func (h handler) get(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	user, err := h.profile.Get(r.Context(), c)
	if err != nil {
		return err
	}
	httpapi.RespondVersion(w, http.StatusOK, user.Version, api.UserFor(c.Actor, user, c.Now))
	return nil
}

func (h handler) change(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	version, err := httpapi.IfMatch(r)
	if err != nil {
		return err
	}
	var in api.ChangeMeRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	user, err := h.profile.Change(r.Context(), c, version, membership.ProfileInput{
		Title: in.Title, FirstName: in.FirstName, LastName: in.LastName, URL: in.URL, Phone: in.Phone, Mobile: in.Mobile, Fax: in.Fax,
		Street: in.Street, Postcode: in.Postcode, City: in.City, Region: in.Region, Country: in.Country, Language: in.Language,
	})
	if err != nil {
		return err
	}
	httpapi.RespondVersion(w, http.StatusOK, user.Version, api.UserFor(c.Actor, user, c.Now))
	return nil
}
