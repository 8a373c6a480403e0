package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"clientele/shared/membership"
)

// registrationItem is the record, which is also the registration's row in the list of all registrations of its status.
func registrationItem(r membership.Registration) item {
	i := newItem(registrationKey(r.CustomerID, r.ID), entityRegistration)
	setRegistrationRow(i, r, "")
	if due := r.DueAt(); !due.IsZero() {
		i.setStr("due", dueFacet(dueRegistration, r.ID))
		i.setTime("dueAt", due)
	}
	for name, s := range map[string]string{
		"id": r.ID, "customerId": r.CustomerID, "email": r.Email, "firstName": r.FirstName, "lastName": r.LastName, "company": r.Company,
		"language": r.Language, "phone": r.Phone, "street": r.Street, "postcode": r.Postcode, "city": r.City, "region": r.Region,
		"country": r.Country, "comment": r.Comment, "origin": string(r.Origin), "status": string(r.Status), "proposedCustomerId": r.ProposedCustomerID,
		"decidedBy": r.DecidedBy, "decidedByName": r.DecidedByName, "reason": r.Reason, "proposedRole": string(r.ProposedRole), "askedBy": r.AskedBy, "ignored": r.Ignored, "delivery": r.Delivery, "mailId": r.MailID,
	} {
		i.setStr(name, s)
	}
	i.setTime("registeredAt", r.RegisteredAt)
	i.setTime("confirmedAt", r.ConfirmedAt)
	i.setTime("expiresAt", r.ExpiresAt)
	i.setTime("endedAt", r.EndedAt)
	i.setTime("remindAt", r.RemindAt)
	i.setInt("linkVersion", r.LinkVersion)
	i.setInt("version", r.Version)
	return i
}

// setRegistrationRow puts a registration on the list of its status, of a customer's registrations or, with "", of all.
// Those who wait are sorted by how long they have waited.
func setRegistrationRow(i item, r membership.Registration, customerID string) {
	i.setStr("facet", registrationsFacet(customerID, r.Status))
	since := r.RegisteredAt
	if !r.ConfirmedAt.IsZero() {
		since = r.ConfirmedAt
	}
	i.setTime("byRegistered", since)
	i.setStr(rowAttribute, registrationColumns(r))
}

func registrationFrom(i item) membership.Registration {
	return membership.Registration{
		ID: i.str("id"), CustomerID: i.str("customerId"), Email: i.str("email"), FirstName: i.str("firstName"), LastName: i.str("lastName"),
		Company: i.str("company"), Language: i.str("language"), Phone: i.str("phone"), Street: i.str("street"), Postcode: i.str("postcode"),
		City: i.str("city"), Region: i.str("region"), Country: i.str("country"), Comment: i.str("comment"),
		Origin: membership.RegistrationOrigin(i.str("origin")), Status: membership.RegistrationStatus(i.str("status")),
		RegisteredAt: i.time("registeredAt"), ConfirmedAt: i.time("confirmedAt"), ExpiresAt: i.time("expiresAt"), EndedAt: i.time("endedAt"),
		RemindAt: i.time("remindAt"), ProposedCustomerID: i.str("proposedCustomerId"), ProposedRole: membership.Role(i.str("proposedRole")), AskedBy: i.str("askedBy"), DecidedBy: i.str("decidedBy"),
		DecidedByName: i.str("decidedByName"), Reason: i.str("reason"), Ignored: i.str("ignored"), Delivery: i.str("delivery"), MailID: i.str("mailId"),
		LinkVersion: i.int("linkVersion"), Version: i.int("version"),
	}
}

// registrationColumns packs a registration as lists show it. Its id is in its key.
func registrationColumns(r membership.Registration) string {
	return pack(packID(r.CustomerID), r.Email, r.FirstName, r.LastName, r.Company, string(r.Origin), string(r.Status), packTime(r.RegisteredAt),
		packTime(r.ConfirmedAt), packTime(r.ExpiresAt), packTime(r.EndedAt), packID(r.ProposedCustomerID), packID(r.DecidedBy), r.DecidedByName,
		r.Language, r.Country, r.Ignored, strconv.Itoa(r.Version))
}

func registrationFromRow(i item) membership.Registration {
	c := i.columns()
	return membership.Registration{
		ID: strings.TrimPrefix(i.str("pk"), registrationPartition("")), CustomerID: unpackID(c.at(0)), Email: c.at(1), FirstName: c.at(2),
		LastName: c.at(3), Company: c.at(4), Origin: membership.RegistrationOrigin(c.at(5)), Status: membership.RegistrationStatus(c.at(6)),
		RegisteredAt: c.time(7), ConfirmedAt: c.time(8), ExpiresAt: c.time(9), EndedAt: c.time(10), ProposedCustomerID: unpackID(c.at(11)),
		DecidedBy: unpackID(c.at(12)), DecidedByName: c.at(13), Language: c.at(14), Country: c.at(15), Ignored: c.at(16), Version: c.int(17),
	}
}

