package main

import (
	"fmt"
	"io"
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/telemetry"
)

type handler struct {
	approvals membership.Approvals
	gate      httpapi.Gate
	metrics   io.Writer
}

func (h handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /approvals", h.gate.SignedInBatch(h.decide))
	return httpapi.Routes(mux)
}

func (h handler) decide(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.DecisionRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	input, err := decision(in)
	if err != nil {
		return err
	}
	results, err := h.approvals.Decide(r.Context(), c, input)
	if err != nil {
		return err
	}
	answer, decided := api.BatchResultFor(results)
	if decided > 0 { // what is done stays done when it cannot be counted
		_ = telemetry.Count(h.metrics, c.Now, map[membership.Decision]string{membership.DecideApprove: "RegistrationsApproved",
			membership.DecideDisapprove: "RegistrationsDisapproved"}[input.Decision], decided, nil)
	}
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}

func decision(in api.DecisionRequest) (membership.DecisionInput, error) {
	out := membership.DecisionInput{RegistrationIDs: in.RegistrationIds, Decision: membership.Decision(in.Decision)}
	for i, id := range in.RegistrationIds {
		if _, err := httpapi.ID(id); err != nil {
			return out, membership.InvalidField(fmt.Sprintf("registrationIds[%d]", i), "invalid_id", "This is no id of a registration.")
		}
	}
	if in.CustomerID != nil {
		if _, err := httpapi.ID(*in.CustomerID); err != nil {
			return out, membership.InvalidField("customerId", "invalid_id", "This is no id of a customer.")
		}
		out.CustomerID = *in.CustomerID
	}
	if in.Reason != nil {
		out.Reason = *in.Reason
	}
	if in.Silent != nil {
		out.Silent = *in.Silent
	}
	if in.Role != nil {
		out.Role = membership.Role(*in.Role)
	}
	if in.GroupIds != nil {
		out.GroupIDs = *in.GroupIds
	}
	if n := in.NewCustomer; n != nil {
		out.NewCustomer = &membership.NewCustomer{Type: membership.CustomerType(n.Type), CustomerInput: membership.CustomerInput{
			Name: n.Name, Email: n.Email, Street: n.Street, Postcode: n.Postcode, City: n.City, Region: n.Region, Country: n.Country,
			Language: n.Language, ExternalID: n.ExternalID,
		}}
	}
	return out, nil
}
