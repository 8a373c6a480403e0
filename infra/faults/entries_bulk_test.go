package faults_test

import (
	"time"

	"clientele/shared/membership"
)

func (w *world) bulk() membership.Bulk {
	return membership.Bulk{Store: w.table, Users: w.users(), Records: w.records(), Invitations: w.invitations(), Groups: w.groups()}
}

func bulkEntries() []entry {
	const route = "POST /users/bulk"
	invited := func(w *world) { w.settle(); w.invite("nia", w.staff()) }
	do := func(action membership.BulkAction, who ...string) func(*world, membership.Call) (any, error) {
		return func(w *world, c membership.Call) (any, error) {
			in := membership.BulkInput{Action: action, GroupID: w.vars["key"], Role: membership.Moderator, Until: w.firstNow.Add(time.Hour)}
			for _, name := range who {
				in.UserIDs = append(in.UserIDs, w.vars[name])
			}
			return batch(w.bulk().Do(w.ctx, c, in))
		}
	}
	return []entry{
		{use: "Bulk.Do", situation: "deactivate", prepare: (*world).settle, as: (*world).staff, route: route, batch: true,
			run: do(membership.BulkDeactivate, "mia", "chief", "ben")},
		{use: "Bulk.Do", situation: "reactivate", as: (*world).boss, route: route, batch: true,
			prepare: func(w *world) {
				w.settle()
				_, err := w.users().Deactivate(w.ctx, w.boss(), w.vars["mia"], 0)
				w.must(err)
			},
			run: do(membership.BulkReactivate, "mia", "ben")},
		{use: "Bulk.Do", situation: "remove", prepare: invited, as: (*world).staff, route: route, batch: true, run: do(membership.BulkRemove, "mia", "nia.user")},
		{use: "Bulk.Do", situation: "resend", prepare: invited, as: (*world).staff, route: route, batch: true, run: do(membership.BulkResend, "nia.user", "mia")},
		{use: "Bulk.Do", situation: "suspend", prepare: invited, as: (*world).boss, route: route, batch: true, run: do(membership.BulkSuspend, "mia", "nia.user", "ben")},
		{use: "Bulk.Do", situation: "set the role", prepare: invited, as: (*world).staff, route: route, batch: true, run: do(membership.BulkSetRole, "mia", "nia.user")},
		{use: "Bulk.Do", situation: "add to a group", prepare: (*world).grouped, as: (*world).staff, route: route, batch: true, run: do(membership.BulkAddToGroup, "mia", "ben")},
		{use: "Bulk.Do", situation: "take out of a group", prepare: (*world).grouped, as: (*world).staff, route: route, batch: true, run: do(membership.BulkLeaveGroup, "mia", "ben")},
	}
}
