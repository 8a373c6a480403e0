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
	"github.com/aws/aws-lambda-go/lambdacontext"

	"clientele/shared/membership"
	"clientele/shared/telemetry"
)

// runs answers what a test says and keeps what it was asked; wait waits for the end of its time first.
type runs struct {
	report membership.Report
	err    error
	wait   bool
	call   membership.Call
	limit  int
}

func (r *runs) Run(ctx context.Context, c membership.Call, limit int) (membership.Report, error) {
	r.call, r.limit = c, limit
	if r.wait {
		<-ctx.Done()
		return r.report, ctx.Err()
	}
	return r.report, r.err
}

// invoke sends the recorded event through the runtime's own decoding and returns log and metrics.
func invoke(ctx context.Context, t *testing.T, r *runs) (log, metrics string, err error) {
	t.Helper()
	event, err := os.ReadFile("testdata/schedule.json")
	if err != nil {
		t.Fatal(err)
	}
	var logged, counted bytes.Buffer
	h := handler{expiry: r, now: time.Now, metrics: &counted, log: telemetry.NewLogger(&logged)}
	_, err = lambda.NewHandler(h.handle).Invoke(ctx, event)
	return logged.String(), counted.String(), err
}

func TestRunIsToldInOneLine(t *testing.T) {
	r := &runs{report: membership.Report{Expired: 3, Deleted: 2, Digests: 1, Skipped: 4, RegistrationsExpired: 5, RegistrationsDeleted: 6, Reminders: 7}}
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"})
	log, metrics, err := invoke(ctx, t, r)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log, `"expired":3,"deleted":2,"digests":1,"skipped":4,"registrationsExpired":5,"registrationsDeleted":6,"reminders":7`) || strings.Count(log, "\n") != 1 {
		t.Errorf("log %s", log)
	}
	if !strings.Contains(metrics, `"InvitationsExpired":3`) {
		t.Errorf("metrics %s", metrics)
	}
	if r.limit != limit || r.call.Actor.Realm != membership.System || r.call.Actor.RequestID != "request-1" || r.call.Now.IsZero() {
		t.Errorf("asked %d %+v", r.limit, r.call)
	}
}

func TestNothingToDoIsNoMetric(t *testing.T) {
	if _, metrics, err := invoke(t.Context(), t, &runs{}); err != nil || metrics != "" {
		t.Errorf("%v %s", err, metrics)
	}
}

func TestRunFailsWithTheTable(t *testing.T) {
	log, metrics, err := invoke(t.Context(), t, &runs{report: membership.Report{Expired: 1}, err: errors.New("table: throttled")})
	if err == nil || !strings.Contains(err.Error(), "throttled") || !strings.Contains(log, `"expired":1`) || !strings.Contains(metrics, `"InvitationsExpired":1`) {
		t.Errorf("%v %s %s", err, log, metrics)
	}
}

func TestTheRestWaitsAMinute(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(margin+20*time.Millisecond))
	defer cancel()
	log, _, err := invoke(ctx, t, &runs{report: membership.Report{Expired: 7}, wait: true})
	if err != nil || !strings.Contains(log, `"outOfTime":true`) || !strings.Contains(log, `"expired":7`) {
		t.Errorf("%v %s", err, log)
	}
}
