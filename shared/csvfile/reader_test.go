package csvfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

var people = []Column{
	{Name: "email", Spelled: []string{"E-Mail-Adresse", "mail"}, Required: true},
	{Name: "firstName", Spelled: []string{"Vorname", "first name"}},
	{Name: "lastName", Spelled: []string{"Nachname", "Größe"}},
}

// asUTF16 writes a text in UTF-16.
func asUTF16(order binary.AppendByteOrder, mark bool, s string) string {
	var b []byte
	if mark {
		s = byteOrderMark + s
	}
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

// show reads a file and writes down what comes out: email|firstName|lastName, with the line, or the error.
func show(file io.Reader, limits Limits) (out []string, encoding string) {
	r, err := NewReader(file, people, limits)
	if err != nil {
		return []string{err.Error()}, ""
	}
	for {
		row, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return out, r.Encoding()
		case err != nil:
			return append(out, err.Error()), r.Encoding()
		case row.Err != nil:
			out = append(out, fmt.Sprintf("%v: %s", row.Err, strings.Join(row.Cells, "|")))
		default:
			out = append(out, fmt.Sprintf("%d: %s|%s|%s", row.Line, row.Get("email"), row.Get("firstName"), row.Get("lastName")))
		}
	}
}

func TestRead(t *testing.T) {
	const head = "E-Mail,Vorname,Nachname\n"
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"plain":             {"email,firstName,lastName\na@b.c,Anna,Berg\n", []string{"2: a@b.c|Anna|Berg"}},
		"no last line end":  {head + "a,b,c", []string{"2: a|b|c"}},
		"mark":              {byteOrderMark + head + "a,b,c\n", []string{"2: a|b|c"}},
		"mark in a heading": {"Vorname;" + byteOrderMark + " E-MAIL *\nAnna;a@b.c\n", []string{"2: a@b.c|Anna|"}},
		"other order":       {"Nachname\tE-Mail-Adresse\tmore\nBerg\ta@b.c\tx\n", []string{"2: a@b.c||Berg"}},
		"decomposed":        {"email,Gro\u0308ße\na,c\n", []string{"2: a||c"}},
		"semicolon":         {"email;first name, middle;Nachname\na;b, x;c\n", []string{"2: a||c"}},
		"sep=":              {"sep=|\r\nemail|firstName\r\na|b\r\n", []string{"3: a|b|"}},
		"mark and SEP=":     {byteOrderMark + "SEP=;\nemail;firstName\na,1;b\n", []string{"3: a,1|b|"}},
		"one column":        {"email\na@b.c\n\nd@e.f\n", []string{"2: a@b.c||", "4: d@e.f||"}},
		"CRLF":              {"email,firstName\r\na,b\r\nc,d\r\n", []string{"2: a|b|", "3: c|d|"}},
		"CR":                {"email,firstName\ra,b\rc,d\r", []string{"2: a|b|", "3: c|d|"}},
		"mixed ends":        {"email,firstName\ra,b\nc,d\r\n\re,f", []string{"2: a|b|", "3: c|d|", "5: e|f|"}},
		"blank lines":       {"\r\n\n" + head + "\n  \na,b,c\n\n\n", []string{"6: a|b|c"}},
		"emptied rows":      {head + ",,\na,b,c\n", []string{"2: ||", "3: a|b|c"}},
		"quotes":            {head + `"a","b ""x"" y","c, d"` + "\n" + ` "e" , f ,"g" ` + "\n", []string{`2: a|b "x" y|c, d`, "3: e| f |g"}},
		"lines in a cell":   {head + "a,\"b\r\nc\n\nd\",e\nf,g,h\n", []string{"2: a|b\r\nc\n\nd|e", "6: f|g|h"}},
		"quotes in text":    {head + `a,5" disk,c` + "\n", []string{`2: a|5" disk|c`}},
		"sloppy quotes":     {head + `a,"Hans "Hansi" Meier","c"` + "\nd,e,f\n", []string{`2: a|Hans "Hansi" Meier|c`, "3: d|e|f"}},
		"open quote":        {head + "a,\"b,c\nd,e,f\ng,h,i\n", []string{`line 2: csv_quotes: a,"b,c`, "3: d|e|f", "4: g|h|i"}},
		"open quote pairs":  {head + "a,\"b,c\nd,\"e\",f\ng,h,i\n", []string{`line 2: csv_quotes: a,"b,c`, "3: d|e|f", "4: g|h|i"}},
		"open quote at end": {head + "a,b,c\nd,e,\"f", []string{"2: a|b|c", `line 3: csv_quotes: d,e,"f`}},
		"too many":          {head + "a,b,c,d\ne,f,g\n", []string{"line 2: csv_too_many_cells: a|b|c|d", "3: e|f|g"}},
		"empty too many":    {head + "a,b,c,, ,\n", []string{"2: a|b|c"}},
		"too few":           {"firstName,email\na\nb,c\n", []string{"line 2, column email: csv_too_few_cells: a", "3: c|b|"}},
		"Excel's few":       {head + "a,b\nd\n", []string{"2: a|b|", "3: d||"}},
		"broken UTF-8":      {head + "a,Jürgen,c\nd,M\xfcller,f\ng,h,i\n", []string{"2: a|Jürgen|c", "line 3: csv_encoding: d|M\ufffdller|f", "4: g|h|i"}},
		"broken marked":     {byteOrderMark + head + "d,M\xfcller,f\n", []string{"line 2: csv_encoding: d|M\ufffdller|f"}},
		"Windows-1252":      {head + "a,b,c\nd,M\xfcller \x80,f\n", []string{"2: a|b|c", "3: d|Müller €|f"}},
		"1252 heading":      {"email;Gr\xf6\xdfe\na;\xc4\n", []string{"2: a||Ä"}},
		"broken 1252":       {head + "a,\xfc,c\nd,\x81,f\n", []string{"2: a|ü|c", "line 3: csv_encoding: d|\ufffd|f"}},
		"put together":      {head + "a,M\xfcller,c\nd,Müller,f\n", []string{"2: a|Müller|c", "3: d|Müller|f"}},
		"mixed at first":    {head + "a,Jürgen,M\xfcller\nd,M\xfcller,f\n", []string{"line 2: csv_encoding: a|Jürgen|M\ufffdller", "3: d|Müller|f"}},
		"mixed in a cell":   {head + "a,Ma\xdf nehmen – so,c\nd,ü,f\n", []string{"line 2: csv_encoding: a|Ma\ufffd nehmen – so|c", "3: d|ü|f"}},
		"mixed head":        {"email,Größe,M\xfc\na,b,c\n", []string{"line 1: csv_encoding"}},
		"1252 like UTF-8":   {head + "a,Jos\xe9\x85\x94,\x93Spa\xdf\x93 \xab\xa0Caf\xe9\xa0\xbb\nb,RENÉ,\xfc\n", []string{"2: a|José…”|“Spaß“ «\u00a0Café\u00a0»", "line 3: csv_encoding: b|RENÉ|\ufffd"}},
		"across cells":      {head + "a,ANDR\xc9,\x93Bob\n", []string{"2: a|ANDRÉ|“Bob"}},
		"UTF-16 LE":         {asUTF16(binary.LittleEndian, true, "email\tVorname\r\na\tЮлия 😀\r\n"), []string{"2: a|Юлия 😀|"}},
		"UTF-16 BE":         {asUTF16(binary.BigEndian, true, "email;Vorname\na;ü\n"), []string{"2: a|ü|"}},
		"UTF-16 unmarked":   {asUTF16(binary.LittleEndian, false, "email,Vorname\na,ü\n"), []string{"2: a|ü|"}},
		"UTF-16 BE no mark": {asUTF16(binary.BigEndian, false, "email,Vorname\na,ü\n"), []string{"2: a|ü|"}},
		"UTF-16 sep=":       {asUTF16(binary.LittleEndian, true, "sep=;\r\nemail;Vorname\r\na;b\r\n"), []string{"3: a|b|"}},
		"broken UTF-16":     {asUTF16(binary.LittleEndian, true, "email,Vorname\na,") + "\x00\xd8" + asUTF16(binary.LittleEndian, false, "x\nb,c\nd") + "x", []string{"line 2: csv_encoding: a|\ufffdx", "3: b|c|", "line 4: csv_encoding: d\ufffd"}},
		"apostrophes":       {head + "'+4930123456,'=1+1,'t Hooft\n", []string{"2: +4930123456|=1+1|'t Hooft"}},
		"NUL":               {head + "a,b\x00,c\n", []string{"2: a|b\x00|c"}},

		"empty":        {"", []string{"line 1: csv_empty"}},
		"only a mark":  {byteOrderMark + "\r\n\r\n", []string{"line 1: csv_empty"}},
		"only head":    {head, nil},
		"workbook":     {"PK\x03\x04\x14\x00", []string{"line 1: csv_workbook"}},
		"old workbook": {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", []string{"line 1: csv_workbook"}},
		"no head":      {"a@b.c,Anna,Berg\n", []string{"line 1: csv_header"}},
		"no email":     {"\nVorname,Nachname\n", []string{"line 2, column email: csv_column_missing"}},
		"twice":        {"email,Vorname,E-Mail\n", []string{"line 1, column email: csv_column_twice"}},
		"widest":       {"email" + strings.Repeat(",a", maxColumns-1) + "\na\n", []string{"2: a||"}},
		"too wide":     {"email" + strings.Repeat(",a", maxColumns) + "\na\n", []string{"line 1: csv_too_many_columns"}},
		"broken head":  {"email,\"Vorname\na,b\n", []string{"line 1: csv_quotes"}},
		"long":         {head + "a,b,c\n" + strings.Repeat("x", maxRow+1) + "\nd,e,f\n" + strings.Repeat("y", 3*maxRow) + "\r\ng,h,i", []string{"2: a|b|c", "line 3: csv_row_too_long: ", "4: d|e|f", "line 5: csv_row_too_long: ", "6: g|h|i"}},
		"long cell":    {head + "a,\"b" + strings.Repeat("x\n", maxRow) + "\nd,e,f\n", nil},
	} {
		for _, slow := range []bool{false, true} {
			var file io.Reader = strings.NewReader(c.file)
			if slow {
				if len(c.file) > 1000 {
					continue
				}
				file = iotest.OneByteReader(file)
			}
			got, _ := show(file, Limits{Rows: 1 << 20, Bytes: 1 << 20})
			if name == "long cell" { // every line is one row
				if n := maxRow + 1; len(got) != n || got[0] != "line 2: csv_quotes: a,\"bx" || got[n-1] != fmt.Sprintf("%d: d|e|f", maxRow+3) {
					t.Errorf("%s: %d rows, %q to %q", name, len(got), got[0], got[len(got)-1])
				}
				continue
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
			}
		}
	}
}

