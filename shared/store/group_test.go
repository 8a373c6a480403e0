package store

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"clientele/shared/membership"
)

// grouping are the use cases about groups.
func (w *world) grouping() membership.Groups { return membership.Groups{Store: w.table, NewID: w.id} }

// newGroup makes a group as staff do.
func (w *world) newGroup(t testing.TB, name string) membership.Group {
	t.Helper()
	g, err := w.grouping().Create(t.Context(), w.staff(), membership.GroupInput{Name: &name})
	must(t, err)
	return g
}

func (w *world) everybodyCounted(t testing.TB) {
	t.Helper()
	for _, i := range of(w.items(t), entityUser) {
		must(t, w.table.Project(t.Context(), i.str("customerId"), i.str("id")))
	}
}

// checkGroups rebuilds what follows from groups and customers, and compares it with what is there: reservations of names,
// how many groups there are, the customers of each group and their counters.
func (w *world) checkGroups(t testing.TB) {
	t.Helper()
	items := w.items(t)
	want, counts, groups := map[key]item{}, map[key]int{}, map[string]bool{}
	for _, i := range of(items, entityGroup) {
		g := groupFrom(i)
		groups[g.ID] = true
		if got := groupFromRow(i); !reflect.DeepEqual(got, g) {
			t.Errorf("the row of group %s says %+v, the record %+v", g.ID, got, g)
		}
		name := newItem(groupNameKey(membership.FoldName(g.Name)), entityGroupName)
		name.setStr("groupId", g.ID)
		if _, taken := want[name.key()]; taken {
			t.Errorf("two groups are called %s", g.Name)
		}
		want[name.key()] = name
	}
	if n := items[groupsKey()].int("n"); n != len(groups) {
		t.Errorf("%d groups are counted, there are %d", n, len(groups))
	}
	for _, i := range of(items, entityCustomer) {
		c := customerFrom(i)
		for _, g := range c.GroupIDs {
			if !groups[g] {
				t.Errorf("customer %s is in group %s, which is not there", c.ID, g)
			}
			want[groupCustomerKey(g, c.ID)] = groupCustomerItem(g, c)
			counts[countKey(allScope, groupCustomersFacet(g))]++
		}
	}
	for _, i := range of(items, entityUser) {
		u := userFrom(i)
		for _, g := range u.GroupIDs {
			if !groups[g] && u.Status != membership.Removed {
				t.Errorf("user %s is in group %s, which is not there", u.ID, g)
			}
		}
	}
	for _, entity := range []string{entityGroupName, entityGroupOf} {
		for _, i := range of(items, entity) {
			if rebuilt, there := want[i.key()]; !there || !reflect.DeepEqual(rebuilt, i) {
				t.Errorf("%s %v is\n%v\nrebuilt it is\n%v", entity, i.key(), i, rebuilt)
			}
			delete(want, i.key())
		}
	}
	for k := range want {
		t.Errorf("missing %v", k)
	}
	for g := range groups {
		k := countKey(allScope, groupCustomersFacet(g))
		if n := items[k].int("n"); n != counts[k] {
			t.Errorf("%d customers of group %s are counted, there are %d", n, g, counts[k])
		}
	}
}

func TestGroups(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, gs := t.Context(), w.grouping()
		name, description := "Größte Kunden", "Ask first."
		g, err := gs.Create(ctx, w.staff(), membership.GroupInput{Name: &name, Description: &description})
		must(t, err)
		got, err := w.table.Group(ctx, membership.ReachAll(), g.ID)
		must(t, err)
		equal(t, got, g)

		for _, same := range []string{"größte kunden", "GROSSTE KUNDEN"} {
			_, err = gs.Create(ctx, w.staff(), membership.GroupInput{Name: &same})
			fails(t, err, membership.ErrGroupNameInUse)
		}
		other := w.newGroup(t, "Others")
		_, err = gs.Change(ctx, w.staff(), other.ID, 1, membership.GroupInput{Name: &name})
		fails(t, err, membership.ErrGroupNameInUse)
		upper, off := "GRÖSSTE KUNDEN", false
		changed, err := gs.Change(ctx, w.staff(), g.ID, 1, membership.GroupInput{Name: &upper, Active: &off})
		must(t, err)
		got, err = w.table.Group(ctx, membership.ReachAll(), g.ID)
		must(t, err)
		equal(t, got, changed)
		fails(t, w.table.ChangeGroup(ctx, g, changed, w.trail()), membership.ErrStale)
		fails(t, w.table.DeleteGroup(ctx, g, w.trail()), membership.ErrStale)
		w.checkGroups(t)

		jobs := of(w.items(t), entityJob)
		if len(jobs) != 1 || jobs[0].str("kind") != string(membership.JobRenameGroup) || jobs[0].str("subject") != g.ID {
			t.Errorf("the members are owed %v", jobs)
		}
		all, err := w.table.GroupsOf(ctx, membership.ReachAll(), []string{other.ID, "nothing", g.ID, other.ID})
		must(t, err)
		equal(t, all, []membership.Group{other, changed, other})

		renamed := "Free again"
		_, err = gs.Change(ctx, w.staff(), g.ID, 2, membership.GroupInput{Name: &renamed})
		must(t, err)
		_, err = gs.Create(ctx, w.staff(), membership.GroupInput{Name: &name})
		must(t, err)
		must(t, gs.Delete(ctx, w.staff(), other.ID, 1))
		w.newGroup(t, "Others")
		w.checkGroups(t)
		w.checkAudit(t)
	})
}

