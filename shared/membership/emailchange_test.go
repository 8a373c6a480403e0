package membership_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"clientele/shared/membership"
)

func TestOwnUsername(t *testing.T) {
	w := newWorld(t)
	me := w.as("alpha", membership.Member)
	u, err := w.profile.ChangeUsername(w.ctx, me, "New.Name")
	if err != nil || u.Username != "New.Name" || w.store.logins["new.name"] != u.ID || w.store.logins["alpha-member"] != "" {
		t.Fatalf("%+v %v", u, err)
	}
	if _, err := w.profile.ChangeUsername(w.ctx, w.as("beta", membership.Administrator), "alpha-member"); err != nil {
		t.Errorf("the old name is not free: %v", err)
	}
	for _, try := range []struct{ name, code string }{ // in this order: the last one is the name that is kept
		{"alpha-member", "username_in_use"}, {"four", "invalid_username"}, {"with space", "invalid_username"}, {"", "invalid_username"},
		{"beta-administrator@example.com", "username_is_foreign_email"}, {"ALPHA-member@example.com", ""}, {"new.name", ""},
	} {
		_, err := w.profile.ChangeUsername(w.ctx, me, try.name)
		if membership.CodeOf(err) != try.code {
			t.Errorf("%q: %v, want %q", try.name, err, try.code)
		}
	}
	if err := w.signInWith("new.name", goodPassword); err != nil {
		t.Error(err)
	}
}

