package store

import (
	"fmt"
	"testing"

	"clientele/shared/membership"
)

func TestSubAccounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c, other := w.customer(t, "Parts Ltd"), w.customer(t, "Other Ltd")
		mine := membership.ReachCustomer(c.ID)
		want := membership.SubAccount{ID: "s1", CustomerID: c.ID, Name: "Zoo", Active: true, CreatedAt: w.now, Version: 1}
		everyFieldSet(t, want)
		must(t, w.table.CreateSubAccount(ctx, want, w.trail()))
		fails(t, w.table.CreateSubAccount(ctx, want, w.trail()), membership.ErrStale)
		got, err := w.table.SubAccount(ctx, mine, c.ID, "s1")
		must(t, err)
		equal(t, got, want)
		for n, name := range []string{"Äpfel", "beta"} {
			must(t, w.table.CreateSubAccount(ctx, membership.SubAccount{ID: fmt.Sprint("t", n), CustomerID: c.ID, Name: name, CreatedAt: w.now, Version: 1}, w.trail()))
		}
		must(t, w.table.CreateSubAccount(ctx, membership.SubAccount{ID: "foreign", CustomerID: other.ID, Name: "Foreign", CreatedAt: w.now, Version: 1}, w.trail()))
		fails(t, w.table.CreateSubAccount(ctx, membership.SubAccount{ID: "s9", CustomerID: "nobody", Name: "x", Version: 1}, w.trail()), membership.ErrNotFound)

		after := want
		after.Name, after.Active, after.Version = "Alpha", false, 2
		must(t, w.table.ChangeSubAccount(ctx, want, after, w.trail()))
		fails(t, w.table.ChangeSubAccount(ctx, want, after, w.trail()), membership.ErrStale)
		fails(t, w.table.DeleteSubAccount(ctx, want, w.trail()), membership.ErrStale)
		w.calls.Take()
		all, err := w.table.SubAccounts(ctx, mine, c.ID)
		must(t, err)
		equal(t, len(w.calls.Take()), 1)
		var names []string
		for _, s := range all {
			names = append(names, s.Name)
		}
		equal(t, names, []string{"Alpha", "Äpfel", "beta"})
		must(t, w.table.DeleteSubAccount(ctx, after, w.trail()))
		_, err = w.table.SubAccount(ctx, mine, c.ID, "s1")
		fails(t, err, membership.ErrNotFound)
		equal(t, w.items(t)[subAccountsKey(c.ID)].int("count"), 2)

		_, err = w.table.SubAccounts(ctx, membership.ReachAll(), "nobody")
		fails(t, err, membership.ErrNotFound)
		all, err = w.table.SubAccounts(ctx, membership.ReachAll(), w.customer(t, "Empty Ltd").ID)
		must(t, err)
		equal(t, len(all), 0)
	})
}

// Of many that are created at once where there is place for three, three are; one that is deleted makes place again; and
// nothing is left with a customer that is deleted.
func TestNoMoreSubAccountsThanAllowed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Full Ltd")
		change := w.table.write()
		change.countSubAccount(c.ID, membership.MaxSubAccounts-3)
		must(t, w.table.commit(ctx, change))
		one := func(n int) membership.SubAccount {
			return membership.SubAccount{ID: fmt.Sprint("s", n), CustomerID: c.ID, Name: "Depot", CreatedAt: w.now, Version: 1}
		}
		trails := make([]membership.Trail, 16)
		for n := range trails {
			trails[n] = w.trail()
		}
		errs := parallel(len(trails), func(n int) error { return w.table.CreateSubAccount(ctx, one(n), trails[n]) })
		equal(t, codes(t, errs), map[string]int{"": 3, membership.ErrTooManySubAccounts.Code: len(errs) - 3})
		stored, err := w.table.SubAccounts(ctx, membership.ReachAll(), c.ID)
		must(t, err)
		equal(t, len(stored), 3)
		must(t, w.table.DeleteSubAccount(ctx, stored[0], w.trail()))
		must(t, w.table.CreateSubAccount(ctx, one(99), w.trail()))
		fails(t, w.table.CreateSubAccount(ctx, one(100), w.trail()), membership.ErrTooManySubAccounts)

		stored, err = w.table.SubAccounts(ctx, membership.ReachAll(), c.ID)
		must(t, err)
		for _, s := range stored {
			must(t, w.table.DeleteSubAccount(ctx, s, w.trail()))
		}
		must(t, w.table.DeleteCustomer(ctx, c, w.trail()))
		if left := w.items(t)[subAccountsKey(c.ID)]; left != nil {
			t.Errorf("left of the customer: %v", left)
		}
	})
}
