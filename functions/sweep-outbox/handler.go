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

// outbox is membership.Outbox.
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
	// limit is how many mails one run tries. A mail takes some 100 ms, so that they fit into the function's 50 seconds.
	limit = 250
	// margin is what is left of the function's time when no further mail is begun and the one under way is given up for
	// this run; what became of it is stored within it.
	margin = 10 * time.Second
)

// handle tries the mails that are due: those that notify could not send, and those it never heard of. The schedule's
// event says nothing that matters.
func (h handler) handle(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-margin))
		defer cancel()
	}
	counts, err := h.outbox.Sweep(ctx, limit, h.now)
	_ = telemetry.Mails(h.metrics, h.now(), counts.Mails, counts.Invitations) // what was done stays done when nobody can count it
	h.log.Info("sweep-outbox", "outcomes", counts.Mails, "outOfTime", ctx.Err() != nil)
	if err != nil {
		return fmt.Errorf("sweep the outbox: %w", err)
	}
	return nil
}
