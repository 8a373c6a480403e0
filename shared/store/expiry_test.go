package store

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

// An invitation is good up to, and not at, the second at which it ends, whether or not the clean-up has run; and the
// clean-up expires nothing a second early.
func TestExpiryIsExactToTheSecond(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Expiry Ltd")
		for offset, want := range map[time.Duration]string{-time.Second: "", 0: membership.ErrInvitationExpired.Code, time.Second: membership.ErrInvitationExpired.Code} {
			for _, swept := range []bool{false, true} {
				w.now = noon()
				v := w.invite(t, w.staff(), c.ID, fmt.Sprintf("%d-%v@example.com", offset/time.Second+5, swept))
				w.now = v.ExpiresAt.Add(offset)
				if swept {
					_, err := w.expiry.Run(ctx, w.system(), 100)
					must(t, err)
				}
				got, err := w.users.Get(ctx, w.staff(), v.UserID)
				must(t, err)
				if shown := got.StatusAt(w.now); (shown == membership.Expired) != (want != "") {
					t.Errorf("at %v, clean-up %v, the user shows %s", offset, swept, shown)
				}
				offer, err := w.invitations.Inspect(ctx, membership.Call{Now: w.now}, w.keys.Token(v.Link()))
				must(t, err)
				if (offer.State == membership.OfferExpired) != (want != "") {
					t.Errorf("at %v, clean-up %v, the offer is %s", offset, swept, offer.State)
				}
				_, err = w.accept(ctx, v)
				if membership.CodeOf(err) != want {
					t.Errorf("at %v, clean-up %v: %v", offset, swept, err)
				}
			}
		}
		w.checkUsers(t)
	})
}

// inviter is a staff member who gets digests.
func (w *world) inviter(t testing.TB) membership.Call {
	t.Helper()
	u := membership.User{ID: "inviter", CustomerID: membership.ProviderID, Status: membership.Active, Role: membership.Administrator, FirstName: "Ida", LastName: "Inviter",
		Email: "ida@provider.example", RegisteredAt: noon(), Version: 1}
	w.put(t, u)
	return membership.Call{Now: w.now, Actor: membership.Actor{Realm: membership.Staff, UserID: u.ID, CustomerID: u.CustomerID, Role: u.Role, Name: "Ida Inviter"}}
}

// The clean-up marks what is over, tells its inviter once, deletes by retention; run again it changes nothing at all.
func TestCleanUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Clean Ltd")
		ida := w.inviter(t)
		for n := range 3 {
			w.invite(t, ida, c.ID, fmt.Sprintf("n%d@example.com", n))
		}
		gone := w.invite(t, w.as(membership.Staff, "x"), c.ID, "gone@example.com") // its inviter is no user any more
		saved := w.invite(t, ida, c.ID, "saved@example.com")
		_, err := w.accept(ctx, saved)
		must(t, err)
		revoked := w.invite(t, ida, c.ID, "revoked@example.com")
		_, err = w.invitations.Revoke(ctx, ida, revoked.ID)
		must(t, err)

		run := func(now time.Time, want membership.Report) {
			t.Helper()
			w.now = now
			got, err := w.expiry.Run(ctx, w.system(), 100)
			must(t, err)
			equal(t, got, want)
			before := w.items(t)
			got, err = w.expiry.Run(ctx, w.system(), 100)
			must(t, err)
			equal(t, got, membership.Report{})
			if after := w.items(t); !maps.EqualFunc(before, after, func(a, b item) bool { return reflect.DeepEqual(a, b) }) {
				t.Errorf("a second run changed something")
			}
			w.checkUsers(t)
		}
		end := noon().Add(membership.InvitationLifetime)
		run(end.Add(-time.Second), membership.Report{})
		run(end, membership.Report{Expired: 4})
		day := end.Truncate(24 * time.Hour)
		run(day.Add((24+membership.DigestHour)*time.Hour-time.Second), membership.Report{})
		run(day.Add((24+membership.DigestHour)*time.Hour), membership.Report{Digests: 1})
		var digests []membership.Mail
		for _, i := range of(w.items(t), entityMail) {
			if m := mailFrom(i); m.Letter == membership.LetterExpiredDigest {
				digests = append(digests, m)
			}
		}
		if len(digests) != 1 || digests[0].To != "ida@provider.example" || digests[0].Fields["count"] != "3" || strings.Contains(digests[0].Fields["expired"], "gone@") {
			t.Errorf("digests %+v", digests)
		}
		run(noon().Add(membership.InvitationRetention-time.Second), membership.Report{})
		run(noon().Add(membership.InvitationRetention), membership.Report{Deleted: 1}) // the revoked one
		run(end.Add(membership.InvitationRetention), membership.Report{Deleted: 4})
		_, err = w.table.User(ctx, membership.ReachAll(), gone.UserID)
		fails(t, err, membership.ErrNotFound)
		u := w.user(t, saved.UserID)
		equal(t, u.Status, membership.Active)
	})
}