// A repeated request with the same key at the same moment makes one group.
func TestCreateGroupOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		name := "Once"
		c := w.staff()
		c.Key = &membership.IdempotencyKey{ActorID: c.Actor.UserID, Route: "POST /groups", Key: "k", BodyHash: "h"}
		errs := parallel(8, func(int) error {
			_, err := w.grouping().Create(t.Context(), c, membership.GroupInput{Name: &name})
			return err
		})
		equal(t, codes(t, errs), map[string]int{"": 1, membership.ErrInProgress.Code: 7})
		w.checkGroups(t)
	})
}

func TestMaxGroups(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		g := w.newGroup(t, "The first")
		change := w.table.write()
		change.update(groupsKey(), "SET n = :n", condition{values: item{":n": num(membership.MaxGroups)}}, nil)
		must(t, w.table.commit(t.Context(), change))
		name := "One too many"
		_, err := w.grouping().Create(t.Context(), w.staff(), membership.GroupInput{Name: &name})
		fails(t, err, membership.ErrTooManyGroups)
		must(t, w.grouping().Delete(t.Context(), w.staff(), g.ID, 1))
		errs := parallel(6, func(n int) error {
			name := fmt.Sprint("Racer ", n)
			_, err := w.grouping().Create(t.Context(), w.staff(), membership.GroupInput{Name: &name})
			return err
		})
		equal(t, codes(t, errs), map[string]int{"": 1, membership.ErrTooManyGroups.Code: 5})
	})
}

func TestListGroups(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, gs := t.Context(), w.grouping()
		if page, err := w.table.Groups(ctx, membership.GroupQuery{Reach: membership.ReachAll(), Page: membership.PageRequest{Limit: 5, Ascending: true}}); err != nil || len(page.Items) > 0 {
			t.Errorf("listed %v, %v", page, err)
		}
		var made []membership.Group
		for n, name := range []string{"Zebra", "ärzte", "Apotheken", "öfter", "Ohne", "zoo", "Extra"} {
			g := w.newGroup(t, name)
			if n%3 == 2 {
				off := false
				var err error
				g, err = gs.Change(ctx, w.staff(), g.ID, 1, membership.GroupInput{Active: &off})
				must(t, err)
			}
			made = append(made, g)
		}
		c := w.customer(t, "Alpha Ltd")
		u := w.member(t, c.ID, "eva@example.com")
		must(t, gs.AddUser(ctx, w.staff(), made[0].ID, u.ID))
		must(t, gs.AddCustomer(ctx, w.staff(), made[0].ID, c.ID))
		w.everybodyCounted(t)

		yes, no := true, false
		for _, q := range []struct {
			active *bool
			want   []string
		}{
			{nil, []string{"Apotheken", "ärzte", "Extra", "öfter", "Ohne", "Zebra", "zoo"}}, // oft comes before ohn
			{&yes, []string{"ärzte", "Extra", "öfter", "Ohne", "Zebra"}},
			{&no, []string{"Apotheken", "zoo"}},
		} {
			var got []string
			position := ""
			for {
				page, err := gs.List(ctx, w.staff(), membership.GroupQuery{Active: q.active, Page: membership.PageRequest{Limit: 2, Position: position}})
				must(t, err)
				for _, g := range page.Items {
					got = append(got, g.Name)
					want := membership.GroupMembers{}
					if g.Name == "Zebra" {
						want = membership.GroupMembers{Users: 1, Customers: 1}
					}
					equal(t, g.Members, want)
				}
				if position = page.Next; position == "" {
					break
				}
			}
			equal(t, got, q.want)
		}
	})
}

