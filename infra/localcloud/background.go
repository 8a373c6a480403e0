package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// start runs this program again in the background and returns once stack.json exists.
func start(ctx context.Context, opts options) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	logFile := opts.log("run")
	out, err := os.Create(logFile)
	if err != nil {
		return err
	}
	defer out.Close()
	unlock, err := tryLock(opts.file("run.lock"))
	if errors.Is(err, errLocked) {
		return fmt.Errorf("it already runs here (see %s); end it with `make stop`", opts.file("stack.json"))
	}
	if err != nil {
		return err
	}
	os.Remove(opts.file("stack.json"))
	unlock()

	cmd := exec.Command(self, "run")
	cmd.Dir = opts.checkout
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // its log says why it ended
		close(ended)
	}()

	show, err := os.Open(logFile)
	if err != nil {
		return err
	}
	defer show.Close()
	for {
		_, _ = io.Copy(os.Stdout, show) // what is new in the log
		if _, err := os.Stat(opts.file("stack.json")); err == nil {
			time.Sleep(50 * time.Millisecond) // the addresses are printed right afterwards
			_, _ = io.Copy(os.Stdout, show)
			return nil
		}
		select {
		case <-ended:
			_, _ = io.Copy(os.Stdout, show)
			return fmt.Errorf("the start failed, see %s", logFile)
		case <-ctx.Done():
			_ = cmd.Process.Signal(syscall.SIGTERM)
			<-ended
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// stop ends what run or start began, or a local cloud that a crash left behind.
func stop(ctx context.Context, opts options) error {
	file := opts.file("run.lock")
	unlock, err := tryLock(file)
	if errors.Is(err, errLocked) {
		pid, err := readPID(opts.file("run.pid"))
		if err != nil {
			return err
		}
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			return fmt.Errorf("process %d: %w", pid, err)
		}
		patient, cancel := context.WithTimeout(ctx, 40*time.Second)
		defer cancel()
		unlock, err = lock(patient, file)
		if err != nil {
			return fmt.Errorf("process %d does not end: %w", pid, err)
		}
		unlock()
		fmt.Println("stopped, the data is kept")
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	os.Remove(opts.file("stack.json"))
	found, err := endLeftover(ctx, opts)
	if err == nil && !found {
		fmt.Println("nothing runs here")
	}
	return err
}

// endLeftover ends the local cloud of a run that was killed. Call it with the lock held.
func endLeftover(ctx context.Context, opts options) (found bool, err error) {
	pid, err := readPID(opts.file("cloud.pid"))
	if err != nil || !isMinistack(pid) {
		os.Remove(opts.file("cloud.pid"))
		return false, nil
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return true, fmt.Errorf("local cloud, process %d: %w", pid, err)
	}
	for deadline := time.Now().Add(20 * time.Second); isMinistack(pid); {
		if time.Now().After(deadline) {
			return true, fmt.Errorf("local cloud, process %d, does not end", pid)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return true, err
		}
	}
	os.Remove(opts.file("cloud.pid"))
	fmt.Println("· ended a local cloud that a killed run had left; its data is kept")
	return true, nil
}

func readPID(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// isMinistack says whether a process is MiniStack, so that we do not end somebody else's process with the same number.
func isMinistack(pid int) bool {
	out, err := exec.Command("ps", "-p", strconv.Itoa(pid), "-o", "args=").Output()
	return err == nil && strings.Contains(string(out), "ministack") && !strings.Contains(string(out), "<defunct>")
}
