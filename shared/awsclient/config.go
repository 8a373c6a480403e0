package awsclient

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// How calls are tried. Three tries of three seconds and two pauses stay below the ten seconds of API functions
// (template.yaml), so that we answer for a service that hangs, and not the gateway.
const (
	tries        = 3
	longestPause = 300 * time.Millisecond
	tryTimeout   = 3 * time.Second
)

// Config returns the configuration of all SDK clients of a function. They share one HTTP client.
func Config(s Settings) aws.Config {
	// Lambda's credentials outlive the process that received them.
	credentials := aws.Credentials{AccessKeyID: s.accessKey, SecretAccessKey: s.secretKey, SessionToken: s.sessionToken, Source: "environment"}
	cfg := aws.Config{
		Region: s.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return credentials, nil
		}),
		HTTPClient: newClient(),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.MaxBackoff = tries, longestPause
			})
		},
	}
	if s.Endpoint != "" {
		cfg.BaseEndpoint = aws.String(s.Endpoint)
	}
	return cfg
}
