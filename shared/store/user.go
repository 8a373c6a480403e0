package store

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"clientele/shared/membership"
)

func userItem(u membership.User) item {
	i := newItem(userKey(u.CustomerID, u.ID), entityUser)
	for name, v := range map[string]string{
		"id": u.ID, "customerId": u.CustomerID, "company": u.Company, "status": string(u.Status), "role": string(u.Role), "title": u.Title,
		"firstName": u.FirstName, "lastName": u.LastName, "email": u.Email, "username": u.Username, "avatarUrl": u.AvatarURL, "url": u.URL,
		"phone": u.Phone, "mobile": u.Mobile, "fax": u.Fax, "street": u.Street, "postcode": u.Postcode, "city": u.City, "region": u.Region,
		"country": u.Country, "language": u.Language, "externalId": u.ExternalID, "comment": u.Comment, "source": u.Source,
		"invitationId": u.InvitationID, "group": u.Group,
	} {
		i.setStr(name, v)
	}
	i.setStrs("groupIds", u.GroupIDs)
	i.setGrants(u.Grants)
	i.setBool("notificationsEnabled", u.NotificationsEnabled)
	i.setTime("registeredAt", u.RegisteredAt)
	i.setTime("suspendedUntil", u.SuspendedUntil)
	i.setTime("invitationExpiresAt", u.InvitationExpiresAt)
	i.setTime("validFrom", u.ValidFrom)
	if !u.ActivatingUntil.IsZero() { // a lease of seconds needs fractions
		i.setStr("activatingUntil", u.ActivatingUntil.UTC().Format(time.RFC3339Nano))
	}
	i.setBool("addressElsewhere", u.AddressElsewhere)
	i.setStr("newEmail", u.NewEmail)
	i.setTime("newEmailUntil", u.NewEmailUntil)
	i.setInt("newEmailVersion", u.NewEmailVersion)
	if u.Status == membership.Suspended && !u.SuspendedUntil.IsZero() { // the lists are updated when it is over
		i.setStr("due", dueFacet(dueSuspension, u.ID))
		i.setTime("dueAt", u.SuspendedUntil)
	}
	i.setInt("version", u.Version)
	return i
}

func userFrom(i item) membership.User {
	return membership.User{
		ID: i.str("id"), CustomerID: i.str("customerId"), Company: i.str("company"), Status: membership.Status(i.str("status")),
		Role: membership.Role(i.str("role")), Title: i.str("title"), FirstName: i.str("firstName"), LastName: i.str("lastName"),
		Email: i.str("email"), Username: i.str("username"), GroupIDs: i.strs("groupIds"), Grants: i.grants(),
		NotificationsEnabled: i.bool("notificationsEnabled"), AvatarURL: i.str("avatarUrl"), URL: i.str("url"), Phone: i.str("phone"),
		Mobile: i.str("mobile"), Fax: i.str("fax"), Street: i.str("street"), Postcode: i.str("postcode"), City: i.str("city"),
		Region: i.str("region"), Country: i.str("country"), Language: i.str("language"), ExternalID: i.str("externalId"),
		Comment: i.str("comment"), Source: i.str("source"), RegisteredAt: i.time("registeredAt"), SuspendedUntil: i.time("suspendedUntil"),
		InvitationID: i.str("invitationId"), InvitationExpiresAt: i.time("invitationExpiresAt"), ActivatingUntil: i.time("activatingUntil"),
		AddressElsewhere: i.bool("addressElsewhere"), NewEmail: i.str("newEmail"), NewEmailUntil: i.time("newEmailUntil"), NewEmailVersion: i.int("newEmailVersion"),
		Group: i.str("group"), ValidFrom: i.time("validFrom"), Version: i.int("version"),
	}
}

