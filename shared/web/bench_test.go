package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// BenchmarkList renders a list of 50 users, the page that is asked for most.
func BenchmarkList(b *testing.B) {
	pages := testPages(b, map[string]string{"pages/list.html": `{{define "title"}}List{{end}}{{define "content"}}{{template "table" .}}{{end}}`})
	table := listOf(50)
	r := WithVisitor(httptest.NewRequest(http.MethodGet, "/users", nil), Visitor{Name: "Ines Albrecht", Nav: []Link{{Label: Text("field.name"), URL: "/users"}}})
	b.ReportAllocs()
	for b.Loop() {
		pages.Render(httptest.NewRecorder(), r, http.StatusOK, "list", table)
	}
}

// BenchmarkFirstPage is what a cold start pays: texts, parsing, first output.
func BenchmarkFirstPage(b *testing.B) {
	files := map[string]string{"pages/list.html": `{{define "title"}}List{{end}}{{define "content"}}{{template "errors" .Form.Errors}}{{template "field" (field .Form "email")}}{{template "table" .Table}}{{end}}`}
	data := struct {
		Form  *Form
		Table Table
	}{NewForm(), listOf(1)}
	r := httptest.NewRequest(http.MethodGet, "/users", nil)
	b.ReportAllocs()
	for b.Loop() {
		testPages(b, files).Render(httptest.NewRecorder(), r, http.StatusOK, "list", data)
	}
}

func listOf(rows int) Table {
	table := Table{Columns: []Column{{Head: Text("field.name")}, {Head: Text("field.status")}, {Head: Text("field.role")}, {Head: Text("field.registeredAt")}, {Head: Text("table.actions"), Kind: "actions"}}}
	for range rows {
		table.Rows = append(table.Rows, Row{Cells: []Cell{
			{Text: "Maja Grønbech", URL: "/users/1", Detail: "maja@example.com"}, {Status: "active"}, {Word: Word("role", "member")},
			{Time: time.Unix(1e9, 0)}, {Actions: []Action{{Label: Text("form.save"), URL: "/x", Post: true, About: "maja@example.com"}}},
		}})
	}
	return table
}
