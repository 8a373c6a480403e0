package pages_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
)

// restless serves a page that is nearly always about to be replaced by another, for at most this many pages.
func restless(t *testing.T, most int64) (address string, shown *atomic.Int64) {
	t.Helper()
	shown = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		move := ""
		if shown.Add(1) < most {
			move = `<script>setTimeout(() => location.assign("/?" + Math.random()), 5)</script>`
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><title>Restless</title><p>Here</p>`, move)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/", shown
}

// A call that looks at a page gets its answer although one page follows another.
func TestLookingAtARestlessPage(t *testing.T) {
	theBrowser(t)
	address, shown := restless(t, 60)
	p := somebody(t)
	p.open(address)
	for width := int64(0); shown.Load() < 60; width++ {
		if got := p.ask(`1 + 1`); got != float64(2) {
			t.Fatalf("1 + 1 is %v", got)
		}
		if text := p.text(); text != "" && text != "Here" {
			t.Fatalf("the page says %q", text)
		}
		p.resize(600 + width%2)
		p.forget()
	}
	p.photograph(t.TempDir() + "/restless.png")
	p.settle()
	p.sees("Here")
}

// An address opens although the present page is about to go elsewhere.
func TestOpeningFromARestlessPage(t *testing.T) {
	theBrowser(t)
	p := somebody(t)
	for n := range 5 {
		address, _ := restless(t, 40)
		p.open(address)
		still, _ := restless(t, 1)
		p.open(still + "?still=" + strconv.Itoa(n))
		if got := p.ask(`location.search`); got != "?still="+strconv.Itoa(n) {
			t.Fatalf("opened %v", got)
		}
	}
}

// A button is pressed once, although the page goes with the click.
func TestActingOnce(t *testing.T) {
	theBrowser(t)
	var pressed atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			pressed.Add(1)
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>Button</title><main><form method="post"><button>Press</button></form><p>Pressed %d times.</p></main>`, pressed.Load())
	}))
	defer server.Close()
	p := somebody(t)
	p.open(server.URL)
	for n := range 50 {
		p.press("Press")
		p.sees(fmt.Sprintf("Pressed %d times.", n+1))
	}
}
