package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"clientele/shared/membership"
	"clientele/shared/store/storetest"
)

func (w *world) rebuild(t testing.TB, check bool) Rebuilt {
	t.Helper()
	b := NewRebuild(w.client, w.table.name)
	b.Check = check
	got, err := b.Run(t.Context())
	must(t, err)
	return got
}

func (w *world) putItem(t testing.TB, i item) {
	t.Helper()
	_, err := w.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &w.table.name, Item: i})
	must(t, err)
}

func (w *world) deleteItem(t testing.TB, k key) {
	t.Helper()
	_, err := w.client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &w.table.name, Key: k.item()})
	must(t, err)
}

// everybody is users of every status, of three customers and of the provider, with their search rows and counters.
func (w *world) everybody(t testing.TB, r *rand.Rand, n int) []membership.User {
	t.Helper()
	w.groups(t, "g0", "g1", "g2", "g3")
	var users []membership.User
	for n := range n {
		u := somebody(r, n, w.now)
		if n%7 == 0 {
			u.CustomerID, u.Company, u.GroupIDs, u.Group, u.Role = membership.ProviderID, "Provider", nil, "", membership.Agent
		}
		w.put(t, u)
		users = append(users, u)
	}
	w.project(t)
	return users
}

// Whatever is missing, surplus, stale or miscounted is found by a check, which changes nothing, and mended by a rebuild;
// a second one finds nothing to do.
func TestRebuildMendsEverything(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 3))
		users := w.everybody(t, r, 30)
		whole := w.rebuild(t, true)
		if whole.Faults() != 0 || whole.Users != 30 || whole.Projections.Right != 30 || whole.Busy != 0 {
			t.Fatalf("seed %d: nothing is broken, and the check says %+v", seed, whole)
		}
		// A group's customers are counted, too, by another use case than that of its users.
		customer := membership.Customer{ID: "c9", Name: "Neun GmbH", GroupIDs: []string{"g1"}}
		change := w.table.write()
		change.groupsOfCustomer(membership.Customer{}, customer, w.now)
		must(t, w.table.commit(t.Context(), change))

		// What a reader of the table could find of it: each kind of damage once or more.
		items := w.items(t)
		var want Rebuilt
		hit := map[key]bool{}
		for _, entity := range []string{entityUserRow, entityUserWord, entityProjection} {
			all := of(items, entity)
			r.Shuffle(len(all), func(a, b int) { all[a], all[b] = all[b], all[a] })
			tally := want.tally(entity)
			for _, i := range all[:3] { // lost
				w.deleteItem(t, i.key())
				hit[i.key()] = true
				tally.Missing++
			}
			for _, i := range all[3:6] { // of an older record
				i = without(i, "x")
				i.setStr(rowAttribute, i.str(rowAttribute)+separator+"stale")
				w.putItem(t, i)
				hit[i.key()] = true
				tally.Wrong++
			}
		}
		row := without(of(items, entityUserRow)[0], "x")
		for k, i := range items { // sorted by something else than the record says
			if i.str("entity") == entityUserRow && !hit[k] {
				row = without(i, "x")
				break
			}
		}
		row.setStr("byName", "zzz")
		w.putItem(t, row)
		want.Rows.Wrong++
		u := users[1]
		if u.CustomerID == membership.ProviderID {
			t.Fatal("the second user is no customer's")
		}
		other := u // lists and words that this user is not under
		other.GroupIDs, other.Country, other.Status, other.FirstName = []string{"g-none"}, "FR", membership.Contact, "Quetzalcoatl"
		surplusRow := rowItem(other, groupFacet("g-none"))
		w.putItem(t, surplusRow)
		w.putItem(t, rowItem(other, countryFacet("FR")))
		want.Rows.Surplus += 2
		word := newItem(userSearchKey(allScope, "quetzalcoatl", u.ID), entityUserWord)
		word.setStr(rowAttribute, userColumns(other))
		w.putItem(t, word)
		want.Words.Surplus++
		nobody := somebody(r, 9999, w.now) // a user who is gone, and left everything
		nobody.Status, nobody.FirstName, nobody.Country = membership.Active, "Niemand", ""
		for _, i := range derived(nobody) {
			if i.str("entity") == entityProjection {
				i[projectionChanges] = num(1)
			}
			w.putItem(t, i)
			want.tally(i.str("entity")).Surplus++
		}
		for n, k := range []key{countKey(allScope, statusFacet(membership.Active)), countKey(allScope, groupCustomersFacet("g1")), countKey(customerFacet(membership.ProviderID), statusFacet(membership.Active)), countKey(allScope, countryFacet("XX"))} {
			i := newItem(k, entityCount)
			i["n"] = num(int64(1000 + n))
			w.putItem(t, i)
		}
		w.deleteItem(t, countKey(allScope, customerFacet(u.CustomerID)))

		before := w.items(t)
		checked := w.rebuild(t, true)
		equal(t, w.items(t), before)
		mended := w.rebuild(t, false)
		for _, got := range []Rebuilt{checked, mended} {
			for name, pair := range map[string][2]Tally{"rows": {got.Rows, want.Rows}, "words": {got.Words, want.Words}, "projections": {got.Projections, want.Projections}} {
				pair[1].Right = pair[0].Right
				if pair[0] != pair[1] {
					t.Errorf("seed %d: %s: told %+v, broken %+v", seed, name, pair[0], pair[1])
				}
			}
			if got.Counters.Faults() < 5 || got.Busy != 0 {
				t.Errorf("seed %d: counters %+v, %d busy", seed, got.Counters, got.Busy)
			}
			if right := got.Rows.Right + got.Rows.Missing + got.Rows.Wrong; right != whole.Rows.Right {
				t.Errorf("seed %d: %d rows of %d", seed, right, whole.Rows.Right)
			}
		}
		if n := w.items(t)[countKey(allScope, groupCustomersFacet("g1"))].int("n"); n != 1 {
			t.Errorf("g1 counts %d customers", n)
		}
		w.putItem(t, newCount(countKey(allScope, groupCustomersFacet("g1")), 0)) // of no user: the recount below leaves it out
		checkRows(t, w.items(t))
		w.checkProjection(t)
		w.deleteItem(t, countKey(allScope, groupCustomersFacet("g1")))
		w.deleteItem(t, groupCustomerKey("g1", "c9"))
		if again := w.rebuild(t, false); again.Faults() != 0 || again.Rows.Right != whole.Rows.Right || again.Words.Right != whole.Words.Right {
			t.Errorf("seed %d: the second one found %+v, at first there was %+v", seed, again, whole)
		}
	})
}

