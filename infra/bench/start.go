package main

import (
	"context"
	"slices"
	"time"
)

// starts measures from exec to the first poll. It takes turns, so that a busy machine is equally busy for all. When a
// function is over its budget, as many starts are taken again, at most twice: what the function itself does remains,
// what the machine did besides does not.
func (m *machine) starts(ctx context.Context, r *report, functions []string, runs int) error {
	step("starting each function %d times", runs)
	all := append([]string{"empty"}, functions...)
	took := map[string][]time.Duration{}
	median := func(f string) float64 {
		slices.Sort(took[f])
		return took[f][len(took[f])/2].Seconds()
	}
	budget := func(f string) float64 {
		if isAPI(f) && !changesAccounts(f) {
			return 1.45
		}
		return 2
	}
	over := func(f string) bool { return median(f)/median("empty") > budget(f) }
	turn := func(keep bool) error {
		for _, f := range all {
			p, err := m.start(f, "none")
			if err != nil {
				return err
			}
			d, err := p.ready(ctx)
			p.stop()
			if err != nil {
				return err
			}
			if keep {
				took[f] = append(took[f], d)
			}
		}
		return nil
	}
	busy := overloaded()
	if err := turn(false); err != nil { // loads the binaries from disk
		return err
	}
	for try := 1; try == 1 || try <= 3 && slices.ContainsFunc(functions, over); try++ {
		for range runs {
			if err := turn(true); err != nil {
				return err
			}
		}
	}
	busy = busy || overloaded()
	m.cloud.take()
	const group = "start, exec to first poll ÷ an empty function"
	r.tell(group, "empty function", number(median("empty")*1000)+" ms")
	for _, f := range functions {
		r.mostTimed(group, f, median(f)/median("empty"), budget(f), " ×", busy)
	}
	return nil
}
