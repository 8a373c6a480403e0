package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"clientele/shared/membership"
)

// Table is the one table. Its methods are the questions that can be asked of it and the changes that can be made; they
// satisfy the store interfaces of membership.
type Table struct {
	client calls
	name   string
}

// New returns the table of this name.
func New(client *dynamodb.Client, name string) Table {
	return Table{client: callsOf(client), name: name}
}

// The indexes; see doc.go.
const (
	indexName       = "by-name"
	indexEmail      = "by-email"
	indexGroup      = "by-group"
	indexRole       = "by-role"
	indexCompany    = "by-company"
	indexRegistered = "by-registered"
	indexDue        = "due"
)

// get reads one item consistently, nil when there is none.
func (t Table) get(ctx context.Context, k key) (item, error) {
	out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: k.item(), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, unavailable(err)
	}
	if len(out.Item) == 0 {
		return nil, nil
	}
	return out.Item, nil
}

// find is get for an item that must exist. Errors: ErrNotFound.
func (t Table) find(ctx context.Context, k key) (item, error) {
	i, err := t.get(ctx, k)
	if err == nil && i == nil {
		err = membership.ErrNotFound
	}
	return i, err
}

// findWithin finds the item of an id, whose key keyOf builds: under the one customer within reach or, when all are
// within reach, in the partition that the id alone names. Errors: ErrNotFound.
func (t Table) findWithin(ctx context.Context, reach membership.Reach, keyOf func(customerID, id string) key, id string) (item, error) {
	if customerID := reach.CustomerID(); customerID != "" {
		return t.find(ctx, keyOf(customerID, id))
	}
	if !reach.All() {
		return nil, membership.ErrNotFound
	}
	start := keyOf("", id) // the sort keys of all customers begin with this
	items, err := t.partition(ctx, start.pk, start.sk, 1)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, membership.ErrNotFound
	}
	return items[0], nil
}

// batchLimit is how many keys one BatchGetItem takes.
const batchLimit = 100

// batchGet reads many items consistently. Items that do not exist are missing from the answer.
func (t Table) batchGet(ctx context.Context, keys []key) (map[key]item, error) {
	return t.batchGetChunks(ctx, keys, true)
}

// batchGetEventually is batchGet for half the capacity, eventually consistent: enough for items named by a list, which
// is no more than that itself.
func (t Table) batchGetEventually(ctx context.Context, keys []key) (map[key]item, error) {
	return t.batchGetChunks(ctx, keys, false)
}

// batchGetChunks reads many items in as many parallel requests as needed: one wait.
func (t Table) batchGetChunks(ctx context.Context, keys []key, consistent bool) (map[key]item, error) {
	unique := slices.Clone(keys)
	slices.SortFunc(unique, func(a, b key) int { return cmp.Or(cmp.Compare(a.pk, b.pk), cmp.Compare(a.sk, b.sk)) })
	unique = slices.Compact(unique)
	found := make(map[key]item, len(unique))
	var (
		mu   sync.Mutex
		wg   sync.WaitGroup
		errs []error
	)
	for chunk := range slices.Chunk(unique, batchLimit) {
		wg.Go(func() {
			items, err := t.batchGetChunk(ctx, chunk, consistent)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
			for _, i := range items {
				found[i.key()] = i
			}
		})
	}
	wg.Wait()
	return found, errors.Join(errs...)
}

// batchGetChunk reads at most batchLimit different items, in no order.
func (t Table) batchGetChunk(ctx context.Context, chunk []key, consistent bool) ([]item, error) {
	asked := make([]map[string]types.AttributeValue, len(chunk))
	for i, k := range chunk {
		asked[i] = k.item()
	}
	var items []item
	for try := 0; ; try++ {
		out, err := t.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
			t.name: {Keys: asked, ConsistentRead: aws.Bool(consistent)},
		}})
		if err != nil {
			return nil, unavailable(err)
		}
		for _, i := range out.Responses[t.name] {
			items = append(items, i)
		}
		rest, ok := out.UnprocessedKeys[t.name]
		if !ok || len(rest.Keys) == 0 {
			return items, nil
		}
		if try >= retries {
			return nil, membership.ErrOverloaded
		}
		asked = rest.Keys
		if err := pause(ctx, try); err != nil {
			return nil, err
		}
	}
}

