// Command testreport reads `go test -json` and prints what people want to know: each package as it ends, the full
// output of failures, what tests measured, what was skipped, and at the end one line "N passed, M failed". It fails
// when something failed or nothing ran.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	counts := flag.String("counts", "", "file to write \"passed failed\" to")
	flag.Parse()
	r := newReport(os.Stdout)
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
	passed, failed := r.summary()
	if *counts != "" {
		if err := os.WriteFile(*counts, fmt.Appendf(nil, "%d %d\n", passed, failed), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "testreport:", err)
			os.Exit(2)
		}
	}
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}

// figureWord begins a measurement of a test, which people want to see even though the test passes.
const figureWord = "figure: "

// event is a line of `go test -json`; see `go doc test2json`.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Elapsed    float64
	Output     string
}

type report struct {
	out     io.Writer
	results map[string]map[string]string // package → test → pass, fail or skip; "" is the package itself
	output  map[string]*strings.Builder  // by package and test
	built   map[string]*strings.Builder  // compiler output by import path
}

func newReport(out io.Writer) *report {
	return &report{out, map[string]map[string]string{}, map[string]*strings.Builder{}, map[string]*strings.Builder{}}
}

func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
				fmt.Fprint(r.out, line) // go's own messages, for example about a missing module
			} else {
				r.take(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) take(e event) {
	switch e.Action {
	case "build-output":
		add(r.built, e.ImportPath, e.Output)
	case "output":
		add(r.output, e.Package+" "+e.Test, e.Output)
		if _, figure, ok := strings.Cut(e.Output, figureWord); ok {
			fmt.Fprintf(r.out, "     %s: %s\n", e.Test, strings.TrimSpace(figure))
		}
	case "pass", "fail", "skip":
		if r.results[e.Package] == nil {
			r.results[e.Package] = map[string]string{}
		}
		r.results[e.Package][e.Test] = e.Action
		if e.Test == "" {
			r.packageEnds(e)
		} else if e.Action == "fail" {
			fmt.Fprintf(r.out, "--- FAIL %s %s (%.1f s)\n%s", e.Package, e.Test, e.Elapsed, text(r.output, e.Package+" "+e.Test))
		}
	}
}

func (r *report) packageEnds(e event) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(r.out, "ok   %s (%.1f s)\n", e.Package, e.Elapsed)
	case "fail":
		for path, words := range r.built {
			if path == e.Package || strings.HasPrefix(path, e.Package+" ") {
				fmt.Fprint(r.out, words.String())
			}
		}
		fmt.Fprintf(r.out, "%sFAIL %s (%.1f s)\n", text(r.output, e.Package+" "), e.Package, e.Elapsed)
	}
}

// summary counts tests without subtests. It counts a failed package or parent once if nothing inside it failed: a
// broken build and a panic count too.
func (r *report) summary() (passed, failed int) {
	var skipped []string
	for pkg, tests := range r.results {
		for name, result := range tests {
			inside := func(wanted string) bool {
				for other, otherResult := range tests {
					if other != name && (name == "" || strings.HasPrefix(other, name+"/")) && (wanted == "" || otherResult == wanted) {
						return true
					}
				}
				return false
			}
			switch {
			case result == "fail":
				if !inside("fail") {
					failed++
				}
			case name == "" || inside(""):
			case result == "pass":
				passed++
			case result == "skip":
				skipped = append(skipped, pkg+" "+name)
			}
		}
	}
	if len(skipped) > 0 {
		slices.Sort(skipped)
		fmt.Fprintf(r.out, "skipped (%d):\n  %s\n", len(skipped), strings.Join(skipped, "\n  "))
	}
	fmt.Fprintf(r.out, "%d passed, %d failed\n", passed, failed)
	return passed, failed
}

func add(to map[string]*strings.Builder, key, s string) {
	if to[key] == nil {
		to[key] = &strings.Builder{}
	}
	to[key].WriteString(s)
}

func text(from map[string]*strings.Builder, key string) string {
	if from[key] == nil {
		return ""
	}
	return from[key].String()
}
