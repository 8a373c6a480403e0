package mail_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"clientele/shared/mail"
	"clientele/shared/mail/sending"
)

func client(endpoint string) *sesv2.Client {
	return sesv2.New(sesv2.Options{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(endpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
}

// request is what SES receives (API reference, SendEmail).
type request struct {
	FromEmailAddress, ConfigurationSetName string
	Destination                            struct{ ToAddresses []string }
	EmailTags                              []struct{ Name, Value string }
	Content                                struct {
		Simple struct {
			Subject struct{ Data, Charset string }
			Body    struct {
				Text struct{ Data, Charset string }
				HTML struct{ Data, Charset string } `json:"Html"`
			}
			Headers []struct{ Name, Value string }
		}
	}
}

// answers is an SES of a few lines: it keeps the requests and gives the answers in turn, the last one for ever.
func answers(t *testing.T, answer ...func(http.ResponseWriter)) (*sesv2.Client, func() []request) {
	var mu sync.Mutex
	var got []request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in request
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &in)
		}
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, in)
		answer[min(len(got), len(answer))-1](w)
	}))
	t.Cleanup(server.Close)
	return client(server.URL), func() []request {
		mu.Lock()
		defer mu.Unlock()
		return got
	}
}

func accepted(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"MessageId":"0107019"}`)
}

func failed(status int, code, message string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"message":%q}`, message)
	}
}

func TestSendWritesTheRequest(t *testing.T) {
	ses, got := answers(t, accepted)
	sender := sending.Sender{Client: ses, From: "no-reply@bücher.example", FromName: "Bücher\r\nBcc: x@y.example \"AG\"", ConfigurationSet: "clientele"}
	m := render(t, usual().letter(t, "invitation"), "de")
	id, err := sender.Send(t.Context(), " anna.o'neil+x@Bücher.example ", m, "01JP3Z5K7Q8R9S0T1V2W3X4Y5Z")
	if err != nil || id != "0107019" {
		t.Fatal(id, err)
	}
	r := got()[0]
	from, err := netmail.ParseAddress(r.FromEmailAddress)
	if err != nil || from.Name != `Bücher Bcc: x@y.example "AG"` || from.Address != "no-reply@xn--bcher-kva.example" {
		t.Errorf("from %q: %v, %v", r.FromEmailAddress, from, err)
	}
	if strings.ContainsFunc(r.FromEmailAddress, func(c rune) bool { return c < ' ' || c > '~' }) {
		t.Errorf("from %q is not ASCII", r.FromEmailAddress)
	}
	if r.ConfigurationSetName != "clientele" {
		t.Error(r.ConfigurationSetName)
	}
	if to := r.Destination.ToAddresses; len(to) != 1 || to[0] != "anna.o'neil+x@xn--bcher-kva.example" {
		t.Errorf("to %q", to)
	}
	if tags := r.EmailTags; len(tags) != 1 || tags[0].Name != "mail" || tags[0].Value != "01JP3Z5K7Q8R9S0T1V2W3X4Y5Z" {
		t.Error(tags)
	}
	s := r.Content.Simple
	if s.Subject.Data != m.Subject || s.Body.Text.Data != m.Text || s.Body.HTML.Data != m.HTML {
		t.Error("the message is not the letter")
	}
	if s.Subject.Charset != "UTF-8" || s.Body.Text.Charset != "UTF-8" || s.Body.HTML.Charset != "UTF-8" {
		t.Error("a part is not UTF-8")
	}
	headers := map[string]string{}
	for _, h := range s.Headers {
		headers[h.Name] = h.Value
	}
	if len(headers) != 2 || headers["Auto-Submitted"] != "auto-generated" || headers["X-Auto-Response-Suppress"] != "All" {
		t.Error(headers)
	}
}

