package membership

import (
	"cmp"
	"slices"
	"time"
)

// invited returns a new invitation and its user, where that user is a contact already: the contact's record goes on, with
// what the inviter said over it.
func (u User) invited(inv Invitation, user User) (Invitation, User) {
	inv.UserID, inv.OfContact = u.ID, true
	inv.FirstName, inv.LastName = cmp.Or(inv.FirstName, u.FirstName), cmp.Or(inv.LastName, u.LastName)
	inv.Language = cmp.Or(inv.Language, u.Language)
	after := u
	after.Status, after.Role, after.FirstName, after.LastName, after.Language = Invited, inv.Role, inv.FirstName, inv.LastName, inv.Language
	after.InvitationID, after.InvitationExpiresAt, after.Version = inv.ID, inv.ExpiresAt, u.Version+1
	for _, id := range user.GroupIDs {
		if !slices.Contains(after.GroupIDs, id) {
			after.GroupIDs = append(slices.Clone(after.GroupIDs), id)
		}
	}
	after.Group = cmp.Or(u.Group, user.Group)
	return inv, after
}

// wasContact says whether a still invited user was there before the invitation.
func (u User) wasContact(inv Invitation) bool {
	return inv.OfContact && (u.Status == Invited || u.Status == Expired)
}

// contact returns a user as the contact again who was invited.
func (u User) contact() User {
	u.Status, u.Username, u.Version = Contact, "", u.Version+1
	u.InvitationID, u.InvitationExpiresAt, u.ActivatingUntil = "", time.Time{}, time.Time{}
	return u
}
