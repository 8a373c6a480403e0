package web

import (
	"html/template"
	"slices"
	"strings"

	"clientele/shared/membership"
)

// Country is a country with its name in one language.
type Country struct{ Code, Name string }

// Countries returns all countries with their names in a language, sorted by name. The table is 9 KB of text and is read
// when a page asks for it (some 40 µs); its source, golang.org/x/text/language/display, would add 2.5 MB to a function.
func Countries(language string) []Country {
	column := 1 + max(0, slices.Index([]string{"en", "de"}, membership.ChooseLanguage(language)))
	all := make([]Country, 0, 249)
	for line := range strings.Lines(countryNames) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		all = append(all, Country{cells[0], cells[column]})
	}
	slices.SortFunc(all, func(a, b Country) int {
		return strings.Compare(membership.FoldName(a.Name), membership.FoldName(b.Name))
	})
	return all
}

// CountryName returns a country's name in a language, or code itself when it is not the code of a country.
func CountryName(language, code string) string {
	if !membership.ValidCountry(code) {
		return code
	}
	_, rest, _ := strings.Cut("\n"+countryNames, "\n"+code+"\t")
	line, _, _ := strings.Cut(rest, "\n")
	english, german, _ := strings.Cut(line, "\t")
	if membership.ChooseLanguage(language) == "de" {
		return german
	}
	return english
}

// countryOptions returns the options of a country field, with one selected. Every list of people has all 249, so they
// are written once per language and not escaped again for each page.
func (c *catalogue) countryOptions(selected string) template.HTML {
	c.listed.Do(func() {
		m := &markup{c: c}
		for _, country := range Countries(c.language) {
			m.tag(`<option`)
			m.attr("value", country.Code)
			m.tag(`>`)
			m.text(country.Name)
			m.tag(`</option>`)
		}
		c.countries = m.String()
	})
	options := c.countries
	if membership.ValidCountry(selected) {
		options = strings.Replace(options, `"`+selected+`"`, `"`+selected+`" selected`, 1)
	}
	return template.HTML(options) //nolint:gosec // markup escapes all but its own tags
}

// CountryOptions returns the options of a country field, the first of which means none.
func CountryOptions(language string) []Option {
	options := []Option{{}}
	for _, c := range Countries(language) {
		options = append(options, Option{Value: c.Code, Label: Plain(c.Name)})
	}
	return options
}
