package membership_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

func (w *world) registrations() membership.Registrations {
	return membership.Registrations{Store: w.store, Keys: w.keys, Phones: phones, NewID: w.id, Language: "en"}
}

func (w *world) approvals() membership.Approvals {
	return membership.Approvals{Store: w.store, NewID: w.id, Language: "en"}
}

// set changes the settings; people can register with them.
func (w *world) settings(change func(*membership.Settings)) {
	s := w.store.now()
	s.SelfRegistration = true
	if change != nil {
		change(&s)
	}
	s.Version++
	w.store.settings = &s
}

func form(email string) membership.RegistrationInput {
	return membership.RegistrationInput{Email: email, FirstName: "Rita", LastName: "Gister", Company: "Gister Ltd", Origin: membership.OriginAPI, Source: "192.0.2.9"}
}

// register starts a registration and delivers what is due; it returns the letters that were posted.
func (w *world) register(in membership.RegistrationInput) []membership.Mail {
	w.t.Helper()
	if err := w.registrations().Start(w.ctx, w.public(), in); err != nil {
		w.t.Fatal(err)
	}
	return w.deliver()
}

// deliver posts what is due and returns it.
func (w *world) deliver() []membership.Mail {
	w.t.Helper()
	posted := len(w.postman.posted)
	if _, err := w.outbox.Sweep(w.ctx, 1000, func() time.Time { return w.now }); err != nil {
		w.t.Fatal(err)
	}
	return w.postman.posted[posted:]
}

// open is the unconfirmed registration of an address.
func (w *world) open(email string) membership.Registration {
	return w.store.registrations[w.store.registering[membership.FoldLogin(email)].RegistrationID]
}

func (w *world) confirm(r membership.Registration) (membership.Registration, error) {
	return w.registrations().Confirm(w.ctx, w.public(), membership.ConfirmInput{Token: w.keys.Token(r.Link())})
}

// waiting registers and confirms an address and returns the registration.
func (w *world) waiting(email string) membership.Registration {
	w.t.Helper()
	w.register(form(email))
	r, err := w.confirm(w.open(email))
	if err != nil {
		w.t.Fatal(err)
	}
	w.deliver()
	return r
}

func (w *world) decide(c membership.Call, in membership.DecisionInput) []membership.RowResult {
	w.t.Helper()
	results, err := w.approvals().Decide(w.ctx, c, in)
	if err != nil {
		w.t.Fatal(err)
	}
	return results
}

