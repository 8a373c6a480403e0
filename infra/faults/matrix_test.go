package faults_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"clientele/shared/membership"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// The entries wait for the local cloud and for pauses of the store, hardly ever for a processor.
	if f := flag.Lookup("test.parallel"); f != nil {
		_ = f.Value.Set("6")
	}
	os.Exit(m.Run())
}

// TestEveryCallOfEveryUseCaseMayBreak is the fault matrix.
func TestEveryCallOfEveryUseCaseMayBreak(t *testing.T) {
	c := newCloud(t)
	var (
		mu    sync.Mutex
		tally = map[string]map[string]int{}
		sites = map[string]bool{}
		began = time.Now()
	)
	t.Run("matrix", func(t *testing.T) {
		for n, e := range entries() {
			t.Run(e.name(), func(t *testing.T) {
				t.Parallel()
				m := matrix{entry: e, w: newWorld(t, c, n+1)}
				counts := m.run(t)
				mu.Lock()
				defer mu.Unlock()
				for k, v := range counts {
					if tally[e.use] == nil {
						tally[e.use] = map[string]int{}
					}
					tally[e.use][k] += v
				}
				for s := range m.sites {
					sites[s] = true
				}
			})
		}
	})
	if f := flag.Lookup("test.run").Value.String(); strings.Contains(f, "/") {
		return // only a part was run
	}
	t.Logf("in %v\n%s", time.Since(began).Round(time.Second), table(tally))
	for _, place := range placesThatCallAWS(t) {
		if !sites[place] && !apart[place] {
			t.Errorf("no use case of the matrix meets the call %s", place)
		}
		if sites[place] && apart[place] {
			t.Errorf("%s is met now: take it from the list of those apart", place)
		}
	}
}

// apart are the calls that no use case makes: pages for the audit log come later, and a rebuild is for operators, and
// shared/store breaks each of its calls.
var apart = map[string]bool{"store.Table.AuditEntries Query": true, "store.Rebuild.setCounter UpdateItem": true}

func table(tally map[string]map[string]int) string {
	columns := []string{"calls", "error before", "error after commit", "timeout", "throttle", "conflict", "crash", "batch not whole"}
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "use case\t%s\tcases\t\n", strings.Join(columns, "\t"))
	total := map[string]int{}
	var uses []string
	for u := range tally {
		uses = append(uses, u)
	}
	slices.Sort(uses)
	line := func(name string, counts map[string]int) {
		fmt.Fprintf(tw, "%s\t", name)
		sum := 0
		for i, col := range columns {
			fmt.Fprintf(tw, "%d\t", counts[col])
			if i > 0 {
				sum += counts[col]
			}
		}
		fmt.Fprintf(tw, "%d\t\n", sum)
	}
	for _, u := range uses {
		line(u, tally[u])
		for k, v := range tally[u] {
			total[k] += v
		}
	}
	line("all", total)
	_ = tw.Flush()
	return b.String()
}

// column returns the column of the table in which a kind is counted.
func column(k kind) string {
	name, _, _ := strings.Cut(string(k), ",")
	if strings.HasPrefix(name, "crash") {
		return "crash"
	}
	return name
}

// matrix tries one entry.
type matrix struct {
	entry
	w     *world
	sites map[string]bool

	clean     []string // portrait of the state after a run without faults
	cleanSays string
}

func (m *matrix) run(t *testing.T) map[string]int {
	m.sites = map[string]bool{}
	counts := map[string]int{}
	m.prepare(m.w)
	m.w.keep()
	if wrong := broken(m.w.first); len(wrong) > 0 {
		t.Fatalf("the preparation is half done:\n%s", strings.Join(wrong, "\n"))
	}
	present := m.w.first

	// Without faults, twice: the second try is that of a caller who did not receive the answer.
	m.begin(present)
	m.w.inject.arm(-1, "")
	says, err := m.once(m.key())
	calls := m.w.inject.recorded()
	if err != nil {
		t.Fatalf("without faults: %v", err)
	}
	present = m.w.items()
	m.clean, m.cleanSays = portrait(present), says
	if wrong := m.wrong(present); len(wrong) > 0 {
		t.Fatalf("without faults:\n%s", strings.Join(wrong, "\n"))
	}
	m.w.now = m.w.now.Add(m.pause())
	if problem := m.next(); problem != "" {
		t.Errorf("asked twice without faults: %s", problem)
	}
	present = m.w.items()
	if d := m.compare(present); d != "" {
		t.Errorf("asked twice without faults:%s", d)
	}

	counts["calls"] = len(calls)
	for _, c := range calls {
		m.sites[c.site+" "+c.operation] = true
	}
	for at, c := range calls {
		for _, k := range c.kinds() {
			present = m.try(t, present, at, c, k)
			counts[column(k)]++
			if t.Failed() && testing.Short() {
				return counts
			}
		}
	}
	return counts
}

func (m *matrix) begin(present []item) {
	m.w.reset(present)
	m.w.inject.arm(-1, "")
	if m.each != nil {
		m.each(m.w)
	}
}

func (m *matrix) pause() time.Duration { return max(m.after, 2*time.Second) }

// key returns the Idempotency-Key of a caller's request.
func (m *matrix) key() *membership.IdempotencyKey {
	if m.route == "" {
		return nil
	}
	return &membership.IdempotencyKey{ActorID: m.as(m.w).Actor.UserID, Route: m.route, Key: "key", BodyHash: "hash"}
}

