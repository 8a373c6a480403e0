package web

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"clientele/shared/membership"
)

//go:embed layout/*.html
var layoutFiles embed.FS

// Site is what all pages of one door share.
type Site struct {
	Door            string // portal or console, for the texts "door.portal" and "door.console"
	Provider        string // the name of the company that owns the door
	DefaultLanguage string // en or de
	// Files hold pages/*.html and text/*.json: first the door's own, then what it shares with others. The first page of
	// a name wins, and so does the first text of a key.
	Files []fs.FS
	Now   func() time.Time
	Log   *slog.Logger // for failures; nil means slog.Default

	// SaveLanguage stores the choice of a signed-in person. If nil, such a person sees no switch, because their profile
	// decides.
	SaveLanguage func(r *http.Request, language string) error
	// StatusOf returns the HTTP status of an error kind (httpapi.StatusOf); nil means always 500.
	StatusOf func(membership.Kind) int
	// RequestID returns the request's id for the log and the error page; may be nil.
	RequestID func(*http.Request) string
}

// Pages renders the pages of a door. A page is parsed when it is first asked for, so a cold start pays for one page
// only.
type Pages struct {
	site Site

	mu         sync.Mutex
	assets     map[string]string
	catalogues map[string]*catalogue
	templates  map[string]*template.Template // "en/customers"
}

// New returns the pages of a door; it reads nothing yet.
func New(site Site) *Pages {
	if site.Log == nil {
		site.Log = slog.Default()
	}
	return &Pages{
		site:       site,
		assets:     map[string]string{},
		catalogues: map[string]*catalogue{},
		templates:  map[string]*template.Template{},
	}
}

// frame is what the layout shows around a page.
type frame struct {
	Language, Door, Provider string
	Visitor                  *Visitor
	Nav                      []Link
	Notice                   *Notice
	Failed                   bool // said in the title, which is read out first
	Switch                   *languageSwitch
	Data                     any
}

type languageSwitch struct {
	Action, Name string // where the choice is posted, and the field's name
	Fields       map[string]string
	Languages    []string
}

// Render answers with the door's pages/<page>.html, or the shared page of that name ("confirm", "problem"). The page is
// complete before the first byte is sent, so a broken one is a clean 500.
func (p *Pages) Render(w http.ResponseWriter, r *http.Request, status int, page string, data any) {
	if err := p.render(w, r, status, page, data); err != nil {
		p.site.Log.ErrorContext(r.Context(), "page not rendered", "page", page, "error", err.Error())
		http.Error(w, "500 · "+p.requestID(r), http.StatusInternalServerError)
	}
}

func (p *Pages) render(w http.ResponseWriter, r *http.Request, status int, page string, data any) error {
	language := p.Language(r)
	tree, c, err := p.page(language, page)
	if err != nil {
		return err
	}
	if switched(r) != "" {
		keepLanguage(w, language)
	}
	f := frame{
		Language: language, Door: p.site.Door, Provider: p.site.Provider,
		Visitor: visitor(r), Notice: takeNotice(w, r, c), Data: data,
		Failed: status == http.StatusUnprocessableEntity || status == http.StatusBadRequest || status == http.StatusPreconditionFailed,
		Switch: p.languageSwitch(r),
	}
	if f.Visitor != nil {
		f.Nav = currentNav(f.Visitor.Nav, r.URL.Path)
	}
	var body bytes.Buffer
	if err := tree.ExecuteTemplate(&body, "layout", f); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", language)
	header.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // fails when the reader has gone: there is nobody to tell
	return nil
}

func (p *Pages) languageSwitch(r *http.Request) *languageSwitch {
	if visitor(r) != nil && p.site.SaveLanguage == nil {
		return nil
	}
	if fields := again(r); fields != nil {
		return &languageSwitch{Action: r.URL.Path, Name: "switch-language", Fields: fields, Languages: Languages()}
	}
	return &languageSwitch{
		Action: languagePath, Name: "language", Languages: Languages(),
		Fields: map[string]string{"back": r.URL.RequestURI()},
	}
}

// currentNav marks the entry whose address is the longest prefix of path.
func currentNav(nav []Link, path string) []Link {
	best, marked := -1, append([]Link(nil), nav...)
	for i, link := range marked {
		inside := path == link.URL || strings.HasPrefix(path, strings.TrimSuffix(link.URL, "/")+"/")
		if inside && (best < 0 || len(link.URL) > len(marked[best].URL)) {
			best = i
		}
	}
	if best >= 0 {
		marked[best].Current = true
	}
	return marked
}

// Say returns a phrase in words, for something other than a page: a file, for example.
func (p *Pages) Say(r *http.Request, phrase Phrase) string {
	c, err := p.catalogue(p.Language(r))
	if err != nil {
		return ""
	}
	return c.say(phrase)
}

// Confirm answers with the question before something that cannot simply be undone: 200, or 422 with a notice.
func (p *Pages) Confirm(w http.ResponseWriter, r *http.Request, confirm Confirm) {
	status := http.StatusOK
	if confirm.Notice != nil {
		status = http.StatusUnprocessableEntity
	}
	p.Render(w, r, status, "confirm", confirm)
}

