package store

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"clientele/shared/membership"
)

func auditItem(e membership.AuditEntry) item {
	i := newItem(auditKey(e.CustomerID, e.At, e.ID), entityAudit)
	i.setStr("id", e.ID)
	i.setTime("at", e.At)
	i.setStr("realm", string(e.Realm))
	i.setStr("actorId", e.ActorID)
	i.setStr("actorName", e.ActorName)
	i.setStr("onBehalfOf", e.OnBehalfOf)
	i.setStr("customerId", e.CustomerID)
	i.setStr("action", e.Action)
	i.setStr("subject", e.Subject)
	i.setStr("subjectId", e.SubjectID)
	i.setMap("before", e.Before)
	i.setMap("after", e.After)
	i.setStr("requestId", e.RequestID)
	return i
}

func auditFrom(i item) membership.AuditEntry {
	return membership.AuditEntry{
		ID: i.str("id"), At: i.time("at"), Realm: membership.Realm(i.str("realm")), ActorID: i.str("actorId"), ActorName: i.str("actorName"),
		OnBehalfOf: i.str("onBehalfOf"), CustomerID: i.str("customerId"), Action: i.str("action"), Subject: i.str("subject"),
		SubjectID: i.str("subjectId"), Before: i.strMap("before"), After: i.strMap("after"), RequestID: i.str("requestId"),
	}
}

// AuditEntries returns one page of a month's audit entries of a customer within reach, the newest first.
// Errors: ErrNotFound.
func (t Table) AuditEntries(ctx context.Context, reach membership.Reach, customerID string, month time.Time, limit int) ([]membership.AuditEntry, error) {
	if !reach.Includes(customerID) {
		return nil, membership.ErrNotFound
	}
	out, err := t.client.Query(ctx, &dynamodb.QueryInput{
		TableName: &t.name, KeyConditionExpression: aws.String("pk = :pk"), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(int32(limit)),
		ExpressionAttributeValues: item{":pk": str(auditPartition(customerID, month))},
	})
	if err != nil {
		return nil, unavailable(err)
	}
	entries := make([]membership.AuditEntry, len(out.Items))
	for n, i := range out.Items {
		entries[n] = auditFrom(i)
	}
	return entries, nil
}

func markerItem(k membership.IdempotencyKey, ids []string, now time.Time) item {
	i := newItem(markerKey(k), entityMarker)
	i.setStr("bodyHash", k.BodyHash)
	i.setStrs("ids", ids)
	i.setTTL(now.Add(membership.KeyLifetime))
	return i
}

func markerFrom(i item) *membership.Marker {
	if i == nil {
		return nil
	}
	return &membership.Marker{BodyHash: i.str("bodyHash"), IDs: i.strs("ids")}
}

// Marker returns what an earlier request with this key left behind, or nil when there was none.
func (t Table) Marker(ctx context.Context, k membership.IdempotencyKey) (*membership.Marker, error) {
	i, err := t.get(ctx, markerKey(k))
	return markerFrom(i), err
}
