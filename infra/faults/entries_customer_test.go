package faults_test

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"clientele/shared/membership"
)

func page() membership.PageRequest { return membership.PageRequest{Limit: 50, Ascending: true} }

func customerEntries() []entry {
	rename := membership.CustomerInput{Name: aws.String("Alpha Renamed"), ExternalID: aws.String("X-renamed"), City: aws.String("Berlin")}
	return []entry{
		{use: "Customers.Get", prepare: (*world).settle, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return w.customers().Get(w.ctx, c, w.vars["alpha"])
		}},
		{use: "Customers.List", prepare: (*world).settle, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return w.customers().List(w.ctx, c, membership.CustomerQuery{Page: page()})
		}},
		{use: "Customers.List", situation: "search", prepare: (*world).settle, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return w.customers().List(w.ctx, c, membership.CustomerQuery{Search: "work", Page: page()})
		}},
		{use: "Customers.Create", prepare: (*world).settle, as: (*world).staff, route: "POST /customers", run: func(w *world, c membership.Call) (any, error) {
			return w.customers().Create(w.ctx, c, membership.Corporate, membership.CustomerInput{Name: aws.String("Gamma Trade"), ExternalID: aws.String("X-gamma")})
		}},
		{use: "Customers.Change", prepare: (*world).settle, as: (*world).staff, settled: []string{"changed_meanwhile"}, run: func(w *world, c membership.Call) (any, error) {
			return w.customers().Change(w.ctx, c, w.vars["alpha"], 1, rename)
		}},
		{use: "Customers.Deactivate", prepare: (*world).settle, as: (*world).staff, route: "POST /customers/alpha/deactivate", run: func(w *world, c membership.Call) (any, error) {
			return w.customers().Deactivate(w.ctx, c, w.vars["alpha"], 1)
		}},
		{use: "Customers.Deactivate", situation: "without a key", prepare: (*world).settle, as: (*world).staff, settled: []string{"already_deactivated"}, run: func(w *world, c membership.Call) (any, error) {
			return w.customers().Deactivate(w.ctx, c, w.vars["alpha"], 0)
		}},
		{use: "Customers.Reactivate", as: (*world).staff, route: "POST /customers/alpha/reactivate",
			prepare: func(w *world) {
				w.settle()
				_, err := w.customers().Deactivate(w.ctx, w.staff(), w.vars["alpha"], 0)
				w.must(err)
			},
			run: func(w *world, c membership.Call) (any, error) {
				return w.customers().Reactivate(w.ctx, c, w.vars["alpha"], 2)
			}},
		{use: "Customers.Delete", as: (*world).staff, settled: []string{"not_found"},
			prepare: func(w *world) {
				w.settle()
				made, err := w.customers().Create(w.ctx, w.staff(), membership.Corporate, membership.CustomerInput{Name: aws.String("Gone Soon"), ExternalID: aws.String("X-gone")})
				w.must(err)
				w.vars["gone"] = made.ID
			},
			run: func(w *world, c membership.Call) (any, error) {
				return nil, w.customers().Delete(w.ctx, c, w.vars["gone"], 1)
			}},
		{use: "Customers.Delete", situation: "not empty", prepare: (*world).settle, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			err := w.customers().Delete(w.ctx, c, w.vars["alpha"], 1)
			if membership.CodeOf(err) == "customer_not_empty" {
				return "not empty", nil
			}
			return nil, err
		}},
		{use: "SubAccounts.List", prepare: (*world).depot, as: (*world).boss, run: func(w *world, c membership.Call) (any, error) {
			return w.subAccounts().List(w.ctx, c, w.vars["alpha"])
		}},
		{use: "SubAccounts.Create", prepare: (*world).depot, as: (*world).staff, route: "POST /customers/alpha/subaccounts", run: func(w *world, c membership.Call) (any, error) {
			return w.subAccounts().Create(w.ctx, c, w.vars["alpha"], "Depot South")
		}},
		{use: "SubAccounts.Change", prepare: (*world).depot, as: (*world).staff, settled: []string{"changed_meanwhile"}, run: func(w *world, c membership.Call) (any, error) {
			return w.subAccounts().Change(w.ctx, c, w.vars["alpha"], w.vars["depot"], 1, membership.SubAccountInput{Name: aws.String("Depot Two"), Active: aws.Bool(false)})
		}},
		{use: "SubAccounts.Delete", prepare: (*world).depot, as: (*world).staff, settled: []string{"not_found"}, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.subAccounts().Delete(w.ctx, c, w.vars["alpha"], w.vars["depot"], 1)
		}},
	}
}

// depot is settle with a sub-account.
func (w *world) depot() {
	w.settle()
	s, err := w.subAccounts().Create(w.ctx, w.staff(), w.vars["alpha"], "Depot North")
	w.must(err)
	w.vars["depot"] = s.ID
}

func peopleEntries() []entry {
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
		{use: "Profile.Get", prepare: (*world).settle, as: (*world).member, run: func(w *world, c membership.Call) (any, error) {
			return w.profile().Get(w.ctx, c)
		}},
		{use: "Profile.Change", prepare: (*world).settle, as: (*world).member, settled: []string{"changed_meanwhile"}, run: func(w *world, c membership.Call) (any, error) {
			return w.profile().Change(w.ctx, c, 2, membership.ProfileInput{LastName: aws.String("Moved"), Country: aws.String("DE")})
		}},
	}
}

