package membership

import (
	"context"
	"errors"
)

// ChangeUsername changes the caller's own username; the old one is free at once. Sessions stay: what they prove has not
// changed. Errors: ErrDirectory, Invalid (username), ErrUsernameInUse, ErrStale.
func (p Profile) ChangeUsername(ctx context.Context, c Call, username string) (User, error) {
	before, err := p.Get(ctx, c)
	if err != nil || len(c.Done) > 0 {
		return before, err
	}
	if before.Source == SourceDirectory {
		return User{}, ErrDirectory
	}
	if bad := CheckUsername("username", username, before.Email); bad != nil {
		return User{}, bad
	}
	after := before
	after.Username, after.Version = username, before.Version+1
	trail := c.trail(c.auditEntry(p.NewID(), "user.username-changed", "user", before.ID, before.CustomerID, before.auditFields(), after.auditFields()), before.ID)
	err = p.Store.ChangeUser(ctx, before, after, nil, trail)
	if errors.Is(err, ErrLoginTaken) {
		err = ErrUsernameInUse
	}
	if err != nil {
		return User{}, err
	}
	return after, nil
}
