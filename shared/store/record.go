package store

import (
	"context"
	"time"

	"clientele/shared/membership"
)

// OnlyUser returns the id noted as the one user of an individual customer, or "".
func (t Table) OnlyUser(ctx context.Context, customerID string) (string, error) {
	i, err := t.get(ctx, onlyUserKey(customerID))
	return i.str("userId"), err
}

// CreateUser stores a new user of an active customer. only is the previous one user of an individual customer, nil for
// any other customer. Errors: ErrCustomerDeactivated, ErrOnePerson, ErrLoginTaken, ErrExternalUserID, ErrGroupGone,
// ErrInProgress, TooMany.
func (t Table) CreateUser(ctx context.Context, u membership.User, only *membership.OnlyUser, tr membership.Trail) error {
	w := t.write()
	w.check(customerKey(u.CustomerID), openCustomer(tr.Now), membership.ErrCustomerDeactivated)
	if only != nil {
		w.onlyUser(u, *only)
	}
	w.user(membership.User{}, u, tr.Now)
	w.events(tr.Letters, tr.Now)
	w.trail(tr)
	return t.commit(ctx, w)
}

// onlyUser notes a user as the one user of an individual customer.
func (w *write) onlyUser(u membership.User, only membership.OnlyUser) {
	i := newItem(onlyUserKey(u.CustomerID), entityOnlyUser)
	i.setStr("userId", u.ID)
	c := absent()
	if only.Before != "" {
		c = condition{expression: "userId = :before", values: item{":before": str(only.Before)}}
	}
	w.put(i, c, membership.ErrOnePerson)
}

// EndPassword does ChangeUser and ChangeSignIns in one transaction. Errors: those of both.
func (t Table) EndPassword(ctx context.Context, before, after membership.User, signInsBefore, signInsAfter membership.SignIns, tr membership.Trail) error {
	w := t.changeUser(before, after, nil, tr)
	w.signIns(signInsBefore, signInsAfter)
	return t.commit(ctx, w)
}

// userExternalID moves the reservation of a user's external id.
func (w *write) userExternalID(before, after membership.User) {
	had, has := reservedExternalID(before), reservedExternalID(after)
	if had == has {
		return
	}
	if has != "" {
		i := newItem(userExternalIDKey(after.CustomerID, has), entityExternalID)
		i.setStr("userId", after.ID)
		w.put(i, absent(), membership.ErrExternalUserID)
	}
	if had != "" {
		w.delete(userExternalIDKey(before.CustomerID, had), condition{expression: "userId = :u", values: item{":u": str(before.ID)}}, membership.ErrStale)
	}
}

func reservedExternalID(u membership.User) string {
	if u.ID == "" || u.Status == membership.Removed || u.Status == membership.Rejected {
		return ""
	}
	return u.ExternalID
}

// activeAdministrator holds while a user has access and the role administrator.
func activeAdministrator() condition {
	return condition{
		expression: "#s = :active AND #r = :administrator",
		names:      map[string]string{"#s": "status", "#r": "role"},
		values:     item{":active": str(string(membership.Active)), ":administrator": str(string(membership.Administrator))},
	}
}

// DueSuspensions returns up to limit suspended users whose suspension is over, the oldest first.
func (t Table) DueSuspensions(ctx context.Context, now time.Time, limit int) ([]membership.User, error) {
	items, err := t.due(ctx, dueSuspension, now, limit)
	found := make([]membership.User, len(items))
	for n, i := range items {
		found[n] = userFrom(i)
	}
	return found, err
}
