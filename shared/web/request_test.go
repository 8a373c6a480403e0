package web

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func compressed(t *testing.T, content []byte) int {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

func TestLanguage(t *testing.T) {
	pages := testPages(t, nil)
	for name, test := range map[string]struct {
		person, cookie, hint, browser, want string
	}{
		"nothing known":            {"", "", "", "", "en"},
		"browser":                  {"", "", "", "fr, de-AT;q=0.8, en;q=0.5", "de"},
		"browser refuses":          {"", "", "", "de;q=0, en;q=0.1", "en"},
		"broken wish":              {"", "", "", "de;q=x, ;;;,,", "en"},
		"page knows the reader":    {"", "", "de", "en", "de"},
		"choice beats suggestion":  {"", "en", "de", "de", "en"},
		"person beats choice":      {"de", "en", "", "en", "de"},
		"unknown things are none":  {"fr", "xx", "tlh", "it", "en"},
		"region and case are fine": {"DE-ch", "", "", "", "de"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", test.browser)
		if test.cookie != "" {
			r.AddCookie(&http.Cookie{Name: languageCookie, Value: test.cookie})
		}
		if test.hint != "" {
			r = WithLanguage(r, test.hint)
		}
		if test.person != "" {
			r = WithVisitor(r, Visitor{Language: test.person})
		}
		if got := pages.Language(r); got != test.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	german := New(Site{DefaultLanguage: "de"})
	if got := german.Language(httptest.NewRequest(http.MethodGet, "/", nil)); got != "de" {
		t.Errorf("the deployment's language is not kept: %s", got)
	}
}

func post(path string, fields url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestSwitchLanguage(t *testing.T) {
	pages, saved := testPages(t, nil), ""
	pages.site.SaveLanguage = func(_ *http.Request, language string) error {
		saved = language
		return nil
	}
	for back, want := range map[string]string{
		"/customers?status=active&x=%2F": "/customers?status=active&x=%2F",
		"":                               "/",
		"https://evil.example/":          "/",
		"//evil.example":                 "/",
		`/\evil.example`:                 "/",
		"/a\r\nSet-Cookie: x=y":          "/",
		"evil":                           "/",
	} {
		w := httptest.NewRecorder()
		pages.SwitchLanguage().ServeHTTP(w, post("/language", url.Values{"language": {"de"}, "back": {back}}))
		cookies := w.Result().Cookies()
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want || len(cookies) != 1 || cookies[0].Value != "de" {
			t.Errorf("%q: %d to %q, %v", back, w.Code, w.Header().Get("Location"), cookies)
		}
	}
	if saved != "" {
		t.Error("saved for nobody")
	}
	w := httptest.NewRecorder()
	pages.SwitchLanguage().ServeHTTP(w, WithVisitor(post("/language", url.Values{"language": {"de"}}), Visitor{Name: "A"}))
	if saved != "de" {
		t.Error("not saved for the signed-in person")
	}
	w = httptest.NewRecorder()
	pages.SwitchLanguage().ServeHTTP(w, post("/language", url.Values{"language": {"<x>"}}))
	if w.Code != http.StatusSeeOther || len(w.Result().Cookies()) != 0 {
		t.Error("kept a language that nobody speaks")
	}
}

// TestAgain switches the language of a page that is the answer to a POST.
func TestAgain(t *testing.T) {
	pages := testPages(t, map[string]string{"pages/p.html": `{{define "title"}}T{{end}}{{define "content"}}{{t "form.cancel"}}{{end}}`})
	r := WithAgain(post("/invitation", url.Values{"token": {"a.1.b"}}), map[string]string{"token": "a.1.b"})
	w := httptest.NewRecorder()
	pages.Render(w, WithLanguage(r, "de"), http.StatusOK, "p", nil)
	for _, want := range []string{`action="/invitation"`, `name="token" value="a.1.b"`, `name="switch-language" value="en"`, "Abbrechen"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in\n%s", want, w.Body)
		}
	}
	w = httptest.NewRecorder()
	pages.Render(w, WithLanguage(post("/invitation", url.Values{"token": {"a.1.b"}, "switch-language": {"en"}}), "de"), http.StatusOK, "p", nil)
	if !strings.Contains(w.Body.String(), "Cancel") || len(w.Result().Cookies()) != 1 {
		t.Errorf("not switched: %v\n%s", w.Result().Cookies(), w.Body)
	}
}

func TestNoticeAfterRedirect(t *testing.T) {
	pages := testPages(t, map[string]string{
		"text/en.json": `{"notice.sent":"Sent to {email}.","secret.text":"never"}`, "text/de.json": `{"notice.sent":"Verschickt an {email}.","notice.done.one":"1 erledigt","notice.done.other":"{count} erledigt, alle"}`,
		"pages/p.html": `{{define "title"}}T{{end}}{{define "content"}}{{end}}`,
	})
	show := func(value string) (string, []*http.Cookie) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: noticeCookie, Value: value})
		w := httptest.NewRecorder()
		pages.Render(w, WithLanguage(r, "de"), http.StatusOK, "p", nil)
		return main(w.Body.String()), w.Result().Cookies()
	}
	w := httptest.NewRecorder()
	Notify(w, "success", "notice.sent", "email", evil)
	kept := w.Result().Cookies()[0]
	if !kept.HttpOnly || !kept.Secure || kept.Path != "/" || kept.Domain != "" {
		t.Errorf("cookie %v", kept)
	}
	body, cookies := show(kept.Value)
	if !strings.Contains(body, "Verschickt an &lt;script&gt;") || !strings.Contains(body, `role="status"`) {
		t.Errorf("shown:\n%s", body)
	}
	if len(cookies) != 1 || cookies[0].MaxAge != -1 {
		t.Errorf("not cleared: %v", cookies)
	}
	for count, says := range map[string]string{"1": "1 erledigt\n", "2": "2 erledigt, alle\n"} {
		w := httptest.NewRecorder()
		Notify(w, "success", "notice.done", "count", count)
		if body, _ := show(w.Result().Cookies()[0].Value); !strings.Contains(body, says) {
			t.Errorf("%s:\n%s", count, body)
		}
	}
	for name, forged := range map[string]string{
		"other key":    `{"n":"success","k":"secret.text"}`,
		"unknown key":  `{"n":"success","k":"notice.made_up"}`,
		"other kind":   `{"n":"evil","k":"notice.sent"}`,
		"not json":     `{`,
		"much too big": `{"n":"success","k":"notice.sent","a":["` + strings.Repeat("x", 2000) + `"]}`,
	} {
		if body, _ := show(base64.RawURLEncoding.EncodeToString([]byte(forged))); strings.Contains(body, `class="notice`) {
			t.Errorf("%s is shown:\n%s", name, body)
		}
	}
	if body, _ := show("%%%"); strings.Contains(body, `class="notice`) {
		t.Error("rubbish is shown")
	}
	w = httptest.NewRecorder()
	Notify(w, "success", "notice.sent", "email", strings.Repeat("ä", 5000))
	if len(w.Result().Cookies()) != 1 || len(w.Result().Cookies()[0].Value) > noticeLimit {
		t.Error("a long argument is not cut")
	}
}

