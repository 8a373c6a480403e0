package faults_test

import (
	"context"
	"net/url"
	"runtime"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	ses "github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// kind is a way in which a call breaks.
type kind string

// The kinds. "Lasting" ones outlast all retries of the SDK and the store.
const (
	errorBefore      kind = "error before"       // 500, nothing is done
	errorAfter       kind = "error after commit" // it is done, and answered with 500
	timeoutOnce      kind = "timeout, repeated"  // it is done, the answer is lost, the SDK repeats it
	timeoutLasting   kind = "timeout"            // whether done or not, no answer arrives
	throttleOnce     kind = "throttle, repeated"
	throttleLasting  kind = "throttle"
	conflictOnce     kind = "conflict, repeated" // with another transaction
	conflictLasting  kind = "conflict"
	crashBefore      kind = "crash before"
	crashAfter       kind = "crash after commit"
	unprocessedOnce  kind = "batch not whole, repeated" // BatchGetItem leaves some keys out
	unprocessedStays kind = "batch not whole"
)

// kinds returns the ways in which a call can break. A read commits nothing, so it has one crash only.
func (c call) kinds() []kind {
	switch {
	case c.operation == "BatchGetItem":
		return []kind{errorBefore, timeoutOnce, timeoutLasting, throttleLasting, crashBefore, unprocessedOnce, unprocessedStays}
	case c.operation == "TransactWriteItems":
		return []kind{errorBefore, errorAfter, timeoutOnce, timeoutLasting, throttleOnce, throttleLasting, conflictOnce, conflictLasting, crashBefore, crashAfter}
	case c.service == "DynamoDB" && c.writes():
		return []kind{errorBefore, errorAfter, timeoutOnce, timeoutLasting, throttleLasting, conflictLasting, crashBefore, crashAfter}
	case c.writes():
		return []kind{errorBefore, errorAfter, timeoutOnce, timeoutLasting, throttleLasting, crashBefore, crashAfter}
	}
	return []kind{errorBefore, timeoutOnce, timeoutLasting, throttleLasting, crashBefore}
}

// call is one call to AWS.
type call struct {
	service   string // DynamoDB, Cognito, SES
	operation string
	site      string // our method that makes it, for example store.Table.commit
}

func (c call) String() string { return c.service + "." + c.operation }

func (c call) writes() bool {
	switch c.operation {
	case "GetItem", "BatchGetItem", "Query", "DescribeUserPoolClient", "GetObject", "ListObjectsV2":
		return false
	}
	return true
}

// injector records the calls of one run and breaks one of them.
type injector struct {
	mu      sync.Mutex
	calls   []call
	sent    map[string]int // mail id → how often SES took it
	at      int            // the call to break, counted from 0; -1 for none
	kind    kind
	sticky  *call // a lasting fault, once begun, holds for all later calls of its place
	crashed chan struct{}
}

func newInjector() *injector { return &injector{at: -1, sent: map[string]int{}} }

// arm begins a new run in which call number at breaks; -1 for none.
func (j *injector) arm(at int, k kind) (crashed <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls, j.at, j.kind, j.sticky, j.crashed = nil, at, k, nil, make(chan struct{})
	return j.crashed
}

func (j *injector) recorded() []call {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]call(nil), j.calls...)
}

// begin records a call and says how it breaks, "" if it does not.
func (j *injector) begin(c call) kind {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := len(j.calls)
	j.calls = append(j.calls, c)
	switch {
	case j.sticky != nil:
		if *j.sticky == c {
			return j.kind
		}
		return ""
	case n != j.at:
		return ""
	}
	switch j.kind {
	case throttleLasting, conflictLasting, unprocessedStays:
		j.sticky = &c
	}
	return j.kind
}

type lostAnswers struct{ left int }

type lostKey struct{}

