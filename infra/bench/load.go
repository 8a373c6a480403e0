package main

import (
	"fmt"
	"os"
	"runtime"
)

// overloaded says whether more than two processes wait for each core, so that times say nothing about the functions. It
// uses the average of the last minute (on Linux; elsewhere nothing is known, and times are judged).
func overloaded() bool {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return false
	}
	var load float64
	if _, err := fmt.Sscan(string(b), &load); err != nil {
		return false
	}
	return load > 2*float64(runtime.NumCPU())
}
