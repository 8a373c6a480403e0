package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"clientele/shared/door"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
	"clientele/shared/session"
	"clientele/shared/web"
)

// desk is the table as far as registering goes; what a test does not expect to be asked is left to the nil interface.
type desk struct {
	membership.RegistrationStore
	settings membership.Settings
	broken   error // of reading the settings
	asked    int
	started  []membership.Registration
}

func (d *desk) Settings(context.Context) (membership.Settings, error) {
	d.asked++
	return d.settings, d.broken
}

func (d *desk) RegistrationFacts(context.Context, string) (membership.Settings, membership.OpenRegistration, error) {
	return d.settings, membership.OpenRegistration{}, nil
}

func (d *desk) StartRegistration(_ context.Context, _ membership.OpenRegistration, r membership.Registration, _ membership.Trail) error {
	d.started = append(d.started, r)
	return nil
}

const site, otherSite = "https://www.fjordfisk.example", "https://shop.fjordfisk.example:8443"

func openDesk() *desk {
	settings := membership.DefaultSettings()
	settings.SelfRegistration, settings.EmbedSites = true, []string{site, otherSite}
	settings.RegistrationFields.Street, settings.RegistrationFields.Country = membership.FieldOptional, membership.FieldMandatory
	return &desk{settings: settings}
}

