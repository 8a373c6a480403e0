package store

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"clientele/shared/membership"
)

// A customer or group is closed before it is deleted: nobody new can be put into it from then on, so that whoever came
// before is seen and nobody comes after (docs/decisions/005).

// closing is how long what is being deleted takes in nobody; a deletion that died half way ends with it.
const closing = 30 * time.Second

// notClosing is the part of a condition that holds while an item is not being deleted; :now is the value of its moment.
const notClosing = "(attribute_not_exists(closingUntil) OR closingUntil < :now)"

// closeEmpty closes a customer or group of this version for the deletion that tr stands for, and looks whether its
// partition has anything whose sort key begins with one of the prefixes. Where it has, it is opened again, and the error is
// notEmpty. Else mine holds as long as the item may be deleted: of two deletions at once the later one has the door, and a
// change of the item opens it again. A deletion that died on the way can be repeated with the same version.
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
