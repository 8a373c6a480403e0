package session

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"time"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

// Store is what sessions need of the table.
type Store interface {
	membership.AccessStore
	// CreateSession stores a new session.
	CreateSession(ctx context.Context, s membership.Session) error
	// TouchSession stores that a session was seen.
	TouchSession(ctx context.Context, s membership.Session) error
	// EndSession deletes a session, if there is one.
	EndSession(ctx context.Context, door membership.Door, customerID, userID, sessionID string) error
}

// Sessions are the sessions of one door.
type Sessions struct {
	Door  membership.Door
	Store Store
	NewID func() string
	Now   func() time.Time
}

// CookieName returns the name of the door's cookie.
func (s Sessions) CookieName() string { return cookieName(s.Door) }

// Start signs a browser in for a user who has just proven who they are, with an id and secret never used before. now is
// read after the sign-in, which may have waited for the end of a cut-off. The browser's previous session ends (ASVS
// 7.2.4): nobody knows its cookie any more, unless it was stolen.
func (s Sessions) Start(w http.ResponseWriter, r *http.Request, user membership.User, now time.Time) error {
	secret := make([]byte, secretLength)
	_, _ = rand.Read(secret) // never fails
	session := membership.NewSession(s.NewID(), secret, user, s.Door, now)
	if err := s.Store.CreateSession(r.Context(), session); err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	value := ticket{session.CustomerID, session.UserID, session.ID, secret}.text()
	http.SetCookie(w, cookie(s.Door, value, session.EndsAt.Sub(session.CreatedAt)))
	s.endFormer(r)
	return nil
}

// endFormer ends the session of the cookie that a request came with. Best effort: a sign-in must not fail because an old
// session cannot be deleted, and it ends by itself.
func (s Sessions) endFormer(r *http.Request) {
	t, err := s.ticket(r)
	if err != nil {
		return
	}
	if _, former, err := s.read(r.Context(), t); err == nil {
		_ = s.Store.EndSession(r.Context(), s.Door, former.CustomerID, former.UserID, former.ID)
	}
}

// Load returns who is signed in. A session counts only at its own door, while its user has access there and nothing was
// cut off since; the cookie of one that does not is taken back. At most every ten minutes it is noted as seen.
// Errors: ErrSignedOut.
func (s Sessions) Load(w http.ResponseWriter, r *http.Request) (membership.Actor, error) {
	t, err := s.ticket(r)
	if err != nil {
		return membership.Actor{}, err
	}
	actor, session, err := s.read(r.Context(), t)
	if err != nil {
		if membership.KindOf(err) == membership.Unauthenticated {
			http.SetCookie(w, cookie(s.Door, "", 0))
		}
		return membership.Actor{}, err
	}
	if seen, due := session.Touched(s.Now()); due {
		// Best effort: a page must not fail because its session could not be kept awake, and the next one tries again.
		_ = s.Store.TouchSession(r.Context(), seen)
	}
	actor.RequestID = httpapi.RequestID(r)
	return actor, nil
}

// End signs the browser out. The cookie goes even if the session cannot be deleted; the error then says so.
func (s Sessions) End(w http.ResponseWriter, r *http.Request) error {
	t, err := s.ticket(r)
	if err != nil {
		return nil
	}
	http.SetCookie(w, cookie(s.Door, "", 0))
	_, session, err := s.read(r.Context(), t)
	if membership.KindOf(err) == membership.Unauthenticated {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.Store.EndSession(r.Context(), s.Door, session.CustomerID, session.UserID, session.ID); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// ticket returns the door's cookie. Errors: ErrSignedOut.
func (s Sessions) ticket(r *http.Request) (ticket, error) {
	c, err := r.Cookie(s.CookieName())
	if err != nil {
		return ticket{}, membership.ErrSignedOut
	}
	t, ok := parse(c.Value)
	if !ok {
		return ticket{}, membership.ErrSignedOut
	}
	return t, nil
}

// read returns the session of a ticket and who it lets in, with one wait. Errors: ErrSignedOut.
func (s Sessions) read(ctx context.Context, t ticket) (membership.Actor, membership.Session, error) {
	access, err := s.Store.Access(ctx, t.customerID, t.userID, t.sessionID)
	if err != nil {
		return membership.Actor{}, membership.Session{}, fmt.Errorf("read a session: %w", err)
	}
	now := s.Now()
	session := access.Session
	if session == nil || session.Door != s.Door || session.UserID != t.userID || !session.Proves(t.secret) || !session.Alive(now) {
		return membership.Actor{}, membership.Session{}, membership.ErrSignedOut
	}
	actor, err := access.Actor(s.Door, session.CreatedAt, "", now)
	return actor, *session, err
}
