package membership

import (
	"context"
	"errors"
	"time"
)

// Job is work that takes longer than a request may: a new name brought to all users of a customer, an export, an
// import. It is stored with the change that owes it, done in steps by whoever claims it, and continues where the last
// stored step ended.
type Job struct {
	ID         string
	Kind       JobKind
	CustomerID string // whose it is: the asker's for an export; the provider's if it is no customer's
	Subject    string // what it is about, for example the id of a group
	Params     map[string]string
	Status     JobStatus
	Progress   int    // rows, users: what the kind counts
	Total      int    // 0 while it is not known
	Position   string // where the next step begins, in the kind's own form; "" is the start
	// By is who asked for the job, "" if a change owes it. A person's jobs of one kind are a list.
	By, ByName string
	RequestID  string // of the request that asked for it
	CreatedAt  time.Time
	DueAt      time.Time // while somebody works on it, the end of their lease
	DoneAt     time.Time
	Reason     JobReason // why it failed
	Attempts   int       // how often it was claimed since the last stored step
	Version    int       // rises with every claim and step: a worker with an older one has lost the job
}

// JobKind says what a job does.
type JobKind string

// The kinds.
const (
	JobRenameCustomer JobKind = "rename-customer"
	JobRenameGroup    JobKind = "rename-group"
	JobExport         JobKind = "export"
	JobImportCheck    JobKind = "import-check"
	JobImport         JobKind = "import"
)

// JobStatus is where a job stands.
type JobStatus string

// The statuses. A job that waits for its next try is queued again.
const (
	JobQueued  JobStatus = "queued"
	JobRunning JobStatus = "running"
	JobDone    JobStatus = "done"
	JobFailed  JobStatus = "failed"
)

// Ended says whether nobody will work on the job again.
func (s JobStatus) Ended() bool { return s == JobDone || s == JobFailed }

// JobReason is why a job failed: a closed list, for pages to put into words.
type JobReason string

// The reasons that every kind shares.
const (
	JobGaveUp      JobReason = "gave_up"      // something behind us failed again and again
	JobAccessEnded JobReason = "access_ended" // the person who asked for it has lost the right
)

// JobRetention is how long a job that has ended is kept.
const JobRetention = 30 * 24 * time.Hour

// How jobs are tried. The pauses between failed tries grow like those of mails, so that a job is given up after some six
// hours of failures.
const (
	// jobLease is far longer than a step takes; each stored step renews it. After a crash the job waits until it ends.
	jobLease = 2 * time.Minute
	jobTries = 12
	// stepTime is how much of a run's time must be left for another step to begin.
	stepTime = 15 * time.Second
)

// JobRef names a job.
type JobRef struct{ CustomerID, ID string }

// Ref returns the job's name.
func (j Job) Ref() JobRef { return JobRef{j.CustomerID, j.ID} }

// NewJob returns a job of c's actor that is due at once. customerID is the customer it belongs to.
func NewJob(c Call, id string, kind JobKind, customerID, subject string, params map[string]string) Job {
	return Job{ID: id, Kind: kind, CustomerID: customerID, Subject: subject, Params: params, Status: JobQueued, By: c.Actor.UserID, ByName: c.Actor.Name,
		RequestID: c.Actor.RequestID, CreatedAt: second(c.Now), DueAt: second(c.Now), Version: 1}
}

// Finish marks a job as done.
func (j *Job) Finish(now time.Time) { j.Status, j.DoneAt, j.Reason = JobDone, second(now), "" }

// JobFailure is an error of a step that would be the same the next time.
type JobFailure struct {
	Reason JobReason
	Cause  error // for the log; nil if the reason says it all
}

func (f *JobFailure) Error() string {
	if f.Cause != nil {
		return "job failed: " + string(f.Reason) + ": " + f.Cause.Error()
	}
	return "job failed: " + string(f.Reason)
}

func (f *JobFailure) Unwrap() error { return f.Cause }

// JobWorker does the work of one kind of job.
type JobWorker interface {
	// Step does some seconds of the job and notes in j where the next step begins (Position, Progress, Total). The last
	// step calls j.Finish. A step that asks for a pause sets j.DueAt, which is zero before, to the end of the pause.
	// What Step returns is written in one transaction with the job. Steps are repeated after a crash, and two can run
	// at once when one has outlived its lease: neither may do harm. c is the deployment's own call.
	// Errors: *JobFailure when trying again is useless.
	Step(ctx context.Context, c Call, j *Job) (Trail, error)
}

