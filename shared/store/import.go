package store

import (
	"context"
	"strconv"

	"clientele/shared/membership"
)

func importItem(v membership.Import) item {
	i := newItem(importKey(v.CustomerID, v.ID), entityImport)
	i.setTTL(v.ExpiresAt)
	i.setStr("facet", importsFacet(v.ByCustomerID, v.By))
	i.setStr("byRegistered", stamp(v.CreatedAt)+"#"+v.ID)
	i.setStr(rowAttribute, importColumns(v))
	for name, s := range map[string]string{
		"id": v.ID, "customerId": v.CustomerID, "company": v.Company, "by": v.By, "byName": v.ByName, "byCustomerId": v.ByCustomerID, "fileName": v.FileName,
		"role": string(v.Role), "language": v.Language, "separator": v.Separator, "stage": string(v.Stage), "jobId": v.JobID,
	} {
		i.setStr(name, s)
	}
	i.setStrs("groupIds", v.GroupIDs)
	i.setBool("update", v.Update)
	i.setTime("createdAt", v.CreatedAt)
	i.setTime("expiresAt", v.ExpiresAt)
	i.setInt("version", v.Version)
	return i
}

func importFrom(i item) membership.Import {
	return membership.Import{
		ID: i.str("id"), CustomerID: i.str("customerId"), Company: i.str("company"), By: i.str("by"), ByName: i.str("byName"), ByCustomerID: i.str("byCustomerId"),
		FileName: i.str("fileName"), Role: membership.Role(i.str("role")), Language: i.str("language"), GroupIDs: i.strs("groupIds"),
		Separator: i.str("separator"), Stage: membership.ImportStage(i.str("stage")), Update: i.bool("update"), JobID: i.str("jobId"),
		CreatedAt: i.time("createdAt"), ExpiresAt: i.time("expiresAt"), Version: i.int("version"),
	}
}

// importColumns packs what lists show of an import, which is not how its file is read.
func importColumns(v membership.Import) string {
	update := ""
	if v.Update {
		update = "1"
	}
	return pack(packID(v.ID), packID(v.CustomerID), v.Company, packID(v.By), v.ByName, packID(v.ByCustomerID), v.FileName, string(v.Role), v.Language,
		packIDs(v.GroupIDs), string(v.Stage), update, packID(v.JobID), packTime(v.CreatedAt), packTime(v.ExpiresAt), strconv.Itoa(v.Version))
}

func importFromRow(i item) membership.Import {
	c := i.columns()
	return membership.Import{ID: unpackID(c.at(0)), CustomerID: unpackID(c.at(1)), Company: c.at(2), By: unpackID(c.at(3)), ByName: c.at(4),
		ByCustomerID: unpackID(c.at(5)), FileName: c.at(6), Role: membership.Role(c.at(7)), Language: c.at(8), GroupIDs: unpackIDs(c.at(9)),
		Stage: membership.ImportStage(c.at(10)), Update: c.at(11) != "", JobID: unpackID(c.at(12)), CreatedAt: c.time(13), ExpiresAt: c.time(14), Version: c.int(15)}
}

// Imports returns one page of the imports that one person has begun, by age, with the fields that lists show.
func (t Table) Imports(ctx context.Context, q membership.ImportQuery) (membership.Page[membership.Import], error) {
	items, next, prev, err := t.page(ctx, listing{index: indexRegistered, attribute: "byRegistered", facet: importsFacet(q.ByCustomerID, q.By)}, q.Page)
	p := membership.Page[membership.Import]{Items: make([]membership.Import, len(items)), Next: next, Prev: prev}
	for n, i := range items {
		p.Items[n] = importFromRow(i)
	}
	return p, err
}

// Import returns one import within reach, without the state of its job. Errors: ErrNotFound.
func (t Table) Import(ctx context.Context, reach membership.Reach, id string) (membership.Import, error) {
	i, err := t.findWithin(ctx, reach, importKey, id)
	return importFrom(i), err
}

// CreateImport stores a new import for an active customer. Errors: ErrCustomerDeactivated, ErrInProgress.
func (t Table) CreateImport(ctx context.Context, v membership.Import, tr membership.Trail) error {
	w := t.write()
	w.check(customerKey(v.CustomerID), openCustomer(tr.Now), membership.ErrCustomerDeactivated)
	w.put(importItem(v), absent(), membership.ErrStale)
	w.trail(tr)
	return t.commit(ctx, w)
}

// ChangeImport replaces before with after and stores the job that the change owes. Errors: ErrStale, ErrInProgress.
func (t Table) ChangeImport(ctx context.Context, before, after membership.Import, tr membership.Trail) error {
	w := t.write()
	w.put(importItem(after), versionIs(before.Version), membership.ErrStale)
	w.trail(tr)
	return t.commit(ctx, w)
}

// DeleteImport deletes an import. Errors: ErrStale.
func (t Table) DeleteImport(ctx context.Context, v membership.Import, tr membership.Trail) error {
	w := t.write()
	w.delete(importKey(v.CustomerID, v.ID), versionIs(v.Version), membership.ErrStale)
	w.trail(tr)
	return t.commit(ctx, w)
}
