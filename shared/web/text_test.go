package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html/template"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"text/template/parse"
	"time"
)

// families are texts whose last part is data, so that no file names the key.
var families = []string{
	"error.", "status.", "role.", "role_hint.", "staff_role_hint.", "customer_type.", "source.", "field.",
	"language.", "door.", "origin.", "ignored.", "approvers.", "approvers_hint.", "credentials.", "credentials_hint.", "field_rule.", "notice_kind.", "bulk.", "bulk_not.", "problem.title.", "time.in.", "time.ago.",
}

// doors are the places with texts of their own. What stands in common is for
// both doors.
const common = "../door"

var doors = []string{common, "../../functions/portal", "../../functions/console", "../../infra/gallery"}

// withShared is what the door puts together in its Site.
func withShared(door string) []fs.FS {
	if _, err := os.Stat(common); err != nil || door == common {
		return []fs.FS{os.DirFS(door)}
	}
	return []fs.FS{os.DirFS(door), os.DirFS(common)}
}

func TestSharedTextsStandInEveryLanguage(t *testing.T) { sameKeys(t, "text") }

func TestTextsOfDoors(t *testing.T) {
	shared := readCatalogue(t, "text", "en")
	everywhere := usedIn(t, append([]string{"."}, doors...)...)
	known := func(key, door string) bool {
		ok := has(shared, key)
		for _, place := range []string{door, common} {
			ok = ok || has(readCatalogue(t, filepath.Join(place, "text"), "en"), key)
		}
		return ok
	}
	for _, door := range doorsBuilt() {
		t.Run(filepath.Base(door), func(t *testing.T) {
			sameKeys(t, filepath.Join(door, "text"))
			used := usedIn(t, door)
			if door == common {
				used = everywhere
			}
			for key := range readCatalogue(t, filepath.Join(door, "text"), "en") {
				if _, twice := shared[key]; twice {
					t.Errorf("%s is a shared text already", key)
				}
				if !used.mentions(key) && !inFamily(key) {
					t.Errorf("%s is not used", key)
				}
			}
			for key, place := range usedIn(t, door).needed {
				if !known(key, door) {
					t.Errorf("%s: no text for %s", place, key)
				}
			}
		})
	}
	for key, place := range usedIn(t, ".").needed {
		if !has(shared, key) {
			t.Errorf("%s: no text for %s", place, key)
		}
	}
	if len(doorsBuilt()) < len(doors) {
		return // texts for pages to come are no waste yet
	}
	for key := range shared {
		if !everywhere.mentions(key) && !inFamily(key) {
			t.Errorf("shared text %s is not used", key)
		}
	}
}

func doorsBuilt() (built []string) {
	for _, door := range doors {
		if _, err := os.Stat(filepath.Join(door, "text")); err == nil {
			built = append(built, door)
		}
	}
	return built
}

// TestEveryProblemCodeHasAText reads the codes of the business from its source.
func TestEveryProblemCodeHasAText(t *testing.T) {
	texts := readCatalogue(t, "text", "en")
	found := 0
	for _, file := range goFiles(t, "../membership") {
		ast.Inspect(file.tree, func(node ast.Node) bool {
			var code ast.Expr
			switch n := node.(type) {
			case *ast.KeyValueExpr:
				if name, ok := n.Key.(*ast.Ident); ok && name.Name == "Code" {
					code = n.Value
				}
			case *ast.CallExpr:
				if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "InvalidField" && len(n.Args) == 3 {
					code = n.Args[1]
				}
			case *ast.ValueSpec: // what is wrong with files
				if n.Names[0].Name == "faultMessages" {
					for _, fault := range n.Values[0].(*ast.CompositeLit).Elts {
						if word, ok := literal(fault.(*ast.KeyValueExpr).Key); ok && !has(texts, "error."+word) {
							t.Errorf("%s: no text error.%s", file.name, word)
						}
					}
				}
			}
			if word, ok := literal(code); ok {
				found++
				if _, ok := texts["error."+word]; !ok {
					t.Errorf("%s: no text error.%s", file.name, word)
				}
			}
			return true
		})
	}
	if found == 0 {
		t.Error("found no problem codes: has their notation changed?")
	}
}

