package membership_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

// The pauses between tries grow from 30 seconds to an hour, and after twenty tries a mail is given up.
func TestOutboxPauses(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Member)
	w.postman.fail = errBroken
	var pauses []time.Duration
	for try := 1; ; try++ {
		tried, err := w.outbox.Deliver(w.ctx, inv.MailID, w.now)
		if err != nil {
			t.Fatal(err)
		}
		m := w.store.mails[inv.MailID]
		if m.Attempts != try || m.Reason == "" {
			t.Fatalf("try %d: %+v", try, m)
		}
		if tried.Status == membership.MailAbandoned {
			break
		}
		pause := m.DueAt.Sub(w.now)
		pauses = append(pauses, pause)
		w.now = w.now.Add(pause - time.Second)
		if early, err := w.outbox.Deliver(w.ctx, inv.MailID, w.now); early.Status != "" || err != nil {
			t.Fatalf("tried a second too early: %s %v", early.Status, err)
		}
		w.now = w.now.Add(time.Second)
	}
	want := []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute}
	for len(want) < 19 {
		want = append(want, time.Hour)
	}
	if fmt.Sprint(pauses) != fmt.Sprint(want) {
		t.Errorf("pauses %v, want %v", pauses, want)
	}
	if total := w.now.Sub(start); total < 12*time.Hour {
		t.Errorf("given up after %v: less than a night", total)
	}
	if m, _ := w.outbox.Deliver(w.ctx, inv.MailID, w.now.Add(24*time.Hour)); m.Status != "" {
		t.Errorf("an abandoned mail is tried again: %s", m.Status)
	}
}

func TestRefusedMailIsAbandonedAtOnce(t *testing.T) {
	for _, refusal := range []error{&membership.MailRefusal{Reason: "no such address"}, fmt.Errorf("send: %w", &membership.MailRefusal{Reason: "x"})} {
		w := newWorld(t)
		inv := w.invite("new@example.com", membership.Member)
		w.postman.fail = refusal
		if m, err := w.outbox.Deliver(w.ctx, inv.MailID, w.now); m.Status != membership.MailAbandoned || err != nil {
			t.Errorf("%v: %s %v", refusal, m.Status, err)
		}
	}
}

// A try that never ends (the function was killed) holds the mail back for its lease only, and is tried again.
func TestKilledTryIsRepeatedAfterItsLease(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Member)
	if _, err := w.store.ClaimMail(w.ctx, inv.MailID, w.now, w.now.Add(2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(2*time.Minute - time.Second)
	if m, _ := w.outbox.Deliver(w.ctx, inv.MailID, w.now); m.Status != "" {
		t.Errorf("a second sender: %s", m.Status)
	}
	w.now = w.now.Add(time.Second)
	counts, err := w.outbox.Sweep(w.ctx, 10, func() time.Time { return w.now })
	if err != nil || counts.Mails[membership.MailSent] != 1 || len(w.postman.posted) != 1 {
		t.Errorf("%v %v", counts, err)
	}
}

func TestOnlyTheNewestMailOfAnInvitationCarriesALink(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Member)
	w.now = w.now.Add(time.Minute)
	after, err := w.invitations.Resend(w.ctx, w.staff(), inv.ID)
	if err != nil {
		t.Fatal(err)
	}
	counts, err := w.outbox.Sweep(w.ctx, 10, func() time.Time { return w.now })
	if err != nil || counts.Mails[membership.MailSent] != 1 || counts.Mails[membership.MailWithdrawn] != 1 {
		t.Fatalf("%v %v", counts, err)
	}
	if w.postman.posted[0].ID != after.MailID || w.postman.tokens[0] != w.token(inv.ID) {
		t.Errorf("%+v", w.postman.posted[0])
	}
}

func TestExpiredInvitationsMailIsWithdrawn(t *testing.T) {
	for _, c := range []struct {
		at   time.Duration
		want membership.MailStatus
	}{{-time.Second, membership.MailSent}, {0, membership.MailWithdrawn}, {time.Second, membership.MailWithdrawn}} {
		w := newWorld(t)
		inv := w.invite("new@example.com", membership.Member)
		if m, err := w.outbox.Deliver(w.ctx, inv.MailID, inv.ExpiresAt.Add(c.at)); m.Status != c.want || err != nil {
			t.Errorf("%v: %s %v, want %s", c.at, m.Status, err, c.want)
		}
	}
}

// One bad mail does not hold up the others.
func TestSweepGoesOnAfterAFailure(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.invite(fmt.Sprintf("p%d@example.com", i), membership.Member)
	}
	n := 0
	w.store.before = func(method string) error {
		if method == "ClaimMail" {
			if n++; n == 2 {
				return errBroken
			}
		}
		return nil
	}
	counts, err := w.outbox.Sweep(w.ctx, 10, func() time.Time { return w.now })
	if err == nil || counts.Mails[membership.MailSent] != 4 {
		t.Errorf("%v %v", counts, err)
	}
	if counts, err = w.outbox.Sweep(w.ctx, 10, func() time.Time { return w.now }); err != nil || counts.Mails[membership.MailSent] != 1 {
		t.Errorf("%v %v", counts, err)
	}
}

// Nothing secret is stored: neither the table's mails nor the audit log have a link in them.
func TestNoTokenIsStored(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Member)
	reset := w.resetToken("alpha-member", membership.PortalDoor)
	if _, err := w.accept(inv.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.signIn.ResetPassword(w.ctx, w.public(), reset, "another good password"), "")
	everything := fmt.Sprintf("%+v %+v %+v %+v %+v", w.store.mails, w.store.audit, w.store.users, w.store.invitations, w.store.signIns)
	for what, secret := range map[string]string{"invitation link": mac(w.token(inv.ID)), "password link": mac(reset), "password": goodPassword, "new password": "another good password"} {
		if strings.Contains(everything, secret) {
			t.Errorf("the %s is stored", what)
		}
	}
}

func mac(token string) string { return token[strings.LastIndex(token, ".")+1:] }
