package main

import (
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

type handler struct {
	imports membership.Imports
	gate    httpapi.Gate
	cursors httpapi.Cursors
}

func (h handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /imports", h.gate.SignedIn(h.list))
	mux.Handle("POST /imports", h.gate.SignedIn(h.begin))
	mux.Handle("GET /imports/{importId}", h.gate.SignedIn(h.get))
	mux.Handle("DELETE /imports/{importId}", h.gate.SignedIn(h.drop))
	mux.Handle("POST /imports/{importId}/check", h.gate.SignedIn(h.check))
	mux.Handle("POST /imports/{importId}/confirm", h.gate.SignedIn(h.confirm))
	mux.Handle("GET /imports/{importId}/rows", h.gate.SignedIn(h.rows))
	return httpapi.Routes(mux)
}

func (h handler) list(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	list, err := httpapi.ListParameters(r)
	if err != nil {
		return err
	}
	this := httpapi.Fingerprint("imports", c.Actor.CustomerID, c.Actor.UserID)
	at, err := h.cursors.Page(this, list)
	if err != nil {
		return err
	}
	page, err := h.imports.List(r.Context(), c, at)
	if err != nil {
		return err
	}
	answer := api.ImportList{Items: make([]api.Import, len(page.Items)), Next: h.cursors.Next(this, page.Next), Prev: h.cursors.Prev(this, page.Prev)}
	for n, i := range page.Items {
		answer.Items[n] = importOf(i)
	}
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}

func (h handler) begin(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var body api.BeginImportRequest
	if err := httpapi.Decode(r, &body); err != nil {
		return err
	}
	in := membership.ImportInput{FileName: value(body.FileName), Role: membership.Role(value(body.Role)), Language: value(body.Language),
		GroupIDs: value(body.GroupIds), Separator: string(value(body.Separator))}
	var err error
	if in.CustomerID, err = httpapi.ID(body.CustomerID); err != nil {
		return err
	}
	i, form, err := h.imports.Begin(r.Context(), c, in)
	if err != nil {
		return err
	}
	answer := importOf(i)
	if form.URL != "" {
		answer.Upload = &api.UploadForm{URL: form.URL, Fields: form.Fields, ExpiresAt: form.ExpiresAt.UTC()}
	}
	w.Header().Set("Location", "/imports/"+i.ID)
	httpapi.Respond(w, http.StatusCreated, answer)
	return nil
}

func (h handler) get(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "importId")
	if err != nil {
		return err
	}
	i, err := h.imports.Get(r.Context(), c, id)
	return answer(w, i, err)
}

func (h handler) check(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "importId")
	if err != nil {
		return err
	}
	i, err := h.imports.Check(r.Context(), c, id)
	return answer(w, i, err)
}

func (h handler) confirm(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "importId")
	if err != nil {
		return err
	}
	var body api.ConfirmImportRequest
	if err := httpapi.Decode(r, &body); err != nil {
		return err
	}
	i, err := h.imports.Confirm(r.Context(), c, id, value(body.Update))
	return answer(w, i, err)
}

func (h handler) drop(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "importId")
	if err != nil {
		return err
	}
	if err := h.imports.Drop(r.Context(), c, id); err != nil {
		return err
	}
	httpapi.NoContent(w)
	return nil
}

func (h handler) rows(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "importId")
	if err != nil {
		return err
	}
	list, err := httpapi.ListParameters(r, "class", "result")
	if err != nil {
		return err
	}
	q := membership.ImportRowQuery{Class: membership.ImportClass(list.Values.Get("class")), Result: membership.ImportResult(list.Values.Get("result"))}
	this := httpapi.Fingerprint("import-rows", c.Actor.CustomerID, c.Actor.UserID, id, string(q.Class), string(q.Result))
	if q.Page, err = h.cursors.Page(this, list); err != nil {
		return err
	}
	page, err := h.imports.Rows(r.Context(), c, id, q)
	if err != nil {
		return err
	}
	answer := api.ImportRowList{Items: make([]api.ImportRow, len(page.Items)), Next: h.cursors.Next(this, page.Next), Prev: h.cursors.Prev(this, page.Prev)}
	for n, row := range page.Items {
		answer.Items[n] = rowOf(row)
	}
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}

func answer(w http.ResponseWriter, i membership.Import, err error) error {
	if err == nil {
		httpapi.Respond(w, http.StatusOK, importOf(i))
	}
	return err
}

func importOf(i membership.Import) api.Import {
	a := api.Import{
		ID: i.ID, CustomerID: i.CustomerID, Status: api.ImportStatus(i.Status), FileName: i.FileName, Role: api.Role(i.Role), Language: i.Language,
		GroupIds: api.List(i.GroupIDs), Update: i.Update, Progress: i.Progress, Reason: given(i.Reason), ResultURL: given(i.ResultURL), FailedURL: given(i.FailedURL),
		CreatedAt: i.CreatedAt.UTC(), ExpiresAt: i.ExpiresAt.UTC(),
		Counts: api.ImportCounts{New: i.Counts[membership.ImportNew], User: i.Counts[membership.ImportUser], Invited: i.Counts[membership.ImportInvited],
			Changed: i.Counts[membership.ImportChanged], Invalid: i.Counts[membership.ImportInvalid]},
	}
	if i.Total > 0 {
		a.Total = &i.Total
	}
	if f := i.File; f.Hash != "" {
		a.File = &api.ImportFile{Size: f.Size, Sha256: f.Hash, Encoding: f.Encoding, Separator: f.Separator, Columns: api.List(f.Columns),
			UnknownColumns: api.List(f.Unknown), ColumnsNotAllowed: api.List(f.NotYours)}
	}
	if p := i.Problem; p != nil {
		a.Problem = &api.ImportProblem{Code: p.Code, Message: p.Message, Line: p.Line, Column: p.Column}
	}
	if i.Stage == membership.ImportConfirmed {
		a.Results = &api.ImportResults{Invited: i.Results[membership.ResultInvited], Updated: i.Results[membership.ResultUpdated],
			Skipped: i.Results[membership.ResultSkipped], Failed: i.Results[membership.ResultFailed]}
	}
	return a
}

func rowOf(r membership.ImportRow) api.ImportRow {
	values := r.Values
	if values == nil {
		values = map[string]string{}
	}
	return api.ImportRow{
		Number: r.Number, Line: r.Line, Email: r.Email, Role: given(api.Role(r.Role)), Values: values, Class: api.ImportClass(r.Class),
		Result: given(api.ImportResult(r.Result)), Code: given(r.Code), Message: given(r.Message), Field: given(r.Field), Changes: api.List(r.Changes),
		UserID: given(r.UserID), InvitationID: given(r.InvitationID),
	}
}

// given returns nil for an empty text.
func given[T ~string](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}

// value returns what was given, or the zero value.
func value[T any](given *T) (v T) {
	if given != nil {
		v = *given
	}
	return v
}
