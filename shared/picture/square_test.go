package picture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clientele/shared/membership"
	"clientele/shared/picture"
)

var (
	red    = color.RGBA{255, 0, 0, 255}
	green  = color.RGBA{0, 200, 0, 255}
	blue   = color.RGBA{0, 0, 255, 255}
	yellow = color.RGBA{255, 255, 0, 255}
	white  = color.RGBA{255, 255, 255, 255}
)

// corners is a picture whose quarters are red, green, blue and yellow, read like a text.
func corners(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	quarters := []color.RGBA{red, green, blue, yellow}
	for y := range h {
		for x := range w {
			n := 0
			if x >= w/2 {
				n++
			}
			if y >= h/2 {
				n += 2
			}
			m.SetRGBA(x, y, quarters[n])
		}
	}
	return m
}

func jpegOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func file(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// look makes squares and returns the large one, decoded.
func look(t *testing.T, data []byte) image.Image {
	t.Helper()
	squares, err := picture.Squares(t.Context(), data, []int{64, 256})
	if err != nil {
		t.Fatal(err)
	}
	var large image.Image
	for i, size := range []int{64, 256} {
		m, err := jpeg.Decode(bytes.NewReader(squares[i]))
		if err != nil {
			t.Fatal(err)
		}
		if m.Bounds() != image.Rect(0, 0, size, size) {
			t.Errorf("square %d has %v", size, m.Bounds())
		}
		if len(squares[i]) > 40_000 {
			t.Errorf("square %d has %d bytes", size, len(squares[i]))
		}
		for _, secret := range []string{"SECRET", "Exif", "http"} {
			if bytes.Contains(squares[i], []byte(secret)) {
				t.Errorf("square %d still holds %q", size, secret)
			}
		}
		large = m
	}
	return large
}

// wantQuarters compares the middles of the quarters, read like a text.
func wantQuarters(t *testing.T, m image.Image, want ...color.RGBA) {
	t.Helper()
	for i, at := range []image.Point{{64, 64}, {192, 64}, {64, 192}, {192, 192}} {
		got := color.RGBAModel.Convert(m.At(at.X, at.Y)).(color.RGBA)
		if far(got.R, want[i].R) || far(got.G, want[i].G) || far(got.B, want[i].B) {
			t.Errorf("quarter %d is %v, want %v", i, got, want[i])
		}
	}
}

func far(a, b uint8) bool { return max(a, b)-min(a, b) > 24 }

func TestSquaresOfEveryFormat(t *testing.T) {
	paletted := image.NewPaletted(image.Rect(0, 0, 50, 80), color.Palette{red, green, blue, yellow})
	for y := range 80 {
		for x := range 50 {
			paletted.SetColorIndex(x, y, uint8(x/25+y/40*2))
		}
	}
	for name, data := range map[string][]byte{
		"JPEG":            jpegOf(t, corners(300, 200)),
		"PNG":             pngOf(t, corners(200, 300)),
		"PNG, few pixels": pngOf(t, corners(2, 2)),
		"PNG, palette":    pngOf(t, paletted),
		"WebP, lossless":  file(t, "lossless.webp"),
	} {
		t.Run(name, func(t *testing.T) {
			wantQuarters(t, look(t, data), red, green, blue, yellow)
		})
	}
}

func TestTransparentBecomesWhite(t *testing.T) {
	wantQuarters(t, look(t, pngOf(t, image.NewNRGBA(image.Rect(0, 0, 30, 30)))), white, white, white, white)
	wantQuarters(t, look(t, file(t, "transparent.webp")), white, white, white, white)
}

// TestOrientation checks that what a camera stored comes out upright, for every orientation.
func TestOrientation(t *testing.T) {
	want := map[int][]color.RGBA{
		0: {red, green, blue, yellow}, 1: {red, green, blue, yellow}, 2: {green, red, yellow, blue}, 3: {yellow, blue, green, red},
		4: {blue, yellow, red, green}, 5: {red, blue, green, yellow}, 6: {blue, red, yellow, green}, 7: {yellow, green, blue, red},
		8: {green, yellow, red, blue}, 9: {red, green, blue, yellow},
	}
	for n, quarters := range want {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			t.Run(fmt.Sprint(n, order), func(t *testing.T) {
				block := tiff(order, uint16(n))
				wantQuarters(t, look(t, withAPP1(jpegOf(t, corners(300, 200)), append([]byte("Exif\x00\x00"), block...))), quarters...)
				wantQuarters(t, look(t, withChunk(pngOf(t, corners(200, 300)), "eXIf", block)), quarters...)
			})
		}
	}
	wantQuarters(t, look(t, file(t, "turned.webp")), want[6]...)
}

