package web

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"clientele/shared/membership"
)

// A door's own pages and texts go before those that it shares with another door.
func TestFirstFilesWin(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	page := func(name string) *fstest.MapFile {
		return file(`{{define "title"}}` + name + `{{end}}{{define "content"}}{{t "own"}} {{t "both"}} {{t "shared"}}{{end}}`)
	}
	own := fstest.MapFS{"pages/a.html": page("own a"), "text/en.json": file(`{"own":"own-own","both":"own-both"}`), "text/de.json": file(`{}`)}
	shared := fstest.MapFS{"pages/a.html": page("shared a"), "pages/b.html": page("shared b"),
		"text/en.json": file(`{"both":"shared-both","shared":"shared-shared"}`), "text/de.json": file(`{}`)}
	pages := New(Site{Door: "console", DefaultLanguage: "en", Files: []fs.FS{own, shared}, Now: now})
	for name, title := range map[string]string{"a": "own a", "b": "shared b"} {
		w := httptest.NewRecorder()
		pages.Render(w, httptest.NewRequest(http.MethodGet, "/", nil), http.StatusOK, name, nil)
		for _, want := range []string{title, "own-own own-both shared-shared"} {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("page %s has no %q:\n%s", name, want, w.Body)
			}
		}
	}
}

// Fail offers the page's own ways on instead of the start page.
func TestFailOffersOwnWaysOn(t *testing.T) {
	pages := testPages(t, nil)
	w := httptest.NewRecorder()
	pages.Fail(w, httptest.NewRequest(http.MethodGet, "/", nil), membership.ErrResetOver, Action{Label: Plain("Another link"), URL: "/forgot-password"})
	if body := w.Body.String(); !strings.Contains(body, "/forgot-password") || strings.Contains(body, "Go to the start page") {
		t.Errorf("the ways on are not the page's own:\n%s", body)
	}
}
