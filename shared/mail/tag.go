package mail

import "slices"

// Kind says how the value of a tag is put into a text.
type Kind int

const (
	// Line is one line of text. Line breaks and other control characters become spaces, so that nobody's name can add
	// a header to a mail or a paragraph to a letter.
	Line Kind = iota
	// Link is an absolute http or https address; anything else is an error.
	Link
	// Lines are several lines, each of them treated like a Line; HTML puts <br> between them. Subjects cannot have them.
	Lines
	// markup is what this package has rendered itself; only the frame has such a tag.
	markup
)

// Tag is one tag that texts can use, written {{name}}.
type Tag struct {
	Name     string
	Kind     Kind
	Optional bool   // may be without a value; every other tag needs one, or the letter is not sent
	Meaning  string // for people who edit texts
}

// Tags returns all tags of all letters. TagsOf returns those that one letter has.
func Tags() []Tag {
	return []Tag{
		{Name: "greeting", Meaning: "The salutation with the first name, or without it where it is not known: “Hello Anna,” or “Hello,”."},
		{Name: "first_name", Optional: true, Meaning: "The recipient's first name; empty where it is not known. Prefer greeting."},
		{Name: "provider_name", Meaning: "The company that runs the portal."},
		{Name: "customer_name", Meaning: "The customer whom the letter is about."},
		{Name: "inviter_name", Meaning: "Who invites; the provider's name where it is no person."},
		{Name: "username", Meaning: "The recipient's username."},
		{Name: "sign_in_name", Meaning: "A sentence: with which username the recipient signs in, and that the e-mail address does as well; only the address where both are the same."},
		{Name: "role", Meaning: "The role that the recipient will have, in the language of the letter."},
		{Name: "link", Kind: Link, Meaning: "The link that the letter is for."},
		{Name: "temporary_password", Meaning: "The temporary password, which must be changed at the first sign-in."},
		{Name: "expires_at", Meaning: "Until when the link or the temporary password is valid, as date and time in UTC."},
		{Name: "changed_at", Meaning: "When the change was made, as date and time in UTC."},
		{Name: "expired_invitations", Kind: Lines, Meaning: "The invitations that expired, one a line: address, customer, date."},
		{Name: "expired_count", Meaning: "How many invitations expired."},
		{Name: "reason", Kind: Lines, Meaning: "Why a registration was disapproved, or that no reason was given."},
		{Name: "waiting_registrations", Kind: Lines, Meaning: "Who waits for approval, one a line: name, address, since when."},
		{Name: "waiting_count", Meaning: "How many wait for approval."},
		{Name: "online_profile_url", Kind: Link, Meaning: "The address at which the recipient signs in: the portal, for staff the console."},
	}
}

// TagsOf returns the tags that a letter has; its fields may be empty.
func TagsOf(l Letter) []Tag {
	return tagsIn(l.values(words{}))
}

func tagsIn(values map[string]string) []Tag {
	return slices.DeleteFunc(Tags(), func(t Tag) bool { _, has := values[t.Name]; return !has })
}

// frameTags are the tags of letters/frame.txt and letters/frame.html.
func frameTags() []Tag {
	return []Tag{
		{Name: "language", Meaning: "The language of the letter, for the lang attribute."},
		{Name: "subject", Meaning: "The subject of the letter."},
		{Name: "provider_name", Meaning: "The company that runs the portal."},
		{Name: "body", Kind: markup, Meaning: "The letter itself."},
		{Name: "no_reply", Meaning: "The sentence that this mail cannot be answered."},
	}
}
