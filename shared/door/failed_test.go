package door_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"clientele/shared/door"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
	"clientele/shared/web"
)

func now() time.Time { return time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC) }

// before sends an event to pages whose handler says "reached", or that cannot be built.
func before(t *testing.T, problem error, e events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	t.Helper()
	failed, err := door.Failed(membership.PortalDoor, web.Site{Provider: "Nordwind", DefaultLanguage: "en"}, now, "", "POST /embed/form")
	if err != nil {
		t.Fatal(err)
	}
	build := func(context.Context) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("reached")) }), problem
	}
	answer, err := httpapi.LambdaPages(build, failed)(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// What goes wrong before the pages are reached is a page as well, in the visitor's language and as guarded as any other.
func TestFailedIsAPage(t *testing.T) {
	large := httpapitest.Event("POST /invitations", strings.Repeat("x", httpapi.MaxBody+1))
	broken := httpapitest.Event("POST /sign-in", "%%%")
	broken.IsBase64Encoded = true
	german := httpapitest.Event("GET /sign-in", "", "Accept-Language", "de")
	for name, test := range map[string]struct {
		problem error
		event   events.APIGatewayV2HTTPRequest
		status  int
		says    string
	}{
		"too large":       {nil, large, http.StatusRequestEntityTooLarge, "larger than 1 MB"},
		"broken":          {nil, broken, http.StatusBadRequest, "did not arrive whole"},
		"no secret":       {errors.New("the secret detail"), httpapitest.Event("GET /sign-in", ""), http.StatusServiceUnavailable, "Not available at the moment"},
		"no secret, de":   {errors.New("the secret detail"), german, http.StatusServiceUnavailable, "Im Moment nicht erreichbar"},
		"no secret, POST": {errors.New("the secret detail"), httpapitest.Event("POST /sign-in", "login=a"), http.StatusServiceUnavailable, "try again in a moment"},
	} {
		t.Run(name, func(t *testing.T) {
			a := before(t, test.problem, test.event)
			if a.StatusCode != test.status || !strings.HasPrefix(a.Headers["Content-Type"], "text/html") || !strings.Contains(a.Body, test.says) || !strings.Contains(a.Body, "</html>") {
				t.Errorf("%d %v %s", a.StatusCode, a.Headers, a.Body)
			}
			if !strings.Contains(a.Body, "JKJaXmPLvHcESHA=") || strings.Contains(a.Body, "secret detail") {
				t.Errorf("the page should tell the request's id and no cause: %s", a.Body)
			}
			if !strings.Contains(a.Headers["Content-Security-Policy"], "default-src 'none'") || a.Headers["Cache-Control"] != "no-store" {
				t.Errorf("headers %v", a.Headers)
			}
			if retry := a.Headers["Retry-After"]; (retry != "") != (test.status == http.StatusServiceUnavailable) {
				t.Errorf("Retry-After %q", retry)
			}
		})
	}
}

// A script of another site, which has sent a form to where it may, is told in a way that it can read; everybody else gets
// the page.
func TestFailedIsReadByScripts(t *testing.T) {
	body := strings.Repeat("x", httpapi.MaxBody+1)
	from := []string{"Origin", "https://www.fjordfisk.example", "Sec-Fetch-Site", "cross-site", "Accept", "application/json", "Accept-Language", "de"}
	for _, test := range []struct {
		problem        error
		route, body    string
		status         int
		code, says     string
		scripted, page bool
	}{
		{nil, "POST /embed/form", body, http.StatusRequestEntityTooLarge, "body_too_large", "größer als 1 MB", true, false},
		{errors.New("the secret detail"), "POST /embed/form", "email=a", http.StatusServiceUnavailable, membership.ErrOverloaded.Code, "versuchen Sie", true, false},
		{nil, "POST /embed/form", body, http.StatusRequestEntityTooLarge, "", "", false, true},
		{nil, "POST /sign-in", body, http.StatusForbidden, "", "", true, true},
	} {
		headers := slices.Clone(from)
		if !test.scripted {
			headers[5] = "text/html"
		}
		a := before(t, test.problem, httpapitest.Event(test.route, test.body, headers...))
		if page := strings.Contains(a.Body, "</html>"); a.StatusCode != test.status || page != test.page || (a.Headers["Access-Control-Allow-Origin"] == "*") == page {
			t.Errorf("%s: %d %v %s", test.route, a.StatusCode, a.Headers, a.Body)
		}
		if !test.page && (!strings.Contains(a.Body, `"code":"`+test.code+`"`) || !strings.Contains(a.Body, test.says) || strings.Contains(a.Body, "secret") || !strings.Contains(a.Body, "JKJaXmPLvHcESHA=")) {
			t.Errorf("%s: %s", test.route, a.Body)
		}
	}
}

// The page of a failure looks like one: what is built in is served without the secret.
func TestFailedServesAssets(t *testing.T) {
	page := before(t, errors.New("no secret"), httpapitest.Event("GET /sign-in", "")).Body
	_, rest, _ := strings.Cut(page, `rel="stylesheet" href="`)
	address, _, found := strings.Cut(rest, `"`)
	if !found {
		t.Fatalf("no style sheet in %s", page)
	}
	a := before(t, errors.New("no secret"), httpapitest.Event("GET "+address, ""))
	if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Headers["Content-Type"], "text/css") {
		t.Errorf("%s: %d %v", address, a.StatusCode, a.Headers)
	}
}

func TestNothingFailed(t *testing.T) {
	body := base64.StdEncoding.EncodeToString([]byte("login=a"))
	event := httpapitest.Event("POST /sign-in", body)
	event.IsBase64Encoded = true
	if a := before(t, nil, event); a.StatusCode != http.StatusOK || a.Body != "reached" {
		t.Errorf("%d %s", a.StatusCode, a.Body)
	}
}
