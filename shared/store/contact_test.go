package store

import (
	"fmt"
	"testing"
	"time"

	"clientele/shared/membership"
)

func (w *world) create(t testing.TB, in membership.CreateInput, email string) membership.User {
	t.Helper()
	first, last := "Ina", "Neu"
	in.FirstName, in.LastName, in.Email = &first, &last, &email
	u, err := w.records.Create(t.Context(), w.staff(), in)
	must(t, err)
	return u
}

func TestCreatedUsersAndContacts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.customer(t, "Sommer GmbH")
		external := "HR-1"
		in := membership.CreateInput{CustomerID: c.ID, Password: "correct horse battery", SendRegistrationEmail: true}
		in.ExternalID = &external
		u := w.create(t, in, "ina@example.com")
		equal(t, w.user(t, u.ID), u)
		other, email, name := membership.CreateInput{CustomerID: c.ID}, "other@example.com", "Neu"
		other.ExternalID, other.Email, other.FirstName, other.LastName = &external, &email, &name, &name
		_, err := w.records.Create(t.Context(), w.staff(), other)
		fails(t, err, membership.ErrExternalUserID)

		contact := w.create(t, membership.CreateInput{CustomerID: c.ID, Contact: true}, "kontakt@example.com")
		v := w.invite(t, w.staff(), c.ID, "kontakt@example.com")
		equal(t, v.UserID, contact.ID)
		must(t, w.invitations.Delete(t.Context(), w.staff(), v.ID))
		equal(t, w.user(t, contact.ID).Status, membership.Contact)
		w.invite(t, w.staff(), c.ID, "kontakt@example.com")
		// A contact may have no address.
		last := "Nur Name"
		for range 2 {
			_, err := w.records.Create(t.Context(), w.staff(), membership.CreateInput{CustomerID: c.ID, Contact: true,
				RecordInput: membership.RecordInput{ProfileInput: membership.ProfileInput{LastName: &last}}})
			must(t, err)
		}
		// Removed, it frees the external id.
		_, err = w.users.Remove(t.Context(), w.staff(), u.ID, 0)
		must(t, err)
		_, err = w.records.Create(t.Context(), w.staff(), other)
		must(t, err)
		w.checkUsers(t)
	})
}

// An individual customer gets one user, however many are created at once.
func TestOneUserOfAnIndividual(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		name, first := "Ida Single", "Ida"
		c, err := w.customers.Create(t.Context(), w.staff(), membership.Individual, membership.CustomerInput{Name: &name})
		must(t, err)
		errs := parallel(16, func(n int) error {
			email := fmt.Sprintf("ida%d@example.com", n)
			in := membership.CreateInput{CustomerID: c.ID}
			in.FirstName, in.LastName, in.Email = &first, &name, &email
			_, err := w.records.Create(t.Context(), w.staff(), in)
			return err
		})
		equal(t, codes(t, errs), map[string]int{"": 1, membership.ErrOnePerson.Code: 15})
		w.checkUsers(t)
	})
}

// Administrators of the provider who deactivate each other in a ring at the same moment: at least one stays.
func TestAnAdministratorOfTheProviderStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for round := range rounds(5, 200) {
			ids := make([]string, 3)
			for n := range ids {
				ids[n] = fmt.Sprintf("staff-%d-%d", round, n)
				w.put(t, membership.User{ID: ids[n], CustomerID: membership.ProviderID, Status: membership.Active, Role: membership.Administrator, FirstName: "Ann", LastName: "Staff",
					Email: ids[n] + "@example.com", Version: 1})
			}
			errs := parallel(len(ids), func(n int) error {
				c := w.staff()
				c.Actor.UserID = ids[n]
				_, err := w.users.Deactivate(t.Context(), c, ids[(n+1)%len(ids)], 1)
				return err
			})
			left := 0
			for _, id := range ids {
				if w.user(t, id).Status == membership.Active {
					left++
				}
			}
			if left == 0 {
				t.Fatalf("nobody is left: %v", errs)
			}
			codes(t, errs)
		}
	})
}

func TestSuspensionsAreDue(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.customer(t, "Sommer GmbH")
		u, forever := w.member(t, c.ID, "ada@example.com"), w.member(t, c.ID, "bob@example.com")
		end := w.now.Add(time.Hour)
		_, err := w.users.Suspend(t.Context(), w.staff(), u.ID, 0, end)
		must(t, err)
		_, err = w.users.Suspend(t.Context(), w.staff(), forever.ID, 0, time.Time{})
		must(t, err)
		due, err := w.table.DueSuspensions(t.Context(), end.Add(-time.Second), 10)
		must(t, err)
		equal(t, len(due), 0)
		w.now = end
		for _, want := range []int{1, 0} {
			report, err := w.expiry.Run(t.Context(), w.system(), 10)
			must(t, err)
			equal(t, report, membership.Report{Reactivated: want})
		}
		equal(t, w.user(t, u.ID).Status, membership.Active)
		equal(t, w.user(t, forever.ID).Status, membership.Suspended)
		w.checkUsers(t)
	})
}

// Two people change to one name, and to one address, at the same moment.
func TestOneNameForOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.customer(t, "Sommer GmbH")
		var people []membership.User
		for n := range 5 { // as many letters as one address gets in an hour
			people = append(people, w.member(t, c.ID, fmt.Sprintf("p%d@example.com", n)))
		}
		profile := membership.Profile{Store: w.table, NewID: w.id}
		emails := membership.EmailChanges{Store: w.table, Accounts: w.accounts, Keys: w.keys, NewID: w.id, Language: "en"}
		as := func(n int) membership.Call {
			call := w.as(membership.Portal, c.ID)
			call.Actor.UserID = people[n].ID
			return call
		}
		errs := parallel(len(people), func(n int) error {
			_, err := profile.ChangeUsername(t.Context(), as(n), "the.name")
			return err
		})
		equal(t, codes(t, errs), map[string]int{"": 1, membership.ErrUsernameInUse.Code: 4})
		tokens := make([]string, len(people))
		for n, p := range people {
			u, err := emails.Ask(t.Context(), as(n), "the@example.com", w.accounts.passwords[p.ID])
			must(t, err)
			tokens[n] = w.keys.Token(u.EmailLink())
		}
		errs = parallel(len(people), func(n int) error {
			_, err := emails.Confirm(t.Context(), membership.Call{Now: w.now}, tokens[n])
			return err
		})
		equal(t, codes(t, errs), map[string]int{"": 1, membership.ErrEmailTaken.Code: 4})
		w.checkUsers(t)
	})
}
