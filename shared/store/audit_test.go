package store

import (
	"testing"
	"time"

	"clientele/shared/membership"
)

func TestAuditEntries(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		want := membership.AuditEntry{ID: "e1", At: noon(), Realm: membership.Staff, ActorID: "a", ActorName: "Ada", OnBehalfOf: "b", CustomerID: "c1", Action: "customer.changed",
			Subject: "customer", SubjectID: "c1", Before: map[string]string{"name": "x"}, After: map[string]string{"name": "y"}, RequestID: "r"}
		everyFieldSet(t, want)
		later, nextMonth := want, want
		later.ID, later.At = "e2", noon().Add(time.Hour)
		nextMonth.ID, nextMonth.At = "e3", noon().AddDate(0, 1, 0)
		for _, e := range []membership.AuditEntry{want, later, nextMonth} {
			change := w.table.write()
			change.trail(membership.Trail{Audit: e})
			must(t, w.table.commit(ctx, change))
		}
		got, err := w.table.AuditEntries(ctx, membership.ReachCustomer("c1"), "c1", noon(), 10)
		must(t, err)
		equal(t, got, []membership.AuditEntry{later, want})
		got, err = w.table.AuditEntries(ctx, membership.ReachAll(), "c1", noon(), 1)
		must(t, err)
		equal(t, got, []membership.AuditEntry{later})
	})
}

// checkAudit compares the audit log with the versions of what it is about: each change raises a version by one and writes
// one entry. Leases of acceptances raise it too, and are no changes.
func (w *world) checkAudit(t testing.TB) {
	t.Helper()
	items := w.items(t)
	entries := map[string]int{}
	for _, i := range of(items, entityAudit) {
		e := auditFrom(i)
		entries[e.Subject+" "+e.SubjectID]++
		if e.Action == "invitation.accepted" { // its subject is the user, but the invitation changed with it
			entries["invitation "+e.SubjectID]++
		}
	}
	for _, i := range of(items, entityInvitation) {
		v := invitationFrom(i)
		n := entries["invitation "+v.ID] + entries["invitation "+v.UserID]
		for _, e := range of(items, entityAudit) {
			a := auditFrom(e)
			if a.SubjectID != v.UserID {
				continue
			}
			open := !a.At.Before(v.CreatedAt) && (v.EndedAt.IsZero() || v.Status == membership.InvitationExpired || a.At.Before(v.EndedAt))
			if a.Action == "user.removed" && v.Status == membership.InvitationRevoked || // an open invitation ends with its user
				a.Action == "user.changed" && open && shownInInvitation(a) { // and says what the record says
				n++
			}
		}
		if n != v.Version {
			t.Errorf("invitation %s has version %d and %d audit entries", v.ID, v.Version, n)
		}
	}
	for _, i := range of(items, entityCustomer) {
		c := customerFrom(i)
		if n := entries["customer "+c.ID]; n != c.Version {
			t.Errorf("customer %s has version %d and %d audit entries", c.ID, c.Version, n)
		}
	}
}

// shownInInvitation says whether a change of a record is one of its open invitation as well (Records.Change).
func shownInInvitation(a membership.AuditEntry) bool {
	for _, field := range []string{"firstName", "lastName", "role", "language"} {
		_, before := a.Before[field]
		if _, after := a.After[field]; before || after {
			return true
		}
	}
	return false
}

// A key is the caller's own text: whatever is in it, it is no other request's, and no row's of a batch.
func TestKeysOfRequestsAreNeverTheSame(t *testing.T) {
	seen := map[key]membership.IdempotencyKey{}
	for _, actor := range []string{"u1", "u2"} {
		for _, route := range []string{"POST /invitations", "POST /users/bulk"} {
			for _, text := range []string{"a", "a#1", "a#1#1", "1#a", "0#a", "#", "##", "#1", "POST /invitations#0#a"} {
				for row := range 3 {
					k := membership.IdempotencyKey{ActorID: actor, Route: route, Key: text, Row: row}
					if other, taken := seen[markerKey(k)]; taken {
						t.Errorf("%+v and %+v have the same marker", k, other)
					}
					seen[markerKey(k)] = k
				}
			}
		}
	}
}
