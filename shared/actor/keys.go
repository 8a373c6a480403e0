package actor

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"sync"
	"time"

	"clientele/shared/membership"
)

// Web is the HTTP client that reads the public keys.
type Web interface {
	Do(*http.Request) (*http.Response, error)
}

// How often the keys are read: again for a key id that is unknown, since a pool can get new keys, but not for each of a
// flood of made-up ones; and sooner while there are none at all.
const (
	keysPause  = time.Minute
	noKeyPause = time.Second
)

const (
	maxKeySet   = 64 << 10 // bytes of an answer; Cognito's has two keys and some 900
	minKeyBits  = 2048
	maxExponent = 1<<31 - 1
)

// keys are the public keys of a pool (RFC 7517), by key id.
type keys struct {
	address string
	web     Web
	now     func() time.Time

	mu     sync.Mutex
	byID   map[string]*rsa.PublicKey
	nextAt time.Time // not read again before
}

func newKeys(address string, web Web, now func() time.Time) *keys {
	return &keys{address: address, web: web, now: now}
}

// key returns the key with an id, nil when the pool has none. Errors: ErrOverloaded when no keys can be read.
// The lock is held while the keys are read, so that a crowd waits for one reading.
func (k *keys) key(ctx context.Context, id string) (*rsa.PublicKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key, ok := k.byID[id]; ok {
		return key, nil
	}
	if k.now().Before(k.nextAt) {
		return nil, k.none(nil)
	}
	fresh, err := k.read(ctx)
	if err != nil {
		k.nextAt = k.now().Add(noKeyPause)
		return nil, k.none(err)
	}
	k.byID, k.nextAt = fresh, k.now().Add(keysPause)
	return fresh[id], nil
}

// none is no error when there are keys: then the wanted one is just not among them.
func (k *keys) none(cause error) error {
	if k.byID != nil {
		return nil
	}
	return membership.ErrOverloaded.Because(cause)
}

func (k *keys) read(ctx context.Context) (map[string]*rsa.PublicKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, k.address, nil)
	if err != nil {
		return nil, fmt.Errorf("read the pool's keys: %w", err)
	}
	response, err := k.web.Do(request)
	if err != nil {
		return nil, fmt.Errorf("read the pool's keys: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read the pool's keys: status %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxKeySet))
	if err != nil {
		return nil, fmt.Errorf("read the pool's keys: %w", err)
	}
	return parseKeys(body)
}

// parseKeys returns the RSA signing keys of a key set and skips all others.
func parseKeys(body []byte) (map[string]*rsa.PublicKey, error) {
	var set struct {
		Keys []struct{ Kid, Kty, Use, N, E string }
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("read the pool's keys: %w", err)
	}
	byID := map[string]*rsa.PublicKey{}
	for _, j := range set.Keys {
		n, errN := base64.RawURLEncoding.DecodeString(j.N)
		e, errE := base64.RawURLEncoding.DecodeString(j.E)
		if j.Kty != "RSA" || j.Kid == "" || j.Use != "" && j.Use != "sig" || errN != nil || errE != nil {
			continue
		}
		modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e)
		if modulus.BitLen() < minKeyBits || !exponent.IsInt64() || exponent.Int64() < 3 || exponent.Int64() > maxExponent {
			continue
		}
		byID[j.Kid] = &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}
	}
	if len(byID) == 0 {
		return nil, fmt.Errorf("read the pool's keys: none among %d can be used", len(set.Keys))
	}
	return byID, nil
}
