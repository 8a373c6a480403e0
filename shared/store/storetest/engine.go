package storetest

import (
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"clientele/shared/awsclient"
)

// Engine is one DynamoDB to test on.
type Engine struct {
	Name     string
	Endpoint string // "" when it is missing
	variable string
}

// MiniStack returns the local cloud's DynamoDB.
func MiniStack() Engine { return engine("MiniStack", "CLIENTELE_ENDPOINT") }

// DynamoDBLocal returns AWS's own engine, the one that counts consumed capacity.
func DynamoDBLocal() Engine { return engine("DynamoDBLocal", "CLIENTELE_DYNAMODB_LOCAL") }

func engine(name, variable string) Engine {
	return Engine{Name: name, Endpoint: os.Getenv(variable), variable: variable}
}

// Engines returns all engines that the store must pass on. Table skips a test when its engine is missing.
func Engines() []Engine { return []Engine{MiniStack(), DynamoDBLocal()} }

// Require skips the test when the engine is missing, or fails it under CLIENTELE_REQUIRED=1.
func (e Engine) Require(t testing.TB) {
	t.Helper()
	switch {
	case e.Endpoint != "":
	case os.Getenv("CLIENTELE_REQUIRED") == "1":
		t.Fatalf("%s is required and %s does not say where it is", e.Name, e.variable)
	default:
		t.Skipf("%s does not say where %s is", e.variable, e.Name)
	}
}

// Option is a change to the client's middleware, for example Recorder.Watch or Conflicts.
type Option = func(*middleware.Stack) error

// Client returns a client of the engine. It does not see the tables that Table makes, which have access keys of their
// own.
func (e Engine) Client(options ...Option) *dynamodb.Client { return e.client("test", options...) }

func (e Engine) client(accessKey string, options ...Option) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(e.Endpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: "test"}, nil // no engine checks them
		}),
		HTTPClient: &http.Client{Timeout: time.Minute, Transport: awsclient.Whole(&http.Transport{MaxIdleConnsPerHost: 128})},
		APIOptions: options,
	})
}

// Table makes an empty table with a name of its own, deletes it when the test ends, and returns it with a client that
// has the options. The table also has its own access key: DynamoDB Local keeps one database for each, with one thread,
// so tests that run in parallel do not wait for each other.
func (e Engine) Table(t testing.TB, options ...Option) (client *dynamodb.Client, name string) {
	t.Helper()
	e.Require(t)
	accessKey := "T" + rand.Text()[:12]
	name = "store-" + accessKey
	plain := e.client(accessKey)
	if err := Create(t.Context(), plain, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Delete(context.WithoutCancel(t.Context()), plain, name); err != nil {
			t.Error(err)
		}
	})
	return e.client(accessKey, options...), name
}
