package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"clientele/shared/membership"
)

// IfMatch returns the version that a change was made from: 428 without the header, 400 when it is no ETag of ours. A weak
// tag (`W/"3"`) is taken like a strong one, since proxies that compress weaken tags on their way.
func IfMatch(r *http.Request) (int, error) {
	header := strings.TrimSpace(r.Header.Get("If-Match"))
	if header == "" {
		return 0, membership.ErrNoIfMatch
	}
	tag := strings.TrimPrefix(header, "W/")
	number, ok := strings.CutPrefix(tag, `"`)
	if ok {
		number, ok = strings.CutSuffix(number, `"`)
	}
	version, err := strconv.Atoi(number)
	if !ok || err != nil || version < 0 || number != strconv.Itoa(version) {
		return 0, membership.InvalidField("If-Match", "invalid_if_match", `If-Match must be the ETag you read, with its quotes, for example "3".`)
	}
	return version, nil
}

// Idempotency is the caller's promise that requests with this key are one request.
type Idempotency struct {
	Key  string // "" when the caller sent none
	Hash string // SHA-256 of the body, in hex: the same key with another body is an error
}

// maxKey is the length of an Idempotency-Key in characters; a UUID has 36.
const maxKey = 100

// IdempotencyKey returns the Idempotency-Key of a POST. The body stays readable.
func IdempotencyKey(r *http.Request) (Idempotency, error) {
	values := r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return Idempotency{}, nil
	}
	key := values[0]
	if len(values) > 1 || !printable(key, maxKey) {
		return Idempotency{}, membership.InvalidField("Idempotency-Key", "invalid_idempotency_key", "Idempotency-Key must be 1 to 100 printable ASCII characters.")
	}
	body, err := readBody(r)
	if err != nil {
		return Idempotency{}, err
	}
	sum := sha256.Sum256(body)
	return Idempotency{Key: key, Hash: hex.EncodeToString(sum[:])}, nil
}

// printable says whether s has 1 to n characters, all printable ASCII.
func printable(s string, n int) bool {
	if s == "" || len(s) > n {
		return false
	}
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}
