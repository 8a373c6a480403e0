package pages_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// settingsOf gives a test sole use of the stack's settings, which all tests share, until it ends: a lock next to
// stack.json keeps other tests and other packages out. Then the settings are restored.
func settingsOf(staff caller) (change func(map[string]any)) {
	staff.t.Helper()
	lock, err := os.OpenFile(filepath.Join(filepath.Dir(stackFile()), "settings.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		staff.t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		staff.t.Fatal(err)
	}
	change = func(s map[string]any) {
		staff.t.Helper()
		version := staff.must(200, "GET", "/settings", nil)["version"].(float64)
		staff.must(200, "PATCH", "/settings", s, "If-Match", fmt.Sprintf("%q", fmt.Sprint(version)))
	}
	staff.t.Cleanup(func() {
		change(map[string]any{"selfRegistration": false, "registrationNeedsApproval": true, "embedSites": []string{},
			"registrationFields": map[string]string{"company": "optional", "phone": "optional", "street": "off", "postcode": "off", "city": "off", "region": "off", "country": "off"}})
		_ = lock.Close()
	})
	return change
}

// unhurried makes a form look as if it had been open for a minute: a form that is filled in faster than people can is
// ignored.
func (p person) unhurried() {
	p.t.Helper()
	p.do(`document.querySelector("[name=shownAt]").value -= 60`)
}

// registers fills in the open form and sends it.
func (p person) registers(email, button string) {
	p.t.Helper()
	p.unhurried()
	p.fill("firstName", "Rita")
	p.fill("lastName", "Gister")
	p.fill("email", email)
	p.press(button)
}

// Somebody registers, confirms the address with the mailed link, and waits; with approval off they are in at once.
func TestRegister(t *testing.T) {
	s := theStack(t)
	change := settingsOf(administrator(t, s))
	visitor := somebody(t)
	visitor.open(s.Portal + "/register")
	visitor.sees("Registration is closed", "Sign in")

	change(map[string]any{"selfRegistration": true, "registrationFields": map[string]string{"company": "mandatory", "country": "optional"}})
	visitor.seesIn(s.Portal+"/sign-in", "No account yet? Register")
	visitor.press("Register")
	email := address("rita")
	visitor.registers(email, "Register")
	visitor.sees("There is a problem", "Fill in this field.")
	visitor.fill("company", "Gister & Daughters")
	visitor.press("Register")
	visitor.sees("Look into your mailbox")

	url := link(t, mailed(t, s, email, 1))
	visitor.open(url[:len(url)-3])
	visitor.sees("This link is not complete", "Paste the code", "Register again")
	visitor.open(url)
	visitor.sees("Confirm your registration", email, "Gister & Daughters")
	visitor.fill("firstName", "")
	visitor.press("Confirm my address")
	visitor.sees("Fill in this field.")
	visitor.fill("firstName", "Margarita")
	visitor.press("Confirm my address")
	visitor.sees("Thank you, we have your registration")
	visitor.open(url)
	visitor.sees("Thank you, we have your registration")

	// A newer registration replaces the link of an older one; both links lead on.
	change(map[string]any{"registrationNeedsApproval": false, "registrationFields": map[string]string{"company": "off"}})
	email = address("olaf")
	for n := range 2 {
		visitor.open(s.Portal + "/register")
		visitor.registers(email, "Register")
		visitor.sees("Look into your mailbox")
		mailed(t, s, email, n+1)
	}
	mails := mailsTo(t, s, email)
	visitor.open(link(t, mails[1]))
	visitor.sees("There is a newer link", "Register again", "Sign in")
	newest := link(t, mails[0])
	plain := somebody(t) // without script, the code is pasted
	plain.noScript()
	plain.open(newest)
	plain.fill("token", newest)
	plain.press("Continue")
	plain.press("Confirm my address")
	plain.sees("Welcome: you are registered", "Sign in")
	if m := mailed(t, s, email, 3); !strings.Contains(m.Text, "/reset-password#") {
		t.Errorf("the mail %q brings no link", m.Subject)
	}
	plain.seesIn(s.Portal+"/sign-in", "No account yet? Register")
	plain.press("Register")
	plain.sees("We mail you a link")

	change(map[string]any{"selfRegistration": false})
	visitor.open(s.Portal + "/register")
	visitor.sees("Registration is closed")
}

// TestEveryPageOfRegistering is TestEveryPage for pages that depend on the settings.
func TestEveryPageOfRegistering(t *testing.T) {
	s := theStack(t)
	rules, pictures := axeScript(t), picturesDirectory(t)
	staff := administrator(t, s)
	logins := map[string]string{}
	for _, language := range []string{"en", "de"} {
		logins[language] = address("ines")
		staff.join("provider", logins[language], "agent", language)
	}
	change := settingsOf(staff)
	closed := []look{
		{"register-closed", at(s.Portal + "/register"), "a[href='/sign-in']", false},
		{"register-framed-closed", at(s.Portal + "/embed/registration"), "[data-answer]", false},
	}
	console := func(query string) func(person) { return at(s.Console + "/settings/embeds" + query) }
	nowhere := []look{{"embeds-no-site", console(""), "textarea", false}}
	visit := func(language string, open bool) {
		p, colleague := somebody(t), somebody(t)
		p.open(s.Portal + "/sign-in")
		p.leaves("the language switch", func() { p.do(`document.querySelector("button[name=language][value=` + language + `]").click()`) })
		colleague.enter(s.Console, logins[language], password)
		see := func(p person, looks []look) {
			for _, l := range looks {
				l.show(p)
				p.check(l, map[bool]string{true: "staff-", false: "nobody-"}[p == colleague]+l.name, language, rules, pictures)
			}
		}
		if !open {
			see(p, closed)
			see(colleague, nowhere)
			return
		}
		send := func(p person, fields ...string) {
			p.unhurried()
			for i := 0; i+1 < len(fields); i += 2 {
				p.fill(fields[i], fields[i+1])
			}
			p.send()
		}
		email := address("rita")
		good := []string{"firstName", "Rita", "lastName", "Gister", "email", email, "country", "NO", "company", "Gister & Daughters"}
		see(p, []look{
			{"register", at(s.Portal + "/register"), "[name=street]", true},
			{"register-errors", func(p person) { p.open(s.Portal + "/register"); send(p, "email", "rita@") }, ".error-summary", false},
			{"register-sent", func(p person) { p.open(s.Portal + "/register"); send(p, good...) }, "a[href='/register']", true},
			{"register-framed", at(s.Portal + "/embed/registration?language=" + language), "[name=country]", true},
			{"register-framed-errors", func(p person) {
				p.open(s.Portal + "/embed/registration?address=true&language=" + language)
				send(p)
			}, ".error-summary", false},
			{"register-framed-sent", func(p person) {
				p.open(s.Portal + "/embed/registration?language=" + language)
				send(p, "firstName", "Rita", "lastName", "Gister", "email", address("rita"), "country", "NO")
			}, "[data-answer]", false},
			{"sign-in-framed", at(s.Portal + "/embed/sign-in?language=" + language), "[name=login]", false},
			{"sign-in-or-register", func(p person) {
				p.seesIn(s.Portal+"/sign-in", map[string]string{"en": "Register", "de": "Registrieren"}[language])
			}, "a[href='/register']", true},
			{"registration-open", at(s.Portal + "/registration"), "[name=token]", false},
		})
		url := link(t, mailed(t, s, email, 1))
		see(p, []look{
			{"registration-incomplete", at(url[:len(url)-4]), "a[href='/registration']", false},
			{"registration-confirm", at(url), "[name=firstName]", true},
			{"registration-confirm-error", func(p person) { p.open(url); p.fill("lastName", ""); p.send() }, ".error-summary", false},
			{"registration-waiting", func(p person) { p.open(url); p.send() }, ".panel", true},
		})
		see(colleague, []look{
			{"embeds", console(""), "textarea", true},
			{"embeds-address", console("?variant=form&address=true&language=de"), "textarea", false},
			{"embeds-frame", func(p person) {
				console("?variant=iframe&address=true")(p)
				p.prefer("dark") // frames on other sites are never dark
				if look := p.ask(`(({backgroundColor, color}) => backgroundColor + " " + color)(getComputedStyle(document.querySelector("[inert]")))`); look != "rgb(255, 255, 255) rgb(27, 31, 39)" {
					p.t.Errorf("in the dark the preview of a frame is %v", look)
				}
				p.prefer("light")
			}, "[inert]", true},
			{"embeds-sign-in", console("?kind=sign-in"), "textarea", false},
			{"embeds-sign-in-frame", console("?kind=sign-in&variant=iframe"), "textarea", false},
		})
	}
	for _, language := range []string{"en", "de"} {
		visit(language, false)
	}
	change(map[string]any{"selfRegistration": true, "embedSites": []string{"https://www.fjordfisk.example", "https://shop.fjordfisk.example:8443"},
		"registrationFields": map[string]string{"street": "optional", "postcode": "optional", "city": "optional", "region": "off", "country": "mandatory"}})
	for _, language := range []string{"en", "de"} {
		visit(language, true)
	}
}
