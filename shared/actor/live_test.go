package actor_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"

	"clientele/shared/actor"
	"clientele/shared/identity/identitytest"
	"clientele/shared/membership"
)

type oneUser membership.Access

func (u oneUser) Access(context.Context, string, string, string) (membership.Access, error) {
	return membership.Access(u), nil
}

// TestLive verifies a token that Cognito made, with the keys that Cognito shows.
func TestLive(t *testing.T) {
	pool := identitytest.New(t)
	accounts := pool.Accounts(time.Now)
	id := uuid.NewString()
	if err := accounts.Create(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	const password = "Correct-Horse 7 battery staple"
	if err := accounts.SetPassword(t.Context(), id, password); err != nil {
		t.Fatal(err)
	}
	answer, err := accounts.SignIn(t.Context(), membership.ConsoleDoor, id, password)
	if err != nil {
		t.Fatal(err)
	}
	staff := oneUser{
		User:     membership.User{ID: id, CustomerID: membership.ProviderID, Status: membership.Active, Role: membership.Agent},
		Customer: membership.Customer{ID: membership.ProviderID, Status: membership.CustomerActive, PortalAccess: true},
	}
	callers := actor.New(actor.Pool{
		ID: pool.ID, Region: identitytest.Region, Endpoint: pool.Endpoint, PortalClientID: pool.PortalClientID, ConsoleClientID: pool.ConsoleClientID,
	}, http.DefaultClient, staff, time.Now) //nolint:forbidigo // a test's own
	r := httptest.NewRequest("GET", "/me", nil)
	r.Header.Set("Authorization", "Bearer "+answer.Tokens.Access)
	who, err := callers.Actor(r)
	if err != nil || who.UserID != id || who.Realm != membership.Staff {
		t.Errorf("%+v, %v", who, err)
	}
	ticket, err := accounts.Ticket(t.Context(), answer.Tokens.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	family, err := callers.Family(r)
	if err != nil || family.ID != ticket.Family || family.ID == "" {
		t.Errorf("family %+v of a ticket of %q, %v", family, ticket.Family, err)
	}
	tokens, err := accounts.Refresh(t.Context(), ticket.Door, id, ticket.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+tokens.Access)
	if refreshed, err := callers.Family(r); err != nil || refreshed.ID != family.ID {
		t.Errorf("a refreshed token is of family %+v, %v", refreshed, err)
	}
}
