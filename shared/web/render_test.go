package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

// render gives the page whose content is the template text.
func render(t *testing.T, content string, data any) string {
	t.Helper()
	pages := testPages(t, map[string]string{"pages/p.html": `{{define "title"}}T{{end}}{{define "content"}}` + content + `{{end}}`})
	w := httptest.NewRecorder()
	pages.Render(w, httptest.NewRequest(http.MethodGet, "/p?x=1", nil), http.StatusOK, "p", data)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// evil is what somebody may call themselves.
const evil = `<script>"'&`

// TestPartials renders every partial with hostile data: what it must show is
// there, and nothing of it became markup.
func TestPartials(t *testing.T) {
	form := NewForm("email", evil, "password", "secret-password", "role", "b", "on", "yes")
	form.Error("email", Known("invalid_email"))
	form.Error("", Plain(evil))
	options := []Option{{Value: "a", Label: Plain(evil), Hint: Plain(evil)}, {Value: "b", Label: Plain("B")}}
	post := Action{Label: Plain(evil), URL: "/x?" + evil, Post: true, Kind: "danger", Fields: map[string]string{"id": evil}, About: evil}
	for name, test := range map[string]struct {
		content string
		data    any
		want    []string
	}{
		"field with error": {`{{template "field" (field .F "email" "type=email" "required" "hint=token.label" "autocomplete=email")}}`, map[string]any{"F": form},
			[]string{`for="f-email"`, `type="email"`, ` required`, `aria-invalid="true"`, `aria-describedby="f-email-hint f-email-error"`, `id="f-email-error"`, `autocomplete="email"`}},
		"password stays out": {`{{template "field" (field .F "password" "type=password")}}`, map[string]any{"F": form}, []string{`type="password"`, `data-reveal="f-password" aria-pressed="false" hidden`}},
		"select":             {`{{template "field" (field .F "role" "type=select" .O)}}`, map[string]any{"F": form, "O": options}, []string{`<option value="b" selected>B</option>`}},
		"radio":              {`{{template "field" (field .F "role" "type=radio" .O)}}`, map[string]any{"F": form, "O": options}, []string{`<fieldset`, `value="b" checked`, `aria-describedby="f-role-0-hint"`}},
		"few boxes":          {`{{template "field" (field .F "role" "type=checks" .O)}}`, map[string]any{"F": form, "O": options}, []string{`<fieldset`, `<div class="check-grid">`}},
		"many boxes":         {`{{template "field" (field .F "role" "type=checks" .O)}}`, map[string]any{"F": form, "O": slices.Repeat(options, 16)}, []string{`data-find hidden>`, `id="f-role-31"`}},
		"language":           {`{{template "field" (field .F "language" "type=select" .O)}}`, map[string]any{"F": NewForm("language", "de-AT"), "O": LanguageOptions("de-AT")}, []string{`<option value="de">Deutsch</option>`, `<option value="de-AT" selected>Deutsch (de-AT)</option>`}},
		"checkbox":           {`{{template "field" (field .F "on" "type=checkbox" "label=field.role")}}`, map[string]any{"F": form}, []string{`type="checkbox" value="on" checked`}},
		"textarea":           {`{{template "field" (field .F "email" "type=textarea" "rows=7")}}`, map[string]any{"F": form}, []string{`rows="7"`}},
		"hidden":             {`{{template "field" (field .F "email" "type=hidden")}}`, map[string]any{"F": form}, []string{`type="hidden"`}},
		"errors":             {`{{template "errors" .Errors}}`, form, []string{`role="alert"`, `href="#f-email"`, `There are 2 problems`, `E-mail: `}},
		"one error":          {`{{template "errors" .Errors}}`, &Form{errors: []FieldError{{"", Plain(evil)}}}, []string{`role="alert"`, `<p>&lt;script&gt;`}},
		"no errors":          {`{{template "errors" .Errors}}x`, NewForm(), []string{`x`}},
		"notice":             {`{{template "notice" .}}`, Notice{Kind: "error", Title: Plain(evil), Text: Plain(evil)}, []string{`role="alert"`, `notice-error`}},
		"quiet notice":       {`{{template "notice" (notice "success" "notice.saved")}}`, nil, []string{`role="status"`, `Saved.`}},
		"status":             {`{{template "status" "active"}}{{template "status" .}}`, evil, []string{`tone-good">Active<`, `tone-off">&lt;`}},
		"activating":         {`{{template "status" "activating"}}`, nil, []string{`tone-busy">Invited<`}},
		"time":               {`{{template "time" .}}`, now().Add(72 * time.Hour), []string{`datetime="2026-03-08T12:00:00Z"`, `title="8 March 2026 12:00 UTC"`, `in 3 days`}},
		"no time":            {`{{template "time" .}}`, time.Time{}, []string{`–`}},
		"table": {`{{template "table" .}}`, Table{
			Caption: Plain(evil), Pager: &Pager{Next: "?cursor=" + evil, Info: Plain(evil)},
			Columns: []Column{{Head: Plain(evil), Sort: "?" + evil, Order: "ascending"}, {Head: Plain("B"), Kind: "minor"}, {Head: Plain("C"), Kind: "actions"}},
			Rows: []Row{{Quiet: true, Cells: []Cell{{Text: evil, URL: "javascript:alert(1)", Detail: evil, Note: Plain(evil)}, {},
				{Actions: []Action{post, {Label: Plain("2"), URL: "/2", About: evil}}}}}},
		}, []string{`aria-sort="ascending"`, `href="#"`, `data-label="B"`, `class="minor bare"`, `class="quiet-row"`, `<details class="menu row-menu"`, `method="post"`, `rel="next"`}},
		"who and when": {`{{template "table" .}}`, Table{Columns: []Column{{Head: Plain("Decided")}}, Rows: []Row{{Cells: []Cell{{Text: "Maja", Time: now()}}}}}, []string{`Maja<span class="detail"><time`}},
		"empty table":  {`{{template "table" .}}`, Table{Empty: &Empty{Title: Plain(evil), Text: Plain("why"), Action: &post}}, []string{`class="empty"`, `why`}},
		"tabs":         {`{{template "tabs" .}}`, []Link{{Label: Plain(evil), URL: "/a?" + evil, Current: true, Count: evil}}, []string{`aria-current="page"`}},
		"pagination":   {`{{template "pagination" .}}`, Pager{Prev: "/p?" + evil}, []string{`rel="prev"`, `<span class="button off">Next`}},
		"action":       {`{{template "action" (action "form.save" "/s" "primary")}}{{template "action" .}}`, post, []string{`<a class="button primary" href="/s">Save</a>`, `name="id"`}},
		"confirm": {`{{template "confirm" .}}`, Confirm{Text: Plain(evil), Points: []Phrase{Plain(evil)}, Action: post, Cancel: "javascript:alert(1)",
			Fields: []Field{{ID: "f-x", Name: "x", Type: "text", Label: Plain(evil)}}, Notice: &Notice{Kind: "error", Text: Plain(evil)}}, []string{`class="button danger"`, `href="#ZgotmplZ"`, `id="f-x"`}},
		"code":  {`{{template "code" (code "c" "form.save" .)}}`, evil, []string{`data-copy="c"`, `readonly`}},
		"token": {`{{template "token" (token "/invitation" "form.save" "form.cancel")}}`, nil, []string{`data-token-form`, `action="/invitation"`, `/token.js"></script>`, `name="token"`}},
	} {
		t.Run(name, func(t *testing.T) {
			body := render(t, test.content, test.data)
			for _, want := range test.want {
				if !strings.Contains(body, want) {
					t.Errorf("no %s in\n%s", want, main(body))
				}
			}
			if strings.Contains(body, evil) || strings.Contains(body, `<script>`) || strings.Contains(body, "javascript:") {
				t.Errorf("not escaped:\n%s", main(body))
			}
			if strings.Contains(body, "secret-password") {
				t.Error("a password is written back into the page")
			}
		})
	}
}

func main(body string) string {
	_, body, _ = strings.Cut(body, "<main")
	body, _, _ = strings.Cut(body, "</main>")
	return body
}

// TestNothingInline holds what the content security policy demands of pages.
func TestNothingInline(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script(?:>|[^>]*[^e]>[^<])`)
	names, err := layoutFiles.ReadDir("layout")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := layoutFiles.ReadFile("layout/" + name.Name())
		if err != nil {
			t.Fatal(err)
		}
		if found := inline.Find(content); found != nil {
			t.Errorf("%s: %s", name.Name(), found)
		}
	}
}

func TestFrame(t *testing.T) {
	pages := testPages(t, map[string]string{"pages/p.html": `{{define "title"}}Users{{end}}{{define "shape"}}narrow{{end}}{{define "actions"}}ACT{{end}}{{define "content"}}{{.}}{{end}}`})
	visitor := Visitor{Name: "Ines " + evil, Detail: evil, SignOut: "/sign-out", Menu: []Link{{Label: Text("field.name"), URL: "/me"}},
		Nav: []Link{{Label: Plain("Home"), URL: "/"}, {Label: Plain("Users"), URL: "/users"}, {Label: Plain("Us"), URL: "/us"}}}
	w := httptest.NewRecorder()
	pages.Render(w, WithVisitor(httptest.NewRequest(http.MethodGet, "/users/1", nil), visitor), http.StatusUnprocessableEntity, "p", evil)
	body := w.Body.String()
	for _, want := range []string{
		`<html lang="en">`, `<title>Error: Users · Nordwind</title>`, `shape-narrow`, `ACT`, `href="/users" aria-current="page"`,
		`action="/sign-out"`, `href="#content"`, `<main id="content"`, `>I&lt;</span>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	if strings.Count(body, `aria-current="page"`) != 1 || strings.Contains(body, "<script>") {
		t.Errorf("wrong frame:\n%s", body)
	}
	if strings.Contains(body, `name="language"`) {
		t.Error("a signed-in person has a switch that nobody would listen to")
	}
	if w.Code != http.StatusUnprocessableEntity || w.Header().Get("Content-Language") != "en" {
		t.Errorf("status %d, headers %v", w.Code, w.Header())
	}
}

func TestBrokenPageIsAClean500(t *testing.T) {
	pages := testPages(t, map[string]string{"pages/p.html": `{{define "title"}}T{{end}}{{define "content"}}started {{.Missing}}{{end}}`})
	w := httptest.NewRecorder()
	pages.Render(w, httptest.NewRequest(http.MethodGet, "/", nil), http.StatusOK, "p", struct{}{})
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "started") || strings.Contains(w.Body.String(), "Missing") {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
}

func TestProblems(t *testing.T) {
	pages := testPages(t, nil)
	pages.site.StatusOf = func(kind membership.Kind) int {
		if kind == membership.TooMany {
			return http.StatusTooManyRequests
		}
		return http.StatusConflict
	}
	pages.site.RequestID = func(*http.Request) string { return "req-1" }
	for name, test := range map[string]struct {
		err    error
		status int
		says   string
	}{
		"known":    {&membership.Error{Kind: membership.Conflict, Code: "already_active"}, 409, "active already"},
		"new code": {&membership.Error{Kind: membership.Conflict, Code: "brand_new"}, 409, "That did not work"},
		"internal": {errors.New("table secrets-1 is missing"), 500, "our mistake"},
		"later":    {&membership.Error{Kind: membership.TooMany, Code: "renewed_recently", RetryAfter: 1500 * time.Millisecond}, 429, "less than an hour"},
	} {
		w := httptest.NewRecorder()
		pages.Failed(w, httptest.NewRequest(http.MethodGet, "/", nil), test.err)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.says) || !strings.Contains(w.Body.String(), "req-1") {
			t.Errorf("%s: %d\n%s", name, w.Code, main(w.Body.String()))
		}
		if strings.Contains(w.Body.String(), "secrets-1") {
			t.Errorf("%s shows an internal text", name)
		}
		if name == "later" && w.Header().Get("Retry-After") != "2" {
			t.Errorf("Retry-After is %q", w.Header().Get("Retry-After"))
		}
	}
	w := httptest.NewRecorder()
	pages.NotFound().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/nowhere", nil))
	if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "no page at this address") {
		t.Errorf("%d: %s", w.Code, main(w.Body.String()))
	}
	w = httptest.NewRecorder()
	pages.Confirm(w, httptest.NewRequest(http.MethodGet, "/x/delete", nil), Confirm{Title: Plain("Sure?"), Action: Action{Label: Text("form.save"), URL: "/x", Kind: "danger"}, Cancel: "/"})
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `<form method="post" action="/x">`) || !strings.Contains(w.Body.String(), "<h1>Sure?</h1>") {
		t.Errorf("%d: %s", w.Code, main(w.Body.String()))
	}
}

