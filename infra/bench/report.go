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
	accepted map[string]float64 // by name: up to where a figure may be over its budget
}

// accept reads the figures that are known to be over, with their own bounds: infra/bench/accepted.txt.
func (r *report) accept(file string) error {
	lines, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	r.accepted = map[string]float64{}
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
		r.accepted[strings.TrimSpace(fields[0])] = bound
	}
	return nil
}

// figure is one thing measured. Without a budget it is told and judged by nobody.
type figure struct {
	group, name string
	value       string
	budget      string
	over        bool
	accepted    bool
}

// most adds a figure that may be at most budget.
func (r *report) most(group, name string, value, budget float64, unit string) {
	bound, accepted := r.accepted[name]
	r.figures = append(r.figures, figure{group, name, number(value) + unit, "≤ " + number(budget) + unit, value > budget, accepted && value <= bound})
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

var errOver = errors.New("figures are over their budgets")

// print prints the table. Errors: errOver.
func (r *report) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var groups []string // in the order of their first figures
	for _, f := range r.figures {
		if !slices.Contains(groups, f.group) {
			groups = append(groups, f.group)
		}
	}
	slices.SortStableFunc(r.figures, func(a, b figure) int { return slices.Index(groups, a.group) - slices.Index(groups, b.group) })
	group, over := "", 0
	for _, f := range r.figures {
		if f.group != group {
			group = f.group
			fmt.Fprintf(t, "\n%s\n", group)
		}
		verdict := ""
		switch {
		case f.over && f.accepted:
			verdict = "over, accepted"
		case f.over:
			verdict = "OVER"
			over++
		case f.budget != "":
			verdict = "ok"
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", f.name, f.value, f.budget, verdict)
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
