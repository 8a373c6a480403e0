package store

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"clientele/shared/csvfile"
	"clientele/shared/membership"
	"clientele/shared/store/storetest"
)

// exportFiles are the files of exports in memory; of long ones only the length of the parts is kept.
type exportFiles struct {
	mu      sync.Mutex
	objects map[string][]byte
	lines   int
	bytes   int
	parts   int
}

func (f *exportFiles) Rows(out io.Writer, separator byte, further bool) membership.RowWriter {
	if further {
		return csvfile.ContinueWriter(out, csvfile.Separator(separator))
	}
	return csvfile.NewWriter(out, csvfile.Separator(separator))
}

func (f *exportFiles) keep(name string, data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[name] = bytes.Clone(data)
	return nil
}

func (f *exportFiles) Put(_ context.Context, ref membership.ExportRef, data []byte) error {
	return f.keep(ref.ExportID, data)
}

func (f *exportFiles) Link(_ context.Context, ref membership.ExportRef, name string, _ time.Duration) (string, error) {
	return "https://files.example/" + ref.ExportID + "/" + name, nil
}

func (f *exportFiles) PutPiece(_ context.Context, _ membership.ExportRef, _ int, data []byte) error {
	return f.keep("piece", data)
}

func (f *exportFiles) Piece(context.Context, membership.ExportRef, int) ([]byte, error) {
	return f.objects["piece"], nil
}

func (f *exportFiles) Begin(context.Context, membership.ExportRef) (string, error) {
	return "upload", nil
}

func (f *exportFiles) PutPart(_ context.Context, _ membership.ExportRef, _ string, _ int, data []byte) error {
	f.lines, f.bytes, f.parts = f.lines+bytes.Count(data, []byte("\r\n")), f.bytes+len(data), f.parts+1
	return nil
}

func (f *exportFiles) Join(context.Context, membership.ExportRef, string, []int) error { return nil }

func (f *exportFiles) Joined(context.Context, membership.ExportRef) (bool, error) { return true, nil }

func (w *world) exports() (membership.Exports, *exportFiles) {
	f := &exportFiles{objects: map[string][]byte{}}
	return membership.Exports{Store: w.table, Users: w.users, Files: f, NewID: w.id}, f
}

// provider stores the provider and its one user, who may export everything.
func (w *world) provider(t testing.TB) membership.Call {
	t.Helper()
	change := w.table.write()
	change.put(customerItem(membership.Provider("Provider", "en", w.now)), always(), nil)
	must(t, w.table.commit(t.Context(), change))
	c := w.staff()
	w.put(t, membership.User{ID: c.Actor.UserID, CustomerID: membership.ProviderID, Status: membership.Active, Role: membership.Administrator, Email: "ada@provider.example", Version: 1})
	return c
}

// A file has what the list has: for every filter that there is, at once or by a job.
func TestExportIsTheList(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		chief := w.provider(t)
		exports, files := w.exports()
		for n := range 30 {
			u := person(fmt.Sprintf("u%02d", n), fmt.Sprint("c", n%2), membership.Active)
			u.Email, u.Username, u.Comment, u.Country = fmt.Sprintf("u%02d@example.com", n), fmt.Sprintf("u%02d-name", n), fmt.Sprint("comment ", n), []string{"DE", "AT", ""}[n%3]
			u.GroupIDs = nil
			if n%5 == 0 {
				u.GroupIDs = []string{"g1", "g2"}
			}
			w.put(t, u)
		}
		w.project(t)
		for _, q := range []membership.UserQuery{
			{}, {CustomerID: "c1", Sort: membership.SortEmail}, {Country: "AT", Sort: membership.SortRegistered}, {GroupID: "g1"}, {Status: membership.Active},
			{Status: membership.Suspended}, {Role: membership.Member, CustomerID: "c0", Country: "DE"}, {Search: "u1"},
		} {
			q.Page = membership.PageRequest{Ascending: q.Sort != membership.SortEmail, Limit: 200}
			if q.Search != "" {
				q.Search = "u12-"
			}
			page, err := w.users.List(ctx, chief, q)
			must(t, err)
			want := []string{"id,email,comment,groups"}
			for _, r := range page.Items {
				n, _ := strconv.Atoi(r.ID[1:])
				groups := ""
				if n%5 == 0 {
					groups = `"Group g1, Group g2"`
				}
				want = append(want, fmt.Sprintf("%s,%s,comment %d,%s", r.ID, r.Email, n, groups))
			}
			e, err := exports.Create(ctx, chief, membership.ExportInput{Query: q, Columns: []string{"id", "email", "comment", "groups"}})
			must(t, err)
			equal(t, e.Status, membership.ExportDone)
			equal(t, strings.Split(strings.TrimSuffix(strings.TrimPrefix(string(files.objects[e.ID]), "\ufeff"), "\r\n"), "\r\n"), want)

			// The same as a job.
			j := membership.NewJob(chief, w.id(), membership.JobExport, membership.ProviderID, "", nil)
			stored, err := w.table.Job(ctx, membership.ReachAll(), e.ID)
			must(t, err)
			j.Params = stored.Params
			must(t, w.table.CreateJobs(ctx, membership.Trail{Jobs: []membership.Job{j}}))
			jobs := w.jobs()
			jobs.Workers[membership.JobExport] = exports
			_, err = jobs.RunDue(ctx, w.system(), 10)
			must(t, err)
			equal(t, string(files.objects[j.ID]), string(files.objects[e.ID]))
		}
		counted := map[int]membership.UserQuery{30: {}, 15: {CustomerID: "c1"}, 10: {Country: "AT"}, 6: {GroupID: "g1"}}
		for want, q := range counted {
			q.Reach = membership.ReachAll()
			got, err := w.table.CountUsers(ctx, q)
			must(t, err)
			equal(t, got, want)
		}
		for _, q := range []membership.UserQuery{{Search: "abc"}, {Country: "AT", Role: membership.Member}, {CustomerID: "c1", Country: "AT"}, {Status: membership.Rejected}} {
			q.Reach = membership.ReachAll()
			got, err := w.table.CountUsers(ctx, q)
			must(t, err)
			equal(t, got, 0)
		}
		got, err := w.table.CountUsers(ctx, membership.UserQuery{Reach: membership.ReachCustomer("c1"), CustomerID: "c1", Status: membership.Active})
		must(t, err)
		equal(t, got, 15)
	})
}

