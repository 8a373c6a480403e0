package store

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"clientele/shared/membership"
)

func (w *world) jobs() membership.Jobs {
	return membership.Jobs{Store: w.table, Clock: func() time.Time { return w.now }, Workers: map[membership.JobKind]membership.JobWorker{
		membership.JobRenameCustomer: membership.CustomerRename{Store: w.table}, membership.JobRenameGroup: membership.GroupRename{Store: w.table}}}
}

// runJobs does what is due until nothing is any more, a minute later also what waits.
func (w *world) runJobs(t testing.TB) {
	t.Helper()
	for range 3 {
		_, err := w.jobs().RunDue(t.Context(), w.system(), 100)
		must(t, err)
		w.now = w.now.Add(time.Minute)
	}
	due, err := w.table.DueJobs(t.Context(), w.now.Add(time.Hour), 10)
	must(t, err)
	if len(due) > 0 {
		t.Fatalf("left %v", due)
	}
}

func (w *world) rename(t testing.TB, c membership.Customer, name string) membership.Customer {
	t.Helper()
	c, err := w.customers.Change(t.Context(), w.staff(), c.ID, 0, membership.CustomerInput{Name: &name})
	must(t, err)
	return c
}

func (w *world) audits(t testing.TB) (n int) {
	t.Helper()
	for _, i := range w.items(t) {
		if i.str("entity") == entityAudit {
			n++
		}
	}
	return n
}

func TestUsersOfACustomerArePagedByID(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c, other := w.customer(t, "Sommer"), w.customer(t, "Winter")
		var want []string
		for n := range 5 {
			want = append(want, w.invite(t, w.staff(), c.ID, fmt.Sprintf("u%d@example.com", n)).UserID)
		}
		w.invite(t, w.staff(), other.ID, "x@example.com")
		var got []string
		for after := ""; ; {
			users, next, err := w.table.CustomerUsers(t.Context(), c.ID, after, 2)
			must(t, err)
			for _, u := range users {
				got = append(got, u.ID)
				equal(t, u.CustomerID, c.ID)
			}
			if after = next; next == "" {
				break
			}
		}
		equal(t, got, want)
	})
}

// A changed name is owed in the change itself, and reaches users and lists; other customers' users stay as they are.
func TestANewNameReachesTheUsers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c, other := w.customer(t, "Sommer"), w.customer(t, "Winter")
		for n := range 5 {
			w.invite(t, w.staff(), c.ID, fmt.Sprintf("u%d@example.com", n))
		}
		stranger := w.invite(t, w.staff(), other.ID, "x@example.com")
		before, _, err := w.table.CustomerUsers(ctx, c.ID, "", 10)
		must(t, err)
		comment := "no new name"
		_, err = w.customers.Change(ctx, w.staff(), c.ID, 0, membership.CustomerInput{Comment: &comment})
		must(t, err)
		due, err := w.table.DueJobs(ctx, w.now, 10)
		must(t, err)
		equal(t, len(due), 0)
		c = w.rename(t, c, "Zenit")

		// Somebody who had read the old name is stored behind the first look.
		_, err = w.jobs().RunDue(ctx, w.system(), 10)
		must(t, err)
		late := before[0]
		late.ID, late.Email, late.Username, late.InvitationID = "id-late", "late@example.com", "", ""
		w.put(t, late)

		audits := w.audits(t)
		w.runJobs(t)
		after, _, err := w.table.CustomerUsers(ctx, c.ID, "", 10)
		must(t, err)
		equal(t, len(after), 6)
		for n, u := range after {
			equal(t, u.Company, "Zenit")
			if n < len(before) {
				equal(t, u.Version, before[n].Version+1)
			}
		}
		page, err := w.users.List(ctx, w.staff(), membership.UserQuery{CustomerID: c.ID, Sort: membership.SortCompany, Page: membership.PageRequest{Limit: 10, Ascending: true}})
		must(t, err)
		equal(t, len(page.Items), 6)
		for _, r := range page.Items {
			equal(t, r.Company, "Zenit")
		}
		u, err := w.table.User(ctx, membership.ReachAll(), stranger.UserID)
		must(t, err)
		equal(t, u.Company, "Winter")
		equal(t, w.audits(t), audits)
	})
}

// Names and people change while the jobs run, and two runs do the same job: at the end everybody has the last name and
// nobody's change is lost.
func TestRenamingRaces(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Name 0")
		var ids []string
		for n := range 12 {
			ids = append(ids, w.invite(t, w.staff(), c.ID, fmt.Sprintf("u%d@example.com", n)).UserID)
		}
		comment := func(ctx context.Context, id, text string) error {
			for {
				before, err := w.table.User(ctx, membership.ReachAll(), id)
				if err != nil {
					return err
				}
				after := before
				after.Comment, after.Version = text, before.Version+1
				if err = w.table.ChangeUser(ctx, before, after, nil, w.trail()); membership.KindOf(err) != membership.Stale {
					return err
				}
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for n := range 6 {
				c = w.rename(t, c, fmt.Sprint("Name ", n+1))
			}
		})
		for range 2 {
			wg.Go(func() {
				for range 12 {
					if _, err := w.jobs().RunDue(ctx, w.system(), 10); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for _, id := range ids {
			wg.Go(func() {
				if err := comment(ctx, id, "comment of "+id); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.runJobs(t)
		for _, id := range ids {
			u, err := w.table.User(ctx, membership.ReachAll(), id)
			must(t, err)
			equal(t, u.Company, "Name 6")
			equal(t, u.Comment, "comment of "+id)
		}
	})
}

// The group that lists sort by is the first active one, by its present name.
func TestAGroupsNameReachesItsUsers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Sommer")
		v := w.invite(t, w.staff(), c.ID, "u@example.com")
		w.groups(t, "g1", "g2")
		groups := membership.Groups{Store: w.table, NewID: w.id}
		for _, g := range []string{"g1", "g2"} {
			must(t, groups.AddUser(ctx, w.staff(), g, v.UserID))
		}
		sorted := func(want string) {
			t.Helper()
			w.runJobs(t)
			u, err := w.table.User(ctx, membership.ReachAll(), v.UserID)
			must(t, err)
			equal(t, u.Group, want)
		}
		sorted("Group g1")
		change := func(id string, in membership.GroupInput) {
			t.Helper()
			g, err := groups.Get(ctx, w.staff(), id)
			must(t, err)
			_, err = groups.Change(ctx, w.staff(), id, g.Version, in)
			must(t, err)
		}
		name, no := "Renamed", false
		change("g1", membership.GroupInput{Name: &name})
		sorted("Renamed")
		change("g1", membership.GroupInput{Active: &no})
		sorted("Group g2")
		change("g2", membership.GroupInput{Active: &no})
		sorted("")
	})
}
