package web

import "time"

// Table is a list that becomes cards on a phone. It covers what lists here
// need; a page that needs other cells writes its own <table class="list">.
type Table struct {
	Caption Phrase // read by screen readers, not shown
	Columns []Column
	Rows    []Row
	Pick    *Pick  // a checkbox before each row that can be picked
	Empty   *Empty // shown instead of the table when there are no rows
	Pager   *Pager
}

// Pick makes rows ones that can be picked, for a form that stands elsewhere on the page (a row's buttons have forms of
// their own, and forms do not nest).
type Pick struct {
	Form string // id of that form
	Name string // of the field
}

// Picked is the bar that comes with the first row picked (partial "picked"); it stands beside the table.
type Picked struct {
	ID      string // of the form, as in Pick
	URL     string
	Fields  map[string]string
	Actions []PickedAction
}

// PickedAction is one button of the bar. With script it shows while a picked row can do it (Row.Can).
type PickedAction struct {
	Value string // of the field "do"
	Label Phrase
	Kind  string // danger, or "" (plain)
}

// Column is the head of a column.
type Column struct {
	Head  Phrase
	Sort  string // address that sorts by this column; empty: not sortable
	Order string // "ascending" or "descending" when sorted by it now
	Kind  string // "" · "number" (right-aligned) · "minor" (hidden where it is narrow) · "actions"
	// Also are further things that the column shows and the list can be sorted by: the e-mail below the name.
	Also []Column
}

// Row is one line; its cells stand in the order of the columns.
type Row struct {
	Cells []Cell
	Quiet bool   // greyed: deactivated and the like
	Pick  string // what picking the row sends; "" when it cannot be picked
	About string // whom it is about, for the checkbox: "Select Maja Grønbech"
	Can   string // what can be done with it, separated by spaces: picking it offers that
}

// Cell is one value. What is set is shown, in this order.
type Cell struct {
	Text    string    // data; with URL a link
	Word    Phrase    // or words of the catalogue
	URL     string    // where Text or Word leads
	Detail  string    // quiet line below: the e-mail below a name
	Note    Phrase    // the same from the catalogue: "You"
	Status  string    // shown as dot and word
	Time    time.Time // shown relative to now, exact on hover; with Text, Word or Status a quiet line below it
	Before  Phrase    // words before such a Time: "expires"
	Date    time.Time // shown as a date
	Actions []Action  // the first as a button, further ones in a menu
	Folded  bool      // all actions in the menu: none of them is what one usually comes for
}

// Bare tells that the cell has nothing to show: it is left out of the card.
func (c Cell) Bare() bool {
	return c.Text == "" && c.Word.Empty() && c.Status == "" && c.Time.IsZero() && c.Date.IsZero() && len(c.Actions) == 0
}
