package actor

import "sync"

// maxCustomers bounds the memory of an instance: at some 150 bytes an entry, 1.5 MB.
const maxCustomers = 10_000

// customers remembers which customer a user belongs to. It decides nothing: the table is asked with what it says, and
// again without it if that turns out wrong.
type customers struct {
	mu     sync.Mutex
	byUser map[string]string
}

func newCustomers() *customers { return &customers{byUser: map[string]string{}} }

func (c *customers) of(userID string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byUser[userID]
}

// note remembers a user's customer, "" forgets it. A full memory starts over: present users come back at once.
func (c *customers) note(userID, customerID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.byUser[userID] == customerID:
		return
	case customerID == "":
		delete(c.byUser, userID)
		return
	case len(c.byUser) >= maxCustomers:
		clear(c.byUser)
	}
	c.byUser[userID] = customerID
}
