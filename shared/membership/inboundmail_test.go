package membership_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

func (m *memory) Marker(_ context.Context, k membership.IdempotencyKey) (*membership.Marker, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.marker(&k), nil
}

// inbox is the mail that came in: its file and its header.
type inbox struct {
	head  membership.MailHead
	fault error // of reading the header
	err   error // of reading the file
	asked []string
}

func (i *inbox) Head(_ context.Context, mailID string) ([]byte, error) {
	i.asked = append(i.asked, mailID)
	return []byte("raw"), i.err
}

func (i *inbox) read(start []byte) (membership.MailHead, error) {
	if string(start) != "raw" {
		return membership.MailHead{}, errors.New("another mail was read")
	}
	return i.head, i.fault
}

func (w *world) mailRegistrations(i *inbox) membership.MailRegistrations {
	return membership.MailRegistrations{Store: w.store, Files: i, Read: i.read, From: "no-reply@provider.example",
		Registrations: membership.Registrations{Store: w.store, Keys: w.keys, Phones: phones, NewID: w.id, Language: "en"}}
}

// opened is a world in which mails to register@provider.example start registrations.
func opened(t *testing.T) *world {
	w := newWorld(t)
	s := membership.DefaultSettings()
	s.SelfRegistration, s.RegistrationAddress, s.Version = true, "register@provider.example", 2
	w.store.settings = &s
	return w
}

func receipt() membership.MailReceipt {
	return membership.MailReceipt{ID: "ses-1", ReceivedAt: start.Add(-time.Minute), Sender: "maja@firm.example", Recipients: []string{"Register@Provider.Example"},
		SPF: membership.CheckPass, DKIM: membership.CheckPass, DMARC: membership.CheckPass, Spam: membership.CheckPass, Virus: membership.CheckPass}
}

func head() membership.MailHead {
	return membership.MailHead{Name: "Maja Berg", Address: "Maja@firm.example", Subject: "Access for Firm, https://firm.example", MessageID: "<1@firm.example>", Language: "de",
		Fields: map[string][]string{"from": {"Maja Berg <Maja@firm.example>"}, "received": {"a", "b"}, "content-type": {"text/plain"}, "auto-submitted": {"no"}}}
}

func (w *world) receive(i *inbox, r membership.MailReceipt) (membership.MailOutcome, error) {
	return w.mailRegistrations(i).Receive(w.ctx, membership.Call{Actor: membership.SystemActor("req"), Now: w.now}, r)
}

func TestMailStartsARegistration(t *testing.T) {
	w := opened(t)
	i := &inbox{head: head()}
	if o, err := w.receive(i, receipt()); o != membership.MailStarted || err != nil {
		t.Fatalf("%s, %v", o, err)
	}
	if len(w.store.registrations) != 1 || len(w.store.mails) != 1 || fmt.Sprint(i.asked) != "[ses-1]" {
		t.Fatalf("%d registrations, %d mails, asked for %v", len(w.store.registrations), len(w.store.mails), i.asked)
	}
	for _, r := range w.store.registrations {
		if r.Email != "Maja@firm.example" || r.FirstName != "Maja" || r.LastName != "Berg" || r.Comment != "Access for Firm, https://firm.example" ||
			r.Language != "de" || r.Origin != membership.OriginMail || r.Status != membership.RegistrationUnconfirmed {
			t.Errorf("registration %+v", r)
		}
	}
	for _, m := range w.store.mails { // the one letter of every registration, with nothing of what was written
		if m.Letter != membership.LetterRegistrationConfirm || m.To != "Maja@firm.example" || m.Status != membership.MailQueued || strings.Contains(fmt.Sprint(m.Fields), "firm") || strings.Contains(fmt.Sprint(m.Fields), "Berg") {
			t.Errorf("mail %+v", m)
		}
	}
}

