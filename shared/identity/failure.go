package identity

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/aws/smithy-go"

	"clientele/shared/membership"
)

func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// refused says whether Cognito turned away the person, not our call: a wrong secret hash has the same code, and is a
// mistake of the deployment that must not look like a wrong password.
func refused(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode() {
	case "NotAuthorizedException":
		return !strings.Contains(strings.ToLower(api.ErrorMessage()), "secret")
	case "UserNotFoundException", "UserNotConfirmedException", "PasswordResetRequiredException", "RefreshTokenReuseException":
		return true
	}
	return false
}

// failure returns ErrOverloaded for errors that pass; others are the deployment's fault. Cognito's messages name
// nobody.
func failure(call string, err error) error {
	wrapped := fmt.Errorf("%s: %w", call, err)
	var api smithy.APIError
	var network net.Error
	var cancelled *smithy.CanceledError
	switch {
	case errors.As(err, &api):
		switch api.ErrorCode() {
		case "TooManyRequestsException", "LimitExceededException", "TooManyFailedAttemptsException", "ThrottlingException",
			"InternalErrorException", "InternalFailure", "InternalServerError", "ServiceUnavailable", "ServiceUnavailableException",
			"ConcurrentModificationException", "RequestTimeout":
			return membership.ErrOverloaded.Because(wrapped)
		}
		if api.ErrorFault() == smithy.FaultServer || status(err) >= 500 || status(err) == 429 {
			return membership.ErrOverloaded.Because(wrapped)
		}
	case errors.As(err, &network), errors.As(err, &cancelled), status(err) >= 500, noAnswer(err):
		return membership.ErrOverloaded.Because(wrapped)
	}
	return wrapped
}

// noAnswer says whether the call got no answer: the connection broke before or during it.
func noAnswer(err error) bool {
	var operation *smithy.OperationError
	return errors.As(err, &operation) && status(err) == 0
}

func status(err error) int {
	var response interface{ HTTPStatusCode() int }
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}
