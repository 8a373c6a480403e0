package store

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"clientele/shared/membership"
)

// Whatever people, owners of links and the clean-up do in whatever order, and however late, often or out of order the
// stream tells of it: lists, reservations, marks, search rows and counters equal their rebuild from the records, each
// change leaves exactly one audit entry and the mail it owes, and no error is internal. CLIENTELE_SEED repeats a run,
// CLIENTELE_LONG=1 makes it long, and CLIENTELE_ROUNDS says how long.
func TestRandomHistories(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("CLIENTELE_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	each(t, func(t *testing.T, w *world) {
		t.Logf("CLIENTELE_SEED=%d", seed)
		w.groups(t, "g0", "g1")
		many := 200
		if n, err := strconv.Atoi(os.Getenv("CLIENTELE_ROUNDS")); err == nil {
			many = n
		}
		sequences := 0
		for round := range rounds(3, many) {
			h := &history{world: w, t: t, r: rand.New(rand.NewPCG(seed, uint64(round)))}
			h.begin(round)
			for n := range 60 {
				h.step()
				if n%20 == 19 { // one sequence of many: whatever it began with, index and records agree at its end
					h.catchUp()
					sequences++
				}
			}
			if t.Failed() {
				t.Fatalf("round %d, last steps: %v", round, h.log[max(0, len(h.log)-20):])
			}
			if round%50 == 49 {
				h.equalsRebuild(t)
				t.Logf("%d sequences", sequences)
			}
		}
		w.equalsRebuild(t)
		w.checkUsers(t)
		w.checkProjection(t)
		w.checkCustomers(t)
		w.checkAudit(t)
		t.Logf("%d sequences of 20 steps", sequences)
	})
}

type history struct {
	*world
	t           *testing.T
	r           *rand.Rand
	customers   []string
	emails      []string
	invitations []string
	users       []string
	events      []told // of the stream, not yet dealt with
	log         []string
}

// told is whose record an event of the stream tells of.
type told struct{ customerID, userID string }

func (h *history) begin(round int) {
	h.customers, h.invitations, h.users = nil, nil, nil
	for n := range 3 {
		h.customers = append(h.customers, h.customer(h.t, fmt.Sprintf("Round %d %d", round, n)).ID)
	}
	for n := range 5 {
		h.emails = append(h.emails, fmt.Sprintf("person%d.%d@example.com", n, round))
	}
}

// hear notes whose records a transaction wrote, as the stream would tell.
func (h *history) hear(actions []types.TransactWriteItem) {
	for _, a := range actions {
		at := item{}
		switch {
		case a.Put != nil:
			at = a.Put.Item
		case a.Update != nil:
			at = a.Update.Key
		case a.Delete != nil:
			at = a.Delete.Key
		}
		if customerID, userID, ok := UserOf(at.str("pk"), at.str("sk"), entityUser); ok {
			h.events = append(h.events, told{customerID, userID})
		}
	}
}

// deliver has some of what the stream tells dealt with: any of it, in any order, some twice.
func (h *history) deliver() {
	for range h.r.IntN(3) {
		if len(h.events) == 0 || h.r.IntN(4) > 0 {
			continue
		}
		n := h.r.IntN(len(h.events))
		must(h.t, h.table.Project(h.t.Context(), h.events[n].customerID, h.events[n].userID))
		if h.r.IntN(4) > 0 {
			h.events = slices.Delete(h.events, n, n+1)
		}
	}
}

// catchUp deals with the rest, and compares what is stored of everybody with what follows from their records.
func (h *history) catchUp() {
	ctx := h.t.Context()
	whom := map[told]bool{}
	for _, e := range h.events {
		whom[e] = true
	}
	for e := range whom {
		must(h.t, h.table.Project(ctx, e.customerID, e.userID))
	}
	h.events = nil
	b := NewRebuild(h.client, h.table.name)
	for _, id := range h.users {
		d, err := b.difference(ctx, id, nil)
		must(h.t, err)
		for _, c := range d.changes {
			h.t.Errorf("of %s: %v is %v", id, c.item.key(), []string{"missing", "wrong", "surplus"}[c.fault])
		}
	}
}

// equalsRebuild checks that a rebuild would find nothing to do in the whole table.
func (w *world) equalsRebuild(t testing.TB) {
	t.Helper()
	if got := w.rebuild(t, true); got.Faults() != 0 || got.Busy != 0 {
		t.Errorf("a rebuild finds %+v", got)
	}
}

