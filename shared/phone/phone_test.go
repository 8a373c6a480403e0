package phone

import (
	"strings"
	"testing"
	"unicode"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ typed, country, want string }{
		// international, whatever the country
		{"+4930123456", "", "+4930123456"},
		{"+49 (0) 30 123456", "", "+4930123456"},
		{"+49 (0) 30 123456", "US", "+4930123456"},
		{"+49(0)30-123456", "DE", "+4930123456"},
		{"0049-30/123 456", "", "+4930123456"},
		{"0049-30/123 456", "DE", "+4930123456"},
		{"0049 30 123456", "US", "+4930123456"},
		{"+0049 30 123456", "DE", "+4930123456"},
		{"(+49) 30 123456", "", "+4930123456"},
		{"++49 30 123456", "", "+4930123456"},
		{"011 49 30 123456", "US", "+4930123456"},
		{"8~10 49 30 123456", "RU", "+4930123456"},
		{"tel:+1-202-555-0143", "", "+12025550143"},
		{"Tel.: +1 (202) 555-0143", "DE", "+12025550143"},
		{"'+4930123456", "", "+4930123456"},
		{"+39 06 6982", "", "+39066982"},
		{"+45 (0) 33 12 34 56", "", "+4533123456"},
		{"+7 (8) 495 123-45-67", "", "+74951234567"},
		{"+800 1234 5678", "", "+80012345678"},
		{"+33 1.42.68.53.00", "", "+33142685300"},
		{"+1 (242) 365‑1234", "BS", "+12423651234"},
		// national, as written in the country
		{"030 123456", "DE", "+4930123456"},
		{"030 123456", "de", "+4930123456"},
		{"030/12 34-56", "DE", "+4930123456"},
		{"30 123456", "DE", "+4930123456"},
		{"49 30 12345678", "DE", "+493012345678"},
		{"020 7946 0018", "GB", "+442079460018"},
		{"(202) 555-0143", "US", "+12025550143"},
		{"1-202-555-0143", "US", "+12025550143"},
		{"06 6982", "IT", "+39066982"},
		{"8 (495) 123-45-67", "RU", "+74951234567"},
		{"44 668 18 00", "CH", "+41446681800"},
		{"365-1234", "BS", "+12423651234"},
		{"0 15 11 2345-6789", "BR", "+551123456789"},
		// what keyboards, phones and spreadsheets put in
		{"＋４９　３０　１２３４５６", "", "+4930123456"},
		{"０３０－１２３４５６", "DE", "+4930123456"},
		{"+49\u00a030\u202f123456", "", "+4930123456"},
		{"\u202a+49 30 123456\u202c", "", "+4930123456"},
		{"\ufeff030\u200b123456", "DE", "+4930123456"},
		{"+49 – 30 − 123456", "", "+4930123456"},
		{"٠٣٠ ١٢٣٤٥٦", "DE", "+4930123456"},
		{"𝟎𝟑𝟎 𝟙𝟚𝟛𝟜𝟝𝟞", "DE", "+4930123456"},
		{"०३० १२३४५६", "DE", "+4930123456"},

		// nobody can dial it, or not everybody
		{"", "DE", ""},
		{"+", "DE", ""},
		{"call me", "DE", ""},
		{"110", "DE", ""},
		{"030 123456", "", ""},
		{"030 123456", "XX", ""},
		{"555-0143", "US", ""},
		{"+999 123456", "", ""},
		{"+49 1", "", ""},
		{"+1 202 555 01433", "", ""},
		{"+49 123456789012345", "", ""}, // 17 digits
		{"+49 00 30 123456", "", ""},    // would come back as +4930123456
		{"4.93012E+11", "DE", ""},       // a spreadsheet rounded it
		// extensions and a second number
		{"+1 202 555 0143 ext. 12", "", ""},
		{"+1 202 555 0143 x12", "", ""},
		{"+1 202 555 0143 #12", "", ""},
		{"+1 202 555 0143,12", "", ""},
		{"tel:+1-202-555-0143;ext=12", "", ""},
		{"030 123456 Durchwahl 12", "DE", ""},
		{"030 123456 oder 0171 1234567", "DE", ""},
		{"+49 30 123456 / +49 171 1234567", "DE", ""},
		{"1-800-FLOWERS", "US", ""},
		{strings.Repeat("+49 30 123456 ", 40), "", ""},
		{"+49 30 123\xff456", "", ""},
	} {
		got, ok := Parse(c.typed, c.country)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("Parse(%q, %q) = %q, %t, want %q", c.typed, c.country, got, ok, c.want)
		}
	}
}

