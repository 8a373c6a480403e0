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
	"clientele/shared/store"
	"clientele/shared/store/storetest"
)

const (
	staff = "staff administrator provider u1"
	agent = "staff agent provider u2"
	boss  = "portal administrator c1 u3"
)

func routes(t *testing.T) http.Handler {
	t.Helper()
	client, name := storetest.MiniStack().Table(t)
	table := store.New(client, name)
	return handler{settings: membership.SettingsUse{Store: table, NewID: uuid.NewString},
		gate:      httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: table, Now: time.Now},
		portalURL: "https://portal.example", provider: "Nordwind", language: "de"}.routes()
}

func send(t *testing.T, h http.Handler, route, as, body string, headers ...string) httpapitest.Answer {
	t.Helper()
	return httpapitest.Send(t, h, httpapitest.Event(route, body, append(headers, "Authorization", as)...))
}

func TestReadAndChange(t *testing.T) {
	h := routes(t)
	var s api.Settings
	a := send(t, h, "GET /settings", agent, "").Want(200, "")
	if a.Into(&s); s.SelfRegistration || !s.RegistrationNeedsApproval || s.Credentials != "link" || s.ReminderHours != 24 || a.Headers["Etag"] != `"1"` {
		t.Fatalf("at first: %s", a.Body)
	}
	a = httpapitest.Send(t, h, httpapitest.Recorded(t, "testdata/change.json")).Want(200, "")
	if a.Into(&s); !s.SelfRegistration || s.AllowedDomains[0] != "xn--bcher-kva.example" || s.EmbedSites[0] != "https://www.example.com" ||
		s.RegistrationFields.Phone != "mandatory" || s.RegistrationFields.Company != "optional" || a.Headers["Etag"] != `"2"` {
		t.Fatalf("changed: %s", a.Body)
	}
	if again := send(t, h, "GET /settings", staff, "").Want(200, ""); again.Body != a.Body {
		t.Errorf("read %s, want %s", again.Body, a.Body)
	}
	httpapitest.Send(t, h, httpapitest.Recorded(t, "testdata/change.json")).Want(412, "changed_meanwhile")
	send(t, h, "PATCH /settings", staff, `{}`).Want(428, "if_match_required")
	for body, code := range map[string]string{
		`{"credentials":"none"}`: "invalid_choice", `{"approvers":"me"}`: "invalid_choice",
		`{"registrationFields":{"shoeSize":"off"}}`: "unknown_field", `{"registrationFields":{"city":"maybe"}}`: "invalid_choice",
		`{"reminderHours":721}`: "out_of_range", `{"allowedDomains":["x"]}`: "invalid_domain", `{"embedSites":["http://a.example"]}`: "invalid_site",
		`{"registrationAddress":"x"}`: "invalid_email", `{"colour":"red"}`: "unknown_field",
	} {
		send(t, h, "PATCH /settings", staff, body, "If-Match", `"2"`).Want(400, code)
	}
	send(t, h, "PATCH /settings", agent, `{}`, "If-Match", `"2"`).Want(403, "forbidden")
	send(t, h, "PATCH /settings", boss, `{}`, "If-Match", `"2"`).Want(404, "not_found")
	send(t, h, "GET /settings", boss, "").Want(404, "not_found")
	httpapitest.Send(t, h, httpapitest.Event("GET /settings", "")).Want(401, "sign_in_required")
}

// The code names the portal and the fields that the settings ask for; nothing of it comes from who asks.
func TestEmbed(t *testing.T) {
	h := routes(t)
	httpapitest.Send(t, h, httpapitest.Recorded(t, "testdata/change.json")).Want(200, "")
	var e api.Embed
	a := send(t, h, "GET /embeds/registration", agent, "").Want(200, "")
	if a.Into(&e); e.Variant != "form" || e.Address || e.Language != "de" || e.FrameURL != "" || len(e.Sites) != 1 || !strings.Contains(e.Code, `action="https://portal.example/embed/form"`) || !strings.Contains(e.Code, "Vorname") {
		t.Errorf("%s", a.Body)
	}
	a = send(t, h, "GET /embeds/registration?variant=iframe&address=true&language=en", staff, "").Want(200, "")
	if a.Into(&e); e.FrameURL != "https://portal.example/embed/registration?address=true&language=en" || !strings.Contains(e.Code, `title="Register with Nordwind"`) {
		t.Errorf("%s", a.Body)
	}
	a = send(t, h, "GET /embeds/sign-in", staff, "").Want(200, "")
	if a.Into(&e); !strings.Contains(e.Code, `action="https://portal.example/sign-in" method="get" target="_top"`) || strings.Contains(e.Code, "password") {
		t.Errorf("%s", a.Body)
	}
	for query, code := range map[string]string{"variant=popup": "invalid_choice", "address=yes": "invalid_choice", "language=fr": "invalid_choice", "site=https://a.example": "unknown_parameter"} {
		send(t, h, "GET /embeds/registration?"+query, staff, "").Want(400, code)
	}
	send(t, h, "GET /embeds/newsletter", staff, "").Want(404, "not_found")
	send(t, h, "GET /embeds/registration", boss, "").Want(404, "not_found")
	httpapitest.Send(t, h, httpapitest.Event("GET /embeds/registration", "")).Want(401, "sign_in_required")
}
