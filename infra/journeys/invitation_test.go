package journeys_test

import (
	"strings"
	"sync"
	"testing"
	"time"
)

func TestInviteToSignIn(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Fjordfisk AS")
	staff.must(201, "POST", "/customers/"+customer+"/subaccounts", map[string]string{"name": "Bergen"})
	other := newCustomer(staff, "Other Ltd")
	used := address("used")
	join(staff, other, used, "member")

	good := address("good")
	a := staff.must(200, "POST", "/invitations", map[string]any{"customerId": customer, "role": "member", "invitees": []map[string]string{
		{"email": good, "firstName": "Ada", "lastName": "Lovelace", "language": "de"}, {"email": "not an address"}, {"email": used},
		{"email": strings.ToUpper(good)}}})
	rows := a.items("results")
	for i, want := range []string{"", "invalid_email", "email_in_use", "duplicate_row"} {
		code, _ := rows[i]["code"].(string)
		if code != want {
			t.Errorf("row %d: code %q instead of %q: %v", i, code, want, rows[i])
		}
	}
	id := rows[0]["id"].(string)

	m := mailed(t, s, good, 1)
	if !strings.Contains(m.Text, "Fjordfisk AS") || !strings.Contains(m.Text, s.Portal+"/invitation#") {
		t.Errorf("the mail does not name customer and portal:\n%s", m.Text)
	}
	key := token(t, m)
	public := nobody(t, s)
	offer := public.must(200, "POST", "/invitations/inspect", map[string]string{"token": key})
	if offer.text("state") != "open" || offer.text("firstName") != "Ada" || offer.text("language") != "de" {
		t.Errorf("offer: %s", offer.raw)
	}
	public.refused(400, "password_too_short", "POST", "/invitations/accept", map[string]string{"token": key, "password": "short"})
	accepted := public.must(200, "POST", "/invitations/accept", map[string]string{"token": key, "password": password})
	if accepted.text("user.status") != "active" || accepted.text("user.firstName") != "Ada" {
		t.Errorf("accepted: %s", accepted.raw)
	}
	public.refused(409, "already_accepted", "POST", "/invitations/accept", map[string]string{"token": key, "password": password})
	me := caller{t: t, stack: s, token: accepted.text("accessToken")}.must(200, "GET", "/me", nil)
	if me.text("email") != good || me.text("customerId") != customer {
		t.Errorf("me: %s", me.raw)
	}
	for _, login := range []string{good, strings.ToUpper(good), accepted.text("user.username")} {
		signIn(t, s, login, password, "portal")
	}
	public.refused(401, "wrong_credentials", "POST", "/auth/sign-in", map[string]string{"username": good, "password": password, "door": "console"})
	if got := staff.must(200, "GET", "/invitations/"+id, nil); got.text("status") != "accepted" {
		t.Errorf("invitation: %s", got.raw)
	}
	within(t, "the user active in the customer's list", func() bool {
		for _, u := range staff.must(200, "GET", "/users?customer="+customer, nil).items("items") {
			if u["email"] == good && u["status"] == "active" {
				return true
			}
		}
		return false
	})
	staff.refused(409, "accepted_remove_user", "DELETE", "/invitations/"+id, nil)
}

func TestResendRevokeDeclineDelete(t *testing.T) {
	s := theStack(t)
	staff, public := admin(t, s), nobody(t, s)
	customer := newCustomer(staff, "Links Ltd")

	resent := address("resent")
	id := invite(staff, customer, resent, "member")
	old := token(t, mailed(t, s, resent, 1))
	staff.must(200, "POST", "/invitations/"+id+"/resend", nil)
	fresh := token(t, mailed(t, s, resent, 2))
	public.refused(410, "invitation_replaced", "POST", "/invitations/inspect", map[string]string{"token": old})
	public.must(200, "POST", "/invitations/inspect", map[string]string{"token": fresh})
	public.refused(429, "renewed_recently", "POST", "/invitations/renew", map[string]string{"token": fresh})

	staff.must(200, "POST", "/invitations/"+id+"/revoke", nil)
	staff.refused(410, "invitation_ended", "POST", "/invitations/"+id+"/revoke", nil)
	if offer := public.must(200, "POST", "/invitations/inspect", map[string]string{"token": fresh}); offer.text("state") != "ended" {
		t.Errorf("revoked offer: %s", offer.raw)
	}
	public.refused(410, "invitation_ended", "POST", "/invitations/accept", map[string]string{"token": fresh, "password": password, "firstName": "A", "lastName": "B"})
	again := invite(staff, customer, resent, "member") // a revoked address can be invited again
	staff.must(204, "DELETE", "/invitations/"+again, nil)
	staff.refused(404, "not_found", "GET", "/invitations/"+again, nil)
	invite(staff, customer, resent, "member") // and so can a deleted one

	declined := address("declined")
	invite(staff, customer, declined, "member")
	key := token(t, mailed(t, s, declined, 1))
	public.must(204, "POST", "/invitations/decline", map[string]string{"token": key})
	public.must(204, "POST", "/invitations/decline", map[string]string{"token": key}) // twice is no error
	invite(staff, customer, declined, "member")
}

