package main

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
)

// table is a table in memory. What a test does not expect to be asked is left to the nil interface, which panics.
type table struct {
	membership.InvitationStore
	mu          sync.Mutex // requests that are refused may leave a read behind (membership.ReadAhead)
	customer    membership.Customer
	invitations map[string]membership.Invitation
	users       map[string]membership.User
	markers     map[string]membership.Marker // by row
	asked       membership.InvitationQuery
}

func (t *table) Customer(_ context.Context, reach membership.Reach, id string) (membership.Customer, error) {
	if id != t.customer.ID || !reach.Includes(id) {
		return membership.Customer{}, membership.ErrNotFound
	}
	return t.customer, nil
}

func (t *table) User(_ context.Context, reach membership.Reach, id string) (membership.User, error) {
	u, ok := t.users[id]
	if !ok || !reach.Includes(u.CustomerID) {
		return membership.User{}, membership.ErrNotFound
	}
	return u, nil
}

func (t *table) Invitation(_ context.Context, reach membership.Reach, id string) (membership.Invitation, error) {
	t.mu.Lock()
	i, ok := t.invitations[id]
	t.mu.Unlock()
	if !ok || !reach.Includes(i.CustomerID) {
		return membership.Invitation{}, membership.ErrNotFound
	}
	return i, nil
}

func (t *table) keep(i membership.Invitation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.invitations[i.ID] = i
}

func (t *table) Invitations(_ context.Context, q membership.InvitationQuery) (membership.Page[membership.Invitation], error) {
	t.asked = q
	page := membership.Page[membership.Invitation]{Next: "n"}
	for _, i := range t.invitations {
		page.Items = append(page.Items, i)
	}
	return page, nil
}

func (t *table) GroupsOf(_ context.Context, _ membership.Reach, ids []string) ([]membership.Group, error) {
	if !slices.Contains(ids, "g1") {
		return nil, nil
	}
	return []membership.Group{{ID: "g1", Name: "Key accounts", Active: true}}, nil
}

func (t *table) InviteFacts(ctx context.Context, reach membership.Reach, customerID string, folded []string, keys []*membership.IdempotencyKey) (membership.Customer, []membership.Address, []*membership.Marker, error) {
	customer, err := t.Customer(ctx, reach, customerID)
	if err != nil {
		return customer, nil, nil, err
	}
	addresses, markers := make([]membership.Address, len(folded)), make([]*membership.Marker, len(folded))
	for n, login := range folded {
		for _, u := range t.users {
			if u.Status != membership.Removed && membership.FoldLogin(u.Email) == login {
				addresses[n] = membership.Address{UserID: u.ID, CustomerID: u.CustomerID}
			}
		}
		if keys[n] != nil {
			if m, ok := t.markers[keys[n].Key+strconv.Itoa(keys[n].Row)]; ok {
				markers[n] = &m
			}
		}
	}
	return customer, addresses, markers, nil
}

func (t *table) CreateInvitation(_ context.Context, i membership.Invitation, u membership.User, trail membership.Trail) error {
	t.keep(i)
	t.users[u.ID] = u
	if trail.Key != nil {
		t.markers[trail.Key.Key+strconv.Itoa(trail.Key.Row)] = membership.Marker{BodyHash: trail.Key.BodyHash, IDs: trail.KeyIDs}
	}
	return nil
}

func (t *table) ChangeUser(_ context.Context, _, after membership.User, i *membership.InvitationChange, _ membership.Trail) error {
	t.users[after.ID] = after
	if i != nil {
		t.keep(i.After)
	}
	return nil
}

func (t *table) DeleteInvitation(_ context.Context, i membership.Invitation, u *membership.User, _ membership.Trail) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.invitations, i.ID)
	if u != nil {
		delete(t.users, u.ID)
	}
	return nil
}

func (t *table) AcceptanceFacts(_ context.Context, i membership.Invitation, folded []string) (membership.User, membership.Customer, []membership.Address, error) {
	return t.users[i.UserID], t.customer, make([]membership.Address, len(folded)), nil
}

