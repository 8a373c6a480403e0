package membership_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

// group stores an active group.
func (w *world) group(name string) membership.Group {
	w.t.Helper()
	g, err := w.groups.Create(w.ctx, w.staff(), membership.GroupInput{Name: &name})
	if err != nil {
		w.t.Fatal(err)
	}
	return g
}

// renamings are the groups whose members are owed a new name.
func (w *world) renamings() []string {
	var ids []string
	for _, j := range w.store.jobs {
		if j.Kind == membership.JobRenameGroup {
			ids = append(ids, j.Subject)
		}
	}
	return ids
}

func TestCreateGroup(t *testing.T) {
	w := newWorld(t)
	g, err := w.groups.Create(w.ctx, w.staff(), membership.GroupInput{Name: ptr("  Key accounts "), Description: ptr("Ask first.")})
	if err != nil || g.Name != "Key accounts" || g.Description != "Ask first." || !g.Active || g.Version != 1 || !g.CreatedAt.Equal(start.Truncate(time.Second)) {
		t.Errorf("made %+v: %v", g, err)
	}
	entry := w.store.audit[len(w.store.audit)-1]
	if entry.Action != "group.created" || entry.Subject != "group" || entry.SubjectID != g.ID || entry.CustomerID != membership.ProviderID || entry.After["name"] != "Key accounts" {
		t.Errorf("written down %+v", entry)
	}
	closed, err := w.groups.Create(w.ctx, w.staff(), membership.GroupInput{Name: ptr("Later"), Active: ptr(false)})
	if err != nil || closed.Active {
		t.Errorf("made %+v: %v", closed, err)
	}
	for _, same := range []string{"Key accounts", "KEY  ACCOUNTS", "kéy accounts"} {
		wantCode(t, second(w.groups.Create(w.ctx, w.staff(), membership.GroupInput{Name: &same})), "group_name_in_use")
	}
	for name, code := range map[string]string{"": "required", " ": "required", strings.Repeat("x", 101): "too_long", "a\u202eb": "invalid_text", "see www.example.com": "invalid_text"} {
		wantCode(t, second(w.groups.Create(w.ctx, w.staff(), membership.GroupInput{Name: &name})), code)
	}
	wantCode(t, second(w.groups.Create(w.ctx, w.staff(), membership.GroupInput{Name: ptr("Long"), Description: ptr(strings.Repeat("x", 201))})), "too_long")
	wantCode(t, second(w.groups.Create(w.ctx, w.staff(), membership.GroupInput{})), "required")
}

func TestMembersCarryTheNameOfTheirFirstActiveGroup(t *testing.T) {
	w := newWorld(t)
	one, two := w.group("One"), w.group("Two")
	group := func() string { return w.store.users["alpha-member"].Group }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.groups.AddUser(w.ctx, w.staff(), two.ID, "alpha-member"))
	must(w.groups.AddUser(w.ctx, w.staff(), one.ID, "alpha-member"))
	if group() != "Two" {
		t.Errorf("the first is %q", group())
	}
	// An inactive group does not count. Its members stay in it; a job updates the lists.
	_, err := w.groups.Change(w.ctx, w.staff(), two.ID, 1, membership.GroupInput{Active: ptr(false)})
	must(err)
	if got := w.renamings(); !slices.Equal(got, []string{two.ID}) {
		t.Errorf("owed to the members of %v", got)
	}
	must(w.groups.RemoveUser(w.ctx, w.staff(), one.ID, "alpha-member"))
	if u := w.store.users["alpha-member"]; u.Group != "" || !slices.Equal(u.GroupIDs, []string{two.ID}) {
		t.Errorf("left %+v", u)
	}
	must(w.groups.AddUser(w.ctx, w.staff(), one.ID, "alpha-member"))
	if group() != "One" {
		t.Errorf("the first active is %q", group())
	}
	must(w.groups.RemoveUser(w.ctx, w.staff(), two.ID, "alpha-member")) // also from one that is not active
	if u := w.store.users["alpha-member"]; !slices.Equal(u.GroupIDs, []string{one.ID}) {
		t.Errorf("left %+v", u)
	}

	// What no list shows owes no job.
	_, err = w.groups.Change(w.ctx, w.staff(), one.ID, 1, membership.GroupInput{Description: ptr("The first.")})
	must(err)
	if got := w.renamings(); len(got) != 1 {
		t.Errorf("owed to the members of %v", got)
	}
	_, err = w.groups.Change(w.ctx, w.staff(), one.ID, 2, membership.GroupInput{Name: ptr("Uno")})
	must(err)
	if got := w.renamings(); !slices.Equal(got, []string{two.ID, one.ID}) {
		t.Errorf("owed to the members of %v", got)
	}
}

