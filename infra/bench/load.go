package main

import (
	"fmt"
	"os"
	"runtime"
)

// overloaded says whether more than two processes wait for each core: then times say nothing about the functions. It is
// the average of the last minute (Linux; elsewhere nothing is known, and times are judged).
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
