package membership_test

import (
	"context"
	"maps"
	"slices"
	"strings"

	"clientele/shared/membership"
)

var _ membership.DomainStore = (*memory)(nil)

// memoryDomains are the claims of customers, and who has proven what.
type memoryDomains struct {
	claims map[string]membership.Domain // customer + "|" + domain
	owners map[string]string            // proven domain → customer
}

func newMemoryDomains() memoryDomains {
	return memoryDomains{claims: map[string]membership.Domain{}, owners: map[string]string{}}
}

func (m *memory) Domains(_ context.Context, r membership.Reach, customerID string) ([]membership.Domain, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !r.Includes(customerID) {
		return nil, membership.ErrNotFound
	}
	var all []membership.Domain
	for _, k := range slices.Sorted(maps.Keys(m.claims)) {
		if strings.HasPrefix(k, customerID+"|") {
			all = append(all, m.claims[k])
		}
	}
	return all, nil
}

func (m *memory) Domain(_ context.Context, r membership.Reach, customerID, name string) (membership.Domain, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.claims[customerID+"|"+name]
	if !ok || !r.Includes(customerID) {
		return membership.Domain{}, membership.ErrNotFound
	}
	return d, nil
}

func (m *memory) ClaimDomain(_ context.Context, d membership.Domain, t membership.Trail) error {
	unlock, err := m.lock("ClaimDomain")
	if err != nil {
		return err
	}
	defer unlock()
	n := 0
	for k := range m.claims {
		if strings.HasPrefix(k, d.CustomerID+"|") {
			n++
		}
	}
	switch _, there := m.claims[d.CustomerID+"|"+d.Name]; {
	case there:
		return membership.ErrDomainClaimed
	case n >= membership.MaxDomains:
		return membership.ErrTooManyDomains
	}
	if err := m.trail(t); err != nil {
		return err
	}
	m.claims[d.CustomerID+"|"+d.Name] = d
	return nil
}

func (m *memory) ChangeDomain(_ context.Context, before, after membership.Domain, t membership.Trail) error {
	unlock, err := m.lock("ChangeDomain")
	if err != nil {
		return err
	}
	defer unlock()
	if m.claims[before.CustomerID+"|"+before.Name].Version != before.Version {
		return membership.ErrStale
	}
	if owner := m.owners[after.Name]; after.Proven() && owner != "" && owner != after.CustomerID {
		return membership.ErrDomainInUse
	}
	if err := m.trail(t); err != nil {
		return err
	}
	m.claims[after.CustomerID+"|"+after.Name] = after
	delete(m.owners, after.Name)
	if after.Proven() {
		m.owners[after.Name] = after.CustomerID
	}
	return nil
}

func (m *memory) RemoveDomain(_ context.Context, d membership.Domain, t membership.Trail) error {
	unlock, err := m.lock("RemoveDomain")
	if err != nil {
		return err
	}
	defer unlock()
	if m.claims[d.CustomerID+"|"+d.Name].Version != d.Version {
		return membership.ErrStale
	}
	if err := m.trail(t); err != nil {
		return err
	}
	delete(m.claims, d.CustomerID+"|"+d.Name)
	if d.Proven() {
		delete(m.owners, d.Name)
	}
	return nil
}

// names are the name servers of a small world. "silent.example" does not answer.
type names map[string][]string

func (names) PublicMail(domain string) bool {
	return strings.HasSuffix("."+domain, ".mailhost.example")
}
func (names) PublicSuffix(domain string) bool { return domain == "co.example" }

func (n names) TXT(_ context.Context, name string) ([]string, error) {
	if name == "_clientele.silent.example" {
		return nil, membership.ErrDNSUnavailable
	}
	return n[name], nil
}