func (t *table) LinkFacts(_ context.Context, i membership.Invitation) (membership.LinkFacts, error) {
	return membership.LinkFacts{User: t.users[i.UserID], Customer: t.customer, Inviter: t.users[i.InvitedBy]}, nil
}

func (t *table) ClaimAcceptance(_ context.Context, _, after membership.User) error {
	t.users[after.ID] = after
	return nil
}

func (t *table) Marker(context.Context, membership.IdempotencyKey) (*membership.Marker, error) {
	return nil, nil
}

// accounts opens every door.
type accounts struct{ membership.Accounts }

func (accounts) Create(context.Context, string) error              { return nil }
func (accounts) SetPassword(context.Context, string, string) error { return nil }
func (accounts) SignIn(context.Context, membership.Door, string, string) (membership.SignInAnswer, error) {
	return membership.SignInAnswer{Tokens: membership.Tokens{Access: "access", Refresh: "refresh", ExpiresIn: 3600}}, nil
}

const (
	staff     = "staff administrator provider u1"
	agent     = "staff agent provider u4"
	boss      = "portal administrator c1 u5"
	moderator = "portal moderator c1 u2"
	member    = "portal member c1 u3"
	foreigner = "portal administrator c2 u9"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// bench is the routes on a table with customer c1, its invitation i1, which user u4 has, and a clock.
type bench struct {
	http.Handler
	table   *table
	now     time.Time
	metrics bytes.Buffer
	keys    membership.Keys
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{now: noon, table: &table{
		customer: membership.Customer{ID: "c1", Name: "Sommer GmbH", Type: membership.Corporate, Status: membership.CustomerActive, PortalAccess: true},
		invitations: map[string]membership.Invitation{"i1": {
			ID: "i1", CustomerID: "c1", UserID: "u4", Email: "bob@example.com", Role: membership.Member, Status: membership.InvitationPending,
			Delivery: "queued", ExpiresAt: noon.Add(membership.InvitationLifetime), SentAt: noon, Origin: membership.Staff, InvitedBy: "u1",
			InvitedByName: "Jo Berg", LinkVersion: 1, Version: 1,
		}},
		users: map[string]membership.User{
			"u1": {ID: "u1", CustomerID: "provider", Status: membership.Active, Role: membership.StaffAdministrator},
			"u4": {ID: "u4", CustomerID: "c1", Status: membership.Invited, Role: membership.Member, Email: "bob@example.com", InvitationID: "i1",
				InvitationExpiresAt: noon.Add(membership.InvitationLifetime), Version: 1},
		},
		markers: map[string]membership.Marker{},
	}}
	var err error
	if b.keys, err = membership.NewKeys(bytes.Repeat([]byte("k"), 32)); err != nil {
		t.Fatal(err)
	}
	n := 0
	b.Handler = handler{
		invitations: membership.Invitations{
			Store: b.table, Accounts: accounts{}, Keys: b.keys, ProviderName: "Northwind", Language: "en",
			NewID: func() string { n++; return "id-" + strconv.Itoa(n) },
		},
		gate:    httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: b.table, Now: func() time.Time { return b.now }},
		cursors: httpapi.NewCursors(make([]byte, 32)),
		metrics: &b.metrics,
	}.routes()
	return b
}

// token is what the mail of i1 carries.
func (b *bench) token() string { return b.keys.Token(b.table.invitations["i1"].Link()) }

func (b *bench) withToken() string { return `{"token":"` + b.token() + `"}` }

func send(t *testing.T, b *bench, route, as, body string, headers ...string) httpapitest.Answer {
	t.Helper()
	return httpapitest.Send(t, b, httpapitest.Event(route, body, append(headers, "Authorization", as)...))
}

