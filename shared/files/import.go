package files

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"clientele/shared/csvfile"
	"clientele/shared/membership"
)

// Imports keeps the files of imports, and reads and writes them as CSV; it implements membership.ImportFiles.
type Imports struct{ Bucket Bucket }

const (
	importType = "text/csv"
	// importLimit is far above any file of an import: 5 MB in the oldest encoding are at most 15 MB of UTF-8.
	importLimit = 64 << 20
)

func importUpload(ref membership.ImportRef) Key {
	return ImportUpload(ref.CustomerID, ref.UserID, ref.ImportID)
}

func importFile(ref membership.ImportRef, name string) Key {
	return ImportFile(ref.CustomerID, ref.UserID, ref.ImportID, name)
}

// UploadForm signs the form for the upload. Browsers and systems disagree on the type of a CSV file, so the form states
// it.
func (i Imports) UploadForm(ctx context.Context, ref membership.ImportRef, back string, expires time.Time) (membership.UploadForm, error) {
	return i.Bucket.Form(ctx, Terms{Key: importUpload(ref), ContentType: importType, MaxBytes: membership.MaxImportBytes, Expires: expires, Back: back})
}

// Uploaded says whether a file has arrived. It asks for the bucket's list, because S3 answers "forbidden" for a missing
// object unless the caller may list the bucket. Errors: ErrOverloaded.
func (i Imports) Uploaded(ctx context.Context, ref membership.ImportRef) (bool, error) {
	name := importUpload(ref).name
	if name == "" {
		return false, errors.New("files: an import without customer, user or id")
	}
	names, err := i.Bucket.list(ctx, name)
	return slices.Contains(names, name), err
}

// Upload returns the file. Errors: ErrNotFound, Invalid (csv_too_large), ErrOverloaded.
func (i Imports) Upload(ctx context.Context, ref membership.ImportRef) ([]byte, error) {
	data, err := i.Bucket.Get(ctx, importUpload(ref), membership.MaxImportBytes)
	if errors.Is(err, ErrTooBig) {
		err = membership.InvalidField("file", string(csvfile.TooLarge), "The file is larger than 5 MB.")
	}
	return data, err
}

// Put stores one of an import's files. Errors: ErrOverloaded.
func (i Imports) Put(ctx context.Context, ref membership.ImportRef, name string, data []byte) error {
	return i.Bucket.Put(ctx, importFile(ref, name), exportType, data)
}

// Get returns what Put stored. Errors: ErrNotFound, ErrOverloaded.
func (i Imports) Get(ctx context.Context, ref membership.ImportRef, name string) ([]byte, error) {
	return i.Bucket.Get(ctx, importFile(ref, name), importLimit)
}

// Link returns an address from which a file can be downloaded during lifetime.
func (i Imports) Link(ctx context.Context, ref membership.ImportRef, name, fileName string, lifetime time.Duration) (string, error) {
	return i.Bucket.Link(ctx, importFile(ref, name), fileName, exportType, lifetime)
}

// Drop deletes all files of an import. Errors: ErrOverloaded.
func (i Imports) Drop(ctx context.Context, ref membership.ImportRef) error {
	if err := i.Bucket.Delete(ctx, importUpload(ref)); err != nil {
		return err
	}
	prefix := importFilesOf(ref.CustomerID, ref.UserID, ref.ImportID)
	if prefix == "" {
		return errors.New("files: an import without customer, user or id")
	}
	names, err := i.Bucket.list(ctx, prefix)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := i.Bucket.Delete(ctx, Key{name}); err != nil {
			return err
		}
	}
	return nil
}

// Rows begins a CSV file.
func (i Imports) Rows(out io.Writer, separator byte) membership.RowWriter {
	return csvfile.NewWriter(out, csvfile.Separator(separator))
}

// Open reads a file's headings and returns its rows. With separator "" the separator is detected.
// Errors: *membership.ImportFault.
func (i Imports) Open(data []byte, separator string) (membership.ImportSheet, error) {
	var columns []csvfile.Column
	for _, c := range membership.ImportColumns() {
		columns = append(columns, csvfile.Column{Name: c.Name, Spelled: c.Spelled, Required: c.Required})
	}
	limits := csvfile.Limits{Rows: membership.MaxImportRows, Bytes: membership.MaxImportBytes}
	var r *csvfile.Reader
	var err error
	if separator == "" {
		r, err = csvfile.NewReader(bytes.NewReader(data), columns, limits)
	} else {
		r, err = csvfile.NewSeparatedReader(bytes.NewReader(data), columns, limits, separators[separator])
	}
	if err != nil {
		return nil, importFault(err)
	}
	return sheet{r, columns}, nil
}

// sheet is an opened file of people.
type sheet struct {
	*csvfile.Reader
	columns []csvfile.Column
}

// separators are the separators that can be asked for, as in membership.ImportSeparators.
var separators = map[string]csvfile.Separator{
	string(membership.Comma): csvfile.Comma, string(membership.Semicolon): csvfile.Semicolon, "tab": '\t', "bar": '|',
}

// Separator returns the name of the separator, whether detected or given.
func (s sheet) Separator() string {
	for name, separator := range separators {
		if separator == s.Reader.Separator() {
			return name
		}
	}
	return "other"
}

// Next returns the next row that is not blank. Errors: io.EOF, *membership.ImportFault.
func (s sheet) Next() (membership.ImportLine, error) {
	for {
		row, err := s.Reader.Next()
		if err != nil {
			return membership.ImportLine{}, importFault(err)
		}
		if row.Err == nil && row.Blank() {
			continue
		}
		line := membership.ImportLine{Line: row.Line, Cells: row.Cells}
		if row.Err != nil {
			line.Fault = string(row.Err.Code)
		}
		// A row with broken quotes is one cell, which can be anything but a value of the first column.
		if row.Err == nil || row.Err.Code != csvfile.BrokenQuotes {
			line.Values = make(map[string]string, len(s.columns))
			for _, c := range s.columns {
				if v := strings.TrimSpace(row.Get(c.Name)); v != "" {
					line.Values[c.Name] = v
				}
			}
		}
		return line, nil
	}
}

// importFault returns what is wrong with a file. A row that cannot be read where the column names should be, as in a
// picture, means that the file has no headings.
func importFault(err error) error {
	var e *csvfile.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case csvfile.BrokenQuotes, csvfile.BrokenText, csvfile.TooFewCells, csvfile.TooManyCells, csvfile.RowTooLong:
		e.Code = csvfile.NoHeader
	}
	return &membership.ImportFault{Code: string(e.Code), Line: e.Line, Column: e.Column}
}

//go:embed text/import.*.json
var importTexts embed.FS

// Say returns the word for a result ("result.invited") or for the code of a reason ("reason.already_user") in a
// language, or else english.
func (i Imports) Say(language, key, english string) string {
	data, err := importTexts.ReadFile("text/import." + language + ".json")
	if err != nil {
		return english
	}
	texts := map[string]string{}
	if json.Unmarshal(data, &texts) != nil || texts[key] == "" {
		return english
	}
	return texts[key]
}
