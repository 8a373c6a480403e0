package files

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"clientele/shared/membership"
)

// Terms are what an upload must comply with; S3 refuses any other before it stores a byte.
type Terms struct {
	Key         Key
	ContentType string // exactly this type; one that ends in "/", such as "image/", allows every type that begins with it
	MaxBytes    int64  // the file has at least one byte and at most this many
	Expires     time.Time
	Back        string // where the browser goes afterwards; with "" the answer is 201, for scripts and services
}

// Form signs a form with which a browser, or a service, uploads one file. It also ends with the role's credentials, so
// Expires should be some minutes away. Until then, anybody who has the form can upload, even twice.
func (b Bucket) Form(ctx context.Context, t Terms) (membership.UploadForm, error) {
	if t.Key.name == "" {
		return membership.UploadForm{}, errors.New("files: a form without a key")
	}
	credentials, err := b.credentials.Retrieve(ctx)
	if err != nil {
		return membership.UploadForm{}, fmt.Errorf("files: %w", err)
	}
	at := b.now().UTC()
	fields := map[string]string{
		"key":              t.Key.name,
		"Content-Type":     t.ContentType,
		"x-amz-algorithm":  "AWS4-HMAC-SHA256",
		"x-amz-credential": credentials.AccessKeyID + "/" + scope(at, b.region),
		"x-amz-date":       at.Format(stamp),
	}
	if credentials.SessionToken != "" {
		fields["x-amz-security-token"] = credentials.SessionToken
	}
	if t.Back != "" {
		fields["success_action_redirect"] = t.Back
	} else {
		fields["success_action_status"] = "201"
	}
	conditions := []any{map[string]string{"bucket": b.name}, []any{"content-length-range", 1, t.MaxBytes}}
	for name, value := range fields {
		operator := "eq"
		if name == "Content-Type" && strings.HasSuffix(value, "/") {
			operator = "starts-with"
			fields[name] = value + "*"
		}
		conditions = append(conditions, []string{operator, "$" + name, value})
	}
	policy, err := json.Marshal(map[string]any{"expiration": t.Expires.UTC().Format("2006-01-02T15:04:05.000Z"), "conditions": conditions})
	if err != nil {
		return membership.UploadForm{}, fmt.Errorf("files: %w", err)
	}
	fields["policy"] = base64.StdEncoding.EncodeToString(policy)
	fields["x-amz-signature"] = signature(credentials, at, b.region, fields["policy"])
	return membership.UploadForm{URL: b.address + "/", Fields: fields, ExpiresAt: t.Expires}, nil
}

const stamp = "20060102T150405Z"

func scope(at time.Time, region string) string {
	return at.Format("20060102") + "/" + region + "/" + service + "/aws4_request"
}

// signature signs a form's policy in base64 (S3 API Reference, "Authenticating requests in browser-based uploads using
// POST"); in the SDK only the client for S3 can.
func signature(c aws.Credentials, at time.Time, region, policy string) string {
	key := []byte("AWS4" + c.SecretAccessKey)
	for part := range strings.SplitSeq(scope(at, region), "/") {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, policy))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
