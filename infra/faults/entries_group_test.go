package faults_test

import (
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"

	"clientele/shared/membership"
)

func (w *world) groups() membership.Groups { return membership.Groups{Store: w.table, NewID: w.id} }

// grouped is settle with the group Key, which has Mia and beta in it, and the group Empty.
func (w *world) grouped() {
	w.settle()
	for name, title := range map[string]string{"key": "Key Accounts", "empty": "Empty"} {
		g, err := w.groups().Create(w.ctx, w.staff(), membership.GroupInput{Name: &title})
		w.must(err)
		w.vars[name] = g.ID
	}
	w.must(w.groups().AddUser(w.ctx, w.staff(), w.vars["key"], w.vars["mia"]))
	w.must(w.groups().AddCustomer(w.ctx, w.staff(), w.vars["key"], w.vars["beta"]))
}

func groupEntries() []entry {
	rename := membership.GroupInput{Name: aws.String("VIPs"), Description: aws.String("Ask first."), Active: aws.Bool(false)}
	return []entry{
		{use: "Groups.Get", prepare: (*world).grouped, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return w.groups().Get(w.ctx, c, w.vars["key"])
		}},
		{use: "Groups.List", prepare: (*world).grouped, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return w.groups().List(w.ctx, c, membership.GroupQuery{Active: aws.Bool(true), Page: page()})
		}},
		{use: "Groups.Customers", prepare: (*world).grouped, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return w.groups().Customers(w.ctx, c, w.vars["key"], page())
		}},
		{use: "Groups.Customers", situation: "none", prepare: (*world).grouped, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return w.groups().Customers(w.ctx, c, w.vars["empty"], page())
		}},
		{use: "Groups.Create", prepare: (*world).grouped, as: (*world).staff, route: "POST /groups", run: func(w *world, c membership.Call) (any, error) {
			g, err := w.groups().Create(w.ctx, c, membership.GroupInput{Name: aws.String("Carriers")})
			return g.ID, err
		}},
		{use: "Groups.Change", prepare: (*world).grouped, as: (*world).staff, settled: []string{"changed_meanwhile"}, run: func(w *world, c membership.Call) (any, error) {
			return w.groups().Change(w.ctx, c, w.vars["key"], 1, rename)
		}},
		{use: "Groups.Delete", prepare: (*world).grouped, as: (*world).staff, settled: []string{"not_found"}, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.groups().Delete(w.ctx, c, w.vars["empty"], 1)
		}},
		{use: "Groups.Delete", situation: "not empty", prepare: (*world).grouped, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			err := w.groups().Delete(w.ctx, c, w.vars["key"], 1)
			if membership.CodeOf(err) == "group_not_empty" {
				return "not empty", nil
			}
			return nil, err
		}},
		{use: "Groups.AddUser", prepare: (*world).grouped, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.groups().AddUser(w.ctx, c, w.vars["empty"], w.vars["mia"])
		}},
		{use: "Groups.RemoveUser", prepare: (*world).grouped, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.groups().RemoveUser(w.ctx, c, w.vars["key"], w.vars["mia"])
		}},
		{use: "Groups.AddCustomer", prepare: (*world).grouped, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.groups().AddCustomer(w.ctx, c, w.vars["empty"], w.vars["beta"])
		}},
		{use: "Groups.RemoveCustomer", prepare: (*world).grouped, as: (*world).staff, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.groups().RemoveCustomer(w.ctx, c, w.vars["key"], w.vars["beta"])
		}},
		{use: "Invitations.Invite", situation: "into groups", prepare: (*world).grouped, as: (*world).staff, route: "POST /invitations", batch: true, run: func(w *world, c membership.Call) (any, error) {
			return batch(w.invitations().Invite(w.ctx, c, membership.InviteInput{CustomerID: w.vars["alpha"], GroupIDs: []string{w.vars["key"], w.vars["empty"]},
				Invitees: []membership.Invitee{{Email: "one@new.example"}}}))
		}},
	}
}

// brokenGroups is the part of broken about groups: their names are reserved, they are counted, and they list their
// customers. Their rows of users are checked with the users'.
func brokenGroups(s byEntity, say func(format string, a ...any)) {
	groups := s.byID("group")
	names := map[string]string{}
	for id, g := range groups {
		names["GROUPNAME#"+membership.FoldName(g.str("name"))] = id
	}
	for _, n := range s.of("group-name") {
		if names[n.str("pk")] != n.str("groupId") {
			say("%s is reserved for %s, and is of %q", n.str("pk"), n.str("groupId"), names[n.str("pk")])
		}
		delete(names, n.str("pk"))
	}
	for name, id := range names {
		say("%s of %s is not reserved", name, id)
	}
	for _, c := range s.of("group-count") {
		if n := len(groups); c.str("n") != strconv.Itoa(n) {
			say("%d groups are there, %s are counted", n, c.str("n"))
		}
	}
	members, counted := map[string]bool{}, map[string]int{}
	for _, m := range s.of("group-customer") {
		members[m.key()] = true
	}
	for _, c := range s.of("customer") {
		for _, g := range c.list("groupIds") {
			k := "GROUP#" + g + "|CUSTOMER#" + c.str("id")
			if !members[k] {
				say("%s is missing", k)
			}
			if _, ok := groups[g]; !ok {
				say("customer %s is in group %s, which is not there", c.str("id"), g)
			}
			delete(members, k)
			counted["GROUPCUSTOMERS#"+g]++
		}
	}
	for k := range members {
		say("%s is of nobody", k)
	}
	for _, u := range s.of("user") {
		for _, g := range u.list("groupIds") {
			if _, ok := groups[g]; !ok && u.str("status") != "removed" {
				say("user %s is in group %s, which is not there", u.str("id"), g)
			}
		}
	}
	counters := s.of("count")
	for facet, n := range counted {
		if !slices.ContainsFunc(counters, func(c item) bool { return c.key() == "COUNT#ALL|"+facet && c.str("n") == strconv.Itoa(n) }) {
			say("%s are %d, and counted differently", facet, n)
		}
	}
}