func TestRemovedPersonIsInvitedAgain(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Again Ltd")
	email := address("again")
	user, id := join(staff, customer, email, "member")
	etag := staff.must(200, "GET", "/users/"+id, nil).header.Get("ETag")
	staff.refused(428, "if_match_required", "DELETE", "/users/"+id, nil)
	staff.refused(412, "changed_meanwhile", "DELETE", "/users/"+id, nil, "If-Match", `"999"`)
	staff.must(204, "DELETE", "/users/"+id, nil, "If-Match", etag)
	user.refused(401, "sign_in_required", "GET", "/me", nil)
	nobody(t, s).refused(401, "wrong_credentials", "POST", "/auth/sign-in", map[string]string{"username": email, "password": password, "door": "portal"})
	invite(staff, customer, email, "member")
	again := nobody(t, s).must(200, "POST", "/invitations/accept", map[string]string{
		"token": token(t, mailed(t, s, email, 2)), "password": password, "firstName": "Jo", "lastName": "Smith"})
	if again.text("user.id") == id {
		t.Error("the removed record was used again")
	}
}

// A customer's administrator must not find out who signs in for another customer.
func TestAddressInUseIsNotTold(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	mine, other := newCustomer(staff, "Mine Ltd"), newCustomer(staff, "Theirs Ltd")
	theirs := address("theirs")
	join(staff, other, theirs, "member")
	boss, _ := join(staff, mine, address("boss"), "administrator")

	fresh := address("fresh")
	body := func(email string) map[string]any {
		return map[string]any{"customerId": mine, "invitees": []map[string]string{{"email": email}}}
	}
	known, unknown := boss.must(200, "POST", "/invitations", body(theirs)), boss.must(200, "POST", "/invitations", body(fresh))
	if len(known.raw) != len(unknown.raw) {
		t.Errorf("answers differ:\n%s\n%s", known.raw, unknown.raw)
	}
	id := known.items("results")[0]["id"].(string)
	other2 := unknown.items("results")[0]["id"].(string)
	a, b := boss.must(200, "GET", "/invitations/"+id, nil), boss.must(200, "GET", "/invitations/"+other2, nil)
	if a.text("status") != b.text("status") || a.text("role") != b.text("role") {
		t.Errorf("invitations differ:\n%s\n%s", a.raw, b.raw)
	}
	if row := boss.must(200, "POST", "/invitations", body(theirs)).items("results")[0]; row["code"] != "already_invited" {
		t.Errorf("second time: %v", row)
	}
	m := mailed(t, s, theirs, 2)
	if tokenInMail.MatchString(m.Text) {
		t.Errorf("the letter to somebody else's user carries a link:\n%s", m.Text)
	}
	boss.must(200, "POST", "/invitations/"+id+"/resend", nil)
	boss.must(200, "POST", "/invitations/"+id+"/revoke", nil)
	signIn(t, s, theirs, password, "portal") // and nothing has happened to them

	// The provider does not see a customer's own invitations in its list.
	for _, i := range staff.must(200, "GET", "/invitations?customer="+mine, nil).items("items") {
		if i["email"] == fresh {
			t.Error("an invitation made by the customer is in the provider's list")
		}
	}
}

func TestCustomerDeactivated(t *testing.T) {
	s := theStack(t)
	staff, public := admin(t, s), nobody(t, s)
	customer := newCustomer(staff, "Closing Ltd")
	inside := address("inside")
	user, _ := join(staff, customer, inside, "administrator")
	outside := address("outside")
	invite(staff, customer, outside, "member")
	key := token(t, mailed(t, s, outside, 1))

	staff.must(200, "POST", "/customers/"+customer+"/deactivate", nil)
	user.refused(401, "sign_in_required", "GET", "/me", nil)
	accept := map[string]string{"token": key, "password": password, "firstName": "A", "lastName": "B"}
	public.refused(409, "invitation_blocked", "POST", "/invitations/accept", accept)
	staff.refused(409, "customer_deactivated", "POST", "/invitations", map[string]any{"customerId": customer, "invitees": []map[string]string{{"email": address("x")}}})
	staff.refused(409, "already_deactivated", "POST", "/customers/"+customer+"/deactivate", nil)

	staff.must(200, "POST", "/customers/"+customer+"/reactivate", nil)
	user.refused(401, "sign_in_required", "GET", "/me", nil) // earlier sessions stay closed
	signIn(t, s, inside, password, "portal").must(200, "GET", "/me", nil)
	public.must(200, "POST", "/invitations/accept", accept)

	etag := staff.must(200, "GET", "/customers/"+customer, nil).header.Get("ETag")
	staff.refused(409, "customer_not_empty", "DELETE", "/customers/"+customer, nil, "If-Match", etag)
}