// once makes the call as a door does: it first looks up what was done before under the same key.
func (m *matrix) once(key *membership.IdempotencyKey) (string, error) {
	c := m.as(m.w)
	c.Now, c.Key = m.w.now, key
	if key != nil && !m.batch {
		marker, err := m.w.table.Marker(m.w.ctx, *key)
		if err != nil {
			return "", err
		}
		if marker != nil {
			c.Done = marker.IDs
		}
	}
	answer, err := m.entry.run(m.w, c)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(answer)
	if err != nil {
		return "", fmt.Errorf("answer: %w", err)
	}
	if m.free {
		return "", nil
	}
	return normal(string(b)), nil
}

// try breaks one call and returns the state in which that call and the next try left the table.
func (m *matrix) try(t *testing.T, present []item, at int, c call, k kind) []item {
	t.Helper()
	m.begin(present)
	name := fmt.Sprintf("%s, call %d, %s of %s: %s", m.name(), at+1, c, c.site, k)
	fail := func(format string, a ...any) { t.Errorf("%s: %s", name, fmt.Sprintf(format, a...)) }

	crashed := m.w.inject.arm(at, k)
	type outcome struct {
		says string
		err  error
	}
	answered := make(chan outcome, 1)
	go func() {
		says, err := m.once(m.key())
		answered <- outcome{says, err}
	}()
	var first outcome
	dead := false
	select {
	case <-crashed:
		dead = true
	case first = <-answered:
	case <-time.After(3 * time.Minute):
		t.Fatalf("%s: no answer in three minutes", name)
	}
	if got := m.w.inject.recorded(); len(got) <= at || got[at] != c {
		fail("the run is another one than that without faults: %v", got)
	}
	m.w.inject.arm(-1, "")

	// Whatever happened, nothing is half done.
	present = m.w.items()
	if wrong := m.wrong(present); len(wrong) > 0 {
		fail("at once:\n    %s", strings.Join(wrong, "\n    "))
	}
	if !dead && first.err != nil && membership.KindOf(first.err) != membership.Unavailable && !m.isSettled(first.err) && !slices.Contains(m.passing, membership.CodeOf(first.err)) {
		fail("answered %v, want one that says try again", first.err)
	}
	if !dead && first.err == nil && !m.tries {
		if first.says != m.cleanSays {
			fail("answered %s, want %s", first.says, m.cleanSays)
		}
		if d := m.compare(present); d != "" {
			fail("answered as done, but:%s", d)
		}
	}

	// The next try completes it. It may say "done already" only if it was.
	m.w.now = m.w.now.Add(m.pause())
	if problem := m.next(); problem != "" {
		fail("the next try: %s", problem)
	}
	present = m.w.items()
	if wrong := m.wrong(present); len(wrong) > 0 {
		fail("after the next try:\n    %s", strings.Join(wrong, "\n    "))
	}
	if d := m.compare(present); d != "" {
		fail("after the next try:%s", d)
	}
	for id, n := range m.w.inject.sent {
		once := k == errorBefore || k == crashBefore || k == throttleLasting
		if n > 2 || once && c.service == "SES" && n > 1 {
			fail("mail %s was sent %d times", id, n)
		}
	}
	for _, mail := range sorted(present).of("mail") {
		_, known := sorted(m.w.first).byID("mail")[mail.str("id")]
		wasSent := known && sorted(m.w.first).byID("mail")[mail.str("id")].str("status") == "sent"
		if mail.str("status") == "sent" && !wasSent && m.w.inject.sent[mail.str("id")] == 0 {
			fail("mail %s is marked sent and was not", mail.str("id"))
		}
	}
	return present
}

// next asks again and returns what is wrong with the answer, or "".
func (m *matrix) next() string {
	says, err := m.once(m.key())
	switch {
	case err != nil && m.isSettled(err):
		return ""
	case err != nil:
		return err.Error()
	case says != m.cleanSays && !slices.Contains(m.settled, "answer:"+says) && !m.settledRow(says):
		return "answered " + says + ", want " + m.cleanSays
	}
	return ""
}

func (m *matrix) isSettled(err error) bool {
	return membership.CodeOf(err) != "" && slices.Contains(m.settled, membership.CodeOf(err))
}

// settledRow says whether the only row of a batch is answered with a code that means "done already".
func (m *matrix) settledRow(says string) bool {
	var rows []string
	if err := json.Unmarshal([]byte(says), &rows); err != nil || len(rows) != 1 {
		return false
	}
	return slices.Contains(m.settled, "answer:"+rows[0])
}

// compare returns how a state differs from that after a run without faults.
func (m *matrix) compare(present []item) string {
	got := portrait(present)
	want := m.clean
	if m.again != "" { // asking twice leaves two
		got, want = slices.Compact(got), slices.Compact(slices.Clone(want))
	}
	return difference(got, want)
}

// wrong is broken, and also checks that active people can sign in.
func (m *matrix) wrong(present []item) []string {
	wrong := broken(present)
	users := sorted(present).byID("user")
	for _, name := range m.accounts {
		id := m.w.vars[name]
		if users[id].str("status") != "active" {
			continue
		}
		account, err := m.w.pool.API.AdminGetUser(m.w.ctx, &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &m.w.pool.ID, Username: &id})
		if err != nil || account.UserStatus != "CONFIRMED" {
			wrong = append(wrong, fmt.Sprintf("%s is active and has no account with a password: %v", name, err))
		}
	}
	return wrong
}
