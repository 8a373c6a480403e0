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
		all, err := w.table.SubAccounts(ctx, mine, c.ID)
		must(t, err)
		var names []string
		for _, s := range all {
			names = append(names, s.Name)
		}
		equal(t, names, []string{"Alpha", "Äpfel", "beta"})
		must(t, w.table.DeleteSubAccount(ctx, after, w.trail()))
		_, err = w.table.SubAccount(ctx, mine, c.ID, "s1")
		fails(t, err, membership.ErrNotFound)
	})
}