// write is a transaction that is being built: its actions, each with the error to return when its condition fails.
type write struct {
	table   string
	actions []types.TransactWriteItem
	failed  []error
}

func (t Table) write() *write { return &write{table: t.name} }

// condition is a condition expression with its values; names holds those of its attributes that are reserved words.
type condition struct {
	expression string
	names      map[string]string
	values     item
}

func always() condition { return condition{} }

func absent() condition { return condition{expression: "attribute_not_exists(pk)"} }

// versionIs holds while the item is still the one that was read.
func versionIs(version int) condition {
	return condition{expression: "#v = :v", names: map[string]string{"#v": "version"}, values: item{":v": num(int64(version))}}
}

func (c condition) text() *string {
	if c.expression == "" {
		return nil
	}
	return &c.expression
}

func (c condition) vals() map[string]types.AttributeValue {
	if len(c.values) == 0 {
		return nil
	}
	return c.values
}

func (w *write) put(i item, c condition, failed error) {
	w.actions = append(w.actions, types.TransactWriteItem{Put: &types.Put{TableName: &w.table, Item: i,
		ConditionExpression: c.text(), ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.vals()}})
	w.failed = append(w.failed, failed)
}

func (w *write) delete(k key, c condition, failed error) {
	w.actions = append(w.actions, types.TransactWriteItem{Delete: &types.Delete{TableName: &w.table, Key: k.item(),
		ConditionExpression: c.text(), ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.vals()}})
	w.failed = append(w.failed, failed)
}

func (w *write) update(k key, set string, c condition, failed error) {
	w.actions = append(w.actions, types.TransactWriteItem{Update: &types.Update{TableName: &w.table, Key: k.item(), UpdateExpression: &set,
		ConditionExpression: c.text(), ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.vals()}})
	w.failed = append(w.failed, failed)
}

func (w *write) check(k key, c condition, failed error) {
	w.actions = append(w.actions, types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{TableName: &w.table, Key: k.item(),
		ConditionExpression: c.text(), ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.vals()}})
	w.failed = append(w.failed, failed)
}

// trail adds what every change leaves beside itself. The idempotency marker comes first, so its failure is the one that
// is returned.
func (w *write) trail(tr membership.Trail) {
	if tr.Audit.ID != "" {
		w.put(auditItem(tr.Audit), absent(), fmt.Errorf("audit entry %s exists", tr.Audit.ID))
	}
	for _, m := range tr.Mails {
		w.put(mailItem(m), absent(), fmt.Errorf("mail %s exists", m.ID))
	}
	for _, j := range tr.Jobs {
		w.put(jobItem(j), absent(), fmt.Errorf("job %s exists", j.ID))
	}
	if tr.Key != nil {
		w.actions = slices.Insert(w.actions, 0, types.TransactWriteItem{Put: &types.Put{TableName: &w.table, Item: markerItem(*tr.Key, tr.KeyIDs, tr.Now),
			ConditionExpression: absent().text()}})
		w.failed = slices.Insert(w.failed, 0, error(membership.ErrInProgress))
	}
}

// retries is how often a conflict or throttle is retried: with jitter up to 50, 100, … 1,600 ms, some two seconds.
const retries = 6

