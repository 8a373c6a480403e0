package web

import (
	"fmt"
	"html/template"
	"time"

	"clientele/shared/membership"
)

// functions returns what templates can call; doc.go lists it for page authors.
func (p *Pages) functions(c *catalogue) template.FuncMap {
	return template.FuncMap{
		"t": func(what any, args ...any) (string, error) {
			switch w := what.(type) {
			case Phrase:
				return c.say(w), nil
			case *Phrase:
				if w == nil {
					return "", nil
				}
				return c.say(*w), nil
			case string:
				return c.say(Phrase{key: w, args: args}), nil
			}
			return "", fmt.Errorf("t: %T is neither a key nor a phrase", what)
		},
		"tn":       func(key string, n int, args ...any) string { return c.count(key, n, args...) },
		"word":     func(family string, value any) string { return c.say(Word(family, value)) },
		"problem":  func(code string) string { return c.say(Known(code)) },
		"text":     Text,
		"plain":    Plain,
		"number":   c.number,
		"date":     c.date,
		"datetime": c.datetime,
		"relative": func(t time.Time) string { return c.relative(t, p.site.Now()) },
		"asset":    p.asset,
		"field":    field,
		"fieldid":  fieldID,
		"label": func(field string) string { // "" for fields that the catalogue does not name
			return c.texts["field."+field]
		},
		"languages": LanguageOptions,
		"asked": func(rule membership.FieldRule) string { // the attribute of a field with this rule
			if rule == membership.FieldMandatory {
				return "required"
			}
			return "optional"
		},
		"countries": c.countryOptions,
		"notice": func(kind, key string, args ...any) Notice {
			return Notice{Kind: kind, Text: Text(key, args...)}
		},
		"link": func(key, url string) Link { return Link{Label: Text(key), URL: url} },
		"action": func(key, url, kind string) Action {
			return Action{Label: Text(key), URL: url, Kind: kind}
		},
		"button": func(key, url, kind string) Action {
			return Action{Label: Text(key), URL: url, Kind: kind, Post: true}
		},
		"code": func(id, key, value string) Code { return Code{ID: id, Label: Text(key), Value: value} },
		"snippet": func(id, key, value string, rows int) Code {
			return Code{ID: id, Label: Text(key), Value: value, Rows: rows}
		},
		"token": func(action, title, hint string) Token {
			return Token{Action: action, Title: Text(title), Hint: Text(hint)}
		},
		"markupstatus": func(value any) template.HTML { return p.written(c, func(m *markup) { m.status(value) }) },
		"markuptime":   func(t time.Time) template.HTML { return p.written(c, func(m *markup) { m.time(t) }) },
		"markupaction": func(a Action) template.HTML { return p.written(c, func(m *markup) { m.action(a) }) },
		"markuptable":  func(t Table) template.HTML { return p.written(c, func(m *markup) { m.table(t) }) },
	}
}
