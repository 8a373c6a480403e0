package main

import (
	"context"
	"net/http"
	"os"
	"time"
)

// demoData gives the empty console something to show. The keys make it safe to repeat after a crash half way; the file
// records that it is done, so that deleted data does not come back.
func demoData(ctx context.Context, opts options, token string) error {
	done := opts.file("demo.json")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	api := func(key string) apiClient { return apiClient{base: opts.api(), token: token, key: "demo-" + key} }
	var customer struct {
		ID string `json:"id"`
	}
	err := api("northwind").call(ctx, http.MethodPost, "/customers", map[string]any{
		"name": "Northwind Logistics", "type": "corporate", "email": "office@northwind.example", "city": "Hamburg", "country": "DE", "language": "en",
	}, &customer)
	if err != nil {
		return err
	}
	for _, name := range []string{"Depot North", "Depot South"} {
		err := api(name).call(ctx, http.MethodPost, "/customers/"+customer.ID+"/subaccounts", map[string]any{"name": name}, nil)
		if err != nil {
			return err
		}
	}
	err = api("invitations").call(ctx, http.MethodPost, "/invitations", map[string]any{
		"customerId": customer.ID,
		"role":       "member",
		"invitees": []map[string]any{
			{"email": "maria.lopez@northwind.example", "firstName": "María", "lastName": "López", "role": "administrator"},
			{"email": "jonas.weber@northwind.example", "firstName": "Jonas", "lastName": "Weber", "language": "de"},
			{"email": "grace.okafor@northwind.example", "firstName": "Grace", "lastName": "Okafor"},
		},
	}, nil)
	if err != nil {
		return err
	}
	return writeJSON(done, map[string]any{"customerId": customer.ID, "madeAt": time.Now().UTC()})
}
