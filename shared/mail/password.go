package mail

import "time"

// PasswordReset carries the link for setting a new password.
type PasswordReset struct {
	Common
	Link      string
	ExpiresAt time.Time
}

// Name implements Letter.
func (PasswordReset) Name() string { return "password-reset" }

func (l PasswordReset) values(w words) map[string]string {
	return l.with(w, map[string]string{"link": l.Link, "expires_at": w.time(l.ExpiresAt)})
}

// PasswordChanged tells that a password was changed. It always arrives, whatever notifications somebody wants.
type PasswordChanged struct {
	Common
	ChangedAt time.Time
}

// Name implements Letter.
func (PasswordChanged) Name() string { return "password-changed" }

func (l PasswordChanged) values(w words) map[string]string {
	return l.with(w, map[string]string{"changed_at": w.time(l.ChangedAt)})
}
