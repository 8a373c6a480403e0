package identity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"clientele/shared/membership"
)

// Pool is the user pool. It is safe for concurrent use.
type Pool struct {
	Passwords
	api     calls
	id      string
	portal  *appClient
	console *appClient
	now     func() time.Time
}

// New returns the pool with its app clients for the two doors. A door without a client ("") lets nobody in.
func New(api *cognitoidentityprovider.Client, poolID, portalClientID, consoleClientID string, now func() time.Time) *Pool {
	return &Pool{Passwords: NewPasswords(api, poolID), api: callsOf(api), id: poolID, portal: &appClient{id: portalClientID}, console: &appClient{id: consoleClientID}, now: now}
}

// appClient is the pool's app client of one door.
type appClient struct {
	id string

	mu  sync.Mutex
	key []byte // its secret, read once
}

// Warm reads the secrets of the app clients, so that no request has to. What fails is tried again by the first request.
func (p *Pool) Warm(ctx context.Context) {
	for _, c := range []*appClient{p.portal, p.console} {
		if c.id != "" {
			_, _ = p.secret(ctx, c)
		}
	}
}

func (p *Pool) clientOf(door membership.Door) (*appClient, error) {
	c := p.portal
	if door == membership.ConsoleDoor {
		c = p.console
	}
	if c.id == "" || door != membership.PortalDoor && door != membership.ConsoleDoor {
		return nil, membership.ErrWrongCredentials
	}
	return c, nil
}

// secret returns the secret of an app client. It is not in the environment, because everybody who may read a function's
// configuration could read it there.
func (p *Pool) secret(ctx context.Context, c *appClient) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.key != nil {
		return c.key, nil
	}
	answer, err := p.api.DescribeUserPoolClient(ctx, &cognitoidentityprovider.DescribeUserPoolClientInput{UserPoolId: &p.id, ClientId: &c.id})
	if err != nil {
		return nil, failure("DescribeUserPoolClient", err)
	}
	if answer.UserPoolClient == nil || aws.ToString(answer.UserPoolClient.ClientSecret) == "" {
		return nil, fmt.Errorf("app client %s has no secret", c.id)
	}
	c.key = []byte(*answer.UserPoolClient.ClientSecret)
	return c.key, nil
}

// secretHash returns what Cognito asks of confidential clients: HMAC-SHA-256 of username and client id.
func (p *Pool) secretHash(ctx context.Context, c *appClient, userID string) (string, error) {
	key, err := p.secret(ctx, c)
	if err != nil {
		return "", err
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(userID + c.id))
	return base64.StdEncoding.EncodeToString(h.Sum(nil)), nil
}

// hashed returns the client of a door with its secretHash for a user.
func (p *Pool) hashed(ctx context.Context, door membership.Door, userID string) (*appClient, string, error) {
	c, err := p.clientOf(door)
	if err != nil {
		return nil, "", err
	}
	hash, err := p.secretHash(ctx, c, userID)
	return c, hash, err
}

// SignIn checks a password. The refresh token and the session it returns are sealed; Ticket and Challenge say whose
// they are.
// Errors: ErrWrongCredentials, ErrOverloaded.
func (p *Pool) SignIn(ctx context.Context, door membership.Door, userID, password string) (membership.SignInAnswer, error) {
	c, hash, err := p.hashed(ctx, door, userID)
	if err != nil {
		return membership.SignInAnswer{}, err
	}
	answer, err := p.api.AdminInitiateAuth(ctx, &cognitoidentityprovider.AdminInitiateAuthInput{
		UserPoolId: &p.id, ClientId: &c.id, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": userID, "PASSWORD": password, "SECRET_HASH": hash},
	})
	switch {
	case err != nil && refused(err):
		return membership.SignInAnswer{}, membership.ErrWrongCredentials
	case err != nil:
		return membership.SignInAnswer{}, failure("AdminInitiateAuth", err)
	case answer.AuthenticationResult != nil:
		tokens, err := p.tokens(ctx, c, door, userID, answer.AuthenticationResult)
		return membership.SignInAnswer{Tokens: tokens}, err
	case answer.ChallengeName == types.ChallengeNameTypeSoftwareTokenMfa:
		session, err := p.sealChallenge(ctx, c, door, userID, aws.ToString(answer.Session))
		return membership.SignInAnswer{Challenge: "totp", Session: session}, err
	case answer.ChallengeName == types.ChallengeNameTypeNewPasswordRequired:
		// The account was made and never given a password: nobody can know the one it has.
		return membership.SignInAnswer{}, membership.ErrWrongCredentials
	}
	return membership.SignInAnswer{}, fmt.Errorf("AdminInitiateAuth: unexpected challenge %q", answer.ChallengeName)
}