// TestPagesParse escapes every page of every door, which is when html/template
// finds what Parse does not: an unclosed quote, a wrong context.
func TestPagesParse(t *testing.T) {
	for _, door := range doorsBuilt() {
		pages := New(Site{Door: filepath.Base(door), Files: withShared(door), Now: func() time.Time { return time.Unix(0, 0) }})
		files, err := filepath.Glob(filepath.Join(door, "pages", "*.html"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".html")
			for _, language := range Languages() {
				tree, _, err := pages.page(language, name)
				if err != nil {
					t.Errorf("%s: %v", file, err)
					continue
				}
				err = tree.ExecuteTemplate(io.Discard, "layout", frame{Language: language})
				if wrong, ok := err.(*template.Error); ok { //nolint:errorlint // html/template does not wrap it
					t.Errorf("%s: %v", file, wrong)
				}
			}
		}
	}
}

func inFamily(key string) bool {
	for _, family := range families {
		if strings.HasPrefix(key, family) {
			return true
		}
	}
	return false
}

func readCatalogue(t *testing.T, directory, language string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(directory, language+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a door that is not built yet
	}
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatalf("%s/%s.json: %v", directory, language, err)
	}
	return texts
}

// has tells whether there is a text of a key, or both forms of one that depends on a number.
func has(texts map[string]string, key string) bool {
	_, whole := texts[key]
	_, one := texts[key+".one"]
	_, other := texts[key+".other"]
	return whole || one && other
}

// sameKeys holds that every language has the same keys with the same places to
// fill in, and says something; and that what counts can say one and more.
func sameKeys(t *testing.T, directory string) {
	t.Helper()
	place := regexp.MustCompile(`\{[a-zA-Z]+\}`)
	english := readCatalogue(t, directory, "en")
	for _, language := range Languages() {
		texts := readCatalogue(t, directory, language)
		for key, text := range texts {
			if strings.TrimSpace(text) == "" && key != "number.separator" {
				t.Errorf("%s: %s is empty", language, key)
			}
			if _, ok := english[key]; !ok {
				t.Errorf("%s: %s is missing in English", language, key)
			}
			if wrong := formsOf(texts, key); wrong != "" {
				t.Errorf("%s: %s %s", language, key, wrong)
			}
		}
		for key, text := range english {
			other, ok := texts[key]
			if !ok {
				t.Errorf("%s: %s is missing", language, key)
				continue
			}
			want, have := place.FindAllString(text, -1), place.FindAllString(other, -1)
			sort.Strings(want)
			sort.Strings(have)
			// A singular may say "a" instead of {count}, so there the numbers may differ.
			if !reflect.DeepEqual(want, have) && !strings.HasSuffix(key, ".one") {
				t.Errorf("%s: %s has the places %v, English has %v", language, key, have, want)
			}
		}
	}
}

// formsOf says what is wrong with the forms of a text, "" for nothing.
func formsOf(texts map[string]string, key string) string {
	one, singular := strings.CutSuffix(key, ".one")
	other, plural := strings.CutSuffix(key, ".other")
	switch {
	case !singular && !plural && strings.Contains(texts[key], "{count}"):
		return "counts, so it needs the forms .one and .other"
	case singular && texts[one+".other"] == "":
		return "has no .other"
	case plural && texts[other+".one"] == "":
		return "has no .one"
	case singular && texts[one] != "" || plural && texts[other] != "":
		return "would never be said: there is a text without a form"
	}
	return ""
}

// use is what templates and code of a room say about texts.
type use struct {
	needed   map[string]string   // keys that must exist → where
	mentions func(string) bool   // whether a key stands anywhere as a literal
	literals map[string]struct{} // all literals
}

