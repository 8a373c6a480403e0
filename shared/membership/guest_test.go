package membership_test

import (
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

// guestWorld is a world with a customer that nobody has got into yet.
func guestWorld(t *testing.T) (*world, membership.Guests) {
	t.Helper()
	w := newWorld(t)
	w.store.customers["gamma"] = membership.Customer{ID: "gamma", Name: "Gamma Ltd", Type: membership.Corporate, Management: membership.ManagedCustomer,
		Status: membership.CustomerActive, PortalAccess: true, Email: "Office@Gamma.example", Language: "de", CreatedAt: start, Version: 1}
	return w, membership.Guests{Store: w.store, Keys: w.keys, NewID: w.id, Language: "en"}
}

// guestTokens asks for links and returns the tokens of all mails that follow.
func (w *world) guestTokens(gs membership.Guests, email string) (tokens, to []string) {
	w.t.Helper()
	if err := gs.Ask(w.ctx, w.public(), membership.AskLink{Email: email, Source: "192.0.2.1"}, "en"); err != nil {
		w.t.Fatal(err)
	}
	posted := len(w.postman.posted)
	for range 2 { // the first may owe further ones
		if _, err := w.outbox.Sweep(w.ctx, 100, func() time.Time { return w.now }); err != nil {
			w.t.Fatal(err)
		}
	}
	for i := posted; i < len(w.postman.posted); i++ {
		tokens, to = append(tokens, w.postman.tokens[i]), append(to, w.postman.posted[i].To)
	}
	return tokens, to
}

func (w *world) secret() []byte { return []byte(strings.Repeat("x", 32)) }

func (w *world) enterAsGuest(gs membership.Guests) membership.GuestTicket {
	w.t.Helper()
	tokens, _ := w.guestTokens(gs, "office@gamma.example")
	if len(tokens) != 1 {
		w.t.Fatalf("%d links", len(tokens))
	}
	s, err := gs.Enter(w.ctx, w.public(), tokens[0], w.secret())
	if err != nil {
		w.t.Fatal(err)
	}
	return membership.GuestTicket{CustomerID: s.CustomerID, SessionID: s.ID, Secret: w.secret()}
}

// Whatever the address, asking does the same: two counts and one mail to be judged later.
func TestAskingForALinkTellsNothing(t *testing.T) {
	w, gs := guestWorld(t)
	for email, want := range map[string]int{"office@gamma.EXAMPLE": 1, "nobody@gamma.example": 0, "alpha-member@example.com": 0} {
		mails, events := len(w.store.mails), len(w.store.events)
		tokens, to := w.guestTokens(gs, email)
		if len(tokens) != want || want == 1 && to[0] != "Office@Gamma.example" {
			t.Errorf("%s: %d links to %v", email, len(tokens), to)
		}
		if len(w.store.mails) != mails+1 || len(w.store.events)-events > 2 {
			t.Errorf("%s: %d mails, %d counts", email, len(w.store.mails)-mails, len(w.store.events)-events)
		}
	}
	wantCode(t, gs.Ask(w.ctx, w.public(), membership.AskLink{Email: "office"}, "en"), "invalid_email")
	for n := range 3 {
		err := gs.Ask(w.ctx, w.public(), membership.AskLink{Email: "busy@gamma.example"}, "en")
		wantCode(t, err, "")
		if n == 2 {
			wantCode(t, gs.Ask(w.ctx, w.public(), membership.AskLink{Email: "busy@gamma.example"}, "en"), "too_many_requests")
		}
	}
}

// Customers with one contact address get a link each.
func TestLinksOfOneContactOfSeveralCustomers(t *testing.T) {
	w, gs := guestWorld(t)
	delta := w.store.customers["gamma"]
	delta.ID, delta.Name = "delta", "Delta Ltd"
	w.store.customers["delta"] = delta
	tokens, _ := w.guestTokens(gs, "office@gamma.example")
	seen := map[string]bool{}
	for _, token := range tokens {
		c, err := gs.Inspect(w.ctx, w.public(), token)
		if err != nil {
			t.Fatal(err)
		}
		seen[c.ID] = true
	}
	if len(tokens) != 2 || !seen["gamma"] || !seen["delta"] {
		t.Errorf("links to %v", seen)
	}
}

func TestGuestLinkWorksOnceAndForAQuarter(t *testing.T) {
	w, gs := guestWorld(t)
	tokens, _ := w.guestTokens(gs, "office@gamma.example")
	newer, _ := w.guestTokens(gs, "office@gamma.example")
	wantCode(t, second(gs.Inspect(w.ctx, w.public(), tokens[0])), "guest_link_over") // replaced
	sent := w.now.Truncate(time.Second)
	for _, test := range []struct {
		at   time.Duration
		code string
	}{{0, ""}, {15*time.Minute - time.Second, ""}, {15 * time.Minute, "guest_link_over"}} {
		w.now = sent.Add(test.at)
		for range 3 { // looking does not use it up
			wantCode(t, second(gs.Inspect(w.ctx, w.public(), newer[0])), test.code)
		}
	}
	w.now = sent.Add(15 * time.Minute)
	wantCode(t, second(gs.Enter(w.ctx, w.public(), newer[0], w.secret())), "guest_link_over")
	w.now = sent.Add(time.Minute)
	if _, err := gs.Enter(w.ctx, w.public(), newer[0], w.secret()); err != nil {
		t.Fatal(err)
	}
	wantCode(t, second(gs.Enter(w.ctx, w.public(), newer[0], w.secret())), "guest_link_over")
	for _, bad := range []string{"", "x", "gamma.2." + strings.Repeat("A", 43), newer[0][:len(newer[0])-2] + "AA", "alpha" + newer[0][len("gamma"):], "none" + newer[0][len("gamma"):]} {
		if _, err := gs.Inspect(w.ctx, w.public(), bad); membership.KindOf(err) != membership.Invalid && membership.KindOf(err) != membership.Gone {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A stay does not outlast a deactivation, even if no request fell into it.
func TestGuestsStayEndsWithADeactivation(t *testing.T) {
	w, gs := guestWorld(t)
	ticket := w.enterAsGuest(gs)
	wantCode(t, second(w.customers.Deactivate(w.ctx, w.staff(), "gamma", 0)), "")
	w.now = w.now.Add(2 * time.Second)
	wantCode(t, second(w.customers.Reactivate(w.ctx, w.staff(), "gamma", 0)), "")
	_, _, err := gs.Load(w.ctx, ticket, w.now, "req")
	wantCode(t, err, "sign_in_required")
	w.now = w.now.Add(time.Hour)
	if _, _, err := gs.Load(w.ctx, w.enterAsGuest(gs), w.now, "req"); err != nil {
		t.Errorf("a new stay: %v", err)
	}
}

// The stay ends for good with the next request after the guest is none any more; so does an unused link.
func TestGuestsStayUntilTheFirstUser(t *testing.T) {
	for what, ends := range map[string]func(w *world){
		"first user": func(w *world) { w.person("gamma", membership.Member) },
		"suspended user": func(w *world) {
			u := w.person("gamma", membership.Member)
			u.Status = membership.Suspended
			w.store.users[u.ID] = u
		},
		"deactivated": func(w *world) {
			c := w.store.customers["gamma"]
			c.Status = membership.CustomerDeactivated
			w.store.customers["gamma"] = c
		},
		"portal off": func(w *world) {
			c := w.store.customers["gamma"]
			c.PortalAccess = false
			w.store.customers["gamma"] = c
		},
		"another address": func(w *world) {
			c := w.store.customers["gamma"]
			c.Email = "new@gamma.example"
			w.store.customers["gamma"] = c
		},
		"deleted":  func(w *world) { delete(w.store.customers, "gamma") },
		"an hour":  func(w *world) { w.now = w.now.Add(membership.GuestStay) },
		"the door": func(w *world) {},
	} {
		t.Run(what, func(t *testing.T) {
			w, gs := guestWorld(t)
			ticket := w.enterAsGuest(gs)
			unused, _ := w.guestTokens(gs, "office@gamma.example")
			before := w.store.customers["gamma"]
			if a, c, err := gs.Load(w.ctx, ticket, w.now, "req"); err != nil || a.Realm != membership.Guest || c.ID != "gamma" {
				t.Fatalf("%+v, %v", a, err)
			}
			wrong := ticket
			wrong.Secret = []byte(strings.Repeat("y", 32))
			if _, _, err := gs.Load(w.ctx, wrong, w.now, "req"); membership.KindOf(err) != membership.Unauthenticated {
				t.Errorf("with another secret: %v", err)
			}
			if ends(w); what == "the door" {
				if err := gs.Leave(w.ctx, ticket); err != nil {
					t.Fatal(err)
				}
			} else if _, err := gs.Inspect(w.ctx, w.public(), unused[0]); err == nil {
				t.Error("the unused link still works")
			}
			_, _, err := gs.Load(w.ctx, ticket, w.now, "req")
			wantCode(t, err, "sign_in_required")
			w.store.customers["gamma"] = before
			delete(w.store.users, "gamma-member")
			_, _, err = gs.Load(w.ctx, ticket, w.now, "req")
			wantCode(t, err, "sign_in_required") // and does not come back
		})
	}
}

func (w *world) guest(gs membership.Guests) membership.Call {
	w.t.Helper()
	a, _, err := gs.Load(w.ctx, w.enterAsGuest(gs), w.now, "req")
	if err != nil {
		w.t.Fatal(err)
	}
	return membership.Call{Actor: a, Now: w.now}
}

// A guest sees the customer and can ask, and no more.
func TestGuestsMayNothingElse(t *testing.T) {
	w, gs := guestWorld(t)
	c := w.guest(gs)
	if got, err := w.customers.Get(w.ctx, c, "gamma"); err != nil || got.ID != "gamma" {
		t.Errorf("own customer: %v, %v", got.ID, err)
	}
	wantCode(t, second(w.customers.Get(w.ctx, c, "alpha")), "not_found")
	wantCode(t, second(w.users.List(w.ctx, c, membership.UserQuery{CustomerID: "gamma"})), "forbidden")
	wantCode(t, second(w.invitations.Invite(w.ctx, c, membership.InviteInput{CustomerID: "gamma", Invitees: []membership.Invitee{{Email: "x@gamma.example"}}})), "forbidden")
	wantCode(t, second(w.domains(names{}).List(w.ctx, c, "gamma")), "forbidden")
	name := "Taken"
	wantCode(t, second(w.customers.Change(w.ctx, c, "gamma", 1, membership.CustomerInput{Name: &name})), "forbidden")
	for _, other := range []membership.Call{w.as("alpha", membership.Administrator), w.staff()} {
		wantCode(t, gs.AskFirstUser(w.ctx, other, membership.FirstUser{FirstName: "A", LastName: "B", Email: "a@example.com"}), "forbidden")
	}
}

func TestAskForAFirstUser(t *testing.T) {
	w, gs := guestWorld(t)
	c := w.guest(gs)
	wantCode(t, gs.AskFirstUser(w.ctx, c, membership.FirstUser{Email: "office@gamma.example", FirstName: "Gerd"}), "required")
	wantCode(t, gs.AskFirstUser(w.ctx, c, membership.FirstUser{Email: "office@gamma.example", FirstName: "Gerd", LastName: "Gamma", Role: membership.Agent}), "invalid_role")
	wantCode(t, gs.AskFirstUser(w.ctx, c, membership.FirstUser{Email: "office@gamma.example", FirstName: "Gerd", LastName: "evil.example/x"}), "invalid_text")
	ask := func(email string) error {
		return gs.AskFirstUser(w.ctx, c, membership.FirstUser{Email: email, FirstName: "Gerd", LastName: "Gamma"})
	}
	wantCode(t, ask("Office@gamma.example"), "")
	wantCode(t, ask("office@gamma.example"), "already_asked")
	var waiting membership.Registration
	for _, r := range w.store.registrations {
		waiting = r
	}
	if waiting.Status != membership.RegistrationWaiting || waiting.ProposedCustomerID != "gamma" || waiting.ProposedRole != membership.Administrator || waiting.CustomerID != membership.UnassignedID {
		t.Errorf("waits as %+v", waiting)
	}
	if !waiting.ConfirmedAt.Equal(waiting.RegisteredAt) || !waiting.ExpiresAt.Equal(waiting.ConfirmedAt) { // the link that has proven the address is used up
		t.Errorf("confirmed at %v, by a link until %v", waiting.ConfirmedAt, waiting.ExpiresAt)
	}
	if u := w.store.users[waiting.ID]; u.Status != membership.Waiting || u.Role != membership.Administrator {
		t.Errorf("waits as user %+v", u)
	}
	// An address that the guest has not proven must be confirmed first, whoever has it, and the guest hears the same.
	for _, email := range []string{"new@gamma.example", "alpha-member@example.com"} {
		mails := len(w.store.mails)
		wantCode(t, ask(email), "")
		if len(w.store.mails) != mails+1 {
			t.Errorf("%s: %d mails", email, len(w.store.mails)-mails)
		}
	}
	wantCode(t, ask("third@gamma.example"), "")
	wantCode(t, ask("late@gamma.example"), "too_many_requests")

	approvals := membership.Approvals{Store: w.store, NewID: w.id, Language: "en"}
	results, err := approvals.Decide(w.ctx, w.staff(), membership.DecisionInput{RegistrationIDs: []string{waiting.ID}, Decision: membership.DecideApprove})
	if err != nil || results[0].Err != nil {
		t.Fatalf("approve: %v %v", err, results)
	}
	if u := w.store.users[waiting.ID]; u.Status != membership.Active || u.CustomerID != "gamma" || u.Role != membership.Administrator {
		t.Errorf("approved as %+v", u)
	}
	wantCode(t, second(gs.Inspect(w.ctx, w.public(), func() string { tokens, _ := w.guestTokens(gs, "office@gamma.example"); return strings.Join(tokens, "") }())), "invalid_token")
}

// A guest's request counts only as long as the guest does: once the customer has another contact address, the approver
// must choose the customer, and nobody gets the role that was asked for unless it is chosen, too.
func TestWhatAnEarlierContactAskedFor(t *testing.T) {
	w, gs := guestWorld(t)
	if err := gs.AskFirstUser(w.ctx, w.guest(gs), membership.FirstUser{Email: "office@gamma.example", FirstName: "Gerd", LastName: "Gamma"}); err != nil {
		t.Fatal(err)
	}
	var id string
	for _, r := range w.store.registrations {
		id = r.ID
	}
	gamma := w.store.customers["gamma"]
	gamma.Email = "new@gamma.example"
	w.store.customers["gamma"] = gamma
	in := membership.DecisionInput{RegistrationIDs: []string{id}, Decision: membership.DecideApprove}
	if r := w.decide(w.staff(), in)[0]; r.Err == nil || r.Err.Code != membership.ErrContactChanged.Code || w.store.users[id].Status != membership.Waiting {
		t.Fatalf("approved as %+v (%v)", w.store.users[id], r.Err)
	}
	in.CustomerID = "gamma"
	if r := w.decide(w.staff(), in)[0]; r.Err != nil || w.store.users[id].Role != membership.Member || w.store.users[id].CustomerID != "gamma" {
		t.Errorf("approved as %+v (%v)", w.store.users[id], r.Err)
	}
}
