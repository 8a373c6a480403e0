package files

import (
	"strconv"
	"strings"

	"clientele/shared/membership"
)

// Key is the place of one object in the bucket. Only this file builds keys; except for inbound mails, each holds the
// ids of the customer and the user to whom it belongs. The bucket refuses the zero Key.
type Key struct{ name string }

// String returns the key as S3 and its events spell it.
func (k Key) String() string { return k.name }

// The prefixes. Objects under uploads, exports, imports and inbound are deleted by age (template.yaml): after a day,
// after a week, a day later than the import they belong to, and after a week.
const (
	avatarUploads = "uploads/avatars/"
	importUploads = "uploads/imports/"
	exports       = "exports/"
	imports       = "imports/"
	avatars       = "avatars/"
	inboundMails  = "inbound/"
)

// AvatarUpload returns where a picture is uploaded: uploads/avatars/<customer>/<user>/<upload>.
func AvatarUpload(ref membership.AvatarRef) Key {
	return join(avatarUploads, ref.CustomerID, ref.UserID, ref.UploadID)
}

// AvatarPicture returns the key of one square made from an upload: avatars/<customer>/<user>/<upload>-<pixels>.jpg.
func AvatarPicture(ref membership.AvatarRef, size int) Key {
	k := join(avatars, ref.CustomerID, ref.UserID, ref.UploadID)
	if k.name != "" {
		k.name += "-" + strconv.Itoa(size) + ".jpg"
	}
	return k
}

// ImportUpload returns where a list of people is uploaded: uploads/imports/<customer>/<user>/<import>.
func ImportUpload(customerID, userID, importID string) Key {
	return join(importUploads, customerID, userID, importID)
}

// ImportFile returns the key of one of an import's files (the file as it was read, its rows, its results):
// imports/<customer>/<user>/<import>/<name>.
func ImportFile(customerID, userID, importID, name string) Key {
	return join(imports, customerID, userID, importID, name)
}

// importFilesOf returns the prefix of the keys of an import's files, or "" when an id is invalid.
func importFilesOf(customerID, userID, importID string) string {
	k := join(imports, customerID, userID, importID)
	if k.name == "" {
		return ""
	}
	return k.name + "/"
}

// InboundMail returns the key of a mail as it came in, written by SES under its own id: inbound/<id>. It belongs to
// nobody yet.
func InboundMail(mailID string) Key { return join(inboundMails, mailID) }

// Export returns the key of a file of an export, or of a part: exports/<customer>/<user>/<export>/<part>. The user is
// the one who asked for it.
func Export(customerID, userID, exportID, part string) Key {
	return join(exports, customerID, userID, exportID, part)
}

// AvatarUploadOf returns the upload of a key in an event, or false when the key is not one of AvatarUpload's.
func AvatarUploadOf(name string) (membership.AvatarRef, bool) {
	rest, ok := strings.CutPrefix(name, avatarUploads)
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 {
		return membership.AvatarRef{}, false
	}
	ref := membership.AvatarRef{CustomerID: parts[0], UserID: parts[1], UploadID: parts[2]}
	return ref, AvatarUpload(ref).name == name
}

// avatarsOf returns the prefix of the keys of a user's pictures, or "" when an id is invalid.
func avatarsOf(customerID, userID string) string {
	k := join(avatars, customerID, userID)
	if k.name == "" {
		return ""
	}
	return k.name + "/"
}

// versionOf returns the upload that a picture was made from.
func versionOf(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	return name[:max(strings.LastIndexByte(name, '-'), 0)]
}

// join returns the zero Key when a part is not an id: a missing or strange part must not lead to somebody else's
// object.
func join(prefix string, parts ...string) Key {
	for _, p := range parts {
		if !isID(p) {
			return Key{}
		}
	}
	return Key{prefix + strings.Join(parts, "/")}
}

// isID says whether a part of a key has 1 to 100 letters, digits, hyphens and dots, the first a letter or digit:
// nothing that S3, an address or a policy would read differently.
func isID(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && (i == 0 || c != '-' && c != '.') {
			return false
		}
	}
	return s != "" && len(s) <= 100
}
