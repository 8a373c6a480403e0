package membership

import (
	"context"
	"time"
)

// SubAccount is a part of a customer (site, brand, depot) to which rights can be limited.
type SubAccount struct {
	ID         string
	CustomerID string
	Name       string
	Active     bool
	CreatedAt  time.Time
	Version    int
}

func (s SubAccount) auditFields() map[string]string {
	active := "false"
	if s.Active {
		active = "true"
	}
	return map[string]string{"name": s.Name, "active": active}
}

// SubAccountInput is what callers may set; nil leaves a field as it is.
type SubAccountInput struct {
	Name   *string
	Active *bool
}

func (in SubAccountInput) apply(s SubAccount) (SubAccount, error) {
	var errs fieldErrors
	if in.Name != nil {
		s.Name = checkName(&errs, "name", *in.Name, mandatory)
	}
	if in.Active != nil {
		s.Active = *in.Active
	}
	return s, errs.err()
}

// MaxSubAccounts is how many sub-accounts a customer can have: a page shows them all, and one Query reads them.
const MaxSubAccounts = 200

// ErrTooManySubAccounts answers creating one more than MaxSubAccounts.
var ErrTooManySubAccounts = &Error{Kind: Conflict, Code: "too_many_subaccounts", Message: "A customer can have at most 200 sub-accounts."}

// SubAccountStore is what the sub-accounts' use cases need of the table.
type SubAccountStore interface {
	Customer(ctx context.Context, reach Reach, customerID string) (Customer, error)
	// SubAccounts returns all sub-accounts of a customer within reach, by name, with one wait. Errors: ErrNotFound when
	// there is no such customer.
	SubAccounts(ctx context.Context, reach Reach, customerID string) ([]SubAccount, error)
	// SubAccount returns one. Errors: ErrNotFound.
	SubAccount(ctx context.Context, reach Reach, customerID, subAccountID string) (SubAccount, error)
	// CreateSubAccount stores a new one if the customer exists and has fewer than MaxSubAccounts, even when several are
	// stored at once. Errors: ErrNotFound, ErrTooManySubAccounts.
	CreateSubAccount(ctx context.Context, s SubAccount, t Trail) error
	// ChangeSubAccount replaces before with after. Errors: ErrStale.
	ChangeSubAccount(ctx context.Context, before, after SubAccount, t Trail) error
	// DeleteSubAccount deletes one. Errors: ErrStale.
	DeleteSubAccount(ctx context.Context, s SubAccount, t Trail) error
}

// SubAccounts are the use cases about sub-accounts.
type SubAccounts struct {
	Store SubAccountStore
	NewID func() string
}

// List returns all sub-accounts of a customer, by name. Errors: ErrNotFound, ErrForbidden.
func (sa SubAccounts) List(ctx context.Context, c Call, customerID string) ([]SubAccount, error) {
	if err := c.Actor.require(ReadCustomer, customerID, ""); err != nil {
		return nil, err
	}
	return sa.Store.SubAccounts(ctx, c.Actor.Reach(), customerID)
}

// Create makes a sub-account of a corporate customer.
// Errors: ErrNotFound, ErrForbidden, Invalid, ErrTooManySubAccounts, Conflict (customer_is_individual).
func (sa SubAccounts) Create(ctx context.Context, c Call, customerID, name string) (SubAccount, error) {
	if err := c.Actor.require(ChangeCustomer, customerID, ""); err != nil {
		return SubAccount{}, err
	}
	if len(c.Done) > 0 {
		return sa.Store.SubAccount(ctx, c.Actor.Reach(), customerID, c.Done[0])
	}
	s, err := SubAccountInput{Name: &name}.apply(SubAccount{CustomerID: customerID, Active: true})
	if err != nil {
		return SubAccount{}, err
	}
	customer, err := sa.Store.Customer(ctx, c.Actor.Reach(), customerID)
	if err != nil {
		return SubAccount{}, err
	}
	if customer.Type != Corporate {
		return SubAccount{}, ErrIndividual
	}
	s.ID, s.CreatedAt, s.Version = sa.NewID(), second(c.Now), 1
	audit := c.auditEntry(sa.NewID(), "subaccount.created", "subaccount", s.ID, customerID, nil, s.auditFields())
	if err := sa.Store.CreateSubAccount(ctx, s, c.trail(audit, s.ID)); err != nil {
		return SubAccount{}, err
	}
	return s, nil
}

// Change renames, deactivates or reactivates a sub-account. version is that of If-Match.
// Errors: ErrNotFound, ErrForbidden, ErrStale, Invalid.
func (sa SubAccounts) Change(ctx context.Context, c Call, customerID, subAccountID string, version int, in SubAccountInput) (SubAccount, error) {
	if err := c.Actor.require(ChangeCustomer, customerID, ""); err != nil {
		return SubAccount{}, err
	}
	before, err := sa.Store.SubAccount(ctx, c.Actor.Reach(), customerID, subAccountID)
	if err != nil {
		return SubAccount{}, err
	}
	if version != before.Version {
		return SubAccount{}, ErrStale
	}
	after, err := in.apply(before)
	if err != nil || unchanged(before, after) {
		return after, err
	}
	after.Version = before.Version + 1
	audit := c.auditEntry(sa.NewID(), "subaccount.changed", "subaccount", subAccountID, customerID, before.auditFields(), after.auditFields())
	if err := sa.Store.ChangeSubAccount(ctx, before, after, c.trail(audit, subAccountID)); err != nil {
		return SubAccount{}, err
	}
	return after, nil
}

// Delete deletes a sub-account. Errors: ErrNotFound, ErrForbidden, ErrStale.
func (sa SubAccounts) Delete(ctx context.Context, c Call, customerID, subAccountID string, version int) error {
	if err := c.Actor.require(ChangeCustomer, customerID, ""); err != nil {
		return err
	}
	before, err := sa.Store.SubAccount(ctx, c.Actor.Reach(), customerID, subAccountID)
	if err != nil {
		return err
	}
	if version != before.Version {
		return ErrStale
	}
	audit := c.auditEntry(sa.NewID(), "subaccount.deleted", "subaccount", subAccountID, customerID, before.auditFields(), nil)
	return sa.Store.DeleteSubAccount(ctx, before, c.trail(audit, subAccountID))
}
