package web

// Link is an entry of the navigation or of tabs, or a way on.
type Link struct {
	Label   Phrase
	URL     string
	Current bool
	Count   string // shown beside the label unless empty
}

// Action is something to do: a link, or a button with its own form.
type Action struct {
	Label  Phrase
	URL    string
	Post   bool              // true: a form that posts; false: a link
	Kind   string            // primary, danger, or "" (plain)
	Fields map[string]string // hidden fields of the form (a version, an id)
	About  string            // whom it is about, for screen readers: "Resend anna@example.com"
}

// Empty says what an empty list is for, and what to do.
type Empty struct {
	Title  Phrase
	Text   Phrase
	Action *Action
}

// Pager links the pages of a list. An empty address shows no link.
type Pager struct {
	Prev, Next string
	Info       Phrase // for example "1–50 of 213"
}

// Confirm asks before something that cannot simply be undone. Show it as its own page with Pages.Confirm, or within a
// page with the partial.
type Confirm struct {
	Title  Phrase   // the question
	Text   Phrase   // what happens
	Points []Phrase // what else happens, one line each
	Action Action   // what the button does; Post is implied
	Cancel string   // address of the way back
	Fields []Field  // what the person must fill in, usually nothing
	Notice *Notice  // why the last try did not work
}

// Code is a value to copy: a link, an id, a key.
type Code struct {
	ID    string // of the element; unique on the page
	Label Phrase
	Value string
	Rows  int // lines of a text that has several; 0 for a single line
}

// Token is the form of a page whose link has a token in its fragment.
type Token struct {
	Action string // path that the token is posted to
	Title  Phrase // shown while the script posts it: "Opening your invitation …"
	Hint   Phrase // what to paste without a script
}
