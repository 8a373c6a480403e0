package faults_test

import (
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
				_, err = w.domains().Claim(w.ctx, w.staff(), made.ID, w.domain())
				w.must(err)
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
