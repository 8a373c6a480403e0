package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
	"clientele/shared/phone"
	"clientele/shared/store"
	"clientele/shared/store/storetest"
)

const (
	staff = "staff administrator provider u1"
	boss  = "portal administrator c1 u3"
)

// world is the routes on a table, and a clock.
type world struct {
	t     *testing.T
	table store.Table
	keys  membership.Keys
	now   time.Time
	h     http.Handler
}

func newWorld(t *testing.T) *world {
	t.Helper()
	client, name := storetest.MiniStack().Table(t)
	w := &world{t: t, table: store.New(client, name), now: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)}
	var err error
	if w.keys, err = membership.NewKeys(make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	w.h = handler{
		registrations: membership.Registrations{Store: w.table, Keys: w.keys, Phones: phone.Parse, NewID: uuid.NewString, Language: "en"},
		gate:          httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: w.table, Now: func() time.Time { return w.now }},
		cursors:       httpapi.NewCursors(make([]byte, 32)),
	}.routes()
	return w
}

// settings changes what holds.
func (w *world) settings(change func(*membership.Settings)) {
	w.t.Helper()
	before, err := w.table.Settings(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	after := before
	change(&after)
	after.Version++
	if err := w.table.ChangeSettings(w.t.Context(), before, after, membership.Trail{Now: w.now}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) send(route, as, body string) httpapitest.Answer {
	w.t.Helper()
	if as == "" {
		return httpapitest.Send(w.t, w.h, httpapitest.Event(route, body))
	}
	return httpapitest.Send(w.t, w.h, httpapitest.Event(route, body, "Authorization", as))
}

// of returns the newest registration of a status.
func (w *world) of(s membership.RegistrationStatus) membership.Registration {
	w.t.Helper()
	page, err := w.table.Registrations(w.t.Context(), membership.RegistrationQuery{Reach: membership.ReachAll(), Status: s, Page: membership.PageRequest{Limit: 1}})
	if err != nil || len(page.Items) == 0 {
		w.t.Fatalf("no registration is %s (%v)", s, err)
	}
	r, err := w.table.Registration(w.t.Context(), membership.ReachAll(), page.Items[0].ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func TestRegisterAndConfirm(t *testing.T) {
	w := newWorld(t)
	event := httpapitest.Recorded(t, "testdata/register.json")
	httpapitest.Send(t, w.h, event).Want(409, "registration_off")
	w.settings(func(s *membership.Settings) { s.SelfRegistration = true })
	if a := httpapitest.Send(t, w.h, event).Want(202, ""); a.Body != "" {
		t.Errorf("answered %s", a.Body)
	}
	r := w.of(membership.RegistrationUnconfirmed)
	if r.Email != "ada@sommer.example" || r.Company != "Sommer GmbH" || r.Comment != "We spoke on the phone." || r.Language != "de" || r.Origin != membership.OriginAPI {
		t.Errorf("stored %+v", r)
	}
	token := w.keys.Token(r.Link())
	var o api.RegistrationOffer
	w.send("POST /registrations/inspect", "", `{"token":"`+token+`"}`).Want(200, "").Into(&o)
	if o.State != "unconfirmed" || o.Email != r.Email || o.Language != "de" || !o.ExpiresAt.Equal(r.ExpiresAt) {
		t.Errorf("offered %+v", o)
	}
	for range 2 {
		if a := w.send("POST /registrations/confirm", "", `{"token":"`+token+`"}`).Want(200, ""); a.Body != `{"status":"waiting"}` {
			t.Errorf("confirmed: %s", a.Body)
		}
	}
	var list api.RegistrationList
	w.send("GET /registrations", staff, "").Want(200, "").Into(&list)
	if len(list.Items) != 1 || list.Items[0].ID != r.ID || list.Items[0].Status != "waiting" || list.Items[0].CustomerID != "" || list.Items[0].ConfirmedAt == nil {
		t.Errorf("queue %+v", list)
	}
	var d api.RegistrationDetails
	w.send("GET /registrations/"+r.ID, staff, "").Want(200, "").Into(&d)
	if d.Comment != r.Comment || d.Duplicates == nil || d.DecidedAt != nil {
		t.Errorf("details %+v", d)
	}
	w.send("GET /registrations/"+r.ID, boss, "").Want(404, "not_found")
	if a := w.send("GET /registrations", boss, "").Want(200, ""); a.Body != `{"items":[],"next":null,"prev":null}` {
		t.Errorf("a customer's administrator sees %s", a.Body)
	}
	w.send("GET /registrations?customer=c2", boss, "").Want(404, "not_found")
	w.send("GET /registrations?customer=c1", "portal member c1 u4", "").Want(403, "forbidden")
	w.send("GET /registrations", "", "").Want(401, "sign_in_required")
}

func TestDeadLinks(t *testing.T) {
	w := newWorld(t)
	w.settings(func(s *membership.Settings) { s.SelfRegistration = true })
	body := `{"email":"ada@sommer.example","firstName":"Ada","lastName":"Sommer"}`
	w.send("POST /registrations", "", body).Want(202, "")
	first := w.of(membership.RegistrationUnconfirmed)
	w.send("POST /registrations", "", body).Want(202, "")
	second := w.of(membership.RegistrationUnconfirmed)
	if second.ID != first.ID || second.LinkVersion != 2 {
		t.Errorf("registered again: %+v", second)
	}
	confirm := func(token string) httpapitest.Answer {
		return w.send("POST /registrations/confirm", "", `{"token":"`+token+`"}`)
	}
	confirm(w.keys.Token(first.Link())).Want(410, "registration_replaced")
	confirm(strings.Replace(w.keys.Token(second.Link()), ".2.", ".3.", 1)).Want(400, "invalid_token")
	w.now = second.ExpiresAt
	confirm(w.keys.Token(second.Link())).Want(410, "registration_expired")
	w.now = second.ExpiresAt.Add(-time.Second)
	w.settings(func(s *membership.Settings) { s.SelfRegistration = false })
	confirm(w.keys.Token(second.Link())).Want(409, "registration_off")
}

func TestBadInput(t *testing.T) {
	w := newWorld(t)
	w.settings(func(s *membership.Settings) {
		s.SelfRegistration, s.RegistrationFields.City = true, membership.FieldMandatory
	})
	for body, code := range map[string]string{
		`{"firstName":"A","lastName":"B"}`:                                                          "required",
		`{"email":"x","firstName":"A","lastName":"B","city":"C"}`:                                   "invalid_email",
		`{"email":"a@b.example","firstName":"","lastName":"B","city":"C"}`:                          "required",
		`{"email":"a@b.example","firstName":"A","lastName":"B"}`:                                    "required",
		`{"email":"a@b.example","firstName":"www.x","lastName":"B","city":"C"}`:                     "invalid_text",
		`{"email":"a@b.example","firstName":"A","lastName":"B","city":"C","phone":"call me"}`:       "invalid_phone",
		`{"email":"a@b.example","firstName":"A","lastName":"B","city":"C","origin":"page"}`:         "invalid_choice",
		`{"email":"a@b.example","firstName":"A","lastName":"B","city":"C","shownAt":"yesterday"}`:   "wrong_type",
		`{"email":"a@b.example","firstName":"A","lastName":"B","city":"C","customerId":"provider"}`: "unknown_field",
	} {
		w.send("POST /registrations", "", body).Want(400, code)
	}
	// What the settings have off is dropped.
	w.send("POST /registrations", "", `{"email":"a@b.example","firstName":"A","lastName":"B","city":"C","street":"Main Street 1"}`).Want(202, "")
	if r := w.of(membership.RegistrationUnconfirmed); r.Street != "" || r.City != "C" {
		t.Errorf("stored %+v", r)
	}
}
