package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"clientele/shared/membership"
)

// Users returns one page of rows: one Query for any single filter and sort. With several filters it reads the list of
// the one with the fewest users and checks the others row by row, so a page can be short and still have a next one. A
// caller who reaches one customer only reads that customer's list: no row of another customer is looked at.
// Errors: ErrNotFound.
func (t Table) Users(ctx context.Context, q membership.UserQuery) (membership.Page[membership.UserRow], error) {
	var p membership.Page[membership.UserRow]
	if q.CustomerID == "" && !q.Reach.All() || q.CustomerID != "" && !q.Reach.Includes(q.CustomerID) {
		return p, membership.ErrNotFound
	}
	l, err := t.userListing(ctx, q)
	if err != nil {
		return p, err
	}
	items, next, prev, err := t.page(ctx, l, q.Page)
	if err != nil {
		return p, err
	}
	p = membership.Page[membership.UserRow]{Items: make([]membership.UserRow, len(items)), Next: next, Prev: prev}
	for n, i := range items {
		p.Items[n] = rowFrom(i)
	}
	return p, nil
}

func (t Table) userListing(ctx context.Context, q membership.UserQuery) (listing, error) {
	if q.Search != "" {
		return userSearch(q), nil
	}
	l := map[membership.UserSort]listing{
		membership.SortName:       {index: indexName, attribute: "byName"},
		membership.SortEmail:      {index: indexEmail, attribute: "byEmail"},
		membership.SortGroup:      {index: indexGroup, attribute: "byGroup"},
		membership.SortRole:       {index: indexRole, attribute: "byRole"},
		membership.SortCompany:    {index: indexCompany, attribute: "byCompany"},
		membership.SortRegistered: {index: indexRegistered, attribute: "byRegistered"},
	}[q.Sort]
	var facets []string
	if q.Status == membership.Removed { // they are on no other list
		facets = append(facets, statusFacet(q.Status))
	} else {
		if q.CustomerID != "" {
			facets = append(facets, customerFacet(q.CustomerID))
		}
		if q.GroupID != "" {
			facets = append(facets, groupFacet(q.GroupID))
		}
		if q.Country != "" {
			facets = append(facets, countryFacet(q.Country))
		}
		if q.Status != "" {
			facets = append(facets, statusFacet(q.Status))
		}
		if q.Role != "" {
			facets = append(facets, roleFacet(q.Role))
		}
	}
	switch {
	case len(facets) == 0:
		l.facet = allFacet
	case len(facets) == 1 || !q.Reach.All() || q.CustomerID == membership.ProviderID: // staff are on their own list only
		l.facet = facets[0]
	default:
		smallest, err := t.smallest(ctx, facets)
		if err != nil {
			return l, err
		}
		l.facet = smallest
	}
	// The clock may be a minute ahead of the lists by status; the other lists hold exactly what is asked for.
	if len(facets) > 1 || q.Status != "" {
		l.dense = len(facets) == 1
		l.keep = func(i item) bool { return q.Keeps(rowFrom(i)) }
	}
	return l, nil
}

// smallest returns the facet with the fewest users according to the counters, the first one when several are equal.
func (t Table) smallest(ctx context.Context, facets []string) (string, error) {
	keys := make([]key, len(facets))
	for n, f := range facets {
		keys[n] = countKey(allScope, f)
	}
	found, err := t.batchGetEventually(ctx, keys)
	if err != nil {
		return "", err
	}
	count := func(facet string) int { return found[countKey(allScope, facet)].int("n") }
	return slices.MinFunc(facets, func(a, b string) int { return count(a) - count(b) }), nil
}

// userSearch is the listing of a search: the word rows that begin with the text. A user is shown once, at the first
// word that matches.
func userSearch(q membership.UserQuery) listing {
	scope := allScope
	if q.CustomerID != "" {
		scope = customerFacet(q.CustomerID)
	}
	text := searchText(q.Search)
	return listing{attribute: "sk", partition: userSearchPartition(scope, text), only: text, dense: narrow(q), keep: func(i item) bool {
		r := rowFrom(i)
		return i.str("sk") == firstMatch(userTexts(scope, r), text)+"#"+r.ID && q.Keeps(r)
	}}
}

// narrow says whether a search keeps nearly all that it finds: it has no filter besides.
func narrow(q membership.UserQuery) bool {
	return q.Status == "" && q.Role == "" && q.Country == "" && q.GroupID == ""
}