// Whatever is wrong with a mail, it leaves nothing behind, and the sender hears nothing.
func TestMailsAreIgnored(t *testing.T) {
	field := func(name, value string) func(*membership.MailReceipt, *inbox) {
		return func(_ *membership.MailReceipt, i *inbox) { i.head.Fields[name] = append(i.head.Fields[name], value) }
	}
	sender := func(s string) func(*membership.MailReceipt, *inbox) {
		return func(r *membership.MailReceipt, i *inbox) { r.Sender, i.head.Address = s, s }
	}
	rc := func(change func(*membership.MailReceipt)) func(*membership.MailReceipt, *inbox) {
		return func(r *membership.MailReceipt, _ *inbox) { change(r) }
	}
	tests := []struct {
		name   string
		change func(*membership.MailReceipt, *inbox)
		want   membership.MailOutcome
	}{
		{"SPF fails", rc(func(r *membership.MailReceipt) { r.SPF = "FAIL" }), membership.MailFailsSPF},
		{"no SPF", rc(func(r *membership.MailReceipt) { r.SPF = "GRAY" }), membership.MailFailsSPF},
		{"SPF not checked", rc(func(r *membership.MailReceipt) { r.SPF = "PROCESSING_FAILED" }), membership.MailFailsSPF},
		{"DKIM fails", rc(func(r *membership.MailReceipt) { r.DKIM = "FAIL" }), membership.MailFailsDKIM},
		{"not signed", rc(func(r *membership.MailReceipt) { r.DKIM = "GRAY" }), membership.MailFailsDKIM},
		{"DMARC fails", rc(func(r *membership.MailReceipt) { r.DMARC = "FAIL" }), membership.MailFailsDMARC},
		{"no DMARC", rc(func(r *membership.MailReceipt) { r.DMARC = "GRAY" }), membership.MailFailsDMARC},
		{"no word of DMARC", rc(func(r *membership.MailReceipt) { r.DMARC = "" }), membership.MailFailsDMARC},
		{"pass in small letters", rc(func(r *membership.MailReceipt) { r.DMARC = "pass" }), membership.MailFailsDMARC},
		{"virus", rc(func(r *membership.MailReceipt) { r.Virus = "FAIL" }), membership.MailVirus},
		{"not scanned", rc(func(r *membership.MailReceipt) { r.Virus = "DISABLED" }), membership.MailVirus},
		{"spam", rc(func(r *membership.MailReceipt) { r.Spam = "FAIL" }), membership.MailSpam},
		{"spam not checked", rc(func(r *membership.MailReceipt) { r.Spam = "PROCESSING_FAILED" }), membership.MailSpam},
		{"old", rc(func(r *membership.MailReceipt) { r.ReceivedAt = start.Add(-12*time.Hour - time.Second) }), membership.MailOld},
		{"to another address", rc(func(r *membership.MailReceipt) { r.Recipients = []string{"info@provider.example"} }), membership.MailElsewhere},
		{"to nobody", rc(func(r *membership.MailReceipt) { r.Recipients = nil }), membership.MailElsewhere},
		{"bounce", rc(func(r *membership.MailReceipt) { r.Sender = "" }), membership.MailBounce},
		{"bounce in brackets", rc(func(r *membership.MailReceipt) { r.Sender = "<>" }), membership.MailBounce},
		{"envelope differs", rc(func(r *membership.MailReceipt) { r.Sender = "boss@firm.example" }), membership.MailSenderDiffers},
		{"envelope of a list server", rc(func(r *membership.MailReceipt) { r.Sender = "bounces+maja=firm.example@lists.example" }), membership.MailSenderDiffers},
		{"tagged envelope of another", rc(func(r *membership.MailReceipt) { r.Sender = "prvs=123=boss@firm.example" }), membership.MailSenderDiffers},
		{"Sender differs", func(_ *membership.MailReceipt, i *inbox) { i.head.Sender = "assistant@firm.example" }, membership.MailSenderDiffers},
		{"unreadable", func(_ *membership.MailReceipt, i *inbox) {
			i.fault = &membership.MailFault{Outcome: membership.MailSeveralFrom}
		}, membership.MailSeveralFrom},
		{"unreadable, wrapped", func(_ *membership.MailReceipt, i *inbox) {
			i.fault = fmt.Errorf("read: %w", &membership.MailFault{Outcome: membership.MailTooLong})
		}, membership.MailTooLong},
		{"our own letter", sender("No-Reply@provider.example"), membership.MailOwn},
		{"from the address itself", sender("register@PROVIDER.example"), membership.MailOwn},
		{"mailer-daemon", sender("MAILER-DAEMON@firm.example"), membership.MailMachine},
		{"postmaster", sender("postmaster@firm.example"), membership.MailMachine},
		{"no reply", sender("No.Reply@firm.example"), membership.MailMachine},
		{"do not reply", sender("do_not-reply@firm.example"), membership.MailMachine},
		{"no reply for some", sender("noreply-service@firm.example"), membership.MailMachine},
		{"list server", sender("staff-request@firm.example"), membership.MailMachine},
		{"list owner", sender("owner-staff@firm.example"), membership.MailMachine},
		{"bounces", sender("bounces+1234@firm.example"), membership.MailMachine},
		{"vacation", field("auto-submitted", "auto-replied; owner-email=\"x\""), membership.MailAutomatic},
		{"generated", field("auto-submitted", "auto-generated"), membership.MailAutomatic},
		{"generated (comment)", field("auto-submitted", "Auto-Generated (rejected)"), membership.MailAutomatic},
		{"Exchange", field("x-auto-response-suppress", "DR, OOF, AutoReply"), membership.MailAutomatic},
		{"cPanel", field("x-autorespond", ""), membership.MailAutomatic},
		{"autoreply", field("x-autoreply", "yes"), membership.MailAutomatic},
		{"precedence", field("precedence", "auto_reply"), membership.MailAutomatic},
		{"Exim's bounce", field("x-failed-recipients", "x@provider.example"), membership.MailAutomatic},
		{"looped", field("x-loop", "firm"), membership.MailAutomatic},
		{"list", field("list-id", "<staff.firm.example>"), membership.MailList},
		{"newsletter", field("list-unsubscribe", "<mailto:x@firm.example>"), membership.MailList},
		{"Bulk", field("precedence", "Bulk"), membership.MailList},
		{"list precedence", field("precedence", "list"), membership.MailList},
		{"junk", field("precedence", "junk"), membership.MailList},
		{"old list", field("mailing-list", "x"), membership.MailList},
		{"not delivered", field("content-type", "Multipart/Report; report-type=delivery-status"), membership.MailReport},
		{"read", field("content-type", "message/disposition-notification"), membership.MailReport},
		{"forwarded whole", field("content-type", "message/rfc822"), membership.MailReport},
		{"appointment", field("content-type", "text/calendar; method=REPLY"), membership.MailReport},
		{"many hops", func(_ *membership.MailReceipt, i *inbox) { i.head.Fields["received"] = make([]string, 31) }, membership.MailLoop},
		{"no address of people", sender("jörg@firm.example"), membership.MailRefused},
		{"no domain", sender("maja@localhost"), membership.MailRefused},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := opened(t)
			i, r := &inbox{head: head()}, receipt()
			test.change(&r, i)
			o, err := w.receive(i, r)
			if o != test.want || err != nil || o.Group() != "ignored" {
				t.Errorf("%s, %v", o, err)
			}
			if len(w.store.registrations)+len(w.store.mails)+len(w.store.markers) > 0 {
				t.Errorf("%d registrations, %d mails", len(w.store.registrations), len(w.store.mails))
			}
		})
	}
}