func letters(mails []membership.Mail) string {
	names := make([]string, len(mails))
	for i, m := range mails {
		names[i] = string(m.Letter)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestRegisterConfirmWaitApprove(t *testing.T) {
	w := newWorld(t)
	w.settings(nil)
	in := form("rita@gister.example")
	posted := w.register(in)
	if letters(posted) != "registration-confirm" || len(posted[0].Fields) != 1 || posted[0].Fields["expiresAt"] == "" {
		t.Fatalf("posted %+v: what was typed must not be mailed to an address that nobody has proven", posted)
	}
	if _, there := w.store.logins["rita@gister.example"]; there || len(w.store.users) != 6 {
		t.Error("an unconfirmed registration is no user yet")
	}
	r, err := w.confirm(w.open(in.Email))
	if err != nil || r.Status != membership.RegistrationWaiting || r.CustomerID != membership.UnassignedID {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := letters(w.deliver()); got != "registration-waiting" {
		t.Errorf("posted %s", got)
	}
	u := w.store.users[r.ID]
	if u.Status != membership.Waiting || u.CustomerID != membership.UnassignedID || u.Role != membership.Member || u.Username != "" {
		t.Errorf("waits as %+v", u)
	}
	if again, err := w.confirm(r); err != nil || again.Status != membership.RegistrationWaiting || len(w.deliver()) != 0 {
		t.Errorf("confirmed again: %+v, %v", again, err)
	}
	for _, role := range membership.RolesOf("alpha") {
		if _, err := w.users.Get(w.ctx, w.as("alpha", role), r.ID); membership.KindOf(err) != membership.NotFound {
			t.Errorf("%s of a customer sees who waits: %v", role, err)
		}
	}
	results := w.decide(w.staff(), membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideApprove, CustomerID: "alpha"})
	if results[0].Err != nil || results[0].ID != r.ID {
		t.Fatal(results[0].Err)
	}
	u = w.store.users[r.ID]
	if u.Status != membership.Active || u.CustomerID != "alpha" || u.Company != "alpha" || u.Username != "rita@gister.example" {
		t.Errorf("approved as %+v", u)
	}
	posted = w.deliver()
	if letters(posted) != "user-registration" || w.postman.tokens[len(w.postman.tokens)-1] == "" {
		t.Fatalf("posted %+v", posted)
	}
	token := w.postman.tokens[len(w.postman.tokens)-1]
	w.now = w.now.Add(membership.RegistrationLifetime - time.Second)
	if err := w.signIn.ResetPassword(w.ctx, w.public(), token, goodPassword); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(5 * time.Second)
	if _, err := w.signIn.SignIn(w.ctx, w.public(), membership.Credentials{Login: u.Username, Password: goodPassword, Door: membership.PortalDoor}); err != nil {
		t.Error(err)
	}
	if _, err := w.confirm(r); err != nil {
		t.Errorf("the link of somebody who is in: %v", err)
	}
}

func TestDisapprove(t *testing.T) {
	w := newWorld(t)
	w.settings(nil)
	first, second := w.waiting("one@gister.example"), w.waiting("two@gister.example")
	decide := membership.DecisionInput{RegistrationIDs: []string{first.ID}, Decision: membership.DecideDisapprove, Reason: "We do not know you.\nSorry."}
	if r := w.decide(w.as(membership.ProviderID, membership.Agent), decide); r[0].Err != nil {
		t.Fatal(r[0].Err)
	}
	if posted := w.deliver(); letters(posted) != "registration-disapproved" || posted[0].Fields["reason"] != decide.Reason {
		t.Errorf("posted %+v", posted)
	}
	decide.RegistrationIDs, decide.Silent = []string{second.ID, first.ID}, true
	r := w.decide(w.staff(), decide)
	if r[0].Err != nil || r[1].Err == nil || r[1].Err.Code != "already_decided" || !strings.Contains(r[1].Err.Message, "disapproved by Ann agent") {
		t.Errorf("results %+v", r)
	}
	if posted := w.deliver(); len(posted) != 0 {
		t.Errorf("silence says %s", letters(posted))
	}
	if told, silent := w.store.registrations[first.ID].Delivery, w.store.registrations[second.ID]; told == "" || silent.Delivery != "" || silent.MailID != "" {
		t.Errorf("of the decisions the mails are %q, and in silence %q (%s)", told, silent.Delivery, silent.MailID)
	}
	for _, x := range []membership.Registration{first, second} {
		if u := w.store.users[x.ID]; u.Status != membership.Rejected {
			t.Errorf("%+v", u)
		}
		if _, err := w.confirm(x); membership.CodeOf(err) != "registration_ended" {
			t.Errorf("the link of a disapproved registration: %v", err)
		}
		if again := w.waiting(x.Email); again.ID == x.ID || again.Status != membership.RegistrationWaiting {
			t.Errorf("the address is not free again: %+v", again)
		}
	}
}

func TestApprovalOff(t *testing.T) {
	w := newWorld(t)
	w.settings(func(s *membership.Settings) { s.RegistrationNeedsApproval = false })
	w.store.domains["alpha.example"] = "alpha"
	for email, corporate := range map[string]bool{"rita@alpha.example": true, "rita@elsewhere.example": false} {
		w.register(form(email))
		r, err := w.confirm(w.open(email))
		if err != nil || r.Status != membership.RegistrationApproved {
			t.Fatalf("%s: %+v, %v", email, r, err)
		}
		u, c := w.store.users[r.ID], w.store.customers[r.CustomerID]
		if u.Status != membership.Active || u.Role != membership.Member || u.CustomerID != c.ID || (c.Type == membership.Corporate) != corporate || (c.ID == "alpha") != corporate {
			t.Errorf("%s: %+v of %+v", email, u, c)
		}
		if !corporate && (c.Name != "Rita Gister" || w.store.onlyUsers[c.ID] != u.ID) {
			t.Errorf("%s: customer %+v", email, c)
		}
		if got := letters(w.deliver()); got != "user-registration" {
			t.Errorf("posted %s", got)
		}
		if again, err := w.confirm(r); err != nil || again.Status != membership.RegistrationApproved {
			t.Errorf("again: %v", err)
		}
	}
}

// The customer of the proven domain has invited the address while it signed in elsewhere: its reader is told what to
// look for, not what an approver would have to do.
func TestApprovalOffForWhoWasInvited(t *testing.T) {
	w := newWorld(t)
	w.settings(func(s *membership.Settings) { s.RegistrationNeedsApproval = false })
	w.store.domains["example.com"] = "alpha"
	other := w.person("beta", membership.Member)
	w.inviteAs(w.as("alpha", membership.Administrator), "alpha", other.Email, membership.Member)
	if _, err := w.users.Remove(w.ctx, w.staff(), other.ID, other.Version); err != nil {
		t.Fatal(err)
	}
	w.register(form(other.Email))
	_, err := w.confirm(w.open(other.Email))
	wantCode(t, err, "address_known")
}

// With temporary passwords, the letter brings one, and the person changes it at the first sign-in.
func TestApprovedWithATemporaryPassword(t *testing.T) {
	w := newWorld(t)
	w.settings(func(s *membership.Settings) { s.Credentials = membership.ByTemporaryPassword })
	r := w.waiting("rita@gister.example")
	if results := w.decide(w.staff(), membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideApprove, CustomerID: "alpha"}); results[0].Err != nil {
		t.Fatal(results[0].Err)
	}
	if posted := w.deliver(); letters(posted) != "user-registration-temporary" {
		t.Fatalf("posted %+v", posted)
	}
	w.now = w.now.Add(5 * time.Second)
	in, err := w.signIn.SignIn(w.ctx, w.public(), membership.Credentials{Login: r.Email, Password: w.postman.tokens[len(w.postman.tokens)-1], Door: membership.PortalDoor})
	if err != nil || in.Answer.Challenge != membership.ChallengeNewPassword {
		t.Errorf("signed in with %+v, %v", in.Answer, err)
	}
}

func TestRegistrationOff(t *testing.T) {
	w := newWorld(t)
	wantCode(t, w.registrations().Start(w.ctx, w.public(), form("a@b.example")), "registration_off")
	wantCode(t, w.registrations().Start(w.ctx, w.public(), form("alpha-member@example.com")), "registration_off")
	w.settings(nil)
	w.register(form("a@b.example"))
	w.settings(func(s *membership.Settings) { s.SelfRegistration = false })
	_, err := w.confirm(w.open("a@b.example"))
	wantCode(t, err, "registration_off")
}

// Whoever has the address gets the letter that helps them, and the visitor gets the same answer.
func TestWhoHasTheAddress(t *testing.T) {
	w := newWorld(t)
	w.settings(func(s *membership.Settings) { s.AllowedDomains = []string{"example.com", "gister.example"} })
	w.invite("invited@example.com", membership.Member)
	contact := membership.User{ID: "contact", CustomerID: "alpha", Status: membership.Contact, Role: membership.Member, Email: "contact@example.com", Version: 1}
	if err := w.store.put(membership.User{}, contact); err != nil {
		t.Fatal(err)
	}
	if _, err := w.users.Deactivate(w.ctx, w.staff(), "alpha-moderator", 0); err != nil {
		t.Fatal(err)
	}
	waiting, rejected := w.waiting("waiting@gister.example"), w.waiting("rejected@gister.example")
	w.decide(w.staff(), membership.DecisionInput{RegistrationIDs: []string{rejected.ID}, Decision: membership.DecideDisapprove, Silent: true})
	w.deliver()
	for _, c := range []struct{ email, letter, to, door string }{
		{"new@gister.example", "registration-confirm", "new@gister.example", "portal"},
		{"Alpha-Member@example.com", "registration-known", "alpha-member@example.com", "portal"},
		{"provider-agent@example.com", "registration-known", "provider-agent@example.com", "console"},
		{"alpha-moderator@example.com", "", "", ""},
		{"invited@example.com", "registration-invited", "invited@example.com", "portal"},
		{"contact@example.com", "registration-invited", "contact@example.com", "portal"},
		{waiting.Email, "registration-waiting", waiting.Email, "portal"},
		{rejected.Email, "registration-confirm", rejected.Email, "portal"},
		{"somebody@elsewhere.example", "", "", ""},
	} {
		posted := w.register(form(c.email))
		if letters(posted) != c.letter || len(posted) == 1 && (posted[0].To != c.to || string(posted[0].Door) != c.door) {
			t.Errorf("%s: posted %+v, want %s", c.email, posted, c.letter)
		}
		for i, m := range posted {
			if token := w.postman.tokens[len(w.postman.tokens)-len(posted)+i]; (token != "") != (m.Letter == membership.LetterRegistrationConfirm) {
				t.Errorf("%s: token %q", c.email, token)
			}
		}
	}
	// A letter that could not be posted is the same one the next time.
	w.now = w.now.Add(2 * time.Hour)
	w.postman.fail = fmt.Errorf("SES is down")
	if posted := w.register(form(waiting.Email)); len(posted) != 0 {
		t.Errorf("posted %s", letters(posted))
	}
	w.postman.fail, w.now = nil, w.now.Add(time.Hour)
	if got := letters(w.deliver()); got != "registration-waiting" {
		t.Errorf("tried again: %q", got)
	}
}

func TestProgramsAreAnsweredAndIgnored(t *testing.T) {
	w := newWorld(t)
	w.settings(nil)
	for want, change := range map[string]func(*membership.RegistrationInput){
		"honeypot": func(in *membership.RegistrationInput) { in.Website = "https://spam.example" },
		"too_fast": func(in *membership.RegistrationInput) {
			in.Origin, in.ShownAt = membership.OriginPage, w.now.Add(-2*time.Second)
		},
	} {
		in := form("victim@gister.example")
		change(&in)
		if posted := w.register(in); len(posted) != 0 || len(w.store.registering) != 0 {
			t.Errorf("%s: posted %s", want, letters(posted))
		}
	}
	for _, ago := range []time.Duration{0, -time.Minute, 25 * time.Hour} {
		in := form("victim@gister.example")
		if in.Origin = membership.OriginPage; ago != 0 {
			in.ShownAt = w.now.Add(-ago)
		}
		if posted := w.register(in); len(posted) != 0 {
			t.Errorf("shown %v ago: posted %s", ago, letters(posted))
		}
		w.now = w.now.Add(time.Hour)
	}
	in := form("victim@gister.example")
	in.Origin, in.ShownAt = membership.OriginPage, w.now.Add(-3*time.Second)
	if posted := w.register(in); letters(posted) != "registration-confirm" {
		t.Errorf("a person: posted %s", letters(posted))
	}
}

func TestRegistrationLimits(t *testing.T) {
	w := newWorld(t)
	w.settings(nil)
	start := func(email, source string) error {
		in := form(email)
		in.Source = source
		return w.registrations().Start(w.ctx, w.public(), in)
	}
	for i := range 6 {
		err := start("one@gister.example", fmt.Sprint("source-", i))
		if want := i == 5; (membership.KindOf(err) == membership.TooMany) != want {
			t.Errorf("%d. for one address: %v", i+1, err)
		}
	}
	for i := range 6 { // all are one mailbox's
		err := start(fmt.Sprintf("two+%d@gister.example", i), fmt.Sprint("source-", i))
		if want := i == 5; (membership.KindOf(err) == membership.TooMany) != want {
			t.Errorf("%d. for one mailbox: %v", i+1, err)
		}
	}
	for i := range 61 {
		err := start(fmt.Sprintf("p%d@gister.example", i), "one source")
		if want := i == 60; (membership.KindOf(err) == membership.TooMany) != want {
			t.Errorf("%d. from one source: %v", i+1, err)
		}
	}
	before := len(w.store.mails)
	if err := start("one@gister.example", "another"); membership.KindOf(err) != membership.TooMany || len(w.store.mails) != before {
		t.Errorf("a refused request leaves something: %v", err)
	}
	w.now = w.now.Add(time.Hour)
	if err := start("one@gister.example", "one source"); err != nil {
		t.Error(err)
	}
}

func TestByMailWithoutNames(t *testing.T) {
	w := newWorld(t)
	w.settings(func(s *membership.Settings) {
		s.RegistrationNeedsApproval = false
		s.RegistrationFields.Phone, s.RegistrationFields.City = membership.FieldMandatory, membership.FieldMandatory
	})
	w.register(membership.RegistrationInput{Email: "a@gister.example", FirstName: "<b>", Comment: strings.Repeat("é", 300) + "\x00", Origin: membership.OriginMail, Source: "a@gister.example"})
	r := w.open("a@gister.example")
	if r.FirstName != "" || len([]rune(r.Comment)) != 200 {
		t.Errorf("taken as %+v", r)
	}
	_, err := w.confirm(r)
	wantCode(t, err, "required")
	confirmed, err := w.registrations().Confirm(w.ctx, w.public(), membership.ConfirmInput{Token: w.keys.Token(r.Link()), FirstName: ptr("Ada"), LastName: ptr("L")})
	if err != nil || w.store.users[confirmed.ID].DisplayName() != "Ada L" {
		t.Errorf("%+v, %v", confirmed, err)
	}
}

// The clock decides, to the second, whether or not the clean-up has run.
func TestRegistrationExpiry(t *testing.T) {
	for _, cleaned := range []bool{false, true} {
		w := newWorld(t)
		w.settings(nil)
		w.register(form("late@gister.example"))
		r := w.open("late@gister.example")
		w.now = r.ExpiresAt.Add(-time.Second)
		if o, err := w.registrations().Inspect(w.ctx, w.public(), w.keys.Token(r.Link())); err != nil || o.State != membership.RegistrationUnconfirmed {
			t.Errorf("a second before: %+v, %v", o, err)
		}
		w.now = r.ExpiresAt
		if cleaned {
			w.cleanUp()
			if len(w.store.registering) != 0 || w.store.registrations[r.ID].Status != membership.RegistrationExpired {
				t.Errorf("cleaned up: %+v", w.store.registrations[r.ID])
			}
		}
		_, err := w.confirm(r)
		wantCode(t, err, "registration_expired")
		w.register(form("late@gister.example"))
		if now := w.open("late@gister.example"); now.StatusAt(w.now) != membership.RegistrationUnconfirmed || (now.ID == r.ID) == cleaned {
			t.Errorf("registered again (cleaned %v): %+v", cleaned, now)
		}
	}
}

func TestRegistrationRetention(t *testing.T) {
	w := newWorld(t)
	w.settings(func(s *membership.Settings) { s.ReminderHours = 0 })
	w.register(form("never@gister.example"))
	never := w.open("never@gister.example")
	no, yes, left := w.waiting("no@gister.example"), w.waiting("yes@gister.example"), w.waiting("left@gister.example")
	w.decide(w.staff(), membership.DecisionInput{RegistrationIDs: []string{no.ID}, Decision: membership.DecideDisapprove})
	w.decide(w.staff(), membership.DecisionInput{RegistrationIDs: []string{yes.ID, left.ID}, Decision: membership.DecideApprove, CustomerID: "alpha"})
	w.settings(func(s *membership.Settings) { s.RegistrationNeedsApproval = false })
	alone := w.waiting("alone@gister.example") // let in at once
	w.now = never.ExpiresAt.Add(membership.UnconfirmedRetention)
	w.cleanUp()
	w.cleanUp()
	if _, there := w.store.registrations[never.ID]; there {
		t.Error("what nobody confirmed is kept")
	}
	if _, err := w.users.Remove(w.ctx, w.staff(), left.ID, 0); err != nil {
		t.Fatal(err)
	}
	over := start.Add(membership.DecidedRetention).Truncate(time.Second)
	w.now = over.Add(-time.Second)
	w.cleanUp()
	for _, r := range []membership.Registration{no, yes, left, alone} {
		if w.store.registrations[r.ID].ID == "" {
			t.Errorf("the registration of %s is gone too early", r.Email)
		}
	}
	w.now = over
	w.cleanUp()
	w.cleanUp()
	for _, r := range []membership.Registration{no, yes, left, alone} {
		if _, there := w.store.registrations[r.ID]; there {
			t.Errorf("the registration of %s is kept", r.Email)
		}
		deleted := 0
		for _, e := range w.store.audit {
			if e.Action == "registration.deleted-by-retention" && e.SubjectID == r.ID {
				deleted++
			}
		}
		if deleted != 1 {
			t.Errorf("the log tells %d times that the registration of %s was deleted", deleted, r.Email)
		}
	}
	if _, there := w.store.users[no.ID]; there {
		t.Error("who was disapproved is kept")
	}
	for r, want := range map[membership.Registration]membership.Status{yes: membership.Active, left: membership.Removed, alone: membership.Active} {
		if got := w.store.users[r.ID].Status; got != want {
			t.Errorf("who was let in as %s is %q, want %s: users do not end with their registration", r.Email, got, want)
		}
	}
	for _, e := range w.store.audit {
		if strings.Contains(fmt.Sprint(e.Before, e.After), never.Email) {
			t.Errorf("the log keeps an address that nobody confirmed: %+v", e)
		}
	}
}

func TestApproversAreReminded(t *testing.T) {
	w := newWorld(t)
	w.settings(func(s *membership.Settings) { s.Approvers = membership.ApproversCustomer })
	w.store.domains["alpha.example"] = "alpha"
	w.waiting("one@gister.example")
	w.waiting("two@gister.example")
	routed := w.waiting("three@alpha.example")
	if routed.CustomerID != "alpha" {
		t.Fatalf("not routed: %+v", routed)
	}
	w.now = start.Add(24*time.Hour - time.Second).Truncate(time.Second)
	w.cleanUp()
	if posted := w.deliver(); len(posted) != 0 {
		t.Fatalf("too early: %s", letters(posted))
	}
	for day := range 2 {
		w.now = w.now.Add(25 * time.Hour)
		w.cleanUp()
		w.cleanUp()
		var to []string
		for _, m := range w.deliver() {
			to = append(to, m.To)
			lines := strings.Count(m.Fields["waiting"], "\n") + 1
			if m.Letter != membership.LetterApprovalReminder || m.To == "alpha-administrator@example.com" && lines != 1 || m.To != "alpha-administrator@example.com" && lines != 3 {
				t.Errorf("day %d: posted %+v", day, m)
			}
		}
		slices.Sort(to)
		if got := strings.Join(to, " "); got != "alpha-administrator@example.com provider-administrator@example.com provider-agent@example.com" {
			t.Errorf("day %d: reminded %s", day, got)
		}
	}
	w.settings(func(s *membership.Settings) { s.ReminderHours = 0 })
	w.now = w.now.Add(25 * time.Hour)
	w.cleanUp()
	if posted := w.deliver(); len(posted) != 0 {
		t.Errorf("reminders are off: %s", letters(posted))
	}
}

// A registration whose proven domain names a customer is decided by that customer's administrators too, and by nobody
// else's.
func TestRoutedRegistrations(t *testing.T) {
	w := newWorld(t)
	w.settings(func(s *membership.Settings) { s.Approvers = membership.ApproversCustomer })
	w.store.domains["alpha.example"] = "alpha"
	r := w.waiting("rita@alpha.example")
	own, foreign := w.as("alpha", membership.Administrator), w.as("beta", membership.Administrator)
	page, err := w.registrations().List(w.ctx, own, membership.RegistrationQuery{Page: membership.PageRequest{Limit: 10}})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("own queue: %+v, %v", page, err)
	}
	_, err = w.registrations().List(w.ctx, foreign, membership.RegistrationQuery{CustomerID: "alpha", Page: membership.PageRequest{Limit: 10}})
	wantCode(t, err, "not_found")
	_, err = w.registrations().Get(w.ctx, foreign, r.ID)
	wantCode(t, err, "not_found")
	if results := w.decide(foreign, membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideApprove}); results[0].Err == nil || results[0].Err.Code != "not_found" {
		t.Errorf("another's administrator decides: %+v", results)
	}
	_, err = w.approvals().Decide(w.ctx, own, membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideApprove, CustomerID: "beta"})
	wantCode(t, err, "field_not_allowed")
	_, err = w.approvals().Decide(w.ctx, own, membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideApprove, GroupIDs: []string{"g"}})
	wantCode(t, err, "groups_not_allowed")
	for _, role := range []membership.Role{membership.Member, membership.Moderator} {
		_, err := w.approvals().Decide(w.ctx, w.as("alpha", role), membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideApprove})
		wantCode(t, err, "forbidden")
	}
	if results := w.decide(own, membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideApprove, Role: membership.Moderator}); results[0].Err != nil {
		t.Fatal(results[0].Err)
	}
	if u := w.store.users[r.ID]; u.Status != membership.Active || u.CustomerID != "alpha" || u.Role != membership.Moderator {
		t.Errorf("approved as %+v", u)
	}
}

