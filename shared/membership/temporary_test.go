package membership_test

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/shared/membership"
)

const ownPassword = "one of my very own"

// temporary renews alpha-member's password with a temporary one and returns the mail.
func (w *world) temporary() string {
	w.t.Helper()
	if err := w.records.RenewPassword(w.ctx, w.staff(), "alpha-member", membership.ByTemporaryPassword); err != nil {
		w.t.Fatal(err)
	}
	w.now = w.now.Add(2 * time.Second)
	return w.sweep(membership.LetterPasswordTemporary)
}

// session signs in with a temporary password and returns the session of the challenge.
func (w *world) session(login, password string) string {
	w.t.Helper()
	in, err := w.signIn.SignIn(w.ctx, w.public(), membership.Credentials{Login: login, Password: password, Door: membership.PortalDoor, Source: "192.0.2.9"})
	if err != nil || in.Answer.Challenge != "newPassword" || in.Answer.Session == "" || in.Answer.Tokens != (membership.Tokens{}) {
		w.t.Fatalf("%+v %v", in, err)
	}
	return in.Answer.Session
}

func (w *world) choose(session, password string) (membership.SignedIn, error) {
	return w.signIn.AnswerNewPassword(w.ctx, w.public(), membership.NewPassword{Session: session, Door: membership.PortalDoor, Password: password})
}

func (w *world) chooses(session, password string) error {
	_, err := w.choose(session, password)
	return err
}

