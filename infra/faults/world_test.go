package faults_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/smithy-go/middleware"

	"clientele/shared/awsclient"
	"clientele/shared/domainname"
	"clientele/shared/domainname/domainnametest"
	"clientele/shared/identity"
	"clientele/shared/identity/identitytest"
	"clientele/shared/mail"
	"clientele/shared/mail/sending"
	"clientele/shared/membership"
	"clientele/shared/store"
	"clientele/shared/store/storetest"
)

const sender = "faults@clientele.example"

// cloud is what all entries share: the pool, the sender, the secret.
type cloud struct {
	engine storetest.Engine
	pool   identitytest.Pool
	plain  *dynamodb.Client // without faults
	http   *http.Client
	keys   membership.Keys
	names  *domainnametest.Server
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{engine: storetest.MiniStack(), pool: identitytest.New(t),
		http: &http.Client{Timeout: 3 * time.Minute, Transport: awsclient.Whole(&http.Transport{MaxIdleConnsPerHost: 32})}}
	c.plain = dynamodb.NewFromConfig(c.config(), func(o *dynamodb.Options) {})
	var err error
	if c.keys, err = membership.NewKeys([]byte(strings.Repeat("k", 32))); err != nil {
		t.Fatal(err)
	}
	if c.names, err = domainnametest.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.names.Close() })
	_, err = sesv2.NewFromConfig(c.post()).CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String(sender)})
	if err != nil && !strings.Contains(err.Error(), "AlreadyExists") {
		t.Fatal(err)
	}
	return c
}

// config returns the configuration of functions, without the SDK's pauses.
func (c *cloud) config(options ...func(*middleware.Stack) error) aws.Config {
	return aws.Config{
		Region: identitytest.Region, BaseEndpoint: aws.String(c.engine.Endpoint), HTTPClient: c.http, APIOptions: options,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts, o.RateLimiter = 3, ratelimit.None
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			})
		},
	}
}

// post is config for SES in another account (to the local cloud, a key of twelve digits): this test sends thousands of
// mails, and another test that looks for its own would be given them all.
func (c *cloud) post(options ...func(*middleware.Stack) error) aws.Config {
	cfg := c.config(options...)
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "111111111111", SecretAccessKey: "test"}, nil
	})
	return cfg
}

// world is one entry's own table, with the packages on it wired as functions do. Its first state is kept, so that each
// case begins with it.
type world struct {
	*cloud
	t      *testing.T
	ctx    context.Context
	prefix string
	name   string
	now    time.Time
	ids    atomic.Int64
	vars   map[string]string
	inject *injector
	table  store.Table
	api    *cognitoidentityprovider.Client
	mails  *sesv2.Client

	first     []item // the state that cases begin with
	firstIDs  int64
	firstVars map[string]string
	firstNow  time.Time
}

func newWorld(t *testing.T, c *cloud, number int) *world {
	t.Helper()
	w := &world{cloud: c, t: t, ctx: t.Context(), prefix: fmt.Sprintf("%08x", number), now: time.Now().UTC().Truncate(time.Second), vars: map[string]string{}, inject: newInjector()}
	w.name = fmt.Sprintf("faults-%d-%d", number, time.Now().UnixNano())
	if err := storetest.Create(t.Context(), c.plain, w.name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := storetest.Delete(context.WithoutCancel(t.Context()), c.plain, w.name); err != nil {
			t.Error(err)
		}
	})
	w.table = store.New(dynamodb.NewFromConfig(c.config(w.inject.option("DynamoDB"))), w.name)
	w.api = cognitoidentityprovider.NewFromConfig(c.config(w.inject.option("Cognito")))
	w.mails = sesv2.NewFromConfig(c.post(w.inject.option("SES")))
	return w
}

// id returns ids as long as real ones; each entry has its own, because they share the pool.
func (w *world) id() string { return fmt.Sprintf("%s-0000-7000-8000-%012x", w.prefix, w.ids.Add(1)) }

// The accounts are created anew for each run, like those of a cold function that knows no secret yet.
func (w *world) accounts() *identity.Pool {
	return identity.New(w.api, w.pool.ID, w.pool.PortalClientID, w.pool.ConsoleClientID, func() time.Time { return w.now })
}

func (w *world) customers() membership.Customers {
	return membership.Customers{Store: w.table, NewID: w.id}
}

func (w *world) subAccounts() membership.SubAccounts {
	return membership.SubAccounts{Store: w.table, NewID: w.id}
}

func (w *world) domains() membership.Domains {
	return membership.Domains{Store: w.table, Names: domainname.New(w.names.Address()), Keys: w.keys, NewID: w.id}
}

