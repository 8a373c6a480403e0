package store

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"clientele/shared/membership"
)

// storeRegistration stores one that waits, unless it is there.
func (t Table) storeRegistration(ctx context.Context, id, customerID string) error {
	w := t.write()
	w.registration(membership.Registration{}, membership.Registration{ID: id, CustomerID: customerID, Email: "eva@example.com",
		Status: membership.RegistrationWaiting, ConfirmedAt: noon(), LinkVersion: 1, Version: 1})
	if err := t.commit(ctx, w); err != nil && !errors.Is(err, membership.ErrStale) {
		return err
	}
	return nil
}

// Every question that takes a Reach answers ErrNotFound, and not one byte, when the thing is another customer's or the
// Reach is forgotten. A method that is added and not asked here fails the test.
func TestForeignReachFindsNothing(t *testing.T) {
	page := membership.PageRequest{Limit: 50, Ascending: true}
	type ids struct {
		customer, subAccount, user, invitation string
	}
	questions := map[string]func(context.Context, Table, membership.Reach, ids) (any, error){
		"Customer": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			return t.Customer(ctx, r, i.customer)
		},
		"SubAccount": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			return t.SubAccount(ctx, r, i.customer, i.subAccount)
		},
		"InviteFacts": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			customer, _, _, err := t.InviteFacts(ctx, r, i.customer, []string{"eva@example.com"}, nil)
			return customer, err
		},
		"SubAccounts": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			return t.SubAccounts(ctx, r, i.customer)
		},
		"Domains": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			return t.Domains(ctx, r, i.customer)
		},
		"Domain": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			return t.Domain(ctx, r, i.customer, "mine.example")
		},
		"User": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			return t.User(ctx, r, i.user)
		},
		"Invitation": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			return t.Invitation(ctx, r, i.invitation)
		},
		"Users": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			return t.Users(ctx, membership.UserQuery{Reach: r, CustomerID: i.customer, Sort: membership.SortName, Page: page})
		},
		"UserCounts": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			if err := t.Project(ctx, i.customer, i.user); err != nil {
				return nil, err
			}
			return t.UserCounts(ctx, r, i.customer)
		},
		"Invitations": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			return t.Invitations(ctx, membership.InvitationQuery{Reach: r, CustomerID: i.customer, Page: page})
		},
		"CountUsers": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			if err := t.Project(ctx, i.customer, i.user); err != nil {
				return nil, err
			}
			return t.CountUsers(ctx, membership.UserQuery{Reach: r, CustomerID: i.customer})
		},
		"Job": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			j := membership.Job{ID: i.invitation, CustomerID: i.customer, Kind: membership.JobExport, Status: membership.JobQueued, CreatedAt: noon(), DueAt: noon(), Version: 1}
			if err := t.CreateJobs(ctx, membership.Trail{Now: noon(), Jobs: []membership.Job{j}}); err != nil && !strings.Contains(err.Error(), "exists") {
				return nil, err
			}
			return t.Job(ctx, r, i.invitation)
		},
		"Import": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			v := membership.Import{ID: i.invitation, CustomerID: i.customer, ExpiresAt: noon()}
			if err := t.CreateImport(ctx, v, membership.Trail{Now: noon()}); err != nil && !errors.Is(err, membership.ErrStale) {
				return nil, err
			}
			return t.Import(ctx, r, i.invitation)
		},
		"Registration": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			if err := t.storeRegistration(ctx, i.invitation, i.customer); err != nil {
				return nil, err
			}
			return t.Registration(ctx, r, i.invitation)
		},
		"Registrations": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			if err := t.storeRegistration(ctx, i.invitation, i.customer); err != nil {
				return nil, err
			}
			return t.Registrations(ctx, membership.RegistrationQuery{Reach: r, CustomerID: i.customer, Status: membership.RegistrationWaiting, Page: page})
		},
		"AuditEntries": func(ctx context.Context, t Table, r membership.Reach, i ids) (any, error) {
			return t.AuditEntries(ctx, r, i.customer, noon(), 50)
		},
	}
	// Groups are the provider's, and in nobody's own reach: TestGroupsAreOutOfReach.
	providers := []string{"Group", "Groups", "GroupsOf", "GroupCustomers"}
	reach := reflect.TypeFor[membership.Reach]()
	for m := range reflect.TypeFor[Table]().Methods() {
		for n := range m.Type.NumIn() {
			in := m.Type.In(n)
			takes := in == reach
			if in.Kind() == reflect.Struct {
				f, has := in.FieldByName("Reach")
				takes = takes || has && f.Type == reach
			}
			if _, asked := questions[m.Name]; takes && !asked && !slices.Contains(providers, m.Name) {
				t.Errorf("%s takes a Reach and is not asked here", m.Name)
			}
		}
	}
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		mine, theirs := w.customer(t, "Mine Ltd"), w.customer(t, "Theirs Ltd")
		s, err := w.subAccounts.Create(ctx, w.staff(), mine.ID, "Depot")
		must(t, err)
		must(t, w.table.ClaimDomain(ctx, membership.Domain{CustomerID: mine.ID, Name: "mine.example", CreatedAt: w.now, Version: 1}, w.trail()))
		v := w.invite(t, w.staff(), mine.ID, "eva@example.com")
		i := ids{mine.ID, s.ID, v.UserID, v.ID}
		for name, ask := range questions {
			for _, r := range []membership.Reach{membership.ReachAll(), membership.ReachCustomer(mine.ID)} {
				if got, err := ask(ctx, w.table, r, i); err != nil || reflect.ValueOf(got).IsZero() {
					t.Errorf("%s of its own: %+v, %v", name, got, err)
				}
			}
			for _, r := range []membership.Reach{{}, membership.ReachCustomer(""), membership.ReachCustomer(theirs.ID), membership.ReachCustomer(strings.ToUpper(mine.ID)), membership.ReachCustomer(mine.ID + "#")} {
				got, err := ask(ctx, w.table, r, i)
				fails(t, err, membership.ErrNotFound)
				if v := reflect.ValueOf(got); v.IsValid() && !v.IsZero() {
					t.Errorf("%s of another's: %+v", name, got)
				}
			}
		}
		// Nor does one customer's list show another's rows when no customer is named.
		for _, r := range []membership.Reach{{}, membership.ReachCustomer(theirs.ID)} {
			for _, q := range []membership.UserQuery{{}, {Status: membership.Invited}, {Role: membership.Member}, {Status: membership.Removed}} {
				q.Reach, q.Sort, q.Page = r, membership.SortName, page
				got, err := w.table.Users(ctx, q)
				fails(t, err, membership.ErrNotFound)
				equal(t, got, membership.Page[membership.UserRow]{})
			}
		}
		// Of those who were removed, a customer sees its own.
		_, err = w.invitations.Revoke(ctx, w.staff(), v.ID)
		must(t, err)
		for customer, want := range map[string]int{mine.ID: 1, theirs.ID: 0} {
			got, err := w.table.Users(ctx, membership.UserQuery{Reach: membership.ReachCustomer(customer), CustomerID: customer, Status: membership.Removed, Sort: membership.SortName, Page: page})
			must(t, err)
			equal(t, len(got.Items), want)
		}
	})
}
