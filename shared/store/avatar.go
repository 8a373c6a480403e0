package store

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"clientele/shared/membership"
)

// avatarUploadRetention is how long the outcome of an upload can be seen.
const avatarUploadRetention = 7 * 24 * time.Hour

func avatarUploadItem(u membership.AvatarUpload) item {
	i := newItem(avatarUploadKey(u.CustomerID, u.UserID), entityAvatarUpload)
	i.setStr("id", u.UploadID)
	i.setStr("customerId", u.CustomerID)
	i.setStr("userId", u.UserID)
	i.setStr("status", string(u.Status))
	i.setStr("refusal", u.Refusal)
	i.setStr("by", u.ByID)
	i.setStr("byName", u.ByName)
	i.setTime("expiresAt", u.ExpiresAt)
	i.setInt("withdrawn", u.Withdrawn)
	i.setTTL(u.ExpiresAt.Add(avatarUploadRetention))
	return i
}

func avatarUploadFrom(i item) membership.AvatarUpload {
	return membership.AvatarUpload{
		AvatarRef: membership.AvatarRef{CustomerID: i.str("customerId"), UserID: i.str("userId"), UploadID: i.str("id")},
		Status:    membership.AvatarStatus(i.str("status")), Refusal: i.str("refusal"), ByID: i.str("by"), ByName: i.str("byName"),
		ExpiresAt: i.time("expiresAt"), Withdrawn: i.int("withdrawn"),
	}
}

// AvatarUpload returns the last picture upload that was begun for a user, or the zero value when there was none.
func (t Table) AvatarUpload(ctx context.Context, customerID, userID string) (membership.AvatarUpload, error) {
	i, err := t.get(ctx, avatarUploadKey(customerID, userID))
	return avatarUploadFrom(i), err
}

// BeginAvatarUpload stores an upload and replaces an earlier one of the same user.
func (t Table) BeginAvatarUpload(ctx context.Context, u membership.AvatarUpload) error {
	_, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: avatarUploadItem(u)})
	return unavailable(err)
}

// EndAvatarUpload stores the outcome of an upload. Errors: ErrStale when another upload has taken its place.
func (t Table) EndAvatarUpload(ctx context.Context, u membership.AvatarUpload) error {
	same := sameUpload(u.AvatarRef)
	_, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: avatarUploadItem(u),
		ConditionExpression: same.text(), ExpressionAttributeValues: same.vals()})
	return conditional(err, membership.ErrStale)
}

// DropAvatarUpload deletes an upload, unless another one has taken its place.
func (t Table) DropAvatarUpload(ctx context.Context, ref membership.AvatarRef) error {
	same := sameUpload(ref)
	_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: avatarUploadKey(ref.CustomerID, ref.UserID).item(),
		ConditionExpression: same.text(), ExpressionAttributeValues: same.vals()})
	return conditional(err, nil)
}

func sameUpload(ref membership.AvatarRef) condition {
	return condition{expression: "id = :id", values: item{":id": str(ref.UploadID)}}
}
