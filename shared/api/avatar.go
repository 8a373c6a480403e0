package api

import "clientele/shared/membership"

// AvatarFormFor is the form by which a picture is uploaded.
func AvatarFormFor(ref membership.AvatarRef, f membership.UploadForm) AvatarForm {
	return AvatarForm{ID: ref.UploadID, URL: f.URL, Fields: f.Fields, ExpiresAt: f.ExpiresAt.UTC()}
}

// AvatarUploadFor tells what became of an upload; its status is as the clock has it.
func AvatarUploadFor(u membership.AvatarUpload) AvatarUpload {
	a := AvatarUpload{ID: u.UploadID, Status: AvatarUploadStatus(u.Status)}
	if err := u.Err(); err != nil {
		a.Code, a.Message = err.Code, err.Message
	}
	if u.Status == membership.AvatarReady {
		a.AvatarURL = u.URL()
	}
	return a
}
