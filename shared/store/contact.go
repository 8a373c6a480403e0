package store

import (
	"context"

	"clientele/shared/membership"
)

// InviteContact stores a new invitation with its user, who was a contact until now, for a customer that is active.
// Errors: ErrCustomerDeactivated, ErrStale, ErrLoginTaken, ErrGroupGone, ErrInProgress, TooMany.
func (t Table) InviteContact(ctx context.Context, before, after membership.User, v membership.Invitation, tr membership.Trail) error {
	w := t.write()
	w.check(customerKey(v.CustomerID), openCustomer(tr.Now), membership.ErrCustomerDeactivated)
	w.put(invitationItem(v), absent(), membership.ErrStale)
	w.user(before, after, tr.Now)
	w.events(tr.Letters, tr.Now)
	w.trail(tr)
	return t.commit(ctx, w)
}

// ReturnContact deletes an invitation and makes its user a contact again. Errors: ErrStale, ErrInProgress.
func (t Table) ReturnContact(ctx context.Context, v membership.Invitation, before, after membership.User, tr membership.Trail) error {
	w := t.write()
	w.delete(invitationKey(v.CustomerID, v.ID), versionIs(v.Version), membership.ErrStale)
	w.user(before, after, tr.Now)
	w.trail(tr)
	return t.commit(ctx, w)
}