func TestInviteAnswersPerRow(t *testing.T) {
	b := newBench(t)
	event := httpapitest.Recorded(t, "testdata/invite.json")
	first := httpapitest.Send(t, b, event).Want(200, "")
	var batch api.BatchResult
	first.Into(&batch)
	if len(batch.Results) != 3 {
		t.Fatalf("got %s", first.Body)
	}
	for i, want := range []struct {
		status      api.RowResultStatus
		code, field string
	}{{"ok", "", ""}, {"error", "invalid_email", "email"}, {"error", "duplicate_row", "email"}} {
		r := batch.Results[i]
		if r.Index != i || r.Status != want.status || value(r.Code) != want.code || value(r.Field) != want.field || (r.ID != nil) != (want.status == "ok") {
			t.Errorf("row %d: %s", i, first.Body)
		}
	}
	if made := b.table.invitations[*batch.Results[0].ID]; made.Language != "de" || made.FirstName != "Ada" || !made.ExpiresAt.Equal(noon.Add(7*24*time.Hour)) {
		t.Errorf("made %+v", made)
	}
	if again := httpapitest.Send(t, b, event).Want(200, ""); again.Body != first.Body {
		t.Errorf("repeated: %s", again.Body)
	}
	event.Body = strings.Replace(event.Body, "not an address", "c@example.com", 1)
	httpapitest.Send(t, b, event).Want(422, "idempotency_key_reused")
}

func TestInviteIntoGroups(t *testing.T) {
	b := newBench(t)
	var batch api.BatchResult
	send(t, b, "POST /invitations", staff, `{"customerId":"c1","invitees":[{"email":"a@example.com"}],"groupIds":["g1","g1"]}`).Want(200, "").Into(&batch)
	made := b.table.invitations[*batch.Results[0].ID]
	if u := b.table.users[made.UserID]; !slices.Equal(made.GroupIDs, []string{"g1"}) || !slices.Equal(u.GroupIDs, made.GroupIDs) || u.Group != "Key accounts" {
		t.Errorf("made %+v %+v", made, u)
	}
}

func TestInviteRefuses(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		as, body, field string
		status          int
		code            string
	}{
		{staff, `{"customerId":"c1","invitees":[{"email":"a@example.com"}],"grants":[{"module":"shipments","level":"read"}]}`, "grants", 400, "not_supported_yet"},
		{staff, `{"customerId":"c1","invitees":[{"email":"a@example.com"}],"groupIds":["g9"]}`, "", 409, "group_gone"},
		{staff, `{"customerId":"c1","invitees":[{"email":"a@example.com"}],"groupIds":["` + strings.Repeat("g", 3000) + `"]}`, "", 409, "group_gone"},
		{agent, `{"customerId":"c1","invitees":[{"email":"a@example.com"}],"groupIds":["g1"]}`, "", 403, "groups_not_allowed"},
		{boss, `{"customerId":"c1","invitees":[{"email":"a@example.com"}],"groupIds":["g1"]}`, "", 403, "groups_not_allowed"},
		{staff, `{"customerId":"c1","invitees":[{"email":"a@example.com"},{"email":"b@example.com","grants":[{"module":"m","level":"read"}]}]}`, "invitees[1].grants", 400, "not_supported_yet"},
		{staff, `{"customerId":"c1","invitees":[]}`, "invitees", 400, "required"},
		{staff, `{"customerId":"c1","invitees":[` + strings.Repeat(`{"email":"a@example.com"},`, 100) + `{"email":"a@example.com"}]}`, "invitees", 400, "too_many"},
		{staff, `{"customerId":"c1","invitees":[{"mail":"a@example.com"}]}`, "invitees[0].email", 400, "required"},
		{staff, `{"customerId":"` + strings.Repeat("c", 4000) + `","invitees":[{"email":"a@example.com"}]}`, "", 404, "not_found"},
		{staff, `{"customerId":"c9","invitees":[{"email":"a@example.com"}]}`, "", 404, "not_found"},
		{foreigner, `{"customerId":"c1","invitees":[{"email":"a@example.com"}]}`, "", 404, "not_found"},
		{member, `{"customerId":"c1","invitees":[{"email":"a@example.com"}]}`, "", 403, "forbidden"},
		{"", `{"customerId":"c1","invitees":[{"email":"a@example.com"}]}`, "", 401, "sign_in_required"},
	} {
		a := send(t, b, "POST /invitations", c.as, c.body).Want(c.status, c.code)
		if c.field != "" && !strings.Contains(a.Body, `"field":"`+c.field+`"`) {
			t.Errorf("no field %s in %s", c.field, a.Body)
		}
	}
	send(t, b, "POST /invitations", staff, `{"customerId":"c1","invitees":[{"email":"a@example.com","grants":[]}],"grants":[],"groupIds":[]}`).Want(200, "")
	var batch api.BatchResult
	send(t, b, "POST /invitations", moderator, `{"customerId":"c1","role":"administrator","invitees":[{"email":"x@example.com"},{"email":"y@example.com","role":"member"}]}`).Want(200, "").Into(&batch)
	if value(batch.Results[0].Code) != "role_not_allowed" || batch.Results[1].Status != "ok" {
		t.Errorf("got %+v", batch)
	}
}

