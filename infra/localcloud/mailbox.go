package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"clientele/shared/domainname/domainnametest"
)

//go:embed pages
var pages embed.FS

// The mailbox is on the same machine and only for looking: styles and the one script are its own, and a mail's HTML
// runs no script at all.
const (
	mailboxPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"
	htmlPolicy    = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
)

// mailbox shows every mail that was sent, and takes the TXT records that the local cloud's name server answers with.
//
//	PUT /dns/{name}          the lines of the body are the texts of a name; no line removes it
//	GET /                    the list, newest first      GET /messages        the same as JSON; ?to= filters
//	GET /mails/{id}          one mail                    GET /messages/{id}   the same as JSON
//	GET /mails/{id}/html     its HTML, sandboxed
func mailbox(mails *messages, names *domainnametest.Server) (http.Handler, error) {
	views, err := template.New("").Funcs(template.FuncMap{"links": links, "when": when, "join": strings.Join}).ParseFS(pages, "pages/*.html")
	if err != nil {
		return nil, err
	}
	show := func(w http.ResponseWriter, status int, name string, data any) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", mailboxPolicy)
		w.WriteHeader(status)
		_ = views.ExecuteTemplate(w, name, data) // the reader may have left
	}
	fail := func(w http.ResponseWriter, err error) { http.Error(w, err.Error(), http.StatusBadGateway) }

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		all, err := mails.list(r.Context())
		if err != nil {
			fail(w, err)
			return
		}
		show(w, http.StatusOK, "list.html", all)
	})
	mux.HandleFunc("GET /mails/{id}", func(w http.ResponseWriter, r *http.Request) {
		one, found, err := mails.find(r.Context(), r.PathValue("id"))
		switch {
		case err != nil:
			fail(w, err)
		case !found:
			show(w, http.StatusNotFound, "missing.html", nil)
		default:
			show(w, http.StatusOK, "mail.html", one)
		}
	})
	mux.HandleFunc("GET /mails/{id}/html", func(w http.ResponseWriter, r *http.Request) {
		one, found, err := mails.find(r.Context(), r.PathValue("id"))
		if err != nil || !found {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", htmlPolicy)
		_, _ = io.WriteString(w, strings.Replace(one.HTML, "<head>", `<head><base target="_blank">`, 1))
	})
	mux.HandleFunc("GET /messages", func(w http.ResponseWriter, r *http.Request) {
		all, err := mails.list(r.Context())
		if err != nil {
			fail(w, err)
			return
		}
		if to := r.URL.Query().Get("to"); to != "" {
			all = slices.DeleteFunc(all, func(m message) bool {
				return !slices.ContainsFunc(m.To, func(a string) bool { return strings.EqualFold(a, to) })
			})
		}
		if all == nil {
			all = []message{}
		}
		writeAnswer(w, map[string]any{"messages": all})
	})
	mux.HandleFunc("GET /messages/{id}", func(w http.ResponseWriter, r *http.Request) {
		one, found, err := mails.find(r.Context(), r.PathValue("id"))
		switch {
		case err != nil:
			fail(w, err)
		case !found:
			http.NotFound(w, r)
		default:
			writeAnswer(w, one)
		}
	})
	mux.HandleFunc("PUT /dns/{name}", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		names.Set(r.PathValue("name"), strings.FieldsFunc(string(body), func(c rune) bool { return c == '\n' })...)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.Handle("GET /pages/", http.FileServerFS(pages))
	return mux, nil
}

func writeAnswer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // the reader may have left
}

// links makes the addresses in a text clickable and escapes everything else.
func links(text string) template.HTML {
	address := regexp.MustCompile(`https?://[^\s<>"]+`)
	var out strings.Builder
	at := 0
	for _, found := range address.FindAllStringIndex(text, -1) {
		url := text[found[0]:found[1]]
		trimmed := strings.TrimRight(url, ".,;:!?)")
		out.WriteString(template.HTMLEscapeString(text[at:found[0]]))
		fmt.Fprintf(&out, `<a href="%s" target="_blank" rel="noopener">%[1]s</a>`, template.HTMLEscapeString(trimmed))
		at = found[0] + len(trimmed)
	}
	out.WriteString(template.HTMLEscapeString(text[at:]))
	return template.HTML(out.String()) // every part was escaped above
}

func when(t time.Time) string { return t.Local().Format("2 Jan 2006, 15:04:05") }
