package store

import (
	"context"

	"clientele/shared/membership"
)

func domainItem(d membership.Domain) item {
	i := newItem(domainClaimKey(d.CustomerID, d.Name), entityDomainClaim)
	i.setStr("customerId", d.CustomerID)
	i.setStr("name", d.Name)
	i.setTime("createdAt", d.CreatedAt)
	i.setTime("provenAt", d.ProvenAt)
	i.setTime("checkedAt", d.CheckedAt)
	i.setInt("version", d.Version)
	return i
}

func domainFrom(i item) membership.Domain {
	return membership.Domain{CustomerID: i.str("customerId"), Name: i.str("name"), CreatedAt: i.time("createdAt"),
		ProvenAt: i.time("provenAt"), CheckedAt: i.time("checkedAt"), Version: i.int("version")}
}

// ProvenDomain returns the customer that has proven a domain, or "" when nobody has or the customer is deactivated. It
// waits twice when somebody has, else once. The domain may be written in any way.
func (t Table) ProvenDomain(ctx context.Context, domain string) (customerID string, err error) {
	name := membership.FoldDomain(domain)
	if name == "" {
		return "", nil
	}
	i, err := t.get(ctx, domainKey(name))
	if err != nil || i == nil {
		return "", err
	}
	customer, err := t.get(ctx, customerKey(i.str("customerId")))
	if err != nil || membership.CustomerStatus(customer.str("status")) != membership.CustomerActive {
		return "", err
	}
	return customer.str("id"), nil
}

// Domains returns all domains of a customer within reach, by name: one Query. Errors: ErrNotFound when out of reach.
func (t Table) Domains(ctx context.Context, reach membership.Reach, customerID string) ([]membership.Domain, error) {
	if !reach.Includes(customerID) {
		return nil, membership.ErrNotFound
	}
	items, err := t.partition(ctx, customerKey(customerID).pk, domainPrefix, membership.MaxDomains)
	if err != nil {
		return nil, err
	}
	all := make([]membership.Domain, len(items))
	for n, i := range items {
		all[n] = domainFrom(i)
	}
	return all, nil
}

// Domain returns one domain of a customer within reach. Errors: ErrNotFound.
func (t Table) Domain(ctx context.Context, reach membership.Reach, customerID, name string) (membership.Domain, error) {
	if !reach.Includes(customerID) || name == "" {
		return membership.Domain{}, membership.ErrNotFound
	}
	i, err := t.find(ctx, domainClaimKey(customerID, name))
	return domainFrom(i), err
}

// countDomain changes the number of a customer's domains, up to MaxDomains.
func (w *write) countDomain(customerID string, by int) {
	w.update(domainsKey(customerID), "ADD n :by SET entity = :e", condition{
		expression: "attribute_not_exists(n) OR n <= :most",
		values:     item{":by": num(int64(by)), ":most": num(int64(membership.MaxDomains - by)), ":e": str(entityDomains)},
	}, membership.ErrTooManyDomains)
}

// reservedBy holds while a domain is free, or reserved for this customer.
func reservedBy(customerID string) condition {
	return condition{expression: "attribute_not_exists(pk) OR customerId = :c", values: item{":c": str(customerID)}}
}

// reserveDomain reserves a domain for the customer that has proven it, or frees it. It writes the reservation even
// where nothing changes, so that no claim is ever proven without one.
func (w *write) reserveDomain(d membership.Domain) {
	if !d.Proven() {
		w.delete(domainKey(d.Name), reservedBy(d.CustomerID), membership.ErrStale)
		return
	}
	i := newItem(domainKey(d.Name), entityDomain)
	i.setStr("customerId", d.CustomerID)
	w.put(i, reservedBy(d.CustomerID), membership.ErrDomainInUse)
}

// ClaimDomain stores a new claim of a customer, which must exist and have fewer than MaxDomains. Errors: ErrNotFound,
// ErrDomainClaimed, ErrTooManyDomains, ErrInProgress.
func (t Table) ClaimDomain(ctx context.Context, d membership.Domain, tr membership.Trail) error {
	w := t.write()
	w.check(customerKey(d.CustomerID), existingCustomer(tr.Now), membership.ErrNotFound)
	w.put(domainItem(d), absent(), membership.ErrDomainClaimed)
	w.countDomain(d.CustomerID, 1)
	w.trail(tr)
	return t.commit(ctx, w)
}

// ChangeDomain replaces before with after, and reserves the domain when after is proven; only one customer can reserve
// it. Errors: ErrStale, ErrDomainInUse.
func (t Table) ChangeDomain(ctx context.Context, before, after membership.Domain, tr membership.Trail) error {
	w := t.write()
	w.check(customerKey(before.CustomerID), existingCustomer(tr.Now), membership.ErrStale)
	w.put(domainItem(after), versionIs(before.Version), membership.ErrStale)
	w.reserveDomain(after)
	w.trail(tr)
	return t.commit(ctx, w)
}

// RemoveDomain deletes a claim, and frees the domain if it was proven. Errors: ErrStale.
func (t Table) RemoveDomain(ctx context.Context, d membership.Domain, tr membership.Trail) error {
	w := t.write()
	w.removeDomain(d)
	w.countDomain(d.CustomerID, -1)
	w.trail(tr)
	return t.commit(ctx, w)
}

func (w *write) removeDomain(d membership.Domain) {
	w.delete(domainClaimKey(d.CustomerID, d.Name), versionIs(d.Version), membership.ErrStale)
	if d.Proven() {
		w.delete(domainKey(d.Name), reservedBy(d.CustomerID), membership.ErrStale)
	}
}
