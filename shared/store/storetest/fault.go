package storetest

import (
	"context"
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
