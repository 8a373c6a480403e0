// Package web is what the pages of portal and console share: frame, style,
// components, texts in English and German, and the headers that keep a page
// safe. The samples in infra/gallery show everything here at work.
//
// # A page
//
// A door embeds its own pages and texts and makes one Pages for all requests:
//
//	//go:embed pages text
//	var files embed.FS
//
//	pages := web.New(web.Site{Door: "console", Provider: …, DefaultLanguage: …,
//		Files: files, Now: time.Now, StatusOf: httpapi.StatusOf, RequestID: …})
//	mux.Handle("GET "+web.AssetsPath, pages.Assets())
//	mux.Handle("POST /language", pages.SwitchLanguage())
//	mux.Handle("/", pages.NotFound())
//	handler, err := web.Secure(mux, web.Security{PublicURL: …, Refused: pages.Refused()})
//
// A handler gathers data and renders pages/<name>.html:
//
//	r = web.WithVisitor(r, web.Visitor{Name: …, Language: …, Nav: …, SignOut: "/sign-out"})
//	pages.Render(w, r, http.StatusOK, "customers", data)
//
// The file defines blocks; in all of them the dot is data. Only title and
// content are needed:
//
//	{{define "title"}}{{t "customers.title"}}{{end}}       words only: also the browser's title
//	{{define "shape"}}narrow{{end}}                        wide (default) · narrow (forms) · card (sign-in)
//	{{define "back"}}<a href="/customers">{{t "customers.title"}}</a>{{end}}
//	{{define "face"}}<img class="face" …>{{end}}           before the heading
//	{{define "beside"}}{{template "status" .Status}}{{end}}  beside the heading
//	{{define "actions"}}{{template "action" (action "customers.new" "/customers/new" "primary")}}{{end}}
//	{{define "lead"}}<p>…</p>{{end}}                       one quiet sentence below the heading
//	{{define "content"}}…{{end}}
//
// A page that other sites may show in a frame begins with
// {{define "layout"}}{{template "framed" .}}{{end}}; its data has Sites, and its
// handler calls MayBeFramed.
//
// After a POST that worked: web.Notify(w, "success", "notice.saved"), then a
// redirect with 303. After one that did not: Render again with status 422 and
// the form, which knows what is wrong. Anything else: pages.Failed(w, r, err).
// Before something that cannot be undone: pages.Confirm.
//
// # Partials
//
//	{{template "field" (field .Form "email" "type=email" "autocomplete=email" "required")}}
//	{{template "errors" .Form.Errors}}          on top of the form
//	{{template "notice" (notice "warning" "invite.limit" "max" 100)}}  or a Notice
//	{{template "status" .Status}}               any status of any noun: dot and word
//	{{template "time" .ExpiresAt}}              "in 3 days", exact on hover
//	{{template "table" .Table}}                 a Table, with its Empty and Pager
//	{{template "tabs" .Tabs}}                   []Link
//	{{template "pills" .Statuses}}              []Link: one list, cut by status
//	{{template "picked" .Picked}}               a Picked: what to do with the rows picked in a Table with Pick
//	{{template "reach" .}}                      the fields of phone to language; .Form, .Countries, .Languages
//	{{template "pagination" .Pager}}            a Pager
//	{{template "empty" .Empty}}                 an Empty
//	{{template "confirm" .Confirm}}             a Confirm within a page
//	{{template "action" (action "key" "/url" "primary")}}   a link that looks like a button
//	{{template "action" (button "key" "/url" "danger")}}    a button that posts
//	{{template "code" (code "id" "key" .Value)}}            a value to copy
//	{{template "code" (snippet "id" "key" .Value 12)}}      the same of several lines
//	{{template "registration" .}}               the fields to register; .Form, .Fields, .Countries
//	{{template "token" (token "/invitation" "key of the waiting text" "key of the hint")}}
//
// field takes: type (text, email, password, search, tel, url, number, hidden,
// textarea, select, radio, checkbox, checks), label and hint (keys; the label is
// field.<name> if none is given), value, required, optional, autofocus,
// autocomplete, inputmode, pattern, min, max, minlength, maxlength, rows,
// placeholder, class (short, code), id; and []Option for select, radio and checks
// (languages gives those of a language field). More than 30 checks stand in a box
// of their own, with a field that finds among them.
//
// # Functions
//
//	t "key" "name" value …     the text of a key; also says a Phrase. Where the text
//	                           has the forms key.one and key.other, "count" decides
//	tn "key" n                 key.one or key.other, with {count}
//	word "role" .Role          the text of role.<value>, or the value itself
//	problem .Code              what happened and what to do, for a problem code
//	text, plain                a Phrase for the data of a partial
//	date, datetime, relative, number
//	asset "name"               address of a file in assets/
//	asked .Rule                the attribute of a field: required or optional
//	field, notice, action, button, link, code, snippet, token, languages   data of partials
//
// # Classes for own markup
//
// panel, columns, section (with section-header), facts (a dl), filters (with
// field and search), field-row, form-actions, below, small, quiet, lines (kept
// line breaks), tag, link (a button that looks like a link), wide (a button). <select data-submit>
// sends its form when changed; <form data-results="id …"> asks while somebody
// types and replaces these elements by those of the answer; <input
// data-choices="address" list=…> is completed from there; <section id=… data-live="3"> is fetched anew
// every 3 seconds while it has that attribute.
//
// # Texts
//
// Keys are lower case, area first: "customers.new", "notice.customer_saved".
// Shared texts are in text/, a door's own in its text/, both in every
// language: text_test.go finds what is missing, unused or undefined. Keys
// are written out where they are used, so that they can be found. Families
// whose last part is data: error, status, role, role_hint, field, and so on.
package web
