package pages_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/pquerna/otp/totp"
)

// withSecondFactor gives a user a second factor, as an authenticator app would, and returns its secret.
func withSecondFactor(t *testing.T, s stack, userID, accessToken string) string {
	t.Helper()
	ctx := context.Background()
	pool := cognitoidentityprovider.New(cognitoidentityprovider.Options{Region: s.Region, BaseEndpoint: &s.Endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		})})
	secret, err := pool.AssociateSoftwareToken(ctx, &cognitoidentityprovider.AssociateSoftwareTokenInput{AccessToken: &accessToken})
	if err != nil {
		t.Fatal(err)
	}
	code := codeOf(t, *secret.SecretCode)
	if _, err := pool.VerifySoftwareToken(ctx, &cognitoidentityprovider.VerifySoftwareTokenInput{AccessToken: &accessToken, UserCode: &code}); err != nil {
		t.Fatal(err)
	}
	_, err = pool.AdminSetUserMFAPreference(ctx, &cognitoidentityprovider.AdminSetUserMFAPreferenceInput{
		UserPoolId: &s.UserPoolID, Username: &userID, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *secret.SecretCode
}

func codeOf(t *testing.T, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestSecondFactor(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer := api.customer("Careful Ltd", "corporate")
	email := address("totp")
	id := api.join(customer, email, "member", "en")
	secret := withSecondFactor(t, s, id, signedIn(t, s, email, password, "portal").token)

	p := somebody(t)
	p.signIn(s.Portal, email, password)
	p.sees("Second step")
	p.fill("code", "000000")
	p.press("Continue")
	p.sees("This code is wrong or over.")
	code := codeOf(t, secret)
	p.fill("code", code[:3]+" "+code[3:]) // as apps show it
	p.press("Continue")
	p.sees("Your profile")
}
