package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

// filled is a customer with every field set.
func filled(id string) membership.Customer {
	return membership.Customer{ID: id, Name: "Łódź Spedition", Type: membership.Corporate, Management: membership.ManagedCustomer,
		Status: membership.CustomerActive, PortalAccess: true, GroupIDs: []string{"g1", "g2"}, Email: "info@example.com", URL: "https://example.com",
		Phone: "+49 30 1", Street: "Weg 1", Postcode: "10115", City: "Berlin", Region: "Berlin", Country: "DE", Language: "de", ExternalID: "X-" + id,
		Comment: "a\nb", CreatedAt: noon(), ValidFrom: noon().Add(time.Hour), Version: 1}
}

func TestCustomerIsReadAsWritten(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		want := filled("c1")
		everyFieldSet(t, want)
		must(t, w.table.CreateCustomer(t.Context(), want, w.trail()))
		got, err := w.table.Customer(t.Context(), membership.ReachAll(), "c1")
		must(t, err)
		equal(t, got, want)
		got, err = w.table.Customer(t.Context(), membership.ReachCustomer("c1"), "c1")
		must(t, err)
		equal(t, got, want)
		_, err = w.table.Customer(t.Context(), membership.ReachAll(), "c2")
		fails(t, err, membership.ErrNotFound)
		fails(t, w.table.CreateCustomer(t.Context(), want, w.trail()), membership.ErrStale)
	})
}

func TestChangingCustomer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		one, two := filled("c1"), filled("c2")
		must(t, w.table.CreateCustomer(ctx, one, w.trail()))
		must(t, w.table.CreateCustomer(ctx, two, w.trail()))
		clash := one
		clash.ExternalID, clash.Version = two.ExternalID, 2
		fails(t, w.table.ChangeCustomer(ctx, one, clash, w.trail()), membership.ErrExternalIDInUse)
		third := filled("c3")
		third.ExternalID = one.ExternalID
		fails(t, w.table.CreateCustomer(ctx, third, w.trail()), membership.ErrExternalIDInUse)

		after := one
		after.Name, after.ExternalID, after.Version = "Neue Spedition", "new", 2
		must(t, w.table.ChangeCustomer(ctx, one, after, w.trail()))
		fails(t, w.table.ChangeCustomer(ctx, one, after, w.trail()), membership.ErrStale)
		got, err := w.table.Customer(ctx, membership.ReachAll(), "c1")
		must(t, err)
		equal(t, got, after)

		third.ExternalID = "X-c1" // free again
		must(t, w.table.CreateCustomer(ctx, third, w.trail()))
		w.checkCustomers(t)
	})
}

func TestProviderIsMadeOnceAndOnNoList(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		must(t, w.table.CreateProvider(ctx, membership.Provider("We", "en", w.now), w.trail()))
		must(t, w.table.CreateProvider(ctx, membership.Provider("They", "en", w.now), w.trail()))
		got, err := w.table.Customer(ctx, membership.ReachAll(), membership.ProviderID)
		must(t, err)
		equal(t, got.Name, "We")
		p, err := w.table.Customers(ctx, membership.CustomerQuery{Page: membership.PageRequest{Limit: 10, Ascending: true}})
		must(t, err)
		equal(t, len(p.Items), 0)
		p, err = w.table.Customers(ctx, membership.CustomerQuery{Search: "we", Page: membership.PageRequest{Limit: 10}})
		must(t, err)
		equal(t, len(p.Items), 0)
	})
}

