package membership_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

// pictures fakes what pictures need: the part of the table that memory lacks, and the bucket. Each call can be made to
// fail, before or after it was carried out.
type pictures struct {
	*memory
	uploads map[string]membership.AvatarUpload // by customer/user
	objects map[string]string

	calls  int
	breaks int // the call that fails, counted from 1; 0 is none
	after  bool
	meet   func() // runs within the call that breaks, instead of a failure
}

var errOutage = errors.New("broken")

func (p *pictures) call(do func()) error {
	p.calls++
	switch {
	case p.calls != p.breaks:
		do()
		return nil
	case p.meet != nil:
		p.meet()
		do()
		return nil
	case p.after:
		do()
	}
	return errOutage
}

func (p *pictures) User(ctx context.Context, reach membership.Reach, id string) (u membership.User, err error) {
	if e := p.call(func() { u, err = p.memory.User(ctx, reach, id) }); e != nil {
		return membership.User{}, e
	}
	return u, err
}

func (p *pictures) ChangeUser(ctx context.Context, before, after membership.User, i *membership.InvitationChange, t membership.Trail) (err error) {
	if e := p.call(func() { err = p.memory.ChangeUser(ctx, before, after, i, t) }); e != nil {
		return e
	}
	return err
}

func (p *pictures) AvatarUpload(_ context.Context, customerID, userID string) (u membership.AvatarUpload, err error) {
	return u, p.call(func() { u = p.uploads[customerID+"/"+userID] })
}

func (p *pictures) BeginAvatarUpload(_ context.Context, u membership.AvatarUpload) error {
	return p.call(func() { p.uploads[u.CustomerID+"/"+u.UserID] = u })
}

func (p *pictures) EndAvatarUpload(_ context.Context, u membership.AvatarUpload) (err error) {
	if e := p.call(func() {
		if p.uploads[u.CustomerID+"/"+u.UserID].UploadID != u.UploadID {
			err = membership.ErrStale
			return
		}
		p.uploads[u.CustomerID+"/"+u.UserID] = u
	}); e != nil {
		return e
	}
	return err
}

func (p *pictures) DropAvatarUpload(_ context.Context, r membership.AvatarRef) error {
	return p.call(func() {
		if p.uploads[r.CustomerID+"/"+r.UserID].UploadID == r.UploadID {
			delete(p.uploads, r.CustomerID+"/"+r.UserID)
		}
	})
}

func uploadKey(r membership.AvatarRef) string {
	return "uploads/" + r.CustomerID + "/" + r.UserID + "/" + r.UploadID
}

func pictureKey(r membership.AvatarRef, size int) string {
	return fmt.Sprintf("avatars/%s/%s/%s/%d", r.CustomerID, r.UserID, r.UploadID, size)
}

func (p *pictures) UploadForm(_ context.Context, r membership.AvatarRef, contentType, back string, expires time.Time) (membership.UploadForm, error) {
	return membership.UploadForm{URL: uploadKey(r), Fields: map[string]string{"Content-Type": contentType, "back": back}, ExpiresAt: expires}, nil
}

func (p *pictures) Upload(_ context.Context, r membership.AvatarRef) (data []byte, err error) {
	if e := p.call(func() {
		text, ok := p.objects[uploadKey(r)]
		if data = []byte(text); !ok {
			err = membership.ErrNotFound
		}
	}); e != nil {
		return nil, e
	}
	return data, err
}

func (p *pictures) DropUpload(_ context.Context, r membership.AvatarRef) error {
	return p.call(func() { delete(p.objects, uploadKey(r)) })
}

func (p *pictures) Picture(_ context.Context, r membership.AvatarRef, size int) ([]byte, error) {
	text, ok := p.objects[pictureKey(r, size)]
	if !ok {
		return nil, membership.ErrNotFound
	}
	return []byte(text), nil
}

func (p *pictures) PutPicture(_ context.Context, r membership.AvatarRef, size int, jpeg []byte) error {
	return p.call(func() { p.objects[pictureKey(r, size)] = string(jpeg) })
}

