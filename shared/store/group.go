package store

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"clientele/shared/membership"
)

func groupItem(g membership.Group) item {
	i := newItem(groupKey(g.ID), entityGroup)
	i.setStr("facet", groupsFacet)
	i.setStr("byName", sortable(membership.FoldName(g.Name)))
	i.setStr(rowAttribute, groupColumns(g))
	i.setStr("id", g.ID)
	i.setStr("name", g.Name)
	i.setStr("description", g.Description)
	i.setBool("active", g.Active)
	i.setTime("createdAt", g.CreatedAt)
	i.setInt("version", g.Version)
	return i
}

func groupFrom(i item) membership.Group {
	return membership.Group{ID: i.str("id"), Name: i.str("name"), Description: i.str("description"), Active: i.bool("active"),
		CreatedAt: i.time("createdAt"), Version: i.int("version")}
}

// activeGroup holds while a group exists, is active, and is not being deleted.
func activeGroup(now time.Time) condition {
	return condition{
		expression: "active = :yes AND " + notClosing,
		values:     item{":yes": yes(), ":now": str(stamp(now))},
	}
}

// Group returns one group and counts its members. Groups are the provider's: the caller must reach everything.
// Errors: ErrNotFound.
func (t Table) Group(ctx context.Context, reach membership.Reach, groupID string) (membership.Group, error) {
	if !reach.All() {
		return membership.Group{}, membership.ErrNotFound
	}
	found, err := t.batchGet(ctx, []key{groupKey(groupID), countKey(allScope, groupFacet(groupID)), countKey(allScope, groupCustomersFacet(groupID))})
	if err == nil && found[groupKey(groupID)] == nil {
		err = membership.ErrNotFound
	}
	if err != nil {
		return membership.Group{}, err
	}
	g := groupFrom(found[groupKey(groupID)])
	g.Members = members(found, g.ID)
	return g, nil
}

func members(counters map[key]item, groupID string) membership.GroupMembers {
	return membership.GroupMembers{
		Users:     counters[countKey(allScope, groupFacet(groupID))].int("n"),
		Customers: counters[countKey(allScope, groupCustomersFacet(groupID))].int("n"),
	}
}

// Groups returns one page of groups by name, with their members counted. It reads the counters of all groups with one
// Query, at most MaxGroups × 2 items of some 75 B: reading those of a page one by one would cost five times as much.
// Errors: ErrNotFound.
func (t Table) Groups(ctx context.Context, q membership.GroupQuery) (membership.Page[membership.Group], error) {
	var p membership.Page[membership.Group]
	if !q.Reach.All() {
		return p, membership.ErrNotFound
	}
	l := listing{index: indexName, attribute: "byName", facet: groupsFacet}
	if q.Active != nil {
		l.keep = func(i item) bool { return groupFromRow(i).Active == *q.Active }
		l.dense = *q.Active // few are inactive
	}
	items, next, prev, err := t.page(ctx, l, q.Page)
	if err != nil {
		return p, err
	}
	p = membership.Page[membership.Group]{Items: make([]membership.Group, len(items)), Next: next, Prev: prev}
	if len(items) == 0 {
		return p, nil
	}
	counters, err := t.groupCounters(ctx)
	for n, i := range items {
		p.Items[n] = groupFromRow(i)
		p.Items[n].Members = members(counters, p.Items[n].ID)
	}
	return p, err
}

// groupCounters returns the counters of the members of all groups.
func (t Table) groupCounters(ctx context.Context) (map[key]item, error) {
	counters := map[key]item{}
	var from item
	for {
		out, err := t.client.Query(ctx, &dynamodb.QueryInput{
			TableName: &t.name, KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :sk)"), ExclusiveStartKey: from,
			ExpressionAttributeValues: item{":pk": str(countPartition(allScope)), ":sk": str(groupCounters)},
		})
		if err != nil {
			return nil, unavailable(err)
		}
		for _, i := range out.Items {
			counters[item(i).key()] = i
		}
		if from = out.LastEvaluatedKey; len(from) == 0 {
			return counters, nil
		}
	}
}

// GroupsOf returns the groups of ids that exist, in the order of ids and without counting members, with one wait.
// Errors: ErrNotFound when the caller does not reach everything.
func (t Table) GroupsOf(ctx context.Context, reach membership.Reach, ids []string) ([]membership.Group, error) {
	if !reach.All() {
		return nil, membership.ErrNotFound
	}
	if len(ids) == 0 {
		return nil, nil
	}
	keys := make([]key, len(ids))
	for n, id := range ids {
		keys[n] = groupKey(id)
	}
	found, err := t.batchGet(ctx, keys)
	var groups []membership.Group
	for _, k := range keys {
		if i := found[k]; i != nil {
			groups = append(groups, groupFrom(i))
		}
	}
	return groups, err
}

