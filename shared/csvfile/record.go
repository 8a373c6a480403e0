package csvfile

import "bytes"

// An outcome says what came of looking for a row.
type outcome int

const (
	whole  outcome = iota
	more           // the row is longer than the data
	broken         // its quotes make no sense
)

// scan reads the first row of data: its cells, and how many bytes it takes up, line end included. final says that nothing
// comes after data.
//
// Quotes inside a cell that does not begin with one are text, as are spaces, except around a quoted cell. With lenient,
// a quote inside a quoted cell ends it only before a separator or the end: "Hans "Hansi" Meier".
func scan(data []byte, separator byte, final, lenient bool) (cells []string, used int, o outcome) {
	ends := func(c byte) bool { return c == separator || c == '\r' || c == '\n' }
	for i := 0; ; i++ { // over the separator
		cell := []byte(nil)
		start := skipSpaces(data, i, separator)
		switch {
		case start == len(data) && !final:
			return nil, 0, more
		case start < len(data) && data[start] == '"':
			for i = start + 1; ; {
				n := bytes.IndexByte(data[i:], '"')
				if n < 0 {
					if final {
						return nil, 0, broken
					}
					return nil, 0, more
				}
				cell = append(cell, data[i:i+n]...)
				i += n + 1
				if i < len(data) && data[i] == '"' {
					cell = append(cell, '"')
					i++
					continue
				}
				after := skipSpaces(data, i, separator)
				if after == len(data) && !final {
					return nil, 0, more
				}
				if after == len(data) || ends(data[after]) {
					i = after
					break
				}
				if !lenient {
					return nil, 0, broken
				}
				cell = append(cell, '"')
			}
		default:
			start = i
			for i < len(data) && !ends(data[i]) {
				i++
			}
			if i == len(data) && !final {
				return nil, 0, more
			}
			cell = data[start:i]
		}
		cells = append(cells, string(cell))
		if i < len(data) && data[i] == separator {
			continue
		}
		n := lineEnd(data[i:])
		if n == 1 && data[i] == '\r' && i+1 == len(data) && !final { // a line feed may follow
			return nil, 0, more
		}
		return cells, i + n, whole
	}
}

// skipSpaces returns the first position from i on that is neither a space nor, unless it is the separator, a tab.
func skipSpaces(data []byte, i int, separator byte) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\t' && separator != '\t') {
		i++
	}
	return i
}

// lineEnd returns the length of the line end with which data begins, 0 if it begins with none.
func lineEnd(data []byte) int {
	switch {
	case bytes.HasPrefix(data, []byte("\r\n")):
		return 2
	case len(data) > 0 && (data[0] == '\r' || data[0] == '\n'):
		return 1
	default:
		return 0
	}
}

// lines counts the line ends in data.
func lines(data []byte) int {
	return bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) - bytes.Count(data, []byte("\r\n"))
}

// withoutEnd returns a row without its line end.
func withoutEnd(row []byte) []byte {
	for _, end := range []string{"\r\n", "\n", "\r"} {
		if rest, found := bytes.CutSuffix(row, []byte(end)); found {
			return rest
		}
	}
	return row
}
