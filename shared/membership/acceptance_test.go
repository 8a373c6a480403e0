package membership_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/shared/membership"
)

var errBroken = errors.New("broken")

func TestAcceptMakesAnActiveUser(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("New.One@example.com", membership.Moderator)
	offer, err := w.invitations.Inspect(w.ctx, w.public(), w.token(inv.ID))
	if err != nil || offer.State != membership.OfferOpen || offer.Email != inv.Email || offer.Username != "New.One@example.com" || offer.Customer != "alpha" || offer.Door != membership.PortalDoor {
		t.Fatalf("%+v %v", offer, err)
	}
	if w.store.touchedUsers != 1+6 { // the world's six, and the invited one
		t.Error("inspecting wrote something")
	}
	user, tokens, err := w.invitations.Accept(w.ctx, w.public(), membership.AcceptInput{Token: w.token(inv.ID), Password: goodPassword})
	if err != nil {
		t.Fatal(err)
	}
	stored := w.store.users[user.ID]
	if user.Status != membership.Active || user.Role != membership.Moderator || user.Username != "New.One@example.com" || tokens.Access == "" ||
		!user.ActivatingUntil.IsZero() || stored.Version != user.Version || stored.Status != membership.Active {
		t.Errorf("%+v %+v", user, tokens)
	}
	if i := w.store.invitations[inv.ID]; i.Status != membership.InvitationAccepted || i.EndedAt.IsZero() {
		t.Errorf("%+v", i)
	}
	last := w.store.audit[len(w.store.audit)-1]
	if last.Action != "invitation.accepted" || last.ActorID != user.ID || last.Realm != membership.Portal || last.CustomerID != "alpha" {
		t.Errorf("audit %+v", last)
	}
	_, err = w.accept(inv.ID)
	wantCode(t, err, "already_accepted")
	in, err := w.signIn.SignIn(w.ctx, w.public(), membership.Credentials{Login: "NEW.ONE@example.com", Password: goodPassword, Door: membership.PortalDoor})
	if err != nil || in.User.ID != user.ID {
		t.Errorf("cannot sign in: %v", err)
	}
}

func TestAcceptChecksWhatIsTyped(t *testing.T) {
	for name, c := range map[string]struct {
		in    membership.AcceptInput
		code  string
		field string
	}{
		"short password":   {membership.AcceptInput{Password: "short"}, "password_too_short", "password"},
		"no password":      {membership.AcceptInput{}, "password_too_short", "password"},
		"e-mail":           {membership.AcceptInput{Password: "new@example.com"}, "password_is_email", "password"},
		"taken username":   {membership.AcceptInput{Password: goodPassword, Username: "ALPHA-member"}, "username_in_use", "username"},
		"foreign username": {membership.AcceptInput{Password: goodPassword, Username: "alpha-member@example.com"}, "username_is_foreign_email", "username"},
		"bad username":     {membership.AcceptInput{Password: goodPassword, Username: "a b c d e"}, "invalid_username", "username"},
		"long username":    {membership.AcceptInput{Password: goodPassword, Username: strings.Repeat("a", 100_000)}, "invalid_username", "username"},
		"no first name":    {membership.AcceptInput{Password: goodPassword, FirstName: ptr(" ")}, "required", "firstName"},
		"link as name":     {membership.AcceptInput{Password: goodPassword, LastName: ptr("http://x.example")}, "invalid_text", "lastName"},
	} {
		w := newWorld(t)
		inv := w.invite("new@example.com", membership.Member)
		c.in.Token = w.token(inv.ID)
		_, _, err := w.invitations.Accept(w.ctx, w.public(), c.in)
		var e *membership.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
		if u := w.store.users[inv.UserID]; u.Status != membership.Invited || len(w.accounts.calls) != 0 || !u.ActivatingUntil.IsZero() {
			t.Errorf("%s: left %+v after %v", name, u, w.accounts.calls)
		}
		if _, err := w.accept(inv.ID); err != nil {
			t.Errorf("%s: then %v", name, err)
		}
	}
}

