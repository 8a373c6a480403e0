package main

import (
	"fmt"
	"net/http"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

func (h handler) many(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.BulkRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	if !in.Action.Valid() {
		return membership.InvalidField("action", "invalid_choice", "There is no such action.")
	}
	for i, id := range in.UserIds {
		if _, err := httpapi.ID(id); err != nil {
			return membership.InvalidField(fmt.Sprintf("userIds[%d]", i), "invalid_id", "This is no id of a user.")
		}
	}
	input := membership.BulkInput{Action: membership.BulkAction(in.Action), UserIDs: in.UserIds}
	if in.GroupID != nil {
		if _, err := httpapi.ID(*in.GroupID); err != nil {
			return membership.InvalidField("groupId", "invalid_id", "This is no id of a group.")
		}
		input.GroupID = *in.GroupID
	}
	if in.Until != nil {
		input.Until = *in.Until
	}
	if in.Role != nil {
		input.Role = membership.Role(*in.Role)
	}
	results, err := h.bulk.Do(r.Context(), c, input)
	if err != nil {
		return err
	}
	answer, _ := api.BatchResultFor(results)
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}