func (i item) setGrants(grants []membership.Grant) {
	if len(grants) == 0 {
		return
	}
	l := make([]types.AttributeValue, len(grants))
	for n, g := range grants {
		m := item{}
		m.setStr("module", g.Module)
		m.setStr("subAccountId", g.SubAccountID)
		m.setStr("level", g.Level)
		l[n] = &types.AttributeValueMemberM{Value: m}
	}
	i["grants"] = &types.AttributeValueMemberL{Value: l}
}

func (i item) grants() []membership.Grant {
	v, ok := i["grants"].(*types.AttributeValueMemberL)
	if !ok {
		return nil
	}
	var grants []membership.Grant
	for _, x := range v.Value {
		if m, ok := x.(*types.AttributeValueMemberM); ok {
			g := item(m.Value)
			grants = append(grants, membership.Grant{Module: g.str("module"), SubAccountID: g.str("subAccountId"), Level: g.str("level")})
		}
	}
	return grants
}

// rowItem is the row of a user under one facet: what a list shows and sorts by.
func rowItem(u membership.User, facet string) item {
	i := newItem(facetKey(u.ID, facet), entityUserRow)
	i.setStr("facet", facet)
	i.setStr("byName", sortable(u.SortName()))
	i.setStr("byEmail", sortable(membership.FoldLogin(u.Email)))
	i.setStr("byGroup", sortable(membership.FoldName(u.Group)))
	i.setStr("byRole", string(u.Role))
	i.setStr("byCompany", sortable(membership.FoldName(u.Company)))
	i.setTime("byRegistered", u.RegisteredAt)
	i.setStr(rowAttribute, userColumns(u))
	return i
}

// User returns one user within reach. Errors: ErrNotFound.
func (t Table) User(ctx context.Context, reach membership.Reach, userID string) (membership.User, error) {
	if customerID := reach.CustomerID(); customerID != "" {
		i, err := t.find(ctx, userKey(customerID, userID))
		return userFrom(i), err
	}
	if !reach.All() {
		return membership.User{}, membership.ErrNotFound
	}
	items, err := t.partition(ctx, userPartition(userID), recordPrefix, 2)
	if err != nil {
		return membership.User{}, err
	}
	for _, i := range items {
		if i.str("entity") == entityUser {
			return userFrom(i), nil
		}
	}
	return membership.User{}, membership.ErrNotFound
}

// logins returns what a user reserves in the namespace of logins: e-mail and username. An address that signs in for
// another customer is reserved there, not here.
func logins(u membership.User) []string {
	if u.ID == "" || u.Status == membership.Removed || u.Status == membership.Rejected {
		return nil
	}
	var l []string
	email := membership.FoldLogin(u.Email)
	if email != "" && !u.AddressElsewhere { // a contact may have no address
		l = append(l, email)
	}
	if name := membership.FoldLogin(u.Username); name != "" && name != email {
		l = append(l, name)
	}
	return l
}

// elsewhere returns the address that a user was invited with although it signs in for another customer, or "".
func elsewhere(u membership.User) string {
	if !u.AddressElsewhere || u.Status == membership.Removed {
		return ""
	}
	return membership.FoldLogin(u.Email)
}

// user writes a user from before (zero for a new one) to after (zero ID for a deleted one), with the reservations of
// its logins and its rows in the lists. It adds a user only to groups that are active now.
func (w *write) user(before, after membership.User, now time.Time) {
	switch {
	case before.ID == "":
		w.put(userItem(after), absent(), membership.ErrStale)
	case after.ID == "":
		w.delete(userKey(before.CustomerID, before.ID), versionIs(before.Version), membership.ErrStale)
		w.delete(signInsKey(before.CustomerID, before.ID), always(), nil)
	default:
		w.put(userItem(after), versionIs(before.Version), membership.ErrStale)
	}
	for _, g := range after.GroupIDs {
		if !slices.Contains(before.GroupIDs, g) {
			w.check(groupKey(g), activeGroup(now), membership.ErrGroupGone)
		}
	}
	had, has := logins(before), logins(after)
	for _, l := range has {
		if !slices.Contains(had, l) {
			i := newItem(loginKey(l), entityLogin)
			i.setStr("userId", after.ID)
			i.setStr("customerId", after.CustomerID)
			w.put(i, absent(), membership.ErrLoginTaken)
		}
	}
	for _, l := range had {
		if !slices.Contains(has, l) {
			w.delete(loginKey(l), condition{expression: "userId = :u", values: item{":u": str(before.ID)}}, membership.ErrStale)
		}
	}
	if was, is := elsewhere(before), elsewhere(after); was != is {
		if is != "" {
			i := newItem(elsewhereKey(after.CustomerID, is), entityElsewhere)
			i.setStr("userId", after.ID)
			w.put(i, absent(), membership.ErrLoginTaken)
		}
		if was != "" {
			w.delete(elsewhereKey(before.CustomerID, was), always(), nil)
		}
	}
	w.userExternalID(before, after)
	w.rows(before, after)
}

