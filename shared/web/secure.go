package web

import (
	"fmt"
	"net/http"
	"strings"
)

// Security is what Secure must know about a door.
type Security struct {
	// PublicURL is the configured address of the door, without a trailing slash. Requests may reach the function under
	// another host name, so this, not the Host header, says which origin forms come from. Empty means the gateway's own
	// address, which is then the Host header.
	PublicURL string
	// Uploads is an origin to which forms may send files, and from which they return; "" for none.
	Uploads string
	// Open are the routes, as patterns of a ServeMux, to which pages of other sites may post. Their handlers check the
	// Origin themselves.
	Open []string
	// Refused answers a form that another site posted; nil means a plain 403.
	Refused http.Handler
}

// policy forbids everything except our own files: an injected script would neither run nor be able to send anything
// anywhere.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// Secure returns a handler that sets the headers of every page and refuses forms from other sites. It returns an error
// when PublicURL is not an origin.
func Secure(next http.Handler, security Security) (http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	if security.PublicURL != "" {
		if err := protection.AddTrustedOrigin(security.PublicURL); err != nil {
			return nil, fmt.Errorf("public address %q: %w", security.PublicURL, err)
		}
	}
	if security.Refused != nil {
		protection.SetDenyHandler(security.Refused)
	}
	for _, route := range security.Open {
		protection.AddInsecureBypassPattern(route)
	}
	protected := protection.Handler(next)
	rules := policy
	if security.Uploads != "" {
		rules = strings.Replace(policy, "form-action 'self'", "form-action 'self' "+security.Uploads, 1)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", rules)
		// With no-referrer, forms would post "Origin: null".
		header.Set("Referrer-Policy", "same-origin")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		header.Set("Cache-Control", "no-store") // Assets sets its own
		if overTLS(r, security.PublicURL) {
			header.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		protected.ServeHTTP(w, r)
	}), nil
}

// MayBeFramed lets pages of these origins, and of no others, show this answer in a frame.
func MayBeFramed(w http.ResponseWriter, origins []string) {
	if len(origins) == 0 {
		return
	}
	const name = "Content-Security-Policy"
	w.Header().Set(name, strings.Replace(w.Header().Get(name), "frame-ancestors 'none'", "frame-ancestors "+strings.Join(origins, " "), 1))
}

func overTLS(r *http.Request, publicURL string) bool {
	if publicURL != "" {
		return strings.HasPrefix(publicURL, "https://")
	}
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}
