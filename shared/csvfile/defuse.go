package csvfile

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// borders are the characters after which some spreadsheet begins a new cell: separators and line ends.
const borders = ",;\t\r\n"

// defuse puts an apostrophe before everything in a value that a spreadsheet could take for the beginning of a formula.
//
// The value is cut after each border. A piece that begins a formula gets an apostrophe. Looking for the beginning skips
// apostrophes, so a piece that has one already gets a second, restore takes one off, and nothing else changes:
// restore(defuse(v)) == v for every v.
func defuse(value string) string { return eachPiece(value, arm) }

// restore takes the apostrophes off that defuse put on.
func restore(value string) string { return eachPiece(value, disarm) }

func arm(piece string, formula bool) string {
	if formula {
		return "'" + piece
	}
	return piece
}

func disarm(piece string, formula bool) string {
	if formula {
		return strings.TrimPrefix(piece, "'")
	}
	return piece
}

func eachPiece(value string, change func(piece string, formula bool) string) string {
	if !strings.ContainsAny(value, "=+-@\t\r\n\x00＝＋－＠") {
		return value
	}
	var b strings.Builder
	for first := true; value != "" || first; first = false {
		piece, rest := value, ""
		end := strings.IndexAny(value, borders)
		if end >= 0 {
			piece, rest = value[:end], value[end:]
		}
		// At the very beginning tab, carriage return and line feed are dangerous themselves.
		formula := beginsFormula(piece) || first && bare(piece) && rest != "" && rest[0] != ',' && rest[0] != ';'
		b.WriteString(change(piece, formula))
		if end < 0 {
			break
		}
		b.WriteByte(rest[0])
		value = rest[1:]
	}
	return b.String()
}

// beginsFormula says whether the first character that counts begins a formula.
func beginsFormula(piece string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(piece, skipped))
	return strings.ContainsRune("=+-@\x00＝＋－＠", r)
}

// bare says whether nothing in a piece counts.
func bare(piece string) bool { return strings.TrimLeftFunc(piece, skipped) == "" }

// skipped are the characters that a spreadsheet may take off the beginning of a cell: spaces, invisible marks, quotes
// (where the file is read with another separator), and our own apostrophe.
func skipped(r rune) bool {
	return r == '\'' || r == '"' || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
}
