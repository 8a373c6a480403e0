package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"clientele/shared/membership"
	"clientele/shared/store/storetest"
)

// wide is a text of n characters of four bytes, beginning with its own.
func wide(n, own int) string {
	return strings.Repeat("\U0001D504", n-6) + fmt.Sprintf("%06d", own)
}

// longest is a user of whom everything that lists show is as long as it can be.
func longest(n int) membership.User {
	u := person(fmt.Sprintf("01890d1c-0000-7000-8000-%012d", n), "01890d1c-0000-7000-8000-0000000000c1", membership.Active)
	u.FirstName, u.LastName, u.Company, u.Country = wide(100, n), wide(100, n), wide(100, 0), "DE"
	u.Email = fmt.Sprintf("%s%06d@%s.com", strings.Repeat("e", 58), n, strings.Repeat("d", 185))
	u.Username, u.InvitationID = fmt.Sprintf("username-of-31-characters-%05d", n), u.ID
	u.InvitationExpiresAt, u.SuspendedUntil = noon(), noon().Add(time.Hour)
	u.Status = membership.Suspended
	for g := range membership.MaxGroupsOf {
		u.GroupIDs = append(u.GroupIDs, fmt.Sprintf("01890d1c-0000-7000-8000-0000000001%02d", g))
	}
	u.Group = wide(100, 0)
	return u
}

// No row of any list is longer than what pages reckon with.
func TestLongestRow(t *testing.T) {
	u := longest(1)
	rows := map[string]item{}
	for _, f := range facets(u) {
		row := rowItem(u, f)
		for _, sort := range []string{"byName", "byEmail", "byGroup", "byRole", "byCompany", "byRegistered"} { // an index has one of them
			i := item{"pk": row["pk"], "sk": row["sk"], "facet": row["facet"], sort: row[sort], rowAttribute: row[rowAttribute]}
			rows["user under "+f+" "+sort] = i
		}
	}
	for _, word := range searchRows(rowFrom(rowItem(u, allFacet)), userColumns(u)) {
		rows["search "+word.str("sk")] = word
	}
	c := membership.Customer{ID: u.ID, Name: wide(100, 1), Type: membership.Individual, Management: "independent", Status: membership.CustomerDeactivated, PortalAccess: true,
		GroupIDs: u.GroupIDs, Email: u.Email, City: wide(200, 1), Country: "DE", ExternalID: wide(100, 1), CreatedAt: noon(), Version: 1 << 30}
	rows["customer"] = item{"pk": str("CUSTOMER#" + c.ID), "sk": str("CUSTOMER"), "facet": str(customersFacet), "byName": str(strings.Repeat("x", 100)), rowAttribute: str(customerColumns(c))}
	rows["customer of a group"] = groupCustomerItem(u.ID, c)
	v := membership.Invitation{ID: u.ID, CustomerID: u.CustomerID, UserID: u.ID, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, Language: "de-Latn-DE",
		Role: membership.Administrator, Status: membership.InvitationAccepted, ExpiresAt: noon(), SentAt: noon(), CreatedAt: noon(), EndedAt: noon(), Origin: membership.Portal,
		InvitedBy: u.ID, InvitedByName: u.FirstName + " " + u.LastName, Version: 1 << 30, Delivery: "complained"}
	i := invitationItem(v)
	rows["invitation"] = item{"pk": i["pk"], "sk": i["sk"], "facet": i["facet"], "byName": str(strings.Repeat("x", 100)), "delivery": str("complained"), rowAttribute: i[rowAttribute]}
	rows["group"] = item{"pk": str("GROUP#" + u.ID), "sk": str("GROUP"), "facet": str(groupsFacet), "byName": str(strings.Repeat("x", 100)),
		rowAttribute: str(groupColumns(membership.Group{ID: u.ID, Name: wide(100, 1), Description: wide(200, 1), CreatedAt: noon(), Version: 1 << 30}))}
	rows["job"] = item{"pk": str("JOB#" + u.ID), "sk": str("CUSTOMER#" + u.CustomerID), "facet": str(strings.Repeat("x", 100)), "byRegistered": str(strings.Repeat("x", 60)),
		rowAttribute: str(jobColumns(membership.Job{ID: u.ID, CustomerID: u.CustomerID, Subject: u.ID, By: u.ID, ByName: u.FirstName + " " + u.LastName, CreatedAt: noon(), DoneAt: noon(),
			Params: map[string]string{"customer": u.ID, "status": "deactivated", "role": "administrator", "group": u.ID, "country": "DE", "q": strings.Repeat("q", membership.MaxUserSearch),
				"sort": "registered", "order": "desc", "columns": strings.Join(membership.ExportColumns(membership.Actor{Realm: membership.Staff}), ","), "separator": "semicolon"}}))}
	most := 0
	for name, row := range rows {
		n := 0
		for attribute, v := range row {
			n += len(attribute) + len(v.(*types.AttributeValueMemberS).Value)
		}
		if most = max(most, n); n > longestRow {
			t.Errorf("%s has %d bytes, longestRow is %d", name, n, longestRow)
		}
	}
	if most < longestRow*9/10 {
		t.Errorf("the longest row has %d bytes, longestRow is %d: pages could read more", most, longestRow)
	}
}