func TestUserDeactivatedIsOutWithTheNextRequest(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Cut-off Ltd")
	email := address("cut")
	user, id := join(staff, customer, email, "moderator")
	user.must(200, "GET", "/users", nil)
	staff.must(200, "POST", "/users/"+id+"/deactivate", nil)
	user.refused(401, "sign_in_required", "GET", "/users", nil)
	staff.refused(409, "impossible_in_status", "POST", "/users/"+id+"/deactivate", nil)
	staff.must(200, "POST", "/users/"+id+"/reactivate", nil)
	user.refused(401, "sign_in_required", "GET", "/users", nil) // earlier sessions stay closed
	signIn(t, s, email, password, "portal").must(200, "GET", "/users", nil)
}

// 64 people with the same link: exactly one gets in.
func TestParallelAccepts(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Race Ltd")
	for range 2 {
		email := address("race")
		invite(staff, customer, email, "member")
		key := token(t, mailed(t, s, email, 1))
		var (
			mu    sync.Mutex
			codes = map[string]int{}
			wg    sync.WaitGroup
		)
		for range 64 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				a, err := nobody(t, s).try("POST", "/invitations/accept", map[string]string{"token": key, "password": password, "firstName": "A", "lastName": "B"})
				code := a.text("code")
				switch {
				case err != nil:
					code = err.Error()
				case a.status == 200:
					code = "ok"
				}
				mu.Lock()
				codes[code]++
				mu.Unlock()
			}()
		}
		wg.Wait()
		if codes["ok"] != 1 || codes["already_accepted"] != 63 {
			t.Errorf("outcomes: %v", codes)
		}
		signIn(t, s, email, password, "portal")
	}
}

func TestResendExpiredTakesOnlyExpired(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Nothing Expired Ltd")
	invite(staff, customer, address("open"), "member")
	a := staff.must(200, "POST", "/invitations/resend-expired", map[string]string{"customerId": customer})
	if len(a.items("results")) != 0 || a.text("next") != "" {
		t.Errorf("an open invitation was resent: %s", a.raw)
	}
	member, _ := join(staff, customer, address("member"), "member")
	member.refused(403, "forbidden", "POST", "/invitations/resend-expired", map[string]string{"customerId": customer})
	staff.refused(400, "", "POST", "/invitations/resend-expired", map[string]string{"customerId": customer, "cursor": "made-up"})
}

// A customer's own people cannot make us flood a mailbox.
func TestMailsToOneAddressAreLimited(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Flood Ltd")
	boss, _ := join(staff, customer, address("boss"), "administrator")
	id := invite(boss, customer, address("flooded"), "member")
	// The limit is five an hour, and the hour may end between two of them.
	var a answer
	for sent := 1; a.status == 0 || a.status == 200; sent++ {
		if sent > 10 {
			t.Fatalf("%d letters to one address", sent)
		}
		a = boss.call("POST", "/invitations/"+id+"/resend", nil)
	}
	if a.status != 429 || a.text("code") != "too_many_requests" || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %v %s", a.status, a.header, a.raw)
	}
	staff.must(200, "POST", "/invitations/"+id+"/resend", nil) // staff are not limited
}

func TestInvitationsNewestFirst(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Order Ltd")
	first := invite(staff, customer, address("first"), "member")
	within(t, "the first invitation in the list", func() bool {
		return len(staff.must(200, "GET", "/invitations?customer="+customer, nil).items("items")) == 1
	})
	now := time.Now().Unix() // lists sort by whole seconds
	within(t, "the next second", func() bool { return time.Now().Unix() > now })
	second := invite(staff, customer, address("second"), "member")
	within(t, "the newer invitation on top", func() bool {
		items := staff.must(200, "GET", "/invitations?customer="+customer, nil).items("items")
		return len(items) == 2 && items[0]["id"] == second && items[1]["id"] == first
	})
}
