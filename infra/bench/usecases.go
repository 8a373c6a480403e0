package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"clientele/shared/membership"
)

// kind says which budgets a use case has (design 4).
type kind int

const (
	free   kind = iota // shown, not judged
	get                // one thing: ≤ 2 waits, ≤ 2 RCU
	list               // a page: ≤ 2 waits, ≤ 5 RCU
	write              // ≤ 3 waits
	accept             // ≤ 4 waits, 3 calls to Cognito
	bulk               // the work of a hundred requests in one: shown, not judged
)

// stage is where use cases are played: a table with people, and the functions that they need.
type stage struct {
	*machine
	*people
	running map[string]*process
}

// on returns a function, which it starts at the first use.
func (s *stage) on(ctx context.Context, function, token string) (*process, error) {
	p, ok := s.running[function]
	if !ok {
		var err error
		if p, err = s.start(function, s.name); err != nil {
			return nil, err
		}
		s.running[function] = p
		if _, err := p.ready(ctx); err != nil {
			return nil, err
		}
	}
	p.token, p.cookie = token, ""
	return p, nil
}

func (s *stage) close(ctx context.Context) {
	for _, p := range s.running {
		p.stop()
	}
	_ = s.people.delete(ctx) // this also frees the engine's memory
}

func (m *machine) newStage(ctx context.Context, name string) (*stage, error) {
	p, err := newPeople(ctx, m.engine, name)
	if err != nil {
		return nil, err
	}
	return &stage{m, p, map[string]*process{}}, nil
}

// judge reports what the calls of one use case amount to.
func (s *stage) judge(ctx context.Context, r *report, k kind, name string, calls []call, before snapshot) error {
	table, cognito := of(calls, "DynamoDB"), of(calls, "AWSCognitoIdentityProviderService")
	n, rcu := waits(table), readCapacity(table)
	waitBudget, readBudget := map[kind]float64{get: 2, list: 2, write: 3, accept: 4}[k], map[kind]float64{get: 2, list: 5}[k]
	const waitGroup, readGroup, writeGroup = "waits for the table, one after the other", "read capacity, actor and customer included", "write capacity by the formula"
	if k == free || k == bulk {
		r.tell(waitGroup, name, fmt.Sprint(n))
	} else {
		r.most(waitGroup, name, float64(n), waitBudget, "")
	}
	switch {
	case readBudget > 0:
		r.most(readGroup, name, rcu, readBudget, " RCU")
	case k == bulk:
		r.tell(readGroup, name, number(rcu)+" RCU")
	default:
		r.most(readGroup, name, rcu, 25, " RCU")
	}
	switch k {
	case accept:
		r.most("calls to Cognito", name, float64(len(cognito)), 3, "")
	case free, bulk:
	default:
		r.most("calls to Cognito", name, float64(len(cognito)), 0, "")
	}
	if before == nil {
		return nil
	}
	after, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	w, err := writes(table, before, after)
	if err != nil {
		return err
	}
	if name == "invite one" {
		r.most(writeGroup, name+", core", w.units-8*float64(w.rows), 18, " WCU")
	}
	r.tell(writeGroup, name, fmt.Sprintf("%s WCU, %d rows of lists among them", number(w.units), w.rows))
	return nil
}

