package membership_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clientele/shared/membership"
)

// start is the moment at which every world begins. It has a fraction, because real moments have.
var start = time.Date(2026, 3, 2, 9, 30, 0, 250_000_000, time.UTC)

// world is the rules with the fakes: the provider with an administrator and an agent, and two companies, alpha with a
// person of every role, and beta with an administrator.
type world struct {
	t        *testing.T
	ctx      context.Context
	now      time.Time
	store    *memory
	accounts *accounts
	postman  *postman
	keys     membership.Keys
	last     atomic.Int64

	customers   membership.Customers
	subAccounts membership.SubAccounts
	groups      membership.Groups
	users       membership.Users
	invitations membership.Invitations
	signIn      membership.SignIn
	profile     membership.Profile
	outbox      membership.Outbox
	expiry      membership.Expiry
	first       membership.FirstAdministrator
	records     membership.Records
	emails      membership.EmailChanges
	waited      time.Duration
}

func newWorld(t *testing.T) *world {
	t.Helper()
	keys, err := membership.NewKeys([]byte(strings.Repeat("s", 32)))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ctx: t.Context(), now: start, store: newMemory(), accounts: newAccounts(), postman: &postman{}, keys: keys}
	w.customers = membership.Customers{Store: w.store, NewID: w.id}
	w.subAccounts = membership.SubAccounts{Store: w.store, NewID: w.id}
	w.groups = membership.Groups{Store: w.store, NewID: w.id}
	w.users = membership.Users{Store: w.store, NewID: w.id}
	w.invitations = membership.Invitations{Store: w.store, Accounts: w.accounts, Keys: keys, NewID: w.id, ProviderName: "Provider", Language: "en"}
	w.signIn = membership.SignIn{Store: w.store, Accounts: w.accounts, Keys: keys, NewID: w.id, Wait: func(_ context.Context, d time.Duration) error {
		w.waited += d
		return nil
	}}
	w.profile = membership.Profile{Store: w.store, Phones: phones, NewID: w.id}
	w.records = membership.Records{Store: w.store, Accounts: w.accounts, Phones: phones, NewID: w.id, Language: "en"}
	w.emails = membership.EmailChanges{Store: w.store, Accounts: w.accounts, Keys: keys, NewID: w.id, Language: "en"}
	w.outbox = membership.Outbox{Store: w.store, Postman: w.postman, Keys: keys}
	w.expiry = membership.Expiry{Store: w.store, Invitations: w.invitations, NewID: w.id, Language: "en"}
	w.first = membership.FirstAdministrator{Store: w.store, Invitations: w.invitations, NewID: w.id}

	w.store.customers[membership.ProviderID] = membership.Provider("Provider", "en", start)
	for _, c := range []string{"alpha", "beta"} {
		w.store.customers[c] = membership.Customer{ID: c, Name: c, Type: membership.Corporate, Management: membership.ManagedCustomer,
			Status: membership.CustomerActive, PortalAccess: true, CreatedAt: start, Version: 1}
	}
	w.person(membership.ProviderID, membership.Administrator)
	w.person(membership.ProviderID, membership.Agent)
	for _, r := range membership.RolesOf("alpha") {
		w.person("alpha", r)
	}
	w.person("beta", membership.Administrator)
	return w
}

// phones reads international numbers, and German ones with a zero before them; shared/phone reads all.
func phones(typed, country string) (string, bool) {
	digits := strings.NewReplacer(" ", "", "-", "", "/", "").Replace(typed)
	if national, ok := strings.CutPrefix(digits, "0"); ok && country == "DE" {
		digits = "+49" + national
	}
	return digits, strings.HasPrefix(digits, "+") && len(digits) > 5
}

func (w *world) id() string { return fmt.Sprintf("id-%04d", w.last.Add(1)) }

const goodPassword = "correct horse battery"

// person stores an active user whose id is <customer>-<role>.
func (w *world) person(customerID string, role membership.Role) membership.User {
	id := customerID + "-" + string(role)
	u := membership.User{ID: id, CustomerID: customerID, Status: membership.Active, Role: role, FirstName: "Ann", LastName: string(role),
		Email: id + "@example.com", Username: id, RegisteredAt: start, Version: 1}
	if err := w.store.put(membership.User{}, u); err != nil {
		w.t.Fatal(err)
	}
	w.accounts.passwords[id] = goodPassword
	return u
}

// as returns a call of one of the persons above.
func (w *world) as(customerID string, role membership.Role) membership.Call {
	w.store.mu.Lock()
	u := w.store.users[customerID+"-"+string(role)]
	w.store.mu.Unlock()
	realm := membership.Portal
	if customerID == membership.ProviderID {
		realm = membership.Staff
	}
	return membership.Call{Now: w.now, Actor: membership.Actor{Realm: realm, UserID: u.ID, CustomerID: u.CustomerID, Role: u.Role, Name: u.DisplayName(), RequestID: "req"}}
}

func (w *world) staff() membership.Call { return w.as(membership.ProviderID, membership.Administrator) }

// public returns the call of somebody whom nobody knows.
func (w *world) public() membership.Call {
	return membership.Call{Now: w.now, Actor: membership.Actor{RequestID: "req"}}
}

// invite invites one address to alpha by staff and returns the invitation.
func (w *world) invite(email string, role membership.Role) membership.Invitation {
	w.t.Helper()
	return w.inviteAs(w.staff(), "alpha", email, role)
}

func (w *world) inviteAs(c membership.Call, customerID, email string, role membership.Role) membership.Invitation {
	w.t.Helper()
	results, err := w.invitations.Invite(w.ctx, c, membership.InviteInput{CustomerID: customerID, Role: role,
		Invitees: []membership.Invitee{{Email: email, FirstName: "Ina", LastName: "Vitee"}}})
	if err != nil {
		w.t.Fatal(err)
	}
	if results[0].Err != nil {
		w.t.Fatal(results[0].Err)
	}
	return w.store.invitations[results[0].ID]
}

// token returns the link of an invitation as it is in the table.
func (w *world) token(invitationID string) string {
	return w.keys.Token(w.store.invitations[invitationID].Link())
}

func (w *world) accept(invitationID string) (membership.User, error) {
	u, _, err := w.invitations.Accept(w.ctx, w.public(), membership.AcceptInput{Token: w.token(invitationID), Password: goodPassword})
	return u, err
}

// resetToken asks for a password link and delivers the mail; "" when none was mailed.
func (w *world) resetToken(login string, door membership.Door) string {
	w.t.Helper()
	if err := w.signIn.ForgotPassword(w.ctx, w.public(), membership.Forgot{Login: login, Door: door, Source: "192.0.2.1"}, "en"); err != nil {
		w.t.Fatal(err)
	}
	posted := len(w.postman.posted)
	if _, err := w.outbox.Sweep(w.ctx, 100, func() time.Time { return w.now }); err != nil {
		w.t.Fatal(err)
	}
	for i := posted; i < len(w.postman.posted); i++ {
		if w.postman.posted[i].Letter == membership.LetterPasswordReset {
			return w.postman.tokens[i]
		}
	}
	return ""
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if got := membership.CodeOf(err); got != code || code == "" && err != nil {
		t.Errorf("error %v, want code %q", err, code)
	}
}

func ptr[T any](v T) *T { return &v }
