package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
	"clientele/shared/store"
	"clientele/shared/store/storetest"
)

// letterbox keeps the links of the mails that were posted, by address.
type letterbox map[string]string

func (l letterbox) Post(_ context.Context, m membership.Mail, token string) (string, error) {
	l[m.To] = token
	return "message", nil
}

// office is the routes on a real table, with a customer, and with a way to deliver its mail.
type office struct {
	http.Handler
	t        *testing.T
	table    store.Table
	outbox   membership.Outbox
	box      letterbox
	customer string
	now      time.Time
}

func newOffice(t *testing.T, engine storetest.Engine) *office {
	client, name := engine.Table(t)
	o := &office{t: t, table: store.New(client, name), box: letterbox{}, now: noon}
	keys, err := membership.NewKeys(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	o.outbox = membership.Outbox{Store: o.table, Postman: o.box, Keys: keys}
	o.Handler = handler{
		invitations: membership.Invitations{Store: o.table, Accounts: accounts{}, Keys: keys, NewID: newID, ProviderName: "Northwind", Language: "en"},
		gate:        httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: o.table, Now: func() time.Time { return o.now }},
		cursors:     httpapi.NewCursors(keys.For(membership.PurposeCursor)),
		metrics:     io.Discard,
	}.routes()
	company := "Sommer GmbH"
	made, err := membership.Customers{Store: o.table, NewID: newID}.Create(t.Context(),
		membership.Call{Actor: membership.SystemActor(""), Now: o.now}, membership.Corporate, membership.CustomerInput{Name: &company})
	if err != nil {
		t.Fatal(err)
	}
	o.customer = made.ID
	return o
}

func (o *office) send(route, as, body string, headers ...string) httpapitest.Answer {
	o.t.Helper()
	return httpapitest.Send(o.t, o, httpapitest.Event(route, body, append(headers, "Authorization", as)...))
}

// deliver posts what is due and returns the link that an address got.
func (o *office) deliver(address string) string {
	o.t.Helper()
	if _, err := o.outbox.Sweep(o.t.Context(), 100, func() time.Time { return o.now }); err != nil {
		o.t.Fatal(err)
	}
	return o.box[address]
}

func (o *office) invite(as string, addresses ...string) api.BatchResult {
	o.t.Helper()
	rows := ""
	for i, a := range addresses {
		if i > 0 {
			rows += ","
		}
		rows += fmt.Sprintf(`{"email":%q}`, a)
	}
	var batch api.BatchResult
	o.send("POST /invitations", as, fmt.Sprintf(`{"customerId":%q,"invitees":[%s]}`, o.customer, rows)).Want(200, "").Into(&batch)
	return batch
}

func accept(token string) string {
	return fmt.Sprintf(`{"token":%q,"password":"correct horse battery staple","firstName":"Ada","lastName":"Lovelace"}`, token)
}

// onEachEngine runs a test against every engine that is there.
func onEachEngine(t *testing.T, run func(t *testing.T, o *office)) {
	for _, engine := range storetest.Engines() {
		t.Run(engine.Name, func(t *testing.T) { run(t, newOffice(t, engine)) })
	}
}

func TestFromInvitationToUser(t *testing.T) {
	onEachEngine(t, func(t *testing.T, o *office) {
		batch := o.invite(staff, "ada@example.com", "broken", "bob@example.com")
		if batch.Results[0].Status != "ok" || value(batch.Results[1].Code) != "invalid_email" || batch.Results[2].Status != "ok" {
			t.Fatalf("got %+v", batch)
		}
		id := *batch.Results[0].ID
		token := o.deliver("ada@example.com")
		var i api.Invitation
		o.send("GET /invitations/"+id, staff, "").Want(200, "").Into(&i)
		if i.Delivery != "sent" || i.Status != "pending" {
			t.Errorf("delivered: %+v", i)
		}
		var list api.InvitationList
		o.send("GET /invitations?limit=1&customer="+o.customer, staff, "").Want(200, "").Into(&list)
		if len(list.Items) != 1 || list.Next == nil || list.Prev != nil {
			t.Fatalf("first page %+v", list)
		}
		first := list.Items[0].ID
		o.send("GET /invitations?limit=1&customer="+o.customer+"&cursor="+*list.Next, staff, "").Want(200, "").Into(&list)
		if len(list.Items) != 1 || list.Items[0].ID == first || list.Prev == nil {
			t.Fatalf("second page %+v", list)
		}
		o.send("GET /invitations?limit=1&customer="+o.customer+"&cursor="+*list.Prev, staff, "").Want(200, "").Into(&list)
		if len(list.Items) != 1 || list.Items[0].ID != first {
			t.Fatalf("back on %+v", list)
		}

		var offer api.Offer
		o.send("POST /invitations/inspect", "", fmt.Sprintf(`{"token":%q}`, token)).Want(200, "").Into(&offer)
		if offer.State != "open" || offer.Customer != "Sommer GmbH" {
			t.Errorf("offer %+v", offer)
		}
		var answer api.AcceptAnswer
		o.send("POST /invitations/accept", "", accept(token)).Want(200, "").Into(&answer)
		if answer.User.Status != "active" || answer.User.Username != "ada@example.com" || answer.User.ID != i.UserID {
			t.Errorf("accepted: %+v", answer)
		}
		o.send("POST /invitations/accept", "", accept(token)).Want(409, "already_accepted")
		o.send("DELETE /invitations/"+id, staff, "").Want(409, "accepted_remove_user")
		if again := o.invite(staff, "ADA@example.com", "bob@example.com"); value(again.Results[0].Code) != "already_user" || value(again.Results[1].Code) != "already_invited" {
			t.Errorf("again: %+v", again)
		}
	})
}