func TestMembersOfGroups(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, gs := t.Context(), w.grouping()
		one, two := w.newGroup(t, "One"), w.newGroup(t, "Two")
		alpha, beta := w.customer(t, "Alpha Ltd"), w.customer(t, "Beta Ltd")
		u := w.member(t, alpha.ID, "eva@example.com")
		for _, g := range []string{two.ID, one.ID} {
			must(t, gs.AddUser(ctx, w.staff(), g, u.ID))
			must(t, gs.AddCustomer(ctx, w.staff(), g, beta.ID))
			must(t, gs.AddCustomer(ctx, w.staff(), g, alpha.ID))
		}
		if got := w.user(t, u.ID); !slices.Equal(got.GroupIDs, []string{two.ID, one.ID}) || got.Group != "Two" {
			t.Errorf("the user is %+v", got)
		}
		names := func(groupID string, reach membership.Reach) []string {
			page, err := w.table.GroupCustomers(ctx, reach, groupID, membership.PageRequest{Limit: 50, Ascending: true})
			must(t, err)
			var names []string
			for _, c := range page.Items {
				names = append(names, c.Name)
			}
			return names
		}
		equal(t, names(one.ID, membership.ReachAll()), []string{"Alpha Ltd", "Beta Ltd"})
		_, err := w.table.GroupCustomers(ctx, membership.ReachAll(), "nothing", membership.PageRequest{Limit: 50})
		fails(t, err, membership.ErrNotFound)
		page, err := w.table.Users(ctx, membership.UserQuery{Reach: membership.ReachAll(), GroupID: one.ID, Sort: membership.SortName, Page: membership.PageRequest{Limit: 50, Ascending: true}})
		must(t, err)
		if len(page.Items) != 1 || page.Items[0].ID != u.ID {
			t.Errorf("listed %+v", page.Items)
		}

		// The lists follow the customers.
		renamed := "Zeta Ltd"
		_, err = w.customers.Change(ctx, w.staff(), alpha.ID, 3, membership.CustomerInput{Name: &renamed})
		must(t, err)
		equal(t, names(two.ID, membership.ReachAll()), []string{"Beta Ltd", "Zeta Ltd"})
		_, err = w.customers.Deactivate(ctx, w.staff(), beta.ID, 0)
		must(t, err)
		w.checkGroups(t)
		w.checkCustomers(t)
		w.checkUsers(t)

		// A customer that is deleted takes its memberships with it.
		must(t, w.customers.Delete(ctx, w.staff(), beta.ID, 4))
		equal(t, names(two.ID, membership.ReachAll()), []string{"Zeta Ltd"})
		w.checkGroups(t)

		// A user who is removed is in no group; its record says which it was in.
		_, err = w.users.Remove(ctx, w.staff(), u.ID, 0)
		must(t, err)
		must(t, gs.RemoveCustomer(ctx, w.staff(), one.ID, alpha.ID))
		w.everybodyCounted(t)
		g, err := w.table.Group(ctx, membership.ReachAll(), one.ID)
		must(t, err)
		equal(t, g.Members, membership.GroupMembers{})
		must(t, gs.Delete(ctx, w.staff(), one.ID, 1))
		w.checkGroups(t)
		w.checkUsers(t)
		w.checkAudit(t)
	})
}

// The lists of users sort by the new name, or that of the next group, once the job that a change owes is done.
func TestRenamedGroupReachesItsMembers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, gs := t.Context(), w.grouping()
		one, two := w.newGroup(t, "One"), w.newGroup(t, "Two")
		c := w.customer(t, "Alpha Ltd")
		u := w.member(t, c.ID, "eva@example.com")
		must(t, gs.AddUser(ctx, w.staff(), one.ID, u.ID))
		must(t, gs.AddUser(ctx, w.staff(), two.ID, u.ID))
		jobs := membership.Jobs{Store: w.table, Clock: func() time.Time { return w.now }, Workers: map[membership.JobKind]membership.JobWorker{
			membership.JobRenameGroup: membership.GroupRename{Store: w.table}}}
		settle := func(want string) {
			t.Helper()
			for range 3 {
				_, err := jobs.RunDue(ctx, w.system(), 10)
				must(t, err)
				w.now = w.now.Add(time.Hour)
			}
			if got := w.user(t, u.ID).Group; got != want {
				t.Errorf("the user's group is %q, want %q", got, want)
			}
		}
		name, no := "Uno", false
		_, err := gs.Change(ctx, w.staff(), one.ID, 1, membership.GroupInput{Name: &name})
		must(t, err)
		settle("Uno")
		_, err = gs.Change(ctx, w.staff(), one.ID, 2, membership.GroupInput{Active: &no})
		must(t, err)
		settle("Two")
		w.checkUsers(t)
	})
}

