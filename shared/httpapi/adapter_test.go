package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"clientele/shared/membership"
)

func event(method, path, body string) events.APIGatewayV2HTTPRequest {
	e := events.APIGatewayV2HTTPRequest{
		RawPath: path,
		Headers: map[string]string{"content-type": "application/json", "host": "api.example.com"},
		Body:    body,
	}
	e.RequestContext.RequestID = "JKJaXmPLvHcESHA="
	e.RequestContext.Stage = "$default"
	e.RequestContext.HTTP.Method = method
	e.RequestContext.HTTP.SourceIP = "192.0.2.7"
	return e
}

func call(t *testing.T, h http.Handler, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, string) {
	t.Helper()
	var log bytes.Buffer
	response, err := newAdapter(h, &log).serve(context.Background(), e)
	if err != nil {
		t.Fatalf("the adapter returned an error: %v", err)
	}
	return response, log.String()
}

func problemOf(t *testing.T, response events.APIGatewayV2HTTPResponse) problem {
	t.Helper()
	if got := response.Headers["Content-Type"]; got != "application/problem+json" {
		t.Fatalf("content type %q, body %s", got, response.Body)
	}
	var p problem
	if err := json.Unmarshal([]byte(response.Body), &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != response.StatusCode || p.Type != "about:blank" || p.Title == "" || p.Detail == "" || p.Code == "" {
		t.Errorf("incomplete problem with status %d: %s", response.StatusCode, response.Body)
	}
	return p
}

func TestRequestOfEvent(t *testing.T) {
	tests := map[string]struct {
		change     func(*events.APIGatewayV2HTTPRequest)
		path       string
		uri        string
		query      string
		host, addr string
		cookie     string
		body       string
	}{
		"as AWS sends it": {
			change: func(e *events.APIGatewayV2HTTPRequest) {
				e.RawQueryString = "a=1&a=2&b=%20x"
				e.Cookies = []string{"one=1", "two=2"}
				e.Body = "hello"
			},
			path: "/users/1", uri: "/users/1?a=1&a=2&b=%20x", query: "a=1&a=2&b=%20x",
			host: "api.example.com", addr: "192.0.2.7:0", cookie: "one=1; two=2", body: "hello",
		},
		"header names as typed, cookies as a header": {
			change: func(e *events.APIGatewayV2HTTPRequest) {
				e.Headers = map[string]string{"HOST": "x.example:8443", "cookie": "one=1"}
			},
			path: "/users/1", uri: "/users/1", host: "x.example:8443", addr: "192.0.2.7:0", cookie: "one=1",
		},
		"no host header": {
			change: func(e *events.APIGatewayV2HTTPRequest) {
				e.Headers = nil
				e.RequestContext.DomainName = "abc.execute-api.eu-central-1.amazonaws.com"
			},
			path: "/users/1", uri: "/users/1", host: "abc.execute-api.eu-central-1.amazonaws.com", addr: "192.0.2.7:0",
		},
		"base64": {
			change: func(e *events.APIGatewayV2HTTPRequest) {
				e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte{0, 1, 255}), true
			},
			path: "/users/1", uri: "/users/1", host: "api.example.com", addr: "192.0.2.7:0", body: "\x00\x01\xff",
		},
		"a stage in the path": {
			change: func(e *events.APIGatewayV2HTTPRequest) {
				e.RequestContext.Stage = "prod"
				e.RawPath = "/prod/users/1"
			},
			path: "/users/1", uri: "/users/1", host: "api.example.com", addr: "192.0.2.7:0",
		},
		"IPv6": {
			change: func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.SourceIP = "2001:db8::1" },
			path:   "/users/1", uri: "/users/1", host: "api.example.com", addr: "[2001:db8::1]:0",
		},
		"a question mark and a number sign that the gateway decoded": {
			change: func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/users/a?b#c" },
			path:   "/users/a?b#c", uri: "/users/a%3Fb%23c", host: "api.example.com", addr: "192.0.2.7:0",
		},
		"a percent sign that the gateway left encoded": {
			change: func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/users/a%252Fb" },
			path:   "/users/a%2Fb", uri: "/users/a%252Fb", host: "api.example.com", addr: "192.0.2.7:0",
		},
		"a lone percent sign": {
			change: func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/users/100%" },
			path:   "/users/100%", uri: "/users/100%25", host: "api.example.com", addr: "192.0.2.7:0",
		},
		"encoded, as sam local sends it": {
			change: func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/users/a%2Fb%20c" },
			path:   "/users/a/b c", uri: "/users/a%2Fb%20c", host: "api.example.com", addr: "192.0.2.7:0",
		},
		"no path": {
			change: func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "" },
			path:   "/", uri: "/", host: "api.example.com", addr: "192.0.2.7:0",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := event("GET", "/users/1", "")
			test.change(&e)
			ran := false
			call(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ran = true
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				for what, pair := range map[string][2]string{
					"path": {r.URL.Path, test.path}, "uri": {r.RequestURI, test.uri}, "query": {r.URL.RawQuery, test.query},
					"host": {r.Host, test.host}, "address": {r.RemoteAddr, test.addr},
					"cookie": {r.Header.Get("Cookie"), test.cookie}, "body": {string(body), test.body},
				} {
					if pair[0] != pair[1] {
						t.Errorf("%s: got %q, want %q", what, pair[0], pair[1])
					}
				}
				if got, ok := Event(r); !ok || got.RawPath != e.RawPath {
					t.Error("the event is not in the context")
				}
			}), e)
			if !ran {
				t.Error("the handler did not run")
			}
		})
	}
}

