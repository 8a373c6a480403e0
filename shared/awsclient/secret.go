package awsclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"

	"clientele/shared/membership"
)

// Keys reads the deployment's secret and returns the keys derived from it.
func Keys(ctx context.Context, cfg aws.Config, arn string) (membership.Keys, error) {
	secret, err := Secret(ctx, cfg, arn)
	if err != nil {
		return membership.Keys{}, err
	}
	return membership.NewKeys(secret)
}

// Secret returns the deployment's secret: the text itself, or the member "secret" when the text is a JSON object. The
// one call to Secrets Manager is signed here, because the SDK's client for it would be linked and initialised in nearly
// every function (some 0.5 MB and a tenth of the start).
func Secret(ctx context.Context, cfg aws.Config, arn string) ([]byte, error) {
	var err error
	for range tries {
		var text string
		var again bool
		if text, again, err = secretText(ctx, cfg, arn); err == nil {
			return secretOf(text), nil
		}
		if !again || ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("read the secret: %w", err)
}

func secretOf(text string) []byte {
	var object struct{ Secret string }
	if json.Unmarshal([]byte(text), &object) == nil && object.Secret != "" {
		return []byte(object.Secret)
	}
	return []byte(text)
}

// secretText calls GetSecretValue once; again says whether another try may help.
func secretText(ctx context.Context, cfg aws.Config, arn string) (text string, again bool, err error) {
	body, err := json.Marshal(map[string]string{"SecretId": arn})
	if err != nil {
		return "", false, err
	}
	response, again, err := signed(ctx, cfg, SecretsManager, "/", map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue",
	}, body)
	if err != nil {
		return "", again, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", true, err
	}
	if response.StatusCode != http.StatusOK {
		var failure struct {
			Type string `json:"__type"`
		}
		_ = json.Unmarshal(answer, &failure) // without a type the status says enough
		return "", response.StatusCode >= 500 || failure.Type == "ThrottlingException", fmt.Errorf("GetSecretValue: status %d %s", response.StatusCode, failure.Type)
	}
	var value struct{ SecretString string }
	if err := json.Unmarshal(answer, &value); err != nil {
		return "", false, errors.New("GetSecretValue: the answer is no JSON") // its error could quote the secret
	}
	return value.SecretString, false, nil
}
