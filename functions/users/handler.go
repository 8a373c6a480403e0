package main

import (
	"context"
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

type handler struct {
	users   membership.Users
	records membership.Records
	bulk    membership.Bulk
	gate    httpapi.Gate
	cursors httpapi.Cursors
	avatars membership.Avatars
}

func (h handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /users", h.gate.SignedIn(h.list))
	mux.Handle("GET /users/counts", h.gate.SignedIn(h.count))
	mux.Handle("POST /users/bulk", h.gate.SignedInBatch(h.many))
	mux.Handle("GET /users/{userId}", h.gate.SignedIn(h.get))
	mux.Handle("DELETE /users/{userId}", h.one().SignedIn(h.remove))
	mux.Handle("POST /users/{userId}/deactivate", h.one().SignedIn(h.deactivate))
	mux.Handle("POST /users/{userId}/reactivate", h.one().SignedIn(h.reactivate))
	h.recordRoutes(mux)
	h.avatarRoutes(mux)
	return httpapi.Routes(mux)
}

// one returns the gate of routes that change one user. It reads the record in parallel with the caller, because the
// record says what else is needed.
func (h handler) one() httpapi.Gate {
	g := h.gate
	g.Ahead = func(r *http.Request, reach membership.Reach, c *membership.Call) {
		if id, err := httpapi.PathID(r, "userId"); err == nil { // else the route says what is wrong with it
			c.User = membership.ReadAhead(r.Context(), reach, id, h.users.Store.User)
		}
	}
	return g
}

func (h handler) list(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	list, err := httpapi.ListParameters(r, "customer", "status", "role", "group", "country", "q", "sort", "order")
	if err != nil {
		return err
	}
	q, err := query(list)
	if err != nil {
		return err
	}
	this := httpapi.Fingerprint("users", c.Actor.Reach().CustomerID(), q.CustomerID, string(q.Status), string(q.Role), q.GroupID, q.Country, q.Search,
		string(q.Sort), list.Values.Get("order"))
	ascending := q.Page.Ascending
	if q.Page, err = h.cursors.Page(this, list); err != nil {
		return err
	}
	q.Page.Ascending = ascending
	page, err := h.users.List(r.Context(), c, q)
	if err != nil {
		return err
	}
	answer := api.UserList{Items: make([]api.UserRow, len(page.Items)), Next: h.cursors.Next(this, page.Next), Prev: h.cursors.Prev(this, page.Prev)}
	for i, row := range page.Items {
		answer.Items[i] = api.UserRowOf(row)
	}
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}

// query reads everything about a list except its position: see httpapi.Cursors.
func query(list httpapi.List) (membership.UserQuery, error) {
	var q membership.UserQuery
	var err error
	if q.CustomerID, err = httpapi.IDParameter(list.Values, "customer"); err != nil {
		return q, err
	}
	if q.Status, err = httpapi.Choice(list.Values, "status", membership.Statuses()...); err != nil {
		return q, err
	}
	if q.Role, err = httpapi.Choice(list.Values, "role", membership.Member, membership.Moderator, membership.Administrator, membership.Agent); err != nil {
		return q, err
	}
	if q.GroupID, err = httpapi.IDParameter(list.Values, "group"); err != nil {
		return q, err
	}
	if q.Country = list.Values.Get("country"); q.Country != "" && !membership.ValidCountry(q.Country) {
		return q, membership.InvalidField("country", "invalid_country", "A country is its two capital letters in ISO 3166: DE, US.")
	}
	q.Search = list.Values.Get("q")
	if q.Sort, err = httpapi.Choice(list.Values, "sort", membership.SortName, membership.SortEmail, membership.SortGroup,
		membership.SortRole, membership.SortCompany, membership.SortRegistered); err != nil {
		return q, err
	}
	q.Page.Ascending, err = httpapi.Ascending(list.Values)
	return q, err
}

func (h handler) count(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	values, err := httpapi.Query(r, "customer")
	if err != nil {
		return err
	}
	customerID, err := httpapi.IDParameter(values, "customer")
	if err != nil {
		return err
	}
	counts, err := h.users.Counts(r.Context(), c, customerID)
	if err != nil {
		return err
	}
	answer := api.UserCounts{Contact: counts[membership.Contact], Invited: counts[membership.Invited], Expired: counts[membership.Expired],
		Waiting: counts[membership.Waiting], Active: counts[membership.Active], Suspended: counts[membership.Suspended],
		Deactivated: counts[membership.Deactivated], Rejected: counts[membership.Rejected]}
	for status, n := range counts {
		if status != membership.Removed {
			answer.Total += n
		}
	}
	if c.Actor.Realm != membership.Portal {
		removed := counts[membership.Removed]
		answer.Removed = &removed
	}
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}

func (h handler) get(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "userId")
	if err != nil {
		return err
	}
	user, err := h.users.Get(r.Context(), c, id)
	if err != nil {
		return err
	}
	httpapi.RespondVersion(w, http.StatusOK, user.Version, api.UserFor(c.Actor, user, c.Now))
	return nil
}

func (h handler) remove(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, version, err := httpapi.PathVersion(r, "userId")
	if err != nil {
		return err
	}
	if _, err := h.users.Remove(r.Context(), c, id, version); err != nil {
		return err
	}
	httpapi.NoContent(w)
	return nil
}

func (h handler) deactivate(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	return step(w, r, c, h.users.Deactivate)
}

func (h handler) reactivate(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	return step(w, r, c, h.users.Reactivate)
}

// step serves an action on a user and answers with the user.
func step(w http.ResponseWriter, r *http.Request, c membership.Call, do func(context.Context, membership.Call, string, int) (membership.User, error)) error {
	id, version, err := httpapi.PathOptionalVersion(r, "userId")
	if err != nil {
		return err
	}
	user, err := do(r.Context(), c, id, version)
	if err != nil {
		return err
	}
	httpapi.RespondVersion(w, http.StatusOK, user.Version, api.UserFor(c.Actor, user, c.Now))
	return nil
}
