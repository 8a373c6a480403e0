package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// page runs the benchmark of one authenticated list page (functions/users).
func (b builds) page(ctx context.Context, r *report, engine string) error {
	step("measuring one list page")
	busy := overloaded()
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench=ListPage", "-benchtime=100x", "-count=5", "./functions/users")
	cmd.Dir = b.root
	cmd.Env = append(os.Environ(), "CLIENTELE_DYNAMODB_LOCAL="+engine, "CLIENTELE_REQUIRED=1", "CLIENTELE_BENCH=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	// BenchmarkListPage-2  500  2345678 ns/op  0.9 cpu-ms/op  123456 B/op  1234 allocs/op
	busy = busy || overloaded()
	runs := map[string][]float64{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "BenchmarkListPage") {
			continue
		}
		for n := 2; n+1 < len(fields); n += 2 {
			v, err := strconv.ParseFloat(fields[n], 64)
			if err != nil {
				return fmt.Errorf("%q: %w", line, err)
			}
			runs[fields[n+1]] = append(runs[fields[n+1]], v)
		}
	}
	figures := map[string]float64{} // medians
	for _, unit := range []string{"cpu-ms/op", "allocs/op", "B/op"} {
		if len(runs[unit]) == 0 {
			return fmt.Errorf("no %s in\n%s", unit, out)
		}
		slices.Sort(runs[unit])
		figures[unit] = runs[unit][len(runs[unit])/2]
	}
	const group = "one authenticated list page of 50 in Go"
	r.mostTimed(group, "processor time", figures["cpu-ms/op"], 1, " ms", busy)
	r.most(group, "allocations", figures["allocs/op"], 2000, "")
	r.tell(group, "allocated", number(figures["B/op"]/1024)+" KB")
	return nil
}