func TestMailsOfPeopleAreTaken(t *testing.T) {
	for name, change := range map[string]func(*membership.MailReceipt, *inbox){
		"uncertain scans": func(r *membership.MailReceipt, _ *inbox) { r.Spam, r.Virus = "GRAY", "GRAY" },
		"nearly old":      func(r *membership.MailReceipt, _ *inbox) { r.ReceivedAt = start.Add(-12 * time.Hour) },
		"among others": func(r *membership.MailReceipt, _ *inbox) {
			r.Recipients = []string{"info@x.example", "register@provider.example"}
		},
		"tagged envelope":    func(r *membership.MailReceipt, _ *inbox) { r.Sender = "prvs=144d0cba7=maja@firm.example" },
		"tagged in capitals": func(r *membership.MailReceipt, _ *inbox) { r.Sender = "PRVS=1=Maja@Firm.example" },
		"Sender is From":     func(_ *membership.MailReceipt, i *inbox) { i.head.Sender = "MAJA@firm.example" },
		"an answer":          func(_ *membership.MailReceipt, i *inbox) { i.head.Fields["in-reply-to"] = []string{"<x@y>"} },
		"nothing suppressed": func(_ *membership.MailReceipt, i *inbox) {
			i.head.Fields["x-auto-response-suppress"] = []string{"None"}
		},
		"normal precedence":       func(_ *membership.MailReceipt, i *inbox) { i.head.Fields["precedence"] = []string{"normal"} },
		"no name, no subject":     func(_ *membership.MailReceipt, i *inbox) { i.head.Name, i.head.Subject, i.head.Language = "", "", "" },
		"a name with a link":      func(_ *membership.MailReceipt, i *inbox) { i.head.Name = "Buy https://x.example" },
		"an address as a name":    func(_ *membership.MailReceipt, i *inbox) { i.head.Name = "boss@firm.example" },
		"a language nobody knows": func(_ *membership.MailReceipt, i *inbox) { i.head.Language = "tlh" },
		"thirty hops":             func(_ *membership.MailReceipt, i *inbox) { i.head.Fields["received"] = make([]string, 30) },
		"names in two scripts": func(r *membership.MailReceipt, i *inbox) {
			r.Sender, i.head.Address = "maja@xn--mller-kva.example", "maja@Müller.example"
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := opened(t)
			i, r := &inbox{head: head()}, receipt()
			change(&r, i)
			if o, err := w.receive(i, r); o != membership.MailStarted || err != nil || len(w.store.mails) != 1 {
				t.Errorf("%s, %v, %d mails", o, err, len(w.store.mails))
			}
		})
	}
}

