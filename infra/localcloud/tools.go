package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// tools are the pinned programs of infra/requirements.txt in a virtual environment inside the checkout.
type tools struct{ bin string }

func (t tools) path(name string) string { return filepath.Join(t.bin, name) }

// findTools checks for what a person must install, and installs the rest.
func findTools(ctx context.Context, opts options) (tools, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return tools{}, errors.New("Go is missing: install 1.26 or newer from https://go.dev/dl/")
	}
	venv := filepath.Join(opts.tools, "venv")
	found := tools{bin: filepath.Join(venv, "bin")}
	requirements := filepath.Join(opts.checkout, "infra", "requirements.txt")
	pinned, err := os.ReadFile(requirements)
	if err != nil {
		return tools{}, err
	}
	sum := sha256.Sum256(pinned)
	stamp, want := filepath.Join(venv, "installed"), hex.EncodeToString(sum[:])
	if got, err := os.ReadFile(stamp); err == nil && string(got) == want && runs(found.path("python"), "--version") {
		return found, nil
	}
	unlock, err := lock(ctx, filepath.Join(opts.tools, "venv.lock"))
	if err != nil {
		return tools{}, err
	}
	defer unlock()
	if got, err := os.ReadFile(stamp); err == nil && string(got) == want {
		return found, nil // somebody else was faster
	}
	python, err := findPython(ctx)
	if err != nil {
		return tools{}, err
	}
	err = step("installing MiniStack and SAM into .local/venv (once)", func() error {
		if err := job(ctx, opts.checkout, opts.log("tools"), os.Environ(), python, "-m", "venv", "--clear", venv); err != nil {
			return fmt.Errorf("%w\nOn Debian and Ubuntu: apt install python3-venv", err)
		}
		return install(ctx, opts, found, requirements)
	})
	if err != nil {
		return tools{}, err
	}
	return found, os.WriteFile(stamp, []byte(want), 0o644)
}

// install fills the virtual environment. uv does it with a tenth of pip's work; where it cannot (no program for this
// machine, or an index or certificate that only pip knows), pip does all of it.
func install(ctx context.Context, opts options, t tools, requirements string) error {
	pip := func(args ...string) error {
		args = append([]string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"}, args...)
		return job(ctx, opts.checkout, opts.log("tools"), os.Environ(), t.path("python"), args...)
	}
	err := pip("--constraint", requirements, "uv")
	if err == nil {
		err = job(ctx, opts.checkout, opts.log("tools-uv"), os.Environ(), t.path("uv"), "pip", "install", "--quiet",
			"--python", t.path("python"), "--requirement", requirements)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	return pip("--requirement", requirements)
}

func findPython(ctx context.Context) (string, error) {
	const atLeast = "import sys; sys.exit(sys.version_info < (3, 11))"
	for _, name := range []string{"python3", "python3.13", "python3.12", "python3.11", "python3.14", "python"} {
		path, err := exec.LookPath(name)
		if err == nil && exec.CommandContext(ctx, path, "-c", atLeast).Run() == nil {
			return path, nil
		}
	}
	how := "https://www.python.org/downloads/"
	switch {
	case runtime.GOOS == "darwin":
		how = "brew install python@3.13"
	case runs("apt-get", "--version"):
		how = "apt install python3 python3-venv"
	case runs("dnf", "--version"):
		how = "dnf install python3.13"
	}
	return "", errors.New("Python 3.11 or newer is missing: " + how)
}

func runs(name string, args ...string) bool {
	return exec.Command(name, args...).Run() == nil
}

func goVersion() string {
	out, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