func TestPathValuesAreDecodedOnce(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{userId}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.PathValue("userId"))
	})
	for path, want := range map[string]string{"/users/a%252Fb": "a%2Fb", "/users/a b": "a b", "/users/a%20b": "a b", "/users/é?": "é?", "/users/50%": "50%"} {
		response, _ := call(t, Routes(mux), event("GET", path, ""))
		if response.StatusCode != 200 || response.Body != want {
			t.Errorf("%s: %d %q, want %q", path, response.StatusCode, response.Body, want)
		}
	}
}

func TestCompression(t *testing.T) {
	long := strings.Repeat("hello ", 1000)
	tests := map[string]struct {
		accept, kind, body string
		want               bool
	}{
		"long text":     {"gzip, deflate, br", "text/html; charset=utf-8", long, true},
		"long problem":  {"gzip", "application/problem+json", long, true},
		"any coding":    {"br;q=1.0, *;q=0.5", "application/json", long, true},
		"short text":    {"gzip", "text/html", "hello", false},
		"picture":       {"gzip", "image/png", long, false},
		"not accepted":  {"", "text/html", long, false},
		"refused":       {"gzip;q=0, *", "text/html", long, false},
		"only identity": {"identity", "text/html", long, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := event("GET", "/", "")
			e.Headers["accept-encoding"] = test.accept
			response, _ := call(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", test.kind)
				_, _ = io.WriteString(w, test.body)
			}), e)
			if got := response.Headers["Content-Encoding"] == "gzip"; got != test.want {
				t.Fatalf("compressed: %v", got)
			}
			body := []byte(response.Body)
			if response.IsBase64Encoded {
				body, _ = base64.StdEncoding.DecodeString(response.Body)
			}
			if test.want {
				reader, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				body, _ = io.ReadAll(reader)
			}
			if string(body) != test.body {
				t.Errorf("the body changed: %.40q", body)
			}
		})
	}
}

func TestResponse(t *testing.T) {
	response, _ := call(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		w.Header().Add("Vary", "Cookie")
		w.Header().Add("Vary", "Accept-Language")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte{0x89, 'P', 'N', 'G', 0xff})
	}), event("GET", "/", ""))
	if response.StatusCode != http.StatusTeapot || len(response.Cookies) != 2 || response.Cookies[1] != "b=2" {
		t.Errorf("got %+v", response)
	}
	if response.Headers["Vary"] != "Cookie, Accept-Language" || response.Headers["Set-Cookie"] != "" {
		t.Errorf("headers: %v", response.Headers)
	}
	if !response.IsBase64Encoded || response.Body != base64.StdEncoding.EncodeToString([]byte{0x89, 'P', 'N', 'G', 0xff}) {
		t.Errorf("binary body: %+v", response)
	}

	for _, test := range []struct {
		method string
		status int
	}{{"HEAD", 200}, {"GET", 204}, {"GET", 304}} {
		response, _ := call(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, "body")
		}), event(test.method, "/", ""))
		if response.StatusCode != test.status || response.Body != "" {
			t.Errorf("%s %d: %+v", test.method, test.status, response)
		}
	}
	response, _ = call(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), event("GET", "/", ""))
	if response.StatusCode != 200 {
		t.Errorf("a handler that writes nothing: %d", response.StatusCode)
	}
}

