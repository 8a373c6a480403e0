package store

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"clientele/shared/membership"
)

// A customer or group is closed before it is deleted. From then on nobody can be put into it, so everybody who came
// before is seen and nobody comes after (docs/decisions/005).

// closing is how long an item that is being deleted lets nobody in. A deletion that died half way ends with it.
const closing = 30 * time.Second

// notClosing is the part of a condition that holds while an item is not being deleted; :now is the current time.
const notClosing = "(attribute_not_exists(closingUntil) OR closingUntil < :now)"

// closeEmpty closes a customer or group of this version for the deletion that tr records, and looks for items in its
// partition whose sort key begins with one of the prefixes. If there are any, it opens the item again and returns
// notEmpty. Otherwise mine holds as long as the item may be deleted: of two deletions at once the later one wins, and a
// change of the item opens it again. A deletion that died half way can be repeated with the same version.
// Errors: ErrStale, notEmpty.
func (t Table) closeEmpty(ctx context.Context, k key, version int, tr membership.Trail, notEmpty error, prefixes ...string) (mine condition, err error) {
	_, err = t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: k.item(), UpdateExpression: aws.String("SET closingUntil = :until, closingBy = :by"),
		ConditionExpression: aws.String("#v = :v"), ExpressionAttributeNames: map[string]string{"#v": "version"},
		ExpressionAttributeValues: item{":until": str(stamp(tr.Now.Add(closing))), ":by": str(tr.Audit.ID), ":v": num(int64(version))},
	})
	if err != nil {
		return mine, conditional(err, membership.ErrStale)
	}
	mine = condition{expression: "#v = :v AND closingBy = :by", names: map[string]string{"#v": "version"},
		values: item{":v": num(int64(version)), ":by": str(tr.Audit.ID)}}
	for _, prefix := range prefixes {
		found, err := t.partition(ctx, k.pk, prefix, 1)
		if err != nil {
			return mine, err
		}
		if len(found) > 0 {
			w := t.write()
			w.update(k, "REMOVE closingUntil, closingBy", mine, membership.ErrStale)
			if err := t.commit(ctx, w); err != nil && membership.KindOf(err) != membership.Stale {
				return mine, err
			}
			return mine, notEmpty
		}
	}
	return mine, nil
}
