package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

func TestInvitationIsReadAsWritten(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.customer(t, "Invite Ltd")
		v := membership.Invitation{ID: "v1", CustomerID: c.ID, UserID: "u1", Email: "Eva@example.com", FirstName: "Eva", LastName: "López", Language: "de", Role: membership.Member,
			Grants: []membership.Grant{{Module: "shipments", Level: "read"}}, GroupIDs: []string{"g1"}, Status: membership.InvitationPending, Delivery: "queued", MailID: "m1",
			ExpiresAt: noon().Add(time.Hour), SentAt: noon(), CreatedAt: noon(), EndedAt: noon().Add(2 * time.Hour), Origin: membership.Portal, InvitedBy: "u0",
			InvitedByName: "Ada", OfContact: &membership.FormerContact{Role: membership.Member, FirstName: "Eve", GroupIDs: []string{"g2"}, Group: "Two"}, LinkVersion: 3, Version: 1}
		everyFieldSet(t, v)
		u := person("u1", c.ID, membership.Invited)
		u.InvitationID = v.ID
		w.groups(t, u.GroupIDs...)
		must(t, w.table.CreateInvitation(t.Context(), v, u, w.trail()))
		for _, reach := range []membership.Reach{membership.ReachAll(), membership.ReachCustomer(c.ID)} {
			got, err := w.table.Invitation(t.Context(), reach, "v1")
			must(t, err)
			equal(t, got, v)
		}
	})
}

// What keeps an invitation from being made, each with its own error, and nothing written.
func TestCreatingInvitation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c, out := w.customer(t, "Invite Ltd"), w.customer(t, "Out Ltd")
		_, err := w.customers.Deactivate(ctx, w.staff(), out.ID, 0)
		must(t, err)
		create := func(id, customerID, email string, elsewhere bool, k *membership.IdempotencyKey) error {
			v := membership.Invitation{ID: "v-" + id, CustomerID: customerID, UserID: "u-" + id, Email: email, Status: membership.InvitationPending, ExpiresAt: w.now.Add(time.Hour), CreatedAt: w.now, Version: 1}
			u := membership.User{ID: v.UserID, CustomerID: customerID, Status: membership.Invited, Role: membership.Member, Email: email, InvitationID: v.ID, InvitationExpiresAt: v.ExpiresAt,
				RegisteredAt: w.now, AddressElsewhere: elsewhere, Version: 1}
			tr := w.trail()
			tr.Key, tr.KeyIDs = k, []string{v.ID}
			return w.table.CreateInvitation(ctx, v, u, tr)
		}
		k := &membership.IdempotencyKey{ActorID: "a", Route: "POST /invitations", Key: "k", BodyHash: "h", Row: 1}
		must(t, create("1", c.ID, "eva@example.com", false, k))
		before := len(w.items(t))
		fails(t, create("2", c.ID, "new@example.com", false, k), membership.ErrInProgress)
		fails(t, create("3", "nobody", "new@example.com", false, nil), membership.ErrCustomerDeactivated)
		fails(t, create("4", out.ID, "new@example.com", false, nil), membership.ErrCustomerDeactivated)
		fails(t, create("5", c.ID, "EVA@example.com ", false, nil), membership.ErrLoginTaken)
		fails(t, create("1", c.ID, "new@example.com", false, nil), membership.ErrStale)
		if after := len(w.items(t)); after != before {
			t.Errorf("refused invitations left %d items", after-before)
		}
		other := w.customer(t, "Other Ltd")
		must(t, create("6", other.ID, "eva@example.com", true, nil))
		fails(t, create("7", other.ID, "Eva@Example.com", true, nil), membership.ErrLoginTaken)

		keys := []*membership.IdempotencyKey{nil, k, {ActorID: "a", Route: "POST /invitations", Key: "k", Row: 2}}
		w.calls.Take()
		customer, addresses, markers, err := w.table.InviteFacts(ctx, membership.ReachCustomer(other.ID), other.ID, []string{"nobody@example.com", "", "eva@example.com"}, keys)
		must(t, err)
		equal(t, len(w.calls.Take()), 1)
		equal(t, customer, other)
		equal(t, addresses, []membership.Address{{}, {}, {UserID: "u-1", CustomerID: c.ID, InvitedHere: "u-6"}})
		equal(t, markers, []*membership.Marker{nil, {BodyHash: "h", IDs: []string{"v-1"}}, nil})
		_, addresses, _, err = w.table.InviteFacts(ctx, membership.ReachAll(), c.ID, []string{"eva@example.com"}, nil)
		must(t, err)
		equal(t, addresses, []membership.Address{{UserID: "u-1", CustomerID: c.ID}})
		marker, err := w.table.Marker(ctx, *k)
		must(t, err)
		equal(t, marker, &membership.Marker{BodyHash: "h", IDs: []string{"v-1"}})
		foreign := *k
		foreign.ActorID = "b"
		marker, err = w.table.Marker(ctx, foreign)
		must(t, err)
		equal(t, marker, (*membership.Marker)(nil))
		w.checkUsers(t)
	})
}