func newCount(k key, n int) item {
	i := newItem(k, entityCount)
	i["n"] = num(int64(n))
	return i
}

// Users change all the time, and functions/project follows them, while a rebuild mends what is broken beside them: the end
// is as if nobody had been in anybody's way.
func TestRebuildWhileUsersChange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 4))
		users := w.everybody(t, r, 18)
		for _, i := range w.items(t) {
			if e := i.str("entity"); (e == entityUserRow || e == entityUserWord) && r.IntN(4) == 0 {
				w.deleteItem(t, i.key())
			}
		}
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		defer cancel()
		var wg sync.WaitGroup
		for part := range 3 { // each changes users of its own, as fast as it can
			mine := rand.New(rand.NewPCG(seed, uint64(10+part)))
			wg.Go(func() {
				for ctx.Err() == nil {
					n := part + 3*mine.IntN(len(users)/3)
					after := somebody(mine, n, w.now)
					after.CustomerID, after.Company, after.Version = users[n].CustomerID, users[n].Company, users[n].Version+1
					after.Email = users[n].Email
					if after.CustomerID == membership.ProviderID {
						after.GroupIDs, after.Group = nil, ""
					}
					if err := w.table.ChangeUser(context.WithoutCancel(ctx), users[n], after, nil, membership.Trail{Now: w.now}); err != nil {
						t.Errorf("seed %d: change: %v", seed, err)
						return
					}
					users[n] = after
					if err := w.table.Project(context.WithoutCancel(ctx), after.CustomerID, after.ID); err != nil {
						t.Errorf("seed %d: project: %v", seed, err)
						return
					}
				}
			})
		}
		for range rounds(2, 60) {
			b := NewRebuild(w.client, w.table.name)
			if _, err := b.Run(t.Context()); err != nil && membership.KindOf(err) != membership.Stale { // somebody changed each time
				t.Errorf("seed %d: %v", seed, err)
			}
		}
		cancel()
		wg.Wait()
		w.rebuild(t, false)
		checkRows(t, w.items(t))
		w.checkProjection(t)
		if again := w.rebuild(t, true); again.Faults() != 0 {
			t.Errorf("seed %d: %+v", seed, again)
		}
	})
}

