package faults_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"clientele/shared/membership"
)

func userEntries() []entry {
	return []entry{
		{use: "Users.Get", prepare: (*world).settle, as: (*world).boss, run: func(w *world, c membership.Call) (any, error) {
			return w.users().Get(w.ctx, c, w.vars["mia"])
		}},
		{use: "Users.Get", situation: "by staff", prepare: (*world).settle, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return w.users().Get(w.ctx, c, w.vars["mia"])
		}},
		{use: "Users.List", prepare: (*world).settle, as: (*world).boss, run: func(w *world, c membership.Call) (any, error) {
			return w.users().List(w.ctx, c, membership.UserQuery{Page: page()})
		}},
		{use: "Users.Counts", prepare: (*world).settle, as: (*world).boss, run: func(w *world, c membership.Call) (any, error) {
			return w.users().Counts(w.ctx, c, "")
		}},
		{use: "Users.Deactivate", prepare: (*world).settle, as: (*world).boss, route: "POST /users/mia/deactivate", run: func(w *world, c membership.Call) (any, error) {
			return w.users().Deactivate(w.ctx, c, w.vars["mia"], 2)
		}},
		{use: "Users.Reactivate", as: (*world).boss, route: "POST /users/mia/reactivate",
			prepare: func(w *world) {
				w.settle()
				_, err := w.users().Deactivate(w.ctx, w.boss(), w.vars["mia"], 0)
				w.must(err)
			},
			run: func(w *world, c membership.Call) (any, error) {
				return w.users().Reactivate(w.ctx, c, w.vars["mia"], 3)
			}},
		{use: "Users.Remove", prepare: (*world).settle, as: (*world).boss, settled: []string{"not_found"}, run: func(w *world, c membership.Call) (any, error) {
			return w.users().Remove(w.ctx, c, w.vars["mia"], 2)
		}},
		{use: "Users.Remove", situation: "by staff", prepare: (*world).settle, as: (*world).staff, settled: []string{"changed_meanwhile"}, run: func(w *world, c membership.Call) (any, error) {
			return w.users().Remove(w.ctx, c, w.vars["mia"], 2)
		}},
		{use: "Users.Remove", situation: "invited", as: (*world).staff, settled: []string{"impossible_in_status"},
			prepare: func(w *world) { w.settle(); w.invite("nia", w.staff()) },
			run: func(w *world, c membership.Call) (any, error) {
				return w.users().Remove(w.ctx, c, w.vars["nia.user"], 0)
			}},
		{use: "Users.Remove", situation: "a contact in a group", as: (*world).staff, settled: []string{"impossible_in_status"},
			prepare: func(w *world) {
				w.grouped()
				in := record("kim@new.example")
				in.GroupIDs = &[]string{w.vars["key"]}
				kim, err := w.records().Create(w.ctx, w.staff(), membership.CreateInput{CustomerID: w.vars["alpha"], Contact: true, RecordInput: in})
				w.must(err)
				w.vars["kim"] = kim.ID
			},
			run: func(w *world, c membership.Call) (any, error) {
				return w.users().Remove(w.ctx, c, w.vars["kim"], 0)
			}},
		{use: "Profile.Get", prepare: (*world).settle, as: (*world).member, run: func(w *world, c membership.Call) (any, error) {
			return w.profile().Get(w.ctx, c)
		}},
		{use: "Profile.Change", prepare: (*world).settle, as: (*world).member, settled: []string{"changed_meanwhile"}, run: func(w *world, c membership.Call) (any, error) {
			return w.profile().Change(w.ctx, c, 2, membership.ProfileInput{LastName: aws.String("Moved"), Country: aws.String("DE")})
		}},
	}
}
