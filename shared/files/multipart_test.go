package files_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clientele/shared/files"
	"clientele/shared/membership"
)

var exported = membership.ExportRef{CustomerID: "provider", UserID: "u1", ExportID: "0192b"}

// A file is made of exactly the named parts, in the order of their numbers.
func TestFileOfParts(t *testing.T) {
	e := files.Exports{Bucket: live(t, time.Now)}
	ctx := t.Context()
	if joined, err := e.Joined(ctx, exported); joined || err != nil {
		t.Fatalf("%v %v", joined, err)
	}
	if err := e.Join(ctx, exported, "unknown", []int{1}); membership.KindOf(err) != membership.NotFound {
		t.Errorf("got %v", err)
	}
	upload, err := e.Begin(ctx, exported)
	if err != nil {
		t.Fatal(err)
	}
	first, last := bytes.Repeat([]byte("a"), 5<<20), []byte("the end")
	for n, part := range map[int][]byte{3: []byte("left over"), 4: last, 2: first} {
		if err := e.PutPart(ctx, exported, upload, n, part); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Join(ctx, exported, upload, []int{2, 5}); membership.KindOf(err) != membership.NotFound {
		t.Errorf("a missing part: %v", err)
	}
	if joined, _ := e.Joined(ctx, exported); joined {
		t.Error("there before it was joined")
	}
	if err := e.Join(ctx, exported, upload, []int{2, 4}); err != nil {
		t.Fatal(err)
	}
	if joined, err := e.Joined(ctx, exported); !joined || err != nil {
		t.Errorf("%v %v", joined, err)
	}
	if err := e.Join(ctx, exported, upload, []int{2, 4}); membership.KindOf(err) != membership.NotFound {
		t.Errorf("joined again: %v", err)
	}
	link, err := e.Link(ctx, exported, "users.csv", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Get(link) //nolint:forbidigo,gosec // a test's own
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil || !bytes.Equal(data, append(first, last...)) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if h := response.Header; h.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(h.Get("Content-Disposition"), "users.csv") {
		t.Errorf("headers %v", h)
	}
}

func TestPieces(t *testing.T) {
	e := files.Exports{Bucket: live(t, time.Now)}
	if _, err := e.Piece(t.Context(), exported, 3); membership.KindOf(err) != membership.NotFound {
		t.Errorf("got %v", err)
	}
	for _, text := range []string{"one", "two"} {
		if err := e.PutPiece(t.Context(), exported, 3, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if data, err := e.Piece(t.Context(), exported, 3); string(data) != text || err != nil {
			t.Errorf("%q %v", data, err)
		}
	}
	if joined, err := e.Joined(t.Context(), exported); joined || err != nil {
		t.Errorf("%v %v", joined, err)
	}
}

// S3 may say that joining failed after it has begun its answer with status 200.
func TestJoiningThatFailsLate(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = fmt.Fprint(w, `<ListPartsResult><Part><PartNumber>1</PartNumber><ETag>&quot;x&quot;</ETag></Part></ListPartsResult>`)
			return
		}
		if body, _ := io.ReadAll(r.Body); !strings.Contains(string(body), "<ETag>&quot;x&quot;</ETag>") {
			t.Errorf("asked with %s", body)
		}
		_, _ = fmt.Fprint(w, `<?xml version="1.0"?><Error><Code>InternalError</Code></Error>`)
	}))
	defer server.Close()
	e := files.Exports{Bucket: files.New(config(server.URL, ""), "bucket", time.Now)}
	if err := e.Join(t.Context(), exported, "u", []int{1}); !errors.Is(err, membership.ErrOverloaded) {
		t.Errorf("got %v", err)
	}
}
