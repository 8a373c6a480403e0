package mail

import "time"

// EmailChangeConfirm goes to the new address of an account and carries the link that confirms it. Nobody has proven the
// address yet, so it says nothing that was typed, not even the username.
type EmailChangeConfirm struct {
	Common
	Link      string
	ExpiresAt time.Time
}

// Name implements Letter.
func (EmailChangeConfirm) Name() string { return "email-change-confirm" }

func (l EmailChangeConfirm) values(w words) map[string]string {
	return l.with(w, map[string]string{"link": l.Link, "expires_at": w.time(l.ExpiresAt)})
}

// EmailChangeAnnounced tells the old address what was asked for. It does not name the new one: the old mailbox may be
// read by others, a former employer for example. It always arrives, whatever notifications somebody wants.
type EmailChangeAnnounced struct {
	Common
	Username  string
	ExpiresAt time.Time
}

// Name implements Letter.
func (EmailChangeAnnounced) Name() string { return "email-change-announced" }

func (l EmailChangeAnnounced) values(w words) map[string]string {
	return l.with(w, map[string]string{"username": l.Username, "expires_at": w.time(l.ExpiresAt)})
}

// EmailChanged tells the old address that it is no longer the account's. It always arrives, as the announcement does.
type EmailChanged struct {
	Common
	Username  string
	ChangedAt time.Time
}

// Name implements Letter.
func (EmailChanged) Name() string { return "email-changed" }

func (l EmailChanged) values(w words) map[string]string {
	return l.with(w, map[string]string{"username": l.Username, "changed_at": w.time(l.ChangedAt)})
}