// registration replaces before (zero for a new one) with after (zero ID for a deleted one), and the row of its
// customer's list with it. Its key holds its customer, so it moves when the customer changes.
func (w *write) registration(before, after membership.Registration) {
	was, is := registrationKey(before.CustomerID, before.ID), registrationKey(after.CustomerID, after.ID)
	switch {
	case before.ID == "":
		w.put(registrationItem(after), absent(), membership.ErrStale)
	case after.ID == "":
		w.delete(was, versionIs(before.Version), membership.ErrStale)
	case was == is:
		w.put(registrationItem(after), versionIs(before.Version), membership.ErrStale)
	default:
		w.delete(was, versionIs(before.Version), membership.ErrStale)
		w.put(registrationItem(after), absent(), membership.ErrStale)
	}
	if before.ID != "" && before.CustomerID != membership.UnassignedID && (after.ID == "" || was != is) {
		w.delete(registrationRowKey(before.CustomerID, before.ID), always(), nil)
	}
	if after.ID != "" && after.CustomerID != membership.UnassignedID {
		row := newItem(registrationRowKey(after.CustomerID, after.ID), entityRegistrationRow)
		setRegistrationRow(row, after, after.CustomerID)
		w.put(row, always(), nil)
	}
}

// openRegistration reserves the address of an unconfirmed registration; before is the reservation that was read, zero
// for none.
func (w *write) openRegistration(before membership.OpenRegistration, r membership.Registration) {
	i := newItem(openRegistrationKey(membership.FoldLogin(r.Email)), entityOpenRegistration)
	i.setStr("registrationId", r.ID)
	i.setInt("linkVersion", r.LinkVersion)
	i.setInt("version", r.Version)
	same := absent()
	if before.RegistrationID != "" {
		same = registers(before.RegistrationID, before.Version)
	}
	w.put(i, same, membership.ErrStale)
}

// registers holds while an address is reserved by this version of a registration.
func registers(registrationID string, version int) condition {
	return condition{expression: "registrationId = :r AND #v = :v", names: map[string]string{"#v": "version"},
		values: item{":r": str(registrationID), ":v": num(int64(version))}}
}

// closeRegistration frees the address of an unconfirmed registration.
func (w *write) closeRegistration(r membership.Registration) {
	w.delete(openRegistrationKey(membership.FoldLogin(r.Email)), registers(r.ID, r.Version), membership.ErrStale)
}

// RegistrationFacts returns the settings and the open registration of a folded address (none for ""), with one wait.
func (t Table) RegistrationFacts(ctx context.Context, folded string) (membership.Settings, membership.OpenRegistration, error) {
	found, err := t.batchGet(ctx, []key{settingsKey(), openRegistrationKey(folded)})
	if err != nil {
		return membership.Settings{}, membership.OpenRegistration{}, err
	}
	open := found[openRegistrationKey(folded)]
	return settingsFrom(found[settingsKey()]), membership.OpenRegistration{RegistrationID: open.str("registrationId"),
		LinkVersion: open.int("linkVersion"), Version: open.int("version")}, nil
}

// StartRegistration stores an unconfirmed registration: in place of the address's open one, or beside it when the new
// one is ignored. Errors: ErrStale, TooMany.
func (t Table) StartRegistration(ctx context.Context, open membership.OpenRegistration, r membership.Registration, tr membership.Trail) error {
	w := t.write()
	w.events(tr.Letters, tr.Now)
	switch {
	case r.Ignored != "":
		w.registration(membership.Registration{}, r)
	case open.RegistrationID == "":
		w.registration(membership.Registration{}, r)
		w.openRegistration(open, r)
	default:
		w.registration(membership.Registration{ID: open.RegistrationID, CustomerID: r.CustomerID, Version: open.Version}, r)
		w.openRegistration(open, r)
	}
	w.trail(tr)
	return t.commit(ctx, w)
}

// Registration returns one registration within reach. Errors: ErrNotFound.
func (t Table) Registration(ctx context.Context, reach membership.Reach, id string) (membership.Registration, error) {
	i, err := t.findWithin(ctx, reach, registrationKey, id)
	return registrationFrom(i), err
}

// Registrations returns one page of the registrations of one status: of a customer, or of all with "". They are sorted
// by when they were confirmed, or else made. One Query. Errors: ErrNotFound.
func (t Table) Registrations(ctx context.Context, q membership.RegistrationQuery) (membership.Page[membership.Registration], error) {
	var p membership.Page[membership.Registration]
	if q.CustomerID == "" && !q.Reach.All() || q.CustomerID != "" && !q.Reach.Includes(q.CustomerID) {
		return p, membership.ErrNotFound
	}
	items, next, prev, err := t.page(ctx, listing{index: indexRegistered, attribute: "byRegistered", facet: registrationsFacet(q.CustomerID, q.Status)}, q.Page)
	if err != nil {
		return p, err
	}
	p = membership.Page[membership.Registration]{Items: make([]membership.Registration, len(items)), Next: next, Prev: prev}
	for n, i := range items {
		p.Items[n] = registrationFromRow(i)
	}
	return p, nil
}

