package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// Respond answers with JSON.
func Respond(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Errorf("respond with %T: %w", body, err)) // our mistake, not the caller's; the adapter answers 500
	}
	w.Header().Set("Content-Type", "application/json")
	guard(w.Header())
	w.WriteHeader(status)
	_, _ = w.Write(text) // fails when the caller has gone: there is nobody to tell
}

// RespondVersion is Respond with the ETag of a record's version, which the caller sends back as If-Match.
func RespondVersion(w http.ResponseWriter, status, version int, body any) {
	w.Header().Set("ETag", ETag(version))
	Respond(w, status, body)
}

// NoContent answers 204.
func NoContent(w http.ResponseWriter) {
	guard(w.Header())
	w.WriteHeader(http.StatusNoContent)
}

// Accepted answers 202 without a body.
func Accepted(w http.ResponseWriter) {
	guard(w.Header())
	w.WriteHeader(http.StatusAccepted)
}

// ETag returns the entity tag of a version. It stays the same when the answer is compressed, but is still a strong one:
// it stands for the record that a change is compared with, not for bytes.
func ETag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// guard sets the headers of every answer of the API: caches must not keep personal data, and JSON must never be sniffed
// as a page.
func guard(h http.Header) {
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	h.Set("X-Content-Type-Options", "nosniff")
}
