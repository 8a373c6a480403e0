package store

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"clientele/shared/membership"
)

// Rebuild compares what follows from the users' records with what is stored, and repairs it: their rows in lists,
// search rows, projections, and the counters. It reads the whole table, because nothing else finds what is missing or
// surplus; so it is for operators (infra/rebuild), and no function has it (docs/decisions/029).
//
// It may run while users change, run twice, and be stopped at any moment. The walk over the table only raises
// suspicions: each user in question is read again, consistently, and written on the condition that the record is still
// what was read.
type Rebuild struct {
	table Table
	scan  func(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error) //nolint:forbidigo // an operator's: see above
	// Check makes Run report what it would repair, and write nothing.
	Check bool
	// Patience is how long Run waits for users whose search rows and counters are behind their records:
	// functions/project may be about to update them.
	Patience time.Duration
	// Say is called with each step of the work; nil says nothing.
	Say func(string)
}

// NewRebuild returns a Rebuild of the table of this name.
func NewRebuild(client *dynamodb.Client, name string) Rebuild {
	return Rebuild{table: New(client, name), scan: client.Scan} //nolint:forbidigo // as above
}

// Tally counts the items of one kind that were right, missing, different from what they should be, and surplus.
type Tally struct{ Right, Missing, Wrong, Surplus int }

// Faults returns how many were not right.
func (t Tally) Faults() int { return t.Missing + t.Wrong + t.Surplus }

func (t *Tally) add(o Tally) {
	t.Right, t.Missing, t.Wrong, t.Surplus = t.Right+o.Right, t.Missing+o.Missing, t.Wrong+o.Wrong, t.Surplus+o.Surplus
}

// Rebuilt is what a rebuild found. Unless it only checked, all faults are repaired.
type Rebuilt struct {
	Users       int // with a record
	Rows        Tally
	Words       Tally
	Projections Tally
	Counters    Tally
	Busy        int // counters that changed each time they were counted, and so were not judged
}

// Faults returns how many items were not right.
func (r Rebuilt) Faults() int {
	return r.Rows.Faults() + r.Words.Faults() + r.Projections.Faults() + r.Counters.Faults()
}

func (r *Rebuilt) tally(entity string) *Tally {
	switch entity {
	case entityUserRow:
		return &r.Rows
	case entityUserWord:
		return &r.Words
	}
	return &r.Projections
}

func (r *Rebuilt) add(o Rebuilt) {
	r.Rows.add(o.Rows)
	r.Words.add(o.Words)
	r.Projections.add(o.Projections)
}

// Run compares everything and repairs it.
func (b Rebuild) Run(ctx context.Context) (Rebuilt, error) {
	b.say("comparing records with rows")
	c := comparison{seed: maphash.MakeSeed(), users: map[string]*footprint{}, counters: map[key]bool{}}
	err := b.walk(ctx, false, []string{entityUser, entityUserRow, entityUserWord, entityProjection, entityCount}, c.look)
	if err != nil {
		return Rebuilt{}, err
	}
	result, suspects := c.result()
	if len(suspects) > 0 {
		b.say(fmt.Sprintf("%d of %d users are in question: reading their rows", len(suspects), result.Users))
		err := b.walk(ctx, false, []string{entityUserRow, entityUserWord, entityProjection}, func(i item) {
			if seen, ok := suspects[ownerID(i)]; ok {
				suspects[ownerID(i)] = append(seen, i.key())
			}
		})
		if err != nil {
			return result, err
		}
		if err := b.mendAll(ctx, suspects, c.counters, &result); err != nil {
			return result, err
		}
	}
	return result, b.recount(ctx, c.counters, &result)
}

func (b Rebuild) say(what string) {
	if b.Say != nil {
		b.Say(what)
	}
}

// walkers is how many parts of the table are read at once.
const walkers = 4

