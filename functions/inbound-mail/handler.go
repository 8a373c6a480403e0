package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"clientele/shared/membership"
	"clientele/shared/telemetry"
)

// mails is implemented by membership.MailRegistrations.
type mails interface {
	Receive(ctx context.Context, c membership.Call, r membership.MailReceipt) (membership.MailOutcome, error)
}

type handler struct {
	mails   mails
	now     func() time.Time
	metrics io.Writer
	log     *slog.Logger
}

const source = "aws:ses"

// handle takes the mails of an event, of which there is one. After an error come further tries, and then the queue of
// mails set aside (template.yaml); an ignored mail is not an error. The log names a mail only by SES's id: neither
// addresses nor subjects are written down.
func (h handler) handle(ctx context.Context, event events.SimpleEmailEvent) error {
	var failed []error
	for _, record := range event.Records {
		if record.EventSource != source || record.SES.Mail.MessageID == "" { // SES sends nothing else
			h.log.Warn("inbound-mail", "outcome", "no mail")
			continue
		}
		outcome, err := h.mails.Receive(ctx, membership.Call{Actor: membership.SystemActor(requestID(ctx)), Now: h.now()}, receipt(record.SES))
		group, said := outcome.Group(), string(outcome)
		if err != nil {
			group, said = "failed", "failed"
			failed = append(failed, fmt.Errorf("mail %s: %w", record.SES.Mail.MessageID, err))
		}
		h.log.Info("inbound-mail", "mail", record.SES.Mail.MessageID, "outcome", said)
		_ = telemetry.Count(h.metrics, h.now(), "InboundMails", 1, map[string]string{"Outcome": group}) // what is done stays done when it cannot be counted
	}
	return errors.Join(failed...)
}

// receipt returns what SES says of a mail. The event also repeats much of the header; we use none of it, because it is
// truncated when long, and SES parses it in its own way.
func receipt(s events.SimpleEmailService) membership.MailReceipt {
	check := func(v events.SimpleEmailVerdict) membership.MailCheck { return membership.MailCheck(v.Status) }
	return membership.MailReceipt{
		ID: s.Mail.MessageID, ReceivedAt: s.Mail.Timestamp, Sender: s.Mail.Source, Recipients: s.Receipt.Recipients,
		SPF: check(s.Receipt.SPFVerdict), DKIM: check(s.Receipt.DKIMVerdict), DMARC: check(s.Receipt.DMARCVerdict),
		Spam: check(s.Receipt.SpamVerdict), Virus: check(s.Receipt.VirusVerdict),
	}
}

func requestID(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}