// portal returns a portal at this desk.
func portal(t *testing.T, d *desk) http.Handler {
	t.Helper()
	h, err := newHandler(door.Door{
		Which: membership.PortalDoor, Now: now, NewID: func() string { return "once" }, Cursors: httpapi.NewCursors(make([]byte, 32)),
		Sessions:      session.Sessions{Door: membership.PortalDoor, Now: now},
		Registrations: membership.Registrations{Store: d, NewID: func() string { return "r1" }, Language: "en"},
	}, web.Site{Provider: "Nordwind", DefaultLanguage: "en"}, membership.Guests{}, "https://portal.example")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// post posts a good form from a page of this origin; pairs change it.
func post(t *testing.T, h http.Handler, path, origin string, pairs ...string) httpapitest.Answer {
	t.Helper()
	form := url.Values{"firstName": {"Rita"}, "lastName": {"Gister"}, "email": {"rita@gister.example"}, "country": {"NO"}, "shownAt": {shown(time.Minute)}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	headers := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if origin != "" {
		headers = append(headers, "Origin", origin)
	}
	return httpapitest.Send(t, h, httpapitest.Event("POST "+path, form.Encode(), headers...))
}

func shown(ago time.Duration) string { return strconv.FormatInt(now().Add(-ago).Unix(), 10) }

const own = "https://portal.example"

// Pages of allowed sites may post to one route, and nothing else of any other site is taken.
func TestWhoMayPost(t *testing.T) {
	for path, origins := range map[string]map[string]int{
		"/embed/form": {site: 303, otherSite: 303, "": 403, "null": 403, "https://evil.example": 403, "http://www.fjordfisk.example": 403,
			"https://www.fjordfisk.example.evil.example": 403, own: 403},
		"/embed/registration": {own: 200, site: 403, "https://evil.example": 403, "null": 403},
		"/register":           {own: 303, site: 403, "null": 403},
		"/sign-in":            {site: 403, "https://evil.example": 403},
	} {
		for origin, status := range origins {
			d := openDesk()
			a := post(t, portal(t, d), path, origin)
			if a.StatusCode != status || len(d.started) != map[bool]int{true: 1, false: 0}[status < 400] {
				t.Errorf("%s from %q: %d, %d registrations", path, origin, a.StatusCode, len(d.started))
			}
			if status == 403 && !strings.Contains(a.Body, "<html") {
				t.Errorf("%s from %q is refused without a page: %s", path, origin, a.Body)
			}
		}
	}
}

// A script of an allowed site reads what came of the form that it sends, in the form's language; one of another site reads
// nothing, and registers nobody.
func TestRegisterByScript(t *testing.T) {
	ask := func(d *desk, origin string, form url.Values) httpapitest.Answer {
		return httpapitest.Send(t, portal(t, d), httpapitest.Event("POST /embed/form", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Origin", origin, "Accept", "application/json"))
	}
	good := url.Values{"firstName": {"Rita"}, "lastName": {"Gister"}, "email": {"rita@gister.example"}, "country": {"NO"}}
	d := openDesk()
	a := ask(d, site, good)
	if a.Want(202, ""); a.Headers["Access-Control-Allow-Origin"] != site || a.Headers["Access-Control-Allow-Credentials"] != "" || !strings.Contains(a.Headers["Vary"], "Origin") || len(d.started) != 1 {
		t.Errorf("%v, %d registrations", a.Headers, len(d.started))
	}
	if a.Headers["Content-Type"] != "" || a.Body != "" {
		t.Errorf("the answer is %q %s", a.Headers["Content-Type"], a.Body)
	}
	bad := url.Values{"firstName": {"Rita"}, "lastName": {""}, "email": {"rita@"}, "country": {"NO"}, "language": {"de"}}
	wrong := ask(d, otherSite, bad)
	if wrong.Want(400, "invalid_email"); wrong.Headers["Access-Control-Allow-Origin"] != otherSite || !strings.Contains(wrong.Body, `"field":"email"`) || !strings.Contains(wrong.Body, "keine E-Mail-Adresse") {
		t.Errorf("%v %s", wrong.Headers, wrong.Body)
	}
	d.settings.SelfRegistration = false
	if off := ask(d, site, good); off.Want(409, "registration_off").Headers["Access-Control-Allow-Origin"] != site {
		t.Errorf("%v", off.Headers)
	}
	d = openDesk()
	for _, origin := range []string{"", "null", "https://evil.example", "http://www.fjordfisk.example", own} {
		if a := ask(d, origin, good).Want(403, "site_not_allowed"); a.Headers["Access-Control-Allow-Origin"] != "" || !strings.Contains(a.Headers["Vary"], "Origin") || len(d.started) != 0 {
			t.Errorf("from %q: %v, %d registrations", origin, a.Headers, len(d.started))
		}
	}
}

// A script reads why its form was not taken also where the form cannot be read, or nobody knows whose sites are allowed.
func TestScriptsReadEveryFailure(t *testing.T) {
	ask := func(d *desk, origin, body string) httpapitest.Answer {
		return httpapitest.Send(t, portal(t, d), httpapitest.Event("POST /embed/form", body, "Content-Type", "application/x-www-form-urlencoded", "Origin", origin, "Accept", "application/json"))
	}
	unread := openDesk()
	unread.broken = membership.ErrOverloaded
	a := ask(unread, site, "language=de&email=rita@gister.example").Want(503, membership.ErrOverloaded.Code)
	if a.Headers["Access-Control-Allow-Origin"] != "*" || a.Headers["Access-Control-Allow-Credentials"] != "" || !strings.Contains(a.Body, "versuchen Sie") {
		t.Errorf("without settings: %v %s", a.Headers, a.Body)
	}
	unread.broken = errors.New("the secret detail")
	if a := ask(unread, site, "").Want(500, "internal"); a.Headers["Access-Control-Allow-Origin"] != "*" || strings.Contains(a.Body, "secret") {
		t.Errorf("internal: %v %s", a.Headers, a.Body)
	}
	d := openDesk()
	if a := ask(d, site, "email=%zz").Want(400, "form_unreadable"); a.Headers["Access-Control-Allow-Origin"] != site || len(d.started) != 0 {
		t.Errorf("unreadable: %v %s", a.Headers, a.Body)
	}
	if a := ask(d, "https://evil.example", "email=%zz").Want(403, "site_not_allowed"); a.Headers["Access-Control-Allow-Origin"] != "" {
		t.Errorf("unreadable, from elsewhere: %v %s", a.Headers, a.Body)
	}
}

// Only the pages that are made for it can be shown in a frame, and only by the allowed sites.
func TestWhoMayFrame(t *testing.T) {
	ancestors := func(d *desk, route string) string {
		_, rest, _ := strings.Cut(httpapitest.Send(t, portal(t, d), httpapitest.Event(route, "")).Headers["Content-Security-Policy"], "frame-ancestors ")
		list, _, _ := strings.Cut(rest, ";")
		return list
	}
	nobodys := openDesk()
	nobodys.settings.EmbedSites = nil
	for _, route := range []string{"GET /embed/registration", "GET /embed/registration?address=true", "GET /embed/sign-in"} {
		if got := ancestors(openDesk(), route); got != site+" "+otherSite {
			t.Errorf("%s: %q", route, got)
		}
		if got := ancestors(nobodys, route); got != "'none'" {
			t.Errorf("%s without sites: %q", route, got)
		}
	}
	for _, route := range []string{"GET /register", "GET /register/sent", "GET /registration", "GET /sign-in", "GET /forgot-password", "GET /invitation", "GET /nowhere", "GET /embed/form"} {
		if got := ancestors(openDesk(), route); got != "'none'" {
			t.Errorf("%s: %q", route, got)
		}
	}
	d := openDesk()
	if csp := post(t, portal(t, d), "/embed/registration", own).Headers["Content-Security-Policy"]; !strings.Contains(csp, "frame-ancestors "+site) {
		t.Errorf("the answer in a frame: %s", csp)
	}
}

// The answer is the same for what is taken and for what comes to nothing; what a page knows is passed on.
func TestRegister(t *testing.T) {
	d := openDesk()
	h := portal(t, d)
	answers := map[string]bool{}
	for _, change := range [][]string{nil, {"website", "https://spam.example"}, {"shownAt", shown(time.Second)}} {
		a := post(t, h, "/register", own, change...)
		answers[strconv.Itoa(a.StatusCode)+a.Headers["Location"]+a.Body] = true
	}
	if len(answers) != 1 || len(d.started) != 3 {
		t.Fatalf("%d answers, %d registrations: %v", len(answers), len(d.started), answers)
	}
	for i, want := range []string{"", "honeypot", "too_fast"} {
		if r := d.started[i]; r.Ignored != want || r.Origin != membership.OriginPage || r.Country != "NO" || r.Language != "en" {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if a := post(t, h, "/embed/form", site, "language", "de"); a.Headers["Location"] != "/register/sent?language=de" {
		t.Errorf("%d %v", a.StatusCode, a.Headers)
	}
	if r := d.started[3]; r.Origin != membership.OriginForm || r.Language != "de" {
		t.Errorf("%+v", r)
	}
}

// What is wrong is told on a page of the portal, which can be sent again at once; so can one that was open for too long.
func TestRegisterAgain(t *testing.T) {
	d := openDesk()
	h := portal(t, d)
	wrong := post(t, h, "/embed/form", site, "email", "rita@", "firstName", "<Rita>", "shownAt", "")
	if german := post(t, h, "/embed/form", site, "email", "rita@", "language", "de"); !strings.Contains(german.Body, `name="language" value="de"`) {
		t.Errorf("the language is forgotten: %s", german.Body)
	}
	late := post(t, h, "/register", own, "shownAt", shown(25*time.Hour))
	for _, a := range []httpapitest.Answer{wrong, late} {
		if a.StatusCode != 422 || !strings.Contains(a.Body, `name="shownAt" value="`+shown(time.Minute)+`"`) || !strings.Contains(a.Body, `action="/register"`) || strings.Contains(a.Body, "<Rita>") {
			t.Errorf("%d %s", a.StatusCode, a.Body)
		}
	}
	if framed := post(t, h, "/embed/registration?address=true&language=de", own, "email", ""); framed.StatusCode != 422 ||
		!strings.Contains(framed.Body, `action="/embed/registration?address=true&amp;language=de"`) || !strings.Contains(framed.Body, "Registrieren") {
		t.Errorf("%d %s", framed.StatusCode, framed.Body)
	}
	if len(d.started) != 0 {
		t.Errorf("%d registrations", len(d.started))
	}
}

// A frame without address fields has those that must be filled all the same.
func TestFramedFields(t *testing.T) {
	h := portal(t, openDesk())
	for query, street := range map[string]bool{"?address=true": true, "?address=false": false, "": false} {
		body := httpapitest.Send(t, h, httpapitest.Event("GET /embed/registration"+query, "")).Body
		if strings.Contains(body, `name="street"`) != street || !strings.Contains(body, `name="country"`) {
			t.Errorf("%q: %s", query, body)
		}
	}
}

func TestClosed(t *testing.T) {
	d := openDesk()
	d.settings.SelfRegistration = false
	h := portal(t, d)
	for _, route := range []string{"GET /register", "GET /embed/registration"} {
		if a := httpapitest.Send(t, h, httpapitest.Event(route, "")); a.StatusCode != 200 || !strings.Contains(a.Body, "Registration is closed") {
			t.Errorf("%s: %d %s", route, a.StatusCode, a.Body)
		}
	}
	for path, origin := range map[string]string{"/register": own, "/embed/registration": own, "/embed/form": site} {
		if a := post(t, h, path, origin); a.StatusCode != 409 || !strings.Contains(a.Body, "Registration is closed") {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.Body)
		}
	}
}

// Who comes from a German form goes on in German, whatever the browser speaks.
func TestFormsBringTheirLanguage(t *testing.T) {
	h := portal(t, openDesk())
	if frame := httpapitest.Send(t, h, httpapitest.Event("GET /embed/sign-in?language=de", "")); !strings.Contains(frame.Body, `name="language" value="de"`) {
		t.Error(frame.Body)
	}
	page := httpapitest.Send(t, h, httpapitest.Event("GET /sign-in?login=rita&language=de", ""))
	if !strings.Contains(page.Body, `<html lang="de"`) || !strings.Contains(page.Body, `name="language" value="de"`) {
		t.Error(page.Body)
	}
	if a := post(t, h, "/register", own, "language", "de"); a.Headers["Location"] != "/register/sent?language=de" {
		t.Errorf("%d %v", a.StatusCode, a.Headers)
	}
}

// The sign-in page offers to register when that is possible, and asks the table once for many visitors.
func TestSignInOffersToRegister(t *testing.T) {
	d := openDesk()
	h := portal(t, d)
	for range 3 {
		if a := httpapitest.Send(t, h, httpapitest.Event("GET /sign-in", "")); !strings.Contains(a.Body, `href="/register"`) {
			t.Error(a.Body)
		}
	}
	if d.asked != 1 {
		t.Errorf("the table was asked %d times", d.asked)
	}
	d.settings.SelfRegistration = false
	httpapitest.Send(t, h, httpapitest.Event("GET /register", ""))
	if a := httpapitest.Send(t, h, httpapitest.Event("GET /sign-in?login=rita%40gister.example", "")); strings.Contains(a.Body, `href="/register"`) || !strings.Contains(a.Body, `value="rita@gister.example"`) {
		t.Error(a.Body)
	}
}
