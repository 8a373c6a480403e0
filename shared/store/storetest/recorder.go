package storetest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
)

// Call is one call to the table.
type Call struct {
	Operation  string
	Input      any // for example *dynamodb.QueryInput
	Start, End time.Time
	Capacity   float64 // consumed, as the engine counts it
	Err        error
}

// Reads says whether the call reads only.
func (c Call) Reads() bool {
	switch c.Operation {
	case "GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems":
		return true
	}
	return false
}

// Recorder remembers calls and asks the engine what they consumed. Its zero value is ready for use; it is safe for
// concurrent use.
type Recorder struct {
	mu    sync.Mutex
	calls []Call
}

// Watch is the Option that records a client's calls.
func (r *Recorder) Watch(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Recorder", r.record), middleware.Before)
}

func (r *Recorder) record(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	ask(in.Parameters)
	c := Call{Operation: middleware.GetOperationName(ctx), Input: in.Parameters, Start: time.Now()}
	out, metadata, err := next.HandleInitialize(ctx, in)
	c.End, c.Err, c.Capacity = time.Now(), err, consumed(out.Result)
	r.mu.Lock()
	r.calls = append(r.calls, c)
	r.mu.Unlock()
	return out, metadata, err
}

// Take returns the calls since the last Take, in the order in which they ended.
func (r *Recorder) Take() []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}

// Waits returns the longest chain of calls in which each began after the one before had ended: how often somebody waits
// for the table.
func Waits(calls []Call) int {
	byEnd := slices.SortedFunc(slices.Values(calls), func(a, b Call) int { return a.End.Compare(b.End) })
	waits := 0
	var end time.Time
	for _, c := range byEnd {
		if c.Start.After(end) {
			waits, end = waits+1, c.End
		}
	}
	return waits
}

// ReadCapacity returns the read capacity units of calls.
func ReadCapacity(calls []Call) float64 {
	sum := 0.0
	for _, c := range calls {
		if c.Reads() {
			sum += c.Capacity
		}
	}
	return sum
}

func ask(input any) {
	const total = types.ReturnConsumedCapacityTotal
	switch in := input.(type) {
	case *dynamodb.GetItemInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.BatchGetItemInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.QueryInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.ScanInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.PutItemInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.UpdateItemInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.DeleteItemInput:
		in.ReturnConsumedCapacity = total
	case *dynamodb.TransactWriteItemsInput:
		in.ReturnConsumedCapacity = total
	}
}

func consumed(output any) float64 {
	var all []types.ConsumedCapacity
	one := func(c *types.ConsumedCapacity) {
		if c != nil {
			all = append(all, *c)
		}
	}
	switch out := output.(type) {
	case *dynamodb.GetItemOutput:
		one(out.ConsumedCapacity)
	case *dynamodb.BatchGetItemOutput:
		all = out.ConsumedCapacity
	case *dynamodb.QueryOutput:
		one(out.ConsumedCapacity)
	case *dynamodb.ScanOutput:
		one(out.ConsumedCapacity)
	case *dynamodb.PutItemOutput:
		one(out.ConsumedCapacity)
	case *dynamodb.UpdateItemOutput:
		one(out.ConsumedCapacity)
	case *dynamodb.DeleteItemOutput:
		one(out.ConsumedCapacity)
	case *dynamodb.TransactWriteItemsOutput:
		all = out.ConsumedCapacity
	}
	sum := 0.0
	for _, c := range all {
		if c.CapacityUnits != nil {
			sum += *c.CapacityUnits
		}
	}
	return sum
}
