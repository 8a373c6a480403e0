package telemetry

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
	"unicode"
)

// The line of a request stays below 400 bytes (design 4), whatever a caller sends: every text in it is cut. An id is a
// UUID of at most 36 characters; a route is one of our own patterns.
const (
	maxRoute = 96
	maxID    = 40
)

// Unmatched is the route of a request that no pattern matches. The path itself is not logged: people paste tokens into
// addresses.
const Unmatched = "unmatched"

// Request is what the log line of one request says. The adapter makes one per request and writes it at the end; code
// that learns something on the way (the route, the actor) sets it. It is safe for concurrent use.
type Request struct {
	mu         sync.Mutex
	id         string
	started    time.Time
	route      string
	actorID    string
	customerID string
}

// NewRequest starts the record of the request with this id. The line's duration is measured from here, by the machine's
// own clock, which decides nothing else: no rule depends on it.
func NewRequest(id string) *Request {
	return &Request{id: id, started: time.Now(), route: Unmatched}
}

// ID returns the request id, which is also in every problem that the caller sees.
func (r *Request) ID() string { return r.id }

// SetRoute sets the pattern that matched, for example "GET /users/{userId}".
func (r *Request) SetRoute(pattern string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if pattern != "" {
		r.route = pattern
	}
}

// SetActor sets the caller.
func (r *Request) SetActor(actorID, customerID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.actorID, r.customerID = actorID, customerID
}

// Write writes the line to log.
func (r *Request) Write(log *slog.Logger, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	took := time.Since(r.started)
	log.LogAttrs(context.Background(), slog.LevelInfo, "request",
		slog.String("route", cut(r.route, maxRoute)),
		slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("actor", cut(r.actorID, maxID)),
		slog.String("customer", cut(r.customerID, maxID)),
		slog.String("requestId", cut(r.id, maxID)),
	)
}

// cut returns the first n bytes of s, with "?" for each that is not printable ASCII or that JSON would escape to up to
// six characters.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	clean := []byte(s)
	for i, c := range clean {
		if c > unicode.MaxASCII || c < ' ' || c == 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			clean[i] = '?'
		}
	}
	return string(clean)
}

// NewLogger returns a logger that writes JSON lines, the form that CloudWatch's queries read field by field.
func NewLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(w, nil)) }

type requestKey struct{}

// With returns ctx with the record of the request in it.
func With(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// From returns the record of the request, or nil when ctx has none.
func From(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}
