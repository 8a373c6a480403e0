package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"clientele/shared/membership"
	"clientele/shared/store/storetest"
)

// faulty is a world whose table meets a fault.
func faulty(t *testing.T, f *storetest.Fault) *world {
	t.Helper()
	t.Parallel()
	e := storetest.DynamoDBLocal() // what it would answer does not matter
	e.Require(t)
	return newWorld(t, e, f.Inject)
}

func TestTransactionConflictIsTriedAgain(t *testing.T) {
	for _, reason := range []string{"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"} {
		t.Run(reason, func(t *testing.T) {
			f := &storetest.Fault{Operation: "TransactWriteItems", Times: 3, Answer: storetest.Canceled(reason)}
			w := faulty(t, f)
			w.customer(t, "Conflict Ltd")
			equal(t, f.Seen(), 4)
			w.checkAudit(t)
		})
	}
	t.Run("in progress", func(t *testing.T) {
		f := &storetest.Fault{Operation: "TransactWriteItems", Times: 2, Answer: func(any) (any, error) { return nil, &types.TransactionInProgressException{} }}
		faulty(t, f).customer(t, "Conflict Ltd")
		equal(t, f.Seen(), 3)
	})
}

func TestConflictThatLastsIsTryAgain(t *testing.T) {
	f := &storetest.Fault{Operation: "TransactWriteItems", Times: 1000, Answer: storetest.Canceled("TransactionConflict")}
	w := faulty(t, f)
	name := "Conflict Ltd"
	_, err := w.customers.Create(t.Context(), w.staff(), membership.Corporate, membership.CustomerInput{Name: &name})
	fails(t, err, membership.ErrOverloaded)
	equal(t, f.Seen(), retries+1)
}

func TestOtherCancellationIsNotTriedAgain(t *testing.T) {
	f := &storetest.Fault{Operation: "TransactWriteItems", Times: 1000, Answer: storetest.Canceled("ValidationError")}
	w := faulty(t, f)
	name := "Conflict Ltd"
	_, err := w.customers.Create(t.Context(), w.staff(), membership.Corporate, membership.CustomerInput{Name: &name})
	if err == nil || membership.CodeOf(err) != "" {
		t.Errorf("got %v, want an internal error", err)
	}
	equal(t, f.Seen(), 1)
}

func TestWaitingForConflictEndsWithTheRequest(t *testing.T) {
	f := &storetest.Fault{Operation: "TransactWriteItems", Times: 1000, Answer: storetest.Canceled("TransactionConflict")}
	w := faulty(t, f)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	name := "Conflict Ltd"
	_, err := w.customers.Create(ctx, w.staff(), membership.Corporate, membership.CustomerInput{Name: &name})
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, membership.ErrOverloaded) {
		t.Errorf("got %v", err)
	}
	if f.Seen() > retries { // all the tries and their pauses take two seconds
		t.Errorf("it tried %d times in ten milliseconds", f.Seen())
	}
}

// A batch that the table answers in parts is read to its end; one that it never answers is "try again".
func TestUnprocessedKeysAreAskedAgain(t *testing.T) {
	unprocessed := func(input any) (any, error) {
		return &dynamodb.BatchGetItemOutput{UnprocessedKeys: input.(*dynamodb.BatchGetItemInput).RequestItems}, nil
	}
	f := &storetest.Fault{Operation: "BatchGetItem", Times: 2, Answer: unprocessed}
	w := faulty(t, f)
	must(t, w.table.CreateCustomer(t.Context(), filled("c1"), w.trail()))
	got, err := w.table.Access(t.Context(), "c1", "u1", "")
	must(t, err)
	equal(t, got.Customer, filled("c1"))
	equal(t, f.Seen(), 3)
	t.Run("for ever", func(t *testing.T) {
		w := faulty(t, &storetest.Fault{Operation: "BatchGetItem", Times: 1000, Answer: unprocessed})
		_, err := w.table.Access(t.Context(), "c1", "u1", "")
		fails(t, err, membership.ErrOverloaded)
	})
}

func TestThrottlesAreTryAgain(t *testing.T) {
	for name, err := range map[string]error{"throughput": &types.ProvisionedThroughputExceededException{}, "limit": &types.RequestLimitExceeded{}, "internal": &types.InternalServerError{}, "time-out": context.DeadlineExceeded} {
		t.Run(name, func(t *testing.T) {
			w := faulty(t, &storetest.Fault{Operation: "GetItem", Times: 1000, Answer: func(any) (any, error) { return nil, err }})
			_, got := w.table.Customer(t.Context(), membership.ReachAll(), "c1")
			fails(t, got, membership.ErrOverloaded)
			if !errors.Is(got, err) {
				t.Errorf("the cause is lost: %v", got)
			}
		})
	}
}
