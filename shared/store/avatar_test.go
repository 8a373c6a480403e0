package store

import (
	"testing"
	"time"

	"clientele/shared/membership"
)

func TestAvatarUploads(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		first := membership.AvatarUpload{AvatarRef: membership.AvatarRef{CustomerID: "c1", UserID: "u1", UploadID: "a1"}, Status: membership.AvatarRefused,
			Refusal: "picture_format", ByID: "u2", ByName: "Ada", ExpiresAt: noon().Add(time.Minute), Withdrawn: 3}
		everyFieldSet(t, first)
		none, err := w.table.AvatarUpload(ctx, "c1", "u1")
		must(t, err)
		equal(t, none, membership.AvatarUpload{})
		fails(t, w.table.EndAvatarUpload(ctx, first), membership.ErrStale)
		must(t, w.table.DropAvatarUpload(ctx, first.AvatarRef))

		must(t, w.table.BeginAvatarUpload(ctx, first))
		got, err := w.table.AvatarUpload(ctx, "c1", "u1")
		must(t, err)
		equal(t, got, first)
		foreign, err := w.table.AvatarUpload(ctx, "c2", "u1")
		must(t, err)
		equal(t, foreign, membership.AvatarUpload{})

		second := first
		second.UploadID, second.Status = "a2", membership.AvatarWaiting
		must(t, w.table.BeginAvatarUpload(ctx, second))
		fails(t, w.table.EndAvatarUpload(ctx, first), membership.ErrStale)
		must(t, w.table.DropAvatarUpload(ctx, first.AvatarRef))
		got, err = w.table.AvatarUpload(ctx, "c1", "u1")
		must(t, err)
		equal(t, got, second)
		second.Status = membership.AvatarReady
		must(t, w.table.EndAvatarUpload(ctx, second))
		must(t, w.table.DropAvatarUpload(ctx, second.AvatarRef))
		got, err = w.table.AvatarUpload(ctx, "c1", "u1")
		must(t, err)
		equal(t, got, membership.AvatarUpload{})
	})
}
