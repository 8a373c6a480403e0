package web

import "fmt"

// Status is how a state is shown: a dot, and a word that says the same without colour. A word means the same
// everywhere, so all nouns share one table.
type Status struct {
	Tone string // good, busy, warn, bad, off
	Word Phrase
}

// tone returns the tone of any status: of users, invitations, mails, customers, domains, batch rows, imports and their
// rows.
func tone(status string) string {
	switch status {
	case "active", "accepted", "delivered", "approved", "ok", "new", "updated", "done", "proven":
		return "good"
	case "invited", "pending", "queued", "sent", "activating", "uploading", "checking", "importing", "claimed":
		return "busy"
	case "waiting", "expired", "suspended", "changed", "checked":
		return "warn"
	case "rejected", "bounced", "complained", "abandoned", "error", "disapproved", "invalid", "failed", "refused":
		return "bad"
	}
	return "off" // contact, deactivated, removed, declined, revoked, unconfirmed; of rows user, already_invited, skipped, open
}

// statusOf is for the partial "status"; value is a status of any noun.
func statusOf(value any) Status {
	word := fmt.Sprint(value)
	if word == "activating" { // between accepting and being active
		word = "invited"
	}
	return Status{Tone: tone(word), Word: Word("status", word)}
}
