package main

import (
	"bytes"
	"context"
	"fmt"
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

// accounts opens every door.
type accounts struct{ membership.Accounts }

func (accounts) Create(context.Context, string) error              { return nil }
func (accounts) SetPassword(context.Context, string, string) error { return nil }
func (accounts) SignIn(context.Context, membership.Door, string, string) (membership.SignInAnswer, error) {
	return membership.SignInAnswer{}, nil
}

func TestOnTheTable(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine.Name, func(t *testing.T) {
			client, name := engine.Table(t)
			table := store.New(client, name)
			newID := func() string { return uuid.Must(uuid.NewV7()).String() }
			keys, err := membership.NewKeys(bytes.Repeat([]byte("k"), 32))
			if err != nil {
				t.Fatal(err)
			}
			h := handler{
				users:   membership.Users{Store: table, NewID: newID},
				gate:    httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: table, Now: func() time.Time { return noon }},
				cursors: httpapi.NewCursors(keys.For(membership.PurposeCursor)),
			}.routes()

			// Three are invited, the first has accepted.
			call := membership.Call{Actor: membership.SystemActor(""), Now: noon}
			company := "Sommer GmbH"
			customer, err := membership.Customers{Store: table, NewID: newID}.Create(t.Context(), call, membership.Corporate, membership.CustomerInput{Name: &company})
			if err != nil {
				t.Fatal(err)
			}
			invitations := membership.Invitations{Store: table, Accounts: accounts{}, Keys: keys, NewID: newID, Language: "en"}
			rows, err := invitations.Invite(t.Context(), call, membership.InviteInput{CustomerID: customer.ID, Invitees: []membership.Invitee{
				{Email: "ada@example.com", FirstName: "Ada", LastName: "Lovelace"}, {Email: "bob@example.com"}, {Email: "cy@example.com"},
			}})
			if err != nil {
				t.Fatal(err)
			}
			invitation, err := invitations.Get(t.Context(), call, rows[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			ada, _, err := invitations.Accept(t.Context(), call, membership.AcceptInput{Token: keys.Token(invitation.Link()), Password: "correct horse battery staple"})
			if err != nil {
				t.Fatal(err)
			}

			own := fmt.Sprintf("portal administrator %s u9", customer.ID)
			var emails []string
			var list api.UserList
			for query, cursor := "GET /users?sort=email&order=desc&limit=2", ""; ; cursor = "&cursor=" + *list.Next {
				send(t, h, query+cursor, own).Want(200, "").Into(&list)
				for _, row := range list.Items {
					emails = append(emails, row.Email)
				}
				if list.Next == nil {
					break
				}
			}
			if fmt.Sprint(emails) != "[cy@example.com bob@example.com ada@example.com]" {
				t.Errorf("listed %v", emails)
			}
			send(t, h, "GET /users?status=active&customer="+customer.ID, staff).Want(200, "").Into(&list)
			if len(list.Items) != 1 || list.Items[0].ID != ada.ID || list.Items[0].Company != company {
				t.Errorf("active are %+v", list)
			}

			address := "/users/" + ada.ID
			a := send(t, h, "GET "+address, own).Want(200, "")
			send(t, h, "GET "+address, foreigner).Want(404, "not_found")
			send(t, h, "POST "+address+"/deactivate", own, "If-Match", a.Headers["Etag"]).Want(200, "")
			send(t, h, "POST "+address+"/reactivate", own, "If-Match", a.Headers["Etag"]).Want(412, "changed_meanwhile")
			for range 2 { // the second is a repeat of the first
				a = send(t, h, "POST "+address+"/reactivate", own, "Idempotency-Key", "k1").Want(200, "")
			}
			send(t, h, "DELETE "+address, staff, "If-Match", a.Headers["Etag"]).Want(204, "")
			send(t, h, "GET /users?customer="+customer.ID, staff).Want(200, "").Into(&list)
			if len(list.Items) != 2 {
				t.Errorf("left are %+v", list)
			}
			var u api.User
			send(t, h, "GET "+address, staff).Want(200, "").Into(&u)
			if u.Status != api.UserStatusRemoved {
				t.Errorf("removed: %+v", u)
			}
		})
	}
}
