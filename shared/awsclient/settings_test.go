package awsclient

import (
	"strings"
	"testing"
)

func environment(t *testing.T, pairs ...string) {
	t.Helper()
	for _, name := range []string{region, accessKey, secretKey, sessionToken, endpoint, Table, SecretARN} {
		t.Setenv(name, "")
	}
	t.Setenv(region, "eu-central-1")
	t.Setenv(accessKey, "key")
	t.Setenv(secretKey, "secret")
	for i := 0; i < len(pairs); i += 2 {
		t.Setenv(pairs[i], pairs[i+1])
	}
}

func TestRead(t *testing.T) {
	environment(t, Table, "clientele", endpoint, "http://localhost:4566/", sessionToken, "token")
	s, err := Read(Table)
	if err != nil {
		t.Fatal(err)
	}
	if s.Table != "clientele" || s.Region != "eu-central-1" || s.Endpoint != "http://localhost:4566" || s.SecretARN != "" {
		t.Errorf("settings %+v", s)
	}
	cfg := Config(s)
	credentials, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil || credentials.AccessKeyID != "key" || credentials.SessionToken != "token" {
		t.Errorf("credentials of %q, %v", credentials.AccessKeyID, err)
	}
	if got := Endpoint(cfg, DynamoDB); got != "http://localhost:4566" {
		t.Errorf("endpoint %s", got)
	}
}

func TestReadNamesAllThatIsMissing(t *testing.T) {
	environment(t, region, "")
	_, err := Read(Table, SecretARN)
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"AWS_REGION", "TABLE", "SECRET_ARN"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%q does not name %s", err, name)
		}
	}
	if strings.Contains(err.Error(), "AWS_ACCESS_KEY_ID") {
		t.Errorf("%q names what is there", err)
	}
}

func TestEndpointOnAWS(t *testing.T) {
	environment(t)
	s, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	if got := Endpoint(Config(s), Cognito); got != "https://cognito-idp.eu-central-1.amazonaws.com" {
		t.Errorf("endpoint %s", got)
	}
}
