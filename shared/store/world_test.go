package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"clientele/shared/membership"
	"clientele/shared/store/storetest"
)

// noon is the moment at which tests begin. It is far ahead, because the engines have clocks of their own: MiniStack
// removes each minute what has a ttl in the past.
func noon() time.Time { return time.Date(2086, 5, 4, 12, 0, 0, 0, time.UTC) }

// world is an empty table with the use cases that work on it.
type world struct {
	table       Table
	client      *dynamodb.Client
	calls       *storetest.Recorder
	ids         *atomic.Int64
	accounts    *accounts
	keys        membership.Keys
	customers   membership.Customers
	subAccounts membership.SubAccounts
	users       membership.Users
	invitations membership.Invitations
	signIn      membership.SignIn
	expiry      membership.Expiry
	records     membership.Records
	now         time.Time
}

// each runs a test on every engine, in parallel, with a table of its own.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	for _, e := range storetest.Engines() {
		t.Run(e.Name, func(t *testing.T) {
			e.Require(t)
			t.Parallel()
			test(t, newWorld(t, e))
		})
	}
}

// groups stores active groups.
func (w *world) groups(t testing.TB, ids ...string) {
	t.Helper()
	for _, id := range ids {
		change := w.table.write()
		change.put(groupItem(membership.Group{ID: id, Name: "Group " + id, Active: true, CreatedAt: w.now, Version: 1}), always(), nil)
		must(t, w.table.commit(t.Context(), change))
	}
}

func newWorld(t testing.TB, e storetest.Engine, options ...storetest.Option) *world {
	t.Helper()
	w := &world{calls: &storetest.Recorder{}, ids: &atomic.Int64{}, accounts: &accounts{passwords: map[string]string{}}, now: noon()}
	var name string
	w.client, name = e.Table(t, append(options, w.calls.Watch)...)
	w.table = New(w.client, name)
	var err error
	if w.keys, err = membership.NewKeys([]byte("a secret of a test, longer than 32 bytes")); err != nil {
		t.Fatal(err)
	}
	w.customers = membership.Customers{Store: w.table, NewID: w.id}
	w.subAccounts = membership.SubAccounts{Store: w.table, NewID: w.id}
	w.users = membership.Users{Store: w.table, NewID: w.id}
	w.invitations = membership.Invitations{Store: w.table, Accounts: w.accounts, Keys: w.keys, NewID: w.id, ProviderName: "Provider", Language: "en"}
	w.records = membership.Records{Store: w.table, Accounts: w.accounts, NewID: w.id, Language: "en"}
	w.expiry = membership.Expiry{Store: w.table, Invitations: w.invitations, NewID: w.id, Language: "en"}
	w.signIn = membership.SignIn{Store: w.table, Accounts: w.accounts, Keys: w.keys, NewID: w.id, Wait: func(context.Context, time.Duration) error { return nil }}
	return w
}

// id makes ids that sort in the order in which they were made, as UUIDv7 do.
func (w *world) id() string { return fmt.Sprintf("id-%08d", w.ids.Add(1)) }

func (w *world) staff() membership.Call { return w.as(membership.Staff, membership.ProviderID) }

func (w *world) as(realm membership.Realm, customerID string) membership.Call {
	return membership.Call{Now: w.now, Actor: membership.Actor{Realm: realm, UserID: "actor-of-" + customerID, CustomerID: customerID,
		Role: membership.Administrator, Name: "Ada Actor", RequestID: "request"}}
}

func (w *world) system() membership.Call {
	return membership.Call{Now: w.now, Actor: membership.SystemActor("request")}
}

// trail is that of a change which no use case made.
func (w *world) trail() membership.Trail {
	return membership.Trail{Now: w.now, Audit: membership.AuditEntry{ID: w.id(), At: w.now, Realm: membership.Staff, CustomerID: "somewhere", Action: "test"}}
}

func (w *world) customer(t testing.TB, name string) membership.Customer {
	t.Helper()
	c, err := w.customers.Create(t.Context(), w.staff(), membership.Corporate, membership.CustomerInput{Name: &name})
	must(t, err)
	return c
}

