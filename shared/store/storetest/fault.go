package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// Fault answers the first calls of an operation in DynamoDB's place. Neither engine ever says that transactions are in
// conflict or that a batch was not done whole; the real one does.
type Fault struct {
	Operation string
	Times     int64
	// Answer is what the caller gets: an output or an error.
	Answer func(input any) (any, error)
	seen   atomic.Int64
}

// Inject is the Option by which a client's calls meet the fault.
func (f *Fault) Inject(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Fault", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		if middleware.GetOperationName(ctx) != f.Operation || f.seen.Add(1) > f.Times {
			return next.HandleInitialize(ctx, in)
		}
		result, err := f.Answer(in.Parameters)
		return middleware.InitializeOutput{Result: result}, middleware.Metadata{}, err
	}), middleware.Before)
}

// Seen returns how many calls of the operation there were, answered by the fault or not.
func (f *Fault) Seen() int { return int(f.seen.Load()) }

// ErrCut is what the caller of a call that a Cut meets gets.
var ErrCut = errors.New("the line is dead")

// Cut cuts one call off, of whichever operation. The zero Cut lets all through.
type Cut struct {
	mu    sync.Mutex
	calls int
	at    int // the call to be cut off, counted from 1; 0 for none
	after bool
}

// Arm lets the at-th call from now on fail: before the table has carried it out or, with after, after that.
func (c *Cut) Arm(at int, after bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls, c.at, c.after = 0, at, after
}

// Disarm lets all calls through again, and returns how many there were since Arm.
func (c *Cut) Disarm() (calls int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = 0
	return c.calls
}

// Inject is the Option by which a client's calls are cut off.
func (c *Cut) Inject(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Cut", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		c.mu.Lock()
		c.calls++
		hit, after := c.calls == c.at, c.after
		c.mu.Unlock()
		if hit && !after {
			return middleware.InitializeOutput{}, middleware.Metadata{}, ErrCut
		}
		out, data, err := next.HandleInitialize(ctx, in)
		if hit {
			err = ErrCut
		}
		return out, data, err
	}), middleware.Before)
}

// Canceled answers a transaction as cancelled for a reason, given for its last action.
func Canceled(reason string) func(any) (any, error) {
	return func(input any) (any, error) {
		reasons := make([]types.CancellationReason, len(input.(*dynamodb.TransactWriteItemsInput).TransactItems))
		for i := range reasons {
			reasons[i].Code = aws.String("None")
		}
		reasons[len(reasons)-1].Code = aws.String(reason)
		return nil, &types.TransactionCanceledException{Message: aws.String("Transaction cancelled"), CancellationReasons: reasons}
	}
}
