package mail

import "time"

// OneTimeLink lets the reader of a customer's contact address in, while the customer has no user.
type OneTimeLink struct {
	Common
	Customer  string
	Link      string
	ExpiresAt time.Time
}

// Name implements Letter.
func (OneTimeLink) Name() string { return "one-time-link" }

func (l OneTimeLink) values(w words) map[string]string {
	return l.with(w, map[string]string{"customer_name": l.Customer, "link": l.Link, "expires_at": w.time(l.ExpiresAt)})
}
