package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"clientele/shared/membership"
	"clientele/shared/store"
	"clientele/shared/telemetry"
)

// outbox is implemented by membership.Outbox.
type outbox interface {
	Deliver(ctx context.Context, mailID string, now time.Time) (membership.Mail, error)
}

type handler struct {
	outbox  outbox
	now     func() time.Time
	metrics io.Writer
	log     *slog.Logger
}

// margin is how much of the function's time must be left to begin another mail: a mail takes some 100 ms, and up to 9 s
// when the table and SES hang.
const margin = 15 * time.Second

// handle tries the mails that have just been stored. A record is done once the outcome of its mail is stored, sent or
// not: the sweeper tries again, so no mail blocks the shard. Only records whose outcome could not be stored are
// reported as failed.
func (h handler) handle(ctx context.Context, event events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
	var counts membership.Deliveries
	var response events.DynamoDBEventResponse
	for _, record := range event.Records {
		id, ok := newMail(record)
		if !ok {
			continue
		}
		m, err := h.deliver(ctx, id)
		if err != nil {
			h.log.Error("mail", "mail", id, "cause", err.Error())
			// The sequence number, not the event id: Lambda continues from it.
			response.BatchItemFailures = append(response.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: record.Change.SequenceNumber})
		}
		counts.Add(m, err)
	}
	_ = telemetry.Mails(h.metrics, h.now(), counts.Mails, counts.Invitations) // what is done stays done when it cannot be counted
	h.log.Info("notify", "records", len(event.Records), "outcomes", counts.Mails, "failed", len(response.BatchItemFailures))
	return response, nil
}

// newMail returns the id of the mail that a record reports. The mapping's filter lets no other record through; this
// check is for when somebody forgets the filter.
func newMail(record events.DynamoDBEventRecord) (string, bool) {
	if record.EventName != string(events.DynamoDBOperationTypeInsert) {
		return "", false
	}
	return store.MailOf(text(record.Change.NewImage["pk"]), text(record.Change.NewImage["entity"]))
}

func text(v events.DynamoDBAttributeValue) string {
	if v.DataType() != events.DataTypeString {
		return ""
	}
	return v.String()
}

// deliver tries one mail. A panic is an error of this mail only.
func (h handler) deliver(ctx context.Context, id string) (m membership.Mail, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			m, err = membership.Mail{}, fmt.Errorf("panic: %v\n%s", reason, debug.Stack())
		}
	}()
	if end, ok := ctx.Deadline(); ok && end.Sub(h.now()) < margin {
		return membership.Mail{}, context.DeadlineExceeded
	}
	return h.outbox.Deliver(ctx, id, h.now())
}
