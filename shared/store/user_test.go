package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

// person is a user with every field set that a user of this status can have.
func person(id, customerID string, status membership.Status) membership.User {
	u := membership.User{ID: id, CustomerID: customerID, Company: "Company", Status: status, Role: membership.Moderator, Title: "Dr.", FirstName: "Eva", LastName: "López",
		Email: id + "@Example.com", Username: "name-" + id, GroupIDs: []string{"g1", "g2"}, Group: "g1", Grants: []membership.Grant{{Module: "shipments", SubAccountID: "s1", Level: "write"}, {Module: "prices", Level: "read"}},
		NotificationsEnabled: true, AvatarURL: "https://a.example", URL: "https://u.example", Phone: "1", Mobile: "2", Fax: "3", Street: "Weg 1", Postcode: "1", City: "Berlin",
		Region: "B", Country: "DE", Language: "de", ExternalID: "x-" + id, Comment: "c", Source: "directory", RegisteredAt: noon(), SuspendedUntil: noon().Add(time.Hour),
		InvitationID: "v-" + id, InvitationExpiresAt: noon().Add(2 * time.Hour), ActivatingUntil: noon().Add(3*time.Second + 500*time.Millisecond),
		NewEmail: "new-" + id + "@example.com", NewEmailUntil: noon().Add(5 * time.Hour), NewEmailVersion: 2,
		ValidFrom: noon().Add(4 * time.Hour), Version: 1}
	return u
}

// put stores a user as it is.
func (w *world) put(t testing.TB, u membership.User) {
	t.Helper()
	w.groups(t, u.GroupIDs...)
	change := w.table.write()
	change.user(membership.User{}, u, w.now)
	must(t, w.table.commit(t.Context(), change))
}

func TestUserIsReadAsWritten(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		want := person("u1", "c1", membership.Active)
		everyFieldSet(t, want, "AddressElsewhere")
		marked := person("u2", "c1", membership.Invited)
		marked.AddressElsewhere = true
		for _, want := range []membership.User{want, marked} {
			w.put(t, want)
			for _, reach := range []membership.Reach{membership.ReachAll(), membership.ReachCustomer("c1")} {
				got, err := w.table.User(t.Context(), reach, want.ID)
				must(t, err)
				equal(t, got, want)
			}
		}
		// Sign-ins beside the record do not hide it.
		must(t, w.table.ChangeSignIns(t.Context(), membership.SignIns{}, membership.SignIns{CustomerID: "c1", UserID: "u1", Version: 1}, nil))
		got, err := w.table.User(t.Context(), membership.ReachAll(), "u1")
		must(t, err)
		equal(t, got, want)
		must(t, w.table.ChangeSignIns(t.Context(), membership.SignIns{}, membership.SignIns{CustomerID: "c1", UserID: "u3", Version: 1}, nil))
		_, err = w.table.User(t.Context(), membership.ReachAll(), "u3")
		fails(t, err, membership.ErrNotFound)
	})
}

func TestRowIsWhatItsListShows(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		invited, active := person("u1", "c1", membership.Invited), person("u2", "c1", membership.Active)
		active.Username = active.Email
		w.put(t, invited)
		w.put(t, active)
		p, err := w.table.Users(t.Context(), membership.UserQuery{Reach: membership.ReachCustomer("c1"), CustomerID: "c1", Sort: membership.SortEmail, Page: membership.PageRequest{Limit: 5, Ascending: true}})
		must(t, err)
		want := func(u membership.User, expires time.Time) membership.UserRow {
			return membership.UserRow{ID: u.ID, CustomerID: u.CustomerID, Company: u.Company, FirstName: u.FirstName, LastName: u.LastName, Email: u.Email, Username: u.Username,
				Role: u.Role, Status: u.Status, Country: u.Country, GroupIDs: u.GroupIDs, RegisteredAt: u.RegisteredAt, InvitationID: u.InvitationID, InvitationExpiresAt: expires, SuspendedUntil: u.SuspendedUntil}
		}
		everyFieldSet(t, want(invited, invited.InvitationExpiresAt))
		equal(t, p.Items, []membership.UserRow{want(invited, invited.InvitationExpiresAt), want(active, time.Time{})})
	})
}

