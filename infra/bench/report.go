package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
)

// report is the table that the bench prints.
type report struct{ figures []figure }

// figure is one thing measured. Without a budget it is told and judged by nobody.
type figure struct {
	group, name string
	value       string
	budget      string
	over        bool
}

// most adds a figure that may be at most budget.
func (r *report) most(group, name string, value, budget float64, unit string) {
	r.figures = append(r.figures, figure{group, name, number(value) + unit, "≤ " + number(budget) + unit, value > budget})
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
	r.figures = append(r.figures, figure{group, name, value, "yes", !holds})
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