func pick(r *rand.Rand, from []string) string {
	if len(from) == 0 {
		return "nothing"
	}
	return from[r.IntN(len(from))]
}

// step does one thing, and compares what it wrote with what it said.
func (h *history) step() {
	ctx := h.t.Context()
	h.now = h.now.Add(time.Duration(h.r.IntN(20))*time.Hour + time.Second) // no two changes at the same time
	call := h.staff()
	if h.r.IntN(3) == 0 {
		call = h.as(membership.Portal, pick(h.r, h.customers))
	}
	nobody := membership.Call{Now: h.now}
	invitation, user := pick(h.r, h.invitations), pick(h.r, h.users)
	link := func() string {
		v, err := h.table.Invitation(ctx, membership.ReachAll(), invitation)
		if err != nil {
			return "x.1.y"
		}
		return h.keys.Token(v.Link())
	}
	type outcome struct {
		changes, mails int // mails -1 is as many as it likes
		err            error
	}
	one := func(err error, mails int) outcome {
		if err != nil {
			return outcome{err: err}
		}
		return outcome{1, mails, nil}
	}
	changed := func(err error, before, after membership.User, mails int) outcome { // a record that is saved as it is is not written
		if err == nil && after.Version == before.Version {
			return outcome{}
		}
		return one(err, mails)
	}
	acts := []struct {
		name string
		do   func() outcome
	}{
		{"invite", func() (o outcome) {
			in := membership.InviteInput{CustomerID: pick(h.r, h.customers)}
			if call.Actor.Realm == membership.Portal {
				in.CustomerID = call.Actor.CustomerID
			}
			for range 1 + h.r.IntN(3) {
				in.Invitees = append(in.Invitees, membership.Invitee{Email: pick(h.r, h.emails), FirstName: "Eva", Role: membership.RolesOf(in.CustomerID)[h.r.IntN(3)]})
			}
			results, err := h.world.invitations.Invite(ctx, call, in)
			for _, r := range results {
				if r.Err == nil {
					v, e := h.table.Invitation(ctx, membership.ReachAll(), r.ID)
					must(h.t, e)
					h.invitations, h.users = append(h.invitations, r.ID), append(h.users, v.UserID)
					o.changes, o.mails = o.changes+1, o.mails+1
				}
			}
			o.err = err
			return o
		}},
		{"accept", func() outcome {
			in := membership.AcceptInput{Token: link(), Password: "correct horse battery"}
			last := "López"
			in.LastName = &last
			if h.r.IntN(2) == 0 {
				in.Username = fmt.Sprintf("name-%d", h.r.IntN(6))
			}
			if h.r.IntN(4) == 0 {
				in.Password = "short"
			}
			_, _, err := h.world.invitations.Accept(ctx, nobody, in)
			return one(err, 0)
		}},
		{"decline", func() outcome {
			v, err := h.table.Invitation(ctx, membership.ReachAll(), invitation)
			if err == nil && v.Status == membership.InvitationDeclined { // again: fine, and no change
				return outcome{err: h.world.invitations.Decline(ctx, nobody, link())}
			}
			return one(h.world.invitations.Decline(ctx, nobody, link()), 0)
		}},
		{"renew", func() outcome { return one(h.world.invitations.Renew(ctx, nobody, link()), 1) }},
		{"resend", func() outcome { _, err := h.world.invitations.Resend(ctx, call, invitation); return one(err, 1) }},
		{"revoke", func() outcome { _, err := h.world.invitations.Revoke(ctx, call, invitation); return one(err, 0) }},
		{"delete", func() outcome { return one(h.world.invitations.Delete(ctx, call, invitation), 0) }},
		{"deactivate", func() outcome { _, err := h.world.users.Deactivate(ctx, call, user, 0); return one(err, 0) }},
		{"reactivate", func() outcome { _, err := h.world.users.Reactivate(ctx, call, user, 0); return one(err, 0) }},
		{"remove", func() outcome { _, err := h.world.users.Remove(ctx, call, user, 0); return one(err, 0) }},
		{"profile", func() outcome {
			u, err := h.table.User(ctx, membership.ReachAll(), user)
			if err != nil || u.Status != membership.Active {
				return outcome{err: membership.ErrNotFound}
			}
			self := membership.Call{Now: h.now, Actor: membership.Actor{Realm: membership.Portal, UserID: u.ID, CustomerID: u.CustomerID, Role: u.Role}}
			country, name, phone := []string{"DE", "FR", ""}[h.r.IntN(3)], []string{"Eva", "Zoë"}[h.r.IntN(2)], strconv.Itoa(h.r.IntN(100))
			after, err := membership.Profile{Store: h.table, NewID: h.id}.Change(ctx, self, u.Version, membership.ProfileInput{FirstName: &name, Country: &country, Phone: &phone})
			return changed(err, u, after, 0)
		}},
		{"create", func() outcome {
			in := membership.CreateInput{CustomerID: pick(h.r, h.customers), Contact: h.r.IntN(2) == 0}
			if call.Actor.Realm == membership.Portal {
				in.CustomerID = call.Actor.CustomerID
			}
			first, last, email, role := "Iñaki", "Øster Müller", pick(h.r, h.emails), membership.RolesOf(in.CustomerID)[h.r.IntN(3)]
			in.FirstName, in.LastName, in.Email, in.Role = &first, &last, &email, &role
			u, err := h.world.records.Create(ctx, call, in)
			if err == nil {
				h.users = append(h.users, u.ID)
			}
			return one(err, -1)
		}},
		{"record", func() outcome {
			u, err := h.table.User(ctx, membership.ReachAll(), user)
			if err != nil {
				return outcome{err: err}
			}
			var in membership.RecordInput
			last, email, country := []string{"Muñoz Ruiz", "Straße", "O'Neill"}[h.r.IntN(3)], pick(h.r, h.emails), []string{"DE", "FR", ""}[h.r.IntN(3)]
			switch h.r.IntN(5) {
			case 0:
				in.LastName, in.Country = &last, &country
			case 1:
				in.Email = &email
			case 2:
				role := membership.RolesOf(u.CustomerID)[h.r.IntN(3)]
				in.Role = &role
			case 3:
				name := fmt.Sprintf("name-%d", h.r.IntN(6))
				in.Username = &name
			default:
				ids := [][]string{{}, {"g0"}, {"g1", "g0"}}[h.r.IntN(3)]
				in.GroupIDs = &ids
			}
			after, err := h.world.records.Change(ctx, call, u.ID, u.Version, in)
			return changed(err, u, after, -1)
		}},
		{"suspend", func() outcome {
			until := []time.Time{{}, h.now.Add(30 * time.Hour)}[h.r.IntN(2)]
			_, err := h.world.users.Suspend(ctx, call, user, 0, until)
			return one(err, 0)
		}},
		{"customer out", func() outcome {
			_, err := h.world.customers.Deactivate(ctx, call, pick(h.r, h.customers), 0)
			return one(err, 0)
		}},
		{"customer in", func() outcome {
			_, err := h.world.customers.Reactivate(ctx, call, pick(h.r, h.customers), 0)
			return one(err, 0)
		}},
		{"customer back in", func() outcome {
			_, err := h.world.customers.Reactivate(ctx, h.staff(), pick(h.r, h.customers), 0)
			return one(err, 0)
		}},
		{"clean-up", func() outcome {
			if h.r.IntN(8) == 0 {
				h.now = h.now.Add(membership.InvitationRetention)
			}
			report, err := h.expiry.Run(ctx, h.system(), 100)
			return outcome{report.Expired + report.Deleted + report.Reactivated, 0, err} // the inviters are no users, so nobody gets a digest
		}},
	}
	act := acts[h.r.IntN(len(acts))]
	if h.r.IntN(3) == 0 {
		act = acts[h.r.IntN(2)] // else there is nobody to do anything to
	}
	h.calls.Take()
	o := act.do()
	h.log = append(h.log, fmt.Sprintf("%s: %v", act.name, o.err))
	if o.err != nil && membership.CodeOf(o.err) == "" {
		h.t.Errorf("%s: internal error %v", act.name, o.err)
	}
	audits, mails := 0, 0
	for _, c := range h.calls.Take() {
		in, ok := transaction(c)
		if !ok || c.Err != nil {
			continue
		}
		h.hear(in.TransactItems)
		for _, a := range in.TransactItems {
			if a.Put != nil && item(a.Put.Item).str("entity") == entityAudit {
				audits++
			}
			if a.Put != nil && item(a.Put.Item).str("entity") == entityMail {
				mails++
			}
		}
	}
	if audits != o.changes || mails != o.mails && o.mails >= 0 {
		h.t.Errorf("%s (%v): %d changes left %d audit entries, and %d mails instead of %d", act.name, o.err, o.changes, audits, mails, o.mails)
	}
	h.deliver()
}
