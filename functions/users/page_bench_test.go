package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"clientele/shared/actor"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/store"
	"clientele/shared/store/storetest"
)

// BenchmarkListPage is one authenticated page of 50 users as the gateway sends and gets it. infra/bench holds it to its
// budget: at most 1 ms of processor time and 2,000 allocations (design 4).
func BenchmarkListPage(b *testing.B) {
	client, name := storetest.DynamoDBLocal().Table(b)
	table := store.New(client, name)
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	keys, err := membership.NewKeys(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		b.Fatal(err)
	}
	call := membership.Call{Actor: membership.SystemActor(""), Now: time.Now()}
	invitations := membership.Invitations{Store: table, Accounts: accounts{}, Keys: keys, NewID: newID, Language: "en"}
	company := "Sommer GmbH"
	customer, err := membership.Customers{Store: table, NewID: newID}.Create(b.Context(), call, membership.Corporate, membership.CustomerInput{Name: &company})
	if err != nil {
		b.Fatal(err)
	}
	in := membership.InviteInput{CustomerID: customer.ID, Role: membership.Administrator}
	for n := range 60 {
		in.Invitees = append(in.Invitees, membership.Invitee{Email: fmt.Sprintf("mariella.%d@example.com", n), FirstName: "Mariella", LastName: "Brinkmann"})
	}
	rows, err := invitations.Invite(b.Context(), call, in)
	if err != nil {
		b.Fatal(err)
	}
	v, err := invitations.Get(b.Context(), call, rows[0].ID)
	if err != nil {
		b.Fatal(err)
	}
	user, _, err := invitations.Accept(b.Context(), call, membership.AcceptInput{Token: keys.Token(v.Link()), Password: "correct horse battery"})
	if err != nil {
		b.Fatal(err)
	}

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	pool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{"kid": "one", "kty": "RSA", "use": "sig",
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())}}})
	}))
	b.Cleanup(pool.Close)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{"iss": "https://cognito-idp.eu-central-1.amazonaws.com/pool", "username": user.ID,
		"token_use": "access", "client_id": "portal", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(), "origin_jti": "family"})
	unsigned.Header["kid"] = "one"
	token, err := unsigned.SignedString(key)
	if err != nil {
		b.Fatal(err)
	}
	callers := actor.New(actor.Pool{ID: "pool", Region: "eu-central-1", Endpoint: pool.URL, PortalClientID: "portal"}, pool.Client(), table, time.Now)
	serve := httpapi.Lambda(handler{
		users:   membership.Users{Store: table, NewID: newID},
		gate:    httpapi.Gate{Callers: callers, Markers: table, Now: time.Now},
		cursors: httpapi.NewCursors(keys.For(membership.PurposeCursor)),
	}.routes())
	event := events.APIGatewayV2HTTPRequest{RawPath: "/users", RawQueryString: "limit=50", Headers: map[string]string{"authorization": "Bearer " + token, "accept-encoding": "gzip"}}
	event.RequestContext.HTTP.Method = http.MethodGet

	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		answer, err := serve(b.Context(), event)
		if err != nil || answer.StatusCode != http.StatusOK {
			b.Fatalf("status %d %s, %v", answer.StatusCode, answer.Body, err)
		}
	}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		b.Fatal(err)
	}
	used := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	b.ReportMetric(used.Seconds()*1000/float64(b.N), "cpu-ms/op")
}

// TestMain keeps the line that each request writes out of the figures.
func TestMain(m *testing.M) {
	if nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil && os.Getenv("CLIENTELE_BENCH") == "1" {
		os.Stderr = nowhere
	}
	os.Exit(m.Run())
}
