package store

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"clientele/shared/membership"
)

// rounds is how often a race is run: few in every test, CLIENTELE_LONG=1 for the figure of design 8.
func rounds(few, many int) int {
	if os.Getenv("CLIENTELE_LONG") == "1" {
		return many
	}
	return few
}

// However many accept one invitation at once, exactly one succeeds and the others are told so.
func TestParallelAcceptsHaveOneWinner(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.accounts.delay = 5 * time.Millisecond
		c := w.customer(t, "Race Ltd")
		for round := range rounds(6, 1000) {
			v := w.invite(t, w.staff(), c.ID, fmt.Sprintf("r%d@example.com", round))
			errs := parallel(64, func(int) error {
				_, err := w.accept(t.Context(), v)
				return err
			})
			equal(t, codes(t, errs), map[string]int{"": 1, membership.ErrAlreadyAccepted.Code: 63})
			u := w.user(t, v.UserID)
			if u.Status != membership.Active || !u.ActivatingUntil.IsZero() {
				t.Fatalf("the winner is %+v", u)
			}
		}
		w.checkUsers(t)
		w.checkAudit(t)
	})
}

// An acceptance that meets something else at the same moment: whatever the order, the end is one that the events could
// have had one after the other, and whoever was told of success was right.
func TestAcceptAgainstOthers(t *testing.T) {
	rivals := map[string]func(w *world, v membership.Invitation) error{
		"resend": func(w *world, v membership.Invitation) error {
			_, err := w.invitations.Resend(context.Background(), w.staff(), v.ID)
			return err
		},
		"revoke": func(w *world, v membership.Invitation) error {
			_, err := w.invitations.Revoke(context.Background(), w.staff(), v.ID)
			return err
		},
		"decline": func(w *world, v membership.Invitation) error {
			return w.invitations.Decline(context.Background(), membership.Call{Now: w.now}, w.keys.Token(v.Link()))
		},
		"delete": func(w *world, v membership.Invitation) error {
			return w.invitations.Delete(context.Background(), w.staff(), v.ID)
		},
		"remove": func(w *world, v membership.Invitation) error {
			_, err := w.users.Remove(context.Background(), w.staff(), v.UserID, 0)
			return err
		},
		"expire": func(w *world, v membership.Invitation) error {
			late := *w
			late.now = v.ExpiresAt
			_, err := late.expiry.Run(context.Background(), late.system(), 100)
			return err
		},
		"deactivate customer": func(w *world, v membership.Invitation) error {
			_, err := w.customers.Deactivate(context.Background(), w.staff(), v.CustomerID, 0)
			return err
		},
	}
	t.Parallel()
	for name, rival := range rivals {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.accounts.delay = 8 * time.Millisecond
				for round := range rounds(8, 200) {
					c := w.customer(t, fmt.Sprint("Race ", round))
					v := w.invite(t, w.staff(), c.ID, fmt.Sprintf("r%d@example.com", round))
					var accepted membership.User
					errs := parallel(2, func(n int) (err error) {
						if n == 0 {
							accepted, err = w.accept(t.Context(), v)
							return err
						}
						time.Sleep(time.Duration(round%8) * 2 * time.Millisecond) //nolint:forbidigo // another moment of the acceptance in each round
						return rival(w, v)
					})
					codes(t, errs)
					w.checkHistory(t, name, v, accepted, errs[0], errs[1])
				}
				w.checkUsers(t)
				w.checkAudit(t)
			})
		})
	}
}

func (w *world) checkHistory(t testing.TB, rival string, v membership.Invitation, accepted membership.User, acceptErr, rivalErr error) {
	t.Helper()
	ctx := t.Context()
	u, userErr := w.table.User(ctx, membership.ReachAll(), v.UserID)
	now, invitationErr := w.table.Invitation(ctx, membership.ReachAll(), v.ID)
	bad := func(why string) {
		t.Helper()
		t.Errorf("accept against %s: %s\naccept: %v\n%s: %v\nuser %+v (%v)\ninvitation %+v (%v)", rival, why, acceptErr, rival, rivalErr, u, userErr, now, invitationErr)
	}
	won := acceptErr == nil
	switch {
	case won && rival == "remove" && rivalErr == nil: // removed as an active user afterwards
		if u.Status != membership.Removed || now.Status != membership.InvitationAccepted || accepted.Status != membership.Active {
			bad("an accepted user who was removed")
		}
	case won:
		if u.Status != membership.Active || now.Status != membership.InvitationAccepted || u.Version != accepted.Version {
			bad("the accepted user is not active")
		}
		if rivalErr == nil && rival != "expire" && rival != "deactivate customer" { // those two may have found nothing to do, or do not matter
			bad("both succeeded")
		}
	case rivalErr != nil && membership.KindOf(rivalErr) != membership.Stale:
		bad("both failed")
	case rivalErr == nil && rival == "resend":
		if u.Status != membership.Invited || now.Status != membership.InvitationPending || now.LinkVersion != 2 {
			bad("a new link that is none")
		}
	case rivalErr == nil && rival == "delete":
		if membership.KindOf(userErr) != membership.NotFound || membership.KindOf(invitationErr) != membership.NotFound {
			bad("something is left")
		}
	case rivalErr == nil && rival == "expire":
		if u.Status != membership.Expired || now.Status != membership.InvitationExpired {
			bad("neither accepted nor expired")
		}
	case rivalErr == nil && rival != "deactivate customer":
		if u.Status != membership.Removed || now.Status != membership.InvitationRevoked && now.Status != membership.InvitationDeclined {
			bad("an ended invitation that is not")
		}
	}
	// Whoever lost can go on: nothing is stuck in between.
	if !won && userErr == nil && u.Status == membership.Invited && rival != "deactivate customer" {
		if now.Status != membership.InvitationPending {
			bad("an invited user without an open invitation")
		}
		w.accounts.delay, w.now = 0, w.now.Add(membership.AcceptanceLease)
		if _, err := w.accept(ctx, now); err != nil {
			bad("the open invitation cannot be accepted: " + err.Error())
		}
		w.accounts.delay = 8 * time.Millisecond
	}
}