// invite invites one address and returns its invitation as stored.
func (w *world) invite(t testing.TB, c membership.Call, customerID, email string) membership.Invitation {
	t.Helper()
	results, err := w.invitations.Invite(t.Context(), c, membership.InviteInput{CustomerID: customerID, Invitees: []membership.Invitee{{Email: email, FirstName: "Eva", LastName: "Lopez"}}})
	must(t, err)
	if results[0].Err != nil {
		t.Fatalf("invite %s: %v", email, results[0].Err)
	}
	v, err := w.table.Invitation(t.Context(), membership.ReachAll(), results[0].ID)
	must(t, err)
	return v
}

func (w *world) accept(ctx context.Context, v membership.Invitation) (membership.User, error) {
	u, _, err := w.invitations.Accept(ctx, membership.Call{Now: w.now}, membership.AcceptInput{Token: w.keys.Token(v.Link()), Password: "correct horse battery"})
	return u, err
}

// member is an active user.
func (w *world) member(t testing.TB, customerID, email string) membership.User {
	t.Helper()
	v := w.invite(t, w.staff(), customerID, email)
	u, err := w.accept(t.Context(), v)
	must(t, err)
	return u
}

func (w *world) user(t testing.TB, id string) membership.User {
	t.Helper()
	u, err := w.table.User(t.Context(), membership.ReachAll(), id)
	must(t, err)
	return u
}

// items returns everything in the table, by key.
func (w *world) items(t testing.TB) map[key]item {
	t.Helper()
	all, err := storetest.Items(t.Context(), w.client, w.table.name)
	must(t, err)
	byKey := make(map[key]item, len(all))
	for _, i := range all {
		byKey[item(i).key()] = i
	}
	return byKey
}

// of returns the items of one entity.
func of(items map[key]item, entity string) []item {
	var some []item
	for _, i := range items {
		if i.str("entity") == entity {
			some = append(some, i)
		}
	}
	return some
}

// accounts is a sign-in service in memory.
type accounts struct {
	mu        sync.Mutex
	passwords map[string]string
	delay     time.Duration // the longest that a call takes
}

func (a *accounts) enter(ctx context.Context) (leave func(), err error) {
	if a.delay > 0 {
		select {
		case <-time.After(rand.N(a.delay)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	a.mu.Lock()
	return a.mu.Unlock, nil
}

func (a *accounts) Create(ctx context.Context, userID string) error {
	leave, err := a.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if _, there := a.passwords[userID]; !there {
		a.passwords[userID] = ""
	}
	return nil
}

func (a *accounts) SetPassword(ctx context.Context, userID, password string) error {
	leave, err := a.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	a.passwords[userID] = password
	return nil
}

func (a *accounts) SignIn(ctx context.Context, _ membership.Door, userID, password string) (membership.SignInAnswer, error) {
	leave, err := a.enter(ctx)
	if err != nil {
		return membership.SignInAnswer{}, err
	}
	defer leave()
	if have, ok := a.passwords[userID]; !ok || have != password {
		return membership.SignInAnswer{}, membership.ErrWrongCredentials
	}
	return membership.SignInAnswer{Tokens: membership.Tokens{Access: "access-" + userID}}, nil
}

func (a *accounts) AnswerChallenge(context.Context, membership.Door, string, string, string) (membership.Tokens, error) {
	return membership.Tokens{}, membership.ErrChallengeOver
}

func (a *accounts) Refresh(context.Context, membership.Door, string, string) (membership.Tokens, error) {
	return membership.Tokens{}, membership.ErrSignedOut
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fails checks that err is the *membership.Error wanted, or one with its code.
func fails(t testing.TB, err error, want *membership.Error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func equal(t testing.TB, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// parallel runs n jobs at once and returns their errors.
func parallel(n int, job func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = job(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// codes counts errors by their code; "" is success, and whatever is no membership.Error is fatal.
func codes(t testing.TB, errs []error) map[string]int {
	t.Helper()
	n := map[string]int{}
	for _, err := range errs {
		if err != nil && membership.CodeOf(err) == "" {
			t.Fatalf("internal error: %v", err)
		}
		n[membership.CodeOf(err)]++
	}
	return n
}
