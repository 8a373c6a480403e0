package membership_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

// codes returns what became of each row: "ok" or the error's code.
func codes(results []membership.RowResult) []string {
	out := make([]string, len(results))
	for i, r := range results {
		switch {
		case r.Index != i:
			out[i] = fmt.Sprintf("index %d", r.Index)
		case r.Err != nil:
			out[i] = r.Err.Code
		case r.ID == "":
			out[i] = "no id"
		default:
			out[i] = "ok"
		}
	}
	return out
}

func TestBatchSaysPerRowWhatBecameOfIt(t *testing.T) {
	w := newWorld(t)
	w.invite("pending@example.com", membership.Member)
	expired := w.invite("expired@example.com", membership.Member)
	w.invite("back@example.com", membership.Member)
	for _, i := range w.store.invitations {
		if i.Email == "back@example.com" {
			if _, err := w.invitations.Revoke(w.ctx, w.staff(), i.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	e := w.store.users[expired.UserID]
	e.InvitationExpiresAt = start.Add(-time.Hour)
	w.store.users[e.ID] = e

	rows := []struct {
		in   membership.Invitee
		want string
	}{
		{membership.Invitee{Email: "fine@example.com"}, "ok"},
		{membership.Invitee{Email: "broken@"}, "invalid_email"},
		{membership.Invitee{Email: ""}, "required"},
		{membership.Invitee{Email: "FINE@Example.com"}, "duplicate_row"},
		{membership.Invitee{Email: "idn@bücher.example"}, "ok"},
		{membership.Invitee{Email: "idn@xn--bcher-kva.example"}, "duplicate_row"},
		{membership.Invitee{Email: "alpha-member@example.com"}, "already_user"},
		{membership.Invitee{Email: "Alpha-Member@EXAMPLE.com"}, "duplicate_row"},
		{membership.Invitee{Email: "beta-administrator@example.com"}, "email_in_use"},
		{membership.Invitee{Email: "provider-agent@example.com"}, "email_in_use"},
		{membership.Invitee{Email: "pending@example.com"}, "already_invited"},
		{membership.Invitee{Email: "expired@example.com"}, "already_invited"},
		{membership.Invitee{Email: "back@example.com"}, "ok"}, // a removed person can be invited again
		{membership.Invitee{Email: "r1@example.com", Role: membership.Administrator}, "ok"},
		{membership.Invitee{Email: "r2@example.com", Role: membership.Agent}, "invalid_role"},
		{membership.Invitee{Email: "r3@example.com", Role: "owner"}, "invalid_role"},
		{membership.Invitee{Email: "l1@example.com", Language: "de-AT"}, "ok"},
		{membership.Invitee{Email: "l2@example.com", Language: "fr"}, "invalid_language"},
		{membership.Invitee{Email: "n1@example.com", FirstName: strings.Repeat("x", 101)}, "too_long"},
		{membership.Invitee{Email: "n2@example.com", FirstName: "Visit www.evil.example"}, "invalid_text"},
		{membership.Invitee{Email: "n3@example.com", LastName: "https://evil.example"}, "invalid_text"},
		{membership.Invitee{Email: "n7@example.com", FirstName: "Prize at evil.example/x"}, "invalid_text"},
		{membership.Invitee{Email: "n8@example.com", LastName: "t.co"}, "invalid_text"},
		{membership.Invitee{Email: "n9@example.com", LastName: "бан｡рф"}, "invalid_text"},
		{membership.Invitee{Email: "d1@example.com", FirstName: "J. R. R.", LastName: "O’Neill-St. John, Ph.D."}, "ok"},
		{membership.Invitee{Email: "n4@example.com", LastName: "<b>"}, "invalid_text"},
		{membership.Invitee{Email: "n5@example.com", LastName: "a\nb"}, "invalid_text"},
		{membership.Invitee{Email: "n6@example.com", LastName: "a\u202eb"}, "invalid_text"},
		{membership.Invitee{Email: "ann@example.com ", FirstName: " Ann "}, "ok"},
	}
	in := membership.InviteInput{CustomerID: "alpha", Role: membership.Member}
	var want []string
	for _, r := range rows {
		in.Invitees, want = append(in.Invitees, r.in), append(want, r.want)
	}
	results, err := w.invitations.Invite(w.ctx, w.staff(), in)
	if err != nil {
		t.Fatal(err)
	}
	got := codes(results)
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("row %d (%+v): %s, want %s", i, rows[i].in, got[i], want[i])
			continue
		}
		if want[i] != "ok" {
			continue
		}
		inv := w.store.invitations[results[i].ID]
		user, mail := w.store.users[inv.UserID], w.store.mails[inv.MailID]
		wantRole := rows[i].in.Role
		if wantRole == "" {
			wantRole = membership.Member
		}
		if inv.Role != wantRole || user.Role != wantRole || user.Status != membership.Invited || inv.Status != membership.InvitationPending {
			t.Errorf("row %d: invitation %+v, user %+v", i, inv, user)
		}
		if mail.To != inv.Email || mail.LinkVersion != 1 || mail.Letter != membership.LetterInvitation || mail.Status != membership.MailQueued {
			t.Errorf("row %d: mail %+v", i, mail)
		}
		if inv.Email != strings.TrimSpace(inv.Email) || inv.FirstName != strings.TrimSpace(inv.FirstName) {
			t.Errorf("row %d is not trimmed: %q %q", i, inv.Email, inv.FirstName)
		}
	}
}

func TestBatchLimits(t *testing.T) {
	w := newWorld(t)
	many := make([]membership.Invitee, membership.MaxInvitees+1)
	for i := range many {
		many[i].Email = fmt.Sprintf("p%d@example.com", i)
	}
	_, err := w.invitations.Invite(w.ctx, w.staff(), membership.InviteInput{CustomerID: "alpha", Invitees: many})
	wantCode(t, err, "too_many")
	_, err = w.invitations.Invite(w.ctx, w.staff(), membership.InviteInput{CustomerID: "alpha"})
	wantCode(t, err, "required")
	results, err := w.invitations.Invite(w.ctx, w.staff(), membership.InviteInput{CustomerID: "alpha", Invitees: many[1:]})
	if err != nil || slices.ContainsFunc(codes(results), func(c string) bool { return c != "ok" }) {
		t.Errorf("a hundred: %v %v", err, codes(results))
	}
	one := []membership.Invitee{{Email: "one@example.com"}}
	for customer, code := range map[string]string{"person": "customer_is_individual", "closed": "customer_deactivated", "none": "not_found"} {
		w.store.customers["person"] = membership.Customer{ID: "person", Type: membership.Individual, Status: membership.CustomerActive, PortalAccess: true, Version: 1}
		w.store.customers["closed"] = membership.Customer{ID: "closed", Type: membership.Corporate, Status: membership.CustomerDeactivated, PortalAccess: true, Version: 1}
		_, err := w.invitations.Invite(w.ctx, w.staff(), membership.InviteInput{CustomerID: customer, Invitees: one})
		wantCode(t, err, code)
	}
}

// Nobody can give a role that they may not give, whatever the request says, or invite in somebody else's realm.
func TestNobodyRaisesARoleByInviting(t *testing.T) {
	allRoles := []membership.Role{"", membership.Member, membership.Moderator, membership.Administrator, membership.Agent, "owner"}
	may := map[string][]membership.Role{ // actor → customer/role
		"provider/administrator alpha":    {membership.Member, membership.Moderator, membership.Administrator},
		"provider/administrator provider": {membership.Agent, membership.Administrator},
		"provider/agent alpha":            {membership.Member, membership.Moderator, membership.Administrator},
		"alpha/administrator alpha":       {membership.Member, membership.Moderator, membership.Administrator},
		"alpha/moderator alpha":           {membership.Member},
	}
	for _, actor := range []string{"provider/administrator", "provider/agent", "alpha/administrator", "alpha/moderator", "alpha/member"} {
		for _, customer := range []string{"alpha", "beta", "provider"} {
			for _, forAll := range allRoles {
				for _, own := range allRoles {
					w := newWorld(t)
					cid, role, _ := strings.Cut(actor, "/")
					_, err := w.invitations.Invite(w.ctx, w.as(cid, membership.Role(role)), membership.InviteInput{CustomerID: customer, Role: forAll,
						Invitees: []membership.Invitee{{Email: "new@example.com", Role: own}}})
					allowed := may[actor+" "+strings.Replace(customer, "beta", "alpha", 1)]
					if cid == "alpha" && customer != "alpha" {
						allowed = nil
					}
					for _, u := range w.store.users {
						if u.Email != "new@example.com" {
							continue
						}
						if !slices.Contains(allowed, u.Role) || u.CustomerID != customer {
							t.Errorf("%s made a %s of %s (for all %q, own %q): %v", actor, u.Role, u.CustomerID, forAll, own, err)
						}
						if inv := w.store.invitations[u.InvitationID]; inv.Role != u.Role {
							t.Errorf("invitation for %s makes a %s", inv.Role, u.Role)
						}
					}
				}
			}
		}
	}
}

// A moderator can neither renew nor take back what they could not have offered.
func TestModeratorsActOnInvitationsOfMembersOnly(t *testing.T) {
	w := newWorld(t)
	w.now = w.now.Add(time.Minute)
	c := w.as("alpha", membership.Moderator)
	for _, role := range []membership.Role{membership.Moderator, membership.Administrator} {
		inv := w.inviteAs(w.as("alpha", membership.Administrator), "alpha", string(role)+"@example.com", role)
		for what, err := range map[string]error{
			"resend": second(w.invitations.Resend(w.ctx, c, inv.ID)), "revoke": second(w.invitations.Revoke(w.ctx, c, inv.ID)), "delete": w.invitations.Delete(w.ctx, c, inv.ID),
		} {
			if membership.KindOf(err) != membership.Forbidden {
				t.Errorf("%s of an invitation for a %s: %v", what, role, err)
			}
		}
	}
	inv := w.invite("member@example.com", membership.Member)
	if _, err := w.invitations.Resend(w.ctx, c, inv.ID); err != nil {
		t.Error(err)
	}
}

func TestRepeatedBatchGivesTheSameRows(t *testing.T) {
	w := newWorld(t)
	c := w.staff()
	c.Key = &membership.IdempotencyKey{ActorID: c.Actor.UserID, Route: "POST /invitations", Key: "k", BodyHash: "h"}
	in := func() membership.InviteInput {
		return membership.InviteInput{CustomerID: "alpha", Invitees: []membership.Invitee{{Email: "a@example.com"}, {Email: "bad"}, {Email: "c@example.com"}}}
	}
	first, err := w.invitations.Invite(w.ctx, c, in())
	if err != nil {
		t.Fatal(err)
	}
	audit, mails := len(w.store.audit), len(w.store.mails)
	again, err := w.invitations.Invite(w.ctx, c, in())
	if err != nil || !slices.Equal(codes(first), codes(again)) || first[0].ID != again[0].ID || first[2].ID != again[2].ID {
		t.Errorf("first %v, again %v (%v)", codes(first), codes(again), err)
	}
	if len(w.store.audit) != audit || len(w.store.mails) != mails {
		t.Error("the repeated request did something")
	}
	// Another body with the same key does nothing at all, not even for the rows that failed the first time.
	c.Key = &membership.IdempotencyKey{ActorID: c.Actor.UserID, Route: "POST /invitations", Key: "k", BodyHash: "other"}
	other := in()
	other.Invitees[1].Email = "b@example.com"
	_, err = w.invitations.Invite(w.ctx, c, other)
	wantCode(t, err, "idempotency_key_reused")
	other = membership.InviteInput{CustomerID: "alpha", Invitees: []membership.Invitee{{Email: "bad"}, {Email: "z@example.com"}, {Email: "y@example.com"}}}
	_, err = w.invitations.Invite(w.ctx, c, other)
	wantCode(t, err, "idempotency_key_reused")
	if len(w.store.audit) != audit || len(w.store.mails) != mails {
		t.Errorf("a refused request invited somebody: %d audit entries, want %d", len(w.store.audit), audit)
	}
}

// Staff are told that an address is taken; a customer's people get the answer they always get, and no link is mailed.
func TestNobodyLooksIntoOtherCustomers(t *testing.T) {
	w := newWorld(t)
	c := w.as("alpha", membership.Administrator)
	shape := func(email string) (inv membership.Invitation, user membership.User) {
		inv = w.inviteAs(c, "alpha", email, membership.Member)
		return inv, w.store.users[inv.UserID]
	}
	free, freeUser := shape("free@example.com")
	for _, taken := range []string{"beta-administrator@example.com", "provider-agent@example.com"} {
		inv, user := shape(taken)
		if inv.Status != free.Status || inv.Delivery != free.Delivery || inv.ExpiresAt != free.ExpiresAt || user.Status != freeUser.Status || inv.Version != free.Version {
			t.Errorf("%s: %+v, a free one: %+v", taken, inv, free)
		}
		if m, err := w.outbox.Deliver(w.ctx, inv.MailID, w.now); m.Status != membership.MailSent || err != nil {
			t.Fatal(m.Status, err)
		}
		last := len(w.postman.posted) - 1
		if m := w.postman.posted[last]; m.Letter != membership.LetterAddressInUse || w.postman.tokens[last] != "" {
			t.Errorf("%s is mailed %s with the token %q", taken, m.Letter, w.postman.tokens[last])
		}
		// Nobody holds a link; even one made with the key opens nothing.
		if _, err := w.accept(inv.ID); membership.CodeOf(err) != "invalid_token" {
			t.Errorf("accepted for %s: %v", taken, err)
		}
		_, err := w.invitations.Invite(w.ctx, c, membership.InviteInput{CustomerID: "alpha", Invitees: []membership.Invitee{{Email: taken}}})
		again, err2 := w.invitations.Invite(w.ctx, c, membership.InviteInput{CustomerID: "alpha", Invitees: []membership.Invitee{{Email: taken}, {Email: "free@example.com"}}})
		if err != nil || err2 != nil || again[0].Err == nil || again[0].Err.Code != again[1].Err.Code {
			t.Errorf("invited twice: %v %v %v", codes(again), err, err2)
		}
		if _, err := w.invitations.Resend(w.ctx, c, inv.ID); err != nil {
			t.Errorf("resend of %s: %v", taken, err)
		}
		if _, err := w.invitations.Revoke(w.ctx, c, inv.ID); err != nil {
			t.Errorf("revoke of %s: %v", taken, err)
		}
		other := w.store.users[strings.TrimSuffix(taken, "@example.com")]
		if w.store.logins[taken] != other.ID {
			t.Errorf("%s lost its reservation", taken)
		}
	}
}

func TestInvitationsOfACustomersOwnPeopleAreNotListedForTheProvider(t *testing.T) {
	w := newWorld(t)
	own := w.inviteAs(w.as("alpha", membership.Administrator), "alpha", "own@example.com", membership.Member)
	theirs := w.invite("theirs@example.com", membership.Member)
	page, err := w.invitations.List(w.ctx, w.staff(), membership.InvitationQuery{CustomerID: "alpha"})
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != theirs.ID {
		t.Errorf("staff see %v (%v)", page.Items, err)
	}
	page, err = w.invitations.List(w.ctx, w.as("alpha", membership.Moderator), membership.InvitationQuery{})
	if err != nil || len(page.Items) != 2 {
		t.Errorf("the customer sees %d (%v), %s", len(page.Items), err, own.ID)
	}
}

func TestWhatEndsAnInvitation(t *testing.T) {
	ends := map[string]struct {
		do   func(*world, membership.Invitation) error
		code string // what the link answers afterwards
	}{
		"accept": {func(w *world, i membership.Invitation) error { return second(w.accept(i.ID)) }, "already_accepted"},
		"decline": {func(w *world, i membership.Invitation) error {
			return w.invitations.Decline(w.ctx, w.public(), w.token(i.ID))
		}, "invitation_ended"},
		"revoke": {func(w *world, i membership.Invitation) error {
			return second(w.invitations.Revoke(w.ctx, w.staff(), i.ID))
		}, "invitation_ended"},
		"remove the user": {func(w *world, i membership.Invitation) error {
			return second(w.users.Remove(w.ctx, w.staff(), i.UserID, 0))
		}, "invitation_ended"},
		"delete": {func(w *world, i membership.Invitation) error { return w.invitations.Delete(w.ctx, w.staff(), i.ID) }, "invalid_token"},
	}
	for name, end := range ends {
		w := newWorld(t)
		inv := w.invite("new@example.com", membership.Member)
		token := w.token(inv.ID)
		if err := end.do(w, inv); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, _, err := w.invitations.Accept(w.ctx, w.public(), membership.AcceptInput{Token: token, Password: goodPassword})
		wantCode(t, err, end.code)
		w.now = w.now.Add(2 * time.Hour)
		wantCode(t, w.invitations.Renew(w.ctx, w.public(), token), end.code)
		if name != "decline" {
			wantCode(t, w.invitations.Decline(w.ctx, w.public(), token), end.code)
		} else {
			wantCode(t, w.invitations.Decline(w.ctx, w.public(), token), "") // declining twice is fine
		}
		if name == "delete" {
			if _, there := w.store.users[inv.UserID]; there {
				t.Error("the user of a deleted invitation is still there")
			}
			continue
		}
		for what, err := range map[string]error{
			"resend": second(w.invitations.Resend(w.ctx, w.staff(), inv.ID)), "revoke": second(w.invitations.Revoke(w.ctx, w.staff(), inv.ID)),
		} {
			if want := end.code; membership.CodeOf(err) != want {
				t.Errorf("%s after %s: %v, want %s", what, name, err, want)
			}
		}
		if name == "accept" {
			wantCode(t, w.invitations.Delete(w.ctx, w.staff(), inv.ID), "accepted_remove_user")
		} else if status := w.store.users[inv.UserID].Status; status != membership.Removed {
			t.Errorf("after %s the user is %s", name, status)
		}
		// The mail that is still due is withdrawn.
		if m, err := w.outbox.Deliver(w.ctx, inv.MailID, w.now); m.Status != membership.MailWithdrawn || err != nil {
			t.Errorf("after %s the mail is %s (%v)", name, m.Status, err)
		}
		// And the address can be invited again if its user is gone.
		if name != "accept" {
			w.invite("NEW@example.com", membership.Administrator)
		}
	}
}

func TestRenewalOnlyWhileTheInviterMayInvite(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*world)
		code  string
	}{
		"as it was": {func(*world) {}, ""},
		"inviter deactivated": {func(w *world) {
			w.set("alpha-moderator", func(u *membership.User) { u.Status = membership.Deactivated })
		}, "inviter_gone"},
		"inviter removed":   {func(w *world) { w.set("alpha-moderator", func(u *membership.User) { u.Status = membership.Removed }) }, "inviter_gone"},
		"inviter deleted":   {func(w *world) { delete(w.store.users, "alpha-moderator") }, "inviter_gone"},
		"inviter demoted":   {func(w *world) { w.set("alpha-moderator", func(u *membership.User) { u.Role = membership.Member }) }, "inviter_gone"},
		"inviter suspended": {func(w *world) { w.set("alpha-moderator", func(u *membership.User) { u.Status = membership.Suspended }) }, "inviter_gone"},
		"customer deactivated": {func(w *world) {
			w.setCustomer(func(c *membership.Customer) { c.Status = membership.CustomerDeactivated })
		}, "invitation_blocked"},
		"portal closed": {func(w *world) { w.setCustomer(func(c *membership.Customer) { c.PortalAccess = false }) }, "invitation_blocked"},
	} {
		w := newWorld(t)
		inv := w.inviteAs(w.as("alpha", membership.Moderator), "alpha", "new@example.com", membership.Member)
		c.spoil(w)
		w.now = w.now.Add(8 * 24 * time.Hour)
		mails := len(w.store.mails)
		err := w.invitations.Renew(w.ctx, w.public(), w.token(inv.ID))
		if membership.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
		if added := len(w.store.mails) - mails; added != map[bool]int{true: 1}[c.code == ""] {
			t.Errorf("%s: %d mails more", name, added)
		}
	}
}

