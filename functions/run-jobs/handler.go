package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"clientele/shared/membership"
)

// jobs is implemented by membership.Jobs.
type jobs interface {
	Run(ctx context.Context, c membership.Call, ref membership.JobRef) (membership.JobStatus, error)
	RunDue(ctx context.Context, c membership.Call, limit int) (map[membership.JobStatus]int, error)
}

type handler struct {
	jobs jobs
	log  *slog.Logger
}

// event names the job to work on, as functions/project sends it. The schedule's event names none, which means all that
// are due.
type event struct {
	CustomerID string `json:"customerId"`
	JobID      string `json:"jobId"`
}

const (
	// limit is how many jobs one run of the schedule takes, one after the other. The next run is a minute later, and
	// takes those that this one has not claimed.
	limit = 50
	// margin is how much of the function's time is left when a step under way is cut off: enough to give the job back.
	margin = 10 * time.Second
)

// handle works on one job, or on those that are due, until they have ended or the function's time nearly has.
func (h handler) handle(ctx context.Context, e event) error {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-margin))
		defer cancel()
	}
	c := membership.Call{Actor: membership.SystemActor(requestID(ctx))}
	counts := map[membership.JobStatus]int{}
	var err error
	if e.JobID != "" {
		var status membership.JobStatus
		if status, err = h.jobs.Run(ctx, c, membership.JobRef{CustomerID: e.CustomerID, ID: e.JobID}); status != "" {
			counts[status]++
		}
	} else {
		counts, err = h.jobs.RunDue(ctx, c, limit)
	}
	h.log.Info("run-jobs", "job", e.JobID, "outcomes", counts, "outOfTime", ctx.Err() != nil)
	if err != nil {
		return fmt.Errorf("run jobs: %w", err)
	}
	return nil
}

func requestID(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}
