package door

import (
	"context"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// Failed returns what answers, with a page, before a door stands or can be asked: its secret cannot be read, a body is too
// large. It needs nothing but what is built in. The door's own files are not in the site yet.
func Failed(which membership.Door, site web.Site, now func() time.Time, publicURL string) (httpapi.Failed, error) {
	site.Door, site.Now, site.StatusOf, site.RequestID = string(which), now, httpapi.StatusOf, httpapi.RequestID
	site.Files = []fs.FS{files}
	f := failed{pages: web.New(site)}
	secured, err := web.Secure(f, web.Security{PublicURL: publicURL, Refused: f.pages.Refused()})
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request, err error) {
		secured.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), failedKey{}, err)))
	}, nil
}

type failed struct{ pages *web.Pages }

type failedKey struct{}

func (f failed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, web.AssetsPath) {
		f.pages.Assets().ServeHTTP(w, r) // what makes the page look like one
		return
	}
	err, _ := r.Context().Value(failedKey{}).(error)
	status, code := httpapi.Judge(r, err)
	if membership.KindOf(err) != "" {
		f.pages.Failed(w, r, err)
		return
	}
	f.pages.Problem(w, r, web.Problem{Status: status, Code: code, RequestID: httpapi.RequestID(r)})
}
