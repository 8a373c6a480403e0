package store

import (
	"context"
	"strings"

	"clientele/shared/membership"
)

func invitationItem(v membership.Invitation) item {
	i := newItem(invitationKey(v.CustomerID, v.ID), entityInvitation)
	i.setStr("facet", invitationsFacet(v.CustomerID))
	i.setStr(rowAttribute, invitationColumns(v))
	i.setTime("byRegistered", v.CreatedAt)
	if v.Origin != membership.Portal { // it is on the provider's list
		i.setTime("byName", v.CreatedAt)
	}
	switch v.Status { // when the clean-up must look at it again
	case membership.InvitationPending:
		i.setStr("due", dueFacet(dueInvitation, v.ID))
		i.setTime("dueAt", v.ExpiresAt)
	case membership.InvitationExpired, membership.InvitationRevoked, membership.InvitationDeclined:
		i.setStr("due", dueFacet(dueInvitation, v.ID))
		i.setTime("dueAt", v.EndedAt.Add(membership.InvitationRetention))
	}
	for name, s := range map[string]string{
		"id": v.ID, "customerId": v.CustomerID, "userId": v.UserID, "email": v.Email, "firstName": v.FirstName, "lastName": v.LastName,
		"language": v.Language, "role": string(v.Role), "status": string(v.Status), "delivery": v.Delivery, "mailId": v.MailID,
		"origin": string(v.Origin), "invitedBy": v.InvitedBy, "invitedByName": v.InvitedByName,
	} {
		i.setStr(name, s)
	}
	i.setGrants(v.Grants)
	i.setStrs("groupIds", v.GroupIDs)
	i.setTime("expiresAt", v.ExpiresAt)
	i.setTime("sentAt", v.SentAt)
	i.setTime("createdAt", v.CreatedAt)
	i.setTime("endedAt", v.EndedAt)
	if was := v.OfContact; was != nil {
		i.setMap("ofContact", map[string]string{"role": string(was.Role), "firstName": was.FirstName, "lastName": was.LastName, "language": was.Language, "group": was.Group})
		i.setStrs("ofContactGroupIds", was.GroupIDs)
	}
	i.setInt("linkVersion", v.LinkVersion)
	i.setInt("version", v.Version)
	return i
}

func invitationFrom(i item) membership.Invitation {
	return membership.Invitation{
		ID: i.str("id"), CustomerID: i.str("customerId"), UserID: i.str("userId"), Email: i.str("email"), FirstName: i.str("firstName"),
		LastName: i.str("lastName"), Language: i.str("language"), Role: membership.Role(i.str("role")), Grants: i.grants(),
		GroupIDs: i.strs("groupIds"), Status: membership.InvitationStatus(i.str("status")), Delivery: i.str("delivery"), MailID: i.str("mailId"),
		ExpiresAt: i.time("expiresAt"), SentAt: i.time("sentAt"), CreatedAt: i.time("createdAt"), EndedAt: i.time("endedAt"),
		Origin: membership.Realm(i.str("origin")), InvitedBy: i.str("invitedBy"), InvitedByName: i.str("invitedByName"),
		OfContact: formerContactFrom(i), LinkVersion: i.int("linkVersion"), Version: i.int("version"),
	}
}

func formerContactFrom(i item) *membership.FormerContact {
	was := i.strMap("ofContact")
	if was == nil {
		return nil
	}
	return &membership.FormerContact{Role: membership.Role(was["role"]), FirstName: was["firstName"], LastName: was["lastName"], Language: was["language"],
		GroupIDs: i.strs("ofContactGroupIds"), Group: was["group"]}
}

// Invitation returns one invitation within reach. Errors: ErrNotFound.
func (t Table) Invitation(ctx context.Context, reach membership.Reach, id string) (membership.Invitation, error) {
	i, err := t.findWithin(ctx, reach, invitationKey, id)
	return invitationFrom(i), err
}

// Invitations returns one page of a customer's invitations, the newest first, without what only the record has: grants,
// groups, the last mail and the version of the link. Errors: ErrNotFound.
func (t Table) Invitations(ctx context.Context, q membership.InvitationQuery) (membership.Page[membership.Invitation], error) {
	var p membership.Page[membership.Invitation]
	if !q.Reach.Includes(q.CustomerID) {
		return p, membership.ErrNotFound
	}
	l := listing{index: indexRegistered, attribute: "byRegistered", facet: invitationsFacet(q.CustomerID)}
	if q.Origin == membership.Staff { // what the deployment itself made is the provider's as well
		l.index, l.attribute = indexName, "byName"
	} else if q.Origin != "" {
		l.keep = func(i item) bool { return invitationFromRow(i).Origin == q.Origin }
	}
	items, next, prev, err := t.page(ctx, l, q.Page)
	if err != nil {
		return p, err
	}
	p = membership.Page[membership.Invitation]{Items: make([]membership.Invitation, len(items)), Next: next, Prev: prev}
	for n, i := range items {
		p.Items[n] = invitationFromRow(i)
	}
	return p, nil
}

