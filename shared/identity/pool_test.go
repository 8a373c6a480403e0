package identity_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/google/uuid"

	"clientele/shared/identity"
	"clientele/shared/identity/identitytest"
	"clientele/shared/membership"
)

// password meets the local cloud's default policy, which cannot be turned off through the SDK.
const password = "Correct-Horse 7 battery staple"

func account(t *testing.T, p *identity.Pool) string {
	t.Helper()
	id := uuid.NewString()
	for range 2 { // safe to repeat
		if err := p.Create(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if err := p.SetPassword(t.Context(), id, password); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

func wantCode(t *testing.T, what string, err error, want *membership.Error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %s", what, err, want.Code)
	}
}

func TestSignIn(t *testing.T) {
	p := identitytest.New(t).Accounts(time.Now)
	p.Warm(t.Context())
	id := account(t, p)
	answer, err := p.SignIn(t.Context(), membership.PortalDoor, id, password)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Tokens.Access == "" || answer.Tokens.ExpiresIn < 60 || answer.Challenge != "" {
		t.Errorf("answer %+v", answer)
	}
	if !strings.HasPrefix(answer.Tokens.Refresh, "portal."+id+".") {
		t.Error("the refresh token does not say whose it is")
	}
	for what, try := range map[string]struct{ id, password string }{
		"wrong password": {id, password + "!"}, "unknown": {uuid.NewString(), password}, "empty": {id, ""},
	} {
		_, err := p.SignIn(t.Context(), membership.PortalDoor, try.id, try.password)
		wantCode(t, what, err, membership.ErrWrongCredentials)
	}
	made := uuid.NewString()
	if err := p.Create(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	_, err = p.SignIn(t.Context(), membership.PortalDoor, made, password)
	wantCode(t, "an account without a password yet", err, membership.ErrWrongCredentials)
	_, err = p.SignIn(t.Context(), "backdoor", id, password)
	wantCode(t, "no such door", err, membership.ErrWrongCredentials)
	err = p.SetPassword(t.Context(), id, "short")
	wantCode(t, "short password", err, membership.InvalidField("password", "invalid_password", ""))
}

func TestRefresh(t *testing.T) {
	p := identitytest.New(t).Accounts(time.Now)
	id := account(t, p)
	before := time.Now().Truncate(time.Second)
	answer, err := p.SignIn(t.Context(), membership.ConsoleDoor, id, password)
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := p.Ticket(t.Context(), answer.Tokens.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	if ticket.UserID != id || ticket.Door != membership.ConsoleDoor || ticket.Family == "" || ticket.SignedInAt.Before(before) || ticket.SignedInAt.After(time.Now()) {
		t.Errorf("ticket %+v", ticket)
	}
	tokens, err := p.Refresh(t.Context(), ticket.Door, ticket.UserID, ticket.Refresh)
	if err != nil || tokens.Access == "" || tokens.ExpiresIn < 60 {
		t.Errorf("refreshed: %+v, %v", tokens, err)
	}
	_, err = p.Refresh(t.Context(), membership.PortalDoor, id, ticket.Refresh)
	wantCode(t, "at the other door", err, membership.ErrSignedOut)
	_, err = p.Refresh(t.Context(), membership.ConsoleDoor, uuid.NewString(), ticket.Refresh)
	wantCode(t, "for somebody else", err, membership.ErrSignedOut)
}

// What was sealed cannot be changed: each character of it counts.
func TestSealedTextsAreTamperProof(t *testing.T) {
	p := identitytest.New(t).Accounts(time.Now)
	id := account(t, p)
	answer, err := p.SignIn(t.Context(), membership.PortalDoor, id, password)
	if err != nil {
		t.Fatal(err)
	}
	good := answer.Tokens.Refresh
	parts := strings.SplitN(good, ".", 6)
	changed := func(part int, value string) string {
		other := append([]string{}, parts...)
		other[part] = value
		return strings.Join(other, ".")
	}
	for what, text := range map[string]string{
		"door": changed(0, "console"), "user": changed(1, uuid.NewString()), "time": changed(2, "9999999999"), "family": changed(3, "x"),
		"mac": changed(4, strings.Repeat("A", 43)), "token": changed(5, parts[5]+"x"), "cut": good[:len(good)-1], "empty": "", "dots": ".....",
		"no door": changed(0, ""), "long": good + strings.Repeat("x", 9000), "bad time": changed(2, "soon"), "Cognito's own": parts[5],
	} {
		_, err := p.Ticket(t.Context(), text)
		wantCode(t, what, err, membership.ErrSignedOut)
		_, err = p.Challenge(t.Context(), text)
		wantCode(t, what+" as a challenge", err, membership.ErrChallengeOver)
	}
	_, err = p.Challenge(t.Context(), good)
	wantCode(t, "a refresh token as a challenge", err, membership.ErrChallengeOver)
}

func TestSecondFactor(t *testing.T) {
	pool := identitytest.New(t)
	now := time.Now()
	p := pool.Accounts(func() time.Time { return now })
	id := account(t, p)
	answer, err := p.SignIn(t.Context(), membership.PortalDoor, id, password)
	if err != nil {
		t.Fatal(err)
	}
	secret := pool.EnrolTOTP(t, id, answer.Tokens.Access)
	answer, err = p.SignIn(t.Context(), membership.PortalDoor, id, password)
	if err != nil || answer.Challenge != "totp" || answer.Tokens.Access != "" {
		t.Fatalf("answer %+v, %v", answer, err)
	}
	challenge, err := p.Challenge(t.Context(), answer.Session)
	if err != nil || challenge.UserID != id || challenge.Door != membership.PortalDoor {
		t.Fatalf("challenge %+v, %v", challenge, err)
	}
	right := identitytest.Code(t, secret, time.Now())
	wrong := "000000"
	if right == wrong {
		wrong = "000001"
	}
	_, err = p.AnswerChallenge(t.Context(), challenge.Door, id, challenge.Session, wrong)
	wantCode(t, "wrong code", err, membership.ErrWrongCode)
	_, err = p.AnswerChallenge(t.Context(), membership.ConsoleDoor, id, challenge.Session, right)
	wantCode(t, "at the other door", err, membership.ErrChallengeOver)
	_, err = p.AnswerChallenge(t.Context(), challenge.Door, uuid.NewString(), challenge.Session, right)
	wantCode(t, "for somebody else", err, membership.ErrChallengeOver)
	_, err = p.AnswerChallenge(t.Context(), challenge.Door, id, "portal."+id+".1..x.y", right)
	wantCode(t, "a made-up session", err, membership.ErrChallengeOver)
	tokens, err := p.AnswerChallenge(t.Context(), challenge.Door, id, challenge.Session, right)
	if err != nil || tokens.Access == "" || tokens.Refresh == "" {
		t.Errorf("tokens %+v, %v", tokens, err)
	}
	now = now.Add(5 * time.Minute)
	_, err = p.AnswerChallenge(t.Context(), challenge.Door, id, challenge.Session, right)
	wantCode(t, "after five minutes", err, membership.ErrChallengeOver)
}

// Failures of Cognito are told apart: what passes is ErrOverloaded, a mistake of the deployment is internal.
func TestFailures(t *testing.T) {
	tests := map[string]struct {
		status     int
		kind, text string
		want       string // code of the error; "" is internal
	}{
		"throttled":         {400, "TooManyRequestsException", "Rate exceeded", membership.ErrOverloaded.Code},
		"limit":             {400, "LimitExceededException", "Attempt limit exceeded", membership.ErrOverloaded.Code},
		"down":              {500, "InternalErrorException", "", membership.ErrOverloaded.Code},
		"no JSON":           {503, "", "", membership.ErrOverloaded.Code},
		"wrong password":    {400, "NotAuthorizedException", "Incorrect username or password.", membership.ErrWrongCredentials.Code},
		"wrong secret hash": {400, "NotAuthorizedException", "Unable to verify secret hash for client x", ""},
		"no such client":    {400, "ResourceNotFoundException", "User pool client x does not exist.", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "DescribeUserPoolClient") {
					_, _ = w.Write([]byte(`{"UserPoolClient":{"ClientId":"x","ClientSecret":"s3cret"}}`))
					return
				}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(`{"__type":"` + test.kind + `","message":"` + test.text + `"}`))
			}))
			defer server.Close()
			_, err := poolAt(server.URL).SignIn(t.Context(), membership.PortalDoor, "u", password)
			if err == nil || membership.CodeOf(err) != test.want {
				t.Errorf("%v, want code %q", err, test.want)
			}
		})
	}
	server := httptest.NewServer(nil)
	server.Close()
	err := poolAt(server.URL).Create(t.Context(), "u")
	wantCode(t, "nobody listens", err, membership.ErrOverloaded)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	err = poolAt("http://192.0.2.1").Create(cancelled, "u")
	wantCode(t, "out of time", err, membership.ErrOverloaded)
	if !errors.Is(err, context.Canceled) {
		t.Error("the cause is lost:", err)
	}
}

func poolAt(address string) *identity.Pool {
	api := cognitoidentityprovider.New(cognitoidentityprovider.Options{
		Region: identitytest.Region, BaseEndpoint: &address, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	return identity.New(api, "pool", "x", "", time.Now)
}