func TestReadAndAct(t *testing.T) {
	b := newBench(t)
	var i api.Invitation
	send(t, b, "GET /invitations/i1", staff, "").Want(200, "").Into(&i)
	if i.Status != "pending" || i.Delivery != "queued" || i.InvitedBy != "u1" || !i.ExpiresAt.Equal(noon.Add(7*24*time.Hour)) {
		t.Errorf("got %+v", i)
	}
	b.now = noon.Add(membership.InvitationLifetime)
	send(t, b, "GET /invitations/i1", staff, "").Want(200, "").Into(&i)
	if i.Status != "expired" {
		t.Errorf("at the end: %+v", i)
	}
	send(t, b, "POST /invitations/i1/resend", staff, "").Want(200, "").Into(&i)
	if i.Status != "pending" || !i.ExpiresAt.Equal(b.now.Add(7*24*time.Hour)) || !i.SentAt.Equal(b.now) {
		t.Errorf("resent: %+v", i)
	}
	for _, route := range []string{"GET /invitations/i1", "DELETE /invitations/i1", "POST /invitations/i1/resend", "POST /invitations/i1/revoke"} {
		send(t, b, route, foreigner, "").Want(404, "not_found")
		send(t, b, route, member, "").Want(403, "forbidden")
		send(t, b, route, "", "").Want(401, "sign_in_required")
		send(t, b, strings.Replace(route, "i1", "i-unknown", 1), staff, "").Want(404, "not_found")
	}
	send(t, b, "POST /invitations/i1/revoke", staff, "").Want(200, "").Into(&i)
	if i.Status != "revoked" {
		t.Errorf("revoked: %+v", i)
	}
	send(t, b, "POST /invitations/i1/revoke", staff, "").Want(410, "invitation_ended")
	send(t, b, "DELETE /invitations/i1", staff, "").Want(204, "")
	send(t, b, "GET /invitations/i1", staff, "").Want(404, "not_found")
}

func TestList(t *testing.T) {
	b := newBench(t)
	var list api.InvitationList
	send(t, b, "GET /invitations?customer=c1&limit=1", staff, "").Want(200, "").Into(&list)
	if len(list.Items) != 1 || list.Next == nil || b.table.asked.Origin != membership.Staff || b.table.asked.Page.Limit != 1 {
		t.Errorf("got %+v, asked %+v", list, b.table.asked)
	}
	send(t, b, "GET /invitations?customer=c1&cursor="+*list.Next, staff, "").Want(200, "")
	send(t, b, "GET /invitations?customer=c1&cursor="+*list.Next, moderator, "").Want(400, "invalid_cursor")
	send(t, b, "GET /invitations", staff, "").Want(400, "required")
	send(t, b, "GET /invitations?customer=c1&status=pending", staff, "").Want(400, "unknown_parameter")
	send(t, b, "GET /invitations?customer=c1", foreigner, "").Want(404, "not_found")
	send(t, b, "GET /invitations", member, "").Want(403, "forbidden")
}

