package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
)

// shelf is the table with one upload, and a bucket in which there is one picture.
type shelf struct {
	*table
	membership.AvatarFiles
	upload  membership.AvatarUpload
	asked   int // the size that was asked for
	dropped bool
}

func (s *shelf) AvatarUpload(context.Context, string, string) (membership.AvatarUpload, error) {
	return s.upload, nil
}
func (s *shelf) BeginAvatarUpload(_ context.Context, u membership.AvatarUpload) error {
	s.upload = u
	return nil
}
func (s *shelf) EndAvatarUpload(_ context.Context, u membership.AvatarUpload) error {
	s.upload = u
	return nil
}
func (s *shelf) DropAvatarUpload(context.Context, membership.AvatarRef) error {
	s.upload = membership.AvatarUpload{}
	return nil
}
func (s *shelf) Take(context.Context, membership.Throttle, string, time.Time) error { return nil }

func (s *shelf) UploadForm(_ context.Context, ref membership.AvatarRef, contentType, back string, expires time.Time) (membership.UploadForm, error) {
	return membership.UploadForm{URL: "https://bucket.example/" + back, Fields: map[string]string{"key": ref.UploadID, "Content-Type": contentType}, ExpiresAt: expires}, nil
}

func (s *shelf) Picture(_ context.Context, ref membership.AvatarRef, size int) ([]byte, error) {
	s.asked = size
	return []byte("the picture of " + ref.UploadID), nil
}

func (s *shelf) DropPictures(context.Context, string, string, func(string) bool) error {
	s.dropped = true
	return nil
}

func avatarRoutes() (http.Handler, *shelf) {
	_, t := routes()
	s := &shelf{table: t}
	return handler{
		avatars: membership.Avatars{Store: s, Files: s, NewID: func() string { return "id" }},
		gate:    httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: t, Now: func() time.Time { return noon }},
	}.routes(), s
}

func TestAvatarIsKeptByBrowsersOnly(t *testing.T) {
	h, s := avatarRoutes()
	send(t, h, "GET /users/u5/avatar", staff).Want(404, "not_found")
	u := s.users["u5"]
	u.AvatarURL = "/users/u5/avatar?v=v2"
	s.keep(u)
	for route, want := range map[string]struct {
		size  int
		cache string
	}{
		"GET /users/u5/avatar":              {256, "private, no-cache"},
		"GET /users/u5/avatar?v=v1":         {256, "private, no-cache"},
		"GET /users/u5/avatar?v=v2":         {256, "private, max-age=31536000, immutable"},
		"GET /users/u5/avatar?size=64&v=v2": {64, "private, max-age=31536000, immutable"},
	} {
		a := send(t, h, route, member).Want(200, "")
		if a.Headers["Content-Type"] != "image/jpeg" || a.Headers["Cache-Control"] != want.cache || a.Headers["Etag"] != `"v2"` ||
			a.Headers["X-Content-Type-Options"] != "nosniff" || !strings.Contains(a.Headers["Content-Security-Policy"], "sandbox") || s.asked != want.size {
			t.Errorf("%s: %v, size %d", route, a.Headers, s.asked)
		}
	}
	for _, have := range []string{`"v2"`, `W/"v2"`} {
		s.asked = 0
		if a := send(t, h, "GET /users/u5/avatar", staff, "If-None-Match", have).Want(304, ""); a.Body != "" || s.asked != 0 || a.Headers["Etag"] != `"v2"` {
			t.Errorf("%s: %v", have, a)
		}
	}
	send(t, h, "GET /users/u5/avatar", staff, "If-None-Match", `"v1"`).Want(200, "")
	send(t, h, "GET /users/u5/avatar", foreigner).Want(404, "not_found")
	send(t, h, "GET /users/u5/avatar?size=1", staff).Want(400, "invalid_choice")
	send(t, h, "GET /users/u5/avatar?x=1", staff).Want(400, "unknown_parameter")
}

func TestUploadOfAnAvatar(t *testing.T) {
	h, s := avatarRoutes()
	put := func(as, body string) httpapitest.Answer {
		return httpapitest.Send(t, h, httpapitest.Event("PUT /users/u5/avatar", body, "Authorization", as, "Content-Type", "application/json"))
	}
	send(t, h, "GET /users/u5/avatar/upload", staff).Want(404, "not_found")
	var form api.AvatarForm
	put(administrator, `{"contentType":"image/webp"}`).Want(202, "").Into(&form)
	if form.ID != "id" || form.URL != "https://bucket.example/" || form.Fields["Content-Type"] != "image/webp" || !form.ExpiresAt.Equal(noon.Add(10*time.Minute)) || s.upload.ByID != "u2" {
		t.Errorf("got %+v, stored %+v", form, s.upload)
	}
	var upload api.AvatarUpload
	send(t, h, "GET /users/u5/avatar/upload", member).Want(200, "").Into(&upload)
	if upload.Status != api.AvatarUploadStatusWaiting || upload.AvatarURL != "" || upload.Code != "" {
		t.Errorf("got %+v", upload)
	}
	s.upload.Status = membership.AvatarReady
	send(t, h, "GET /users/u5/avatar/upload", member).Want(200, "").Into(&upload)
	if upload.Status != api.AvatarUploadStatusReady || upload.AvatarURL != "/users/u5/avatar?v=id" {
		t.Errorf("got %+v", upload)
	}
	s.upload.Status, s.upload.Refusal = membership.AvatarRefused, "picture_too_large"
	send(t, h, "GET /users/u5/avatar/upload", member).Want(200, "").Into(&upload)
	if upload.Status != api.AvatarUploadStatusRefused || upload.Code != "picture_too_large" || upload.Message == "" || upload.AvatarURL != "" {
		t.Errorf("got %+v", upload)
	}

	put(staff, `{"contentType":"image/svg+xml"}`).Want(400, "invalid_picture_type")
	put(staff, `{}`).Want(400, "required")
	put(staff, `{"contentType":"image/png","size":1}`).Want(400, "unknown_field")
	put(foreigner, `{"contentType":"image/png"}`).Want(404, "not_found")
	put("portal member c1 u6", `{"contentType":"image/png"}`).Want(403, "forbidden")

	send(t, h, "DELETE /users/u5/avatar", foreigner).Want(404, "not_found")
	send(t, h, "DELETE /users/u5/avatar", "portal moderator c1 u6").Want(403, "forbidden")
	if s.dropped {
		t.Error("dropped all the same")
	}
	if a := send(t, h, "DELETE /users/u5/avatar", administrator).Want(204, ""); a.Body != "" || !s.dropped || s.upload.UploadID != "" {
		t.Errorf("left %+v", s.upload)
	}
}