// tiff is a TIFF block as cameras write it: maker, orientation, and text that must not survive.
func tiff(order binary.AppendByteOrder, orientation uint16) []byte {
	b := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	entry := func(tag, kind uint16, count uint32) {
		b = order.AppendUint16(b, tag)
		b = order.AppendUint16(b, kind)
		b = order.AppendUint32(b, count)
	}
	entry(0x010f, 2, 14)
	b = order.AppendUint32(b, 38)
	entry(0x0112, 3, 1)
	b = order.AppendUint16(b, orientation)
	b = order.AppendUint16(b, 0)
	b = order.AppendUint32(b, 0)
	return append(b, "SECRET-CAMERA\x00"...)
}

func withAPP1(data, content []byte) []byte {
	out := append([]byte{}, data[:2]...)
	out = append(out, 0xff, 0xe1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(content)+2))
	return append(append(out, content...), data[2:]...)
}

// withChunk puts a chunk after a PNG's header.
func withChunk(data []byte, kind string, content []byte) []byte {
	const header = 8 + 12 + 13
	out := append([]byte{}, data[:header]...)
	return append(append(out, chunk(kind, content)...), data[header:]...)
}

func chunk(kind string, content []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	body := append([]byte(kind), content...)
	return binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
}

// solidWebP is a lossless WebP of one colour: some twenty bytes, whatever its size.
func solidWebP(w, h int) []byte {
	var bits uint64
	n := 0
	put := func(v uint64, width int) { bits |= v << n; n += width }
	put(0x2f, 8)
	put(uint64(w-1), 14)
	put(uint64(h-1), 14)
	put(0, 1+3) // no alpha, version 0
	put(0, 3)   // no transform, no colour cache, no further codes
	for range 5 {
		put(1, 1) // a simple code
		put(0, 1) // of one symbol
		put(0, 1) // that has one bit
		put(0, 1) // and is 0
	}
	payload := binary.LittleEndian.AppendUint64(nil, bits)
	out := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(4+8+len(payload)))...)
	out = append(out, "WEBPVP8L"...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(payload)))
	return append(out, payload...)
}

// pngHeader is the beginning of a PNG that claims to have these dimensions.
func pngHeader(w, h uint32) []byte {
	content := binary.BigEndian.AppendUint32(nil, w)
	content = binary.BigEndian.AppendUint32(content, h)
	return append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(content, 8, 6, 0, 0, 0))...)
}

// resized returns a JPEG that claims other dimensions than it has.
func resized(data []byte, w, h uint16) []byte {
	out := append([]byte{}, data...)
	for at := 2; ; at += 2 + int(binary.BigEndian.Uint16(out[at+2:])) {
		if out[at+1] == 0xc0 {
			binary.BigEndian.PutUint16(out[at+5:], h)
			binary.BigEndian.PutUint16(out[at+7:], w)
			return out
		}
	}
}

