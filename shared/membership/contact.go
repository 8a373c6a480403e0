package membership

import (
	"cmp"
	"slices"
	"time"
)

// FormerContact is what an invitation replaces in the record of a contact.
type FormerContact struct {
	Role                          Role
	FirstName, LastName, Language string
	GroupIDs                      []string
	Group                         string // User.Group
}

// changed returns f after somebody changed the invited user's record: such a change outlives the invitation.
func (f *FormerContact) changed(before, after User) *FormerContact {
	if f == nil {
		return nil
	}
	is := *f
	if before.Role != after.Role {
		is.Role = after.Role
	}
	for _, text := range []struct {
		is            *string
		before, after string
	}{{&is.FirstName, before.FirstName, after.FirstName}, {&is.LastName, before.LastName, after.LastName}, {&is.Language, before.Language, after.Language}} {
		if text.before != text.after {
			*text.is = text.after
		}
	}
	return &is
}

// invited returns a new invitation and its user when that user is the contact u already: the contact's record is kept,
// and what the inviter said goes over it.
func (u User) invited(inv Invitation, user User) (Invitation, User) {
	inv.UserID, inv.OfContact = u.ID, &FormerContact{Role: u.Role, FirstName: u.FirstName, LastName: u.LastName, Language: u.Language, GroupIDs: u.GroupIDs, Group: u.Group}
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

// wasContact says whether a user who is still invited was a contact before the invitation.
func (u User) wasContact(inv Invitation) bool {
	return inv.OfContact != nil && (u.Status == Invited || u.Status == Expired)
}

// contact turns an invited user back into the contact, without what the invitation said of the person. What an import
// brought for the rest of the record stays, as it does when an import changes a record.
func (u User) contact(inv Invitation) User {
	was := inv.OfContact
	u.Role, u.FirstName, u.LastName, u.Language = was.Role, was.FirstName, was.LastName, was.Language
	kept := slices.DeleteFunc(slices.Clone(u.GroupIDs), func(id string) bool {
		return slices.Contains(inv.GroupIDs, id) && !slices.Contains(was.GroupIDs, id)
	})
	if len(kept) < len(u.GroupIDs) && (len(kept) == 0 || was.Group == "") {
		u.Group = ""
	}
	if u.GroupIDs = kept; len(kept) == 0 {
		u.GroupIDs = nil
	}
	u.Status, u.Username, u.Version = Contact, "", u.Version+1
	u.InvitationID, u.InvitationExpiresAt, u.ActivatingUntil = "", time.Time{}, time.Time{}
	return u
}
