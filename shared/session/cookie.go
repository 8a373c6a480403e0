package session

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

// secretLength is the random part of a cookie in bytes.
const secretLength = 32

// ticket is what a cookie says: <customer id>.<user id>.<session id>.<secret in base64url>.
type ticket struct {
	customerID, userID, sessionID string
	secret                        []byte
}

func (t ticket) text() string {
	return strings.Join([]string{t.customerID, t.userID, t.sessionID, base64.RawURLEncoding.EncodeToString(t.secret)}, ".")
}

// parse splits a cookie's value. It checks ids closely: the table is asked with them.
func parse(value string) (ticket, bool) {
	parts := strings.Split(value, ".")
	if len(parts) != 4 {
		return ticket{}, false
	}
	for _, id := range parts[:3] {
		if _, err := httpapi.ID(id); err != nil {
			return ticket{}, false
		}
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(parts[3])
	return ticket{parts[0], parts[1], parts[2], secret}, err == nil && len(secret) == secretLength
}

// cookieName returns the door's name with a prefix that makes browsers refuse a cookie that is not ours alone: Secure,
// for this host only, for all paths. They accept it on http://localhost too.
func cookieName(door membership.Door) string { return "__Host-" + string(door) }

// cookie returns the door's cookie for lifetime; zero deletes it.
func cookie(door membership.Door, value string, lifetime time.Duration) *http.Cookie {
	seconds := int(lifetime.Seconds())
	if seconds <= 0 {
		seconds = -1
	}
	return &http.Cookie{Name: cookieName(door), Value: value, Path: "/", MaxAge: seconds, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}
