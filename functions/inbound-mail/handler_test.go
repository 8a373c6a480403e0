package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"clientele/shared/membership"
	"clientele/shared/telemetry"
)

// receives answers what a test says and keeps what it was asked.
type receives struct {
	outcome membership.MailOutcome
	err     error
	asked   []membership.MailReceipt
	call    membership.Call
}

func (r *receives) Receive(_ context.Context, c membership.Call, m membership.MailReceipt) (membership.MailOutcome, error) {
	r.asked, r.call = append(r.asked, m), c
	return r.outcome, r.err
}

// invoke sends a recorded event, with a part of it changed, through the runtime's own decoding and returns log and
// metrics.
func invoke(t *testing.T, r *receives, file, old, changed string) (log, metrics string, err error) {
	t.Helper()
	event, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(event, []byte(old)) {
		t.Fatalf("no %s in %s", old, file)
	}
	var logged, counted bytes.Buffer
	h := handler{mails: r, now: func() time.Time { return time.Date(2026, 1, 31, 12, 0, 2, 0, time.UTC) }, metrics: &counted, log: telemetry.NewLogger(&logged)}
	_, err = lambda.NewHandler(h.handle).Invoke(t.Context(), bytes.ReplaceAll(event, []byte(old), []byte(changed)))
	return logged.String(), counted.String(), err
}

const mailID = "8vkq3m1t0b7c5d2e9f4g6h1j0k3l5m7n9p2q4r6s"

func TestMailIsReceived(t *testing.T) {
	r := &receives{outcome: membership.MailStarted}
	log, metrics, err := invoke(t, r, "mail.json", "-", "-")
	if err != nil {
		t.Fatal(err)
	}
	want := membership.MailReceipt{ID: mailID, ReceivedAt: time.Date(2026, 1, 31, 12, 0, 1, 28_000_000, time.UTC), Sender: "maja.berg@example.com",
		Recipients: []string{"register@portal.example"}, SPF: "PASS", DKIM: "PASS", DMARC: "PASS", Spam: "PASS", Virus: "PASS"}
	if len(r.asked) != 1 || !reflect.DeepEqual(r.asked[0], want) || r.call.Actor.Realm != membership.System || r.call.Now.Second() != 2 || r.call.Key != nil {
		t.Errorf("asked %+v as %+v", r.asked, r.call)
	}
	if !strings.Contains(log, `"mail":"`+mailID+`","outcome":"started"`) || strings.Count(log, "\n") != 1 || len(log) > 400 {
		t.Errorf("log %s", log)
	}
	if !strings.Contains(metrics, `"InboundMails":1,"Outcome":"started"`) {
		t.Errorf("metrics %s", metrics)
	}
}

// Each verdict goes where it belongs.
func TestVerdicts(t *testing.T) {
	for name, of := range map[string]func(membership.MailReceipt) membership.MailCheck{
		"spf":   func(r membership.MailReceipt) membership.MailCheck { return r.SPF },
		"dkim":  func(r membership.MailReceipt) membership.MailCheck { return r.DKIM },
		"dmarc": func(r membership.MailReceipt) membership.MailCheck { return r.DMARC },
		"spam":  func(r membership.MailReceipt) membership.MailCheck { return r.Spam },
		"virus": func(r membership.MailReceipt) membership.MailCheck { return r.Virus },
	} {
		for changed, want := range map[string]membership.MailCheck{name + `Verdict": {"status": "FAIL"}, "x": {`: "FAIL", name + `Verdict": {}, "x": {`: ""} {
			r := &receives{outcome: membership.MailFailsSPF}
			if _, _, err := invoke(t, r, "mail.json", name+`Verdict": {`, changed); err != nil {
				t.Fatal(err)
			}
			if got := of(r.asked[0]); got != want {
				t.Errorf("%s is %q instead of %q", name, got, want)
			}
		}
	}
}

// What is ignored is no failure: it is not tried again. Why it is ignored stands in the log, who wrote and what does not.
func TestIgnoredIsDone(t *testing.T) {
	r := &receives{outcome: membership.MailFailsSPF}
	log, metrics, err := invoke(t, r, "bounce.json", "-", "-")
	if err != nil || r.asked[0].Sender != "" || r.asked[0].DMARC != "FAIL" {
		t.Errorf("%v, asked %+v", err, r.asked)
	}
	if !strings.Contains(log, `"outcome":"spf"`) || !strings.Contains(metrics, `"Outcome":"ignored"`) {
		t.Errorf("%s\n%s", log, metrics)
	}
	for _, word := range []string{"@", "example", "Undelivered"} {
		if strings.Contains(log+metrics, word) {
			t.Errorf("%s is in the log: %s", word, log)
		}
	}
}

func TestFailureIsTriedAgain(t *testing.T) {
	log, metrics, err := invoke(t, &receives{err: errors.New("throttled")}, "mail.json", "-", "-")
	if err == nil || !strings.Contains(err.Error(), "throttled") || !strings.Contains(log, `"outcome":"failed"`) || !strings.Contains(metrics, `"Outcome":"failed"`) {
		t.Errorf("%v\n%s\n%s", err, log, metrics)
	}
}

func TestOtherEventsAreLeftAlone(t *testing.T) {
	for old, changed := range map[string]string{`"aws:ses"`: `"aws:sns"`, `"messageId": "8`: `"messageId": "", "x": "8`, `"Records"`: `"records2"`} {
		r := &receives{}
		if _, _, err := invoke(t, r, "mail.json", old, changed); err != nil || len(r.asked) != 0 {
			t.Errorf("%s: %v, asked %v", changed, err, r.asked)
		}
	}
	if _, _, err := invoke(t, &receives{}, "mail.json", `"2026-01-31T12:00:01.028Z"`, `"yesterday"`); err == nil {
		t.Error("an event without a time is none")
	}
}
