package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

func TestABusyPortIsNamed(t *testing.T) {
	busy, port := busyPort(t)
	defer busy.Close()
	listeners, err := listen(options{base: port - 1})
	if err == nil {
		closeAll(listeners)
		t.Fatal("a busy port was taken")
	}
	for _, want := range []string{fmt.Sprintf("port %d is taken", port), "PORT="} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	// Ports that were free are free again.
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port-1))
	if err == nil {
		l.Close()
	}
}

// busyPort listens on a port that has a free one before it; tests that run in parallel take their own ports.
func busyPort(t *testing.T) (net.Listener, int) {
	t.Helper()
	for range 100 {
		busy, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := busy.Addr().(*net.TCPAddr).Port
		before, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port-1))
		if err == nil {
			before.Close()
			return busy, port
		}
		busy.Close()
	}
	t.Fatal("found no two ports side by side")
	return nil, 0
}
