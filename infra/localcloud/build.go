package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// goFlags are the flags that functions are built with, here and on AWS (the Makefile repeats them). The version control
// stamp would change every binary with every commit.
const goFlags = "-trimpath -tags=lambda.norpc,nethttpomithttp2 -buildvcs=false '-ldflags=-s -w'"

// build is the result of `sam build`: a template next to the binaries, with the hash of everything that went into it.
type build struct {
	template string
	hash     string
}

// Where binaries will run. On Linux both are the same.
const (
	asProcesses   = "build"
	forContainers = "build-containers"
)

// prepare installs the tools and builds every function, unless their sources are those of the last build. Compiling
// takes longest and needs none of the tools, so it runs while they are installed.
func prepare(ctx context.Context, opts options, where string) (tools, build, error) {
	if runtime.GOOS == "linux" {
		where = asProcesses
	}
	dir := filepath.Join(opts.tools, where)
	hash, err := sourceHash(opts)
	if err != nil {
		return tools{}, build{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var compiling sync.WaitGroup
	var failed error
	if last, err := os.ReadFile(filepath.Join(dir, "built")); err != nil || string(last) != hash {
		compiling.Go(func() { failed = compile(ctx, opts) })
	}
	t, err := findTools(ctx, opts)
	if err != nil {
		cancel()
		compiling.Wait()
		return tools{}, build{}, err
	}
	b, err := buildFunctions(ctx, opts, t, dir, hash, func() error { compiling.Wait(); return failed })
	cancel()
	return t, b, err
}

func buildEnv(opts options) []string {
	return append(append(cleanEnv(), localAWS(opts.endpoint())...), "CGO_ENABLED=0", "GOFLAGS="+goFlags)
}

// compile fills Go's cache with all packages of the functions, in one process: `sam build` starts one build per
// function at the same time, and with an empty cache each would compile everything. It does not link, because
// `sam build` does that anyway.
func compile(ctx context.Context, opts options) error {
	return job(ctx, opts.checkout, opts.log("compile"), append(buildEnv(opts), "GOOS=linux"), "go", "list", "-export", "-f", `{{""}}`, "./functions/...")
}

// buildFunctions builds every function into dir, unless what is there has this hash. It waits for compiled.
func buildFunctions(ctx context.Context, opts options, t tools, dir, hash string, compiled func() error) (build, error) {
	built := build{template: filepath.Join(dir, "template.yaml"), hash: hash}
	unlock, err := lock(ctx, filepath.Join(opts.tools, "build.lock"))
	if err != nil {
		return build{}, err
	}
	defer unlock()
	stamp := filepath.Join(dir, "built")
	if last, err := os.ReadFile(stamp); err == nil && string(last) == hash {
		return built, nil
	}
	os.Remove(stamp)
	err = step("building the functions (the first time takes some minutes)", func() error {
		if err := compiled(); err != nil {
			return err
		}
		env := buildEnv(opts)
		err := job(ctx, opts.checkout, opts.log("build"), env, t.path("sam"), "build", "--parallel",
			"--build-dir", dir, "--parameter-overrides", "Architecture="+architecture())
		if err != nil || runtime.GOOS == "linux" || filepath.Base(dir) == forContainers {
			return err
		}
		return buildForHost(ctx, opts, dir, env)
	})
	if err != nil {
		return build{}, err
	}
	return built, os.WriteFile(stamp, []byte(hash), 0o644)
}

// buildForHost replaces the Linux binaries with this system's own: the local cloud runs functions as plain processes.
func buildForHost(ctx context.Context, opts options, dir string, env []string) error {
	functions, err := os.ReadDir(filepath.Join(opts.checkout, "functions"))
	if err != nil {
		return err
	}
	for _, f := range functions {
		if !f.IsDir() {
			continue
		}
		out := filepath.Join(dir, logicalID(f.Name()), "bootstrap")
		err := job(ctx, opts.checkout, opts.log("build"), env, "go", "build", "-o", out, "./functions/"+f.Name())
		if err != nil {
			return err
		}
	}
	return nil
}

// logicalID returns a function's name in template.yaml: for sweep-outbox, SweepOutboxFunction.
func logicalID(name string) string {
	var id strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		id.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return id.String() + "Function"
}

// sourceHash returns a hash of everything that the binaries and the template are made from.
func sourceHash(opts options) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, goFlags, architecture(), goVersion())
	for _, name := range []string{"go.mod", "go.sum", "template.yaml", "functions", "shared"} {
		err := filepath.WalkDir(filepath.Join(opts.checkout, name), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				if d.Name() == "testdata" {
					return fs.SkipDir
				}
				return nil
			}
			if strings.HasSuffix(path, "_test.go") || !d.Type().IsRegular() {
				return nil
			}
			return hashFile(sum, opts.checkout, path)
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func hashFile(sum io.Writer, root, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	fmt.Fprintln(sum, name, info.Size())
	_, err = io.Copy(sum, f)
	return err
}
