package store

import (
	"fmt"
	"testing"
	"time"

	"clientele/shared/membership"
)

func wholeImport(customerID string) membership.Import {
	return membership.Import{ID: "i1", CustomerID: customerID, Company: "Mine Ltd", By: "u1", ByName: "Ada", ByCustomerID: membership.ProviderID, FileName: "people.csv", Role: membership.Moderator,
		Language: "de", GroupIDs: []string{"g1", "g2"}, Separator: "tab", Stage: membership.ImportConfirmed, Update: true, JobID: "j1", CreatedAt: noon(),
		ExpiresAt: noon().Add(time.Hour), Version: 3}
}

func TestImportIsReadAsWritten(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Mine Ltd")
		want := wholeImport(c.ID)
		// What follows is the job's.
		everyFieldSet(t, want, "Status", "Progress", "Total", "Reason", "Problem", "File", "Counts", "Results", "ResultURL", "FailedURL", "parts", "readID")
		must(t, w.table.CreateImport(ctx, want, w.trail()))
		for _, reach := range []membership.Reach{membership.ReachAll(), membership.ReachCustomer(c.ID)} {
			got, err := w.table.Import(ctx, reach, "i1")
			must(t, err)
			equal(t, got, want)
		}
		_, err := w.table.Import(ctx, membership.ReachAll(), "i2")
		fails(t, err, membership.ErrNotFound)
		fails(t, w.table.CreateImport(ctx, want, w.trail()), membership.ErrStale)
	})
}

// A person's imports are listed by age, whosever customer they are for, with what lists show; those of others are not.
func TestImportsOfAPerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		mine, other := w.customer(t, "Mine Ltd"), w.customer(t, "Other Ltd")
		for n, customerID := range []string{mine.ID, other.ID, mine.ID, other.ID, mine.ID} {
			i := wholeImport(customerID)
			i.ID, i.CreatedAt = fmt.Sprint("i", n), noon().Add(time.Duration(n)*time.Minute)
			must(t, w.table.CreateImport(ctx, i, w.trail()))
		}
		elsewhere, others := wholeImport(mine.ID), wholeImport(mine.ID)
		elsewhere.ID, elsewhere.ByCustomerID = "x1", mine.ID
		others.ID, others.By = "x2", "u2"
		must(t, w.table.CreateImport(ctx, elsewhere, w.trail()))
		must(t, w.table.CreateImport(ctx, others, w.trail()))
		q := membership.ImportQuery{ByCustomerID: membership.ProviderID, By: "u1", Page: membership.PageRequest{Limit: 3}}
		first, err := w.table.Imports(ctx, q)
		must(t, err)
		want := wholeImport(mine.ID)
		want.ID, want.CreatedAt, want.Separator = "i4", noon().Add(4*time.Minute), ""
		equal(t, first.Items[0], want)
		q.Page.Position = first.Next
		second, err := w.table.Imports(ctx, q)
		must(t, err)
		ids := ""
		for _, i := range append(first.Items, second.Items...) {
			ids += i.ID
		}
		equal(t, ids, "i4i3i2i1i0")
		equal(t, second.Next, "")
	})
}

// An import is begun for a customer that is open, changed and deleted as it was read, and a change brings its job with it
// or does not happen.
func TestChangesOfImports(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Mine Ltd")
		before := wholeImport(c.ID)
		before.Stage, before.JobID = membership.ImportBegun, ""
		must(t, w.table.CreateImport(ctx, before, w.trail()))
		after := before
		after.Stage, after.JobID, after.Version = membership.ImportChecks, "j1", before.Version+1
		tr := w.trail()
		tr.Jobs = []membership.Job{wholeJob("j1")}
		tr.Jobs[0].Subject, tr.Jobs[0].CustomerID = before.ID, c.ID
		must(t, w.table.ChangeImport(ctx, before, after, tr))
		got, err := w.table.Import(ctx, membership.ReachAll(), before.ID)
		must(t, err)
		equal(t, got, after)
		second := w.trail()
		second.Jobs = []membership.Job{wholeJob("j2")}
		fails(t, w.table.ChangeImport(ctx, before, after, second), membership.ErrStale)
		_, err = w.table.Job(ctx, membership.ReachAll(), "j2")
		fails(t, err, membership.ErrNotFound)
		fails(t, w.table.DeleteImport(ctx, before, w.trail()), membership.ErrStale)
		must(t, w.table.DeleteImport(ctx, after, w.trail()))
		_, err = w.table.Import(ctx, membership.ReachAll(), before.ID)
		fails(t, err, membership.ErrNotFound)

		_, err = w.customers.Deactivate(ctx, w.staff(), c.ID, 0)
		must(t, err)
		fails(t, w.table.CreateImport(ctx, wholeImport(c.ID), w.trail()), membership.ErrCustomerDeactivated)
	})
}
