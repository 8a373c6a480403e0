package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"clientele/shared/membership"
	"clientele/shared/telemetry"
)

// runner answers what a test says and keeps what it was asked.
type runner struct {
	err   error
	one   membership.JobRef
	limit int
	end   time.Time
}

func (r *runner) Run(ctx context.Context, _ membership.Call, ref membership.JobRef) (membership.JobStatus, error) {
	r.one = ref
	r.end, _ = ctx.Deadline()
	return membership.JobDone, r.err
}

func (r *runner) RunDue(ctx context.Context, _ membership.Call, limit int) (map[membership.JobStatus]int, error) {
	r.limit = limit
	r.end, _ = ctx.Deadline()
	return map[membership.JobStatus]int{membership.JobDone: 2, membership.JobQueued: 1}, r.err
}

// invoke sends a recorded event through the runtime's own decoding and returns the log.
func invoke(ctx context.Context, t *testing.T, r *runner, file string) (string, error) {
	t.Helper()
	event, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	_, err = lambda.NewHandler(handler{jobs: r, log: telemetry.NewLogger(&logged)}.handle).Invoke(ctx, event)
	return logged.String(), err
}

func TestScheduleRunsWhatIsDue(t *testing.T) {
	end := time.Now().Add(50 * time.Second)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	r := &runner{}
	log, err := invoke(ctx, t, r, "schedule.json")
	if err != nil {
		t.Fatal(err)
	}
	if r.limit != limit || !r.end.Equal(end.Add(-margin)) || r.one.ID != "" {
		t.Errorf("asked %+v", r)
	}
	if !strings.Contains(log, `"outcomes":{"done":2,"queued":1}`) || strings.Count(log, "\n") != 1 {
		t.Errorf("log %s", log)
	}
}

func TestEventRunsOneJob(t *testing.T) {
	r := &runner{}
	log, err := invoke(t.Context(), t, r, "job.json")
	if err != nil {
		t.Fatal(err)
	}
	if r.one != (membership.JobRef{CustomerID: "0198d3c2-7c4e-7f00-8000-000000000001", ID: "0198d3c2-7c4e-7f00-8000-000000000002"}) || r.limit != 0 {
		t.Errorf("asked %+v", r)
	}
	if !strings.Contains(log, `"outcomes":{"done":1}`) {
		t.Errorf("log %s", log)
	}
}

// What failed is an error of the run, for the alarm; what was done is told all the same.
func TestRunFailsWithTheTable(t *testing.T) {
	r := &runner{err: errors.New("table: throttled")}
	for _, file := range []string{"schedule.json", "job.json"} {
		log, err := invoke(t.Context(), t, r, file)
		if err == nil || !strings.Contains(err.Error(), "throttled") || !strings.Contains(log, `"done"`) {
			t.Errorf("err %v, log %s", err, log)
		}
	}
}
