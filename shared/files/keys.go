package files

import (
	"strconv"
	"strings"

	"clientele/shared/membership"
)

// Key is the place of one object in the bucket. This file is the only one that builds keys; each holds the ids of the
// customer and of the user whom it belongs to. The zero Key is none: the bucket refuses it.
type Key struct{ name string }

// String returns the key as S3 and its events have it.
func (k Key) String() string { return k.name }

// The prefixes. What is below uploads, exports, imports and inbound is deleted by age (template.yaml): after a day, a week,
// a day more than an import is kept, and a week.
const (
	avatarUploads = "uploads/avatars/"
	importUploads = "uploads/imports/"
	exports       = "exports/"
	imports       = "imports/"
	avatars       = "avatars/"
	inboundMails  = "inbound/"
)

// AvatarUpload is where a picture is uploaded to: uploads/avatars/<customer>/<user>/<upload>.
func AvatarUpload(ref membership.AvatarRef) Key {
	return join(avatarUploads, ref.CustomerID, ref.UserID, ref.UploadID)
}

// AvatarPicture is one square made from an upload: avatars/<customer>/<user>/<upload>-<pixels>.jpg.
func AvatarPicture(ref membership.AvatarRef, size int) Key {
	k := join(avatars, ref.CustomerID, ref.UserID, ref.UploadID)
	if k.name != "" {
		k.name += "-" + strconv.Itoa(size) + ".jpg"
	}
	return k
}

// ImportUpload is where a list of people is uploaded to: uploads/imports/<customer>/<user>/<import>.
func ImportUpload(customerID, userID, importID string) Key {
	return join(importUploads, customerID, userID, importID)
}

// ImportFile is what belongs to an import: the file as it was read, its rows, its results:
// imports/<customer>/<user>/<import>/<name>.
func ImportFile(customerID, userID, importID, name string) Key {
	return join(imports, customerID, userID, importID, name)
}

// importFilesOf is what the keys of all that belongs to an import begin with, "" when an id is none.
func importFilesOf(customerID, userID, importID string) string {
	k := join(imports, customerID, userID, importID)
	if k.name == "" {
		return ""
	}
	return k.name + "/"
}

// InboundMail is a mail as it came in, written by SES under its own id: inbound/<id>. It belongs to nobody yet.
func InboundMail(mailID string) Key { return join(inboundMails, mailID) }

// Export is one file, or part of one, of an export: exports/<customer>/<user>/<export>/<part>. The user is who asked for
// it.
func Export(customerID, userID, exportID, part string) Key {
	return join(exports, customerID, userID, exportID, part)
}

// AvatarUploadOf returns what was uploaded, from the key in an event; false when the key is none of AvatarUpload's.
func AvatarUploadOf(name string) (membership.AvatarRef, bool) {
	rest, ok := strings.CutPrefix(name, avatarUploads)
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 {
		return membership.AvatarRef{}, false
	}
	ref := membership.AvatarRef{CustomerID: parts[0], UserID: parts[1], UploadID: parts[2]}
	return ref, AvatarUpload(ref).name == name
}

// avatarsOf is what the keys of a user's pictures begin with, "" when an id is none.
func avatarsOf(customerID, userID string) string {
	k := join(avatars, customerID, userID)
	if k.name == "" {
		return ""
	}
	return k.name + "/"
}

// versionOf returns from which upload a picture was made.
func versionOf(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	return name[:max(strings.LastIndexByte(name, '-'), 0)]
}

// join returns the zero Key when a part is no id: a missing or foreign-looking one must not lead to another's place.
func join(prefix string, parts ...string) Key {
	for _, p := range parts {
		if !isID(p) {
			return Key{}
		}
	}
	return Key{prefix + strings.Join(parts, "/")}
}

// isID says whether a part of a key consists of letters, digits, hyphens and dots, beginning with a letter or digit:
// nothing that S3, an address or a policy reads in another way.
func isID(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && (i == 0 || c != '-' && c != '.') {
			return false
		}
	}
	return s != "" && len(s) <= 100
}
