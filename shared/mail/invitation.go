package mail

import "time"

// Invitation invites somebody to become a user of a customer.
type Invitation struct {
	Common
	Inviter   string // who invites; the provider if empty
	Customer  string
	Link      string
	ExpiresAt time.Time
}

// Name implements Letter.
func (Invitation) Name() string { return "invitation" }

func (l Invitation) values(w words) map[string]string {
	return l.with(w, map[string]string{
		"inviter_name":  l.inviter(l.Inviter),
		"customer_name": l.Customer,
		"link":          l.Link,
		"expires_at":    w.time(l.ExpiresAt),
	})
}

// StaffInvitation invites a colleague to the provider's console.
type StaffInvitation struct {
	Common
	Inviter   string // who invites; the provider if empty
	Role      string // as in the API: administrator, agent
	Link      string
	ExpiresAt time.Time
}

// Name implements Letter.
func (StaffInvitation) Name() string { return "invitation-staff" }

func (l StaffInvitation) values(w words) map[string]string {
	return l.with(w, map[string]string{
		"inviter_name": l.inviter(l.Inviter),
		"role":         w.role(l.Role),
		"link":         l.Link,
		"expires_at":   w.time(l.ExpiresAt),
	})
}

// AddressTaken goes to somebody whose address is on record elsewhere and who cannot sign in with it: they wait for
// approval, are only invited, or have no access at the moment. The administrator who invited must not learn of it, so
// it says nothing that is true of only one of these.
type AddressTaken struct {
	Common
	Customer string // who tried to invite
}

// Name implements Letter.
func (AddressTaken) Name() string { return "invitation-address-taken" }

func (l AddressTaken) values(w words) map[string]string {
	return l.with(w, map[string]string{"customer_name": l.Customer})
}

// AddressInUse goes to somebody who already signs in for another customer and was invited by the administrator of this
// one, who must not learn of it. It helps the owner of the address and says nothing that they do not know.
type AddressInUse struct {
	Common
	Customer string // who tried to invite
	Link     string // where the recipient signs in; Common.ProfileURL if empty
}

// Name implements Letter.
func (AddressInUse) Name() string { return "invitation-address-in-use" }

func (l AddressInUse) values(w words) map[string]string {
	link := l.Link
	if link == "" {
		link = l.ProfileURL
	}
	return l.with(w, map[string]string{"customer_name": l.Customer, "link": link})
}
