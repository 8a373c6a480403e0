package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"clientele/shared/membership"
)

func asError(err error, target **membership.Error) bool { return errors.As(err, target) }

func letter(id string) membership.Mail {
	return membership.Mail{ID: id, CustomerID: "c1", UserID: "u1", InvitationID: "v1", LinkVersion: 2, Letter: membership.LetterInvitation, To: "eva@example.com", Login: "eva",
		Door: membership.PortalDoor, Language: "de", Fields: map[string]string{"firstName": "Eva"}, Status: membership.MailQueued, Attempts: 3, CreatedAt: noon(), DueAt: noon(),
		SentAt: noon().Add(time.Minute), MessageID: "ses", Reason: "why"}
}

func TestMailIsReadAsWritten(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		want := letter("m1")
		want.RegistrationID = "r1"
		everyFieldSet(t, want)
		must(t, w.table.QueueMail(t.Context(), want))
		got, err := w.table.Mail(t.Context(), "m1")
		must(t, err)
		equal(t, got, want)
		sent := want
		sent.Status = membership.MailSent
		must(t, w.table.QueueMail(t.Context(), sent)) // a repeated call, which changes nothing
		got, err = w.table.Mail(t.Context(), "m1")
		must(t, err)
		equal(t, got, want)
		_, err = w.table.Mail(t.Context(), "m2")
		fails(t, err, membership.ErrNotFound)
	})
}

func TestClaimingMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		m := letter("m1")
		m.Attempts, m.DueAt, m.InvitationID = 0, noon().Add(time.Hour), ""
		must(t, w.table.QueueMail(ctx, m))
		claim := func(now time.Time) (membership.Mail, error) {
			return w.table.ClaimMail(ctx, "m1", now, now.Add(time.Minute))
		}
		got, err := claim(noon()) // never tried: at once
		must(t, err)
		m.Attempts, m.DueAt = 1, noon().Add(time.Minute)
		equal(t, got, m)
		_, err = claim(noon().Add(time.Minute - time.Second)) // under way
		fails(t, err, membership.ErrNotFound)
		first := got
		got, err = claim(noon().Add(time.Minute)) // the lease is over, to the second
		must(t, err)
		equal(t, got.Attempts, 2)

		first.Status = membership.MailSent // the first one comes back late, and must not decide
		must(t, w.table.FinishMail(ctx, first))
		now, err := w.table.Mail(ctx, "m1")
		must(t, err)
		equal(t, now, got)
		got.Status, got.MessageID, got.SentAt = membership.MailSent, "ses-2", noon().Add(time.Minute)
		must(t, w.table.FinishMail(ctx, got))
		for _, at := range []time.Time{noon().Add(time.Minute), noon().Add(1000 * time.Hour)} {
			_, err = claim(at)
			fails(t, err, membership.ErrNotFound)
		}
		_, err = w.table.ClaimMail(ctx, "nothing", noon(), noon())
		fails(t, err, membership.ErrNotFound)
		i := w.items(t)[mailKey("m1")]
		equal(t, i.str("due"), "")
		equal(t, i.int("ttl"), int(noon().Add(mailRetention).Unix()))
	})
}

func TestParallelClaimsOfAMailHaveOneWinner(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for n := range 5 {
			m := letter(fmt.Sprint("m", n))
			m.Attempts = 0
			must(t, w.table.QueueMail(t.Context(), m))
			errs := parallel(32, func(int) error {
				_, err := w.table.ClaimMail(t.Context(), m.ID, noon(), noon().Add(time.Minute))
				return err
			})
			equal(t, codes(t, errs), map[string]int{"": 1, "not_found": 31})
		}
	})
}

func TestMailsOutcomeReachesItsInvitation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Mail Ltd")
		v := w.invite(t, w.staff(), c.ID, "eva@example.com")
		w.now = w.now.Add(2 * time.Hour)
		newer, err := w.invitations.Resend(ctx, w.staff(), v.ID)
		must(t, err)
		finish := func(id string, status membership.MailStatus) {
			m, err := w.table.ClaimMail(ctx, id, w.now, w.now.Add(time.Minute))
			must(t, err)
			m.Status = status
			must(t, w.table.FinishMail(ctx, m))
			got, err := w.table.Mail(ctx, id)
			must(t, err)
			equal(t, got.Status, status)
		}
		delivery := func() string {
			got, err := w.table.Invitation(ctx, membership.ReachAll(), v.ID)
			must(t, err)
			return got.Delivery
		}
		finish(v.MailID, membership.MailSent) // an older mail says nothing about the newest link
		equal(t, delivery(), "queued")
		finish(newer.MailID, membership.MailAbandoned)
		equal(t, delivery(), "abandoned")
		third, err := w.invitations.Resend(ctx, w.staff(), v.ID)
		must(t, err)
		must(t, w.invitations.Delete(ctx, w.staff(), v.ID))
		finish(third.MailID, membership.MailSent) // of a deleted invitation
	})
}

func TestDueMails(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for n := range 12 {
			m := letter(fmt.Sprintf("m%02d", n))
			m.Attempts, m.DueAt = 1, noon().Add(time.Duration(n)*time.Second)
			if n == 5 {
				m.Status = membership.MailAbandoned
			}
			must(t, w.table.QueueMail(ctx, m))
		}
		due := func(at time.Time, limit int) []string {
			ids, err := w.table.DueMails(ctx, at, limit)
			must(t, err)
			return ids
		}
		equal(t, len(due(noon().Add(-time.Second), 50)), 0)
		equal(t, due(noon(), 50), []string{"m00"})
		equal(t, due(noon().Add(time.Hour), 50), []string{"m00", "m01", "m02", "m03", "m04", "m06", "m07", "m08", "m09", "m10", "m11"})
		equal(t, due(noon().Add(time.Hour), 3), []string{"m00", "m01", "m02"})
		m, err := w.table.ClaimMail(ctx, "m00", noon(), noon().Add(2*time.Second))
		must(t, err)
		equal(t, due(noon().Add(time.Second), 50), []string{"m01"})
		m.Status = membership.MailSent
		m.InvitationID = ""
		must(t, w.table.FinishMail(ctx, m))
		if slices.Contains(due(noon().Add(time.Hour), 50), "m00") {
			t.Error("a sent mail is due")
		}
	})
}