func TestChangeGroup(t *testing.T) {
	w := newWorld(t)
	g, other := w.group("One"), w.group("Two")
	wantCode(t, second(w.groups.Change(w.ctx, w.staff(), g.ID, 2, membership.GroupInput{Name: ptr("Uno")})), "changed_meanwhile")
	wantCode(t, second(w.groups.Change(w.ctx, w.staff(), g.ID, 1, membership.GroupInput{Name: &other.Name})), "group_name_in_use")
	wantCode(t, second(w.groups.Change(w.ctx, w.staff(), g.ID, 1, membership.GroupInput{Name: ptr("")})), "required")
	wantCode(t, second(w.groups.Change(w.ctx, w.staff(), "nothing", 1, membership.GroupInput{})), "not_found")
	after, err := w.groups.Change(w.ctx, w.staff(), g.ID, 1, membership.GroupInput{Name: ptr("ONE")}) // its own name in other letters
	if err != nil || after.Name != "ONE" || after.Version != 2 {
		t.Errorf("changed %+v: %v", after, err)
	}
	entry := w.store.audit[len(w.store.audit)-1]
	if entry.Action != "group.changed" || entry.Before["name"] != "One" || entry.After["name"] != "ONE" || len(entry.After) != 1 {
		t.Errorf("written down %+v", entry)
	}
}

