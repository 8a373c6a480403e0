package membership_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"clientele/shared/membership"
)

// jobTable keeps one job under the conditions of the table.
type jobTable struct {
	mu     sync.Mutex
	job    membership.Job
	trails []membership.Trail
	fail   error // of the next save
}

func (t *jobTable) ClaimJob(_ context.Context, ref membership.JobRef, now, until time.Time) (membership.Job, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.job.Ref() != ref || t.job.Status.Ended() || t.job.DueAt.After(now) {
		return membership.Job{}, membership.ErrNotFound
	}
	t.job.Status, t.job.DueAt = membership.JobRunning, until
	t.job.Attempts++
	t.job.Version++
	return t.job, nil
}

func (t *jobTable) SaveJob(_ context.Context, before, after membership.Job, tr membership.Trail) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.fail; err != nil {
		t.fail = nil
		return err
	}
	if t.job.Version != before.Version {
		return membership.ErrStale
	}
	t.job, t.trails = after, append(t.trails, tr)
	return nil
}

func (t *jobTable) DueJobs(_ context.Context, now time.Time, _ int) ([]membership.JobRef, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.job.Status.Ended() || t.job.DueAt.After(now) {
		return nil, nil
	}
	return []membership.JobRef{t.job.Ref()}, nil
}

// counter is done after this many steps; step may do more.
type counter struct {
	steps int
	step  func(ctx context.Context, j *membership.Job) error
}

func (k counter) Step(ctx context.Context, c membership.Call, j *membership.Job) (membership.Trail, error) {
	if k.step != nil {
		if err := k.step(ctx, j); err != nil {
			return membership.Trail{}, err
		}
	}
	j.Progress++
	j.Position = fmt.Sprint(j.Progress)
	if j.Progress >= k.steps {
		j.Finish(c.Now)
		return membership.Trail{Audit: membership.AuditEntry{ID: "audit"}}, nil
	}
	return membership.Trail{}, nil
}

// jobWorld is a job that was just made, and the clock.
type jobWorld struct {
	table *jobTable
	jobs  membership.Jobs
	now   time.Time
}

func newJobWorld(worker membership.JobWorker) *jobWorld {
	w := &jobWorld{now: start.Truncate(time.Second)}
	w.table = &jobTable{job: membership.NewJob(membership.Call{Now: w.now, Actor: membership.Actor{UserID: "u1", Name: "Ada", RequestID: "r"}}, "j1", "count", "c1", "s1", nil)}
	w.jobs = membership.Jobs{Store: w.table, Workers: map[membership.JobKind]membership.JobWorker{"count": worker}, Clock: func() time.Time { return w.now }}
	return w
}

func (w *jobWorld) run(ctx context.Context, t *testing.T, want membership.JobStatus) error {
	t.Helper()
	status, err := w.jobs.Run(ctx, membership.Call{Actor: membership.SystemActor("run")}, membership.JobRef{CustomerID: "c1", ID: "j1"})
	if status != want {
		t.Fatalf("status %q, want %q (%v); job %+v", status, want, err, w.table.job)
	}
	return err
}

func TestJobRunsToItsEnd(t *testing.T) {
	w := newJobWorld(counter{steps: 3})
	if err := w.run(t.Context(), t, membership.JobDone); err != nil {
		t.Fatal(err)
	}
	j := w.table.job
	if j.Progress != 3 || j.Position != "3" || !j.DoneAt.Equal(w.now) || j.Attempts != 0 || j.By != "u1" || j.ByName != "Ada" || j.RequestID != "r" {
		t.Errorf("%+v", j)
	}
	if n := len(w.table.trails); n != 3 || w.table.trails[2].Audit.ID != "audit" {
		t.Errorf("%d trails", n)
	}
	if err := w.run(t.Context(), t, ""); err != nil {
		t.Error(err)
	}
}

// A run that is cut off gives the job back with all stored steps, and does not count as a failure.
func TestJobGoesOnWhereARunEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := newJobWorld(counter{steps: 5, step: func(ctx context.Context, j *membership.Job) error {
		if j.Progress == 2 {
			cancel()
			return ctx.Err()
		}
		return nil
	}})
	if err := w.run(ctx, t, membership.JobQueued); err != nil {
		t.Fatal(err)
	}
	if j := w.table.job; j.Progress != 2 || !j.DueAt.Equal(w.now) {
		t.Fatalf("%+v", j)
	}
	w.jobs.Workers["count"] = counter{steps: 5}
	_ = w.run(t.Context(), t, membership.JobDone)
	if j := w.table.job; j.Progress != 5 {
		t.Errorf("%+v", j)
	}
}

// No step begins that could not finish.
func TestJobStopsBeforeItsTimeEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	w := newJobWorld(nil)
	w.now = time.Now()
	w.jobs.Workers["count"] = counter{steps: 9, step: func(context.Context, *membership.Job) error {
		w.now = w.now.Add(time.Hour - 10*time.Second)
		return nil
	}}
	if err := w.run(ctx, t, membership.JobQueued); err != nil || w.table.job.Progress != 1 {
		t.Errorf("%v %+v", err, w.table.job)
	}
}

