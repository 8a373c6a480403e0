package store

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"clientele/shared/membership"
)

// contactAddress moves the row by which a customer is found by its e-mail as before (zero for a new customer) becomes
// after (zero for a deleted one).
func (w *write) contactAddress(before, after membership.Customer) {
	was, is := membership.FoldLogin(before.Email), membership.FoldLogin(after.Email)
	if was == is {
		return
	}
	if was != "" {
		w.delete(contactAddressKey(was, before.ID), always(), nil)
	}
	if is != "" {
		w.put(newItem(contactAddressKey(is, after.ID), entityContactAddress), always(), nil)
	}
}

func guestLinkItem(l membership.GuestLink) item {
	i := newItem(guestLinkKey(l.CustomerID), entityGuestLink)
	i.setStr("customerId", l.CustomerID)
	i.setStr("mailId", l.MailID)
	i.setInt("linkVersion", l.LinkVersion)
	i.setTime("expiresAt", l.ExpiresAt)
	i.setInt("version", l.Version)
	return i
}

func guestLinkFrom(i item) membership.GuestLink {
	return membership.GuestLink{CustomerID: i.str("customerId"), MailID: i.str("mailId"), LinkVersion: i.int("linkVersion"),
		ExpiresAt: i.time("expiresAt"), Version: i.int("version")}
}

func guestSessionItem(s membership.GuestSession) item {
	i := newItem(guestSessionKey(s.CustomerID, s.ID), entityGuestSession)
	i.setStr("id", s.ID)
	i.setStr("customerId", s.CustomerID)
	i.setStr("address", s.Address)
	i.setBytes("secretHash", s.SecretHash)
	i.setTime("createdAt", s.CreatedAt)
	i.setTime("endsAt", s.EndsAt)
	i.setTTL(s.EndsAt)
	return i
}

func guestSessionFrom(i item) membership.GuestSession {
	return membership.GuestSession{ID: i.str("id"), CustomerID: i.str("customerId"), Address: i.str("address"), SecretHash: i.bytes("secretHash"),
		CreatedAt: i.time("createdAt"), EndsAt: i.time("endsAt")}
}

// GuestsOf returns the ids of up to MaxGuestsOf customers with a folded contact address, the oldest first (ids sort by
// age): one Query.
func (t Table) GuestsOf(ctx context.Context, address string) ([]string, error) {
	items, err := t.partition(ctx, contactAddressPartition(address), contactAddressPrefix, membership.MaxGuestsOf)
	ids := make([]string, len(items))
	for n, i := range items {
		ids[n] = i.str("sk")[len(contactAddressPrefix):]
	}
	return ids, err
}

// GuestFacts reads a customer, its link and session, and then the rows of its users: two waits. All reads are
// consistent, so the first user ends the guest's stay with the next request.
func (t Table) GuestFacts(ctx context.Context, customerID, sessionID string) (membership.GuestFacts, error) {
	ask := []key{customerKey(customerID), guestLinkKey(customerID)}
	if sessionID != "" {
		ask = append(ask, guestSessionKey(customerID, sessionID))
	}
	found, err := t.batchGet(ctx, ask)
	if err != nil {
		return membership.GuestFacts{}, err
	}
	f := membership.GuestFacts{Customer: customerFrom(found[customerKey(customerID)]), Link: guestLinkFrom(found[guestLinkKey(customerID)])}
	f.Link.CustomerID = customerID
	if sessionID != "" {
		if i := found[guestSessionKey(customerID, sessionID)]; i != nil {
			s := guestSessionFrom(i)
			f.Session = &s
		}
	}
	f.HasUser, err = t.hasUser(ctx, customerID)
	return f, err
}

// usersLookedAt is how many rows hasUser reads: 15 RCU, consistently, at the usual 380 B.
const usersLookedAt = 150

// hasUser says whether a customer has a user who has, or had, access. It reads at most usersLookedAt rows; a customer
// with more people than that has no guests, even if none of these has got in yet.
func (t Table) hasUser(ctx context.Context, customerID string) (bool, error) {
	out, err := t.client.Query(ctx, &dynamodb.QueryInput{
		TableName: &t.name, KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :sk)"), ConsistentRead: aws.Bool(true),
		ExpressionAttributeValues: item{":pk": str(customerKey(customerID).pk), ":sk": str(memberUserPrefix)}, Limit: aws.Int32(usersLookedAt),
		ProjectionExpression: aws.String("pk, sk, " + rowAttribute),
	})
	if err != nil {
		return false, unavailable(err)
	}
	for _, i := range out.Items {
		switch rowFrom(i).Status {
		case membership.Active, membership.Suspended, membership.Deactivated:
			return true, nil
		}
	}
	return len(out.LastEvaluatedKey) > 0, nil
}

// ChangeGuestLink replaces before with after. Errors: ErrStale.
func (t Table) ChangeGuestLink(ctx context.Context, before, after membership.GuestLink) error {
	w := t.write()
	w.guestLink(before, after)
	return t.commit(ctx, w)
}

func (w *write) guestLink(before, after membership.GuestLink) {
	c := versionIs(before.Version)
	if before.Version == 0 {
		c = absent()
	}
	w.put(guestLinkItem(after), c, membership.ErrStale)
}

// EnterAsGuest uses up a link and stores the session. Errors: ErrStale.
func (t Table) EnterAsGuest(ctx context.Context, before, after membership.GuestLink, s membership.GuestSession, tr membership.Trail) error {
	w := t.write()
	w.guestLink(before, after)
	w.put(guestSessionItem(s), absent(), membership.ErrStale)
	w.trail(tr)
	return t.commit(ctx, w)
}

// EndGuestSession deletes a session, if there is one.
func (t Table) EndGuestSession(ctx context.Context, customerID, sessionID string) error {
	_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: guestSessionKey(customerID, sessionID).item()})
	return unavailable(err)
}

// RequestUser stores a waiting registration with its user, while the customer that it proposes is active.
// Errors: ErrSignedOut, ErrLoginTaken.
func (t Table) RequestUser(ctx context.Context, r membership.Registration, u membership.User, tr membership.Trail) error {
	w := t.write()
	w.check(customerKey(r.ProposedCustomerID), openCustomer(tr.Now), membership.ErrSignedOut)
	w.registration(membership.Registration{}, r)
	w.user(membership.User{}, u, tr.Now)
	w.trail(tr)
	return t.commit(ctx, w)
}