func TestWhereTheyAreLetIn(t *testing.T) {
	w := newWorld(t)
	w.settings(nil)
	w.store.domains["alpha.example"] = "alpha"
	approve := func(r membership.Registration, in membership.DecisionInput) string {
		in.RegistrationIDs, in.Decision = []string{r.ID}, membership.DecideApprove
		if e := w.decide(w.staff(), in)[0].Err; e != nil {
			return e.Code
		}
		return ""
	}
	none, proposed := w.waiting("one@gister.example"), w.waiting("two@alpha.example")
	if code := approve(none, membership.DecisionInput{}); code != "customer_needed" {
		t.Errorf("nothing proposed: %s", code)
	}
	alpha := w.store.customers["alpha"]
	alpha.PortalAccess = false
	w.store.customers["alpha"] = alpha
	if code := approve(proposed, membership.DecisionInput{}); code != "portal_access_off" {
		t.Errorf("a closed customer: %s", code)
	}
	alpha.PortalAccess = true
	w.store.customers["alpha"] = alpha
	// The customer has invited the address while its person waited: one address is one user.
	w.inviteAs(w.as("alpha", membership.Administrator), "alpha", proposed.Email, membership.Member)
	if code := approve(proposed, membership.DecisionInput{}); code != "invited_meanwhile" {
		t.Errorf("invited meanwhile: %s", code)
	}
	if code := approve(proposed, membership.DecisionInput{CustomerID: "beta"}); code != "" {
		t.Errorf("into another: %s", code)
	}
	if code := approve(none, membership.DecisionInput{NewCustomer: &membership.NewCustomer{Type: membership.Corporate}}); code != "" {
		t.Fatal(code)
	}
	u := w.store.users[none.ID]
	if c := w.store.customers[u.CustomerID]; u.Role != membership.Administrator || c.Name != "Gister Ltd" || c.Type != membership.Corporate || !c.Open() {
		t.Errorf("%+v of %+v", u, c)
	}
	person, second := w.waiting("three@gister.example"), w.waiting("four@gister.example")
	person.Phone, person.Street, person.City, person.Country, person.Language = "+4722123456", "Havnegata 1", "Bergen", "NO", "de"
	w.store.registrations[person.ID] = person
	if code := approve(person, membership.DecisionInput{NewCustomer: &membership.NewCustomer{Type: membership.Individual}}); code != "" {
		t.Fatal(code)
	}
	u = w.store.users[person.ID]
	if c := w.store.customers[u.CustomerID]; u.Role != membership.Member || c.Name != "Rita Gister" || c.Email != person.Email || c.Phone != person.Phone || c.City != person.City || c.Country != person.Country {
		t.Errorf("%+v of %+v", u, c)
	}
	if code := approve(second, membership.DecisionInput{CustomerID: u.CustomerID}); code != "individual_has_user" {
		t.Errorf("a second user of a person: %s", code)
	}
	// Faults of a new customer are named by their place in the request.
	taken := "E-1"
	w.store.before = func(method string) error {
		if method == "DecideRegistration" { // the table says so (shared/store)
			return membership.ErrExternalIDInUse
		}
		return nil
	}
	results := w.decide(w.staff(), membership.DecisionInput{RegistrationIDs: []string{second.ID}, Decision: membership.DecideApprove,
		NewCustomer: &membership.NewCustomer{Type: membership.Corporate, CustomerInput: membership.CustomerInput{ExternalID: &taken}}})
	if e := results[0].Err; e == nil || e.Code != "external_id_in_use" || e.Field != "newCustomer.externalId" {
		t.Errorf("an external id that is taken: %+v", e)
	}
	w.store.before = nil
	// The role that a guest asked for holds at the guest's own customer only.
	for where, want := range map[string]membership.Role{"": membership.Administrator, "alpha": membership.Administrator, "beta": membership.Member} {
		asked := w.waiting("asked-" + where + "@gister.example")
		asked.ProposedCustomerID, asked.ProposedRole = "alpha", membership.Administrator
		w.store.registrations[asked.ID] = asked
		if code := approve(asked, membership.DecisionInput{CustomerID: where}); code != "" || w.store.users[asked.ID].Role != want {
			t.Errorf("let in at %q as %s (%s)", where, w.store.users[asked.ID].Role, code)
		}
	}
	for _, where := range []string{membership.ProviderID, membership.UnassignedID} {
		if _, err := w.approvals().Decide(w.ctx, w.staff(), membership.DecisionInput{RegistrationIDs: []string{second.ID}, Decision: membership.DecideApprove, CustomerID: where}); err == nil {
			t.Errorf("let in at %s", where)
		}
	}
}

