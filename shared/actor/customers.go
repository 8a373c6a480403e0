package actor

import "sync"

// maxCustomers bounds the memory of an instance: at some 150 bytes an entry, 1.5 MB.
const maxCustomers = 10_000

// customers remembers whose customer a user is of. It decides nothing: the table is asked with what it says, and asked
// without it where it turns out wrong.
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

// note remembers a user's customer, "" forgets it. A full memory starts over: those who are there come back at once.
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
