package faults_test

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"clientele/shared/membership"
	"clientele/shared/phone"
)

func (w *world) registrations() membership.Registrations {
	return membership.Registrations{Store: w.table, Keys: w.keys, Phones: phone.Parse, NewID: w.id, Language: "en"}
}

func (w *world) approvals() membership.Approvals {
	return membership.Approvals{Store: w.table, NewID: w.id, Language: "en"}
}

func (w *world) settings() membership.SettingsUse {
	return membership.SettingsUse{Store: w.table, NewID: w.id}
}

// opened is settle with self-registration switched on.
func (w *world) opened(change func(*membership.SettingsInput)) {
	w.settle()
	in := membership.SettingsInput{SelfRegistration: aws.Bool(true)}
	if change != nil {
		change(&in)
	}
	_, err := w.settings().Change(w.ctx, w.staff(), 1, in)
	w.must(err)
}

func registration(email string) membership.RegistrationInput {
	return membership.RegistrationInput{Email: email, FirstName: "Rita", LastName: "Gister", Company: "Gister Works", Origin: membership.OriginAPI, Source: "192.0.2.1"}
}

// registered makes an unconfirmed registration and remembers it, its mail and its link.
func (w *world) registered(name, email string) {
	w.t.Helper()
	w.must(w.registrations().Start(w.ctx, w.public(), registration(email)))
	page, err := w.table.Registrations(w.ctx, membership.RegistrationQuery{Reach: membership.ReachAll(), Status: membership.RegistrationUnconfirmed, Page: membership.PageRequest{Limit: 1}})
	w.must(err)
	r, err := w.table.Registration(w.ctx, membership.ReachAll(), page.Items[0].ID)
	w.must(err)
	w.vars[name], w.vars[name+".mail"], w.vars[name+".token"] = r.ID, r.MailID, w.keys.Token(r.Link())
}

// waits makes a registration that waits for approval.
func (w *world) waits(name, email string) {
	w.t.Helper()
	w.registered(name, email)
	w.sendAll()
	_, err := w.registrations().Confirm(w.ctx, w.public(), membership.ConfirmInput{Token: w.vars[name+".token"]})
	w.must(err)
	w.sendAll()
}

