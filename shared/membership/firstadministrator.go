package membership

import "context"

// ProviderStore is what the first administrator's invitation needs of the table.
type ProviderStore interface {
	InvitationStore
	// CreateProvider stores the provider's record if there is none yet.
	CreateProvider(ctx context.Context, provider Customer, t Trail) error
	// HasUsers says whether the customer has any user.
	HasUsers(ctx context.Context, customerID string) (bool, error)
}

// FirstAdministrator lets the first person in.
type FirstAdministrator struct {
	Store       ProviderStore
	Invitations Invitations
	NewID       func() string
}

// Invite makes the provider's record and invites its first administrator, unless the provider has users already; so it
// can run at every deployment. It returns whether it invited. Errors: Invalid (email).
func (f FirstAdministrator) Invite(ctx context.Context, c Call, email string) (bool, error) {
	if _, e := CheckEmail("email", email); e != nil {
		return false, e
	}
	_, err := f.Store.Customer(ctx, ReachAll(), ProviderID)
	if KindOf(err) == NotFound {
		provider := Provider(f.Invitations.ProviderName, f.Invitations.Language, c.Now)
		trail := c.trail(c.auditEntry(f.NewID(), "customer.created", "customer", ProviderID, ProviderID, nil, provider.auditFields()))
		err = f.Store.CreateProvider(ctx, provider, trail)
	}
	if err != nil {
		return false, err
	}
	if has, err := f.Store.HasUsers(ctx, ProviderID); has || err != nil {
		return false, err
	}
	results, err := f.Invitations.Invite(ctx, c, InviteInput{CustomerID: ProviderID, Role: StaffAdministrator, Invitees: []Invitee{{Email: email}}})
	if err != nil {
		return false, err
	}
	if results[0].Err != nil && results[0].Err.Code != ErrAlreadyInvited.Code {
		return false, results[0].Err
	}
	return true, nil
}