func TestDeleteGroupWithMembers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, gs := t.Context(), w.grouping()
		g := w.newGroup(t, "One")
		c := w.customer(t, "Alpha Ltd")
		results, err := w.invitations.Invite(ctx, w.staff(), membership.InviteInput{CustomerID: c.ID, GroupIDs: []string{g.ID}, Invitees: []membership.Invitee{{Email: "eva@example.com"}}})
		must(t, err)
		v, err := w.table.Invitation(ctx, membership.ReachAll(), results[0].ID)
		must(t, err)
		equal(t, v.GroupIDs, []string{g.ID})
		fails(t, gs.Delete(ctx, w.staff(), g.ID, 1), membership.ErrGroupNotEmpty)
		must(t, gs.AddCustomer(ctx, w.staff(), g.ID, c.ID)) // the door is open again
		must(t, w.invitations.Delete(ctx, w.staff(), v.ID))
		fails(t, gs.Delete(ctx, w.staff(), g.ID, 1), membership.ErrGroupNotEmpty)
		must(t, gs.RemoveCustomer(ctx, w.staff(), g.ID, c.ID))
		must(t, gs.Delete(ctx, w.staff(), g.ID, 1))
		_, err = w.table.Group(ctx, membership.ReachAll(), g.ID)
		fails(t, err, membership.ErrNotFound)
		w.checkGroups(t)
		w.checkUsers(t)
	})
}

// A group that is being deleted takes in nobody; one whose deletion died half way is open again after half a minute, or
// when it is changed.
func TestClosingGroup(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, gs := t.Context(), w.grouping()
		g := w.newGroup(t, "Closing")
		c := w.customer(t, "Alpha Ltd")
		u := w.member(t, c.ID, "eva@example.com")
		shut := func() {
			change := w.table.write()
			change.update(groupKey(g.ID), "SET closingUntil = :until, closingBy = :by", condition{values: item{":until": str(stamp(w.now.Add(closing))), ":by": str("dead")}}, nil)
			must(t, w.table.commit(ctx, change))
		}
		shut()
		fails(t, gs.AddUser(ctx, w.staff(), g.ID, u.ID), membership.ErrGroupGone)
		fails(t, gs.AddCustomer(ctx, w.staff(), g.ID, c.ID), membership.ErrGroupGone)
		results, err := w.invitations.Invite(ctx, w.staff(), membership.InviteInput{CustomerID: c.ID, GroupIDs: []string{g.ID}, Invitees: []membership.Invitee{{Email: "nia@example.com"}}})
		must(t, err)
		fails(t, results[0].Err, membership.ErrGroupGone)
		w.now = w.now.Add(closing + time.Second)
		must(t, gs.AddUser(ctx, w.staff(), g.ID, u.ID))
		shut()
		name := "Open"
		_, err = gs.Change(ctx, w.staff(), g.ID, 1, membership.GroupInput{Name: &name})
		must(t, err)
		must(t, gs.AddCustomer(ctx, w.staff(), g.ID, c.ID))
		w.checkGroups(t)
		w.checkUsers(t)
	})
}