func TestOwnAddress(t *testing.T) {
	w := newWorld(t)
	me := w.as("alpha", membership.Member)
	if _, err := w.profile.ChangeUsername(w.ctx, me, "alpha-member@example.com"); err != nil {
		t.Fatal(err)
	}
	reset := w.resetToken("alpha-member@example.com", membership.PortalDoor)
	_, err := w.emails.Ask(w.ctx, me, "new@example.com", "wrong horse battery")
	wantCode(t, err, "wrong_password")
	if w.store.attempts["alpha-member@example.com"].Failures != 1 {
		t.Error("a wrong password is not counted")
	}
	_, err = w.emails.Ask(w.ctx, me, "new@", goodPassword)
	wantCode(t, err, "invalid_email")
	u, err := w.emails.Ask(w.ctx, me, "New@example.com", goodPassword)
	if err != nil || u.Email != "alpha-member@example.com" || u.NewEmailAt(w.now) != "New@example.com" || w.store.logins["new@example.com"] != "" {
		t.Fatalf("%+v %v", u, err)
	}
	token := w.sweep(membership.LetterEmailConfirm)
	to := map[membership.Letter]string{}
	for _, m := range w.postman.posted {
		to[m.Letter] = m.To
	}
	if to[membership.LetterEmailConfirm] != "New@example.com" || to[membership.LetterEmailAnnounced] != "alpha-member@example.com" {
		t.Errorf("mails to %v", to)
	}
	for _, m := range w.postman.posted { // the new address is unproven: it gets no name that people can choose
		if named := m.Fields["firstName"]+m.Fields["username"] != ""; named != (m.Letter != membership.LetterEmailConfirm) {
			t.Errorf("%s says the name: %v", m.Letter, named)
		}
	}
	for range 3 { // looking changes nothing
		change, err := w.emails.Inspect(w.ctx, w.public(), token)
		if err != nil || change.Email != "New@example.com" || change.Done || w.store.users[u.ID].Email != "alpha-member@example.com" {
			t.Fatalf("%+v %v", change, err)
		}
	}
	w.now = w.now.Add(24*time.Hour - 2*time.Second)
	change, err := w.emails.Confirm(w.ctx, w.public(), token)
	if err != nil || change.Username != "New@example.com" || !change.Done {
		t.Fatalf("%+v %v", change, err)
	}
	u = w.store.users[u.ID]
	if u.Email != "New@example.com" || u.Username != "New@example.com" || u.NewEmail != "" || w.store.logins["new@example.com"] != u.ID || w.store.logins["alpha-member@example.com"] != "" {
		t.Errorf("%+v %v", u, w.store.logins)
	}
	if told := w.letters(membership.LetterEmailChanged); len(told) != 1 || told[0].To != "alpha-member@example.com" {
		t.Errorf("%+v", told)
	}
	if audit := w.store.audit[len(w.store.audit)-1]; audit.Action != "user.email-changed" || audit.ActorID != u.ID || audit.Before["email"] != "alpha-member@example.com" || audit.After["email"] != "New@example.com" {
		t.Errorf("%+v", audit)
	}
	access, err := w.store.Access(w.ctx, "", u.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := access.Actor(membership.PortalDoor, w.now, "", w.now); err == nil {
		t.Error("sessions go on")
	}
	_, err = w.signIn.InspectReset(w.ctx, w.public(), reset)
	if err == nil {
		t.Error("a password link of the old address goes on")
	}
	changes := w.store.touchedUsers
	if again, err := w.emails.Confirm(w.ctx, w.public(), token); err != nil || again != change || w.store.touchedUsers != changes {
		t.Errorf("confirmed again: %+v %v", again, err)
	}
	w.now = w.now.Add(2 * time.Second)
	_, err = w.emails.Inspect(w.ctx, w.public(), token)
	wantCode(t, err, "email_change_over")
	if err := w.signInWith("new@example.com", goodPassword); err != nil {
		t.Error(err)
	}
}

func TestChangesOfAddressThatEnd(t *testing.T) {
	ask := func(t *testing.T, w *world, email string) string {
		t.Helper()
		if _, err := w.emails.Ask(w.ctx, w.as("alpha", membership.Member), email, goodPassword); err != nil {
			t.Fatal(err)
		}
		return w.sweep(membership.LetterEmailConfirm)
	}
	for name, test := range map[string]struct {
		then func(t *testing.T, w *world)
		code string
	}{
		"24 hours":  {func(_ *testing.T, w *world) { w.now = w.now.Add(24 * time.Hour) }, "email_change_over"},
		"withdrawn": {func(t *testing.T, w *world) { ask(t, w, "alpha-member@example.com") }, "email_change_over"},
		"replaced":  {func(t *testing.T, w *world) { ask(t, w, "newer@example.com") }, "email_change_over"},
		"removed": {func(t *testing.T, w *world) {
			if _, err := w.users.Remove(w.ctx, w.staff(), "alpha-member", 0); err != nil {
				t.Fatal(err)
			}
		}, "email_change_over"},
		"taken": {func(t *testing.T, w *world) { w.inviteAs(w.staff(), "beta", "new@example.com", membership.Member) }, "email_taken"},
		"suspended": {func(t *testing.T, w *world) {
			if _, err := w.users.Suspend(w.ctx, w.staff(), "alpha-member", 0, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			token := ask(t, w, "new@example.com")
			test.then(t, w)
			_, err := w.emails.Confirm(w.ctx, w.public(), token)
			wantCode(t, err, test.code)
			if changed := w.store.users["alpha-member"].Email == "new@example.com"; changed != (test.code == "") {
				t.Errorf("changed: %v", changed)
			}
		})
	}
	w := newWorld(t)
	good := ask(t, w, "new@example.com")
	for _, token := range []string{"", "x", "alpha-member.1.x", good[:len(good)-1], good + "x", "nobody" + good[len("alpha-member"):]} {
		_, err := w.emails.Confirm(w.ctx, w.public(), token)
		wantCode(t, err, "invalid_token")
	}
	// A link of another purpose does not work here.
	_, err := w.emails.Confirm(w.ctx, w.public(), w.resetToken("alpha-member", membership.PortalDoor))
	if err == nil {
		t.Error("a password link confirms an address")
	}
	// A mail that is due after its change was replaced is withdrawn.
	if _, err := w.emails.Ask(w.ctx, w.as("alpha", membership.Member), "one@example.com", goodPassword); err != nil {
		t.Fatal(err)
	}
	ask(t, w, "two@example.com")
	for _, m := range w.postman.posted {
		if m.To == "one@example.com" {
			t.Error("a dead link was mailed")
		}
	}
}

// A username that was the old address and cannot be the new one becomes what is proposed for it.
func TestUsernameFollowsTheAddress(t *testing.T) {
	w := newWorld(t)
	me := w.as("alpha", membership.Member)
	if _, err := w.profile.ChangeUsername(w.ctx, me, "alpha-member@example.com"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.emails.Ask(w.ctx, me, "maximiliane@long-name-of-a-company.example", goodPassword); err != nil {
		t.Fatal(err)
	}
	change, err := w.emails.Confirm(w.ctx, w.public(), w.sweep(membership.LetterEmailConfirm))
	if err != nil || change.Username != "maximiliane" || w.store.logins["maximiliane"] != "alpha-member" {
		t.Errorf("%+v %v", change, err)
	}
}

// Staff and a customer's administrators change addresses of others; a person with access confirms.
func TestAddressOfSomebodyElse(t *testing.T) {
	for _, c := range []func(*world) membership.Call{(*world).staff, func(w *world) membership.Call { return w.as("alpha", membership.Administrator) }} {
		w := newWorld(t)
		u, err := w.records.Change(w.ctx, c(w), "alpha-member", 1, membership.RecordInput{Email: ptr("new@example.com"), ProfileInput: membership.ProfileInput{City: ptr("Bonn")}})
		if err != nil || u.Email != "alpha-member@example.com" || u.NewEmail != "new@example.com" || u.City != "Bonn" {
			t.Fatalf("%+v %v", u, err)
		}
		if _, err := w.emails.Confirm(w.ctx, w.public(), w.sweep(membership.LetterEmailConfirm)); err != nil || w.store.users[u.ID].Email != "new@example.com" {
			t.Errorf("%+v %v", w.store.users[u.ID], err)
		}
	}
	// Staff are told of an address used elsewhere; a customer's administrator learns nothing, and its reader is told.
	w := newWorld(t)
	if _, err := w.records.Change(w.ctx, w.as("alpha", membership.Administrator), "alpha-member", 1, membership.RecordInput{Email: ptr("beta-administrator@example.com")}); err != nil {
		t.Fatal(err)
	}
	_, err := w.emails.Confirm(w.ctx, w.public(), w.sweep(membership.LetterEmailConfirm))
	wantCode(t, err, "email_taken")
	if len(w.letters(membership.LetterEmailAnnounced)) != 1 {
		t.Error("the present address is not told")
	}
	// A record with an address that signs in elsewhere: its reader has lost nothing, and is told what holds.
	w = newWorld(t)
	c := w.as("alpha", membership.Administrator)
	u := w.create(c, membership.CreateInput{CustomerID: "alpha", RecordInput: named("beta-administrator@example.com")})
	if u, err = w.records.Change(w.ctx, c, u.ID, u.Version, membership.RecordInput{Email: ptr("own@example.com")}); err != nil {
		t.Fatal(err)
	}
	told, link := w.letters(membership.LetterAddressInUse), w.sweep(membership.LetterEmailConfirm)
	if len(told) != 1 || told[0].To != "beta-administrator@example.com" || len(w.letters(membership.LetterEmailAnnounced)) != 0 {
		t.Errorf("told %+v", told)
	}
	if _, err := w.emails.Confirm(w.ctx, w.public(), link); err != nil || w.store.users[u.ID].Email != "own@example.com" {
		t.Errorf("%+v %v", w.store.users[u.ID], err)
	}
	if w.sweep(membership.LetterAddressInUse); len(w.letters(membership.LetterEmailChanged)) != 0 || w.store.logins["beta-administrator@example.com"] != "beta-administrator" {
		t.Error("its reader is told of a change that is not theirs")
	}
	// Writing it differently needs no confirmation.
	u = w.store.users["alpha-member"]
	if u, err = w.records.Change(w.ctx, w.staff(), u.ID, u.Version, membership.RecordInput{Email: ptr("Alpha-Member@Example.com")}); err != nil || u.Email != "Alpha-Member@Example.com" || u.NewEmail != "" {
		t.Errorf("%+v %v", u, err)
	}
}

// The present address is told of every change that is asked for, so each counts for it as well: nobody who never heard
// of the customer must be mailed without end.
func TestChangesOfAddressAreLettersToBoth(t *testing.T) {
	w := newWorld(t)
	c := w.as("alpha", membership.Administrator)
	u := w.create(c, membership.CreateInput{CustomerID: "alpha", RecordInput: named("stranger@example.com")})
	codes := []string{}
	for n := range 6 {
		after, err := w.records.Change(w.ctx, c, u.ID, u.Version, membership.RecordInput{Email: ptr("mine-" + strconv.Itoa(n) + "@example.com")})
		if codes = append(codes, membership.CodeOf(err)); err == nil {
			u = after
		}
	}
	if !slices.Equal(codes, []string{"", "", "", "", "", "too_many_requests"}) {
		t.Errorf("%q", codes)
	}
	tagged := w.create(c, membership.CreateInput{CustomerID: "alpha", RecordInput: named("stranger+1@example.com")})
	_, err := w.records.Change(w.ctx, c, tagged.ID, tagged.Version, membership.RecordInput{Email: ptr("stranger+2@example.com")})
	wantCode(t, err, "too_many_requests")
	w.sweep(membership.LetterEmailAnnounced)
	told := 0
	for _, m := range w.postman.posted {
		if m.To == "stranger@example.com" {
			told++
		}
	}
	if told != 5 {
		t.Errorf("%d letters to the present address", told)
	}
}
