package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"clientele/shared/membership"
)

func customerItem(c membership.Customer) item {
	i := newItem(customerKey(c.ID), entityCustomer)
	if c.ID != membership.ProviderID { // the provider is on no list of customers
		i.setStr("facet", customersFacet)
		i.setStr("byName", sortable(membership.FoldName(c.Name)))
		i.setTime("byRegistered", c.CreatedAt)
	}
	i.setStr(rowAttribute, customerColumns(c))
	i.setStr("id", c.ID)
	i.setStr("name", c.Name)
	i.setStr("type", string(c.Type))
	i.setStr("management", c.Management)
	i.setStr("status", string(c.Status))
	i.setBool("portalAccess", c.PortalAccess)
	i.setStrs("groupIds", c.GroupIDs)
	i.setStr("email", c.Email)
	i.setStr("url", c.URL)
	i.setStr("phone", c.Phone)
	i.setStr("street", c.Street)
	i.setStr("postcode", c.Postcode)
	i.setStr("city", c.City)
	i.setStr("region", c.Region)
	i.setStr("country", c.Country)
	i.setStr("language", c.Language)
	i.setStr("externalId", c.ExternalID)
	i.setStr("comment", c.Comment)
	i.setTime("createdAt", c.CreatedAt)
	i.setTime("validFrom", c.ValidFrom)
	i.setInt("version", c.Version)
	return i
}

func customerFrom(i item) membership.Customer {
	return membership.Customer{
		ID: i.str("id"), Name: i.str("name"), Type: membership.CustomerType(i.str("type")), Management: i.str("management"),
		Status: membership.CustomerStatus(i.str("status")), PortalAccess: i.bool("portalAccess"), GroupIDs: i.strs("groupIds"),
		Email: i.str("email"), URL: i.str("url"), Phone: i.str("phone"), Street: i.str("street"), Postcode: i.str("postcode"),
		City: i.str("city"), Region: i.str("region"), Country: i.str("country"), Language: i.str("language"),
		ExternalID: i.str("externalId"), Comment: i.str("comment"), CreatedAt: i.time("createdAt"), ValidFrom: i.time("validFrom"),
		Version: i.int("version"),
	}
}

// sortable returns a sort key of at most 100 bytes; an index key cannot be empty.
func sortable(folded string) string {
	if folded == "" {
		return "~"
	}
	if len(folded) > 100 {
		folded = strings.ToValidUTF8(folded[:100], "")
	}
	return folded
}

// Customer returns one customer within reach. Errors: ErrNotFound.
func (t Table) Customer(ctx context.Context, reach membership.Reach, customerID string) (membership.Customer, error) {
	if !reach.Includes(customerID) {
		return membership.Customer{}, membership.ErrNotFound
	}
	i, err := t.find(ctx, customerKey(customerID))
	return customerFrom(i), err
}

// Customers returns one page of the customers other than the provider: those that match the search, or all by name or
// age.
func (t Table) Customers(ctx context.Context, q membership.CustomerQuery) (membership.Page[membership.Customer], error) {
	if q.Search != "" {
		return t.searchCustomers(ctx, q)
	}
	l := listing{index: indexName, attribute: "byName", facet: customersFacet}
	if q.Sort == membership.CustomersByCreated {
		l = listing{index: indexRegistered, attribute: "byRegistered", facet: customersFacet}
	}
	items, next, prev, err := t.page(ctx, l, q.Page)
	if err != nil {
		return membership.Page[membership.Customer]{}, err
	}
	p := membership.Page[membership.Customer]{Items: make([]membership.Customer, len(items)), Next: next, Prev: prev}
	for n, i := range items {
		p.Items[n] = customerFromRow(i)
	}
	return p, nil
}

// searchCustomers reads the word rows that begin with the search text, with one Query. A customer is shown once, at the
// first of its words that matches, so a page can be short and still have a next one.
func (t Table) searchCustomers(ctx context.Context, q membership.CustomerQuery) (membership.Page[membership.Customer], error) {
	text := searchText(q.Search) // cut like the text of the rows
	items, next, prev, err := t.page(ctx, listing{attribute: "sk", partition: customerSearchPartition(text), only: text,
		dense: true,
		keep: func(i item) bool {
			return i.str("sk") == firstMatch(words(i.columns().at(1)), text)+"#"+customerFromRow(i).ID
		}}, q.Page)
	if err != nil {
		return membership.Page[membership.Customer]{}, err
	}
	p := membership.Page[membership.Customer]{Items: make([]membership.Customer, len(items)), Next: next, Prev: prev}
	for n, i := range items {
		p.Items[n] = customerFromRow(i)
	}
	return p, nil
}