func (w *world) set(userID string, change func(*membership.User)) {
	u := w.store.users[userID]
	change(&u)
	u.Version++
	w.store.users[userID] = u
}

func (w *world) setCustomer(change func(*membership.Customer)) {
	c := w.store.customers["alpha"]
	change(&c)
	w.store.customers["alpha"] = c
}

// Resending all expired ones resends only those, and only where the actor may; a second time it does nothing.
func TestResendExpired(t *testing.T) {
	w := newWorld(t)
	old := w.invite("old@example.com", membership.Member)
	chief := w.invite("chief@example.com", membership.Administrator)
	w.now = w.now.Add(membership.InvitationLifetime)
	fresh := w.invite("fresh@example.com", membership.Member)
	ids := func(c membership.Call) map[string]bool {
		t.Helper()
		results, next, err := w.invitations.ResendExpired(w.ctx, c, "alpha", "")
		if err != nil || next != "" {
			t.Fatalf("%v, next %q", err, next)
		}
		got := map[string]bool{}
		for _, r := range results {
			if r.Err != nil {
				t.Errorf("%s: %v", r.ID, r.Err)
			}
			got[r.ID] = true
		}
		return got
	}
	if got := ids(w.as("alpha", membership.Moderator)); len(got) != 1 || !got[old.ID] {
		t.Errorf("a moderator resent %v, not only the member's", got)
	}
	if got := ids(w.staff()); len(got) != 1 || !got[chief.ID] || got[fresh.ID] {
		t.Errorf("staff resent %v, not only the administrator's", got)
	}
	if got := ids(w.staff()); len(got) != 0 {
		t.Errorf("a second time: %v", got)
	}
	if _, _, err := w.invitations.ResendExpired(w.ctx, w.as("alpha", membership.Member), "alpha", ""); membership.CodeOf(err) != "forbidden" {
		t.Errorf("a member: %v", err)
	}
	if _, _, err := w.invitations.ResendExpired(w.ctx, w.as("beta", membership.Administrator), "alpha", ""); membership.CodeOf(err) != "not_found" {
		t.Errorf("another customer: %v", err)
	}
}

// The sixth letter to one address within an hour is refused to a customer's own people, not to staff.
func TestLettersToOneAddressAreLimited(t *testing.T) {
	w := newWorld(t)
	boss := w.as("alpha", membership.Administrator)
	inv := w.inviteAs(boss, "alpha", "new@example.com", membership.Member)
	for n := 2; n <= 6; n++ {
		_, err := w.invitations.Resend(w.ctx, boss, inv.ID)
		if refused := membership.KindOf(err) == membership.TooMany; refused != (n == 6) {
			t.Errorf("letter %d: %v", n, err)
		}
	}
	if _, err := w.invitations.Resend(w.ctx, w.staff(), inv.ID); err != nil {
		t.Errorf("staff: %v", err)
	}
}
