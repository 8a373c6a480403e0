package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

func TestABusyPortIsNamed(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	port := busy.Addr().(*net.TCPAddr).Port
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
	// What was free is free again.
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port-1))
	if err == nil {
		l.Close()
	}
}
