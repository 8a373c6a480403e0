package membership

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// InvitationRetention is how long an ended invitation is kept before it is deleted, with its user, as
// Invitations.Delete does. An accepted one is kept with its user.
const InvitationRetention = 90 * 24 * time.Hour

// DigestHour is the hour (UTC) of the next day at which inviters are told which of their invitations have expired.
const DigestHour = 6

// digestNames is how many invitations a digest names; the rest is a number.
const digestNames = 50

// Digest is the mail owed to an inviter for the invitations that expired on one day.
type Digest struct {
	CustomerID, UserID string // the inviter
	Day                string // 2006-01-02, UTC
	DueAt              time.Time
}

// NewDigest returns the digest for an invitation by inviter that expired at this time.
func NewDigest(inviter User, expired time.Time) Digest {
	day := expired.UTC().Truncate(24 * time.Hour)
	return Digest{CustomerID: inviter.CustomerID, UserID: inviter.ID, Day: day.Format(time.DateOnly), DueAt: day.Add((24 + DigestHour) * time.Hour)}
}

// ExpiryStore is what the clean-up needs of the table. It finds what is due through a sparse index, never by a scan.
type ExpiryStore interface {
	InvitationStore
	SuspensionStore
	RegistrationCleanUpStore
	// DueInvitations returns invitations whose expiry or retention has passed, the oldest first, at most limit.
	DueInvitations(ctx context.Context, now time.Time, limit int) ([]Invitation, error)
	// ExpireInvitation is ChangeUser for a clean-up: it also remembers the invitation for the inviter's digest (nil if
	// nobody is to be told). Errors: ErrStale.
	ExpireInvitation(ctx context.Context, before, after User, i InvitationChange, d *Digest, t Trail) error
	// DueDigests returns digests that are due, at most limit.
	DueDigests(ctx context.Context, now time.Time, limit int) ([]Digest, error)
	// DigestInvitations returns the invitations that a digest is about.
	DigestInvitations(ctx context.Context, d Digest) ([]Invitation, error)
	// FinishDigest deletes a digest and, if mail is not nil, stores the mail in the same transaction.
	// Errors: ErrStale when another run was faster.
	FinishDigest(ctx context.Context, d Digest, mail *Mail) error
}

// Expiry is the scheduled clean-up. Nobody's rights depend on it: every decision compares with the clock. It makes the
// lists show what the clock says of invitations, registrations and suspensions, tells inviters and approvers, and deletes
// by retention. Running it twice changes nothing.
type Expiry struct {
	Store       ExpiryStore
	Invitations Invitations
	NewID       func() string
	Language    string // of the deployment
}

// Report is what one run did.
type Report struct {
	Expired, Deleted, Digests, Reactivated, Skipped       int
	RegistrationsExpired, RegistrationsDeleted, Reminders int
}

// Run does at most limit of each kind of work. One bad item does not hold up the others; the first error is returned
// at the end.
func (e Expiry) Run(ctx context.Context, c Call, limit int) (Report, error) {
	var r Report
	due, first := e.Store.DueInvitations(ctx, c.Now, limit)
	for _, inv := range due {
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		err := e.one(ctx, c, inv, &r)
		switch {
		case KindOf(err) == Stale: // somebody acted on it meanwhile; the next run looks again
			r.Skipped++
		case err != nil && first == nil:
			first = err
		}
	}
	suspensions, err := e.Store.DueSuspensions(ctx, c.Now, limit)
	if err != nil && first == nil {
		first = err
	}
	for _, user := range suspensions {
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		err := e.endSuspension(ctx, c, user, &r)
		switch {
		case KindOf(err) == Stale:
			r.Skipped++
		case err != nil && first == nil:
			first = err
		}
	}
	err = e.registrations(ctx, c, limit, &r)
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	if err != nil && first == nil {
		first = err
	}
	digests, err := e.Store.DueDigests(ctx, c.Now, limit)
	if err != nil && first == nil {
		first = err
	}
	for _, d := range digests {
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		err := e.digest(ctx, c, d)
		switch {
		case err == nil:
			r.Digests++
		case KindOf(err) == Stale:
			r.Skipped++
		case first == nil:
			first = err
		}
	}
	return r, first
}

