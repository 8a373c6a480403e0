package mail

// Letter is one of the letters of this package.
type Letter interface {
	// Name is the name of the letter's files, as in the outbox.
	Name() string
	// values returns a value for each tag that the letter has, before any escaping.
	values(w words) map[string]string
}

// Letters returns one empty letter of each kind.
func Letters() []Letter {
	return []Letter{Invitation{}, StaffInvitation{}, AddressInUse{}, AddressTaken{}, ExpiredDigest{}, PasswordReset{}, PasswordChanged{},
		UserRegistration{}, PasswordLink{}, RegistrationTemporary{}, PasswordTemporary{}, EmailChangeConfirm{}, EmailChangeAnnounced{}, EmailChanged{}, OneTimeLink{},
		RegistrationConfirm{}, RegistrationKnown{}, RegistrationInvited{}, RegistrationWaiting{}, RegistrationDisapproved{}, ApprovalReminder{}}
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

// inviter returns the inviter's name, or the provider's if no person invites, as for the first administrator.
func (c Common) inviter(name string) string {
	if OneLine(name) == "" {
		return c.Provider
	}
	return name
}
