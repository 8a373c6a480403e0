package membership_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

func (w *world) cleanUp() membership.Report {
	w.t.Helper()
	r, err := w.expiry.Run(w.ctx, membership.Call{Actor: membership.SystemActor("req"), Now: w.now}, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) letters(l membership.Letter) []membership.Mail {
	var found []membership.Mail
	for _, m := range w.store.mails {
		if m.Letter == l {
			found = append(found, m)
		}
	}
	return found
}

func TestCleanUpExpiresToTheSecondAndOnce(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Member)
	w.now = inv.ExpiresAt.Add(-time.Second)
	if r := w.cleanUp(); r != (membership.Report{}) {
		t.Errorf("a second early: %+v", r)
	}
	w.now = inv.ExpiresAt
	if r := w.cleanUp(); r.Expired != 1 {
		t.Errorf("%+v", r)
	}
	if i, u := w.store.invitations[inv.ID], w.store.users[inv.UserID]; i.Status != membership.InvitationExpired || u.Status != membership.Expired || !i.EndedAt.Equal(inv.ExpiresAt) {
		t.Errorf("%+v %+v", i, u)
	}
	audit := len(w.store.audit)
	if r := w.cleanUp(); r != (membership.Report{}) || len(w.store.audit) != audit {
		t.Errorf("the second run: %+v", r)
	}
	if last := w.store.audit[audit-1]; last.Action != "invitation.expired" || last.Realm != membership.System {
		t.Errorf("%+v", last)
	}
}

// The clean-up changes nobody's rights: what is possible after it is what was possible before.
func TestRightsDoNotDependOnTheCleanUp(t *testing.T) {
	for _, ran := range []bool{false, true} {
		w := newWorld(t)
		inv := w.invite("new@example.com", membership.Member)
		w.now = inv.ExpiresAt.Add(time.Hour)
		if ran {
			w.cleanUp()
		}
		_, err := w.accept(inv.ID)
		wantCode(t, err, "invitation_expired")
		got, err := w.invitations.Get(w.ctx, w.staff(), inv.ID)
		if err != nil || got.Status != membership.InvitationExpired {
			t.Errorf("ran %v: %s %v", ran, got.Status, err)
		}
		page, err := w.users.List(w.ctx, w.staff(), membership.UserQuery{CustomerID: "alpha", Page: membership.PageRequest{Limit: 50}})
		shown := ""
		for _, r := range page.Items {
			if r.ID == inv.UserID {
				shown = string(r.Status)
			}
		}
		if err != nil || shown != "expired" {
			t.Errorf("ran %v: shown as %q %v", ran, shown, err)
		}
		wantCode(t, w.invitations.Renew(w.ctx, w.public(), w.token(inv.ID)), "")
		if _, err := w.accept(inv.ID); err != nil {
			t.Errorf("ran %v: renewed and %v", ran, err)
		}
	}
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Member)
	w.now = inv.ExpiresAt
	w.cleanUp()
	wantCode(t, w.invitations.Decline(w.ctx, w.public(), w.token(inv.ID)), "")
}

func TestInvitersGetOneDigestADay(t *testing.T) {
	w := newWorld(t)
	for i := range 60 {
		w.invite(fmt.Sprintf("p%02d@example.com", i), membership.Member)
	}
	own := w.inviteAs(w.as("alpha", membership.Administrator), "alpha", "own@example.com", membership.Member)
	day := start.Add(membership.InvitationLifetime).Truncate(24 * time.Hour)
	due := day.Add(30 * time.Hour) // six o'clock on the day after
	for w.now = day; w.now.Before(due); w.now = w.now.Add(30 * time.Minute) {
		w.cleanUp()
		if len(w.letters(membership.LetterExpiredDigest)) != 0 {
			t.Fatalf("a digest at %v", w.now)
		}
	}
	w.now = due
	if r := w.cleanUp(); r.Digests != 2 {
		t.Errorf("%+v", r)
	}
	w.cleanUp()
	digests := w.letters(membership.LetterExpiredDigest)
	if len(digests) != 2 {
		t.Fatalf("%d digests", len(digests))
	}
	for _, m := range digests {
		lines := strings.Split(m.Fields["expired"], "\n")
		if m.UserID == "alpha-administrator" {
			if len(lines) != 1 || !strings.HasPrefix(lines[0], own.Email+"\talpha\t") || m.Door != membership.PortalDoor {
				t.Errorf("%+v", m)
			}
		} else if len(lines) != 50 || m.Fields["count"] != "60" || m.Fields["more"] != "10" || m.Door != membership.ConsoleDoor {
			t.Errorf("%d lines, %+v", len(lines), m.Fields["count"])
		}
	}
}

