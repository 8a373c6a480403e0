package store

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"clientele/shared/membership"
	"clientele/shared/store/storetest"
)

// project brings the search rows and counters of all users in step, as functions/project does from the stream.
func (w *world) project(t testing.TB) {
	t.Helper()
	for _, i := range of(w.items(t), entityUser) {
		u := userFrom(i)
		must(t, w.table.Project(t.Context(), u.CustomerID, u.ID))
	}
}

// checkProjection rebuilds search rows, counters and projections from the users' records and compares them with what is
// there.
func (w *world) checkProjection(t testing.TB) {
	t.Helper()
	items := w.items(t)
	rows, counts, projections := map[key]string{}, map[key]int{}, map[key]string{}
	for _, i := range of(items, entityUser) {
		u := userFrom(i)
		columns := userColumns(u)
		projections[projectionKey(u.ID)] = columns
		row := rowFrom(rowItem(u, "any"))
		for k := range searchRows(row, columns) {
			rows[k] = columns
		}
		for _, k := range counted(row) {
			counts[k]++
		}
	}
	same := func(entity string, want map[key]string) {
		for _, i := range of(items, entity) {
			if columns, there := want[i.key()]; !there || columns != i.str(rowAttribute) {
				t.Errorf("%s %v holds %q, rebuilt %q (%v)", entity, i.key(), i.str(rowAttribute), columns, there)
			}
			delete(want, i.key())
		}
		for k := range want {
			t.Errorf("missing %s %v", entity, k)
		}
	}
	same(entityUserWord, rows)
	same(entityProjection, projections)
	for _, i := range of(items, entityCount) {
		if n := counts[i.key()]; n != i.int("n") {
			t.Errorf("counter %v is %d, counted %d", i.key(), i.int("n"), n)
		}
		delete(counts, i.key())
	}
	for k := range counts {
		t.Errorf("missing counter %v", k)
	}
}

var (
	someFirst   = []string{"José", "Anna", "Łukasz", "Zoë", "Jürgen", "Øystein", "Jose María", "", "Ana", "Иван", "李"}
	someLast    = []string{"Muñoz", "Müller", "Mueller", "García López", "Straße", "O'Neill", "D’Angelo", "", "Muñiz", "von der Heide", "Петров", "小龙"}
	someCountry = []string{"", "DE", "ES", "PL"}
	someCompany = []string{"Alpha GmbH", "Beta Muñoz SA", "Gamma & Söhne"}
)

// somebody is a random user of one of three customers.
func somebody(r *rand.Rand, n int, now time.Time) membership.User {
	c := r.IntN(len(someCompany))
	u := membership.User{
		ID: fmt.Sprintf("01890d1c-0000-7000-8000-%012d", n), CustomerID: fmt.Sprintf("01890d1c-0000-7000-8000-0000000000c%d", c), Company: someCompany[c],
		FirstName: someFirst[r.IntN(len(someFirst))], LastName: someLast[r.IntN(len(someLast))], Email: fmt.Sprintf("p%d.muster@example%d.com", n, r.IntN(3)),
		Role: membership.RolesOf("c")[r.IntN(3)], Country: someCountry[r.IntN(len(someCountry))], RegisteredAt: now.Add(-time.Duration(r.IntN(50)) * time.Hour), Version: 1,
		Status: rowStatuses[r.IntN(len(rowStatuses))],
	}
	if u.Status == membership.Active {
		u.Username = cmp.Or([]string{u.Email, fmt.Sprint("person_", n)}[r.IntN(2)])
	}
	if u.Status == membership.Invited {
		u.InvitationExpiresAt = now.Add(time.Duration(r.IntN(5)-1) * time.Hour)
	}
	if u.Status == membership.Suspended && r.IntN(2) == 0 {
		u.SuspendedUntil = now.Add(time.Duration(r.IntN(5)-2) * time.Hour)
	}
	for g := range 4 {
		if r.IntN(5) == 0 {
			u.GroupIDs = append(u.GroupIDs, fmt.Sprint("g", g))
		}
	}
	if len(u.GroupIDs) > 0 {
		u.Group = "Group " + u.GroupIDs[0]
	}
	return u
}

