package membership_test

import (
	"testing"

	"golang.org/x/text/language"

	"clientele/shared/membership"
)

func TestCountriesAreISO3166(t *testing.T) {
	// Codes that golang.org/x/text takes for countries, but ISO has only reserved, withdrawn, or never had.
	notAssigned := map[string]bool{}
	for _, code := range []string{"AC", "AN", "CP", "CQ", "CS", "DD", "DG", "EA", "EZ", "FQ", "IC", "NT", "PC", "SU", "TA", "UN", "XK", "YU"} {
		notAssigned[code] = true
	}
	found := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string(a) + string(b)
			region, err := language.ParseRegion(code)
			want := err == nil && region.IsCountry() && region.String() == code && region.Canonicalize() == region && !notAssigned[code]
			if membership.ValidCountry(code) != want {
				t.Errorf("%s: %v, want %v", code, !want, want)
			}
			if want {
				found++
			}
		}
	}
	if found != 249 || len(membership.Countries()) != found {
		t.Errorf("%d countries, ISO 3166-1 has 249", found)
	}
	for _, code := range []string{"", "D", "de", "E ", " D", "D A", "ADE"} {
		if membership.ValidCountry(code) {
			t.Errorf("%q is a country", code)
		}
	}
}