func TestAssets(t *testing.T) {
	pages := testPages(t, nil)
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		pages.Assets().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	address := pages.asset("clientele.css")
	if w := get(address); w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("%s: %d %v", address, w.Code, w.Header())
	}
	if w := get("/assets/000000000000/clientele.css"); w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("old address: %d %v", w.Code, w.Header())
	}
	for _, path := range []string{"/assets/", "/assets/x/", "/assets/x/none.css", "/assets/x/../layout/layout.html", "/assets/x/../../web/text.go"} {
		if w := get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestSecure(t *testing.T) {
	pages := testPages(t, nil)
	reached := false
	inner := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true })
	handler, err := Secure(inner, Security{PublicURL: "https://portal.example", Refused: pages.Refused()})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	for name, want := range map[string]string{
		"Content-Security-Policy":      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
		"Referrer-Policy":              "same-origin",
		"X-Content-Type-Options":       "nosniff",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy":           "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
		"Cache-Control":                "no-store",
		"Strict-Transport-Security":    "max-age=31536000; includeSubDomains",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	for name, test := range map[string]struct {
		origin, site string
		passes       bool
	}{
		"own origin behind a proxy":      {"https://portal.example", "cross-site", true},
		"same origin":                    {"https://portal.example", "same-origin", true},
		"old browser, own origin":        {"https://portal.example", "", true},
		"no browser":                     {"", "", true},
		"other site":                     {"https://evil.example", "cross-site", false},
		"sibling host":                   {"https://console.example", "same-site", false},
		"old browser, other site":        {"https://evil.example", "", false},
		"opaque origin":                  {"null", "cross-site", false},
		"same name without tls":          {"http://portal.example", "", false},
		"same name with something added": {"https://portal.example.evil.example", "", false},
	} {
		reached = false
		r := post("/sign-out", nil)
		r.Host = "abc123.execute-api.local"
		if test.origin != "" {
			r.Header.Set("Origin", test.origin)
		}
		if test.site != "" {
			r.Header.Set("Sec-Fetch-Site", test.site)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if reached != test.passes {
			t.Errorf("%s: passes is %v", name, reached)
		}
		if !test.passes && (w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "another site") || w.Header().Get("Content-Security-Policy") == "") {
			t.Errorf("%s: %d %s", name, w.Code, main(w.Body.String()))
		}
	}
	local, err := Secure(inner, Security{PublicURL: "http://127.0.0.1:8401"})
	if err != nil {
		t.Fatal(err)
	}
	w = httptest.NewRecorder()
	local.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Header().Get("Strict-Transport-Security") != "" {
		t.Error("a plain address must not ask for TLS")
	}
	if _, err := Secure(inner, Security{PublicURL: "portal.example/x"}); err == nil {
		t.Error("a broken public address is not noticed")
	}
}