// Problem is the data of the shared page "problem".
type Problem struct {
	Code      string // the error's code, for the text
	Status    int
	RequestID string
	Actions   []Action // Failed offers the start page
}

// Failed answers with a page that says what went wrong and what to do. Any error that is not a use case's is logged and
// shown without its text.
func (p *Pages) Failed(w http.ResponseWriter, r *http.Request, err error) { p.Fail(w, r, err) }

// Fail is Failed with the page's own actions.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, err error, actions ...Action) {
	problem := Problem{Actions: actions, Code: "internal", Status: http.StatusInternalServerError, RequestID: p.requestID(r)}
	var wrong *membership.Error
	if errors.As(err, &wrong) {
		problem.Code = wrong.Code
		if p.site.StatusOf != nil {
			problem.Status = p.site.StatusOf(wrong.Kind)
		}
		if wrong.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int((wrong.RetryAfter+time.Second-1)/time.Second)))
		}
	} else {
		p.site.Log.ErrorContext(r.Context(), "page failed", "error", err.Error())
	}
	p.Problem(w, r, problem)
}

// NotFound answers with the page for an address that leads nowhere.
func (p *Pages) NotFound() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.Problem(w, r, Problem{Code: "page_not_found", Status: http.StatusNotFound})
	})
}

// Refused answers with the page for a form that another site posted (see Secure).
func (p *Pages) Refused() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.Problem(w, r, Problem{Code: "cross_origin", Status: http.StatusForbidden})
	})
}

// Problem answers with the page "problem".
func (p *Pages) Problem(w http.ResponseWriter, r *http.Request, problem Problem) {
	if problem.Actions == nil {
		problem.Actions = []Action{{Label: Text("problem.home"), URL: "/", Kind: "primary"}}
	}
	p.Render(w, r, problem.Status, "problem", problem)
}

func (p *Pages) requestID(r *http.Request) string {
	if p.site.RequestID == nil {
		return ""
	}
	return p.site.RequestID(r)
}

// catalogue returns the texts of a language, which it reads once.
func (p *Pages) catalogue(language string) (*catalogue, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.catalogues[language]; ok {
		return c, nil
	}
	texts, err := readTexts(p.site.Files, language)
	if err != nil {
		return nil, err
	}
	c := &catalogue{language: language, texts: texts, months: strings.Fields(texts["time.months"]), shortMonths: strings.Fields(texts["time.months_short"])}
	p.catalogues[language] = c
	return c, nil
}

// page parses layout and page once per language, because template functions such as t are bound to a language when a
// template is parsed.
func (p *Pages) page(language, page string) (*template.Template, *catalogue, error) {
	c, err := p.catalogue(language)
	if err != nil {
		return nil, nil, err
	}
	p.mu.Lock()
	tree, ok := p.templates[language+"/"+page]
	p.mu.Unlock()
	if ok {
		return tree, c, nil
	}
	tree, err = p.parse(c, page)
	if err != nil {
		return nil, nil, err
	}
	p.mu.Lock()
	p.templates[language+"/"+page] = tree
	p.mu.Unlock()
	return tree, c, nil
}

func (p *Pages) parse(c *catalogue, page string) (*template.Template, error) {
	source, err := p.source(page)
	if err != nil {
		return nil, err
	}
	// The root's name is no template's name: pages may be called like partials.
	tree := template.New("page " + page).Funcs(p.functions(c))
	layout, err := layoutFiles.ReadFile("layout/layout.html")
	if err != nil {
		return nil, fmt.Errorf("layout: %w", err)
	}
	// The layout comes first: it defines what a page may leave out.
	pending := []string{string(layout), string(source)}
	parsed := map[string]bool{}
	for len(pending) > 0 {
		text := pending[0]
		pending = pending[1:]
		if _, err := tree.Parse(text); err != nil {
			return nil, fmt.Errorf("page %s: %w", page, err)
		}
		// Only the partials that are used are parsed.
		for _, name := range uses(text) {
			if parsed[name] || tree.Lookup(name) != nil { // a page may define its own
				continue
			}
			parsed[name] = true
			if partial, err := layoutFiles.ReadFile("layout/" + name + ".html"); err == nil {
				pending = append(pending, `{{define "`+name+`"}}`+string(partial)+`{{end}}`)
			}
		}
	}
	return tree, nil
}

func (p *Pages) source(page string) ([]byte, error) {
	for _, files := range p.site.Files {
		source, err := fs.ReadFile(files, "pages/"+page+".html")
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return source, err
		}
	}
	source, err := layoutFiles.ReadFile("layout/page-" + page + ".html")
	if err != nil {
		return nil, fmt.Errorf("page %s: %w", page, err)
	}
	return source, nil
}

// uses returns the names of the templates that a text calls.
func uses(text string) []string {
	var names []string
	for {
		_, after, ok := strings.Cut(text, `template "`)
		if !ok {
			return names
		}
		name, rest, ok := strings.Cut(after, `"`)
		if !ok {
			return names
		}
		names, text = append(names, name), rest
	}
}
