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

// Visit is a request of somebody who is signed in.
type Visit struct {
	Actor    membership.Actor // with the request's id
	User     membership.User
	Customer membership.Customer
	session  membership.Session
}

// Start signs a browser in for a user who has just proven to be one, with an id and secret never used before, and ends
// the session that the browser had.
func (s Sessions) Start(w http.ResponseWriter, r *http.Request, user membership.User) error {
	secret := make([]byte, secretLength)
	_, _ = rand.Read(secret) // never fails
	// The clock is read here: a sign-in may have waited for the end of a cut-off since its request came.
	session := membership.NewSession(s.NewID(), secret, user, s.Door, s.Now())
	if err := s.Store.CreateSession(r.Context(), session); err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	s.forget(r)
	value := ticket{session.CustomerID, session.UserID, session.ID, secret}.text()
	http.SetCookie(w, cookie(s.Door, value, session.EndsAt.Sub(session.CreatedAt)))
	return nil
}

// Load returns who is signed in, false when nobody is. A session counts only at its own door, while its user has access
// there and nothing was cut off since. It notes the actor for the request's log line.
func (s Sessions) Load(r *http.Request) (Visit, bool, error) {
	t, ok := s.ticket(r)
	if !ok {
		return Visit{}, false, nil
	}
	access, err := s.Store.Access(r.Context(), t.customerID, t.userID, t.sessionID)
	if err != nil {
		return Visit{}, false, fmt.Errorf("load a session: %w", err)
	}
	now := s.Now()
	session := access.Session
	if session == nil || session.Door != s.Door || session.UserID != t.userID || !session.Proves(t.secret) || !session.Alive(now) {
		return Visit{}, false, nil
	}
	actor, err := access.Actor(s.Door, session.CreatedAt, "", now)
	if err != nil {
		return Visit{}, false, nil // closed to them: the same as nobody
	}
	actor.RequestID = httpapi.RequestID(r)
	httpapi.WithActor(r.Context(), actor.UserID, actor.CustomerID)
	return Visit{Actor: actor, User: access.User, Customer: access.Customer, session: *session}, true, nil
}

// Touch keeps the session of a visit from ending as idle. It writes at most every ten minutes.
func (s Sessions) Touch(ctx context.Context, v Visit) error {
	session, due := v.session.Touched(s.Now())
	if !due {
		return nil
	}
	if err := s.Store.TouchSession(ctx, session); err != nil {
		return fmt.Errorf("touch a session: %w", err)
	}
	return nil
}

// End signs the browser out. The cookie goes even where the session cannot be deleted, and then the error says so.
func (s Sessions) End(w http.ResponseWriter, r *http.Request) error {
	http.SetCookie(w, cookie(s.Door, "", 0))
	v, ok, err := s.Load(r)
	if err != nil || !ok {
		return err
	}
	if err := s.Store.EndSession(r.Context(), s.Door, v.session.CustomerID, v.session.UserID, v.session.ID); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// forget ends the session that a browser had before it signed in anew. Best effort: it ends by itself.
func (s Sessions) forget(r *http.Request) {
	if v, ok, err := s.Load(r); err == nil && ok {
		_ = s.Store.EndSession(r.Context(), s.Door, v.session.CustomerID, v.session.UserID, v.session.ID)
	}
}

func (s Sessions) ticket(r *http.Request) (ticket, bool) {
	c, err := r.Cookie(CookieName(s.Door))
	if err != nil {
		return ticket{}, false
	}
	return parse(c.Value)
}