// A counter that is changed while it is counted is not touched: what was counted may be neither before nor after.
func TestRebuildLeavesBusyCountersAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		k := countKey(allScope, statusFacet(membership.Active))
		b := NewRebuild(w.client, w.table.name)
		for _, was := range []item{nil, newCount(k, 7)} {
			w.putItem(t, newCount(k, 8))
			ok, err := b.setCounter(t.Context(), k, was, 3)
			must(t, err)
			if ok || w.items(t)[k].int("n") != 8 {
				t.Errorf("read %v: set %v, is %v", was, ok, w.items(t)[k])
			}
		}
		read := w.items(t)[k]
		for _, by := range []int{1, -1} { // there and back again: the same number, and not the same moment
			change := w.table.write()
			change.count(k, by)
			must(t, w.table.commit(t.Context(), change))
		}
		if ok, err := b.setCounter(t.Context(), k, read, 3); err != nil || ok {
			t.Errorf("set %v, %v", ok, err)
		}
		b.Check = true
		if ok, err := b.setCounter(t.Context(), k, read, 3); err != nil || ok {
			t.Errorf("judged %v, %v", ok, err)
		}
		b.Check = false
		if ok, err := b.setCounter(t.Context(), k, w.items(t)[k], 3); err != nil || !ok || w.items(t)[k].int("n") != 3 {
			t.Errorf("set %v, %v, is %v", ok, err, w.items(t)[k])
		}
	})
}

// More rows than one transaction takes.
func TestRebuildOfAUserWithMuchDamage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := person("u1", "c1", membership.Active)
		w.put(t, u)
		w.project(t)
		for n := range 250 {
			i := newItem(userSearchKey(allScope, fmt.Sprintf("word %03d", n), u.ID), entityUserWord)
			i[rowAttribute] = &types.AttributeValueMemberS{Value: userColumns(u)}
			w.putItem(t, i)
		}
		got := w.rebuild(t, false)
		if got.Words.Surplus != 250 || got.Faults() != 250 {
			t.Errorf("%+v", got)
		}
		w.checkProjection(t)
		if !reflect.DeepEqual(w.rebuild(t, true), Rebuilt{Users: 1, Rows: got.Rows, Words: Tally{Right: got.Words.Right}, Projections: got.Projections, Counters: got.Counters}) {
			t.Errorf("%+v", w.rebuild(t, true))
		}
	})
}

// A rebuild that is ended at any call, before or after the table carried it out, has harmed nothing, and the next one
// finds the rest.
func TestRebuildMeetsAFault(t *testing.T) {
	storetest.DynamoDBLocal().Require(t)
	t.Parallel()
	var cut storetest.Cut
	w := newWorld(t, storetest.DynamoDBLocal(), cut.Inject)
	u := person("u1", "c1", membership.Active)
	w.put(t, u)
	w.project(t)
	var lost item // a word of the user, and a counter
	for _, lost = range searchRows(rowFrom(rowItem(u, allFacet)), userColumns(u)) {
		break
	}
	for _, carriesItsOut := range []bool{false, true} {
		for at := 1; ; at++ {
			w.deleteItem(t, lost.key())
			w.putItem(t, newCount(countKey(allScope, statusFacet(membership.Active)), 7))
			cut.Arm(at, carriesItsOut)
			b := NewRebuild(w.client, w.table.name)
			_, err := b.Run(t.Context())
			made := cut.Disarm()
			if made >= at && err == nil {
				t.Errorf("call %d failed (carried out: %v), and nobody was told", at, carriesItsOut)
			}
			w.rebuild(t, false)
			if again := w.rebuild(t, true); again.Faults() != 0 {
				t.Errorf("call %d (carried out: %v) left %+v", at, carriesItsOut, again)
			}
			if made < at { // every call has had its fault
				must(t, err)
				break
			}
		}
	}
	w.checkProjection(t)
}