// crowd stores users, up to a number, with the rows of the list of all.
func (w *world) crowd(t testing.TB, from, to int) {
	t.Helper()
	var wg sync.WaitGroup
	chunks := make(chan []types.WriteRequest)
	for range 4 {
		wg.Go(func() {
			for requests := range chunks {
				for len(requests) > 0 {
					out, err := w.client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{w.table.name: requests}})
					if err != nil {
						t.Error(err)
						break
					}
					requests = out.UnprocessedItems[w.table.name]
				}
			}
		})
	}
	var requests []types.WriteRequest
	for n := from; n < to; n++ {
		u := person(fmt.Sprintf("01930d1c-0000-7000-8000-%012d", n), "01930d1c-0000-7000-8000-0000000000c1", membership.Active)
		u.Email, u.Username, u.LastName = fmt.Sprintf("somebody.%06d@example.com", n), fmt.Sprintf("somebody-%06d", n), fmt.Sprintf("Somebody the %06dth", n)
		u.GroupIDs = nil
		for _, i := range []item{userItem(u), rowItem(u, allFacet)} {
			requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: i}})
		}
		if len(requests) >= 24 || n == to-1 {
			chunks <- requests
			requests = nil
		}
	}
	close(chunks)
	wg.Wait()
}

// TestExportAtScale measures exports of up to 100,000 users: memory below 128 MB, and time in proportion to the users. It
// fills a table for minutes, so it runs with CLIENTELE_LONG=1 only.
func TestExportAtScale(t *testing.T) {
	if os.Getenv("CLIENTELE_LONG") != "1" {
		t.Skip("takes minutes: CLIENTELE_LONG=1 runs it")
	}
	e := storetest.DynamoDBLocal()
	e.Require(t)
	client, name := e.Table(t)
	w := &world{client: client, table: New(client, name), ids: &atomic.Int64{}, now: noon()} // without a recorder, which keeps all calls
	w.users = membership.Users{Store: w.table, NewID: w.id}
	chief := w.provider(t)
	debug.SetMemoryLimit(100 << 20) // as run-jobs has it (template.yaml)
	all := slices.DeleteFunc(membership.ExportColumns(chief.Actor), func(c string) bool { return c == "groups" })
	had := 0
	for _, count := range []int{25_000, 50_000, 100_000} {
		began := time.Now()
		w.crowd(t, had, count)
		t.Logf("%d users stored in %v", count-had, time.Since(began).Round(time.Second))
		had = count
		for name, columns := range map[string][]string{"columns of lists": nil, "all columns": all} {
			exports, files := w.exports()
			w.now = time.Now().UTC()
			created, err := exports.Create(t.Context(), membership.Call{Actor: chief.Actor, Now: w.now}, membership.ExportInput{Query: membership.UserQuery{Page: membership.PageRequest{Ascending: true}}, Columns: columns})
			must(t, err)
			jobs := membership.Jobs{Store: w.table, Clock: time.Now, Workers: map[membership.JobKind]membership.JobWorker{membership.JobExport: exports}}
			peak := watchMemory(t)
			began, steps := time.Now(), 0
			for { // as short as a function's time can be, so that it is resumed again and again
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				status, err := jobs.Run(ctx, w.system(), membership.JobRef{CustomerID: membership.ProviderID, ID: created.ID})
				cancel()
				must(t, err)
				steps++
				if status.Ended() {
					break
				}
			}
			took := time.Since(began)
			mb := peak()
			j, err := w.table.Job(t.Context(), membership.ReachAll(), created.ID)
			must(t, err)
			t.Logf("%7d users, %-16s: %5.1f s, %3.0f µs a user, %d runs, %d parts, %.1f MB of CSV, peak %d MB resident", count, name, took.Seconds(),
				float64(took.Microseconds())/float64(count), steps, files.parts, float64(files.bytes)/1e6, mb)
			equal(t, j.Progress, count)
			if lines := files.lines + bytes.Count(files.objects[created.ID], []byte("\r\n")); lines != count+1 {
				t.Errorf("%d lines", lines)
			}
			if mb >= 128 {
				t.Errorf("%d users: %d MB", count, mb)
			}
		}
	}
}

// watchMemory returns how to ask for the most memory, in MB, that the process has had since.
func watchMemory(t testing.TB) func() int {
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err == nil {
		return func() int {
			status, err := os.ReadFile("/proc/self/status")
			must(t, err)
			_, rest, _ := strings.Cut(string(status), "VmHWM:")
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			must(t, err)
			return kb / 1024
		}
	}
	return func() int { // not on Linux: what Go has from the system
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.Sys >> 20)
	}
}
