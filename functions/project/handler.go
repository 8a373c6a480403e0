package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"clientele/shared/membership"
	"clientele/shared/store"
)

// directory is implemented by store.Table.
type directory interface {
	Project(ctx context.Context, customerID, userID string) error
}

type handler struct {
	directory directory
	runJob    func(ctx context.Context, ref membership.JobRef) error // starts functions/run-jobs on a job without waiting for it
	now       func() time.Time
	log       *slog.Logger
}

// margin is how much of the function's time must be left to begin another user: one takes some 50 ms, and up to 5 s
// when the table hangs.
const margin = 10 * time.Second

// person is the user whose record changed.
type person struct{ customerID, userID string }

// handle brings each user of the batch in step once, however often the record changed: what is stored counts, not the
// event. A record is reported as failed when the table did not accept it. Lambda then continues from it, and users who
// are already in step cost one read.
func (h handler) handle(ctx context.Context, event events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
	var response events.DynamoDBEventResponse
	done := map[person]error{}
	jobs := 0
	for _, record := range event.Records {
		if ref, ok := newJob(record); ok {
			jobs++
			if err := h.runJob(ctx, ref); err != nil { // the schedule of run-jobs finds it within a minute
				h.log.Warn("project", "job", ref.ID, "cause", err.Error())
			}
			continue
		}
		p, ok := changed(record)
		if !ok {
			continue
		}
		err, known := done[p]
		if !known {
			err = h.project(ctx, p)
			done[p] = err
		}
		if err != nil {
			h.log.Error("project", "user", p.userID, "cause", err.Error())
			// The sequence number, not the event id: Lambda continues from it.
			response.BatchItemFailures = append(response.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: record.Change.SequenceNumber})
		}
	}
	h.log.Info("project", "records", len(event.Records), "users", len(done), "jobs", jobs, "failed", len(response.BatchItemFailures))
	return response, nil
}

// newJob returns the job that a record reports.
func newJob(record events.DynamoDBEventRecord) (membership.JobRef, bool) {
	image := record.Change.NewImage
	if record.EventName != string(events.DynamoDBOperationTypeInsert) {
		return membership.JobRef{}, false
	}
	return store.JobOf(text(image["pk"]), text(image["sk"]), text(image["entity"]))
}

// changed returns the user whose record has changed. The mapping's filter lets no other record through; this check is
// for when somebody forgets the filter.
func changed(record events.DynamoDBEventRecord) (person, bool) {
	image := record.Change.NewImage
	if len(image) == 0 {
		image = record.Change.OldImage
	}
	customerID, userID, ok := store.UserOf(text(image["pk"]), text(image["sk"]), text(image["entity"]))
	return person{customerID, userID}, ok
}

func text(v events.DynamoDBAttributeValue) string {
	if v.DataType() != events.DataTypeString {
		return ""
	}
	return v.String()
}

// project brings one user in step. A panic is an error of this user only.
func (h handler) project(ctx context.Context, p person) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v\n%s", reason, debug.Stack())
		}
	}()
	if end, ok := ctx.Deadline(); ok && end.Sub(h.now()) < margin {
		return context.DeadlineExceeded
	}
	return h.directory.Project(ctx, p.customerID, p.userID)
}