// However many invite one address at once, it is invited once; the others are told so.
func TestParallelInvitesMakeOneInvitation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		here, there := w.customer(t, "Here Ltd"), w.customer(t, "There Ltd")
		for round := range rounds(2, 100) {
			email := fmt.Sprintf("r%d@example.com", round)
			invite := func(call membership.Call, customerID string) error {
				results, err := w.invitations.Invite(ctx, call, membership.InviteInput{CustomerID: customerID, Invitees: []membership.Invitee{{Email: email}}})
				if err == nil && results[0].Err != nil {
					err = results[0].Err
				}
				return err
			}
			equal(t, codes(t, parallel(64, func(int) error { return invite(w.staff(), here.ID) })), map[string]int{"": 1, membership.ErrAlreadyInvited.Code: 63})
			// From another customer, too: its own people learn nothing, staff are told.
			// Five, because that is how many letters they can cause to one address within an hour.
			n := codes(t, parallel(5, func(int) error { return invite(w.as(membership.Portal, there.ID), there.ID) }))
			equal(t, n, map[string]int{"": 1, membership.ErrAlreadyInvited.Code: 4})
			fails(t, invite(w.staff(), w.customer(t, "Third Ltd").ID), membership.ErrEmailInUse)
		}
		w.checkUsers(t)
		w.checkAudit(t)
	})
}

// A repeated request that overtakes itself is carried out once.
func TestParallelRequestsWithOneKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		name := "Once Ltd"
		call := w.staff()
		call.Key = &membership.IdempotencyKey{ActorID: "a", Route: "POST /customers", Key: "k", BodyHash: "h"}
		n := codes(t, parallel(32, func(int) error {
			_, err := w.customers.Create(t.Context(), call, membership.Corporate, membership.CustomerInput{Name: &name})
			return err
		}))
		equal(t, n, map[string]int{"": 1, membership.ErrInProgress.Code: 31})
		equal(t, len(of(w.items(t), entityCustomer)), 1)
	})
}

// A customer is deleted, or has somebody new; never both.
func TestDeletingCustomerAgainstInviting(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for round := range rounds(10, 300) {
			c := w.customer(t, fmt.Sprint("Race ", round))
			errs := parallel(3, func(n int) error {
				time.Sleep(time.Duration(round%4) * time.Duration(n) * time.Millisecond) //nolint:forbidigo // another order in each round
				switch n {
				case 0:
					return w.customers.Delete(ctx, w.staff(), c.ID, c.Version)
				case 1:
					results, err := w.invitations.Invite(ctx, w.staff(), membership.InviteInput{CustomerID: c.ID, Invitees: []membership.Invitee{{Email: fmt.Sprintf("r%d@example.com", round)}}})
					if err == nil && results[0].Err != nil {
						err = results[0].Err
					}
					return err
				}
				_, err := w.subAccounts.Create(ctx, w.staff(), c.ID, "Depot")
				return err
			})
			codes(t, errs)
			if errs[0] == nil && (errs[1] == nil || errs[2] == nil) {
				t.Errorf("deleted with somebody in it: %v", errs)
			}
		}
		items := w.items(t)
		for k, i := range items {
			switch i.str("entity") {
			case entityUser, entityInvitation, entitySubAccount:
				if _, there := items[customerKey(i.str("customerId"))]; !there {
					t.Errorf("orphan %v", k)
				}
			}
		}
		w.checkUsers(t)
		w.checkCustomers(t)
		w.checkAudit(t)
	})
}

// Changes of one record at once: one holds, the others are told to read again.
func TestParallelChangesLoseNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.customer(t, "Change Ltd")
		n := codes(t, parallel(24, func(n int) error {
			name := fmt.Sprint("Change ", n)
			_, err := w.customers.Change(t.Context(), w.staff(), c.ID, 1, membership.CustomerInput{Name: &name})
			return err
		}))
		equal(t, n, map[string]int{"": 1, membership.ErrStale.Code: 23})
		w.checkCustomers(t)
		w.checkAudit(t)
	})
}
