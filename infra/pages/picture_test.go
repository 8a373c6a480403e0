package pages_test

import (
	"bytes"
	"encoding/base64"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"testing"
)

// chooses puts a file into the form for a picture, as choosing one does, and sends it to the bucket.
func (p person) chooses(page string, file []byte) {
	p.t.Helper()
	p.open(page)
	p.press("Upload a new picture")
	p.do(`(() => { const bytes = Uint8Array.from(atob("` + base64.StdEncoding.EncodeToString(file) + `"), (c) => c.charCodeAt(0)), all = new DataTransfer();
	  all.items.add(new File([bytes], "portrait.png", { type: "image/png" })); document.querySelector("input[type=file]").files = all.files; })()`)
	p.press("Upload")
}

// portrait returns the picture on the page: its address and the colour in its middle, or "" until it is there.
func (p person) portrait() (address, colour string) {
	p.t.Helper()
	answer, _ := p.ask(`(() => { const img = document.querySelector("img.portrait");
	  if (!img?.complete || !img.naturalWidth) return [];
	  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
	  pen.drawImage(img, img.naturalWidth / 2, img.naturalHeight / 2, 1, 1, 0, 0, 1, 1);
	  const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
	  return [img.getAttribute("src"), r > g && r > b ? "red" : g > r && g > b ? "green" : "blue"]; })()`).([]any)
	if len(answer) != 2 {
		return "", ""
	}
	return answer[0].(string), answer[1].(string)
}

func plainPicture(t *testing.T, c color.Color) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 300, 200))
	draw.Draw(m, m.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A picture is uploaded straight to the bucket, shown, replaced and removed; a file that is no picture, or a bomb, is
// refused with the reason, and the picture stays.
func TestPicturePages(t *testing.T) {
	s := theStack(t)
	api := administrator(t, s)
	customer := api.customer("Portrait Ltd", "corporate")
	email := address("sigrid")
	id := api.join(customer, email, "member", "en")
	p := somebody(t)
	p.signIn(s.Portal, email, password)
	own := s.Portal + "/profile/picture"
	p.open(own)
	p.sees("There is no picture yet.")
	shows := func(p person, colour, unlike string) (address string) {
		t.Helper()
		p.comes("a "+colour+" picture", func() bool {
			var got string
			address, got = p.portrait()
			return got == colour && address != unlike
		})
		return address
	}
	p.chooses(own, plainPicture(t, color.RGBA{200, 20, 20, 255}))
	first := shows(p, "red", "")
	p.open(s.Portal + "/profile")
	if !p.yes(`!!document.querySelector("img.face")`) {
		t.Errorf("the profile shows no picture:\n%s", p.text())
	}
	p.chooses(own, plainPicture(t, color.RGBA{20, 200, 20, 255}))
	second := shows(p, "green", first)

	bomb := plainPicture(t, color.White) // it claims to have 50,000 × 50,000 pixels
	copy(bomb[16:], []byte{0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50})
	sum := crc32.ChecksumIEEE(bomb[12:29])
	copy(bomb[29:], []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	for _, refused := range []struct {
		file []byte
		says string
	}{
		{[]byte("<!doctype html><script>alert(1)</script>"), "This file is not a JPEG, PNG or WebP picture."}, {bomb, "This picture is too large."},
		{plainPicture(t, color.White)[:80], "This picture cannot be read"},
	} {
		p.chooses(own, refused.file)
		p.comes(refused.says, func() bool { return strings.Contains(p.text(), refused.says) })
		if now := shows(p, "green", ""); now != second {
			t.Errorf("%s: the picture is %s instead of %s", refused.says, now, second)
		}
	}

	// Staff see it, and change it for the person.
	staff := somebody(t)
	staff.signIn(s.Console, s.Admin.Username, s.Admin.Password)
	record := s.Console + "/customers/" + customer + "/users/" + id
	staff.open(record)
	if !staff.yes(`!!document.querySelector("img.face")`) {
		t.Errorf("the record shows no picture:\n%s", staff.text())
	}
	staff.chooses(record+"/picture", plainPicture(t, color.RGBA{20, 20, 200, 255}))
	shows(staff, "blue", second)
	staff.press("Remove")
	staff.sees("The picture is removed.", "There is no picture yet.")
	p.open(own)
	p.sees("There is no picture yet.")
}
