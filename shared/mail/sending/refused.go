package sending

import (
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"clientele/shared/mail"
)

// classify tells refusals from errors that pass. SES's codes (API reference of SendEmail, and the page "Amazon SES
// email sending errors" of the developer guide):
//
//	BadRequestException                  refused: the input, in practice the recipient's address ("Illegal address")
//	MessageRejected                      refused: the content; but temporary if it says that an identity is not
//	                                     verified (also how the sandbox answers) or that sending is paused
//	TooManyRequestsException, Throttling temporary: sending rate, daily quota
//	LimitExceededException               temporary: the account's limits
//	SendingPausedException               temporary: account or configuration set, until somebody unpauses it
//	AccountSuspendedException            temporary: until it is cleared with AWS
//	MailFromDomainNotVerifiedException   temporary: the deployment's DNS
//	NotFoundException                    temporary: the configuration set is missing
//	access denied, 5xx, network, time    temporary
//
// Faults of the deployment are temporary on purpose: the mails that they hold up must not get lost. An address on the
// account's suppression list is no error here at all: SES accepts the mail and reports a bounce as an event.
func classify(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	refused := mail.Refused{Reason: api.ErrorCode() + ": " + mail.OneLine(api.ErrorMessage()), Err: err}
	says := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(strings.ToLower(api.ErrorMessage()), w) {
				return true
			}
		}
		return false
	}
	var rejected *types.MessageRejected
	var bad *types.BadRequestException
	switch {
	case errors.As(err, &rejected) && !says("not verified", "paused", "suspended"):
		return refused
	case errors.As(err, &bad) && !says("configuration set", "configuration-set"):
		return refused
	}
	return err
}
