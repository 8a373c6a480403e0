// Package csvfile writes CSV files that people open in spreadsheets, and reads CSV files that people and spreadsheets
// made. Both stream: memory does not grow with the file.
//
// # Writing
//
// UTF-8 with a byte order mark (without it Excel reads the computer's old code page), comma or semicolon, CRLF, quotes as
// in RFC 4180. Excel's "sep=" line is not written: with it Excel ignores the byte order mark.
//
// A spreadsheet runs a cell that begins with = + - or @ as a formula, which can send the file's other cells elsewhere,
// and takes a leading tab, carriage return, line feed or NUL off first. Such a cell gets an apostrophe before it (OWASP,
// "CSV Injection"; ASVS 5.0, 1.2.10), and so do the full-width forms of the four signs, spaces and quotes before them,
// and every place inside a cell where a spreadsheet set to the other separator would begin a new one ("x;=1+1" in a comma
// file, opened with German settings). See defuse.
//
// The reader takes exactly these apostrophes off again, so the round trip keeps every character. Phone numbers are not
// exempt: Excel turns a bare +4930123456 into the number 4930123456, a longer one into 4.93012E+11, and saves that. With the
// apostrophe, which is shown, the cell is text, is saved as it is, and comes back to us as +4930123456.
//
// Text that is not UTF-8 is written with U+FFFD in place of the broken bytes.
//
// # Reading
//
// The first row names the columns, in any order and any of the spellings that the caller gives. Encoding (UTF-8,
// UTF-16, Windows-1252), separator (the one that explains the first row best, or "sep=") and line ends (CRLF, LF, CR)
// are detected. Every row that is not blank comes out with its line number: as a row, or as a row with an error that
// says why it cannot be trusted: one with text of two encodings, for example. A broken row costs no other row.
//
// encoding/csv is not used. Its reader turns CRLF inside a cell into LF, does not know CR alone, stops at the first
// malformed row or, lazy, swallows all that follows a quote that nobody closed. Its writer rewrites line ends in cells.
package csvfile

// A Separator stands between the cells of a row.
type Separator byte

// The separators that are written. Spreadsheets use the semicolon where the comma is the decimal separator.
const (
	Comma     Separator = ','
	Semicolon Separator = ';'
)
