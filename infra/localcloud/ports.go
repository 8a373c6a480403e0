package main

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
)

// listen takes the four ports of the doors; it only checks the fifth, which MiniStack takes itself. All are on the
// loopback address only.
func listen(opts options) ([]net.Listener, error) {
	var taken []net.Listener
	var busy []error
	for i := range 5 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", opts.base+i))
		if err != nil {
			busy = append(busy, fmt.Errorf("port %d is taken%s", opts.base+i, owner(opts.base+i)))
			continue
		}
		taken = append(taken, l)
	}
	if len(busy) > 0 {
		for _, l := range taken {
			l.Close()
		}
		busy = append(busy, errors.New("free it, or move all ports with PORT=, for example PORT=18000"))
		return nil, errors.Join(busy...)
	}
	taken[4].Close()
	return taken[:4], nil
}

// owner names the process that listens on a port, if lsof or ss can tell.
func owner(port int) string {
	out, err := exec.Command("lsof", "-nP", "-iTCP:"+strconv.Itoa(port), "-sTCP:LISTEN", "-Fpc").Output()
	if err == nil {
		var pid, name string
		for line := range strings.Lines(string(out)) {
			line = strings.TrimSpace(line)
			if p, ok := strings.CutPrefix(line, "p"); ok {
				pid = p
			}
			if c, ok := strings.CutPrefix(line, "c"); ok {
				name = c
			}
		}
		if pid != "" {
			return fmt.Sprintf(" by %s (process %s)", name, pid)
		}
	}
	out, err = exec.Command("ss", "-ltnpH", "sport = :"+strconv.Itoa(port)).Output()
	if err == nil {
		// users:(("name",pid=123,fd=6))
		_, users, found := strings.Cut(string(out), `users:(("`)
		name, rest, _ := strings.Cut(users, `",pid=`)
		pid, _, _ := strings.Cut(rest, ",")
		if found && pid != "" {
			return fmt.Sprintf(" by %s (process %s)", name, pid)
		}
	}
	return ""
}
