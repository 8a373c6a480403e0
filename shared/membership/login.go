package membership

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// FoldLogin returns the form in which usernames and e-mails are compared and reserved: trimmed, lower case, the domain
// as A-label. Nothing more is folded, so that two people are never taken for one.
func FoldLogin(s string) string {
	s = norm.NFC.String(strings.TrimSpace(s))
	at := strings.LastIndexByte(s, '@')
	// The work of making an A-label grows with the square of its length: visitors could keep us busy with a long one.
	if at < 0 || len(s) > 4*maxEmail {
		return lowerLogin(s)
	}
	if domain, err := idna.Lookup.ToASCII(s[at+1:]); err == nil { // ToASCII makes domains lower case itself
		return lowerLogin(s[:at+1]) + domain
	}
	return lowerLogin(s)
}

// lowerLogin returns s in lower case, except that no foreign letter becomes ASCII: Go's lower case of İ is i, and
// İ.example is not i.example.
func lowerLogin(s string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if low := unicode.ToLower(r); r < utf8.RuneSelf || low >= utf8.RuneSelf {
			return low
		}
		return r
	}, s))
}

// mailbox returns what throttles count of a folded address: the address without what follows a plus, because most mail
// systems deliver that into the same mailbox (RFC 5233). Else endless addresses could fill a stranger's mailbox.
// Nothing else treats two such addresses as one.
func mailbox(folded string) string {
	at := strings.LastIndexByte(folded, '@')
	if plus := strings.IndexByte(folded, '+'); plus > 0 && plus < at {
		return folded[:plus] + folded[at:]
	}
	return folded
}

// maxEmail is the longest address that fits into an SMTP path (RFC 5321, 4.5.3.1.3 less the angle brackets).
const maxEmail = 254

// maxLocal and maxLabel are the longest part before the @ (RFC 5321, 4.5.3.1.1) and part of a domain (RFC 1035, 2.3.4).
const (
	maxLocal = 64
	maxLabel = 63
)

// CheckEmail returns the address as people wrote it, trimmed, or what is wrong with it. It accepts what RFC 5322 calls
// an addr-spec, without comments, quoted local parts or address literals (no mail system gives those to people), and
// domains in any script. Before the @ there is ASCII only: RFC 5322 knows nothing else, and SES sends to nothing else.
func CheckEmail(field, s string) (string, *Error) {
	s = strings.TrimSpace(s)
	bad := InvalidField(field, "invalid_email", "This is not an e-mail address.")
	if s == "" {
		return "", InvalidField(field, "required", "An e-mail address is needed.")
	}
	if len(s) > maxEmail || !utf8.ValidString(s) || strings.ContainsAny(s, "\"()<>,;:\\[] ") {
		return "", bad
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > maxLocal || strings.ContainsFunc(s[:at], func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", bad
	}
	ascii, err := idna.Lookup.ToASCII(s[at+1:])
	if err != nil || !strings.Contains(ascii, ".") || at+1+len(ascii) > maxEmail {
		return "", bad
	}
	if again, err := idna.Lookup.ToASCII(ascii); err != nil || again != ascii { // some symbols become letters that are refused
		return "", bad
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > maxLabel {
			return "", bad
		}
	}
	if a, err := mail.ParseAddress(s[:at+1] + ascii); err != nil || a.Address != s[:at+1]+ascii {
		return "", bad
	}
	email := s[:at+1] + shownDomain(s[at+1:], ascii)
	if len(email) > maxEmail {
		return "", bad
	}
	return email, nil
}

// shownDomain returns a domain as it was typed, unless the typing hides what it is (invisible characters, other widths,
// other dots): then it returns what it means.
func shownDomain(typed, ascii string) string {
	typed = norm.NFC.String(typed)
	low := strings.ToLower(typed)
	meant, err := idna.Display.ToUnicode(ascii)
	if err != nil {
		meant = ascii
	}
	if low == ascii || low == meant {
		return typed
	}
	return meant
}

// Usernames: 5 to 31 characters. Source: mission 2 and seed 000.
const (
	minUsername = 5
	maxUsername = 31
)

func usernameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_@.", r)
}

func fitsUsername(s string) bool {
	if len(s) < minUsername || len(s) > maxUsername {
		return false
	}
	for _, r := range s {
		if !usernameRune(r) {
			return false
		}
	}
	return true
}

// CheckUsername returns what is wrong with a username for a person with this proven e-mail, or nil. One with @ must be
// that e-mail: else somebody could take the address of another as a name and receive what is meant for them.
func CheckUsername(field, username, email string) *Error {
	if !fitsUsername(username) {
		return InvalidField(field, "invalid_username", "A username has 5 to 31 characters: letters, digits, hyphen, underscore, @ and dot.")
	}
	if strings.Contains(username, "@") && FoldLogin(username) != FoldLogin(email) {
		return InvalidField(field, "username_is_foreign_email", "A username with @ must be your own e-mail address.")
	}
	return nil
}

// ProposedUsernames returns usernames to offer for an e-mail, the best first: the e-mail itself if it fits, else its
// local part, and then the local part with the numbers 2 to 17: each is a read of its own in a request that may read 25.
func ProposedUsernames(email string) []string {
	var proposals []string
	if fitsUsername(email) {
		proposals = append(proposals, email)
	}
	var b strings.Builder
	local := email
	if at := strings.LastIndexByte(email, '@'); at >= 0 {
		local = email[:at]
	}
	for _, r := range FoldName(local) {
		if usernameRune(r) && r != '@' {
			b.WriteRune(r)
		}
	}
	base := strings.Trim(b.String(), "-_.")
	if len(base) > maxUsername-2 {
		base = base[:maxUsername-2]
	}
	if fitsUsername(base) {
		proposals = append(proposals, base)
	}
	for base != "" && len(base) < minUsername-1 {
		base += "0"
	}
	if base == "" {
		base = "user"
	}
	for n := 2; n <= 17; n++ {
		digits := string(rune('0' + n%10))
		if n >= 10 {
			digits = string(rune('0'+n/10)) + digits
		}
		if name := base + digits; fitsUsername(name) {
			proposals = append(proposals, name)
		}
	}
	return proposals
}

// specialFolds are letters that Unicode does not decompose into a base letter and a mark.
var specialFolds = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i", "ħ", "h", "ŋ", "n")

// FoldName returns the form by which names are sorted and searched: lower case, without accents and other marks, ß as
// ss, runs of white space as one space. Collation tables would sort a little better and cost 1.7 MB of every function.
func FoldName(s string) string {
	var b strings.Builder
	space := false
	// Lower case on both sides: decomposing gives capitals as well (™ is TM), and some lower cases are letter and mark.
	for _, r := range strings.ToLower(norm.NFKD.String(strings.ToLower(s))) {
		switch {
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
		case unicode.IsSpace(r) || unicode.IsControl(r):
			space = b.Len() > 0
		default:
			if space {
				b.WriteByte(' ')
				space = false
			}
			b.WriteRune(r)
		}
	}
	return specialFolds.Replace(b.String())
}

// FoldSearch returns the form of texts in searches, both what is searched and what is looked for.
func FoldSearch(s string) string { return WithoutApostrophes(FoldName(s)) }

var apostrophes = strings.NewReplacer("'", "", "’", "", "ʼ", "")

// WithoutApostrophes turns the result of FoldName into that of FoldSearch. People leave apostrophes out or type another
// one than is stored: O'Neil, O’Neil and oneil are the same to a search.
func WithoutApostrophes(folded string) string { return apostrophes.Replace(folded) }
