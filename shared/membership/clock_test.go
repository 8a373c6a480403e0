package membership_test

import (
	"errors"
	"testing"
	"time"

	"clientele/shared/membership"
)

func TestStatusFollowsTheClockToTheSecond(t *testing.T) {
	end := start.Truncate(time.Second).Add(membership.InvitationLifetime)
	for _, c := range []struct {
		after time.Duration
		user  membership.Status
		inv   membership.InvitationStatus
		back  membership.Status
	}{
		{-time.Second, membership.Invited, membership.InvitationPending, membership.Suspended},
		{-time.Nanosecond, membership.Invited, membership.InvitationPending, membership.Suspended},
		{0, membership.Expired, membership.InvitationExpired, membership.Active},
		{time.Second, membership.Expired, membership.InvitationExpired, membership.Active},
	} {
		now := end.Add(c.after)
		if got := (membership.User{Status: membership.Invited, InvitationExpiresAt: end}).StatusAt(now); got != c.user {
			t.Errorf("%v: user is %s, want %s", c.after, got, c.user)
		}
		if got := (membership.UserRow{Status: membership.Invited, InvitationExpiresAt: end}).StatusAt(now); got != c.user {
			t.Errorf("%v: row is %s, want %s", c.after, got, c.user)
		}
		if got := (membership.Invitation{Status: membership.InvitationPending, ExpiresAt: end}).StatusAt(now); got != c.inv {
			t.Errorf("%v: invitation is %s, want %s", c.after, got, c.inv)
		}
		if got := (membership.User{Status: membership.Suspended, SuspendedUntil: end}).StatusAt(now); got != c.back {
			t.Errorf("%v: suspended user is %s, want %s", c.after, got, c.back)
		}
	}
	if got := (membership.User{Status: membership.Suspended}).StatusAt(end); got != membership.Suspended {
		t.Errorf("a suspension without an end is %s", got)
	}
	// The clock moves nobody else.
	for _, s := range membership.Statuses() {
		if s == membership.Invited || s == membership.Suspended {
			continue
		}
		if got := (membership.User{Status: s, InvitationExpiresAt: end, SuspendedUntil: end}).StatusAt(end.Add(time.Hour)); got != s {
			t.Errorf("the clock made %s of %s", got, s)
		}
	}
}

// The link mailed at 9:30:00.25 is good for seven days to the second, and no clean-up needs to have run.
func TestInvitationIsValidSevenDaysToTheSecond(t *testing.T) {
	const week = 7 * 24 * time.Hour
	sent := start.Truncate(time.Second)
	for _, c := range []struct {
		at    time.Duration
		code  string
		state membership.OfferState
	}{
		{week - time.Second, "", membership.OfferOpen},
		{week - time.Nanosecond, "", membership.OfferOpen},
		{week, "invitation_expired", membership.OfferExpired},
		{week + time.Second, "invitation_expired", membership.OfferExpired},
	} {
		w := newWorld(t)
		inv := w.invite("new@example.com", membership.Member)
		if !inv.ExpiresAt.Equal(sent.Add(week)) {
			t.Fatalf("expires at %v", inv.ExpiresAt)
		}
		w.now = sent.Add(c.at)
		offer, err := w.invitations.Inspect(w.ctx, w.public(), w.token(inv.ID))
		if err != nil || offer.State != c.state {
			t.Errorf("%v: offer is %s (%v), want %s", c.at, offer.State, err, c.state)
		}
		user, err := w.accept(inv.ID)
		wantCode(t, err, c.code)
		if c.code == "" && user.Status != membership.Active {
			t.Errorf("%v: accepted and %s", c.at, user.Status)
		}
		if stored := w.store.users[inv.UserID].Status; c.code != "" && stored != membership.Invited {
			t.Errorf("%v: refused and %s", c.at, stored)
		}
	}
}

