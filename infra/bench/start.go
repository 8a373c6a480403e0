package main

import (
	"context"
	"slices"
	"time"
)

// starts measures from exec to the first poll, in turns, so that a busy machine is busy for all alike.
func (m *machine) starts(ctx context.Context, r *report, functions []string, runs int) error {
	step("starting each function %d times", runs)
	all := append([]string{"empty"}, functions...)
	took := map[string][]time.Duration{}
	busy := overloaded()
	for n := range runs + 1 {
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
			if n > 0 { // the first one reads the binary from disk
				took[f] = append(took[f], d)
			}
		}
	}
	busy = busy || overloaded()
	m.cloud.take()
	median := func(f string) float64 {
		slices.Sort(took[f])
		return took[f][len(took[f])/2].Seconds()
	}
	const group = "start, exec to first poll ÷ an empty function"
	empty := median("empty")
	r.tell(group, "empty function", number(empty*1000)+" ms")
	for _, f := range functions {
		budget := 2.0
		if isAPI(f) && !changesAccounts(f) {
			budget = 1.45
		}
		r.mostTimed(group, f, median(f)/empty, budget, " ×", busy)
	}
	return nil
}