// commit writes the transaction. When conditions fail, it returns the error of the first action whose condition did.
// Conflicts and throttles are retried.
func (t Table) commit(ctx context.Context, w *write) error {
	for try := 0; ; try++ {
		_, err := t.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: w.actions})
		if err == nil {
			return nil
		}
		var (
			canceled   *types.TransactionCanceledException
			inProgress *types.TransactionInProgressException
		)
		switch {
		case errors.As(err, &canceled):
			for i, r := range canceled.CancellationReasons {
				if aws.ToString(r.Code) == "ConditionalCheckFailed" && i < len(w.failed) {
					return w.failed[i]
				}
			}
			if !passing(canceled) {
				return fmt.Errorf("transaction: %w", err)
			}
		case errors.As(err, &inProgress):
		default:
			return unavailable(err)
		}
		if try >= retries {
			return membership.ErrOverloaded.Because(err)
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

// passing says whether a transaction was cancelled only for reasons that pass: a conflict, a throttle.
func passing(c *types.TransactionCanceledException) bool {
	some := false
	for _, r := range c.CancellationReasons {
		switch aws.ToString(r.Code) {
		case "", "None":
		case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
			some = true
		default:
			return false
		}
	}
	return some
}

// pause waits a random part of 50 ms × 2^try.
func pause(ctx context.Context, try int) error {
	timer := time.NewTimer(time.Duration(rand.Int64N(int64(50*time.Millisecond) << try)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// conditional returns failed for the failed condition of a single write, and unavailable(err) for any other error.
func conditional(err, failed error) error {
	var c *types.ConditionalCheckFailedException
	if errors.As(err, &c) {
		return failed
	}
	return unavailable(err)
}

// unavailable turns a failure that passes and has outlasted the SDK's retries into an error that says "try again":
// throttles, conflicts with a transaction, faults of the service, and calls without an answer.
func unavailable(err error) error {
	if err == nil {
		return nil
	}
	var (
		throughput *types.ProvisionedThroughputExceededException
		limit      *types.RequestLimitExceeded
		throttling *types.ThrottlingException
		conflict   *types.TransactionConflictException
		internal   *types.InternalServerError
		unsent     *smithyhttp.RequestSendError
		response   interface{ HTTPStatusCode() int }
	)
	switch {
	case errors.As(err, &throughput), errors.As(err, &limit), errors.As(err, &throttling), errors.As(err, &conflict), errors.As(err, &internal),
		errors.As(err, &unsent), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &response) && response.HTTPStatusCode() >= 500:
		return membership.ErrOverloaded.Because(err)
	}
	return fmt.Errorf("table: %w", err)
}

// listing is one question to a sorted index, or to a partition of the table itself.
type listing struct {
	index     string // "" asks the table
	attribute string // the sort key
	facet     string // the partition of the index
	partition string // the partition of the table
	only      string // the value of attribute to limit rows to (in the table, its prefix); "" for no limit
	// keep says whether a row belongs to the answer; nil keeps all. Rows are filtered here and not by a filter
	// expression, which reads and costs as much and cannot look into packed columns.
	keep func(item) bool
	// dense says that keep drops few rows: then no more are read than asked for.
	dense bool
}

// One page may read 19 of the 25 RCU that a request may read, eventually consistent. A Query cannot be told to end
// after so many bytes, so none asks for more rows than would fit if each were the longest that can be stored: a row of
// a search, with names in letters of four bytes and twenty groups. At the usual 270 B a page of 50 is one Query, one of
// 200 is five.
const (
	pageBytes  = 19 * 2 * 4096
	longestRow = 2_900
	// sparseQueries is how many Queries a page makes when it filters and finds little: some 260 rows of the usual
	// length.
	sparseQueries = 6
)

// edge is the position of the first row in the direction of reading, whichever row that is by then.
const edge = "[]"

// page answers a listing. It looks for one row more than asked for, to know whether there are more. When it filters, or
// rows are very long, a page can be short and still have a next one.
func (t Table) page(ctx context.Context, l listing, p membership.PageRequest) (items []item, next, prev string, err error) {
	in := l.query(t.name)
	in.ScanIndexForward = aws.Bool(p.Ascending != p.Backward)
	if p.Position != "" && p.Position != edge {
		if in.ExclusiveStartKey, err = l.start(p.Position); err != nil {
			return nil, "", "", err
		}
	}
	sparse := l.keep != nil && !l.dense
	var rest map[string]types.AttributeValue
	read, left := 0, pageBytes
	for query := 1; ; query++ {
		limit := p.Limit + 1 - read
		switch {
		case sparse && query == 1:
			limit *= 2
		case sparse:
			limit = left
		}
		in.Limit = aws.Int32(int32(min(limit, left/longestRow)))
		out, err := t.client.Query(ctx, in)
		if err != nil {
			return nil, "", "", unavailable(err)
		}
		for _, i := range out.Items {
			left -= l.size(i)
			if l.keep == nil || l.keep(i) {
				items = append(items, i)
			}
		}
		read, left = read+len(out.Items), left-roundedUp
		rest, in.ExclusiveStartKey = out.LastEvaluatedKey, out.LastEvaluatedKey
		full := len(items) > p.Limit || !sparse && read > p.Limit
		if len(rest) == 0 || full || left < longestRow || sparse && query == sparseQueries {
			break
		}
	}
	end := "" // where reading on in this direction starts
	switch {
	case len(items) > p.Limit:
		items = items[:p.Limit]
		end = l.position(items[p.Limit-1])
	case len(rest) > 0:
		end = l.position(rest)
	}
	back := "" // where reading back starts; the row at p.Position itself lies behind that point and must not be skipped
	switch {
	case p.Position == "" || p.Position == edge:
	case len(items) > 0:
		back = l.position(items[0])
	case end != "":
		back = end
	default:
		back = edge
	}
	if p.Backward {
		slices.Reverse(items)
		return items, back, end, nil
	}
	return items, end, back, nil
}

// query returns the listing's Query without its starting point. It asks only for what rows are made of.
func (l listing) query(table string) *dynamodb.QueryInput {
	if l.index == "" {
		return &dynamodb.QueryInput{TableName: &table, KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :only)"),
			ExpressionAttributeValues: item{":pk": str(l.partition), ":only": str(l.only)}, ProjectionExpression: aws.String("pk, sk, " + rowAttribute)}
	}
	values, within := item{":f": str(l.facet)}, "facet = :f"
	if l.only != "" {
		within += " AND " + l.attribute + " = :only"
		values[":only"] = str(l.only)
	}
	return &dynamodb.QueryInput{TableName: &table, IndexName: &l.index, KeyConditionExpression: &within, ExpressionAttributeValues: values,
		ProjectionExpression: aws.String("pk, sk, " + l.attribute + ", delivery, " + rowAttribute)}
}

// roundedUp is what DynamoDB may add to the bytes of one Query.
const roundedUp = 4096

// size returns how many bytes DynamoDB reads for a row. That includes an attribute that is not asked for: the facet, or
// in the table the entity.
func (l listing) size(i item) int {
	n := len("facet") + len(l.facet)
	if l.index == "" {
		n = len("entity") + len(entityCustomerWord)
	}
	for name, v := range i {
		if s, ok := v.(*types.AttributeValueMemberS); ok {
			n += len(name) + len(s.Value)
		}
	}
	return n
}

// position returns where a row lies: a JSON array of its sort value and primary key.
func (l listing) position(i item) string {
	b, _ := json.Marshal([]string{i.str(l.attribute), i.str("pk"), i.str("sk")}) // strings cannot fail
	return string(b)
}

func (l listing) start(position string) (item, error) {
	var p []string
	if err := json.Unmarshal([]byte(position), &p); err != nil || len(p) != 3 {
		return nil, membership.InvalidField("cursor", "invalid_cursor", "This cursor is not one of this list.")
	}
	if l.index == "" {
		return key{l.partition, p[2]}.item(), nil
	}
	return item{"facet": str(l.facet), l.attribute: str(p[0]), "pk": str(p[1]), "sk": str(p[2])}, nil
}

// due returns up to limit items of one kind that are due, from all shards, the oldest first.
func (t Table) due(ctx context.Context, kind string, now time.Time, limit int) ([]item, error) {
	var items []item
	for shard := range dueShards {
		out, err := t.client.Query(ctx, &dynamodb.QueryInput{
			TableName: &t.name, IndexName: aws.String(indexDue), KeyConditionExpression: aws.String("due = :d AND dueAt <= :now"),
			ExpressionAttributeValues: item{":d": str(dueShard(kind, shard)), ":now": str(stamp(now))}, Limit: aws.Int32(int32(limit)),
		})
		if err != nil {
			return nil, unavailable(err)
		}
		for _, i := range out.Items {
			items = append(items, i)
		}
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.str("dueAt"), b.str("dueAt")) })
	return items[:min(limit, len(items))], nil
}

// partition returns up to limit items of a partition whose sort key begins with prefix, consistently.
func (t Table) partition(ctx context.Context, pk, prefix string, limit int) ([]item, error) {
	var (
		items []item
		from  map[string]types.AttributeValue
	)
	for {
		out, err := t.client.Query(ctx, &dynamodb.QueryInput{
			TableName: &t.name, KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :sk)"),
			ExpressionAttributeValues: item{":pk": str(pk), ":sk": str(prefix)}, ConsistentRead: aws.Bool(true),
			Limit: aws.Int32(int32(limit - len(items))), ExclusiveStartKey: from,
		})
		if err != nil {
			return nil, unavailable(err)
		}
		for _, i := range out.Items {
			items = append(items, i)
		}
		if from = out.LastEvaluatedKey; len(from) == 0 || len(items) >= limit {
			return items, nil
		}
	}
}