// rows writes the rows of a user's lists as before (zero for a new user) becomes after (zero ID for a deleted one).
func (w *write) rows(before, after membership.User) {
	var lists []string
	if after.ID != "" {
		lists = facets(after)
	}
	if before.ID != "" {
		for _, f := range facets(before) {
			if !slices.Contains(lists, f) {
				w.delete(facetKey(before.ID, f), always(), nil)
			}
		}
	}
	for _, f := range lists {
		row := rowItem(after, f)
		if before.ID != "" && slices.Contains(facets(before), f) && reflect.DeepEqual(row, rowItem(before, f)) {
			continue // no list shows a change
		}
		w.put(row, always(), nil)
	}
}

// moveUser moves a user who never had access from one customer to another. That changes the keys: of the record, of the
// reservations of logins and external id, and of list rows. Search rows and counters follow by the stream.
func (w *write) moveUser(before, after membership.User, now time.Time) {
	w.delete(userKey(before.CustomerID, before.ID), versionIs(before.Version), membership.ErrStale)
	w.put(userItem(after), absent(), membership.ErrStale)
	for _, g := range after.GroupIDs {
		if !slices.Contains(before.GroupIDs, g) {
			w.check(groupKey(g), activeGroup(now), membership.ErrGroupGone)
		}
	}
	had, has := logins(before), logins(after)
	for _, l := range has {
		i := newItem(loginKey(l), entityLogin)
		i.setStr("userId", after.ID)
		i.setStr("customerId", after.CustomerID)
		if slices.Contains(had, l) {
			w.put(i, condition{expression: "userId = :u", values: item{":u": str(before.ID)}}, membership.ErrStale)
		} else {
			w.put(i, absent(), membership.ErrLoginTaken)
		}
	}
	for _, l := range had {
		if !slices.Contains(has, l) {
			w.delete(loginKey(l), condition{expression: "userId = :u", values: item{":u": str(before.ID)}}, membership.ErrStale)
		}
	}
	w.userExternalID(before, membership.User{})
	w.userExternalID(membership.User{}, after)
	w.rows(before, after)
}

// ChangeUser replaces before with after, and an invitation with it unless inv is nil. Errors: ErrStale, ErrLoginTaken,
// ErrExternalUserID, ErrGroupGone, ErrSignedOut, ErrInProgress, TooMany.
func (t Table) ChangeUser(ctx context.Context, before, after membership.User, inv *membership.InvitationChange, tr membership.Trail) error {
	return t.commit(ctx, t.changeUser(before, after, inv, tr))
}

func (t Table) changeUser(before, after membership.User, inv *membership.InvitationChange, tr membership.Trail) *write {
	w := t.write()
	w.user(before, after, tr.Now)
	if inv != nil {
		w.put(invitationItem(inv.After), versionIs(inv.Before.Version), membership.ErrStale)
	}
	if tr.Witness != "" {
		w.check(userKey(membership.ProviderID, tr.Witness), activeAdministrator(), membership.ErrSignedOut)
	}
	w.events(tr.Letters, tr.Now)
	w.trail(tr)
	return w
}
