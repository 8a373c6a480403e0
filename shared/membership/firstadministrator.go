package membership

import "context"

// ProviderStore is what the first administrator's invitation needs of the table.
type ProviderStore interface {
	InvitationStore
	// CreateProvider stores the provider's record if there is none yet.
	CreateProvider(ctx context.Context, provider Customer, t Trail) error
}

// FirstAdministrator lets the first person in.
type FirstAdministrator struct {
	Store       ProviderStore
	Invitations Invitations
	NewID       func() string
}

// Invite creates the provider's record and invites its first administrator, unless somebody of the provider already has
// access, so it can run at every deployment. If the address is another one than the last time (it was mistyped), the
// deployment's earlier invitations are revoked: the reader of that mailbox must not become administrator.
// It returns whether an invitation to this address is open. Errors: Invalid (email).
func (f FirstAdministrator) Invite(ctx context.Context, c Call, email string) (bool, error) {
	email, bad := CheckEmail("email", email)
	if bad != nil {
		return false, bad
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
	inside, err := f.Store.Users(ctx, UserQuery{Reach: ReachAll(), CustomerID: ProviderID, Status: Active, Sort: SortName, Page: PageRequest{Limit: 1, Ascending: true}})
	if err != nil || len(inside.Items) > 0 {
		return false, err
	}
	if err := f.revokeOthers(ctx, c, email); err != nil {
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

// revokeOthers takes back what the deployment offered to other addresses.
func (f FirstAdministrator) revokeOthers(ctx context.Context, c Call, email string) error {
	made, err := f.Store.Invitations(ctx, InvitationQuery{Reach: ReachAll(), CustomerID: ProviderID, Origin: System, Page: PageRequest{Limit: 50}})
	if err != nil {
		return err
	}
	for _, inv := range made.Items {
		open := inv.Status == InvitationPending || inv.Status == InvitationExpired
		if !open || FoldLogin(inv.Email) == FoldLogin(email) {
			continue
		}
		if _, err := f.Invitations.Revoke(ctx, c, inv.ID); err != nil {
			return err
		}
	}
	return nil
}