// A full batch asks for more keys than one request takes; the answer is whole, in order, and one wait.
func TestAddressesOfAFullBatch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.customer(t, "Batch Ltd")
		w.invite(t, w.staff(), c.ID, "x042@example.com")
		folded, keys := make([]string, membership.MaxInvitees), make([]*membership.IdempotencyKey, membership.MaxInvitees)
		for n := range folded {
			folded[n] = fmt.Sprintf("x%03d@example.com", n)
			keys[n] = &membership.IdempotencyKey{ActorID: "a", Route: "r", Key: "k", Row: n + 1}
		}
		_, addresses, markers, err := w.table.InviteFacts(t.Context(), membership.ReachAll(), c.ID, folded, keys)
		must(t, err)
		for n, a := range addresses {
			if (a.UserID != "") != (n == 42) || markers[n] != nil {
				t.Errorf("row %d: %+v, %+v", n, a, markers[n])
			}
		}
	})
}

func TestListingInvitations(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c, other := w.customer(t, "List Ltd"), w.customer(t, "Other Ltd")
		calls := []membership.Call{w.staff(), w.as(membership.Portal, c.ID), w.system()}
		for n := range 9 {
			call := calls[n%3]
			call.Now = w.now.Add(time.Duration(n) * time.Minute)
			w.invite(t, call, c.ID, fmt.Sprintf("n%d@example.com", n))
		}
		w.invite(t, w.staff(), other.ID, "foreign@example.com")
		list := func(call membership.Call, customerID string) string {
			forth, back := bothWays(t, 2, false, func(p membership.PageRequest) (membership.Page[membership.Invitation], error) {
				return w.invitations.List(t.Context(), call, membership.InvitationQuery{CustomerID: customerID, Page: p})
			}, func(v membership.Invitation) string { return v.Email[:2] })
			equal(t, back, forth)
			return strings.Join(forth, " ")
		}
		equal(t, list(w.staff(), c.ID), "n8 n6 n5 n3 n2 n0")
		equal(t, list(w.as(membership.Portal, c.ID), c.ID), "n8 n7 n6 n5 n4 n3 n2 n1 n0")
		equal(t, list(w.staff(), other.ID), "fo")
		p, err := w.table.Invitations(t.Context(), membership.InvitationQuery{Reach: membership.ReachAll(), CustomerID: c.ID, Origin: membership.Portal, Page: membership.PageRequest{Limit: 9}})
		must(t, err)
		equal(t, len(p.Items), 3)
	})
}

// The provider's list reads only what it shows, however many invitations a customer's own people have made between.
func TestProvidersInvitationsAmongMany(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var want []string
		for n := range 60 {
			v := membership.Invitation{ID: fmt.Sprintf("v%04d", n), CustomerID: "c1", Origin: membership.Portal, Status: membership.InvitationAccepted, CreatedAt: w.now.Add(time.Duration(n) * time.Second), Version: 1}
			switch n % 20 {
			case 3:
				v.Origin = membership.Staff
			case 9:
				v.Origin = membership.System
			}
			if v.Origin != membership.Portal {
				want = append(want, v.ID)
			}
			change := w.table.write()
			change.put(invitationItem(v), always(), nil)
			must(t, w.table.commit(t.Context(), change))
		}
		list := func(p membership.PageRequest) (membership.Page[membership.Invitation], error) {
			return w.table.Invitations(t.Context(), membership.InvitationQuery{Reach: membership.ReachAll(), CustomerID: "c1", Origin: membership.Staff, Page: p})
		}
		w.calls.Take()
		for _, limit := range []int{1, 4, 6} {
			forth, back := bothWays(t, limit, true, list, func(v membership.Invitation) string { return v.ID })
			equal(t, forth, want)
			equal(t, back, want)
		}
		for _, c := range w.calls.Take() {
			if c.Capacity > 0.5 {
				t.Errorf("a page took %v RCU", c.Capacity)
			}
		}
		p, err := list(membership.PageRequest{Limit: 6})
		must(t, err)
		equal(t, len(p.Items), 6)
		equal(t, p.Next, "")
	})
}

