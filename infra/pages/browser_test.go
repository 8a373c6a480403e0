package pages_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

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

// startLimit is how long a browser may take to start, and a tab to open, on a busy machine.
const startLimit = time.Minute

// startBrowser tries three times: what fails once on a busy machine may well succeed the next time.
func startBrowser() {
	path, err := chromium()
	if err != nil {
		shared.err = err
		return
	}
	for range 3 {
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
			chromedp.Flag("headless", "new"), chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true))
		allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, stop := chromedp.NewContext(allocator)
		if shared.err = started(ctx); shared.err == nil {
			shared.ctx, shared.stop = ctx, func() { stop(); end() }
			return
		}
		go func() { stop(); end() }() // this waits for a process that may hang
	}
}

// started makes the first call of a context, which starts the browser or opens the tab. These live as long as that
// call's context, so the call has no deadline.
func started(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- chromedp.Do(ctx) }()
	select {
	case err := <-done:
		return err
	case <-time.After(startLimit):
		return fmt.Errorf("the browser did not answer within %v", startLimit)
	}
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

// theBrowser skips the test when there is no browser and none is required.
func theBrowser(t testing.TB) {
	t.Helper()
	if _, err := chromium(); err != nil && os.Getenv("CLIENTELE_REQUIRED") == "" {
		t.Skip(err)
	}
}

// person is a separate browser profile with one tab: nobody else's cookies.
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
	return openTab(shared.ctx, t, chromedp.WithNewBrowserContext())
}

// anotherTab opens a tab with the same cookies.
func (p person) anotherTab() person {
	p.t.Helper()
	return openTab(p.ctx, p.t)
}

func openTab(parent context.Context, t testing.TB, options ...chromedp.ContextOption) person {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(parent, options...)
	t.Cleanup(closeTab)
	if err := started(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	p := person{t, ctx}
	p.resize(1280)
	p.prefer("light")
	return p
}
