package main

import (
	"cmp"
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

type handler struct {
	exports membership.Exports
	gate    httpapi.Gate
	cursors httpapi.Cursors
}

func (h handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /exports", h.gate.SignedIn(h.list))
	mux.Handle("POST /exports", h.gate.SignedIn(h.create))
	mux.Handle("GET /exports/{exportId}", h.gate.SignedIn(h.get))
	return httpapi.Routes(mux)
}

func (h handler) list(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	list, err := httpapi.ListParameters(r)
	if err != nil {
		return err
	}
	this := httpapi.Fingerprint("exports", c.Actor.CustomerID, c.Actor.UserID)
	at, err := h.cursors.Page(this, list)
	if err != nil {
		return err
	}
	page, err := h.exports.List(r.Context(), c, at)
	if err != nil {
		return err
	}
	answer := api.ExportList{Items: make([]api.Export, len(page.Items)), Next: h.cursors.Next(this, page.Next), Prev: h.cursors.Prev(this, page.Prev)}
	for i, e := range page.Items {
		answer.Items[i] = export(e)
	}
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}

func (h handler) create(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var body api.CreateExportRequest
	if err := httpapi.Decode(r, &body); err != nil {
		return err
	}
	in, err := input(body)
	if err != nil {
		return err
	}
	e, err := h.exports.Create(r.Context(), c, in)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/exports/"+e.ID)
	httpapi.Respond(w, http.StatusCreated, export(e))
	return nil
}

func (h handler) get(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "exportId")
	if err != nil {
		return err
	}
	e, err := h.exports.Get(r.Context(), c, id)
	if err != nil {
		return err
	}
	httpapi.Respond(w, http.StatusOK, export(e))
	return nil
}

func input(body api.CreateExportRequest) (membership.ExportInput, error) {
	in := membership.ExportInput{Separator: membership.ExportSeparator(value(body.Separator))}
	in.Query.Sort = membership.UserSort(value(body.Sort))
	switch value(body.Order) {
	case "", api.CreateExportRequestOrderAsc:
		in.Query.Page.Ascending = true
	case api.CreateExportRequestOrderDesc:
	default:
		return in, membership.InvalidField("order", "invalid_choice", "This is none of the possible values.")
	}
	for _, c := range value(body.Columns) {
		in.Columns = append(in.Columns, string(c))
	}
	f := value(body.Filter)
	in.Query.Status, in.Query.Role, in.Query.Country, in.Query.Search = membership.Status(value(f.Status)), membership.Role(value(f.Role)), value(f.Country), value(f.Q)
	var err error
	if f.Customer != nil {
		if in.Query.CustomerID, err = httpapi.ID(*f.Customer); err != nil {
			return in, membership.InvalidField("filter.customer", "invalid_id", "This is no id.")
		}
	}
	if f.Group != nil {
		if in.Query.GroupID, err = httpapi.ID(*f.Group); err != nil {
			return in, membership.InvalidField("filter.group", "invalid_id", "This is no id.")
		}
	}
	return in, nil
}

// value returns what was given, or the zero value.
func value[T any](given *T) (v T) {
	if given != nil {
		v = *given
	}
	return v
}

func export(e membership.Export) api.Export {
	answer := api.Export{ID: e.ID, Status: api.ExportStatus(e.Status), Progress: e.Progress, CreatedAt: e.CreatedAt.UTC(), FinishedAt: api.Time(e.DoneAt)}
	if e.List != nil {
		answer.List = exported(*e.List)
	}
	if e.Total > 0 || e.Status == membership.ExportDone {
		answer.Total = &e.Total
	}
	if reason := string(e.Reason); reason != "" {
		answer.Reason = &reason
	}
	if e.URL != "" {
		answer.URL = &e.URL
	}
	return answer
}

// exported returns the list that a file contains, as it was asked for.
func exported(q membership.UserQuery) *api.ExportedList {
	list := &api.ExportedList{Order: api.ExportedListOrderAsc, Filter: api.ExportFilter{Customer: given(q.CustomerID), Status: given(api.UserStatus(q.Status)),
		Role: given(api.Role(q.Role)), Group: given(q.GroupID), Country: given(q.Country), Q: given(q.Search)}}
	if !q.Page.Ascending {
		list.Order = api.ExportedListOrderDesc
	}
	if q.Search == "" {
		sort := string(cmp.Or(q.Sort, membership.SortName))
		list.Sort = &sort
	}
	return list
}

// given is the opposite of value: it returns nil for "".
func given[T ~string](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}
