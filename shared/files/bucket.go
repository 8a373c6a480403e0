package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"clientele/shared/membership"
)

// Bucket is the deployment's bucket. Its methods are safe to repeat and for concurrent use.
type Bucket struct {
	client      aws.HTTPClient
	credentials aws.CredentialsProvider
	region      string
	address     string // of the bucket, without a trailing slash
	name        string
	now         func() time.Time
}

// New returns the bucket of this name. now is the clock that signs requests, forms and links.
func New(cfg aws.Config, name string, now func() time.Time) Bucket {
	b := Bucket{client: cfg.HTTPClient, credentials: cfg.Credentials, region: cfg.Region, name: name, now: now}
	// Regions outside the partition aws have other hosts; they are not supported here.
	b.address = "https://" + name + ".s3." + cfg.Region + ".amazonaws.com"
	if cfg.BaseEndpoint != nil { // the local cloud has no host per bucket
		b.address = strings.TrimSuffix(*cfg.BaseEndpoint, "/") + "/" + name
	}
	return b
}

// Origin returns what pages must allow in their Content-Security-Policy (form-action, connect-src) so that browsers can
// upload to the bucket: scheme, host and port.
func (b Bucket) Origin() string {
	u, err := url.Parse(b.address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Get returns an object of at most limit bytes. Errors: ErrNotFound, ErrTooBig, ErrOverloaded.
func (b Bucket) Get(ctx context.Context, k Key, limit int64) ([]byte, error) {
	return b.send(ctx, http.MethodGet, k.name, nil, field{}, nil, limit)
}

// GetStart returns the first bytes of an object, at most limit. Errors: ErrNotFound, ErrOverloaded.
func (b Bucket) GetStart(ctx context.Context, k Key, limit int64) ([]byte, error) {
	return b.send(ctx, http.MethodGet, k.name, nil, field{"Range", "bytes=0-" + strconv.FormatInt(limit-1, 10)}, nil, limit)
}

// Put writes an object, or replaces it. Errors: ErrOverloaded.
func (b Bucket) Put(ctx context.Context, k Key, contentType string, body []byte) error {
	_, err := b.send(ctx, http.MethodPut, k.name, nil, ofType(contentType), body, answerLimit)
	return err
}

// Delete removes an object; one that does not exist counts as removed. Errors: ErrOverloaded.
func (b Bucket) Delete(ctx context.Context, k Key) error {
	_, err := b.send(ctx, http.MethodDelete, k.name, nil, field{}, nil, answerLimit)
	if membership.KindOf(err) == membership.NotFound {
		return nil
	}
	return err
}

// list returns up to 1,000 keys that begin with prefix, sorted. Errors: ErrOverloaded.
func (b Bucket) list(ctx context.Context, prefix string) ([]string, error) {
	answer, err := b.send(ctx, http.MethodGet, "", url.Values{"list-type": {"2"}, "prefix": {prefix}}, field{}, nil, answerLimit)
	if err != nil {
		return nil, err
	}
	// Our keys contain nothing that XML escapes (isID).
	var names []string
	for rest := string(answer); ; {
		_, after, ok := strings.Cut(rest, "<Key>")
		if !ok {
			return names, nil
		}
		var name string
		name, rest, _ = strings.Cut(after, "</Key>")
		names = append(names, name)
	}
}

// ErrTooBig is Get's error for an object that is larger than the limit.
var ErrTooBig = errors.New("the object is larger than expected")

// Calls are tried as in shared/awsclient: three times, with a pause of up to 100 and 200 ms.
const (
	tries       = 3
	answerLimit = 1 << 20 // for all answers but objects: errors, lists of up to 1,000 keys
)

// field is one header field of a call; the zero field means none.
type field struct{ name, value string }

func ofType(contentType string) field {
	if contentType == "" {
		return field{}
	}
	return field{"Content-Type", contentType}
}

// send makes one call, and retries failures that may pass.
func (b Bucket) send(ctx context.Context, method, key string, query url.Values, header field, body []byte, limit int64) ([]byte, error) {
	if key == "" && query == nil {
		return nil, errors.New("files: a key without customer, user or id")
	}
	for try := 1; ; try++ {
		answer, again, err := b.once(ctx, method, key, query, header, body, limit)
		if err == nil || !again {
			return answer, err
		}
		if try == tries || ctx.Err() != nil {
			return nil, membership.ErrOverloaded.Because(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(rand.N(100 * time.Millisecond << (try - 1))):
		}
	}
}

// once makes one try; again says whether another may help.
func (b Bucket) once(ctx context.Context, method, key string, query url.Values, header field, body []byte, limit int64) (answer []byte, again bool, err error) {
	address := b.address + "/" + key
	if query != nil {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, false, fmt.Errorf("files: %w", err)
	}
	if header.name != "" {
		request.Header.Set(header.name, header.value)
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	request.Header.Set("X-Amz-Content-Sha256", hash)
	credentials, err := b.credentials.Retrieve(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("files: %w", err)
	}
	if err := signer().SignHTTP(ctx, credentials, request, hash, service, b.region, b.now()); err != nil {
		return nil, false, fmt.Errorf("files: %w", err)
	}
	response, err := b.client.Do(request)
	if err != nil {
		return nil, true, fmt.Errorf("files: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusMultipleChoices {
		limit = answerLimit
	}
	answer, err = io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return nil, true, fmt.Errorf("files: %w", err)
	case response.StatusCode == http.StatusNotFound && key != "":
		return nil, false, membership.ErrNotFound
	case response.StatusCode == http.StatusRequestedRangeNotSatisfiable: // an empty object has no first byte
		return nil, false, nil
	case response.StatusCode >= http.StatusMultipleChoices:
		busy := response.StatusCode >= http.StatusInternalServerError || response.StatusCode == http.StatusTooManyRequests
		return nil, busy, fmt.Errorf("files: %s: status %d %s", method, response.StatusCode, between(string(answer), "<Code>", "</Code>"))
	case int64(len(answer)) > limit:
		return nil, false, ErrTooBig
	}
	return answer, false, nil
}

const service = "s3"

// signer returns a signer that takes paths as they are: S3 is the one service that does not escape them twice.
func signer() *v4.Signer {
	return v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
}

func between(text, start, end string) string {
	_, after, _ := strings.Cut(text, start)
	inner, _, _ := strings.Cut(after, end)
	return inner
}