func (w *world) guests() membership.Guests {
	return membership.Guests{Store: w.table, Keys: w.keys, NewID: w.id, Language: "en"}
}

func (w *world) users() membership.Users { return membership.Users{Store: w.table, NewID: w.id} }

func (w *world) invitations() membership.Invitations {
	return membership.Invitations{Store: w.table, Accounts: w.accounts(), Keys: w.keys, NewID: w.id, ProviderName: "Provider", Language: "en"}
}

func (w *world) signIn() membership.SignIn {
	return membership.SignIn{Store: w.table, Accounts: w.accounts(), Keys: w.keys, NewID: w.id, Wait: func(context.Context, time.Duration) error { return nil }}
}

func (w *world) profile() membership.Profile { return membership.Profile{Store: w.table, NewID: w.id} }

func (w *world) outbox() membership.Outbox {
	postman := mail.Postman{Sender: sending.Sender{Client: counting{w.mails, w.inject}, From: sender}, Provider: "Provider", PortalURL: "https://portal.example",
		ConsoleURL: "https://console.example", Language: "en"}
	return membership.Outbox{Store: w.table, Postman: postman, Keys: w.keys}
}

// delivered tries one mail and returns its status afterwards: the mail itself tells which try it was.
func (w *world) delivered(mailID string, now time.Time) (any, error) {
	m, err := w.outbox().Deliver(w.ctx, mailID, now)
	return m.Status, err
}

func (w *world) expiry() membership.Expiry {
	return membership.Expiry{Store: w.table, Invitations: w.invitations(), NewID: w.id, Language: "en"}
}

func (w *world) firstAdministrator() membership.FirstAdministrator {
	return membership.FirstAdministrator{Store: w.table, Invitations: w.invitations(), NewID: w.id}
}

// The calls of a staff administrator, a customer's administrator, the public and the schedule.

func (w *world) staff() membership.Call {
	return membership.Call{Now: w.now, Actor: membership.Actor{Realm: membership.Staff, UserID: w.vars["chief"], CustomerID: membership.ProviderID, Role: membership.Administrator, Name: "Ada Chief", RequestID: "req"}}
}

func (w *world) boss() membership.Call {
	return membership.Call{Now: w.now, Actor: membership.Actor{Realm: membership.Portal, UserID: w.vars["boss"], CustomerID: w.vars["alpha"], Role: membership.Administrator, Name: "Bea Boss", RequestID: "req"}}
}

func (w *world) member() membership.Call {
	return membership.Call{Now: w.now, Actor: membership.Actor{Realm: membership.Portal, UserID: w.vars["mia"], CustomerID: w.vars["alpha"], Role: membership.Member, Name: "Mia Member", RequestID: "req"}}
}

func (w *world) public() membership.Call {
	return membership.Call{Now: w.now, Actor: membership.Actor{RequestID: "req"}}
}

func (w *world) system() membership.Call {
	return membership.Call{Now: w.now, Actor: membership.SystemActor("req")}
}

// must fails the test on an error in a preparation.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

const password = "Correct horse battery 1!" // the local pool requires every kind of character

// settle makes the start of most entries: the provider with Ada, alpha with Bea (administrator) and Mia (member), and
// beta with Ben.
func (w *world) settle() {
	w.t.Helper()
	c := w.system()
	provider := membership.Provider("Provider", "en", w.now)
	w.must(w.table.CreateProvider(w.ctx, provider, membership.Trail{Now: w.now, Audit: membership.AuditEntry{ID: w.id(), At: w.now, CustomerID: membership.ProviderID, Action: "customer.created", Subject: "customer", SubjectID: membership.ProviderID}}))
	for _, name := range []string{"alpha", "beta"} {
		made, err := w.customers().Create(w.ctx, c, membership.Corporate, membership.CustomerInput{Name: aws.String(strings.ToUpper(name[:1]) + name[1:] + " Works"), ExternalID: aws.String("X-" + name)})
		w.must(err)
		w.vars[name] = made.ID
	}
	w.person("chief", membership.ProviderID, membership.Administrator, "Ada", "Chief")
	w.person("boss", w.vars["alpha"], membership.Administrator, "Bea", "Boss")
	w.person("mia", w.vars["alpha"], membership.Member, "Mia", "Member")
	w.person("ben", w.vars["beta"], membership.Administrator, "Ben", "Beta")
}

