package membership_test

import (
	"testing"

	"clientele/shared/membership"
)

// A mistyped address is corrected by deploying again: the new one is invited, the old one's link dies.
func TestFirstAdministratorWithAnotherAddress(t *testing.T) {
	w := newWorld(t)
	for id, u := range w.store.users {
		if u.CustomerID == membership.ProviderID {
			delete(w.store.users, id)
		}
	}
	c := membership.Call{Actor: membership.SystemActor("r"), Now: w.now}
	invite := func(email string) {
		t.Helper()
		open, err := w.first.Invite(w.ctx, c, email)
		if err != nil || !open {
			t.Fatalf("%s: %v, %v", email, open, err)
		}
	}
	invite("mistyped@example.com")
	invite("mistyped@example.com") // deployed again, nothing changed
	invite("right@example.com")

	status := map[string]membership.InvitationStatus{}
	for _, i := range w.store.invitations {
		if i.CustomerID == membership.ProviderID {
			status[i.Email] = i.Status
		}
	}
	if len(status) != 2 || status["mistyped@example.com"] != membership.InvitationRevoked || status["right@example.com"] != membership.InvitationPending {
		t.Errorf("invitations: %v", status)
	}

	w.person(membership.ProviderID, membership.Administrator)
	if open, err := w.first.Invite(w.ctx, c, "third@example.com"); err != nil || open {
		t.Errorf("with an administrator inside: %v, %v", open, err)
	}
}