func TestResentLinkIsValidSevenDaysFromThenAndTheOldOneIsDead(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Member)
	old := w.token(inv.ID)
	w.now = inv.ExpiresAt.Add(90 * time.Minute) // after expiry
	after, err := w.invitations.Resend(w.ctx, w.staff(), inv.ID)
	if err != nil {
		t.Fatal(err)
	}
	if want := w.now.Truncate(time.Second).Add(membership.InvitationLifetime); !after.ExpiresAt.Equal(want) || after.Status != membership.InvitationPending {
		t.Errorf("resent: %s until %v, want until %v", after.Status, after.ExpiresAt, want)
	}
	for name, call := range map[string]func() error{
		"inspect": func() error { _, err := w.invitations.Inspect(w.ctx, w.public(), old); return err },
		"accept": func() error {
			_, _, err := w.invitations.Accept(w.ctx, w.public(), membership.AcceptInput{Token: old, Password: goodPassword})
			return err
		},
		"decline": func() error { return w.invitations.Decline(w.ctx, w.public(), old) },
		"renew":   func() error { return w.invitations.Renew(w.ctx, w.public(), old) },
	} {
		if err := call(); membership.CodeOf(err) != "invitation_replaced" {
			t.Errorf("%s with the old link: %v", name, err)
		}
	}
	w.now = after.ExpiresAt.Add(-time.Second)
	if _, err := w.accept(inv.ID); err != nil {
		t.Errorf("the new link in its last second: %v", err)
	}
}

func TestPasswordLinkIsValidOneHourToTheSecond(t *testing.T) {
	for _, c := range []struct {
		at   time.Duration
		code string
	}{{time.Hour - time.Second, ""}, {time.Hour, "reset_link_over"}, {time.Hour + time.Second, "reset_link_over"}} {
		w := newWorld(t)
		token := w.resetToken("alpha-member", membership.PortalDoor)
		w.now = start.Truncate(time.Second).Add(c.at)
		_, err := w.signIn.InspectReset(w.ctx, w.public(), token)
		wantCode(t, err, c.code)
		wantCode(t, w.signIn.ResetPassword(w.ctx, w.public(), token, "another good password"), c.code)
	}
}

func TestRenewalPauseToTheSecond(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Member)
	sent := start.Truncate(time.Second)
	w.now = sent.Add(membership.RenewalPause - time.Second)
	err := w.invitations.Renew(w.ctx, w.public(), w.token(inv.ID))
	wantCode(t, err, "renewed_recently")
	if e := (*membership.Error)(nil); !errors.As(err, &e) || e.RetryAfter != time.Second {
		t.Errorf("retry after %v, want 1s", err)
	}
	w.now = sent.Add(membership.RenewalPause)
	wantCode(t, w.invitations.Renew(w.ctx, w.public(), w.token(inv.ID)), "")
	wantCode(t, w.invitations.Renew(w.ctx, w.public(), w.token(inv.ID)), "renewed_recently")
}

func TestSessionsEndToTheSecond(t *testing.T) {
	u := membership.User{ID: "u", CustomerID: "alpha"}
	for _, c := range []struct {
		door        membership.Door
		idle, whole time.Duration
	}{{membership.PortalDoor, 24 * time.Hour, 14 * 24 * time.Hour}, {membership.ConsoleDoor, time.Hour, 12 * time.Hour}} {
		s := membership.NewSession("s", []byte("secret"), u, c.door, start)
		if !s.Alive(start.Add(c.idle-time.Second)) || s.Alive(start.Add(c.idle)) {
			t.Errorf("%s: idle limit is not %v", c.door, c.idle)
		}
		for at := start; at.Before(start.Add(c.whole)); at = at.Add(9 * time.Minute) {
			if !s.Alive(at) {
				t.Fatalf("%s: in use and dead after %v", c.door, at.Sub(start))
			}
			s, _ = s.Touched(at)
		}
		if s.Alive(start.Add(c.whole)) {
			t.Errorf("%s: lives longer than %v", c.door, c.whole)
		}
	}
}
