// Package phone reads telephone numbers as people write them and gives them back in E.164 ("+4930123456"), the form in
// which they are stored, compared and handed to other systems.
//
// It follows libphonenumber's way of reading with libphonenumber's numbering plans (plans.gen.go, groups.gen.go), but
// links neither: the Go port costs a function 5.4 MB and more than twice its start (docs/decisions/017). The tests hold
// every answer to that port's and write the two tables:
//
//	go test ./shared/phone -run TestTables -update
package phone

import (
	"strings"
	"unicode"
)

const (
	// maxTyped bounds the work on one input, in bytes; the longest usual spelling has some 40 characters.
	maxTyped = 250
	// maxDigits is the length of the longest international number, country calling code included (ITU-T E.164, 6.2.1).
	maxDigits = 15
)

// Parse returns the number that somebody typed in E.164: a plus, the country calling code, the national number. country
// says whose national spellings are meant (ISO 3166 alpha-2, for example the country of the person's address); with ""
// or a country without a numbering plan of its own only international spellings are read, with + or 00.
//
// It reads brackets, dashes, dots, slashes and spaces of all kinds, digits of all scripts, "+49 (0) 30", "tel:" and
// other words before the number. ok is false for what cannot be dialled from everywhere: too few or too many digits for
// the country, an unknown country calling code, short numbers such as 110, and everything with letters or signs after
// the first digit. So extensions ("x12", "ext. 12", "#12", ",12") are refused, not cut off: the number without them
// reaches somebody else than the one that was typed.
//
// Whether a number is in use is not judged: new ranges open every month, and the plans are as old as the release.
func Parse(typed, country string) (e164 string, ok bool) {
	digits, plus, ok := dialled(typed)
	if !ok {
		return "", false
	}
	home := planOf(country)
	if e164, ok = resolve(digits, plus, home); ok {
		return lasting(e164)
	}
	// People write (0) for countries that have no such prefix, too.
	if rest := strings.Replace(typed, "(0)", "", 1); rest != typed {
		if digits, plus, ok := dialled(rest); ok {
			if e164, ok = resolve(digits, plus, home); ok {
				return lasting(e164)
			}
		}
	}
	// 00 is dialled before international numbers in most countries (ITU-T E.164, annex A): if it is not in the given
	// country, or none is given, no national number begins so either.
	if abroad, found := strings.CutPrefix(digits, "00"); found && !plus {
		if e164, ok = resolve(abroad, true, nil); ok {
			return lasting(e164)
		}
	}
	return "", false
}

// lasting refuses the rare number that would be read as another one when it comes back, as "+49 00 30 123456" would: what
// is exported must be what is imported.
func lasting(e164 string) (string, bool) {
	if again, _ := resolve(e164[1:], true, nil); again != e164 {
		return "", false
	}
	return e164, true
}

// dialled returns the digits of what was typed, as 0 to 9, and whether a plus stood before them. ok is false if there
// is anything but separators between or after them.
func dialled(typed string) (digits string, plus, ok bool) {
	if len(typed) > maxTyped {
		return "", false, false
	}
	var b strings.Builder
	for _, r := range typed {
		switch digit, isDigit := digitOf(r); {
		case isDigit:
			b.WriteByte(digit)
		case b.Len() > 0:
			if !separates(r) {
				return "", false, false
			}
		case r == '+' || r == '＋':
			plus = true
		}
	}
	return b.String(), plus, b.Len() > 0
}

// separates says whether a character may stand between the digits of a number, and means nothing there.
func separates(r rune) bool {
	return strings.ContainsRune("()[]（）［］./\\~'’·•∙・．／～−ー", r) ||
		unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Cf) // dashes; invisible marks that copying brings along
}

// digitOf returns the decimal digit, of any script, as '0' to '9'. Unicode keeps the ten of a script together and in
// order, 0 first (Unicode Standard, 4.6), so a digit's place in its range says which it is.
func digitOf(r rune) (byte, bool) {
	if r <= unicode.MaxASCII {
		return byte(r), '0' <= r && r <= '9'
	}
	for _, s := range unicode.Nd.R16 {
		if rune(s.Lo) <= r && r <= rune(s.Hi) {
			return '0' + byte((r-rune(s.Lo))%10), true
		}
	}
	for _, s := range unicode.Nd.R32 {
		if rune(s.Lo) <= r && r <= rune(s.Hi) {
			return '0' + byte((r-rune(s.Lo))%10), true
		}
	}
	return 0, false
}
