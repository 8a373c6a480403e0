package csvfile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// The encodings that are read.
const (
	UTF8        = "UTF-8"
	UTF16       = "UTF-16"
	Windows1252 = "Windows-1252"
)

// text finds out the encoding of a file, row by row. Broken text stays broken in its row.
type text struct {
	encoding string
	proven   bool // by a byte order mark, or by a row that is UTF-8 beyond ASCII
}

// open looks at the first bytes, and returns the file's text without byte order mark, as UTF-8 or Windows-1252.
func (t *text) open(raw *bufio.Reader) (io.Reader, error) {
	t.encoding = UTF8
	head, err := raw.Peek(4)
	if err != nil && err != io.EOF {
		return nil, err
	}
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")): // .xlsx and .ods; .xls
		return nil, &Error{Code: Workbook, Line: 1}
	case bytes.HasPrefix(head, []byte(byteOrderMark)):
		t.proven = true
		_, _ = raw.Discard(len(byteOrderMark))
		return raw, nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		_, _ = raw.Discard(2)
		order = binary.LittleEndian
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		_, _ = raw.Discard(2)
		order = binary.BigEndian
	case len(head) == 4 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0: // two Latin letters, no mark
		order = binary.LittleEndian
	case len(head) == 4 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0:
		order = binary.BigEndian
	default:
		return raw, nil
	}
	t.encoding, t.proven = UTF16, true
	return &utf16Reader{raw: raw, order: order}, nil
}

// decode returns the cells of a row in UTF-8. ok is false if bytes are not text in the file's encoding, or the row
// cannot be in one encoding; U+FFFD then stands for the bytes.
func (t *text) decode(cells []string) (decoded []string, ok bool) {
	row := strings.Join(cells, "\n")
	if utf8.ValidString(row) {
		// Windows-1252 is UTF-8 by accident only where it makes no sense ("Ã¼"), so such a row proves the encoding, and
		// in a file made from two it is read as the UTF-8 that it is.
		if t.encoding == UTF8 && len(row) != utf8.RuneCountInString(row) {
			t.proven = true
		}
		return cells, true
	}
	decoded = make([]string, len(cells))
	if t.proven || mixed(row) {
		for i, cell := range cells {
			decoded[i] = strings.ToValidUTF8(cell, "\ufffd")
		}
		return decoded, false
	}
	t.encoding = Windows1252
	ok = true
	for i, cell := range cells {
		var b strings.Builder
		for _, c := range []byte(cell) {
			r := charmap.Windows1252.DecodeByte(c)
			ok = ok && r != utf8.RuneError // five bytes mean nothing
			b.WriteRune(r)
		}
		decoded[i] = b.String()
	}
	return decoded, ok
}

// If a word of Windows-1252 ends with one of these letters and such signs follow (ß“, É’, é »), the bytes are by
// accident a character of UTF-8, of a kind that lists of people in Windows-1252 do not have elsewhere. Other letters
// are left out, because with a sign after them they are letters of UTF-8 that names have: Ã– is Ö, Å™ is ř, È™ is ș.
const (
	wordEnds = "ÆÇÉÊËÌÍÒÓÔÕÖÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö"
	behind   = "’”“»›…–—\u00a0"
)

// mixed says whether a row that is not UTF-8 has characters of UTF-8 all the same. Somebody put it together from two
// encodings, and no reading gives all of it; read as Windows-1252 it would be sound and wrong ("MÃ¼ller").
func mixed(row string) bool {
	for row != "" {
		_, size := utf8.DecodeRuneInString(row)
		if size > 1 && !wordEnd(row[:size]) {
			return true
		}
		row = row[size:]
	}
	return false
}

// wordEnd says whether these bytes are the end of a word in Windows-1252 and signs that may follow it.
func wordEnd(bytes string) bool {
	for i, c := range []byte(bytes) {
		likely := behind
		if i == 0 {
			likely = wordEnds
		}
		if !strings.ContainsRune(likely, charmap.Windows1252.DecodeByte(c)) {
			return false
		}
	}
	return true
}

// A utf16Reader reads UTF-16 as UTF-8. Broken UTF-16 becomes a byte that is not UTF-8, so that decode finds it in its
// row; golang.org/x/text would make it U+FFFD, which a sound row can have as well.
type utf16Reader struct {
	raw   *bufio.Reader
	order binary.ByteOrder
	out   []byte // UTF-8 that is not yet read
}

const noUTF8 = '\xff'

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) < len(p) && len(u.out) < 4096 {
		unit, size, err := u.unit()
		if size == 0 {
			if len(u.out) > 0 {
				break
			}
			return 0, err
		}
		_, _ = u.raw.Discard(size)
		r := rune(unit)
		switch {
		case size == 1:
			u.out = append(u.out, noUTF8)
			continue
		case utf16.IsSurrogate(r):
			low, size, _ := u.unit()
			if r = utf16.DecodeRune(r, rune(low)); size < 2 || r == utf8.RuneError {
				u.out = append(u.out, noUTF8)
				continue
			}
			_, _ = u.raw.Discard(size)
		}
		u.out = utf8.AppendRune(u.out, r)
	}
	n := copy(p, u.out)
	u.out = append(u.out[:0], u.out[n:]...)
	return n, nil
}

// unit looks at the next code unit; size is 2, 1 if the file ends in its middle, 0 at the end or after an error.
func (u *utf16Reader) unit() (unit uint16, size int, err error) {
	b, err := u.raw.Peek(2)
	if len(b) < 2 {
		if err == io.EOF {
			return 0, len(b), err
		}
		return 0, 0, err
	}
	return u.order.Uint16(b), 2, nil
}
