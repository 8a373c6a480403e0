package httpapi

import (
	"net/http"
	"path"
	"strings"

	"clientele/shared/telemetry"
)

// Routes serves the routes of an API function. It notes the matched pattern for the log line, and answers unknown
// addresses and methods with a problem instead of the mux's text. Addresses that the mux would redirect to a cleaned
// form (`//users`, `/a/../users`) are unknown: the gateway has no such route either.
func Routes(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if clean := path.Clean(r.URL.Path); clean != strings.TrimSuffix(r.URL.Path, "/") && r.URL.Path != "/" {
			Problem(w, r, errNoSuchRoute)
			return
		}
		refuse, pattern := mux.Handler(r)
		if pattern == "" {
			refused(w, r, refuse)
			return
		}
		if line := telemetry.From(r.Context()); line != nil {
			line.SetRoute(pattern)
		}
		mux.ServeHTTP(w, r)
	})
}

// refused finds out from the mux's own answer which of the two it is, and which methods exist.
func refused(w http.ResponseWriter, r *http.Request, refuse http.Handler) {
	said := newAnswer()
	refuse.ServeHTTP(said, r)
	if said.status != http.StatusMethodNotAllowed {
		Problem(w, r, errNoSuchRoute)
		return
	}
	w.Header().Set("Allow", said.header.Get("Allow"))
	Problem(w, r, errMethodNotAllowed)
}
