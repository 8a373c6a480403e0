package membership

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Longest values in characters. They keep every item of the table under 4 KB and every row of a list under 320 bytes.
const (
	maxName    = 100
	maxText    = 200
	maxComment = 1000
	maxURL     = 500
	maxPhone   = 40

	maxTitle    = 40
	maxPostcode = 20
)

// checkText trims a one-line text and notes what is wrong with it. It refuses control characters and those that change
// the direction of text, because they hide what a list or a mail shows, and texts of nothing but invisible characters.
// Next to visible ones, invisible characters stay: emoji and several scripts need joiners.
func checkText(errs *fieldErrors, field, s string, longest int) string {
	s = strings.TrimSpace(s)
	switch {
	case !utf8.ValidString(s):
		errs.add(InvalidField(field, "invalid_text", "This text has broken characters."))
	case utf8.RuneCountInString(s) > longest:
		errs.add(InvalidField(field, "too_long", "This text is too long."))
	case strings.ContainsFunc(s, hidden):
		errs.add(InvalidField(field, "invalid_text", "This text has control characters."))
	case s != "" && !strings.ContainsFunc(s, visible):
		errs.add(InvalidField(field, "invalid_text", "This text has no visible characters."))
	}
	return s
}

// visible says whether a character leaves ink of its own. U+2800 is Braille without a dot.
func visible(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.IsMark(r) && r != '\u2800' && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// Whether a name may be left out: the last parameter of checkName and checkPersonName.
const (
	mandatory = true
	optional  = false
)

// checkName checks the name of a customer, group or the like, which the provider's people choose. A company may be
// named like its web site; a whole link is no name.
func checkName(errs *fieldErrors, field, s string, required bool) string {
	s = checkText(errs, field, s, maxName)
	if s == "" && required {
		errs.add(InvalidField(field, "required", "This field must be filled."))
	}
	if low := strings.ToLower(s); strings.Contains(low, "://") || strings.Contains(low, "www.") || strings.ContainsAny(s, "<>") {
		errs.add(InvalidField(field, "invalid_text", "A name cannot contain links or angle brackets."))
	}
	return s
}

// checkPersonName checks a person's name. The names of inviter and invitee are the only text in letters to unproven
// addresses that people type, so nothing in them may be what mail programs turn into a link.
func checkPersonName(errs *fieldErrors, field, s string, required bool) string {
	before := len(*errs)
	s = checkName(errs, field, s, required)
	if len(*errs) == before && ReadsAsAddress(s) {
		errs.add(InvalidField(field, "invalid_text", "A name cannot contain web addresses. Put a space behind a dot."))
	}
	return s
}

// ReadsAsAddress says whether mail programs may turn part of a text into a link: a dot between a letter or digit and at
// least two letters, as in evil.example/x. The other dots are those that IDNA treats as one (RFC 3490, 3.1).
func ReadsAsAddress(s string) bool {
	at := []rune(s)
	for i := 1; i+2 < len(at); i++ {
		inside := unicode.IsLetter(at[i-1]) || unicode.IsDigit(at[i-1])
		if strings.ContainsRune(".\u3002\uff0e\uff61", at[i]) && inside && unicode.IsLetter(at[i+1]) && unicode.IsLetter(at[i+2]) {
			return true
		}
	}
	return false
}

func checkComment(errs *fieldErrors, field, s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	if utf8.RuneCountInString(s) > maxComment {
		errs.add(InvalidField(field, "too_long", "This text is too long."))
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return hidden(r) && r != '\n' && r != '\t' }) {
		errs.add(InvalidField(field, "invalid_text", "This text has control characters."))
	}
	return s
}

func checkPhone(errs *fieldErrors, field, s string) string {
	s = checkText(errs, field, s, maxPhone)
	if s != "" && strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789 +-/().x", r) }) {
		errs.add(InvalidField(field, "invalid_phone", "A phone number has digits, spaces, +, -, / and brackets."))
	}
	return s
}

func checkURL(errs *fieldErrors, field, s string) string {
	s = checkText(errs, field, s, maxURL)
	if s == "" {
		return s
	}
	if u, err := url.Parse(s); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		errs.add(InvalidField(field, "invalid_url", "A web address starts with https:// or http://."))
	} else if u.User != nil || strings.ContainsFunc(u.Hostname(), noHost) { // text before an @ hides where a link leads
		errs.add(InvalidField(field, "invalid_url", "A web address has a host such as www.example.com behind https://, and no name or password before it."))
	}
	return s
}

// noHost says whether a character cannot be in the host of a web address, in any script. Colons are for IPv6.
func noHost(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._:", r)
}

// checkCountry accepts the codes of ISO 3166-1 alpha-2, also in small letters.
func checkCountry(errs *fieldErrors, field, s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	if s != "" && !ValidCountry(s) {
		errs.add(InvalidField(field, "invalid_country", "A country is its two-letter ISO 3166 code, for example DE."))
	}
	return s
}

// Languages returns the languages in which the product is complete; regional variants fall back to them.
func Languages() []string { return []string{"en", "de"} }

// ChooseLanguage returns the first of the wanted languages that the product speaks ("de-AT" is "de"), else English.
func ChooseLanguage(wanted ...string) string {
	for _, w := range wanted {
		if base := baseLanguage(w); slices.Contains(Languages(), base) {
			return base
		}
	}
	return "en"
}

// baseLanguage returns a language without its region: "de" of "de-AT" and of "de_AT".
func baseLanguage(language string) string {
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(language, "_", "-")), "-")
	return base
}

func checkLanguage(errs *fieldErrors, s string) string {
	s = strings.TrimSpace(s)
	strange := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}
	if s != "" && (!slices.Contains(Languages(), baseLanguage(s)) || len(s) > 10 || strings.ContainsFunc(s, strange)) {
		errs.add(InvalidField("language", "invalid_language", "The languages are en and de."))
	}
	return s
}

// Passwords: at least 10 characters (mission 2), at most 128 (Cognito takes 256; longer ones only cost hashing time).
// No rules of composition: NIST SP 800-63B, 3.1.1.2, and ASVS 6.2.5.
const (
	minPassword = 10
	maxPassword = 128
)

// CheckPassword returns what is wrong with a new password for a person with this e-mail, or nil.
func CheckPassword(field, password, email string) *Error {
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return InvalidField(field, "invalid_password", "A password cannot contain control characters.")
	case n < minPassword:
		return InvalidField(field, "password_too_short", "A password has at least 10 characters. Three or four words you can remember make a good one.")
	case n > maxPassword:
		return InvalidField(field, "password_too_long", "A password has at most 128 characters.")
	case strings.TrimSpace(password) != password:
		return InvalidField(field, "invalid_password", "A password cannot start or end with a space.")
	case email != "" && FoldLogin(password) == FoldLogin(email):
		return InvalidField(field, "password_is_email", "The e-mail address is no password.")
	case len(distinct(password)) < 4:
		return InvalidField(field, "password_too_simple", "This password repeats the same few characters. Choose another one.")
	}
	return nil
}

func distinct(s string) map[rune]bool {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return seen
}
