package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
	"clientele/shared/store"
	"clientele/shared/store/storetest"
)

func TestOnTheTable(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine.Name, func(t *testing.T) {
			client, name := engine.Table(t)
			table := store.New(client, name)
			newID := func() string { return uuid.Must(uuid.NewV7()).String() }
			h := handler{
				customers:   membership.Customers{Store: table, NewID: newID},
				subaccounts: membership.SubAccounts{Store: table, NewID: newID},
				gate:        httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: table, Now: func() time.Time { return noon }},
				cursors:     httpapi.NewCursors(make([]byte, 32)),
			}.routes()

			event := httpapitest.Recorded(t, "testdata/create.json")
			first := httpapitest.Send(t, h, event).Want(201, "")
			if again := httpapitest.Send(t, h, event).Want(201, ""); again.Body != first.Body {
				t.Errorf("repeated: %s\n%s", first.Body, again.Body)
			}
			var c api.Customer
			first.Into(&c)
			address := "/customers/" + c.ID
			send(t, h, "POST /customers", staff, `{"name":"Other","type":"corporate","externalId":"C-1001"}`).Want(409, "external_id_in_use")

			for _, other := range []string{"Ärzte am Markt", "Zimmerei Ost", "3M"} {
				send(t, h, "POST /customers", staff, fmt.Sprintf(`{"name":%q,"type":"individual"}`, other)).Want(201, "")
			}
			var names []string
			query, cursor := "GET /customers?limit=3", ""
			for {
				var list api.CustomerList
				send(t, h, query+cursor, staff, "").Want(200, "").Into(&list)
				for _, item := range list.Items {
					names = append(names, item.Name)
				}
				if list.Next == nil {
					break
				}
				cursor = "&cursor=" + *list.Next
			}
			if fmt.Sprint(names) != "[3M Ärzte am Markt Sommer GmbH Zimmerei Ost]" {
				t.Errorf("listed %v", names)
			}
			var found api.CustomerList
			send(t, h, "GET /customers?q=markt", staff, "").Want(200, "").Into(&found)
			if len(found.Items) != 1 || found.Items[0].Name != "Ärzte am Markt" {
				t.Errorf("found %+v", found)
			}
			send(t, h, "GET /customers", fmt.Sprintf("portal member %s u9", c.ID), "").Want(200, "").Into(&found)
			if len(found.Items) != 1 || found.Items[0].ID != c.ID {
				t.Errorf("a member sees %+v", found)
			}

			var s api.Subaccount
			send(t, h, "POST "+address+"/subaccounts", staff, `{"name":"Berlin"}`).Want(201, "").Into(&s)
			send(t, h, "PATCH "+address+"/subaccounts/"+s.ID, staff, `{"name":"Köln"}`, "If-Match", `"1"`).Want(200, "").Into(&s)
			send(t, h, "PATCH "+address+"/subaccounts/"+s.ID, staff, `{"name":"Bonn"}`, "If-Match", `"1"`).Want(412, "changed_meanwhile")
			var all api.SubaccountList
			send(t, h, "GET "+address+"/subaccounts", staff, "").Want(200, "").Into(&all)
			if len(all.Items) != 1 || all.Items[0] != s {
				t.Errorf("sub-accounts %+v", all)
			}

			send(t, h, "PATCH "+address, staff, `{"name":"Winter GmbH","externalId":""}`, "If-Match", `"1"`).Want(200, "").Into(&c)
			send(t, h, "PATCH "+address, staff, `{"name":"Herbst GmbH"}`, "If-Match", `"1"`).Want(412, "changed_meanwhile")
			send(t, h, "POST "+address+"/deactivate", staff, "").Want(200, "").Into(&c)
			if c.Name != "Winter GmbH" || c.ExternalID != "" || c.Status != "deactivated" || c.Version != 3 {
				t.Errorf("changed %+v", c)
			}
			send(t, h, "DELETE "+address, staff, "", "If-Match", `"3"`).Want(409, "customer_not_empty")
			send(t, h, "DELETE "+address+"/subaccounts/"+s.ID, staff, "", "If-Match", `"2"`).Want(204, "")
			send(t, h, "DELETE "+address, staff, "", "If-Match", `"3"`).Want(204, "")
			send(t, h, "GET "+address, staff, "").Want(404, "not_found")
		})
	}
}
