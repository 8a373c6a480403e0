package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"clientele/shared/membership"
	"clientele/shared/telemetry"
)

// outbox is implemented by membership.Outbox.
type outbox interface {
	Sweep(ctx context.Context, limit int, now func() time.Time) (membership.Deliveries, error)
}

type handler struct {
	outbox  outbox
	now     func() time.Time
	metrics io.Writer
	log     *slog.Logger
}

const (
	// limit is how many mails one run tries. At some 100 ms each they fit into the function's 50 seconds.
	limit = 250
	// margin is how much of the function's time is left when no further mail is begun and the one under way is given up
	// for this run; its outcome is stored within the margin.
	margin = 10 * time.Second
)

// handle tries the mails that are due: those that notify could not send, and those that it never heard of. The
// schedule's event says nothing of interest.
func (h handler) handle(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-margin))
		defer cancel()
	}
	counts, err := h.outbox.Sweep(ctx, limit, h.now)
	_ = telemetry.Mails(h.metrics, h.now(), counts.Mails, counts.Invitations) // what is done stays done when it cannot be counted
	h.log.Info("sweep-outbox", "outcomes", counts.Mails, "outOfTime", ctx.Err() != nil)
	if err != nil {
		return fmt.Errorf("sweep the outbox: %w", err)
	}
	return nil
}
