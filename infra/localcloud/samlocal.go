package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// samLocal runs the API in containers, whose functions use the running local cloud. It leaves out the pages:
// `sam local` merges the HTTP APIs into one, and both pages want $default.
func samLocal(ctx context.Context, opts options) error {
	port := opts.base + 5
	args := []string{"local", "start-api", "--host", "127.0.0.1", "--port", strconv.Itoa(port), "--warm-containers", "LAZY"}
	probe, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return fmt.Errorf("port %d is taken%s", port, owner(port))
	}
	probe.Close()
	cmd, end, err := samLocalCommand(ctx, opts, args)
	if err != nil {
		return err
	}
	defer end()
	file := opts.file("sam-local.json")
	os.Remove(file)
	defer os.Remove(file)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	address := fmt.Sprintf("http://127.0.0.1:%d", port)
	for announced := false; ; {
		if !announced && accepts(port) {
			announced = true
			if err := writeJSON(file, map[string]string{"api": address}); err != nil {
				return err
			}
			fmt.Printf("\n  API in containers  %s   (Ctrl-C stops)\n\n", address)
		}
		select {
		case err := <-ended:
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("sam local ended: %w", err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// samInvoke runs one function once in a container, with an event from a file.
func samInvoke(ctx context.Context, opts options, function, event string) error {
	cmd, end, err := samLocalCommand(ctx, opts, []string{"local", "invoke", function, "--event", event})
	if err != nil {
		return err
	}
	defer end()
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// samLocalCommand prepares a `sam local` command: binaries, a way from containers to the local cloud, and the deployed
// functions' own environment.
func samLocalCommand(ctx context.Context, opts options, args []string) (cmd *exec.Cmd, end func(), err error) {
	if _, err := os.Stat(opts.file("stack.json")); err != nil {
		return nil, nil, errors.New("the local cloud does not run here: `make start` (or `make run` elsewhere) first, with the same PORT and LOCAL_DIR")
	}
	t, b, err := prepare(ctx, opts, forContainers)
	if err != nil {
		return nil, nil, err
	}
	found, err := findContainers(ctx, opts)
	if err != nil {
		return nil, nil, err
	}
	vars, err := environments(ctx, opts)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	if found.host != "" {
		port := strconv.Itoa(opts.base + 4)
		go forward(ctx, net.JoinHostPort(found.host, port), net.JoinHostPort("127.0.0.1", port))
	}
	args = append(args, "--template", b.template, "--env-vars", vars, "--parameter-overrides", "Architecture="+architecture())
	cmd = exec.CommandContext(ctx, t.path("sam"), append(args, found.args...)...)
	cmd.Dir = opts.checkout
	cmd.Env = append(append(cleanEnv(), localAWS("")...), found.env...)
	// It has a process group of its own and is asked to end by SIGINT, so that sam removes its containers.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	return cmd, cancel, nil
}

// environments writes the deployed functions' variables into a file for `sam local`, with the local cloud's address as
// containers see it.
func environments(ctx context.Context, opts options) (string, error) {
	c := newClients(opts)
	ids, err := resources(ctx, c)
	if err != nil {
		return "", err
	}
	vars := map[string]map[string]string{}
	for logical, physical := range ids {
		if !strings.HasSuffix(logical, "Function") {
			continue
		}
		out, err := c.functions.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &physical})
		if err != nil {
			return "", fmt.Errorf("%s: %w", logical, err)
		}
		vars[logical] = map[string]string{}
		if out.Environment != nil {
			vars[logical] = out.Environment.Variables
		}
		vars[logical]["AWS_ENDPOINT_URL"] = fmt.Sprintf("http://%s:%d", hostName, opts.base+4)
	}
	file := opts.file("sam-local-env.json")
	text, err := json.MarshalIndent(vars, "", "  ")
	if err != nil {
		return "", err
	}
	return file, os.WriteFile(file, text, 0o600)
}

func accepts(port int) bool {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