// Whatever the API answers by TLS says that it is there by TLS only.
func TestStrictTransportSecurity(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users", func(w http.ResponseWriter, _ *http.Request) { Respond(w, 200, "fine") })
	mux.HandleFunc("POST /users", func(w http.ResponseWriter, _ *http.Request) { NoContent(w) })
	mux.HandleFunc("PUT /users", func(w http.ResponseWriter, r *http.Request) { Problem(w, r, membership.ErrForbidden) })
	mux.HandleFunc("DELETE /users", func(http.ResponseWriter, *http.Request) { panic("a bug") })
	mux.HandleFunc("GET /own", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Strict-Transport-Security", "max-age=1") })
	for _, test := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/users", "", 200}, {"POST", "/users", "", 204}, {"PUT", "/users", "", 403}, {"DELETE", "/users", "", 500}, {"PATCH", "/users", "", 405},
		{"GET", "/nothing", "", 404}, {"POST", "/users", strings.Repeat("x", MaxBody+1), 413},
	} {
		for proto, want := range map[string]string{"https": "max-age=31536000; includeSubDomains", "http": "", "": ""} {
			e := event(test.method, test.path, test.body)
			e.Headers["x-forwarded-proto"] = proto
			response, _ := call(t, Routes(mux), e)
			if got := response.Headers["Strict-Transport-Security"]; response.StatusCode != test.status || got != want {
				t.Errorf("%s %s by %q: %d with %q", test.method, test.path, proto, response.StatusCode, got)
			}
		}
	}
	e := event("GET", "/own", "")
	e.Headers["x-forwarded-proto"] = "https"
	if response, _ := call(t, Routes(mux), e); response.Headers["Strict-Transport-Security"] != "max-age=1" {
		t.Errorf("a handler's own: %v", response.Headers)
	}
}

func TestBodyLimit(t *testing.T) {
	decode := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		Respond(w, 200, len(body))
	})
	for _, size := range []int{MaxBody, MaxBody + 1, MaxBody + 2, MaxBody + 3, 5 << 20} {
		for _, encoded := range []bool{false, true} {
			e := event("POST", "/", strings.Repeat("x", size))
			if encoded {
				e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(e.Body)), true
			}
			response, log := call(t, decode, e)
			want := 200
			if size > MaxBody {
				want = http.StatusRequestEntityTooLarge
				if p := problemOf(t, response); p.Code != "body_too_large" || p.RequestID == "" {
					t.Errorf("%d bytes: %+v", size, p)
				}
			}
			if response.StatusCode != want || len(log) > 400 {
				t.Errorf("%d bytes, base64 %v: %d, log %s", size, encoded, response.StatusCode, log)
			}
		}
	}
	e := event("POST", "/", "%%%")
	e.IsBase64Encoded = true
	if response, _ := call(t, decode, e); problemOf(t, response).Code != "invalid_body" {
		t.Errorf("broken base64: %+v", response)
	}
}

func TestPanicCostsOneRequestOnly(t *testing.T) {
	calls := 0
	var log bytes.Buffer
	a := newAdapter(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		if calls == 1 {
			w.Header().Set("X-Half", "done")
			w.WriteHeader(200)
			_, _ = io.WriteString(w, "half a page")
			panic("the secret cause")
		}
		Respond(w, 200, "fine")
	}), &log)
	response, err := a.serve(context.Background(), event("GET", "/", ""))
	if err != nil {
		t.Fatal(err)
	}
	p := problemOf(t, response)
	if response.StatusCode != 500 || p.Code != "internal" || p.RequestID != "JKJaXmPLvHcESHA=" {
		t.Errorf("got %d %+v", response.StatusCode, p)
	}
	if strings.Contains(response.Body, "secret") || strings.Contains(response.Body, "half") || response.Headers["X-Half"] != "" {
		t.Errorf("the answer tells too much: %+v", response)
	}
	if !strings.Contains(log.String(), "the secret cause") || !strings.Contains(log.String(), `"status":500`) {
		t.Errorf("the log does not tell enough: %s", log.String())
	}
	if response, err := a.serve(context.Background(), event("GET", "/", "")); err != nil || response.StatusCode != 200 {
		t.Errorf("the next request: %v %+v", err, response)
	}
}