func TestReadTells(t *testing.T) {
	r, err := NewReader(strings.NewReader("E-mail;Vorname;Shoe size;\na;\xfc;7;\n"), people, Limits{Rows: 1, Bytes: 100})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Unknown(), []string{"Shoe size"}) || len(r.Headings()) != 4 || r.Encoding() != Windows1252 || !r.Has("firstName") || r.Has("lastName") {
		t.Errorf("unknown %q, headings %q, %s", r.Unknown(), r.Headings(), r.Encoding())
	}
}

func TestLimits(t *testing.T) {
	const file = "email\na\nb\nc\n"
	for _, c := range []struct {
		limits Limits
		want   []string
	}{
		{Limits{3, int64(len(file))}, []string{"2: a||", "3: b||", "4: c||"}},
		{Limits{2, 100}, []string{"2: a||", "3: b||", "line 4: csv_too_many_rows"}},
		{Limits{9, int64(len(file)) - 1}, []string{"2: a||", "3: b||", "line 4: csv_too_large"}},
		{Limits{9, 2}, []string{"line 1: csv_too_large"}},
	} {
		if got, _ := show(strings.NewReader(file), c.limits); !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %q, want %q", c.limits, got, c.want)
		}
	}
	broken := io.MultiReader(strings.NewReader("email\na\n"), iotest.ErrReader(io.ErrUnexpectedEOF))
	if got, _ := show(broken, Limits{9, 100}); !slices.Equal(got, []string{"2: a||", "unexpected EOF"}) {
		t.Errorf("a file that breaks off: %q", got)
	}
}

