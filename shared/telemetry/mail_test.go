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
	if err := telemetry.Mails(&out, time.UnixMilli(1), map[string]int{"sent": 3, "abandoned": 1}, 2); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"Mails":3,"Outcome":"sent"`, `"Mails":1,"Outcome":"abandoned"`, `"MailsAbandoned":1`, `"InvitationsSent":2`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
	out.Reset()
	if err := telemetry.Mails(&out, time.UnixMilli(1), map[string]int{"sent": 3}, 0); err != nil || strings.Contains(out.String(), "MailsAbandoned") || strings.Contains(out.String(), "Invitations") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
