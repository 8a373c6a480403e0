package mail

import "time"

// PasswordReset carries the link for setting a new password.
type PasswordReset struct {
	Common
	Username  string
	Link      string
	ExpiresAt time.Time
}

// Name implements Letter.
func (PasswordReset) Name() string { return "password-reset" }

func (l PasswordReset) values(w words) map[string]string {
	return l.with(w, map[string]string{"username": l.Username, "link": l.Link, "expires_at": w.time(l.ExpiresAt)})
}

// PasswordChanged tells that a password was changed. It always arrives, whatever notifications somebody wants.
type PasswordChanged struct {
	Common
	Username  string
	ChangedAt time.Time
}

// Name implements Letter.
func (PasswordChanged) Name() string { return "password-changed" }

func (l PasswordChanged) values(w words) map[string]string {
	return l.with(w, map[string]string{"username": l.Username, "changed_at": w.time(l.ChangedAt)})
}
