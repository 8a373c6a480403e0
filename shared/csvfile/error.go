package csvfile

import "fmt"

// A Code says what is wrong with a file or a row. Callers translate it.
type Code string

// What is wrong with one row.
const (
	// BrokenQuotes: a quote is opened and not closed, or something stands between a closing quote and the separator.
	BrokenQuotes Code = "csv_quotes"
	// BrokenText: bytes that are not text in the encoding of the rest of the file.
	BrokenText Code = "csv_encoding"
	// TooFewCells: the row ends before a required column, for example because a separator is missing.
	TooFewCells Code = "csv_too_few_cells"
	// TooManyCells: there is text behind the last column, for example because a cell with a separator has no quotes.
	TooManyCells Code = "csv_too_many_cells"
	// RowTooLong: the line is longer than a row can be (64 KB).
	RowTooLong Code = "csv_row_too_long"
)

// What is wrong with a file.
const (
	// NoRows: the file is empty.
	NoRows Code = "csv_empty"
	// Workbook: the file is an Excel or LibreOffice workbook, not CSV.
	Workbook Code = "csv_workbook"
	// NoHeader: the first row names none of the columns.
	NoHeader Code = "csv_header"
	// MissingColumn: a required column is not there; Column says which.
	MissingColumn Code = "csv_column_missing"
	// SameColumn: two columns have the same meaning; Column says which.
	SameColumn Code = "csv_column_twice"
	// TooManyColumns: the first row has more than 500 cells.
	TooManyColumns Code = "csv_too_many_columns"
	// TooManyRows: more rows than the caller allows.
	TooManyRows Code = "csv_too_many_rows"
	// TooLarge: more bytes than the caller allows.
	TooLarge Code = "csv_too_large"
)

// An Error is what is wrong with a file or with one of its rows.
type Error struct {
	Code   Code
	Line   int    // line in the file, from 1; the first of a row of several lines
	Column string // Name of the column that it is about, "" for none
}

func (e *Error) Error() string {
	if e.Column != "" {
		return fmt.Sprintf("line %d, column %s: %s", e.Line, e.Column, e.Code)
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Code)
}
