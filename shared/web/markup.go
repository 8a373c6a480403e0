package web

import (
	"html"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// markup writes the parts of a page that repeat with every row of a list. In templates they cost about a hundred times
// as much (a list of 50 users took 6 ms and 24,000 allocations). tag writes constants only; everything else goes
// through text or attr, which escape it.
type markup struct {
	strings.Builder
	c   *catalogue
	now time.Time
}

// constant makes tag refuse everything that is not written in this package.
type constant string

func (m *markup) tag(s constant) { m.WriteString(string(s)) }

func (m *markup) text(s string) {
	if strings.ContainsAny(s, `<>&'"`) {
		s = html.EscapeString(s)
	}
	m.WriteString(s)
}

func (m *markup) say(p Phrase) { m.text(m.c.say(p)) }

func (m *markup) attr(name constant, value string) {
	m.WriteByte(' ')
	m.tag(name)
	m.tag(`="`)
	m.text(value)
	m.WriteByte('"')
}

// href writes an address, or "#" in place of one that would run a script.
func (m *markup) href(name constant, address string) {
	if !safeAddress(address) {
		address = "#"
	}
	m.attr(name, address)
}

func safeAddress(address string) bool {
	scheme, _, found := strings.Cut(address, ":")
	if !found || strings.ContainsAny(scheme, "/?#") {
		return true
	}
	switch strings.ToLower(scheme) {
	case "https", "http", "mailto", "tel":
		return true
	}
	return false
}

func (m *markup) status(value any) {
	s := statusOf(value)
	m.tag(`<span class="status tone-`)
	m.text(s.Tone)
	m.tag(`">`)
	m.say(s.Word)
	m.tag(`</span>`)
}

func (m *markup) time(t time.Time) {
	if t.IsZero() {
		m.tag(`<span class="quiet">–</span>`)
		return
	}
	m.tag(`<time`)
	m.attr("datetime", t.UTC().Format(time.RFC3339))
	m.attr("title", m.c.datetime(t))
	m.tag(`>`)
	m.text(m.c.relative(t, m.now))
	m.tag(`</time>`)
}

func (m *markup) action(a Action) {
	if !a.Post {
		m.tag(`<a`)
		m.button(a)
		m.href("href", a.URL)
		m.tag(`>`)
		m.label(a)
		m.tag(`</a>`)
		return
	}
	m.tag(`<form method="post" class="inline"`)
	m.href("action", a.URL)
	m.tag(`>`)
	for _, name := range slices.Sorted(maps.Keys(a.Fields)) {
		m.tag(`<input type="hidden"`)
		m.attr("name", name)
		m.attr("value", a.Fields[name])
		m.tag(`>`)
	}
	m.tag(`<button`)
	m.button(a)
	m.tag(`>`)
	m.label(a)
	m.tag(`</button></form>`)
}

func (m *markup) button(a Action) {
	m.tag(` class="button`)
	if a.Kind != "" {
		m.WriteByte(' ')
		m.text(a.Kind)
	}
	m.WriteByte('"')
}

func (m *markup) label(a Action) {
	m.say(a.Label)
	if a.About != "" {
		m.tag(`<span class="visually-hidden"> `)
		m.text(a.About)
		m.tag(`</span>`)
	}
}

// rowActions shows the first action, unless the row folds it away, and the others in a menu.
func (m *markup) rowActions(actions []Action, folded bool) {
	if !folded {
		m.action(actions[0])
		actions = actions[1:]
	}
	if len(actions) == 0 {
		return
	}
	more := Text("table.more_actions")
	if folded {
		more = Text("table.actions_for")
	}
	m.tag(`<details class="menu row-menu" name="menu"><summary><span class="visually-hidden">`)
	m.say(more)
	m.WriteByte(' ')
	m.text(actions[0].About)
	m.tag(`</span><span class="dots" aria-hidden="true"></span></summary><div class="menu-list">`)
	for _, action := range actions {
		m.action(action)
	}
	m.tag(`</div></details>`)
}

// table writes head and rows. The roles restore what browsers forget when a phone shows the rows as cards (display:
// block removes a table's meaning).
func (m *markup) table(t Table) {
	m.tag(`<div class="table-frame"><table class="list" role="table">`)
	if !t.Caption.Empty() {
		m.tag(`<caption class="visually-hidden">`)
		m.say(t.Caption)
		m.tag(`</caption>`)
	}
	m.tag(`<thead role="rowgroup"><tr role="row">`)
	if t.Pick != nil {
		m.pickAll(*t.Pick)
	}
	heads := make([]string, len(t.Columns))
	for i, column := range t.Columns {
		heads[i] = m.c.say(column.Head)
		m.head(column, heads[i])
	}
	m.tag("</tr></thead><tbody role=\"rowgroup\">\n")
	for _, row := range t.Rows {
		m.tag(`<tr role="row"`)
		if row.Quiet {
			m.tag(` class="quiet-row"`)
		}
		m.tag(`>`)
		if t.Pick != nil {
			m.pick(*t.Pick, row)
		}
		for i, cell := range row.Cells {
			if i == len(t.Columns) {
				break
			}
			m.cell(cell, t.Columns[i], heads[i], i)
		}
		m.tag("</tr>\n")
	}
	m.tag(`</tbody></table></div>`)
}

// pickAll is the head of the checkboxes. Only a script can act on it, so only a script shows it.
func (m *markup) pickAll(p Pick) {
	m.tag(`<th role="columnheader" scope="col" class="pick"><input type="checkbox" hidden`)
	m.attr("data-pick-all", p.Name)
	m.attr("aria-label", m.c.say(Text("table.pick_all")))
	m.tag(`></th>`)
}

func (m *markup) pick(p Pick, row Row) {
	m.tag(`<td role="cell" class="pick">`)
	if row.Pick != "" {
		m.tag(`<input type="checkbox"`)
		m.attr("name", p.Name)
		m.attr("value", row.Pick)
		m.attr("form", p.Form)
		m.attr("data-can", row.Can)
		m.attr("aria-label", m.c.say(Text("table.pick", "name", row.About)))
		m.tag(`>`)
	}
	m.tag(`</td>`)
}

func (m *markup) head(column Column, words string) {
	m.tag(`<th role="columnheader" scope="col"`)
	if column.Kind != "" {
		m.attr("class", column.Kind)
	}
	order := column.Order
	for _, also := range column.Also {
		order += also.Order // the list is sorted by one column at a time
	}
	if order != "" {
		m.attr("aria-sort", order)
	}
	m.tag(`>`)
	switch {
	case column.Sort != "":
		m.sort(column, words)
		for _, also := range column.Also {
			m.sort(also, m.c.say(also.Head))
		}
	case column.Kind == "actions":
		m.tag(`<span class="visually-hidden">`)
		m.text(words)
		m.tag(`</span>`)
	default:
		m.text(words)
	}
	m.tag(`</th>`)
}

// sort is the link that sorts by a column; the arrow marks the column that the list is sorted by.
func (m *markup) sort(column Column, words string) {
	m.tag(`<a class="sort`)
	if column.Order != "" {
		m.tag(` `)
		m.text(column.Order)
	}
	m.tag(`"`)
	m.href("href", column.Sort)
	m.tag(`>`)
	m.text(words)
	m.tag(`</a>`)
}

func (m *markup) cell(cell Cell, column Column, head string, index int) {
	m.tag(`<td role="cell"`)
	class := column.Kind
	if cell.Bare() {
		class += " bare"
	}
	if class != "" {
		m.attr("class", strings.TrimSpace(class))
	}
	if index > 0 { // the first is the card's title
		m.attr("data-label", head)
	}
	m.tag(`>`)
	words := cell.Text
	if words == "" {
		words = m.c.say(cell.Word)
	}
	switch {
	case words != "" && cell.URL != "":
		m.tag(`<a`)
		m.href("href", cell.URL)
		m.tag(`>`)
		m.text(words)
		m.tag(`</a>`)
	case words != "":
		m.text(words)
	}
	if !cell.Note.Empty() {
		m.tag(` <span class="tag">`)
		m.say(cell.Note)
		m.tag(`</span>`)
	}
	if cell.Status != "" {
		m.status(cell.Status)
	}
	switch {
	case cell.Time.IsZero():
	case cell.Status != "" || words != "":
		m.tag(`<span class="detail">`)
		if !cell.Before.Empty() {
			m.say(cell.Before)
			m.WriteByte(' ')
		}
		m.time(cell.Time)
		m.tag(`</span>`)
	default:
		m.time(cell.Time)
	}
	if !cell.Date.IsZero() {
		m.tag(`<time`)
		m.attr("datetime", cell.Date.UTC().Format(time.RFC3339))
		m.attr("title", m.c.datetime(cell.Date))
		m.tag(`>`)
		m.text(m.c.shortDate(cell.Date))
		m.tag(`</time>`)
	}
	if cell.Detail != "" {
		m.tag(`<span class="detail">`)
		m.text(cell.Detail)
		m.tag(`</span>`)
	}
	if len(cell.Actions) > 0 {
		m.rowActions(cell.Actions, cell.Folded)
	}
	m.tag(`</td>`)
}

// written returns to a template what write wrote.
func (p *Pages) written(c *catalogue, write func(*markup)) template.HTML {
	m := &markup{c: c, now: p.site.Now()}
	write(m)
	return template.HTML(m.String()) //nolint:gosec // markup escapes all but its own tags
}

// Choices answers with the options of a field that is completed during typing (an element with data-choices).
func (p *Pages) Choices(w http.ResponseWriter, options []Option) {
	m := &markup{c: &catalogue{}}
	for _, o := range options {
		m.tag(`<option`)
		m.attr("value", o.Value)
		m.tag(`>`)
		m.say(o.Label)
		m.tag(`</option>`)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(m.String())) // fails when the reader has gone: there is nobody to tell
}
