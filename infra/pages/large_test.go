package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A request that is too large for the pages is answered with a page, like everything else.
func TestTooLarge(t *testing.T) {
	s := theStack(t)
	for _, door := range []string{s.Console, s.Portal} {
		w, body := browserless{t: t, door: door}.send("POST", "/sign-in", url.Values{"login": {strings.Repeat("x", 1_200_000)}})
		if w.StatusCode != http.StatusRequestEntityTooLarge || !strings.HasPrefix(w.Header.Get("Content-Type"), "text/html") || !strings.Contains(body, "larger than 1 MB") {
			t.Errorf("%s: %d %s %.300s", door, w.StatusCode, w.Header.Get("Content-Type"), body)
		}
	}
}