// walk reads all items of some entities and calls each for one at a time. Items that change meanwhile are seen either
// as they were or as they are.
func (b Rebuild) walk(ctx context.Context, consistent bool, entities []string, each func(item)) error {
	values, names := item{}, make([]string, len(entities))
	for n, e := range entities {
		names[n] = fmt.Sprint(":e", n)
		values[names[n]] = str(e)
	}
	var mu sync.Mutex
	parts := make([]func() error, walkers)
	for n := range parts {
		parts[n] = func() error {
			in := &dynamodb.ScanInput{ //nolint:forbidigo // an operator's: see Rebuild
				TableName: &b.table.name, Segment: aws.Int32(int32(n)), TotalSegments: aws.Int32(walkers), ConsistentRead: &consistent,
				FilterExpression: aws.String("entity IN (" + strings.Join(names, ", ") + ")"), ExpressionAttributeValues: values,
			}
			for {
				out, err := b.scan(ctx, in)
				if err != nil {
					return unavailable(err)
				}
				mu.Lock()
				for _, i := range out.Items {
					each(i)
				}
				mu.Unlock()
				if in.ExclusiveStartKey = out.LastEvaluatedKey; len(out.LastEvaluatedKey) == 0 {
					return nil
				}
			}
		}
	}
	return several(parts)
}

// ownerID returns the user that an item belongs to: a record, a row, or a projection.
func ownerID(i item) string {
	switch i.str("entity") {
	case entityUser, entityProjection:
		return strings.TrimPrefix(i.str("pk"), userPartition(""))
	}
	return rowUserID(i)
}

// footprint is what is known of one user during the walk. It is a few bytes, because there may be a million users.
type footprint struct {
	record bool
	sum    uint64 // the fingerprints of the items that the record wants, minus those of the items that exist
	items  int    // how many items the record wants, minus how many exist
	rows   uint16 // how many list rows the record wants
	words  uint16
}

// comparison collects footprints.
type comparison struct {
	seed     maphash.Seed
	users    map[string]*footprint
	counters map[key]bool
}

func (c *comparison) look(i item) {
	if i.str("entity") == entityCount {
		c.counters[i.key()] = true
		return
	}
	id := ownerID(i)
	f := c.users[id]
	if f == nil {
		f = &footprint{}
		c.users[id] = f
	}
	if i.str("entity") != entityUser {
		f.sum -= c.fingerprint(i)
		f.items--
		return
	}
	f.record = true
	for _, want := range derived(userFrom(i)) {
		f.sum += c.fingerprint(want)
		f.items++
		switch want.str("entity") {
		case entityUserRow:
			f.rows++
		case entityUserWord:
			f.words++
		}
	}
}

// fingerprint covers all that an item says except how often it changed.
func (c *comparison) fingerprint(i item) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	for _, name := range slices.Sorted(maps.Keys(i)) {
		if name != projectionChanges {
			_, _ = h.WriteString(name + separator + i.str(name) + separator) // never fails
		}
	}
	return h.Sum64()
}

// projectionChanges is the attribute that counts the changes of a projection.
const projectionChanges = "n"

// result returns the number of items that are right, and the users with something that is not.
func (c *comparison) result() (Rebuilt, map[string][]key) {
	var r Rebuilt
	suspects := map[string][]key{}
	for id, f := range c.users {
		if f.record {
			r.Users++
		}
		if f.sum != 0 || f.items != 0 {
			suspects[id] = nil
			continue
		}
		r.Rows.Right += int(f.rows)
		r.Words.Right += int(f.words)
		r.Projections.Right++
	}
	return r, suspects
}

// derived returns all items that follow from a user's record, by key, except the counters.
func derived(u membership.User) map[key]item {
	if u.ID == "" {
		return nil
	}
	columns := userColumns(u)
	items := searchRows(projected(item{rowAttribute: str(columns)}, u.ID), columns)
	for _, f := range facets(u) {
		row := rowItem(u, f)
		items[row.key()] = row
	}
	p := projectionItem(u.ID, columns)
	items[p.key()] = p
	return items
}

// mendAll repairs all suspects, given the keys of the rows that the walk found for each, and notes the counters that
// this moves.
func (b Rebuild) mendAll(ctx context.Context, suspects map[string][]key, counters map[key]bool, result *Rebuilt) error {
	settling, end := context.WithTimeout(ctx, b.Patience)
	defer end()
	var mu sync.Mutex
	done := 0
	calls := make([]func() error, 0, len(suspects))
	for id, seen := range suspects {
		calls = append(calls, func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			found, moved, err := b.mend(ctx, settling, id, seen)
			mu.Lock()
			defer mu.Unlock()
			result.add(found)
			for _, k := range moved {
				counters[k] = true
			}
			if done++; done%1000 == 0 {
				b.say(fmt.Sprintf("%d of %d", done, len(suspects)))
			}
			if err != nil {
				return fmt.Errorf("user %s: %w", id, err)
			}
			return nil
		})
	}
	return several(calls)
}

