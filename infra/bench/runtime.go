package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"clientele/shared/store/storetest"
)

// machine runs functions as Lambda does: each in a process that polls a runtime API for events.
type machine struct {
	builds builds
	cloud  *cloud
	engine storetest.Engine
}

// patience is how long a function may take on a busy machine.
const patience = 3 * time.Minute

// process is a running function.
type process struct {
	cmd     *exec.Cmd
	server  *http.Server
	started time.Time
	polled  chan time.Time // the first poll
	events  chan []byte
	answers chan answer
	exited  chan struct{}
	log     *counter
	token   string // the caller's; "" for nobody
	cookie  string
}

type answer struct {
	body []byte
	err  error
}

// counter counts what a function writes, and keeps the end of it for when something goes wrong.
type counter struct {
	n    atomic.Int64
	mu   sync.Mutex
	last []byte
}

func (c *counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last = append(c.last, p...); len(c.last) > 2000 {
		c.last = c.last[len(c.last)-2000:]
	}
	return len(p), nil
}

func (c *counter) tail() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.last)
}

// start starts a function with its runtime API.
func (m *machine) start(function, table string) (*process, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &process{polled: make(chan time.Time, 1), events: make(chan []byte), answers: make(chan answer, 1), exited: make(chan struct{}), log: &counter{}}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	go func() { _ = p.server.Serve(l) }() // until stop
	p.cmd = exec.Command(m.builds.binary(function, runtime.GOARCH))
	p.cmd.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + l.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=" + function, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512",
		"AWS_REGION=" + region, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_ENDPOINT_URL=" + m.cloud.url,
		"TABLE=" + table, "USER_POOL_ID=" + pool, "PORTAL_CLIENT_ID=" + portalClient, "CONSOLE_CLIENT_ID=" + consoleClient, "SECRET_ARN=arn:secret",
		"PORTAL_URL=https://portal.example", "CONSOLE_URL=https://console.example", "MAIL_FROM=no-reply@provider.example", "CONFIGURATION_SET=mail", "BUCKET=files", "RUN_JOBS=run-jobs",
		"PROVIDER_NAME=Provider", "DEFAULT_LANGUAGE=en", "ADMINISTRATOR_EMAIL=ada@provider.example",
	}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.started = time.Now()
	if err := p.cmd.Start(); err != nil {
		_ = p.server.Close()
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // its log says how it ended
		close(p.exited)
	}()
	return p, nil
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(os.Kill)
	<-p.exited
	_ = p.server.Close()
}

// ready waits for the first poll and returns how long the start took.
func (p *process) ready(ctx context.Context) (time.Duration, error) {
	select {
	case at := <-p.polled:
		return at.Sub(p.started), nil
	case <-p.exited:
		return 0, fmt.Errorf("%s ended while starting: %s", p.cmd.Path, p.log.tail())
	case <-time.After(patience):
		return 0, fmt.Errorf("%s does not poll: %s", p.cmd.Path, p.log.tail())
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// ServeHTTP is the runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
func (p *process) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/invocation/next"):
		select {
		case p.polled <- time.Now():
		default: // not the first poll
		}
		select {
		case event := <-p.events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "bench")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:"+region+":000000000000:function:bench")
			_, _ = w.Write(event)
		case <-r.Context().Done():
		}
	case strings.HasSuffix(r.URL.Path, "/response"):
		body, err := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		p.answers <- answer{body, err}
	default: // an error of an invocation or of the start
		body, err := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		p.answers <- answer{nil, errors.Join(fmt.Errorf("%s: %s", r.URL.Path, body), err)}
	}
}

// invoke passes an event to the function and returns its answer.
func (p *process) invoke(ctx context.Context, event any) ([]byte, error) {
	body, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	for sent := false; ; {
		events := p.events
		if sent {
			events = nil
		}
		select {
		case events <- body:
			sent = true
		case a := <-p.answers:
			return a.body, a.err
		case <-p.exited:
			return nil, fmt.Errorf("%s ended: %s", p.cmd.Path, p.log.tail())
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(patience):
			return nil, fmt.Errorf("%s does not answer: %s", p.cmd.Path, p.log.tail())
		}
	}
}

// request sends a request as the gateway would pass it on. It fails for answers of 400 and above, and in the API also
// for redirects. A form is sent as browsers do, anything else as JSON.
func (p *process) request(ctx context.Context, method, target string, body any, headers ...string) (map[string]any, error) {
	path, query, _ := strings.Cut(target, "?")
	event := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: path, RawQueryString: query, Headers: map[string]string{
		"accept": "application/json", "accept-encoding": "gzip", "content-type": "application/json", "host": "api.example", "user-agent": "bench"}}
	event.RequestContext.DomainName, event.RequestContext.RequestID = "api.example", "JKJaXmPLvHcESHA="
	event.RequestContext.HTTP = events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: method, Path: path, Protocol: "HTTP/1.1", SourceIP: "192.0.2.7"}
	if p.token != "" {
		event.Headers["authorization"] = "Bearer " + p.token
	}
	if p.cookie != "" {
		event.Cookies = []string{p.cookie}
		event.Headers["accept"] = "text/html"
	}
	for n := 0; n+1 < len(headers); n += 2 {
		event.Headers[headers[n]] = headers[n+1]
	}
	switch form, ok := body.(url.Values); {
	case ok:
		event.Headers["content-type"] = "application/x-www-form-urlencoded"
		event.Body = form.Encode()
	case body != nil:
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		event.Body = string(b)
	}
	b, err := p.invoke(ctx, event)
	if err != nil {
		return nil, err
	}
	var response events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(b, &response); err != nil {
		return nil, err
	}
	text, err := plain(response)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 400 || response.StatusCode >= 300 && p.cookie == "" {
		return nil, fmt.Errorf("%s %s: status %d %s\n%s", method, target, response.StatusCode, text, p.log.tail())
	}
	var object map[string]any
	if p.cookie == "" && len(text) > 0 {
		if err := json.Unmarshal(text, &object); err != nil {
			return nil, fmt.Errorf("%s %s: %w", method, target, err)
		}
	}
	return object, nil
}
