package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// markdown writes the table to a file, as in docs/budgets.md.
func (r *report) markdown(file string, s sizes) error {
	var b strings.Builder
	quick, users := "", "With 100,000 users in the large table and 10,000 requests to one process."
	if s.many < 100_000 {
		quick = "-quick "
		users = fmt.Sprintf("**Not measured in this run:** the large table of 100,000 users and the 10,000 requests to one process; these figures are of a quick run with %d users and %d requests.", s.many, s.requests)
	}
	fmt.Fprintf(&b, `# Budgets and what was measured

Written by `+"`go run ./infra/bench %s-markdown docs/budgets.md`"+`; nobody edits it. `+"`make bench`"+` prints the same and fails when a figure is over.

Measured on %d cores (%s), the functions as processes behind a runtime API of the bench, DynamoDB Local for the table, secret and keys and sign-in answered by the bench. Reads are what DynamoDB Local says they consumed; writes come from the formula, because it counts transactions wrongly. Sizes are of arm64. MB are 2^20 bytes, as Lambda counts. A start is a ratio to an empty function's in the same run, the median of %d.

%s Never measured here: what needs AWS (cost, the first call's TLS) and connections opened inside the first request.

"over, accepted" is over its budget, up to a bound of its own with the reason beside it (`+"`infra/bench/accepted.txt`"+`). "noisy" was taken while the machine did too much else to judge a time.
`, quick, runtime.NumCPU(), runtime.GOOS+"/"+runtime.GOARCH, s.starts, users)
	cell := strings.NewReplacer("|", "\\|", "\n", " ")
	group := ""
	for _, f := range r.sorted() {
		if f.group != group {
			group = f.group
			fmt.Fprintf(&b, "\n## %s\n\n| | measured | budget | |\n|---|---|---|---|\n", strings.ToUpper(group[:1])+group[1:])
		}
		verdict := f.verdict()
		if verdict == "over, accepted" {
			verdict += ": " + f.why
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell.Replace(f.name), cell.Replace(f.value), f.budget, cell.Replace(verdict))
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}
