package session

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

// Guests are the sessions of guests, who are no users. They have a cookie of their own: the doors' sessions know nothing
// of it, so that a guest is nobody on every page but those that ask for a guest.
type Guests struct {
	Guests membership.Guests
	Now    func() time.Time
}

const guestCookieName = "__Host-guest"

func guestCookie(value string, lifetime time.Duration) *http.Cookie {
	seconds := int(lifetime.Seconds())
	if seconds <= 0 {
		seconds = -1
	}
	return &http.Cookie{Name: guestCookieName, Value: value, Path: "/", MaxAge: seconds, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// Start lets a guest in with the token of a one-time link. Errors: ErrBadLink, ErrGuestLinkOver.
func (g Guests) Start(w http.ResponseWriter, r *http.Request, c membership.Call, token string) error {
	secret := make([]byte, secretLength)
	_, _ = rand.Read(secret) // never fails
	s, err := g.Guests.Enter(r.Context(), c, token, secret)
	if err != nil {
		return err
	}
	value := strings.Join([]string{s.CustomerID, s.ID, base64.RawURLEncoding.EncodeToString(secret)}, ".")
	http.SetCookie(w, guestCookie(value, s.EndsAt.Sub(s.CreatedAt)))
	return nil
}

// Load returns the guest and the customer. Somebody who is no longer a guest loses the cookie. Errors: ErrSignedOut.
func (g Guests) Load(w http.ResponseWriter, r *http.Request) (membership.Actor, membership.Customer, error) {
	t, ok := guestTicket(r)
	if !ok {
		return membership.Actor{}, membership.Customer{}, membership.ErrSignedOut
	}
	actor, customer, err := g.Guests.Load(r.Context(), t, g.Now(), httpapi.RequestID(r))
	if membership.KindOf(err) == membership.Unauthenticated {
		http.SetCookie(w, guestCookie("", 0))
	}
	return actor, customer, err
}

// Has tells whether a request comes with a guest's cookie, good or not.
func (g Guests) Has(r *http.Request) bool {
	_, ok := guestTicket(r)
	return ok
}

// End ends a guest's stay. The cookie goes even if the session cannot be deleted; the error then says so.
func (g Guests) End(w http.ResponseWriter, r *http.Request) error {
	t, ok := guestTicket(r)
	if !ok {
		return nil
	}
	http.SetCookie(w, guestCookie("", 0))
	return g.Guests.Leave(r.Context(), t)
}

// guestTicket takes the cookie apart: <customer id>.<session id>.<secret in base64url>.
func guestTicket(r *http.Request) (membership.GuestTicket, bool) {
	c, err := r.Cookie(guestCookieName)
	if err != nil {
		return membership.GuestTicket{}, false
	}
	parts := strings.Split(c.Value, ".")
	if len(parts) != 3 {
		return membership.GuestTicket{}, false
	}
	for _, id := range parts[:2] {
		if _, err := httpapi.ID(id); err != nil {
			return membership.GuestTicket{}, false
		}
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	return membership.GuestTicket{CustomerID: parts[0], SessionID: parts[1], Secret: secret}, err == nil && len(secret) == secretLength
}
