package store

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele/shared/membership"
)

func wholeJob(id string) membership.Job {
	return membership.Job{ID: id, Kind: membership.JobExport, CustomerID: "c1", Subject: "s1", Params: map[string]string{"separator": ";"}, Status: membership.JobQueued,
		Progress: 5, Total: 9, Position: "here", By: "u1", ByName: "Ada", RequestID: "r1", CreatedAt: noon(), DueAt: noon(), DoneAt: noon().Add(time.Hour),
		Reason: membership.JobGaveUp, Attempts: 2, Version: 3}
}

func TestJobIsReadAsWritten(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		want := wholeJob("j1")
		everyFieldSet(t, want)
		tr := w.trail()
		tr.Jobs = []membership.Job{want}
		must(t, w.table.CreateJobs(t.Context(), tr))
		for _, reach := range []membership.Reach{membership.ReachAll(), membership.ReachCustomer("c1")} {
			got, err := w.table.Job(t.Context(), reach, "j1")
			must(t, err)
			equal(t, got, want)
		}
		for _, reach := range []membership.Reach{{}, membership.ReachCustomer("c2")} {
			_, err := w.table.Job(t.Context(), reach, "j1")
			fails(t, err, membership.ErrNotFound)
		}
		_, err := w.table.Job(t.Context(), membership.ReachAll(), "j2")
		fails(t, err, membership.ErrNotFound)
		k := jobKey("c1", "j1")
		ref, ok := JobOf(k.pk, k.sk, entityJob)
		equal(t, ok, true)
		equal(t, ref, want.Ref())
		if _, ok := JobOf(k.pk, k.sk, entityMail); ok {
			t.Error("a mail is no job")
		}
	})
}

// Jobs are read by id, however many; one that is not there is missing.
func TestJobsByID(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		want := wholeJob("j1")
		must(t, w.table.CreateJobs(t.Context(), membership.Trail{Jobs: []membership.Job{want}}))
		refs := make([]membership.JobRef, batchLimit, batchLimit+1)
		for n := range refs {
			refs[n] = membership.JobRef{CustomerID: "c1", ID: fmt.Sprint("none", n)}
		}
		got, err := w.table.JobsByID(t.Context(), append(refs, want.Ref()))
		must(t, err)
		equal(t, got, map[string]membership.Job{"j1": want})
		got, err = w.table.JobsByID(t.Context(), []membership.JobRef{{CustomerID: "c2", ID: "j1"}})
		must(t, err)
		equal(t, len(got), 0)
		got, err = w.table.JobsByID(t.Context(), nil)
		must(t, err)
		equal(t, len(got), 0)
	})
}

func TestClaimingJobs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		j := wholeJob("j1")
		j.Attempts, j.DoneAt, j.Reason, j.DueAt = 0, time.Time{}, "", noon().Add(time.Second)
		must(t, w.table.CreateJobs(ctx, membership.Trail{Jobs: []membership.Job{j}}))
		claim := func(now time.Time) (membership.Job, error) {
			return w.table.ClaimJob(ctx, j.Ref(), now, now.Add(time.Minute))
		}
		_, err := claim(noon())
		fails(t, err, membership.ErrNotFound)
		due, err := w.table.DueJobs(ctx, noon(), 10)
		must(t, err)
		equal(t, len(due), 0)
		due, err = w.table.DueJobs(ctx, noon().Add(time.Second), 10)
		must(t, err)
		equal(t, due, []membership.JobRef{j.Ref()})
		first, err := claim(noon().Add(time.Second))
		must(t, err)
		j.Status, j.Attempts, j.Version, j.DueAt = membership.JobRunning, 1, 4, noon().Add(61*time.Second)
		equal(t, first, j)
		_, err = claim(noon().Add(60 * time.Second))
		fails(t, err, membership.ErrNotFound)
		second, err := claim(noon().Add(61 * time.Second)) // the lease is over
		must(t, err)

		late := first
		late.Progress, late.Version = 99, first.Version+1
		fails(t, w.table.SaveJob(ctx, first, late, w.trail()), membership.ErrStale)
		done := second
		done.Progress, done.Version, done.Attempts = 9, second.Version+1, 0
		done.Finish(noon().Add(62 * time.Second))
		must(t, w.table.SaveJob(ctx, second, done, w.trail()))
		got, err := w.table.Job(ctx, membership.ReachAll(), "j1")
		must(t, err)
		equal(t, got, done)
		i := w.items(t)[jobKey("c1", "j1")]
		equal(t, i.str("due"), "")
		equal(t, i.int("ttl"), int(done.DoneAt.Add(membership.JobRetention).Unix()))
		_, err = claim(noon().Add(1000 * time.Hour))
		fails(t, err, membership.ErrNotFound)
	})
}

func TestParallelClaimsOfAJobHaveOneWinner(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		j := wholeJob("j1")
		must(t, w.table.CreateJobs(t.Context(), membership.Trail{Jobs: []membership.Job{j}}))
		var wg sync.WaitGroup
		var won atomic.Int64
		for range 16 {
			wg.Go(func() {
				if _, err := w.table.ClaimJob(t.Context(), j.Ref(), noon(), noon().Add(time.Minute)); err == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		equal(t, won.Load(), int64(1))
	})
}

// A person's jobs of one kind are listed by age, without what only the work needs; those that follow from a change are
// on no list.
func TestJobsOfAPerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var trail membership.Trail
		for n := range 5 {
			j := wholeJob(fmt.Sprint("j", n))
			j.CreatedAt = noon().Add(time.Duration(n) * time.Minute)
			trail.Jobs = append(trail.Jobs, j)
		}
		others := wholeJob("x1")
		others.By = "u2"
		kinds := wholeJob("x2")
		kinds.Kind = "import"
		owed := wholeJob("x3")
		owed.By = ""
		trail.Jobs = append(trail.Jobs, others, kinds, owed)
		must(t, w.table.CreateJobs(t.Context(), trail))
		q := membership.JobQuery{CustomerID: "c1", By: "u1", Kind: membership.JobExport, Page: membership.PageRequest{Limit: 3}}
		var ids []string
		for {
			p, err := w.table.Jobs(t.Context(), q)
			must(t, err)
			for _, j := range p.Items {
				ids = append(ids, j.ID)
			}
			if q.Page.Position = p.Next; p.Next == "" {
				want := wholeJob(ids[len(ids)-1])
				want.Position, want.RequestID, want.DueAt, want.Attempts = "", "", time.Time{}, 0
				equal(t, p.Items[len(p.Items)-1], want)
				break
			}
		}
		equal(t, ids, []string{"j4", "j3", "j2", "j1", "j0"})
	})
}
