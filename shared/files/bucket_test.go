package files_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"clientele/shared/files"
	"clientele/shared/membership"
	"clientele/shared/store/storetest"
)

var ref = membership.AvatarRef{CustomerID: "c1", UserID: "u1", UploadID: "0192a"}

const token = "token of a role"

// config is that of a function. The local cloud knows no role's token but those that it gave out itself.
func config(endpoint, token string) aws.Config {
	cfg := aws.Config{Region: "eu-central-1", HTTPClient: &http.Client{Timeout: 10 * time.Second},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test", SessionToken: token}, nil
		})}
	if endpoint != "" {
		cfg.BaseEndpoint = &endpoint
	}
	return cfg
}

// live returns a bucket of the local cloud, made for this test.
func live(t *testing.T, now func() time.Time) files.Bucket {
	t.Helper()
	engine := storetest.MiniStack()
	engine.Require(t)
	name := "files-" + strings.ToLower(rand.Text()[:12])
	where := `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>`
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, engine.Endpoint+"/"+name, strings.NewReader(where))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(r) //nolint:forbidigo // a test's own
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("create the bucket: %s", response.Status)
	}
	return files.New(config(engine.Endpoint, ""), name, now)
}

func TestObjects(t *testing.T) {
	b := live(t, time.Now)
	k := files.AvatarUpload(ref)
	if _, err := b.Get(t.Context(), k, 10); membership.KindOf(err) != membership.NotFound {
		t.Errorf("got %v", err)
	}
	if err := b.Delete(t.Context(), k); err != nil {
		t.Errorf("delete nothing: %v", err)
	}
	if err := b.Put(t.Context(), k, "image/jpeg", []byte("0123456789")); err != nil {
		t.Fatal(err)
	}
	if data, err := b.Get(t.Context(), k, 10); string(data) != "0123456789" || err != nil {
		t.Errorf("got %q, %v", data, err)
	}
	if _, err := b.Get(t.Context(), k, 9); !errors.Is(err, files.ErrTooBig) {
		t.Errorf("got %v", err)
	}
	for limit, want := range map[int64]string{4: "0123", 10: "0123456789", 11: "0123456789"} {
		if data, err := b.GetStart(t.Context(), k, limit); string(data) != want || err != nil {
			t.Errorf("the first %d: %q, %v", limit, data, err)
		}
	}
	if err := b.Put(t.Context(), k, "image/jpeg", nil); err != nil {
		t.Fatal(err)
	}
	if data, err := b.GetStart(t.Context(), k, 4); len(data) != 0 || err != nil {
		t.Errorf("the start of nothing: %q, %v", data, err)
	}
	if err := b.Delete(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	if _, err := b.GetStart(t.Context(), k, 4); membership.KindOf(err) != membership.NotFound {
		t.Errorf("got %v", err)
	}
	if _, err := b.Get(t.Context(), k, 10); membership.KindOf(err) != membership.NotFound {
		t.Errorf("got %v", err)
	}
}

func TestNoKeyNoObject(t *testing.T) {
	b := files.New(config("http://127.0.0.1:1", token), "b", time.Now)
	none := files.AvatarUpload(membership.AvatarRef{CustomerID: "c1", UploadID: "x"})
	if _, err := b.Get(t.Context(), none, 1); err == nil {
		t.Error("read")
	}
	if _, err := b.GetStart(t.Context(), files.InboundMail("../x"), 1); err == nil {
		t.Error("read the start")
	}
	if err := b.Put(t.Context(), none, "", nil); err == nil {
		t.Error("written")
	}
	if err := b.Delete(t.Context(), none); err == nil {
		t.Error("deleted")
	}
	if _, err := b.Form(t.Context(), files.Terms{Key: none}); err == nil {
		t.Error("form")
	}
	if _, err := b.Link(t.Context(), none, "x", "y", time.Minute); err == nil {
		t.Error("link")
	}
	if err := (files.Avatars{Bucket: b}).DropPictures(t.Context(), "c1", "", func(string) bool { return true }); err == nil {
		t.Error("dropped")
	}
}

func TestPicturesAreDroppedByVersion(t *testing.T) {
	a := files.Avatars{Bucket: live(t, time.Now)}
	put := func(customerID, userID, version string) membership.AvatarRef {
		ref := membership.AvatarRef{CustomerID: customerID, UserID: userID, UploadID: version}
		for _, size := range membership.AvatarSizes() {
			if err := a.PutPicture(t.Context(), ref, size, []byte(version)); err != nil {
				t.Fatal(err)
			}
		}
		return ref
	}
	old, present := put("c1", "u1", "0001"), put("c1", "u1", "0002")
	others := []membership.AvatarRef{put("c1", "u10", "0001"), put("c2", "u1", "0001")}
	if err := a.DropPictures(t.Context(), "c1", "u1", func(v string) bool { return v < "0002" }); err != nil {
		t.Fatal(err)
	}
	for _, size := range membership.AvatarSizes() {
		if _, err := a.Picture(t.Context(), old, size); membership.KindOf(err) != membership.NotFound {
			t.Errorf("the old one: %v", err)
		}
		for _, ref := range append(others, present) {
			if data, err := a.Picture(t.Context(), ref, size); string(data) != ref.UploadID || err != nil {
				t.Errorf("%+v: %q, %v", ref, data, err)
			}
		}
	}
}

// post sends a form as a browser does and returns the answer's status.
func post(t *testing.T, form membership.UploadForm, file []byte, change map[string]string) *http.Response {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range form.Fields {
		if v, ok := change[name]; ok {
			value = v
		}
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", "me.jpg")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, form.URL, &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if response.StatusCode >= 400 {
		t.Logf("%s: %s", response.Status, text)
	}
	return response
}

func TestForm(t *testing.T) {
	b := live(t, time.Now)
	k := files.AvatarUpload(ref)
	terms := files.Terms{Key: k, ContentType: "image/png", MaxBytes: 100, Expires: time.Now().Add(time.Minute)}
	form, err := b.Form(t.Context(), terms)
	if err != nil {
		t.Fatal(err)
	}
	other := files.AvatarUpload(membership.AvatarRef{CustomerID: "c2", UserID: "u1", UploadID: "x"})
	for name, test := range map[string]struct {
		size   int
		change map[string]string
		want   int
	}{
		"empty":              {0, nil, 400},
		"too large":          {101, nil, 400},
		"another's place":    {10, map[string]string{"key": other.String()}, 403},
		"any place":          {10, map[string]string{"key": k.String() + "/${filename}"}, 403},
		"another type":       {10, map[string]string{"Content-Type": "text/html"}, 403},
		"redirected":         {10, map[string]string{"success_action_status": "200"}, 403},
		"with a wider scope": {10, map[string]string{"x-amz-credential": "test/20200101/eu-central-1/s3/aws4_request"}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			if r := post(t, form, make([]byte, test.size), test.change); r.StatusCode != test.want {
				t.Errorf("status %d", r.StatusCode)
			}
			if _, err := b.Get(t.Context(), k, 1000); membership.KindOf(err) != membership.NotFound {
				t.Errorf("something is there: %v", err)
			}
		})
	}
	if r := post(t, form, bytes.Repeat([]byte("x"), 100), nil); r.StatusCode != http.StatusCreated {
		t.Errorf("status %d", r.StatusCode)
	}
	if data, err := b.Get(t.Context(), k, 1000); len(data) != 100 || err != nil {
		t.Errorf("%d bytes, %v", len(data), err)
	}

	terms.ContentType, terms.Back = "image/", "https://portal.example/profile"
	if form, err = b.Form(t.Context(), terms); err != nil {
		t.Fatal(err)
	}
	if r := post(t, form, []byte("x"), nil); r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(r.Header.Get("Location"), terms.Back) {
		t.Errorf("status %d to %s", r.StatusCode, r.Header.Get("Location"))
	}
	if r := post(t, form, []byte("x"), map[string]string{"Content-Type": "image/webp"}); r.StatusCode != http.StatusSeeOther {
		t.Errorf("status %d", r.StatusCode)
	}
	if r := post(t, form, []byte("x"), map[string]string{"Content-Type": "text/html"}); r.StatusCode != http.StatusForbidden {
		t.Errorf("status %d", r.StatusCode)
	}
	terms.Expires = time.Now().Add(-time.Second)
	if form, err = b.Form(t.Context(), terms); err != nil {
		t.Fatal(err)
	}
	if r := post(t, form, []byte("x"), nil); r.StatusCode != http.StatusForbidden {
		t.Errorf("after its end: status %d", r.StatusCode)
	}
}

