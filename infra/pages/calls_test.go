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

// A page may be on its way to another one at any moment; the browser then answers whatever is under way with an error.
// What only looks is asked again (asking, ask). What acts is not (act): the page did it before it went, and the wait that
// follows an act decides whether that is so.

// patience is how long one thing may take on a machine much slower than a developer's. It decides in failure only.
const patience = 30 * time.Second

// unasked are the browser's errors of calls that never reached a page: there was none between two.
var unasked = []string{
	"cannot find default execution context", "cannot find context with specified id", "uniquecontextid not found", "not attached to an active page",
}

// interrupted are those of calls that were under way when the page went. They may have done what they were to do.
var interrupted = []string{
	"inspected target navigated or closed", "execution context was destroyed", "promise was collected", "no frame for given id found",
	"frame with the given id was not found", "frame was detached", "unable to capture screenshot", "internal error",
}

// said tells whether the browser answered with one of the errors.
func said(err error, what []string) bool {
	var answer *cdproto.Error
	if !errors.As(err, &answer) {
		return false // what is no answer of the browser (a tab that is gone, an exception of a script) is no matter of time
	}
	message := strings.ToLower(answer.Message)
	return slices.ContainsFunc(what, func(part string) bool { return strings.Contains(message, part) })
}

// asking makes a call that may be made any number of times, until it is answered; one try may take a third of limit.
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

// set makes calls about the tab, such as its size, that change nothing when they are made again.
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

// recovery is how long what follows a change may take: its mail, its search words and counts. The table's stream brings
// them at once, but in the local cloud it is one line in which thousands of records of another test may stand before them,
// and then the sweeper, which comes each minute, is the one that sends; a mail whose try was killed has to wait for the end
// of its lease of two minutes before that. It decides in failure only.
const recovery = 5 * time.Minute

// pause is the time between two looks.
const pause = 50 * time.Millisecond

// within polls until done says so, as long as a recovery may take.
func within(t testing.TB, what string, done func() bool) {
	t.Helper()
	if !soon(recovery, done) {
		t.Fatalf("waited %v for: %s", recovery, what)
	}
}

// until is within of a page: it says what the page shows when the wait is over.
func (p person) until(what string, limit time.Duration, done func() bool) {
	p.t.Helper()
	if !soon(limit, done) {
		p.t.Fatalf("waited %v for %s; %s says:\n%s", limit, what, p.path(), p.text())
	}
}

// givesUp is after how long without any news a page asks no longer by itself, and a little more: it asks forty times, each
// three seconds at most (data-live in clientele.js).
const givesUp = 130 * time.Second

// comes waits for what a page fetches by itself. The product may take longer than the page asks: then it is opened again, as
// people do, once it has been seen to ask.
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

// soon polls until done says so or the limit is over. It looks once more after the limit: a busy machine may have slept
// through all of it.
func soon(limit time.Duration, done func() bool) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(pause) {
		if done() {
			return true
		}
	}
	return done()
}
