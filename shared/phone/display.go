package phone

import (
	"regexp"
	"strconv"
	"strings"
)

// grouping is how the digits of some national numbers are written in groups.
type grouping struct {
	code    uint16 // country calling code
	leading string // regular expression of the first digits of the numbers that are written this way; "" for all
	pattern string // the number, a regular expression with a group for each group of digits
	written string // the groups and what stands between them, as a template of regexp
}

// Display returns an E.164 number as it is written internationally: "+49 30 123456". Anything but a number from Parse
// is returned as it is.
func Display(e164 string) string {
	digits, plus := strings.CutPrefix(e164, "+")
	p, national := planOfCode(digits)
	if !plus || p == nil || !isDigits(digits) {
		return e164
	}
	code := "+" + strconv.Itoa(int(p.code)) + " "
	for i := range groupings {
		g := &groupings[i]
		if g.code != p.code || g.leading != "" && !regexp.MustCompile(`^(?:`+g.leading+`)`).MatchString(national) {
			continue
		}
		if pattern := regexp.MustCompile(`^(?:` + g.pattern + `)$`); pattern.MatchString(national) {
			return code + pattern.ReplaceAllString(national, g.written)
		}
	}
	return code + national
}