// Until the decision, a waiting user is what was registered, and the decision brings role and groups: a change besides
// it would show in only one of queue and record, and might be lost with the approval.
func TestWhoWaitsIsNotChanged(t *testing.T) {
	w := newWorld(t)
	w.settings(func(s *membership.Settings) { s.Approvers = membership.ApproversCustomer })
	w.store.domains["alpha.example"] = "alpha"
	w.store.groups["g1"] = membership.Group{ID: "g1", Name: "One", Active: true}
	rita, routed := w.waiting("rita@gister.example"), w.waiting("rolf@alpha.example")
	moderator := membership.Moderator
	for what, in := range map[string]membership.RecordInput{
		"name":   {ProfileInput: membership.ProfileInput{FirstName: ptr("Marga")}},
		"role":   {Role: &moderator},
		"e-mail": {Email: ptr("other@gister.example")},
		"groups": {GroupIDs: &[]string{"g1"}},
	} {
		before := w.store.users[rita.ID]
		_, err := w.records.Change(w.ctx, w.staff(), rita.ID, before.Version, in)
		wantCode(t, err, "impossible_in_status")
		if !reflect.DeepEqual(w.store.users[rita.ID], before) {
			t.Errorf("%s changed: %+v", what, w.store.users[rita.ID])
		}
	}
	_, err := w.records.Change(w.ctx, w.as("alpha", membership.Administrator), routed.ID, 1, membership.RecordInput{Role: &moderator})
	wantCode(t, err, "impossible_in_status")
	results := w.decide(w.as("alpha", membership.Administrator), membership.DecisionInput{RegistrationIDs: []string{routed.ID}, Decision: membership.DecideApprove, Role: moderator})
	if results[0].Err != nil || w.store.users[routed.ID].Role != moderator {
		t.Errorf("the decision made %+v, %v", w.store.users[routed.ID], results[0].Err)
	}
	if u, err := w.records.Change(w.ctx, w.staff(), routed.ID, 2, membership.RecordInput{ProfileInput: membership.ProfileInput{FirstName: ptr("Ralf")}}); err != nil || u.FirstName != "Ralf" {
		t.Errorf("once it is decided: %+v, %v", u, err)
	}
}

