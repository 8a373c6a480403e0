package picture

import (
	"bytes"
	"encoding/binary"
	"image"
)

// orientation is how a camera was held, as EXIF numbers it: 1 is upright, 6 is turned by a quarter. 0 is not said.
type orientation int

// turn brings a square into its upright position.
func (o orientation) turn(in *image.RGBA) *image.RGBA {
	if o < 2 || o > 8 {
		return in
	}
	last := in.Bounds().Dx() - 1
	out := image.NewRGBA(in.Bounds())
	for y := 0; y <= last; y++ {
		for x := 0; x <= last; x++ {
			from := image.Pt(x, y) // where the pixel that belongs here is
			switch o {
			case 2:
				from = image.Pt(last-x, y)
			case 3:
				from = image.Pt(last-x, last-y)
			case 4:
				from = image.Pt(x, last-y)
			case 5:
				from = image.Pt(y, x)
			case 6:
				from = image.Pt(y, last-x)
			case 7:
				from = image.Pt(last-y, last-x)
			case 8:
				from = image.Pt(last-y, x)
			}
			out.SetRGBA(x, y, in.RGBAAt(from.X, from.Y))
		}
	}
	return out
}

// orientationOf reads the one thing of a picture's metadata that matters to its pixels.
func orientationOf(data []byte, f format) orientation { return tiffOrientation(f.exif(data)) }

// tiffOrientation looks for the tag 0x0112 in the first directory of a TIFF block (EXIF 2.32, 4.6).
func tiffOrientation(tiff []byte) orientation {
	var order binary.ByteOrder
	switch {
	case len(tiff) < 8:
		return 0
	case string(tiff[:4]) == "II*\x00":
		order = binary.LittleEndian
	case string(tiff[:4]) == "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	entries := int64(order.Uint16(tiff[at:]))
	for i := range entries {
		entry := at + 2 + 12*i
		if entry+12 > int64(len(tiff)) {
			return 0
		}
		if order.Uint16(tiff[entry:]) == 0x0112 && order.Uint16(tiff[entry+2:]) == 3 { // a SHORT
			return orientation(order.Uint16(tiff[entry+8:]))
		}
	}
	return 0
}

// jpegEXIF returns the TIFF block of a JPEG's APP1 segment, nil if there is none.
func jpegEXIF(data []byte) []byte {
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		marker, length := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
		switch {
		case marker == 0xff: // a filling byte
			at++
			continue
		case marker == 0xda || length < 2 || at+2+length > len(data): // the pixels begin
			return nil
		}
		if tiff, ok := bytes.CutPrefix(data[at+4:at+2+length], []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return tiff
		}
		at += 2 + length
	}
	return nil
}

// pngEXIF returns the chunk eXIf of a PNG.
func pngEXIF(data []byte) []byte {
	for at := 8; at+12 <= len(data); {
		length := int64(binary.BigEndian.Uint32(data[at:]))
		if int64(at)+12+length > int64(len(data)) {
			return nil
		}
		if string(data[at+4:at+8]) == "eXIf" {
			return data[at+8 : at+8+int(length)]
		}
		at += 12 + int(length)
	}
	return nil
}

// webpEXIF returns the chunk EXIF of a WebP; some writers put a JPEG's prefix before it.
func webpEXIF(data []byte) []byte {
	for at := 12; at+8 <= len(data); {
		length := int64(binary.LittleEndian.Uint32(data[at+4:]))
		if int64(at)+8+length > int64(len(data)) {
			return nil
		}
		if string(data[at:at+4]) == "EXIF" {
			chunk := data[at+8 : at+8+int(length)]
			tiff, _ := bytes.CutPrefix(chunk, []byte("Exif\x00\x00"))
			return tiff
		}
		at += 8 + int(length+length%2)
	}
	return nil
}
