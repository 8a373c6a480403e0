package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"clientele/shared/membership"
)

// startLimit is how long building a handler may take: less than the functions' ten seconds (template.yaml), so that we
// answer a start that hangs, and try it again.
const startLimit = 8 * time.Second

// Later serves with a handler that must first get something from elsewhere, such as the deployment's secret. build
// starts at once, in parallel with the rest of the function's start, and requests wait for it. If it fails, the next
// request tries again: one failed read of the secret must not cost the whole instance.
func Later(build func(context.Context) (http.Handler, error)) http.Handler {
	return newLater(build, Problem)
}

func newLater(build func(context.Context) (http.Handler, error), failed Failed) http.Handler {
	l := &later{build: build, failed: failed}
	l.start()
	return l
}

type later struct {
	build  func(context.Context) (http.Handler, error)
	failed Failed

	mu      sync.Mutex
	current *attempt
}

// attempt is one run of build; handler and err are set once done is closed.
type attempt struct {
	done    chan struct{}
	handler http.Handler
	err     error
}

// start begins an attempt unless one is under way or has succeeded, and returns the attempt that counts.
func (l *later) start() *attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil && !l.current.failed() {
		return l.current
	}
	a := &attempt{done: make(chan struct{})}
	l.current = a
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		defer cancel()
		defer close(a.done)
		a.handler, a.err = l.build(ctx)
	}()
	return a
}

func (a *attempt) failed() bool {
	select {
	case <-a.done:
		return a.err != nil
	default:
		return false
	}
}

func (l *later) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := l.start()
	select {
	case <-a.done:
	case <-r.Context().Done():
		l.failed(w, r, membership.ErrOverloaded.Because(r.Context().Err()))
		return
	}
	if a.err != nil {
		l.failed(w, r, membership.ErrOverloaded.Because(a.err))
		return
	}
	a.handler.ServeHTTP(w, r)
}