func TestListingCustomers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for n, name := range []string{"Zeta", "ätna", "Beta", "Ärger", "alpha"} {
			c := filled(fmt.Sprint("c", n))
			c.Name, c.CreatedAt = name, noon().Add(time.Duration(n)*time.Hour)
			must(t, w.table.CreateCustomer(t.Context(), c, w.trail()))
		}
		for _, order := range []struct {
			sort      membership.CustomerSort
			ascending bool
			want      string
		}{
			{membership.CustomersByName, true, "alpha Ärger ätna Beta Zeta"},
			{membership.CustomersByName, false, "Zeta Beta ätna Ärger alpha"},
			{membership.CustomersByCreated, true, "Zeta ätna Beta Ärger alpha"},
			{membership.CustomersByCreated, false, "alpha Ärger Beta ätna Zeta"},
		} {
			for _, limit := range []int{1, 2, 5, 50} {
				forth, back := bothWays(t, limit, order.ascending, func(p membership.PageRequest) (membership.Page[membership.Customer], error) {
					return w.table.Customers(t.Context(), membership.CustomerQuery{Sort: order.sort, Page: p})
				}, func(c membership.Customer) string { return c.Name })
				equal(t, strings.Join(forth, " "), order.want)
				equal(t, strings.Join(back, " "), order.want)
			}
		}
	})
}

// bothWays pages to the end and back to the start, and returns what it saw each way in the order of the list.
func bothWays[T any](t testing.TB, limit int, ascending bool, list func(membership.PageRequest) (membership.Page[T], error), name func(T) string) (forth, back []string) {
	t.Helper()
	p := membership.PageRequest{Limit: limit, Ascending: ascending}
	var last membership.Page[T]
	for range 1000 {
		page, err := list(p)
		must(t, err)
		if len(page.Items) > limit {
			t.Fatalf("a page of %d rows, asked for %d", len(page.Items), limit)
		}
		if (page.Prev != "") != (p.Position != "") {
			t.Errorf("prev is %q at position %q", page.Prev, p.Position)
		}
		for _, i := range page.Items {
			forth = append(forth, name(i))
		}
		last = page
		if page.Next == "" {
			break
		}
		p.Position = page.Next
	}
	for n := range last.Items {
		back = append(back, name(last.Items[n]))
	}
	for p = (membership.PageRequest{Limit: limit, Ascending: ascending, Backward: true}); last.Prev != ""; {
		p.Position = last.Prev
		page, err := list(p)
		must(t, err)
		var here []string
		for _, i := range page.Items {
			here = append(here, name(i))
		}
		back = append(here, back...)
		last = page
	}
	return forth, back
}

// Rows that come and go beside a border move it for nobody: what was there all the time is seen exactly once.
func TestBordersStayWhileRowsComeAndGo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		name := func(n int) string { return fmt.Sprintf("n%03d", n) }
		add := func(n int) membership.Customer {
			c := filled(fmt.Sprint("c", n))
			c.Name = name(n)
			must(t, w.table.CreateCustomer(ctx, c, w.trail()))
			return c
		}
		for n := 100; n < 140; n += 4 {
			add(n)
		}
		list := func(p membership.PageRequest) membership.Page[membership.Customer] {
			page, err := w.table.Customers(ctx, membership.CustomerQuery{Sort: membership.CustomersByName, Page: p})
			must(t, err)
			return page
		}
		names := func(p membership.Page[membership.Customer]) string {
			var s []string
			for _, c := range p.Items {
				s = append(s, c.Name)
			}
			return strings.Join(s, " ")
		}
		first := list(membership.PageRequest{Limit: 3, Ascending: true})
		equal(t, names(first), "n100 n104 n108")
		add(101) // before the border
		gone := add(109)
		second := list(membership.PageRequest{Limit: 3, Ascending: true, Position: first.Next})
		equal(t, names(second), "n109 n112 n116")
		must(t, w.table.DeleteCustomer(ctx, gone, w.trail())) // the border itself goes
		add(110)
		back := list(membership.PageRequest{Limit: 3, Ascending: true, Backward: true, Position: second.Prev})
		equal(t, names(back), "n101 n104 n108")
		forth := list(membership.PageRequest{Limit: 3, Ascending: true, Position: back.Next})
		equal(t, names(forth), "n110 n112 n116")
		// Everything before a border goes: the way on from there begins at the start.
		for _, c := range list(membership.PageRequest{Limit: 50, Ascending: true}).Items {
			if c.Name < "n110" {
				must(t, w.table.DeleteCustomer(ctx, c, w.trail()))
			}
		}
		empty := list(membership.PageRequest{Limit: 3, Ascending: true, Backward: true, Position: forth.Prev})
		equal(t, names(empty), "")
		again := list(membership.PageRequest{Limit: 3, Ascending: true, Position: empty.Next})
		equal(t, names(again), "n110 n112 n116")
	})
}

