package pages_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"clientele/shared/awsclient"
	"clientele/shared/awsclient/dynamo"
	"clientele/shared/membership"
	"clientele/shared/store"
)

// expiredLink resends an invitation eight days ago, through the rules and the table themselves, and returns the token
// of the link, which has expired since.
func expiredLink(t *testing.T, s stack, invitationID string) string {
	t.Helper()
	table, keys, newID := tableOf(t, s)
	invitations := membership.Invitations{Store: table, Keys: keys, NewID: newID, Language: "en"}
	past := membership.Call{Actor: membership.SystemActor("test"), Now: time.Now().Add(-8 * 24 * time.Hour)}
	invitation, err := invitations.Resend(context.Background(), past, invitationID)
	if err != nil {
		t.Fatal(err)
	}
	return keys.Token(invitation.Link())
}

// proves answers for the name servers of a test's domains.
type proves struct{ record string }

func (proves) PublicMail(string) bool                          { return false }
func (proves) PublicSuffix(string) bool                        { return false }
func (p proves) TXT(context.Context, string) ([]string, error) { return []string{p.record}, nil }

// proven makes a domain a customer's own.
func proven(t *testing.T, s stack, customerID, domain string) {
	t.Helper()
	table, keys, newID := tableOf(t, s)
	domains := membership.Domains{Store: table, Names: proves{keys.DomainRecord(customerID, domain)}, Keys: keys, NewID: newID}
	c := membership.Call{Actor: membership.SystemActor("test"), Now: time.Now()}
	if _, err := domains.Claim(context.Background(), c, customerID, domain); err != nil {
		t.Fatal(err)
	}
	if d, err := domains.Verify(context.Background(), c, customerID, domain); err != nil || !d.Domain.Proven() {
		t.Fatalf("%s is not proven: %v", domain, err)
	}
}

// tableOf returns the deployment's table, for what nobody can do through the product.
func tableOf(t *testing.T, s stack) (store.Table, membership.Keys, func() string) {
	t.Helper()
	t.Setenv("AWS_REGION", s.Region)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_ENDPOINT_URL", s.Endpoint)
	settings, err := awsclient.Read()
	if err != nil {
		t.Fatal(err)
	}
	cfg := awsclient.Config(settings)
	keys, err := awsclient.Keys(context.Background(), cfg, secretARN(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return store.New(dynamo.New(cfg), s.Table), keys, func() string { return uuid.Must(uuid.NewV7()).String() }
}

// secretARN finds the deployment's secret; the local cloud requires no signature.
func secretARN(t *testing.T, s stack) string {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.Endpoint+"/", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "secretsmanager.ListSecrets")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/"+s.Region+"/secretsmanager/aws4_request, SignedHeaders=host, Signature=none")
	w, err := client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	var list struct{ SecretList []struct{ ARN string } }
	if err := json.NewDecoder(w.Body).Decode(&list); err != nil || len(list.SecretList) != 1 {
		t.Fatalf("the stack has %d secrets: %v", len(list.SecretList), err)
	}
	return list.SecretList[0].ARN
}
