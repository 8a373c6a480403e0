package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/uuid"

	"clientele/shared/membership"
	"clientele/shared/store"
	"clientele/shared/store/storetest"
)

// people creates what use cases need beforehand, directly in the table.
type people struct {
	client      *dynamodb.Client
	name        string // of the table
	table       store.Table
	keys        membership.Keys
	customers   membership.Customers
	invitations membership.Invitations
	staff       membership.User
	lastName    string // of everybody
}

// accounts accepts every password.
type accounts struct{ membership.Accounts }

func (accounts) Create(context.Context, string) error              { return nil }
func (accounts) SetPassword(context.Context, string, string) error { return nil }
func (accounts) SignIn(context.Context, membership.Door, string, string) (membership.SignInAnswer, error) {
	return membership.SignInAnswer{}, nil
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// newPeople makes an empty table with the provider and a staff administrator.
func newPeople(ctx context.Context, engine storetest.Engine, name string) (*people, error) {
	p := &people{client: engine.Client(), name: name + "-" + rand.Text()[:8], lastName: "Brinkmann"}
	if err := storetest.CreateSilent(ctx, p.client, p.name); err != nil {
		return nil, err
	}
	p.table = store.New(p.client, p.name)
	var err error
	if p.keys, err = membership.NewKeys([]byte(secret)); err != nil {
		return nil, err
	}
	p.customers = membership.Customers{Store: p.table, NewID: newID}
	p.invitations = membership.Invitations{Store: p.table, Accounts: accounts{}, Keys: p.keys, NewID: newID, ProviderName: "Provider", Language: "en"}
	call := membership.Call{Actor: membership.SystemActor(""), Now: time.Now()}
	administrator := membership.FirstAdministrator{Store: p.table, Invitations: p.invitations, NewID: newID}
	if _, err := administrator.Invite(ctx, call, "ada@provider.example"); err != nil {
		return nil, err
	}
	page, err := p.invitations.List(ctx, call, membership.InvitationQuery{CustomerID: membership.ProviderID, Page: membership.PageRequest{Limit: 1}})
	if err != nil {
		return nil, err
	}
	if len(page.Items) != 1 {
		return nil, errors.New("the first administrator is not invited")
	}
	first, err := p.table.Invitation(ctx, membership.ReachAll(), page.Items[0].ID) // a row of a list has no link
	if err != nil {
		return nil, err
	}
	p.staff, err = p.accept(ctx, first)
	return p, err
}

func (p *people) delete(ctx context.Context) error {
	return storetest.Delete(context.WithoutCancel(ctx), p.client, p.name)
}

// call returns a call by the staff administrator.
func (p *people) call(at time.Time) membership.Call {
	return membership.Call{Now: at, Actor: membership.Actor{Realm: membership.Staff, UserID: p.staff.ID, CustomerID: p.staff.CustomerID, Role: p.staff.Role, Name: p.staff.DisplayName()}}
}

func (p *people) customer(ctx context.Context, name string) (membership.Customer, error) {
	return p.customers.Create(ctx, p.call(time.Now()), membership.Corporate, membership.CustomerInput{Name: &name})
}

// invite invites one address at the given time.
func (p *people) invite(ctx context.Context, customerID, email string, role membership.Role, at time.Time) (membership.Invitation, error) {
	rows, err := p.invitations.Invite(ctx, p.call(at), membership.InviteInput{CustomerID: customerID, Invitees: []membership.Invitee{{Email: email, FirstName: "Mariella", LastName: p.lastName, Role: role}}})
	if err != nil {
		return membership.Invitation{}, err
	}
	if rows[0].Err != nil {
		return membership.Invitation{}, fmt.Errorf("invite %s: %w", email, rows[0].Err)
	}
	return p.table.Invitation(ctx, membership.ReachAll(), rows[0].ID)
}

func (p *people) accept(ctx context.Context, v membership.Invitation) (membership.User, error) {
	first := "Mariella"
	in := membership.AcceptInput{Token: p.keys.Token(v.Link()), Password: "correct horse battery", FirstName: &first, LastName: &p.lastName}
	u, _, err := p.invitations.Accept(ctx, membership.Call{Now: time.Now()}, in)
	return u, err
}

// member creates an active user.
func (p *people) member(ctx context.Context, customerID, email string, role membership.Role) (membership.User, error) {
	v, err := p.invite(ctx, customerID, email, role, time.Now())
	if err != nil {
		return membership.User{}, err
	}
	return p.accept(ctx, v)
}

// cookie signs a user in at the pages and returns the cookie (shared/session: customer.user.session.secret).
func (p *people) cookie(ctx context.Context, u membership.User) (string, error) {
	door := membership.DoorOf(u.CustomerID)
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	s := membership.NewSession(newID(), secret, u, door, time.Now())
	if err := p.table.CreateSession(ctx, s); err != nil {
		return "", err
	}
	return "__Host-" + string(door) + "=" + u.CustomerID + "." + u.ID + "." + s.ID + "." + base64.RawURLEncoding.EncodeToString(secret), nil
}
