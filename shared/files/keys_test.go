package files

import (
	"testing"

	"clientele/shared/membership"
)

var ref = membership.AvatarRef{CustomerID: "c1", UserID: "u-2", UploadID: "0192-x"}

func TestKeys(t *testing.T) {
	for want, k := range map[string]Key{
		"uploads/avatars/c1/u-2/0192-x": AvatarUpload(ref),
		"avatars/c1/u-2/0192-x-64.jpg":  AvatarPicture(ref, 64),
		"uploads/imports/c1/u/i":        ImportUpload("c1", "u", "i"),
		"imports/c1/u/i/result.csv":     ImportFile("c1", "u", "i", "result.csv"),
		"exports/c1/u/e/users.csv":      Export("c1", "u", "e", "users.csv"),
		"inbound/8vkq3m1t0b7c":          InboundMail("8vkq3m1t0b7c"),
	} {
		if k.String() != want {
			t.Errorf("got %s, want %s", k, want)
		}
	}
	if got, ok := AvatarUploadOf("uploads/avatars/c1/u-2/0192-x"); !ok || got != ref {
		t.Errorf("got %+v, %v", got, ok)
	}
	if v := versionOf(AvatarPicture(ref, 256).name); v != ref.UploadID {
		t.Errorf("version %q", v)
	}
}

// An id that is none leads nowhere: not to a prefix, not to another customer's place.
func TestKeysWithoutIDs(t *testing.T) {
	for _, id := range []string{"", "a/b", "..", ".", "-", "a b", "a%2fb", "a\x00", "ä", "<", "a+b", "a?b", "a*"} {
		for name, k := range map[string]Key{
			"customer": AvatarUpload(membership.AvatarRef{CustomerID: id, UserID: "u", UploadID: "i"}),
			"user":     AvatarPicture(membership.AvatarRef{CustomerID: "c", UserID: id, UploadID: "i"}, 64),
			"upload":   AvatarPicture(membership.AvatarRef{CustomerID: "c", UserID: "u", UploadID: id}, 64),
			"import":   ImportUpload("c", "u", id),
			"file":     ImportFile("c", id, "i", "result.csv"),
			"part":     Export("c", "u", "e", id),
			"mail":     InboundMail(id),
		} {
			if k != (Key{}) {
				t.Errorf("%s %q: %s", name, id, k)
			}
		}
		if p := avatarsOf("c", id) + importFilesOf("c", "u", id); p != "" {
			t.Errorf("prefix %s", p)
		}
		if _, ok := AvatarUploadOf("uploads/avatars/c/u/" + id); ok {
			t.Errorf("%q is taken for an upload", id)
		}
	}
	for _, name := range []string{"", "uploads/avatars/", "uploads/avatars/c/u", "uploads/avatars/c/u/i/x", "avatars/c/u/i", "uploads/imports/c/u/i", "/uploads/avatars/c/u/i"} {
		if r, ok := AvatarUploadOf(name); ok {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
