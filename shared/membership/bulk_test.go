package membership_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"clientele/shared/membership"
)

// Markers answers for the table.
func (m *memory) Markers(_ context.Context, keys []*membership.IdempotencyKey) ([]*membership.Marker, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := make([]*membership.Marker, len(keys))
	for i, k := range keys {
		found[i] = m.marker(k)
	}
	return found, nil
}

func (w *world) bulk() membership.Bulk {
	return membership.Bulk{Store: w.store, Users: w.users, Invitations: w.invitations, Groups: w.groups, Records: w.records}
}

func keyed(c membership.Call, hash string) membership.Call {
	c.Key = &membership.IdempotencyKey{ActorID: c.Actor.UserID, Route: "POST /users/bulk", Key: "k", BodyHash: hash}
	return c
}

// Each row has its own answer, and a failed one does not stop the others.
func TestBulkSaysPerRowWhatBecameOfIt(t *testing.T) {
	w := newWorld(t)
	invited := w.invite("new@example.com", membership.Member)
	for _, test := range []struct {
		action membership.BulkAction
		ids    []string
		codes  []string
	}{
		{membership.BulkResend, []string{invited.UserID, "alpha-member", "nobody"}, []string{"ok", "impossible_in_status", "not_found"}},
		{membership.BulkDeactivate, []string{"alpha-member", invited.UserID, "alpha-member", "beta-administrator"}, []string{"ok", "impossible_in_status", "duplicate_row", "ok"}},
		{membership.BulkDeactivate, []string{"alpha-member", "provider-administrator"}, []string{"impossible_in_status", "own_account"}},
		{membership.BulkReactivate, []string{"alpha-member", "alpha-moderator"}, []string{"ok", "impossible_in_status"}},
		{membership.BulkSuspend, []string{"alpha-member", invited.UserID}, []string{"ok", "impossible_in_status"}},
		{membership.BulkReactivate, []string{"alpha-member"}, []string{"ok"}},
		{membership.BulkSetRole, []string{"alpha-member", "provider-agent", "provider-administrator"}, []string{"ok", "invalid_role", "invalid_role"}},
		{membership.BulkRemove, []string{invited.UserID, "alpha-member"}, []string{"ok", "ok"}},
	} {
		results, err := w.bulk().Do(w.ctx, w.staff(), membership.BulkInput{Action: test.action, UserIDs: test.ids, Role: membership.Moderator})
		if err != nil || !slices.Equal(codes(results), test.codes) {
			t.Errorf("%s %v: %v, %v", test.action, test.ids, codes(results), err)
		}
		for i, r := range results {
			if r.Index != i || r.Err == nil && r.ID != test.ids[i] {
				t.Errorf("%s: row %d is %+v", test.action, i, r)
			}
		}
	}
	for id, want := range map[string]membership.Status{"alpha-member": membership.Removed, "beta-administrator": membership.Deactivated, "alpha-moderator": membership.Active} {
		if got := w.store.users[id].Status; got != want {
			t.Errorf("%s is %s", id, got)
		}
	}
}

// A repeated request gives the same rows and does nothing again; what failed the first time is tried again.
func TestRepeatedBulkGivesTheSameRows(t *testing.T) {
	w := newWorld(t)
	in := membership.BulkInput{Action: membership.BulkDeactivate, UserIDs: []string{"alpha-member", "nobody", "alpha-moderator"}}
	first, err := w.bulk().Do(w.ctx, keyed(w.staff(), "h"), in)
	if err != nil {
		t.Fatal(err)
	}
	audit := len(w.store.audit)
	again, err := w.bulk().Do(w.ctx, keyed(w.staff(), "h"), in)
	if err != nil || !slices.Equal(codes(first), codes(again)) || len(w.store.audit) != audit {
		t.Errorf("first %v, again %v (%v), %d audit entries more", codes(first), codes(again), err, len(w.store.audit)-audit)
	}
	_, err = w.bulk().Do(w.ctx, keyed(w.staff(), "other"), membership.BulkInput{Action: membership.BulkRemove, UserIDs: []string{"beta-administrator", "alpha-member"}})
	wantCode(t, err, "idempotency_key_reused")
	if len(w.store.audit) != audit {
		t.Error("a refused request did something")
	}
}

// Somebody without any such right is refused as a whole; others row by row, and nobody reaches into another customer.
func TestBulkIsForThoseWhoMay(t *testing.T) {
	w := newWorld(t)
	invited := w.invite("new@example.com", membership.Administrator)
	all := []string{"alpha-member", "beta-administrator", "provider-agent", invited.UserID}
	for _, test := range []struct {
		who    membership.Call
		action membership.BulkAction
		codes  []string // nil: refused as a whole
	}{
		{w.as("alpha", membership.Member), membership.BulkRemove, nil},
		{w.as("alpha", membership.Member), membership.BulkResend, nil},
		{w.as("alpha", membership.Moderator), membership.BulkDeactivate, nil},
		{w.as("alpha", membership.Moderator), membership.BulkResend, []string{"impossible_in_status", "not_found", "not_found", "forbidden"}},
		{w.as("alpha", membership.Administrator), membership.BulkDeactivate, []string{"ok", "not_found", "not_found", "impossible_in_status"}},
		{w.as(membership.ProviderID, membership.Agent), membership.BulkDeactivate, nil},
	} {
		results, err := w.bulk().Do(w.ctx, test.who, membership.BulkInput{Action: test.action, UserIDs: all})
		if test.codes == nil {
			wantCode(t, err, "forbidden")
		} else if err != nil || !slices.Equal(codes(results), test.codes) {
			t.Errorf("%s of %s, %s: %v, %v", test.who.Actor.Role, test.who.Actor.CustomerID, test.action, codes(results), err)
		}
	}
}

func TestBulkGroups(t *testing.T) {
	w := newWorld(t)
	name := "Key accounts"
	g, err := w.groups.Create(w.ctx, w.staff(), membership.GroupInput{Name: &name})
	if err != nil {
		t.Fatal(err)
	}
	in := membership.BulkInput{Action: membership.BulkAddToGroup, GroupID: g.ID, UserIDs: []string{"alpha-member", "provider-agent", "beta-administrator"}}
	for range 2 { // the second time changes nothing
		results, err := w.bulk().Do(w.ctx, w.staff(), in)
		if err != nil || !slices.Equal(codes(results), []string{"ok", "staff_have_no_groups", "ok"}) {
			t.Errorf("added: %v, %v", codes(results), err)
		}
	}
	in.Action = membership.BulkLeaveGroup
	results, err := w.bulk().Do(w.ctx, w.staff(), in)
	if err != nil || !slices.Equal(codes(results), []string{"ok", "ok", "ok"}) || len(w.store.users["alpha-member"].GroupIDs) > 0 {
		t.Errorf("taken out: %v, %v", codes(results), err)
	}
	_, err = w.bulk().Do(w.ctx, w.as("alpha", membership.Administrator), in)
	wantCode(t, err, "forbidden")
	in.GroupID = ""
	_, err = w.bulk().Do(w.ctx, w.staff(), in)
	wantCode(t, err, "required")
}

func TestBulkLimits(t *testing.T) {
	w := newWorld(t)
	for code, in := range map[string]membership.BulkInput{
		"required":       {Action: membership.BulkRemove},
		"too_many":       {Action: membership.BulkRemove, UserIDs: strings.Split(strings.Repeat("x ", 101)[:201], " ")},
		"invalid_choice": {Action: "promote", UserIDs: []string{"alpha-member"}},
	} {
		_, err := w.bulk().Do(w.ctx, w.staff(), in)
		wantCode(t, err, code)
	}
}
