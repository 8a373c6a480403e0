package web

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"clientele/shared/membership"
)

var update = flag.Bool("update", false, "write the table of countries anew")

// The names are CLDR's, and the codes are membership's.
func TestCountries(t *testing.T) {
	english, german := display.Regions(language.English), display.Regions(language.German)
	var want strings.Builder
	for _, code := range membership.Countries() {
		region, err := language.ParseRegion(code)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&want, "%s\t%s\t%s\n", code, english.Name(region), german.Name(region))
	}
	if *update {
		head, _, _ := strings.Cut(readFile(t, "countries.gen.go"), "`")
		if err := os.WriteFile("countries.gen.go", []byte(head+"`"+want.String()+"`\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if countryNames != want.String() {
		t.Error("the table is not CLDR's: go test ./shared/web -run TestCountries -update")
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestCountriesAreSortedAndNamed(t *testing.T) {
	for lang, want := range map[string][2]string{"en": {"Afghanistan", "Åland Islands"}, "de-AT": {"Afghanistan", "Ägypten"}, "": {"Afghanistan", "Åland Islands"}} {
		all := Countries(lang)
		if len(all) != len(membership.Countries()) || all[0].Name != want[0] || all[1].Name != want[1] {
			t.Errorf("%q: %d countries, first %v", lang, len(all), all[:2])
		}
		for _, c := range all {
			if c.Name == "" || CountryName(lang, c.Code) != c.Name {
				t.Errorf("%q: %s is %q and %q", lang, c.Code, c.Name, CountryName(lang, c.Code))
			}
		}
	}
	for _, code := range []string{"", "XX", "D", "de", "DE\tGermany"} {
		if name := CountryName("de", code); name != code {
			t.Errorf("%q is called %q", code, name)
		}
	}
}
