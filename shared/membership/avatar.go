package membership

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Pictures of users. A browser uploads the file to the bucket with a signed form (a request through API Gateway cannot
// carry 5 MB). A worker judges it by its content and makes squares of it that carry nothing but their pixels; only
// those are ever shown.

// Which pictures are accepted, and what is made of them.
const (
	MaxPictureBytes  = 5 << 20    // 5 MiB
	MaxPicturePixels = 40_000_000 // width × height; more than the cameras of phones make by default

	AvatarSmall = 64 // pixels a side
	AvatarLarge = 256

	// avatarFormLifetime is how long the form for an upload can be used: long enough for a slow connection, short
	// because anybody who has the form can use it.
	avatarFormLifetime = 10 * time.Minute
	// avatarPatience is how long to wait for news of an upload after its form has ended; then it counts as lost. The
	// worker has three tries of a minute each, with pauses between them.
	avatarPatience = 10 * time.Minute
)

// AvatarSizes returns the sides, in pixels, of the squares that are made of a picture.
func AvatarSizes() []int { return []int{AvatarSmall, AvatarLarge} }

// PictureTypes returns the content types that are taken.
func PictureTypes() []string { return []string{"image/jpeg", "image/png", "image/webp"} }

// anyPicture is the content type of a form in a page, which cannot know what will be chosen. Only the content counts.
const anyPicture = "image/"

// avatarUploads and filesPerUpload limit the work that one person can cause: a form takes any number of files until it
// ends. People choose a wrong file once or twice, and the worker tries a file up to three times.
var (
	avatarUploads  = Throttle{"avatar-uploads", 30, time.Hour}
	filesPerUpload = Throttle{"avatar-files", 10, time.Hour}
)

// What is wrong with a picture. The worker notes it, the page shows it.
var (
	ErrPictureFormat   = &Error{Kind: Invalid, Code: "picture_format", Field: "file", Message: "This file is no JPEG, PNG or WebP picture. Choose another one."}
	ErrPictureTooLarge = &Error{Kind: Invalid, Code: "picture_too_large", Field: "file", Message: "This picture is too large. It may have at most 5 MB and 40 million pixels. Choose a smaller one."}
	ErrPictureBroken   = &Error{Kind: Invalid, Code: "picture_broken", Field: "file", Message: "This picture cannot be read: the file is damaged or incomplete. Choose another one."}
)

// AvatarRef names one upload. The id of an upload is the version of the pictures that are made from it.
type AvatarRef struct{ CustomerID, UserID, UploadID string }

// AvatarStatus is what became of an upload.
type AvatarStatus string

// The statuses. Lost is computed: nothing was heard of the upload in time. An upload is withdrawn while it is being
// removed, and is then shown to nobody.
const (
	AvatarWaiting   AvatarStatus = "waiting" // for the file, or for the worker
	AvatarReady     AvatarStatus = "ready"
	AvatarRefused   AvatarStatus = "refused"
	AvatarLost      AvatarStatus = "lost"
	AvatarWithdrawn AvatarStatus = "withdrawn"
)

// AvatarUpload is the last upload begun for a user. A new one replaces it, and the old one is no longer wanted.
type AvatarUpload struct {
	AvatarRef
	Status  AvatarStatus // as stored; StatusAt is what holds
	Refusal string       // the code of what is wrong with a refused file
	// Who began it: the worker acts for them.
	ByID, ByName string
	ExpiresAt    time.Time // the form's end
	// Withdrawn is the version of the user's record from which the upload was withdrawn.
	Withdrawn int
}

// StatusAt returns the status as the clock has it.
func (u AvatarUpload) StatusAt(now time.Time) AvatarStatus {
	if u.Status == AvatarWaiting && now.After(u.ExpiresAt.Add(avatarPatience)) {
		return AvatarLost
	}
	return u.Status
}

// URL returns where the picture of this upload is shown, at each door.
func (r AvatarRef) URL() string { return "/users/" + r.UserID + avatarPath + r.UploadID }

// Err returns what is wrong with a refused file, else nil.
func (u AvatarUpload) Err() *Error {
	if u.Status != AvatarRefused {
		return nil
	}
	for _, e := range []*Error{ErrPictureFormat, ErrPictureTooLarge} {
		if e.Code == u.Refusal {
			return e
		}
	}
	return ErrPictureBroken
}

// UploadForm is a signed form: the address to post to as multipart/form-data, and the fields to send before the file,
// whose own field is called "file" and comes last.
type UploadForm struct {
	URL       string
	Fields    map[string]string
	ExpiresAt time.Time
}

// Avatar is a picture that may be shown.
type Avatar struct {
	Version string
	JPEG    []byte // nil if the caller has this version already
}

// AvatarStore is what pictures need of the table.
type AvatarStore interface {
	// User and ChangeUser are those of UserStore.
	User(ctx context.Context, reach Reach, userID string) (User, error)
	ChangeUser(ctx context.Context, before, after User, invitation *InvitationChange, t Trail) error
	// AvatarUpload returns the last upload begun for a user, zero if there is none.
	AvatarUpload(ctx context.Context, customerID, userID string) (AvatarUpload, error)
	// BeginAvatarUpload takes the place of an earlier one.
	BeginAvatarUpload(ctx context.Context, u AvatarUpload) error
	// EndAvatarUpload stores what became of an upload. Errors: ErrStale when another one has taken its place.
	EndAvatarUpload(ctx context.Context, u AvatarUpload) error
	// DropAvatarUpload forgets an upload, unless another one has taken its place.
	DropAvatarUpload(ctx context.Context, ref AvatarRef) error
	// Take counts one event. Errors: TooMany when the limit is reached.
	Take(ctx context.Context, t Throttle, subject string, now time.Time) error
}

// AvatarFiles is what pictures need of the bucket.
type AvatarFiles interface {
	// UploadForm signs the form for one upload; back is where the browser goes afterwards, "" for scripts and services.
	UploadForm(ctx context.Context, ref AvatarRef, contentType, back string, expires time.Time) (UploadForm, error)
	// Upload returns what was uploaded. Errors: ErrNotFound, ErrPictureTooLarge.
	Upload(ctx context.Context, ref AvatarRef) ([]byte, error)
	DropUpload(ctx context.Context, ref AvatarRef) error
	// Picture returns one of the squares. Errors: ErrNotFound.
	Picture(ctx context.Context, ref AvatarRef, size int) ([]byte, error)
	PutPicture(ctx context.Context, ref AvatarRef, size int, jpeg []byte) error
	// DropPictures deletes the squares of the uploads for which drop returns true.
	DropPictures(ctx context.Context, customerID, userID string, drop func(uploadID string) bool) error
}

// Avatars are the use cases about the pictures of users.
type Avatars struct {
	Store AvatarStore
	Files AvatarFiles
	// Squares makes a JPEG of each size of a picture (shared/picture). Only Finish needs it.
	// Errors: ErrPictureFormat, ErrPictureTooLarge, ErrPictureBroken.
	Squares func(ctx context.Context, data []byte, sizes []int) ([][]byte, error)
	// NewID returns ids that sort by the time they are made (UUIDv7); they tell old pictures from new ones.
	NewID func() string
}

// Begin starts the upload of a picture for the actor, or for a user whom the actor may change, and returns its form.
// contentType is one of PictureTypes, or "" for a form in a page. back is the page to return to, "" for scripts and
// services.
// Errors: ErrNotFound, ErrForbidden, ErrDirectory, Invalid, TooMany, Conflict (impossible_in_status).
func (a Avatars) Begin(ctx context.Context, c Call, userID, contentType, back string) (AvatarRef, UploadForm, error) {
	switch {
	case contentType == "":
		contentType = anyPicture
	case !slices.Contains(PictureTypes(), contentType):
		return AvatarRef{}, UploadForm{}, InvalidField("contentType", "invalid_picture_type", "Choose one of image/jpeg, image/png and image/webp.")
	}
	user, err := a.find(ctx, c, userID, ChangeUsers)
	if err == nil {
		err = changeable(c, user)
	}
	if err == nil {
		err = a.Store.Take(ctx, avatarUploads, c.Actor.UserID, c.Now)
	}
	if err != nil {
		return AvatarRef{}, UploadForm{}, err
	}
	ref := AvatarRef{CustomerID: user.CustomerID, UserID: user.ID, UploadID: a.NewID()}
	expires := second(c.Now.Add(avatarFormLifetime))
	form, err := a.Files.UploadForm(ctx, ref, contentType, back, expires)
	if err != nil {
		return AvatarRef{}, UploadForm{}, err
	}
	return ref, form, a.Store.BeginAvatarUpload(ctx, AvatarUpload{
		AvatarRef: ref, Status: AvatarWaiting, ByID: c.Actor.UserID, ByName: c.Actor.Name, ExpiresAt: expires,
	})
}

// changeable returns nil if a user's picture can be set or removed. Pictures are stored under their customer, and a
// user who waits may still move to another one (StepChange).
func changeable(c Call, user User) error {
	if user.Source == SourceDirectory {
		return ErrDirectory
	}
	_, err := user.StatusAt(c.Now).after(StepChange)
	return err
}

// find returns a user if the actor may do this to them; everybody may do it to themselves.
func (a Avatars) find(ctx context.Context, c Call, userID string, action Action) (User, error) {
	user, err := a.Store.User(ctx, c.Actor.Reach(), userID)
	if err == nil && user.Status == Removed && c.Actor.Realm == Portal {
		err = ErrNotFound
	}
	if err != nil || user.ID == c.Actor.UserID && c.Actor.Realm != System {
		return user, err
	}
	return user, c.Actor.require(action, user.CustomerID, user.Role)
}

// Upload returns what became of the last upload for a user. Errors: ErrNotFound, ErrForbidden.
func (a Avatars) Upload(ctx context.Context, c Call, userID string) (AvatarUpload, error) {
	user, err := a.find(ctx, c, userID, ChangeUsers)
	if err != nil {
		return AvatarUpload{}, err
	}
	u, err := a.Store.AvatarUpload(ctx, user.CustomerID, user.ID)
	if err != nil {
		return AvatarUpload{}, err
	}
	if u.UploadID == "" || u.Status == AvatarWithdrawn {
		return AvatarUpload{}, ErrNotFound
	}
	u.Status = u.StatusAt(c.Now)
	return u, nil
}

// Get returns a user's picture, to the user and to everybody who may read the user. size is one of AvatarSizes. have is
// the version that the caller has, "" for none. Errors: ErrNotFound, ErrForbidden.
func (a Avatars) Get(ctx context.Context, c Call, userID string, size int, have string) (Avatar, error) {
	user, err := a.find(ctx, c, userID, ReadUsers)
	if err != nil {
		return Avatar{}, err
	}
	ref := AvatarRef{CustomerID: user.CustomerID, UserID: user.ID, UploadID: AvatarVersion(user)}
	switch {
	case ref.UploadID == "":
		return Avatar{}, ErrNotFound
	case ref.UploadID == have:
		return Avatar{Version: have}, nil
	}
	jpeg, err := a.Files.Picture(ctx, ref, size)
	return Avatar{Version: ref.UploadID, JPEG: jpeg}, err
}

// Remove deletes a user's picture and ends an upload in progress.
// Errors: ErrNotFound, ErrForbidden, ErrDirectory, ErrStale, Conflict (impossible_in_status).
func (a Avatars) Remove(ctx context.Context, c Call, userID string) error {
	made := a.NewID() // what is uploaded from now on stays
	for try := 0; ; try++ {
		before, err := a.find(ctx, c, userID, ChangeUsers)
		if err == nil {
			err = changeable(c, before)
		}
		if err != nil {
			return err
		}
		err = a.withdraw(ctx, c, before, try > 0)
		if KindOf(err) == Stale && try < avatarTries {
			continue
		}
		if err != nil {
			return err
		}
		// Even if there was no picture: an earlier try may have died here.
		return a.Files.DropPictures(ctx, before.CustomerID, before.ID, func(uploadID string) bool { return uploadID < made })
	}
}

// withdraw ends an upload in progress and clears the record, in this order: a worker that read the upload before it was
// withdrawn then fails on the record's new version. again says that this call was here before; without it, a withdrawn
// upload whose record has moved on was left by an earlier try that died before its last step. Errors: ErrStale.
func (a Avatars) withdraw(ctx context.Context, c Call, before User, again bool) error {
	upload, err := a.Store.AvatarUpload(ctx, before.CustomerID, before.ID)
	if err != nil {
		return err
	}
	if upload.Status == AvatarWaiting || upload.Status == AvatarRefused || upload.Status == AvatarWithdrawn && again {
		upload.Status, upload.Withdrawn = AvatarWithdrawn, before.Version
		if err := a.Store.EndAvatarUpload(ctx, upload); err != nil {
			return err
		}
	}
	if upload.Withdrawn == before.Version || before.AvatarURL != "" {
		if err := a.change(ctx, c, before, "", "user.avatar-removed", AvatarUpload{}); err != nil {
			return err
		}
	}
	if upload.UploadID == "" {
		return nil
	}
	return a.Store.DropAvatarUpload(ctx, upload.AvatarRef)
}

// avatarTries is how often a change is repeated when somebody else changes the record at the same moment.
const avatarTries = 4

// change sets a user's picture to that of an upload, or to none.
func (a Avatars) change(ctx context.Context, c Call, before User, uploadID, action string, by AvatarUpload) error {
	after := before
	after.AvatarURL, after.Version = "", before.Version+1
	if uploadID != "" {
		after.AvatarURL = by.URL()
	}
	entry := c.auditEntry(a.NewID(), action, "user", before.ID, before.CustomerID, map[string]string{"avatarUrl": before.AvatarURL}, map[string]string{"avatarUrl": after.AvatarURL})
	if by.ByID != "" {
		entry.OnBehalfOf, entry.ActorName = by.ByID, by.ByName
	}
	return a.Store.ChangeUser(ctx, before, after, nil, c.trail(entry, before.ID))
}

const avatarPath = "/avatar?v="

// AvatarVersion returns the version of a user's picture, "" if there is none.
func AvatarVersion(u User) string {
	_, version, _ := strings.Cut(u.AvatarURL, avatarPath)
	return version
}

// Finish makes a user's picture from an upload. The worker calls it, perhaps more than once and at the same time: the
// squares of an upload are always the same, they are stored before the record names them, and what they replace is
// deleted last. An upload that is no longer wanted (replaced, withdrawn, its user removed) is thrown away. It returns
// what became of the upload, "" for nothing. Errors: those that another try may cure.
func (a Avatars) Finish(ctx context.Context, c Call, ref AvatarRef) (AvatarStatus, error) {
	made := false // whether squares were written
	for try := 0; ; try++ {
		upload, before, err := a.wanted(ctx, c, ref)
		if err != nil {
			return "", err
		}
		current := AvatarVersion(before) == ref.UploadID
		if upload.UploadID == "" && !current {
			return "", a.throwAway(ctx, ref, made)
		}
		if !current && !made {
			err := a.Store.Take(ctx, filesPerUpload, ref.UploadID, c.Now)
			if KindOf(err) == TooMany {
				return "", a.Files.DropUpload(ctx, ref)
			}
			if err == nil {
				err = a.make(ctx, ref)
			}
			switch {
			case KindOf(err) == Invalid:
				return a.refuse(ctx, upload, CodeOf(err))
			case KindOf(err) == NotFound: // the worker of an earlier event has just finished, or the file is more than a day old
				return "", nil
			case err != nil:
				return "", err
			}
			made = true
		}
		if !current {
			err := a.change(ctx, c, before, ref.UploadID, "user.avatar-changed", upload)
			if KindOf(err) == Stale && try < avatarTries {
				continue
			}
			if err != nil {
				return "", err
			}
		}
		return AvatarReady, a.settle(ctx, ref, upload)
	}
}

// wanted returns the upload and its user, the upload zero if it is no longer wanted. After a refused file, another one
// can be sent with the same form.
func (a Avatars) wanted(ctx context.Context, c Call, ref AvatarRef) (AvatarUpload, User, error) {
	// Read the user first: an upload is withdrawn before its user is changed.
	user, err := a.Store.User(ctx, ReachCustomer(ref.CustomerID), ref.UserID)
	if KindOf(err) == NotFound {
		return AvatarUpload{}, User{}, nil
	}
	if err != nil {
		return AvatarUpload{}, User{}, err
	}
	upload, err := a.Store.AvatarUpload(ctx, ref.CustomerID, ref.UserID)
	if err != nil || upload.UploadID != ref.UploadID || upload.Status == AvatarWithdrawn || changeable(c, user) != nil {
		upload = AvatarUpload{}
	}
	return upload, user, err
}

// make writes the squares of an upload.
func (a Avatars) make(ctx context.Context, ref AvatarRef) error {
	data, err := a.Files.Upload(ctx, ref)
	if err != nil {
		return err
	}
	sizes := AvatarSizes()
	squares, err := a.Squares(ctx, data, sizes)
	if err != nil {
		return err
	}
	for i, size := range sizes {
		if err := a.Files.PutPicture(ctx, ref, size, squares[i]); err != nil {
			return err
		}
	}
	return nil
}

// settle tidies up after the record names the new picture.
func (a Avatars) settle(ctx context.Context, ref AvatarRef, upload AvatarUpload) error {
	if upload.UploadID != "" {
		upload.Status = AvatarReady
		if err := a.Store.EndAvatarUpload(ctx, upload); err != nil && KindOf(err) != Stale {
			return err
		}
	}
	if err := a.Files.DropPictures(ctx, ref.CustomerID, ref.UserID, func(uploadID string) bool { return uploadID < ref.UploadID }); err != nil {
		return err
	}
	return a.Files.DropUpload(ctx, ref)
}

func (a Avatars) refuse(ctx context.Context, upload AvatarUpload, code string) (AvatarStatus, error) {
	upload.Status, upload.Refusal = AvatarRefused, code
	if err := a.Store.EndAvatarUpload(ctx, upload); err != nil && KindOf(err) != Stale {
		return "", err
	}
	return AvatarRefused, a.Files.DropUpload(ctx, upload.AvatarRef)
}

// throwAway deletes an upload that nobody wants, with the squares made of it.
func (a Avatars) throwAway(ctx context.Context, ref AvatarRef, made bool) error {
	if made {
		err := a.Files.DropPictures(ctx, ref.CustomerID, ref.UserID, func(uploadID string) bool { return uploadID == ref.UploadID })
		if err != nil {
			return err
		}
	}
	return a.Files.DropUpload(ctx, ref)
}