// Approving includes creating the customer, even for an agent, who otherwise creates none.
func TestAgentsCreateCustomersByApprovalOnly(t *testing.T) {
	w := newWorld(t)
	w.settings(nil)
	agent := w.as(membership.ProviderID, membership.StaffAgent)
	name := "Gister Ltd"
	_, err := w.customers.Create(w.ctx, agent, membership.Corporate, membership.CustomerInput{Name: &name})
	wantCode(t, err, "forbidden")
	r, other := w.waiting("rita@gister.example"), w.waiting("rolf@gister.example")
	in := membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideApprove, NewCustomer: &membership.NewCustomer{Type: membership.Corporate}}
	if e := w.decide(agent, in)[0].Err; e != nil {
		t.Fatal(e)
	}
	made := w.store.customers[w.store.users[r.ID].CustomerID]
	if made.Name != name || made.Type != membership.Corporate {
		t.Errorf("created %+v", made)
	}
	written := 0
	for _, e := range w.store.audit {
		if e.Action == "customer.created" && e.SubjectID == made.ID && e.ActorID == agent.Actor.UserID {
			written++
		}
	}
	if written != 1 {
		t.Errorf("the log tells %d times who created the customer", written)
	}
	// A customer's administrator approves for their own customer, and creates none.
	in.RegistrationIDs = []string{other.ID}
	_, err = w.approvals().Decide(w.ctx, w.as("alpha", membership.Administrator), in)
	wantCode(t, err, "field_not_allowed")
	// Staff administrators can change what was created.
	_, err = w.customers.Change(w.ctx, agent, made.ID, made.Version, membership.CustomerInput{Name: &name})
	wantCode(t, err, "forbidden")
}

