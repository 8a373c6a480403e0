package membership

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Purpose separates the keys of one secret: what is good for one purpose is worthless for another.
type Purpose string

// The purposes.
const (
	PurposeInvitation        Purpose = "invitation"
	PurposePasswordReset     Purpose = "password-reset"
	PurposeTemporaryPassword Purpose = "temporary-password"
	PurposeNewPassword       Purpose = "new-password"
	PurposeEmailChange       Purpose = "email-change"
	PurposeCursor            Purpose = "cursor"
	PurposeRegistration      Purpose = "registration"
	PurposeDomain            Purpose = "domain"
	PurposeGuest             Purpose = "guest"
)

// InvitationLifetime is how long an invitation's link is valid. Source: mission 4 and seed 002 ("valid for seven days").
const InvitationLifetime = 7 * 24 * time.Hour

// PasswordResetLifetime is how long a password link is valid. Source: design 5.
const PasswordResetLifetime = time.Hour

// Keys makes and checks everything that is signed. Its root is the deployment's one secret.
type Keys struct{ root []byte }

// NewKeys returns the keys of the deployment's secret, which must have at least 32 bytes.
func NewKeys(secret []byte) (Keys, error) {
	if len(secret) < 32 {
		return Keys{}, fmt.Errorf("the secret has %d bytes, at least 32 are needed", len(secret))
	}
	return Keys{root: secret}, nil
}

// For returns the key of one purpose: 32 bytes by HKDF-SHA-256 (RFC 5869).
func (k Keys) For(p Purpose) []byte {
	key, err := hkdf.Key(sha256.New, k.root, nil, "clientele/"+string(p), 32)
	if err != nil {
		panic(err) // only for impossible lengths
	}
	return key
}

// Link is what a mailed link proves: the holder reads the mail of Address, and the link is the Version-th of its kind.
// It is computed from stored facts and never stored.
type Link struct {
	Purpose   Purpose
	ID        string
	Version   int
	ExpiresAt time.Time
	Address   string // folded
}

// Token returns the text that the mail carries: id.version.mac.
func (k Keys) Token(l Link) string {
	return l.ID + "." + strconv.Itoa(l.Version) + "." + base64.RawURLEncoding.EncodeToString(k.mac(l))
}

func (k Keys) mac(l Link) []byte {
	m := hmac.New(sha256.New, k.For(l.Purpose))
	fmt.Fprintf(m, "%s\x00%s\x00%d\x00%d\x00%s", l.Purpose, l.ID, l.Version, l.ExpiresAt.Unix(), l.Address)
	return m.Sum(nil)
}

// Token is a parsed token. Nothing about it is proven until Verify.
type Token struct {
	ID      string
	Version int
	mac     []byte
}

// ErrBadLink answers tokens that are not ours: mistyped, cut off, or made up.
var ErrBadLink = &Error{Kind: Invalid, Code: "invalid_token", Field: "token", Message: "This link is not complete. Open it again from the mail, or copy all of it."}

// ParseToken parses a token. Errors: ErrBadLink.
func ParseToken(s string) (Token, error) {
	parts := strings.Split(strings.TrimSpace(s), ".")
	if len(s) > 200 || len(parts) != 3 || parts[0] == "" || len(parts[0]) > 64 {
		return Token{}, ErrBadLink
	}
	version, err := strconv.Atoi(parts[1])
	if err != nil || version < 1 || parts[1] != strconv.Itoa(version) { // one spelling only
		return Token{}, ErrBadLink
	}
	mac, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(mac) != sha256.Size || base64.RawURLEncoding.EncodeToString(mac) != parts[2] { // the decoder skips line ends
		return Token{}, ErrBadLink
	}
	return Token{ID: parts[0], Version: version, mac: mac}, nil
}

// Verify says whether t was made by us for these facts. It compares in constant time and decides nothing about expiry.
func (k Keys) Verify(t Token, l Link) bool {
	l.ID, l.Version = t.ID, t.Version
	return subtle.ConstantTimeCompare(t.mac, k.mac(l)) == 1
}