// LoginHolders returns the holders of the folded logins, in the order asked and with one wait.
func (t Table) LoginHolders(ctx context.Context, folded []string) ([]membership.Address, error) {
	keys := make([]key, len(folded))
	for n, f := range folded {
		keys[n] = loginKey(f)
	}
	found, err := t.batchGet(ctx, keys)
	if err != nil {
		return nil, err
	}
	holders := make([]membership.Address, len(folded))
	for n, k := range keys {
		holders[n] = holderFrom(found[k])
	}
	return holders, nil
}

// admission lets a user into a customer: an open one, or one that is created with it.
func (w *write) admission(u membership.User, a membership.Admission, now time.Time) {
	switch {
	case a.CustomerID == "":
		return
	case a.Created != nil:
		w.put(customerItem(*a.Created), absent(), membership.ErrStale)
		w.words(membership.Customer{}, *a.Created)
		w.externalID(a.Created.ID, "", a.Created.ExternalID)
		w.put(auditItem(a.Audit), absent(), membership.ErrStale)
		w.contactAddress(membership.Customer{}, *a.Created)
	default:
		w.check(customerKey(a.CustomerID), openCustomer(now), membership.ErrCustomerDeactivated)
		w.check(elsewhereKey(a.CustomerID, membership.FoldLogin(u.Email)), absent(), membership.ErrInvitedMeanwhile)
	}
	if a.Only != nil {
		w.onlyUser(u, *a.Only)
	}
}

// ConfirmRegistration ends the open registration of the address and stores its user, and lets the user in if a says so.
// Errors: ErrStale, ErrLoginTaken, and those of DecideRegistration.
func (t Table) ConfirmRegistration(ctx context.Context, r membership.RegistrationChange, u membership.User, a membership.Admission, tr membership.Trail) error {
	w := t.write()
	w.registration(r.Before, r.After)
	w.closeRegistration(r.Before)
	if a.CustomerID == "" && u.CustomerID != membership.UnassignedID { // routed
		w.check(customerKey(u.CustomerID), openCustomer(tr.Now), membership.ErrStale)
	}
	w.admission(u, a, tr.Now)
	w.user(membership.User{}, u, tr.Now)
	w.trail(tr)
	return t.commit(ctx, w)
}

// DecideRegistration replaces registration and user; a user who is let in moves from one customer to another.
// Errors: ErrStale, ErrLoginTaken, ErrCustomerDeactivated, ErrOnePerson, ErrInvitedMeanwhile, ErrExternalUserID,
// ErrExternalIDInUse, ErrGroupGone, ErrInProgress.
func (t Table) DecideRegistration(ctx context.Context, r membership.RegistrationChange, before, after membership.User, a membership.Admission, tr membership.Trail) error {
	w := t.write()
	w.registration(r.Before, r.After)
	w.admission(after, a, tr.Now)
	if before.CustomerID == after.CustomerID {
		w.user(before, after, tr.Now)
	} else {
		w.moveUser(before, after, tr.Now)
	}
	w.trail(tr)
	return t.commit(ctx, w)
}

// RemoveRegistrant is ChangeUser for a waiting user, and ends the registration. Errors: ErrStale, ErrInProgress.
func (t Table) RemoveRegistrant(ctx context.Context, before, after membership.User, r membership.RegistrationChange, tr membership.Trail) error {
	w := t.changeUser(before, after, nil, tr)
	w.registration(r.Before, r.After)
	return t.commit(ctx, w)
}

// DueRegistrations returns up to limit registrations whose link, retention or reminder is due, the oldest first.
func (t Table) DueRegistrations(ctx context.Context, now time.Time, limit int) ([]membership.Registration, error) {
	items, err := t.due(ctx, dueRegistration, now, limit)
	found := make([]membership.Registration, len(items))
	for n, i := range items {
		found[n] = registrationFrom(i)
	}
	return found, err
}

// ExpireRegistration replaces an unconfirmed registration and frees its address. Errors: ErrStale.
func (t Table) ExpireRegistration(ctx context.Context, r membership.RegistrationChange, tr membership.Trail) error {
	w := t.write()
	w.registration(r.Before, r.After)
	w.closeRegistration(r.Before)
	w.trail(tr)
	return t.commit(ctx, w)
}

// DeleteRegistration deletes a registration and, unless user is nil, the user that it made. Errors: ErrStale.
func (t Table) DeleteRegistration(ctx context.Context, r membership.Registration, user *membership.User, tr membership.Trail) error {
	w := t.write()
	w.registration(r, membership.Registration{})
	if user != nil {
		w.user(*user, membership.User{}, tr.Now)
	}
	w.trail(tr)
	return t.commit(ctx, w)
}

// RemindOf replaces a waiting registration and stores the mails of a reminder. Errors: ErrStale, TooMany.
func (t Table) RemindOf(ctx context.Context, r membership.RegistrationChange, tr membership.Trail) error {
	w := t.write()
	w.registration(r.Before, r.After)
	w.events(tr.Letters, tr.Now)
	w.trail(tr)
	return t.commit(ctx, w)
}