func TestBlockedCustomerBlocksAcceptingAndUnblocksIt(t *testing.T) {
	for _, spoil := range []func(*membership.Customer){
		func(c *membership.Customer) { c.Status = membership.CustomerDeactivated },
		func(c *membership.Customer) { c.PortalAccess = false },
	} {
		w := newWorld(t)
		inv := w.invite("new@example.com", membership.Member)
		w.setCustomer(spoil)
		_, err := w.accept(inv.ID)
		wantCode(t, err, "invitation_blocked")
		offer, err := w.invitations.Inspect(w.ctx, w.public(), w.token(inv.ID))
		if offer.State != membership.OfferBlocked || err != nil {
			t.Errorf("%s %v", offer.State, err)
		}
		w.setCustomer(func(c *membership.Customer) { c.Status, c.PortalAccess = membership.CustomerActive, true })
		if _, err := w.accept(inv.ID); err != nil {
			t.Error(err)
		}
	}
}

// Whatever fails while accepting, the next try at the same moment works: no lease is left behind.
func TestAcceptAfterAFailureWorksAtOnce(t *testing.T) {
	for _, fail := range []string{"account", "final change"} {
		w := newWorld(t)
		inv := w.invite("new@example.com", membership.Member)
		if fail == "account" {
			w.accounts.fail = errBroken
		} else {
			w.store.before = func(method string) error {
				if method == "ChangeUser" {
					return errBroken
				}
				return nil
			}
		}
		if _, err := w.accept(inv.ID); !errors.Is(err, errBroken) {
			t.Fatalf("%s: %v", fail, err)
		}
		w.accounts.fail, w.store.before = nil, nil
		if u := w.store.users[inv.UserID]; u.Status != membership.Invited {
			t.Errorf("%s: user is %s", fail, u.Status)
		}
		if _, err := w.accept(inv.ID); err != nil {
			t.Errorf("%s: the next try: %v", fail, err)
		}
	}
}

// A crash keeps the lease; the link works again when it is over, and not before.
func TestAcceptAfterACrashWaitsForTheLease(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Member)
	u := w.store.users[inv.UserID]
	u.ActivatingUntil, u.Version = w.now.Add(membership.AcceptanceLease), u.Version+1
	w.store.users[u.ID] = u
	for _, at := range []time.Duration{0, membership.AcceptanceLease - time.Second} {
		w.now = start.Add(at)
		_, err := w.accept(inv.ID)
		wantCode(t, err, "already_accepted")
	}
	if got := u.StatusAt(start); got != membership.Invited {
		t.Errorf("shown as %s meanwhile", got)
	}
	w.now = start.Add(membership.AcceptanceLease)
	if _, err := w.accept(inv.ID); err != nil {
		t.Error(err)
	}
}

// slowAccounts lets something happen while a password is being set.
type slowAccounts struct {
	*accounts
	meanwhile func()
}

func (s *slowAccounts) SetPassword(ctx context.Context, userID, password string) error {
	if m := s.meanwhile; m != nil {
		s.meanwhile = nil
		m()
	}
	return s.accounts.SetPassword(ctx, userID, password)
}

// "Never sets a password once the user is active": somebody who is slow with an old link cannot set the password of the
// user whom the new link has made active meanwhile.
func TestOldLinkInFlightCannotSetThePasswordOfWhoCameAfter(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Member)
	slow := &slowAccounts{accounts: w.accounts}
	w.invitations.Accounts = slow
	slow.meanwhile = func() {
		w.now = w.now.Add(5 * time.Second)
		if _, err := w.invitations.Resend(w.ctx, w.staff(), inv.ID); err != nil {
			t.Fatal(err)
		}
		_, _, err := w.invitations.Accept(w.ctx, w.public(), membership.AcceptInput{Token: w.token(inv.ID), Password: "password of the new link"})
		wantCode(t, err, "already_accepted") // the one in progress has the lease
	}
	_, _, err := w.invitations.Accept(w.ctx, w.public(), membership.AcceptInput{Token: w.token(inv.ID), Password: "password of the old link"})
	wantCode(t, err, "invitation_replaced")
	w.now = start.Add(membership.AcceptanceLease + time.Second)
	if _, _, err = w.invitations.Accept(w.ctx, w.public(), membership.AcceptInput{Token: w.token(inv.ID), Password: "password of the new link"}); err != nil {
		t.Fatal(err)
	}
	if got := w.accounts.passwords[inv.UserID]; got != "password of the new link" {
		t.Errorf("the active user's password is the %q", got)
	}
}

