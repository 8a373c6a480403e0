package faults_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clientele/shared/membership"
)

// broken returns what is half done in a state. It checks what must hold at every moment, whatever was killed when. It
// follows the data dictionary and shares no code with the store.
func broken(items []item) []string {
	s := sorted(items)
	var wrong []string
	say := func(format string, a ...any) { wrong = append(wrong, fmt.Sprintf(format, a...)) }

	// Logins are reserved for the users who have them, and for nobody else.
	reserved := map[string]string{}
	elsewhere := map[string]string{}
	for _, u := range s.of("user") {
		status := u.str("status")
		if status == "removed" || status == "rejected" {
			continue
		}
		email := membership.FoldLogin(u.str("email"))
		if u.str("addressElsewhere") == "true" {
			elsewhere["CUSTOMER#"+u.str("customerId")+"|ELSEWHERE#"+email] = u.str("id")
		}
		for _, login := range []string{email, membership.FoldLogin(u.str("username"))} {
			if login == "" || login == email && u.str("addressElsewhere") == "true" {
				continue
			}
			if other := reserved[login]; other != "" && other != u.str("id") {
				say("%s belongs to %s and %s", login, other, u.str("id"))
			}
			reserved[login] = u.str("id")
		}
	}
	for _, l := range s.of("login") {
		login := strings.TrimPrefix(l.str("pk"), "LOGIN#")
		if reserved[login] != l.str("userId") {
			say("login %s is reserved for %s, and is of %q", login, l.str("userId"), reserved[login])
		}
		delete(reserved, login)
	}
	for login, id := range reserved {
		say("login %s of %s is not reserved", login, id)
	}
	for _, e := range s.of("address-elsewhere") {
		if elsewhere[e.key()] != e.str("userId") {
			say("%s is for %s, and is of %q", e.key(), e.str("userId"), elsewhere[e.key()])
		}
		delete(elsewhere, e.key())
	}
	for k, id := range elsewhere {
		say("%s of %s is missing", k, id)
	}

	// The rows of lists agree with the users.
	rows := map[string]item{}
	for _, r := range s.of("user-row") {
		rows[r.key()] = r
	}
	for _, u := range s.of("user") {
		for _, facet := range facetsOf(u) {
			k := "USER#" + u.str("id") + "|FACET#" + facet
			if facet == "CUSTOMER#"+u.str("customerId") || strings.HasPrefix(facet, "GROUP#") {
				k = facet + "|USER#" + u.str("id")
			}
			r, ok := rows[k]
			switch {
			case !ok:
				say("row %s of a %s user is missing", k, u.str("status"))
			case shows(r) != u.str("lastName")+" "+u.str("email")+" "+u.str("status") || r.str("byRole") != u.str("role") || r.str("facet") != facet:
				say("row %s shows %q and is %s, the user is %s", k, shows(r), r.text(), u.text())
			}
			delete(rows, k)
		}
	}
	for k := range rows {
		say("row %s is of nobody", k)
	}

	// Invitation and user agree, and the mail with the link exists.
	users, mails := s.byID("user"), s.byID("mail")
	for _, i := range s.of("invitation") {
		status, user := "", ""
		if u, ok := users[i.str("userId")]; ok {
			user = u.str("status")
		}
		status = i.str("status")
		legal := map[string][]string{"pending": {"invited"}, "expired": {"expired"}, "accepted": {"active", "deactivated", "suspended", "removed"},
			"declined": {"removed"}, "revoked": {"removed"}}[status]
		if !slices.Contains(legal, user) {
			say("invitation %s is %s and its user %q", i.str("id"), status, user)
		}
		if due := i["due"] != nil; due == (status == "accepted") {
			say("invitation %s is %s, and due: %v", i.str("id"), status, due)
		}
		m, ok := mails[i.str("mailId")]
		switch {
		case !ok:
			say("the mail of invitation %s is missing", i.str("id"))
		case status == "pending" && m.str("linkVersion") != i.str("linkVersion"):
			say("invitation %s has link %s, its mail %s", i.str("id"), i.str("linkVersion"), m.str("linkVersion"))
		case m.str("status") == "sent" && i.str("delivery") != "sent", m.str("status") == "queued" && i.str("delivery") != "queued":
			say("the mail of invitation %s is %s, shown as %s", i.str("id"), m.str("status"), i.str("delivery"))
		}
	}
	for _, m := range s.of("mail") {
		if (m.str("status") == "queued") != (m["due"] != nil && m["dueAt"] != nil) {
			say("mail %s is %s and due: %v", m.str("id"), m.str("status"), m["due"] != nil)
		}
	}

	// What happened is recorded once, in the transaction in which it happened.
	entries := map[string]int{}
	for _, a := range s.of("audit") {
		entries[a.str("action")+" "+a.str("subjectId")]++
	}
	for _, what := range []string{"customer", "subaccount", "group", "invitation"} {
		for _, i := range s.of(what) {
			id := i.str("id")
			if entries[what+".created "+id] != 1 {
				say("%s %s has %d entries of its creation", what, id, entries[what+".created "+id])
			}
			if entries[what+".deleted "+id] != 0 {
				say("%s %s is there and written down as deleted", what, id)
			}
		}
	}
	there := map[string]bool{}
	for _, entity := range []string{"customer", "subaccount", "group", "invitation", "user", "job", "import", "registration"} {
		for _, i := range s.of(entity) {
			there[i.str("id")] = true
		}
	}
	proven := map[string]string{}
	for _, d := range s.of("domain-claim") {
		there[d.str("name")] = true
		if d.str("provenAt") != "" {
			proven[d.str("name")] = d.str("customerId")
		}
	}
	for _, d := range s.of("domain") {
		name := strings.TrimPrefix(d.str("pk"), "DOMAIN#")
		if proven[name] != d.str("customerId") {
			say("domain %s is reserved for %s, and is proven by %q", name, d.str("customerId"), proven[name])
		}
		delete(proven, name)
	}
	for name, id := range proven {
		say("domain %s of %s is not reserved", name, id)
	}
	for entry, n := range entries {
		action, id, _ := strings.Cut(entry, " ")
		deleted := entries["customer.deleted "+id] + entries["subaccount.deleted "+id] + entries["group.deleted "+id] + entries["invitation.deleted "+id] + entries["invitation.deleted-by-retention "+id]
		if strings.HasSuffix(action, ".created") && deleted == 0 && !there[id] {
			say("%s is written down and there is no %s", action, id)
		}
		if n != 1 && (strings.HasSuffix(action, ".created") || strings.HasSuffix(action, ".deleted") || slices.Contains([]string{"invitation.accepted", "invitation.revoked", "invitation.declined", "user.removed"}, action)) {
			say("%s of %s is written down %d times", action, id, n)
		}
	}
	for _, j := range s.of("job") {
		ended := j.str("status") == "done" || j.str("status") == "failed"
		if ended != (j["due"] == nil) || ended != (j["ttl"] != nil) {
			say("job %s is %s, due: %v, kept for ever: %v", j.str("id"), j.str("status"), j["due"] != nil, j["ttl"] == nil)
		}
		if n := entries["users.exported "+j.str("id")]; j.str("kind") == "export" && (n == 1) != (j.str("status") == "done") || n > 1 {
			say("export %s is %s and is written down %d times", j.str("id"), j.str("status"), n)
		}
	}
	for _, i := range s.of("invitation") {
		want := map[string]string{"accepted": "invitation.accepted " + i.str("userId"), "declined": "invitation.declined " + i.str("id")}[i.str("status")]
		if want != "" && entries[want] != 1 {
			say("invitation %s is %s, and that is written down %d times", i.str("id"), i.str("status"), entries[want])
		}
	}
	resets, told := 0, 0
	for entry, n := range entries {
		if strings.HasPrefix(entry, "user.password-reset ") || strings.HasPrefix(entry, "user.password-chosen ") {
			resets += n
		}
	}
	for _, m := range s.of("mail") {
		if m.str("letter") == "password-changed" {
			told++
		}
	}
	if resets != told {
		say("%d passwords were set and %d people told", resets, told)
	}

	// Remembered requests name what they made; customers' reservations are theirs.
	for _, k := range s.of("idempotency-key") {
		for _, id := range k.list("ids") {
			if !there[id] {
				say("request %s made %s, which is not there", k.key(), id)
			}
		}
	}
	external := map[string]string{}
	for _, c := range s.of("customer") {
		if e := c.str("externalId"); e != "" {
			external["EXTERNAL#CUSTOMER#"+e] = c.str("id")
		}
	}
	for _, u := range s.of("user") {
		if e := u.str("externalId"); e != "" && u.str("status") != "removed" {
			external["EXTERNAL#USER#"+u.str("customerId")+"#"+e] = u.str("id")
		}
	}
	for _, e := range s.of("external-id") {
		if holder := e.str("customerId") + e.str("userId"); external[e.str("pk")] != holder {
			say("%s is reserved for %s, and is of %q", e.str("pk"), holder, external[e.str("pk")])
		}
		delete(external, e.str("pk"))
	}
	for e, id := range external {
		say("external id %s of %s is not reserved", e, id)
	}
	customers := s.byID("customer")
	for _, o := range s.of("only-user") {
		if u := users[o.str("userId")]; o.str("pk") != "CUSTOMER#"+u.str("customerId") {
			say("%s names %s, who is of %q", o.str("pk"), o.str("userId"), u.str("customerId"))
		}
	}
	for _, word := range s.of("customer-word") {
		text, id, _ := strings.Cut(word.str("sk"), "#")
		if c, ok := customers[id]; !ok || !strings.Contains(membership.FoldSearch(c.str("name")), text) || !strings.Contains(word.str("d"), c.str("name")) {
			say("word %s of a customer that is not called so", word.str("sk"))
		}
	}
	for id, c := range customers {
		found := slices.ContainsFunc(s.of("customer-word"), func(word item) bool {
			return word.str("sk") == membership.FoldSearch(c.str("name"))+"#"+id
		})
		if id != membership.ProviderID && !found {
			say("customer %s is not found by its name", id)
		}
	}
	for _, i := range append(s.of("subaccount"), s.of("user")...) {
		if _, ok := customers[i.str("customerId")]; !ok && i.str("customerId") != membership.UnassignedID {
			say("%s %s is of a customer that is not there", i.str("entity"), i.str("id"))
		}
	}

	counts := map[string]int{}
	for _, i := range s.of("subaccount") {
		counts[i.str("customerId")]++
	}
	for _, n := range s.of("subaccount-count") {
		id := strings.TrimPrefix(n.str("pk"), "CUSTOMER#")
		if n.str("count") != strconv.Itoa(counts[id]) {
			say("customer %s has %d sub-accounts, and %s are counted", id, counts[id], n.str("count"))
		}
		delete(counts, id)
	}
	for id, n := range counts {
		say("the %d sub-accounts of customer %s are not counted", n, id)
	}

	brokenGroups(s, say)
	brokenRegistrations(s, say)

	// An invitation that the clean-up has found is in its inviter's digest.
	for _, i := range s.of("invitation") {
		if _, inviter := users[i.str("invitedBy")]; i.str("status") != "expired" || !inviter {
			continue
		}
		if !slices.ContainsFunc(s.of("digest-row"), func(r item) bool { return r.str("invitationId") == i.str("id") }) {
			say("expired invitation %s is in no digest", i.str("id"))
		}
	}
	return wrong
}