// option returns the APIOption that makes a service's clients meet the faults.
func (j *injector) option(service string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Fault", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			c := call{service: service, operation: middleware.GetOperationName(ctx), site: site()}
			k := j.begin(c)
			var none middleware.InitializeOutput
			switch k {
			case errorBefore:
				return none, middleware.Metadata{}, failed(c)
			case errorAfter:
				if _, metadata, err := next.HandleInitialize(ctx, in); err != nil {
					return none, metadata, err
				}
				return none, middleware.Metadata{}, failed(c)
			case timeoutOnce:
				ctx = context.WithValue(ctx, lostKey{}, &lostAnswers{left: 1})
			case timeoutLasting:
				ctx = context.WithValue(ctx, lostKey{}, &lostAnswers{left: 100})
			case throttleOnce, throttleLasting:
				return none, middleware.Metadata{}, throttled(c, in.Parameters)
			case conflictOnce, conflictLasting:
				return none, middleware.Metadata{}, conflicting(c, in.Parameters)
			case unprocessedOnce, unprocessedStays:
				asked := in.Parameters.(*dynamodb.BatchGetItemInput).RequestItems
				return middleware.InitializeOutput{Result: &dynamodb.BatchGetItemOutput{UnprocessedKeys: asked}}, middleware.Metadata{}, nil
			case crashBefore:
				j.crash()
			case crashAfter:
				_, _, _ = next.HandleInitialize(ctx, in)
				j.crash()
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
		if err != nil {
			return err
		}
		// Inside the SDK's own retries, so that these are tested too.
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("LostAnswer", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleFinalize(ctx, in)
			if lost, ok := ctx.Value(lostKey{}).(*lostAnswers); ok && lost.left > 0 {
				lost.left--
				return middleware.FinalizeOutput{}, middleware.Metadata{}, &smithyhttp.RequestSendError{Err: &url.Error{Op: "Post", URL: "https://aws", Err: context.DeadlineExceeded}}
			}
			return out, metadata, err
		}), "Retry", middleware.After)
	}
}

// crash is where the function is killed: nothing after this point runs, not even deferred calls.
func (j *injector) crash() {
	close(j.crashed)
	select {}
}

// site returns the method that makes the call: the innermost frame of our own packages.
func site() string {
	pcs := make([]uintptr, 100)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if name, ours := strings.CutPrefix(f.Function, "clientele/shared/"); ours {
			return method(name)
		}
		if !more {
			return ""
		}
	}
}

// method strips closures from a function's name: store.Table.batchGet.func1 becomes store.Table.batchGet.
func method(name string) string {
	name = strings.NewReplacer("(*", "", ")", "").Replace(name)
	parts := strings.Split(name, ".")
	return strings.Join(parts[:min(len(parts), 3)], ".")
}

func failed(c call) error {
	switch c.service {
	case "DynamoDB":
		return &types.InternalServerError{Message: aws.String("injected")}
	case "Cognito":
		return &cognito.InternalErrorException{Message: aws.String("injected")}
	}
	return &smithy.GenericAPIError{Code: "InternalServiceErrorException", Message: "injected", Fault: smithy.FaultServer}
}

func throttled(c call, input any) error {
	switch {
	case c.operation == "TransactWriteItems":
		return canceled(input, "ThrottlingError")
	case c.service == "DynamoDB":
		return &types.ProvisionedThroughputExceededException{Message: aws.String("injected")}
	case c.service == "Cognito":
		return &cognito.TooManyRequestsException{Message: aws.String("injected")}
	}
	return &ses.TooManyRequestsException{Message: aws.String("injected")}
}

func conflicting(c call, input any) error {
	if c.operation == "TransactWriteItems" {
		return canceled(input, "TransactionConflict")
	}
	return &types.TransactionConflictException{Message: aws.String("injected")}
}

func canceled(input any, reason string) error {
	reasons := make([]types.CancellationReason, len(input.(*dynamodb.TransactWriteItemsInput).TransactItems))
	for i := range reasons {
		reasons[i].Code = aws.String("None")
	}
	reasons[len(reasons)-1].Code = aws.String(reason)
	return &types.TransactionCanceledException{Message: aws.String("injected"), CancellationReasons: reasons}
}