func TestInvitingWhoWaits(t *testing.T) {
	w := newWorld(t)
	w.settings(nil)
	r := w.waiting("rita@gister.example")
	results, err := w.invitations.Invite(w.ctx, w.staff(), membership.InviteInput{CustomerID: "alpha", Invitees: []membership.Invitee{{Email: r.Email}}})
	if err != nil || results[0].Err == nil || results[0].Err.Code != "address_waiting" {
		t.Errorf("%+v, %v", results, err)
	}
	_, err = w.records.Create(w.ctx, w.staff(), membership.CreateInput{CustomerID: "alpha", RecordInput: membership.RecordInput{Email: &r.Email,
		ProfileInput: membership.ProfileInput{FirstName: ptr("Rita"), LastName: ptr("Gister")}}})
	wantCode(t, err, "address_waiting")
	if _, err := w.users.Remove(w.ctx, w.staff(), r.ID, 0); err != nil {
		t.Fatal(err)
	}
	if got := w.store.registrations[r.ID]; got.Status != membership.RegistrationDisapproved || got.DecidedByName == "" {
		t.Errorf("removed while waiting: %+v", got)
	}
}

// Nobody who cannot sign in is told to: what a letter says to the owner of an invited address is decided when it is
// sent. The inviter sees the same in every case.
func TestInvitingWhoCannotSignIn(t *testing.T) {
	w := newWorld(t)
	w.settings(nil)
	beta := w.as("beta", membership.Administrator)
	waits, suspended := w.waiting("rita@gister.example"), w.store.users["alpha-moderator"]
	suspended.Status = membership.Suspended
	w.store.users[suspended.ID] = suspended
	w.invite("guest@gister.example", membership.Member)
	w.create(w.staff(), membership.CreateInput{CustomerID: "alpha", Contact: true, RecordInput: named("contact@gister.example")})
	w.deliver()
	var seen membership.Invitation
	again := ""
	for i, test := range []struct {
		email  string
		letter membership.Letter
		door   membership.Door
	}{
		{"free@gister.example", membership.LetterInvitation, membership.PortalDoor},
		{waits.Email, membership.LetterAddressTaken, membership.PortalDoor},
		{"guest@gister.example", membership.LetterAddressTaken, membership.PortalDoor},
		{"contact@gister.example", membership.LetterAddressTaken, membership.PortalDoor},
		{suspended.Email, membership.LetterAddressTaken, membership.PortalDoor},
		{"alpha-member@example.com", membership.LetterAddressInUse, membership.PortalDoor},
		{"provider-agent@example.com", membership.LetterAddressInUse, membership.ConsoleDoor},
	} {
		inv := w.inviteAs(beta, "beta", test.email, membership.Member)
		posted := w.deliver()
		if len(posted) != 1 || posted[0].Letter != test.letter || posted[0].To != test.email || posted[0].Door != test.door {
			t.Errorf("%s is mailed %+v", test.email, posted)
		}
		if token := w.postman.tokens[len(w.postman.tokens)-1]; (token != "") != (i == 0) {
			t.Errorf("%s is mailed the token %q", test.email, token)
		}
		if m := w.store.mails[inv.MailID]; m.Status != membership.MailSent {
			t.Errorf("whoever invites %s sees that the mail is %s", test.email, m.Status)
		}
		if test.email == "alpha-member@example.com" {
			again = inv.ID
		}
		now := w.store.invitations[inv.ID]
		now.ID, now.UserID, now.MailID, now.Email = "", "", "", ""
		if i == 0 {
			seen = now
		} else if fmt.Sprint(now) != fmt.Sprint(seen) {
			t.Errorf("%s: who invites sees %+v, of a free address %+v", test.email, now, seen)
		}
	}
	// A letter that waits to be sent again is decided again.
	if _, err := w.invitations.Resend(w.ctx, beta, again); err != nil {
		t.Fatal(err)
	}
	w.postman.fail = errors.New("SES is down")
	if posted := w.deliver(); len(posted) != 0 {
		t.Fatalf("posted %+v", posted)
	}
	w.postman.fail = nil
	if _, err := w.users.Deactivate(w.ctx, w.staff(), "alpha-member", 0); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	if got := letters(w.deliver()); got != string(membership.LetterAddressTaken) {
		t.Errorf("posted %s to whom the access was taken meanwhile", got)
	}
	// So is one about a record.
	other := w.waiting("other@gister.example")
	w.create(w.as("beta", membership.Administrator), membership.CreateInput{CustomerID: "beta", SendRegistrationEmail: true, RecordInput: named(other.Email)})
	if got := letters(w.deliver()); got != string(membership.LetterAddressTaken) {
		t.Errorf("who waits elsewhere is mailed %s", got)
	}
}

