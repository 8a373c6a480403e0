package pages_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/chromedp"
)

// A page may be about to be replaced at any moment; the browser then answers whatever is under way with an error. Calls
// that only look are made again (asking, ask). Calls that act are not (act): the page did it before it went, and the
// wait that follows decides whether it did.

// patience is how long one thing may take on a machine much slower than a developer's. It matters only in failures.
const patience = 30 * time.Second

// unasked are the browser's errors for calls that never reached a page, because there was none at the time.
var unasked = []string{
	"cannot find default execution context", "cannot find context with specified id", "uniquecontextid not found", "not attached to an active page",
}

// interrupted are its errors for calls that were under way when the page went. They may have taken effect.
var interrupted = []string{
	"inspected target navigated or closed", "execution context was destroyed", "promise was collected", "no frame for given id found",
	"frame with the given id was not found", "frame was detached", "unable to capture screenshot", "internal error",
}

// said says whether the browser answered with one of the errors.
func said(err error, what []string) bool {
	var answer *cdproto.Error
	if !errors.As(err, &answer) {
		return false // an error that is not the browser's answer (a tab that is gone, an exception of a script) does not pass with time
	}
	message := strings.ToLower(answer.Message)
	return slices.ContainsFunc(what, func(part string) bool { return strings.Contains(message, part) })
}

// asking makes a call that may be repeated until it is answered; one try may take a third of limit.
func asking[T any](p person, what string, limit time.Duration, call chromedp.Action[T]) T {
	p.t.Helper()
	deadline := time.Now().Add(limit)
	for {
		ctx, stop := context.WithTimeout(p.ctx, limit/3)
		value, err := chromedp.Run(ctx, call)
		stop()
		if err == nil {
			return value
		}
		changing := said(err, unasked) || said(err, interrupted) || errors.Is(err, context.DeadlineExceeded)
		if !changing || p.ctx.Err() != nil || time.Now().After(deadline) {
			p.t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(pause)
	}
}

// act makes a call that must not be made twice.
func (p person) act(what string, call chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	for {
		err := chromedp.Do(ctx, call)
		if err == nil || said(err, interrupted) {
			return
		}
		if !said(err, unasked) {
			p.t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(pause)
	}
}

// set makes calls about the tab, such as its size, that can be repeated without effect.
func (p person) set(what string, call chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	asking(p, what, patience, call)
}

// ask returns the value of an expression that only looks.
func (p person) ask(expression string) any {
	p.t.Helper()
	return asking(p, expression, patience, chromedp.Evaluate[any](expression))
}

// do runs a script in the page, once.
func (p person) do(script string) {
	p.t.Helper()
	p.act(script, chromedp.Evaluate[chromedp.Void](script))
}

func (p person) yes(expression string) bool {
	p.t.Helper()
	value, _ := p.ask(expression).(bool)
	return value
}

// recovery is how long the effects of a change may take: its mail, its search words and counts. The table's stream
// brings them at once, but in the local cloud it is one queue, in which thousands of records of another test may come
// first. Then the sweeper sends instead, which runs every minute; and a mail whose try was killed must first wait for
// the end of its lease of two minutes. It matters only in failures.
const recovery = 5 * time.Minute

// pause is the time between two looks.
const pause = 50 * time.Millisecond

// within polls until done returns true, for as long as a recovery may take.
func within(t testing.TB, what string, done func() bool) {
	t.Helper()
	if !soon(recovery, done) {
		t.Fatalf("waited %v for: %s", recovery, what)
	}
}

// until is within for a page: it reports what the page shows when the wait is over.
func (p person) until(what string, limit time.Duration, done func() bool) {
	p.t.Helper()
	if !soon(limit, done) {
		p.t.Fatalf("waited %v for %s; %s says:\n%s", limit, what, p.path(), p.text())
	}
}

// givesUp is how long a page without news goes on asking by itself, and a little more: it asks forty times, every three
// seconds at most (data-live in clientele.js).
const givesUp = 130 * time.Second

// comes waits for what a page fetches by itself. The product may take longer than the page asks; then the page is
// opened again, as people do, once it has been seen to ask.
func (p person) comes(what string, done func() bool) {
	p.t.Helper()
	opened := time.Now()
	p.until(what, recovery, func() bool {
		if done() {
			return true
		}
		if time.Since(opened) > givesUp {
			if asked, _ := p.ask(`performance.getEntriesByType("resource").filter((e) => e.initiatorType === "fetch").length`).(float64); asked == 0 {
				p.t.Fatalf("%s: in %v the page has not asked by itself", what, givesUp)
			}
			p.open(p.ask(`location.href`).(string))
			opened = time.Now()
		}
		return false
	})
}

// soon polls until done returns true or the limit is over. It looks once more after the limit, because a busy machine
// may have slept through all of it.
func soon(limit time.Duration, done func() bool) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(pause) {
		if done() {
			return true
		}
	}
	return done()
}
