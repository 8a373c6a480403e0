package store

import (
	"testing"
	"time"

	"clientele/shared/membership"
)

func (w *world) contactOf(t testing.TB, name, email string) membership.Customer {
	t.Helper()
	c, err := w.customers.Create(t.Context(), w.staff(), membership.Corporate, membership.CustomerInput{Name: &name, Email: &email})
	must(t, err)
	return c
}

func TestGuests(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		of := func(address string) []string {
			t.Helper()
			ids, err := w.table.GuestsOf(ctx, address)
			must(t, err)
			return ids
		}
		first, second := w.contactOf(t, "First Ltd", "Office@contact.example"), w.contactOf(t, "Second Ltd", "office@CONTACT.example")
		folded := membership.FoldLogin(first.Email) // the part before the @ keeps its meaning, not its case
		equal(t, of(folded), []string{first.ID, second.ID})
		moved := "new@contact.example"
		second, err := w.customers.Change(ctx, w.staff(), second.ID, second.Version, membership.CustomerInput{Email: &moved})
		must(t, err)
		equal(t, of(folded), []string{first.ID})
		equal(t, of(moved), []string{second.ID})
		must(t, w.customers.Delete(ctx, w.staff(), second.ID, second.Version))
		equal(t, len(of(moved)), 0)

		link := membership.GuestLink{CustomerID: first.ID, MailID: "m1", LinkVersion: 1, ExpiresAt: w.now.Add(15 * time.Minute), Version: 1}
		everyFieldSet(t, link)
		none := membership.GuestLink{CustomerID: first.ID}
		must(t, w.table.ChangeGuestLink(ctx, none, link))
		fails(t, w.table.ChangeGuestLink(ctx, none, link), membership.ErrStale)
		session := membership.GuestSession{ID: "s1", CustomerID: first.ID, Address: folded, SecretHash: []byte("hash"), CreatedAt: w.now, EndsAt: w.now.Add(time.Hour)}
		everyFieldSet(t, session)
		used := link
		used.ExpiresAt, used.Version = time.Time{}, 2
		trails := make([]membership.Trail, 8)
		for n := range trails {
			trails[n] = w.trail()
		}
		errs := parallel(len(trails), func(n int) error { return w.table.EnterAsGuest(ctx, link, used, session, trails[n]) })
		equal(t, codes(t, errs), map[string]int{"": 1, membership.ErrStale.Code: len(errs) - 1})

		facts := func(sessionID string) membership.GuestFacts {
			t.Helper()
			w.calls.Take()
			f, err := w.table.GuestFacts(ctx, first.ID, sessionID)
			must(t, err)
			equal(t, len(w.calls.Take()), 2)
			return f
		}
		f := facts("s1")
		equal(t, *f.Session, session)
		equal(t, f.Link, used)
		equal(t, f.Customer, first)
		if facts("").Session != nil || facts("s2").Session != nil || f.HasUser {
			t.Errorf("facts %+v", f)
		}
		// Whoever has got in once counts, whoever has not does not.
		v := w.invite(t, w.staff(), first.ID, "invited@contact.example")
		equal(t, facts("").HasUser, false)
		u, err := w.accept(ctx, v)
		must(t, err)
		equal(t, facts("").HasUser, true)
		u, err = w.users.Deactivate(ctx, w.staff(), u.ID, u.Version)
		must(t, err)
		equal(t, facts("").HasUser, true)
		_, err = w.users.Remove(ctx, w.staff(), u.ID, u.Version)
		must(t, err)
		equal(t, facts("").HasUser, false)
		must(t, w.table.EndGuestSession(ctx, first.ID, "s1"))
		must(t, w.table.EndGuestSession(ctx, first.ID, "s1"))
		equal(t, facts("s1").Session == nil, true)
		must(t, w.customers.Delete(ctx, w.staff(), first.ID, first.Version))
		for k, i := range w.items(t) {
			if e := i.str("entity"); e == entityContactAddress || e == entityGuestLink || e == entityGuestSession {
				t.Errorf("left of the customer: %v", k)
			}
		}
	})
}

// Of two browsers of one guest that ask for the same person, one is heard.
func TestRequestUser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.contactOf(t, "Asking Ltd", "office@asking.example")
		request := func(id string) (membership.Registration, membership.User) {
			r := membership.Registration{ID: id, CustomerID: membership.UnassignedID, Email: "office@asking.example", FirstName: "Gerd", LastName: "Gamma",
				Status: membership.RegistrationWaiting, Origin: membership.OriginGuest, RegisteredAt: w.now, ConfirmedAt: w.now,
				ProposedCustomerID: c.ID, ProposedRole: membership.Administrator, LinkVersion: 1, Version: 1}
			return r, membership.User{ID: id, CustomerID: membership.UnassignedID, Status: membership.Waiting, Role: membership.Administrator, FirstName: "Gerd",
				LastName: "Gamma", Email: r.Email, RegisteredAt: w.now, Version: 1}
		}
		trails := []membership.Trail{w.trail(), w.trail()}
		errs := parallel(2, func(n int) error {
			r, u := request([]string{"r1", "r2"}[n])
			return w.table.RequestUser(ctx, r, u, trails[n])
		})
		equal(t, codes(t, errs), map[string]int{"": 1, membership.ErrLoginTaken.Code: 1})
		id := "r1"
		if errs[0] != nil {
			id = "r2"
		}
		want, _ := request(id)
		got, err := w.table.Registration(ctx, membership.ReachAll(), id)
		must(t, err)
		equal(t, got, want)
		_, err = w.customers.Deactivate(ctx, w.staff(), c.ID, c.Version)
		must(t, err)
		r, u := request("r3")
		r.Email, u.Email = "other@asking.example", "other@asking.example"
		fails(t, w.table.RequestUser(ctx, r, u, w.trail()), membership.ErrSignedOut)
	})
}
