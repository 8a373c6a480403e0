package main

import (
	"fmt"
	"os"
	"time"
)

// step says what begins, shows on a terminal how long it takes, and says when it is done. A step of less than half a
// second stays one quiet line.
func step(what string, do func() error) error {
	began := time.Now()
	stop := make(chan struct{})
	done := make(chan struct{})
	live := isTerminal(os.Stdout)
	if !live {
		fmt.Println("·", what)
	} else {
		fmt.Print("· ", what)
	}
	go func() {
		defer close(done)
		interval := 10 * time.Second
		if live {
			interval = time.Second
		}
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				if live {
					fmt.Printf("\r· %s … %s ", what, seconds(began))
				} else {
					fmt.Printf("  … %s: %s\n", what, seconds(began))
				}
			}
		}
	}()
	err := do()
	close(stop)
	<-done
	took := time.Since(began)
	switch {
	case err != nil && live:
		fmt.Printf("\r✗ %s (%s)\n", what, seconds(began))
	case err != nil:
		fmt.Printf("✗ %s (%s)\n", what, seconds(began))
	case live:
		fmt.Printf("\r✓ %s (%s)    \n", what, seconds(began))
	case took > 500*time.Millisecond:
		fmt.Printf("✓ %s (%s)\n", what, seconds(began))
	}
	return err
}

func seconds(since time.Time) string {
	return fmt.Sprintf("%.0f s", time.Since(since).Seconds())
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
