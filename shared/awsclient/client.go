package awsclient

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// client is the HTTP client behind all SDK clients. It keeps connections. While Warm opens one to a host, calls to that
// host wait for it instead of opening another.
type client struct {
	http http.Client

	mu      sync.Mutex
	warming map[string]*sync.WaitGroup // by host
}

func newClient() *client {
	return &client{
		warming: map[string]*sync.WaitGroup{},
		http: http.Client{
			Timeout:       tryTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a signed request goes nowhere else
			Transport: Whole(&http.Transport{
				DialContext:         (&net.Dialer{Timeout: time.Second, KeepAlive: 30 * time.Second}).DialContext,
				TLSHandshakeTimeout: 2 * time.Second,
				MaxIdleConnsPerHost: 8,
				IdleConnTimeout:     time.Minute, // less than the services' own
			}),
		},
	}
}

// Do sends a request.
func (c *client) Do(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	warming := c.warming[r.URL.Host]
	c.mu.Unlock()
	if warming != nil {
		warming.Wait() // ends within tryTimeout
	}
	return c.http.Do(r)
}

// Service is the first label of a service's host.
type Service string

// The services that functions call.
const (
	DynamoDB       Service = "dynamodb"
	Cognito        Service = "cognito-idp"
	SES            Service = "email"
	SecretsManager Service = "secretsmanager"
	Lambda         Service = "lambda"
)

// Endpoint returns the address of a service, without a trailing slash. Regions outside the partition aws have other
// hosts; they are not supported here.
func Endpoint(cfg aws.Config, s Service) string {
	if cfg.BaseEndpoint != nil {
		return *cfg.BaseEndpoint
	}
	return "https://" + string(s) + "." + cfg.Region + ".amazonaws.com"
}

// Warm opens a connection to each service while the function starts, so that no request has to: a TLS handshake takes
// longer than everything else in a start. It does not wait. The first call opens what cannot be opened now.
func Warm(ctx context.Context, cfg aws.Config, services ...Service) {
	c, ok := cfg.HTTPClient.(*client)
	if !ok {
		return
	}
	for _, s := range services {
		c.warm(ctx, Endpoint(cfg, s)+"/")
	}
}

func (c *client) warm(ctx context.Context, address string) {
	u, err := url.Parse(address)
	if err != nil {
		return // the first call reports it
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return
	}
	c.mu.Lock()
	if c.warming[u.Host] == nil {
		c.warming[u.Host] = &sync.WaitGroup{}
	}
	warming := c.warming[u.Host]
	c.mu.Unlock()
	warming.Go(func() {
		// It is unsigned, so the answer may be a refusal; reading it to the end keeps the connection.
		if response, err := c.http.Do(request); err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
			_ = response.Body.Close()
		}
	})
}