// The facets of a user are written out here once more, by hand.
func TestFacets(t *testing.T) {
	active := person("u1", "c1", membership.Active)
	plain := membership.User{ID: "u2", CustomerID: "c1", Status: membership.Invited, Role: membership.Member}
	staff := person("u3", membership.ProviderID, membership.Active)
	for want, u := range map[string]membership.User{
		"CUSTOMER#c1 ALL ROLE#moderator STATUS#active COUNTRY#DE GROUP#g1 GROUP#g2": active,
		"CUSTOMER#c1 ALL ROLE#member STATUS#invited":                                plain,
		"STATUS#removed":    person("u4", "c1", membership.Removed),
		"CUSTOMER#provider": staff,
		"":                  person("u5", membership.ProviderID, membership.Removed),
	} {
		equal(t, strings.Join(facets(u), " "), want)
	}
}

// Every sort of every list, both ways, in pages of several lengths, gives what sorting the records gives.
func TestListingUsers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		statuses := []membership.Status{membership.Active, membership.Invited, membership.Expired, membership.Deactivated, membership.Removed}
		roles := []membership.Role{membership.Member, membership.Moderator, membership.Administrator}
		var all []membership.User
		for n := range 24 {
			u := person(fmt.Sprintf("u%02d", n), fmt.Sprint("c", n%2), statuses[n%5])
			u.Role, u.Company, u.RegisteredAt = roles[n%3], fmt.Sprint("Company ", n%2), noon().Add(time.Duration(n*7%24)*time.Minute)
			u.LastName, u.FirstName = string(rune('A'+n*5%24)), "x"
			u.GroupIDs, u.Group = []string{fmt.Sprint("g", n%4)}, fmt.Sprint("g", n%4)
			if n == 3 {
				u.GroupIDs, u.Group, u.FirstName, u.LastName = nil, "", "", ""
			}
			all = append(all, u)
			w.put(t, u)
		}
		w.put(t, person("staff", membership.ProviderID, membership.Active))
		keys := map[membership.UserSort]func(membership.User) string{
			membership.SortName:  func(u membership.User) string { return u.SortName() },
			membership.SortEmail: func(u membership.User) string { return membership.FoldLogin(u.Email) },
			membership.SortGroup: func(u membership.User) string {
				if len(u.GroupIDs) == 0 {
					return "~"
				}
				return u.GroupIDs[0]
			},
			membership.SortRole:       func(u membership.User) string { return string(u.Role) },
			membership.SortCompany:    func(u membership.User) string { return membership.FoldName(u.Company) },
			membership.SortRegistered: func(u membership.User) string { return stamp(u.RegisteredAt) },
		}
		queries := []struct {
			q     membership.UserQuery
			shown func(membership.User) bool
		}{
			{membership.UserQuery{}, func(u membership.User) bool { return u.Status != membership.Removed }},
			{membership.UserQuery{CustomerID: "c1"}, func(u membership.User) bool { return u.CustomerID == "c1" && u.Status != membership.Removed }},
			{membership.UserQuery{Status: membership.Active}, func(u membership.User) bool { return u.Status == membership.Active }},
			{membership.UserQuery{Status: membership.Removed}, func(u membership.User) bool { return u.Status == membership.Removed }},
			{membership.UserQuery{Role: membership.Member}, func(u membership.User) bool { return u.Role == membership.Member && u.Status != membership.Removed }},
			{membership.UserQuery{CustomerID: "c0", Status: membership.Removed}, func(u membership.User) bool { return u.CustomerID == "c0" && u.Status == membership.Removed }},
			{membership.UserQuery{CustomerID: "c0", Status: membership.Active, Role: membership.Member}, func(u membership.User) bool {
				return u.CustomerID == "c0" && u.Status == membership.Active && u.Role == membership.Member
			}},
			{membership.UserQuery{Status: membership.Active, Role: membership.Member}, func(u membership.User) bool { return u.Status == membership.Active && u.Role == membership.Member }},
			{membership.UserQuery{CustomerID: membership.ProviderID}, func(membership.User) bool { return false }},
		}
		for _, query := range queries {
			for sort, sortKey := range keys {
				var want []string
				for _, u := range all {
					if query.shown(u) {
						want = append(want, sortKey(u)+"|"+u.ID)
					}
				}
				if query.q.CustomerID == membership.ProviderID {
					want = []string{sortKey(person("staff", membership.ProviderID, membership.Active)) + "|staff"}
				}
				slices.Sort(want)
				for _, ascending := range []bool{true, false} {
					key := map[string]string{}
					for _, u := range append(all, person("staff", membership.ProviderID, membership.Active)) {
						key[u.ID] = sortKey(u)
					}
					for _, limit := range []int{3, 50} {
						q := query.q
						q.Reach, q.Sort = membership.ReachAll(), sort
						forth, back := bothWays(t, limit, ascending, func(p membership.PageRequest) (membership.Page[membership.UserRow], error) {
							q.Page = p
							return w.table.Users(t.Context(), q)
						}, func(r membership.UserRow) string { return key[r.ID] + "|" + r.ID })
						equal(t, back, forth)
						if !slices.IsSortedFunc(forth, func(a, b string) int {
							a, _, _ = strings.Cut(a, "|")
							b, _, _ = strings.Cut(b, "|")
							if ascending {
								return strings.Compare(a, b)
							}
							return strings.Compare(b, a)
						}) {
							t.Errorf("%+v is not sorted: %v", q, forth)
						}
						slices.Sort(forth) // among equals the engine has an order of its own
						equal(t, forth, want)
					}
				}
			}
		}
	})
}

