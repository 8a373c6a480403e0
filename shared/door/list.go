package door

import (
	"net/http"
	"net/url"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// Listing is what the address of a list says: its sort, its filters, and where the page starts.
type Listing struct {
	path   string
	query  url.Values
	cursor httpapi.Cursors
	tenant string
}

// Listing reads the address of a list. What it does not know it leaves out: an address is typed, shortened and passed on
// by people, who are better served by the list than by an error.
func (d *Door) Listing(r *http.Request) Listing {
	return Listing{path: r.URL.Path, query: r.URL.Query(), cursor: d.Cursors, tenant: Actor(r).Reach().CustomerID()}
}

// Value returns a parameter if it is one of the choices, else "".
func (l Listing) Value(name string, choices ...string) string {
	value := l.query.Get(name)
	for _, choice := range choices {
		if value == choice {
			return value
		}
	}
	return ""
}

// Text returns a parameter that people type.
func (l Listing) Text(name string) string {
	if value := l.query.Get(name); len(value) <= 200 {
		return value
	}
	return ""
}

// First says whether this is the list's first page.
func (l Listing) First() bool { return l.query.Get("cursor") == "" }

// fingerprint binds a cursor to the list it belongs to.
func (l Listing) fingerprint() string {
	return httpapi.Fingerprint("page", l.path, l.tenant, l.query.Get("q"), l.query.Get("status"), l.query.Get("sort"), l.query.Get("order"))
}

// Page returns what to ask the store for. A cursor that is none of this list's starts it anew.
func (l Listing) Page() membership.PageRequest {
	list := httpapi.List{Limit: httpapi.DefaultLimit, Cursor: l.query.Get("cursor")}
	page, err := l.cursor.Page(l.fingerprint(), list)
	if err != nil {
		page = membership.PageRequest{Limit: httpapi.DefaultLimit}
	}
	page.Ascending = l.query.Get("order") != "desc"
	return page
}

// Pager leads to the pages around one.
func (l Listing) Pager(prev, next string) *web.Pager {
	if prev == "" && next == "" {
		return nil
	}
	return &web.Pager{Prev: l.at(l.cursor.Prev(l.fingerprint(), prev)), Next: l.at(l.cursor.Next(l.fingerprint(), next))}
}

func (l Listing) at(cursor *string) string {
	if cursor == nil {
		return ""
	}
	return l.with("cursor", *cursor)
}

// with is this list's address with one parameter changed.
func (l Listing) with(name, value string) string {
	query := url.Values{}
	for _, kept := range []string{"q", "status", "sort", "order"} {
		if v := l.query.Get(kept); v != "" {
			query.Set(kept, v)
		}
	}
	query.Del(name)
	if value != "" {
		query.Set(name, value)
	}
	if len(query) == 0 {
		return l.path
	}
	return l.path + "?" + query.Encode()
}

// Sorted makes a column one that the list can be sorted by. initial is the sort without a parameter; ascending is how a
// column is sorted at the first click.
func (l Listing) Sorted(head web.Phrase, sort, initial string) web.Column {
	c := web.Column{Head: head}
	now := l.query.Get("sort")
	if now == "" {
		now = initial
	}
	query := url.Values{"sort": {sort}}
	if status := l.query.Get("status"); status != "" {
		query.Set("status", status)
	}
	if now == sort {
		c.Order = "ascending"
		if l.query.Get("order") == "desc" {
			c.Order = "descending"
		} else {
			query.Set("order", "desc")
		}
	}
	c.Sort = l.path + "?" + query.Encode()
	return c
}
