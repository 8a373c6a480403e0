package main

import (
	"context"
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

type handler struct {
	groups  membership.Groups
	gate    httpapi.Gate
	cursors httpapi.Cursors
}

func (h handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /groups", h.gate.SignedIn(h.list))
	mux.Handle("POST /groups", h.gate.SignedIn(h.create))
	mux.Handle("GET /groups/{groupId}", h.gate.SignedIn(h.get))
	mux.Handle("PATCH /groups/{groupId}", h.gate.SignedIn(h.change))
	mux.Handle("DELETE /groups/{groupId}", h.gate.SignedIn(h.delete))
	mux.Handle("PUT /groups/{groupId}/users/{userId}", h.member().SignedIn(h.addUser))
	mux.Handle("DELETE /groups/{groupId}/users/{userId}", h.member().SignedIn(h.removeUser))
	mux.Handle("GET /groups/{groupId}/customers", h.gate.SignedIn(h.listCustomers))
	mux.Handle("PUT /groups/{groupId}/customers/{customerId}", h.member().SignedIn(h.addCustomer))
	mux.Handle("DELETE /groups/{groupId}/customers/{customerId}", h.member().SignedIn(h.removeCustomer))
	return httpapi.Routes(mux)
}

// member returns the gate of routes that change who is in a group: it reads the user or customer in parallel with the
// caller.
func (h handler) member() httpapi.Gate {
	g := h.gate
	g.Ahead = func(r *http.Request, reach membership.Reach, c *membership.Call) {
		if id, err := httpapi.PathID(r, "userId"); err == nil { // else the route says what is wrong with it
			c.User = membership.ReadAhead(r.Context(), reach, id, h.groups.Store.User)
		}
		if id, err := httpapi.PathID(r, "customerId"); err == nil {
			c.Customer = membership.ReadAhead(r.Context(), reach, id, h.groups.Store.Customer)
		}
	}
	return g
}

func (h handler) list(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	list, err := httpapi.ListParameters(r, "active")
	if err != nil {
		return err
	}
	active, err := httpapi.Choice(list.Values, "active", "true", "false")
	if err != nil {
		return err
	}
	var q membership.GroupQuery
	if active != "" {
		yes := active == "true"
		q.Active = &yes
	}
	this := httpapi.Fingerprint("groups", active)
	if q.Page, err = h.cursors.Page(this, list); err != nil {
		return err
	}
	page, err := h.groups.List(r.Context(), c, q)
	if err != nil {
		return err
	}
	answer := api.GroupList{Items: make([]api.Group, len(page.Items)), Next: h.cursors.Next(this, page.Next), Prev: h.cursors.Prev(this, page.Prev)}
	for i, g := range page.Items {
		answer.Items[i] = group(g)
	}
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}

func (h handler) create(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.CreateGroupRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	g, err := h.groups.Create(r.Context(), c, membership.GroupInput{Name: &in.Name, Description: in.Description, Active: in.Active})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/groups/"+g.ID)
	httpapi.RespondVersion(w, http.StatusCreated, g.Version, group(g))
	return nil
}

func (h handler) get(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "groupId")
	if err != nil {
		return err
	}
	g, err := h.groups.Get(r.Context(), c, id)
	if err != nil {
		return err
	}
	httpapi.RespondVersion(w, http.StatusOK, g.Version, group(g))
	return nil
}

func (h handler) change(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, version, err := httpapi.PathVersion(r, "groupId")
	if err != nil {
		return err
	}
	var in api.ChangeGroupRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	g, err := h.groups.Change(r.Context(), c, id, version, membership.GroupInput{Name: in.Name, Description: in.Description, Active: in.Active})
	if err != nil {
		return err
	}
	httpapi.RespondVersion(w, http.StatusOK, g.Version, group(g))
	return nil
}

func (h handler) delete(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, version, err := httpapi.PathVersion(r, "groupId")
	if err != nil {
		return err
	}
	if err := h.groups.Delete(r.Context(), c, id, version); err != nil {
		return err
	}
	httpapi.NoContent(w)
	return nil
}

func (h handler) addUser(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	return member(w, r, c, "userId", h.groups.AddUser)
}

func (h handler) removeUser(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	return member(w, r, c, "userId", h.groups.RemoveUser)
}

func (h handler) addCustomer(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	return member(w, r, c, "customerId", h.groups.AddCustomer)
}

func (h handler) removeCustomer(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	return member(w, r, c, "customerId", h.groups.RemoveCustomer)
}

// member serves a change of who is in a group.
func member(w http.ResponseWriter, r *http.Request, c membership.Call, name string, do func(ctx context.Context, c membership.Call, groupID, memberID string) error) error {
	groupID, err := httpapi.PathID(r, "groupId")
	if err != nil {
		return err
	}
	memberID, err := httpapi.PathID(r, name)
	if err != nil {
		return err
	}
	if err := do(r.Context(), c, groupID, memberID); err != nil {
		return err
	}
	httpapi.NoContent(w)
	return nil
}

func (h handler) listCustomers(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "groupId")
	if err != nil {
		return err
	}
	list, err := httpapi.ListParameters(r)
	if err != nil {
		return err
	}
	this := httpapi.Fingerprint("group-customers", id)
	at, err := h.cursors.Page(this, list)
	if err != nil {
		return err
	}
	page, err := h.groups.Customers(r.Context(), c, id, at)
	if err != nil {
		return err
	}
	answer := api.CustomerList{Items: make([]api.CustomerRow, len(page.Items)), Next: h.cursors.Next(this, page.Next), Prev: h.cursors.Prev(this, page.Prev)}
	for i, customer := range page.Items {
		answer.Items[i] = api.CustomerRowOf(customer)
	}
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}

func group(g membership.Group) api.Group {
	return api.Group{ID: g.ID, Name: g.Name, Description: g.Description, Active: g.Active, CreatedAt: g.CreatedAt.UTC(), Version: g.Version,
		Members: api.GroupMembers{Users: g.Members.Users, Customers: g.Members.Customers}}
}