// GroupCustomers returns one page of the customers in a group, by name: one Query, and when that finds nobody a second
// look whether the group exists. Errors: ErrNotFound.
func (t Table) GroupCustomers(ctx context.Context, reach membership.Reach, groupID string, page membership.PageRequest) (membership.Page[membership.Customer], error) {
	var p membership.Page[membership.Customer]
	if !reach.All() {
		return p, membership.ErrNotFound
	}
	items, next, prev, err := t.page(ctx, listing{index: indexName, attribute: "byName", facet: groupCustomersFacet(groupID)}, page)
	if err != nil {
		return p, err
	}
	p = membership.Page[membership.Customer]{Items: make([]membership.Customer, len(items)), Next: next, Prev: prev}
	for n, i := range items {
		p.Items[n] = customerFromRow(i)
	}
	if len(items) == 0 {
		group, err := t.get(ctx, groupKey(groupID))
		if err != nil {
			return p, err
		}
		if group == nil {
			return p, membership.ErrNotFound
		}
	}
	return p, nil
}

// groupName moves the reservation of a group's name.
func (w *write) groupName(groupID, before, after string) {
	was, is := membership.FoldName(before), membership.FoldName(after)
	if was == is {
		return
	}
	if is != "" {
		i := newItem(groupNameKey(is), entityGroupName)
		i.setStr("groupId", groupID)
		w.put(i, absent(), membership.ErrGroupNameInUse)
	}
	if was != "" {
		w.delete(groupNameKey(was), always(), nil)
	}
}

// countGroup changes the number of groups, up to MaxGroups.
func (w *write) countGroup(by int) {
	w.update(groupsKey(), "ADD n :by SET entity = :e", condition{
		expression: "attribute_not_exists(n) OR n <= :most",
		values:     item{":by": num(int64(by)), ":most": num(int64(membership.MaxGroups - by)), ":e": str(entityGroups)},
	}, membership.ErrTooManyGroups)
}

// CreateGroup stores a new group while there are fewer than MaxGroups. Errors: ErrGroupNameInUse, ErrTooManyGroups,
// ErrInProgress.
func (t Table) CreateGroup(ctx context.Context, g membership.Group, tr membership.Trail) error {
	w := t.write()
	w.put(groupItem(g), absent(), membership.ErrStale)
	w.groupName(g.ID, "", g.Name)
	w.countGroup(1)
	w.trail(tr)
	return t.commit(ctx, w)
}

// ChangeGroup replaces before with after, and opens a group that a deletion has closed. Errors: ErrStale,
// ErrGroupNameInUse.
func (t Table) ChangeGroup(ctx context.Context, before, after membership.Group, tr membership.Trail) error {
	w := t.write()
	w.put(groupItem(after), versionIs(before.Version), membership.ErrStale)
	w.groupName(after.ID, before.Name, after.Name)
	w.trail(tr)
	return t.commit(ctx, w)
}

// DeleteGroup deletes a group that has no users and no customers. Errors: ErrStale, ErrGroupNotEmpty.
func (t Table) DeleteGroup(ctx context.Context, g membership.Group, tr membership.Trail) error {
	mine, err := t.closeEmpty(ctx, groupKey(g.ID), g.Version, tr, membership.ErrGroupNotEmpty, memberUserPrefix, memberCustomerPrefix)
	if err != nil {
		return err
	}
	w := t.write()
	w.delete(groupKey(g.ID), mine, membership.ErrStale)
	w.delete(countKey(allScope, groupCustomersFacet(g.ID)), always(), nil) // the counter of its users may still be counted down
	w.groupName(g.ID, g.Name, "")
	w.countGroup(-1)
	w.trail(tr)
	return t.commit(ctx, w)
}

// groupCustomerItem is a customer in one group, as the list of the group's customers shows it.
func groupCustomerItem(groupID string, c membership.Customer) item {
	i := newItem(groupCustomerKey(groupID, c.ID), entityGroupOf)
	i.setStr("facet", groupCustomersFacet(groupID))
	i.setStr("byName", sortable(membership.FoldName(c.Name)))
	i.setStr(rowAttribute, customerColumns(c))
	return i
}

// groupsOfCustomer keeps the memberships of a customer in step as before becomes after (zero for a deleted one): the
// items by which groups list their customers, and the counters. It puts a customer into active groups only.
func (w *write) groupsOfCustomer(before, after membership.Customer, now time.Time) {
	for _, g := range before.GroupIDs {
		if !slices.Contains(after.GroupIDs, g) {
			w.delete(groupCustomerKey(g, before.ID), always(), nil)
			w.count(countKey(allScope, groupCustomersFacet(g)), -1)
		}
	}
	for _, g := range after.GroupIDs {
		switch joins := !slices.Contains(before.GroupIDs, g); {
		case joins:
			w.check(groupKey(g), activeGroup(now), membership.ErrGroupGone)
			w.put(groupCustomerItem(g, after), always(), nil)
			w.count(countKey(allScope, groupCustomersFacet(g)), 1)
		case customerColumns(before) != customerColumns(after):
			w.put(groupCustomerItem(g, after), always(), nil)
		}
	}
}
