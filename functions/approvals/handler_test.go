package main

import (
	"bytes"
	"net/http"
	"strings"
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

const staff = "staff administrator provider u1"

// routes returns the routes on a table in which r1 and r2 wait, and where their decisions are counted.
func routes(t *testing.T) (http.Handler, *bytes.Buffer) {
	t.Helper()
	client, name := storetest.MiniStack().Table(t)
	table := store.New(client, name)
	keys, err := membership.NewKeys(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	settings := membership.DefaultSettings()
	settings.SelfRegistration, settings.Version = true, 2
	if err := table.ChangeSettings(t.Context(), membership.DefaultSettings(), settings, membership.Trail{Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	c := membership.Call{Now: time.Now()}
	for _, id := range []string{"r1", "r2"} {
		rs := membership.Registrations{Store: table, Keys: keys, NewID: uuid.NewString, Language: "en"}
		first := true
		rs.NewID = func() string {
			if first {
				first = false
				return id
			}
			return uuid.NewString()
		}
		if err := rs.Start(t.Context(), c, membership.RegistrationInput{Email: id + "@example.com", FirstName: "Ada", LastName: "Sommer"}); err != nil {
			t.Fatal(err)
		}
		r, err := table.Registration(t.Context(), membership.ReachAll(), id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rs.Confirm(t.Context(), c, membership.ConfirmInput{Token: keys.Token(r.Link())}); err != nil {
			t.Fatal(err)
		}
	}
	counted := &bytes.Buffer{}
	return handler{approvals: membership.Approvals{Store: table, NewID: uuid.NewString, Language: "en"},
		gate: httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: table, Now: time.Now}, metrics: counted}.routes(), counted
}

func send(t *testing.T, h http.Handler, as, body string, headers ...string) httpapitest.Answer {
	t.Helper()
	return httpapitest.Send(t, h, httpapitest.Event("POST /approvals", body, append(headers, "Authorization", as)...))
}

func TestDecide(t *testing.T) {
	h, counted := routes(t)
	var b api.BatchResult
	a := send(t, h, staff, `{"registrationIds":["r1","r3","r1"],"decision":"approve","newCustomer":{"type":"individual"}}`).Want(400, "one_registration_only")
	if !strings.Contains(a.Body, "newCustomer") {
		t.Errorf("which field? %s", a.Body)
	}
	send(t, h, staff, `{"registrationIds":["r1"],"decision":"approve"}`).Want(200, "").Into(&b)
	if b.Results[0].Code == nil || *b.Results[0].Code != "customer_needed" {
		t.Errorf("nothing is proposed: %+v", b.Results[0])
	}
	send(t, h, staff, `{"registrationIds":["r1"],"decision":"approve","role":"member","newCustomer":{"type":"corporate","name":"Sommer GmbH"}}`).Want(200, "").Into(&b)
	if b.Results[0].Status != "ok" || *b.Results[0].ID != "r1" {
		t.Fatalf("approved %+v", b.Results[0])
	}
	event := httpapitest.Recorded(t, "testdata/decide.json")
	first := httpapitest.Send(t, h, event).Want(200, "")
	b = api.BatchResult{}
	first.Into(&b)
	if b.Results[0].Code == nil || *b.Results[0].Code != "already_decided" || !strings.Contains(*b.Results[0].Message, "approved by Somebody") || b.Results[1].Status != "ok" {
		t.Fatalf("decided %s", first.Body)
	}
	if again := httpapitest.Send(t, h, event).Want(200, ""); again.Body != first.Body {
		t.Errorf("repeated:\n%s\n%s", again.Body, first.Body)
	}
	event.Body = strings.Replace(event.Body, "company", "firm", 1)
	httpapitest.Send(t, h, event).Want(422, "idempotency_key_reused")
	for _, metric := range []string{`"RegistrationsApproved":1`, `"RegistrationsDisapproved":1`} {
		if !strings.Contains(counted.String(), metric) {
			t.Errorf("no %s in %s", metric, counted)
		}
	}
	for body, code := range map[string]string{
		`{"registrationIds":[],"decision":"approve"}`: "required", `{"registrationIds":["#"],"decision":"approve"}`: "invalid_id",
		`{"registrationIds":["r1"],"decision":"maybe"}`: "invalid_choice", `{"registrationIds":["r1"],"decision":"approve","customerId":"provider"}`: "invalid_customer",
		`{"registrationIds":["r1"],"decision":"approve","role":"agent"}`: "invalid_role", `{"registrationIds":["r1"],"decision":"approve","customerId":"#"}`: "invalid_id",
		`{"registrationIds":["r1"],"decision":"approve","newCustomer":{"type":"club"}}`: "invalid_choice",
	} {
		send(t, h, staff, body).Want(400, code)
	}
	send(t, h, staff, `{"registrationIds":["r1"],"decision":"approve","customerId":"unassigned"}`).Want(404, "not_found")
	send(t, h, "portal administrator c1 u3", `{"registrationIds":["r2"],"decision":"approve","customerId":"c2"}`).Want(403, "field_not_allowed")
	send(t, h, "portal moderator c1 u3", `{"registrationIds":["r2"],"decision":"approve"}`).Want(403, "forbidden")
	b = api.BatchResult{}
	send(t, h, "portal administrator c1 u3", `{"registrationIds":["r2"],"decision":"disapprove"}`).Want(200, "").Into(&b)
	if b.Results[0].Code == nil || *b.Results[0].Code != "not_found" {
		t.Errorf("another's registration: %+v", b.Results[0])
	}
}