func TestWhoIsInAGroup(t *testing.T) {
	w := newWorld(t)
	g := w.group("One")
	before := len(w.store.audit)
	for range 2 { // again changes nothing
		wantCode(t, w.groups.AddUser(w.ctx, w.staff(), g.ID, "alpha-member"), "")
		wantCode(t, w.groups.AddCustomer(w.ctx, w.staff(), g.ID, "beta"), "")
	}
	if got, err := w.groups.Get(w.ctx, w.staff(), g.ID); err != nil || got.Members != (membership.GroupMembers{Users: 1, Customers: 1}) {
		t.Errorf("counted %+v: %v", got.Members, err)
	}
	page, err := w.groups.Customers(w.ctx, w.staff(), g.ID, membership.PageRequest{Limit: 50})
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != "beta" {
		t.Errorf("listed %+v: %v", page, err)
	}
	for range 2 {
		wantCode(t, w.groups.RemoveUser(w.ctx, w.staff(), g.ID, "alpha-member"), "")
		wantCode(t, w.groups.RemoveCustomer(w.ctx, w.staff(), g.ID, "beta"), "")
	}
	var got []string
	for _, e := range w.store.audit[before:] {
		got = append(got, strings.Join([]string{e.Action, e.Subject, e.SubjectID, e.CustomerID, e.Before["group"] + e.Before["groupId"], e.After["group"] + e.After["groupId"]}, " "))
	}
	want := []string{
		"user.group-added user alpha-member alpha  One" + g.ID, "customer.group-added customer beta beta  One" + g.ID,
		"user.group-removed user alpha-member alpha One" + g.ID + " ", "customer.group-removed customer beta beta One" + g.ID + " ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("written down\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if u, c := w.store.users["alpha-member"], w.store.customers["beta"]; u.Version != 3 || c.Version != 3 {
		t.Errorf("versions %d and %d", u.Version, c.Version)
	}
}

func TestGroupsTakeIn(t *testing.T) {
	w := newWorld(t)
	g := w.group("One")
	closed, err := w.groups.Create(w.ctx, w.staff(), membership.GroupInput{Name: ptr("Closed"), Active: ptr(false)})
	if err != nil {
		t.Fatal(err)
	}
	removed := w.store.users["beta-administrator"]
	removed.Status = membership.Removed
	w.store.users[removed.ID] = removed
	directory := w.store.users["alpha-moderator"]
	directory.Source = "directory"
	w.store.users[directory.ID] = directory

	for _, c := range []struct{ group, user, code string }{
		{g.ID, "alpha-member", ""}, {g.ID, "alpha-moderator", ""}, {"nothing", "alpha-member", "not_found"}, {g.ID, "nobody", "not_found"},
		{closed.ID, "alpha-member", "group_gone"}, {g.ID, "beta-administrator", "impossible_in_status"}, {g.ID, "provider-agent", "staff_have_no_groups"},
	} {
		wantCode(t, w.groups.AddUser(w.ctx, w.staff(), c.group, c.user), c.code)
	}
	for _, c := range []struct{ group, customer, code string }{
		{g.ID, "alpha", ""}, {"nothing", "alpha", "not_found"}, {g.ID, "nobody", "not_found"}, {closed.ID, "alpha", "group_gone"},
		{g.ID, membership.ProviderID, "staff_have_no_groups"},
	} {
		wantCode(t, w.groups.AddCustomer(w.ctx, w.staff(), c.group, c.customer), c.code)
	}
	for n := range membership.MaxGroupsOf { // one of which they are in
		code := ""
		if n == membership.MaxGroupsOf-1 {
			code = "too_many_groups_of_one"
		}
		more := w.group(fmt.Sprint("More ", n))
		wantCode(t, w.groups.AddUser(w.ctx, w.staff(), more.ID, "alpha-member"), code)
		wantCode(t, w.groups.AddCustomer(w.ctx, w.staff(), more.ID, "alpha"), code)
	}
}

func TestDeleteGroup(t *testing.T) {
	w := newWorld(t)
	g := w.group("One")
	wantCode(t, w.groups.AddUser(w.ctx, w.staff(), g.ID, "alpha-member"), "")
	wantCode(t, w.groups.AddUser(w.ctx, w.staff(), g.ID, "alpha-moderator"), "")
	wantCode(t, w.groups.AddCustomer(w.ctx, w.staff(), g.ID, "beta"), "")
	err := w.groups.Delete(w.ctx, w.staff(), g.ID, 1)
	wantCode(t, err, "group_not_empty")
	if e := (*membership.Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Message, "2 users and 1 customer.") {
		t.Errorf("said %v", err)
	}
	for _, id := range []string{"alpha-member", "alpha-moderator"} {
		wantCode(t, w.groups.RemoveUser(w.ctx, w.staff(), g.ID, id), "")
	}
	wantCode(t, w.groups.RemoveCustomer(w.ctx, w.staff(), g.ID, "beta"), "")
	wantCode(t, w.groups.Delete(w.ctx, w.staff(), g.ID, 2), "changed_meanwhile")
	wantCode(t, w.groups.Delete(w.ctx, w.staff(), g.ID, 1), "")
	wantCode(t, w.groups.Delete(w.ctx, w.staff(), g.ID, 1), "not_found")
	if e := w.store.audit[len(w.store.audit)-1]; e.Action != "group.deleted" || e.Before["name"] != "One" {
		t.Errorf("written down %+v", e)
	}
	w.group("One") // the name is free
}

// "Groups … only administrators (staff) put people into groups"; customers' people see none.
func TestGroupsAreTheProviders(t *testing.T) {
	w := newWorld(t)
	g := w.group("One")
	calls := func(c membership.Call) map[string]error {
		return map[string]error{
			"get":             second(w.groups.Get(w.ctx, c, g.ID)),
			"list":            second(w.groups.List(w.ctx, c, membership.GroupQuery{})),
			"customers":       second(w.groups.Customers(w.ctx, c, g.ID, membership.PageRequest{})),
			"create":          second(w.groups.Create(w.ctx, c, membership.GroupInput{Name: ptr("New")})),
			"create (done)":   second(w.groups.Create(w.ctx, done(c), membership.GroupInput{Name: ptr("New")})),
			"change":          second(w.groups.Change(w.ctx, c, g.ID, 1, membership.GroupInput{Name: ptr("Taken")})),
			"delete":          w.groups.Delete(w.ctx, c, g.ID, 1),
			"add user":        w.groups.AddUser(w.ctx, c, g.ID, "alpha-member"),
			"remove user":     w.groups.RemoveUser(w.ctx, c, g.ID, "alpha-member"),
			"add customer":    w.groups.AddCustomer(w.ctx, c, g.ID, "alpha"),
			"remove customer": w.groups.RemoveCustomer(w.ctx, c, g.ID, "alpha"),
		}
	}
	before := len(w.store.audit)
	for _, role := range membership.RolesOf("alpha") {
		for what, err := range calls(w.as("alpha", role)) {
			code := "not_found"
			if what == "list" || strings.HasPrefix(what, "create") { // which name no group
				code = "forbidden"
			}
			t.Run(string(role)+" "+what, func(t *testing.T) { wantCode(t, err, code) })
		}
	}
	for what, err := range calls(w.as(membership.ProviderID, membership.Agent)) {
		code := "forbidden"
		if what == "list" || what == "get" || what == "customers" {
			code = ""
		}
		t.Run("agent "+what, func(t *testing.T) { wantCode(t, err, code) })
	}
	if len(w.store.audit) != before {
		t.Errorf("something changed: %+v", w.store.audit[before:])
	}
}

// Somebody else's change of the user at the same moment keeps nobody out of a group.
func TestJoiningIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	g := w.group("One")
	for losses, code := range []string{"", "", "", "", "changed_meanwhile"} {
		left := losses
		w.store.before = func(method string) error {
			if (method == "ChangeUser" || method == "ChangeCustomer") && left > 0 {
				left--
				return membership.ErrStale
			}
			return nil
		}
		wantCode(t, w.groups.AddUser(w.ctx, w.staff(), g.ID, "alpha-member"), code)
		left = losses
		wantCode(t, w.groups.AddCustomer(w.ctx, w.staff(), g.ID, "alpha"), code)
		left = 0
		wantCode(t, w.groups.RemoveUser(w.ctx, w.staff(), g.ID, "alpha-member"), "")
		wantCode(t, w.groups.RemoveCustomer(w.ctx, w.staff(), g.ID, "alpha"), "")
	}
}

