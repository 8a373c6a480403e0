package membership_test

import (
	"strings"
	"testing"

	"clientele/shared/membership"
)

// rights is who may do what, written from the mission: staff administrators do everything (the provider's own record is
// reserved); an agent "reads, invites, approves"; a customer's administrator has "everything in the customer", that is
// its people and invitations (the customer itself is managed by the provider); a moderator "sees the customer's users,
// invites and resends for members"; "users see their own customer only".
//
// Cells: where the action is allowed. own is the actor's customer, other is another customer, provider is the staff's.
// For staff, own is the provider. (member) limits it to subjects of that role. Groups are the provider's, and "only
// administrators (staff) put people into groups". Whole lists are taken out as files by staff and by a customer's
// administrators, not by its moderators. Who registered is decided about by those of the customer it was routed to, and
// by the staff; the settings are the provider's.
const rights = `
                      read-customer       create-customer     change-customer  read-users          change-users        read-invitations    invite            read-groups        change-groups        export-users         approve  read-settings  change-settings  read-domains  change-domains  ask-for-a-first-user
staff/administrator   provider,other      provider,other      other            provider,other      provider,other      provider,other      provider,other    provider,other     provider,other  provider,other  other  provider,other  provider,other  other  other  -
staff/agent           provider,other      -                   -                provider,other      -                   provider,other      other             provider,other     -  provider,other  other  provider,other  -  other  -  -
portal/administrator  own                 -                   -                own                 own                 own                 own               -                  -  own  own  -  -  own  own  -
portal/moderator      own                 -                   -                own                 -                   own                 own(member)       -                  -  -  -  -  -  -  -  -
portal/member         own                 -                   -                -                   -                   -                   -                 -                  -  -  -  -  -  -  -  -
guest/contacting      own  -  -  -  -  -  -  -  -  -  -  -  -  -  -  own
portal/agent          -                   -                   -                -                   -                   -                   -                 -                  -  -  -  -  -  -  -  -
staff/member          -                   -                   -                -                   -                   -                   -                 -                  -  -  -  -  -  -  -  -
staff/moderator       -                   -                   -                -                   -                   -                   -                 -                  -  -  -  -  -  -  -  -
service/administrator -                   -                   -                -                   -                   -                   -                 -                  -  -  -  -  -  -  -  -
/administrator        -                   -                   -                -                   -                   -                   -                 -                  -  -  -  -  -  -  -  -
system/               own,other,provider  own,other,provider  own,other,provider own,other,provider own,other,provider own,other,provider own,other,provider own,other,provider own,other,provider  own,other,provider  own,other,provider  own,other,provider  own,other,provider  own,other,provider  own,other,provider  own,other,provider
`

func TestEveryActorAndAction(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(rights), "\n")
	actions := strings.Fields(lines[0])
	subjects := []membership.Role{"", membership.Member, membership.Moderator, membership.Administrator, membership.Agent, "owner"}
	checked := 0
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		realm, role, _ := strings.Cut(cells[0], "/")
		actor := membership.Actor{Realm: membership.Realm(realm), Role: membership.Role(role), UserID: "u", CustomerID: "own"}
		if realm == "staff" {
			actor.CustomerID = membership.ProviderID
		}
		for i, name := range actions {
			action := membership.Action(strings.ReplaceAll(name, "-", " "))
			for _, customer := range []string{"own", "other", "provider"} {
				if realm == "staff" && customer == "own" {
					continue // the provider is their own
				}
				for _, subject := range subjects {
					want := false
					for _, cell := range strings.Split(cells[i+1], ",") {
						where, only, limited := strings.Cut(strings.TrimSuffix(cell, ")"), "(")
						if where == customer && (!limited || subject == "" || string(subject) == only) {
							want = true
						}
					}
					if got := actor.May(action, customer, subject); got != want {
						t.Errorf("%s, %s in %s about %q: %v, want %v", cells[0], action, customer, subject, got, want)
					}
					checked++
				}
			}
		}
	}
	t.Logf("%d combinations", checked)
}

func TestPortalActorsReachTheirOwnCustomerOnly(t *testing.T) {
	for _, role := range membership.RolesOf("own") {
		a := membership.Actor{Realm: membership.Portal, Role: role, CustomerID: "own"}
		for _, foreign := range []string{"", "other", "OWN", "own ", "provider"} {
			if a.Reach().Includes(foreign) {
				t.Errorf("%s reaches %q", role, foreign)
			}
		}
	}
	for _, a := range []membership.Actor{{}, {Realm: "service"}, {Realm: membership.Portal}} {
		if a.Reach().All() || a.Reach().Includes("own") || a.Reach().Includes("") {
			t.Errorf("%+v reaches something", a)
		}
	}
	if (membership.Reach{}).Includes("") || (membership.Reach{}).Includes("own") || (membership.Reach{}).All() {
		t.Error("the zero reach reaches something")
	}
}

