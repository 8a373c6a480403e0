package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"clientele/shared/membership"
)

// Values shared by the cloud's answers and the functions' environment.
const (
	region        = "eu-central-1"
	pool          = "eu-central-1_bench"
	portalClient  = "portal-client"
	consoleClient = "console-client"
	secret        = "the secret of the bench, longer than 32 bytes"
)

// cloud answers instead of AWS: Secrets Manager, Cognito and SES give the expected answers; calls to DynamoDB are
// passed to the engine and noted with what they cost.
type cloud struct {
	url    string
	engine string
	server *http.Server
	client *http.Client
	key    *rsa.PrivateKey

	mu    sync.Mutex
	calls []call
	slow  time.Duration // the least that each call to DynamoDB takes
}

// call is one call of a function.
type call struct {
	service, operation string
	body               []byte
	failed             bool
	start, end         time.Time
	capacity           float64 // DynamoDB's
}

func newCloud(engine string) (*cloud, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &cloud{url: "http://" + l.Addr().String(), engine: engine, key: key, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	c.server = &http.Server{Handler: c, ReadHeaderTimeout: time.Minute}
	go func() { _ = c.server.Serve(l) }() // until close
	return c, nil
}

func (c *cloud) close() { _ = c.server.Close() }

// slowDown makes each call to DynamoDB take at least d, so that simultaneous calls overlap even on a busy machine, and
// waits can be counted.
func (c *cloud) slowDown(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slow = d
}

// take returns the calls since the last take.
func (c *cloud) take() []call {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.calls
	c.calls = nil
	return calls
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	service, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	service, _, _ = strings.Cut(service, "_")
	done := call{service: service, operation: operation, body: body, start: start}
	status, answer := http.StatusOK, []byte("{}")
	switch {
	case strings.HasSuffix(r.URL.Path, "/jwks.json"):
		answer = c.keys()
	case service == "":
		if r.URL.Path == "/v2/email/outbound-emails" {
			done.service, done.operation, answer = "SES", "SendEmail", []byte(`{"MessageId":"bench"}`)
		}
	case service == "secretsmanager":
		answer, _ = json.Marshal(map[string]string{"SecretString": secret})
	case service == "AWSCognitoIdentityProviderService":
		answer = c.cognito(operation, body)
	case service == "DynamoDB":
		status, answer, done.capacity, err = c.dynamoDB(r, body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		done.failed = status != http.StatusOK
		c.mu.Lock()
		rest := c.slow - time.Since(start)
		c.mu.Unlock()
		time.Sleep(rest)
	}
	done.end = time.Now()
	if done.service != "" {
		c.mu.Lock()
		c.calls = append(c.calls, done)
		c.mu.Unlock()
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_, _ = w.Write(answer) // a function that has gone needs no answer
}

// dynamoDB passes a call to the engine and asks what it consumed.
func (c *cloud) dynamoDB(r *http.Request, body []byte) (status int, answer []byte, capacity float64, err error) {
	body = append([]byte(`{"ReturnConsumedCapacity":"TOTAL",`), bytes.TrimPrefix(body, []byte("{"))...)
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, c.engine, bytes.NewReader(body))
	if err != nil {
		return 0, nil, 0, err
	}
	for _, h := range []string{"Authorization", "Content-Type", "X-Amz-Date", "X-Amz-Target"} {
		request.Header.Set(h, r.Header.Get(h))
	}
	response, err := c.client.Do(request)
	if err != nil {
		return 0, nil, 0, err
	}
	defer func() { _ = response.Body.Close() }()
	if answer, err = io.ReadAll(response.Body); err != nil {
		return 0, nil, 0, err
	}
	type units struct{ CapacityUnits float64 }
	var one struct{ ConsumedCapacity units }
	var several struct{ ConsumedCapacity []units }
	if json.Unmarshal(answer, &one) == nil {
		capacity = one.ConsumedCapacity.CapacityUnits
	} else if json.Unmarshal(answer, &several) == nil {
		for _, u := range several.ConsumedCapacity {
			capacity += u.CapacityUnits
		}
	}
	return response.StatusCode, answer, capacity, nil
}

func (c *cloud) cognito(operation string, body []byte) []byte {
	var in struct {
		ClientID       string // JSON's decoder also takes Cognito's ClientId
		AuthParameters map[string]string
	}
	_ = json.Unmarshal(body, &in) // what is not said stays empty
	var answer any = map[string]string{}
	switch operation {
	case "DescribeUserPoolClient":
		answer = map[string]any{"UserPoolClient": map[string]string{"ClientId": in.ClientID, "ClientSecret": "client secret"}}
	case "AdminInitiateAuth":
		door := membership.PortalDoor
		if in.ClientID == consoleClient {
			door = membership.ConsoleDoor
		}
		token := c.token(in.AuthParameters["USERNAME"], door)
		answer = map[string]any{"AuthenticationResult": map[string]any{"AccessToken": token, "RefreshToken": "refresh", "ExpiresIn": 3600}}
	}
	b, _ := json.Marshal(answer) // maps of strings cannot fail
	return b
}

func (c *cloud) keys() []byte {
	b, _ := json.Marshal(map[string]any{"keys": []map[string]string{{"kid": "bench", "kty": "RSA", "use": "sig", "alg": "RS256",
		"n": base64.RawURLEncoding.EncodeToString(c.key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(c.key.E)).Bytes())}}})
	return b
}

// token returns an access token like Cognito's.
func (c *cloud) token(userID string, door membership.Door) string {
	client := portalClient
	if door == membership.ConsoleDoor {
		client = consoleClient
	}
	now := time.Now()
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]string{"alg": "RS256", "kid": "bench"}) + "." + part(map[string]any{
		"iss": "https://cognito-idp." + region + ".amazonaws.com/" + pool, "sub": userID, "username": userID, "token_use": "access", "client_id": client,
		"iat": now.Unix(), "auth_time": now.Unix(), "exp": now.Add(time.Hour).Unix(), "origin_jti": rand.Text(), "jti": rand.Text(),
		"event_id": rand.Text(), "scope": "aws.cognito.signin.user.admin", "version": 2,
	})
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, c.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // only for keys that are too small
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// of returns the calls of one service.
func of(calls []call, service string) []call {
	return slices.DeleteFunc(slices.Clone(calls), func(c call) bool { return c.service != service })
}

// waits returns the longest chain of calls in which each began after the one before had ended.
func waits(calls []call) int {
	n := 0
	var end time.Time
	for _, c := range slices.SortedFunc(slices.Values(calls), func(a, b call) int { return a.end.Compare(b.end) }) {
		if c.start.After(end) {
			n, end = n+1, c.end
		}
	}
	return n
}

// readCapacity returns the read capacity units of calls. The engine does not count what was asked for but does not
// exist; DynamoDB bills it like a small item: each key of a get, and each query.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
func readCapacity(calls []call) float64 {
	sum := 0.0
	for _, c := range calls {
		var in struct {
			ConsistentRead bool
			RequestItems   map[string]struct {
				ConsistentRead bool
				Keys           []json.RawMessage
			}
		}
		_ = json.Unmarshal(c.body, &in) // the engine has parsed it already
		least := func(consistent bool) float64 {
			if consistent {
				return 1
			}
			return 0.5
		}
		switch c.operation {
		case "GetItem", "Query":
			sum += max(c.capacity, least(in.ConsistentRead))
		case "BatchGetItem":
			asked := 0.0
			for _, t := range in.RequestItems {
				asked += least(t.ConsistentRead) * float64(len(t.Keys))
			}
			sum += max(c.capacity, asked)
		}
	}
	return sum
}
