package journeys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/google/uuid"

	"clientele/shared/files"
)

// postOffice does what SES does with an incoming mail: it puts it into the bucket and invokes the function.
type postOffice struct {
	t      *testing.T
	stack  stack
	bucket files.Bucket
	lambda *lambda.Client
	raw    []byte // a recorded mail
	event  map[string]any
}

func thePostOffice(t *testing.T, s stack) postOffice {
	t.Helper()
	cfg := aws.Config{Region: s.Region, BaseEndpoint: &s.Endpoint, HTTPClient: client,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		})}
	p := postOffice{t: t, stack: s, bucket: files.New(cfg, s.Files, time.Now), lambda: lambda.NewFromConfig(cfg)}
	var err error
	if p.raw, err = os.ReadFile("../../shared/inbound/testdata/exchange.eml"); err != nil {
		t.Fatal(err)
	}
	event, err := os.ReadFile("../../functions/inbound-mail/testdata/mail.json")
	if err == nil {
		err = json.Unmarshal(event, &p.event)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// inboundMail is a mail on its way: the recorded one with another sender, id and time, and with a test's changes.
type inboundMail struct {
	from     string
	raw      []byte
	receipt  map[string]any
	envelope map[string]any // the part of the event about the mail
	event    map[string]any
	id       string
}

func (p postOffice) mail(from string) inboundMail {
	p.t.Helper()
	m := inboundMail{from: from, id: strings.ReplaceAll(uuid.NewString(), "-", "")}
	m.raw = bytes.ReplaceAll(p.raw, []byte("maja.berg@example.com"), []byte(from))
	m.raw = bytes.ReplaceAll(m.raw, []byte("AM0PR01MB0001ABCDEF@"), []byte(m.id+"@"))
	copied, err := json.Marshal(p.event)
	if err == nil {
		err = json.Unmarshal(copied, &m.event)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	ses := m.event["Records"].([]any)[0].(map[string]any)["ses"].(map[string]any)
	m.envelope, m.receipt = ses["mail"].(map[string]any), ses["receipt"].(map[string]any)
	m.envelope["source"], m.envelope["messageId"], m.envelope["timestamp"] = from, m.id, time.Now().UTC().Format(time.RFC3339Nano)
	return m
}

// with adds a field to the header.
func (m inboundMail) with(field string) inboundMail {
	m.raw = append([]byte(field+"\r\n"), m.raw...)
	return m
}

func (p postOffice) deliver(m inboundMail) {
	p.t.Helper()
	if err := p.bucket.Put(p.t.Context(), files.InboundMail(m.envelope["messageId"].(string)), "message/rfc822", m.raw); err != nil {
		p.t.Fatal(err)
	}
	payload, err := json.Marshal(m.event)
	if err != nil {
		p.t.Fatal(err)
	}
	out, err := p.lambda.Invoke(p.t.Context(), &lambda.InvokeInput{FunctionName: &p.stack.Inbound, Payload: payload})
	if err != nil {
		p.t.Fatal(err)
	}
	if out.FunctionError != nil || strings.Contains(string(out.Payload), "errorMessage") {
		p.t.Fatalf("inbound-mail failed: %s", out.Payload)
	}
}

var registrationInMail = regexp.MustCompile(`/registration#([A-Za-z0-9_.-]+)`)

// TestRegistrationByMail goes from a mail to the registration address to the waiting list, and sends mails that must
// lead nowhere.
func TestRegistrationByMail(t *testing.T) {
	s := theStack(t)
	staff, visitor, post := admin(t, s), nobody(t, s), thePostOffice(t, s)
	change := settingsOf(staff)
	t.Cleanup(func() { change(map[string]any{"registrationAddress": ""}) }) // before the lock is released
	change(map[string]any{"selfRegistration": true, "registrationAddress": "register@portal.example", "registrationNeedsApproval": true})

	maja := post.mail(address("maja"))
	post.deliver(maja)
	letter := mailed(t, s, maja.from, 1)
	found := registrationInMail.FindStringSubmatch(letter.Text)
	if found == nil || strings.Contains(letter.Text+letter.HTML+letter.Subject, "Fjordfisk") || strings.Contains(letter.Text+letter.HTML, "Berg") {
		t.Fatalf("letter %q:\n%s", letter.Subject, letter.Text)
	}
	if !strings.Contains(letter.HTML, `lang="de"`) {
		t.Error("the mail is in German, the letter is not")
	}

	// Nothing may come of what follows; that shows once a later mail has been answered.
	post.deliver(maja) // once more
	again := maja
	again.envelope["messageId"] = strings.ReplaceAll(uuid.NewString(), "-", "") // its server sent it twice
	post.deliver(again)
	silent := map[string]inboundMail{}
	for name, header := range map[string]string{"vacation": "Auto-Submitted: auto-replied", "list": "List-Id: <staff.example.com>", "second sender": "From: boss@example.org"} {
		silent[name] = post.mail(address("silent")).with(header)
	}
	for _, verdict := range []string{"dmarcVerdict", "spfVerdict", "virusVerdict"} {
		m := post.mail(address("silent"))
		m.receipt[verdict] = map[string]string{"status": "FAIL"}
		silent[verdict] = m
	}
	bounce := post.mail(address("silent"))
	bounce.envelope["source"] = ""
	forged := post.mail(address("silent"))
	forged.envelope["source"] = address("attacker")
	huge := post.mail(address("silent")).with("X-Padding: " + strings.Repeat("x", 200_000))
	elsewhere := post.mail(address("silent"))
	elsewhere.receipt["recipients"] = []string{"info@portal.example"}
	silent["bounce"], silent["forged"], silent["huge header"], silent["elsewhere"] = bounce, forged, huge, elsewhere
	for _, m := range silent {
		post.deliver(m)
	}
	large := post.mail(address("large")) // a large body does not matter
	large.raw = append(large.raw, bytes.Repeat([]byte("QUJD\r\n"), 500_000)...)
	post.deliver(large)
	mailed(t, s, large.from, 1)
	for name, m := range silent {
		if got := mails(t, s, m.from); len(got) > 0 {
			t.Errorf("%s was answered: %s", name, got[0].Subject)
		}
	}
	if got := mails(t, s, maja.from); len(got) != 1 {
		t.Errorf("%d letters for one mail", len(got))
	}

	confirmed := visitor.must(200, "POST", "/registrations/confirm", map[string]string{"token": strings.TrimRight(found[1], ".")})
	if confirmed.text("status") != "waiting" {
		t.Errorf("confirmed: %s", confirmed.raw)
	}
	within(t, "the registration to wait", func() bool {
		for _, row := range staff.must(http.StatusOK, "GET", "/registrations?status=waiting&limit=200", nil).items("items") {
			if row["email"] != maja.from {
				continue
			}
			details := staff.must(http.StatusOK, "GET", "/registrations/"+row["id"].(string), nil)
			if details.text("firstName") != "Maja" || details.text("lastName") != "Berg" || details.text("comment") != "Zugang für Fjordfisk AS – bitte" || details.text("origin") != "mail" {
				t.Errorf("registration: %s", details.raw)
			}
			return true
		}
		return false
	})
}