// someQuery is a random question to the directory.
func someQuery(r *rand.Rand, now time.Time) membership.UserQuery {
	q := membership.UserQuery{Reach: membership.ReachAll(), Now: now, Sort: []membership.UserSort{"name", "email", "group", "role", "company", "registered"}[r.IntN(6)]}
	if r.IntN(3) == 0 {
		q.CustomerID = fmt.Sprintf("01890d1c-0000-7000-8000-0000000000c%d", r.IntN(3))
		if r.IntN(2) == 0 {
			q.Reach = membership.ReachCustomer(q.CustomerID)
		}
	}
	if r.IntN(3) == 0 {
		q.Status = rowStatuses[r.IntN(len(rowStatuses))]
	}
	if r.IntN(3) == 0 {
		q.Role = membership.RolesOf("c")[r.IntN(3)]
	}
	if r.IntN(4) == 0 {
		q.Country = someCountry[1+r.IntN(3)]
	}
	if r.IntN(4) == 0 {
		q.GroupID = fmt.Sprint("g", r.IntN(4))
	}
	if r.IntN(3) == 0 && q.Status != membership.Removed {
		searches := []string{"muñ", "Jos", "jose mun", "müll", "mull", "exa", "p1.", "muster", "per", "und", "garc", "lopez", "alpha", "Söh", "zzz", "ива", "neill", "oneill", "O'Neill", "o’ne", "dangelo", "d'ang", "angelo", "die", "hei"}
		q.Search = membership.FoldSearch(searches[r.IntN(len(searches))])
		q.Sort = ""
	}
	return q
}

// naive answers a question from the users themselves.
func naive(users []membership.User, q membership.UserQuery) []string {
	var ids []string
	for _, u := range users {
		if !q.Keeps(rowFrom(rowItem(u, "any"))) {
			continue
		}
		if q.Search != "" {
			found := false
			for _, field := range []string{u.FirstName + " " + u.LastName, u.LastName + " " + u.FirstName, u.Email, u.Username, map[bool]string{true: u.Company}[q.CustomerID == ""]} {
				folded := membership.FoldName(field)
				for at := range folded {
					before, _ := utf8.DecodeLastRuneInString(folded[:at])
					if strings.HasPrefix(membership.WithoutApostrophes(folded[at:]), q.Search) && (at == 0 || strings.ContainsRune(wordEnds, before)) {
						found = true
					}
				}
			}
			if !found {
				continue
			}
		}
		ids = append(ids, u.ID)
	}
	slices.Sort(ids)
	return ids
}

// lag leaves out whom the list of a status finds only once the clean-up has been there: who is in it by the clock alone.
// Other lists find them at once.
func lag(users []membership.User, q membership.UserQuery, ids []string) []string {
	return slices.DeleteFunc(ids, func(id string) bool {
		return slices.ContainsFunc(users, func(u membership.User) bool {
			return u.ID == id && q.Status != "" && u.Status != q.Status && u.StatusAt(q.Now) == q.Status
		})
	})
}

