package store

import (
	"context"
	"strings"

	"clientele/shared/membership"
)

// InviteFacts returns a customer within reach, who holds the folded logins ("" is nobody) as that customer sees it, and
// the markers of the keys (nil for nil), in the order asked and with one wait. Errors: ErrNotFound.
func (t Table) InviteFacts(ctx context.Context, reach membership.Reach, customerID string, folded []string, keys []*membership.IdempotencyKey) (membership.Customer, []membership.Address, []*membership.Marker, error) {
	if !reach.Includes(customerID) {
		return membership.Customer{}, nil, nil, membership.ErrNotFound
	}
	ask := []key{customerKey(customerID)}
	for _, f := range folded {
		if f != "" {
			ask = append(ask, loginKey(f))
		}
		if strings.Contains(f, "@") { // no username is invited
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

// holderFrom returns who holds a login; nobody where there is no reservation.
func holderFrom(login item) membership.Address {
	return membership.Address{UserID: login.str("userId"), CustomerID: login.str("customerId")}
}

// LinkFacts returns what a new link of an invitation depends on, with one wait. The inviter is looked for where the
// realm of the invitation says: among the staff, or with the invitation's customer.
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