// UserCounts returns the number of users by status: of one customer, or of all customers without the staff when
// customerID is "". Errors: ErrNotFound.
func (t Table) UserCounts(ctx context.Context, reach membership.Reach, customerID string) (map[membership.Status]int, error) {
	scope := allScope
	switch {
	case customerID != "" && reach.Includes(customerID):
		scope = customerFacet(customerID)
	case customerID != "" || !reach.All():
		return nil, membership.ErrNotFound
	}
	out, err := t.client.Query(ctx, &dynamodb.QueryInput{
		TableName: &t.name, KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :sk)"),
		ExpressionAttributeValues: item{":pk": str(countPartition(scope)), ":sk": str(statusFacet(""))},
	})
	if err != nil {
		return nil, unavailable(err)
	}
	counts := map[membership.Status]int{}
	for _, i := range out.Items {
		counts[membership.Status(strings.TrimPrefix(item(i).str("sk"), statusFacet("")))] = item(i).int("n")
	}
	return counts, nil
}

// maxTexts limits the rows by which one user is found in one scope.
const maxTexts = 24

// userTexts returns the texts by which a user is found in a scope: each field from each of its words on, and the name
// both ways round. A customer's own scope leaves out the customer's name, which all its users share.
func userTexts(scope string, r membership.UserRow) []string {
	if r.Status == membership.Removed || r.ID == "" {
		return nil
	}
	var texts []string
	add := func(field string, words int) {
		rest := membership.FoldName(field)
		for n := 0; rest != "" && n < words && len(texts) < maxTexts; n++ {
			text := searchText(rest)
			covered := slices.ContainsFunc(texts, func(t string) bool { return strings.HasPrefix(t, text) })
			if len([]rune(text)) >= membership.MinUserSearch && !covered {
				texts = append(texts, text)
			}
			at := strings.IndexAny(rest, wordEnds)
			if at < 0 {
				return
			}
			rest = strings.TrimLeft(rest[at:], wordEnds)
		}
	}
	add(r.FirstName+" "+r.LastName, 6)
	add(r.LastName+" "+r.FirstName, 1+strings.Count(r.LastName, " "))
	add(r.Email, 6)
	add(r.Username, 4)
	if scope == allScope {
		add(r.Company, 6)
	}
	return texts
}

// wordEnds are the characters between the words of names and addresses. What follows an apostrophe is also found by
// itself: neil and oneil both find O'Neil.
const wordEnds = " -_.,/&@+'’ʼ()"

// scopes returns the scopes in which a user is found and counted.
func scopes(r membership.UserRow) []string {
	switch {
	case r.ID == "":
		return nil
	case r.CustomerID == membership.ProviderID:
		return []string{customerFacet(r.CustomerID)}
	}
	return []string{allScope, customerFacet(r.CustomerID)}
}

// counted returns the counters that count a user.
func counted(r membership.UserRow) []key {
	var keys []key
	for _, scope := range scopes(r) {
		keys = append(keys, countKey(scope, statusFacet(r.Status)))
		if scope != allScope || r.Status == membership.Removed {
			continue
		}
		keys = append(keys, countKey(scope, customerFacet(r.CustomerID)), countKey(scope, roleFacet(r.Role)))
		if r.Country != "" {
			keys = append(keys, countKey(scope, countryFacet(r.Country)))
		}
		for _, g := range r.GroupIDs {
			keys = append(keys, countKey(scope, groupFacet(g)))
		}
	}
	return keys
}

// searchRows returns the rows by which a user is found, by key.
func searchRows(r membership.UserRow, columns string) map[key]item {
	rows := map[key]item{}
	for _, scope := range scopes(r) {
		for _, text := range userTexts(scope, r) {
			i := newItem(userSearchKey(scope, text, r.ID), entityUserWord)
			i.setStr(rowAttribute, columns)
			rows[i.key()] = i
		}
	}
	return rows
}