func TestBrokenPositions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, position := range []string{"x", "{}", `["a"]`, `["a","b",1]`, `["a","b","c","d"]`} {
			_, err := w.table.Customers(t.Context(), membership.CustomerQuery{Sort: membership.CustomersByName, Page: membership.PageRequest{Limit: 3, Position: position}})
			equal(t, membership.CodeOf(err), "invalid_cursor")
		}
	})
}

func TestSearchingCustomers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, name := range []string{"José Muñoz Transporte", "Transporte Łódź-Süd", "3M", "Straße & Söhne", "transport transporte", "A", "L'Oréal", "O’Neil's Boats"} {
			w.customer(t, name)
		}
		search := func(q string) string {
			var found []string
			for position, pages := "", 0; pages < 20; pages++ {
				p, err := w.customers.List(t.Context(), w.staff(), membership.CustomerQuery{Search: q, Page: membership.PageRequest{Limit: 2, Position: position}})
				must(t, err)
				for _, c := range p.Items {
					if !slices.Contains(found, c.Name) { // by two of its words, on two pages
						found = append(found, c.Name)
					}
				}
				if position = p.Next; position == "" {
					break
				}
			}
			slices.Sort(found)
			return strings.Join(found, ", ")
		}
		for q, want := range map[string]string{
			"jose mun": "José Muñoz Transporte", "MUÑ": "José Muñoz Transporte", "tr": "José Muñoz Transporte, Transporte Łódź-Süd, transport transporte",
			"lodz": "Transporte Łódź-Süd", "sud": "Transporte Łódź-Süd", "3m": "3M", "strasse": "Straße & Söhne", "sohne": "Straße & Söhne", "ansporte": "", "zz": "",
			"loreal": "L'Oréal", "l’or": "L'Oréal", "oreal": "L'Oréal", "o'neil": "O’Neil's Boats", "oneils b": "O’Neil's Boats", "neil's": "O’Neil's Boats", "boats": "O’Neil's Boats",
		} {
			if got := search(q); got != want {
				t.Errorf("search %q found %q, want %q", q, got, want)
			}
		}
	})
}

// A page of a search reads no more than a request may, whatever page is asked for, and loses nobody at its borders.
func TestSearchingManyCustomers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		const all = 43
		for n := range all {
			c := filled(fmt.Sprintf("c%03d", n))
			c.Name, c.Comment = fmt.Sprintf("Spedition %03d", n), strings.Repeat("🚚", 1_000)
			must(t, w.table.CreateCustomer(ctx, c, w.trail()))
		}
		w.calls.Take()
		var sizes []int
		seen := map[string]bool{}
		for position, pages := "", 0; pages < 5; pages++ {
			p, err := w.table.Customers(ctx, membership.CustomerQuery{Search: "spedi", Page: membership.PageRequest{Limit: 20, Position: position, Ascending: true}})
			must(t, err)
			sizes = append(sizes, len(p.Items))
			for _, c := range p.Items {
				seen[c.ID] = true
			}
			sum := 0.0
			for _, c := range w.calls.Take() {
				sum += c.Capacity
			}
			if sum > 2.5 { // of 5 for the page, half are the caller's
				t.Errorf("a page took %v RCU", sum)
			}
			if position = p.Next; position == "" {
				break
			}
		}
		equal(t, sizes, []int{20, 20, 3})
		equal(t, len(seen), all)
	})
}

// The longest names that the rules allow, in letters that folding makes longer, are stored, found and changed.
func TestLongestNames(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, name := range []string{strings.Repeat("\ufdfa", 100), strings.Repeat("\ufdfa ", 50), strings.Repeat("a ", 49) + "ab", strings.Repeat("ß", 100), strings.Repeat("...", 33) + "x"} {
			c := w.customer(t, name)
			p, err := w.customers.List(t.Context(), w.staff(), membership.CustomerQuery{Search: beginning(name), Page: membership.PageRequest{Limit: 5}})
			must(t, err)
			if len(p.Items) != 1 || p.Items[0].ID != c.ID {
				t.Errorf("%d found by the beginning of %q", len(p.Items), name)
			}
			other := "B" + string([]rune(name)[1:])
			_, err = w.customers.Change(t.Context(), w.staff(), c.ID, 1, membership.CustomerInput{Name: &other})
			must(t, err)
		}
		w.checkCustomers(t)
	})
}

