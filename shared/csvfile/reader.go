package csvfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// maxRow is the longest row, in bytes of UTF-8, and what a Reader holds of a file. A user with every field full has some
// 8 KB.
const maxRow = 64 << 10

// maxColumns is how many cells a first row can have: far more than is known of a person. A file written again with a
// result has as many cells in every row, however short the row was.
const maxColumns = 500

// Limits bound a file.
type Limits struct {
	Rows  int   // rows below the headings, blank ones not counted
	Bytes int64 // size of the file
}

// A Reader reads a file row by row.
type Reader struct {
	in        *bufio.Reader
	text      text
	separator byte
	line      int // of the next row
	rows      int
	limits    Limits
	columns   []Column
	at        map[string]int // cell of each column
	headings  []string
	unknown   []string
}

// A Row is one row of a file, its cells as they stand there (nothing is trimmed), without the apostrophes of Writer.
type Row struct {
	Line  int      // line of the file where it begins, from 1
	Cells []string // for showing; Get knows which is which
	Err   *Error   // why the row cannot be trusted; nil if it is sound. The cells are then what could be read of them.
	at    map[string]int
	last  int // its last line
}

// Get returns the cell in the column with this Name, "" if the file has no such column or the row ends before it.
func (r Row) Get(name string) string {
	if i, found := r.at[name]; found && i < len(r.Cells) {
		return r.Cells[i]
	}
	return ""
}

// Blank says whether no cell has text, as in rows that were emptied in a spreadsheet.
func (r Row) Blank() bool {
	for _, cell := range r.Cells {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}

// NewReader reads the first row of a file, which names the columns. It returns an *Error with a Code about files if the
// file cannot be read, and the error of the underlying reader if that fails.
func NewReader(file io.Reader, columns []Column, limits Limits) (*Reader, error) {
	return NewSeparatedReader(file, columns, limits, 0)
}

// NewSeparatedReader is NewReader for a file whose separator is known; 0 detects it. The file's own "sep=" line counts
// more.
func NewSeparatedReader(file io.Reader, columns []Column, limits Limits, separator Separator) (*Reader, error) {
	r := &Reader{line: 1, limits: limits, columns: columns, separator: byte(separator)}
	opened, err := r.text.open(bufio.NewReader(&limited{file: file, left: limits.Bytes}))
	if err != nil {
		return nil, r.here(err)
	}
	r.in = bufio.NewReaderSize(opened, maxRow)
	head, err := r.in.Peek(maxRow)
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return nil, r.here(err)
	}
	if separator, used := separatorLine(head); used > 0 {
		r.separator = separator
		r.skip(used)
	} else {
		for n := lineEnd(head); n > 0; n = lineEnd(head) { // blank lines
			r.skip(n)
			head = head[n:]
		}
		if separator == 0 {
			r.separator = guess(columns, firstLines(head), r.text)
		}
	}
	if err := r.readHeadings(); err != nil {
		return nil, err
	}
	return r, nil
}

// firstLines bounds the work of guess: an unclosed quote would make it read everything.
func firstLines(head []byte) []byte { return head[:min(len(head), 16<<10)] }

// readHeadings reads the first row and finds the columns in it.
func (r *Reader) readHeadings() error {
	first, err := r.read()
	switch {
	case errors.Is(err, io.EOF):
		return &Error{Code: NoRows, Line: 1}
	case err != nil:
		return err
	case first.Err != nil:
		return first.Err
	}
	r.headings = first.Cells
	at, unknown, twice := match(r.columns, first.Cells)
	if len(at) == 0 {
		return &Error{Code: NoHeader, Line: first.Line}
	}
	if len(first.Cells) > maxColumns {
		return &Error{Code: TooManyColumns, Line: first.Line}
	}
	if twice != "" {
		return &Error{Code: SameColumn, Line: first.Line, Column: twice}
	}
	for _, c := range r.columns {
		if _, found := at[c.Name]; c.Required && !found {
			return &Error{Code: MissingColumn, Line: first.Line, Column: c.Name}
		}
	}
	r.at, r.unknown = at, unknown
	return nil
}

// Headings returns the first row.
func (r *Reader) Headings() []string { return r.headings }

// Unknown returns the headings that mean no column: people should be told that these are not read.
func (r *Reader) Unknown() []string { return r.unknown }

// Encoding returns UTF8, UTF16 or Windows1252, as far as the rows read so far tell.
func (r *Reader) Encoding() string { return r.text.encoding }

// Separator returns what stands between the cells: one that is written, a tab, a vertical bar, or what "sep=" says.
func (r *Reader) Separator() Separator { return Separator(r.separator) }

// Has says whether the file has the column with this Name.
func (r *Reader) Has(name string) bool {
	_, found := r.at[name]
	return found
}

// Column returns where among the headings the column with this Name is.
func (r *Reader) Column(name string) (at int, found bool) {
	at, found = r.at[name]
	return at, found
}

