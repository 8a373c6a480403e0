package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-lambda-go/lambda"

	"clientele/shared/membership"
	"clientele/shared/telemetry"
)

// invitations answers what a test says and keeps whom it was asked to invite.
type invitations struct {
	invited bool
	err     error
	hang    bool
	asked   []string
}

func (i *invitations) Invite(ctx context.Context, c membership.Call, email string) (bool, error) {
	i.asked = append(i.asked, email)
	switch {
	case i.hang:
		<-ctx.Done()
		return false, ctx.Err()
	case email == "panic":
		panic("a bug")
	case c.Actor.Realm != membership.System || c.Now.IsZero():
		return false, errors.New("who and when?")
	}
	return i.invited, i.err
}

// cloud is the address at which CloudFormation waits.
type cloud struct {
	*httptest.Server
	answers []cfn.Response
	refuse  int // so many answers first
}

func newCloud(t *testing.T) *cloud {
	c := &cloud{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.refuse > 0 {
			c.refuse--
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		var answer cfn.Response
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &answer)
		}
		if err != nil || r.Method != http.MethodPut || r.Header.Get("Content-Type") != "" || r.URL.RawQuery == "" {
			t.Errorf("%s %s %v: %v", r.Method, r.URL, r.Header, err)
		}
		c.answers = append(c.answers, answer)
	}))
	t.Cleanup(c.Close)
	return c
}

// invoke sends a recorded event, with the cloud's address, through the runtime's own decoding.
func invoke(ctx context.Context, t *testing.T, i *invitations, c *cloud, email, event string) (answer, log string, err error) {
	t.Helper()
	if strings.HasSuffix(event, ".json") {
		text, err := os.ReadFile("testdata/" + event)
		if err != nil {
			t.Fatal(err)
		}
		event = strings.Replace(string(text), "https://cloudformation-custom-resource-response-eucentral1.s3.eu-central-1.amazonaws.com", c.URL, 1)
	}
	var logged bytes.Buffer
	h := handler{administrator: i, email: email, client: &http.Client{Timeout: 30 * time.Second}, now: time.Now, log: telemetry.NewLogger(&logged)}
	out, err := lambda.NewHandler(h.handle).Invoke(ctx, []byte(event))
	return string(out), logged.String(), err
}

func TestResourceInvites(t *testing.T) {
	for _, event := range []string{"create.json", "update.json"} {
		i, c := &invitations{invited: true}, newCloud(t)
		if _, _, err := invoke(t.Context(), t, i, c, "admin@example.com", event); err != nil {
			t.Fatal(err)
		}
		if len(c.answers) != 1 || len(i.asked) != 1 || i.asked[0] != "admin@example.com" {
			t.Fatalf("%s: answers %+v, asked %v", event, c.answers, i.asked)
		}
		a := c.answers[0]
		if a.Status != cfn.StatusSuccess || a.PhysicalResourceID != "first-administrator" || a.LogicalResourceID != "FirstAdministrator" ||
			!strings.HasPrefix(a.RequestID, "unique-id") || !strings.HasPrefix(a.StackID, "arn:") || a.Data["Invited"] != true {
			t.Errorf("%s: %+v", event, a)
		}
	}
}

func TestDeletingDoesNothing(t *testing.T) {
	i, c := &invitations{}, newCloud(t)
	if _, _, err := invoke(t.Context(), t, i, c, "admin@example.com", "delete.json"); err != nil {
		t.Fatal(err)
	}
	if len(i.asked) != 0 || len(c.answers) != 1 || c.answers[0].Status != cfn.StatusSuccess {
		t.Errorf("asked %v, answers %+v", i.asked, c.answers)
	}
}

func TestFailuresAreAnswered(t *testing.T) {
	for name, test := range map[string]struct {
		i             *invitations
		email, reason string
	}{
		"rule":  {&invitations{err: membership.InvalidField("email", "invalid_email", "This is not an e-mail address.")}, "admin", "not an e-mail address"},
		"table": {&invitations{err: errors.New("table: secret detail")}, "admin@example.com", "log says why"},
		"panic": {&invitations{}, "panic", "log says why"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			_, log, err := invoke(t.Context(), t, test.i, c, test.email, "create.json")
			if err != nil {
				t.Fatal(err)
			}
			if len(c.answers) != 1 || c.answers[0].Status != cfn.StatusFailed || !strings.Contains(c.answers[0].Reason, test.reason) || strings.Contains(c.answers[0].Reason, "secret detail") {
				t.Errorf("answers %+v", c.answers)
			}
			if !strings.Contains(log, `"level":"ERROR"`) {
				t.Errorf("log %s", log)
			}
		})
	}
}

func TestAnswersInTime(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(margin+20*time.Millisecond))
	defer cancel()
	c := newCloud(t)
	if _, _, err := invoke(ctx, t, &invitations{hang: true}, c, "admin@example.com", "create.json"); err != nil {
		t.Fatal(err)
	}
	if len(c.answers) != 1 || c.answers[0].Status != cfn.StatusFailed {
		t.Errorf("answers %+v", c.answers)
	}
}

func TestAnswerIsRepeated(t *testing.T) {
	c := newCloud(t)
	c.refuse = answers - 1
	if _, _, err := invoke(t.Context(), t, &invitations{}, c, "admin@example.com", "create.json"); err != nil || len(c.answers) != 1 {
		t.Errorf("%v, answers %+v", err, c.answers)
	}
	c.refuse = answers
	if _, _, err := invoke(t.Context(), t, &invitations{}, c, "admin@example.com", "create.json"); err == nil {
		t.Error("a lost answer is no error")
	}
	c.Close()
	if _, _, err := invoke(t.Context(), t, &invitations{}, c, "admin@example.com", "create.json"); err == nil || strings.Contains(err.Error(), "Signature") {
		t.Errorf("err %v", err)
	}
}

func TestDirectInvocation(t *testing.T) {
	for event, want := range map[string]string{`{}`: "admin@example.com", `{"email":""}`: "admin@example.com", `{"email":"other@example.com"}`: "other@example.com"} {
		for _, invited := range []bool{true, false} {
			i := &invitations{invited: invited}
			answer, _, err := invoke(t.Context(), t, i, nil, "admin@example.com", event)
			if err != nil || i.asked[0] != want || answer != map[bool]string{true: `{"invited":true}`, false: `{"invited":false}`}[invited] {
				t.Errorf("%s: %s, asked %v, %v", event, answer, i.asked, err)
			}
		}
	}
	if _, _, err := invoke(t.Context(), t, &invitations{err: errors.New("table: throttled")}, nil, "admin@example.com", `{}`); err == nil {
		t.Error("a failure is no error")
	}
}