// Somebody is put into a group while it is deleted: it is gone and nobody is in it, or it is there with its member.
func TestJoinAgainstDeleteGroup(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, gs := t.Context(), w.grouping()
		c := w.customer(t, "Alpha Ltd")
		u := w.member(t, c.ID, "eva@example.com")
		off := false
		rivals := map[string]func(g membership.Group, round int) error{
			"user":     func(g membership.Group, _ int) error { return gs.AddUser(ctx, w.staff(), g.ID, u.ID) },
			"customer": func(g membership.Group, _ int) error { return gs.AddCustomer(ctx, w.staff(), g.ID, c.ID) },
			"invitation": func(g membership.Group, round int) error {
				results, err := w.invitations.Invite(ctx, w.staff(), membership.InviteInput{CustomerID: c.ID, GroupIDs: []string{g.ID}, Invitees: []membership.Invitee{{Email: fmt.Sprintf("r%d@example.com", round)}}})
				if err == nil && results[0].Err != nil {
					err = results[0].Err
				}
				return err
			},
			"deactivation": func(g membership.Group, _ int) error {
				_, err := gs.Change(ctx, w.staff(), g.ID, 1, membership.GroupInput{Active: &off})
				return err
			},
			"second deletion": func(g membership.Group, _ int) error { return gs.Delete(ctx, w.staff(), g.ID, 1) },
		}
		for name, rival := range rivals {
			for round := range rounds(6, 200) {
				g := w.newGroup(t, fmt.Sprint(name, " ", round))
				errs := parallel(2, func(n int) error {
					if n == 0 {
						return gs.Delete(ctx, w.staff(), g.ID, 1)
					}
					return rival(g, round)
				})
				codes(t, errs)
				_, err := w.table.Group(ctx, membership.ReachAll(), g.ID)
				gone := membership.KindOf(err) == membership.NotFound
				switch {
				case errs[0] == nil && !gone && name != "second deletion":
					t.Errorf("%s: deleted, and there", name)
				case errs[0] == nil && errs[1] == nil:
					t.Errorf("%s: both succeeded", name)
				case errs[0] != nil && errs[1] != nil && name != "second deletion":
					t.Errorf("%s: both failed: %v", name, errs)
				}
				if !gone { // whatever happened: it can be done again
					must(t, gs.RemoveUser(ctx, w.staff(), g.ID, u.ID))
					must(t, gs.RemoveCustomer(ctx, w.staff(), g.ID, c.ID))
				}
			}
			w.checkGroups(t)
			w.checkUsers(t)
		}
		w.checkAudit(t)
	})
}

// However often one is put into a group at once, it happens once, and nobody is lost among several groups.
func TestParallelJoins(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, gs := t.Context(), w.grouping()
		groups := []membership.Group{w.newGroup(t, "One"), w.newGroup(t, "Two"), w.newGroup(t, "Three")}
		c := w.customer(t, "Alpha Ltd")
		u := w.member(t, c.ID, "eva@example.com")
		errs := parallel(12, func(n int) error {
			if n%2 == 0 {
				return gs.AddUser(ctx, w.staff(), groups[n/2%3].ID, u.ID)
			}
			return gs.AddCustomer(ctx, w.staff(), groups[n/2%3].ID, c.ID)
		})
		for code := range codes(t, errs) { // who lost to the others too often reads and tries again
			if code != "" && code != membership.ErrStale.Code {
				t.Errorf("answered %s", code)
			}
		}
		for _, g := range groups {
			must(t, gs.AddUser(ctx, w.staff(), g.ID, u.ID))
			must(t, gs.AddCustomer(ctx, w.staff(), g.ID, c.ID))
		}
		customer, err := w.table.Customer(ctx, membership.ReachAll(), c.ID)
		must(t, err)
		if n := len(w.user(t, u.ID).GroupIDs); n != 3 || len(customer.GroupIDs) != 3 || customer.Version != 4 {
			t.Errorf("the user is in %d groups, the customer %+v", n, customer)
		}
		w.checkGroups(t)
		w.checkUsers(t)
		w.checkAudit(t)
	})
}

// A user and a customer can be in MaxGroupsOf groups: all that lists show of them still is one transaction.
func TestInAllGroups(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, gs := t.Context(), w.grouping()
		long := ""
		for n := range 12 {
			long += fmt.Sprintf("word%03d ", n)
		}
		c := w.customer(t, long)
		u := w.member(t, c.ID, "eva@example.com")
		for n := range membership.MaxGroupsOf {
			g := w.newGroup(t, fmt.Sprint("Group ", n))
			must(t, gs.AddUser(ctx, w.staff(), g.ID, u.ID))
			must(t, gs.AddCustomer(ctx, w.staff(), g.ID, c.ID))
		}
		other, country, id := "other"+long[5:], "FR", "X-1"
		_, err := w.customers.Change(ctx, w.staff(), c.ID, 1+membership.MaxGroupsOf, membership.CustomerInput{Name: &other, Country: &country, ExternalID: &id})
		must(t, err)
		_, err = w.users.Deactivate(ctx, w.staff(), u.ID, 0)
		must(t, err)
		_, err = w.users.Remove(ctx, w.staff(), u.ID, 0)
		must(t, err)
		w.checkGroups(t)
		w.checkUsers(t)
	})
}