func TestDuplicates(t *testing.T) {
	w := newWorld(t)
	w.settings(nil)
	for id, u := range map[string]membership.User{
		"colleague": {Email: "bob@gister.example", FirstName: "Bob", LastName: "Gister"},
		"namesake":  {Email: "rg@other.example", FirstName: "Rita", LastName: "Gister"},
		"stranger":  {Email: "x@gister.example.org", FirstName: "Xaver", LastName: "Y"},
	} {
		u.ID, u.CustomerID, u.Status, u.Role, u.Version = id, "alpha", membership.Active, membership.Member, 1
		if err := w.store.put(membership.User{}, u); err != nil {
			t.Fatal(err)
		}
	}
	r := w.waiting("rita@gister.example")
	d, err := w.registrations().Get(w.ctx, w.staff(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, x := range d.Duplicates {
		got[x.User.ID] = fmt.Sprint(x.Domain, " ", x.Name)
	}
	if len(got) != 2 || got["colleague"] != "true false" || got["namesake"] != "false true" {
		t.Errorf("found %v", got)
	}
	// Sharing a public mail service means nothing.
	rs := w.registrations()
	rs.PublicMail = func(domain string) bool { return domain == "gister.example" }
	if d, err = rs.Get(w.ctx, w.staff(), r.ID); err != nil || len(d.Duplicates) != 1 || d.Duplicates[0].User.ID != "namesake" {
		t.Errorf("found %+v, %v", d.Duplicates, err)
	}
}

func TestTwoApproversAtOnce(t *testing.T) {
	w := newWorld(t)
	w.settings(nil)
	r := w.waiting("rita@gister.example")
	second := false
	w.store.before = func(method string) error {
		if method == "DecideRegistration" && !second { // while the first has read and not yet written
			second = true
			results := w.decide(w.as(membership.ProviderID, membership.Agent), membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideDisapprove})
			if results[0].Err != nil {
				t.Error(results[0].Err)
			}
		}
		return nil
	}
	results := w.decide(w.staff(), membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideApprove, CustomerID: "alpha"})
	if e := results[0].Err; e == nil || e.Code != "already_decided" || !strings.Contains(e.Message, "by Ann agent") || e.By != "Ann agent" || e.What != "disapproved" || e.At.IsZero() {
		t.Errorf("the second is told %+v", e)
	}
	if got := letters(w.deliver()); got != "registration-disapproved" {
		t.Errorf("posted %s", got)
	}
}

