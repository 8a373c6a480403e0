package csvfile

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestWrite(t *testing.T) {
	for _, c := range []struct {
		separator Separator
		cells     []string
		want      string
	}{
		{Comma, []string{"a", "b c", ""}, "a,b c,\r\n"},
		{Semicolon, []string{"a", "b"}, "a;b\r\n"},
		{Comma, []string{`Hans "Hansi" Meier`, "Meier, Hans", "x;y", "line\nend", " a"}, `"Hans ""Hansi"" Meier","Meier, Hans","x;y","line` + "\n" + `end"," a"` + "\r\n"},
		{Comma, []string{"+4930123456"}, "'+4930123456\r\n"},
		{Comma, []string{""}, "\"\"\r\n"},
		{Comma, []string{"sep=;", "b"}, "\"sep=;\",b\r\n"},
		{Comma, []string{"M\xfcller"}, "M\ufffdller\r\n"},
		{Comma, []string{"Müller", "李", "😀", "\u202eabc"}, "Müller,李,😀,\u202eabc\r\n"},
	} {
		var b bytes.Buffer
		w := NewWriter(&b, c.separator)
		if err := errors.Join(w.Write(c.cells...), w.Flush()); err != nil {
			t.Fatal(err)
		}
		if want := "\xef\xbb\xbf" + c.want; b.String() != want {
			t.Errorf("%q is written as %q, want %q", c.cells, b.String(), want)
		}
	}
}

