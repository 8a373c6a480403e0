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

const prefix = "01930d1c-0000-7000-8000-00000000000" // and a digit

// deliveries answers by the last digit of a mail's id, and panics where it has no answer.
type deliveries struct {
	answers map[string]func() (membership.Mail, error)
	tried   []string
}

func (d *deliveries) Deliver(_ context.Context, id string, _ time.Time) (membership.Mail, error) {
	d.tried = append(d.tried, id)
	return d.answers[id[len(id)-1:]]()
}

func is(status membership.MailStatus, err error) func() (membership.Mail, error) {
	return func() (membership.Mail, error) {
		return membership.Mail{Status: status, InvitationID: "i1"}, err
	}
}

// invoke sends a recorded event through the runtime's own decoding and returns the answer, log and metrics.
func invoke(ctx context.Context, t *testing.T, d *deliveries, file string) (answer, log, metrics string) {
	t.Helper()
	event, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var logged, counted bytes.Buffer
	h := handler{outbox: d, now: time.Now, metrics: &counted, log: telemetry.NewLogger(&logged)}
	out, err := lambda.NewHandler(h.handle).Invoke(ctx, event)
	if err != nil {
		t.Fatal(err)
	}
	return string(out), logged.String(), counted.String()
}

func TestEveryMailIsTriedOnce(t *testing.T) {
	d := &deliveries{answers: map[string]func() (membership.Mail, error){"1": is("sent", nil), "2": is("abandoned", nil), "3": is("", nil)}}
	answer, log, metrics := invoke(t.Context(), t, d, "testdata/mails.json")
	if answer != `{"batchItemFailures":null}` && answer != `{"batchItemFailures":[]}` {
		t.Errorf("answer %s", answer)
	}
	if strings.Join(d.tried, " ") != prefix+"1 "+prefix+"2 "+prefix+"3" {
		t.Errorf("tried %v", d.tried)
	}
	for _, want := range []string{`"Mails":1,"Outcome":"sent"`, `"Mails":1,"Outcome":"abandoned"`, `"MailsAbandoned":1`, `"InvitationsSent":1`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in %s", want, metrics)
		}
	}
	if strings.Contains(log, "example.com") || strings.Count(log, "\n") != 1 {
		t.Errorf("log %s", log)
	}
}

func TestOnlyWhatCouldNotBeStoredIsReported(t *testing.T) {
	d := &deliveries{answers: map[string]func() (membership.Mail, error){
		"1": is("queued", nil), "2": is("", errors.New("table: throttled")), "3": is("sent", nil),
	}}
	answer, log, metrics := invoke(t.Context(), t, d, "testdata/mails.json")
	if answer != `{"batchItemFailures":[{"itemIdentifier":"100000000000000000000002"}]}` {
		t.Errorf("answer %s", answer)
	}
	if len(d.tried) != 3 || !strings.Contains(log, "throttled") || !strings.Contains(metrics, `"Mails":1,"Outcome":"queued"`) {
		t.Errorf("tried %v, log %s, metrics %s", d.tried, log, metrics)
	}
}

func TestAPanicCostsItsOwnMailOnly(t *testing.T) {
	d := &deliveries{answers: map[string]func() (membership.Mail, error){"2": is("sent", nil), "3": is("sent", nil)}}
	answer, log, metrics := invoke(t.Context(), t, d, "testdata/mails.json")
	if answer != `{"batchItemFailures":[{"itemIdentifier":"100000000000000000000001"}]}` {
		t.Errorf("answer %s", answer)
	}
	if !strings.Contains(log, "panic") || !strings.Contains(metrics, `"Mails":2,"Outcome":"sent"`) {
		t.Errorf("log %s, metrics %s", log, metrics)
	}
}

func TestOtherRecordsAreLeftAlone(t *testing.T) {
	d := &deliveries{}
	if answer, _, metrics := invoke(t.Context(), t, d, "testdata/others.json"); len(d.tried) != 0 || metrics != "" || strings.Contains(answer, "itemIdentifier") {
		t.Errorf("tried %v, answer %s", d.tried, answer)
	}
}

func TestNothingIsBegunWithoutTime(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(margin-time.Second))
	defer cancel()
	d := &deliveries{}
	answer, _, _ := invoke(ctx, t, d, "testdata/mails.json")
	if len(d.tried) != 0 || strings.Count(answer, "itemIdentifier") != 3 {
		t.Errorf("tried %v, answer %s", d.tried, answer)
	}
}