// A preview shows the letter that a decision would send, to those who may decide, and changes nothing.
func TestPreviewOfADecision(t *testing.T) {
	w := newWorld(t)
	w.settings(func(s *membership.Settings) {
		s.Approvers, s.DisapprovalSilent, s.DisapprovalReason = membership.ApproversCustomer, true, "We do not know you."
	})
	w.store.domains["alpha.example"] = "alpha"
	r := w.waiting("rita@alpha.example")
	w.deliver()
	own := w.as("alpha", membership.Administrator)
	ask := membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideApprove}
	m, err := w.approvals().Preview(w.ctx, own, ask)
	if err != nil || m.Letter != membership.LetterUserRegistration || m.To != r.Email || m.Fields["username"] == "" || m.Fields["customer"] == "" {
		t.Errorf("approving: %+v, %v", m, err)
	}
	ask.NewCustomer = &membership.NewCustomer{Type: membership.Corporate}
	if m, err = w.approvals().Preview(w.ctx, w.staff(), ask); err != nil || m.Fields["customer"] != r.Company {
		t.Errorf("a new customer: %+v, %v", m, err)
	}
	_, err = w.approvals().Preview(w.ctx, own, ask)
	wantCode(t, err, "field_not_allowed")
	ask = membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideDisapprove, Reason: "Who are you?"}
	if m, err = w.approvals().Preview(w.ctx, own, ask); err != nil || m.Letter != membership.LetterRegistrationDisapproved || m.Fields["reason"] != "Who are you?" {
		t.Errorf("disapproving: %+v, %v", m, err)
	}
	ask.Silent = true
	if m, err = w.approvals().Preview(w.ctx, own, ask); err != nil || m.Letter != "" {
		t.Errorf("in silence: %+v, %v", m, err)
	}
	_, err = w.approvals().Preview(w.ctx, w.as("beta", membership.Administrator), ask)
	wantCode(t, err, "not_found")
	_, err = w.approvals().Preview(w.ctx, w.as("alpha", membership.Moderator), ask)
	wantCode(t, err, "forbidden")
	if p, err := w.approvals().Preset(w.ctx, own); err != nil || !p.Silent || p.Reason != "We do not know you." {
		t.Errorf("the form begins with %+v, %v", p, err)
	}
	_, err = w.approvals().Preset(w.ctx, w.as("alpha", membership.Member))
	wantCode(t, err, "forbidden")
	if u := w.store.users[r.ID]; u.Status != membership.Waiting || letters(w.deliver()) != "" {
		t.Errorf("a preview left %+v", u)
	}
}

// No sequence of register, confirm, approve, disapprove, expire and remove leaves two users with one address, a user
// without a decision, or a decision without its mail. Prints its seed.
func TestNoSequenceLeavesHalfARegistration(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for range 150 {
		w := newWorld(t)
		w.settings(func(s *membership.Settings) {
			s.RegistrationNeedsApproval = random.IntN(4) > 0
			if random.IntN(2) == 0 {
				s.Approvers = membership.ApproversCustomer
			}
		})
		w.store.domains["alpha.example"] = "alpha"
		emails := []string{"one@gister.example", "two@alpha.example"}
		var links []membership.Registration
		for range 40 {
			email := emails[random.IntN(len(emails))]
			var ids []string
			for id := range w.store.registrations {
				ids = append(ids, id)
			}
			slices.Sort(ids)
			someone := ""
			if len(ids) > 0 {
				someone = ids[random.IntN(len(ids))]
			}
			switch random.IntN(9) {
			case 0, 1:
				_ = w.registrations().Start(w.ctx, w.public(), form(email))
				if r := w.open(email); r.ID != "" {
					links = append(links, r)
				}
			case 2, 3:
				if len(links) > 0 {
					_, _ = w.confirm(links[random.IntN(len(links))])
				}
			case 4, 5:
				in := membership.DecisionInput{RegistrationIDs: []string{someone}, Decision: membership.DecideApprove, CustomerID: []string{"", "beta", "alpha"}[random.IntN(3)]}
				if random.IntN(3) == 0 {
					in.CustomerID, in.NewCustomer = "", &membership.NewCustomer{Type: membership.Individual}
				}
				w.decide(w.staff(), in)
			case 6:
				w.decide(w.staff(), membership.DecisionInput{RegistrationIDs: []string{someone}, Decision: membership.DecideDisapprove})
			case 7:
				w.now = w.now.Add(time.Duration(random.IntN(20)) * time.Hour)
				w.cleanUp()
			case 8:
				if random.IntN(4) == 0 {
					_, _ = w.users.Remove(w.ctx, w.staff(), someone, 0)
				}
			}
			w.wholeRegistrations(emails)
			if t.Failed() {
				return
			}
		}
	}
}

// wholeRegistrations checks what must hold at every moment.
func (w *world) wholeRegistrations(emails []string) {
	w.t.Helper()
	owed := map[string]map[membership.Letter]int{}
	for _, m := range w.store.mails {
		if owed[m.RegistrationID] == nil {
			owed[m.RegistrationID] = map[membership.Letter]int{}
		}
		owed[m.RegistrationID][m.Letter]++
	}
	for _, email := range emails {
		live := 0
		for _, u := range w.store.users {
			if u.Email != email {
				continue
			}
			r := w.store.registrations[u.ID]
			if u.Status != membership.Removed && u.Status != membership.Rejected {
				live++
				if w.store.logins[email] != u.ID {
					w.t.Errorf("%s is live and does not hold its address", u.ID)
				}
			}
			want := map[membership.Status][]membership.RegistrationStatus{
				membership.Waiting: {membership.RegistrationWaiting}, membership.Rejected: {membership.RegistrationDisapproved},
				membership.Active:  {membership.RegistrationApproved},
				membership.Removed: {membership.RegistrationDisapproved, membership.RegistrationApproved},
			}[u.Status]
			if !slices.Contains(want, r.Status) || r.CustomerID != u.CustomerID {
				w.t.Errorf("user %s of %s with registration %s of %s", u.Status, u.CustomerID, r.Status, r.CustomerID)
			}
			if u.CustomerID == membership.ProviderID || u.Status == membership.Active && u.CustomerID == membership.UnassignedID {
				w.t.Errorf("let in as %+v", u)
			}
			if u.Status == membership.Active && owed[u.ID][membership.LetterUserRegistration] != 1 {
				w.t.Errorf("let in with %d mails", owed[u.ID][membership.LetterUserRegistration])
			}
			if u.Status == membership.Rejected && owed[u.ID][membership.LetterRegistrationDisapproved] != 1 {
				w.t.Errorf("disapproved with %d mails", owed[u.ID][membership.LetterRegistrationDisapproved])
			}
		}
		if live > 1 {
			w.t.Errorf("%s is %d users", email, live)
		}
	}
	for _, r := range w.store.registrations {
		u, there := w.store.users[r.ID]
		switch r.Status {
		case membership.RegistrationUnconfirmed:
			if there || w.store.registering[r.Email].RegistrationID != r.ID {
				w.t.Errorf("unconfirmed: %+v %+v", r, u)
			}
		case membership.RegistrationWaiting:
			if !there || u.Status != membership.Waiting {
				w.t.Errorf("waits without a user: %+v %+v", r, u)
			}
		}
	}
}
