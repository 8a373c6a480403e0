package inbound

import (
	"bufio"
	"bytes"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/textproto"

	"clientele/shared/membership"
)

// MaxHead is how much of a mail is looked at. Mails of people have headers of 3 to 20 KB: signatures, and seals of every
// server on the way.
const MaxHead = 128 << 10

// maxFrom and maxText bound what is decoded of one field: reading a comment in an address takes time that grows with the
// square of its length (net/mail).
const (
	maxFrom = 2000
	maxText = 8000
)

// Read reads the header at the start of a mail, of which MaxHead bytes are enough. Errors: *membership.MailFault.
func Read(start []byte) (membership.MailHead, error) {
	head, fault := headOf(start)
	if fault != "" {
		return membership.MailHead{}, &membership.MailFault{Outcome: fault}
	}
	lines, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(head)))
	if err != nil {
		return membership.MailHead{}, &membership.MailFault{Outcome: membership.MailMalformed}
	}
	h := message.Header{Header: lines}
	for _, name := range []string{"From", "Sender", "Subject", "Message-Id"} {
		if len(h.Values(name)) > 1 { // programs differ in which of them they believe
			return membership.MailHead{}, &membership.MailFault{Outcome: membership.MailRepeatsField}
		}
	}
	var charset string
	if _, parameters, err := h.ContentType(); err == nil {
		charset = parameters["charset"]
	}
	from, fault := address(h.Get("From"), charset)
	if fault != "" {
		return membership.MailHead{}, &membership.MailFault{Outcome: fault}
	}
	out := membership.MailHead{
		Name: line(from.Name), Address: from.Address, Subject: text(h.Get("Subject"), charset), MessageID: strings.TrimSpace(h.Get("Message-Id")),
		Language: language(h), Fields: map[string][]string{},
	}
	if h.Has("Sender") {
		sender, fault := address(h.Get("Sender"), charset)
		if fault != "" {
			return membership.MailHead{}, &membership.MailFault{Outcome: membership.MailSenderDiffers}
		}
		out.Sender = sender.Address
	}
	for fields := h.Fields(); fields.Next(); {
		name := strings.ToLower(fields.Key())
		out.Fields[name] = append(out.Fields[name], fields.Value())
	}
	return out, nil
}

// headOf returns the lines before the first empty one.
func headOf(start []byte) ([]byte, membership.MailOutcome) {
	end := len(start)
	for _, empty := range []string{"\n\r\n", "\n\n"} {
		if i := bytes.Index(start, []byte(empty)); i >= 0 {
			end = min(end, i+1)
		}
	}
	if end > MaxHead || end == len(start) && len(start) >= MaxHead {
		return nil, membership.MailTooLong
	}
	head := start[:end]
	// A lone CR ends a line for some programs and not for others.
	if bytes.IndexByte(head, 0) >= 0 || bytes.Count(head, []byte("\r")) != bytes.Count(head, []byte("\r\n")) {
		return nil, membership.MailMalformed
	}
	return head, ""
}

// language returns the first language of Content-Language, which Exchange writes, else of Accept-Language.
func language(h message.Header) string {
	for _, name := range []string{"Content-Language", "Accept-Language"} {
		first, _, _ := strings.Cut(h.Get(name), ",")
		first, _, _ = strings.Cut(first, ";")
		if first = strings.TrimSpace(first); first != "" && len(first) <= 10 {
			return first
		}
	}
	return ""
}
