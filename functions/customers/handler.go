package main

import (
	"context"
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

type handler struct {
	customers   membership.Customers
	subaccounts membership.SubAccounts
	domains     membership.Domains
	gate        httpapi.Gate
	cursors     httpapi.Cursors
}

func (h handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /customers", h.gate.SignedIn(h.list))
	mux.Handle("POST /customers", h.gate.SignedIn(h.create))
	mux.Handle("GET /customers/{customerId}", h.gate.SignedIn(h.get))
	mux.Handle("PATCH /customers/{customerId}", h.gate.SignedIn(h.change))
	mux.Handle("DELETE /customers/{customerId}", h.gate.SignedIn(h.delete))
	mux.Handle("POST /customers/{customerId}/deactivate", h.gate.SignedIn(h.deactivate))
	mux.Handle("POST /customers/{customerId}/reactivate", h.gate.SignedIn(h.reactivate))
	mux.Handle("GET /customers/{customerId}/subaccounts", h.gate.SignedIn(h.listSubaccounts))
	mux.Handle("POST /customers/{customerId}/subaccounts", h.gate.SignedIn(h.createSubaccount))
	mux.Handle("PATCH /customers/{customerId}/subaccounts/{subaccountId}", h.gate.SignedIn(h.changeSubaccount))
	mux.Handle("DELETE /customers/{customerId}/subaccounts/{subaccountId}", h.gate.SignedIn(h.deleteSubaccount))
	mux.Handle("GET /customers/{customerId}/domains", h.gate.SignedIn(h.listDomains))
	mux.Handle("POST /customers/{customerId}/domains", h.gate.SignedIn(h.claimDomain))
	mux.Handle("DELETE /customers/{customerId}/domains/{domainName}", h.gate.SignedIn(h.removeDomain))
	mux.Handle("POST /customers/{customerId}/domains/{domainName}/verify", h.gate.SignedIn(h.verifyDomain))
	return httpapi.Routes(mux)
}

func (h handler) list(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	list, err := httpapi.ListParameters(r, "q", "sort", "order")
	if err != nil {
		return err
	}
	q := membership.CustomerQuery{Search: list.Values.Get("q")}
	if q.Sort, err = httpapi.Choice(list.Values, "sort", membership.CustomersByName, membership.CustomersByCreated); err != nil {
		return err
	}
	ascending, err := httpapi.Ascending(list.Values)
	if err != nil {
		return err
	}
	this := httpapi.Fingerprint("customers", c.Actor.Reach().CustomerID(), q.Search, string(q.Sort), list.Values.Get("order"))
	if q.Page, err = h.cursors.Page(this, list); err != nil {
		return err
	}
	q.Page.Ascending = ascending
	page, err := h.customers.List(r.Context(), c, q)
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

func (h handler) create(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.CreateCustomerRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	customer, err := h.customers.Create(r.Context(), c, membership.CustomerType(in.Type), membership.CustomerInput{
		Name: &in.Name, Email: in.Email, URL: in.URL, Phone: in.Phone, Street: in.Street, Postcode: in.Postcode, City: in.City,
		Region: in.Region, Country: in.Country, Language: in.Language, ExternalID: in.ExternalID, Comment: in.Comment,
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/customers/"+customer.ID)
	httpapi.RespondVersion(w, http.StatusCreated, customer.Version, customerFor(c.Actor, customer))
	return nil
}

func (h handler) get(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "customerId")
	if err != nil {
		return err
	}
	customer, err := h.customers.Get(r.Context(), c, id)
	if err != nil {
		return err
	}
	httpapi.RespondVersion(w, http.StatusOK, customer.Version, customerFor(c.Actor, customer))
	return nil
}

func (h handler) change(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, version, err := httpapi.PathVersion(r, "customerId")
	if err != nil {
		return err
	}
	var in api.ChangeCustomerRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	customer, err := h.customers.Change(r.Context(), c, id, version, membership.CustomerInput{
		Name: in.Name, Email: in.Email, URL: in.URL, Phone: in.Phone, Street: in.Street, Postcode: in.Postcode, City: in.City,
		Region: in.Region, Country: in.Country, Language: in.Language, ExternalID: in.ExternalID, Comment: in.Comment,
	})
	if err != nil {
		return err
	}
	httpapi.RespondVersion(w, http.StatusOK, customer.Version, customerFor(c.Actor, customer))
	return nil
}

func (h handler) delete(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, version, err := httpapi.PathVersion(r, "customerId")
	if err != nil {
		return err
	}
	if err := h.customers.Delete(r.Context(), c, id, version); err != nil {
		return err
	}
	httpapi.NoContent(w)
	return nil
}

func (h handler) deactivate(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	return step(w, r, c, h.customers.Deactivate)
}

func (h handler) reactivate(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	return step(w, r, c, h.customers.Reactivate)
}

// step serves an action on a customer and answers with the customer.
func step(w http.ResponseWriter, r *http.Request, c membership.Call, do func(context.Context, membership.Call, string, int) (membership.Customer, error)) error {
	id, version, err := httpapi.PathOptionalVersion(r, "customerId")
	if err != nil {
		return err
	}
	customer, err := do(r.Context(), c, id, version)
	if err != nil {
		return err
	}
	httpapi.RespondVersion(w, http.StatusOK, customer.Version, customerFor(c.Actor, customer))
	return nil
}

func customerFor(caller membership.Actor, c membership.Customer) api.Customer {
	return api.Customer{
		ID: c.ID, Name: c.Name, Type: api.CustomerType(c.Type), Management: api.Management(c.Management), Status: api.CustomerStatus(c.Status),
		PortalAccess: c.PortalAccess, GroupIds: api.List(c.GroupIDs), Email: c.Email, URL: c.URL, Phone: c.Phone, Street: c.Street,
		Postcode: c.Postcode, City: c.City, Region: c.Region, Country: c.Country, Language: c.Language, ExternalID: c.ExternalID,
		Comment: api.ForStaff(caller, c.Comment), CreatedAt: c.CreatedAt.UTC(), Version: c.Version,
	}
}