// A list of which almost nothing passes the filter costs no more than its bound a page, goes on, and loses nothing at
// the borders of empty pages.
func TestFilteredPagesThatAreEmpty(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		call := w.as(membership.Portal, "")
		const many, last = 390, 350 // more than one page reads
		for n := range many {
			origin := call.Actor.Realm
			if n == 0 || n == last {
				origin = membership.System
			}
			v := membership.Invitation{ID: fmt.Sprintf("v%04d", n), CustomerID: "c1", Origin: origin, Status: membership.InvitationAccepted, CreatedAt: w.now.Add(time.Duration(n) * time.Second), Version: 1}
			change := w.table.write()
			change.put(invitationItem(v), always(), nil)
			must(t, w.table.commit(t.Context(), change))
		}
		w.calls.Take()
		forth, back := bothWays(t, 5, true, func(p membership.PageRequest) (membership.Page[membership.Invitation], error) {
			return w.table.Invitations(t.Context(), membership.InvitationQuery{Reach: membership.ReachAll(), CustomerID: "c1", Origin: membership.System, Page: p})
		}, func(v membership.Invitation) string { return v.ID })
		want := []string{"v0000", fmt.Sprintf("v%04d", last)}
		equal(t, slices.Compact(forth), want)
		equal(t, slices.Compact(back), want)
		for _, c := range w.calls.Take() {
			if c.Capacity > 25 {
				t.Errorf("a page took %v RCU", c.Capacity)
			}
		}
	})
}

func TestAcceptanceFacts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Accept Ltd")
		v := w.invite(t, w.staff(), c.ID, "eva@example.com")
		w.calls.Take()
		user, customer, holders, err := w.table.AcceptanceFacts(ctx, v, []string{"free", "eva@example.com"})
		must(t, err)
		equal(t, len(w.calls.Take()), 1)
		equal(t, user, w.user(t, v.UserID))
		equal(t, customer, c)
		equal(t, holders, []membership.Address{{}, {UserID: v.UserID, CustomerID: c.ID}})
		v.UserID, v.CustomerID = "gone", "gone"
		user, customer, holders, err = w.table.AcceptanceFacts(ctx, v, nil)
		must(t, err)
		equal(t, user, membership.User{})
		equal(t, customer, membership.Customer{})
		equal(t, len(holders), 0)
	})
}

// A new link's facts are one wait, and the inviter is found where the realm of the invitation says.
func TestLinkFacts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Link Ltd")
		boss := w.member(t, c.ID, "boss@example.com")
		call := w.as(membership.Portal, c.ID)
		call.Actor.UserID = boss.ID
		v := w.invite(t, call, c.ID, "eva@example.com")
		w.calls.Take()
		got, err := w.table.LinkFacts(ctx, v)
		must(t, err)
		equal(t, len(w.calls.Take()), 1)
		equal(t, got, membership.LinkFacts{User: w.user(t, v.UserID), Customer: c, Inviter: w.user(t, boss.ID), Holder: membership.Address{UserID: v.UserID, CustomerID: c.ID}})

		v.Origin = membership.Staff // of the provider's people there is none with this id
		got, err = w.table.LinkFacts(ctx, v)
		must(t, err)
		equal(t, got.Inviter, membership.User{})
		v.UserID, v.CustomerID, v.InvitedBy, v.Email = "gone", "gone", "", "free@example.com"
		got, err = w.table.LinkFacts(ctx, v)
		must(t, err)
		equal(t, got, membership.LinkFacts{})
	})
}