// mend brings what follows from one user's record in step with it, and returns the counters that it moved. Until
// settling ends, it waits for somebody else to do so.
func (b Rebuild) mend(ctx, settling context.Context, userID string, seen []key) (done Rebuilt, moved []key, err error) {
	for try := 0; ; try++ {
		d, err := b.difference(ctx, userID, seen)
		for err == nil && d.lags && wait(settling) {
			d, err = b.difference(ctx, userID, seen)
		}
		if err != nil {
			return done, moved, err
		}
		steps := d.steps(b.table)
		if b.Check {
			for _, s := range steps {
				done.note(s.changes)
			}
			steps = nil
		} else if d.lags {
			moved = slices.Concat(moved, counted(projected(d.was, userID)), counted(projected(item{rowAttribute: str(d.columns)}, userID)))
		}
		for _, s := range steps {
			if err = b.table.commit(ctx, s.write); err != nil {
				break
			}
			done.note(s.changes)
		}
		if err == nil {
			done.add(d.right)
			return done, moved, nil
		}
		if membership.KindOf(err) != membership.Stale || try >= retries {
			return done, moved, err
		}
		if err := pause(ctx, try); err != nil {
			return done, moved, err
		}
	}
}

// wait waits a second and returns true, or false when ctx ended before.
func wait(ctx context.Context) bool {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// change is one item that differs from what the record wants, and how.
type change struct {
	item  item // what it should be; for a surplus one, what it is
	fault fault
}

type fault int

const (
	missing fault = iota
	wrong
	surplus
)

func (r *Rebuilt) note(changes []change) {
	for _, c := range changes {
		t := r.tally(c.item.str("entity"))
		switch c.fault {
		case missing:
			t.Missing++
		case wrong:
			t.Wrong++
		case surplus:
			t.Surplus++
		}
	}
}

// difference is the difference between what one user's record wants and what exists.
type difference struct {
	userID  string
	user    membership.User // zero when there is no record
	was     item            // the projection
	columns string          // what the projection should hold; "" when there should be none
	changes []change
	right   Rebuilt
	lags    bool // search rows and counters still follow an older record
}

// difference reads the record, and then what it wants, what the walk has seen, and what the projection says was
// written.
func (b Rebuild) difference(ctx context.Context, userID string, seen []key) (difference, error) {
	d := difference{userID: userID}
	var err error
	if d.user, err = b.table.User(ctx, membership.ReachAll(), userID); err != nil && membership.KindOf(err) != membership.NotFound {
		return d, err
	}
	if d.was, err = b.table.get(ctx, projectionKey(userID)); err != nil {
		return d, err
	}
	want := derived(d.user)
	if d.user.ID != "" {
		d.columns = userColumns(d.user)
	}
	d.lags = d.was.str(rowAttribute) != d.columns
	written := searchRows(projected(d.was, userID), d.was.str(rowAttribute))
	there, err := b.table.batchGet(ctx, slices.Concat(seen, slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(written)), []key{projectionKey(userID)}))
	if err != nil {
		return d, err
	}
	for k, i := range want {
		switch is := there[k]; {
		case is == nil:
			d.changes = append(d.changes, change{i, missing})
		case !reflect.DeepEqual(without(is, projectionChanges), without(i, projectionChanges)):
			d.changes = append(d.changes, change{i, wrong})
		default:
			d.right.tally(i.str("entity")).Right++
		}
	}
	for k, i := range there {
		switch i.str("entity") {
		case entityUserRow, entityUserWord, entityProjection:
			if _, wanted := want[k]; !wanted && ownerID(i) == userID {
				d.changes = append(d.changes, change{i, surplus})
			}
		}
	}
	return d, nil
}

func without(i item, name string) item {
	i = maps.Clone(i)
	delete(i, name)
	return i
}

// step is one transaction of a repair.
type step struct {
	write   *write
	changes []change
}

// stepRows is how many rows one transaction writes: DynamoDB takes 100 actions.
const stepRows = 90

