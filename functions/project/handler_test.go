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

// projections answers by the last digit of a user's id, and panics where it has no answer.
type projections struct {
	answers map[string]func() error
	done    []string
	jobs    []string
	failed  error // of running a job
}

func (p *projections) runJob(_ context.Context, ref membership.JobRef) error {
	p.jobs = append(p.jobs, ref.CustomerID+"/"+ref.ID)
	return p.failed
}

func (p *projections) Project(_ context.Context, customerID, userID string) error {
	p.done = append(p.done, customerID[len(customerID)-2:]+"/"+userID[len(userID)-1:])
	return p.answers[userID[len(userID)-1:]]()
}

func fine() error { return nil }

// invoke sends a recorded event through the runtime's own decoding and returns the answer and the log.
func invoke(ctx context.Context, t *testing.T, p *projections, file string) (answer, log string) {
	t.Helper()
	event, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	out, err := lambda.NewHandler(handler{directory: p, runJob: p.runJob, now: time.Now, log: telemetry.NewLogger(&logged)}.handle).Invoke(ctx, event)
	if err != nil {
		t.Fatal(err)
	}
	return string(out), logged.String()
}

func TestEveryUserOfABatchIsDoneOnce(t *testing.T) {
	p := &projections{answers: map[string]func() error{"1": fine, "2": fine, "3": fine}}
	answer, log := invoke(t.Context(), t, p, "testdata/users.json")
	if got := strings.Join(p.done, " "); got != "c1/1 c1/2 c1/3" {
		t.Errorf("did %q", got)
	}
	if strings.Contains(answer, "itemIdentifier") || strings.Count(log, "\n") != 1 {
		t.Errorf("answer %s, log %s", answer, log)
	}
}

func TestAFailureIsReportedForEachOfItsRecords(t *testing.T) {
	p := &projections{answers: map[string]func() error{"1": func() error { return errors.New("throttled") }, "2": fine, "3": fine}}
	answer, log := invoke(t.Context(), t, p, "testdata/users.json")
	for _, number := range []string{"100000000000000000000001", "100000000000000000000003"} {
		if !strings.Contains(answer, number) {
			t.Errorf("%s is not in %s", number, answer)
		}
	}
	if strings.Count(answer, "itemIdentifier") != 2 || len(p.done) != 3 || !strings.Contains(log, "throttled") {
		t.Errorf("answer %s, did %v, log %s", answer, p.done, log)
	}
}

func TestAPanicCostsItsOwnUserOnly(t *testing.T) {
	p := &projections{answers: map[string]func() error{"1": fine, "3": fine}}
	answer, log := invoke(t.Context(), t, p, "testdata/users.json")
	if !strings.Contains(answer, "100000000000000000000002") || strings.Count(answer, "itemIdentifier") != 1 || !strings.Contains(log, "panic") {
		t.Errorf("answer %s, log %s", answer, log)
	}
}

func TestOtherRecordsAreLeftAlone(t *testing.T) {
	p := &projections{}
	if answer, _ := invoke(t.Context(), t, p, "testdata/others.json"); len(p.done) != 0 || strings.Contains(answer, "itemIdentifier") {
		t.Errorf("did %v, answer %s", p.done, answer)
	}
}

func TestNothingIsBegunWithoutTime(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(margin-time.Second))
	defer cancel()
	p := &projections{}
	if answer, _ := invoke(ctx, t, p, "testdata/users.json"); len(p.done) != 0 || strings.Count(answer, "itemIdentifier") != 4 {
		t.Errorf("did %v, answer %s", p.done, answer)
	}
}

// A new job is handed on at once; that this fails delays it, and holds up nothing.
func TestNewJobsAreHandedOn(t *testing.T) {
	for _, failed := range []error{nil, errors.New("lambda is down")} {
		p := &projections{failed: failed}
		answer, log := invoke(t.Context(), t, p, "testdata/jobs.json")
		if got := strings.Join(p.jobs, " "); got != "01930d1c-0000-7000-8000-0000000000c1/01930d1c-0000-7000-8000-000000000009" {
			t.Errorf("handed on %q", got)
		}
		if strings.Contains(answer, "itemIdentifier") || len(p.done) != 0 || strings.Contains(log, "lambda is down") != (failed != nil) {
			t.Errorf("answer %s, log %s", answer, log)
		}
	}
}
