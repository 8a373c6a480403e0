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

// sweeps answers what a test says and keeps what it was asked.
type sweeps struct {
	counts membership.Deliveries
	err    error
	limit  int
	end    time.Time
}

func (s *sweeps) Sweep(ctx context.Context, limit int, _ func() time.Time) (membership.Deliveries, error) {
	s.limit = limit
	s.end, _ = ctx.Deadline()
	return s.counts, s.err
}

// invoke sends the recorded event through the runtime's own decoding and returns log and metrics.
func invoke(ctx context.Context, t *testing.T, s *sweeps) (log, metrics string, err error) {
	t.Helper()
	event, err := os.ReadFile("testdata/schedule.json")
	if err != nil {
		t.Fatal(err)
	}
	var logged, counted bytes.Buffer
	h := handler{outbox: s, now: time.Now, metrics: &counted, log: telemetry.NewLogger(&logged)}
	_, err = lambda.NewHandler(h.handle).Invoke(ctx, event)
	return logged.String(), counted.String(), err
}

func TestSweepCountsWhatBecameOfMails(t *testing.T) {
	end := time.Now().Add(50 * time.Second)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	s := &sweeps{counts: membership.Deliveries{Mails: map[membership.MailStatus]int{membership.MailSent: 4, membership.MailAbandoned: 1}, Invitations: 3}}
	log, metrics, err := invoke(ctx, t, s)
	if err != nil {
		t.Fatal(err)
	}
	if s.limit != limit || !s.end.Equal(end.Add(-margin)) {
		t.Errorf("swept %d until %v", s.limit, s.end)
	}
	if !strings.Contains(log, `"outcomes":{"abandoned":1,"sent":4}`) || strings.Count(log, "\n") != 1 {
		t.Errorf("log %s", log)
	}
	if !strings.Contains(metrics, `"Mails":4,"Outcome":"sent"`) || !strings.Contains(metrics, `"MailsAbandoned":1`) || !strings.Contains(metrics, `"InvitationsSent":3`) {
		t.Errorf("metrics %s", metrics)
	}
}

func TestSweepFailsWithTheTable(t *testing.T) {
	s := &sweeps{counts: membership.Deliveries{Mails: map[membership.MailStatus]int{membership.MailSent: 1}}, err: errors.New("table: throttled")}
	log, metrics, err := invoke(t.Context(), t, s)
	if err == nil || !strings.Contains(err.Error(), "throttled") {
		t.Errorf("err %v", err)
	}
	if !strings.Contains(log, `"sent":1`) || !strings.Contains(metrics, `"Mails":1`) {
		t.Errorf("what was done is not told: %s %s", log, metrics)
	}
}
