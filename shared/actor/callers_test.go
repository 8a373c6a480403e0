package actor

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clientele/shared/membership"
)

// world is a pool's key set, a table with one portal user, and a clock.
type world struct {
	key     *rsa.PrivateKey
	jwks    *httptest.Server
	reads   atomic.Int64 // of the key set
	broken  atomic.Bool
	now     time.Time
	table   *table
	callers *Callers
}

// table is the AccessStore: it notes how it was asked.
type table struct {
	access membership.Access
	asked  []string // customer ids
	err    error
}

func (t *table) Access(_ context.Context, customerID, userID, _ string) (membership.Access, error) {
	t.asked = append(t.asked, customerID)
	if t.err != nil || userID != t.access.User.ID || customerID != "" && customerID != t.access.User.CustomerID {
		return membership.Access{}, t.err
	}
	return t.access, nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{key: key, now: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)}
	w.jwks = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.reads.Add(1)
		if r.URL.Path != "/pool_1/.well-known/jwks.json" || w.broken.Load() {
			rw.WriteHeader(http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(rw).Encode(map[string]any{"keys": []map[string]string{jwk("one", &key.PublicKey)}})
	}))
	t.Cleanup(w.jwks.Close)
	w.table = &table{access: membership.Access{
		User:     membership.User{ID: "ada", CustomerID: "acme", Status: membership.Active, Role: membership.Member, FirstName: "Ada", LastName: "L"},
		Customer: membership.Customer{ID: "acme", Status: membership.CustomerActive, PortalAccess: true},
	}}
	w.callers = New(Pool{ID: "pool_1", Region: "eu-central-1", Endpoint: w.jwks.URL, PortalClientID: "portal-client", ConsoleClientID: "console-client"},
		w.jwks.Client(), w.table, func() time.Time { return w.now })
	return w
}

func jwk(id string, key *rsa.PublicKey) map[string]string {
	return map[string]string{
		"kid": id, "kty": "RSA", "use": "sig", "alg": "RS256",
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}
}

func (w *world) claims() map[string]any {
	return map[string]any{
		"iss": "https://cognito-idp.eu-central-1.amazonaws.com/pool_1", "sub": "x", "username": "ada", "token_use": "access",
		"client_id": "portal-client", "iat": w.now.Add(-time.Minute).Unix(), "auth_time": w.now.Add(-time.Minute).Unix(),
		"exp": w.now.Add(time.Hour).Unix(), "origin_jti": "family", "jti": "y",
	}
}

