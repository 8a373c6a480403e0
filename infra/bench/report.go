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

// acceptance is a figure that may be over its budget.
type acceptance struct {
	name  string // <group>: <name>; with a final *, all that begin like this
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

// accept reads the figures that may be over their budgets, with bounds of their own: infra/bench/accepted.txt.
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

// unused returns an error for an acceptance that meets no figure: it is misspelt, or no longer measured.
func (r *report) unused() error {
	for _, a := range r.accepted {
		if !a.used {
			return fmt.Errorf("accepted.txt names %q, which is no figure", a.name)
		}
	}
	return nil
}

// figure is one thing measured. Without a budget it is shown but not judged.
type figure struct {
	group, name string
	value       string
	budget      string
	over        bool
	why         string // why it may be over; "" if it may not
	noisy       bool   // taken while the machine was too busy to judge it
}

// verdict says how a figure compares to its budget. Only "OVER" fails the bench.
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
			break // the first one that meets it
		}
	}
	r.figures = append(r.figures, f)
}

// mostTimed adds a figure that depends on what else the machine does: when that is too much, it is not judged.
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
