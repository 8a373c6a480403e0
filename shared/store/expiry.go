package store

import (
	"context"
	"time"

	"clientele/shared/membership"
)

// DueInvitations returns up to limit invitations whose expiry or retention has passed, the oldest first.
func (t Table) DueInvitations(ctx context.Context, now time.Time, limit int) ([]membership.Invitation, error) {
	items, err := t.due(ctx, dueInvitation, now, limit)
	found := make([]membership.Invitation, len(items))
	for n, i := range items {
		found[n] = invitationFrom(i)
	}
	return found, err
}

// ExpireInvitation changes a user and an invitation, and notes the invitation for the inviter's digest. Writing the
// digest again is harmless: its content follows from the day. Errors: ErrStale.
func (t Table) ExpireInvitation(ctx context.Context, before, after membership.User, inv membership.InvitationChange, d *membership.Digest, tr membership.Trail) error {
	w := t.write()
	w.user(before, after, tr.Now)
	w.put(invitationItem(inv.After), versionIs(inv.Before.Version), membership.ErrStale)
	if d != nil {
		head := newItem(digestKey(*d), entityDigest)
		head.setStr("customerId", d.CustomerID)
		head.setStr("userId", d.UserID)
		head.setStr("day", d.Day)
		head.setStr("due", dueFacet(dueDigest, d.UserID))
		head.setTime("dueAt", d.DueAt)
		w.put(head, always(), nil)
		row := newItem(digestRowKey(*d, inv.After.ID), entityDigestRow)
		row.setStr("invitationId", inv.After.ID)
		row.setStr("customerId", inv.After.CustomerID)
		row.setTTL(d.DueAt.Add(30 * 24 * time.Hour))
		w.put(row, always(), nil)
	}
	w.trail(tr)
	return t.commit(ctx, w)
}

// DueDigests returns up to limit digests that are due, the oldest first.
func (t Table) DueDigests(ctx context.Context, now time.Time, limit int) ([]membership.Digest, error) {
	items, err := t.due(ctx, dueDigest, now, limit)
	found := make([]membership.Digest, len(items))
	for n, i := range items {
		found[n] = membership.Digest{CustomerID: i.str("customerId"), UserID: i.str("userId"), Day: i.str("day"), DueAt: i.time("dueAt")}
	}
	return found, err
}

// digestLimit limits how many invitations one digest reads; its mail names fewer.
const digestLimit = 1000

// DigestInvitations returns the invitations of a digest that are still expired.
func (t Table) DigestInvitations(ctx context.Context, d membership.Digest) ([]membership.Invitation, error) {
	rows, err := t.partition(ctx, userPartition(d.UserID), digestRowPrefix(d), digestLimit)
	if err != nil {
		return nil, err
	}
	keys := make([]key, len(rows))
	for n, r := range rows {
		keys[n] = invitationKey(r.str("customerId"), r.str("invitationId"))
	}
	found, err := t.batchGet(ctx, keys)
	if err != nil {
		return nil, err
	}
	var expired []membership.Invitation
	for _, k := range keys {
		if inv := invitationFrom(found[k]); inv.Status == membership.InvitationExpired {
			expired = append(expired, inv)
		}
	}
	return expired, nil
}

// FinishDigest deletes a digest and, unless mail is nil, stores the mail in the same transaction. Errors: ErrStale when
// another run was faster.
func (t Table) FinishDigest(ctx context.Context, d membership.Digest, mail *membership.Mail) error {
	w := t.write()
	w.delete(digestKey(d), condition{expression: "attribute_exists(pk)"}, membership.ErrStale)
	if mail != nil {
		w.put(mailItem(*mail), absent(), membership.ErrStale)
	}
	return t.commit(ctx, w)
}