// repeated gives a text again and again, so that files need no memory.
type repeated struct {
	text string
	left int
	at   int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) && r.left > 0 {
		c := copy(p[n:], r.text[r.at:])
		n += c
		if r.at += c; r.at == len(r.text) {
			r.at, r.left = 0, r.left-1
		}
	}
	if n == 0 {
		err = io.EOF
	}
	return n, err
}

// 300,000 rows, copied from a file to a file, take up no more memory than 3,000.
func TestConstantMemory(t *testing.T) {
	row := "anna@example.com,\"Anna\nMaria\",Müller,\"open\n"
	file := io.MultiReader(strings.NewReader("email,firstName,lastName\n"), &repeated{text: row, left: 150_000})
	r, err := NewReader(file, people, Limits{Rows: 1 << 30, Bytes: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	w := NewWriter(io.Discard, Comma)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	rows, before := 0, uint64(0)
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = w.Write(row.Cells...)
		}
		if err != nil {
			t.Fatal(err)
		}
		if rows++; rows == 3000 {
			before = heap()
		}
	}
	if after := heap(); rows != 300_000 || after > before+64<<10 {
		t.Errorf("%d rows, %d bytes after 3,000 rows, %d at the end", rows, before, after)
	}
}

// In any file, every line that is not blank is in exactly one row, and sound rows survive being written and read.
func FuzzRead(f *testing.F) {
	for _, file := range []string{
		"email,firstName\na,b\n", "sep=;\r\nemail;\"x\r\ny\"\r\n\"a\"\"\";'=1\r\n", byteOrderMark + "email\tVorname\r\ra\tb",
		"email,Vorname\n\"a,b\nc,\"d\"e\n", "email\n\xfc\n\x81\nü\n", asUTF16(binary.LittleEndian, true, "email;Größe\n😀;\r\n") + "\x00\xd8",
	} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(strings.NewReader(string(data)), people, Limits{Rows: 1 << 20, Bytes: 1 << 20})
		if err != nil {
			var problem *Error
			if !errors.As(err, &problem) {
				t.Fatalf("%v is none of ours", err)
			}
			return
		}
		covered := map[int]bool{}
		var sound [][]string
		for {
			row, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for line := row.Line; line <= row.last; line++ {
				if covered[line] && line != row.Line {
					t.Fatalf("line %d is in two rows", line)
				}
				covered[line] = true
			}
			if !utf8.ValidString(strings.Join(row.Cells, "")) {
				t.Fatalf("line %d has cells that are no text: %q", row.Line, row.Cells)
			}
			if row.Err == nil && len(row.Cells) >= 3 {
				sound = append(sound, row.Cells[:3])
			}
		}
		if r.text.encoding != UTF16 { // lines of the file are lines of its text
			text := strings.TrimPrefix(string(data), byteOrderMark)
			first := true
			for i, line := range strings.Split(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\n") {
				blank := strings.TrimSpace(line) == ""
				if first && !covered[i+1] { // blank lines, "sep=" and the headings
					continue
				}
				first = false
				if !blank && !covered[i+1] {
					t.Fatalf("line %d is lost: %q", i+1, line)
				}
			}
		}
		roundTrip(t, Comma, sound)
	})
}

