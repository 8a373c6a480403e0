// Command rebuild compares what follows from the records of all users, staff included, with what is stored: their rows
// in lists, search rows, projections and counters. It repairs what is missing, different or surplus, and says how much
// that was (docs/decisions/029).
//
//	go run ./infra/rebuild -check                 in the local cloud (make start): only says what it would repair
//	go run ./infra/rebuild                        the same, and repairs it
//	go run ./infra/rebuild -check -table <name>   on AWS, with the credentials and AWS_REGION of the environment
//
// It may run while users change, be stopped at any moment, and run again. It reads the whole table two or three times,
// so the credentials need dynamodb:Scan as well as Query, GetItem, BatchGetItem, PutItem, UpdateItem, DeleteItem and
// ConditionCheckItem on the table; no function has that. With -check it ends with status 1 when something is wrong.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"clientele/shared/awsclient"
	"clientele/shared/awsclient/dynamo"
	"clientele/shared/store"
)

// patience is how long search rows and counters may be behind before they are repaired: functions/project takes some
// seconds at most.
const patience = 10 * time.Second

func main() {
	check := flag.Bool("check", false, "change nothing, only say what is not right")
	table := flag.String("table", "", "the table's name, an output of the stack; that of the local cloud where it is left out")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := start(ctx, *table, *check); err != nil {
		fmt.Fprintln(os.Stderr, "rebuild:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, table string, check bool) error {
	if table == "" {
		var err error
		if table, err = local(); err != nil {
			return err
		}
	}
	settings, err := awsclient.Read()
	if err != nil {
		return err
	}
	cfg := awsclient.Config(settings)
	cfg.Retryer = func() aws.Retryer { // nobody waits for an answer, and reading a whole table at once throttles
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 12, 20*time.Second })
	}
	b := store.NewRebuild(dynamo.New(cfg), table)
	b.Check, b.Patience = check, patience
	b.Say = func(what string) { fmt.Fprintln(os.Stderr, "--", what) }
	return run(ctx, b, os.Stdout)
}

// local makes the environment that of the local cloud, and returns its table.
func local() (table string, err error) {
	dir := os.Getenv("LOCAL_DIR")
	if dir == "" {
		dir = ".local"
	}
	b, err := os.ReadFile(filepath.Join(dir, "stack.json"))
	if err != nil {
		return "", errors.Join(errors.New("no -table is given, and no local cloud is running (make start)"), err)
	}
	var stack struct{ Table, Endpoint, Region string }
	if err := json.Unmarshal(b, &stack); err != nil {
		return "", err
	}
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": stack.Endpoint, "AWS_REGION": stack.Region, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": ""} {
		if err := os.Setenv(name, value); err != nil {
			return "", err
		}
	}
	return stack.Table, nil
}

var errWrong = errors.New("not everything is right")

// run rebuilds and prints what was found. Errors: errWrong when it only checks and something is wrong.
func run(ctx context.Context, b store.Rebuild, out io.Writer) error {
	r, err := b.Run(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d users\n", r.Users)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	mended := "mended"
	if b.Check {
		mended = "to mend"
	}
	fmt.Fprintf(t, "\tright\t%s: missing\tdifferent\tsurplus\t\n", mended)
	for _, kind := range []struct {
		name string
		is   store.Tally
	}{{"rows of lists", r.Rows}, {"search rows", r.Words}, {"projections", r.Projections}, {"counters", r.Counters}} {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t\n", kind.name, kind.is.Right, kind.is.Missing, kind.is.Wrong, kind.is.Surplus)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.Busy > 0 {
		fmt.Fprintf(out, "%d counters changed each time they were counted, and were left alone: run again at a quieter hour\n", r.Busy)
	}
	if b.Check && r.Faults() > 0 {
		return errWrong
	}
	return nil
}