func TestResendKillsTheOldLink(t *testing.T) {
	onEachEngine(t, func(t *testing.T, o *office) {
		id := *o.invite(staff, "ada@example.com").Results[0].ID
		old := o.deliver("ada@example.com")
		o.now = o.now.Add(membership.InvitationLifetime)
		o.send("POST /invitations/accept", "", accept(old)).Want(410, "invitation_expired")
		for range 2 { // the second is a repeat of the first
			o.send("POST /invitations/"+id+"/resend", staff, "", "Idempotency-Key", "k1").Want(200, "")
		}
		fresh := o.deliver("ada@example.com")
		if fresh == old {
			t.Fatal("the link is the old one")
		}
		o.send("POST /invitations/accept", "", accept(old)).Want(410, "invitation_replaced")
		o.send("POST /invitations/accept", "", accept(fresh)).Want(200, "")
	})
}

func TestEndedInvitationsFreeTheAddress(t *testing.T) {
	onEachEngine(t, func(t *testing.T, o *office) {
		id := *o.invite(staff, "ada@example.com").Results[0].ID
		token := o.deliver("ada@example.com")
		o.send("POST /invitations/"+id+"/revoke", staff, "").Want(200, "")
		o.send("POST /invitations/accept", "", accept(token)).Want(410, "invitation_ended")
		id = *o.invite(staff, "ada@example.com").Results[0].ID
		o.send("POST /invitations/decline", "", fmt.Sprintf(`{"token":%q}`, o.deliver("ada@example.com"))).Want(204, "")
		o.send("DELETE /invitations/"+id, staff, "").Want(204, "")
		id = *o.invite(staff, "ada@example.com").Results[0].ID
		o.send("DELETE /invitations/"+id, staff, "").Want(204, "")
		o.send("GET /invitations/"+id, staff, "").Want(404, "not_found")
		if again := o.invite(staff, "ada@example.com"); again.Results[0].Status != "ok" {
			t.Errorf("again: %+v", again)
		}
	})
}

func TestABatchIsRepeatable(t *testing.T) {
	onEachEngine(t, func(t *testing.T, o *office) {
		body := fmt.Sprintf(`{"customerId":%q,"invitees":[{"email":"ada@example.com"},{"email":"bob@example.com"}]}`, o.customer)
		first := o.send("POST /invitations", staff, body, "Idempotency-Key", "k1").Want(200, "")
		if again := o.send("POST /invitations", staff, body, "Idempotency-Key", "k1").Want(200, ""); again.Body != first.Body {
			t.Errorf("repeated: %s\n%s", first.Body, again.Body)
		}
		o.send("POST /invitations", staff, body+" ", "Idempotency-Key", "k1").Want(422, "idempotency_key_reused")
	})
}

func TestOneOfManyAcceptsWins(t *testing.T) {
	onEachEngine(t, func(t *testing.T, o *office) {
		o.invite(staff, "ada@example.com")
		body := accept(o.deliver("ada@example.com"))
		var wg sync.WaitGroup
		statuses := make([]int, 16)
		for i := range statuses {
			wg.Go(func() {
				statuses[i] = httpapitest.Send(t, o, httpapitest.Event("POST /invitations/accept", body)).StatusCode
			})
		}
		wg.Wait()
		won := 0
		for _, s := range statuses {
			switch s {
			case 200:
				won++
			case 409:
			default:
				t.Errorf("status %d", s)
			}
		}
		if won != 1 {
			t.Errorf("%d of %d accepted: %v", won, len(statuses), statuses)
		}
	})
}
