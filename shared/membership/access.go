package membership

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"time"
)

// SignIns is what is stored about the ways into one account. It is separate from the user's record, so that signing out
// does not change the record.
type SignIns struct {
	CustomerID, UserID string
	// ValidFrom is the moment before which no session or token counts; see also User.ValidFrom and Customer.ValidFrom.
	ValidFrom time.Time
	// SignedOut holds the token families (origin_jti) that were signed out, with the time after which they are dead anyway.
	SignedOut map[string]time.Time
	// ResetMail is the mail that carries the only good password link; ResetVersion and ResetExpiresAt are that link's.
	// ResetExpiresAt is zero once the link was used.
	ResetMail         string
	ResetVersion      int
	ResetExpiresAt    time.Time
	ResetClaimedUntil time.Time
	// TemporaryVersion counts the temporary passwords. Renewing or setting a password in any way ends the previous one,
	// and only the mail of this version may carry one. TemporaryExpiresAt is zero until that mail is sent.
	TemporaryVersion   int
	TemporaryExpiresAt time.Time
	// PasswordOver is set while the password at the sign-in service no longer counts: the user must set a new one with
	// a link or a temporary password.
	PasswordOver bool
	Version      int
}

// Session is a signed-in browser.
type Session struct {
	ID                 string
	CustomerID, UserID string
	Door               Door
	SecretHash         []byte // SHA-256 of the secret in the cookie
	CreatedAt          time.Time
	SeenAt             time.Time
	EndsAt             time.Time
}

// How long sessions live. Staff see everybody's data, so theirs are short (ASVS 7.3.1, 7.3.2: the limits are documented).
const (
	PortalIdle    = 24 * time.Hour
	PortalSession = 14 * 24 * time.Hour
	ConsoleIdle   = time.Hour
	ConsoleDay    = 12 * time.Hour
	// seenEvery is how often a session in use is written.
	seenEvery = 10 * time.Minute
)

func limits(door Door) (idle, whole time.Duration) {
	if door == ConsoleDoor {
		return ConsoleIdle, ConsoleDay
	}
	return PortalIdle, PortalSession
}

// NewSession returns a session for a user who has just proven who they are. secret is 32 random bytes; it stays in the
// cookie, and the table has only its hash.
func NewSession(id string, secret []byte, u User, door Door, now time.Time) Session {
	_, whole := limits(door)
	hash := sha256.Sum256(secret)
	return Session{ID: id, CustomerID: u.CustomerID, UserID: u.ID, Door: door, SecretHash: hash[:], CreatedAt: now.UTC(), SeenAt: now.UTC(), EndsAt: now.UTC().Add(whole)}
}

// Proves says whether secret is the session's, in constant time.
func (s Session) Proves(secret []byte) bool {
	hash := sha256.Sum256(secret)
	return subtle.ConstantTimeCompare(hash[:], s.SecretHash) == 1
}

// Alive says whether the session may still be used.
func (s Session) Alive(now time.Time) bool {
	idle, _ := limits(s.Door)
	return now.Before(s.EndsAt) && now.Before(s.SeenAt.Add(idle))
}

// Touched returns the session as seen now, and whether that is worth writing.
func (s Session) Touched(now time.Time) (Session, bool) {
	if now.Sub(s.SeenAt) < seenEvery {
		return s, false
	}
	s.SeenAt = now.UTC()
	return s, true
}

// Access is all that decides whether somebody gets in, read together.
type Access struct {
	User     User
	SignIns  SignIns
	Customer Customer
	Session  *Session // nil when none was asked for or it is gone
}

// AccessStore reads what decides about access.
type AccessStore interface {
	// Access reads user, sign-ins, customer and, if sessionID is not "", session, consistently. With the customer's id
	// it is one wait, without ("") two. What does not exist is zero. Errors: only internal ones.
	Access(ctx context.Context, customerID, userID, sessionID string) (Access, error)
}

// validFrom is the moment before which no session or token counts: the latest cut-off of user, sign-ins and customer.
func (a Access) validFrom() time.Time {
	return later(later(a.User.ValidFrom, a.SignIns.ValidFrom), a.Customer.ValidFrom)
}

// actorNow is Actor for somebody who need not show a token or session: the recipient of a mail, or the owner of a job.
// Being signed out everywhere, for example by a new password, ends neither.
func (a Access) actorNow(door Door, now time.Time) (Actor, error) {
	return a.Actor(door, later(now, a.validFrom()), "", now)
}

// Actor returns who is calling if their access is open at this moment: the user is active, the customer open, the door
// right, and the token or session issued at issuedAt not cut off since. family is the token's origin_jti, or "".
// Errors: ErrSignedOut.
func (a Access) Actor(door Door, issuedAt time.Time, family string, now time.Time) (Actor, error) {
	u := a.User
	switch {
	case u.ID == "" || u.StatusAt(now) != Active,
		DoorOf(u.CustomerID) != door,
		a.Customer.ID == "" || !a.Customer.Open(),
		issuedAt.Before(a.validFrom()):
		return Actor{}, ErrSignedOut
	}
	if _, out := a.SignIns.SignedOut[family]; out && family != "" {
		return Actor{}, ErrSignedOut
	}
	return Actor{Realm: realmOf(u.CustomerID), UserID: u.ID, CustomerID: u.CustomerID, Role: u.Role, Name: u.DisplayName(),
		Company: a.Customer.Name, Language: cmp.Or(u.Language, a.Customer.Language), signIns: &a.SignIns}, nil
}