func TestTimes(t *testing.T) {
	en, de := testCatalogue(t, "en", nil), testCatalogue(t, "de", nil)
	at := time.Date(2026, time.January, 2, 16, 4, 5, 0, time.FixedZone("CET", 3600))
	for got, want := range map[string]string{
		en.datetime(at):          "2 January 2026 15:04 UTC",
		de.datetime(at):          "2. Januar 2026, 15:04 Uhr UTC",
		de.date(at):              "2. Januar 2026",
		en.datetime(time.Time{}): "–",
		de.number(-1234567):      "-1.234.567",
		en.number(999):           "999",
	} {
		if got != want {
			t.Errorf("%q is not %q", got, want)
		}
	}
	for distance, want := range map[time.Duration][2]string{
		0:                           {"just now", "gerade eben"},
		-50 * time.Second:           {"1 minute ago", "vor 1 Minute"},
		90*time.Minute + 1:          {"in 2 hours", "in 2 Stunden"},
		24 * time.Hour:              {"in 1 day", "in 1 Tag"},
		7*24*time.Hour - 1:          {"in 7 days", "in 7 Tagen"},
		-3 * 24 * time.Hour:         {"3 days ago", "vor 3 Tagen"},
		40 * 24 * time.Hour:         {"14 April 2026", "14. April 2026"},
		59*time.Minute + 29*1000000: {"in 59 minutes", "in 59 Minuten"},
		23*time.Hour + 45*60*1e9:    {"in 1 day", "in 1 Tag"},
	} {
		if got := [2]string{en.relative(now().Add(distance), now()), de.relative(now().Add(distance), now())}; got != want {
			t.Errorf("%v: %q", distance, got)
		}
	}
}