func invitationEntries() []entry {
	invited := func(w *world) { w.settle(); w.invite("nia", w.staff()) }
	closed := func(w *world) {
		invited(w)
		_, err := w.invitations().Revoke(w.ctx, w.staff(), w.vars["nia"])
		w.must(err)
	}
	return []entry{
		{use: "Invitations.Invite", prepare: (*world).settle, as: (*world).staff, route: "POST /invitations", batch: true, run: func(w *world, c membership.Call) (any, error) {
			return batch(w.invitations().Invite(w.ctx, c, membership.InviteInput{CustomerID: w.vars["alpha"], Role: membership.Member, Invitees: []membership.Invitee{
				{Email: "one@new.example", FirstName: "One"}, {Email: "broken@"}, {Email: "two@new.example", Role: membership.Moderator}, {Email: "mia@" + w.vars["alpha"][:4] + ".example"}}}))
		}},
		{use: "Invitations.Invite", situation: "without a key", prepare: (*world).settle, as: (*world).staff, settled: []string{"answer:already_invited"}, run: func(w *world, c membership.Call) (any, error) {
			return batch(w.invitations().Invite(w.ctx, c, membership.InviteInput{CustomerID: w.vars["alpha"], Invitees: []membership.Invitee{{Email: "one@new.example"}}}))
		}},
		{use: "Invitations.Invite", situation: "address in use elsewhere", prepare: (*world).settle, as: (*world).boss, route: "POST /invitations", batch: true, run: func(w *world, c membership.Call) (any, error) {
			return batch(w.invitations().Invite(w.ctx, c, membership.InviteInput{CustomerID: w.vars["alpha"], Invitees: []membership.Invitee{{Email: "ben@" + w.vars["beta"][:4] + ".example"}}}))
		}},
		{use: "Invitations.Get", prepare: invited, as: (*world).boss, run: func(w *world, c membership.Call) (any, error) {
			return w.invitations().Get(w.ctx, c, w.vars["nia"])
		}},
		{use: "Invitations.List", prepare: invited, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return w.invitations().List(w.ctx, c, membership.InvitationQuery{CustomerID: w.vars["alpha"], Page: membership.PageRequest{Limit: 50}})
		}},
		{use: "Invitations.Resend", prepare: invited, as: (*world).staff, route: "POST /invitations/nia/resend", run: func(w *world, c membership.Call) (any, error) {
			return w.invitations().Resend(w.ctx, c, w.vars["nia"])
		}},
		{use: "Invitations.Resend", situation: "address became free", as: (*world).boss, route: "POST /invitations/ben/resend",
			prepare: func(w *world) {
				w.settle()
				w.inviteAddress("ben2", "ben@"+w.vars["beta"][:4]+".example", w.boss())
				_, err := w.users().Remove(w.ctx, w.staff(), w.vars["ben"], 0)
				w.must(err)
			},
			run: func(w *world, c membership.Call) (any, error) {
				return w.invitations().Resend(w.ctx, c, w.vars["ben2"])
			}},
		{use: "Invitations.Revoke", prepare: invited, as: (*world).staff, route: "POST /invitations/nia/revoke", run: func(w *world, c membership.Call) (any, error) {
			return w.invitations().Revoke(w.ctx, c, w.vars["nia"])
		}},
		{use: "Invitations.Delete", prepare: invited, as: (*world).staff, settled: []string{"not_found"}, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.invitations().Delete(w.ctx, c, w.vars["nia"])
		}},
		{use: "Invitations.Delete", situation: "revoked", prepare: closed, as: (*world).staff, settled: []string{"not_found"}, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.invitations().Delete(w.ctx, c, w.vars["nia"])
		}},
		{use: "Invitations.Inspect", prepare: invited, as: (*world).public, run: func(w *world, c membership.Call) (any, error) {
			return w.invitations().Inspect(w.ctx, c, w.vars["nia.token"])
		}},
		{use: "Invitations.Decline", prepare: invited, as: (*world).public, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.invitations().Decline(w.ctx, c, w.vars["nia.token"])
		}},
		{use: "Invitations.Renew", as: (*world).public, settled: []string{"invitation_replaced"},
			prepare: func(w *world) { invited(w); w.now = w.now.Add(8 * 24 * time.Hour) },
			run: func(w *world, c membership.Call) (any, error) {
				return nil, w.invitations().Renew(w.ctx, c, w.vars["nia.token"])
			}},
		{use: "FirstAdministrator.Invite", prepare: func(*world) {}, as: (*world).system, run: func(w *world, c membership.Call) (any, error) {
			return w.firstAdministrator().Invite(w.ctx, c, "first@provider.example")
		}},
		{use: "FirstAdministrator.Invite", situation: "corrected address", as: (*world).system,
			prepare: func(w *world) {
				_, err := w.firstAdministrator().Invite(w.ctx, w.system(), "frist@provider.example")
				w.must(err)
			},
			run: func(w *world, c membership.Call) (any, error) {
				return w.firstAdministrator().Invite(w.ctx, c, "first@provider.example")
			}},
	}
}

// batch is the answer of a batch: ids and codes a row. An error of ours that asks to try again is one of the whole.
func batch(results []membership.RowResult, err error) (any, error) {
	var rows []string
	for _, r := range results {
		switch {
		case r.Err == nil:
			rows = append(rows, r.ID)
		case r.Err.Kind == membership.Unavailable:
			err = r.Err
		default:
			rows = append(rows, r.Err.Code)
		}
	}
	return rows, err
}
