package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// AssetsPath is where Assets must be mounted: mux.Handle("GET "+web.AssetsPath, pages.Assets()).
const AssetsPath = "/assets/"

// asset returns the address of a file in assets/. It changes with the content, so browsers may keep the file for ever.
func (p *Pages) asset(name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if address, ok := p.assets[name]; ok {
		return address
	}
	address := AssetsPath + "missing/" + name
	if content, err := assetFiles.ReadFile("assets/" + name); err == nil {
		sum := sha256.Sum256(content)
		address = AssetsPath + hex.EncodeToString(sum[:6]) + "/" + name
	}
	p.assets[name] = address
	return address
}

// Assets serves the styles, scripts and icon.
func (p *Pages) Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, AssetsPath), "/")
		content, err := assetFiles.ReadFile("assets/" + name)
		if err != nil || !fs.ValidPath(name) {
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		// A page from before a deployment asks for the old address. It gets the new file, which must not be cached
		// under the old address.
		cache := "no-cache"
		if r.URL.Path == p.asset(name) {
			cache = "public, max-age=31536000, immutable"
		}
		w.Header().Set("Cache-Control", cache)
		w.Header().Set("Content-Type", contentType(name))
		_, _ = w.Write(content) //nolint:gosec // the embedded file; the request only chose which
	})
}

func contentType(name string) string {
	switch path.Ext(name) { // fixed, because the machine's mime table may differ
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(path.Ext(name))
}
