package httpapi

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"clientele/shared/telemetry"
)

// Lambda makes a function of the gateway's HTTP API (payload format 2.0) out of a handler. It never returns an error: what
// goes wrong is a problem+json answer, and a panic costs its own request only, since an error would make Lambda throw the
// process away. After each request it writes one line (see telemetry.Request).
//
// The gateway's authorizer is not looked at here: functions verify tokens themselves (shared/actor), because `sam local`
// has no authorizer.
func Lambda(h http.Handler) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return newAdapter(h, os.Stderr).serve
}

// Failed answers a request that cannot be served.
type Failed func(w http.ResponseWriter, r *http.Request, err error)

// LambdaPages is Lambda and Later for pages: failed answers, with a page, what goes wrong before their handler is reached.
func LambdaPages(build func(context.Context) (http.Handler, error), failed Failed) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	a := newAdapter(newLater(build, failed), os.Stderr)
	a.failed = failed
	return a.serve
}

type adapter struct {
	handler http.Handler
	failed  Failed
	log     *slog.Logger
	gzip    *compressor
}

func newAdapter(h http.Handler, log io.Writer) *adapter {
	return &adapter{handler: h, failed: Problem, log: telemetry.NewLogger(log), gzip: newCompressor()}
}

func (a *adapter) serve(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	line := telemetry.NewRequest(requestID(ctx, event))
	ctx = telemetry.With(ctx, line)
	ctx = context.WithValue(ctx, exchangeKey{}, &exchange{event: event, log: a.log})

	answer := newAnswer()
	request, err := newRequest(ctx, event)
	if err != nil {
		request = plainRequest(ctx, event)
		a.failed(answer, request, err)
	} else {
		answer = a.call(answer, request)
		line.SetRoute(request.Pattern)
	}
	response := answer.response(request, a.gzip)
	line.Write(a.log, response.StatusCode)
	return response, nil
}

// call runs the handler. After a panic what was written so far is thrown away: half a page with status 200 is a lie.
func (a *adapter) call(w *answer, r *http.Request) (result *answer) {
	defer func() {
		if reason := recover(); reason != nil {
			a.log.Error("panic", "requestId", RequestID(r), "reason", shorten(fmt.Sprint(reason)), "stack", shorten(string(debug.Stack())))
			result = newAnswer()
			writeInternal(result, r)
		}
	}()
	a.handler.ServeHTTP(w, r)
	return w
}

// exchange is what the adapter puts into the request's context beside the log line.
type exchange struct {
	event events.APIGatewayV2HTTPRequest
	log   *slog.Logger
}

type exchangeKey struct{}

// Event returns the gateway's event behind a request, false when there is none (a test that calls the handler itself).
func Event(r *http.Request) (events.APIGatewayV2HTTPRequest, bool) {
	x, ok := r.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return events.APIGatewayV2HTTPRequest{}, false
	}
	return x.event, true
}

// RequestID returns the id that the log line, the audit entry and every problem of this request carry.
func RequestID(r *http.Request) string {
	if line := telemetry.From(r.Context()); line != nil {
		return line.ID()
	}
	return ""
}

// WithActor notes for the log line who is calling. It changes the line that the adapter made; only where there is none
// (a test without the adapter) is the returned context another than the given one.
func WithActor(ctx context.Context, actorID, customerID string) context.Context {
	line := telemetry.From(ctx)
	if line == nil {
		line = telemetry.NewRequest("")
		ctx = telemetry.With(ctx, line)
	}
	line.SetActor(actorID, customerID)
	return ctx
}

// logger is where causes go that a caller must not see.
func logger(r *http.Request) *slog.Logger {
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
		return x.log
	}
	return telemetry.NewLogger(os.Stderr)
}

// requestID is the gateway's id, which its access log has too; without one (a direct invoke) Lambda's own.
func requestID(ctx context.Context, event events.APIGatewayV2HTTPRequest) string {
	if id := event.RequestContext.RequestID; id != "" {
		return id
	}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}

// maxCause is the length of a logged cause or stack in bytes. Such lines are rare; the budget is for ordinary ones.
const maxCause = 4000

func shorten(s string) string {
	if len(s) > maxCause {
		return s[:maxCause]
	}
	return s
}
