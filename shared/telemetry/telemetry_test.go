package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"clientele/shared/telemetry"
)

func TestRequestLineStaysShort(t *testing.T) {
	var out bytes.Buffer
	r := telemetry.NewRequest(strings.Repeat("\u0001", 5000))
	r.SetRoute("GET /" + strings.Repeat("<", 5000))
	r.SetActor(strings.Repeat("ä", 5000), strings.Repeat(`"`, 5000))
	r.Write(telemetry.NewLogger(&out), 200)
	if out.Len() > 400 {
		t.Errorf("line has %d bytes: %s", out.Len(), out.String())
	}
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
}

func TestRequestLineSaysWhatHappened(t *testing.T) {
	var out bytes.Buffer
	r := telemetry.NewRequest("abc=")
	ctx := telemetry.With(context.Background(), r)
	telemetry.From(ctx).SetRoute("POST /users/{userId}/deactivate")
	telemetry.From(ctx).SetActor("u1", "c1")
	r.Write(telemetry.NewLogger(&out), 409)
	for _, want := range []string{
		`"route":"POST /users/{userId}/deactivate"`, `"status":409`, `"ms":`, `"actor":"u1"`, `"customer":"c1"`, `"requestId":"abc="`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in %s", want, out.String())
		}
	}
	if telemetry.From(context.Background()) != nil {
		t.Error("an empty context has a record")
	}
}

func TestCount(t *testing.T) {
	var out bytes.Buffer
	if err := telemetry.Count(&out, time.UnixMilli(1700000000123), "mails", 3, map[string]string{"outcome": "sent", "letter": "invitation"}); err != nil {
		t.Fatal(err)
	}
	want := `{"_aws":{"CloudWatchMetrics":[{"Dimensions":[["letter","outcome"]],"Metrics":[{"Name":"mails","Unit":"Count"}],"Namespace":"Clientele"}],"Timestamp":1700000000123},"letter":"invitation","mails":3,"outcome":"sent"}` + "\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
	out.Reset()
	if err := telemetry.Count(&out, time.UnixMilli(0), "accepted", 1, nil); err != nil || !strings.Contains(out.String(), `"Dimensions":[[]]`) {
		t.Errorf("without dimensions: %v %s", err, out.String())
	}
}
