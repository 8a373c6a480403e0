package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"clientele/shared/membership"
)

// mostGrowth is how many times the memory of one half a process may hold in the next.
const mostGrowth = 1.1

// growth returns how the last of several halves compares to the one before.
func growth(held []float64) float64 { return held[len(held)-1] / held[len(held)-2] }

// memory sends many list pages to one process and measures what it holds, how long it computes and what it logs. It
// needs Linux's /proc.
func (m *machine) memory(ctx context.Context, r *report, requests int) error {
	const group = "one process, list pages of 50"
	if _, err := os.Stat("/proc/self/status"); err != nil {
		r.tell(group, "memory", "only on Linux")
		return nil
	}
	step("sending %d requests to one process", requests)
	c, err := m.newCrowd(ctx, 60) // more than a page
	if err != nil {
		return err
	}
	defer c.close(ctx)
	p, err := c.on(ctx, "users", m.cloud.token(c.staff.ID, membership.ConsoleDoor))
	if err != nil {
		return err
	}
	// The most that is held in each half, from looks at every tenth request, because a single look can fall anywhere
	// between two runs of the collector. A collector that was late once has grown the heap for good; a leak goes on. So
	// when memory has grown, another half follows, and the figure is the growth over the last one.
	var held []float64
	var computed time.Duration
	warm, sent := requests/10, 0
	logged := int64(0)
	for half := 0; half < 2 || growth(held) > mostGrowth && half < 6; half++ {
		held = append(held, 0)
		for range requests / 2 {
			if sent == warm {
				if computed, err = p.computed(); err != nil {
					return err
				}
				logged = p.log.n.Load()
			}
			if sent >= warm && sent%10 == 0 {
				now, err := p.resident()
				if err != nil {
					return err
				}
				held[half] = max(held[half], now)
			}
			if _, err := p.request(ctx, "GET", "/users?limit=50", nil); err != nil {
				return err
			}
			sent++
		}
	}
	m.cloud.take()
	after, err := p.computed()
	if err != nil {
		return err
	}
	r.tell(group, "requests", strconv.Itoa(sent))
	r.most(group, "resident memory", slices.Max(held), 40, " MB")
	r.most(group, "growth over the second half", growth(held), mostGrowth, " ×")
	r.most(group, "log of a request", float64(p.log.n.Load()-logged)/float64(sent-warm), 400, " B")
	r.tell(group, "processor time of a page, runtime API and garbage collection included", number((after-computed).Seconds()*1000/float64(sent-warm))+" ms")
	return nil
}

// resident returns the resident memory of the process in MB.
func (p *process) resident() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	kilobytes, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	return kilobytes * 1024 / megabyte, err
}

// computed returns the processor time that the process has used, in steps of 10 ms (proc(5): utime and stime).
func (p *process) computed() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), ") ") // the name before may contain spaces
	fields := strings.Fields(rest)
	user, errUser := strconv.Atoi(fields[11])
	system, errSystem := strconv.Atoi(fields[12])
	if errUser != nil || errSystem != nil {
		return 0, fmt.Errorf("/proc: %q", rest)
	}
	return time.Duration(user+system) * 10 * time.Millisecond, nil
}