// steps returns the transactions that repair a user, each on the condition that record and projection are still what
// was read. Whenever search rows change, the last one writes the projection with the counters: a call of Project that
// is under way then finds that it has lost, and looks again.
func (d difference) steps(t Table) []step {
	var rows, last []change
	projection := false
	for _, c := range d.changes {
		entity := c.item.str("entity")
		projection = projection || entity != entityUserRow
		if entity == entityProjection {
			last = append(last, c)
		} else {
			rows = append(rows, c)
		}
	}
	var steps []step
	begin := func(changes []change) *write {
		w := t.write()
		if d.user.ID != "" { // a deleted user never comes back
			w.check(userKey(d.user.CustomerID, d.user.ID), versionIs(d.user.Version), membership.ErrStale)
		}
		steps = append(steps, step{w, changes})
		return w
	}
	for part := range slices.Chunk(rows, stepRows) {
		w := begin(part)
		if projection {
			w.check(projectionKey(d.userID), sameProjection(d.was), membership.ErrStale)
		}
		for _, c := range part {
			if c.fault == surplus {
				w.delete(c.item.key(), always(), nil)
			} else {
				w.put(c.item, always(), nil)
			}
		}
	}
	if projection {
		begin(last).projection(d.userID, d.was, d.columns)
	}
	return steps
}

// recounts is how often the counters are counted at most, when some change during the count.
const recounts = 3

// recount counts the users by their projections, which change in one transaction with the counters: if nobody changed a
// counter between the start of the walk and its correction, the count is exact.
func (b Rebuild) recount(ctx context.Context, known map[key]bool, result *Rebuilt) error {
	b.say("counting")
	judged := map[key]bool{}
	for range recounts {
		items, err := b.table.batchGet(ctx, slices.Collect(maps.Keys(known)))
		if err != nil {
			return err
		}
		counts := map[key]int{}
		err = b.walk(ctx, true, []string{entityProjection, entityGroupOf}, func(i item) {
			if i.str("entity") == entityGroupOf {
				counts[countKey(allScope, groupCustomersFacet(strings.TrimPrefix(i.str("pk"), groupFacet(""))))]++
				return
			}
			for _, k := range counted(projected(i, ownerID(i))) {
				counts[k]++
			}
		})
		if err != nil {
			return err
		}
		for k := range counts {
			known[k] = true
		}
		result.Busy = 0
		for k := range known {
			if judged[k] {
				continue
			}
			is := items[k]
			if is.int("n") == counts[k] {
				judged[k] = true
				result.Counters.Right++
				continue
			}
			switch ok, err := b.setCounter(ctx, k, is, counts[k]); {
			case err != nil:
				return err
			case !ok:
				result.Busy++
			default:
				judged[k] = true
				if is == nil {
					result.Counters.Missing++
				} else {
					result.Counters.Wrong++
				}
			}
		}
		if result.Busy == 0 {
			return nil
		}
		b.say(fmt.Sprintf("%d counters have changed meanwhile: counting again", result.Busy))
	}
	return nil
}

// setCounter sets a counter, unless it has changed since it was read: then ok is false.
func (b Rebuild) setCounter(ctx context.Context, k key, was item, n int) (ok bool, err error) {
	if b.Check {
		is, err := b.table.get(ctx, k)
		return reflect.DeepEqual(is, was), err
	}
	in := &dynamodb.UpdateItemInput{
		TableName: &b.table.name, Key: k.item(), UpdateExpression: aws.String("SET entity = :entity, n = :n ADD changes :one"),
		ConditionExpression: aws.String("attribute_not_exists(pk)"), ExpressionAttributeValues: item{":entity": str(entityCount), ":n": num(int64(n)), ":one": num(1)},
	}
	if was != nil {
		in.ConditionExpression = aws.String("attribute_not_exists(changes) AND n = :was")
		in.ExpressionAttributeValues[":was"] = num(int64(was.int("n")))
		if changes := was.int("changes"); changes > 0 {
			in.ConditionExpression = aws.String("changes = :was")
			in.ExpressionAttributeValues[":was"] = num(int64(changes))
		}
	}
	_, err = b.table.client.UpdateItem(ctx, in)
	var changed *types.ConditionalCheckFailedException
	if errors.As(err, &changed) {
		return false, nil
	}
	return err == nil, unavailable(err)
}