// A page of any length reads at most 19 RCU, however long the names are, and where short rows stand before long ones. It
// is cut short where that is reached, and nothing is lost at its borders. With rows of usual length it is whole.
func TestPagesOfLongRows(t *testing.T) {
	storetest.DynamoDBLocal().Require(t) // the engine that counts
	t.Parallel()
	w := newWorld(t, storetest.DynamoDBLocal())
	const short, long = 90, 130
	for n := range short + long {
		u := longest(n)
		if n < short {
			u.FirstName, u.LastName, u.Company, u.GroupIDs, u.Group = "Ada", fmt.Sprintf("Lovelace %03d", n), "Short Ltd", nil, ""
		}
		change := w.table.write()
		for _, f := range []string{allFacet, statusFacet(u.Status)} {
			change.put(rowItem(u, f), always(), nil)
		}
		must(t, w.table.commit(t.Context(), change))
	}
	for name, q := range map[string]membership.UserQuery{
		"all":                     {},
		"suspended":               {Status: membership.Suspended},
		"suspended of a country":  {Status: membership.Suspended, Country: "DE", Reach: membership.ReachAll()},
		"suspended of no country": {Status: membership.Suspended, Country: "FR"},
	} {
		if name == "suspended of a country" || name == "suspended of no country" { // the counters choose this list
			w.putItem(t, newCount(countKey(allScope, countryFacet("DE")), 1000))
			w.putItem(t, newCount(countKey(allScope, countryFacet("FR")), 1000))
		}
		q.Reach, q.Sort, q.Now = membership.ReachAll(), membership.SortName, w.now
		for _, limit := range []int{50, 200} {
			q.Page = membership.PageRequest{Limit: limit, Ascending: true}
			found, pages := 0, 0
			for {
				w.calls.Take()
				p, err := w.table.Users(t.Context(), q)
				must(t, err)
				calls := w.calls.Take()
				if rcu := storetest.ReadCapacity(calls); rcu > 20 { // the counters among them
					t.Errorf("%s, %d a page: a page took %v RCU in %d calls", name, limit, rcu, len(calls))
				}
				if pages++; limit == 50 && pages == 1 && q.Country == "" && (len(calls) != 1 || len(p.Items) != 50) {
					t.Errorf("%s: the first page of 50 has %d rows and took %d calls", name, len(p.Items), len(calls))
				}
				found += len(p.Items)
				if q.Page.Position = p.Next; p.Next == "" {
					break
				}
			}
			if want := map[bool]int{true: 0, false: short + long}[q.Country == "FR"]; found != want {
				t.Errorf("%s, %d a page: %d rows on %d pages, want %d", name, limit, found, pages, want)
			}
		}
	}
}