func registrationEntries() []entry {
	const route = "POST /approvals"
	done := []string{`answer:""`}
	start := func(email string) func(*world, membership.Call) (any, error) {
		return func(w *world, c membership.Call) (any, error) {
			return nil, w.registrations().Start(w.ctx, c, registration(email))
		}
	}
	confirm := func(w *world, c membership.Call) (any, error) {
		r, err := w.registrations().Confirm(w.ctx, c, membership.ConfirmInput{Token: w.vars["rita.token"]})
		return []any{r.ID, r.CustomerID, r.Status}, err
	}
	decide := func(in membership.DecisionInput) func(*world, membership.Call) (any, error) {
		return func(w *world, c membership.Call) (any, error) {
			in := in
			in.RegistrationIDs = []string{w.vars["rita"], w.vars["rolf"]}
			if in.NewCustomer != nil {
				in.RegistrationIDs = in.RegistrationIDs[:1]
			} else if in.CustomerID != "" {
				in.CustomerID = w.vars[in.CustomerID]
			}
			return batch(w.approvals().Decide(w.ctx, c, in))
		}
	}
	queue := func(w *world) {
		w.opened(nil)
		w.waits("rita", "rita@gister.example")
		w.waits("rolf", "rolf@gister.example")
	}
	late := func(d time.Duration) func(*world) {
		return func(w *world) {
			queue(w)
			w.registered("rudi", "rudi@gister.example")
			w.sendAll()
			w.now = w.now.Add(d)
		}
	}
	run := func(w *world, c membership.Call) (any, error) { return w.expiry().Run(w.ctx, c, 100) }
	return []entry{
		{use: "SettingsUse.Get", prepare: (*world).settle, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return w.settings().Get(w.ctx, c)
		}},
		{use: "SettingsUse.Change", prepare: (*world).settle, as: (*world).staff, settled: []string{"changed_meanwhile"}, run: func(w *world, c membership.Call) (any, error) {
			return w.settings().Change(w.ctx, c, 1, membership.SettingsInput{SelfRegistration: aws.Bool(true), AllowedDomains: &[]string{"gister.example"}})
		}},
		{use: "SettingsUse.Change", situation: "again", prepare: func(w *world) { w.opened(nil) }, as: (*world).staff, settled: []string{"changed_meanwhile"},
			run: func(w *world, c membership.Call) (any, error) {
				return w.settings().Change(w.ctx, c, 2, membership.SettingsInput{SelfRegistration: aws.Bool(false)})
			}},
		{use: "Registrations.Form", prepare: func(w *world) { w.opened(nil) }, as: (*world).public, run: func(w *world, _ membership.Call) (any, error) {
			return w.registrations().Form(w.ctx)
		}},
		{use: "Registrations.Start", prepare: func(w *world) { w.opened(nil) }, as: (*world).public, again: "mail", run: start("rita@gister.example")},
		{use: "Registrations.Start", situation: "again", as: (*world).public, again: "mail", run: start("rita@gister.example"),
			prepare: func(w *world) { w.opened(nil); w.registered("rita", "rita@gister.example"); w.sendAll() }},
		{use: "Registrations.Start", situation: "ignored", as: (*world).public, again: "mail", run: start("rita@gister.example"),
			prepare: func(w *world) {
				w.opened(func(in *membership.SettingsInput) { in.AllowedDomains = &[]string{"other.example"} })
			}},
		{use: "Registrations.Inspect", as: (*world).public, prepare: func(w *world) { w.opened(nil); w.registered("rita", "rita@gister.example"); w.sendAll() },
			run: func(w *world, c membership.Call) (any, error) {
				return w.registrations().Inspect(w.ctx, c, w.vars["rita.token"])
			}},
		{use: "Registrations.Confirm", as: (*world).public, run: confirm, prepare: func(w *world) { w.opened(nil); w.registered("rita", "rita@gister.example"); w.sendAll() }},
		{use: "Registrations.Confirm", situation: "approval off", as: (*world).public, run: confirm,
			prepare: func(w *world) {
				w.opened(func(in *membership.SettingsInput) { in.RegistrationNeedsApproval = aws.Bool(false) })
				w.registered("rita", "rita@gister.example")
				w.sendAll()
			}},
		{use: "Registrations.List", prepare: queue, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return w.registrations().List(w.ctx, c, membership.RegistrationQuery{Page: page()})
		}},
		{use: "Registrations.Get", prepare: queue, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return w.registrations().Get(w.ctx, c, w.vars["rita"])
		}},
		{use: "Approvals.Decide", prepare: queue, as: (*world).staff, route: route, batch: true,
			run: decide(membership.DecisionInput{Decision: membership.DecideApprove, CustomerID: "alpha", Role: membership.Moderator})},
		{use: "Approvals.Decide", situation: "a new customer", prepare: queue, as: (*world).staff, route: route, batch: true,
			run: decide(membership.DecisionInput{Decision: membership.DecideApprove, NewCustomer: &membership.NewCustomer{Type: membership.Individual}})},
		{use: "Approvals.Decide", situation: "disapprove", prepare: queue, as: (*world).staff, route: route, batch: true,
			run: decide(membership.DecisionInput{Decision: membership.DecideDisapprove, Reason: "Who are you?"})},
		{use: "Approvals.Preset", prepare: queue, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return w.approvals().Preset(w.ctx, c)
		}},
		{use: "Approvals.Preview", prepare: queue, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			m, err := w.approvals().Preview(w.ctx, c, membership.DecisionInput{RegistrationIDs: []string{w.vars["rita"]}, Decision: membership.DecideApprove, CustomerID: w.vars["alpha"]})
			return []any{m.Letter, m.To, m.Fields}, err
		}},
		{use: "Users.Remove", situation: "who waits", prepare: queue, as: (*world).staff, settled: []string{"changed_meanwhile"}, run: func(w *world, c membership.Call) (any, error) {
			return w.users().Remove(w.ctx, c, w.vars["rita"], 1)
		}},
		{use: "Outbox.Deliver", situation: "confirm an address", as: (*world).system, after: lease, settled: done, tries: true,
			prepare: func(w *world) { w.opened(nil); w.registered("rita", "rita@gister.example") },
			run: func(w *world, c membership.Call) (any, error) {
				return w.delivered(w.vars["rita.mail"], c.Now)
			}},
		{use: "Outbox.Deliver", situation: "a known address registers", as: (*world).system, after: lease, settled: done, tries: true,
			prepare: func(w *world) { w.opened(nil); w.registered("mia.again", "mia@"+w.vars["alpha"][:4]+".example") },
			run: func(w *world, c membership.Call) (any, error) {
				return w.delivered(w.vars["mia.again.mail"], c.Now)
			}},
		{use: "Expiry.Run", situation: "registrations expire, approvers are reminded", as: (*world).system, free: true, run: run, prepare: late(25 * time.Hour)},
		{use: "Expiry.Run", situation: "registrations are forgotten", as: (*world).system, free: true, run: run,
			prepare: func(w *world) {
				w.opened(nil)
				w.waits("rita", "rita@gister.example")
				w.waits("rolf", "rolf@gister.example")
				_, err := w.approvals().Decide(w.ctx, w.staff(), membership.DecisionInput{RegistrationIDs: []string{w.vars["rita"], w.vars["rolf"]}, Decision: membership.DecideDisapprove, Silent: true, Reason: saidToNobody})
				w.must(err)
				w.now = w.now.Add(membership.DecidedRetention)
			}},
	}
}

