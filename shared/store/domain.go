package store

import (
	"context"

	"clientele/shared/membership"
)

// ProvenDomain returns the customer that has proven a domain, "" when nobody has or the customer is deactivated: two waits
// where somebody has, else one. The domain may be written in any way.
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