// JobStore is what jobs need of the table.
type JobStore interface {
	// ClaimJob leases a job that is due until the given time, and counts the try. Errors: ErrNotFound when there is
	// nothing to do: ended, not due, in progress elsewhere, or no such job.
	ClaimJob(ctx context.Context, ref JobRef, now, until time.Time) (Job, error)
	// SaveJob replaces before with after. Errors: ErrStale when somebody else has claimed the job since.
	SaveJob(ctx context.Context, before, after Job, t Trail) error
	// DueJobs returns jobs that are due, the oldest first, at most limit.
	DueJobs(ctx context.Context, now time.Time, limit int) ([]JobRef, error)
}

// JobQuery asks for one page of the jobs of one kind that one person has asked for.
type JobQuery struct {
	CustomerID, By string
	Kind           JobKind
	Page           PageRequest
}

// Jobs works on jobs.
type Jobs struct {
	Store   JobStore
	Workers map[JobKind]JobWorker
	Clock   func() time.Time
}

// Run works on one job until it ends, waits, or ctx is about to end, and returns its status then, "" when there was
// nothing to do. A failed step is tried again later; the error says what happened to it.
func (js Jobs) Run(ctx context.Context, c Call, ref JobRef) (JobStatus, error) {
	now := js.Clock()
	j, err := js.Store.ClaimJob(ctx, ref, now, now.Add(jobLease))
	if KindOf(err) == NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	worker := js.Workers[j.Kind]
	if worker == nil {
		return js.fail(ctx, j, &JobFailure{Reason: JobGaveUp, Cause: errors.New("no worker for " + string(j.Kind))})
	}
	if j.Attempts > jobTries { // the last try never came to its end
		return js.fail(ctx, j, &JobFailure{Reason: JobGaveUp})
	}
	for {
		if end, ok := ctx.Deadline(); ctx.Err() != nil || ok && end.Sub(js.Clock()) < stepTime {
			return js.release(ctx, j)
		}
		c.Now = js.Clock()
		next := j
		next.DueAt = time.Time{}
		trail, err := worker.Step(ctx, c, &next)
		switch {
		case err != nil && ctx.Err() != nil: // cut off by the end of the run
			return js.release(ctx, j)
		case err != nil:
			return js.fail(ctx, j, err)
		}
		waits := !next.DueAt.IsZero()
		if waits {
			next.Status = JobQueued
		} else {
			next.DueAt = second(c.Now.Add(jobLease))
		}
		next.Attempts, next.Version = 0, j.Version+1
		trail.Now = c.Now
		// What a step has done is stored even when the time for further ones is over.
		if err := js.Store.SaveJob(context.WithoutCancel(ctx), j, next, trail); err != nil {
			return lost(err)
		}
		if j = next; waits || j.Status.Ended() {
			return j.Status, nil
		}
	}
}

// release gives a job back for the next run.
func (js Jobs) release(ctx context.Context, j Job) (JobStatus, error) {
	next := j
	next.Status, next.DueAt, next.Version = JobQueued, second(js.Clock()), j.Version+1
	if err := js.Store.SaveJob(context.WithoutCancel(ctx), j, next, Trail{}); err != nil {
		return lost(err)
	}
	return next.Status, nil
}

// fail puts a job off, or gives it up, because of an error, and returns that error.
func (js Jobs) fail(ctx context.Context, j Job, because error) (JobStatus, error) {
	next, now := j, js.Clock()
	var final *JobFailure
	switch {
	case errors.As(because, &final):
		next.Status, next.Reason, next.DoneAt = JobFailed, final.Reason, second(now)
	case j.Attempts >= jobTries:
		next.Status, next.Reason, next.DoneAt = JobFailed, JobGaveUp, second(now)
	default:
		next.Status, next.DueAt = JobQueued, second(now.Add(pause(j.Attempts)))
	}
	next.Version = j.Version + 1
	if err := js.Store.SaveJob(context.WithoutCancel(ctx), j, next, Trail{}); err != nil {
		status, err := lost(err)
		return status, errors.Join(because, err)
	}
	return next.Status, because
}

// lost is the outcome when somebody else has claimed the job: the work is theirs now.
func lost(err error) (JobStatus, error) {
	if KindOf(err) == Stale {
		return "", nil
	}
	return "", err
}

// RunDue works on the jobs that are due, at most limit, and returns how many ended up in each status. It goes on after a
// failure, because one bad job must not hold up the others; the first error is returned at the end.
func (js Jobs) RunDue(ctx context.Context, c Call, limit int) (map[JobStatus]int, error) {
	counts := map[JobStatus]int{}
	due, first := js.Store.DueJobs(ctx, js.Clock(), limit)
	for _, ref := range due {
		if end, ok := ctx.Deadline(); ctx.Err() != nil || ok && end.Sub(js.Clock()) < stepTime {
			break
		}
		status, err := js.Run(ctx, c, ref)
		if err != nil && first == nil {
			first = err
		}
		if status != "" {
			counts[status]++
		}
	}
	return counts, first
}
