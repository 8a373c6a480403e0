package mail

import "time"

// RegistrationTemporary goes to somebody for whom an account was created: username, and a temporary password. Link is
// the page to sign in at.
type RegistrationTemporary struct {
	Common
	Customer  string
	Username  string
	Address   string // that the letter goes to
	Password  string
	Link      string
	ExpiresAt time.Time
}

// Name implements Letter.
func (RegistrationTemporary) Name() string { return "user-registration-temporary" }

func (l RegistrationTemporary) values(w words) map[string]string {
	return l.with(w, map[string]string{"customer_name": l.Customer, "username": l.Username, "sign_in_name": w.signIn(l.Username, l.Address), "temporary_password": l.Password, "link": l.Link, "expires_at": w.time(l.ExpiresAt)})
}

// PasswordTemporary carries a temporary password after an administrator has renewed the password. Link is the page to
// sign in at.
type PasswordTemporary struct {
	Common
	Username  string
	Password  string
	Link      string
	ExpiresAt time.Time
}

// Name implements Letter.
func (PasswordTemporary) Name() string { return "password-temporary" }

func (l PasswordTemporary) values(w words) map[string]string {
	return l.with(w, map[string]string{"username": l.Username, "temporary_password": l.Password, "link": l.Link, "expires_at": w.time(l.ExpiresAt)})
}
