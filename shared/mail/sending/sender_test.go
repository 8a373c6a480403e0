package sending

import (
	"strings"
	"testing"
)

// FuzzWireAddress checks that SES gets one plain ASCII address, whatever is typed.
func FuzzWireAddress(f *testing.F) {
	for _, s := range []string{"a@example.com", "Anna <a@example.com>", "a@bücher.example", "a@b@c", "\"a b\"@example.com", "a@[127.0.0.1]",
		"a@example.com\r\nBcc: b@example.com", "a(c)@example.com", "=?utf-8?q?a?= <a@example.com>", "a@example.com,b@example.com", "a@xn--a.example", "a@\u3002"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		address, err := wireAddress(s)
		if err != nil {
			return
		}
		if strings.Count(address, "@") != 1 || strings.ContainsAny(address, " \t\r\n,;<>()[]\"") ||
			strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%q became %q", s, address)
		}
		if again, err := wireAddress(address); err != nil || again != address {
			t.Errorf("%q became %q and that %q, %v", s, address, again, err)
		}
	})
}