// A letter counts against its limits with the change that causes it: not for a change that fails, and the one too many
// changes nothing.
func TestLettersCountWithTheirChange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Letter Ltd")
		w.groups(t, "g1", "g2")
		v := w.invite(t, w.staff(), c.ID, "eva@example.com")
		u := w.user(t, v.UserID)
		letter := []membership.Event{{Throttle: membership.Throttle{Name: "letters", Limit: 2, Window: time.Hour}, Subject: "eva"}, {Throttle: membership.Throttle{Name: "all", Limit: 5, Window: time.Hour}, Subject: "boss"}}
		owing := func(letters ...membership.Event) membership.Trail {
			tr := w.trail()
			tr.Letters = letters
			return tr
		}
		stale := v
		stale.Version = 9
		fails(t, w.table.ChangeUser(ctx, u, u, &membership.InvitationChange{Before: stale, After: v}, owing(letter...)), membership.ErrStale)
		for range 2 {
			must(t, w.table.ChangeUser(ctx, u, u, &membership.InvitationChange{Before: v, After: v}, owing(letter...)))
		}
		before := w.items(t)
		err := w.table.ChangeUser(ctx, u, u, &membership.InvitationChange{Before: v, After: v}, owing(letter...))
		if membership.KindOf(err) != membership.TooMany {
			t.Errorf("the third: %v", err)
		}
		made := membership.Invitation{ID: "v-one", CustomerID: c.ID, UserID: "u-one", Email: "one@example.com", Status: membership.InvitationPending, ExpiresAt: w.now.Add(time.Hour), CreatedAt: w.now, Version: 1}
		err = w.table.CreateInvitation(ctx, made, person("u-one", c.ID, membership.Invited), owing(letter...))
		if membership.KindOf(err) != membership.TooMany {
			t.Errorf("a new one: %v", err)
		}
		equal(t, w.items(t), before)
		equal(t, w.table.Take(ctx, letter[1].Throttle, "boss", w.now), nil) // the third of five
		must(t, w.table.CreateInvitation(ctx, made, person("u-one", c.ID, membership.Invited), owing(letter[1:]...)))
		err = w.table.Take(ctx, letter[1].Throttle, "boss", w.now)
		must(t, err)
		if err := w.table.Take(ctx, letter[1].Throttle, "boss", w.now); membership.KindOf(err) != membership.TooMany {
			t.Errorf("the sixth of five: %v", err)
		}
	})
}

func TestClaimingAcceptance(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.customer(t, "Claim Ltd")
		v := w.invite(t, w.staff(), c.ID, "eva@example.com")
		before := w.user(t, v.UserID)
		claimed := before
		claimed.ActivatingUntil, claimed.Version = w.now.Add(membership.AcceptanceLease+123*time.Millisecond), 2
		must(t, w.table.ClaimAcceptance(t.Context(), before, claimed))
		equal(t, w.user(t, v.UserID), claimed)
		fails(t, w.table.ClaimAcceptance(t.Context(), before, claimed), membership.ErrStale)
		w.checkUsers(t)
	})
}

func TestDeletingInvitation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Delete Ltd")
		v := w.invite(t, w.staff(), c.ID, "eva@example.com")
		u := w.user(t, v.UserID)
		stale, staleUser := v, u
		stale.Version, staleUser.Version = 9, 9
		fails(t, w.table.DeleteInvitation(ctx, stale, &u, w.trail()), membership.ErrStale)
		fails(t, w.table.DeleteInvitation(ctx, v, &staleUser, w.trail()), membership.ErrStale)
		equal(t, w.user(t, v.UserID), u)
		must(t, w.table.DeleteInvitation(ctx, v, &u, w.trail()))
		_, err := w.table.User(ctx, membership.ReachAll(), u.ID)
		fails(t, err, membership.ErrNotFound)
		_, err = w.table.Invitation(ctx, membership.ReachAll(), v.ID)
		fails(t, err, membership.ErrNotFound)
		w.checkUsers(t)
		w.invite(t, w.staff(), c.ID, "eva@example.com") // the address is free
	})
}