// Groups are the provider's: nobody who reaches one customer only, or forgot the Reach, finds any.
func TestGroupsAreOutOfReach(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		g := w.newGroup(t, "Secret")
		c := w.customer(t, "Alpha Ltd")
		must(t, w.grouping().AddCustomer(ctx, w.staff(), g.ID, c.ID))
		for _, r := range []membership.Reach{{}, membership.ReachCustomer(""), membership.ReachCustomer(c.ID), membership.ReachCustomer(membership.ProviderID)} {
			one, err := w.table.Group(ctx, r, g.ID)
			fails(t, err, membership.ErrNotFound)
			equal(t, one, membership.Group{})
			some, err := w.table.GroupsOf(ctx, r, []string{g.ID})
			fails(t, err, membership.ErrNotFound)
			equal(t, some, []membership.Group(nil))
			all, err := w.table.Groups(ctx, membership.GroupQuery{Reach: r, Page: membership.PageRequest{Limit: 50, Ascending: true}})
			fails(t, err, membership.ErrNotFound)
			equal(t, all, membership.Page[membership.Group]{})
			customers, err := w.table.GroupCustomers(ctx, r, g.ID, membership.PageRequest{Limit: 50, Ascending: true})
			fails(t, err, membership.ErrNotFound)
			equal(t, customers, membership.Page[membership.Customer]{})
		}
	})
}

// Whatever is done with groups in whatever order: everything that follows from them equals its rebuild, and no error is
// internal. CLIENTELE_SEED repeats a run.
func TestRandomGroups(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("CLIENTELE_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	each(t, func(t *testing.T, w *world) {
		t.Logf("CLIENTELE_SEED=%d", seed)
		r, ctx, gs := rand.New(rand.NewPCG(seed, 7)), t.Context(), w.grouping()
		var groups, customers, users []string
		for n := range 3 {
			c := w.customer(t, fmt.Sprint("Customer ", n))
			customers = append(customers, c.ID)
			users = append(users, w.member(t, c.ID, fmt.Sprintf("u%d@example.com", n)).ID)
		}
		for range rounds(120, 3000) {
			g, c, u := pick(r, groups), pick(r, customers), pick(r, users)
			version := 0
			if got, err := w.table.Group(ctx, membership.ReachAll(), g); err == nil {
				version = got.Version
			}
			name, active, city := fmt.Sprint("Name ", r.IntN(6)), r.IntN(3) > 0, fmt.Sprint("City ", r.IntN(9))
			var err error
			switch r.IntN(11) {
			case 0:
				var made membership.Group
				if made, err = gs.Create(ctx, w.staff(), membership.GroupInput{Name: &name}); err == nil {
					groups = append(groups, made.ID)
				}
			case 1:
				_, err = gs.Change(ctx, w.staff(), g, version, membership.GroupInput{Name: &name, Active: &active})
			case 2:
				err = gs.Delete(ctx, w.staff(), g, version)
			case 3, 4:
				err = gs.AddUser(ctx, w.staff(), g, u)
			case 5:
				err = gs.RemoveUser(ctx, w.staff(), g, u)
			case 6, 7:
				err = gs.AddCustomer(ctx, w.staff(), g, c)
			case 8:
				err = gs.RemoveCustomer(ctx, w.staff(), g, c)
			case 9:
				var customer membership.Customer
				customer, err = w.table.Customer(ctx, membership.ReachAll(), c)
				must(t, err)
				_, err = w.customers.Change(ctx, w.staff(), c, customer.Version, membership.CustomerInput{Name: &name, City: &city})
			case 10:
				if r.IntN(8) == 0 {
					_, err = w.users.Remove(ctx, w.staff(), u, 0)
				}
			}
			if err != nil && membership.CodeOf(err) == "" {
				t.Fatalf("internal error %v", err)
			}
		}
		w.checkGroups(t)
		w.checkUsers(t)
		w.checkCustomers(t)
		w.checkAudit(t)
		w.everybodyCounted(t)
		for _, id := range groups {
			g, err := w.table.Group(ctx, membership.ReachAll(), id)
			if membership.KindOf(err) == membership.NotFound {
				continue
			}
			must(t, err)
			rows, err := w.table.partition(ctx, groupKey(id).pk, memberUserPrefix, 100)
			must(t, err)
			if g.Members.Users != len(rows) {
				t.Errorf("group %s has %d users, %d are counted", id, len(rows), g.Members.Users)
			}
		}
	})
}