func usedIn(t *testing.T, directories ...string) use {
	t.Helper()
	u := use{needed: map[string]string{}, literals: map[string]struct{}{}}
	u.mentions = func(key string) bool {
		_, ok := u.literals[key]
		singular := strings.TrimSuffix(strings.TrimSuffix(key, ".one"), ".other")
		_, counted := u.literals[singular]
		return ok || counted
	}
	for _, directory := range directories {
		for _, file := range goFiles(t, directory) {
			u.readGo(file)
		}
		for _, folder := range []string{"pages", "layout"} {
			files, err := filepath.Glob(filepath.Join(directory, folder, "*.html"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				u.readTemplate(t, file)
			}
		}
	}
	return u
}

type goFile struct {
	name string
	tree *ast.File
}

func goFiles(t *testing.T, directory string) []goFile {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(directory, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []goFile
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, goFile{name, tree})
	}
	return files
}

// readGo takes web.Text("key") and web.Notify(w, kind, "key") as needed keys.
func (u use) readGo(file goFile) {
	ast.Inspect(file.tree, func(node ast.Node) bool {
		if word, ok := literal(node); ok {
			u.literals[word] = struct{}{}
		}
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		name := ""
		switch fun := call.Fun.(type) {
		case *ast.Ident:
			name = fun.Name
		case *ast.SelectorExpr:
			if room, ok := fun.X.(*ast.Ident); ok && room.Name == "web" {
				name = fun.Sel.Name
			}
		}
		argument := map[string]int{"Text": 0, "Notify": 2}
		if at, ok := argument[name]; ok && at < len(call.Args) {
			if key, ok := literal(call.Args[at]); ok {
				u.needed[key] = file.name
			}
		}
		return true
	})
}

func literal(node ast.Node) (string, bool) {
	basic, ok := node.(*ast.BasicLit)
	if !ok || basic.Kind != token.STRING {
		return "", false
	}
	word, err := strconv.Unquote(basic.Value)
	return word, err == nil
}

// keyArguments says which argument of a template function is a key.
var keyArguments = map[string][]int{
	"t": {1}, "text": {1}, "notice": {2}, "link": {1}, "action": {1}, "button": {1}, "code": {2}, "token": {2, 3},
}

func (u use) readTemplate(t *testing.T, file string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tree := parse.New(file)
	tree.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	if _, err := tree.Parse(string(raw), "", "", trees); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	trees[file] = tree
	for _, tree := range trees {
		walk(reflect.ValueOf(tree.Root), func(command *parse.CommandNode) { u.readCommand(file, command) })
	}
}

func (u use) readCommand(file string, command *parse.CommandNode) {
	words := make([]string, len(command.Args))
	for i, argument := range command.Args {
		if text, ok := argument.(*parse.StringNode); ok {
			words[i] = text.Text
			u.literals[text.Text] = struct{}{}
		}
	}
	function, ok := command.Args[0].(*parse.IdentifierNode)
	if !ok {
		return
	}
	for _, at := range keyArguments[function.Ident] {
		if at < len(words) && words[at] != "" {
			u.needed[words[at]] = file
		}
	}
	switch function.Ident {
	case "tn":
		u.needed[words[1]+".one"], u.needed[words[1]+".other"] = file, file
	case "word":
		u.literals[words[1]] = struct{}{}
	case "field":
		u.readField(file, words)
	}
}

// readField knows that a field is labelled field.<name> unless it says otherwise.
func (u use) readField(file string, words []string) {
	label, hidden := "field."+words[2], words[2] == ""
	for _, word := range words[2:] {
		name, value, _ := strings.Cut(word, "=")
		switch {
		case name == "hint":
			u.needed[value], u.literals[value] = file, struct{}{}
		case name == "label":
			label, u.literals[value] = value, struct{}{}
		case word == "type=hidden":
			hidden = true
		}
	}
	if !hidden {
		u.needed[label] = file
	}
}

