package main

import (
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/telemetry"
)

// The routes of an invitee, who proves nothing but the token of the mailed link.

func (h handler) inspect(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.TokenRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	o, err := h.invitations.Inspect(r.Context(), c, in.Token)
	if err != nil {
		return err
	}
	httpapi.Respond(w, http.StatusOK, api.Offer{
		State: api.OfferState(o.State), Email: o.Email, Username: o.Username, FirstName: o.FirstName, LastName: o.LastName,
		Customer: o.Customer, Inviter: o.Inviter, Role: api.Role(o.Role), Language: o.Language, Door: api.Door(o.Door),
		ExpiresAt: o.ExpiresAt.UTC(),
	})
	return nil
}

func (h handler) accept(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.AcceptRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	user, tokens, err := h.invitations.Accept(r.Context(), c, membership.AcceptInput{
		Token: in.Token, Password: in.Password, Username: value(in.Username), FirstName: in.FirstName, LastName: in.LastName,
	})
	if err != nil {
		return err
	}
	_ = telemetry.Count(h.metrics, c.Now, "InvitationsAccepted", 1, nil) // what is done stays done when it cannot be counted
	httpapi.WithActor(r.Context(), user.ID, user.CustomerID)             // the log line says who signed in
	caller := membership.Actor{CustomerID: user.CustomerID, UserID: user.ID}
	httpapi.Respond(w, http.StatusOK, api.AcceptAnswer{
		User: api.UserFor(caller, user, c.Now), AccessToken: tokens.Access, RefreshToken: tokens.Refresh, ExpiresIn: tokens.ExpiresIn,
	})
	return nil
}

func (h handler) decline(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.TokenRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	if err := h.invitations.Decline(r.Context(), c, in.Token); err != nil {
		return err
	}
	httpapi.NoContent(w)
	return nil
}

func (h handler) renew(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.TokenRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	if err := h.invitations.Renew(r.Context(), c, in.Token); err != nil {
		return err
	}
	httpapi.Accepted(w)
	return nil
}
