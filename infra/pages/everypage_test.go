package pages_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// look is one page as somebody sees it: how to reach it, and what must be on it (a selector).
type look struct {
	name string
	show func(p person)
	has  string
	dark bool // also photographed in dark mode
}

// TestEveryPage looks at every page in every language, wide and as on a phone: nothing may be inaccessible, wider than
// the window, or without a text, and a picture is kept.
func TestEveryPage(t *testing.T) {
	s := theStack(t)
	rules := axeScript(t)
	pictures := picturesDirectory(t)
	if err := os.RemoveAll(pictures); err != nil { // pictures of pages that no longer exist
		t.Fatal(err)
	}
	w := newWorld(t, s)
	for _, language := range []string{"en", "de"} {
		links := newLinks(t, w, language)
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			for _, visit := range []struct {
				who, door, login string
				looks            []look
			}{
				{"nobody", s.Portal, "", nobodysLooks(w, links)},
				{"staff", s.Console, w.staff[language], staffLooks(w)},
				{"agent", s.Console, w.agent[language], agentLooks(w)},
				{"boss", s.Portal, w.boss[language], bossLooks(w)},
				{"member", s.Portal, w.member[language], memberLooks(w)},
			} {
				p := somebody(t)
				if visit.login == "" {
					p.open(visit.door + "/sign-in")
					p.leaves("the language switch", func() { p.do(`document.querySelector("button[name=language][value=` + language + `]").click()`) })
				} else {
					p.enter(visit.door, visit.login, password)
				}
				for _, look := range visit.looks {
					look.show(p)
					p.check(look, visit.who+"-"+look.name, language, rules, pictures)
				}
			}
		})
	}
}

func picturesDirectory(t *testing.T) string {
	t.Helper()
	directory := os.Getenv("CLIENTELE_ARTIFACTS")
	if directory == "" {
		directory = filepath.Join(checkout, ".local")
	}
	return filepath.Join(directory, "screenshots")
}

// check judges the page that is open.
func (p person) check(l look, name, language, rules, pictures string) {
	p.t.Helper()
	if l.has != "" && !p.yes(`!!document.querySelector(`+quote(l.has)+`)`) {
		p.t.Errorf("%s has no %s:\n%s", name, l.has, p.text())
	}
	if got := p.ask(`document.documentElement.lang`); got != language {
		p.t.Errorf("%s is in %v instead of %s", name, got, language)
	}
	untranslated := regexp.MustCompile(`\b(accept|console|domains|embed|error|export|field|form|guest|import|layout|notice|origin|people|portal|problem|profile|queue|register|role|role_hint|settings|signin|status|table|token)\.[a-z_]+(\.[a-z_]+)*\b`)
	if key := untranslated.FindString(p.text()); key != "" && key != "error.example" {
		p.t.Errorf("%s shows the key %s", name, key)
	}
	for _, width := range []int64{1280, 375} {
		p.resize(width)
		picture := fmt.Sprintf("%s-%s-%d", name, language, width)
		if p.yes(`document.documentElement.scrollWidth > innerWidth`) {
			p.t.Errorf("%s is wider than the window", picture)
		}
		if hidden := p.ask(`[...document.querySelectorAll(".nav [aria-current], .tabs [aria-current]")].filter((link) => {
			const {left, right} = link.getBoundingClientRect();
			return left < 0 || right > innerWidth;
		}).map((link) => link.textContent).join(", ")`); hidden != "" {
			p.t.Errorf("%s does not show where it is: %v", picture, hidden)
		}
		if found := p.audit(rules); found != "" {
			p.t.Errorf("%s:\n%s", picture, found)
		}
		p.photograph(filepath.Join(pictures, picture+".png"))
		if l.dark && language == "en" {
			p.prefer("dark")
			if found := p.audit(rules); found != "" {
				p.t.Errorf("%s in the dark:\n%s", picture, found)
			}
			p.photograph(filepath.Join(pictures, picture+"-dark.png"))
			p.prefer("light")
		}
	}
	p.resize(1280)
}

func (p person) photograph(file string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		p.t.Fatal(err)
	}
	picture := asking(p, "photograph "+filepath.Base(file), 2*time.Minute, chromedp.FullScreenshot(100))
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// enter signs in in any language.
func (p person) enter(door, login, password string) {
	p.t.Helper()
	p.open(door + "/sign-in")
	p.fill("login", login)
	p.fill("password", password)
	p.send()
	if p.path() == "/sign-in" {
		p.t.Fatalf("%s does not get in:\n%s", login, p.text())
	}
}

// send presses the main button of the page's form.
func (p person) send() {
	p.t.Helper()
	p.leaves("the form", func() {
		p.do(`document.querySelector("main form:not(.filters) button.primary, main form button.danger, main form.filters button").click()`)
	})
}

// at opens an address; typed also fills fields (name, value, name, value …) and sends the form.
func at(address string) func(person) {
	return func(p person) { p.t.Helper(); p.open(address) }
}

func typed(address string, fields ...string) func(person) {
	return func(p person) {
		p.t.Helper()
		p.open(address)
		for i := 0; i+1 < len(fields); i += 2 {
			p.fill(fields[i], fields[i+1])
		}
		p.send()
	}
}
