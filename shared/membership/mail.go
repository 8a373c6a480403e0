package membership

import "time"

// Letter names a mail's template; shared/mail has one for each, in every language.
type Letter string

// The letters.
const (
	LetterInvitation            Letter = "invitation"
	LetterStaffInvitation       Letter = "invitation-staff"
	LetterAddressInUse          Letter = "invitation-address-in-use"
	LetterAddressTaken          Letter = "invitation-address-taken"
	LetterExpiredDigest         Letter = "expired-digest"
	LetterPasswordReset         Letter = "password-reset"
	LetterPasswordChanged       Letter = "password-changed"
	LetterUserRegistration      Letter = "user-registration"
	LetterPasswordLink          Letter = "password-link"
	LetterRegistrationTemporary Letter = "user-registration-temporary"
	LetterPasswordTemporary     Letter = "password-temporary"
	LetterEmailConfirm          Letter = "email-change-confirm"
	LetterEmailAnnounced        Letter = "email-change-announced"
	LetterEmailChanged          Letter = "email-changed"
	LetterGuestLink             Letter = "one-time-link"

	LetterRegistrationConfirm     Letter = "registration-confirm"
	LetterRegistrationKnown       Letter = "registration-known"
	LetterRegistrationInvited     Letter = "registration-invited"
	LetterRegistrationWaiting     Letter = "registration-waiting"
	LetterRegistrationDisapproved Letter = "registration-disapproved"
	LetterApprovalReminder        Letter = "approval-reminder"
)

// MailStatus is where a mail of the outbox stands.
type MailStatus string

// The states of a mail. A mail leaves queued only by being sent, by being withdrawn (what it announces is no longer
// true), or by being abandoned, which raises an alarm.
const (
	MailQueued    MailStatus = "queued"
	MailSent      MailStatus = "sent"
	MailWithdrawn MailStatus = "withdrawn"
	MailAbandoned MailStatus = "abandoned"
)

// Mail is one mail that a change owes. It is stored in the transaction of the change and holds no secret: the link or
// the temporary password in it is computed again each time it is sent.
type Mail struct {
	ID           string
	CustomerID   string
	UserID       string // whom it is for, "" while unknown
	InvitationID string // the invitation it carries the link of, if any
	LinkVersion  int    // the version of that link, of the one that confirms an address, or of the temporary password; an older one is withdrawn
	Letter       Letter
	To           string // address; "" for a password reset, whose address is looked up when it is sent
	Login        string // what was typed at "forgot password"; never mailed
	Door         Door   // whose pages the link leads to
	Language     string
	Fields       map[string]string // values of the letter's tags
	Status       MailStatus
	Attempts     int
	CreatedAt    time.Time
	DueAt        time.Time // when the next try is due; also the end of the lease of a try in progress
	SentAt       time.Time
	MessageID    string // SES's id of the sent mail
	Reason       string // of the last failure, for operators
	// RegistrationID is the registration that it is about, if any.
	RegistrationID string
}

// queued returns the mail as its change stores it: due at once.
func (m Mail) queued(now time.Time) Mail {
	m.Status, m.CreatedAt, m.DueAt = MailQueued, second(now), second(now)
	return m
}
