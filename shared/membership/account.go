package membership

import "context"

// Tokens are what a sign-in through the API hands out.
type Tokens struct {
	Access    string
	Refresh   string
	ExpiresIn int // seconds until Access ends
}

// SignInAnswer is either tokens, or a challenge that must be answered first.
type SignInAnswer struct {
	Tokens    Tokens
	Challenge string // "", "totp" or ChallengeNewPassword
	Session   string // to be sent back with the answer to the challenge
}

// Passwords makes accounts and sets their passwords.
type Passwords interface {
	// Create makes the account if there is none.
	Create(ctx context.Context, userID string) error
	// SetPassword sets a password for good.
	SetPassword(ctx context.Context, userID, password string) error
}

// Accounts keeps passwords and second factors; shared/identity implements it with Cognito. An account's name is the
// user's id, and it holds nothing else about the person.
type Accounts interface {
	Passwords
	// SignIn checks a password. Errors: ErrWrongCredentials.
	SignIn(ctx context.Context, door Door, userID, password string) (SignInAnswer, error)
	// AnswerChallenge completes a sign-in. Errors: ErrWrongCode, ErrChallengeOver.
	AnswerChallenge(ctx context.Context, door Door, userID, session, code string) (Tokens, error)
	// Refresh returns a new access token. Errors: ErrSignedOut.
	Refresh(ctx context.Context, door Door, userID, refresh string) (Tokens, error)
}
