package door

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// Listing is what the address of a list says: its sort, its filters, and where the page starts. "-" before a sort
// reverses it.
type Listing struct {
	path   string
	query  url.Values // without the cursor
	at     string     // the cursor
	sorts  []string
	cursor httpapi.Cursors
	tenant string
}

// longestFilter is in bytes, and longer than any value that a list is filtered by.
const longestFilter = 400

// Listing reads the address of a list that has these sorts, the default first, and these filters. It leaves out what it
// does not know: people type, shorten and pass on addresses, and the list serves them better than an error.
func (d *Door) Listing(r *http.Request, sorts []string, filters ...string) Listing {
	asked := r.URL.Query()
	l := Listing{path: r.URL.Path, query: url.Values{}, at: asked.Get("cursor"), sorts: sorts, cursor: d.Cursors, tenant: Actor(r).Reach().CustomerID()}
	for _, name := range filters {
		if value := strings.TrimSpace(asked.Get(name)); value != "" && len(value) <= longestFilter {
			l.query.Set(name, value)
		}
	}
	if sort := asked.Get("sort"); slices.Contains(sorts, strings.TrimPrefix(sort, "-")) && sort != sorts[0] {
		l.query.Set("sort", sort)
	}
	return l
}

// Value returns a filter if it is one of the choices, else "".
func (l Listing) Value(name string, choices ...string) string {
	if value := l.query.Get(name); slices.Contains(choices, value) {
		return value
	}
	return ""
}

// Text returns a filter that people type in.
func (l Listing) Text(name string) string { return l.query.Get(name) }

// First says whether this is the list's first page.
func (l Listing) First() bool { return l.at == "" }

// SortedBy returns what the list is sorted by, as in its address.
func (l Listing) SortedBy() string {
	if sort := l.query.Get("sort"); sort != "" || len(l.sorts) == 0 {
		return sort
	}
	return l.sorts[0]
}

// fingerprint binds a cursor to the list it belongs to.
func (l Listing) fingerprint() string {
	return httpapi.Fingerprint("page", l.path, l.tenant, l.query.Encode())
}

// Sort returns what to sort by, and the page to ask the store for. A cursor that is not of this list starts it from the
// beginning.
func (l Listing) Sort() (string, membership.PageRequest) {
	page, err := l.cursor.Page(l.fingerprint(), httpapi.List{Limit: httpapi.DefaultLimit, Cursor: l.at})
	if err != nil {
		page = membership.PageRequest{Limit: httpapi.DefaultLimit}
	}
	sort, turned := strings.CutPrefix(l.SortedBy(), "-")
	page.Ascending = !turned
	return sort, page
}

// Pager returns links to the pages before and after this one, or nil.
func (l Listing) Pager(prev, next string) *web.Pager {
	if prev == "" && next == "" {
		return nil
	}
	return &web.Pager{Prev: l.page(l.cursor.Prev(l.fingerprint(), prev)), Next: l.page(l.cursor.Next(l.fingerprint(), next))}
}

func (l Listing) page(cursor *string) string {
	if cursor == nil {
		return ""
	}
	return l.With("cursor", *cursor)
}

// With returns the address of this list's first page with parameters changed: name, value, name, value …; "" removes
// one.
func (l Listing) With(changes ...string) string {
	query := url.Values{}
	for name, values := range l.query {
		query[name] = values
	}
	for i := 0; i+1 < len(changes); i += 2 {
		if query.Del(changes[i]); changes[i+1] != "" {
			query.Set(changes[i], changes[i+1])
		}
	}
	if len(query) == 0 {
		return l.path
	}
	return l.path + "?" + query.Encode()
}

// Sorted returns a column that the list can be sorted by. With "-" before sort, the first click sorts from the end, as
// people expect of dates.
func (l Listing) Sorted(head web.Phrase, sort string) web.Column {
	c := web.Column{Head: head}
	name, _ := strings.CutPrefix(sort, "-")
	switch l.SortedBy() {
	case name:
		c.Order, sort = "ascending", "-"+name
	case "-" + name:
		c.Order, sort = "descending", name
	}
	if sort == l.sorts[0] {
		sort = ""
	}
	c.Sort = l.With("sort", sort)
	return c
}