func (e Expiry) one(ctx context.Context, c Call, found Invitation, r *Report) error {
	// The index may be behind: what counts is the table.
	inv, err := e.Store.Invitation(ctx, ReachCustomer(found.CustomerID), found.ID)
	if KindOf(err) == NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case inv.Status == InvitationPending && inv.StatusAt(c.Now) == InvitationExpired:
		if err := e.expire(ctx, c, inv); err != nil {
			return err
		}
		r.Expired++
	case inv.Status == InvitationAccepted || inv.Status == InvitationPending:
	case !c.Now.Before(inv.EndedAt.Add(InvitationRetention)):
		if err := e.Invitations.delete(ctx, c, inv, "invitation.deleted-by-retention"); err != nil {
			return err
		}
		r.Deleted++
	}
	return nil
}

func (e Expiry) expire(ctx context.Context, c Call, inv Invitation) error {
	user, err := e.Store.User(ctx, ReachCustomer(inv.CustomerID), inv.UserID)
	if err != nil {
		return err
	}
	if c.Now.Before(user.ActivatingUntil) { // accepted in time, and still in progress
		return ErrStale
	}
	after, userAfter := inv, user
	after.Status, after.EndedAt, after.Version = InvitationExpired, inv.ExpiresAt, inv.Version+1
	userAfter.Version = user.Version + 1
	if userAfter.Status, err = user.Status.after(StepExpire); err != nil { // somebody acted between the two reads
		return ErrStale.Because(err)
	}
	var digest *Digest
	if inv.InvitedBy != "" {
		inviter, err := e.Store.User(ctx, ReachAll(), inv.InvitedBy)
		if err != nil && KindOf(err) != NotFound {
			return err
		}
		if err == nil {
			d := NewDigest(inviter, inv.ExpiresAt)
			if late := second(c.Now); d.DueAt.Before(late) { // found late: the digest of that day may be out already
				d = NewDigest(inviter, late)
			}
			digest = &d
		}
	}
	trail := c.trail(c.auditEntry(e.NewID(), "invitation.expired", "invitation", inv.ID, inv.CustomerID, inv.auditFields(), after.auditFields()))
	return e.Store.ExpireInvitation(ctx, user, userAfter, InvitationChange{inv, after}, digest, trail)
}

// digest turns a due digest into one mail, unless the inviter is gone or none of its invitations is still expired.
func (e Expiry) digest(ctx context.Context, c Call, d Digest) error {
	inviter, err := e.Store.User(ctx, ReachCustomer(d.CustomerID), d.UserID)
	if KindOf(err) == NotFound || err == nil && inviter.StatusAt(c.Now) != Active {
		return e.Store.FinishDigest(ctx, d, nil)
	}
	if err != nil {
		return err
	}
	expired, err := e.Store.DigestInvitations(ctx, d)
	if err != nil {
		return err
	}
	if len(expired) == 0 {
		return e.Store.FinishDigest(ctx, d, nil)
	}
	named := expired[:min(len(expired), digestNames)]
	lines, err := e.digestLines(ctx, named)
	if err != nil {
		return err
	}
	more := len(expired) - len(named)
	mail := Mail{
		ID: e.NewID(), CustomerID: inviter.CustomerID, UserID: inviter.ID, Letter: LetterExpiredDigest, To: inviter.Email, Door: DoorOf(inviter.CustomerID),
		Language: ChooseLanguage(inviter.Language, e.Language),
		Fields:   map[string]string{"firstName": inviter.FirstName, "expired": lines, "count": strconv.Itoa(len(expired)), "more": strconv.Itoa(more)},
	}.queued(c.Now)
	return e.Store.FinishDigest(ctx, d, &mail)
}

// digestLines returns a line for each invitation: address, customer and expiry with a tab between them. Names of
// customers have no tabs (checkName).
func (e Expiry) digestLines(ctx context.Context, expired []Invitation) (string, error) {
	names := map[string]string{}
	lines := make([]string, len(expired))
	for i, inv := range expired {
		if _, known := names[inv.CustomerID]; !known {
			customer, err := e.Store.Customer(ctx, ReachCustomer(inv.CustomerID), inv.CustomerID)
			if err != nil {
				return "", err
			}
			names[inv.CustomerID] = customer.Name
		}
		lines[i] = inv.Email + "\t" + names[inv.CustomerID] + "\t" + inv.ExpiresAt.Format(time.RFC3339)
	}
	return strings.Join(lines, "\n"), nil
}
