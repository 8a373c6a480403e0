package httpapi

import (
	"context"
	"net/http"
	"time"

	"clientele/shared/membership"
)

// Callers finds out who is calling; shared/actor implements it for access tokens.
type Callers interface {
	// Actor returns the caller as the table has it now. Errors: ErrSignedOut.
	Actor(r *http.Request) (membership.Actor, error)
	// UserID returns the user whom the token names, without reading the table. Errors: ErrSignedOut.
	UserID(r *http.Request) (string, error)
	// Reach returns how far the caller reaches if the table lets them in, or the zero Reach when that is not known
	// without reading it.
	Reach(r *http.Request) membership.Reach
}

// Markers remembers requests with an Idempotency-Key.
type Markers interface {
	// Marker returns what an earlier request left behind, or nil when there was none.
	Marker(ctx context.Context, key membership.IdempotencyKey) (*membership.Marker, error)
}

// Use serves one route: decode, one use case, respond. The error that it returns is answered as a problem.
type Use func(w http.ResponseWriter, r *http.Request, c membership.Call) error

// Gate stands in front of a function's routes and makes the membership.Call of each request.
type Gate struct {
	Callers Callers // nil when all routes are public
	Markers Markers // nil when no route takes an Idempotency-Key
	Now     func() time.Time
	// Ahead starts to read what a route names, in parallel with the look-up of the caller and with the reach that the
	// caller will have, and notes it in the call; nil reads nothing ahead.
	Ahead func(r *http.Request, reach membership.Reach, c *membership.Call)
}

// Public serves a route that needs no sign-in. It takes no Idempotency-Key.
func (g Gate) Public(use Use) http.Handler {
	return handler(func(w http.ResponseWriter, r *http.Request) error {
		return use(w, r, membership.Call{Actor: membership.Actor{RequestID: RequestID(r)}, Now: g.Now()})
	})
}

// SignedIn serves a route for the caller whom the token names. If a request with the same Idempotency-Key was carried
// out before, the call says so; that is looked up in parallel with the caller, so it costs no extra wait.
func (g Gate) SignedIn(use Use) http.Handler {
	return handler(func(w http.ResponseWriter, r *http.Request) error {
		earlier, err := g.earlier(r)
		if err != nil {
			return err
		}
		return g.serve(w, r, func(w http.ResponseWriter, r *http.Request, c membership.Call) error {
			marker, err := earlier()
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
	})
}

// earlier starts to look up what an earlier request left behind, and returns how to wait for it. Without a key there is
// nothing to look up.
func (g Gate) earlier(r *http.Request) (wait func() (*membership.Marker, error), err error) {
	userID, err := g.Callers.UserID(r)
	if err != nil {
		return nil, err
	}
	key, err := keyOf(r, userID)
	if err != nil || key == nil {
		return func() (*membership.Marker, error) { return nil, nil }, err
	}
	type answer struct {
		marker *membership.Marker
		err    error
	}
	looked := make(chan answer, 1)
	go func() {
		marker, err := g.Markers.Marker(r.Context(), *key)
		looked <- answer{marker, err}
	}()
	return func() (*membership.Marker, error) {
		a := <-looked
		return a.marker, a.err
	}, nil
}

// keyOf returns the Idempotency-Key of a request, or nil when there is none or the method takes none.
func keyOf(r *http.Request, userID string) (*membership.IdempotencyKey, error) {
	if r.Method != http.MethodPost {
		return nil, nil
	}
	return IdempotencyKey(r, userID)
}

// SignedInBatch is SignedIn for a batch, whose use case looks up row by row what was done before.
func (g Gate) SignedInBatch(use Use) http.Handler {
	return handler(func(w http.ResponseWriter, r *http.Request) error { return g.serve(w, r, use) })
}

func (g Gate) serve(w http.ResponseWriter, r *http.Request, use Use) error {
	var c membership.Call
	if g.Ahead != nil {
		if reach := g.Callers.Reach(r); reach != (membership.Reach{}) {
			g.Ahead(r, reach, &c)
		}
	}
	actor, err := g.Callers.Actor(r)
	if err != nil {
		return err
	}
	actor.RequestID = RequestID(r)
	r = r.WithContext(WithActor(r.Context(), actor.UserID, actor.CustomerID))
	c.Actor, c.Now = actor, g.Now()
	if c.Key, err = keyOf(r, actor.UserID); err != nil {
		return err
	}
	return use(w, r, c)
}

// handler answers the errors of a route.
type handler func(w http.ResponseWriter, r *http.Request) error

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h(w, r); err != nil {
		Problem(w, r, err)
	}
}
