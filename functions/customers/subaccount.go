package main

import (
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

func (h handler) listSubaccounts(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	if _, err := httpapi.Query(r); err != nil {
		return err
	}
	id, err := httpapi.PathID(r, "customerId")
	if err != nil {
		return err
	}
	all, err := h.subaccounts.List(r.Context(), c, id)
	if err != nil {
		return err
	}
	answer := api.SubaccountList{Items: make([]api.Subaccount, len(all))} // one page: there are at most 200
	for i, s := range all {
		answer.Items[i] = subaccount(s)
	}
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}

func (h handler) createSubaccount(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "customerId")
	if err != nil {
		return err
	}
	var in api.CreateSubaccountRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	s, err := h.subaccounts.Create(r.Context(), c, id, in.Name)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/customers/"+id+"/subaccounts/"+s.ID)
	httpapi.RespondVersion(w, http.StatusCreated, s.Version, subaccount(s))
	return nil
}

func (h handler) changeSubaccount(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	customerID, id, version, err := subaccountAddress(r)
	if err != nil {
		return err
	}
	var in api.ChangeSubaccountRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	s, err := h.subaccounts.Change(r.Context(), c, customerID, id, version, membership.SubAccountInput{Name: in.Name, Active: in.Active})
	if err != nil {
		return err
	}
	httpapi.RespondVersion(w, http.StatusOK, s.Version, subaccount(s))
	return nil
}

func (h handler) deleteSubaccount(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	customerID, id, version, err := subaccountAddress(r)
	if err != nil {
		return err
	}
	if err := h.subaccounts.Delete(r.Context(), c, customerID, id, version); err != nil {
		return err
	}
	httpapi.NoContent(w)
	return nil
}

func subaccountAddress(r *http.Request) (customerID, id string, version int, err error) {
	if customerID, err = httpapi.PathID(r, "customerId"); err != nil {
		return "", "", 0, err
	}
	if id, err = httpapi.PathID(r, "subaccountId"); err != nil {
		return "", "", 0, err
	}
	version, err = httpapi.IfMatch(r)
	return customerID, id, version, err
}

func subaccount(s membership.SubAccount) api.Subaccount {
	return api.Subaccount{ID: s.ID, CustomerID: s.CustomerID, Name: s.Name, Active: s.Active, CreatedAt: s.CreatedAt.UTC(), Version: s.Version}
}