// For random users and random questions the directory gives what a look at every user gives: whole, once each, in order,
// both ways, across the borders of pages, within the capacity that a request may read.
func TestDirectoryEqualsALookAtEverybody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 1))
		var users []membership.User
		for n := range 120 {
			u := somebody(r, n, w.now)
			w.put(t, u)
			users = append(users, u)
		}
		w.project(t)
		for range 60 {
			q := someQuery(r, w.now)
			limit := []int{1, 3, 7, 50}[r.IntN(4)]
			w.calls.Take()
			forth, back := bothWays(t, limit, true, func(p membership.PageRequest) (membership.Page[membership.UserRow], error) {
				asked := q
				asked.Page = p
				return w.table.Users(t.Context(), asked)
			}, func(u membership.UserRow) string { return u.ID })
			for _, c := range w.calls.Take() {
				if c.Capacity > 20 {
					t.Errorf("%+v: a call took %v RCU", q, c.Capacity)
				}
			}
			want := lag(users, q, naive(users, q))
			for _, got := range [][]string{forth, back} {
				sorted := lag(users, q, slices.Sorted(slices.Values(got)))
				if !slices.Equal(sorted, want) {
					t.Fatalf("seed %d: %+v, %d a page\nfound %v\nwant  %v", seed, q, limit, sorted, want)
				}
			}
		}
		// Users change; whoever does not is neither lost nor shown twice by somebody who reads on meanwhile.
		q := membership.UserQuery{Reach: membership.ReachAll(), Now: w.now, Sort: membership.SortName, Page: membership.PageRequest{Limit: 5, Ascending: true}}
		seen := map[string]int{}
		changed := map[string]bool{}
		for {
			p, err := w.table.Users(t.Context(), q)
			must(t, err)
			for _, u := range p.Items {
				seen[u.ID]++
			}
			n := r.IntN(len(users))
			after := users[n]
			after.LastName, after.Version = someLast[r.IntN(len(someLast))], after.Version+1
			must(t, w.table.ChangeUser(t.Context(), users[n], after, nil, w.trail()))
			users[n], changed[after.ID] = after, true
			if q.Page.Position = p.Next; p.Next == "" {
				break
			}
		}
		for _, u := range users {
			if !changed[u.ID] && u.Status != membership.Removed && seen[u.ID] != 1 {
				t.Errorf("seed %d: %s %s was shown %d times", seed, u.ID, u.Status, seen[u.ID])
			}
		}
		w.project(t)
		w.checkProjection(t)
	})
}

// Events that come twice, late, in another order, or at the same time leave the same rows and counters.
func TestProjectingInAnyOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 2))
		w.groups(t, "g0", "g1", "g2", "g3")
		users := map[int]membership.User{}
		for range 60 {
			n := r.IntN(6)
			before := users[n]
			after := somebody(r, n, w.now)
			after.Version = before.Version + 1
			switch {
			case before.ID == "":
				w.put(t, after)
			case r.IntN(6) == 0:
				change := w.table.write()
				change.user(before, membership.User{}, w.now)
				must(t, w.table.commit(t.Context(), change))
				after = membership.User{}
			default:
				after.CustomerID, after.Company = before.CustomerID, before.Company
				must(t, w.table.ChangeUser(t.Context(), before, after, nil, w.trail()))
			}
			users[n] = after
			id, customer := cmp.Or(after.ID, before.ID), cmp.Or(after.CustomerID, before.CustomerID)
			var wg sync.WaitGroup
			for range r.IntN(3) {
				wg.Go(func() {
					if err := w.table.Project(context.WithoutCancel(t.Context()), customer, id); err != nil {
						t.Errorf("seed %d: %v", seed, err)
					}
				})
			}
			wg.Wait()
			if after.ID == "" { // its last event comes
				must(t, w.table.Project(t.Context(), customer, id))
			}
		}
		w.project(t)
		w.checkProjection(t)
		must(t, w.table.Project(t.Context(), "gone", "gone"))
	})
}

// A fault at any call of a projection, before or after the table carried it out, leaves nothing that the next call does
// not mend: whoever is counted is counted once.
func TestProjectingMeetsAFault(t *testing.T) {
	storetest.DynamoDBLocal().Require(t)
	t.Parallel()
	var cut storetest.Cut
	w := newWorld(t, storetest.DynamoDBLocal(), cut.Inject)
	for _, carriesItsOut := range []bool{false, true} {
		for at := 1; ; at++ {
			before := person(fmt.Sprintf("u%d-%v", at, carriesItsOut), "c1", membership.Active)
			w.put(t, before)
			must(t, w.table.Project(t.Context(), "c1", before.ID))
			after := before
			after.LastName, after.Role, after.Status, after.Version = "Quintero", membership.Member, membership.Deactivated, 2
			must(t, w.table.ChangeUser(t.Context(), before, after, nil, w.trail()))
			cut.Arm(at, carriesItsOut)
			err := w.table.Project(t.Context(), "c1", before.ID)
			made := cut.Disarm()
			if made < at { // every call has had its fault
				must(t, err)
				break
			}
			if err == nil {
				t.Errorf("call %d failed (carried out: %v), and nobody was told", at, carriesItsOut)
			}
			must(t, w.table.Project(t.Context(), "c1", before.ID))
		}
	}
	w.checkProjection(t)
}