func TestNamesInMails(t *testing.T) {
	for shown, want := range map[string][2]string{
		"Maja Berg": {"Maja", "Berg"}, "Berg, Maja": {"Maja", "Berg"}, "'Maja Berg'": {"Maja", "Berg"}, `"Berg, Maja"`: {"Maja", "Berg"}, "Maja": {"Maja", ""},
		"Maja van der Berg": {"Maja van der", "Berg"}, "山田太郎": {"山田太郎", ""}, "maja@firm.example": {"", ""}, "": {"", ""}, "www.spam.example Maja": {"", "Maja"},
	} {
		w := opened(t)
		i := &inbox{head: head()}
		i.head.Name = shown
		if o, err := w.receive(i, receipt()); o != membership.MailStarted || err != nil {
			t.Fatalf("%q: %s, %v", shown, o, err)
		}
		for _, r := range w.store.registrations {
			if r.FirstName != want[0] || r.LastName != want[1] {
				t.Errorf("%q is %q, %q", shown, r.FirstName, r.LastName)
			}
		}
	}
}

func TestMailsWhereNobodyRegisters(t *testing.T) {
	w := opened(t)
	i := &inbox{head: head()}
	w.store.settings.RegistrationAddress = ""
	if o, err := w.receive(i, receipt()); o != membership.MailOff || err != nil {
		t.Errorf("%s, %v", o, err)
	}
	w.store.settings.RegistrationAddress, w.store.settings.SelfRegistration = "register@provider.example", false
	if o, err := w.receive(i, receipt()); o != membership.MailClosed || err != nil {
		t.Errorf("%s, %v", o, err)
	}
	if len(i.asked) > 0 {
		t.Error("the mail was read for nothing")
	}
	// An address of a domain that may not register is answered like any other: nothing can be seen.
	w.store.settings.SelfRegistration, w.store.settings.AllowedDomains = true, []string{"other.example"}
	if o, err := w.receive(i, receipt()); o != membership.MailStarted || err != nil {
		t.Errorf("%s, %v", o, err)
	}
	for _, m := range w.store.mails {
		if m.Status != membership.MailWithdrawn {
			t.Errorf("mail %s", m.Status)
		}
	}
}

