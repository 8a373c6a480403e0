package httpapi

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"

	"clientele/shared/membership"
)

// statuses is the only table from error kind to HTTP status.
var statuses = map[membership.Kind]int{
	membership.Invalid:              http.StatusBadRequest,
	membership.Unauthenticated:      http.StatusUnauthorized,
	membership.Forbidden:            http.StatusForbidden,
	membership.NotFound:             http.StatusNotFound,
	membership.Conflict:             http.StatusConflict,
	membership.Gone:                 http.StatusGone,
	membership.Stale:                http.StatusPreconditionFailed,
	membership.PreconditionRequired: http.StatusPreconditionRequired,
	membership.Unprocessable:        http.StatusUnprocessableEntity,
	membership.TooMany:              http.StatusTooManyRequests,
	membership.Unavailable:          http.StatusServiceUnavailable,
}

// StatusOf returns the HTTP status of a kind, and 500 for anything else. Pages use it for their own answers.
func StatusOf(kind membership.Kind) int {
	if status, ok := statuses[kind]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// httpError is an error of HTTP itself, for which the rules have no kind.
type httpError struct {
	status  int
	code    string
	message string
}

func (e *httpError) Error() string { return e.code + ": " + e.message }

var (
	errBodyTooLarge     = &httpError{http.StatusRequestEntityTooLarge, "body_too_large", "The body is larger than 1 MB."}
	errNoSuchRoute      = &httpError{http.StatusNotFound, "no_such_route", "There is nothing at this address."}
	errMethodNotAllowed = &httpError{http.StatusMethodNotAllowed, "method_not_allowed", "This address does not take this method; see Allow."}
)

// problem is RFC 9457's application/problem+json with our members code, errors and requestId. Its type is always
// about:blank: clients switch on code, which needs no address that must stay reachable.
type problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail"`
	Code      string         `json:"code"`
	Errors    []problemField `json:"errors,omitempty"`
	RequestID string         `json:"requestId"`
}

type problemField struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Problem answers with an error. A *membership.Error is shown. Anything else is internal: it is logged with its cause
// and shown as a fixed text with the request id.
func Problem(w http.ResponseWriter, r *http.Request, err error) { ProblemIn(w, r, err, nil) }

// ProblemIn is Problem in another language: say returns the text of a code; if nil, everything stays in English.
func ProblemIn(w http.ResponseWriter, r *http.Request, err error, say func(code string) string) {
	known, protocol := kindOf(err)
	logCause(r, err)
	p := problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: detailInternal}
	switch {
	case known != nil:
		p = knownProblem(w, known)
	case protocol != nil:
		p = problem{Status: protocol.status, Code: protocol.code, Detail: protocol.message}
	}
	if say != nil {
		p.Detail = say(p.Code)
		for i, field := range p.Errors {
			p.Errors[i].Message = say(field.Code)
		}
	}
	writeProblem(w, r, p)
}

// Judge returns the status and code with which Problem would answer err, for an answer in another form. It logs what
// Problem logs.
func Judge(r *http.Request, err error) (status int, code string) {
	known, protocol := kindOf(err)
	logCause(r, err)
	switch {
	case known != nil:
		return statuses[known.Kind], known.Code
	case protocol != nil:
		return protocol.status, protocol.code
	}
	return http.StatusInternalServerError, codeInternal
}

// kindOf returns the error as one of the rules or as one of HTTP; if it is neither, it is internal.
func kindOf(err error) (known *membership.Error, protocol *httpError) {
	if errors.As(err, &known) && statuses[known.Kind] != 0 {
		return known, nil
	}
	errors.As(err, &protocol)
	return nil, protocol
}

// logCause logs the part of an error that only we are told, if there is one.
func logCause(r *http.Request, err error) {
	known, protocol := kindOf(err)
	switch {
	case known != nil && known.Unwrap() != nil:
		logger(r).Warn("refused", "requestId", RequestID(r), "code", known.Code, "cause", shorten(known.Unwrap().Error()))
	case known == nil && protocol == nil:
		logger(r).Error("internal", "requestId", RequestID(r), "cause", shorten(err.Error()))
	}
}

// The answer to an internal error says only where to find the rest.
const (
	codeInternal   = "internal"
	detailInternal = "Something went wrong on our side. Ask for help with the request id."
)

func knownProblem(w http.ResponseWriter, e *membership.Error) problem {
	p := problem{Status: statuses[e.Kind], Code: e.Code, Detail: e.Message}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, problemField(f))
	}
	if len(p.Errors) == 0 && e.Field != "" {
		p.Errors = []problemField{{e.Field, e.Code, e.Message}}
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	if e.Kind == membership.Unauthenticated {
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 9110, 15.5.2: a 401 names a way to sign in
	}
	return p
}

func writeInternal(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, r, problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: detailInternal})
}

func writeProblem(w http.ResponseWriter, r *http.Request, p problem) {
	p.Type = "about:blank"
	p.Title = http.StatusText(p.Status)
	p.RequestID = RequestID(r)
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // cannot fail: strings and numbers only
	}
	h := w.Header()
	h.Del("ETag")
	h.Del("Location")
	h.Set("Content-Type", "application/problem+json")
	guard(h)
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // fails when the caller has gone: there is nobody to tell
}
