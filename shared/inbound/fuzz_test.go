package inbound_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"clientele/shared/inbound"
)

// FuzzRead checks what the reader's callers rely on, whatever comes: no panic, one plain line per text, one sender or
// none, and no second reading of the same bytes.
func FuzzRead(f *testing.F) {
	for _, raw := range mails(f) {
		f.Add(raw)
	}
	for _, raw := range [][]byte{
		nil, mail(from), mail("From: Us: maja@example.com;"), mail("From: =?utf-8?B?w5hydW4gw4VzZQ==?= <maja@example.com>"),
		mail("From: J\xf6rg <maja@example.com>", "Content-Type: text/plain; charset=koi8-r"), mail(`From: "a\"b" (c(d)) <maja@[IPv6:::1]>`),
		mail(from, "Subject: =?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=", "Sender: <x@example.com>"), mail(from, "Subject: a\rb\x00"), []byte("From:a@b\n\n\n"),
	} {
		f.Add(raw)
	}
	plain := func(t *testing.T, what, s string) {
		t.Helper()
		if !utf8.ValidString(s) || utf8.RuneCountInString(s) > 300 || strings.TrimSpace(s) != s || strings.Contains(s, "  ") ||
			strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%s %q", what, s)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		head, err := inbound.Read(raw)
		if err != nil {
			if outcome(err) == "" || outcome(err) == "another error" {
				t.Fatalf("an error without a reason: %v", err)
			}
			return
		}
		plain(t, "name", head.Name)
		plain(t, "subject", head.Subject)
		plain(t, "language", head.Language)
		for _, a := range []string{head.Address, head.Sender} {
			if strings.ContainsFunc(a, unicode.IsControl) || a != "" && !strings.Contains(a, "@") {
				t.Errorf("address %q", a)
			}
		}
		if head.Address == "" {
			t.Error("no address")
		}
		if again, err := inbound.Read(raw); err != nil || !reflect.DeepEqual(again, head) {
			t.Errorf("read again: %+v, %v", again, err)
		}
		// What follows the header changes nothing, and a second From in front is always seen.
		if cut, err := inbound.Read(append(bytes.Clone(raw), "\r\n\r\nFrom: boss@example.org\r\n\r\n"...)); len(raw) < 1000 && err == nil && cut.Address != head.Address {
			t.Errorf("the body's sender %q instead of %q", cut.Address, head.Address)
		}
		if _, err := inbound.Read(append([]byte("From: boss@example.org\r\n"), raw...)); err == nil {
			t.Error("two senders were read as one")
		}
	})
}
