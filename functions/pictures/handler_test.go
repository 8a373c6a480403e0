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

// finishes answers what a test says and keeps what it was asked.
type finishes struct {
	status membership.AvatarStatus
	err    error
	asked  []membership.AvatarRef
	call   membership.Call
}

func (f *finishes) Finish(_ context.Context, c membership.Call, ref membership.AvatarRef) (membership.AvatarStatus, error) {
	f.asked, f.call = append(f.asked, ref), c
	return f.status, f.err
}

// invoke sends the recorded event, with a part of it changed, through the runtime's own decoding and returns the log.
func invoke(t *testing.T, f *finishes, old, changed string) (string, error) {
	t.Helper()
	event, err := os.ReadFile("testdata/object-created.json")
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	h := handler{avatars: f, now: func() time.Time { return time.Date(2026, 1, 31, 12, 0, 1, 0, time.UTC) }, log: telemetry.NewLogger(&logged)}
	_, err = lambda.NewHandler(h.handle).Invoke(t.Context(), bytes.ReplaceAll(event, []byte(old), []byte(changed)))
	return logged.String(), err
}

func TestUploadIsFinished(t *testing.T) {
	f := &finishes{status: membership.AvatarReady}
	log, err := invoke(t, f, "-", "-")
	if err != nil {
		t.Fatal(err)
	}
	const id = "01a2049a-73a7-7b56-8698-0e8c83ff9b8"
	want := membership.AvatarRef{CustomerID: id + "7", UserID: id + "8", UploadID: id + "9"}
	if len(f.asked) != 1 || f.asked[0] != want || f.call.Actor.Realm != membership.System || f.call.Now.Second() != 1 {
		t.Errorf("asked %+v as %+v", f.asked, f.call)
	}
	if !strings.Contains(log, `"outcome":"ready"`) || strings.Count(log, "\n") != 1 || len(log) > 400 {
		t.Errorf("log %s", log)
	}
}

// A file that is no picture is no failure: it is not tried again.
func TestRefusedIsDone(t *testing.T) {
	log, err := invoke(t, &finishes{status: membership.AvatarRefused}, "-", "-")
	if err != nil || !strings.Contains(log, `"outcome":"refused"`) {
		t.Errorf("%v, %s", err, log)
	}
	if log, err = invoke(t, &finishes{}, "-", "-"); err != nil || !strings.Contains(log, `"outcome":"not wanted"`) {
		t.Errorf("%v, %s", err, log)
	}
}

func TestFailureIsTriedAgain(t *testing.T) {
	log, err := invoke(t, &finishes{err: errors.New("throttled")}, "-", "-")
	if err == nil || !strings.Contains(err.Error(), "throttled") || !strings.Contains(log, `"outcome":"failed"`) {
		t.Errorf("%v, %s", err, log)
	}
}

func TestOtherObjectsAreLeftAlone(t *testing.T) {
	for old, changed := range map[string]string{
		"uploads/avatars/": "uploads/imports/", `"key": "uploads/`: `"key": "/uploads/`, "ff9b88/": "ff9b88/x/",
	} {
		f := &finishes{}
		if _, err := invoke(t, f, old, changed); err != nil || len(f.asked) != 0 {
			t.Errorf("%s: %v, asked %v", changed, err, f.asked)
		}
	}
	if _, err := invoke(t, &finishes{}, `"detail": {`, `"detail": "", "x": {`); err == nil {
		t.Error("an event without detail is none")
	}
}
