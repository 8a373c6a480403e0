package membership

import (
	"context"
	"time"
)

// Ticket is what a genuine refresh token says: whose it is, at which door, and which sign-in it came from. The
// sign-in's time and family are ours (shared/identity seals them into the token), so that a sign-in that was cut off
// cannot be refreshed, whatever Cognito thinks of its own part.
type Ticket struct {
	Door       Door
	UserID     string
	SignedInAt time.Time
	Family     string // origin_jti
	Refresh    string // the token itself
}

// Refresh returns a new access token for the sign-in that a ticket belongs to, while its access is open.
// Errors: ErrSignedOut.
func (s SignIn) Refresh(ctx context.Context, c Call, t Ticket) (Tokens, error) {
	access, err := s.Store.Access(ctx, "", t.UserID, "")
	if err != nil {
		return Tokens{}, err
	}
	if _, err := access.Actor(t.Door, t.SignedInAt, t.Family, c.Now); err != nil {
		return Tokens{}, err
	}
	return s.Accounts.Refresh(ctx, t.Door, t.UserID, t.Refresh)
}
