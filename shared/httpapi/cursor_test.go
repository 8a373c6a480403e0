package httpapi

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"clientele/shared/membership"
)

func TestCursor(t *testing.T) {
	c := NewCursors(bytes.Repeat([]byte{7}, 32))
	list := Fingerprint("customer-1", "users", "status=active", "sort=name")
	if c.Next(list, "") != nil || c.Prev(list, "") != nil {
		t.Error("a cursor to nowhere")
	}
	for _, position := range []string{"USER#1", strings.Repeat("\xff", 600)} {
		for _, backward := range []bool{false, true} {
			text := c.Next(list, position)
			if backward {
				text = c.Prev(list, position)
			}
			got, err := c.Page(list, List{Limit: 7, Cursor: *text})
			if err != nil || got != (membership.PageRequest{Limit: 7, Position: position, Backward: backward}) {
				t.Errorf("%.10q, %v became %+v, %v", position, backward, got, err)
			}
			for name, other := range map[string]string{
				"another tenant": Fingerprint("customer-2", "users", "status=active", "sort=name"),
				"another query":  Fingerprint("customer-1", "users", "status=active", "sort=email"),
				"parts shifted":  Fingerprint("customer-1", "users", "status=activesort=name", ""),
				"no list":        "",
			} {
				if _, err := c.Page(other, List{Cursor: *text}); membership.CodeOf(err) != "invalid_cursor" {
					t.Errorf("%s: %v", name, err)
				}
			}
			if _, _, err := NewCursors(bytes.Repeat([]byte{8}, 32)).open(list, *text); err == nil {
				t.Error("another key opens it")
			}
			sealed, err := base64.RawURLEncoding.DecodeString(*text)
			if err != nil {
				t.Fatal(err)
			}
			for i := range sealed {
				changed := bytes.Clone(sealed)
				changed[i] ^= 1
				if _, _, err := c.open(list, base64.RawURLEncoding.EncodeToString(changed)); err == nil {
					t.Fatalf("byte %d can be changed", i)
				}
				if _, _, err := c.open(list, base64.RawURLEncoding.EncodeToString(sealed[:i])); err == nil {
					t.Fatalf("it can be cut after byte %d", i)
				}
			}
		}
	}
	for _, text := range []string{"x", "!!!", "AAAA", strings.Repeat("A", 5000)} {
		if _, err := c.Page(list, List{Cursor: text}); membership.CodeOf(err) != "invalid_cursor" {
			t.Errorf("%.20s: %v", text, err)
		}
	}
	if got, err := c.Page(list, List{Limit: 50}); err != nil || got != (membership.PageRequest{Limit: 50}) {
		t.Errorf("the first page: %+v %v", got, err)
	}
}

func FuzzCursor(f *testing.F) {
	c := NewCursors(bytes.Repeat([]byte{7}, 32))
	f.Add("list", *c.Next("list", "k"))
	f.Add("", "AQAA")
	f.Add("list", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n")
	f.Fuzz(func(t *testing.T, list, text string) {
		position, backward, err := c.open(list, text)
		if err != nil {
			if membership.KindOf(err) != membership.Invalid {
				t.Fatal(err)
			}
			return
		}
		if got := c.seal(list, position, backward); position != "" && *got != text {
			t.Fatalf("two texts for one cursor: %q and %q", text, *got)
		}
	})
}
