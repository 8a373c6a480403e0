package httpapi

import (
	"bytes"
	"encoding/base64"
	"testing"

	"clientele/shared/membership"
)

func TestCursor(t *testing.T) {
	c := NewCursors(bytes.Repeat([]byte{7}, 32))
	list := Fingerprint("customer-1", "users", "status=active", "sort=name")
	for _, p := range []Position{{Key: []byte("USER#1")}, {Backward: true, Key: []byte("USER#1")}, {Key: nil}, {Key: bytes.Repeat([]byte{0xff}, 600)}} {
		text := c.Seal(list, p)
		got, err := c.Open(list, text)
		if err != nil || got.Backward != p.Backward || !bytes.Equal(got.Key, p.Key) {
			t.Errorf("%+v became %+v, %v", p, got, err)
		}
		for name, other := range map[string]string{
			"another tenant": Fingerprint("customer-2", "users", "status=active", "sort=name"),
			"another query":  Fingerprint("customer-1", "users", "status=active", "sort=email"),
			"parts shifted":  Fingerprint("customer-1", "users", "status=activesort=name", ""),
			"no list":        "",
		} {
			if _, err := c.Open(other, text); membership.CodeOf(err) != "invalid_cursor" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := NewCursors(bytes.Repeat([]byte{8}, 32)).Open(list, text); err == nil {
			t.Error("another key opens it")
		}
		sealed, _ := base64.RawURLEncoding.DecodeString(text)
		for i := range sealed {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1
			if _, err := c.Open(list, base64.RawURLEncoding.EncodeToString(changed)); err == nil {
				t.Fatalf("byte %d can be changed", i)
			}
			if _, err := c.Open(list, base64.RawURLEncoding.EncodeToString(sealed[:i])); err == nil {
				t.Fatalf("it can be cut after byte %d", i)
			}
		}
	}
	for _, text := range []string{"", "x", "!!!", "AAAA", string(bytes.Repeat([]byte{'A'}, 5000))} {
		if _, err := c.Open(list, text); membership.CodeOf(err) != "invalid_cursor" {
			t.Errorf("%.20s: %v", text, err)
		}
	}
}

func FuzzCursor(f *testing.F) {
	c := NewCursors(bytes.Repeat([]byte{7}, 32))
	f.Add("list", c.Seal("list", Position{Key: []byte("k")}))
	f.Add("", "AQAA")
	f.Add("list", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n")
	f.Fuzz(func(t *testing.T, list, text string) {
		p, err := c.Open(list, text)
		if err != nil {
			if membership.KindOf(err) != membership.Invalid {
				t.Fatal(err)
			}
			return
		}
		if got := c.Seal(list, p); got != text {
			t.Fatalf("two texts for one cursor: %q and %q", text, got)
		}
	})
}