func TestSenderWithoutName(t *testing.T) {
	ses, got := answers(t, accepted)
	if _, err := (sending.Sender{Client: ses, From: "no-reply@example.com"}).Send(t.Context(), "a@example.com", mail.Message{}, "1"); err != nil {
		t.Fatal(err)
	}
	if from := got()[0].FromEmailAddress; from != "no-reply@example.com" {
		t.Error(from)
	}
}

// Addresses that SES cannot take are refused without asking it.
func TestSendRefusesAddresses(t *testing.T) {
	ses, got := answers(t, accepted)
	sender := sending.Sender{Client: ses, From: "no-reply@example.com"}
	for _, to := range []string{"", "anna", "anna@", "@example.com", "jörg@example.com", "a@b@c.example", "a b@example.com", "Anna <anna@example.com>", "<anna@example.com>",
		"a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com", "a@exa mple.com", "a@-.example", "a@exa_mple..com", `"a b"@example.com`} {
		_, err := sender.Send(t.Context(), to, mail.Message{}, "1")
		var refused mail.Refused
		if !errors.As(err, &refused) || refused.Reason == "" {
			t.Errorf("%q: %v", to, err)
		}
	}
	if len(got()) != 0 {
		t.Errorf("SES was asked: %+v", got())
	}
	// A wrong sender is not the mail's fault.
	_, err := sending.Sender{Client: ses, From: "Clientele <no-reply@example.com>"}.Send(t.Context(), "a@example.com", mail.Message{}, "1")
	if refused := (mail.Refused{}); err == nil || errors.As(err, &refused) {
		t.Error(err)
	}
}

func TestSendErrors(t *testing.T) {
	for _, c := range []struct {
		status        int
		code, message string
		refused       bool
		calls         int
	}{
		{400, "MessageRejected", "Email contains a virus", true, 1},
		{400, "MessageRejected", "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: a@example.com", false, 1},
		{400, "MessageRejected", "Sending suspended for this account. For more information, please check the inbox", false, 1},
		{400, "BadRequestException", "Illegal address", true, 1},
		{400, "BadRequestException", "Domain contains illegal character", true, 1},
		{400, "BadRequestException", "Configuration set <clientele> does not exist", false, 1},
		{404, "NotFoundException", "Configuration set <clientele> does not exist.", false, 1},
		{400, "AccountSuspendedException", "Account is suspended", false, 1},
		{400, "SendingPausedException", "Account is paused", false, 1},
		{400, "MailFromDomainNotVerifiedException", "MAIL FROM domain is not verified", false, 1},
		{403, "AccessDeniedException", "not authorized to perform ses:SendEmail", false, 1},
		{403, "ExpiredTokenException", "The security token is expired", false, 1},
		{429, "TooManyRequestsException", "Maximum sending rate exceeded.", false, 3},
		{400, "ThrottlingException", "Daily message quota exceeded", false, 3},
		{400, "LimitExceededException", "Daily message quota exceeded", false, 3},
		{500, "InternalFailure", "", false, 1}, // may have been sent
		{503, "ServiceUnavailable", "", false, 1},
	} {
		t.Run(c.code+"/"+c.message, func(t *testing.T) {
			t.Parallel()
			ses, got := answers(t, failed(c.status, c.code, c.message))
			_, err := sending.Sender{Client: ses, From: "no-reply@example.com"}.Send(t.Context(), "a@example.com", mail.Message{Subject: "s", Text: "t", HTML: "h"}, "1")
			if err == nil {
				t.Fatal("no error")
			}
			var refused mail.Refused
			if errors.As(err, &refused) != c.refused {
				t.Errorf("refused is %v, want %v: %v", !c.refused, c.refused, err)
			}
			if c.refused && !strings.Contains(refused.Reason, c.message) {
				t.Errorf("reason %q", refused.Reason)
			}
			if len(got()) != c.calls {
				t.Errorf("%d calls, want %d", len(got()), c.calls)
			}
		})
	}
}

