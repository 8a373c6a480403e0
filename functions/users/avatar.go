package main

import (
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

// avatarRoutes mounts the routes for users' pictures.
func (h handler) avatarRoutes(mux *http.ServeMux) {
	mux.Handle("GET /users/{userId}/avatar", h.gate.SignedIn(h.avatar))
	mux.Handle("PUT /users/{userId}/avatar", h.gate.SignedIn(h.beginAvatar))
	mux.Handle("DELETE /users/{userId}/avatar", h.gate.SignedIn(h.removeAvatar))
	mux.Handle("GET /users/{userId}/avatar/upload", h.gate.SignedIn(h.avatarUpload))
}

func (h handler) avatar(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "userId")
	if err != nil {
		return err
	}
	size, asked, have, err := httpapi.PictureParameters(r)
	if err != nil {
		return err
	}
	avatar, err := h.avatars.Get(r.Context(), c, id, size, have)
	if err != nil {
		return err
	}
	httpapi.RespondPicture(w, avatar, asked)
	return nil
}

func (h handler) beginAvatar(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "userId")
	if err != nil {
		return err
	}
	var in api.BeginAvatarRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	ref, form, err := h.avatars.Begin(r.Context(), c, id, string(in.ContentType), "")
	if err != nil {
		return err
	}
	httpapi.Respond(w, http.StatusAccepted, api.AvatarFormFor(ref, form))
	return nil
}

func (h handler) removeAvatar(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "userId")
	if err != nil {
		return err
	}
	if err := h.avatars.Remove(r.Context(), c, id); err != nil {
		return err
	}
	httpapi.NoContent(w)
	return nil
}

func (h handler) avatarUpload(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "userId")
	if err != nil {
		return err
	}
	upload, err := h.avatars.Upload(r.Context(), c, id)
	if err != nil {
		return err
	}
	httpapi.Respond(w, http.StatusOK, api.AvatarUploadFor(upload))
	return nil
}