func TestDeletingCustomer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "To Go Ltd")
		s, err := w.subAccounts.Create(ctx, w.staff(), c.ID, "Depot")
		must(t, err)
		fails(t, w.table.DeleteCustomer(ctx, c, w.trail()), membership.ErrCustomerNotEmpty)
		// A refused deletion leaves the customer as it was, and open.
		got, err := w.table.Customer(ctx, membership.ReachAll(), c.ID)
		must(t, err)
		equal(t, got, c)
		v := w.invite(t, w.staff(), c.ID, "eva@example.com")
		must(t, w.subAccounts.Delete(ctx, w.staff(), c.ID, s.ID, s.Version))
		fails(t, w.table.DeleteCustomer(ctx, c, w.trail()), membership.ErrCustomerNotEmpty)
		must(t, w.invitations.Delete(ctx, w.staff(), v.ID))
		stale := c
		stale.Version = 7
		fails(t, w.table.DeleteCustomer(ctx, stale, w.trail()), membership.ErrStale)
		must(t, w.customers.Delete(ctx, w.staff(), c.ID, c.Version))
		_, err = w.table.Customer(ctx, membership.ReachAll(), c.ID)
		fails(t, err, membership.ErrNotFound)
		for k, i := range w.items(t) {
			if e := i.str("entity"); e != entityAudit && e != entityMail {
				t.Errorf("left behind: %v %s", k, e)
			}
		}
	})
}

// A customer that is being deleted takes in nobody; one whose deletion died half way is open again after half a minute.
func TestClosingCustomer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Closing Ltd")
		change := w.table.write()
		change.update(customerKey(c.ID), "SET closingUntil = :until", condition{values: item{":until": str(stamp(w.now.Add(closing)))}}, nil)
		must(t, w.table.commit(ctx, change))
		invite := func() *membership.Error {
			results, err := w.invitations.Invite(ctx, w.staff(), membership.InviteInput{CustomerID: c.ID, Invitees: []membership.Invitee{{Email: "eva@example.com"}}})
			must(t, err)
			return results[0].Err
		}
		_, err := w.subAccounts.Create(ctx, w.staff(), c.ID, "Depot")
		fails(t, err, membership.ErrNotFound)
		fails(t, invite(), membership.ErrCustomerDeactivated)
		w.now = w.now.Add(closing + time.Second)
		_, err = w.subAccounts.Create(ctx, w.staff(), c.ID, "Depot")
		must(t, err)
		if e := invite(); e != nil {
			t.Error(e)
		}
	})
}

// checkCustomers compares the words and external ids in the table with those of the customers in it.
func (w *world) checkCustomers(t testing.TB) {
	t.Helper()
	items := w.items(t)
	var want, got []key
	for _, i := range of(items, entityCustomer) {
		c := customerFrom(i)
		for _, text := range words(c.Name) {
			want = append(want, customerSearchKey(text, c.ID))
		}
		if c.ExternalID != "" {
			want = append(want, externalIDKey(c.ExternalID))
		}
	}
	for _, i := range append(of(items, entityCustomerWord), of(items, entityExternalID)...) {
		got = append(got, i.key())
	}
	byKey := func(a, b key) int { return strings.Compare(a.pk+"\x00"+a.sk, b.pk+"\x00"+b.sk) }
	slices.SortFunc(want, byKey)
	slices.SortFunc(got, byKey)
	equal(t, got, want)
}

// beginning is as much of a name as may be searched for, and more than a row of the search holds.
func beginning(name string) string {
	folded := membership.FoldSearch(name)
	return strings.ToValidUTF8(folded[:min(len(folded), membership.MaxCustomerSearch)], "")
}