func TestOldResetLinkInFlightCannotSetThePasswordAfterTheNewOne(t *testing.T) {
	w := newWorld(t)
	slow := &slowAccounts{accounts: w.accounts}
	w.signIn.Accounts = slow
	first := w.resetToken("alpha-member", membership.PortalDoor)
	slow.meanwhile = func() {
		w.now = w.now.Add(5 * time.Second)
		newer := w.resetToken("alpha-member", membership.PortalDoor)
		wantCode(t, w.signIn.ResetPassword(w.ctx, w.public(), newer, "password of the new link"), "reset_link_over")
	}
	wantCode(t, w.signIn.ResetPassword(w.ctx, w.public(), first, "password of the old link"), "")
	if got := w.accounts.passwords["alpha-member"]; got != "password of the old link" {
		t.Errorf("the password is the %q", got)
	}
}

// Changes that staff or a job make to an invitee at the moment of accepting are kept: the invitation is as good as
// before, and nobody is told that somebody else has used it.
func TestAcceptTakesAlongWhatChangesMeanwhile(t *testing.T) {
	changes := map[string]func(w *world, inv membership.Invitation, g membership.Group) error{
		"group": func(w *world, inv membership.Invitation, g membership.Group) error {
			return w.groups.AddUser(w.ctx, w.staff(), g.ID, inv.UserID)
		},
		"role": func(w *world, inv membership.Invitation, _ membership.Group) error {
			u := w.store.users[inv.UserID]
			return second(w.records.Change(w.ctx, w.staff(), u.ID, u.Version, membership.RecordInput{Role: ptr(membership.Member)}))
		},
		"company": func(w *world, inv membership.Invitation, _ membership.Group) error {
			before := w.store.users[inv.UserID]
			after := before
			after.Company, after.Version = "Alpha & Sons", before.Version+1
			return w.store.ChangeUser(w.ctx, before, after, nil, membership.Trail{})
		},
	}
	for _, at := range []string{"claim", "password"} {
		for name, change := range changes {
			t.Run(at+", "+name, func(t *testing.T) {
				w := newWorld(t)
				g := w.group("Key accounts")
				inv := w.invite("new@example.com", membership.Administrator)
				once := sync.OnceFunc(func() {
					if err := change(w, inv, g); err != nil {
						t.Error(err)
					}
				})
				slow := &slowAccounts{accounts: w.accounts}
				w.invitations.Accounts = slow
				if at == "password" {
					slow.meanwhile = once
				} else {
					w.store.before = func(method string) error {
						if method == "ClaimAcceptance" {
							once()
						}
						return nil
					}
				}
				u, err := w.accept(inv.ID)
				if err != nil {
					t.Fatal(err)
				}
				stored := w.store.users[inv.UserID]
				if stored.Status != membership.Active || !stored.ActivatingUntil.IsZero() || w.store.invitations[inv.ID].Status != membership.InvitationAccepted {
					t.Errorf("%+v", stored)
				}
				changed := slices.Contains(stored.GroupIDs, g.ID) || stored.Role == membership.Member || stored.Company == "Alpha & Sons"
				if !changed || u.Version != stored.Version || u.Role != stored.Role {
					t.Errorf("answered %+v, stored %+v", u, stored)
				}
			})
		}
	}
}