// saidToNobody is the reason of disapprovals without a mail.
const saidToNobody = "Said to nobody."

// brokenRegistrations is the part of broken about registrations: each agrees with its user, an address has at most one
// open registration, everybody who was decided about has a mail unless the decision was silent, and nobody who is let
// in becomes staff.
func brokenRegistrations(s byEntity, say func(format string, a ...any)) {
	users, mails := s.byID("user"), s.byID("mail")
	open, rows := map[string]string{}, map[string]item{}
	for _, r := range s.of("registration-row") {
		rows[r.key()] = r
	}
	for _, r := range s.of("registration") {
		id, status := r.str("id"), r.str("status")
		u, there := users[id]
		legal := map[string][]string{"unconfirmed": {""}, "expired": {""}, "waiting": {"waiting"}, "approved": {"active", "removed"}, "disapproved": {"rejected", "removed"}}[status]
		if !slices.Contains(legal, u.str("status")) || there && u.str("customerId") != r.str("customerId") {
			say("registration %s of %s is %s and its user %q of %q", id, r.str("customerId"), status, u.str("status"), u.str("customerId"))
		}
		if there && u.str("customerId") == membership.ProviderID || status == "approved" && r.str("customerId") == membership.UnassignedID {
			say("registration %s has been let in at %s", id, r.str("customerId"))
		}
		if r.str("pk") != "REGISTRATION#"+id || r.str("sk") != "CUSTOMER#"+r.str("customerId") || r.str("facet") != "REGISTRATIONS##"+status {
			say("registration %s of %s lies at %s on the list %s", id, r.str("customerId"), r.key(), r.str("facet"))
		}
		k := "REGISTRATION#" + id + "|ROW#" + r.str("customerId")
		if row, ok := rows[k]; ok != (r.str("customerId") != membership.UnassignedID) || ok && (row.str("d") != r.str("d") || row.str("facet") != "REGISTRATIONS#"+r.str("customerId")+"#"+status) {
			say("registration %s of %s has the row %s", id, r.str("customerId"), row.text())
		}
		delete(rows, k)
		if status == "unconfirmed" {
			open["REGISTERING#"+membership.FoldLogin(r.str("email"))] = id + " " + r.str("version") + " " + r.str("linkVersion")
		}
		m, ok := mails[r.str("mailId")]
		silent := status == "disapproved" && (r.str("reason") == saidToNobody || u.str("status") == "removed" && r.str("mailId") == "")
		letter := map[string][]string{"unconfirmed": {"registration-confirm", "registration-known"}, "waiting": {"registration-waiting"}, "approved": {"user-registration"},
			"disapproved": {"registration-disapproved"}, "expired": {"registration-confirm", "registration-known"}}[status]
		switch {
		case silent && r.str("mailId")+r.str("delivery") != "":
			say("registration %s is disapproved in silence, its mail %s", id, m.str("letter"))
		case silent:
		case !ok || !slices.Contains(letter, m.str("letter")):
			say("registration %s is %s, its mail %s", id, status, m.str("letter"))
		case m.str("status") == "sent" && r.str("delivery") != "sent", m.str("status") == "queued" && r.str("delivery") != "queued":
			say("the mail of registration %s is %s, shown as %s", id, m.str("status"), r.str("delivery"))
		}
		if r["due"] == nil { // its link, its reminder or its retention
			say("registration %s is %s, and never due", id, status)
		}
	}
	for k := range rows {
		say("row %s is of no registration", k)
	}
	for _, o := range s.of("registration-open") {
		if open[o.str("pk")] != o.str("registrationId")+" "+o.str("version")+" "+o.str("linkVersion") {
			say("%s is reserved for %s, and is of %q", o.str("pk"), o.text(), open[o.str("pk")])
		}
		delete(open, o.str("pk"))
	}
	for k, id := range open {
		say("%s of %s is not reserved", k, id)
	}
	registered := map[string]bool{}
	for _, r := range s.of("registration") {
		registered[r.str("id")] = true
	}
	for id, u := range users {
		if status := u.str("status"); (status == "waiting" || status == "rejected" || u.str("customerId") == membership.UnassignedID) && !registered[id] {
			say("user %s is %s and has no registration", id, status)
		}
	}
	decided := map[string]int{}
	for _, a := range s.of("audit") {
		if action := a.str("action"); strings.HasPrefix(action, "registration.approved") || strings.HasPrefix(action, "registration.disapproved") {
			decided[a.str("subjectId")]++
		}
	}
	for id, n := range decided {
		if n > 1 {
			say("registration %s was decided %d times", id, n)
		}
	}
}
