package domainname

import (
	_ "embed"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// mailHosts has a line for each domain, in order.
//
//go:embed mailhosts.txt
var mailHosts string

// PublicMail says whether a mail service gives addresses under a folded domain, or under one above it, to anybody.
func (Names) PublicMail(domain string) bool {
	for {
		if listed(domain) {
			return true
		}
		_, above, found := strings.Cut(domain, ".")
		if !found {
			return false
		}
		domain = above
	}
}

// listed looks for a line of mailHosts by halving the text.
func listed(domain string) bool {
	low, high := 0, len(mailHosts) // both at the start of a line, or the end
	for low < high {
		at := low + strings.LastIndexByte(mailHosts[low:(low+high)/2], '\n') + 1
		line, _, _ := strings.Cut(mailHosts[at:], "\n")
		switch {
		case line == domain:
			return true
		case line < domain:
			low = at + len(line) + 1
		default:
			high = at
		}
	}
	return false
}

// PublicSuffix says whether names directly under a folded domain belong to different owners: co.uk, github.io.
func (Names) PublicSuffix(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain
}
