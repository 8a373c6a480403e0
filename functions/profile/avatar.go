package main

import (
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

// avatarRoutes mounts the routes for one's own picture; it is read like everybody's, in functions/users.
func (h handler) avatarRoutes(mux *http.ServeMux) {
	mux.Handle("PUT /me/avatar", h.gate.SignedIn(h.beginAvatar))
	mux.Handle("DELETE /me/avatar", h.gate.SignedIn(h.removeAvatar))
	mux.Handle("GET /me/avatar/upload", h.gate.SignedIn(h.avatarUpload))
}

func (h handler) beginAvatar(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.BeginAvatarRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	ref, form, err := h.avatars.Begin(r.Context(), c, c.Actor.UserID, string(in.ContentType), "")
	if err != nil {
		return err
	}
	httpapi.Respond(w, http.StatusAccepted, api.AvatarFormFor(ref, form))
	return nil
}

func (h handler) removeAvatar(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	if err := h.avatars.Remove(r.Context(), c, c.Actor.UserID); err != nil {
		return err
	}
	httpapi.NoContent(w)
	return nil
}

func (h handler) avatarUpload(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	upload, err := h.avatars.Upload(r.Context(), c, c.Actor.UserID)
	if err != nil {
		return err
	}
	httpapi.Respond(w, http.StatusOK, api.AvatarUploadFor(upload))
	return nil
}