func TestJobWaitsBetweenSteps(t *testing.T) {
	w := newJobWorld(nil)
	w.jobs.Workers["count"] = counter{steps: 2, step: func(_ context.Context, j *membership.Job) error {
		if j.Progress == 0 {
			j.DueAt = w.now.Add(time.Minute)
		}
		return nil
	}}
	_ = w.run(t.Context(), t, membership.JobQueued)
	w.now = w.now.Add(time.Minute - time.Second)
	_ = w.run(t.Context(), t, "")
	w.now = w.now.Add(time.Second)
	_ = w.run(t.Context(), t, membership.JobDone)
}

var errStep = errors.New("a step failed")

// Pauses grow from 30 seconds to an hour; after twelve tries a job is given up.
func TestJobBackOff(t *testing.T) {
	w := newJobWorld(counter{steps: 2, step: func(context.Context, *membership.Job) error { return errStep }})
	for try := 1; try < 12; try++ {
		if err := w.run(t.Context(), t, membership.JobQueued); !errors.Is(err, errStep) {
			t.Fatal(err)
		}
		pause := w.table.job.DueAt.Sub(w.now)
		if want := min(30*time.Second<<(try-1), time.Hour); pause != want {
			t.Errorf("try %d: pause %v, want %v", try, pause, want)
		}
		w.now = w.now.Add(pause - time.Second)
		_ = w.run(t.Context(), t, "")
		w.now = w.now.Add(time.Second)
	}
	_ = w.run(t.Context(), t, membership.JobFailed)
	if j := w.table.job; j.Reason != membership.JobGaveUp || j.DoneAt.IsZero() {
		t.Errorf("%+v", j)
	}
}

// A stored step restarts the count of tries.
func TestJobForgetsFailuresBehindIt(t *testing.T) {
	fails := 0
	w := newJobWorld(counter{steps: 3, step: func(_ context.Context, j *membership.Job) error {
		if fails < 8 {
			fails++
			return errStep
		}
		fails = 0
		return nil
	}})
	for range 40 {
		w.now = w.now.Add(time.Hour)
		if _, err := w.jobs.RunDue(t.Context(), membership.Call{}, 10); err != nil && !errors.Is(err, errStep) {
			t.Fatal(err)
		}
	}
	if j := w.table.job; j.Status != membership.JobDone {
		t.Errorf("%+v", j)
	}
}

func TestJobFailsForGood(t *testing.T) {
	w := newJobWorld(counter{steps: 2, step: func(context.Context, *membership.Job) error {
		return &membership.JobFailure{Reason: membership.JobAccessEnded}
	}})
	_ = w.run(t.Context(), t, membership.JobFailed)
	if j := w.table.job; j.Reason != membership.JobAccessEnded {
		t.Errorf("%+v", j)
	}
	w = newJobWorld(nil)
	w.jobs.Workers = nil
	_ = w.run(t.Context(), t, membership.JobFailed)
}

// A job whose function always dies is given up as well.
func TestJobThatKillsItsFunctionIsGivenUp(t *testing.T) {
	w := newJobWorld(counter{steps: 1})
	w.table.job.Attempts = 12
	_ = w.run(t.Context(), t, membership.JobFailed)
}

// A worker that has outlived its lease can store nothing.
func TestJobHasOneWorkerAtATime(t *testing.T) {
	w := newJobWorld(nil)
	stolen := false
	w.jobs.Workers["count"] = counter{steps: 3, step: func(_ context.Context, j *membership.Job) error {
		if _, err := w.table.ClaimJob(t.Context(), j.Ref(), w.now, w.now.Add(time.Minute)); err == nil {
			t.Error("claimed while under way")
		}
		if j.Progress == 1 && !stolen {
			stolen = true
			w.now = w.now.Add(2 * time.Minute)
			if _, err := w.table.ClaimJob(t.Context(), j.Ref(), w.now, w.now.Add(time.Minute)); err != nil {
				t.Error(err)
			}
		}
		return nil
	}}
	if err := w.run(t.Context(), t, ""); err != nil {
		t.Fatal(err)
	}
	if j := w.table.job; j.Progress != 1 || j.Status != membership.JobRunning {
		t.Errorf("%+v", j)
	}
	w.now = w.now.Add(2 * time.Minute)
	_ = w.run(t.Context(), t, membership.JobDone)
}

// When the table fails, the step is repeated after the lease.
func TestJobOutlivesTheTable(t *testing.T) {
	w := newJobWorld(counter{steps: 2})
	w.table.fail = membership.ErrOverloaded
	if err := w.run(t.Context(), t, ""); !errors.Is(err, membership.ErrOverloaded) {
		t.Fatal(err)
	}
	w.now = w.now.Add(2 * time.Minute)
	counts, err := w.jobs.RunDue(t.Context(), membership.Call{}, 10)
	if err != nil || counts[membership.JobDone] != 1 {
		t.Errorf("%v %v", counts, err)
	}
}
