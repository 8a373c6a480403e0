package pages_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// TestMain ends the browser that the tests share.
func TestMain(m *testing.M) {
	status := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	os.Exit(status)
}

// shared is the one browser: starting another for each test would take longer than the tests.
var shared struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func startBrowser() {
	path, err := chromium()
	if err != nil {
		shared.err = err
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true))
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	shared.ctx, shared.stop = ctx, func() { stop(); end() }
	shared.err = chromedp.Do(ctx)
}

func chromium() (string, error) {
	for _, name := range []string{os.Getenv("CLIENTELE_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no Chromium or Chrome (Debian: apt install chromium); CLIENTELE_CHROMIUM says where it is")
}

// person is a browser profile of its own with one tab: nobody else's cookies.
type person struct {
	t   testing.TB
	ctx context.Context
}

// somebody opens a tab for a person who has never been here.
func somebody(t testing.TB) person {
	t.Helper()
	shared.once.Do(startBrowser)
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	ctx, closeTab := chromedp.NewContext(shared.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx); err != nil { // the tab lives as long as the context of the first call
		t.Fatal(err)
	}
	p := person{t, ctx}
	p.do(chromedp.EmulateViewport(1280, 800), prefer("light"))
	return p
}

// prefer makes the browser ask for a light or dark page.
func prefer(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

// noScript turns the scripts of pages off.
func (p person) noScript() {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

// forget throws away all cookies, as closing the browser would.
func (p person) forget() {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.ClearBrowserCookies, cdp.Empty{})
		return err
	}))
}

const patience = 15 * time.Second

func (p person) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// eval returns the value of an expression in the page; while the page changes, it is asked again.
func (p person) eval(expression string) any {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	for {
		value, err := chromedp.Run(ctx, chromedp.Evaluate[any](expression))
		if err == nil {
			return value
		}
		if ctx.Err() != nil || !strings.Contains(err.Error(), "context") {
			p.t.Fatalf("%s: %v", expression, err)
		}
	}
}

func (p person) yes(expression string) bool {
	p.t.Helper()
	value, _ := p.eval(expression).(bool)
	return value
}

func quote(s string) string {
	raw, _ := json.Marshal(s)
	return string(raw)
}

// open goes to an address and waits until the page is there.
func (p person) open(address string) {
	p.t.Helper()
	if strings.Contains(address, "#") { // from elsewhere, else another fragment is no other page
		p.do(chromedp.Navigate("about:blank"))
	}
	p.do(chromedp.Navigate(address))
	p.settle()
}

// settle waits until a page that posts a token by itself has done so.
func (p person) settle() {
	p.t.Helper()
	within(p.t, "the page to settle", func() bool {
		return p.yes(`document.readyState === "complete" && !document.documentElement.classList.contains("has-token")`)
	})
}

// leaves does what leads to another page and waits for that.
func (p person) leaves(what string, click func()) {
	p.t.Helper()
	p.eval(`window.before = true`)
	click()
	within(p.t, what+" to lead to another page", func() bool { return p.yes(`!window.before && document.readyState === "complete"`) })
	p.settle()
}

// press uses the button or link that says label, with what screen readers hear ("Resend anna@example.com").
func (p person) press(label string) {
	p.t.Helper()
	find := `[...document.querySelectorAll("button, a")].filter((e) => e.textContent.replace(/\s+/g, " ").trim() === ` + quote(label) + `)`
	switch n := p.eval(find + `.length`).(float64); {
	case n == 0:
		p.t.Fatalf("there is no button or link %q on:\n%s", label, p.text())
	case n > 1 && !p.yes(`new Set(`+find+`.map((e) => e.href || e.form?.action)).size === 1`):
		p.t.Fatalf("there are %v buttons or links %q on:\n%s", n, label, p.text())
	}
	p.leaves(label, func() { p.eval(find + `[0].click()`) })
}

// fill fills a field, found by its name as the form posts it.
func (p person) fill(name, value string) {
	p.t.Helper()
	field := `[...document.querySelectorAll("main [name='` + name + `']")].filter((e) => e.type !== "hidden")`
	if !p.yes(field + `.length > 0`) {
		p.t.Fatalf("there is no field %q on:\n%s", name, p.text())
	}
	p.eval(`(() => { const all = ` + field + `; const value = ` + quote(value) + `;
	  if (all[0].type === "radio") { const one = all.find((e) => e.value === value); one.checked = true; return one.checked; }
	  all[0].value = value; return all[0].value === value || all[0].type === "textarea"; })()`)
}

// value is what a field holds.
func (p person) value(name string) string {
	p.t.Helper()
	value, _ := p.eval(`(document.querySelector("main [name='` + name + `']") || {}).value`).(string)
	return value
}

// text is what the page says.
func (p person) text() string {
	p.t.Helper()
	text, _ := p.eval(`document.body.innerText`).(string)
	return text
}

// sees fails unless the page says all of this, at once or within some seconds (lists follow a write).
func (p person) sees(all ...string) {
	p.t.Helper()
	for _, want := range all {
		deadline := time.Now().Add(3 * time.Second)
		for !strings.Contains(p.text(), want) {
			if time.Now().After(deadline) {
				p.t.Fatalf("%s does not say %q but:\n%s", p.path(), want, p.text())
			}
			time.Sleep(50 * time.Millisecond) // between two looks; the deadline decides
		}
	}
}

// seesIn is sees for what another request shows in a moment: it opens the page again until it does.
func (p person) seesIn(address string, all ...string) {
	p.t.Helper()
	within(p.t, address+" to say "+strings.Join(all, ", "), func() bool {
		p.open(address)
		for _, want := range all {
			if !strings.Contains(p.text(), want) {
				return false
			}
		}
		return true
	})
}

func (p person) seesNo(all ...string) {
	p.t.Helper()
	for _, unwanted := range all {
		if strings.Contains(p.text(), unwanted) {
			p.t.Fatalf("%s says %q:\n%s", p.path(), unwanted, p.text())
		}
	}
}

// path is that of the page's address.
func (p person) path() string {
	p.t.Helper()
	address, _ := p.eval(`location.href`).(string)
	u, err := url.Parse(address)
	if err != nil {
		p.t.Fatal(err)
	}
	return u.Path
}

// row is what the table's row with this text says.
func (p person) row(with string) string {
	p.t.Helper()
	text, _ := p.eval(`([...document.querySelectorAll("tbody tr")].find((r) => r.innerText.includes(` + quote(with) + `)) || {}).innerText`).(string)
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

// sameProfile opens another tab with the same cookies.
func sameProfile(t testing.TB, p person) context.Context {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(p.ctx)
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 800)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func openRaw(address string) chromedp.Action[chromedp.Void] { return chromedp.Navigate(address) }

func keys(text string) chromedp.Action[chromedp.Void] { return chromedp.KeyEvent(text) }
