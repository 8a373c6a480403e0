package mail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"clientele/shared/membership"
)

// Sender hands over a finished letter; shared/mail/sending implements it. mailID identifies the mail in later events.
// Errors: Refused if this mail will never be accepted; everything else is worth another try later.
type Sender interface {
	Send(ctx context.Context, to string, m Message, mailID string) (messageID string, err error)
}

// Postman is the membership.Postman of this deployment: it makes the letter that a mail of the outbox asks for, writes
// it in the mail's language and sends it.
type Postman struct {
	Sender     Sender
	Provider   string // name of the company that runs the deployment
	PortalURL  string // public addresses of the two doors, without a slash at the end
	ConsoleURL string
	Language   string // of the deployment
}

// Post implements membership.Postman. A letter that cannot be written is no refusal: the fault is ours, and a version
// that fixes it may be deployed while the mail is still tried. So a panic, too, is an error of this mail only.
func (p Postman) Post(ctx context.Context, m membership.Mail, secret string) (messageID string, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			messageID, err = "", fmt.Errorf("letter %s: panic: %v", m.Letter, reason)
		}
	}()
	letter, err := p.letter(m, secret)
	if err != nil {
		return "", fmt.Errorf("letter %s: %w", m.Letter, err)
	}
	message, err := Render(letter, m.Language, p.Language)
	if err != nil {
		return "", err
	}
	messageID, err = p.Sender.Send(ctx, m.To, message, m.ID)
	var refused Refused
	if errors.As(err, &refused) {
		return "", &membership.MailRefusal{Reason: refused.Reason}
	}
	return messageID, err
}

// Preview writes a mail as Post would, for somebody to look at, with samples: for the secret, and for an end that is
// seven days after sending.
func (p Postman) Preview(m membership.Mail, now time.Time) (Message, error) {
	fields := map[string]string{"expiresAt": now.Add(membership.TemporaryPasswordLifetime).UTC().Format(time.RFC3339)}
	maps.Copy(fields, m.Fields)
	m.Fields = fields
	secret := "…"
	if m.Letter == membership.LetterRegistrationTemporary {
		secret = "•••••-•••••-•••••-•••••"
	}
	letter, err := p.letter(m, secret)
	if err != nil {
		return Message{}, fmt.Errorf("letter %s: %w", m.Letter, err)
	}
	return Render(letter, m.Language, p.Language)
}