// walk finds all commands below a node of a template.
func walk(value reflect.Value, found func(*parse.CommandNode)) {
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		if value.IsNil() || value.Type() == reflect.TypeFor[*parse.Tree]() {
			return
		}
		if command, ok := value.Interface().(*parse.CommandNode); ok {
			found(command)
		}
		walk(value.Elem(), found)
	case reflect.Struct:
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() || value.Type().Field(i).Anonymous {
				walk(value.Field(i), found)
			}
		}
	case reflect.Slice:
		for i := range value.Len() {
			walk(value.Index(i), found)
		}
	}
}

// TestTheScannerSees proves that the checks above bite.
func TestTheScannerSees(t *testing.T) {
	directory := t.TempDir()
	write := func(name, content string) {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("pages/a.html", `{{define "title"}}{{t "a.title"}}{{end}}{{if .X}}{{with tn "a.count" 3}}{{.}}{{end}}{{end}}
		<p title="{{t "a.tip" "name" .Name}}">{{template "field" (field .Form "email" "hint=a.hint")}}{{template "field" (field .Form "x" "label=a.label")}}</p>`)
	write("a.go", `package a; func f() { web.Notify(w, "success", "notice.a"); _ = web.Text("a.go"); g("a.loose") }`)
	used := usedIn(t, directory)
	want := []string{"a.title", "a.count.one", "a.count.other", "a.tip", "field.email", "a.hint", "a.label", "notice.a", "a.go"}
	for _, key := range want {
		if _, ok := used.needed[key]; !ok {
			t.Errorf("%s not seen: %v", key, used.needed)
		}
	}
	if len(used.needed) != len(want) {
		t.Errorf("saw %v", used.needed)
	}
	if !used.mentions("a.loose") || used.mentions("a.nothing") {
		t.Error("literals are not read")
	}
}

func TestFilling(t *testing.T) {
	c := testCatalogue(t, "en", map[string]string{"x": "{who} sent {count} to {who}, {unknown} {", "n.one": "a user", "n.other": "{count} users"})
	if got, want := c.say(Text("x", "who", "{count}", "count", 12345)), "{count} sent 12,345 to {count}, {unknown} {"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := c.count("n", 1) + ", " + c.count("n", 1200); got != "a user, 1,200 users" {
		t.Errorf("got %q", got)
	}
	if got := c.say(Text("n", "count", 1)) + ", " + c.say(Text("n", "count", "1")) + ", " + c.say(Text("n", "count", 0)) + ", " + c.say(Text("n", "count", "21")); got != "a user, a user, 0 users, 21 users" {
		t.Errorf("got %q", got)
	}
	if got := c.say(Text("x", "who", Word("role", "member"), "count", 1)); !strings.HasPrefix(got, "Member sent 1") {
		t.Errorf("a phrase in a phrase: %q", got)
	}
	if got := c.say(Known("no_such_code")); got != c.texts["error.unknown"] {
		t.Errorf("unknown code says %q", got)
	}
	if got := c.say(Word("role", "pilot")); got != "pilot" {
		t.Errorf("unknown word says %q", got)
	}
}

// testCatalogue is the shared texts with some of a test's own.
func testCatalogue(t *testing.T, language string, own map[string]string) *catalogue {
	t.Helper()
	if own == nil {
		own = map[string]string{}
	}
	raw, err := json.Marshal(own)
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{fmt.Sprintf("text/%s.json", language): {Data: raw}}
	c, err := New(Site{Files: []fs.FS{files}, Now: now}).catalogue(language)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFormsOf(t *testing.T) {
	texts := map[string]string{"a": "{count} users", "b.one": "a user", "c.other": "{count} users", "d": "users", "d.one": "a user", "d.other": "{count} users",
		"e.one": "a user", "e.other": "{count} users", "f": "{name}"}
	for key, wrong := range map[string]bool{"a": true, "b.one": true, "c.other": true, "d": false, "d.one": true, "d.other": true, "e.one": false, "e.other": false, "f": false} {
		if got := formsOf(texts, key); (got != "") != wrong {
			t.Errorf("%s: %q", key, got)
		}
	}
}
