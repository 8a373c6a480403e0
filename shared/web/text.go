package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed text/*.json
var sharedTexts embed.FS

// Phrase is something to say, not yet in a language: a catalogue key with its arguments, or plain words that are data
// (a name, an address). The template function t says it in the language of the page.
type Phrase struct {
	key   string
	args  []any
	plain string
}

// Text returns the phrase of a catalogue key; args are name, value, name, value … for the {name} places of the text. A
// value may itself be a Phrase. A text that depends on a number has two forms in the catalogue, key.one and key.other;
// the argument count selects one.
func Text(key string, args ...any) Phrase { return Phrase{key: key, args: args} }

// Plain returns a phrase that is the same in every language.
func Plain(words string) Phrase { return Phrase{plain: words} }

// Word returns the phrase for one value of a family, such as Word("role", "member"). A value without a text is shown as
// it is.
func Word(family string, value any) Phrase {
	word := fmt.Sprint(value)
	return Phrase{key: family + "." + word, plain: word}
}

// Known returns the phrase of a problem code. Codes grow faster than texts: an unknown code says "error.unknown"
// instead of showing the code itself.
func Known(code string, args ...any) Phrase {
	return Phrase{key: "error." + code, args: args, plain: "\x00"}
}

// Empty says whether there is nothing to say.
func (p Phrase) Empty() bool { return p.key == "" && p.plain == "" }

// catalogue is all texts of one language.
type catalogue struct {
	language            string
	texts               map[string]string
	months, shortMonths []string

	listed    sync.Once
	countries string // the options of a country field, see countryOptions
}

// readTexts reads one language: the shared texts, overridden by the door's, of which the first file wins.
func readTexts(door []fs.FS, language string) (map[string]string, error) {
	texts := map[string]string{}
	sources := append(slices.Clone(door), fs.FS(sharedTexts))
	for _, source := range slices.Backward(sources) {
		raw, err := fs.ReadFile(source, "text/"+language+".json")
		if err != nil {
			return nil, fmt.Errorf("texts in %s: %w", language, err)
		}
		if err := json.Unmarshal(raw, &texts); err != nil {
			return nil, fmt.Errorf("texts in %s: %w", language, err)
		}
	}
	return texts, nil
}

// lookup finds a text, or its form for the argument count.
func (c *catalogue) lookup(key string, args []any) (string, bool) {
	text, ok := c.texts[key]
	if !ok {
		text, ok = c.texts[key+form(args)]
	}
	return text, ok
}

// form returns which form of a text a number takes. English and German have the same two, one and other (CLDR). Kept
// notices hold their numbers as words.
func form(args []any) string {
	if n, ok := argument(args, "count"); ok && fmt.Sprint(n) == "1" {
		return ".one"
	}
	return ".other"
}

// say returns a phrase in words.
func (c *catalogue) say(p Phrase) string {
	if p.key == "" {
		return p.plain
	}
	text, ok := c.lookup(p.key, p.args)
	switch {
	case ok:
		return c.fill(text, p.args)
	case p.plain == "\x00":
		text = c.texts["error.unknown"]
		return c.fill(text, p.args)
	case p.plain != "":
		return p.plain
	}
	return p.key // a bug if it is seen in a page; texts_test.go finds it
}

// count is say for a text that depends on a number: key.one or key.other.
func (c *catalogue) count(key string, n int, args ...any) string {
	return c.say(Phrase{key: key, args: append([]any{"count", n}, args...)})
}

// fill replaces {name} by the argument of that name and nothing else, so a value with braces in it stays as it is.
func (c *catalogue) fill(text string, args []any) string {
	if !strings.Contains(text, "{") {
		return text
	}
	var out strings.Builder
	for {
		open := strings.IndexByte(text, '{')
		if open < 0 {
			break
		}
		end := strings.IndexByte(text[open:], '}')
		if end < 0 {
			break
		}
		out.WriteString(text[:open])
		name := text[open+1 : open+end]
		if value, ok := argument(args, name); ok {
			out.WriteString(c.value(value))
		} else {
			out.WriteString(text[open : open+end+1])
		}
		text = text[open+end+1:]
	}
	out.WriteString(text)
	return out.String()
}

func argument(args []any, name string) (any, bool) {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return args[i+1], true
		}
	}
	return nil, false
}

func (c *catalogue) value(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int:
		return c.number(v)
	case Phrase:
		return c.say(v)
	case time.Time:
		return c.datetime(v)
	}
	return fmt.Sprint(value)
}
