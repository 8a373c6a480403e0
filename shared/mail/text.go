package mail

import (
	"fmt"
	"html"
	"net/url"
	"strings"
	"unicode"
)

// form is the kind of text into which values are put.
type form int

const (
	subjectForm form = iota
	plainForm
	htmlForm
)

// text is a parsed text: the text before each tag, the tag, and the text after the last one.
type text struct {
	pieces []piece
	rest   string
}

type piece struct {
	before string
	tag    Tag
}

// parse reads a text that may use these tags. A tag is a known name in double braces, with or without spaces inside
// them. There is no way to write "{{" itself, and "}}" alone is ordinary text (style sheets end with it).
func parse(source string, tags []Tag) (text, error) {
	var t text
	for at := 0; ; {
		open := strings.Index(source[at:], "{{")
		if open < 0 {
			t.rest = source[at:]
			return t, nil
		}
		open += at
		line := 1 + strings.Count(source[:open], "\n")
		end := strings.Index(source[open:], "}}")
		if end < 0 {
			return text{}, fmt.Errorf("line %d: a tag is opened with {{ and not closed", line)
		}
		end += open
		tag, ok := find(tags, strings.Trim(source[open+2:end], " "))
		if !ok {
			return text{}, fmt.Errorf("line %d: there is no tag %q here", line, source[open:end+2])
		}
		t.pieces = append(t.pieces, piece{before: source[at:open], tag: tag})
		at = end + 2
	}
}

func find(tags []Tag, name string) (Tag, bool) {
	for _, t := range tags {
		if t.Name == name {
			return t, true
		}
	}
	return Tag{}, false
}

// fill puts the values in. It goes over the text once, so braces inside a value stay what they are.
func (t text) fill(f form, values map[string]string) (string, error) {
	var b strings.Builder
	for _, p := range t.pieces {
		v, err := show(p.tag, f, values[p.tag.Name])
		if err != nil {
			return "", fmt.Errorf("tag {{%s}}: %w", p.tag.Name, err)
		}
		b.WriteString(p.before)
		b.WriteString(v)
	}
	b.WriteString(t.rest)
	if f == subjectForm {
		return OneLine(b.String()), nil
	}
	return b.String(), nil
}

// show returns a value as it is written into a text.
func show(t Tag, f form, value string) (string, error) {
	if t.Kind == markup {
		return value, nil
	}
	var lines []string
	if t.Kind == Lines {
		for l := range strings.SplitSeq(value, "\n") {
			if l = OneLine(l); l != "" {
				lines = append(lines, l)
			}
		}
	} else if l := OneLine(value); l != "" {
		lines = []string{l}
	}
	switch {
	case len(lines) == 0 && !t.Optional:
		return "", fmt.Errorf("it has no value")
	case t.Kind == Link && !isLink(lines[0]):
		return "", fmt.Errorf("its value is no web address")
	case t.Kind == Lines && f == subjectForm:
		return "", fmt.Errorf("a subject has one line only")
	case f != htmlForm:
		return strings.Join(lines, "\n"), nil
	}
	for i, l := range lines {
		lines[i] = html.EscapeString(l)
	}
	return strings.Join(lines, "<br>\n"), nil
}

func isLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !strings.ContainsFunc(s, unicode.IsSpace)
}

// OneLine turns white space, control characters and the invisible ones that change the direction of text into single
// spaces, and broken UTF-8 into U+FFFD. Joiners stay: emoji and several scripts need them.
func OneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
	}), " ")
}