func TestRefused(t *testing.T) {
	small := jpegOf(t, corners(40, 30))
	whole := pngOf(t, corners(40, 30))
	for name, test := range map[string]struct {
		data []byte
		want *membership.Error
	}{
		"nothing":             {nil, membership.ErrPictureFormat},
		"SVG":                 {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), membership.ErrPictureFormat},
		"HTML":                {[]byte("<!doctype html><script>alert(1)</script>"), membership.ErrPictureFormat},
		"GIF":                 {file(t, "corners.gif"), membership.ErrPictureFormat},
		"PDF":                 {[]byte("%PDF-1.7\n"), membership.ErrPictureFormat},
		"other RIFF":          {[]byte("RIFF\x24\x00\x00\x00WAVEfmt "), membership.ErrPictureFormat},
		"HTML after a magic":  {[]byte("\xff\xd8\xff<script>alert(1)</script>"), membership.ErrPictureBroken},
		"cut JPEG":            {small[:len(small)/2], membership.ErrPictureBroken},
		"cut PNG":             {whole[:len(whole)-20], membership.ErrPictureBroken},
		"moving WebP":         {file(t, "moving.webp"), membership.ErrPictureBroken},
		"PNG bomb":            {pngHeader(50_000, 50_000), membership.ErrPictureTooLarge},
		"PNG, largest":        {pngHeader(1<<31-1, 1<<31-1), membership.ErrPictureBroken}, // image/png itself refuses
		"PNG, long":           {pngHeader(40_000_001, 1), membership.ErrPictureTooLarge},
		"PNG without pixels":  {pngHeader(0, 10), membership.ErrPictureBroken},
		"JPEG bomb":           {resized(small, 65_535, 65_535), membership.ErrPictureTooLarge},
		"WebP bomb":           {solidWebP(16_384, 16_384), membership.ErrPictureTooLarge},
		"bit over the limit":  {solidWebP(8_001, 5_000), membership.ErrPictureTooLarge},
		"JPEG without height": {resized(small, 40, 0), membership.ErrPictureBroken},
	} {
		t.Run(name, func(t *testing.T) {
			squares, err := picture.Squares(t.Context(), test.data, []int{64, 256})
			if !errors.Is(err, test.want) || squares != nil {
				t.Errorf("got %d squares, %v; want %s", len(squares), err, test.want.Code)
			}
		})
	}
}

// A picture of exactly 40 million pixels is taken: the limit is one of memory, and this is what the worker has it for.
func TestLargestPicture(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes 40 million pixels")
	}
	wantQuarters(t, look(t, solidWebP(8_000, 5_000)), white, white, white, white) // nothing but transparency
}

// A JPEG of many scans keeps a decoder busy for hours; the deadline ends it, and it counts as too large.
func TestScansWithoutEnd(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := picture.Squares(ctx, manyScans(t), []int{64})
	if !errors.Is(err, membership.ErrPictureTooLarge) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

// manyScans is a progressive JPEG of 39 million pixels in grey with 20,000 scans that change nothing.
func manyScans(t *testing.T) []byte {
	t.Helper()
	var b []byte
	segment := func(marker byte, content ...byte) {
		b = append(b, 0xff, marker)
		b = binary.BigEndian.AppendUint16(b, uint16(len(content)+2))
		b = append(b, content...)
	}
	b = append(b, 0xff, 0xd8)
	segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)...)
	segment(0xc2, 8, 6250>>8, 6250&255, 6250>>8, 6250&255, 1, 1, 0x11, 0)
	// DC: one code, the difference 0. AC: one code, an end of 16,384 + 14 further bits of blocks.
	segment(0xc4, append(append([]byte{0x00, 1}, make([]byte, 15)...), 0x00)...)
	segment(0xc4, append(append([]byte{0x10, 1}, make([]byte, 15)...), 0xe0)...)
	segment(0xda, 1, 1, 0x00, 0, 0, 0x00) // DC of all blocks: 611,524 zero bits
	b = append(b, make([]byte, (782*782+7)/8)...)
	for range 20_000 {
		segment(0xda, 1, 1, 0x00, 1, 63, 0x00)
		b = append(b, bytes.Repeat([]byte{0x00}, 72)...) // 38 runs of 15 bits
	}
	return append(b, 0xff, 0xd9)
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := picture.Squares(ctx, jpegOf(t, corners(40, 30)), []int{64}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// FuzzSquares checks that every upload gets an answer, and one that people can be told.
func FuzzSquares(f *testing.F) {
	for _, name := range []string{"turned.webp", "transparent.webp", "lossless.webp", "moving.webp", "corners.gif"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, corners(40, 30), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(withAPP1(b.Bytes(), append([]byte("Exif\x00\x00"), tiff(binary.BigEndian, 6)...)))
	b.Reset()
	if err := png.Encode(&b, corners(40, 30)); err != nil {
		f.Fatal(err)
	}
	f.Add(withChunk(b.Bytes(), "eXIf", tiff(binary.LittleEndian, 8)))
	f.Add(pngHeader(50_000, 50_000))
	f.Add(solidWebP(16_384, 16_384))
	f.Fuzz(func(t *testing.T, data []byte) {
		squares, err := picture.Squares(t.Context(), data, []int{64})
		if err != nil {
			if membership.KindOf(err) != membership.Invalid {
				t.Errorf("got %v", err)
			}
			return
		}
		if _, err := jpeg.Decode(bytes.NewReader(squares[0])); err != nil {
			t.Error(err)
		}
	})
}