func (p *pictures) DropPictures(_ context.Context, customerID, userID string, drop func(string) bool) error {
	prefix := "avatars/" + customerID + "/" + userID + "/"
	var names []string
	if err := p.call(func() { names = slices.Sorted(maps.Keys(p.objects)) }); err != nil {
		return err
	}
	for _, name := range names {
		rest, ok := strings.CutPrefix(name, prefix)
		if version, _, _ := strings.Cut(rest, "/"); ok && drop(version) {
			if err := p.call(func() { delete(p.objects, name) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// gallery is the use cases with the fakes.
func gallery(w *world) (membership.Avatars, *pictures) {
	p := &pictures{memory: w.store, uploads: map[string]membership.AvatarUpload{}, objects: map[string]string{}}
	squares := func(_ context.Context, data []byte, sizes []int) ([][]byte, error) {
		if string(data) == "no picture" {
			return nil, membership.ErrPictureFormat
		}
		var out [][]byte
		for _, s := range sizes {
			out = append(out, fmt.Appendf(nil, "%s at %d", data, s))
		}
		return out, nil
	}
	return membership.Avatars{Store: p, Files: p, Squares: squares, NewID: w.id}, p
}

func system(w *world) membership.Call {
	return membership.Call{Actor: membership.SystemActor("worker"), Now: w.now}
}

// send begins an upload and does what the browser does with the form.
func send(t *testing.T, w *world, a membership.Avatars, p *pictures, c membership.Call, userID, file string) membership.AvatarRef {
	t.Helper()
	ref, form, err := a.Begin(w.ctx, c, userID, "image/png", "")
	if err != nil {
		t.Fatal(err)
	}
	p.objects[form.URL] = file
	return ref
}

const (
	alphaMember = "alpha-member"
	alphaAdmin  = "alpha-administrator"
)

// wantPicture checks a user's picture and the bucket: the two squares of file, and nothing else; "" is none.
func wantPicture(t *testing.T, w *world, p *pictures, ref membership.AvatarRef, file string) {
	t.Helper()
	u := w.store.users[alphaMember]
	want := map[string]string{}
	if file != "" {
		for _, size := range membership.AvatarSizes() {
			want[pictureKey(ref, size)] = fmt.Sprintf("%s at %d", file, size)
		}
		if u.AvatarURL != "/users/"+alphaMember+"/avatar?v="+ref.UploadID {
			t.Errorf("avatarUrl %s", u.AvatarURL)
		}
	} else if u.AvatarURL != "" {
		t.Errorf("avatarUrl %s", u.AvatarURL)
	}
	if !maps.Equal(p.objects, want) {
		t.Errorf("in the bucket: %v, want %v", p.objects, want)
	}
}

func TestAvatarFromUploadToPage(t *testing.T) {
	w := newWorld(t)
	a, p := gallery(w)
	me := w.as("alpha", membership.Member)

	_, err := a.Upload(w.ctx, me, alphaMember)
	wantCode(t, err, "not_found")
	first := send(t, w, a, p, me, alphaMember, "cat")
	if u, err := a.Upload(w.ctx, me, alphaMember); err != nil || u.Status != membership.AvatarWaiting || !u.ExpiresAt.Equal(start.Add(10*time.Minute).Truncate(time.Second)) {
		t.Errorf("got %+v, %v", u, err)
	}
	_, err = a.Get(w.ctx, me, alphaMember, 64, "")
	wantCode(t, err, "not_found")
	if s, err := a.Finish(w.ctx, system(w), first); s != membership.AvatarReady || err != nil {
		t.Fatalf("%s, %v", s, err)
	}
	wantPicture(t, w, p, first, "cat")
	if u, _ := a.Upload(w.ctx, me, alphaMember); u.Status != membership.AvatarReady {
		t.Errorf("got %+v", u)
	}
	if got, err := a.Get(w.ctx, me, alphaMember, 64, "other"); string(got.JPEG) != "cat at 64" || got.Version != first.UploadID || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := a.Get(w.ctx, me, alphaMember, 64, first.UploadID); got.JPEG != nil || got.Version != first.UploadID || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	entry := w.store.audit[len(w.store.audit)-1]
	if entry.Action != "user.avatar-changed" || entry.Realm != membership.System || entry.OnBehalfOf != alphaMember || entry.ActorName != me.Actor.Name || entry.After["avatarUrl"] != first.URL() {
		t.Errorf("written down: %+v", entry)
	}

	// The same event again changes nothing.
	version, entries := w.store.users[alphaMember].Version, len(w.store.audit)
	if _, err := a.Finish(w.ctx, system(w), first); err != nil {
		t.Error(err)
	}
	if w.store.users[alphaMember].Version != version || len(w.store.audit) != entries {
		t.Error("the same event did something twice")
	}
	wantPicture(t, w, p, first, "cat")

	// The next one replaces it; using the first one's form again has no effect.
	second := send(t, w, a, p, w.as("alpha", membership.Administrator), alphaMember, "dog")
	p.objects[uploadKey(first)] = "something else"
	for _, ref := range []membership.AvatarRef{first, second, first} {
		if _, err := a.Finish(w.ctx, system(w), ref); err != nil {
			t.Fatal(err)
		}
	}
	wantPicture(t, w, p, second, "dog")
	if entry := w.store.audit[len(w.store.audit)-1]; entry.OnBehalfOf != alphaAdmin {
		t.Errorf("written down: %+v", entry)
	}

	if err := a.Remove(w.ctx, me, alphaMember); err != nil {
		t.Fatal(err)
	}
	wantPicture(t, w, p, second, "")
	if entry := w.store.audit[len(w.store.audit)-1]; entry.Action != "user.avatar-removed" || entry.Before["avatarUrl"] != second.URL() {
		t.Errorf("written down: %+v", entry)
	}
	entries = len(w.store.audit)
	if err := a.Remove(w.ctx, me, alphaMember); err != nil || len(w.store.audit) != entries {
		t.Errorf("removed twice: %v", err)
	}
}

func TestWhatIsNoPictureIsTold(t *testing.T) {
	w := newWorld(t)
	a, p := gallery(w)
	me := w.as("alpha", membership.Member)
	old := send(t, w, a, p, me, alphaMember, "cat")
	if _, err := a.Finish(w.ctx, system(w), old); err != nil {
		t.Fatal(err)
	}
	ref := send(t, w, a, p, me, alphaMember, "no picture")
	for range 2 {
		if _, err := a.Finish(w.ctx, system(w), ref); err != nil {
			t.Fatal(err)
		}
		u, err := a.Upload(w.ctx, me, alphaMember)
		if err != nil || u.Status != membership.AvatarRefused || u.Err() != membership.ErrPictureFormat {
			t.Errorf("got %+v, %v", u, err)
		}
		wantPicture(t, w, p, old, "cat")
	}
	// Another file with the same form, as after going back in the browser.
	p.objects[uploadKey(ref)] = "dog"
	if s, err := a.Finish(w.ctx, system(w), ref); s != membership.AvatarReady || err != nil {
		t.Errorf("%s, %v", s, err)
	}
	wantPicture(t, w, p, ref, "dog")
}

// A later upload overtakes an earlier one at any point: the later one is shown, and nothing else is left.
func TestOvertaken(t *testing.T) {
	for at := 1; ; at++ {
		w := newWorld(t)
		a, p := gallery(w)
		me := w.as("alpha", membership.Member)
		first := send(t, w, a, p, me, alphaMember, "cat")
		var second membership.AvatarRef
		p.calls, p.breaks = 0, at
		p.meet = func() {
			p.breaks = 0
			second = send(t, w, a, p, me, alphaMember, "dog")
			if _, err := a.Finish(w.ctx, system(w), second); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.Finish(w.ctx, system(w), first); err != nil {
			t.Fatalf("overtaken at call %d: %v", at, err)
		}
		if second.UploadID == "" {
			return
		}
		wantPicture(t, w, p, second, "dog")
		if t.Failed() {
			t.Fatalf("overtaken at call %d", at)
		}
	}
}

func TestUploadOfWhichNothingIsHeard(t *testing.T) {
	w := newWorld(t)
	a, _ := gallery(w)
	me := w.as("alpha", membership.Member)
	if _, _, err := a.Begin(w.ctx, me, alphaMember, "", "https://portal.example/profile"); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]membership.AvatarStatus{0: membership.AvatarWaiting, 19 * time.Minute: membership.AvatarWaiting, 21 * time.Minute: membership.AvatarLost} {
		me.Now = start.Add(after)
		if u, err := a.Upload(w.ctx, me, alphaMember); u.Status != want || err != nil {
			t.Errorf("after %v: %s, %v", after, u.Status, err)
		}
	}
}

// An upload that was withdrawn, or whose user is gone, changes nothing and leaves nothing.
func TestUnwantedUploads(t *testing.T) {
	for name, withdraw := range map[string]func(w *world, a membership.Avatars, c membership.Call) error{
		"picture removed": func(w *world, a membership.Avatars, c membership.Call) error { return a.Remove(w.ctx, c, alphaMember) },
		"user removed": func(w *world, _ membership.Avatars, c membership.Call) error {
			_, err := w.users.Remove(w.ctx, c, alphaMember, 0)
			return err
		},
		"user in a directory": func(w *world, _ membership.Avatars, _ membership.Call) error {
			w.store.mu.Lock()
			defer w.store.mu.Unlock()
			u := w.store.users[alphaMember]
			u.Source = "directory"
			u.Version++
			w.store.users[alphaMember] = u
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			// Withdrawn before each of the worker's calls: either it was in time, or there is a picture to remove.
			for at := 1; ; at++ {
				w := newWorld(t)
				a, p := gallery(w)
				boss := w.as("alpha", membership.Administrator)
				ref := send(t, w, a, p, w.as("alpha", membership.Member), alphaMember, "cat")
				withdrawn := false
				p.calls, p.breaks = 0, at
				p.meet = func() {
					p.breaks, withdrawn = 0, true
					if err := withdraw(w, a, boss); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := a.Finish(w.ctx, system(w), ref); err != nil {
					t.Fatalf("withdrawn at call %d: %v", at, err)
				}
				if !withdrawn {
					return
				}
				u := w.store.users[alphaMember]
				if name == "picture removed" && u.AvatarURL != "" {
					t.Errorf("withdrawn at call %d: %s", at, u.AvatarURL)
				}
				if u.AvatarURL == "" && len(p.objects) != 0 {
					t.Errorf("withdrawn at call %d, left: %v", at, p.objects)
				}
			}
		})
	}
}

// Whatever fails, before or after it was done: nobody sees half a picture, and the next try completes it.
func TestAvatarsBreak(t *testing.T) {
	for name, run := range map[string]func(w *world, a membership.Avatars, ref membership.AvatarRef) error{
		"finish": func(w *world, a membership.Avatars, ref membership.AvatarRef) error {
			_, err := a.Finish(w.ctx, system(w), ref)
			return err
		},
		"remove": func(w *world, a membership.Avatars, _ membership.AvatarRef) error {
			return a.Remove(w.ctx, w.as("alpha", membership.Member), alphaMember)
		},
	} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprint(name, after), func(t *testing.T) {
				broken := 0
				for at := 1; ; at++ {
					w := newWorld(t)
					a, p := gallery(w)
					me := w.as("alpha", membership.Member)
					old := send(t, w, a, p, me, alphaMember, "cat")
					if _, err := a.Finish(w.ctx, system(w), old); err != nil {
						t.Fatal(err)
					}
					ref := send(t, w, a, p, me, alphaMember, "dog")
					entries := len(w.store.audit)
					p.calls, p.breaks, p.after = 0, at, after
					err := run(w, a, ref)
					p.breaks = 0
					if err == nil {
						break
					}
					broken++
					// What the record names can be shown in every size; a picture being removed may be gone already.
					for _, size := range membership.AvatarSizes() {
						shown, err := a.Get(w.ctx, me, alphaMember, size, "")
						if err != nil && name == "finish" {
							t.Errorf("call %d: nothing to show: %v", at, err)
						}
						if err == nil && !strings.HasSuffix(string(shown.JPEG), fmt.Sprint(" at ", size)) {
							t.Errorf("call %d: %s", at, shown.JPEG)
						}
					}
					if err := run(w, a, ref); err != nil {
						t.Fatalf("call %d, the next try: %v", at, err)
					}
					if name == "finish" {
						wantPicture(t, w, p, ref, "dog")
					} else {
						delete(p.objects, uploadKey(ref)) // the worker's, or the bucket's after a day
						wantPicture(t, w, p, ref, "")
					}
					if n := len(w.store.audit) - entries; n != 1 {
						t.Errorf("call %d: written down %d times", at, n)
					}
				}
				if broken < 5 {
					t.Errorf("only %d calls were broken", broken)
				}
			})
		}
	}
}

func TestWhoMayDoWhatWithPictures(t *testing.T) {
	w := newWorld(t)
	a, p := gallery(w)
	ref := send(t, w, a, p, w.as("alpha", membership.Member), alphaMember, "cat")
	if _, err := a.Finish(w.ctx, system(w), ref); err != nil {
		t.Fatal(err)
	}
	type answers struct{ see, set string }
	for who, want := range map[[2]string]answers{
		{membership.ProviderID, string(membership.Administrator)}: {"", ""},
		{membership.ProviderID, string(membership.Agent)}:         {"", "forbidden"},
		{"alpha", string(membership.Administrator)}:               {"", ""},
		{"alpha", string(membership.Moderator)}:                   {"", "forbidden"},
		{"alpha", string(membership.Member)}:                      {"", ""},
		{"beta", string(membership.Administrator)}:                {"not_found", "not_found"},
	} {
		c := w.as(who[0], membership.Role(who[1]))
		_, err := a.Get(w.ctx, c, alphaMember, 64, "")
		wantCode(t, err, want.see)
		_, err = a.Upload(w.ctx, c, alphaMember)
		wantCode(t, err, want.set)
		_, _, err = a.Begin(w.ctx, c, alphaMember, "image/webp", "")
		wantCode(t, err, want.set)
	}
	_, err := a.Get(w.ctx, w.as("alpha", membership.Member), alphaAdmin, 64, "")
	wantCode(t, err, "forbidden")
	wantCode(t, a.Remove(w.ctx, w.as("alpha", membership.Moderator), alphaMember), "forbidden")
	wantCode(t, a.Remove(w.ctx, w.as("beta", membership.Administrator), alphaMember), "not_found")

	me := w.as("alpha", membership.Member)
	_, _, err = a.Begin(w.ctx, me, alphaMember, "image/svg+xml", "")
	wantCode(t, err, "invalid_picture_type")
	u := w.store.users[alphaMember]
	u.Source = "directory"
	w.store.users[alphaMember] = u
	_, _, err = a.Begin(w.ctx, me, alphaMember, "image/png", "")
	wantCode(t, err, "kept_by_directory")
	wantCode(t, a.Remove(w.ctx, me, alphaMember), "kept_by_directory")
	// Files are stored under the customer, and a user who waits may move to another one.
	w.settings(nil)
	_, _, err = a.Begin(w.ctx, w.staff(), w.waiting("rita@gister.example").ID, "image/png", "")
	wantCode(t, err, "impossible_in_status")
	if _, err := w.users.Remove(w.ctx, w.staff(), alphaMember, 0); err != nil {
		t.Fatal(err)
	}
	_, err = a.Get(w.ctx, w.as("alpha", membership.Administrator), alphaMember, 64, "")
	wantCode(t, err, "not_found")
	_, _, err = a.Begin(w.ctx, w.staff(), alphaMember, "image/png", "")
	if err == nil {
		t.Error("a removed user gets no picture")
	}
}

func TestUploadsAreLimited(t *testing.T) {
	w := newWorld(t)
	a, _ := gallery(w)
	me := w.as("alpha", membership.Member)
	for range 30 {
		if _, _, err := a.Begin(w.ctx, me, alphaMember, "image/png", ""); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := a.Begin(w.ctx, me, alphaMember, "image/png", "")
	if membership.KindOf(err) != membership.TooMany {
		t.Errorf("got %v", err)
	}
}

// Somebody with a form can send file after file for ten minutes. Looking at all of them, and at once, would use up
// everybody's functions.
func TestFilesOfOneUploadAreCounted(t *testing.T) {
	w := newWorld(t)
	a, p := gallery(w)
	me := w.as("alpha", membership.Member)
	looked, squares := 0, a.Squares
	a.Squares = func(ctx context.Context, data []byte, sizes []int) ([][]byte, error) {
		looked++
		return squares(ctx, data, sizes)
	}
	ref := send(t, w, a, p, me, alphaMember, "no picture")
	for range 15 {
		p.objects[uploadKey(ref)] = "no picture"
		if _, err := a.Finish(w.ctx, system(w), ref); err != nil {
			t.Fatal(err)
		}
		if len(p.objects) > 0 {
			t.Fatalf("left behind: %v", p.objects)
		}
	}
	if looked != 10 {
		t.Errorf("looked at %d files", looked)
	}
	if u, err := a.Upload(w.ctx, me, alphaMember); err != nil || u.Status != membership.AvatarRefused {
		t.Errorf("%+v %v", u, err)
	}
	next := send(t, w, a, p, me, alphaMember, "cat")
	if s, err := a.Finish(w.ctx, system(w), next); s != membership.AvatarReady || err != nil {
		t.Errorf("%s, %v", s, err)
	}
}