// Every use case that takes an id answers a foreign id of another customer like one that does not exist.
func TestForeignIDsDoNotExist(t *testing.T) {
	for _, role := range membership.RolesOf("alpha") {
		w := newWorld(t)
		foreign := w.inviteAs(w.staff(), "beta", "theirs@example.com", membership.Member)
		w.store.subAccounts["sub"] = membership.SubAccount{ID: "sub", CustomerID: "beta", Name: "Depot", Active: true, Version: 1}
		c := w.as("alpha", role)
		name := "Taken over"
		before := len(w.store.audit)
		for what, err := range map[string]error{
			"customer":               second(w.customers.Get(w.ctx, c, "beta")),
			"change customer":        second(w.customers.Change(w.ctx, c, "beta", 1, membership.CustomerInput{Name: &name})),
			"deactivate customer":    second(w.customers.Deactivate(w.ctx, c, "beta", 1)),
			"reactivate customer":    second(w.customers.Reactivate(w.ctx, c, "beta", 1)),
			"delete customer":        w.customers.Delete(w.ctx, c, "beta", 1),
			"provider":               second(w.customers.Get(w.ctx, c, membership.ProviderID)),
			"sub-accounts":           second(w.subAccounts.List(w.ctx, c, "beta")),
			"create sub-account":     second(w.subAccounts.Create(w.ctx, c, "beta", "New")),
			"change sub-account":     second(w.subAccounts.Change(w.ctx, c, "beta", "sub", 1, membership.SubAccountInput{Name: &name})),
			"delete sub-account":     w.subAccounts.Delete(w.ctx, c, "beta", "sub", 1),
			"user":                   second(w.users.Get(w.ctx, c, "beta-administrator")),
			"staff user":             second(w.users.Get(w.ctx, c, "provider-administrator")),
			"users":                  second(w.users.List(w.ctx, c, membership.UserQuery{CustomerID: "beta"})),
			"deactivate user":        second(w.users.Deactivate(w.ctx, c, "beta-administrator", 1)),
			"reactivate user":        second(w.users.Reactivate(w.ctx, c, "beta-administrator", 1)),
			"remove user":            second(w.users.Remove(w.ctx, c, "beta-administrator", 1)),
			"invite":                 second(w.invitations.Invite(w.ctx, c, membership.InviteInput{CustomerID: "beta", Invitees: []membership.Invitee{{Email: "x@example.com"}}})),
			"invitation":             second(w.invitations.Get(w.ctx, c, foreign.ID)),
			"invitations":            second(w.invitations.List(w.ctx, c, membership.InvitationQuery{CustomerID: "beta"})),
			"resend":                 second(w.invitations.Resend(w.ctx, c, foreign.ID)),
			"revoke":                 second(w.invitations.Revoke(w.ctx, c, foreign.ID)),
			"delete invitation":      w.invitations.Delete(w.ctx, c, foreign.ID),
			"deactivate user (done)": second(w.users.Deactivate(w.ctx, done(c), "beta-administrator", 1)),
			"resend (done)":          second(w.invitations.Resend(w.ctx, done(c), foreign.ID)),
		} {
			if membership.KindOf(err) != membership.NotFound {
				t.Errorf("%s, %s of another customer: %v, want not found", role, what, err)
			}
		}
		if len(w.store.audit) != before {
			t.Errorf("%s changed something of another customer: %+v", role, w.store.audit[before:])
		}
	}
}

func second[T any](_ T, err error) error { return err }

func done(c membership.Call) membership.Call {
	c.Key, c.Done = &membership.IdempotencyKey{ActorID: c.Actor.UserID, Route: "POST /x", Key: "k"}, []string{"something"}
	return c
}

// A remembered request tells nothing to somebody who may no longer ask.
func TestRepeatedRequestNeedsTheRightStill(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Administrator)
	for _, role := range []membership.Role{membership.Member, membership.Moderator} {
		c := done(w.as("alpha", role))
		if u, err := w.users.Deactivate(w.ctx, c, "alpha-administrator", 0); err == nil {
			t.Errorf("%s reads %s by a repeated request", role, u.Email)
		}
		if i, err := w.invitations.Resend(w.ctx, c, inv.ID); err == nil {
			t.Errorf("%s reads %s by a repeated request", role, i.Email)
		}
	}
}

// "removed … shown only to staff who ask for it"
func TestRemovedPeopleAreShownToStaffOnly(t *testing.T) {
	w := newWorld(t)
	if _, err := w.users.Remove(w.ctx, w.staff(), "alpha-member", 1); err != nil {
		t.Fatal(err)
	}
	for _, role := range membership.RolesOf("alpha")[1:] {
		c := w.as("alpha", role)
		page, err := w.users.List(w.ctx, c, membership.UserQuery{Status: membership.Removed, Page: membership.PageRequest{Limit: 50}})
		if len(page.Items) != 0 {
			t.Errorf("%s lists the removed: %v (%v)", role, page.Items, err)
		}
		if u, err := w.users.Get(w.ctx, c, "alpha-member"); membership.KindOf(err) != membership.NotFound {
			t.Errorf("%s reads a removed user %s: %v", role, u.Email, err)
		}
		page, err = w.users.List(w.ctx, c, membership.UserQuery{Page: membership.PageRequest{Limit: 50}})
		if err != nil || len(page.Items) != 2 {
			t.Errorf("%s: %d on the list (%v), want 2", role, len(page.Items), err)
		}
	}
	page, err := w.users.List(w.ctx, w.staff(), membership.UserQuery{CustomerID: "alpha", Status: membership.Removed, Page: membership.PageRequest{Limit: 50}})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("staff who ask see %d (%v), want 1", len(page.Items), err)
	}
}

func TestNobodyActsOnTheirOwnAccount(t *testing.T) {
	w := newWorld(t)
	for _, c := range []membership.Call{w.staff(), w.as("alpha", membership.Administrator)} {
		for _, step := range []func() error{
			func() error { return second(w.users.Deactivate(w.ctx, c, c.Actor.UserID, 1)) },
			func() error { return second(w.users.Remove(w.ctx, c, c.Actor.UserID, 1)) },
		} {
			wantCode(t, step(), "own_account")
		}
	}
}