// A file made of parts is the same as one made at once.
func TestContinue(t *testing.T) {
	var whole, parts bytes.Buffer
	w := NewWriter(&whole, Semicolon)
	first, second := NewWriter(&parts, Semicolon), ContinueWriter(&parts, Semicolon)
	if err := errors.Join(w.Write("a", "b"), w.Write("1", "2"), w.Flush(), first.Write("a", "b"), first.Flush(), second.Write("1", "2"), second.Flush()); err != nil {
		t.Fatal(err)
	}
	if whole.String() != parts.String() {
		t.Errorf("%q in parts, %q at once", parts.String(), whole.String())
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteTellsFailure(t *testing.T) {
	w := NewWriter(failing{}, Comma)
	if err := errors.Join(w.Write("a"), w.Flush()); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a failed write says %v", err)
	}
}

func TestDefuse(t *testing.T) {
	for value, want := range map[string]string{
		// the eight first characters
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(1)": "'@SUM(1)",
		"\tx": "'\tx", "\rx": "'\rx", "\nx": "'\nx", "\x00x": "'\x00x",
		// after what spreadsheets skip, and in full width
		" =1": "' =1", "\u00a0=1": "'\u00a0=1", "\ufeff=1": "'\ufeff=1", `"=1`: `'"=1`, "＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠1": "'＠1",
		// two at once
		"\t=1": "'\t'=1", "\r\n=1": "'\r\n'=1", "=": "'=", "\n": "'\n",
		// after another separator
		"x;=1+1": "x;'=1+1", "x,=1": "x,'=1", "x\n- y": "x\n'- y", `x; "=1"`: `x;' "=1"`, "x;;@": "x;;'@",
		// with an apostrophe of its own
		"'=1": "''=1", "''=1": "'''=1", "' =1": "'' =1",
		// nothing to defuse
		"": "", "'": "'", "'t Hooft": "'t Hooft", "Anna-Lena": "Anna-Lena", "a@example.com": "a@example.com", "1+1=2": "1+1=2", "x, y": "x, y",
		"x,\ny": "x,\ny", ";": ";", "O'Neil": "O'Neil", "https://example.com/?a=1&b=2": "https://example.com/?a=1&b=2", "a\tb": "a\tb",
	} {
		if got := defuse(value); got != want {
			t.Errorf("defuse(%q) = %q, want %q", value, got, want)
		}
		if got := restore(want); got != value {
			t.Errorf("restore(%q) = %q, want %q", want, got, value)
		}
	}
}

// dangerous returns the first cell that a spreadsheet could run, whatever separator it expects: any place in the file
// where a cell could begin.
func dangerous(file string) string {
	file = strings.TrimPrefix(file, byteOrderMark)
	for _, piece := range strings.FieldsFunc(file, func(r rune) bool { return strings.ContainsRune(borders, r) }) {
		first := strings.TrimLeftFunc(piece, func(r rune) bool { return r == '"' || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
		if first != "" && strings.ContainsAny(first[:1], "=+-@\x00") || strings.HasPrefix(first, "＝") || strings.HasPrefix(first, "＋") ||
			strings.HasPrefix(first, "－") || strings.HasPrefix(first, "＠") {
			return piece
		}
	}
	return ""
}

// roundTrip writes rows and reads them again.
func roundTrip(t *testing.T, separator Separator, rows [][]string) {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b, separator)
	columns := []Column{{Name: "first", Required: true}, {Name: "second"}, {Name: "third"}}
	err := w.Write("first", "second", "third")
	for _, row := range rows {
		err = errors.Join(err, w.Write(row...))
	}
	if err = errors.Join(err, w.Flush()); err != nil {
		t.Fatal(err)
	}
	file := b.String()
	if piece := dangerous(file); piece != "" {
		t.Fatalf("%q is in the file of %q", piece, rows)
	}
	for _, row := range rows {
		for _, cell := range row {
			if written := defuse(cell); written != "" && strings.ContainsAny(written[:1], "=+-@\t\r\n\x00") {
				t.Fatalf("%q begins as %q", cell, written)
			}
		}
	}
	r, err := NewReader(&b, columns, Limits{Rows: len(rows), Bytes: int64(len(file))})
	if err != nil {
		t.Fatalf("%v: %q", err, file)
	}
	for _, want := range rows {
		got, err := r.Next()
		if err != nil || got.Err != nil {
			t.Fatalf("%v, %v: %q from %q", err, got.Err, want, file)
		}
		if !slices.Equal(got.Cells, want) || got.Get("second") != want[1] {
			t.Fatalf("%q came back as %q from %q", want, got.Cells, file)
		}
	}
	if row, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Fatalf("after the last row: %q, %v", row.Cells, err)
	}
}

func TestRoundTripLosesNothing(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	alphabet := []rune("=+-@\t\r\n\x00'\"',;| abcÄß李😀\u202e\u200f\ufeff\ufffd＝＋－＠\u00a0\u0301شלום0123\x01\x7f\u0085\u2028")
	for range 2000 {
		rows := make([][]string, 1+r.IntN(4))
		for i := range rows {
			for range 3 {
				var b strings.Builder
				for range r.IntN(8) {
					if c := rune(r.IntN(unicode.MaxRune)); r.IntN(10) == 0 && utf8.ValidRune(c) {
						b.WriteRune(c)
					} else {
						b.WriteRune(alphabet[r.IntN(len(alphabet))])
					}
				}
				rows[i] = append(rows[i], b.String())
			}
		}
		roundTrip(t, []Separator{Comma, Semicolon}[r.IntN(2)], rows)
	}
}

func FuzzRoundTrip(f *testing.F) {
	f.Add("=1+1", "'=1", "\t=1;\r\n@", true)
	f.Add("", "", "", false)
	f.Add("sep=;", "\ufeff", `"";=1`, true)
	f.Fuzz(func(t *testing.T, a, b, c string, comma bool) {
		separator := Semicolon
		if comma {
			separator = Comma
		}
		const longest = 5000 // three cells, doubled by quotes and apostrophes, still fit in a row
		if !utf8.ValidString(a) || !utf8.ValidString(b) || !utf8.ValidString(c) || len(a)+len(b)+len(c) > longest {
			t.Skip()
		}
		roundTrip(t, separator, [][]string{{a, b, c}, {c, a, b}})
	})
}
