package web

import "time"

// Table is a list that becomes cards on a phone. It covers what the lists here need; a page with other cells writes its
// own <table class="list">.
type Table struct {
	Caption Phrase // read by screen readers, not shown
	Columns []Column
	Rows    []Row
	Pick    *Pick  // a checkbox before each row that can be picked
	Empty   *Empty // shown instead of the table when there are no rows
	Pager   *Pager
}

// Pick makes rows selectable for a form elsewhere on the page: a row's buttons have their own forms, and forms do not
// nest.
type Pick struct {
	Form string // id of the form
	Name string // of the field
}

// Picked is the bar that appears when the first row is picked (partial "picked"); it is placed next to the table.
type Picked struct {
	ID      string // the form's id, as in Pick
	URL     string
	Fields  map[string]string
	Actions []PickedAction
}

// PickedAction is one button of the bar. With script it is shown while a picked row can do it (Row.Can).
type PickedAction struct {
	Value string // of the field "do"
	Label Phrase
	Kind  string // danger, or "" (plain)
}

// Column is the head of a column.
type Column struct {
	Head  Phrase
	Sort  string // address that sorts by this column; empty: not sortable
	Order string // "ascending" or "descending" if the list is sorted by it now
	Kind  string // "" · "number" (right-aligned) · "minor" (hidden on narrow screens) · "actions"
	// Also are other things in the column that the list can be sorted by, such as the e-mail below the name.
	Also []Column
}

// Row is one line; its cells are in the order of the columns.
type Row struct {
	Cells []Cell
	Quiet bool   // greyed: deactivated and the like
	Pick  string // what picking the row sends; "" when it cannot be picked
	About string // who it is about, for the checkbox: "Select Maja Grønbech"
	Can   string // the actions that picking it offers, separated by spaces
}

// Cell is one value. It shows whatever is set, in this order.
type Cell struct {
	Text    string    // data; a link if URL is set
	Word    Phrase    // or words of the catalogue
	URL     string    // where Text or Word links to
	Detail  string    // a quiet line below: the e-mail below a name
	Note    Phrase    // the same from the catalogue: "You"
	Status  string    // shown as dot and word
	Time    time.Time // relative to now, exact on hover; with Text, Word or Status a quiet line below it
	Before  Phrase    // words before such a Time: "expires"
	Date    time.Time // shown as a date
	Actions []Action  // the first as a button, the others in a menu
	Folded  bool      // all actions are in the menu, when none is what people usually come for
}

// Bare says whether the cell shows nothing: then the card leaves it out.
func (c Cell) Bare() bool {
	return c.Text == "" && c.Word.Empty() && c.Status == "" && c.Time.IsZero() && c.Date.IsZero() && len(c.Actions) == 0
}
