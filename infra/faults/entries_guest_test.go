package faults_test

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"clientele/shared/membership"
)

func guestEntries() []entry {
	over := []string{"guest_link_over"}
	secret := []byte(strings.Repeat("s", 32))
	ticket := func(w *world) membership.GuestTicket {
		return membership.GuestTicket{CustomerID: w.vars["gamma"], SessionID: w.vars["guest.session"], Secret: secret}
	}
	entered := func(w *world) {
		w.guestLink()
		s, err := w.guests().Enter(w.ctx, w.public(), w.vars["guest.token"], secret)
		w.must(err)
		w.vars["guest.session"] = s.ID
	}
	guest := func(w *world) membership.Call {
		return membership.Call{Now: w.now, Actor: membership.Actor{Realm: membership.Guest, Role: membership.Contacting, CustomerID: w.vars["gamma"], Name: w.guestAddress(), Company: "Gamma Trade", RequestID: "req"}}
	}
	first := membership.FirstUser{FirstName: "Gerd", LastName: "Gamma"}
	return []entry{
		{use: "Guests.Ask", prepare: (*world).settle, as: (*world).public, again: "mail", run: func(w *world, c membership.Call) (any, error) {
			return nil, w.guests().Ask(w.ctx, c, membership.AskLink{Email: "office@gamma.example", Source: "192.0.2.1"}, "en")
		}},
		{use: "Outbox.Deliver", situation: "a one-time link", as: (*world).system, after: lease, settled: []string{`answer:""`}, tries: true,
			prepare: func(w *world) { w.gamma(); w.askLink() }, run: func(w *world, c membership.Call) (any, error) {
				return w.delivered(w.vars["guest.mail"], c.Now)
			}},
		{use: "Guests.Inspect", prepare: (*world).guestLink, as: (*world).public, run: func(w *world, c membership.Call) (any, error) {
			return w.guests().Inspect(w.ctx, c, w.vars["guest.token"])
		}},
		{use: "Guests.Enter", prepare: (*world).guestLink, as: (*world).public, settled: over, free: true, run: func(w *world, c membership.Call) (any, error) {
			return w.guests().Enter(w.ctx, c, w.vars["guest.token"], secret)
		}},
		{use: "Guests.Load", prepare: entered, as: (*world).public, run: func(w *world, c membership.Call) (any, error) {
			actor, customer, err := w.guests().Load(w.ctx, ticket(w), c.Now, "req")
			return []any{actor, customer}, err
		}},
		{use: "Guests.Leave", prepare: entered, as: (*world).public, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.guests().Leave(w.ctx, ticket(w))
		}},
		{use: "Guests.AskFirstUser", prepare: entered, as: guest, settled: []string{"already_asked"}, run: func(w *world, c membership.Call) (any, error) {
			in := first
			in.Email = w.guestAddress()
			return nil, w.guests().AskFirstUser(w.ctx, c, in)
		}},
		{use: "Guests.AskFirstUser", situation: "another address", prepare: entered, as: guest, again: "mail", run: func(w *world, c membership.Call) (any, error) {
			in := first
			in.Email = "new-" + w.prefix + "@gamma.example"
			return nil, w.guests().AskFirstUser(w.ctx, c, in)
		}},
	}
}

func (w *world) guestAddress() string { return "office-" + w.prefix + "@gamma.example" }

// gamma is settle with a customer that has a contact address and no user.
func (w *world) gamma() {
	w.settle()
	c, err := w.customers().Create(w.ctx, w.staff(), membership.Corporate, membership.CustomerInput{Name: aws.String("Gamma Trade"), Email: aws.String(w.guestAddress())})
	w.must(err)
	w.vars["gamma"] = c.ID
}

func (w *world) askLink() {
	before := sorted(w.items()).byID("mail")
	w.must(w.guests().Ask(w.ctx, w.public(), membership.AskLink{Email: w.guestAddress(), Source: "192.0.2.1"}, "en"))
	for id := range sorted(w.items()).byID("mail") {
		if _, old := before[id]; !old {
			w.vars["guest.mail"] = id
		}
	}
}

// guestLink is gamma with a mailed one-time link.
func (w *world) guestLink() {
	w.gamma()
	w.askLink()
	_, err := w.outbox().Deliver(w.ctx, w.vars["guest.mail"], w.now)
	w.must(err)
	f, err := w.table.GuestFacts(w.ctx, w.vars["gamma"], "")
	w.must(err)
	w.vars["guest.token"] = w.keys.Token(membership.Link{Purpose: membership.PurposeGuest, ID: f.Customer.ID, Version: f.Link.LinkVersion,
		ExpiresAt: f.Link.ExpiresAt, Address: membership.FoldLogin(f.Customer.Email)})
}
