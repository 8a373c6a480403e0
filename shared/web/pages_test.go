package web

import (
	"io/fs"
	"testing"
	"testing/fstest"
	"time"
)

// now is the time on all test pages.
func now() time.Time { return time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC) }

// testPages is a door with the given files and no texts of its own.
func testPages(t testing.TB, files map[string]string) *Pages {
	t.Helper()
	door := fstest.MapFS{"text/en.json": {Data: []byte(`{}`)}, "text/de.json": {Data: []byte(`{}`)}}
	for name, content := range files {
		door[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return New(Site{Door: "console", Provider: "Nordwind", DefaultLanguage: "en", Files: []fs.FS{door}, Now: now})
}
