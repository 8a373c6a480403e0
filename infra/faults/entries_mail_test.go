package faults_test

import (
	"time"

	"clientele/shared/membership"
)

// lease is longer than the lease of a mail under way.
const lease = 3 * time.Minute

func mailEntries() []entry {
	deliver := func(name string) func(*world, membership.Call) (any, error) {
		return func(w *world, c membership.Call) (any, error) {
			return w.delivered(w.vars[name], c.Now)
		}
	}
	done := []string{`answer:""`}
	return []entry{
		{use: "Outbox.Deliver", as: (*world).system, after: lease, settled: done, tries: true,
			prepare: func(w *world) { w.settle(); w.invite("nia", w.staff()) }, run: deliver("nia.mail")},
		{use: "Outbox.Deliver", situation: "withdrawn", as: (*world).system, after: lease, settled: done, tries: true,
			prepare: func(w *world) {
				w.settle()
				w.invite("nia", w.staff())
				_, err := w.invitations().Revoke(w.ctx, w.staff(), w.vars["nia"])
				w.must(err)
			}, run: deliver("nia.mail")},
		{use: "Outbox.Deliver", situation: "password link", as: (*world).system, after: lease, settled: done, tries: true,
			prepare: func(w *world) {
				w.settle()
				before := sorted(w.items()).byID("mail")
				w.must(w.signIn().ForgotPassword(w.ctx, w.public(), membership.Forgot{Login: "name-mia", Door: membership.PortalDoor, Source: "192.0.2.1"}, "en"))
				for id := range sorted(w.items()).byID("mail") {
					if _, old := before[id]; !old {
						w.vars["reset.mail"] = id
					}
				}
			}, run: deliver("reset.mail")},
		{use: "Outbox.Sweep", as: (*world).system, after: lease, free: true, tries: true,
			prepare: func(w *world) { w.settle(); w.invite("nia", w.staff()); w.invite("noa", w.boss()) },
			run: func(w *world, c membership.Call) (any, error) {
				return w.outbox().Sweep(w.ctx, 10, func() time.Time { return c.Now })
			}},
	}
}

func cleanUpEntries() []entry {
	run := func(w *world, c membership.Call) (any, error) { return w.expiry().Run(w.ctx, c, 100) }
	expired := func(w *world) {
		w.settle()
		w.invite("nia", w.staff())
		w.invite("noa", w.boss())
		w.sendAll()
		w.now = w.now.Add(membership.InvitationLifetime)
	}
	return []entry{
		{use: "Expiry.Run", situation: "expiry", as: (*world).system, free: true, prepare: expired, run: run},
		{use: "Expiry.Run", situation: "digests", as: (*world).system, free: true, run: run,
			prepare: func(w *world) {
				expired(w)
				_, err := w.expiry().Run(w.ctx, w.system(), 100)
				w.must(err)
				w.now = w.now.Add(48 * time.Hour)
			}},
		{use: "Expiry.Run", situation: "retention", as: (*world).system, free: true, run: run,
			prepare: func(w *world) {
				w.settle()
				w.invite("nia", w.staff())
				w.invite("noa", w.boss())
				w.sendAll()
				_, err := w.invitations().Revoke(w.ctx, w.staff(), w.vars["nia"])
				w.must(err)
				w.must(w.invitations().Decline(w.ctx, w.public(), w.vars["noa.token"]))
				w.now = w.now.Add(membership.InvitationRetention)
			}},
	}
}
