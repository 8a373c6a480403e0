package main

import (
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

// loginRoutes mounts the routes for the names by which people sign in.
func (h handler) loginRoutes(mux *http.ServeMux) {
	mux.Handle("POST /me/username", h.gate.SignedIn(h.changeUsername))
	mux.Handle("POST /me/email", h.gate.SignedIn(h.changeEmail))
	mux.Handle("POST /email-changes/confirm", h.gate.Public(h.confirmEmail))
}

func (h handler) changeUsername(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.ChangeUsernameRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	user, err := h.profile.ChangeUsername(r.Context(), c, in.Username)
	if err != nil {
		return err
	}
	httpapi.RespondVersion(w, http.StatusOK, user.Version, api.UserFor(c.Actor, user, c.Now))
	return nil
}

func (h handler) changeEmail(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.ChangeEmailRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	if _, err := h.emails.Ask(r.Context(), c, in.Email, in.Password); err != nil {
		return err
	}
	httpapi.Accepted(w)
	return nil
}

func (h handler) confirmEmail(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.TokenRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	changed, err := h.emails.Confirm(r.Context(), c, in.Token)
	if err != nil {
		return err
	}
	httpapi.Respond(w, http.StatusOK, api.EmailChanged{Email: changed.Email, Username: changed.Username, Door: api.Door(changed.Door)})
	return nil
}
