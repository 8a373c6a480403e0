package mail

import (
	"html"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var testTags = []Tag{
	{Name: "name"}, {Name: "nick", Optional: true}, {Name: "link", Kind: Link}, {Name: "lines", Kind: Lines},
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ source, wantError string }{
		{"", ""},
		{"plain } }} text", ""},
		{"{{name}} and {{ link }}", ""},
		{"a\n{{nam}}", `line 2: there is no tag "{{nam}}"`},
		{"{{Name}}", "no tag"},
		{"{{}}", "no tag"},
		{"{{{name}}}", "no tag"},
		{"{{name\n}}", "no tag"},
		{"{{name", "line 1: a tag is opened"},
		{"{{name} }", "a tag is opened"},
		{"{{name}}{{", "a tag is opened"},
		{"{{body}}", "no tag"}, // the frame's
		{"{{if .X}}", "no tag"},
	} {
		_, err := parse(c.source, testTags)
		if (err == nil) != (c.wantError == "") || err != nil && !strings.Contains(err.Error(), c.wantError) {
			t.Errorf("%q: %v, want %q", c.source, err, c.wantError)
		}
	}
}

func TestFill(t *testing.T) {
	values := map[string]string{"name": "{{link}}<i>&\"'\r\n x", "nick": "", "link": "https://a.example/?b=1&c", "lines": "one <1>\n\n two\r\nthree\n"}
	for _, c := range []struct {
		source string
		form   form
		want   string
	}{
		{"a {{name}} b{{nick}}!", plainForm, "a {{link}}<i>&\"' x b!"},
		{"a {{name}} b", htmlForm, "a {{link}}&lt;i&gt;&amp;&#34;&#39; x b"},
		{"a\n{{name}}\n", subjectForm, "a {{link}}<i>&\"' x"},
		{"{{link}}", plainForm, "https://a.example/?b=1&c"},
		{"{{link}}", htmlForm, "https://a.example/?b=1&amp;c"},
		{"{{lines}}", plainForm, "one <1>\ntwo\nthree"},
		{"{{lines}}", htmlForm, "one &lt;1&gt;<br>\ntwo<br>\nthree"},
	} {
		parsed, err := parse(c.source, testTags)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parsed.fill(c.form, values); err != nil || got != c.want {
			t.Errorf("%q: %q, %v, want %q", c.source, got, err, c.want)
		}
	}
	for source, f := range map[string]form{"{{name}}": plainForm, "{{link}}": htmlForm, "{{lines}}": plainForm} {
		parsed, _ := parse(source, testTags)
		if got, err := parsed.fill(f, map[string]string{"name": "\r\n\u202e", "lines": "\n \n"}); err == nil {
			t.Errorf("%q without a value: %q", source, got)
		}
	}
	parsed, _ := parse("{{lines}}", testTags)
	if got, err := parsed.fill(subjectForm, values); err == nil {
		t.Errorf("lines in a subject: %q", got)
	}
}

// Every phrase of every language can be filled; a letter would otherwise miss a value only when it is sent.
func TestWords(t *testing.T) {
	for _, language := range Languages() {
		w, err := readWords(language)
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]string{
			"greeting": w.greeting("Anna"), "greeting_only": w.greeting(" \r\n"), "no_reply": w.NoReply,
			"expired":    say(w.Expired, map[string]string{"email": "a", "customer_name": "b", "expires_at": "c"}),
			"more":       say(w.More, map[string]string{"count": "1"}),
			"sign in as": w.signIn("anna", "anna@example.com"), "sign in by mail": w.signIn("Anna@example.com", "anna@EXAMPLE.com"),
			"role": w.Roles["agent"], "role administrator": w.Roles["administrator"],
		} {
			if got == "" || strings.Contains(got, "{{") {
				t.Errorf("%s of %s: %q", name, language, got)
			}
		}
		if same := w.signIn("Anna@example.com", "anna@EXAMPLE.com"); same == w.signIn("Anna@example.com", "other@example.com") || strings.Count(same, "nna@") != 1 || w.signIn("", "") != "" {
			t.Errorf("a username that is the address, in %s: %q", language, same)
		}
		if w.role("pilot") != "pilot" {
			t.Error("a role without a name is not shown as it is")
		}
	}
}

// FuzzFill checks that values bring no markup into HTML and no line into subjects and texts, whatever they are, and
// are not read for tags again.
func FuzzFill(f *testing.F) {
	f.Add("Hello {{name}},\n{{link}}\n{{lines}}", "Anna", "a\nb")
	f.Add("<p>{{name}}</p><a href=\"{{link}}\">{{ nick }}</a>", "{{link}}", "<script>\r\n{{name}}")
	f.Add("{{name}}{{name}}", "\"Bob\" <b>\r\nBcc: x@y", "👩‍👩‍👧\x00\u202e")
	f.Add("{{", "}}", "{{")
	f.Add("{{{name}}}", "\xff\xfe", "\u2028\u2029\u0085")
	f.Add("}}{{lines}}{{", "&amp;", "<br>")
	f.Fuzz(func(t *testing.T, source, value, lines string) {
		parsed, err := parse(source, testTags)
		if err != nil {
			return
		}
		values := map[string]string{"name": value, "nick": lines, "link": "https://a.example/" + value, "lines": lines}
		var literal strings.Builder
		breaks := 0
		for _, p := range parsed.pieces {
			literal.WriteString(p.before)
			if p.tag.Kind == Lines {
				for l := range strings.SplitSeq(lines, "\n") {
					if OneLine(l) != "" {
						breaks++
					}
				}
				breaks--
			}
		}
		literal.WriteString(parsed.rest)

		if got, err := parsed.fill(htmlForm, values); err == nil {
			for _, c := range []string{"<", ">"} {
				if n, want := strings.Count(got, c), strings.Count(literal.String(), c)+breaks; n != want {
					t.Errorf("HTML has %d %s, want %d: %q", n, c, want, got)
				}
			}
			for _, c := range []string{`"`, "'"} {
				if n, want := strings.Count(got, c), strings.Count(literal.String(), c); n != want {
					t.Errorf("HTML has %d %s, want %d: %q", n, c, want, got)
				}
			}
		}
		if got, err := parsed.fill(plainForm, values); err == nil {
			if n, want := strings.Count(got, "\n"), strings.Count(literal.String(), "\n")+breaks; n != want {
				t.Errorf("text has %d line ends, want %d: %q", n, want, got)
			}
		}
		if got, err := parsed.fill(subjectForm, values); err == nil {
			if !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) || got != strings.TrimSpace(got) {
				t.Errorf("subject %q", got)
			}
		}
		// Filling once and escaping at the end is the same as escaping each value, if nothing is read twice.
		one, _ := parse("{{name}}", testTags)
		if got, err := one.fill(htmlForm, values); err == nil && html.UnescapeString(got) != OneLine(value) {
			t.Errorf("value %q became %q", value, got)
		}
	})
}
