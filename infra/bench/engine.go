package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"clientele/shared/store/storetest"
)

// startEngine returns DynamoDB Local: the one that the environment names, else one that it starts.
func startEngine(ctx context.Context, root string) (engine storetest.Engine, stop func(), err error) {
	engine = storetest.DynamoDBLocal()
	if engine.Endpoint != "" {
		return engine, func() {}, nil
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return engine, nil, err
	}
	port := strconv.Itoa(free.Addr().(*net.TCPAddr).Port)
	if err := free.Close(); err != nil {
		return engine, nil, err
	}
	step("starting DynamoDB Local")
	cmd := exec.CommandContext(ctx, filepath.Join(root, "infra", "dynamodb-local", "start.sh"), port)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		return engine, nil, err
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	stop = func() {
		_ = cmd.Process.Kill() // its data is in memory
		if err := <-exited; err == nil {
			step("DynamoDB Local had ended by itself")
		}
	}
	for deadline := time.Now().Add(5 * time.Minute); ; { // the first time it downloads 51 MB
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			engine.Endpoint = "http://127.0.0.1:" + port
			return engine, stop, conn.Close()
		}
		select {
		case err := <-exited:
			return engine, nil, fmt.Errorf("DynamoDB Local ended: %w", err)
		case <-ctx.Done():
			stop()
			return engine, nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			stop()
			return engine, nil, errors.New("DynamoDB Local does not answer")
		}
	}
}
