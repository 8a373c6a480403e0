package membership

import (
	"strings"

	"golang.org/x/net/idna"
)

// domainRecord begins the name of the TXT record. It is a name of its own, so that the record stands beside whatever the
// domain has already, and the underscore keeps it from being a host.
const domainRecord = "_clientele."

// maxDomain is the longest domain in bytes that leaves place for domainRecord (RFC 1035, 2.3.4, less the dot at the end).
const maxDomain = 253 - len(domainRecord)

// DomainOf returns the folded domain of an address, "" where there is none.
func DomainOf(email string) string {
	folded := FoldLogin(email)
	return folded[strings.LastIndexByte(folded, '@')+1:]
}

// FoldDomain returns the form in which domains are compared and reserved, as FoldLogin folds what follows the @: the
// A-label in lower case, without the dot at the end. What is no domain of the public internet is "".
func FoldDomain(s string) string {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".")
	if len(s) > 4*maxDomain { // FoldLogin says why
		return ""
	}
	ascii, err := idna.Lookup.ToASCII(s)
	if err != nil || len(ascii) > maxDomain || !strings.Contains(ascii, ".") {
		return ""
	}
	if again, err := idna.Lookup.ToASCII(ascii); err != nil || again != ascii {
		return ""
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > maxLabel || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
		}) {
			return ""
		}
	}
	if last := ascii[strings.LastIndexByte(ascii, '.')+1:]; strings.Trim(last, "0123456789") == "" { // an IPv4 address
		return ""
	}
	return ascii
}
