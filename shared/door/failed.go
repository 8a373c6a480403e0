package door

import (
	"context"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// Failed returns the function that answers with a page when the door itself cannot: when its secret could not be read,
// or a body is too large. It needs only what is compiled in; the door's own files are not part of the site yet. open
// are the routes to which pages of other sites may post. Errors: those of web.Secure.
func Failed(which membership.Door, site web.Site, now func() time.Time, publicURL string, open ...string) (httpapi.Failed, error) {
	site.Door, site.Now, site.StatusOf, site.RequestID = string(which), now, httpapi.StatusOf, httpapi.RequestID
	site.Files = []fs.FS{files}
	f := failed{pages: web.New(site), open: open}
	secured, err := web.Secure(f, web.Security{PublicURL: publicURL, Refused: f.pages.Refused(), Open: open})
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request, err error) {
		secured.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), failedKey{}, err)))
	}, nil
}

type failed struct {
	pages *web.Pages
	open  []string
}

type failedKey struct{}

func (f failed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, web.AssetsPath) {
		f.pages.Assets().ServeHTTP(w, r) // the page's styles
		return
	}
	err, _ := r.Context().Value(failedKey{}).(error)
	if toScript(w, r, err, f.pages, f.open) {
		return
	}
	status, code := httpapi.Judge(r, err)
	if membership.KindOf(err) != "" {
		f.pages.Failed(w, r, err)
		return
	}
	f.pages.Problem(w, r, web.Problem{Status: status, Code: code, RequestID: httpapi.RequestID(r)})
}

// Failed answers that something went wrong: with a page, or for a script of another site with a problem that it can
// read.
func (d *Door) Failed(w http.ResponseWriter, r *http.Request, err error) {
	if !toScript(w, r, err, d.Pages, d.Open) {
		d.Pages.Failed(w, r, err)
	}
}

// ByScript says whether a form was sent by a script that asks for a machine-readable answer.
func ByScript(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}

// toScript answers a script that has sent a form to one of the routes open to other sites, and says whether it did.
// When nothing could be read, the allowed sites are not known; the answer says nothing about anybody, so any site may
// read it.
func toScript(w http.ResponseWriter, r *http.Request, err error, pages *web.Pages, open []string) bool {
	if !ByScript(r) || !slices.Contains(open, r.Method+" "+r.URL.Path) {
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
	httpapi.ProblemIn(w, r, err, func(code string) string { return pages.Say(r, web.Known(code)) })
	return true
}
