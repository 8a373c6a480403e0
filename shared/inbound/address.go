package inbound

import (
	"mime"
	"net/mail"
	"strings"
	"unicode/utf8"

	"clientele/shared/membership"
)

// address reads a field that names one person. Groups are refused, even those of one (RFC 6854 allows them in From, but
// no program of people writes them): some programs show what is before the colon, and others take it for the person.
func address(value, charset string) (*mail.Address, membership.MailOutcome) {
	switch {
	case strings.TrimSpace(value) == "":
		return nil, membership.MailNoFrom
	case len(value) > maxFrom:
		return nil, membership.MailMalformed
	}
	if !utf8.ValidString(value) {
		value = decode(charset, value)
	}
	parser := mail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: reader}}
	list, err := parser.ParseList(value)
	switch {
	case err != nil:
		return nil, membership.MailMalformed
	case len(list) == 0:
		return nil, membership.MailNoFrom
	case len(list) > 1 || grouped(value):
		return nil, membership.MailSeveralFrom
	case strings.ContainsFunc(list[0].Address, hidden):
		return nil, membership.MailMalformed
	}
	return list[0], ""
}

// grouped says whether a list of addresses that can be read has a group in it: a colon or semicolon outside of texts in
// quotes, comments and literals ([IPv6:…]).
func grouped(list string) bool {
	var quoted bool
	var comments, literals int
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '\\':
			i++
		case c == '"' && comments == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			comments++
		case c == ')':
			comments--
		case comments > 0:
		case c == '[':
			literals++
		case c == ']':
			literals--
		case literals == 0 && (c == ':' || c == ';'):
			return true
		}
	}
	return false
}
