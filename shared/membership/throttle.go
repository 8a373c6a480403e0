package membership

import "time"

// Throttle allows Limit events of a kind and subject in each Window.
type Throttle struct {
	Name   string
	Limit  int
	Window time.Duration
}

// Event is something that a throttle counts.
type Event struct {
	Throttle Throttle
	Subject  string
}