// firstMatch returns the smallest of the texts that begin with prefix.
func firstMatch(texts []string, prefix string) string {
	first := ""
	for _, text := range texts {
		if strings.HasPrefix(text, prefix) && (first == "" || text < first) {
			first = text
		}
	}
	return first
}

// words updates the rows by which a customer is found as before (zero for a new customer) becomes after (zero for a
// deleted one).
func (w *write) words(before, after membership.Customer) {
	old, now := words(before.Name), words(after.Name)
	for _, text := range old {
		if !slices.Contains(now, text) {
			w.delete(customerSearchKey(text, before.ID), always(), nil)
		}
	}
	columns := customerColumns(after)
	for _, text := range now {
		if !slices.Contains(old, text) || columns != customerColumns(before) {
			i := newItem(customerSearchKey(text, after.ID), entityCustomerWord)
			i.setStr(rowAttribute, columns)
			w.put(i, always(), nil)
		}
	}
}

// externalID moves the reservation of an external id.
func (w *write) externalID(customerID, before, after string) {
	if before == after {
		return
	}
	if after != "" {
		i := newItem(externalIDKey(after), entityExternalID)
		i.setStr("customerId", customerID)
		w.put(i, absent(), membership.ErrExternalIDInUse)
	}
	if before != "" {
		w.delete(externalIDKey(before), always(), nil)
	}
}

// CreateCustomer stores a new customer. Errors: ErrExternalIDInUse, ErrInProgress.
func (t Table) CreateCustomer(ctx context.Context, c membership.Customer, tr membership.Trail) error {
	w := t.write()
	w.put(customerItem(c), absent(), membership.ErrStale)
	w.words(membership.Customer{}, c)
	w.externalID(c.ID, "", c.ExternalID)
	w.contactAddress(membership.Customer{}, c)
	w.trail(tr)
	return t.commit(ctx, w)
}

// CreateProvider stores the provider's record. It is no error when somebody else was faster.
func (t Table) CreateProvider(ctx context.Context, c membership.Customer, tr membership.Trail) error {
	w := t.write()
	w.put(customerItem(c), absent(), membership.ErrStale)
	w.trail(tr)
	err := t.commit(ctx, w)
	if membership.KindOf(err) == membership.Stale {
		return nil
	}
	return err
}

// ChangeCustomer replaces before with after. Errors: ErrStale, ErrExternalIDInUse, ErrGroupGone, ErrInProgress.
func (t Table) ChangeCustomer(ctx context.Context, before, after membership.Customer, tr membership.Trail) error {
	w := t.write()
	w.put(customerItem(after), versionIs(before.Version), membership.ErrStale)
	w.words(before, after)
	w.externalID(after.ID, before.ExternalID, after.ExternalID)
	w.contactAddress(before, after)
	w.groupsOfCustomer(before, after, tr.Now)
	w.trail(tr)
	return t.commit(ctx, w)
}

// openCustomer holds while a customer exists, is active, and is not being deleted.
func openCustomer(now time.Time) condition {
	return condition{
		expression: "attribute_exists(pk) AND #s = :active AND " + notClosing,
		names:      map[string]string{"#s": "status"},
		values:     item{":active": str(string(membership.CustomerActive)), ":now": str(stamp(now))},
	}
}

// existingCustomer holds while a customer exists and is not being deleted.
func existingCustomer(now time.Time) condition {
	return condition{
		expression: "attribute_exists(pk) AND " + notClosing,
		values:     item{":now": str(stamp(now))},
	}
}

// DeleteCustomer deletes a customer that has no users and no sub-accounts. A deletion that died half way can be
// repeated with the same version. Errors: ErrStale, ErrCustomerNotEmpty.
func (t Table) DeleteCustomer(ctx context.Context, c membership.Customer, tr membership.Trail) error {
	mine, err := t.closeEmpty(ctx, customerKey(c.ID), c.Version, tr, membership.ErrCustomerNotEmpty, memberUserPrefix, subAccountPrefix)
	if err != nil {
		return err
	}
	domains, err := t.Domains(ctx, membership.ReachAll(), c.ID)
	if err != nil {
		return err
	}
	w := t.write()
	w.delete(customerKey(c.ID), mine, membership.ErrStale)
	w.delete(subAccountsKey(c.ID), always(), nil)
	w.delete(domainsKey(c.ID), always(), nil)
	for _, d := range domains {
		w.removeDomain(d)
	}
	w.words(c, membership.Customer{})
	w.externalID(c.ID, c.ExternalID, "")
	w.contactAddress(c, membership.Customer{})
	w.delete(guestLinkKey(c.ID), always(), nil)
	w.groupsOfCustomer(c, membership.Customer{}, tr.Now)
	w.trail(tr)
	return t.commit(ctx, w)
}