// shows returns what the packed columns of a user's row show: last name, e-mail and status.
func shows(row item) string {
	statuses := map[string]string{"a": "contact", "b": "invited", "c": "expired", "d": "waiting", "e": "active", "f": "suspended", "g": "deactivated",
		"h": "rejected", "i": "removed"}
	columns := append(strings.Split(row.str("d"), "\x1f"), make([]string, 5)...)
	return columns[1] + " " + columns[2] + " " + statuses[columns[4]]
}

// facetsOf returns the lists that a user is on.
func facetsOf(u item) []string {
	own := "CUSTOMER#" + u.str("customerId")
	removed := u.str("status") == "removed"
	switch {
	case u.str("customerId") == membership.ProviderID && removed:
		return nil
	case u.str("customerId") == membership.ProviderID:
		return []string{own}
	case removed:
		return []string{"STATUS#removed"}
	}
	f := []string{own, "ALL", "ROLE#" + u.str("role"), "STATUS#" + u.str("status")}
	if c := u.str("country"); c != "" {
		f = append(f, "COUNTRY#"+c)
	}
	for _, g := range u.list("groupIds") {
		f = append(f, "GROUP#"+g)
	}
	return f
}

// byEntity is a state by the kind of its items.
type byEntity map[string][]item

func sorted(items []item) byEntity {
	s := byEntity{}
	for _, i := range items {
		s[i.str("entity")] = append(s[i.str("entity")], i)
	}
	return s
}

func (s byEntity) of(entity string) []item { return s[entity] }

func (s byEntity) byID(entity string) map[string]item {
	found := map[string]item{}
	for _, i := range s[entity] {
		found[i.str("id")] = i
	}
	return found
}
