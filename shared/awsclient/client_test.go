package awsclient_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"clientele/shared/awsclient"
	"clientele/shared/awsclient/dynamo"
)

// settings are those of a function that talks to a server of the test.
func settings(t *testing.T, address string) awsclient.Settings {
	t.Helper()
	t.Setenv("AWS_REGION", "eu-central-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_SESSION_TOKEN", "")
	t.Setenv("AWS_ENDPOINT_URL", address)
	s, err := awsclient.Read()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The first request of a function opens no connection: it waits for the one that the start has begun.
func TestWarmOpensTheConnectionOfTheFirstCall(t *testing.T) {
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			<-time.After(50 * time.Millisecond) // a slow handshake: the first request comes before its end
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = w.Write([]byte(`{"TableNames":[]}`))
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	cfg := awsclient.Config(settings(t, server.URL))
	awsclient.Warm(t.Context(), cfg, awsclient.DynamoDB)
	for range 3 {
		if _, err := dynamo.New(cfg).ListTables(t.Context(), &dynamodb.ListTablesInput{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections, want the one that was warmed", n)
	}
}

// A service that is away while the function starts is simply called later.
func TestWarmMayFail(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write([]byte(`{}`))
	}))
	defer server.Close()
	cfg := awsclient.Config(settings(t, server.URL))
	awsclient.Warm(t.Context(), cfg, awsclient.DynamoDB, awsclient.Cognito)
	if _, err := dynamo.New(cfg).ListTables(t.Context(), &dynamodb.ListTablesInput{}); err != nil {
		t.Error(err)
	}
}

func TestCallsAreTriedThreeTimes(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer server.Close()
	_, err := dynamo.New(awsclient.Config(settings(t, server.URL))).ListTables(t.Context(), &dynamodb.ListTablesInput{})
	if err == nil || calls.Load() != 3 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}
