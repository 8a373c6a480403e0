// Package httpapitest sends events of the gateway to the routes of a function and looks at what comes back.
package httpapitest

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

// Recorded returns an event from a file, as the gateway sent it.
func Recorded(t testing.TB, file string) events.APIGatewayV2HTTPRequest {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var e events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return e
}

// Event is a request in the gateway's form. route is for example "POST /customers?limit=2"; headers are name, value, …
func Event(route, body string, headers ...string) events.APIGatewayV2HTTPRequest {
	method, address, _ := strings.Cut(route, " ")
	path, query, _ := strings.Cut(address, "?")
	e := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: path, RawQueryString: query, Body: body, Headers: map[string]string{"host": "api.example.com", "x-forwarded-proto": "https"}}
	if body != "" {
		e.Headers["content-type"] = "application/json"
	}
	for i := 0; i+1 < len(headers); i += 2 {
		e.Headers[strings.ToLower(headers[i])] = headers[i+1]
	}
	e.RequestContext.Stage, e.RequestContext.RequestID = "$default", "JKJaXmPLvHcESHA="
	e.RequestContext.HTTP.Method, e.RequestContext.HTTP.SourceIP = method, "192.0.2.7"
	return e
}

// Answer is what came back.
type Answer struct {
	events.APIGatewayV2HTTPResponse
	t testing.TB
}

// Send lets a handler serve an event.
func Send(t testing.TB, h http.Handler, e events.APIGatewayV2HTTPRequest) Answer {
	t.Helper()
	response, err := httpapi.Lambda(h)(context.Background(), e)
	if err != nil {
		t.Fatalf("the adapter returned an error: %v", err)
	}
	if response.IsBase64Encoded {
		t.Fatalf("a text came back as base64: %s", response.Body[:min(len(response.Body), 40)])
	}
	return Answer{response, t}
}

// Want fails the test unless the answer has this status, and where it is a problem this code.
func (a Answer) Want(status int, code string) Answer {
	a.t.Helper()
	var problem struct {
		Code      string `json:"code"`
		RequestID string `json:"requestId"`
	}
	if a.StatusCode >= 400 {
		if err := json.Unmarshal([]byte(a.Body), &problem); err != nil {
			a.t.Fatalf("status %d without a problem: %s", a.StatusCode, a.Body)
		}
		if problem.RequestID == "" || a.Headers["Content-Type"] != "application/problem+json" {
			a.t.Errorf("incomplete problem: %v %s", a.Headers, a.Body)
		}
	}
	if a.StatusCode != status || problem.Code != code {
		a.t.Fatalf("got status %d %s, want %d %s: %s", a.StatusCode, problem.Code, status, code, a.Body)
	}
	return a
}

// Into reads the JSON of the answer, strictly: a field that the type does not have fails the test.
func (a Answer) Into(v any) {
	a.t.Helper()
	d := json.NewDecoder(strings.NewReader(a.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		a.t.Fatalf("%v: %s", err, a.Body)
	}
}

// ByHeader takes the caller from the header Authorization: realm, role, customer and user with blanks between them.
type ByHeader struct{}

// Actor implements httpapi.Callers.
func (ByHeader) Actor(r *http.Request) (membership.Actor, error) {
	parts := strings.Fields(r.Header.Get("Authorization"))
	if len(parts) != 4 {
		return membership.Actor{}, membership.ErrSignedOut
	}
	return membership.Actor{Realm: membership.Realm(parts[0]), Role: membership.Role(parts[1]), CustomerID: parts[2], UserID: parts[3], Name: "Somebody"}, nil
}

// UserID implements httpapi.Callers.
func (b ByHeader) UserID(r *http.Request) (string, error) {
	actor, err := b.Actor(r)
	return actor.UserID, err
}

// Reach implements httpapi.Callers.
func (b ByHeader) Reach(r *http.Request) membership.Reach {
	actor, _ := b.Actor(r)
	return actor.Reach()
}
