package actor

import (
	"context"
	"net/http"
	"strings"
	"time"

	"clientele/shared/membership"
)

// Pool says whose tokens count.
type Pool struct {
	ID       string
	Region   string
	Endpoint string // where Cognito answers, without a slash at its end; on AWS also the start of the issuer
	// The app clients of the two doors. A door without one ("") lets nobody in.
	PortalClientID  string
	ConsoleClientID string
}

// Callers tells who is calling. It is safe for concurrent use, and keeps what it learns for the life of the process.
type Callers struct {
	store     membership.AccessStore
	verifier  *verifier
	customers *customers
	now       func() time.Time
}

// New returns the Callers of a pool. web is the HTTP client that reads the pool's public keys.
func New(pool Pool, web Web, store membership.AccessStore, now func() time.Time) *Callers {
	return &Callers{store: store, verifier: newVerifier(pool, web, now), customers: newCustomers(), now: now}
}

// Warm reads the pool's public keys, so that no request has to. What fails is tried again by the first request.
func (c *Callers) Warm(ctx context.Context) {
	_, _ = c.verifier.keys.key(ctx, "")
}

// Actor returns the caller as the table has it at this moment. Errors: ErrSignedOut, ErrOverloaded.
func (c *Callers) Actor(r *http.Request) (membership.Actor, error) {
	token, err := c.token(r)
	if err != nil {
		return membership.Actor{}, err
	}
	access, err := c.access(r.Context(), token)
	if err != nil {
		return membership.Actor{}, err
	}
	return access.Actor(token.door, token.signedInAt, token.family, c.now())
}

// UserID returns the user that the request's access token names. It reads nothing from the table: only Actor says
// whether that person may still do anything. Errors: ErrSignedOut, ErrOverloaded.
func (c *Callers) UserID(r *http.Request) (string, error) {
	token, err := c.token(r)
	return token.userID, err
}

// Reach returns how far the request's caller reaches if the table lets them in: everywhere at the console's door,
// within the customer at the portal's. It reads nothing from the table, and is zero for a bad token and for a user
// whose customer is not known yet.
func (c *Callers) Reach(r *http.Request) membership.Reach {
	token, err := c.token(r)
	switch {
	case err != nil:
		return membership.Reach{}
	case token.door == membership.ConsoleDoor:
		return membership.ReachAll()
	}
	return membership.ReachCustomer(c.customers.of(token.userID)) // of "" it is the zero Reach
}

// refreshable is how long after a sign-in its tokens can be alive: the validity of the clients' refresh tokens, and one
// hour for the last access token (template.yaml).
func refreshable(door membership.Door) time.Duration {
	if door == membership.ConsoleDoor {
		return (12 + 1) * time.Hour
	}
	return (30*24 + 1) * time.Hour
}

// Family returns the sign-in that the request's access token belongs to. It reads nothing from the table.
// Errors: ErrSignedOut, ErrOverloaded.
func (c *Callers) Family(r *http.Request) (membership.Family, error) {
	token, err := c.token(r)
	if err != nil {
		return membership.Family{}, err
	}
	return membership.Family{ID: token.family, EndsAt: token.signedInAt.Add(refreshable(token.door))}, nil
}

// token returns the verified access token of a request (RFC 6750, 2.1).
func (c *Callers) token(r *http.Request) (token, error) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return token{}, membership.ErrSignedOut
	}
	scheme, text, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return token{}, membership.ErrSignedOut
	}
	return c.verifier.verify(r.Context(), strings.TrimSpace(text))
}

// access reads what decides about a user, with one wait if the user's customer is known: from an earlier request, or
// because only the provider's users come in at the console's door.
func (c *Callers) access(ctx context.Context, t token) (membership.Access, error) {
	if t.door == membership.ConsoleDoor {
		return c.store.Access(ctx, membership.ProviderID, t.userID, "")
	}
	known := c.customers.of(t.userID)
	access, err := c.store.Access(ctx, known, t.userID, "")
	if err == nil && known != "" && access.User.ID == "" {
		access, err = c.store.Access(ctx, "", t.userID, "")
	}
	if err != nil {
		return membership.Access{}, err
	}
	c.customers.note(t.userID, access.User.CustomerID)
	return access, nil
}
