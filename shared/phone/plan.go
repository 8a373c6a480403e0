package phone

import (
	"regexp"
	"strconv"
	"strings"
)

// plan is how numbers are dialled in a country, from libphonenumber's metadata. Patterns are regular expressions,
// compiled when a number needs them (some 0.1 ms; international numbers rarely do): a start must not pay for all.
type plan struct {
	country  string // ISO 3166 alpha-2; "001" has no country, as 800 (freephone)
	code     uint16 // country calling code; where several countries share one, the main country stands first
	abroad   string // what is dialled before an international number
	prefix   string // what is dialled before a national number and is no part of it
	becomes  string // what replaces the prefix when its last group matched, as in $1 of regexp's templates
	national string // all national numbers, for telling a prefix from a number that happens to begin with its digits
	lengths  uint32 // bit n: national numbers can have n digits
	local    uint32 // bit n: numbers without their area code can have n digits
}

// planOf returns the plan of a country, or nil.
func planOf(country string) *plan {
	country = strings.ToUpper(country)
	for i := range plans {
		if plans[i].country == country && country != "001" {
			return &plans[i]
		}
	}
	return nil
}

// planOfCode takes the country calling code off an international number and returns its main country's plan, or nil.
// No code is the beginning of another.
func planOfCode(digits string) (p *plan, rest string) {
	for n := 1; n <= 3 && n < len(digits); n++ {
		code, _ := strconv.Atoi(digits[:n])
		for i := range plans {
			if digits[0] != '0' && int(plans[i].code) == code {
				return &plans[i], digits[n:]
			}
		}
	}
	return nil, ""
}

// resolve finds out which number digits are, dialled in the country of home (nil: anywhere), with or without a plus.
func resolve(digits string, plus bool, home *plan) (string, bool) {
	p, national, abroad := codeOf(digits, plus, home)
	switch {
	case !abroad && !plus && home != nil:
		p, national = home, digits
	case p == nil:
		return "", false
	}
	// The prefix stays if the rest could not be dialled: the number then only looks as if it had one.
	if rest := p.withoutPrefix(national); p.length(rest) == possible || p.length(rest) == tooLong {
		national = rest
	}
	code := strconv.Itoa(int(p.code))
	main, _ := planOfCode(code + national)
	if main == nil || main.length(national) != possible || len(code)+len(national) > maxDigits {
		return "", false
	}
	return "+" + code + national, true
}

// codeOf returns the plan that a number's own country calling code names, nil if no country has it, and the number
// without it. abroad is false if the number has no code.
func codeOf(digits string, plus bool, home *plan) (p *plan, national string, abroad bool) {
	if plus {
		if p, national = planOfCode(digits); p != nil {
			return p, national, true
		}
		// "+0049 30 …": both spellings at once
	}
	if home == nil {
		return nil, "", false
	}
	if rest, found := home.withoutAbroad(digits); found {
		p, national = planOfCode(rest)
		return p, national, true
	}
	// "49 30 …": the code without anything before it, unless it is a national number as it stands
	if rest, found := strings.CutPrefix(digits, strconv.Itoa(int(home.code))); found {
		stripped := home.withoutPrefix(rest)
		if !home.isNational(digits) && home.isNational(stripped) || home.length(digits) == tooLong {
			p, _ = planOfCode(digits)
			return p, stripped, true
		}
	}
	return nil, "", false
}

// withoutAbroad takes off what is dialled before an international number.
func (p *plan) withoutAbroad(digits string) (string, bool) {
	end := 0
	if isDigits(p.abroad) {
		if strings.HasPrefix(digits, p.abroad) {
			end = len(p.abroad)
		}
	} else if at := regexp.MustCompile(`^(?:` + p.abroad + `)`).FindStringIndex(digits); at != nil {
		end = at[1]
	}
	if end == 0 || strings.HasPrefix(digits[end:], "0") { // no country calling code begins with 0
		return "", false
	}
	return digits[end:], true
}

// withoutPrefix takes off what is dialled before a national number, unless only the whole is a national number.
func (p *plan) withoutPrefix(digits string) string {
	var rest string
	if isDigits(p.prefix) {
		rest = strings.TrimPrefix(digits, p.prefix)
	} else {
		prefix := regexp.MustCompile(`^(?:` + p.prefix + `)`)
		at := prefix.FindStringSubmatchIndex(digits)
		if at == nil {
			return digits
		}
		if last := at[len(at)-2]; p.becomes != "" && last >= 0 {
			rest = prefix.ReplaceAllString(digits, p.becomes)
		} else {
			rest = digits[at[1]:]
		}
	}
	if rest != digits && p.isNational(digits) && !p.isNational(rest) {
		return digits
	}
	return rest
}

func (p *plan) isNational(digits string) bool {
	return regexp.MustCompile(`^(?:` + p.national + `)$`).MatchString(digits)
}

// A length says what a national number's number of digits means.
type length int

const (
	possible length = iota
	localOnly
	tooShort
	tooLong
	between // numbers are shorter or longer
)

func (p *plan) length(national string) length {
	bit := uint32(1) << min(len(national), 31)
	switch {
	case p.local&bit != 0:
		return localOnly
	case p.lengths&bit != 0:
		return possible
	case p.lengths < bit:
		return tooLong
	case p.lengths&(bit-1) == 0:
		return tooShort
	default:
		return between
	}
}

// isDigits says whether a pattern is nothing but digits, or empty, as nine of ten are, and needs no regular expression.
func isDigits(pattern string) bool {
	return strings.Trim(pattern, "0123456789") == ""
}
