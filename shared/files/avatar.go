package files

import (
	"context"
	"errors"
	"time"

	"clientele/shared/membership"
)

// Avatars keeps users' pictures; it implements membership.AvatarFiles.
type Avatars struct{ Bucket Bucket }

// UploadForm signs the form for one upload. back is where the browser goes afterwards, "" for scripts and services.
func (a Avatars) UploadForm(ctx context.Context, ref membership.AvatarRef, contentType, back string, expires time.Time) (membership.UploadForm, error) {
	return a.Bucket.Form(ctx, Terms{Key: AvatarUpload(ref), ContentType: contentType, MaxBytes: membership.MaxPictureBytes, Expires: expires, Back: back})
}

// Upload returns the uploaded file. Errors: ErrNotFound, ErrPictureTooLarge, ErrOverloaded.
func (a Avatars) Upload(ctx context.Context, ref membership.AvatarRef) ([]byte, error) {
	data, err := a.Bucket.Get(ctx, AvatarUpload(ref), membership.MaxPictureBytes)
	if errors.Is(err, ErrTooBig) {
		err = membership.ErrPictureTooLarge
	}
	return data, err
}

// DropUpload deletes the uploaded file. Errors: ErrOverloaded.
func (a Avatars) DropUpload(ctx context.Context, ref membership.AvatarRef) error {
	return a.Bucket.Delete(ctx, AvatarUpload(ref))
}

// pictureLimit is in bytes and far above any JPEG of 256 × 256 pixels.
const pictureLimit = 1 << 20

// Picture returns one of the squares. Errors: ErrNotFound, ErrOverloaded.
func (a Avatars) Picture(ctx context.Context, ref membership.AvatarRef, size int) ([]byte, error) {
	return a.Bucket.Get(ctx, AvatarPicture(ref, size), pictureLimit)
}

// PutPicture writes one of the squares. Errors: ErrOverloaded.
func (a Avatars) PutPicture(ctx context.Context, ref membership.AvatarRef, size int, jpeg []byte) error {
	return a.Bucket.Put(ctx, AvatarPicture(ref, size), "image/jpeg", jpeg)
}

// DropPictures deletes the squares of the uploads for which drop returns true. Squares beyond the first thousand are
// left to the next call. Errors: ErrOverloaded.
func (a Avatars) DropPictures(ctx context.Context, customerID, userID string, drop func(uploadID string) bool) error {
	prefix := avatarsOf(customerID, userID)
	if prefix == "" {
		return errors.New("files: pictures without customer or user")
	}
	names, err := a.Bucket.list(ctx, prefix)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !drop(versionOf(name)) {
			continue
		}
		if err := a.Bucket.Delete(ctx, Key{name}); err != nil {
			return err
		}
	}
	return nil
}
