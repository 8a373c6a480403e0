package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"clientele/shared/store/storetest"
)

// builds makes binaries as template.yaml ships them (see the Makefile).
type builds struct{ root, dir string }

// isAPI says whether a function serves the API; the others are pages and event functions, with looser budgets (design
// 4).
func isAPI(function string) bool {
	return slices.Contains([]string{"customers", "users", "groups", "invitations", "registrations", "approvals", "settings", "exports", "imports", "signin", "profile"}, function)
}

// changesAccounts says whether a function may link Cognito's client, sendsMail whether it may link SES's.
func changesAccounts(function string) bool {
	return slices.Contains([]string{"signin", "invitations", "users", "profile", "portal", "console"}, function)
}

func sendsMail(function string) bool {
	return slices.Contains([]string{"notify", "sweep-outbox"}, function)
}

// findFunctions returns the root of the checkout and the functions that have a main.go.
func findFunctions() (root string, functions []string, err error) {
	template, err := storetest.Template()
	if err != nil {
		return "", nil, err
	}
	root = filepath.Dir(template)
	mains, err := filepath.Glob(filepath.Join(root, "functions", "*", "main.go"))
	if err != nil {
		return "", nil, err
	}
	for _, m := range mains {
		functions = append(functions, filepath.Base(filepath.Dir(m)))
	}
	return root, functions, nil
}

func (b builds) binary(function, arch string) string {
	return filepath.Join(b.dir, arch, function)
}

// megabyte is 2^20 bytes, as in Lambda's limits and logs, and so in the budgets.
const megabyte = 1 << 20

// all builds the functions and the empty one for this machine.
func (b builds) all(ctx context.Context, functions []string) error {
	packages := []string{"./infra/bench/empty"}
	for _, f := range functions {
		packages = append(packages, "./functions/"+f)
	}
	return b.build(ctx, runtime.GOOS, runtime.GOARCH, packages)
}

func (b builds) build(ctx context.Context, system, arch string, packages []string) error {
	dir := filepath.Join(b.dir, arch)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-tags=lambda.norpc,nethttpomithttp2", "-ldflags=-s -w", "-o", dir}, packages...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = b.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOOS="+system, "GOARCH="+arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build for %s: %w\n%s", arch, err, out)
	}
	return nil
}

// measure reports the sizes on arm64 and what is linked.
func (b builds) measure(ctx context.Context, r *report, functions []string) error {
	step("building for arm64")
	var packages []string
	for _, f := range functions {
		packages = append(packages, "./functions/"+f)
	}
	if err := b.build(ctx, "linux", "arm64", packages); err != nil {
		return err
	}
	for _, f := range functions {
		info, err := os.Stat(b.binary(f, "arm64"))
		if err != nil {
			return err
		}
		budget := 10.5
		if isAPI(f) {
			budget = 8.5
		}
		r.most("size of the stripped arm64 binary", f, float64(info.Size())/megabyte, budget, " MB")
	}
	for _, f := range functions {
		linked, err := b.linked(ctx, f)
		if err != nil {
			return err
		}
		r.must("linked code: nothing that the function has no use for", f, len(linked) == 0, strings.Join(linked, " "))
	}
	return nil
}

// linked returns the packages that a function links although the rules forbid it.
func (b builds) linked(ctx context.Context, function string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-tags=lambda.norpc,nethttpomithttp2", "./functions/"+function)
	cmd.Dir = b.root
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.Join(err, errors.New(complaint.String()))
	}
	const sdk = "github.com/aws/aws-sdk-go-v2/"
	refused := []string{sdk + "config", sdk + "service/sso", sdk + "service/ssooidc", sdk + "service/signin", "golang.org/x/text/collate"}
	if !changesAccounts(function) {
		refused = append(refused, sdk+"service/cognitoidentityprovider")
	}
	if !sendsMail(function) {
		refused = append(refused, sdk+"service/sesv2")
	}
	var found []string
	for p := range strings.Lines(string(out)) {
		if p = strings.TrimSpace(p); slices.Contains(refused, p) {
			found = append(found, p)
		}
	}
	return found, nil
}