// An acceptance that is wrong after such a change says what is missing, and the link works at once when it is there.
func TestAcceptThatChangesMakeWrongGivesTheLinkBack(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Member)
	w.invitations.Accounts = &slowAccounts{accounts: w.accounts, meanwhile: func() {
		before := w.store.users[inv.UserID]
		after := before
		after.FirstName, after.Version = "", before.Version+1
		if err := w.store.ChangeUser(w.ctx, before, after, nil, membership.Trail{}); err != nil {
			t.Error(err)
		}
	}}
	_, err := w.accept(inv.ID)
	wantCode(t, err, "required")
	name := "Ina"
	_, _, err = w.invitations.Accept(w.ctx, w.public(), membership.AcceptInput{Token: w.token(inv.ID), Password: goodPassword, FirstName: &name})
	wantCode(t, err, "")
}

func TestRacesForOneInvitation(t *testing.T) {
	for range 50 {
		w := newWorld(t)
		inv := w.invite("new@example.com", membership.Member)
		token := w.token(inv.ID)
		var (
			wg       sync.WaitGroup
			mu       sync.Mutex
			accepted int
			answers  []string
		)
		for n := range 64 {
			wg.Go(func() {
				_, _, err := w.invitations.Accept(w.ctx, w.public(), membership.AcceptInput{Token: token, Password: goodPassword + string(rune('a'+n%26))})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					accepted++
				} else {
					answers = append(answers, membership.CodeOf(err))
				}
			})
		}
		wg.Wait()
		slices.Sort(answers)
		if answers = slices.Compact(answers); accepted != 1 || !slices.Equal(answers, []string{"already_accepted"}) {
			t.Fatalf("%d accepted, the others got %v", accepted, answers)
		}
	}
}

// Accept against everything else that can be done to an invitation: the end is always legal, and the answers are true.
func TestAcceptAgainstRevokeResendDeclineDeleteExpire(t *testing.T) {
	for name, rival := range map[string]func(*world, membership.Invitation) error{
		"revoke": func(w *world, i membership.Invitation) error {
			return second(w.invitations.Revoke(w.ctx, w.staff(), i.ID))
		},
		"resend": func(w *world, i membership.Invitation) error {
			return second(w.invitations.Resend(w.ctx, w.staff(), i.ID))
		},
		"delete": func(w *world, i membership.Invitation) error { return w.invitations.Delete(w.ctx, w.staff(), i.ID) },
		"decline": func(w *world, i membership.Invitation) error {
			return w.invitations.Decline(w.ctx, w.public(), w.keys.Token(i.Link()))
		},
		"remove": func(w *world, i membership.Invitation) error {
			return second(w.users.Remove(w.ctx, w.staff(), i.UserID, 0))
		},
		"expire": func(w *world, i membership.Invitation) error {
			c := membership.Call{Actor: membership.SystemActor("req"), Now: i.ExpiresAt}
			return second(w.expiry.Run(w.ctx, c, 10))
		},
	} {
		won := map[string]int{}
		for range 60 {
			w := newWorld(t)
			inv := w.invite("new@example.com", membership.Member)
			token := w.token(inv.ID)
			var (
				wg           sync.WaitGroup
				acceptErr    error
				rivalErr     error
				acceptedUser membership.User
			)
			wg.Go(func() {
				acceptedUser, _, acceptErr = w.invitations.Accept(w.ctx, w.public(), membership.AcceptInput{Token: token, Password: goodPassword})
			})
			wg.Go(func() { rivalErr = rival(w, inv) })
			wg.Wait()
			u, i := w.store.users[inv.UserID], w.store.invitations[inv.ID]
			pair := string(i.Status) + "/" + string(u.Status)
			legal := []string{"accepted/active", "accepted/removed", "revoked/removed", "declined/removed", "pending/invited", "expired/expired", "/"}
			if !slices.Contains(legal, pair) {
				t.Fatalf("%s: %s (accept: %v, rival: %v)", name, pair, acceptErr, rivalErr)
			}
			if (acceptErr == nil) != (i.Status == membership.InvitationAccepted) {
				t.Fatalf("%s: accept answered %v and the invitation is %s", name, acceptErr, i.Status)
			}
			if acceptErr == nil && acceptedUser.ID != inv.UserID {
				t.Fatal(acceptedUser)
			}
			won[pair]++
		}
		t.Logf("%s: %v", name, won)
	}
}
