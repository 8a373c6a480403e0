package faults_test

import (
	"time"

	"clientele/shared/files"
	"clientele/shared/inbound"
	"clientele/shared/membership"
)

// mailRegistrations reads mails from the world's bucket, through the faults if broken, else past them.
func (w *world) mailRegistrations(broken bool) membership.MailRegistrations {
	cfg := w.config()
	if broken {
		cfg.HTTPClient = &doer{next: w.http, inject: w.inject}
	}
	return membership.MailRegistrations{
		Store: w.table, Files: files.InboundMails{Bucket: files.New(cfg, w.name, time.Now), Start: inbound.MaxHead}, Read: inbound.Read, From: "no-reply@provider.example",
		Registrations: membership.Registrations{Store: w.table, Keys: w.keys, NewID: w.id, Language: "en"},
	}
}

func inboundMailEntries() []entry {
	const register = "register@provider.example"
	open := func(w *world) {
		w.settle()
		w.makeBucket()
		yes, address := true, register
		_, err := membership.SettingsUse{Store: w.table, NewID: w.id}.Change(w.ctx, w.staff(), 1, membership.SettingsInput{SelfRegistration: &yes, RegistrationAddress: &address})
		w.must(err)
		w.must(files.New(w.config(), w.name, time.Now).Put(w.ctx, files.InboundMail("m1"), "message/rfc822",
			[]byte("From: Nia New <nia@new.example>\r\nMessage-ID: <1@new.example>\r\nSubject: Access\r\n\r\nHello")))
	}
	receive := func(w *world, c membership.Call) (any, error) {
		return w.mailRegistrations(true).Receive(w.ctx, c, membership.MailReceipt{ID: "m1", ReceivedAt: c.Now, Sender: "nia@new.example", Recipients: []string{register},
			SPF: membership.CheckPass, DKIM: membership.CheckPass, DMARC: membership.CheckPass, Spam: membership.CheckPass, Virus: membership.CheckPass})
	}
	return []entry{
		{use: "MailRegistrations.Receive", prepare: open, as: (*world).system, run: receive, settled: []string{`answer:"seen"`}},
	}
}
