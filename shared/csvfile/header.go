package csvfile

import (
	"bytes"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A Column is what a caller expects in a file.
type Column struct {
	Name     string   // by which the caller asks for it
	Spelled  []string // headings that mean it besides Name: in other languages, of other programs
	Required bool     // without it the file makes no sense
}

// fold returns a heading as it is compared: letters and digits only, in lower case. "E-Mail *" and "e mail" are one.
func fold(heading string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(heading))
}

// match finds the columns in the first row: which cell each is in, and the headings that mean none.
func match(columns []Column, headings []string) (at map[string]int, unknown []string, twice string) {
	names := map[string]string{}
	for _, c := range columns {
		names[fold(c.Name)] = c.Name
		for _, s := range c.Spelled {
			names[fold(s)] = c.Name
		}
	}
	at = map[string]int{}
	for i, heading := range headings {
		name, known := names[fold(heading)]
		switch _, before := at[name]; {
		case !known:
			if heading = strings.TrimSpace(heading); heading != "" {
				unknown = append(unknown, heading)
			}
		case before:
			twice = name
		default:
			at[name] = i
		}
	}
	return at, unknown, twice
}

// separatorLine reads Excel's first line "sep=;": the separator, and the bytes that the line takes up; 0 if it is none.
func separatorLine(data []byte) (separator byte, used int) {
	if len(data) < 5 || !bytes.EqualFold(data[:4], []byte("sep=")) || data[4] >= 0x80 || data[4] == '"' || lineEnd(data[4:]) > 0 {
		return 0, 0
	}
	if len(data) == 5 {
		return data[4], 5
	}
	if n := lineEnd(data[5:]); n > 0 {
		return data[4], 5 + n
	}
	return 0, 0
}

// guess returns the separator with which the first row of data names most columns, and of those the one with most cells.
func guess(columns []Column, data []byte, t text) byte {
	best, known, cells := byte(Comma), 0, 0
	for _, separator := range []byte{byte(Comma), byte(Semicolon), '\t', '|'} {
		headings, _, o := scan(data, separator, true, true)
		if o != whole {
			continue
		}
		headings, _ = t.decode(headings)
		at, _, _ := match(columns, headings)
		if len(at) > known || len(at) == known && known > 0 && len(headings) > cells {
			best, known, cells = separator, len(at), len(headings)
		}
	}
	return best
}