// InviteFacts returns a customer within reach, the holders of the folded logins as that customer sees them (nobody for
// ""), and the markers of the keys (nil for nil), in the order asked and with one wait. Errors: ErrNotFound.
func (t Table) InviteFacts(ctx context.Context, reach membership.Reach, customerID string, folded []string, keys []*membership.IdempotencyKey) (membership.Customer, []membership.Address, []*membership.Marker, error) {
	if !reach.Includes(customerID) {
		return membership.Customer{}, nil, nil, membership.ErrNotFound
	}
	ask := []key{customerKey(customerID)}
	for _, f := range folded {
		if f != "" {
			ask = append(ask, loginKey(f))
		}
		if strings.Contains(f, "@") { // usernames are not invited
			ask = append(ask, elsewhereKey(customerID, f))
		}
	}
	for _, k := range keys {
		if k != nil {
			ask = append(ask, markerKey(*k))
		}
	}
	found, err := t.batchGet(ctx, ask)
	if err == nil && found[customerKey(customerID)] == nil {
		err = membership.ErrNotFound
	}
	if err != nil {
		return membership.Customer{}, nil, nil, err
	}
	addresses, markers := make([]membership.Address, len(folded)), make([]*membership.Marker, len(keys))
	for n, f := range folded {
		addresses[n] = holderFrom(found[loginKey(f)])
		addresses[n].InvitedHere = found[elsewhereKey(customerID, f)].str("userId")
	}
	for n, k := range keys {
		if k != nil {
			markers[n] = markerFrom(found[markerKey(*k)])
		}
	}
	return customerFrom(found[customerKey(customerID)]), addresses, markers, nil
}

// holderFrom returns who holds a login, or nobody when there is no reservation.
func holderFrom(login item) membership.Address {
	return membership.Address{UserID: login.str("userId"), CustomerID: login.str("customerId")}
}

// LinkFacts returns what a new link of an invitation depends on, with one wait. The inviter is looked up where the
// invitation's origin says: among the staff, or with the invitation's customer.
func (t Table) LinkFacts(ctx context.Context, v membership.Invitation) (membership.LinkFacts, error) {
	user, customer, login := userKey(v.CustomerID, v.UserID), customerKey(v.CustomerID), loginKey(membership.FoldLogin(v.Email))
	inviter := userKey(membership.ProviderID, v.InvitedBy)
	if v.Origin == membership.Portal {
		inviter = userKey(v.CustomerID, v.InvitedBy)
	}
	ask := []key{user, customer, login}
	if v.InvitedBy != "" {
		ask = append(ask, inviter)
	}
	found, err := t.batchGet(ctx, ask)
	if err != nil {
		return membership.LinkFacts{}, err
	}
	return membership.LinkFacts{User: userFrom(found[user]), Customer: customerFrom(found[customer]), Inviter: userFrom(found[inviter]),
		Holder: holderFrom(found[login])}, nil
}

// CreateInvitation stores a new invitation with its user, for an active customer. Errors: ErrCustomerDeactivated,
// ErrLoginTaken, ErrGroupGone, ErrInProgress, TooMany.
func (t Table) CreateInvitation(ctx context.Context, v membership.Invitation, u membership.User, tr membership.Trail) error {
	w := t.write()
	w.check(customerKey(v.CustomerID), openCustomer(tr.Now), membership.ErrCustomerDeactivated)
	w.put(invitationItem(v), absent(), membership.ErrStale)
	w.user(membership.User{}, u, tr.Now)
	w.events(tr.Letters, tr.Now)
	w.trail(tr)
	return t.commit(ctx, w)
}

// DeleteInvitation deletes an invitation and, unless user is nil, its user. Errors: ErrStale.
func (t Table) DeleteInvitation(ctx context.Context, v membership.Invitation, user *membership.User, tr membership.Trail) error {
	w := t.write()
	w.delete(invitationKey(v.CustomerID, v.ID), versionIs(v.Version), membership.ErrStale)
	if user != nil {
		w.user(*user, membership.User{}, tr.Now)
	}
	w.trail(tr)
	return t.commit(ctx, w)
}

// InviteContact stores a new invitation and its user, until now a contact, for an active customer.
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

// AcceptanceFacts returns the user and customer of an invitation and the holders of the folded logins, with one wait. A
// user or customer that no longer exists is zero.
func (t Table) AcceptanceFacts(ctx context.Context, v membership.Invitation, folded []string) (membership.User, membership.Customer, []membership.Address, error) {
	ask := []key{userKey(v.CustomerID, v.UserID), customerKey(v.CustomerID)}
	for _, f := range folded {
		ask = append(ask, loginKey(f))
	}
	found, err := t.batchGet(ctx, ask)
	if err != nil {
		return membership.User{}, membership.Customer{}, nil, err
	}
	holders := make([]membership.Address, len(folded))
	for n, f := range folded {
		holders[n] = holderFrom(found[loginKey(f)])
	}
	return userFrom(found[ask[0]]), customerFrom(found[ask[1]]), holders, nil
}

// ClaimAcceptance replaces before with after, which differ in the lease and the version only. Errors: ErrStale.
func (t Table) ClaimAcceptance(ctx context.Context, before, after membership.User) error {
	w := t.write()
	w.put(userItem(after), versionIs(before.Version), membership.ErrStale)
	return t.commit(ctx, w)
}
