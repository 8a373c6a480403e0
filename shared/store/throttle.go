package store

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"clientele/shared/membership"
)

// Take counts one event of a throttle and subject. Because each call counts, the SDK repeats one whose answer was lost
// only once. Errors: TooMany when the window's limit is reached.
func (t Table) Take(ctx context.Context, th membership.Throttle, subject string, now time.Time) error {
	k, c, full := oneMore(membership.Event{Throttle: th, Subject: subject}, now)
	_, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: k.item(), UpdateExpression: aws.String(countEvent), ConditionExpression: c.text(),
		ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.vals(),
	}, func(o *dynamodb.Options) { o.RetryMaxAttempts = 2 })
	return conditional(err, full)
}

// events counts events in the transaction that causes them: they count if it is stored, and only then.
func (w *write) events(events []membership.Event, now time.Time) {
	for _, e := range events {
		k, c, full := oneMore(e, now)
		w.update(k, countEvent, c, full)
	}
}

// countEvent is the update that counts an event, with the names and values of oneMore.
const countEvent = "ADD events :one SET entity = :e, #ttl = :ttl"

// oneMore returns the key under which an event is counted, the condition that its window has room, and the error for a
// full one.
func oneMore(e membership.Event, now time.Time) (key, condition, *membership.Error) {
	window := now.Truncate(e.Throttle.Window)
	end := window.Add(e.Throttle.Window)
	c := condition{
		expression: "attribute_not_exists(events) OR events < :limit",
		names:      map[string]string{"#ttl": "ttl"},
		values: item{":one": num(1), ":limit": num(int64(e.Throttle.Limit)), ":e": str(entityThrottle),
			":ttl": num(end.Add(time.Hour).Unix())},
	}
	return throttleKey(e.Throttle.Name, e.Subject, window.Unix()), c, &membership.Error{Kind: membership.TooMany, Code: "too_many_requests",
		RetryAfter: end.Sub(now), Message: "Too many requests. Wait " + strconv.Itoa(int(end.Sub(now).Minutes())+1) + " minutes and try again."}
}
