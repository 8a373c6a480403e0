package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestLaterTriesAgainAfterAFailure(t *testing.T) {
	builds := 0
	h := Later(func(context.Context) (http.Handler, error) {
		if builds++; builds == 1 {
			return nil, errors.New("the secret cannot be read")
		}
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }), nil
	})
	serve := func() int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		return w.Code
	}
	// The first request meets the failed build, or comes after it and starts the second.
	if got := serve(); got != http.StatusServiceUnavailable && got != http.StatusTeapot {
		t.Errorf("first answer %d", got)
	}
	for range 3 {
		if got := serve(); got != http.StatusTeapot {
			t.Errorf("later answer %d", got)
		}
	}
	if builds != 2 {
		t.Errorf("built %d times, want 2", builds)
	}
}

func TestLaterDoesNotOutwaitItsRequest(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	h := Later(func(context.Context) (http.Handler, error) {
		<-release
		return http.NotFoundHandler(), nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("answer %d, want 503", w.Code)
	}
}
