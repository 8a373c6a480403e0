package store

import (
	"fmt"
	"testing"

	"clientele/shared/membership"
)

// prove stores a domain of a customer as claimed and proven.
func (w *world) prove(t testing.TB, customerID, name string) membership.Domain {
	t.Helper()
	claimed := membership.Domain{CustomerID: customerID, Name: name, CreatedAt: w.now, Version: 1}
	must(t, w.table.ClaimDomain(t.Context(), claimed, w.trail()))
	proven := claimed
	proven.ProvenAt, proven.CheckedAt, proven.Version = w.now, w.now, 2
	must(t, w.table.ChangeDomain(t.Context(), claimed, proven, w.trail()))
	return proven
}

func (w *world) owner(t testing.TB, domain string) string {
	t.Helper()
	id, err := w.table.ProvenDomain(t.Context(), domain)
	must(t, err)
	return id
}

func TestDomains(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		mine, theirs := w.customer(t, "Mine Ltd"), w.customer(t, "Theirs Ltd")
		claimed := membership.Domain{CustomerID: mine.ID, Name: "mine.example", CreatedAt: w.now, Version: 1}
		must(t, w.table.ClaimDomain(ctx, claimed, w.trail()))
		fails(t, w.table.ClaimDomain(ctx, claimed, w.trail()), membership.ErrDomainClaimed)
		fails(t, w.table.ClaimDomain(ctx, membership.Domain{CustomerID: "nobody", Name: "mine.example", Version: 1}, w.trail()), membership.ErrNotFound)
		equal(t, w.owner(t, "mine.example"), "")

		proven := claimed
		proven.ProvenAt, proven.CheckedAt, proven.Version = w.now, w.now, 2
		everyFieldSet(t, proven)
		must(t, w.table.ChangeDomain(ctx, claimed, proven, w.trail()))
		fails(t, w.table.ChangeDomain(ctx, claimed, proven, w.trail()), membership.ErrStale)
		got, err := w.table.Domain(ctx, membership.ReachCustomer(mine.ID), mine.ID, "mine.example")
		must(t, err)
		equal(t, got, proven)
		w.calls.Take()
		equal(t, w.owner(t, " MINE.example. "), mine.ID)
		equal(t, len(w.calls.Take()), 2)
		for _, other := range []string{"", "sub.mine.example", "example", "notmine.example", "mine.example#", "eva@mine.example"} {
			equal(t, w.owner(t, other), "")
		}

		// Another customer may claim it as well, and cannot prove it before it is given up.
		foreign := membership.Domain{CustomerID: theirs.ID, Name: "mine.example", CreatedAt: w.now, Version: 1}
		must(t, w.table.ClaimDomain(ctx, foreign, w.trail()))
		taken := foreign
		taken.ProvenAt, taken.CheckedAt, taken.Version = w.now, w.now, 2
		fails(t, w.table.ChangeDomain(ctx, foreign, taken, w.trail()), membership.ErrDomainInUse)
		lost := proven
		lost.ProvenAt, lost.CheckedAt, lost.Version = claimed.ProvenAt, claimed.CheckedAt, 3
		must(t, w.table.ChangeDomain(ctx, proven, lost, w.trail()))
		equal(t, w.owner(t, "mine.example"), "")
		must(t, w.table.ChangeDomain(ctx, foreign, taken, w.trail()))
		equal(t, w.owner(t, "mine.example"), theirs.ID)
		must(t, w.table.RemoveDomain(ctx, lost, w.trail())) // which frees nobody else's
		equal(t, w.owner(t, "mine.example"), theirs.ID)
		fails(t, w.table.RemoveDomain(ctx, foreign, w.trail()), membership.ErrStale)
		must(t, w.table.RemoveDomain(ctx, taken, w.trail()))
		equal(t, w.owner(t, "mine.example"), "")
		equal(t, w.items(t)[domainsKey(theirs.ID)].int("n"), 0)

		w.prove(t, mine.ID, "b.example")
		w.prove(t, mine.ID, "a.example")
		w.calls.Take()
		all, err := w.table.Domains(ctx, membership.ReachCustomer(mine.ID), mine.ID)
		must(t, err)
		equal(t, len(w.calls.Take()), 1)
		equal(t, []string{all[0].Name, all[1].Name}, []string{"a.example", "b.example"})
	})
}

// A customer that is deactivated is proposed to nobody until it is active again; one that is deleted leaves nothing.
func TestDomainsOfACustomerThatGoes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Going Ltd")
		w.prove(t, c.ID, "going.example")
		must(t, w.table.ClaimDomain(ctx, membership.Domain{CustomerID: c.ID, Name: "claimed.example", CreatedAt: w.now, Version: 1}, w.trail()))
		c, err := w.customers.Deactivate(ctx, w.staff(), c.ID, c.Version)
		must(t, err)
		equal(t, w.owner(t, "going.example"), "")
		c, err = w.customers.Reactivate(ctx, w.staff(), c.ID, c.Version)
		must(t, err)
		equal(t, w.owner(t, "going.example"), c.ID)
		must(t, w.customers.Delete(ctx, w.staff(), c.ID, c.Version))
		equal(t, w.owner(t, "going.example"), "")
		for k, i := range w.items(t) {
			if e := i.str("entity"); e == entityDomain || e == entityDomainClaim || e == entityDomains {
				t.Errorf("left of the customer: %v", k)
			}
		}
		w.prove(t, w.customer(t, "Next Ltd").ID, "going.example")
	})
}

// Of many customers that prove the same domain at once, one has it; and no customer claims more than it may.
func TestOneOwnerOfADomain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		claims := make([]membership.Domain, 8)
		trails := make([]membership.Trail, len(claims))
		for n := range claims {
			claims[n] = membership.Domain{CustomerID: w.customer(t, fmt.Sprint("Rival ", n)).ID, Name: "prize.example", CreatedAt: w.now, Version: 1}
			must(t, w.table.ClaimDomain(ctx, claims[n], w.trail()))
			trails[n] = w.trail()
		}
		errs := parallel(len(claims), func(n int) error {
			proven := claims[n]
			proven.ProvenAt, proven.CheckedAt, proven.Version = w.now, w.now, 2
			return w.table.ChangeDomain(ctx, claims[n], proven, trails[n])
		})
		equal(t, codes(t, errs), map[string]int{"": 1, membership.ErrDomainInUse.Code: len(errs) - 1})
		for n, err := range errs {
			if err == nil {
				equal(t, w.owner(t, "prize.example"), claims[n].CustomerID)
			}
		}

		c := w.customer(t, "Greedy Ltd")
		change := w.table.write()
		change.countDomain(c.ID, membership.MaxDomains-3)
		must(t, w.table.commit(ctx, change))
		errs = parallel(len(trails), func(n int) error {
			return w.table.ClaimDomain(ctx, membership.Domain{CustomerID: c.ID, Name: fmt.Sprint("d", n, ".example"), CreatedAt: w.now, Version: 1},
				membership.Trail{Now: w.now})
		})
		equal(t, codes(t, errs), map[string]int{"": 3, membership.ErrTooManyDomains.Code: len(errs) - 3})
	})
}
