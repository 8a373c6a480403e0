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

// Fault answers the first calls of an operation instead of DynamoDB. Neither engine ever says that transactions are in
// conflict or that a batch is incomplete; the real one does.
type Fault struct {
	Operation string
	Times     int64
	// Answer is what the caller gets: an output or an error.
	Answer func(input any) (any, error)
	seen   atomic.Int64
}

// Inject is the Option that makes a client's calls meet the fault.
func (f *Fault) Inject(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Fault", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		if middleware.GetOperationName(ctx) != f.Operation || f.seen.Add(1) > f.Times {
			return next.HandleInitialize(ctx, in)
		}
		result, err := f.Answer(in.Parameters)
		return middleware.InitializeOutput{Result: result}, middleware.Metadata{}, err
	}), middleware.Before)
}

// Seen returns how many calls of the operation there were, whether the fault answered them or not.
func (f *Fault) Seen() int { return int(f.seen.Load()) }

// ErrCut is the error of a call that a Cut has cut off.
var ErrCut = errors.New("the line is dead")

// Cut cuts off one call of any operation. The zero Cut lets all through.
type Cut struct {
	mu    sync.Mutex
	calls int
	at    int // the call to be cut off, counted from 1; 0 for none
	after bool
}

// Arm makes the at-th call from now fail: before the table carries it out or, with after, afterwards.
func (c *Cut) Arm(at int, after bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls, c.at, c.after = 0, at, after
}

// Disarm lets all calls through again, and returns how many there have been since Arm.
func (c *Cut) Disarm() (calls int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = 0
	return c.calls
}

// Inject is the Option that cuts off a client's calls.
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

// Canceled returns an answer that cancels a transaction because of its last action, for a reason.
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