// AnswerChallenge completes a sign-in. session is what SignIn returned. Errors: ErrWrongCode, ErrChallengeOver,
// ErrOverloaded.
func (p *Pool) AnswerChallenge(ctx context.Context, door membership.Door, userID, session, code string) (membership.Tokens, error) {
	s, err := p.openChallenge(ctx, session)
	if err != nil {
		return membership.Tokens{}, err
	}
	if s.door != door || s.userID != userID {
		return membership.Tokens{}, membership.ErrChallengeOver
	}
	c, hash, err := p.hashed(ctx, door, userID)
	if err != nil {
		return membership.Tokens{}, err
	}
	answer, err := p.api.AdminRespondToAuthChallenge(ctx, &cognitoidentityprovider.AdminRespondToAuthChallengeInput{
		UserPoolId: &p.id, ClientId: &c.id, ChallengeName: types.ChallengeNameTypeSoftwareTokenMfa, Session: &s.inner,
		ChallengeResponses: map[string]string{"USERNAME": userID, "SOFTWARE_TOKEN_MFA_CODE": code, "SECRET_HASH": hash},
	})
	if err != nil {
		switch code := codeOf(err); {
		case code == "CodeMismatchException", code == "ExpiredCodeException", code == "InvalidParameterException":
			return membership.Tokens{}, membership.ErrWrongCode
		case refused(err):
			return membership.Tokens{}, membership.ErrChallengeOver
		}
		return membership.Tokens{}, failure("AdminRespondToAuthChallenge", err)
	}
	if answer.AuthenticationResult == nil {
		return membership.Tokens{}, fmt.Errorf("AdminRespondToAuthChallenge: unexpected challenge %q", answer.ChallengeName)
	}
	return p.tokens(ctx, c, door, userID, answer.AuthenticationResult)
}

// Refresh returns a new access token; refresh is what SignIn returned. It stays the same, so none is returned.
// Errors: ErrSignedOut, ErrOverloaded.
func (p *Pool) Refresh(ctx context.Context, door membership.Door, userID, refresh string) (membership.Tokens, error) {
	s, err := p.openTicket(ctx, refresh)
	if err != nil {
		return membership.Tokens{}, err
	}
	if s.door != door || s.userID != userID {
		return membership.Tokens{}, membership.ErrSignedOut
	}
	c, hash, err := p.hashed(ctx, door, userID)
	if err != nil {
		return membership.Tokens{}, err
	}
	answer, err := p.api.AdminInitiateAuth(ctx, &cognitoidentityprovider.AdminInitiateAuthInput{
		UserPoolId: &p.id, ClientId: &c.id, AuthFlow: types.AuthFlowTypeRefreshTokenAuth,
		AuthParameters: map[string]string{"REFRESH_TOKEN": s.inner, "SECRET_HASH": hash},
	})
	if err != nil {
		if refused(err) {
			return membership.Tokens{}, membership.ErrSignedOut
		}
		return membership.Tokens{}, failure("AdminInitiateAuth", err)
	}
	if answer.AuthenticationResult == nil {
		return membership.Tokens{}, fmt.Errorf("AdminInitiateAuth: unexpected challenge %q", answer.ChallengeName)
	}
	return membership.Tokens{
		Access:    aws.ToString(answer.AuthenticationResult.AccessToken),
		ExpiresIn: int(answer.AuthenticationResult.ExpiresIn),
	}, nil
}

// tokens returns what a completed sign-in hands out, its refresh token sealed.
func (p *Pool) tokens(ctx context.Context, c *appClient, door membership.Door, userID string, r *types.AuthenticationResultType) (membership.Tokens, error) {
	access := aws.ToString(r.AccessToken)
	refresh, err := p.sealTicket(ctx, c, door, userID, access, aws.ToString(r.RefreshToken))
	if err != nil {
		return membership.Tokens{}, err
	}
	return membership.Tokens{Access: access, Refresh: refresh, ExpiresIn: int(r.ExpiresIn)}, nil
}
