// Command bench measures the figures that docs and design promise: sizes, starts, waits and capacity of use cases,
// memory. It builds the functions as they are shipped, runs them as processes behind a Lambda runtime API and a cloud
// of its own (secret, keys, sign-in; the table is DynamoDB Local), prints each figure with its budget, and fails when
// one is over.
//
//	go run ./infra/bench -quick    some two minutes: 1,000 users, 1,000 requests
//	go run ./infra/bench           100,000 users, 10,000 requests
//
// -markdown docs/budgets.md also writes the table there. MB are 2^20 bytes, as Lambda counts.
//
// Times (starts, processor time) are medians of interleaved runs; on a machine that is too busy they are printed as
// noisy and not judged. Everything else is the same on every machine and always judged.
//
// DynamoDB Local is started from infra/dynamodb-local unless CLIENTELE_DYNAMODB_LOCAL says where one is.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

// sizes of a run.
type sizes struct {
	starts   int // of each function
	requests int // to one process
	few      int // users of the small table
	many     int // users of the large one
}

func main() {
	quick := flag.Bool("quick", os.Getenv("QUICK") == "1", "a small table and few requests")
	only := flag.String("only", "", "parts to run, with commas: build, start, usecases, scale, memory, page")
	users := flag.Int("users", 0, "of the large table, where it is to be another number")
	markdown := flag.String("markdown", "", "a file to write the table to, as docs/budgets.md has it")
	flag.Parse()
	s := sizes{starts: 41, requests: 10_000, few: 1_000, many: 100_000}
	if *quick {
		s = sizes{starts: 31, requests: 1_000, few: 100, many: 1_000}
	}
	if *users > 0 {
		s.many = *users
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s, *only, *markdown); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s sizes, only, markdown string) error {
	began := time.Now()
	r := &report{}
	defer func() { fmt.Printf("took %s\n", time.Since(began).Round(time.Second)) }()
	wanted := func(part string) bool { return only == "" || strings.Contains(","+only+",", ","+part+",") }

	root, functions, err := findFunctions()
	if err != nil {
		return err
	}
	if err := r.accept(root + "/infra/bench/accepted.txt"); err != nil {
		return err
	}
	b := builds{root: root, dir: root + "/.local/bench"}
	step("building the functions")
	if err := b.all(ctx, functions); err != nil {
		return err
	}
	engine, stop, err := startEngine(ctx, root)
	if err != nil {
		return err
	}
	defer stop()
	c, err := newCloud(engine.Endpoint)
	if err != nil {
		return err
	}
	defer c.close()
	m := &machine{builds: b, cloud: c, engine: engine}

	parts := []struct {
		name string
		do   func(context.Context, *report) error
	}{
		{"build", func(ctx context.Context, r *report) error { return b.measure(ctx, r, functions) }},
		{"start", func(ctx context.Context, r *report) error { return m.starts(ctx, r, functions, s.starts) }},
		{"usecases", m.useCases},
		{"scale", func(ctx context.Context, r *report) error { return m.scale(ctx, r, s.few, s.many) }},
		{"memory", func(ctx context.Context, r *report) error { return m.memory(ctx, r, s.requests) }},
		{"page", func(ctx context.Context, r *report) error { return b.page(ctx, r, engine.Endpoint) }},
	}
	for _, p := range parts {
		if !wanted(p.name) {
			continue
		}
		if err := p.do(ctx, r); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", p.name, err), r.print(os.Stdout))
		}
	}
	if only == "" {
		if err := r.unused(); err != nil {
			return errors.Join(err, r.print(os.Stdout))
		}
	}
	if markdown != "" {
		if err := r.markdown(markdown, s); err != nil {
			return err
		}
	}
	return r.print(os.Stdout)
}

func step(format string, a ...any) { fmt.Fprintf(os.Stderr, "-- "+format+"\n", a...) }
