package csvfile

import (
	"bufio"
	"io"
	"strings"
)

const byteOrderMark = "\ufeff"

// A Writer writes rows to a file. It holds some kilobytes, whatever the file's size.
type Writer struct {
	out       *bufio.Writer
	separator Separator
	begun     bool
}

// NewWriter begins a file with the given separator.
func NewWriter(out io.Writer, separator Separator) *Writer {
	return &Writer{out: bufio.NewWriter(out), separator: separator}
}

// ContinueWriter continues where another Writer with the same separator stopped: it writes a further part of a file,
// without the byte order mark.
func ContinueWriter(out io.Writer, separator Separator) *Writer {
	return &Writer{out: bufio.NewWriter(out), separator: separator, begun: true}
}

// Write writes a row. An error of the underlying writer is returned by this or a later call.
func (w *Writer) Write(cells ...string) error {
	if !w.begun {
		w.begun = true
		_, _ = w.out.WriteString(byteOrderMark) // bufio keeps the error for the next write
	}
	for i, cell := range cells {
		if i > 0 {
			_ = w.out.WriteByte(byte(w.separator))
		}
		cell = defuse(strings.ToValidUTF8(cell, "\ufffd"))
		if !quoted(cell) && (cell != "" || len(cells) > 1) { // a row of one empty cell must not be a blank line
			_, _ = w.out.WriteString(cell)
			continue
		}
		_ = w.out.WriteByte('"')
		_, _ = w.out.WriteString(strings.ReplaceAll(cell, `"`, `""`))
		_ = w.out.WriteByte('"')
	}
	_, err := w.out.WriteString("\r\n")
	return err
}

// Flush hands what is buffered to the underlying writer.
func (w *Writer) Flush() error { return w.out.Flush() }

// quoted says whether a cell needs quotes: more often than RFC 4180 asks, for readers that trim spaces or expect another
// separator, and for a first cell that would be taken for Excel's "sep=" line.
func quoted(cell string) bool {
	return strings.ContainsAny(cell, borders+`"`) || strings.TrimSpace(cell) != cell ||
		len(cell) >= 4 && strings.EqualFold(cell[:4], "sep=")
}