func TestDisplay(t *testing.T) {
	for e164, want := range map[string]string{
		"+4930123456":   "+49 30 123456",
		"+491711234567": "+49 171 1234567",
		"+12025550143":  "+1 202-555-0143",
		"+33142685300":  "+33 1 42 68 53 00",
		"+39066982":     "+39 06 6982",
		"+80012345678":  "+800 1234 5678",
		"+491":          "+49 1",
		"030 123456":    "030 123456", // from before numbers were checked
		"4930123456":    "4930123456",
		"+49 30":        "+49 30",
		"+":             "+",
		"":              "",
		"+999123":       "+999123",
	} {
		if got := Display(e164); got != want {
			t.Errorf("Display(%q) = %q, want %q", e164, got, want)
		}
	}
}

// Whatever is typed is refused or becomes a number that reads as itself, also after it was shown.
func FuzzParse(f *testing.F) {
	for _, typed := range []string{"+49 (0) 30 123456", "0049-30/123 456", "tel:+1-202-555-0143", "４９", "٠٣٠", "\xff+1", "+000", "8~10 7 495"} {
		f.Add(typed, "DE")
		f.Add(typed, "")
	}
	f.Fuzz(func(t *testing.T, typed, country string) {
		e164, ok := Parse(typed, country)
		if !ok {
			if e164 != "" {
				t.Fatalf("Parse(%q, %q) refuses with %q", typed, country, e164)
			}
			return
		}
		if len(e164) > 16 || e164[0] != '+' || strings.Trim(e164[1:], "0123456789") != "" || e164[1] == '0' {
			t.Fatalf("Parse(%q, %q) = %q", typed, country, e164)
		}
		for _, again := range []string{e164, Display(e164)} {
			if got, _ := Parse(again, country); got != e164 {
				t.Fatalf("Parse(%q, %q) = %q, but %q is read as %q", typed, country, e164, again, got)
			}
		}
	})
}

// The tables say nothing that digitOf or isDigits would misread.
func TestTablesAreSane(t *testing.T) {
	for _, s := range unicode.Nd.R16 {
		if (s.Hi-s.Lo+1)%10 != 0 || s.Stride != 1 {
			t.Errorf("digits %x to %x are not tens", s.Lo, s.Hi)
		}
	}
	for _, s := range unicode.Nd.R32 {
		if (s.Hi-s.Lo+1)%10 != 0 || s.Stride != 1 {
			t.Errorf("digits %x to %x are not tens", s.Lo, s.Hi)
		}
	}
	countries := 0
	for i := range plans {
		if plans[i].country != "001" {
			countries++
		}
		if p := planOf(plans[i].country); p != nil && p != &plans[i] {
			t.Errorf("%s stands twice", p.country)
		}
	}
	if countries < 240 {
		t.Errorf("%d countries", countries)
	}
}

func BenchmarkParse(b *testing.B) {
	for name, typed := range map[string]string{"international": "+49 30 123456", "national": "030 123456", "prefix": "+49 (0) 30 123456", "none": "call me"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Parse(typed, "DE")
			}
		})
	}
	b.Run("Argentina", func(b *testing.B) {
		for b.Loop() {
			Parse("011 15-2345-6789", "AR")
		}
	})
}

func BenchmarkDisplay(b *testing.B) {
	for _, e164 := range []string{"+4930123456", "+12025550143", "+5491123456789"} {
		b.Run(e164, func(b *testing.B) {
			for b.Loop() {
				Display(e164)
			}
		})
	}
}
