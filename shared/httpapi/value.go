package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"clientele/shared/membership"
)

const maxRecordID = 64 // characters; ours have 36

// PathID returns the id in the address. A text that cannot be an id names nothing that exists: the table must not be
// asked for keys of any length and with separators of their own. Errors: ErrNotFound.
func PathID(r *http.Request, name string) (string, error) { return ID(r.PathValue(name)) }

// ID is PathID for an id from elsewhere. Errors: ErrNotFound.
func ID(id string) (string, error) {
	strange := func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-'
	}
	if id == "" || len(id) > maxRecordID || strings.ContainsFunc(id, strange) {
		return "", membership.ErrNotFound
	}
	return id, nil
}

// IDParameter returns a query parameter that is an id, or "" when it is not given. Errors: Invalid (invalid_id).
func IDParameter(values url.Values, name string) (string, error) {
	if !values.Has(name) {
		return "", nil
	}
	id, err := ID(values.Get(name))
	if err != nil {
		return "", membership.InvalidField(name, "invalid_id", "This is no id.")
	}
	return id, nil
}

// Choice returns a query parameter that has one of these values, or "" when it is not given. Errors: Invalid
// (invalid_choice).
func Choice[T ~string](values url.Values, name string, choices ...T) (T, error) {
	value := T(values.Get(name))
	if values.Has(name) && !slices.Contains(choices, value) {
		return "", membership.InvalidField(name, "invalid_choice", "This is none of the possible values.")
	}
	return value, nil
}

// Ascending reads the query parameter order, which is asc (the default) or desc.
func Ascending(values url.Values) (bool, error) {
	order, err := Choice(values, "order", "asc", "desc")
	return order != "desc", err
}
