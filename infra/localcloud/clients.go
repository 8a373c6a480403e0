package main

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
)

// clients talk to the local cloud.
type clients struct {
	stacks    *cloudformation.Client
	gateway   *apigatewayv2.Client
	functions *lambda.Client
	mail      *sesv2.Client
}

func newClients(opts options) clients {
	cfg := aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(opts.endpoint()),
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:   &http.Client{},
		// While the local cloud has much else to do it cuts answers short, sometimes three times in a row.
		RetryMaxAttempts: 10,
	}
	return clients{
		stacks:    cloudformation.NewFromConfig(cfg),
		gateway:   apigatewayv2.NewFromConfig(cfg),
		functions: lambda.NewFromConfig(cfg),
		mail:      sesv2.NewFromConfig(cfg),
	}
}
