// Package sending hands letters to SES. It is separate from the letters, so that pages can show what a mail will say
// without linking SES.
package sending

import (
	"context"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"golang.org/x/net/idna"

	"clientele/shared/mail"
)

// SES is what a Sender needs of *sesv2.Client.
type SES interface {
	SendEmail(context.Context, *sesv2.SendEmailInput, ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error)
}

// Sender is the mail.Sender of this deployment: it sends letters through SES.
type Sender struct {
	Client           SES
	From             string // address without a name; it or its domain is a verified identity
	FromName         string // shown beside it; may be empty
	ConfigurationSet string // may be empty
}

// Send hands a message to SES and returns SES's id of it. The mail's id becomes the message tag "mail", which
// identifies it in SES's events; it has at most 256 letters, digits, - and _.
//
// SES has no idempotency token: after an error that is no Refused, the mail may or may not be on its way. Throttled
// calls and connections that were never made are tried up to three times here, because nothing can have been sent;
// everything else is left to the outbox, whose tries are counted.
//
// Errors: mail.Refused if this mail will never be accepted; everything else is worth another try later.
func (s Sender) Send(ctx context.Context, to string, m mail.Message, mailID string) (string, error) {
	from, err := s.from()
	if err != nil {
		return "", err
	}
	address, err := wireAddress(to)
	if err != nil {
		return "", mail.Refused{Reason: "invalid address: " + err.Error(), Err: err}
	}
	utf8 := func(s string) *types.Content {
		return &types.Content{Data: aws.String(s), Charset: aws.String("UTF-8")}
	}
	input := &sesv2.SendEmailInput{
		FromEmailAddress: aws.String(from),
		Destination:      &types.Destination{ToAddresses: []string{address}},
		EmailTags:        []types.MessageTag{{Name: aws.String("mail"), Value: aws.String(mailID)}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: utf8(m.Subject),
			Body:    &types.Body{Text: utf8(m.Text), Html: utf8(m.HTML)},
			Headers: []types.MessageHeader{
				// RFC 3834: no vacation notices in return, please. Exchange listens to the second one only.
				{Name: aws.String("Auto-Submitted"), Value: aws.String("auto-generated")},
				{Name: aws.String("X-Auto-Response-Suppress"), Value: aws.String("All")},
			},
		}},
	}
	if s.ConfigurationSet != "" {
		input.ConfigurationSetName = aws.String(s.ConfigurationSet)
	}
	out, err := s.Client.SendEmail(ctx, input, repeatOnlyUnsent)
	if err != nil {
		return "", classify(err)
	}
	return aws.ToString(out.MessageId), nil
}

// from returns the sender with its name, which is encoded where it is not ASCII. A wrong sender is the deployment's
// fault and no Refused: no mail may get lost until somebody fixes it.
func (s Sender) from() (string, error) {
	address, err := wireAddress(s.From)
	if err != nil {
		return "", fmt.Errorf("sender %q: %w", s.From, err)
	}
	if s.FromName == "" {
		return address, nil
	}
	return (&netmail.Address{Name: mail.OneLine(s.FromName), Address: address}).String(), nil
}

// wireAddress returns an address as SES takes it: the domain as A-label, ASCII before the @ (SES does not do SMTPUTF8),
// no display name and no second address.
func wireAddress(s string) (string, error) {
	s = strings.TrimSpace(s)
	parsed, err := netmail.ParseAddress(s)
	if err != nil {
		return "", errors.New("it is no address")
	}
	if parsed.Address != s {
		return "", errors.New("it is more than an address")
	}
	at := strings.LastIndexByte(s, '@')
	if strings.ContainsFunc(s[:at], func(r rune) bool { return r > 126 || r <= ' ' }) {
		return "", errors.New("it has characters before the @ that SES cannot send to")
	}
	domain, err := idna.Lookup.ToASCII(s[at+1:])
	if err != nil {
		return "", errors.New("its domain is no domain name")
	}
	address := s[:at+1] + domain
	if parsed, err := netmail.ParseAddress(address); err != nil || parsed.Address != address { // IDNA knows more dots than ASCII has
		return "", errors.New("its domain is no domain name")
	}
	return address, nil
}

func repeatOnlyUnsent(o *sesv2.Options) {
	o.Retryer = retry.NewStandard(func(so *retry.StandardOptions) {
		so.MaxAttempts = 3
		so.MaxBackoff = time.Second
		so.Retryables = []retry.IsErrorRetryable{
			retry.NoRetryCanceledError{},
			retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes},
			retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
				if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "dial" {
					return aws.TrueTernary
				}
				return aws.UnknownTernary
			}),
		}
	})
}
