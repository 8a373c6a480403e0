package faults_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"clientele/shared/files"
	"clientele/shared/membership"
	"clientele/shared/store"
)

// list is what is imported: a new person with a record, another new person, Mia with a different record, an invalid
// address, and an address of another customer.
func (w *world) list() []byte {
	alpha, beta := w.vars["alpha"][:4], w.vars["beta"][:4]
	return []byte("email;firstName;street\none@new.example;One;Road 1\ntwo@new.example;Two;\nmia@" + alpha + ".example;Maria;Road 2\nbroken;;\nben@" + beta + ".example;Ben;\n")
}

func (w *world) importFiles(broken bool) files.Imports {
	cfg := w.config()
	if broken {
		cfg.HTTPClient = &doer{next: w.http, inject: w.inject}
	}
	return files.Imports{Bucket: files.New(cfg, w.name, time.Now)}
}

// imports are the use cases, through the faults if broken, else past them.
func (w *world) imports(broken bool) membership.Imports {
	is := membership.Imports{Store: w.table, Files: w.importFiles(broken), NewID: w.id}
	if !broken {
		is.Store = store.New(w.plain, w.name)
	}
	return is
}

// importJob works on the job of the world's import until it has ended, as the schedule does.
func (w *world) importJob(c membership.Call, broken bool) (membership.JobStatus, error) {
	i, err := w.imports(false).Store.Import(w.ctx, membership.ReachAll(), w.vars["import"])
	if membership.KindOf(err) == membership.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	jobs := membership.Jobs{Store: w.imports(broken).Store.(store.Table), Clock: func() time.Time { return w.now }, Workers: map[membership.JobKind]membership.JobWorker{
		membership.JobImportCheck: membership.ImportCheck{Imports: w.imports(broken)},
		membership.JobImport: membership.ImportRun{Imports: w.imports(broken), Invitations: w.invitations(),
			Records: membership.Records{Store: w.table, Accounts: w.accounts(), NewID: w.id, Language: "en"},
			Wait:    func(context.Context, time.Duration) error { return nil }}}}
	for range 4 {
		status, err := jobs.Run(w.ctx, c, membership.JobRef{CustomerID: i.CustomerID, ID: i.JobID})
		if err != nil || status.Ended() || status == "" {
			return status, err
		}
		w.now = w.now.Add(2 * time.Minute)
	}
	return "", fmt.Errorf("the job never ends")
}

// look returns an import without its links, which differ each time, and with the content of its files: the rows, or the
// result.
func (w *world) look() any {
	i, err := w.imports(false).Get(w.ctx, w.staff(), w.vars["import"])
	if membership.KindOf(err) == membership.NotFound {
		return "gone"
	}
	w.must(err)
	rows, err := w.imports(false).Rows(w.ctx, w.staff(), i.ID, membership.ImportRowQuery{Page: membership.PageRequest{Limit: 50}})
	w.must(err)
	var result []byte
	if i.ResultURL != "" {
		result, err = w.importFiles(false).Get(w.ctx, i.Ref(), "result.csv")
		w.must(err)
	}
	return []any{i.Status, i.Counts, i.Results, i.ResultURL != "", i.FailedURL != "", rows.Items, strings.Split(string(result), "\r\n")}
}

func importEntries() []entry {
	begun := func(w *world) {
		w.settle()
		w.makeBucket()
		i, form, err := w.imports(false).Begin(w.ctx, w.staff(), membership.ImportInput{CustomerID: w.vars["alpha"], FileName: "people.csv"})
		w.must(err)
		w.vars["import"] = i.ID
		w.must(w.upload(form, w.list()))
	}
	asked := func(w *world) {
		begun(w)
		_, err := w.imports(false).Check(w.ctx, w.staff(), w.vars["import"])
		w.must(err)
	}
	checked := func(w *world) {
		asked(w)
		status, err := w.importJob(w.system(), false)
		w.must(err)
		if status != membership.JobDone {
			w.t.Fatalf("the check is %s", status)
		}
	}
	confirmed := func(w *world) {
		checked(w)
		_, err := w.imports(false).Confirm(w.ctx, w.staff(), w.vars["import"], true)
		w.must(err)
	}
	// lay puts back the files that Drop deletes.
	lay := func(w *world) {
		i, err := w.imports(false).Store.Import(w.ctx, membership.ReachAll(), w.vars["import"])
		w.must(err)
		form, err := w.importFiles(false).UploadForm(w.ctx, i.Ref(), "", time.Now().Add(time.Minute))
		w.must(err)
		w.must(w.upload(form, w.list()))
		w.must(w.importFiles(false).Put(w.ctx, i.Ref(), "source-1.csv", w.list()))
	}
	work := func(w *world, c membership.Call) (any, error) {
		if status, err := w.importJob(c, true); err != nil || status != membership.JobDone && status != "" {
			return nil, fmt.Errorf("job %q: %w", status, err)
		}
		return w.look(), nil
	}
	return []entry{
		{use: "Imports.Begin", as: (*world).staff, route: "POST /imports", prepare: func(w *world) { w.settle(); w.makeBucket() }, run: func(w *world, c membership.Call) (any, error) {
			i, form, err := w.imports(true).Begin(w.ctx, c, membership.ImportInput{CustomerID: w.vars["alpha"], FileName: "people.csv", Role: membership.Moderator})
			return []any{i, len(form.Fields)}, err
		}},
		{use: "Imports.Check", as: (*world).staff, route: "POST /imports/x/check", prepare: begun, run: func(w *world, c membership.Call) (any, error) {
			return w.imports(true).Check(w.ctx, c, w.vars["import"])
		}},
		{use: "ImportCheck.Step", as: (*world).system, after: jobLease, tries: true, prepare: asked, run: work},
		{use: "Imports.Get", as: (*world).staff, prepare: checked, run: func(w *world, c membership.Call) (any, error) {
			return w.imports(true).Get(w.ctx, c, w.vars["import"])
		}},
		{use: "Imports.List", as: (*world).staff, prepare: checked, run: func(w *world, c membership.Call) (any, error) {
			return w.imports(true).List(w.ctx, c, page())
		}},
		{use: "Imports.Form", as: (*world).staff, prepare: begun, run: func(w *world, c membership.Call) (any, error) {
			form, err := w.imports(true).Form(w.ctx, c, w.vars["import"], "")
			return len(form.Fields), err
		}},
		{use: "Imports.Rows", as: (*world).staff, prepare: checked, run: func(w *world, c membership.Call) (any, error) {
			return w.imports(true).Rows(w.ctx, c, w.vars["import"], membership.ImportRowQuery{Class: membership.ImportNew, Page: membership.PageRequest{Limit: 1}})
		}},
		{use: "Imports.Confirm", as: (*world).staff, route: "POST /imports/x/confirm", prepare: checked, run: func(w *world, c membership.Call) (any, error) {
			return w.imports(true).Confirm(w.ctx, c, w.vars["import"], true)
		}},
		{use: "ImportRun.Step", as: (*world).system, after: jobLease, tries: true, prepare: confirmed, run: work},
		{use: "Imports.Drop", as: (*world).staff, prepare: begun, each: lay, settled: []string{"not_found"}, run: func(w *world, c membership.Call) (any, error) {
			return nil, w.imports(true).Drop(w.ctx, c, w.vars["import"])
		}},
	}
}