func TestNoDigestForThoseWhoAreGoneOrWhereNothingIsExpiredAnyMore(t *testing.T) {
	for name, spoil := range map[string]func(*world, membership.Invitation){
		"inviter deactivated": func(w *world, _ membership.Invitation) {
			w.set("alpha-administrator", func(u *membership.User) { u.Status = membership.Deactivated })
		},
		"inviter deleted": func(w *world, _ membership.Invitation) { delete(w.store.users, "alpha-administrator") },
		"resent since":    func(w *world, i membership.Invitation) { _, _ = w.invitations.Resend(w.ctx, w.staff(), i.ID) },
		"deleted since":   func(w *world, i membership.Invitation) { _ = w.invitations.Delete(w.ctx, w.staff(), i.ID) },
	} {
		w := newWorld(t)
		inv := w.inviteAs(w.as("alpha", membership.Administrator), "alpha", "own@example.com", membership.Member)
		w.now = inv.ExpiresAt
		w.cleanUp()
		spoil(w, inv)
		w.now = w.now.Add(48 * time.Hour)
		w.cleanUp()
		if n := len(w.letters(membership.LetterExpiredDigest)); n != 0 || len(w.store.digests) != 0 {
			t.Errorf("%s: %d digests, %d owed", name, n, len(w.store.digests))
		}
	}
}

func TestRetention(t *testing.T) {
	for name, end := range map[string]func(*world, membership.Invitation){
		"expired":  func(w *world, i membership.Invitation) { w.now = i.ExpiresAt; w.cleanUp() },
		"declined": func(w *world, i membership.Invitation) { _ = w.invitations.Decline(w.ctx, w.public(), w.token(i.ID)) },
		"revoked":  func(w *world, i membership.Invitation) { _, _ = w.invitations.Revoke(w.ctx, w.staff(), i.ID) },
		"accepted": func(w *world, i membership.Invitation) { _, _ = w.accept(i.ID) },
	} {
		w := newWorld(t)
		inv := w.invite("new@example.com", membership.Member)
		end(w, inv)
		ended := w.store.invitations[inv.ID].EndedAt
		w.now = ended.Add(membership.InvitationRetention - time.Second)
		if r := w.cleanUp(); r.Deleted != 0 {
			t.Errorf("%s: deleted a second early", name)
		}
		w.now = ended.Add(membership.InvitationRetention)
		r := w.cleanUp()
		_, invThere := w.store.invitations[inv.ID]
		_, userThere := w.store.users[inv.UserID]
		if kept := name == "accepted"; invThere != kept || userThere != kept || r.Deleted != map[bool]int{false: 1}[kept] {
			t.Errorf("%s: invitation there %v, user there %v, %+v", name, invThere, userThere, r)
		}
	}
}

// Somebody who accepted in time and is not finished yet does not expire meanwhile.
func TestCleanUpLeavesAnAcceptanceUnderWay(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Member)
	u := w.store.users[inv.UserID]
	u.ActivatingUntil = inv.ExpiresAt.Add(20 * time.Second)
	w.store.users[u.ID] = u
	w.now = inv.ExpiresAt
	if r := w.cleanUp(); r.Expired != 0 || r.Skipped != 1 {
		t.Errorf("%+v", r)
	}
	w.now = w.now.Add(20 * time.Second)
	if r := w.cleanUp(); r.Expired != 1 {
		t.Errorf("%+v", r)
	}
}
