package files

import (
	"context"
	"io"
	"slices"
	"strconv"
	"time"

	"clientele/shared/csvfile"
	"clientele/shared/membership"
)

// Exports keeps the files of exports; it implements membership.ExportFiles.
type Exports struct{ Bucket Bucket }

const (
	exportType = "text/csv; charset=utf-8"
	exportFile = "users.csv"
	// pieceLimit is far above the largest piece, which is 5 MiB and a page of rows.
	pieceLimit = 32 << 20
)

func exportKey(ref membership.ExportRef) Key {
	return Export(ref.CustomerID, ref.UserID, ref.ExportID, exportFile)
}

func pieceKey(ref membership.ExportRef, number int) Key {
	return Export(ref.CustomerID, ref.UserID, ref.ExportID, "piece-"+strconv.Itoa(number))
}

// Rows begins a file or, with further, continues one.
func (e Exports) Rows(out io.Writer, separator byte, further bool) membership.RowWriter {
	if further {
		return csvfile.ContinueWriter(out, csvfile.Separator(separator))
	}
	return csvfile.NewWriter(out, csvfile.Separator(separator))
}

// Put stores a whole file. Errors: ErrOverloaded.
func (e Exports) Put(ctx context.Context, ref membership.ExportRef, data []byte) error {
	return e.Bucket.Put(ctx, exportKey(ref), exportType, data)
}

// Link returns an address from which the file can be downloaded during lifetime.
func (e Exports) Link(ctx context.Context, ref membership.ExportRef, name string, lifetime time.Duration) (string, error) {
	return e.Bucket.Link(ctx, exportKey(ref), name, exportType, lifetime)
}

// PutPiece stores data that is not yet enough for a part. Errors: ErrOverloaded.
func (e Exports) PutPiece(ctx context.Context, ref membership.ExportRef, number int, data []byte) error {
	return e.Bucket.Put(ctx, pieceKey(ref, number), exportType, data)
}

// Piece returns what PutPiece stored. Errors: ErrNotFound, ErrOverloaded.
func (e Exports) Piece(ctx context.Context, ref membership.ExportRef, number int) ([]byte, error) {
	return e.Bucket.Get(ctx, pieceKey(ref, number), pieceLimit)
}

// Begin begins a file of several parts and returns the name of the upload. Errors: ErrOverloaded.
func (e Exports) Begin(ctx context.Context, ref membership.ExportRef) (upload string, err error) {
	return e.Bucket.Begin(ctx, exportKey(ref), exportType)
}

// PutPart stores a part. Errors: ErrNotFound when there is no such upload, ErrOverloaded.
func (e Exports) PutPart(ctx context.Context, ref membership.ExportRef, upload string, number int, data []byte) error {
	return e.Bucket.PutPart(ctx, exportKey(ref), upload, number, data)
}

// Join makes the file from its parts. Errors: ErrNotFound when there is no such upload or part, ErrOverloaded.
func (e Exports) Join(ctx context.Context, ref membership.ExportRef, upload string, numbers []int) error {
	return e.Bucket.Join(ctx, exportKey(ref), upload, numbers)
}

// Joined says whether the file exists. Errors: ErrOverloaded.
func (e Exports) Joined(ctx context.Context, ref membership.ExportRef) (bool, error) {
	name := exportKey(ref).name
	names, err := e.Bucket.list(ctx, name)
	return slices.Contains(names, name), err
}
