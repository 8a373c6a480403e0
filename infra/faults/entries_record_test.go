package faults_test

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"clientele/shared/identity"
	"clientele/shared/membership"
	"clientele/shared/phone"
)

func (w *world) records() membership.Records {
	return membership.Records{Store: w.table, Accounts: identity.NewPasswords(w.api, w.pool.ID), Phones: phone.Parse, NewID: w.id, Language: "en"}
}

func (w *world) emails() membership.EmailChanges {
	return membership.EmailChanges{Store: w.table, Accounts: w.accounts(), Keys: w.keys, NewID: w.id, Language: "en"}
}

// record returns the content of a new record.
func record(email string) membership.RecordInput {
	return membership.RecordInput{ProfileInput: membership.ProfileInput{FirstName: aws.String("Nia"), LastName: aws.String("New"), Country: aws.String("DE"), Phone: aws.String("030 123456")}, Email: &email}
}

// next remembers under name the next id.
func (w *world) next(name string) {
	w.vars[name] = fmt.Sprintf("%s-0000-7000-8000-%012x", w.prefix, w.ids.Load()+1)
}

// owed remembers the queued mails by their letters.
func (w *world) owed() {
	for id, m := range sorted(w.items()).byID("mail") {
		if m.str("status") == "queued" {
			w.vars[m.str("letter")] = id
		}
	}
}

// newAddress asks for a new address of mia and remembers the link.
func (w *world) newAddress() {
	w.settle()
	w.account("mia")
	user, err := w.emails().Ask(w.ctx, w.member(), "mia@new.example", password)
	w.must(err)
	w.vars["mia.email"] = w.keys.Token(user.EmailLink())
	w.sendAll()
}