func TestChangingUser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		one, two := person("u1", "c1", membership.Active), person("u2", "c1", membership.Active)
		w.put(t, one)
		w.put(t, two)
		w.groups(t, "g3")
		clash := one
		clash.Username, clash.Version = strings.ToUpper(two.Username), 2
		fails(t, w.table.ChangeUser(ctx, one, clash, nil, w.trail()), membership.ErrLoginTaken)
		clash.Username = two.Email // usernames and e-mails are one namespace
		fails(t, w.table.ChangeUser(ctx, one, clash, nil, w.trail()), membership.ErrLoginTaken)

		w.calls.Take()
		silent := one
		silent.Phone, silent.Version = "99", 2
		must(t, w.table.ChangeUser(ctx, one, silent, nil, w.trail()))
		if n := actions(w); n != 2 {
			t.Errorf("a change that no list shows took %d actions, want record and audit entry", n)
		}
		fails(t, w.table.ChangeUser(ctx, one, silent, nil, w.trail()), membership.ErrStale)
		moved := silent
		moved.Username, moved.Role, moved.Country, moved.GroupIDs, moved.Version = moved.Email, membership.Member, "FR", []string{"g2", "g3"}, 3
		must(t, w.table.ChangeUser(ctx, silent, moved, nil, w.trail()))
		w.checkUsers(t)

		removed := moved
		removed.Status, removed.Version = membership.Removed, 4
		must(t, w.table.ChangeUser(ctx, moved, removed, nil, w.trail()))
		w.checkUsers(t)
		again := person("u9", "c2", membership.Active) // somebody else takes address and name
		again.Email, again.Username = one.Email, one.Username
		w.put(t, again)
		w.checkUsers(t)
	})
}

// actions returns how many actions the one transaction since the last Take had.
func actions(w *world) int {
	n := 0
	for _, c := range w.calls.Take() {
		if in, ok := transaction(c); ok {
			n += len(in.TransactItems)
		}
	}
	return n
}

func TestChangeWithInvitationIsOneChange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "One Ltd")
		v := w.invite(t, w.staff(), c.ID, "eva@example.com")
		u := w.user(t, v.UserID)
		after, vAfter := u, v
		after.Status, after.Version = membership.Removed, 2
		vAfter.Status, vAfter.Version = membership.InvitationRevoked, 8
		stale := v
		stale.Version = 7
		fails(t, w.table.ChangeUser(ctx, u, after, &membership.InvitationChange{Before: stale, After: vAfter}, w.trail()), membership.ErrStale)
		equal(t, w.user(t, u.ID), u)
		vAfter.Version = 2
		must(t, w.table.ChangeUser(ctx, u, after, &membership.InvitationChange{Before: v, After: vAfter}, w.trail()))
		equal(t, w.user(t, u.ID), after)
		got, err := w.table.Invitation(ctx, membership.ReachAll(), v.ID)
		must(t, err)
		equal(t, got, vAfter)
	})
}
