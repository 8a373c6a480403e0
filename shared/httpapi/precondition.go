package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"clientele/shared/membership"
)

// IfMatch returns the version that a change is based on. Errors: 428 without the header, 400 when it is not an ETag of
// ours. A weak tag (`W/"3"`) counts as a strong one, because proxies that compress weaken tags on the way.
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
	if !ok || err != nil || version < 1 || number != strconv.Itoa(version) {
		return 0, membership.InvalidField("If-Match", "invalid_if_match", `If-Match must be the ETag you read, with its quotes, for example "3".`)
	}
	return version, nil
}

// OptionalIfMatch is IfMatch for an action that does not need a version; without the header it returns 0, which is no
// version.
func OptionalIfMatch(r *http.Request) (int, error) {
	if r.Header.Get("If-Match") == "" {
		return 0, nil
	}
	return IfMatch(r)
}

// PathVersion returns the id in the address, and the version that a change of it is based on. Errors: those of PathID
// and IfMatch.
func PathVersion(r *http.Request, name string) (id string, version int, err error) {
	if id, err = PathID(r, name); err == nil {
		version, err = IfMatch(r)
	}
	return id, version, err
}

// PathOptionalVersion is PathVersion for an action that does not need a version.
func PathOptionalVersion(r *http.Request, name string) (id string, version int, err error) {
	if id, err = PathID(r, name); err == nil {
		version, err = OptionalIfMatch(r)
	}
	return id, version, err
}

const (
	maxKey  = 100 // characters of an Idempotency-Key; a UUID has 36
	maxPath = 256 // characters of an address; our longest has two ids and some 100
)

// IdempotencyKey returns the caller's promise that requests of this actor with the same Idempotency-Key are one
// request, or nil without the header. The body stays readable. The key's route is the address with its ids, so that one
// key used for two records makes two requests.
func IdempotencyKey(r *http.Request, actorID string) (*membership.IdempotencyKey, error) {
	values := r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return nil, nil
	}
	key := values[0]
	if len(values) > 1 || !printable(key, maxKey) {
		return nil, membership.InvalidField("Idempotency-Key", "invalid_idempotency_key", "Idempotency-Key must be 1 to 100 printable ASCII characters.")
	}
	if len(r.URL.Path) > maxPath || strings.Contains(r.URL.Path, "#") {
		return nil, membership.ErrNotFound // no record has such an id
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return &membership.IdempotencyKey{
		ActorID:  actorID,
		Route:    r.Method + " " + r.URL.Path,
		Key:      key,
		BodyHash: hex.EncodeToString(sum[:]),
	}, nil
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
