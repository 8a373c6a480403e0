package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
)

func (t *table) Markers(_ context.Context, keys []*membership.IdempotencyKey) ([]*membership.Marker, error) {
	return make([]*membership.Marker, len(keys)), nil
}

func TestBulk(t *testing.T) {
	_, store := routes()
	users := membership.Users{Store: store, NewID: func() string { return "id" }}
	h := handler{bulk: membership.Bulk{Store: store, Users: users}, gate: httpapi.Gate{Callers: httpapitest.ByHeader{}, Now: func() time.Time { return noon }}}.routes()
	post := func(as, body string) httpapitest.Answer {
		return httpapitest.Send(t, h, httpapitest.Event("POST /users/bulk", body, "Authorization", as, "Content-Type", "application/json"))
	}
	var result api.BatchResult
	post(administrator, `{"action":"deactivate","userIds":["u5","u7"]}`).Want(http.StatusOK, "").Into(&result)
	if len(result.Results) != 2 || result.Results[0].Status != api.RowResultStatusOk || *result.Results[0].ID != "u5" ||
		result.Results[1].Status != api.RowResultStatusError || *result.Results[1].Code != "not_found" || result.Results[1].Index != 1 {
		t.Errorf("got %+v", result)
	}
	if store.users["u5"].Status != membership.Deactivated {
		t.Error("nothing was done")
	}
	post(member, `{"action":"deactivate","userIds":["u5"]}`).Want(http.StatusForbidden, "forbidden")
	for body, code := range map[string]string{
		`{"action":"promote","userIds":["u5"]}`:                                    "invalid_choice",
		`{"action":"remove","userIds":[]}`:                                         "required",
		`{"action":"remove","userIds":["u 5"]}`:                                    "invalid_id",
		`{"action":"remove","userIds":["u5"` + strings.Repeat(`,"u5"`, 100) + `]}`: "too_many",
		`{"action":"remove"}`:                                                      "required",
		`{"action":"remove","userIds":["u5"],"force":true}`:                        "unknown_field",
	} {
		post(administrator, body).Want(http.StatusBadRequest, code)
	}
}
