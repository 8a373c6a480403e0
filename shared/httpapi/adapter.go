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

// Lambda turns a handler into a function of the gateway's HTTP API (payload format 2.0). It never returns an error:
// failures are answered with problem+json, and a panic costs only its own request, because an error would make Lambda
// discard the process. After each request it writes one line (see telemetry.Request).
//
// It does not look at the gateway's authorizer: functions verify tokens themselves (shared/actor), because `sam local`
// has no authorizer.
func Lambda(h http.Handler) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return newAdapter(h, os.Stderr).serve
}

// Failed answers a request that cannot be served.
type Failed func(w http.ResponseWriter, r *http.Request, err error)

// LambdaPages is Lambda and Later for pages: failed answers with a page when something goes wrong before their handler
// is reached.
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

// call runs the handler. After a panic it discards what was written so far: half a page with status 200 is a lie.
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

// exchange is what the adapter puts into the request's context besides the log line.
type exchange struct {
	event events.APIGatewayV2HTTPRequest
	log   *slog.Logger
}

type exchangeKey struct{}

// Event returns the gateway's event behind a request, or false when there is none (in a test that calls the handler
// itself).
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

// WithActor notes the caller for the log line. It changes the adapter's line; only when there is none (in a test
// without the adapter) does it return another context than ctx.
func WithActor(ctx context.Context, actorID, customerID string) context.Context {
	line := telemetry.From(ctx)
	if line == nil {
		line = telemetry.NewRequest("")
		ctx = telemetry.With(ctx, line)
	}
	line.SetActor(actorID, customerID)
	return ctx
}

// logger returns where to log causes that a caller must not see.
func logger(r *http.Request) *slog.Logger {
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
		return x.log
	}
	return telemetry.NewLogger(os.Stderr)
}

// requestID returns the gateway's id, which its access log has too, or Lambda's own for a direct invocation.
func requestID(ctx context.Context, event events.APIGatewayV2HTTPRequest) string {
	if id := event.RequestContext.RequestID; id != "" {
		return id
	}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}

// maxCause is the maximal length of a logged cause or stack, in bytes. Such lines are rare; the budget is for ordinary
// ones.
const maxCause = 4000

func shorten(s string) string {
	if len(s) > maxCause {
		return s[:maxCause]
	}
	return s
}
