package main

import (
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

func (h handler) listDomains(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	if _, err := httpapi.Query(r); err != nil {
		return err
	}
	id, err := httpapi.PathID(r, "customerId")
	if err != nil {
		return err
	}
	all, err := h.domains.List(r.Context(), c, id)
	if err != nil {
		return err
	}
	answer := api.DomainList{Items: make([]api.Domain, len(all))} // one page: there are at most 20
	for i, d := range all {
		answer.Items[i] = h.domain(d)
	}
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}

func (h handler) claimDomain(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "customerId")
	if err != nil {
		return err
	}
	var in api.ClaimDomainRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	d, err := h.domains.Claim(r.Context(), c, id, in.Domain)
	if err != nil {
		return err
	}
	httpapi.Respond(w, http.StatusCreated, h.domain(d))
	return nil
}

func (h handler) verifyDomain(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "customerId")
	if err != nil {
		return err
	}
	check, err := h.domains.Verify(r.Context(), c, id, r.PathValue("domainName"))
	if err != nil {
		return err
	}
	httpapi.Respond(w, http.StatusOK, api.DomainCheck{Domain: h.domain(check.Domain), Result: api.DomainCheckResult(check.Result), Found: api.List(check.Found)})
	return nil
}

func (h handler) removeDomain(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "customerId")
	if err != nil {
		return err
	}
	if err := h.domains.Remove(r.Context(), c, id, r.PathValue("domainName")); err != nil {
		return err
	}
	httpapi.NoContent(w)
	return nil
}

func (h handler) domain(d membership.Domain) api.Domain {
	return api.Domain{CustomerID: d.CustomerID, Name: d.Name, Proven: d.Proven(), ProvenAt: api.Time(d.ProvenAt), CheckedAt: api.Time(d.CheckedAt),
		RecordName: d.RecordName(), RecordValue: h.domains.Keys.DomainRecord(d.CustomerID, d.Name), CreatedAt: d.CreatedAt.UTC()}
}