func TestInviteIntoGroups(t *testing.T) {
	w := newWorld(t)
	one, two := w.group("One"), w.group("Two")
	closed, err := w.groups.Create(w.ctx, w.staff(), membership.GroupInput{Name: ptr("Closed"), Active: ptr(false)})
	if err != nil {
		t.Fatal(err)
	}
	invite := func(c membership.Call, customerID string, groups ...string) (membership.Invitation, error) {
		results, err := w.invitations.Invite(w.ctx, c, membership.InviteInput{CustomerID: customerID, GroupIDs: groups, Invitees: []membership.Invitee{{Email: "new@example.com", FirstName: "Nia", LastName: "New"}}})
		if err != nil {
			return membership.Invitation{}, err
		}
		if results[0].Err != nil {
			return membership.Invitation{}, results[0].Err
		}
		return w.store.invitations[results[0].ID], nil
	}
	many := make([]string, membership.MaxGroupsOf+1)
	for n := range many {
		many[n] = fmt.Sprint("g", n)
	}
	for _, c := range []struct {
		call     membership.Call
		customer string
		groups   []string
		code     string
	}{
		{w.as(membership.ProviderID, membership.Agent), "alpha", []string{one.ID}, "groups_not_allowed"},
		{w.as("alpha", membership.Administrator), "alpha", []string{one.ID}, "groups_not_allowed"},
		{w.as("alpha", membership.Moderator), "alpha", []string{"nothing"}, "groups_not_allowed"}, // nobody learns which there are
		{w.as("alpha", membership.Administrator), "beta", []string{one.ID}, "not_found"},
		{w.as("alpha", membership.Member), "alpha", []string{one.ID}, "forbidden"},
		{w.staff(), membership.ProviderID, []string{one.ID}, "staff_have_no_groups"},
		{w.staff(), "alpha", []string{one.ID, closed.ID}, "group_gone"},
		{w.staff(), "alpha", []string{"nothing"}, "group_gone"},
		{w.staff(), "alpha", []string{""}, "group_gone"},
		{w.staff(), "alpha", many, "too_many_groups_of_one"},
	} {
		_, err := invite(c.call, c.customer, c.groups...)
		wantCode(t, err, c.code)
	}
	// A body of 1 MB holds that many. Holding each against all others would take a minute of whoever refuses them.
	flood := make([]string, 250_000)
	for n := range flood {
		flood[n] = strconv.FormatInt(int64(n), 36)
	}
	began := time.Now()
	_, err = invite(w.as("alpha", membership.Moderator), "alpha", flood...)
	wantCode(t, err, "groups_not_allowed")
	member := w.store.users["alpha-member"]
	_, err = w.records.Change(w.ctx, w.staff(), member.ID, member.Version, membership.RecordInput{GroupIDs: &flood})
	wantCode(t, err, "too_many_groups_of_one")
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("refusing %d groups twice takes %s", len(flood), took)
	}
	if len(w.store.mails) > 0 {
		t.Errorf("mails were queued: %v", w.store.mails)
	}
	inv, err := invite(w.staff(), "alpha", two.ID, one.ID, two.ID)
	if err != nil {
		t.Fatal(err)
	}
	u := w.store.users[inv.UserID]
	if want := []string{two.ID, one.ID}; !slices.Equal(inv.GroupIDs, want) || !slices.Equal(u.GroupIDs, want) || u.Group != "Two" {
		t.Errorf("invited %+v, %+v", inv, u)
	}
	// Accepting changes nothing about groups, whatever has become of them.
	if _, err := w.groups.Change(w.ctx, w.staff(), two.ID, 1, membership.GroupInput{Active: ptr(false)}); err != nil {
		t.Fatal(err)
	}
	if active, err := w.accept(inv.ID); err != nil || !slices.Equal(active.GroupIDs, u.GroupIDs) {
		t.Errorf("accepted %+v: %v", active, err)
	}
}
