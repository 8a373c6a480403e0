package httpapi

import (
	"context"
	"net/http"
	"time"

	"clientele/shared/membership"
)

// Callers finds out who is calling; shared/actor is the one on access tokens.
type Callers interface {
	// Actor returns the caller as the table has it at this moment. Errors: ErrSignedOut.
	Actor(r *http.Request) (membership.Actor, error)
}

// Markers remembers the requests that carried an Idempotency-Key.
type Markers interface {
	// Marker returns what is remembered of a request, nil when there was none.
	Marker(ctx context.Context, key membership.IdempotencyKey) (*membership.Marker, error)
}

// Use serves one route: decode, one use case, respond. The error it returns is answered as a problem.
type Use func(w http.ResponseWriter, r *http.Request, c membership.Call) error

// Gate stands before the routes of a function and makes the membership.Call of each request.
type Gate struct {
	Callers Callers // nil where all routes are public
	Markers Markers // nil where no route takes an Idempotency-Key
	Now     func() time.Time
}

// Public serves a route that needs nobody to be signed in. It takes no Idempotency-Key.
func (g Gate) Public(use Use) http.Handler {
	return handler(func(w http.ResponseWriter, r *http.Request) error {
		return use(w, r, membership.Call{Actor: membership.Actor{RequestID: RequestID(r)}, Now: g.Now()})
	})
}

// SignedIn serves a route for whoever the token says is calling. With the Idempotency-Key of a request that was carried
// out before, the call says so.
func (g Gate) SignedIn(use Use) http.Handler {
	return g.signedIn(func(w http.ResponseWriter, r *http.Request, c membership.Call) error {
		if c.Key == nil {
			return use(w, r, c)
		}
		marker, err := g.Markers.Marker(r.Context(), *c.Key)
		if err != nil {
			return err
		}
		if marker != nil && marker.BodyHash != c.Key.BodyHash {
			return membership.ErrKeyReused
		}
		if marker != nil {
			c.Done = marker.IDs
		}
		return use(w, r, c)
	})
}

// SignedInBatch is SignedIn for a batch, whose use case looks up what was done before row by row.
func (g Gate) SignedInBatch(use Use) http.Handler { return g.signedIn(use) }

func (g Gate) signedIn(use Use) http.Handler {
	return handler(func(w http.ResponseWriter, r *http.Request) error {
		actor, err := g.Callers.Actor(r)
		if err != nil {
			return err
		}
		actor.RequestID = RequestID(r)
		r = r.WithContext(WithActor(r.Context(), actor.UserID, actor.CustomerID))
		c := membership.Call{Actor: actor, Now: g.Now()}
		if r.Method == http.MethodPost {
			if c.Key, err = IdempotencyKey(r, actor.UserID); err != nil {
				return err
			}
		}
		return use(w, r, c)
	})
}

// handler answers the errors of a route.
type handler func(w http.ResponseWriter, r *http.Request) error

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h(w, r); err != nil {
		Problem(w, r, err)
	}
}
