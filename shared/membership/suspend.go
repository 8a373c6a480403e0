package membership

import (
	"context"
	"time"
)

// Suspend takes a user's access away until a time or, with the zero time, until somebody reactivates the user. The
// access ends with the next request, as with Deactivate, and comes back by itself: the user signs in again. A suspended
// user can be suspended again, with another end. Errors as Deactivate, and Invalid (until).
func (u Users) Suspend(ctx context.Context, c Call, userID string, version int, until time.Time) (User, error) {
	if !until.IsZero() {
		until = second(until)
		if !until.After(c.Now) {
			return User{}, InvalidField("until", "until_is_past", "A suspension ends in the future. Leave its end out to suspend until somebody reactivates the user.")
		}
	}
	return u.step(ctx, c, userID, version, StepSuspend, "user.suspended", until)
}

// SuspensionStore is what the clean-up needs of the table to end suspensions.
type SuspensionStore interface {
	// DueSuspensions returns suspended users whose suspension is over, the oldest first, at most limit.
	DueSuspensions(ctx context.Context, now time.Time, limit int) ([]User, error)
}

// endSuspension makes a user whose suspension is over active on the lists too: by the clock they are already.
func (e Expiry) endSuspension(ctx context.Context, c Call, found User, r *Report) error {
	// The index may be behind: what counts is the table.
	before, err := e.Store.User(ctx, ReachCustomer(found.CustomerID), found.ID)
	if KindOf(err) == NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if before.Status != Suspended || before.StatusAt(c.Now) != Active {
		return nil
	}
	after := before
	after.Status, after.SuspendedUntil, after.Version = Active, time.Time{}, before.Version+1
	trail := c.trail(c.auditEntry(e.NewID(), "user.suspension-ended", "user", before.ID, before.CustomerID, before.auditFields(), after.auditFields()))
	if err := e.Store.ChangeUser(ctx, before, after, nil, trail); err != nil {
		return err
	}
	r.Reactivated++
	return nil
}