// letter makes the letter from the facts that membership stored with the mail. secret is the token of its link, or the
// temporary password.
func (p Postman) letter(m membership.Mail, secret string) (Letter, error) {
	door := p.PortalURL
	if m.Door == membership.ConsoleDoor {
		door = p.ConsoleURL
	}
	f := m.Fields
	common := Common{FirstName: f["firstName"], Provider: p.Provider, ProfileURL: door}
	expires, err := parseTime(f["expiresAt"])
	if err != nil {
		return nil, err
	}
	username := f["username"]
	if username == "" || unproven(m.Letter) && membership.ReadsAsAddress(username) {
		username = m.To // which signs in as well
	}
	// The token is in the fragment, which no server sees and no log keeps.
	invitation := door + "/invitation#" + secret
	switch m.Letter {
	case membership.LetterInvitation:
		return Invitation{Common: common, Inviter: f["inviter"], Customer: f["customer"], Link: invitation, ExpiresAt: expires}, nil
	case membership.LetterStaffInvitation:
		return StaffInvitation{Common: common, Inviter: f["inviter"], Role: f["role"], Link: invitation, ExpiresAt: expires}, nil
	case membership.LetterAddressInUse:
		common.FirstName = "" // the one stored was typed by the inviter, who must not find out whose address it is
		return AddressInUse{Common: common, Customer: f["customer"]}, nil
	case membership.LetterAddressTaken:
		common.FirstName = "" // as above
		return AddressTaken{Common: common, Customer: f["customer"]}, nil
	case membership.LetterExpiredDigest:
		return p.digest(common, f)
	case membership.LetterPasswordReset:
		return PasswordReset{Common: common, Username: username, Link: door + "/reset-password#" + secret, ExpiresAt: expires}, nil
	case membership.LetterPasswordChanged:
		return PasswordChanged{Common: common, Username: username, ChangedAt: m.CreatedAt}, nil // queued in the transaction of the change
	case membership.LetterUserRegistration:
		return UserRegistration{Common: common, Customer: f["customer"], Username: username, Address: m.To, Link: door + "/reset-password#" + secret, ExpiresAt: expires}, nil
	case membership.LetterPasswordLink:
		return PasswordLink{Common: common, Username: username, Link: door + "/reset-password#" + secret, ExpiresAt: expires}, nil
	case membership.LetterRegistrationTemporary:
		return RegistrationTemporary{Common: common, Customer: f["customer"], Username: username, Address: m.To, Password: secret, Link: door + "/sign-in", ExpiresAt: expires}, nil
	case membership.LetterPasswordTemporary:
		return PasswordTemporary{Common: common, Username: username, Password: secret, Link: door + "/sign-in", ExpiresAt: expires}, nil
	case membership.LetterGuestLink:
		return OneTimeLink{Common: common, Customer: f["customer"], Link: door + "/guest/link#" + secret, ExpiresAt: expires}, nil
	case membership.LetterEmailConfirm:
		return EmailChangeConfirm{Common: common, Link: door + "/email-change#" + secret, ExpiresAt: expires}, nil
	case membership.LetterEmailAnnounced:
		return EmailChangeAnnounced{Common: common, Username: username, ExpiresAt: expires}, nil
	case membership.LetterEmailChanged:
		return EmailChanged{Common: common, Username: username, ChangedAt: m.CreatedAt}, nil // queued in the transaction of the change
	case membership.LetterRegistrationConfirm:
		return RegistrationConfirm{Common: common, Link: door + "/registration#" + secret, ExpiresAt: expires}, nil
	case membership.LetterRegistrationKnown:
		return RegistrationKnown{Common: common, Username: username, Address: m.To}, nil
	case membership.LetterRegistrationInvited:
		return RegistrationInvited{Common: common}, nil
	case membership.LetterRegistrationWaiting:
		return RegistrationWaiting{Common: common}, nil
	case membership.LetterRegistrationDisapproved:
		return RegistrationDisapproved{Common: common, Reason: f["reason"]}, nil
	case membership.LetterApprovalReminder:
		return p.reminder(common, f)
	}
	return nil, errors.New("there is no such letter")
}

// unproven says whether a letter to a user may go to an address that nobody has proven yet. A username that mail
// programs turn into a link could then be an advertisement.
func unproven(l membership.Letter) bool {
	switch l {
	case membership.LetterUserRegistration, membership.LetterRegistrationTemporary, membership.LetterPasswordLink, membership.LetterPasswordTemporary:
		return true
	}
	return false
}

func (p Postman) digest(common Common, f map[string]string) (Letter, error) {
	expired, err := parseExpired(f["expired"])
	if err != nil {
		return nil, err
	}
	more, err := strconv.Atoi(f["more"])
	if err != nil {
		return nil, fmt.Errorf("the number of further invitations: %w", err)
	}
	return ExpiredDigest{Common: common, Expired: expired, More: more, Link: common.ProfileURL}, nil
}

func (p Postman) reminder(common Common, f map[string]string) (Letter, error) {
	waiting, err := parseWaiting(f["waiting"])
	if err != nil {
		return nil, err
	}
	more, err := strconv.Atoi(f["more"])
	if err != nil {
		return nil, fmt.Errorf("the number of further registrations: %w", err)
	}
	return ApprovalReminder{Common: common, Waiting: waiting, More: more, Link: common.ProfileURL + "/registrations"}, nil
}

// parseTime returns the zero time for "", which is an error if the letter needs a time.
func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, s)
}