func recordEntries() []entry {
	const route = "POST /users"
	taken := []string{"already_user"} // the next try, without a key, finds what the first has made
	const lease = 3 * time.Minute     // longer than the lease of a try
	delivered := func(letter membership.Letter) func(*world, membership.Call) (any, error) {
		return func(w *world, c membership.Call) (any, error) {
			return w.delivered(w.vars[string(letter)], c.Now)
		}
	}
	done := []string{`answer:""`}
	return []entry{
		{use: "Outbox.Deliver", situation: "registration", as: (*world).system, after: lease, settled: done, tries: true, run: delivered(membership.LetterUserRegistration),
			prepare: func(w *world) {
				w.settle()
				_, err := w.records().Create(w.ctx, w.staff(), membership.CreateInput{CustomerID: w.vars["alpha"], SendRegistrationEmail: true, RecordInput: record("nia@new.example")})
				w.must(err)
				w.owed()
			}},
		{use: "Outbox.Deliver", situation: "temporary password", as: (*world).system, after: lease, settled: done, tries: true, run: delivered(membership.LetterPasswordTemporary),
			prepare: func(w *world) {
				w.settle()
				w.must(w.records().RenewPassword(w.ctx, w.staff(), w.vars["mia"], membership.ByTemporaryPassword))
				w.owed()
			}},
		{use: "Outbox.Deliver", situation: "new address", as: (*world).system, after: lease, settled: done, tries: true, run: delivered(membership.LetterEmailConfirm),
			prepare: func(w *world) {
				w.settle()
				w.account("mia")
				_, err := w.emails().Ask(w.ctx, w.member(), "mia@new.example", password)
				w.must(err)
				w.owed()
			}},
		{use: "Records.Create", situation: "with a password", prepare: (*world).settle, as: (*world).staff, route: route, accounts: []string{"nia"},
			each: func(w *world) { w.next("nia"); w.forget("nia") },
			run: func(w *world, c membership.Call) (any, error) {
				in := record("nia@new.example")
				in.ExternalID = aws.String("HR-1")
				return w.records().Create(w.ctx, c, membership.CreateInput{CustomerID: w.vars["alpha"], Password: password, RecordInput: in})
			}},
		{use: "Records.Create", situation: "with a mail, by a customer's administrator", prepare: (*world).settle, as: (*world).boss, settled: taken,
			run: func(w *world, c membership.Call) (any, error) {
				return w.records().Create(w.ctx, c, membership.CreateInput{CustomerID: w.vars["alpha"], SendRegistrationEmail: true, RecordInput: record("nia@new.example")})
			}},
		{use: "Records.Create", situation: "an address elsewhere", prepare: (*world).settle, as: (*world).boss, route: route,
			run: func(w *world, c membership.Call) (any, error) {
				return w.records().Create(w.ctx, c, membership.CreateInput{CustomerID: w.vars["alpha"], SendRegistrationEmail: true, RecordInput: record("ben@" + w.vars["beta"][:4] + ".example")})
			}},
		{use: "Records.Create", situation: "the user of an individual", as: (*world).staff, route: route,
			prepare: func(w *world) {
				w.settle()
				made, err := w.customers().Create(w.ctx, w.staff(), membership.Individual, membership.CustomerInput{Name: aws.String("Ida Single")})
				w.must(err)
				w.vars["ida"] = made.ID
				gone, err := w.records().Create(w.ctx, w.staff(), membership.CreateInput{CustomerID: made.ID, RecordInput: record("ida@old.example")})
				w.must(err)
				_, err = w.users().Remove(w.ctx, w.staff(), gone.ID, 0)
				w.must(err)
			},
			run: func(w *world, c membership.Call) (any, error) {
				return w.records().Create(w.ctx, c, membership.CreateInput{CustomerID: w.vars["ida"], RecordInput: record("ida@new.example")})
			}},
		{use: "Records.Create", situation: "a contact in a group", prepare: (*world).grouped, as: (*world).staff, route: route,
			run: func(w *world, c membership.Call) (any, error) {
				in := membership.RecordInput{ProfileInput: membership.ProfileInput{LastName: aws.String("Kontakt")}, GroupIDs: &[]string{w.vars["key"]}}
				return w.records().Create(w.ctx, c, membership.CreateInput{CustomerID: w.vars["alpha"], Contact: true, RecordInput: in})
			}},
		{use: "Records.Change", prepare: (*world).grouped, as: (*world).staff, settled: []string{"changed_meanwhile"},
			run: func(w *world, c membership.Call) (any, error) {
				user, err := w.table.User(w.ctx, membership.ReachAll(), w.vars["ben"])
				if err != nil {
					return nil, err
				}
				return w.records().Change(w.ctx, c, user.ID, 2, membership.RecordInput{
					Username: aws.String("other.name"), ExternalID: aws.String("HR-2"), Email: aws.String("ben@new.example"), GroupIDs: &[]string{w.vars["key"]},
					ProfileInput: membership.ProfileInput{City: aws.String("Bonn")},
				})
			}},
		{use: "Records.Change", situation: "of a colleague", as: (*world).staff, settled: []string{"changed_meanwhile"},
			prepare: func(w *world) {
				w.settle()
				w.person("second", membership.ProviderID, membership.Administrator, "Sue", "Second")
			},
			run: func(w *world, c membership.Call) (any, error) {
				role := membership.Agent
				return w.records().Change(w.ctx, c, w.vars["second"], 2, membership.RecordInput{Role: &role})
			}},
		{use: "Records.Change", situation: "invited", as: (*world).staff, settled: []string{"changed_meanwhile"},
			prepare: func(w *world) { w.settle(); w.invite("nia", w.staff()); w.sendAll() },
			run: func(w *world, c membership.Call) (any, error) {
				return w.records().Change(w.ctx, c, w.vars["nia.user"], 1, membership.RecordInput{ProfileInput: membership.ProfileInput{LastName: aws.String("Newer")}})
			}},
		{use: "Records.Change", situation: "the address of a contact", as: (*world).boss, settled: []string{"changed_meanwhile"},
			prepare: func(w *world) {
				w.settle()
				kim, err := w.records().Create(w.ctx, w.boss(), membership.CreateInput{CustomerID: w.vars["alpha"], Contact: true, RecordInput: record("kim@new.example")})
				w.must(err)
				w.vars["kim"] = kim.ID
			},
			run: func(w *world, c membership.Call) (any, error) {
				return w.records().Change(w.ctx, c, w.vars["kim"], 1, membership.RecordInput{Email: aws.String("kim@newer.example")})
			}},
		{use: "Records.RenewPassword", prepare: (*world).settle, as: (*world).boss, route: "POST /users/mia/password",
			run: func(w *world, c membership.Call) (any, error) {
				return nil, w.records().RenewPassword(w.ctx, c, w.vars["mia"], membership.ByLink)
			}},
		{use: "Records.RenewPassword", situation: "by a temporary one", prepare: (*world).settle, as: (*world).staff, route: "POST /users/mia/password",
			run: func(w *world, c membership.Call) (any, error) {
				return nil, w.records().RenewPassword(w.ctx, c, w.vars["mia"], membership.ByTemporaryPassword)
			}},
		{use: "Records.RenewPassword", situation: "an address elsewhere that is free", as: (*world).boss, route: "POST /users/zoe/password",
			prepare: func(w *world) {
				w.settle()
				zoe, err := w.records().Create(w.ctx, w.boss(), membership.CreateInput{CustomerID: w.vars["alpha"], RecordInput: record("ben@" + w.vars["beta"][:4] + ".example")})
				w.must(err)
				w.vars["zoe"] = zoe.ID
				_, err = w.users().Remove(w.ctx, w.staff(), w.vars["ben"], 0)
				w.must(err)
			},
			run: func(w *world, c membership.Call) (any, error) {
				return nil, w.records().RenewPassword(w.ctx, c, w.vars["zoe"], membership.ByLink)
			}},
		{use: "Users.Suspend", prepare: (*world).settle, as: (*world).boss, route: "POST /users/mia/suspend",
			run: func(w *world, c membership.Call) (any, error) {
				return w.users().Suspend(w.ctx, c, w.vars["mia"], 2, w.firstNow.Add(time.Hour))
			}},
		{use: "Expiry.Run", situation: "a suspension is over", as: (*world).system, free: true,
			prepare: func(w *world) {
				w.settle()
				_, err := w.users().Suspend(w.ctx, w.boss(), w.vars["mia"], 0, w.now.Add(time.Minute))
				w.must(err)
			},
			run: func(w *world, c membership.Call) (any, error) {
				return w.expiry().Run(w.ctx, c, 10)
			}},
		{use: "Invitations.Invite", situation: "a contact", as: (*world).staff, route: "POST /invitations", batch: true,
			prepare: func(w *world) {
				w.settle()
				_, err := w.records().Create(w.ctx, w.staff(), membership.CreateInput{CustomerID: w.vars["alpha"], Contact: true, RecordInput: record("kim@new.example")})
				w.must(err)
			},
			run: func(w *world, c membership.Call) (any, error) {
				return batch(w.invitations().Invite(w.ctx, c, membership.InviteInput{CustomerID: w.vars["alpha"], Invitees: []membership.Invitee{{Email: "kim@new.example"}}}))
			}},
		{use: "Invitations.Delete", situation: "of a contact", as: (*world).staff, settled: []string{"not_found"},
			prepare: func(w *world) {
				w.settle()
				_, err := w.records().Create(w.ctx, w.staff(), membership.CreateInput{CustomerID: w.vars["alpha"], Contact: true, RecordInput: record("kim@new.example")})
				w.must(err)
				w.now = w.now.Add(time.Minute)
				w.inviteAddress("kim", "kim@new.example", w.staff())
			},
			run: func(w *world, c membership.Call) (any, error) {
				return nil, w.invitations().Delete(w.ctx, c, w.vars["kim"])
			}},
		{use: "Profile.ChangeUsername", prepare: (*world).settle, as: (*world).member, route: "POST /me/username",
			run: func(w *world, c membership.Call) (any, error) {
				return w.profile().ChangeUsername(w.ctx, c, "newer.name")
			}},
		{use: "EmailChanges.Ask", as: (*world).member, route: "POST /me/email", after: 3 * time.Second, passing: []string{"too_many_attempts"},
			prepare: func(w *world) { w.settle(); w.account("mia") },
			run: func(w *world, c membership.Call) (any, error) {
				return w.emails().Ask(w.ctx, c, "mia@new.example", password)
			}},
		{use: "EmailChanges.Inspect", prepare: (*world).newAddress, as: (*world).public, run: func(w *world, c membership.Call) (any, error) {
			return w.emails().Inspect(w.ctx, c, w.vars["mia.email"])
		}},
		{use: "EmailChanges.Confirm", prepare: (*world).newAddress, as: (*world).public, run: func(w *world, c membership.Call) (any, error) {
			return w.emails().Confirm(w.ctx, c, w.vars["mia.email"])
		}},
	}
}
