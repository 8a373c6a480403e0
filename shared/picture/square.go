package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"clientele/shared/membership"
)

const (
	// quality of the JPEGs: above it, 256 pixels a side look the same.
	quality = 85
	// patience is how long a file may take to decode. 40 million pixels take up to seven seconds on two cores of a laptop;
	// a JPEG of 5 MB can be made of some ten thousand scans, each of which goes through all of them.
	patience = 30 * time.Second
)

// Squares returns a JPEG of each size (pixels a side) of the middle of a picture, upright. Colours are taken as sRGB; what
// is transparent becomes white. Memory: up to 28 bytes for each of membership.MaxPicturePixels (a progressive JPEG in CMYK).
// sizes must not be empty.
// Errors: ErrPictureFormat, ErrPictureTooLarge, ErrPictureBroken, and that of a context that was cancelled.
func Squares(ctx context.Context, data []byte, sizes []int) ([][]byte, error) {
	f, ok := formatOf(data)
	if !ok {
		return nil, membership.ErrPictureFormat
	}
	config, err := f.config(bytes.NewReader(data))
	switch {
	case err != nil:
		return nil, membership.ErrPictureBroken.Because(err)
	case config.Width <= 0 || config.Height <= 0:
		return nil, membership.ErrPictureBroken
	case config.Width > membership.MaxPicturePixels/config.Height:
		return nil, membership.ErrPictureTooLarge
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	whole, err := f.decode(&patient{ctx, bytes.NewReader(data)})
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, membership.ErrPictureTooLarge.Because(ctx.Err())
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, membership.ErrPictureBroken.Because(err)
	}
	// The largest from the picture, the others from that: going through 40 million pixels takes a second.
	largest := orientationOf(data, f).turn(square(whole, slices.Max(sizes)))
	squares := make([][]byte, len(sizes))
	for i, size := range sizes {
		var out bytes.Buffer
		if err := jpeg.Encode(&out, square(largest, size), &jpeg.Options{Quality: quality}); err != nil {
			return nil, fmt.Errorf("encode a square: %w", err)
		}
		squares[i] = out.Bytes()
	}
	return squares, nil
}

// format is a kind of file that is taken.
type format struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	exif   func([]byte) []byte
}

// formatOf tells a format by its first bytes. What image.Decode knows depends on what else a program has registered.
func formatOf(data []byte) (format, bool) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return format{jpeg.DecodeConfig, jpeg.Decode, jpegEXIF}, true
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return format{png.DecodeConfig, png.Decode, pngEXIF}, true
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return format{webp.DecodeConfig, webp.Decode, webpEXIF}, true
	}
	return format{}, false
}

// patient is a reader that ends with its context, and with it the decoder.
type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b[:min(len(b), 4096)])
}

// square returns the middle of a picture at this size, on white.
func square(whole image.Image, size int) *image.RGBA {
	b := whole.Bounds()
	side := min(b.Dx(), b.Dy())
	corner := b.Min.Add(image.Pt((b.Dx()-side)/2, (b.Dy()-side)/2))
	out := image.NewRGBA(image.Rect(0, 0, size, size))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(out, out.Bounds(), whole, image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))}, draw.Over, nil)
	return out
}
