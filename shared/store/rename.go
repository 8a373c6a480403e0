package store

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"clientele/shared/membership"
)

// CustomerUsers returns up to limit users of a customer as they are stored now, by id and after the given id ("" for
// the start), and the id after which to read on ("" at the end).
func (t Table) CustomerUsers(ctx context.Context, customerID, after string, limit int) ([]membership.User, string, error) {
	return t.membersOf(ctx, customerFacet(customerID), after, limit)
}

// GroupUsers is CustomerUsers for a group.
func (t Table) GroupUsers(ctx context.Context, groupID, after string, limit int) ([]membership.User, string, error) {
	return t.membersOf(ctx, groupFacet(groupID), after, limit)
}

// membersOf reads the rows in the partition of their customer or group, not through an index: consistently, and in an
// order that does not change with the names.
func (t Table) membersOf(ctx context.Context, facet, after string, limit int) ([]membership.User, string, error) {
	in := &dynamodb.QueryInput{TableName: &t.name, KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :sk)"),
		ExpressionAttributeValues: item{":pk": str(facet), ":sk": str(memberUserPrefix)}, ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(limit))}
	if after != "" {
		in.ExclusiveStartKey = facetKey(after, facet).item()
	}
	out, err := t.client.Query(ctx, in)
	if err != nil {
		return nil, "", unavailable(err)
	}
	keys := make([]key, len(out.Items))
	for n, i := range out.Items {
		r := rowFrom(i)
		keys[n] = userKey(r.CustomerID, r.ID)
	}
	found, err := t.batchGet(ctx, keys)
	if err != nil {
		return nil, "", err
	}
	users := make([]membership.User, 0, len(keys))
	for _, k := range keys {
		if i := found[k]; i != nil { // nil when removed since
			users = append(users, userFrom(i))
		}
	}
	next := ""
	if len(out.LastEvaluatedKey) > 0 {
		next = rowUserID(out.LastEvaluatedKey)
	}
	return users, next, nil
}
