package store

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"clientele/shared/membership"
)

func jobItem(j membership.Job) item {
	i := newItem(jobKey(j.CustomerID, j.ID), entityJob)
	if j.Status.Ended() {
		i.setTTL(j.DoneAt.Add(membership.JobRetention))
	} else {
		i.setStr("due", dueFacet(dueJob, j.ID))
	}
	i.setTime("dueAt", j.DueAt)
	if j.By != "" {
		i.setStr("facet", jobsFacet(jobsOf(j.CustomerID, j.By, j.Kind)))
		i.setStr("byRegistered", stamp(j.CreatedAt)+"#"+j.ID)
		i.setStr(rowAttribute, jobColumns(j))
	}
	for name, v := range map[string]string{
		"id": j.ID, "kind": string(j.Kind), "customerId": j.CustomerID, "subject": j.Subject, "status": string(j.Status), "position": j.Position,
		"by": j.By, "byName": j.ByName, "requestId": j.RequestID, "reason": string(j.Reason),
	} {
		i.setStr(name, v)
	}
	i.setMap("params", j.Params)
	i.setInt("progress", j.Progress)
	i.setInt("total", j.Total)
	i.setTime("createdAt", j.CreatedAt)
	i.setTime("doneAt", j.DoneAt)
	i.setInt("attempts", j.Attempts)
	i.setInt("version", j.Version)
	return i
}

func jobFrom(i item) membership.Job {
	return membership.Job{
		ID: i.str("id"), Kind: membership.JobKind(i.str("kind")), CustomerID: i.str("customerId"), Subject: i.str("subject"), Params: i.strMap("params"),
		Status: membership.JobStatus(i.str("status")), Progress: i.int("progress"), Total: i.int("total"), Position: i.str("position"), By: i.str("by"),
		ByName: i.str("byName"), RequestID: i.str("requestId"), CreatedAt: i.time("createdAt"), DueAt: i.time("dueAt"), DoneAt: i.time("doneAt"),
		Reason: membership.JobReason(i.str("reason")), Attempts: i.int("attempts"), Version: i.int("version"),
	}
}

// jobColumns packs what lists show of a job, which is not its position.
func jobColumns(j membership.Job) string {
	params := ""
	if j.Params != nil {
		raw, _ := json.Marshal(j.Params) // a map of strings cannot fail
		params = string(raw)
	}
	return pack(packID(j.ID), string(j.Kind), packID(j.CustomerID), packID(j.Subject), string(j.Status), strconv.Itoa(j.Progress), strconv.Itoa(j.Total),
		packTime(j.CreatedAt), packTime(j.DoneAt), string(j.Reason), packID(j.By), j.ByName, strconv.Itoa(j.Version), params)
}

func jobFromRow(i item) membership.Job {
	c := i.columns()
	var params map[string]string
	if json.Unmarshal([]byte(c.at(13)), &params) != nil {
		params = nil // the row is older than this column
	}
	return membership.Job{ID: unpackID(c.at(0)), Kind: membership.JobKind(c.at(1)), CustomerID: unpackID(c.at(2)), Subject: unpackID(c.at(3)),
		Status: membership.JobStatus(c.at(4)), Progress: c.int(5), Total: c.int(6), CreatedAt: c.time(7), DoneAt: c.time(8),
		Reason: membership.JobReason(c.at(9)), By: unpackID(c.at(10)), ByName: c.at(11), Version: c.int(12), Params: params}
}

// CreateJobs stores the jobs of the trail, with the trail, where no other change owes them. Errors: ErrInProgress.
func (t Table) CreateJobs(ctx context.Context, tr membership.Trail) error {
	w := t.write()
	w.trail(tr)
	return t.commit(ctx, w)
}

// ClaimJob gives a job that is due a lease that ends at until, and counts the try. Errors: ErrNotFound when there is
// nothing to do: the job has ended, is not due, is under way elsewhere, or does not exist.
func (t Table) ClaimJob(ctx context.Context, ref membership.JobRef, now, until time.Time) (membership.Job, error) {
	out, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: jobKey(ref.CustomerID, ref.ID).item(),
		UpdateExpression:         aws.String("SET dueAt = :until, #s = :running ADD attempts :one, #v :one"),
		ConditionExpression:      aws.String("#s IN (:queued, :running) AND dueAt <= :now"),
		ExpressionAttributeNames: map[string]string{"#s": "status", "#v": "version"},
		ExpressionAttributeValues: item{":until": str(stamp(until)), ":one": num(1), ":now": str(stamp(now)),
			":queued": str(string(membership.JobQueued)), ":running": str(string(membership.JobRunning))},
		ReturnValues: types.ReturnValueAllNew,
	})
	if err != nil {
		return membership.Job{}, conditional(err, membership.ErrNotFound)
	}
	return jobFrom(out.Attributes), nil
}

// SaveJob replaces before with after. Errors: ErrStale when somebody else has claimed the job since.
func (t Table) SaveJob(ctx context.Context, before, after membership.Job, tr membership.Trail) error {
	w := t.write()
	w.put(jobItem(after), versionIs(before.Version), membership.ErrStale)
	w.trail(tr)
	return t.commit(ctx, w)
}

// DueJobs returns up to limit jobs that are due, the oldest first.
func (t Table) DueJobs(ctx context.Context, now time.Time, limit int) ([]membership.JobRef, error) {
	items, err := t.due(ctx, dueJob, now, limit)
	refs := make([]membership.JobRef, len(items))
	for n, i := range items {
		refs[n], _ = JobOf(i.str("pk"), i.str("sk"), entityJob)
	}
	return refs, err
}

// Job returns one job within reach. Errors: ErrNotFound.
func (t Table) Job(ctx context.Context, reach membership.Reach, jobID string) (membership.Job, error) {
	i, err := t.findWithin(ctx, reach, jobKey, jobID)
	return jobFrom(i), err
}

// Jobs returns one page of the jobs of one kind that one person has asked for, with the fields that lists show.
func (t Table) Jobs(ctx context.Context, q membership.JobQuery) (membership.Page[membership.Job], error) {
	items, next, prev, err := t.page(ctx, listing{index: indexRegistered, attribute: "byRegistered", facet: jobsFacet(jobsOf(q.CustomerID, q.By, q.Kind))}, q.Page)
	p := membership.Page[membership.Job]{Items: make([]membership.Job, len(items)), Next: next, Prev: prev}
	for n, i := range items {
		p.Items[n] = jobFromRow(i)
	}
	return p, err
}

// JobsByID returns jobs by id, eventually consistent like the list that names them. A job that does not exist is
// missing.
func (t Table) JobsByID(ctx context.Context, refs []membership.JobRef) (map[string]membership.Job, error) {
	keys := make([]key, len(refs))
	for n, ref := range refs {
		keys[n] = jobKey(ref.CustomerID, ref.ID)
	}
	found, err := t.batchGetEventually(ctx, keys)
	jobs := make(map[string]membership.Job, len(found))
	for _, i := range found {
		jobs[i.str("id")] = jobFrom(i)
	}
	return jobs, err
}

// JobOf returns the job that an item of the stream is, from its keys and entity; ok is false for every other item.
func JobOf(pk, sk, entity string) (ref membership.JobRef, ok bool) {
	if entity != entityJob {
		return ref, false
	}
	id, isJob := strings.CutPrefix(pk, jobPartition(""))
	customerID, hasCustomer := strings.CutPrefix(sk, jobPrefix)
	return membership.JobRef{CustomerID: customerID, ID: id}, isJob && hasCustomer
}
