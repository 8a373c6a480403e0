package membership

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the closed list of what can be wrong with a request. An error that is no *Error is internal: it is logged
// with its cause and shown as a fixed text (shared/httpapi holds the only table from Kind to HTTP status).
type Kind string

// The kinds, and what each tells the caller.
const (
	Invalid              Kind = "invalid"               // the input breaks a rule; Field says where
	Unauthenticated      Kind = "unauthenticated"       // nobody, or somebody whose access has ended
	Forbidden            Kind = "forbidden"             // known, but not allowed to do this
	NotFound             Kind = "not_found"             // does not exist for this caller
	Conflict             Kind = "conflict"              // impossible in the present state
	Gone                 Kind = "gone"                  // was possible, and never will be again (a dead link)
	Stale                Kind = "stale"                 // changed since it was read (If-Match)
	PreconditionRequired Kind = "precondition_required" // a change without If-Match
	Unprocessable        Kind = "unprocessable"         // an Idempotency-Key used again with another body
	TooMany              Kind = "too_many"              // slow down; RetryAfter says how long
	Unavailable          Kind = "unavailable"           // something behind us does not answer; try again
)

// Error is an error that a caller may see. Code is stable (clients switch on it, pages translate it), Message is English
// and for people, Field names the input field in the form of the API (for example "invitees[2].email").
type Error struct {
	Kind       Kind
	Code       string
	Field      string
	Message    string
	RetryAfter time.Duration // for TooMany and Unavailable; 0 if nothing useful can be said
	Fields     []FieldError  // more than one field at once
	// By, At and What say who did what and when, if somebody else came first; By is "" for the deployment itself. Pages
	// say it in their language; Message says the same.
	By, What string
	At       time.Time
	cause    error
}

// FieldError is what is wrong with one field.
type FieldError struct {
	Field   string
	Code    string
	Message string
}

func (e *Error) Error() string {
	if e.Field != "" {
		return fmt.Sprintf("%s: %s (%s)", e.Code, e.Message, e.Field)
	}
	return e.Code + ": " + e.Message
}

// Unwrap returns the cause, which is for the log only.
func (e *Error) Unwrap() error { return e.cause }

// Is says whether target is the same error, whatever its cause and the field it is about: errors.Is(err, ErrLoginTaken).
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Because returns a copy of e that carries a cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// CodeOf returns the stable code of err, or "" when err is internal.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// KindOf returns the kind of err, or "" when err is internal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// InvalidField returns an Invalid error for one field.
func InvalidField(field, code, message string) *Error {
	return &Error{Kind: Invalid, Code: code, Field: field, Message: message, Fields: []FieldError{{field, code, message}}}
}

// fieldErrors gathers what is wrong with the fields of one input, so that a person sees everything at once.
type fieldErrors []FieldError

// maxFieldErrors is how many errors an answer names: more than a form has fields. Else a long list could make an answer
// of megabytes.
const maxFieldErrors = 20

func (f *fieldErrors) add(err *Error) {
	if err != nil && len(*f) < maxFieldErrors {
		*f = append(*f, FieldError{err.Field, err.Code, err.Message})
	}
}

// err returns nil, or one Invalid error that names the first field and carries all.
func (f fieldErrors) err() error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: f[0].Code, Field: f[0].Field, Message: f[0].Message, Fields: f}
}

// Errors that more than one noun answers with.
var (
	ErrNotFound   = &Error{Kind: NotFound, Code: "not_found", Message: "There is no such thing, or it is not yours to see."}
	ErrForbidden  = &Error{Kind: Forbidden, Code: "forbidden", Message: "Your role does not allow this."}
	ErrStale      = &Error{Kind: Stale, Code: "changed_meanwhile", Message: "It was changed since you read it. Read it again and repeat your change."}
	ErrSignedOut  = &Error{Kind: Unauthenticated, Code: "sign_in_required", Message: "Sign in first, or again: your session has ended."}
	ErrKeyReused  = &Error{Kind: Unprocessable, Code: "idempotency_key_reused", Message: "This Idempotency-Key was used before with another request body. Use a new key."}
	ErrNoIfMatch  = &Error{Kind: PreconditionRequired, Code: "if_match_required", Message: "Send the ETag you read as If-Match with this change."}
	ErrOverloaded = &Error{Kind: Unavailable, Code: "try_again", Message: "Something behind us did not answer in time. Nothing was lost; try again in a moment.", RetryAfter: 2 * time.Second}
)
