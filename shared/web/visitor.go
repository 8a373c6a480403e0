package web

import (
	"context"
	"net/http"
	"strings"
)

// Visitor is the signed-in person as the frame of a page shows them. The door's session check adds it to the request
// with WithVisitor.
type Visitor struct {
	Name     string // as the user menu shows it
	Detail   string // the line below it: e-mail or company
	Language string // the person's; empty: as for an unknown visitor
	Nav      []Link // the door's areas that this person may see; the frame sets Current
	Menu     []Link // the own profile and the like
	SignOut  string // path that the button posts to; empty: no button
}

// Initials returns the first letters of the first and last word, for the top bar.
func (v Visitor) Initials() string {
	var initials []rune
	words := strings.Fields(v.Name)
	for i, word := range words {
		if i == 0 || i == len(words)-1 {
			initials = append(initials, []rune(strings.ToUpper(word))[0])
		}
	}
	return string(initials)
}

type visitorKey struct{}

// WithVisitor returns r with the person who asks, for the pages.
func WithVisitor(r *http.Request, v Visitor) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), visitorKey{}, &v))
}

func visitor(r *http.Request) *Visitor {
	v, _ := r.Context().Value(visitorKey{}).(*Visitor)
	return v
}

type againKey struct{}

// WithAgain returns r with the fields with which this POST can be repeated without changing anything (a token that was
// only inspected). The footer's language switch then posts them to the same path, so that a page without an address of
// its own can still be read in the other language.
func WithAgain(r *http.Request, fields map[string]string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), againKey{}, fields))
}

func again(r *http.Request) map[string]string {
	fields, _ := r.Context().Value(againKey{}).(map[string]string)
	return fields
}
