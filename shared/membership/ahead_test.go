package membership_test

import (
	"context"
	"testing"

	"clientele/shared/membership"
)

// A record read ahead counts for the reach and the id that it was read for; for others the table is asked. Errors of
// the early read are the answer.
func TestReadingAhead(t *testing.T) {
	w := newWorld(t)
	ours, theirs := w.invite("new@example.com", membership.Member), w.inviteAs(w.as("beta", membership.Administrator), "beta", "other@example.com", membership.Member)
	ahead := func(c membership.Call, reach membership.Reach, id string) membership.Call {
		c.Invitation = membership.ReadAhead(w.ctx, reach, id, w.store.Invitation)
		return c
	}
	boss := w.as("alpha", membership.Administrator)
	do := map[string]func(membership.Call, string) error{
		"resend": func(c membership.Call, id string) error { return second(w.invitations.Resend(w.ctx, c, id)) },
		"revoke": func(c membership.Call, id string) error { return second(w.invitations.Revoke(w.ctx, c, id)) },
		"delete": func(c membership.Call, id string) error { return w.invitations.Delete(w.ctx, c, id) },
	}
	for name, act := range do {
		t.Run(name, func(t *testing.T) {
			wantCode(t, act(ahead(boss, boss.Actor.Reach(), theirs.ID), theirs.ID), "not_found")
			wantCode(t, act(ahead(boss, membership.ReachAll(), theirs.ID), theirs.ID), "not_found") // read too far: it does not count
			wantCode(t, act(ahead(boss, boss.Actor.Reach(), ours.ID), theirs.ID), "not_found")
			wantCode(t, act(ahead(w.as("alpha", membership.Member), boss.Actor.Reach(), ours.ID), ours.ID), "forbidden")
			down := boss
			down.Invitation = membership.ReadAhead(w.ctx, boss.Actor.Reach(), ours.ID, func(context.Context, membership.Reach, string) (membership.Invitation, error) {
				return membership.Invitation{}, membership.ErrOverloaded
			})
			wantCode(t, act(down, ours.ID), membership.ErrOverloaded.Code)
			if w.store.invitations[ours.ID].Version != ours.Version || w.store.invitations[theirs.ID].Version != theirs.Version {
				t.Error("something was done all the same")
			}
		})
	}
	wantCode(t, do["resend"](ahead(boss, boss.Actor.Reach(), ours.ID), ours.ID), "")
	wantCode(t, do["revoke"](ahead(w.staff(), membership.ReachAll(), ours.ID), ours.ID), "")
	wantCode(t, do["delete"](ahead(boss, boss.Actor.Reach(), ours.ID), ours.ID), "")
}

// A user and a customer that were read ahead are used once: the loser of a race reads again.
func TestReadingUsersAhead(t *testing.T) {
	w := newWorld(t)
	boss := w.as("alpha", membership.Administrator)
	ahead := func(c membership.Call, reach membership.Reach, id string) membership.Call {
		c.User = membership.ReadAhead(w.ctx, reach, id, w.store.User)
		return c
	}
	do := map[string]func(membership.Call, string) error{
		"deactivate": func(c membership.Call, id string) error { return second(w.users.Deactivate(w.ctx, c, id, 0)) },
		"reactivate": func(c membership.Call, id string) error { return second(w.users.Reactivate(w.ctx, c, id, 0)) },
		"change": func(c membership.Call, id string) error {
			return second(w.records.Change(w.ctx, c, id, w.store.users[id].Version, membership.RecordInput{}))
		},
	}
	for _, name := range []string{"deactivate", "reactivate", "change"} {
		wantCode(t, do[name](ahead(boss, boss.Actor.Reach(), "beta-member"), "beta-member"), "not_found")
		wantCode(t, do[name](ahead(boss, membership.ReachAll(), "beta-member"), "beta-member"), "not_found") // read too far: it does not count
		wantCode(t, do[name](ahead(w.as("alpha", membership.Member), boss.Actor.Reach(), "alpha-member"), "alpha-member"), "forbidden")
		wantCode(t, do[name](ahead(boss, boss.Actor.Reach(), "alpha-member"), "alpha-member"), "")
	}
	g, err := w.groups.Create(w.ctx, w.staff(), membership.GroupInput{Name: ptr("Ahead")})
	if err != nil {
		t.Fatal(err)
	}
	c := w.staff()
	stale := w.store.users["alpha-member"] // somebody has changed both since they were read ahead
	stale.Version--
	c.User = membership.ReadAhead(w.ctx, membership.ReachAll(), "alpha-member", func(context.Context, membership.Reach, string) (membership.User, error) { return stale, nil })
	wantCode(t, w.groups.AddUser(w.ctx, c, g.ID, "alpha-member"), "")
	old := w.store.customers["alpha"]
	old.Version--
	c.Customer = membership.ReadAhead(w.ctx, membership.ReachAll(), "alpha", func(context.Context, membership.Reach, string) (membership.Customer, error) { return old, nil })
	wantCode(t, w.groups.AddCustomer(w.ctx, c, g.ID, "alpha"), "")
}
