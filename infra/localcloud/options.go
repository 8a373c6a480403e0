package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
)

// The region that the local cloud claims to be in. Any would do; it is not the SDK's default, so that a client without
// a region fails here and not only on AWS.
const region = "eu-central-1"

const (
	stackName     = "clientele"
	senderAddress = "no-reply@clientele.example"
	adminEmail    = "admin@clientele.example"
)

// options say what to run and where.
type options struct {
	checkout string // directory of go.mod
	tools    string // pinned tools and builds, shared by all state directories of a checkout
	state    string // LOCAL_DIR: data, logs and stack.json of this local cloud
	base     int    // PORT: the console's port; the others follow
	reset    bool   // RESET=1: forget the data first
	iam      bool   // ENFORCE_IAM=1: functions may do only what their roles grant
	bare     bool   // BARE=1: no administrator and no demo data
}

func readOptions() (options, error) {
	checkout, err := findCheckout()
	if err != nil {
		return options{}, err
	}
	opts := options{
		checkout: checkout,
		tools:    filepath.Join(checkout, ".local"),
		state:    filepath.Join(checkout, ".local"),
		base:     8400,
		reset:    flag("RESET"),
		iam:      flag("ENFORCE_IAM"),
		bare:     flag("BARE"),
	}
	if dir := os.Getenv("LOCAL_DIR"); dir != "" {
		if opts.state, err = filepath.Abs(dir); err != nil {
			return options{}, err
		}
	}
	if text := os.Getenv("PORT"); text != "" {
		opts.base, err = strconv.Atoi(text)
		if err != nil || opts.base < 1024 || opts.base > 65530 {
			return options{}, fmt.Errorf("PORT=%s: want a number from 1024 to 65530", text)
		}
	}
	return opts, os.MkdirAll(filepath.Join(opts.state, "logs"), 0o755)
}

func flag(name string) bool {
	v := os.Getenv(name)
	return v != "" && v != "0"
}

func findCheckout() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "template.yaml")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no template.yaml here or above: run this inside the checkout")
		}
		dir = up
	}
}

// The doors use localhost, because there browsers accept __Host- cookies without TLS.
func (o options) console() string  { return fmt.Sprintf("http://localhost:%d", o.base) }
func (o options) portal() string   { return fmt.Sprintf("http://localhost:%d", o.base+1) }
func (o options) api() string      { return fmt.Sprintf("http://localhost:%d", o.base+2) }
func (o options) mailbox() string  { return fmt.Sprintf("http://localhost:%d", o.base+3) }
func (o options) endpoint() string { return fmt.Sprintf("http://127.0.0.1:%d", o.base+4) }

// nameServer uses the mailbox's port, over UDP.
func (o options) nameServer() string { return fmt.Sprintf("127.0.0.1:%d", o.base+3) }

func (o options) file(name string) string { return filepath.Join(o.state, name) }
func (o options) log(name string) string  { return filepath.Join(o.state, "logs", name+".log") }

// architecture returns this machine's own, because functions run as its processes.
func architecture() string {
	if runtime.GOARCH == "arm64" {
		return "arm64"
	}
	return "x86_64"
}