// Next returns the next row, sound or not, and io.EOF after the last. Other errors end the file: an *Error when it is over
// a limit, and what the underlying reader says.
func (r *Reader) Next() (Row, error) {
	row, err := r.read()
	if err != nil {
		return Row{}, err
	}
	if r.rows++; r.rows > r.limits.Rows {
		return Row{}, &Error{Code: TooManyRows, Line: row.Line}
	}
	row.at = r.at
	if row.Err == nil {
		row.Err = r.ragged(&row)
	}
	return row, nil
}

// ragged compares a row with the headings. Empty cells at its end do not matter: Excel leaves them out in some rows and
// adds some in others (stata.com/support/faqs/data-management/how-excel-writes-empty-cells).
func (r *Reader) ragged(row *Row) *Error {
	for len(row.Cells) > len(r.headings) {
		if strings.TrimSpace(row.Cells[len(row.Cells)-1]) != "" {
			return &Error{Code: TooManyCells, Line: row.Line}
		}
		row.Cells = row.Cells[:len(row.Cells)-1]
	}
	for _, c := range r.columns {
		if i, found := r.at[c.Name]; found && c.Required && i >= len(row.Cells) {
			return &Error{Code: TooFewCells, Line: row.Line, Column: c.Name}
		}
	}
	return nil
}

// read returns the next row that is not a blank line.
func (r *Reader) read() (Row, error) {
	for {
		row, err := r.readAny()
		if err != nil || row.Err != nil || len(row.Cells) > 0 {
			return row, err
		}
	}
}

// readAny returns the next row, without cells if its line is blank. A row that makes no sense ends with its first line.
func (r *Reader) readAny() (Row, error) {
	for size := r.in.Buffered(); ; size = min(max(2*size, 4<<10), maxRow) {
		data, err := r.in.Peek(size)
		if err != nil && !errors.Is(err, io.EOF) {
			return Row{}, r.here(err)
		}
		final := err != nil
		if final && len(data) == 0 {
			return Row{}, io.EOF
		}
		cells, used, o := scan(data, r.separator, final, false)
		switch {
		case o == whole && !bytes.Contains(data[:used], []byte(`"`)) && len(cells) == 1 && strings.TrimSpace(cells[0]) == "":
			r.skip(used)
			return Row{}, nil
		case o == whole:
			return r.row(cells, used, nil), nil
		case o == more && size < maxRow:
			continue
		}
		end := bytes.IndexAny(data, "\r\n")
		if !final && (end < 0 || end == len(data)-1 && data[end] == '\r') { // the end of the line is not in sight
			if size < maxRow {
				continue
			}
			return r.tooLong()
		}
		if end < 0 {
			end = len(data)
		}
		used = end + lineEnd(data[end:])
		cells, _, o = scan(data[:end], r.separator, true, true)
		if o == whole && len(cells) == len(r.headings) {
			return r.row(cells, used, nil), nil
		}
		return r.row([]string{string(data[:end])}, used, &Error{Code: BrokenQuotes, Line: r.line}), nil
	}
}

// row takes a row off the file.
func (r *Reader) row(cells []string, used int, problem *Error) Row {
	row := Row{Line: r.line, Err: problem}
	cells, ok := r.text.decode(cells)
	if !ok && problem == nil {
		row.Err = &Error{Code: BrokenText, Line: r.line}
	}
	row.Cells = make([]string, len(cells))
	for i, cell := range cells {
		row.Cells[i] = restore(cell)
	}
	data, _ := r.in.Peek(used)
	row.last = row.Line + lines(withoutEnd(data))
	r.skip(used)
	return row
}

// tooLong skips a line that is too long for a row.
func (r *Reader) tooLong() (Row, error) {
	row := Row{Line: r.line, last: r.line, Err: &Error{Code: RowTooLong, Line: r.line}}
	for {
		data, err := r.in.Peek(max(r.in.Buffered(), 2))
		if err != nil && !errors.Is(err, io.EOF) {
			return Row{}, r.here(err)
		}
		end := bytes.IndexAny(data, "\r\n")
		if end < 0 {
			end = len(data)
		}
		if end+1 < len(data) || err != nil {
			r.skip(end + lineEnd(data[end:]))
			return row, nil
		}
		_, _ = r.in.Discard(end)
	}
}

// here says on which line a file became too large.
func (r *Reader) here(err error) error {
	if errors.Is(err, errTooLarge) {
		return &Error{Code: TooLarge, Line: r.line}
	}
	return err
}

// skip discards bytes that were looked at, and counts their lines.
func (r *Reader) skip(n int) {
	data, _ := r.in.Peek(n)
	r.line += lines(data)
	_, _ = r.in.Discard(n)
}

var errTooLarge = errors.New("file too large")

// limited reads a file up to a number of bytes, and then says errTooLarge.
type limited struct {
	file io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, errTooLarge
	}
	n, err := l.file.Read(p[:min(int64(len(p)), l.left+1)])
	l.left -= int64(n)
	if l.left < 0 {
		return n - 1, errTooLarge
	}
	return n, err
}