func TestMailsOnceEach(t *testing.T) {
	w := opened(t)
	i := &inbox{head: head()}
	send := func(want membership.MailOutcome, change func(*membership.MailReceipt, *inbox)) {
		t.Helper()
		r := receipt()
		i.head = head()
		change(&r, i)
		if o, err := w.receive(i, r); o != want || err != nil {
			t.Errorf("%s instead of %s, %v", o, want, err)
		}
	}
	send(membership.MailStarted, func(*membership.MailReceipt, *inbox) {})
	send(membership.MailSeen, func(*membership.MailReceipt, *inbox) {})
	w.now = w.now.Add(11 * time.Hour)
	send(membership.MailSeen, func(*membership.MailReceipt, *inbox) {})
	send(membership.MailSeen, func(r *membership.MailReceipt, _ *inbox) { r.ID = "ses-2" }) // its server did not hear that it was accepted
	send(membership.MailSeen, func(_ *membership.MailReceipt, i *inbox) { i.head.Address = "MAJA@firm.example" })
	w.now = start.Add(24 * time.Hour)
	send(membership.MailOld, func(*membership.MailReceipt, *inbox) {}) // the marker may be gone by now
	w.now = start
	if len(w.store.registrations) != 1 || len(w.store.mails) != 1 {
		t.Errorf("%d registrations, %d mails", len(w.store.registrations), len(w.store.mails))
	}
	// Another mail, and mails without an id of their own.
	send(membership.MailStarted, func(_ *membership.MailReceipt, i *inbox) { i.head.MessageID = "<2@firm.example>" })
	send(membership.MailStarted, func(r *membership.MailReceipt, i *inbox) {
		r.Sender, i.head.Address = "jo@firm.example", "jo@firm.example"
	})
	none := func(_ *membership.MailReceipt, i *inbox) { i.head.MessageID = "" }
	send(membership.MailStarted, none)
	send(membership.MailSeen, none)
}

// A program that answers each of our letters with a mail that does not say what it is gets five a day.
func TestLoopsEnd(t *testing.T) {
	w := opened(t)
	outcomes := map[membership.MailOutcome]int{}
	for n := range 100 {
		i := &inbox{head: head()}
		i.head.MessageID = fmt.Sprintf("<%d@firm.example>", n)
		r := receipt()
		r.ID = fmt.Sprint("ses-", n)
		r.ReceivedAt = w.now
		o, err := w.receive(i, r)
		if err != nil {
			t.Fatal(err)
		}
		outcomes[o]++
		w.now = w.now.Add(5 * time.Minute)
	}
	if outcomes[membership.MailStarted] != 5 || outcomes[membership.MailTooMany] != 95 || len(w.store.mails) != 5 || len(w.store.registrations) != 1 {
		t.Errorf("%v, %d mails, %d registrations", outcomes, len(w.store.mails), len(w.store.registrations))
	}
}

// Passing errors are left for the caller to try again; nothing was done.
func TestMailFailuresAreTriedAgain(t *testing.T) {
	w := opened(t)
	i := &inbox{head: head(), err: membership.ErrOverloaded}
	if o, err := w.receive(i, receipt()); o != "" || membership.KindOf(err) != membership.Unavailable {
		t.Errorf("%s, %v", o, err)
	}
	i.err, i.fault = nil, errors.New("a bug")
	if o, err := w.receive(i, receipt()); o != "" || err == nil {
		t.Errorf("%s, %v", o, err)
	}
	i.fault = nil
	w.store.before = func(method string) error {
		if method == "StartRegistration" {
			return membership.ErrOverloaded
		}
		return nil
	}
	if o, err := w.receive(i, receipt()); o != "" || membership.KindOf(err) != membership.Unavailable {
		t.Errorf("%s, %v", o, err)
	}
	w.store.before = nil
	if o, err := w.receive(i, receipt()); o != membership.MailStarted || err != nil {
		t.Errorf("%s, %v", o, err)
	}
}
