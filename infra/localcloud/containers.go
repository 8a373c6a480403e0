package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// How a container names the machine that it runs on.
const hostName = "host.docker.internal"

// containers say how `sam local` runs functions, and how these reach the local cloud.
type containers struct {
	env  []string // what the container client needs, for example DOCKER_HOST
	args []string // for sam local
	host string   // this machine's address as containers see it; empty where host.docker.internal is built in
}

// findContainers uses Docker, or the substitute script next to the checkout.
func findContainers(ctx context.Context, opts options) (containers, error) {
	if exec.CommandContext(ctx, "docker", "info").Run() == nil {
		if runtime.GOOS == "darwin" {
			return containers{}, nil // Docker Desktop lets containers reach the loopback address
		}
		out, err := exec.CommandContext(ctx, "docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}").Output()
		host := strings.TrimSpace(string(out))
		if err != nil || host == "" {
			return containers{}, errors.New("docker network inspect bridge names no gateway: functions in containers could not reach the local cloud")
		}
		return containers{host: host, args: []string{"--add-host", hostName + ":" + host}}, nil
	}
	script := filepath.Join(filepath.Dir(opts.checkout), "shared", "container-engine.sh")
	if _, err := os.Stat(script); err != nil {
		return containers{}, errors.New("Docker does not answer: install it from https://docs.docker.com/get-docker/ or start it (`docker info` tells)")
	}
	var settings []byte
	err := step("preparing a container engine", func() error {
		cmd := exec.CommandContext(ctx, script)
		cmd.Dir = "/" // the engine that it starts outlives us, and starts no container once its folder is deleted
		var problems bytes.Buffer
		cmd.Stderr = &problems
		var err error
		if settings, err = cmd.Output(); err != nil {
			return fmt.Errorf("%s: %w\n%s", script, err, problems.String())
		}
		return nil
	})
	if err != nil {
		return containers{}, err
	}
	// The script prints lines like `export NAME=value`.
	found := containers{args: []string{"--skip-pull-image"}}
	for lines := bufio.NewScanner(bytes.NewReader(settings)); lines.Scan(); {
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		if name == "CONTAINER_HOST_IP" {
			found.host = value
			found.args = append(found.args, "--add-host", hostName+":"+value)
			continue
		}
		found.env = append(found.env, name+"="+value)
	}
	return found, nil
}
