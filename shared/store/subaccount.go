package store

import (
	"cmp"
	"context"
	"slices"

	"clientele/shared/membership"
)

func subAccountItem(s membership.SubAccount) item {
	i := newItem(subAccountKey(s.CustomerID, s.ID), entitySubAccount)
	i.setStr("id", s.ID)
	i.setStr("customerId", s.CustomerID)
	i.setStr("name", s.Name)
	i.setBool("active", s.Active)
	i.setTime("createdAt", s.CreatedAt)
	i.setInt("version", s.Version)
	return i
}

func subAccountFrom(i item) membership.SubAccount {
	return membership.SubAccount{ID: i.str("id"), CustomerID: i.str("customerId"), Name: i.str("name"), Active: i.bool("active"),
		CreatedAt: i.time("createdAt"), Version: i.int("version")}
}

// SubAccounts returns all sub-accounts of a customer within reach, by name, with one Query that also reads the
// customer's record. Errors: ErrNotFound when the customer is out of reach or does not exist.
func (t Table) SubAccounts(ctx context.Context, reach membership.Reach, customerID string) ([]membership.SubAccount, error) {
	if !reach.Includes(customerID) {
		return nil, membership.ErrNotFound
	}
	items, err := t.partition(ctx, customerKey(customerID).pk, familyPrefix, 1+membership.MaxSubAccounts)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 || items[0].key() != customerKey(customerID) {
		return nil, membership.ErrNotFound
	}
	items = items[1:]
	all := make([]membership.SubAccount, len(items))
	for n, i := range items {
		all[n] = subAccountFrom(i)
	}
	slices.SortFunc(all, func(a, b membership.SubAccount) int {
		return cmp.Or(cmp.Compare(membership.FoldName(a.Name), membership.FoldName(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// SubAccount returns one sub-account within reach. Errors: ErrNotFound.
func (t Table) SubAccount(ctx context.Context, reach membership.Reach, customerID, id string) (membership.SubAccount, error) {
	if !reach.Includes(customerID) {
		return membership.SubAccount{}, membership.ErrNotFound
	}
	i, err := t.find(ctx, subAccountKey(customerID, id))
	return subAccountFrom(i), err
}

// countSubAccount changes the number of a customer's sub-accounts, up to MaxSubAccounts.
func (w *write) countSubAccount(customerID string, by int) {
	w.update(subAccountsKey(customerID), "ADD #n :by SET entity = :e", condition{
		expression: "attribute_not_exists(#n) OR #n <= :most",
		names:      map[string]string{"#n": "count"},
		values:     item{":by": num(int64(by)), ":most": num(int64(membership.MaxSubAccounts - by)), ":e": str(entitySubAccounts)},
	}, membership.ErrTooManySubAccounts)
}

// CreateSubAccount stores a new sub-account of a customer, which must exist and have fewer than MaxSubAccounts.
// Errors: ErrNotFound, ErrTooManySubAccounts, ErrInProgress.
func (t Table) CreateSubAccount(ctx context.Context, s membership.SubAccount, tr membership.Trail) error {
	w := t.write()
	w.check(customerKey(s.CustomerID), existingCustomer(tr.Now), membership.ErrNotFound)
	w.put(subAccountItem(s), absent(), membership.ErrStale)
	w.countSubAccount(s.CustomerID, 1)
	w.trail(tr)
	return t.commit(ctx, w)
}

// ChangeSubAccount replaces before with after. Errors: ErrStale.
func (t Table) ChangeSubAccount(ctx context.Context, before, after membership.SubAccount, tr membership.Trail) error {
	w := t.write()
	w.put(subAccountItem(after), versionIs(before.Version), membership.ErrStale)
	w.trail(tr)
	return t.commit(ctx, w)
}

// DeleteSubAccount deletes a sub-account. Errors: ErrStale.
func (t Table) DeleteSubAccount(ctx context.Context, s membership.SubAccount, tr membership.Trail) error {
	w := t.write()
	w.delete(subAccountKey(s.CustomerID, s.ID), versionIs(s.Version), membership.ErrStale)
	w.countSubAccount(s.CustomerID, -1)
	w.trail(tr)
	return t.commit(ctx, w)
}
