package pages_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// resize gives the tab a width: 375 is a phone, anything else a desk.
func (p person) resize(width int64) {
	p.t.Helper()
	var options []chromedp.EmulateViewportOption
	if width == 375 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	p.set("resize", chromedp.EmulateViewport(width, 800, options...))
	p.until(fmt.Sprintf("a window of %d", width), patience, func() bool {
		return p.yes(fmt.Sprintf(`document.documentElement?.clientWidth === %d`, width))
	})
}

// prefer makes the browser ask for a light or dark page.
func (p person) prefer(scheme string) {
	p.t.Helper()
	p.set("prefer "+scheme, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
	p.until("a "+scheme+" page", patience, func() bool { return p.yes(`matchMedia("(prefers-color-scheme: ` + scheme + `)").matches`) })
}

// noScript turns the scripts of pages off.
func (p person) noScript() {
	p.t.Helper()
	p.set("turn scripts off", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

// forget deletes all cookies, as closing the browser would.
func (p person) forget() {
	p.t.Helper()
	p.set("forget the cookies", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.ClearBrowserCookies, cdp.Empty{})
		return err
	}))
}

// open goes to an address and waits until the page is there. It goes through an empty page, because the present page
// may be about to go elsewhere and would win, and because the same address with another fragment would not load.
func (p person) open(address string) {
	p.t.Helper()
	const nowhere = "about:blank"
	p.until("an empty page", time.Minute, func() bool {
		p.visit(nowhere)
		return p.ask(`location.href`) == nowhere
	})
	p.visit(address)
	p.settle()
}

// visit opens an address. A call that only opens a page may be repeated, which helps when another page came first
// (net::ERR_ABORTED) or the machine's network changed, as it does when a container starts.
func (p person) visit(address string) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(pause) {
		p.mark()
		failed := asking(p, "open "+address, 2*time.Minute, func(ctx context.Context, t *chromedp.Target) (string, error) {
			answer, err := cdp.Call(ctx, t, page.Navigate, page.NavigateParams{URL: address})
			return answer.ErrorText, err
		})
		if failed == "" {
			break
		}
		if failed != "net::ERR_ABORTED" && failed != "net::ERR_NETWORK_CHANGED" || time.Now().After(deadline) {
			p.t.Fatalf("open %s: %s", address, failed)
		}
	}
	p.until(address+" to open", time.Minute, p.elsewhere)
}

// mark marks the page that is shown; elsewhere says whether another one is, and is complete.
func (p person) mark() { p.t.Helper(); p.ask(`document.before = true`) }

func (p person) elsewhere() bool {
	p.t.Helper()
	return p.yes(`!document.before && document.readyState === "complete"`)
}

// settle waits until a page is complete, and has posted its token if it does so by itself.
func (p person) settle() {
	p.t.Helper()
	p.until("the page to settle", time.Minute, func() bool {
		return p.yes(`document.readyState === "complete" && !document.documentElement?.classList.contains("has-token")`)
	})
}

// leaves does what leads to another page, and waits for that page.
func (p person) leaves(what string, act func()) {
	p.t.Helper()
	p.settle()
	p.mark()
	act()
	p.until(what+" to lead to another page", time.Minute, p.elsewhere)
	p.settle()
}

// press uses the button or link that says label, with what screen readers hear ("Resend anna@example.com").
func (p person) press(label string) {
	p.t.Helper()
	find := `[...document.querySelectorAll("button, a")].filter((e) => e.textContent.replace(/\s+/g, " ").trim() === ` + quote(label) + `)`
	p.settle()
	p.until("a button or link "+quote(label), patience, func() bool { return p.yes(find + `.length > 0`) })
	if !p.yes(`new Set(` + find + `.map((e) => e.href || e.form?.action)).size === 1`) {
		p.t.Fatalf("there are several buttons or links %q on:\n%s", label, p.text())
	}
	p.leaves(label, func() { p.do(find + `[0].click()`) })
}

// fill fills a field, found by its name as the form posts it.
func (p person) fill(name, value string) {
	p.t.Helper()
	field := `[...document.querySelectorAll("main [name='` + name + `']")].filter((e) => e.type !== "hidden")`
	p.settle()
	if !p.yes(field + `.length > 0`) {
		p.t.Fatalf("there is no field %q on:\n%s", name, p.text())
	}
	p.do(`(() => { const all = ` + field + `, value = ` + quote(value) + `;
	  if (all[0].type === "radio") all.find((e) => e.value === value).checked = true; else all[0].value = value; })()`)
	if !p.yes(field + `.some((e) => e.value === ` + quote(value) + ` && (e.type !== "radio" || e.checked))`) {
		p.t.Fatalf("the field %q does not take %q", name, value)
	}
}

// value returns the content of a field.
func (p person) value(name string) string {
	p.t.Helper()
	value, _ := p.ask(`document.querySelector("main [name='` + name + `']")?.value`).(string)
	return value
}

// text returns what the page says.
func (p person) text() string {
	p.t.Helper()
	text, _ := p.ask(`document.body?.innerText`).(string)
	return text
}

// sees fails unless the page says all of this, at once or after it has refreshed itself.
func (p person) sees(all ...string) {
	p.t.Helper()
	for _, want := range all {
		if !soon(patience, func() bool { return strings.Contains(p.text(), want) }) {
			p.t.Fatalf("%s does not say %q but:\n%s", p.path(), want, p.text())
		}
	}
}

// seesIn is sees for what only shows after a moment (lists follow a write): it opens the page again until it does.
func (p person) seesIn(address string, all ...string) {
	p.t.Helper()
	p.until(address+" to say "+strings.Join(all, ", "), recovery, func() bool {
		p.open(address)
		text := p.text()
		for _, want := range all {
			if !strings.Contains(text, want) {
				return false
			}
		}
		return true
	})
}

// seesNo fails when the page says any of this, and still does after it has refreshed itself.
func (p person) seesNo(all ...string) {
	p.t.Helper()
	p.settle()
	for _, unwanted := range all {
		if !soon(patience, func() bool { return !strings.Contains(p.text(), unwanted) }) {
			p.t.Fatalf("%s says %q:\n%s", p.path(), unwanted, p.text())
		}
	}
}

// path returns the path of the page's address.
func (p person) path() string {
	p.t.Helper()
	address, _ := p.ask(`location.href`).(string)
	u, err := url.Parse(address)
	if err != nil {
		p.t.Fatal(err)
	}
	return u.Path
}

// row returns what the table's row with this text says.
func (p person) row(with string) string {
	p.t.Helper()
	text, _ := p.ask(`[...document.querySelectorAll("tbody tr")].find((r) => r.innerText.includes(` + quote(with) + `))?.innerText`).(string)
	return text
}

// signIn signs in at a door.
func (p person) signIn(door, login, password string) {
	p.t.Helper()
	p.open(door + "/sign-in")
	p.fill("login", login)
	p.fill("password", password)
	p.press("Sign in")
}

// types presses keys, wherever the focus is.
func (p person) types(text string) {
	p.t.Helper()
	p.act("type", chromedp.KeyEvent(text))
}

func quote(s string) string {
	raw, _ := json.Marshal(s)
	return string(raw)
}
