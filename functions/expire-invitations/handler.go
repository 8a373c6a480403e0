package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"clientele/shared/membership"
	"clientele/shared/telemetry"
)

// cleanUp is implemented by membership.Expiry.
type cleanUp interface {
	Run(ctx context.Context, c membership.Call, limit int) (membership.Report, error)
}

type handler struct {
	expiry  cleanUp
	now     func() time.Time
	metrics io.Writer
	log     *slog.Logger
}

const (
	// limit is how many invitations, and how many digests, one run takes: at some 60 ms each they fit into the
	// function's 50 seconds. The rest waits a minute; nobody's rights depend on it.
	limit = 250
	// margin is how much of the function's time must be left to begin anything further.
	margin = 5 * time.Second
)

// handle does one run of the clean-up. The schedule's event says nothing of interest.
func (h handler) handle(ctx context.Context) error {
	run := ctx
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		run, cancel = context.WithDeadline(ctx, end.Add(-margin))
		defer cancel()
	}
	now := h.now()
	report, err := h.expiry.Run(run, membership.Call{Actor: membership.SystemActor(requestID(ctx)), Now: now}, limit)
	if report.Expired > 0 {
		_ = telemetry.Count(h.metrics, now, "InvitationsExpired", report.Expired, nil) // what is done stays done when it cannot be counted
	}
	outOfTime := run.Err() != nil && ctx.Err() == nil
	h.log.Info("expire-invitations", "expired", report.Expired, "deleted", report.Deleted, "digests", report.Digests, "skipped", report.Skipped,
		"registrationsExpired", report.RegistrationsExpired, "registrationsDeleted", report.RegistrationsDeleted, "reminders", report.Reminders, "outOfTime", outOfTime)
	if err != nil && !(outOfTime && errors.Is(err, context.DeadlineExceeded)) {
		return fmt.Errorf("clean up invitations: %w", err)
	}
	return nil
}

func requestID(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}
