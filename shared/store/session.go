package store

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"clientele/shared/membership"
)

func sessionItem(s membership.Session) item {
	i := newItem(sessionKey(s.Door, s.CustomerID, s.UserID, s.ID), entitySession)
	i.setStr("id", s.ID)
	i.setStr("customerId", s.CustomerID)
	i.setStr("userId", s.UserID)
	i.setStr("door", string(s.Door))
	i.setBytes("secretHash", s.SecretHash)
	i.setStr("createdAt", s.CreatedAt.UTC().Format(time.RFC3339Nano))
	i.setTime("seenAt", s.SeenAt)
	i.setTime("endsAt", s.EndsAt)
	i.setTTL(s.EndsAt)
	return i
}

func sessionFrom(i item) membership.Session {
	return membership.Session{ID: i.str("id"), CustomerID: i.str("customerId"), UserID: i.str("userId"), Door: membership.Door(i.str("door")),
		SecretHash: i.bytes("secretHash"), CreatedAt: i.time("createdAt"), SeenAt: i.time("seenAt"), EndsAt: i.time("endsAt")}
}

// CreateSession stores a new session. If it exists already, the SDK has repeated a call whose answer was lost.
func (t Table) CreateSession(ctx context.Context, s membership.Session) error {
	_, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: sessionItem(s), ConditionExpression: absent().text()})
	return conditional(err, nil)
}

// TouchSession stores when a session was last seen; a session that has ended meanwhile stays ended.
func (t Table) TouchSession(ctx context.Context, s membership.Session) error {
	_, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: sessionKey(s.Door, s.CustomerID, s.UserID, s.ID).item(), UpdateExpression: aws.String("SET seenAt = :t"),
		ConditionExpression: aws.String("attribute_exists(pk)"), ExpressionAttributeValues: item{":t": str(stamp(s.SeenAt))},
	})
	return conditional(err, nil)
}

// EndSession deletes a session.
func (t Table) EndSession(ctx context.Context, door membership.Door, customerID, userID, sessionID string) error {
	_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: sessionKey(door, customerID, userID, sessionID).item()})
	return unavailable(err)
}
