package mail

import (
	"fmt"
	"time"
)

// Letter is one of the letters of this package.
type Letter interface {
	// Name is the name of the letter's files, as in the outbox.
	Name() string
	// values returns a value for each tag that the letter has, before any escaping.
	values(w words) map[string]string
}

// Names returns the names of all letters.
func Names() []string {
	return []string{
		"invitation", "invitation-staff", "invitation-address-in-use", "expired-digest", "password-reset", "password-changed",
	}
}

// Common is what every letter has.
type Common struct {
	FirstName  string // of the recipient; may be empty
	Provider   string // name of the company that runs the portal
	ProfileURL string // where the recipient signs in: the portal, for staff the console
}

func (c Common) with(w words, more map[string]string) map[string]string {
	more["greeting"] = w.greeting(c.FirstName)
	more["first_name"] = c.FirstName
	more["provider_name"] = c.Provider
	more["online_profile_url"] = c.ProfileURL
	return more
}

// inviter names who invites: the provider where it is no person, as for the first administrator.
func (c Common) inviter(name string) string {
	if oneLine(name) == "" {
		return c.Provider
	}
	return name
}

// Record is what the outbox and the deployment know of a mail.
//
// Fields has the keys of the letter:
//
//	invitation                 first_name (optional), inviter_name (optional), customer_name
//	invitation-staff           first_name (optional), inviter_name (optional), role
//	invitation-address-in-use  first_name (optional; the owner's own, never a typed one), customer_name
//	expired-digest             first_name (optional), expired_invitations: a line for each, of
//	                           address, customer and RFC 3339 time with a tab between them
//	password-reset             first_name (optional)
//	password-changed           first_name (optional), changed_at (RFC 3339)
//
// Other keys are ignored: a mail that another version of the program stored must not get lost for that.
type Record struct {
	Letter     string
	Fields     map[string]string
	Link       string    // the letter's link; invitation-address-in-use takes ProfileURL without one, password-changed has none
	ExpiresAt  time.Time // until when the link is valid: invitation, invitation-staff and password-reset
	Provider   string
	ProfileURL string
}

// FromRecord makes the letter that a record of the outbox asks for. Whether it has all its values is seen when it is
// rendered. Errors: an unknown letter, times that cannot be read.
func FromRecord(r Record) (Letter, error) {
	f := r.Fields
	common := Common{FirstName: f["first_name"], Provider: r.Provider, ProfileURL: r.ProfileURL}
	switch r.Letter {
	case "invitation":
		return Invitation{Common: common, Inviter: f["inviter_name"], Customer: f["customer_name"], Link: r.Link, ExpiresAt: r.ExpiresAt}, nil
	case "invitation-staff":
		return StaffInvitation{Common: common, Inviter: f["inviter_name"], Role: f["role"], Link: r.Link, ExpiresAt: r.ExpiresAt}, nil
	case "invitation-address-in-use":
		return AddressInUse{Common: common, Customer: f["customer_name"], Link: r.Link}, nil
	case "expired-digest":
		expired, err := parseExpired(f["expired_invitations"])
		return ExpiredDigest{Common: common, Expired: expired, Link: r.Link}, err
	case "password-reset":
		return PasswordReset{Common: common, Link: r.Link, ExpiresAt: r.ExpiresAt}, nil
	case "password-changed":
		at, err := parseTime(f["changed_at"])
		return PasswordChanged{Common: common, ChangedAt: at}, err
	}
	return nil, fmt.Errorf("there is no letter %q", r.Letter)
}

func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, s)
}
