package main

import (
	"context"
	"io"
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

type handler struct {
	invitations membership.Invitations
	gate        httpapi.Gate
	cursors     httpapi.Cursors
	metrics     io.Writer
}

func (h handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /invitations", h.gate.SignedIn(h.list))
	mux.Handle("POST /invitations", h.gate.SignedInBatch(h.invite))
	mux.Handle("GET /invitations/{invitationId}", h.gate.SignedIn(h.get))
	one := h.gate
	one.Ahead = h.ahead
	mux.Handle("DELETE /invitations/{invitationId}", one.SignedIn(h.delete))
	mux.Handle("POST /invitations/{invitationId}/resend", one.SignedIn(h.resend))
	mux.Handle("POST /invitations/{invitationId}/revoke", one.SignedIn(h.revoke))
	mux.Handle("POST /invitations/resend-expired", h.gate.SignedIn(h.resendExpired))
	mux.Handle("POST /invitations/inspect", h.gate.Public(h.inspect))
	mux.Handle("POST /invitations/accept", h.gate.Public(h.accept))
	mux.Handle("POST /invitations/decline", h.gate.Public(h.decline))
	mux.Handle("POST /invitations/renew", h.gate.Public(h.renew))
	return httpapi.Routes(mux)
}

// ahead starts to read the invitation in the address. Only the invitation says which user and customer it belongs to.
func (h handler) ahead(r *http.Request, reach membership.Reach, c *membership.Call) {
	if id, err := httpapi.PathID(r, "invitationId"); err == nil { // else the route says what is wrong with it
		c.Invitation = membership.ReadAhead(r.Context(), reach, id, h.invitations.Store.Invitation)
	}
}

func (h handler) list(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	list, err := httpapi.ListParameters(r, "customer")
	if err != nil {
		return err
	}
	var q membership.InvitationQuery
	if q.CustomerID, err = httpapi.IDParameter(list.Values, "customer"); err != nil {
		return err
	}
	this := httpapi.Fingerprint("invitations", string(c.Actor.Realm), c.Actor.Reach().CustomerID(), q.CustomerID)
	if q.Page, err = h.cursors.Page(this, list); err != nil {
		return err
	}
	page, err := h.invitations.List(r.Context(), c, q)
	if err != nil {
		return err
	}
	answer := api.InvitationList{Items: make([]api.Invitation, len(page.Items)), Next: h.cursors.Next(this, page.Next), Prev: h.cursors.Prev(this, page.Prev)}
	for i, invitation := range page.Items {
		answer.Items[i] = invitationOf(invitation)
	}
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}

func (h handler) invite(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.InviteRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	input, err := inviteInput(in)
	if err != nil {
		return err
	}
	results, err := h.invitations.Invite(r.Context(), c, input)
	if err != nil {
		return err
	}
	answer, _ := api.BatchResultFor(results)
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}

func (h handler) get(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	return answerInvitation(w, r, c, h.invitations.Get)
}

func (h handler) resend(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	return answerInvitation(w, r, c, h.invitations.Resend)
}

func (h handler) resendExpired(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.ResendExpiredRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	customerID, err := httpapi.ID(in.CustomerID)
	if err != nil {
		return err
	}
	this := httpapi.Fingerprint("resend-expired", string(c.Actor.Realm), c.Actor.Reach().CustomerID(), customerID)
	from := httpapi.List{Limit: membership.ExpiredPage}
	if in.Cursor != nil {
		from.Cursor = *in.Cursor
	}
	page, err := h.cursors.Page(this, from)
	if err != nil {
		return err
	}
	results, next, err := h.invitations.ResendExpired(r.Context(), c, customerID, page.Position)
	if err != nil {
		return err
	}
	answer, _ := api.BatchResultFor(results)
	httpapi.Respond(w, http.StatusOK, api.ResendExpiredResult{Results: answer.Results, Next: h.cursors.Next(this, next)})
	return nil
}

func (h handler) revoke(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	return answerInvitation(w, r, c, h.invitations.Revoke)
}

// answerInvitation serves an action on one invitation and answers with it.
func answerInvitation(w http.ResponseWriter, r *http.Request, c membership.Call, do func(context.Context, membership.Call, string) (membership.Invitation, error)) error {
	id, err := httpapi.PathID(r, "invitationId")
	if err != nil {
		return err
	}
	invitation, err := do(r.Context(), c, id)
	if err != nil {
		return err
	}
	httpapi.Respond(w, http.StatusOK, invitationOf(invitation))
	return nil
}

func (h handler) delete(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "invitationId")
	if err != nil {
		return err
	}
	if err := h.invitations.Delete(r.Context(), c, id); err != nil {
		return err
	}
	httpapi.NoContent(w)
	return nil
}

func invitationOf(i membership.Invitation) api.Invitation {
	return api.Invitation{
		ID: i.ID, CustomerID: i.CustomerID, UserID: i.UserID, Email: i.Email, FirstName: i.FirstName, LastName: i.LastName,
		Language: i.Language, Role: api.Role(i.Role), Status: api.InvitationStatus(i.Status), Delivery: api.Delivery(i.Delivery),
		ExpiresAt: i.ExpiresAt.UTC(), SentAt: i.SentAt.UTC(), InvitedBy: i.InvitedBy,
	}
}
