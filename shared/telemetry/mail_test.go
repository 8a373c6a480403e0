package telemetry_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"clientele/shared/telemetry"
)

func TestMails(t *testing.T) {
	var out bytes.Buffer
	if err := telemetry.Mails(&out, time.UnixMilli(1), map[string]int{"sent": 3, "abandoned": 1}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"Mails":3,"Outcome":"sent"`, `"Mails":1,"Outcome":"abandoned"`, `"MailsAbandoned":1`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
	out.Reset()
	if err := telemetry.Mails(&out, time.UnixMilli(1), map[string]int{"sent": 3}); err != nil || strings.Contains(out.String(), "MailsAbandoned") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