func TestSendAfterThrottle(t *testing.T) {
	ses, got := answers(t, failed(429, "TooManyRequestsException", "Maximum sending rate exceeded."), accepted)
	if _, err := (sending.Sender{Client: ses, From: "no-reply@example.com"}).Send(t.Context(), "a@example.com", mail.Message{}, "1"); err != nil || len(got()) != 2 {
		t.Error(len(got()), err)
	}
}

// A connection that breaks after the request may have sent the mail: only the outbox may try again, not the SDK.
func TestSendIsNotRepeatedBlindly(t *testing.T) {
	ses, got := answers(t, func(w http.ResponseWriter) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			err = conn.Close()
		}
		if err != nil {
			t.Error(err)
		}
	})
	_, err := sending.Sender{Client: ses, From: "no-reply@example.com"}.Send(t.Context(), "a@example.com", mail.Message{}, "1")
	if refused := (mail.Refused{}); err == nil || errors.As(err, &refused) || len(got()) != 1 {
		t.Errorf("%d calls, %v", len(got()), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (sending.Sender{Client: ses, From: "no-reply@example.com"}).Send(ctx, "a@example.com", mail.Message{}, "1"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestLive sends every letter through the local cloud's SES at CLIENTELE_ENDPOINT and looks at what arrived.
func TestLive(t *testing.T) {
	endpoint := os.Getenv("CLIENTELE_ENDPOINT")
	if endpoint == "" {
		t.Skip("CLIENTELE_ENDPOINT is not set")
	}
	ses := client(endpoint)
	domain := fmt.Sprintf("live-%d.example", time.Now().UnixNano())
	sender := sending.Sender{Client: ses, From: "no-reply@" + domain, FromName: "Bücher AG"}
	m := render(t, usual().letter(t, "invitation"), "de")
	_, err := sender.Send(t.Context(), "anna@example.com", m, "1")
	if refused := (mail.Refused{}); err == nil || errors.As(err, &refused) {
		t.Errorf("without an identity: %v, want a temporary error", err)
	}
	if _, err := ses.CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String(domain)}); err != nil {
		t.Fatal(err)
	}
	sent := map[string]mail.Message{}
	for _, letter := range names() {
		for _, language := range mail.Languages() {
			m := render(t, usual().letter(t, letter), language)
			id, err := sender.Send(t.Context(), "anna@bücher.example", m, "mail-"+letter+"-"+language)
			for try := 1; err != nil && !errors.As(err, &mail.Refused{}) && try < 5; try++ { // as the outbox does: a line can break
				id, err = sender.Send(t.Context(), "anna@bücher.example", m, "mail-"+letter+"-"+language)
			}
			if err != nil || id == "" {
				t.Fatal(id, err)
			}
			sent[id] = m
		}
	}
	response, err := http.Get(endpoint + "/_ministack/ses/messages?account=000000000000")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var arrived struct {
		Messages map[string][]struct { // by account
			MessageID string `json:"MessageId"`
			Source    string
			To        []string
			Subject   string
			BodyText  string
			BodyHTML  string `json:"BodyHtml"`
		}
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &arrived); err != nil {
		t.Fatalf("%v: %.300s", err, body)
	}
	for _, a := range slices.Concat(slices.Collect(maps.Values(arrived.Messages))...) {
		m, ok := sent[a.MessageID]
		if !ok {
			continue
		}
		delete(sent, a.MessageID)
		if a.Subject != m.Subject || a.BodyText != m.Text || a.BodyHTML != m.HTML {
			t.Errorf("%s is not what was sent", a.Subject)
		}
		if want := "=?utf-8?q?B=C3=BCcher_AG?= <no-reply@" + domain + ">"; a.Source != want {
			t.Errorf("from %q, want %q", a.Source, want)
		}
		if len(a.To) != 1 || a.To[0] != "anna@xn--bcher-kva.example" {
			t.Errorf("to %q", a.To)
		}
	}
	if len(sent) != 0 {
		t.Errorf("%d letters did not arrive: %.300s", len(sent), body)
	}
}
