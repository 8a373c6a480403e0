package faults_test

import (
	"time"

	"clientele/shared/membership"
)

func doorEntries() []entry {
	session := func(w *world) membership.Session {
		user := membership.User{ID: w.vars["mia"], CustomerID: w.vars["alpha"]}
		return membership.NewSession("session-of-mia", []byte("secret"), user, membership.PortalDoor, w.firstNow)
	}
	signedIn := func(w *world) {
		w.settle()
		w.firstNow = w.now
		w.must(w.table.CreateSession(w.ctx, session(w)))
	}
	return []entry{
		{use: "door: look up an Idempotency-Key", door: true, as: (*world).staff,
			prepare: func(w *world) {
				w.settle()
				c := w.staff()
				c.Key = &membership.IdempotencyKey{ActorID: c.Actor.UserID, Route: "POST /customers/alpha/deactivate", Key: "key", BodyHash: "hash"}
				_, err := w.customers().Deactivate(w.ctx, c, w.vars["alpha"], 0)
				w.must(err)
			},
			run: func(w *world, c membership.Call) (any, error) {
				return w.table.Marker(w.ctx, membership.IdempotencyKey{ActorID: c.Actor.UserID, Route: "POST /customers/alpha/deactivate", Key: "key"})
			}},
		{use: "door: begin a session", door: true, as: (*world).public, prepare: (*world).settle, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.table.CreateSession(w.ctx, session(w))
		}},
		{use: "door: touch a session", door: true, as: (*world).public, prepare: signedIn, run: func(w *world, c membership.Call) (any, error) {
			s := session(w)
			s.SeenAt = s.SeenAt.Add(time.Hour)
			return nil, w.table.TouchSession(w.ctx, s)
		}},
		{use: "door: end a session", door: true, as: (*world).public, prepare: signedIn, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.table.EndSession(w.ctx, membership.PortalDoor, w.vars["alpha"], w.vars["mia"], "session-of-mia")
		}},
		// What functions/project does when the stream brings a user.
		{use: "door: bring rows and counters in step", door: true, as: (*world).public,
			prepare: func(w *world) {
				w.settle()
				w.must(w.table.Project(w.ctx, w.vars["alpha"], w.vars["mia"]))
				before, err := w.table.User(w.ctx, membership.ReachAll(), w.vars["mia"])
				w.must(err)
				after := before
				after.LastName, after.Version = "Quintero", before.Version+1
				w.must(w.table.ChangeUser(w.ctx, before, after, nil, membership.Trail{Now: w.now}))
			},
			run: func(w *world, c membership.Call) (any, error) {
				return nil, w.table.Project(w.ctx, w.vars["alpha"], w.vars["mia"])
			}},
	}
}
