package inbound

import (
	"io"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
)

// maxLine is the longest text that is returned, in characters: above what any field of a record takes.
const maxLine = 300

// text decodes the text of a field: encoded words (RFC 2047), and bytes that are in none.
func text(value, bodyCharset string) string {
	if len(value) > maxText {
		value = value[:maxText]
	}
	if !utf8.ValidString(value) {
		value = decode(bodyCharset, value)
	}
	decoder := mime.WordDecoder{CharsetReader: reader}
	if decoded, err := decoder.DecodeHeader(value); err == nil {
		value = decoded
	}
	return line(value)
}

// reader converts from a charset. Text in an unknown one loses all that is not ASCII, instead of everything.
func reader(name string, in io.Reader) (io.Reader, error) {
	name, _, _ = strings.Cut(name, "*") // RFC 2231: utf-8*de
	if out, err := charset.Reader(name, in); err == nil {
		return out, nil
	}
	return charmap.Windows1252.NewDecoder().Reader(ascii{in}), nil
}

// ascii replaces all other bytes with question marks.
type ascii struct{ io.Reader }

func (a ascii) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	for i, c := range p[:n] {
		if c >= utf8.RuneSelf {
			p[i] = '?'
		}
	}
	return n, err
}

// decode reads bytes that say nothing of their charset: in that of the mail's body if it names one, else in the one
// that old Windows programs write.
func decode(name, value string) string {
	if name != "" {
		if in, err := charset.Reader(name, strings.NewReader(value)); err == nil {
			if out, err := io.ReadAll(in); err == nil && utf8.Valid(out) && !strings.ContainsRune(string(out), utf8.RuneError) {
				return string(out)
			}
		}
	}
	out, err := charmap.Windows1252.NewDecoder().String(value)
	if err != nil {
		return strings.ToValidUTF8(value, "?")
	}
	return out
}

// line makes one line of plain text: without control characters and those that turn the direction of text, with single
// spaces, and of at most maxLine characters.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case hidden(r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > maxLine {
		s = strings.TrimSpace(string([]rune(s)[:maxLine]))
	}
	return s
}

func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}