// A word of UTF-8 next to one of Windows-1252: the row gives both words, or why it cannot be read. It is refused
// only if it has characters of both.
func FuzzEncodings(f *testing.F) {
	for _, words := range [][2]string{{"Jürgen", "Müller"}, {"Łukasz", "ß"}, {"Zoë", "“Spaß“"}, {"Ștefan", "ANDRÉ’S"}, {"Юлия", "é"}, {"Αλέξανδρος", "Ü"}, {"“", "ä"}, {"Anna", "José"}, {"李", "« Café »"}, {"", "Straße…"}} {
		f.Add(words[0], words[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		old, err := charmap.Windows1252.NewEncoder().String(b)
		if err != nil || utf8.ValidString(old) || !utf8.ValidString(a) || strings.ContainsAny(a+b, "\r\n\",'\ufffd") {
			t.Skip() // quotes, apostrophes and ends of lines have tests of their own
		}
		both := mixed(a + "\n" + old)
		if !both && len(a) != utf8.RuneCountInString(a) {
			t.Skip() // this could be Windows-1252 as well
		}
		got, _ := show(strings.NewReader("email,firstName,lastName\nx,"+a+","+old+"\ny,z,\xfc\n"), Limits{Rows: 10, Bytes: 1 << 20})
		switch refused := strings.HasPrefix(got[0], "line 2: csv_encoding: "); {
		case got[1] != "3: y|z|ü":
			t.Errorf("the row behind %q and %q is %q", a, b, got[1])
		case refused != both || !refused && got[0] != fmt.Sprintf("2: x|%s|%s", a, b):
			t.Errorf("%q and %q are read as %q", a, b, got[0])
		}
	})
}

func BenchmarkRead(b *testing.B) {
	row := "anna@example.com,\"Anna, Maria\",Müller\n"
	for b.Loop() {
		file := io.MultiReader(strings.NewReader("email,firstName,lastName\n"), &repeated{text: row, left: 10_000})
		r, err := NewReader(file, people, Limits{Rows: 10_000, Bytes: 5 << 20})
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = r.Next()
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	for b.Loop() {
		w := NewWriter(io.Discard, Comma)
		for range 10_000 {
			if err := w.Write("anna@example.com", "Anna, Maria", "Müller", "+4930123456", "2026-01-02T03:04:05Z"); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// A caller who knows the separator gives it: for a file of one column, or with other separators in its headings.
func TestReadWithASeparator(t *testing.T) {
	const file = "email|note, with; signs|Vorname\na@b.de|x|Ada\n"
	r, err := NewSeparatedReader(strings.NewReader(file), people, Limits{Rows: 10, Bytes: 1000}, '|')
	if err != nil || r.Separator() != '|' {
		t.Fatal(r, err)
	}
	if at, found := r.Column("firstName"); at != 2 || !found || !r.Has("firstName") {
		t.Errorf("firstName at %d, %v", at, found)
	}
	if at, found := r.Column("lastName"); found {
		t.Errorf("lastName at %d", at)
	}
	if row, err := r.Next(); err != nil || row.Get("firstName") != "Ada" {
		t.Error(row, err)
	}
	r, err = NewSeparatedReader(strings.NewReader("sep=;\nemail;Vorname\n"), people, Limits{Rows: 10, Bytes: 1000}, ',')
	if err != nil || r.Separator() != ';' {
		t.Errorf("what the file says: %v %v", r, err)
	}
}
