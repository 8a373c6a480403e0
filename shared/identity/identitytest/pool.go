// Package identitytest gives tests a user pool on the local cloud, with the properties of template.yaml that matter to
// signing in.
package identitytest

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"clientele/shared/awsclient"
	"clientele/shared/identity"
	"clientele/shared/store/storetest"
)

// Region is that of all pools.
const Region = "eu-central-1"

// Pool is an empty user pool of one test.
type Pool struct {
	ID              string
	PortalClientID  string
	ConsoleClientID string
	Endpoint        string
	API             *cognitoidentityprovider.Client
}

// New makes a pool with a client for each door, deleted at the test's end. Without a local cloud it skips the test.
func New(t testing.TB) Pool {
	t.Helper()
	engine := storetest.MiniStack()
	engine.Require(t)
	p := Pool{Endpoint: engine.Endpoint, API: client(engine.Endpoint)}
	made, err := p.API.CreateUserPool(t.Context(), &cognitoidentityprovider.CreateUserPoolInput{
		PoolName:              aws.String("identity-" + rand.Text()[:12]),
		AdminCreateUserConfig: &types.AdminCreateUserConfigType{AllowAdminCreateUserOnly: true},
		UsernameConfiguration: &types.UsernameConfigurationType{CaseSensitive: aws.Bool(true)},
		Policies:              &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(10)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.ID = *made.UserPool.Id
	t.Cleanup(func() {
		_, err := p.API.DeleteUserPool(context.WithoutCancel(t.Context()), &cognitoidentityprovider.DeleteUserPoolInput{UserPoolId: &p.ID})
		if err != nil {
			t.Error(err)
		}
	})
	if _, err := p.API.SetUserPoolMfaConfig(t.Context(), &cognitoidentityprovider.SetUserPoolMfaConfigInput{
		UserPoolId: &p.ID, MfaConfiguration: types.UserPoolMfaTypeOptional, SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
	}); err != nil {
		t.Fatal(err)
	}
	p.PortalClientID, p.ConsoleClientID = p.client(t, "portal"), p.client(t, "console")
	return p
}

func client(endpoint string) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.New(cognitoidentityprovider.Options{
		Region:       Region,
		BaseEndpoint: aws.String(endpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil // the local cloud checks none
		}),
		HTTPClient: &http.Client{Timeout: time.Minute, Transport: awsclient.Whole(&http.Transport{})},
	})
}

func (p Pool) client(t testing.TB, name string) string {
	t.Helper()
	made, err := p.API.CreateUserPoolClient(t.Context(), &cognitoidentityprovider.CreateUserPoolClientInput{
		UserPoolId: &p.ID, ClientName: &name, GenerateSecret: true, EnableTokenRevocation: aws.Bool(true),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *made.UserPoolClient.ClientId
}

// Accounts returns the pool as functions use it.
func (p Pool) Accounts(now func() time.Time) *identity.Pool {
	return identity.New(p.API, p.ID, p.PortalClientID, p.ConsoleClientID, now)
}

// EnrolTOTP gives an account a second factor and returns its secret. access is an access token of the account.
func (p Pool) EnrolTOTP(t testing.TB, userID, access string) string {
	t.Helper()
	secret, err := p.API.AssociateSoftwareToken(t.Context(), &cognitoidentityprovider.AssociateSoftwareTokenInput{AccessToken: &access})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.API.VerifySoftwareToken(t.Context(), &cognitoidentityprovider.VerifySoftwareTokenInput{
		AccessToken: &access, UserCode: aws.String(Code(t, *secret.SecretCode, time.Now())),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.API.AdminSetUserMFAPreference(t.Context(), &cognitoidentityprovider.AdminSetUserMFAPreferenceInput{
		UserPoolId: &p.ID, Username: &userID, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true},
	}); err != nil {
		t.Fatal(err)
	}
	return *secret.SecretCode
}

// Code returns the six digits of a second factor at a time (RFC 6238).
func Code(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(at.Unix()/30)) //nolint:gosec // no time before 1970
	h := hmac.New(sha1.New, key)
	h.Write(counter[:])
	sum := h.Sum(nil)
	at4 := sum[len(sum)-1] & 0x0f
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at4:at4+4])&0x7fffffff%1_000_000)
}
