package mail

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// RegistrationConfirm carries the link that confirms the address of somebody who registered. Nobody has proven the
// address yet, so it says nothing that was typed.
type RegistrationConfirm struct {
	Common
	Link      string
	ExpiresAt time.Time
}

// Name implements Letter.
func (RegistrationConfirm) Name() string { return "registration-confirm" }

func (l RegistrationConfirm) values(w words) map[string]string {
	return l.with(w, map[string]string{"link": l.Link, "expires_at": w.time(l.ExpiresAt)})
}

// RegistrationKnown goes to somebody who has access and registered again: it helps them sign in.
type RegistrationKnown struct {
	Common
	Username string
	Address  string // that the letter goes to
}

// Name implements Letter.
func (RegistrationKnown) Name() string { return "registration-known" }

func (l RegistrationKnown) values(w words) map[string]string {
	return l.with(w, map[string]string{"username": l.Username, "sign_in_name": w.signIn(l.Username, l.Address), "link": l.ProfileURL})
}

// RegistrationInvited goes to somebody who registered and whose way in is an invitation.
type RegistrationInvited struct{ Common }

// Name implements Letter.
func (RegistrationInvited) Name() string { return "registration-invited" }

func (l RegistrationInvited) values(w words) map[string]string {
	return l.with(w, map[string]string{})
}

// RegistrationWaiting tells somebody whose address is confirmed that the registration waits for approval.
type RegistrationWaiting struct{ Common }

// Name implements Letter.
func (RegistrationWaiting) Name() string { return "registration-waiting" }

func (l RegistrationWaiting) values(w words) map[string]string {
	return l.with(w, map[string]string{})
}

// RegistrationDisapproved tells somebody that the registration was disapproved, and why.
type RegistrationDisapproved struct {
	Common
	Reason string // may be empty and have several lines
}

// Name implements Letter.
func (RegistrationDisapproved) Name() string { return "registration-disapproved" }

func (l RegistrationDisapproved) values(w words) map[string]string {
	reason := l.Reason
	if OneLine(reason) == "" {
		reason = w.NoReason
	}
	return l.with(w, map[string]string{"reason": reason})
}

// Waiting is a registration that nobody has decided yet.
type Waiting struct {
	Name  string
	Email string
	Since time.Time
}

// ApprovalReminder tells an approver, once a day, who waits for a decision.
type ApprovalReminder struct {
	Common
	Waiting []Waiting
	More    int    // how many more than those in Waiting
	Link    string // the page where they are decided
}

// Name implements Letter.
func (ApprovalReminder) Name() string { return "approval-reminder" }

func (l ApprovalReminder) values(w words) map[string]string {
	var lines []string
	for _, x := range l.Waiting {
		lines = append(lines, say(w.Waiting, map[string]string{"name": x.Name, "email": x.Email, "since": w.time(x.Since)}))
	}
	if l.More > 0 {
		lines = append(lines, say(w.More, map[string]string{"count": strconv.Itoa(l.More)}))
	}
	return l.with(w, map[string]string{
		"waiting_registrations": strings.Join(lines, "\n"),
		"waiting_count":         strconv.Itoa(len(l.Waiting) + l.More),
		"link":                  l.Link,
	})
}

// parseWaiting reads the field "waiting" that membership stores with a reminder: a line for each registration, with name,
// address and RFC 3339 time, and a tab between them.
func parseWaiting(field string) ([]Waiting, error) {
	var waiting []Waiting
	for line := range strings.SplitSeq(field, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		parts := strings.Split(line, "\t")
		if len(parts) != 3 {
			return nil, fmt.Errorf("a waiting registration has %d parts: name, address and time are needed", len(parts))
		}
		since, err := parseTime(parts[2])
		if err != nil {
			return nil, fmt.Errorf("a waiting registration's time: %w", err)
		}
		waiting = append(waiting, Waiting{Name: parts[0], Email: parts[1], Since: since})
	}
	return waiting, nil
}
