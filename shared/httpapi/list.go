package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"clientele/shared/membership"
)

// The number of items on a page, set by the parameter limit.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// List holds the parameters that every list takes.
type List struct {
	Limit  int        // 1 to MaxLimit
	Cursor string     // "" for the first page; Cursors.Page opens it
	Values url.Values // the list's own
}

// ListParameters reads limit, cursor and the list's own parameters. A parameter that is unknown or given twice is an
// error, because a filter that is silently ignored shows more than was asked for.
func ListParameters(r *http.Request, own ...string) (List, error) {
	values, err := Query(r, append([]string{"limit", "cursor"}, own...)...)
	if err != nil {
		return List{}, err
	}
	list := List{Limit: DefaultLimit, Cursor: values.Get("cursor"), Values: values}
	if values.Has("limit") {
		list.Limit, err = strconv.Atoi(values.Get("limit"))
		if err != nil || list.Limit < 1 || list.Limit > MaxLimit {
			return List{}, membership.InvalidField("limit", "invalid_limit", "limit must be a number from 1 to 200.")
		}
	}
	if values.Has("cursor") && list.Cursor == "" {
		return List{}, errCursor
	}
	return list, nil
}

// Query returns the query parameters if each is allowed and given once, else an Invalid error.
func Query(r *http.Request, allowed ...string) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, membership.InvalidField("query", "invalid_query", "The query of the address is malformed.")
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !slices.Contains(allowed, name) {
			return nil, membership.InvalidField(fieldName(name), "unknown_parameter", "There is no such query parameter here.")
		}
		if len(values[name]) > 1 {
			return nil, membership.InvalidField(name, "repeated_parameter", "This query parameter is given more than once.")
		}
	}
	return values, nil
}
