package faults_test

import (
	"time"

	"clientele/shared/membership"
)

func invitationEntries() []entry {
	invited := func(w *world) { w.settle(); w.invite("nia", w.staff()) }
	closed := func(w *world) {
		invited(w)
		_, err := w.invitations().Revoke(w.ctx, w.staff(), w.vars["nia"])
		w.must(err)
	}
	return []entry{
		{use: "Invitations.Invite", prepare: (*world).settle, as: (*world).staff, route: "POST /invitations", batch: true, run: func(w *world, c membership.Call) (any, error) {
			return batch(w.invitations().Invite(w.ctx, c, membership.InviteInput{CustomerID: w.vars["alpha"], Role: membership.Member, Invitees: []membership.Invitee{
				{Email: "one@new.example", FirstName: "One"}, {Email: "broken@"}, {Email: "two@new.example", Role: membership.Moderator}, {Email: "mia@" + w.vars["alpha"][:4] + ".example"}}}))
		}},
		{use: "Invitations.Invite", situation: "without a key", prepare: (*world).settle, as: (*world).staff, settled: []string{"answer:already_invited"}, run: func(w *world, c membership.Call) (any, error) {
			return batch(w.invitations().Invite(w.ctx, c, membership.InviteInput{CustomerID: w.vars["alpha"], Invitees: []membership.Invitee{{Email: "one@new.example"}}}))
		}},
		{use: "Invitations.Invite", situation: "address in use elsewhere", prepare: (*world).settle, as: (*world).boss, route: "POST /invitations", batch: true, run: func(w *world, c membership.Call) (any, error) {
			return batch(w.invitations().Invite(w.ctx, c, membership.InviteInput{CustomerID: w.vars["alpha"], Invitees: []membership.Invitee{{Email: "ben@" + w.vars["beta"][:4] + ".example"}}}))
		}},
		{use: "Invitations.Get", prepare: invited, as: (*world).boss, run: func(w *world, c membership.Call) (any, error) {
			return w.invitations().Get(w.ctx, c, w.vars["nia"])
		}},
		{use: "Invitations.List", prepare: invited, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return w.invitations().List(w.ctx, c, membership.InvitationQuery{CustomerID: w.vars["alpha"], Page: membership.PageRequest{Limit: 50}})
		}},
		{use: "Invitations.Resend", prepare: invited, as: (*world).staff, route: "POST /invitations/nia/resend", run: func(w *world, c membership.Call) (any, error) {
			return w.invitations().Resend(w.ctx, c, w.vars["nia"])
		}},
		{use: "Invitations.Resend", situation: "address became free", as: (*world).boss, route: "POST /invitations/ben/resend",
			prepare: func(w *world) {
				w.settle()
				w.inviteAddress("ben2", "ben@"+w.vars["beta"][:4]+".example", w.boss())
				_, err := w.users().Remove(w.ctx, w.staff(), w.vars["ben"], 0)
				w.must(err)
			},
			run: func(w *world, c membership.Call) (any, error) {
				return w.invitations().Resend(w.ctx, c, w.vars["ben2"])
			}},
		{use: "Invitations.ResendExpired", as: (*world).staff, free: true,
			prepare: func(w *world) {
				invited(w)
				w.invite("noa", w.staff())
				w.sendAll()
				w.now = w.now.Add(membership.InvitationLifetime)
			},
			run: func(w *world, c membership.Call) (any, error) {
				results, _, err := w.invitations().ResendExpired(w.ctx, c, w.vars["alpha"], "")
				return results, err
			}},
		{use: "Invitations.Revoke", prepare: invited, as: (*world).staff, route: "POST /invitations/nia/revoke", run: func(w *world, c membership.Call) (any, error) {
			return w.invitations().Revoke(w.ctx, c, w.vars["nia"])
		}},
		{use: "Invitations.Delete", prepare: invited, as: (*world).staff, settled: []string{"not_found"}, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.invitations().Delete(w.ctx, c, w.vars["nia"])
		}},
		{use: "Invitations.Delete", situation: "revoked", prepare: closed, as: (*world).staff, settled: []string{"not_found"}, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.invitations().Delete(w.ctx, c, w.vars["nia"])
		}},
		{use: "Invitations.Inspect", prepare: invited, as: (*world).public, run: func(w *world, c membership.Call) (any, error) {
			return w.invitations().Inspect(w.ctx, c, w.vars["nia.token"])
		}},
		{use: "Invitations.Decline", prepare: invited, as: (*world).public, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.invitations().Decline(w.ctx, c, w.vars["nia.token"])
		}},
		{use: "Invitations.Renew", as: (*world).public, settled: []string{"invitation_replaced"},
			prepare: func(w *world) { invited(w); w.now = w.now.Add(8 * 24 * time.Hour) },
			run: func(w *world, c membership.Call) (any, error) {
				return nil, w.invitations().Renew(w.ctx, c, w.vars["nia.token"])
			}},
		{use: "FirstAdministrator.Invite", prepare: func(*world) {}, as: (*world).system, run: func(w *world, c membership.Call) (any, error) {
			return w.firstAdministrator().Invite(w.ctx, c, "first@provider.example")
		}},
		{use: "FirstAdministrator.Invite", situation: "corrected address", as: (*world).system,
			prepare: func(w *world) {
				_, err := w.firstAdministrator().Invite(w.ctx, w.system(), "frist@provider.example")
				w.must(err)
			},
			run: func(w *world, c membership.Call) (any, error) {
				return w.firstAdministrator().Invite(w.ctx, c, "first@provider.example")
			}},
	}
}

// batch returns the answer of a batch: ids and codes by row. An error of ours that asks to try again is the error of
// the whole batch.
func batch(results []membership.RowResult, err error) (any, error) {
	var rows []string
	for _, r := range results {
		switch {
		case r.Err == nil:
			rows = append(rows, r.ID)
		case r.Err.Kind == membership.Unavailable:
			err = r.Err
		default:
			rows = append(rows, r.Err.Code)
		}
	}
	return rows, err
}
