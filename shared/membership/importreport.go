package membership

import (
	"encoding/json"
	"maps"
	"strconv"
)

// importReport is what the workers of an import find out, as kept in their job's parameters.
type importReport struct {
	Read    int          `json:"read,omitempty"` // names the copy of the file that was read: the upload can be replaced while its form is good
	File    ImportFile   `json:"file,omitzero"`
	Fault   *ImportFault `json:"fault,omitempty"`
	Parts   importParts  `json:"parts,omitempty"`
	Results []int        `json:"results,omitempty"` // in the order of ImportResults
	Stopped string       `json:"stopped,omitempty"` // the code of what ended the import before its last row
}

// reportParam is the parameter that holds it.
const reportParam = "report"

func readImportReport(params map[string]string) importReport {
	var r importReport
	_ = json.Unmarshal([]byte(params[reportParam]), &r) // nothing yet
	return r
}

// in returns a job's parameters with the report.
func (r importReport) in(params map[string]string) map[string]string {
	b, _ := json.Marshal(r) // numbers and texts cannot fail
	next := maps.Clone(params)
	if next == nil {
		next = map[string]string{}
	}
	next[reportParam] = string(b)
	return next
}

func (r importReport) rows() int { return r.Parts.rows() }

func (r importReport) counts() map[ImportClass]int {
	counts := map[ImportClass]int{}
	for n, class := range ImportClasses() {
		for _, p := range r.Parts {
			counts[class] += p[1+n]
		}
	}
	return counts
}

func (r importReport) results() map[ImportResult]int {
	results := map[ImportResult]int{}
	for n, result := range ImportResults() {
		if n < len(r.Results) {
			results[result] = r.Results[n]
		}
	}
	return results
}

// add counts a result.
func (r *importReport) add(result ImportResult, n int) {
	if len(r.Results) == 0 {
		r.Results = make([]int, len(ImportResults()))
	}
	for at, x := range ImportResults() {
		if x == result {
			r.Results[at] += n
		}
	}
}

// auditFields returns what the audit log keeps of the report: which file it was, and what became of its rows.
func (r importReport) auditFields() map[string]string {
	fields := map[string]string{"size": strconv.Itoa(r.File.Size), "sha256": r.File.Hash, "rows": strconv.Itoa(r.rows()), "stopped": r.Stopped}
	for class, n := range r.counts() {
		fields[string(class)] = strconv.Itoa(n)
	}
	if len(r.Results) > 0 {
		for _, class := range ImportClasses() {
			delete(fields, string(class))
		}
		for result, n := range r.results() {
			fields[string(result)] = strconv.Itoa(n)
		}
	}
	if r.Fault != nil {
		fields["refused"] = r.Fault.Code
	}
	return fields
}

// importParts are the files of rows, importPart rows each: the number in the name, and how many rows are of each class.
type importParts []importPartOf

type importPartOf [6]int

// name returns the name of the file. It holds the version of the job that wrote it, so that a step that outlives its lease
// overwrites nothing.
func (p importPartOf) name(n int) string { return "rows-" + strconv.Itoa(n) + "-" + strconv.Itoa(p[0]) }

func (p importPartOf) count(class ImportClass) int {
	for n, x := range ImportClasses() {
		if x == class {
			return p[1+n]
		}
	}
	return 0
}

func (p importPartOf) rows() (n int) {
	for _, count := range p[1:] {
		n += count
	}
	return n
}

func (ps importParts) rows() (n int) {
	for _, p := range ps {
		n += p.rows()
	}
	return n
}

// partOf counts rows and names the file that version wrote them to.
func partOf(version int, rows []ImportRow) importPartOf {
	p := importPartOf{version}
	for _, row := range rows {
		for n, class := range ImportClasses() {
			if row.Class == class {
				p[1+n]++
			}
		}
	}
	return p
}

// sourceName returns the name of the copy of the file that was read.
func sourceName(read int) string { return "source-" + strconv.Itoa(read) + ".csv" }

// The files with the results.
const (
	resultFile = "result.csv"
	failedFile = "failed.csv"
)

// problem puts what is wrong with a file into words.
func (f *ImportFault) problem() *ImportProblem {
	return &ImportProblem{Code: f.Code, Message: faultMessage(f.Code), Line: f.Line, Column: f.Column}
}

// faultMessage returns what is wrong with a file or a row by its code; most codes are shared/csvfile's.
func faultMessage(code string) string {
	if m, ok := faultMessages[code]; ok {
		return m
	}
	return "This file cannot be read. Save it as CSV again and begin a new import."
}

// The codes of the faults that are found in this package.
const (
	faultNoRows        = "csv_no_rows"
	faultUploadMissing = "import_upload_missing"
	faultHeader        = "csv_header"
)

var faultMessages = map[string]string{
	// Of rows.
	"csv_quotes":         "The quotes of this row are broken: one is opened and not closed, or something stands behind a closing one.",
	"csv_encoding":       "This row has characters that cannot be read. Save the file as UTF-8.",
	"csv_too_few_cells":  "This row ends before the column with the address.",
	"csv_too_many_cells": "This row has more cells than there are columns. Put a cell that has the separator in it into quotes.",
	"csv_row_too_long":   "This row is longer than 64 KB.",
	// Of files.
	"csv_empty":            "The file is empty.",
	faultNoRows:            "The file has a first row and no other. Add the people below it.",
	"csv_workbook":         "This file is a workbook of Excel or LibreOffice. Save it as CSV and begin a new import.",
	faultHeader:            "The first row names none of the columns, or the file is no CSV file. The first row must say what is in each column, for example: email, firstName, lastName.",
	"csv_column_missing":   "The column with the addresses is missing. Call it email.",
	"csv_column_twice":     "Two columns have the same meaning. Remove or rename one of them.",
	"csv_too_many_columns": "The file has more than 500 columns. Remove those that are not read, and begin a new import.",
	"csv_too_many_rows":    "The file has more than 10,000 rows. Split it, and import the parts one after the other.",
	"csv_too_large":        "The file is larger than 5 MB. Split it, and import the parts one after the other.",
	faultUploadMissing:     "The file is gone: an upload is kept for a day. Begin a new import.",
	// Of the customer, as checked.
	"customer_deactivated":   "The customer is deactivated. Reactivate it first, and begin a new import.",
	"customer_is_individual": "Only a corporate customer has several users.",
}
