package store

import (
	"context"

	"clientele/shared/membership"
)

func importItem(v membership.Import) item {
	i := newItem(importKey(v.CustomerID, v.ID), entityImport)
	i.setTTL(v.ExpiresAt)
	for name, s := range map[string]string{
		"id": v.ID, "customerId": v.CustomerID, "by": v.By, "byName": v.ByName, "byCustomerId": v.ByCustomerID, "fileName": v.FileName,
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
		ID: i.str("id"), CustomerID: i.str("customerId"), By: i.str("by"), ByName: i.str("byName"), ByCustomerID: i.str("byCustomerId"),
		FileName: i.str("fileName"), Role: membership.Role(i.str("role")), Language: i.str("language"), GroupIDs: i.strs("groupIds"),
		Separator: i.str("separator"), Stage: membership.ImportStage(i.str("stage")), Update: i.bool("update"), JobID: i.str("jobId"),
		CreatedAt: i.time("createdAt"), ExpiresAt: i.time("expiresAt"), Version: i.int("version"),
	}
}

// Import returns one import within reach, without what its job says. Errors: ErrNotFound.
func (t Table) Import(ctx context.Context, reach membership.Reach, id string) (membership.Import, error) {
	if cid := reach.CustomerID(); cid != "" {
		i, err := t.get(ctx, importKey(cid, id))
		if err == nil && i == nil {
			err = membership.ErrNotFound
		}
		return importFrom(i), err
	}
	if !reach.All() {
		return membership.Import{}, membership.ErrNotFound
	}
	items, err := t.partition(ctx, importPartition(id), importPrefix, 1)
	if err == nil && len(items) == 0 {
		err = membership.ErrNotFound
	}
	if err != nil {
		return membership.Import{}, err
	}
	return importFrom(items[0]), nil
}

// CreateImport stores a new import, for a customer that is active. Errors: ErrCustomerDeactivated, ErrInProgress.
func (t Table) CreateImport(ctx context.Context, v membership.Import, tr membership.Trail) error {
	w := t.write()
	w.check(customerKey(v.CustomerID), openCustomer(tr.Now), membership.ErrCustomerDeactivated)
	w.put(importItem(v), absent(), membership.ErrStale)
	w.trail(tr)
	return t.commit(ctx, w)
}

// ChangeImport replaces before by after, with the job that the change owes. Errors: ErrStale, ErrInProgress.
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
