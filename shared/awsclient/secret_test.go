package awsclient_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clientele/shared/awsclient"
	"clientele/shared/store/storetest"
)

func TestSecret(t *testing.T) {
	tests := map[string]struct {
		answers []string // "<status> <body>", the last one for good
		want    string
		calls   int
	}{
		"text":             {[]string{`200 {"SecretString":"plain text"}`}, "plain text", 1},
		"JSON":             {[]string{`200 {"SecretString":"{\"secret\":\"inside\"}"}`}, "inside", 1},
		"other JSON":       {[]string{`200 {"SecretString":"{\"other\":1}"}`}, `{"other":1}`, 1},
		"throttled once":   {[]string{`400 {"__type":"ThrottlingException"}`, `200 {"SecretString":"x"}`}, "x", 2},
		"down once":        {[]string{`503 `, `200 {"SecretString":"x"}`}, "x", 2},
		"down":             {[]string{`500 `}, "", 3},
		"no such secret":   {[]string{`400 {"__type":"ResourceNotFoundException"}`}, "", 1},
		"broken":           {[]string{`200 {"SecretString":"s3cret`}, "", 1},
		"answer of others": {[]string{`200 <html>s3cret</html>`}, "", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			calls := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				answer := test.answers[min(calls, len(test.answers)-1)]
				calls++
				body, _ := io.ReadAll(r.Body)
				var in struct{ SecretId string }
				if err := json.Unmarshal(body, &in); err != nil || in.SecretId != "arn:x" {
					t.Errorf("asked with %s", body)
				}
				if a := r.Header.Get("Authorization"); !strings.Contains(a, "/eu-central-1/secretsmanager/aws4_request") || r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" {
					t.Errorf("headers %v", r.Header)
				}
				status, text, _ := strings.Cut(answer, " ")
				w.WriteHeader(map[string]int{"200": 200, "400": 400, "500": 500, "503": 503}[status])
				_, _ = io.WriteString(w, text)
			}))
			defer server.Close()
			secret, err := awsclient.Secret(t.Context(), awsclient.Config(settings(t, server.URL)), "arn:x")
			if string(secret) != test.want || (err == nil) != (test.want != "") || calls != test.calls {
				t.Errorf("%q, %v after %d calls", secret, err, calls)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

// TestSecretLive asks the local cloud for a secret of its own making.
func TestSecretLive(t *testing.T) {
	engine := storetest.MiniStack()
	engine.Require(t)
	cfg := awsclient.Config(settings(t, engine.Endpoint))
	name := "awsclient-test"
	call := func(operation, body string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, engine.Endpoint+"/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target", "secretsmanager."+operation)
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=key/20260101/eu-central-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=0")
		response, err := http.DefaultClient.Do(r) //nolint:forbidigo // a test's own
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%s: status %d", operation, response.StatusCode)
		}
	}
	call("CreateSecret", `{"Name":"`+name+`","SecretString":"a text of more than thirty-two characters"}`)
	defer call("DeleteSecret", `{"SecretId":"`+name+`","ForceDeleteWithoutRecovery":true}`)
	secret, err := awsclient.Secret(t.Context(), cfg, name)
	if err != nil || string(secret) != "a text of more than thirty-two characters" {
		t.Errorf("%q, %v", secret, err)
	}
}
