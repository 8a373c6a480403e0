package faults_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"clientele/shared/files"
	"clientele/shared/membership"
)

// jobLease is longer than the lease of a job under way.
const jobLease = 3 * time.Minute

func (w *world) exports() membership.Exports {
	return membership.Exports{Store: w.table, Users: membership.Users{Store: w.table, NewID: w.id}, NewID: w.id,
		Files: files.Exports{Bucket: files.New(w.config(), w.name, time.Now)}}
}

func (w *world) jobs() membership.Jobs {
	return membership.Jobs{Store: w.table, Clock: func() time.Time { return w.now }, Workers: map[membership.JobKind]membership.JobWorker{
		membership.JobRenameCustomer: membership.CustomerRename{Store: w.table}, membership.JobRenameGroup: membership.GroupRename{Store: w.table},
		membership.JobExport: w.exports()}}
}

// bucket makes the bucket of a world.
func (w *world) bucket() {
	w.t.Helper()
	where := `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>`
	r, err := http.NewRequestWithContext(w.ctx, http.MethodPut, w.engine.Endpoint+"/"+w.name, strings.NewReader(where))
	w.must(err)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=0")
	response, err := w.http.Do(r)
	w.must(err)
	w.must(response.Body.Close())
	if response.StatusCode >= 300 {
		w.t.Fatalf("create a bucket: %s", response.Status)
	}
}

// theJob remembers the only job.
func (w *world) theJob() {
	w.t.Helper()
	due, err := w.table.DueJobs(w.ctx, w.now.Add(time.Hour), 10)
	w.must(err)
	if len(due) != 1 {
		w.t.Fatalf("jobs: %v", due)
	}
	w.vars["job"], w.vars["job.customer"] = due[0].ID, due[0].CustomerID
}

// renamed is settle with a new name for beta, which Ben does not have yet.
func (w *world) renamed() {
	w.settle()
	_, err := w.customers().Change(w.ctx, w.staff(), w.vars["beta"], 0, membership.CustomerInput{Name: aws.String("Beta Renamed")})
	w.must(err)
	w.theJob()
}

// runJob runs the world's job until it has ended, as the schedule does: a failed run is not repeated here.
func runJob(w *world, c membership.Call) (any, error) {
	for range 4 {
		status, err := w.jobs().Run(w.ctx, c, membership.JobRef{CustomerID: w.vars["job.customer"], ID: w.vars["job"]})
		if err != nil || status.Ended() || status == "" {
			return status, err
		}
		w.now = w.now.Add(2 * time.Minute)
	}
	return nil, fmt.Errorf("the job never ends")
}

// linkless returns an export without its link, which differs each time.
func linkless(e membership.Export, err error) (any, error) {
	if (e.URL != "") != (e.Status == membership.ExportDone) && err == nil {
		return nil, fmt.Errorf("an export that is %s has the link %q", e.Status, e.URL)
	}
	e.URL = ""
	return e, err
}

func jobEntries() []entry {
	done := []string{`answer:""`}
	everybody := membership.ExportInput{Query: membership.UserQuery{Page: page()}, Columns: []string{"email", "groups", "comment"}}
	export := func(w *world, c membership.Call) (any, error) {
		return linkless(w.exports().Create(w.ctx, c, everybody))
	}
	exported := func(w *world) {
		w.grouped()
		w.bucket()
		e, err := w.exports().Create(w.ctx, w.boss(), membership.ExportInput{Query: membership.UserQuery{Page: page()}})
		w.must(err)
		w.vars["export"] = e.ID
	}
	return []entry{
		{use: "Jobs.Run", prepare: (*world).renamed, as: (*world).system, after: jobLease, settled: done, tries: true, run: runJob},
		{use: "CustomerRename.Step", prepare: (*world).renamed, as: (*world).system, after: jobLease, settled: done, tries: true, run: runJob},
		{use: "GroupRename.Step", as: (*world).system, after: jobLease, settled: done, tries: true, run: runJob,
			prepare: func(w *world) {
				w.grouped()
				g, err := w.groups().Get(w.ctx, w.staff(), w.vars["key"])
				w.must(err)
				_, err = w.groups().Change(w.ctx, w.staff(), g.ID, g.Version, membership.GroupInput{Name: aws.String("Renamed")})
				w.must(err)
				w.theJob()
			}},
		{use: "Jobs.RunDue", prepare: (*world).renamed, as: (*world).system, after: jobLease, free: true, tries: true, run: func(w *world, c membership.Call) (any, error) {
			for range 3 {
				if _, err := w.jobs().RunDue(w.ctx, c, 10); err != nil {
					return nil, err
				}
				w.now = w.now.Add(2 * time.Minute)
			}
			return nil, nil
		}},
		{use: "Exports.Step", as: (*world).system, after: jobLease, settled: done, tries: true, run: runJob,
			prepare: func(w *world) { // as a long list leaves it
				w.grouped()
				w.bucket()
				params := map[string]string{"order": "asc", "columns": "email,groups,comment", "separator": "comma"}
				w.must(w.table.CreateJobs(w.ctx, membership.Trail{Jobs: []membership.Job{membership.NewJob(w.staff(), w.id(), membership.JobExport, membership.ProviderID, "", params)}, Now: w.now}))
				w.theJob()
			}},
		{use: "Exports.Create", as: (*world).staff, route: "POST /exports", run: export, prepare: func(w *world) { w.grouped(); w.bucket() }},
		{use: "Exports.Create", situation: "by a customer's administrator", as: (*world).boss, route: "POST /exports", prepare: func(w *world) { w.grouped(); w.bucket() },
			run: func(w *world, c membership.Call) (any, error) {
				return linkless(w.exports().Create(w.ctx, c, membership.ExportInput{Query: membership.UserQuery{Page: page()}}))
			}},
		{use: "Exports.Get", as: (*world).boss, prepare: exported, run: func(w *world, c membership.Call) (any, error) {
			return linkless(w.exports().Get(w.ctx, c, w.vars["export"]))
		}},
		{use: "Exports.Get", situation: "by staff", as: (*world).staff, prepare: exported, run: func(w *world, c membership.Call) (any, error) {
			return linkless(w.exports().Get(w.ctx, c, w.vars["export"]))
		}},
		{use: "Exports.List", as: (*world).boss, prepare: exported, run: func(w *world, c membership.Call) (any, error) {
			return w.exports().List(w.ctx, c, page())
		}},
	}
}