// useCases plays every route, each when warm: the process has served the same caller before.
func (m *machine) useCases(ctx context.Context, r *report) error {
	step("playing the use cases")
	s, err := m.newStage(ctx, "usecases")
	if err != nil {
		return err
	}
	defer s.close(ctx)
	m.cloud.slowDown(30 * time.Millisecond)
	defer m.cloud.slowDown(0)
	staff := m.cloud.token(s.staff.ID, membership.ConsoleDoor)

	// play sends one request; it sends a read twice and judges it once, when warm.
	var play player = func(k kind, name, function, token, method, target string, body any, headers ...string) (map[string]any, error) {
		p, err := s.on(ctx, function, token)
		if err != nil {
			return nil, err
		}
		var before snapshot
		if method == "GET" {
			if _, err := p.request(ctx, method, target, body, headers...); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		} else if before, err = s.snapshot(ctx); err != nil {
			return nil, err
		}
		m.cloud.take()
		out, err := p.request(ctx, method, target, body, headers...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return out, s.judge(ctx, r, k, name, m.cloud.take(), before)
	}
	type object = map[string]any
	version := func(o object) string { return fmt.Sprintf(`"%v"`, o["version"]) }

	// What a process costs for a caller whom it has never served.
	for _, x := range []struct{ name, function, target string }{
		{"users, a caller unknown to the process", "users", "/users"},
		{"customers, a caller unknown to the process", "customers", "/customers"},
	} {
		if err := s.unknown(ctx, r, x.name, x.function, staff, x.target); err != nil {
			return err
		}
	}

	// customers
	if _, err := play(list, "customers", "customers", staff, "GET", "/customers", nil); err != nil {
		return err
	}
	c, err := play(write, "create customer", "customers", staff, "POST", "/customers", object{"type": "corporate", "name": "Brinkmann Spedition Nord", "externalId": "X1"}, "idempotency-key", "k1")
	if err != nil {
		return err
	}
	customer := c["id"].(string)
	at := "/customers/" + customer
	if _, err := play(get, "customer", "customers", staff, "GET", at, nil); err != nil {
		return err
	}
	if _, err := play(list, "search customers", "customers", staff, "GET", "/customers?q=sped", nil); err != nil {
		return err
	}
	if _, err = play(write, "change customer", "customers", staff, "PATCH", at, object{"name": "Brinkmann Logistik"}, "if-match", version(c)); err != nil {
		return err
	}
	if _, err = play(write, "deactivate customer", "customers", staff, "POST", at+"/deactivate", nil); err != nil {
		return err
	}
	if c, err = play(write, "reactivate customer", "customers", staff, "POST", at+"/reactivate", nil); err != nil {
		return err
	}
	sub, err := play(write, "create sub-account", "customers", staff, "POST", at+"/subaccounts", object{"name": "Depot"})
	if err != nil {
		return err
	}
	if _, err := play(list, "sub-accounts", "customers", staff, "GET", at+"/subaccounts", nil); err != nil {
		return err
	}
	if sub, err = play(write, "change sub-account", "customers", staff, "PATCH", at+"/subaccounts/"+sub["id"].(string), object{"name": "Hub"}, "if-match", version(sub)); err != nil {
		return err
	}
	if _, err = play(write, "delete sub-account", "customers", staff, "DELETE", at+"/subaccounts/"+sub["id"].(string), nil, "if-match", version(sub)); err != nil {
		return err
	}
	if _, err = play(free, "delete customer", "customers", staff, "DELETE", at, nil, "if-match", version(c)); err != nil { // closes, looks twice, deletes
		return err
	}

	// invitations
	home, err := s.customer(ctx, "Haus der Einladung")
	if err != nil {
		return err
	}
	if _, err := play(list, "invitations", "invitations", staff, "GET", "/invitations?customer="+home.ID, nil); err != nil {
		return err
	}
	if _, err := play(write, "invite one", "invitations", staff, "POST", "/invitations", object{"customerId": home.ID, "invitees": []object{{"email": "eva.lopez@example.com", "firstName": "Eva", "lastName": "López"}}}, "idempotency-key", "k2"); err != nil {
		return err
	}
	var hundred []object
	for n := range membership.MaxInvitees {
		hundred = append(hundred, object{"email": fmt.Sprintf("guest%d@example.com", n)})
	}
	if _, err := play(bulk, "invite a hundred", "invitations", staff, "POST", "/invitations", object{"customerId": home.ID, "invitees": hundred}); err != nil {
		return err
	}
	invited := 0
	open := func() (membership.Invitation, error) {
		invited++
		return s.invite(ctx, home.ID, fmt.Sprintf("open%d@example.com", invited), membership.Member, time.Now().Add(-2*time.Hour))
	}
	for _, x := range []struct {
		kind         kind
		name, method string
		target       string // after the invitation's address
	}{
		{get, "invitation", "GET", ""}, {write, "resend", "POST", "/resend"}, {write, "revoke", "POST", "/revoke"}, {write, "delete invitation", "DELETE", ""},
	} {
		v, err := open()
		if err != nil {
			return err
		}
		if _, err := play(x.kind, x.name, "invitations", staff, x.method, "/invitations/"+v.ID+x.target, nil); err != nil {
			return err
		}
	}
	for _, x := range []struct {
		kind kind
		name string
	}{{free, "inspect"}, {accept, "accept"}, {write, "decline"}, {write, "renew"}} {
		v, err := open()
		if err != nil {
			return err
		}
		body := object{"token": s.keys.Token(v.Link())}
		if x.name == "accept" {
			body["password"], body["firstName"], body["lastName"] = "correct horse battery", "Eva", "López"
		}
		if _, err := play(x.kind, x.name, "invitations", "", "POST", "/invitations/"+x.name, body); err != nil {
			return err
		}
	}

	// users, and what they do themselves
	u, err := s.member(ctx, home.ID, "member@example.com", membership.Administrator)
	if err != nil {
		return err
	}
	own := m.cloud.token(u.ID, membership.PortalDoor)
	if err := s.unknown(ctx, r, "users of a customer, a caller unknown to the process", "users", own, "/users"); err != nil {
		return err
	}
	if err := s.unknown(ctx, r, "invitations of a customer, a caller unknown to the process", "invitations", own, "/invitations"); err != nil {
		return err
	}
	if _, err := play(write, "invite one, by a customer's administrator", "invitations", own, "POST", "/invitations", object{"customerId": home.ID, "invitees": []object{{"email": "colleague@example.com"}}}, "idempotency-key", "k3"); err != nil {
		return err
	}
	v, err := open()
	if err != nil {
		return err
	}
	if _, err := play(write, "resend, by a customer's administrator", "invitations", own, "POST", "/invitations/"+v.ID+"/resend", nil, "idempotency-key", "k4"); err != nil {
		return err
	}
	for _, x := range []struct {
		kind                  kind
		name, function, token string
		method, target        string
		body                  any
	}{
		{list, "users", "users", staff, "GET", "/users", nil},
		{list, "users of a customer", "users", own, "GET", "/users", nil},
		{get, "user", "users", staff, "GET", "/users/" + u.ID, nil},
		{write, "deactivate user", "users", staff, "POST", "/users/" + u.ID + "/deactivate", nil},
		{write, "reactivate user", "users", staff, "POST", "/users/" + u.ID + "/reactivate", nil},
	} {
		if _, err := play(x.kind, x.name, x.function, x.token, x.method, x.target, x.body); err != nil {
			return err
		}
	}
	u, err = s.member(ctx, home.ID, "second@example.com", membership.Administrator)
	if err != nil {
		return err
	}
	own = m.cloud.token(u.ID, membership.PortalDoor)
	me, err := play(get, "own record", "profile", own, "GET", "/me", nil)
	if err != nil {
		return err
	}
	if _, err := play(write, "change own record", "profile", own, "PATCH", "/me", object{"phone": "+49 30 1234"}, "if-match", version(me)); err != nil {
		return err
	}

	// signing in
	if _, err := play(free, "sign in", "signin", "", "POST", "/auth/sign-in", object{"username": u.Email, "password": "correct horse battery", "door": "portal"}); err != nil {
		return err
	}
	signed, err := s.running["signin"].request(ctx, "POST", "/auth/sign-in", object{"username": u.Email, "password": "correct horse battery", "door": "portal"})
	if err != nil {
		return err
	}
	if _, err := play(free, "refresh", "signin", "", "POST", "/auth/refresh", object{"refreshToken": signed["refreshToken"]}); err != nil {
		return err
	}
	if _, err := play(write, "sign out", "signin", own, "POST", "/auth/sign-out", nil); err != nil {
		return err
	}
	if _, err := play(free, "forgot password", "signin", "", "POST", "/auth/forgot-password", object{"username": u.Email, "door": "portal"}); err != nil {
		return err
	}
	if err := s.reset(ctx, u, play); err != nil {
		return err
	}
	if _, err := play(write, "remove user", "users", staff, "DELETE", "/users/"+u.ID, nil, "if-match", fmt.Sprintf(`"%d"`, s.versionOf(ctx, u))); err != nil {
		return err
	}
	if err := s.records(ctx, play, home, staff); err != nil {
		return err
	}
	if err := s.pages(ctx, r, home); err != nil {
		return err
	}
	return s.jobs(ctx, r)
}

// player plays one request of a use case.
type player func(k kind, name, function, token, method, target string, body any, headers ...string) (map[string]any, error)

// records plays what staff do with records, groups and import files.
func (s *stage) records(ctx context.Context, play player, home membership.Customer, staff string) error {
	type object = map[string]any
	u, err := play(write, "create user", "users", staff, "POST", "/users", object{"customerId": home.ID, "firstName": "Noor", "lastName": "Haddad",
		"email": "noor.haddad@example.com", "role": "member", "country": "DE", "sendRegistrationEmail": true}, "idempotency-key", "k5")
	if err != nil {
		return err
	}
	at := "/users/" + u["id"].(string)
	version := func(o object) string { return fmt.Sprintf(`"%v"`, o["version"]) }
	if _, err := play(write, "create contact", "users", staff, "POST", "/users", object{"customerId": home.ID, "status": "contact", "firstName": "Kim", "lastName": "Contact",
		"email": "kim.contact@example.com"}, "idempotency-key", "k6"); err != nil {
		return err
	}
	if u, err = play(write, "change user", "users", staff, "PATCH", at, object{"lastName": "Haddad-Berg"}, "if-match", version(u)); err != nil {
		return err
	}
	if u, err = play(write, "change user, with a new e-mail", "users", staff, "PATCH", at, object{"email": "noor.berg@example.com"}, "if-match", version(u)); err != nil {
		return err
	}
	g, err := play(write, "create group", "groups", staff, "POST", "/groups", object{"name": "Key accounts"}, "idempotency-key", "k7")
	if err != nil {
		return err
	}
	group := "/groups/" + g["id"].(string)
	if u, err = play(write, "change user, with groups", "users", staff, "PATCH", at, object{"groupIds": []any{g["id"]}}, "if-match", version(u)); err != nil {
		return err
	}
	open, err := s.invite(ctx, home.ID, "still.invited@example.com", membership.Member, time.Now())
	if err != nil {
		return err
	}
	for _, x := range []struct {
		kind                           kind
		name, function, method, target string
		body                           any
		headers                        []string
	}{
		{write, "suspend user", "users", "POST", at + "/suspend", object{}, nil},
		{write, "reactivate a suspended user", "users", "POST", at + "/reactivate", nil, nil},
		{write, "renew a password", "users", "POST", at + "/password", object{"mode": "link"}, nil},
		{write, "remove a user who is invited", "users", "DELETE", "/users/" + open.UserID, nil, []string{"if-match", `"1"`}},
		{bulk, "deactivate two of a selection", "users", "POST", "/users/bulk", object{"action": "deactivate", "userIds": []any{u["id"], open.UserID}}, nil},
		{list, "users counted", "users", "GET", "/users/counts", nil, nil},
		{list, "users found", "users", "GET", "/users?q=berg", nil, nil},
		{list, "users with several filters", "users", "GET", "/users?status=active&role=member&country=DE", nil, nil},
		{write, "take user out of a group", "groups", "DELETE", group + "/users/" + u["id"].(string), nil, nil},
		{write, "put user into a group", "groups", "PUT", group + "/users/" + u["id"].(string), nil, nil},
		{write, "put customer into a group", "groups", "PUT", group + "/customers/" + home.ID, nil, nil},
		{get, "group", "groups", "GET", group, nil, nil},
		{list, "groups", "groups", "GET", "/groups", nil, nil},
		{list, "customers of a group", "groups", "GET", group + "/customers", nil, nil},
		{write, "take customer out of a group", "groups", "DELETE", group + "/customers/" + home.ID, nil, nil},
		{write, "invite into a group", "invitations", "POST", "/invitations", object{"customerId": home.ID, "groupIds": []any{g["id"]},
			"invitees": []object{{"email": "into.group@example.com"}}}, []string{"idempotency-key", "k8"}},
		{write, "change group", "groups", "PATCH", group, object{"name": "Key customers"}, []string{"if-match", version(g)}},
		{free, "export, small enough to be written at once", "exports", "POST", "/exports", object{}, []string{"idempotency-key", "k9"}},
		{list, "exports", "exports", "GET", "/exports", nil, nil},
		{write, "begin an import", "imports", "POST", "/imports", object{"customerId": home.ID, "fileName": "people.csv"}, []string{"idempotency-key", "k10"}},
	} {
		if _, err := play(x.kind, x.name, x.function, staff, x.method, x.target, x.body, x.headers...); err != nil {
			return err
		}
	}
	g, err = s.running["groups"].request(ctx, "POST", "/groups", object{"name": "Nobody"})
	if err != nil {
		return err
	}
	_, err = play(free, "delete group", "groups", staff, "DELETE", "/groups/"+g["id"].(string), nil, "if-match", version(g)) // closes, looks twice, deletes
	return err
}

// unknown plays a list once, for a caller whom the process has not served yet.
func (s *stage) unknown(ctx context.Context, r *report, name, function, token, target string) error {
	p, err := s.on(ctx, function, token)
	if err != nil {
		return err
	}
	s.cloud.take()
	if _, err := p.request(ctx, "GET", target, nil); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return s.judge(ctx, r, list, name, s.cloud.take(), nil)
}

func (s *stage) versionOf(ctx context.Context, u membership.User) int {
	now, err := s.table.User(ctx, membership.ReachAll(), u.ID)
	if err != nil {
		return 0
	}
	return now.Version
}

// reset sends the queued password mail nowhere, and uses its link.
func (s *stage) reset(ctx context.Context, u membership.User, play player) error {
	due, err := s.table.DueMails(ctx, time.Now().Add(time.Hour), 1000)
	if err != nil {
		return err
	}
	p := &linkReader{}
	outbox := membership.Outbox{Store: s.table, Postman: p, Keys: s.keys}
	for _, id := range due {
		if _, err := outbox.Deliver(ctx, id, time.Now()); err != nil {
			return err
		}
	}
	if p.token == "" {
		return fmt.Errorf("no password mail among %d for %s", len(due), u.Email)
	}
	_, err = play(free, "reset password", "signin", "", "POST", "/auth/reset-password", map[string]any{"token": p.token, "password": "another horse battery"})
	return err
}

// linkReader is a postman that keeps the link of the last password mail.
type linkReader struct{ token string }

// Post takes a mail.
func (p *linkReader) Post(_ context.Context, m membership.Mail, token string) (string, error) {
	if m.Letter == membership.LetterPasswordReset {
		p.token = token
	}
	return "bench", nil
}

// pages plays pages of both doors: session, user and customer are read in one wait.
func (s *stage) pages(ctx context.Context, r *report, home membership.Customer) error {
	u, err := s.member(ctx, home.ID, "page@example.com", membership.Administrator)
	if err != nil {
		return err
	}
	for _, x := range []struct {
		kind                   kind
		name, function, target string
		user                   membership.User
	}{
		{list, "page: customers", "console", "/customers", s.staff},
		{list, "page: a customer's users", "console", "/customers/" + home.ID + "/users", s.staff},
		{list, "page: a customer's invitations", "console", "/customers/" + home.ID + "/invitations", s.staff},
		{get, "page: a customer", "console", "/customers/" + home.ID + "/details", s.staff},
		{list, "page: own users", "portal", "/users", u},
		{get, "page: profile", "portal", "/profile", u},
	} {
		p, err := s.on(ctx, x.function, "")
		if err != nil {
			return err
		}
		if p.cookie, err = s.cookie(ctx, x.user); err != nil {
			return err
		}
		for range 2 {
			s.cloud.take()
			if _, err := p.request(ctx, "GET", x.target, nil); err != nil {
				return fmt.Errorf("%s: %w", x.name, err)
			}
		}
		if err := s.judge(ctx, r, x.kind, x.name, s.cloud.take(), nil); err != nil {
			return err
		}
	}
	return s.forms(ctx, r, home)
}

// forms plays forms that change something, each sent as its page would.
func (s *stage) forms(ctx context.Context, r *report, home membership.Customer) error {
	u, err := s.member(ctx, home.ID, "formed@example.com", membership.Member)
	if err != nil {
		return err
	}
	boss, err := s.member(ctx, home.ID, "form.boss@example.com", membership.Administrator)
	if err != nil {
		return err
	}
	if home, err = s.table.Customer(ctx, membership.ReachAll(), home.ID); err != nil { // it has been in groups since
		return err
	}
	at := "/customers/" + home.ID
	for _, x := range []struct {
		name, function, target string
		user                   membership.User
		form                   url.Values
	}{
		{"page: create customer", "console", "/customers", s.staff, url.Values{"name": {"Formular AG"}, "type": {"corporate"}}},
		{"page: change customer", "console", at + "/edit", s.staff, url.Values{"name": {"Haus der Formulare"}, "version": {fmt.Sprint(home.Version)}}},
		{"page: invite", "console", at + "/invitations", s.staff, url.Values{"emails": {"by.form@example.com"}, "role": {"member"}}},
		{"page: create user", "console", at + "/users", s.staff, url.Values{"firstName": {"Fo"}, "lastName": {"Rm"}, "email": {"fo.rm@example.com"}, "role": {"member"}}},
		{"page: change user", "console", at + "/users/" + u.ID + "/edit", s.staff, url.Values{"firstName": {"Fa"}, "lastName": {"Rm"}, "email": {u.Email}, "username": {u.Username}, "role": {"member"}, "version": {fmt.Sprint(u.Version)}}},
		{"page: deactivate user", "console", at + "/users/" + u.ID + "/deactivate", s.staff, url.Values{}},
		{"page: create group", "console", "/groups", s.staff, url.Values{"name": {"By form"}}},
		{"page: invite, by a customer's administrator", "portal", "/invitations", boss, url.Values{"emails": {"by.boss@example.com"}, "role": {"member"}}},
		{"page: change own record", "portal", "/profile", boss, url.Values{"firstName": {"Bo"}, "lastName": {"Ss"}, "version": {fmt.Sprint(boss.Version)}}},
	} {
		p, err := s.on(ctx, x.function, "")
		if err != nil {
			return err
		}
		if p.cookie, err = s.cookie(ctx, x.user); err != nil {
			return err
		}
		x.form.Set("once", newID())
		before, err := s.snapshot(ctx)
		if err != nil {
			return err
		}
		s.cloud.take()
		if _, err := p.request(ctx, "POST", x.target, x.form); err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
		if err := s.judge(ctx, r, write, x.name, s.cloud.take(), before); err != nil {
			return err
		}
	}
	return nil
}

// jobs plays the event functions.
func (s *stage) jobs(ctx context.Context, r *report) error {
	v, err := s.invite(ctx, membership.ProviderID, "mail@provider.example", membership.Agent, time.Now())
	if err != nil {
		return err
	}
	mail := events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{{EventName: "INSERT", Change: events.DynamoDBStreamRecord{SequenceNumber: "1",
		NewImage: map[string]events.DynamoDBAttributeValue{"pk": events.NewStringAttribute("MAIL#" + v.MailID), "sk": events.NewStringAttribute("MAIL"), "entity": events.NewStringAttribute("mail"), "id": events.NewStringAttribute(v.MailID)}}}}}
	for _, x := range []struct {
		name, function string
		event          any
	}{
		{"deliver a mail", "notify", mail},
		{"sweep, nothing due", "sweep-outbox", map[string]string{}},
		{"clean-up, nothing due", "expire-invitations", map[string]string{}},
	} {
		p, err := s.on(ctx, x.function, "")
		if err != nil {
			return err
		}
		if x.function == "sweep-outbox" { // what other use cases have left there
			if _, err := p.invoke(ctx, x.event); err != nil {
				return err
			}
		}
		before, err := s.snapshot(ctx)
		if err != nil {
			return err
		}
		s.cloud.take()
		if _, err := p.invoke(ctx, x.event); err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
		if err := s.judge(ctx, r, free, x.name, s.cloud.take(), before); err != nil {
			return err
		}
	}
	return nil
}