// person makes an active user the way that people become active, but without an account at Cognito.
func (w *world) person(name, customerID string, role membership.Role, first, last string) {
	w.t.Helper()
	results, err := w.invitations().Invite(w.ctx, w.system(), membership.InviteInput{CustomerID: customerID, Role: role,
		Invitees: []membership.Invitee{{Email: name + "@" + customerID[:4] + ".example", FirstName: first, LastName: last}}})
	w.must(err)
	if results[0].Err != nil {
		w.t.Fatal(results[0].Err)
	}
	inv, err := w.table.Invitation(w.ctx, membership.ReachAll(), results[0].ID)
	w.must(err)
	user, err := w.table.User(w.ctx, membership.ReachAll(), inv.UserID)
	w.must(err)
	after, done := user, inv
	after.Status, after.Username, after.InvitationExpiresAt, after.Version = membership.Active, "name-"+name, time.Time{}, user.Version+1
	done.Status, done.EndedAt, done.Version = membership.InvitationAccepted, w.now, inv.Version+1
	w.must(w.table.ChangeUser(w.ctx, user, after, &membership.InvitationChange{Before: inv, After: done}, membership.Trail{Now: w.now, Audit: membership.AuditEntry{
		ID: w.id(), At: w.now, CustomerID: customerID, Action: "invitation.accepted", Subject: "user", SubjectID: user.ID}}))
	w.vars[name] = user.ID
	w.sendAll()
}

// sendAll delivers the queued mails.
func (w *world) sendAll() {
	w.t.Helper()
	_, err := w.outbox().Sweep(w.ctx, 100, func() time.Time { return w.now })
	w.must(err)
}

// account gives a person an account at Cognito.
func (w *world) account(name string) {
	w.t.Helper()
	w.must(w.accounts().Create(w.ctx, w.vars[name]))
	w.must(w.accounts().SetPassword(w.ctx, w.vars[name], password))
}

// invite makes an open invitation of alpha and remembers its id and its user's under name.
func (w *world) invite(name string, c membership.Call) {
	w.t.Helper()
	w.inviteAddress(name, name+"@new.example", c)
}

func (w *world) inviteAddress(name, email string, c membership.Call) {
	w.t.Helper()
	results, err := w.invitations().Invite(w.ctx, c, membership.InviteInput{CustomerID: w.vars["alpha"], Role: membership.Member,
		Invitees: []membership.Invitee{{Email: email, FirstName: "Nia", LastName: "New"}}})
	w.must(err)
	if results[0].Err != nil {
		w.t.Fatal(results[0].Err)
	}
	inv, err := w.table.Invitation(w.ctx, membership.ReachAll(), results[0].ID)
	w.must(err)
	w.vars[name], w.vars[name+".user"], w.vars[name+".mail"] = inv.ID, inv.UserID, inv.MailID
	w.vars[name+".token"] = w.keys.Token(inv.Link())
}

// keep makes the present state the one that cases begin with.
func (w *world) keep() {
	w.t.Helper()
	w.now = w.now.Add(2 * time.Minute)
	w.first, w.firstIDs, w.firstVars, w.firstNow = w.items(), w.ids.Load(), maps.Clone(w.vars), w.now
}

// reset restores the first state from the present one.
func (w *world) reset(present []item) {
	w.t.Helper()
	w.ids.Store(w.firstIDs)
	w.vars, w.now = maps.Clone(w.firstVars), w.firstNow
	w.inject.sent = map[string]int{}
	had := map[string]item{}
	for _, i := range w.first {
		had[i.key()] = i
	}
	var writes []types.WriteRequest
	for _, i := range present {
		was, ok := had[i.key()]
		switch {
		case !ok:
			writes = append(writes, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: item{"pk": i["pk"], "sk": i["sk"]}}})
		case was.text() == i.text():
			delete(had, i.key())
		}
	}
	for _, i := range had {
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: i}})
	}
	for len(writes) > 0 {
		n := min(25, len(writes))
		_, err := w.plain.BatchWriteItem(w.ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{w.name: writes[:n]}})
		w.must(err)
		writes = writes[n:]
	}
}

// counting counts what SES accepts.
type counting struct {
	sending.SES
	inject *injector
}

func (c counting) SendEmail(ctx context.Context, in *sesv2.SendEmailInput, options ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error) {
	options = append(options, sesv2.WithAPIOptions(func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("Taken", func(ctx context.Context, d middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, d)
			if err == nil {
				c.inject.mu.Lock()
				c.inject.sent[aws.ToString(in.EmailTags[0].Value)]++
				c.inject.mu.Unlock()
			}
			return out, metadata, err
		}), middleware.Before)
	}))
	return c.SES.SendEmail(ctx, in, options...)
}