// Project brings the search rows and counters of a user in step with its record. It looks at what is stored, not at the
// event that called it: called twice, late, or in another order it does the same. What was counted is kept beside the
// user and changes in one transaction with the counters, so nobody is counted twice. The search rows are written first:
// a crash between the two leaves rows that the next call writes again. A user who moves from one customer to another
// causes two calls, in any order. Errors: ErrOverloaded.
func (t Table) Project(ctx context.Context, customerID, userID string) error {
	var stale map[key]item // what an attempt wrote before it lost a race
	for try := 0; ; try++ {
		found, err := t.batchGet(ctx, []key{projectionKey(userID), userKey(customerID, userID)})
		if err != nil {
			return err
		}
		was, record := found[projectionKey(userID)], found[userKey(customerID, userID)]
		columns := ""
		if record != nil {
			columns = userColumns(userFrom(record))
		}
		if columns == was.str(rowAttribute) && stale == nil {
			return nil
		}
		before, after := projected(was, userID), projected(item{rowAttribute: str(columns)}, userID)
		if record == nil && before.ID != "" && before.CustomerID != customerID && stale == nil {
			return nil // the user has moved to another customer, whose call came before this one
		}
		old, now := searchRows(before, was.str(rowAttribute)), searchRows(after, columns)
		for k, i := range stale {
			old[k] = i
		}
		if err := t.replaceRows(ctx, old, now); err != nil {
			return err
		}
		w := t.write()
		w.projection(userID, was, columns)
		err = t.commit(ctx, w)
		if membership.KindOf(err) != membership.Stale || try >= retries {
			return err
		}
		if stale = now; stale == nil {
			stale = map[key]item{}
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

// projection stores what search rows and counters say of a user from now on ("" for nothing any more) and moves the
// counters, on the condition that the stored projection is still was.
func (w *write) projection(userID string, was item, columns string) {
	if columns == "" {
		w.delete(projectionKey(userID), sameProjection(was), membership.ErrStale)
	} else {
		i := projectionItem(userID, columns)
		i["n"] = num(int64(was.int("n") + 1))
		w.put(i, sameProjection(was), membership.ErrStale)
	}
	had, has := counted(projected(was, userID)), counted(projected(item{rowAttribute: str(columns)}, userID))
	for _, k := range had {
		if !slices.Contains(has, k) {
			w.count(k, -1)
		}
	}
	for _, k := range has {
		if !slices.Contains(had, k) {
			w.count(k, 1)
		}
	}
}

func projectionItem(userID, columns string) item {
	i := newItem(projectionKey(userID), entityProjection)
	i.setStr(rowAttribute, columns)
	return i
}

// sameProjection holds while the stored projection is still the one that was read.
func sameProjection(was item) condition {
	if was == nil {
		return absent()
	}
	return condition{expression: "n = :n", values: item{":n": num(int64(was.int("n")))}}
}

// projected returns the user as a projection records it, or zero when there is none.
func projected(i item, userID string) membership.UserRow {
	if i.str(rowAttribute) == "" {
		return membership.UserRow{}
	}
	row := item{"pk": str(userPartition(userID)), "sk": str(facetPrefix), rowAttribute: i[rowAttribute]}
	return rowFrom(row)
}

// count adds n to a counter, and one to the number of its changes, by which Rebuild sees whether anybody changed it
// meanwhile. A counter at zero stays as an item: its partition has a dozen.
func (w *write) count(k key, n int) {
	w.update(k, "SET entity = :entity ADD n :n, changes :one", condition{values: item{":n": num(int64(n)), ":one": num(1), ":entity": str(entityCount)}}, fmt.Errorf("counter %v", k))
}

// rowWriters is how many search rows are written at once.
const rowWriters = 8

// replaceRows writes the rows that are new or different, and only then deletes those that are in old alone, so that a
// user is found all the time. It writes each row by itself: that costs 1 WCU, in a transaction 2.
func (t Table) replaceRows(ctx context.Context, old, now map[key]item) error {
	var puts, deletes []func() error
	for k, i := range now {
		if was, there := old[k]; !there || was.str(rowAttribute) != i.str(rowAttribute) {
			puts = append(puts, func() error {
				_, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: i})
				return err
			})
		}
	}
	for k := range old {
		if _, stays := now[k]; !stays {
			deletes = append(deletes, func() error {
				_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: k.item()})
				return err
			})
		}
	}
	if err := several(puts); err != nil {
		return unavailable(err)
	}
	return unavailable(several(deletes))
}

// several calls all functions, rowWriters at a time, and returns the first error.
func several(calls []func() error) error {
	var (
		todo  = make(chan func() error)
		mu    sync.Mutex
		wg    sync.WaitGroup
		first error
	)
	for range min(rowWriters, len(calls)) {
		wg.Go(func() {
			for call := range todo {
				if err := call(); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
				}
			}
		})
	}
	for _, call := range calls {
		todo <- call
	}
	close(todo)
	wg.Wait()
	return first
}

// UserOf returns the user whose record an item of the stream is, from its keys and entity; ok is false for every other
// item.
func UserOf(pk, sk, entity string) (customerID, userID string, ok bool) {
	if entity != entityUser {
		return "", "", false
	}
	customerID, ok = strings.CutPrefix(sk, recordPrefix)
	userID, is := strings.CutPrefix(pk, userPartition(""))
	return customerID, userID, ok && is && !strings.Contains(customerID, "#")
}
