package faults_test

import (
	"bytes"
	"image"
	"image/png"
	"slices"
	"time"

	"clientele/shared/membership"
	"clientele/shared/picture"
)

func (w *world) avatars(broken bool) membership.Avatars {
	return membership.Avatars{Store: w.table, Files: w.files(broken), Squares: picture.Squares, NewID: w.id}
}

// ref is Mia's upload with this name.
func (w *world) ref(name string) membership.AvatarRef {
	return membership.AvatarRef{CustomerID: w.vars["alpha"], UserID: w.vars["mia"], UploadID: w.vars[name]}
}

// gallery is what is left of uploads and pictures, as the answer of a use case.
type gallery struct {
	Status   membership.AvatarStatus
	Pictures []string // the uploads that have pictures, each once
	Left     bool     // whether the upload is still there
}

func (w *world) gallery(status membership.AvatarStatus) gallery {
	g := gallery{Status: status}
	w.must(w.files(false).DropPictures(w.ctx, w.vars["alpha"], w.vars["mia"], func(uploadID string) bool {
		g.Pictures = append(g.Pictures, uploadID)
		return false
	}))
	_, err := w.files(false).Upload(w.ctx, w.ref("new"))
	g.Left = err == nil
	return g
}

func onePixel() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func avatarEntries() []entry {
	// put uploads a file for Mia, as her browser does; send begins that.
	put := func(w *world, name string, file []byte) {
		form, err := w.files(false).UploadForm(w.ctx, w.ref(name), "image/png", "", time.Now().Add(time.Minute))
		w.must(err)
		w.must(w.upload(form, file))
	}
	send := func(w *world, name string, file []byte) {
		ref, _, err := w.avatars(false).Begin(w.ctx, w.member(), w.vars["mia"], "image/png", "")
		w.must(err)
		w.vars[name] = ref.UploadID
		put(w, name, file)
	}
	first := func(w *world) {
		w.settle()
		w.makeBucket()
		send(w, "old", onePixel())
		status, err := w.avatars(false).Finish(w.ctx, w.system(), w.ref("old"))
		w.must(err)
		if status != membership.AvatarReady {
			w.t.Fatalf("the first picture is %s", status)
		}
	}
	second := func(file []byte) func(*world) {
		return func(w *world) { first(w); send(w, "new", file) }
	}
	// lay puts back what the preparation left in the bucket.
	lay := func(file []byte) func(*world) {
		return func(w *world) {
			f := w.files(false)
			w.must(f.DropPictures(w.ctx, w.vars["alpha"], w.vars["mia"], func(id string) bool { return id != w.vars["old"] }))
			if w.vars["old"] != "" {
				for _, size := range membership.AvatarSizes() {
					w.must(f.PutPicture(w.ctx, w.ref("old"), size, onePixel()))
				}
			}
			if w.vars["new"] != "" {
				put(w, "new", file)
			}
		}
	}
	finish := func(w *world, c membership.Call) (any, error) {
		status, err := w.avatars(true).Finish(w.ctx, c, w.ref("new"))
		if err != nil {
			return nil, err
		}
		return w.gallery(status), nil
	}
	remove := func(w *world, c membership.Call) (any, error) {
		if err := w.avatars(true).Remove(w.ctx, c, w.vars["mia"]); err != nil {
			return nil, err
		}
		g := w.gallery("")
		g.Left = false // the worker deletes it, or the bucket after a day
		return g, nil
	}
	text := []byte("no picture")
	return []entry{
		{use: "Avatars.Begin", prepare: first, as: (*world).member, run: func(w *world, c membership.Call) (any, error) {
			ref, form, err := w.avatars(true).Begin(w.ctx, c, w.vars["mia"], "image/jpeg", "")
			return []any{ref, slices.Sorted(fields(form))}, err
		}},
		{use: "Avatars.Upload", prepare: second(onePixel()), as: (*world).boss, run: func(w *world, c membership.Call) (any, error) {
			return w.avatars(true).Upload(w.ctx, c, w.vars["mia"])
		}},
		{use: "Avatars.Get", prepare: first, each: lay(nil), as: (*world).boss, run: func(w *world, c membership.Call) (any, error) {
			return w.avatars(true).Get(w.ctx, c, w.vars["mia"], membership.AvatarSmall, "")
		}},
		{use: "Avatars.Finish", prepare: second(onePixel()), each: lay(onePixel()), as: (*world).system, run: finish},
		{use: "Avatars.Finish", situation: "no picture", prepare: second(text), each: lay(text), as: (*world).system, run: finish,
			settled: []string{`answer:{"Status":"","Pictures":["ID","ID"],"Left":false}`}},
		{use: "Avatars.Remove", prepare: second(onePixel()), each: lay(onePixel()), as: (*world).member, run: remove},
		{use: "Avatars.Remove", situation: "under way", as: (*world).member, run: remove, each: lay(onePixel()),
			prepare: func(w *world) { w.settle(); w.makeBucket(); send(w, "new", onePixel()) }},
	}
}
