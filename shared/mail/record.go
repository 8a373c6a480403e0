package mail

import "time"

// UserRegistration goes to somebody for whom an account was created: username, and the link to choose a password.
type UserRegistration struct {
	Common
	Customer  string
	Username  string
	Address   string // that the letter goes to
	Link      string
	ExpiresAt time.Time
}

// Name implements Letter.
func (UserRegistration) Name() string { return "user-registration" }

func (l UserRegistration) values(w words) map[string]string {
	return l.with(w, map[string]string{"customer_name": l.Customer, "username": l.Username, "sign_in_name": w.signIn(l.Username, l.Address), "link": l.Link, "expires_at": w.time(l.ExpiresAt)})
}

// PasswordLink carries the link for choosing a new password after an administrator has renewed it.
type PasswordLink struct {
	Common
	Username  string
	Link      string
	ExpiresAt time.Time
}

// Name implements Letter.
func (PasswordLink) Name() string { return "password-link" }

func (l PasswordLink) values(w words) map[string]string {
	return l.with(w, map[string]string{"username": l.Username, "link": l.Link, "expires_at": w.time(l.ExpiresAt)})
}
