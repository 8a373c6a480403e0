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

// outbox is membership.Outbox.
type outbox interface {
	Deliver(ctx context.Context, mailID string, now time.Time) (membership.Mail, error)
}

type handler struct {
	outbox  outbox
	now     func() time.Time
	metrics io.Writer
	log     *slog.Logger
}

// margin is what is left of the function's time when no further mail is begun: a mail takes some 100 ms, and up to
// 9 s when the table and SES hang.
const margin = 15 * time.Second

// handle tries the mails that have just been stored. A record is done once what became of its mail is stored, sent or
// not: the sweeper tries again, so that no mail blocks the shard. Only records whose state could not be stored are
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
			// The sequence number, not the event id: Lambda reads on from it.
			response.BatchItemFailures = append(response.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: record.Change.SequenceNumber})
		}
		counts.Add(m, err)
	}
	_ = telemetry.Mails(h.metrics, h.now(), counts.Mails, counts.Invitations) // what was done stays done when nobody can count it
	h.log.Info("notify", "records", len(event.Records), "outcomes", counts.Mails, "failed", len(response.BatchItemFailures))
	return response, nil
}

// newMail returns the id of the mail that a record tells of. The mapping's filter lets no other record through; this
// is for those who forget the filter.
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
