package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// ministack is the running local cloud.
type ministack struct {
	cmd    *exec.Cmd
	exited chan struct{}
	pid    string // file with the process id, for `stop`
}

// startMinistack starts the local cloud on the loopback address, with its data in LOCAL_DIR.
func startMinistack(ctx context.Context, opts options, t tools) (*ministack, error) {
	logFile := opts.log("cloud")
	_ = os.Rename(logFile, logFile+".before") // there may be none
	out, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(t.path("ministack"))
	cmd.Dir = opts.state
	cmd.Stdout, cmd.Stderr = out, out
	// Functions inherit this environment, so it must hold AWS_ENDPOINT_URL (or they would call the real AWS) and
	// nothing private.
	cmd.Env = append(cleanEnv(), localAWS(opts.endpoint())...)
	cmd.Env = append(cmd.Env,
		"BIND_HOST=127.0.0.1",
		"GATEWAY_PORT="+strconv.Itoa(opts.base+4),
		"MINISTACK_REGION="+region,
		"PERSIST_STATE=1", "STATE_DIR="+opts.file("cloud"),
		"S3_PERSIST=1", "S3_DATA_DIR="+opts.file("cloud-s3"),
		"AUTH="+strconv.FormatBool(opts.iam),
		// Listeners that nothing here uses, and that would not stay on the loopback address.
		"IOT_MTLS_ENABLED=0", "SFTP_ENABLED=0",
		"PYTHONUNBUFFERED=1",
	)
	// It has a process group of its own: Ctrl-C reaches it through us, after the doors are closed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	m := &ministack{cmd: cmd, exited: make(chan struct{}), pid: opts.file("cloud.pid")}
	go func() {
		_ = cmd.Wait() // its log says how it ended
		close(m.exited)
	}()
	if err := os.WriteFile(m.pid, []byte(strconv.Itoa(cmd.Process.Pid)), 0o644); err != nil {
		m.stop()
		return nil, err
	}
	deadline := time.Now().Add(60 * time.Second)
	for !answers(opts.endpoint() + "/_ministack/ready") {
		select {
		case <-m.exited:
			os.Remove(m.pid)
			return nil, fmt.Errorf("the local cloud ended while starting:\n%s", tail(logFile, 20))
		case <-ctx.Done():
			m.stop()
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			m.stop()
			return nil, fmt.Errorf("the local cloud does not answer after a minute:\n%s", tail(logFile, 20))
		}
	}
	return m, nil
}

// stop lets the local cloud save its data, then ends it and the functions that it runs.
func (m *ministack) stop() {
	_ = m.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-m.exited:
	case <-time.After(20 * time.Second):
	}
	// Functions are in the same group, so one that is still running ends too.
	_ = syscall.Kill(-m.cmd.Process.Pid, syscall.SIGKILL)
	<-m.exited
	os.Remove(m.pid)
}

func answers(url string) bool {
	client := http.Client{Timeout: 2 * time.Second}
	res, err := client.Get(url)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode < http.StatusInternalServerError
}
