package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// report is the table that the bench prints.
type report struct {
	figures  []figure
	accepted []acceptance
}

// acceptance is a figure that is known to be over its budget.
type acceptance struct {
	name  string // <group>: <name>; with * at its end, all that begin so
	bound float64
	why   string
	used  bool
}

func (a acceptance) meets(name string) bool {
	if start, open := strings.CutSuffix(a.name, "*"); open {
		return strings.HasPrefix(name, start)
	}
	return name == a.name
}

// accept reads the figures that are known to be over, with their own bounds: infra/bench/accepted.txt.
func (r *report) accept(file string) error {
	lines, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(lines)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "|") // name, bound, why
		if len(fields) != 3 {
			return fmt.Errorf("%s: %q has no three parts", file, line)
		}
		bound, err := strconv.ParseFloat(strings.TrimSpace(fields[1]), 64)
		if err != nil {
			return fmt.Errorf("%s: %q: %w", file, line, err)
		}
		r.accepted = append(r.accepted, acceptance{name: strings.TrimSpace(fields[0]), bound: bound, why: strings.TrimSpace(fields[2])})
	}
	return nil
}

// unused returns the acceptances that meet no figure: misspelt, or of what is measured no more.
func (r *report) unused() error {
	for _, a := range r.accepted {
		if !a.used {
			return fmt.Errorf("accepted.txt names %q, which is no figure", a.name)
		}
	}
	return nil
}

// figure is one thing measured. Without a budget it is told and judged by nobody.
type figure struct {
	group, name string
	value       string
	budget      string
	over        bool
	why         string // it may be over; "" where it may not
	noisy       bool   // taken while the machine did too much else to judge it
}

// verdict says what a figure came to. Only "OVER" fails the bench.
func (f figure) verdict() string {
	switch {
	case f.noisy:
		return "noisy"
	case f.over && f.why != "":
		return "over, accepted"
	case f.over:
		return "OVER"
	case f.budget != "":
		return "ok"
	}
	return ""
}

// most adds a figure that may be at most budget.
func (r *report) most(group, name string, value, budget float64, unit string) {
	f := figure{group: group, name: name, value: number(value) + unit, budget: "≤ " + number(budget) + unit, over: value > budget}
	for n, a := range r.accepted {
		if a.meets(group + ": " + name) {
			r.accepted[n].used = true
			if value <= a.bound {
				f.why = a.why
			}
			break // the first that meets it
		}
	}
	r.figures = append(r.figures, f)
}

// mostTimed adds a figure that depends on what else the machine does: nobody judges it when that is too much.
func (r *report) mostTimed(group, name string, value, budget float64, unit string, busy bool) {
	r.most(group, name, value, budget, unit)
	r.figures[len(r.figures)-1].noisy = busy
}

// tell adds a figure without a budget.
func (r *report) tell(group, name, value string) {
	r.figures = append(r.figures, figure{group: group, name: name, value: value})
}

// must adds a rule that holds or does not.
func (r *report) must(group, name string, holds bool, why string) {
	value := "yes"
	if !holds {
		value = "no: " + why
	}
	r.figures = append(r.figures, figure{group: group, name: name, value: value, budget: "yes", over: !holds})
}

func number(v float64) string {
	if v == float64(int64(v)) {
		return strconv.FormatInt(int64(v), 10)
	}
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// sorted returns the figures by group, in the order of the groups' first figures.
func (r *report) sorted() []figure {
	var groups []string
	for _, f := range r.figures {
		if !slices.Contains(groups, f.group) {
			groups = append(groups, f.group)
		}
	}
	return slices.SortedStableFunc(slices.Values(r.figures), func(a, b figure) int {
		return slices.Index(groups, a.group) - slices.Index(groups, b.group)
	})
}

var errOver = errors.New("figures are over their budgets")

// print prints the table. Errors: errOver.
func (r *report) print(w io.Writer) error {
	over := 0
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	group := ""
	for _, f := range r.sorted() {
		if f.group != group {
			group = f.group
			fmt.Fprintf(t, "\n%s\n", group)
		}
		if f.verdict() == "OVER" {
			over++
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", f.name, f.value, f.budget, f.verdict())
	}
	fmt.Fprintln(t)
	if err := t.Flush(); err != nil {
		return err
	}
	if over > 0 {
		return fmt.Errorf("%d %w", over, errOver)
	}
	return nil
}