// TestFormOnAWS looks at what the local cloud does not need: the bucket's own host, and the token of a role.
func TestFormOnAWS(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	b := files.New(config("", token), "some-bucket", func() time.Time { return at })
	form, err := b.Form(t.Context(), files.Terms{Key: files.AvatarUpload(ref), ContentType: "image/jpeg", MaxBytes: 5, Expires: at.Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	if form.URL != "https://some-bucket.s3.eu-central-1.amazonaws.com/" || b.Origin() != "https://some-bucket.s3.eu-central-1.amazonaws.com" {
		t.Errorf("%s, %s", form.URL, b.Origin())
	}
	raw, err := base64.StdEncoding.DecodeString(form.Fields["policy"])
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Expiration string
		Conditions []any
	}
	if err := json.Unmarshal(raw, &policy); err != nil {
		t.Fatal(err)
	}
	var conditions []string
	for _, c := range policy.Conditions {
		conditions = append(conditions, fmt.Sprint(c))
	}
	slices.Sort(conditions)
	want := []string{
		"[content-length-range 1 5]", "[eq $Content-Type image/jpeg]", "[eq $key uploads/avatars/c1/u1/0192a]", "[eq $success_action_status 201]",
		"[eq $x-amz-algorithm AWS4-HMAC-SHA256]", "[eq $x-amz-credential test/20260131/eu-central-1/s3/aws4_request]", "[eq $x-amz-date 20260131T120000Z]",
		"[eq $x-amz-security-token token of a role]", "map[bucket:some-bucket]",
	}
	if !slices.Equal(conditions, want) || policy.Expiration != "2026-01-31T12:01:00.000Z" {
		t.Errorf("until %s:\n%s", policy.Expiration, strings.Join(conditions, "\n"))
	}
}

func TestLink(t *testing.T) {
	b := live(t, time.Now)
	k := files.Export("c1", "u1", "e1", "1")
	if err := b.Put(t.Context(), k, "text/csv", []byte("a;b")); err != nil {
		t.Fatal(err)
	}
	link, err := b.Link(t.Context(), k, "people \"of\" c1.csv", "text/csv; charset=utf-8", 5*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r) //nolint:forbidigo // a test's own
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if response.StatusCode != 200 || string(body) != "a;b" {
		t.Errorf("%s: %s", response.Status, body)
	}
	if d := response.Header.Get("Content-Disposition"); d != `attachment; filename="people -of- c1.csv"` {
		t.Errorf("disposition %s", d)
	}
	if ct := response.Header.Get("Content-Type"); ct != "text/csv; charset=utf-8" {
		t.Errorf("type %s", ct)
	}
	if q := r.URL.Query(); q.Get("X-Amz-Expires") != "300" || q.Get("X-Amz-SignedHeaders") != "host" {
		t.Errorf("link %s", link)
	}
}

// A hiccup is tried again; what lasts is an answer that says "try again"; what is refused is not tried twice.
func TestTries(t *testing.T) {
	for name, test := range map[string]struct {
		statuses []int // the last one for good
		calls    int
		kind     membership.Kind
		fails    bool
	}{
		"well":      {[]int{200}, 1, "", false},
		"slow down": {[]int{503, 200}, 2, "", false},
		"down":      {[]int{500}, 3, membership.Unavailable, true},
		"forbidden": {[]int{403}, 1, "", true},
		"not there": {[]int{404}, 1, membership.NotFound, true},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				status := test.statuses[min(calls, len(test.statuses)-1)]
				calls++
				if !strings.Contains(r.Header.Get("Authorization"), "/eu-central-1/s3/aws4_request") || r.Header.Get("X-Amz-Security-Token") == "" || r.URL.Path != "/b/avatars/c1/u1/0192a-64.jpg" {
					t.Errorf("%s %v", r.URL, r.Header)
				}
				if body, _ := io.ReadAll(r.Body); string(body) != "picture" {
					t.Errorf("body %q", body)
				}
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "<Error><Code>Some</Code></Error>")
			}))
			defer server.Close()
			err := files.New(config(server.URL, token), "b", time.Now).Put(t.Context(), files.AvatarPicture(ref, 64), "image/jpeg", []byte("picture"))
			if calls != test.calls || membership.KindOf(err) != test.kind || (err != nil) != test.fails {
				t.Errorf("%d calls, %v", calls, err)
			}
		})
	}
}