// What was expired and is pending again by a new link is in no digest; a digest of which nothing is left is no mail.
func TestDigestNamesWhatIsStillExpired(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Digest Ltd")
		ida := w.inviter(t)
		v := w.invite(t, ida, c.ID, "again@example.com")
		w.now = v.ExpiresAt
		_, err := w.expiry.Run(ctx, w.system(), 10)
		must(t, err)
		ida.Now = w.now.Add(time.Hour)
		_, err = w.invitations.Resend(ctx, ida, v.ID)
		must(t, err)
		w.now = v.ExpiresAt.Add(48 * time.Hour)
		due, err := w.table.DueDigests(ctx, w.now, 10)
		must(t, err)
		equal(t, len(due), 1)
		got, err := w.expiry.Run(ctx, w.system(), 10)
		must(t, err)
		equal(t, got, membership.Report{Digests: 1})
		for _, i := range of(w.items(t), entityMail) {
			if m := mailFrom(i); m.Letter == membership.LetterExpiredDigest {
				t.Errorf("a digest of nothing: %+v", m)
			}
		}
		fails(t, w.table.FinishDigest(ctx, due[0], nil), membership.ErrStale)
	})
}

// Several clean-ups at once do the work once.
func TestParallelCleanUps(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.customer(t, "Parallel Ltd")
		ida := w.inviter(t)
		for n := range 6 {
			w.invite(t, ida, c.ID, fmt.Sprintf("n%d@example.com", n))
		}
		run := func() (total membership.Report) {
			reports := make([]membership.Report, 4)
			for _, err := range parallel(len(reports), func(n int) (err error) {
				reports[n], err = w.expiry.Run(ctx, w.system(), 10)
				return err
			}) {
				must(t, err)
			}
			for _, r := range reports {
				total.Expired, total.Digests, total.Deleted = total.Expired+r.Expired, total.Digests+r.Digests, total.Deleted+r.Deleted
			}
			return total
		}
		w.now = noon().Add(membership.InvitationLifetime)
		equal(t, run(), membership.Report{Expired: 6})
		w.now = w.now.Add(48 * time.Hour)
		equal(t, run(), membership.Report{Digests: 1})
		w.checkUsers(t)
	})
}

func TestDueInvitationsAreTheOldestFirst(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.customer(t, "Due Ltd")
		var want []string
		for n := range 9 {
			w.now = noon().Add(time.Duration(n) * time.Minute)
			want = append(want, w.invite(t, w.staff(), c.ID, fmt.Sprintf("n%d@example.com", n)).ID)
		}
		due := func(now time.Time, limit int) []string {
			found, err := w.table.DueInvitations(t.Context(), now, limit)
			must(t, err)
			var ids []string
			for _, v := range found {
				ids = append(ids, v.ID)
			}
			return ids
		}
		end := noon().Add(membership.InvitationLifetime)
		equal(t, len(due(end.Add(-time.Second), 50)), 0)
		equal(t, due(end, 50), want[:1])
		equal(t, due(end.Add(4*time.Minute), 50), want[:5])
		equal(t, due(end.Add(time.Hour), 4), want[:4])
	})
}
