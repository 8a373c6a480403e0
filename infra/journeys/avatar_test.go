package journeys_test

import (
	"bytes"
	"encoding/json"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"
)

// form is where a picture is uploaded to.
type form struct {
	ID        string
	URL       string
	Fields    map[string]string
	ExpiresAt time.Time
}

// begin asks for a form.
func begin(c caller, path, contentType string) form {
	c.t.Helper()
	var f form
	if err := json.Unmarshal(c.must(202, "PUT", path, map[string]string{"contentType": contentType}).raw, &f); err != nil {
		c.t.Fatal(err)
	}
	return f
}

// upload sends a file as a browser does and returns the bucket's status.
func upload(t *testing.T, f form, file []byte) int {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range f.Fields {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", "portrait.jpg")
	if err == nil {
		_, err = part.Write(file)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.URL, &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// judged waits until the worker has judged an upload, and returns what it says.
func judged(c caller, path string, f form) answer {
	c.t.Helper()
	var a answer
	within(c.t, "the worker to look at the picture", func() bool {
		a = c.must(200, "GET", path+"/upload", nil)
		return a.text("id") == f.ID && a.text("status") != "waiting"
	})
	return a
}

func portrait(w, h int, c color.Color) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		m.Set(i%w, i/w, c)
	}
	return m
}

func asPNG(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb is a PNG of some bytes that claims to have 50,000 × 50,000 pixels.
func bomb(t *testing.T) []byte {
	data := asPNG(t, portrait(1, 1, color.White))
	copy(data[16:], []byte{0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50})
	sum := crc32.ChecksumIEEE(data[12:29])
	copy(data[29:], []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return data
}

// TestAvatar uploads pictures through the bucket and its worker, as oneself and for others, and looks at them.
func TestAvatar(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer, foreign := newCustomer(staff, "Portrait Ltd"), newCustomer(staff, "Strangers Ltd")
	boss, _ := join(staff, customer, address("boss"), "administrator")
	me, id := join(staff, customer, address("me"), "member")
	colleague, _ := join(staff, customer, address("colleague"), "member")
	stranger, _ := join(staff, foreign, address("stranger"), "administrator")
	own := "/users/" + id + "/avatar"

	me.refused(404, "not_found", "GET", own, nil)
	me.refused(404, "not_found", "GET", "/me/avatar/upload", nil)
	if got := me.must(200, "GET", "/me", nil).text("avatarUrl"); got != "" {
		t.Errorf("avatarUrl %q before there is any", got)
	}
	f := begin(me, "/me/avatar", "image/png")
	if got := me.must(200, "GET", "/me/avatar/upload", nil).text("status"); got != "waiting" {
		t.Errorf("status %s before the file is there", got)
	}
	if status := upload(t, f, asPNG(t, portrait(600, 400, color.RGBA{200, 30, 30, 255}))); status != http.StatusCreated {
		t.Fatalf("the bucket answered %d", status)
	}
	a := judged(me, "/me/avatar", f)
	url := me.must(200, "GET", "/me", nil).text("avatarUrl")
	if a.text("status") != "ready" || url == "" || a.text("avatarUrl") != url || !strings.HasPrefix(url, own+"?v=") {
		t.Fatalf("%s, avatarUrl %s", a.raw, url)
	}

	// The picture is seen by its owner and by people who may read the user, in both sizes, and kept by browsers only.
	for name, c := range map[string]caller{"oneself": me, "the customer's administrator": boss, "staff": staff} {
		for query, side := range map[string]int{"": 256, "&size=64": 64, "&size=256": 256} {
			a := c.must(200, "GET", url+query, nil)
			m, err := jpeg.Decode(bytes.NewReader(a.raw))
			if err != nil || m.Bounds().Dx() != side || m.Bounds().Dy() != side {
				t.Fatalf("%s sees %v, %v", name, m, err)
			}
			if r, g, _, _ := m.At(side/2, side/2).RGBA(); r>>8 < 180 || g>>8 > 60 {
				t.Errorf("%s sees another colour", name)
			}
			h := a.header
			if h.Get("Content-Type") != "image/jpeg" || h.Get("Cache-Control") != "private, max-age=31536000, immutable" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("ETag") == "" {
				t.Errorf("headers %v", h)
			}
		}
	}
	plain := me.must(200, "GET", own, nil)
	if got := plain.header.Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("without a version: %s", got)
	}
	if a := me.must(304, "GET", own, nil, "If-None-Match", plain.header.Get("ETag")); len(a.raw) != 0 {
		t.Errorf("%d bytes though nothing has changed", len(a.raw))
	}
	me.refused(400, "invalid_choice", "GET", own+"?size=65", nil)
	me.refused(400, "unknown_parameter", "GET", own+"?width=64", nil)
	colleague.refused(403, "forbidden", "GET", url, nil)
	stranger.refused(404, "not_found", "GET", url, nil)
	nobody(t, s).must(401, "GET", url, nil)

	// A refusal is reported, and the picture stays.
	for name, c := range map[string]struct {
		file []byte
		code string
	}{
		"HTML":           {[]byte("<!doctype html><script>alert(1)</script>"), "picture_format"},
		"SVG":            {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "picture_format"},
		"GIF":            {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "picture_format"},
		"bomb":           {bomb(t), "picture_too_large"},
		"damaged":        {asPNG(t, portrait(50, 50, color.Black))[:60], "picture_broken"},
		"magic, no more": {[]byte("\xff\xd8\xff\xe0"), "picture_broken"},
	} {
		f := begin(me, "/me/avatar", "image/jpeg")
		if status := upload(t, f, c.file); status != http.StatusCreated {
			t.Fatalf("%s: the bucket answered %d", name, status)
		}
		if a := judged(me, "/me/avatar", f); a.text("status") != "refused" || a.text("code") != c.code || a.text("message") == "" {
			t.Errorf("%s: %s", name, a.raw)
		}
	}
	// The bucket itself refuses files that are too large, empty, or meant for another place.
	f = begin(me, "/me/avatar", "image/jpeg")
	if status := upload(t, f, make([]byte, 5<<20+1)); status != http.StatusBadRequest {
		t.Errorf("too large: the bucket answered %d", status)
	}
	if status := upload(t, f, nil); status != http.StatusBadRequest {
		t.Errorf("empty: the bucket answered %d", status)
	}
	moved := form{URL: f.URL, Fields: map[string]string{}}
	for name, value := range f.Fields {
		moved.Fields[name] = strings.Replace(value, customer, foreign, 1)
	}
	if status := upload(t, moved, []byte("x")); status != http.StatusForbidden {
		t.Errorf("another customer's place: the bucket answered %d", status)
	}
	me.refused(400, "", "PUT", "/me/avatar", map[string]string{"contentType": "image/svg+xml"})
	if got := me.must(200, "GET", "/me", nil).text("avatarUrl"); got != url {
		t.Errorf("avatarUrl %s, was %s", got, url)
	}

	// The customer's administrator sets another one; the old address shows the new picture, and says so.
	f = begin(boss, own, "image/jpeg")
	var b bytes.Buffer
	if err := jpeg.Encode(&b, portrait(300, 300, color.RGBA{30, 30, 200, 255}), nil); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the same file twice, two events
		if status := upload(t, f, b.Bytes()); status != http.StatusCreated {
			t.Fatalf("the bucket answered %d", status)
		}
	}
	if a := judged(boss, own, f); a.text("status") != "ready" {
		t.Fatal(string(a.raw))
	}
	if a := me.must(200, "GET", url, nil); a.header.Get("Cache-Control") != "private, no-cache" || a.header.Get("ETag") == plain.header.Get("ETag") {
		t.Errorf("headers of the old address %v", a.header)
	}
	colleague.refused(403, "forbidden", "PUT", own, map[string]string{"contentType": "image/png"})
	stranger.refused(404, "not_found", "PUT", own, map[string]string{"contentType": "image/png"})
	stranger.refused(404, "not_found", "DELETE", own, nil)

	me.must(204, "DELETE", "/me/avatar", nil)
	me.must(204, "DELETE", "/me/avatar", nil)
	me.refused(404, "not_found", "GET", own, nil)
	if got := me.must(200, "GET", "/me", nil).text("avatarUrl"); got != "" {
		t.Errorf("avatarUrl %q after it was removed", got)
	}

	// A withdrawn upload stays withdrawn, although its form still works.
	f = begin(me, "/me/avatar", "image/png")
	me.must(204, "DELETE", "/me/avatar", nil)
	upload(t, f, asPNG(t, portrait(20, 20, color.White)))
	last := begin(me, "/me/avatar", "image/png")
	upload(t, last, asPNG(t, portrait(20, 20, color.Black)))
	if a := judged(me, "/me/avatar", last); a.text("status") != "ready" {
		t.Error(string(a.raw))
	}
	if got := me.must(200, "GET", "/me", nil).text("avatarUrl"); got != own+"?v="+last.ID {
		t.Errorf("avatarUrl %s, want that of %s", got, last.ID)
	}
	// A removed user no longer has a picture.
	staff.must(204, "DELETE", "/users/"+id, nil, "If-Match", staff.must(200, "GET", "/users/"+id, nil).header.Get("ETag"))
	boss.refused(404, "not_found", "GET", own, nil)
	staff.refused(409, "impossible_in_status", "PUT", own, map[string]string{"contentType": "image/png"})
}
