package door

import (
	"context"
	"net/http"
	"strings"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// picturePage shows a user's picture and uploads a new one, from the browser straight to the bucket.
type picturePage struct {
	Record           recordPage // the tab's frame; zero on one's own page
	Own              bool
	Picture          string
	Name             string
	At               string // address of this page
	Once             string
	Upload           *membership.UploadForm
	Types            string
	Waiting, Refused bool
	Problem          web.Phrase
	Remove           *web.Action
}

// showPicture shows the picture, and what happened to the last upload.
func (d *Door) showPicture(w http.ResponseWriter, r *http.Request, user membership.User, view picturePage) {
	view.Picture, view.Name, view.Once = pictureAddress(user, membership.AvatarLarge), user.DisplayName(), d.Once()
	upload, err := d.Avatars.Upload(r.Context(), d.Call(r), user.ID)
	if err != nil && membership.KindOf(err) != membership.NotFound {
		d.Pages.Failed(w, r, err)
		return
	}
	// Wait only after a return from the bucket with a file: a form that nobody sent is nothing to wait for.
	view.Waiting = upload.Status == membership.AvatarWaiting && r.URL.Query().Has("sent")
	switch upload.Status {
	case membership.AvatarRefused:
		view.Problem = web.Known(upload.Err().Code)
	case membership.AvatarLost:
		if r.URL.Query().Has("sent") {
			view.Problem = web.Text("people.picture_lost")
		}
	}
	if view.Picture != "" {
		view.Remove = &web.Action{Label: web.Text("people.picture_remove"), URL: view.At + "/remove", Post: true, Kind: "danger"}
	}
	d.Pages.Render(w, r, http.StatusOK, "picture", view)
}

// beginPicture signs the form with which the browser uploads a file, and shows it.
func (d *Door) beginPicture(w http.ResponseWriter, r *http.Request, user membership.User, view picturePage) {
	_, form, err := d.Avatars.Begin(r.Context(), d.Call(r), user.ID, "", d.origin(r)+view.At+"?sent=1")
	if err != nil {
		d.Pages.Fail(w, r, err, web.Action{Label: web.Text("people.picture_back"), URL: view.At, Kind: "primary"})
		return
	}
	view.Picture, view.Name, view.Upload = pictureAddress(user, membership.AvatarLarge), user.DisplayName(), &form
	view.Types = strings.Join(membership.PictureTypes(), ",")
	d.Pages.Render(w, r, http.StatusOK, "picture", view)
}

func (d *Door) removePicture(w http.ResponseWriter, r *http.Request, user membership.User, at string) {
	if err := d.Avatars.Remove(r.Context(), d.Call(r), user.ID); err != nil {
		d.Pages.Fail(w, r, err, web.Action{Label: web.Text("people.picture_back"), URL: at, Kind: "primary"})
		return
	}
	web.Notify(w, "success", "notice.picture_removed")
	http.Redirect(w, r, at, http.StatusSeeOther)
}

// userPicture is the tab with a user's picture; the last part of the address says what to do.
func (p People) userPicture(w http.ResponseWriter, r *http.Request, at place) {
	user, err := p.changeable(r, at)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	view := picturePage{Record: p.record(r, at, user, "picture"), At: at.user(user.ID, "picture")}
	p.Door.servePicture(w, r, user, view)
}

func (d *Door) servePicture(w http.ResponseWriter, r *http.Request, user membership.User, view picturePage) {
	switch lastPart(r) {
	case "begin":
		d.beginPicture(w, r, user, view)
	case "remove":
		d.removePicture(w, r, user, view.At)
	default:
		d.showPicture(w, r, user, view)
	}
}

// ownPicture is the same page for one's own picture.
func (d *Door) ownPicture(w http.ResponseWriter, r *http.Request) {
	user, err := d.Profile.Get(r.Context(), d.Call(r))
	if err == nil && user.Source == membership.SourceDirectory {
		err = membership.ErrDirectory
	}
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	d.servePicture(w, r, user, picturePage{Own: true, At: "/profile/picture"})
}

// picture serves a user's picture to people who may see the user.
func (d *Door) picture(w http.ResponseWriter, r *http.Request) {
	size, asked, have, err := httpapi.PictureParameters(r)
	var avatar membership.Avatar
	if err == nil {
		avatar, err = d.readPicture(r.Context(), r, size, have)
	}
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	httpapi.RespondPicture(w, avatar, asked)
}

func (d *Door) readPicture(ctx context.Context, r *http.Request, size int, have string) (membership.Avatar, error) {
	id, err := httpapi.PathID(r, "userId")
	if err != nil {
		return membership.Avatar{}, err
	}
	return d.Avatars.Get(ctx, d.Call(r), id, size, have)
}