func TestForm(t *testing.T) {
	body := url.Values{"email": {"  a@b.example "}, "newPassword": {" keep me "}}.Encode()
	r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	form, err := ReadForm(httptest.NewRecorder(), r)
	if err != nil || form.Value("email") != "a@b.example" || form.Value("newPassword") != " keep me " {
		t.Fatalf("%v, %v", form, err)
	}
	for name, test := range map[string]struct {
		err   error
		taken bool
		field string
	}{
		"field":           {membership.InvalidField("invitees", "required", ""), true, "emails"},
		"conflict":        {&membership.Error{Kind: membership.Conflict, Code: "username_in_use", Field: "username"}, true, "username"},
		"wrong password":  {&membership.Error{Kind: membership.Unauthenticated, Code: "wrong_credentials"}, true, ""},
		"session ended":   {membership.ErrSignedOut, false, ""},
		"not allowed":     {membership.ErrForbidden, false, ""},
		"role not given":  {&membership.Error{Kind: membership.Forbidden, Code: "role_not_allowed", Field: "role"}, true, "role"},
		"foreign":         {membership.ErrNotFound, false, ""},
		"something broke": {errors.New("x"), false, ""},
	} {
		form := NewForm()
		if taken := form.Fail(test.err, "invitees", "emails"); taken != test.taken || form.Failed() != taken {
			t.Errorf("%s: taken is %v", name, taken)
		} else if taken && form.Errors()[0].Field != test.field {
			t.Errorf("%s: at field %q", name, form.Errors()[0].Field)
		}
	}
	if got := PastedToken(" https://portal.example/invitation#abc.1.mac \n"); got != "abc.1.mac" {
		t.Errorf("pasted %q", got)
	}
	if got := PastedToken("abc.1.mac"); got != "abc.1.mac" {
		t.Errorf("pasted %q", got)
	}
}

// TestSize holds that a full list page, its style and its scripts stay far
// below the 100 KB that a page may have compressed.
func TestSize(t *testing.T) {
	pages := testPages(t, map[string]string{"pages/list.html": `{{define "title"}}List{{end}}{{define "content"}}{{template "table" .}}{{end}}`})
	w := httptest.NewRecorder()
	pages.Render(w, httptest.NewRequest(http.MethodGet, "/", nil), http.StatusOK, "list", listOf(200))
	total := compressed(t, w.Body.Bytes())
	for _, name := range []string{"clientele.css", "clientele.js", "token.js", "favicon.svg"} {
		content, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		total += compressed(t, content)
	}
	if total > 30<<10 {
		t.Errorf("a list of 200 with all its files has %d bytes compressed", total)
	}
}