func part(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func (w *world) sign(head map[string]any, claims map[string]any) string {
	text := part(head) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, w.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (w *world) token(change map[string]any) string {
	claims := w.claims()
	for k, v := range change {
		if v == nil {
			delete(claims, k)
		} else {
			claims[k] = v
		}
	}
	return w.sign(map[string]any{"alg": "RS256", "kid": "one"}, claims)
}

func request(authorization ...string) *http.Request {
	r := httptest.NewRequest("GET", "/me", nil)
	for _, a := range authorization {
		r.Header.Add("Authorization", a)
	}
	return r
}

func TestGoodToken(t *testing.T) {
	w := newWorld(t)
	w.callers.Warm(t.Context())
	for range 3 {
		actor, err := w.callers.Actor(request("Bearer " + w.token(nil)))
		if err != nil {
			t.Fatal(err)
		}
		if actor.UserID != "ada" || actor.CustomerID != "acme" || actor.Realm != membership.Portal || actor.Role != membership.Member {
			t.Errorf("actor %+v", actor)
		}
	}
	if got := strings.Join(w.table.asked, ","); got != ",acme,acme" {
		t.Errorf("the table was asked with customers %q: one wait once the customer is known", got)
	}
	if w.reads.Load() != 1 {
		t.Errorf("keys read %d times", w.reads.Load())
	}
	family, err := w.callers.Family(request("bearer " + w.token(nil)))
	if err != nil || family.ID != "family" || !family.EndsAt.Equal(w.now.Add(-time.Minute+(30*24+1)*time.Hour)) {
		t.Errorf("family %+v, %v", family, err)
	}
}

// Nobody but the provider's users comes in at the console, so their customer needs no look-up.
func TestStaffAreReadInOneWait(t *testing.T) {
	w := newWorld(t)
	w.table.access.User.CustomerID, w.table.access.User.Role = membership.ProviderID, membership.StaffAdministrator
	w.table.access.Customer.ID = membership.ProviderID
	actor, err := w.callers.Actor(request("Bearer " + w.token(map[string]any{"client_id": "console-client"})))
	if err != nil || actor.Realm != membership.Staff {
		t.Errorf("%+v, %v", actor, err)
	}
	if got := strings.Join(w.table.asked, ","); got != membership.ProviderID {
		t.Errorf("the table was asked with customers %q", got)
	}
}

// What may be read ahead is what the caller reaches once let in, and nothing for a bad token.
func TestReach(t *testing.T) {
	w := newWorld(t)
	portal, console := "Bearer "+w.token(nil), "Bearer "+w.token(map[string]any{"client_id": "console-client"})
	want := func(authorization string, reach membership.Reach) {
		t.Helper()
		if got := w.callers.Reach(request(authorization)); got != reach {
			t.Errorf("reach %+v, want %+v", got, reach)
		}
	}
	want(portal, membership.Reach{})
	want(console, membership.ReachAll())
	actor, err := w.callers.Actor(request(portal))
	if err != nil {
		t.Fatal(err)
	}
	want(portal, actor.Reach())
	for _, bad := range []string{"", "Bearer x", "Bearer " + w.token(map[string]any{"exp": w.now.Unix()}), "Bearer " + w.token(map[string]any{"client_id": "someone"})} {
		want(bad, membership.Reach{})
	}
	if got := len(w.table.asked); got != 1 {
		t.Errorf("the table was asked %d times", got)
	}
}

func TestBadTokens(t *testing.T) {
	w := newWorld(t)
	good := w.token(nil)
	parts := strings.Split(good, ".")
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	forged := &world{key: other, now: w.now}
	public, err := x509.MarshalPKIXPublicKey(&w.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	hs256 := func(secret []byte) string {
		text := part(map[string]any{"alg": "HS256", "kid": "one"}) + "." + parts[1]
		h := hmac.New(sha256.New, secret)
		h.Write([]byte(text))
		return text + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
	}
	admin := w.claims()
	admin["username"] = "root"
	tests := map[string][]string{
		"nothing":                      {},
		"empty":                        {""},
		"no token":                     {"Bearer "},
		"another scheme":               {"Basic " + good},
		"two":                          {"Bearer " + good, "Bearer " + good},
		"no JWT":                       {"Bearer abc"},
		"long":                         {"Bearer " + strings.Repeat("a", 5000)},
		"expired":                      {"Bearer " + w.token(map[string]any{"exp": w.now.Unix()})},
		"no end":                       {"Bearer " + w.token(map[string]any{"exp": nil})},
		"not yet":                      {"Bearer " + w.token(map[string]any{"nbf": w.now.Add(time.Minute).Unix()})},
		"no time of issue":             {"Bearer " + w.token(map[string]any{"iat": nil})},
		"another issuer":               {"Bearer " + w.token(map[string]any{"iss": "https://cognito-idp.eu-central-1.amazonaws.com/pool_2"})},
		"no issuer":                    {"Bearer " + w.token(map[string]any{"iss": nil})},
		"another client":               {"Bearer " + w.token(map[string]any{"client_id": "someone"})},
		"no client":                    {"Bearer " + w.token(map[string]any{"client_id": nil})},
		"the other door":               {"Bearer " + w.token(map[string]any{"client_id": "console-client"})},
		"id token":                     {"Bearer " + w.token(map[string]any{"token_use": "id", "client_id": nil, "aud": "portal-client"})},
		"refresh token":                {"Bearer " + w.token(map[string]any{"token_use": "refresh"})},
		"no user":                      {"Bearer " + w.token(map[string]any{"username": nil})},
		"unknown user":                 {"Bearer " + w.token(map[string]any{"username": "bob"})},
		"claims of other types":        {"Bearer " + w.token(map[string]any{"username": 7, "exp": "soon"})},
		"another key":                  {"Bearer " + forged.token(nil)},
		"tampered":                     {"Bearer " + parts[0] + "." + part(admin) + "." + parts[2]},
		"cut":                          {"Bearer " + good[:len(good)-4]},
		"no signature":                 {"Bearer " + parts[0] + "." + parts[1] + "."},
		"alg none":                     {"Bearer " + part(map[string]any{"alg": "none", "kid": "one"}) + "." + parts[1] + "."},
		"HS256 with the public key":    {"Bearer " + hs256(public)},
		"HS256 with its PEM":           {"Bearer " + hs256(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))},
		"HS256 with the modulus":       {"Bearer " + hs256(w.key.N.Bytes())},
		"RS512 in the head":            {"Bearer " + w.sign(map[string]any{"alg": "RS512", "kid": "one"}, w.claims())},
		"no key id":                    {"Bearer " + w.sign(map[string]any{"alg": "RS256"}, w.claims())},
		"key id of another type":       {"Bearer " + w.sign(map[string]any{"alg": "RS256", "kid": 1}, w.claims())},
		"a key of its own in the head": {"Bearer " + forged.sign(map[string]any{"alg": "RS256", "kid": "two", "jwk": jwk("two", &other.PublicKey)}, w.claims())},
	}
	for name, authorization := range tests {
		t.Run(name, func(t *testing.T) {
			actor, err := w.callers.Actor(request(authorization...))
			if !errors.Is(err, membership.ErrSignedOut) || actor != (membership.Actor{}) {
				t.Errorf("%+v, %v", actor, err)
			}
		})
	}
	if _, err := w.callers.Actor(request("Bearer " + good)); err != nil {
		t.Error("the good one is refused:", err)
	}
}

// A cut-off holds for every sign-in before it, even if it was refreshed since.
func TestCutOff(t *testing.T) {
	w := newWorld(t)
	for name, change := range map[string]func(a *membership.Access){
		"user":         func(a *membership.Access) { a.User.ValidFrom = w.now },
		"sign-ins":     func(a *membership.Access) { a.SignIns.ValidFrom = w.now },
		"signed out":   func(a *membership.Access) { a.SignIns.SignedOut = map[string]time.Time{"family": w.now} },
		"deactivated":  func(a *membership.Access) { a.User.Status = membership.Deactivated },
		"customer":     func(a *membership.Access) { a.Customer.ValidFrom = w.now },
		"customer out": func(a *membership.Access) { a.Customer.Status = membership.CustomerDeactivated },
	} {
		t.Run(name, func(t *testing.T) {
			before := w.table.access
			defer func() { w.table.access = before }()
			change(&w.table.access)
			refreshed := w.token(map[string]any{"iat": w.now.Unix()})
			if _, err := w.callers.Actor(request("Bearer " + refreshed)); !errors.Is(err, membership.ErrSignedOut) {
				t.Errorf("refreshed after it: %v", err)
			}
		})
	}
}

func TestUnknownKeyIDsReadTheKeysOnceAMinute(t *testing.T) {
	w := newWorld(t)
	flood := "Bearer " + w.sign(map[string]any{"alg": "RS256", "kid": "made-up"}, w.claims())
	for range 200 {
		if _, err := w.callers.Actor(request(flood)); !errors.Is(err, membership.ErrSignedOut) {
			t.Fatal(err)
		}
	}
	if n := w.reads.Load(); n != 1 {
		t.Errorf("keys read %d times, want 1", n)
	}
	w.now = w.now.Add(time.Minute)
	for range 200 {
		_, _ = w.callers.Actor(request(flood))
	}
	if n := w.reads.Load(); n != 2 {
		t.Errorf("keys read %d times after a minute, want 2", n)
	}
	w.broken.Store(true)
	w.now = w.now.Add(time.Minute)
	if _, err := w.callers.Actor(request(flood)); !errors.Is(err, membership.ErrSignedOut) {
		t.Errorf("unknown while the keys cannot be read again: %v", err)
	}
	if _, err := w.callers.Actor(request("Bearer " + w.token(nil))); err != nil {
		t.Errorf("known while the keys cannot be read again: %v", err)
	}
}

func TestKeysThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	w.broken.Store(true)
	w.callers.Warm(t.Context())
	good := "Bearer " + w.token(nil)
	for range 5 {
		if _, err := w.callers.Actor(request(good)); !errors.Is(err, membership.ErrOverloaded) {
			t.Fatalf("%v, want try again: nobody is signed out because Cognito is down", err)
		}
	}
	if n := w.reads.Load(); n != 1 {
		t.Errorf("read %d times within a second", n)
	}
	w.broken.Store(false)
	w.now = w.now.Add(time.Second)
	if _, err := w.callers.Actor(request(good)); err != nil {
		t.Error(err)
	}
}

func TestKeySets(t *testing.T) {
	w := newWorld(t)
	good := jwk("one", &w.key.PublicKey)
	with := func(name, value string) map[string]string {
		other := maps.Clone(good)
		other[name] = value
		return other
	}
	for what, set := range map[string]any{
		"none": map[string]any{"keys": []any{}}, "no JSON": "x", "elliptic": map[string]any{"keys": []any{with("kty", "EC")}},
		"for encryption": map[string]any{"keys": []any{with("use", "enc")}}, "no id": map[string]any{"keys": []any{with("kid", "")}},
		"short": map[string]any{"keys": []any{with("n", "AQAB")}}, "exponent 1": map[string]any{"keys": []any{with("e", "AQ")}},
		"not base64": map[string]any{"keys": []any{with("n", "§")}},
	} {
		text, err := json.Marshal(set)
		if err != nil {
			t.Fatal(err)
		}
		if keys, err := parseKeys(text); err == nil {
			t.Errorf("%s: %d keys", what, len(keys))
		}
	}
}

// A remembered customer that turns out wrong costs a second read, but nobody's access.
func TestCustomerRemembered(t *testing.T) {
	w := newWorld(t)
	w.callers.customers.note("ada", "elsewhere")
	if _, err := w.callers.Actor(request("Bearer " + w.token(nil))); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(w.table.asked, ","); got != "elsewhere," {
		t.Errorf("asked %q", got)
	}
	if w.callers.customers.of("ada") != "acme" {
		t.Error("the right customer is not remembered")
	}
	failure := errors.New("the table is away")
	w.table.err = failure
	if _, err := w.callers.Actor(request("Bearer " + w.token(nil))); !errors.Is(err, failure) {
		t.Errorf("%v", err)
	}
	c := newCustomers()
	for i := range maxCustomers + 1 {
		c.note(string(rune(i+0x20000)), "x")
	}
	if len(c.byUser) > maxCustomers {
		t.Errorf("%d remembered", len(c.byUser))
	}
}