func TestLogLine(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /users/{userId}/deactivate", func(w http.ResponseWriter, r *http.Request) {
		WithActor(r.Context(), "actor-1", "customer-1")
		Problem(w, r, membership.ErrForbidden)
	})
	wrapped := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		type key struct{}
		Routes(mux).ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, 1)))
	})
	e := event("POST", "/users/0190/deactivate", `{"password":"hunter2hunter2"}`)
	e.Headers["authorization"] = "Bearer eyJhbGciOi"
	e.RawQueryString = "token=abc"
	_, log := call(t, wrapped, e)
	if strings.Count(log, "\n") != 1 || len(log) > 400 {
		t.Errorf("not one short line: %s", log)
	}
	for _, want := range []string{`"route":"POST /users/{userId}/deactivate"`, `"status":403`, `"actor":"actor-1"`, `"customer":"customer-1"`, `"requestId":"JKJaXmPLvHcESHA="`, `"ms":`} {
		if !strings.Contains(log, want) {
			t.Errorf("no %s in %s", want, log)
		}
	}
	for _, secret := range []string{"hunter2", "eyJ", "token", "0190"} {
		if strings.Contains(log, secret) {
			t.Errorf("%s is in the log: %s", secret, log)
		}
	}
	if _, log := call(t, Routes(mux), event("GET", "/invitation/0190.1.mac", "")); !strings.Contains(log, `"route":"unmatched","status":404`) || strings.Contains(log, "mac") {
		t.Errorf("an unknown address: %s", log)
	}
	if _, log := call(t, mux, event("POST", "/users/1/deactivate", "")); !strings.Contains(log, "deactivate") {
		t.Errorf("a bare mux: %s", log)
	}
}

func TestUnknownRoutes(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users", func(w http.ResponseWriter, _ *http.Request) { NoContent(w) })
	mux.HandleFunc("POST /users", func(w http.ResponseWriter, _ *http.Request) { NoContent(w) })
	mux.HandleFunc("GET /users/{userId}", func(w http.ResponseWriter, _ *http.Request) { NoContent(w) })
	for _, test := range []struct {
		method, path string
		status       int
		code         string
	}{
		{"GET", "/users", 204, ""},
		{"HEAD", "/users", 204, ""},
		{"GET", "/users/1", 204, ""},
		{"DELETE", "/users", 405, "method_not_allowed"},
		{"GET", "/nothing", 404, "no_such_route"},
		{"GET", "/", 404, "no_such_route"},
		{"GET", "//users", 404, "no_such_route"},
		{"GET", "/users/", 404, "no_such_route"},
		{"GET", "/users/../users", 404, "no_such_route"},
		{"GET", "/users/1%2F2", 204, ""},
	} {
		response, _ := call(t, Routes(mux), event(test.method, test.path, ""))
		if response.StatusCode != test.status {
			t.Errorf("%s %s: %d, want %d", test.method, test.path, response.StatusCode, test.status)
		} else if test.code != "" && problemOf(t, response).Code != test.code {
			t.Errorf("%s %s: %s", test.method, test.path, response.Body)
		}
		if test.status == 405 && response.Headers["Allow"] != "GET, HEAD, POST" {
			t.Errorf("Allow: %q", response.Headers["Allow"])
		}
	}
}

func FuzzEvent(f *testing.F) {
	f.Add("GET", "/users/a%2Fb", "limit=5&x=%zz", "content-type", "application/json", "a=1", `{"name":"x"}`, false, "prod")
	f.Add("", "", "", "", "", "", "%%%", true, "")
	f.Add("pOsT", "/users//../%", ";", "accept-encoding", "gzip;q=", "=", "\xff", false, "$default")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /users/{userId}", func(w http.ResponseWriter, r *http.Request) {
		var body sample
		if err := Decode(r, &body); err != nil {
			Problem(w, r, err)
			return
		}
		Respond(w, 200, body)
	})
	mux.HandleFunc("GET /users/{userId}", func(w http.ResponseWriter, r *http.Request) {
		list, err := ListParameters(r, "status")
		if err != nil {
			Problem(w, r, err)
			return
		}
		Respond(w, 200, list.Limit)
	})
	f.Fuzz(func(t *testing.T, method, path, query, name, value, cookie, body string, encoded bool, stage string) {
		e := events.APIGatewayV2HTTPRequest{
			RawPath: path, RawQueryString: query, Headers: map[string]string{name: value}, Cookies: []string{cookie},
			Body: body, IsBase64Encoded: encoded,
		}
		e.RequestContext.HTTP.Method = method
		e.RequestContext.Stage = stage
		e.RequestContext.RequestID = path
		var log bytes.Buffer
		response, err := newAdapter(Routes(mux), &log).serve(context.Background(), e)
		if err != nil || response.StatusCode < 200 || response.StatusCode >= 500 {
			t.Errorf("%v %+v\n%s", err, response, log.String())
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if last := lines[len(lines)-1]; len(last) > 400 || !json.Valid([]byte(last)) {
			t.Errorf("log line: %s", last)
		}
	})
}