func TestInspect(t *testing.T) {
	b := newBench(t)
	var offer api.Offer
	send(t, b, "POST /invitations/inspect", "", b.withToken()).Want(200, "").Into(&offer)
	if offer.State != "open" || offer.Email != "bob@example.com" || offer.Username != "bob@example.com" || offer.Customer != "Sommer GmbH" || offer.Inviter != "Jo Berg" || offer.Door != "portal" {
		t.Errorf("got %+v", offer)
	}
	old := b.withToken()
	send(t, b, "POST /invitations/i1/resend", staff, "").Want(200, "")
	send(t, b, "POST /invitations/inspect", "", old).Want(410, "invitation_replaced")
	for _, body := range []string{`{"token":""}`, `{"token":"a.1.b"}`, `{"token":"` + strings.Repeat("x", 10000) + `"}`, `{"token":"i9` + b.token()[2:] + `"}`} {
		send(t, b, "POST /invitations/inspect", "", body).Want(400, "invalid_token")
	}
	send(t, b, "POST /invitations/inspect", "", `{"token":"a","more":1}`).Want(400, "unknown_field")
	send(t, b, "GET /invitations/inspect", "", "").Want(401, "sign_in_required") // an id for all we know
}

func TestAccept(t *testing.T) {
	b := newBench(t)
	event := httpapitest.Recorded(t, "testdata/accept.json")
	event.Body = strings.Replace(event.Body, "TOKEN", b.token(), 1)
	weak := event
	weak.Body = strings.Replace(event.Body, "correct horse battery staple", "short", 1)
	httpapitest.Send(t, b, weak).Want(400, "password_too_short")
	var answer api.AcceptAnswer
	a := httpapitest.Send(t, b, event).Want(200, "")
	a.Into(&answer)
	if answer.AccessToken != "access" || answer.RefreshToken != "refresh" || answer.ExpiresIn != 3600 || answer.User.Status != "active" || answer.User.FirstName != "Ada" || answer.User.Username != "bob@example.com" {
		t.Errorf("got %s", a.Body)
	}
	if !strings.Contains(b.metrics.String(), `"InvitationsAccepted":1`) {
		t.Errorf("metrics %q", b.metrics.String())
	}
	httpapitest.Send(t, b, event).Want(409, "already_accepted")
	send(t, b, "POST /invitations/decline", "", b.withToken()).Want(409, "already_accepted")
	send(t, b, "DELETE /invitations/i1", staff, "").Want(409, "accepted_remove_user")
}

func TestAcceptFollowsTheClock(t *testing.T) {
	b := newBench(t)
	body := `{"token":"` + b.token() + `","password":"correct horse battery staple","firstName":"A","lastName":"B"}`
	b.now = noon.Add(membership.InvitationLifetime)
	send(t, b, "POST /invitations/accept", "", body).Want(410, "invitation_expired")
	b.now = b.now.Add(-time.Second)
	send(t, b, "POST /invitations/accept", "", body).Want(200, "")
}

func TestDeclineAndRenew(t *testing.T) {
	b := newBench(t)
	if a := send(t, b, "POST /invitations/renew", "", b.withToken()).Want(429, "renewed_recently"); a.Headers["Retry-After"] != "3600" {
		t.Errorf("headers %v", a.Headers)
	}
	b.now = noon.Add(time.Hour)
	if a := send(t, b, "POST /invitations/renew", "", b.withToken()).Want(202, ""); a.Body != "" || a.Headers["Cache-Control"] != "no-store" {
		t.Errorf("got %v %q", a.Headers, a.Body)
	}
	send(t, b, "POST /invitations/decline", "", b.withToken()).Want(204, "")
	send(t, b, "POST /invitations/decline", "", b.withToken()).Want(204, "")
	send(t, b, "POST /invitations/accept", "", `{"token":"`+b.token()+`","password":"correct horse battery staple"}`).Want(410, "invitation_ended")
	send(t, b, "POST /invitations/renew", "", b.withToken()).Want(410, "invitation_ended")
}