func TestTemporaryPasswordMustBeChanged(t *testing.T) {
	w := newWorld(t)
	earlier := w.resetToken("alpha-member", membership.PortalDoor)
	password := w.temporary()
	if !regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{5}(-[0-9a-hjkmnp-tv-z]{5}){3}$`).MatchString(password) || membership.CheckPassword("password", password, "") != nil {
		t.Errorf("the password is %q", password)
	}
	wantCode(t, w.signInWith("alpha-member", goodPassword), "wrong_credentials")
	wantCode(t, w.signIn.ResetPassword(w.ctx, w.public(), earlier, ownPassword), "reset_link_over")

	w.accounts.calls = nil
	session := w.session("alpha-member@example.com", password)
	if len(w.accounts.calls) != 0 {
		t.Errorf("the sign-in service hears of it: %v", w.accounts.calls)
	}
	wantCode(t, w.chooses(session, "short"), "password_too_short")
	wantCode(t, w.chooses(session, "alpha-member@example.com"), "password_is_email")
	wantCode(t, w.chooses(session, password), "password_is_temporary")
	wantCode(t, w.chooses(session, strings.ToUpper(strings.ReplaceAll(password, "-", "  "))), "password_is_temporary")
	_, err := w.signIn.AnswerNewPassword(w.ctx, w.public(), membership.NewPassword{Session: session, Door: membership.ConsoleDoor, Password: ownPassword})
	wantCode(t, err, "challenge_over")
	w.accounts.calls = nil
	in, err := w.choose(session, ownPassword)
	if err != nil || in.User.ID != "alpha-member" || in.Answer.Tokens.Access == "" || in.Answer.Challenge != "" {
		t.Fatalf("%+v %v", in, err)
	}
	if want := []string{"Create", "SetPassword", "SignIn"}; !slices.Equal(w.accounts.calls, want) || w.waited <= 0 || w.waited > time.Second {
		t.Errorf("calls %v, waited %v", w.accounts.calls, w.waited)
	}
	if w.store.attempts["alpha-member@example.com"].Failures != 0 {
		t.Error("the failures are not forgotten")
	}
	audit := w.store.audit[len(w.store.audit)-1]
	if audit.Action != "user.password-chosen" || audit.SubjectID != "alpha-member" || audit.ActorID != "alpha-member" {
		t.Errorf("%+v", audit)
	}
	if w.sweep(membership.LetterPasswordChanged); w.postman.posted[len(w.postman.posted)-1].Letter != membership.LetterPasswordChanged {
		t.Error("nobody is told")
	}
	wantCode(t, w.chooses(session, "and one more of my own"), "challenge_over")
	wantCode(t, w.signInWith("alpha-member", password), "wrong_credentials")
	w.now = w.now.Add(2 * time.Second)
	wantCode(t, w.signInWith("alpha-member", ownPassword), "")
}

func TestTemporaryPasswordsAreReadForgivingly(t *testing.T) {
	w := newWorld(t)
	password := w.temporary()
	for _, typed := range []string{strings.ToUpper(password), strings.ReplaceAll(password, "-", ""), " " + strings.ReplaceAll(password, "-", " – ") + "\t",
		strings.NewReplacer("0", "O", "1", "l").Replace(password), strings.NewReplacer("0", "o", "1", "I").Replace(password)} {
		w.session("alpha-member", typed)
		delete(w.store.attempts, "alpha-member")
	}
	last := map[byte]string{'0': "1"}[password[len(password)-1]]
	if last == "" {
		last = "0"
	}
	for _, typed := range []string{password[:len(password)-1], password + "0", password[:len(password)-1] + last, "-", strings.Repeat("0", 20)} {
		wantCode(t, w.signInWith("alpha-member", typed), "wrong_credentials")
		delete(w.store.attempts, "alpha-member")
	}
}

func TestTemporaryPasswordIsValidSevenDaysToTheSecond(t *testing.T) {
	for _, c := range []struct {
		at   time.Duration
		code string
	}{{7*24*time.Hour - time.Second, ""}, {7 * 24 * time.Hour, "wrong_credentials"}, {7*24*time.Hour + time.Second, "wrong_credentials"}} {
		w := newWorld(t)
		w.create(w.staff(), membership.CreateInput{CustomerID: "alpha", SendRegistrationEmail: true, Credentials: membership.ByTemporaryPassword, RecordInput: named("neu@example.com")})
		w.now = w.now.Add(time.Hour) // it counts from when it is sent
		password := w.sweep(membership.LetterRegistrationTemporary)
		sent := w.now.Truncate(time.Second)
		if got := w.postman.posted[len(w.postman.posted)-1].Fields["expiresAt"]; got != sent.Add(7*24*time.Hour).Format(time.RFC3339) {
			t.Errorf("the mail says %s", got)
		}
		w.now = sent.Add(c.at)
		wantCode(t, w.signInWith("neu@example.com", password), c.code)
		if c.code != "" {
			continue
		}
		session := w.session("neu@example.com", password)
		w.now = sent.Add(7 * 24 * time.Hour)
		wantCode(t, w.chooses(session, ownPassword), "challenge_over")
		if w.resetToken("neu@example.com", membership.PortalDoor) == "" {
			t.Error("forgot password does not help")
		}
	}
}

func TestTheChallengeOfATemporaryPasswordEnds(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(w *world, session string) string
		code  string
	}{
		"in its last second": {func(w *world, s string) string {
			w.now = w.now.Truncate(time.Second).Add(5*time.Minute - time.Second)
			return s
		}, ""},
		"after five minutes": {func(w *world, s string) string { w.now = w.now.Truncate(time.Second).Add(5 * time.Minute); return s }, "challenge_over"},
		"renewed again":      {func(w *world, s string) string { w.temporary(); return s }, "challenge_over"},
		"renewed by link": {func(w *world, s string) string {
			if err := w.records.RenewPassword(w.ctx, w.staff(), "alpha-member", membership.ByLink); err != nil {
				w.t.Fatal(err)
			}
			return s
		}, "challenge_over"},
		"deactivated": {func(w *world, s string) string {
			w.set("alpha-member", func(u *membership.User) { u.Status = membership.Deactivated })
			return s
		}, "challenge_over"},
		"of somebody else": {func(_ *world, s string) string { return strings.Replace(s, "alpha-member", "alpha-moderator", 1) }, "challenge_over"},
		"prolonged":        {func(_ *world, s string) string { return "9" + s }, "challenge_over"},
		"written again":    {func(_ *world, s string) string { return "+" + s }, "challenge_over"},
		"cut off":          {func(_ *world, s string) string { return s[:len(s)-1] }, "challenge_over"},
		"a password link":  {func(w *world, _ string) string { return w.resetToken("alpha-member", membership.PortalDoor) }, "challenge_over"},
		"a second factor":  {func(*world, string) string { return "session-of-alpha-member" }, "challenge_over"},
		"nothing":          {func(*world, string) string { return "" }, "challenge_over"},
	} {
		w := newWorld(t)
		session := c.spoil(w, w.session("alpha-member", w.temporary()))
		if err := w.chooses(session, ownPassword); membership.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
		if set := w.accounts.passwords["alpha-member"] == ownPassword; set != (c.code == "") {
			t.Errorf("%s: the password is set: %v", name, set)
		}
	}
}

// Everything that sets or renews a password ends the temporary one; asking for a link, which anybody can do, does not.
func TestWhatEndsATemporaryPassword(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(w *world)
		code string
	}{
		"nothing":             {func(*world) {}, ""},
		"a link is asked for": {func(w *world) { w.resetToken("alpha-member", membership.PortalDoor) }, ""},
		"a password by a link": {func(w *world) {
			token := w.resetToken("alpha-member", membership.PortalDoor)
			wantCode(w.t, w.signIn.ResetPassword(w.ctx, w.public(), token, goodPassword), "")
			w.now = w.now.Add(2 * time.Second)
		}, "wrong_credentials"},
		"renewed again": {func(w *world) { w.temporary() }, "wrong_credentials"},
		"renewed by a link": {func(w *world) {
			if err := w.records.RenewPassword(w.ctx, w.as("alpha", membership.Administrator), "alpha-member", membership.ByLink); err != nil {
				w.t.Fatal(err)
			}
		}, "wrong_credentials"},
		"another address": {func(w *world) { w.set("alpha-member", func(u *membership.User) { u.Email = "new@example.com" }) }, "wrong_credentials"},
		"deactivated":     {func(w *world) { w.set("alpha-member", func(u *membership.User) { u.Status = membership.Deactivated }) }, "wrong_credentials"},
		"portal closed":   {func(w *world) { w.setCustomer(func(c *membership.Customer) { c.PortalAccess = false }) }, "wrong_credentials"},
	} {
		w := newWorld(t)
		password := w.temporary()
		c.do(w)
		if err := w.signInWith("alpha-member", password); membership.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := newWorld(t)
	password := w.temporary()
	_, err := w.signIn.SignIn(w.ctx, w.public(), membership.Credentials{Login: "alpha-member", Password: password, Door: membership.ConsoleDoor})
	wantCode(t, err, "wrong_credentials")
	wantCode(t, w.signInWith("alpha-moderator", password), "wrong_credentials")
}

// Only the newest mail brings a temporary password; the others are withdrawn, even if they were only late.
func TestLateTemporaryMailsAreWithdrawn(t *testing.T) {
	w := newWorld(t)
	renew := func(mode membership.PasswordMode) {
		t.Helper()
		if err := w.records.RenewPassword(w.ctx, w.staff(), "alpha-member", mode); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(2 * time.Second)
	}
	count := func() (temporary int) {
		for _, m := range w.postman.posted {
			if m.Letter == membership.LetterPasswordTemporary {
				temporary++
			}
		}
		return temporary
	}
	renew(membership.ByTemporaryPassword)
	renew(membership.ByTemporaryPassword)
	password := w.sweep(membership.LetterPasswordTemporary)
	if count() != 1 {
		t.Errorf("%d temporary passwords", count())
	}
	w.session("alpha-member", password)
	renew(membership.ByTemporaryPassword)
	renew(membership.ByLink)
	if token := w.sweep(membership.LetterPasswordLink); token == "" || count() != 1 {
		t.Errorf("link %q, %d temporary passwords", token, count())
	}
	// A new user who sets a password with "forgot password" before the mail goes out needs no other one.
	w.create(w.staff(), membership.CreateInput{CustomerID: "alpha", SendRegistrationEmail: true, Credentials: membership.ByTemporaryPassword, RecordInput: named("neu@example.com")})
	held := maps.Clone(w.store.mails)
	for id, m := range held {
		if m.Letter == membership.LetterRegistrationTemporary {
			m.DueAt, m.Attempts = w.now.Add(time.Hour), 1
			w.store.mails[id] = m
		}
	}
	wantCode(t, w.signIn.ResetPassword(w.ctx, w.public(), w.resetToken("neu@example.com", membership.PortalDoor), goodPassword), "")
	w.now = w.now.Add(2 * time.Hour)
	if password := w.sweep(membership.LetterRegistrationTemporary); password != "" {
		t.Error("a temporary password beside a set one")
	}
}

// A repeated try of the same mail carries the same password, while it is good for at least half of its time.
func TestRepeatedTemporaryMailCarriesTheSamePassword(t *testing.T) {
	w := newWorld(t)
	if err := w.records.RenewPassword(w.ctx, w.staff(), "alpha-member", membership.ByTemporaryPassword); err != nil {
		t.Fatal(err)
	}
	again := func(after time.Duration) string {
		t.Helper()
		for id, m := range w.store.mails {
			if m.Letter == membership.LetterPasswordTemporary { // the mark that it was sent got lost
				m.Status, m.DueAt = membership.MailQueued, w.now
				w.store.mails[id] = m
			}
		}
		w.now = w.now.Add(after)
		return w.sweep(membership.LetterPasswordTemporary)
	}
	first := again(time.Minute)
	if second := again(3 * 24 * time.Hour); first == "" || second != first {
		t.Errorf("%q, then %q", first, second)
	}
	third := again(24 * time.Hour)
	if third == first || third == "" {
		t.Errorf("%q again, with little time left", third)
	}
	wantCode(t, w.signInWith("alpha-member", first), "wrong_credentials")
	if err := w.chooses(w.session("alpha-member", third), ownPassword); err != nil {
		t.Fatal(err)
	}
	if fourth := again(time.Minute); fourth != "" {
		t.Errorf("%q was mailed after one was chosen", fourth)
	}
}

// A temporary password and a second factor: first the one, then the other.
func TestTemporaryPasswordAndSecondFactor(t *testing.T) {
	w := newWorld(t)
	w.accounts.totp["alpha-member"] = "123456"
	in, err := w.choose(w.session("alpha-member", w.temporary()), ownPassword)
	if err != nil || in.Answer.Challenge != "totp" || in.Answer.Tokens.Access != "" {
		t.Fatalf("%+v %v", in, err)
	}
	w.now = w.now.Add(2 * time.Second)
	done, err := w.signIn.AnswerChallenge(w.ctx, w.public(), membership.Challenge{UserID: in.User.ID, Door: membership.PortalDoor, Session: in.Answer.Session, Code: "123456"})
	if err != nil || done.Answer.Tokens.Access == "" {
		t.Errorf("%+v %v", done, err)
	}
}

// Wrong temporary passwords are wrong passwords: same answer, same calls, same count.
func TestTemporaryPasswordsAreNoOracle(t *testing.T) {
	var reference []string
	for name, prepare := range map[string]func(*world) (login, password string){
		"none given": func(*world) (string, string) { return "alpha-member", "7h4kq-9m2vd-x3c8r-p5wzt" },
		"unknown":    func(*world) (string, string) { return "nobody-at-all", "7h4kq-9m2vd-x3c8r-p5wzt" },
		"wrong":      func(w *world) (string, string) { w.temporary(); return "alpha-member", "7h4kq-9m2vd-x3c8r-p5wzt" },
		"not sent yet": func(w *world) (string, string) {
			if err := w.records.RenewPassword(w.ctx, w.staff(), "alpha-member", membership.ByTemporaryPassword); err != nil {
				w.t.Fatal(err)
			}
			access, _ := w.store.Access(w.ctx, "alpha", "alpha-member", "")
			w.now = w.now.Add(2 * time.Second)
			return "alpha-member", w.keys.TemporaryPassword(membership.TemporaryFacts(access.User, access.SignIns))
		},
		"expired": func(w *world) (string, string) {
			password := w.temporary()
			w.now = w.now.Add(8 * 24 * time.Hour)
			return "alpha-member", password
		},
		"used": func(w *world) (string, string) {
			password := w.temporary()
			if err := w.chooses(w.session("alpha-member", password), ownPassword); err != nil {
				w.t.Fatal(err)
			}
			w.now = w.now.Add(2 * time.Second)
			return "alpha-member", password
		},
	} {
		w := newWorld(t)
		login, password := prepare(w)
		w.accounts.calls, w.waited = nil, 0
		if err := w.signInWith(login, password); !errors.Is(err, membership.ErrWrongCredentials) {
			t.Errorf("%s: %v", name, err)
		}
		if reference == nil {
			reference = w.accounts.calls
		}
		if !slices.Equal(reference, w.accounts.calls) || w.waited != 0 || w.store.attempts[login].Failures != 1 {
			t.Errorf("%s: calls %v, others %v, waited %v, failures %d", name, w.accounts.calls, reference, w.waited, w.store.attempts[login].Failures)
		}
	}
	w := newWorld(t)
	password := w.temporary()
	for range 5 {
		wantCode(t, w.signInWith("alpha-member", wrongPassword), "wrong_credentials")
	}
	wantCode(t, w.signInWith("alpha-member", password), "too_many_attempts")
}

func TestRacesForOneTemporaryPassword(t *testing.T) {
	w := newWorld(t)
	session := w.session("alpha-member", w.temporary())
	var wins sync.Map
	var racing sync.WaitGroup
	for n := range 16 {
		racing.Go(func() {
			password := fmt.Sprintf("%s, the %d. of them", ownPassword, n)
			switch err := w.chooses(session, password); membership.CodeOf(err) {
			case "":
				wins.Store(password, true)
			case "challenge_over":
			default:
				t.Error(err)
			}
		})
	}
	racing.Wait()
	var won []string
	wins.Range(func(password, _ any) bool { won = append(won, password.(string)); return true })
	if len(won) != 1 || w.accounts.passwords["alpha-member"] != won[0] {
		t.Errorf("%q won, the password is %q", won, w.accounts.passwords["alpha-member"])
	}
}

// A failure before the end can be repeated with the same session; while one is in progress the others wait.
func TestChoosingAPasswordIsRepeatable(t *testing.T) {
	w := newWorld(t)
	session := w.session("alpha-member", w.temporary())
	w.accounts.fail = membership.ErrOverloaded
	wantCode(t, w.chooses(session, ownPassword), "try_again")
	w.accounts.fail = membership.InvalidField("password", "invalid_password", "no")
	err := w.chooses(session, ownPassword)
	if e := (*membership.Error)(nil); !errors.As(err, &e) || e.Field != "newPassword" || e.Code != "invalid_password" {
		t.Errorf("%v", err)
	}
	w.accounts.fail = nil
	slow := &slowAccounts{accounts: w.accounts}
	w.signIn.Accounts = slow
	slow.meanwhile = func() { wantCode(t, w.chooses(session, "of somebody else"), "challenge_over") }
	wantCode(t, w.chooses(session, ownPassword), "")
	if got := w.accounts.passwords["alpha-member"]; got != ownPassword {
		t.Errorf("the password is %q", got)
	}
}

// A password that is renewed while the person sets one is over, however they set it, and the newer mail still counts.
func TestRenewedWhileOneIsChosen(t *testing.T) {
	for name, set := range map[string]func(*world) error{
		"by a temporary one": func(w *world) error { return w.chooses(w.session("alpha-member", w.temporary()), ownPassword) },
		"by a link": func(w *world) error {
			return w.signIn.ResetPassword(w.ctx, w.public(), w.resetToken("alpha-member", membership.PortalDoor), ownPassword)
		},
	} {
		w := newWorld(t)
		slow := &slowAccounts{accounts: w.accounts}
		w.signIn.Accounts = slow
		newer := ""
		slow.meanwhile = func() { newer = w.temporary() }
		if err := set(w); membership.CodeOf(err) != "challenge_over" && membership.CodeOf(err) != "reset_link_over" {
			t.Errorf("%s: %v", name, err)
		}
		wantCode(t, w.signInWith("alpha-member", ownPassword), "wrong_credentials")
		wantCode(t, w.chooses(w.session("alpha-member", newer), "the one that counts"), "")
		w.now = w.now.Add(2 * time.Second)
		wantCode(t, w.signInWith("alpha-member", "the one that counts"), "")
	}
}

func TestWhoGivesTemporaryPasswords(t *testing.T) {
	w := newWorld(t)
	boss := w.as("alpha", membership.Administrator)
	wantCode(t, w.records.RenewPassword(w.ctx, boss, "alpha-member", membership.ByTemporaryPassword), "temporary_password_not_allowed")
	wantCode(t, w.records.RenewPassword(w.ctx, boss, "alpha-member", membership.ByLink), "")
	wantCode(t, w.records.RenewPassword(w.ctx, w.as("beta", membership.Administrator), "alpha-member", membership.ByTemporaryPassword), "not_found")
	wantCode(t, w.records.RenewPassword(w.ctx, w.as(membership.ProviderID, membership.Agent), "alpha-member", membership.ByTemporaryPassword), "forbidden")
	wantCode(t, w.records.RenewPassword(w.ctx, w.staff(), "alpha-member", ""), "invalid_choice")
	wantCode(t, w.signInWith("alpha-member", goodPassword), "wrong_credentials")
	for code, in := range map[string]membership.CreateInput{
		"invalid_choice":         {Credentials: "carrier pigeon", SendRegistrationEmail: true},
		"temporary_without_mail": {Credentials: membership.ByTemporaryPassword},
	} {
		in.CustomerID, in.RecordInput = "alpha", named("neu@example.com")
		_, err := w.records.Create(w.ctx, w.staff(), in)
		wantCode(t, err, code)
	}
	in := membership.CreateInput{CustomerID: "alpha", Credentials: membership.ByTemporaryPassword, SendRegistrationEmail: true, RecordInput: named("neu@example.com")}
	_, err := w.records.Create(w.ctx, boss, in)
	wantCode(t, err, "temporary_password_not_allowed")
	in.Password = goodPassword
	_, err = w.records.Create(w.ctx, w.staff(), in)
	wantCode(t, err, "temporary_without_mail")
	in.Password, in.Credentials = "", ""
	if _, err = w.records.Create(w.ctx, boss, in); err != nil || w.sweep(membership.LetterUserRegistration) == "" {
		t.Errorf("a link by a customer's administrator: %v", err)
	}
}

func TestNoTemporaryPasswordIsStored(t *testing.T) {
	w := newWorld(t)
	password := w.temporary()
	session := w.session("alpha-member", password)
	wantCode(t, w.chooses(session, ownPassword), "")
	everything := fmt.Sprintf("%+v %+v %+v %+v", w.store.mails, w.store.audit, w.store.users, w.store.signIns)
	for what, secret := range map[string]string{"temporary password": password, "its first group": password[:5] + "-", "session": mac(session), "password": ownPassword} {
		if strings.Contains(everything, secret) {
			t.Errorf("the %s is stored", what)
		}
	}
	if strings.Contains(fmt.Sprint(w.accounts.passwords), password) {
		t.Error("the sign-in service has it")
	}
}
