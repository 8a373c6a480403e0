package shape_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var (
	// unread is the part of a text that nobody reads: its name, tags, placeholders, addresses.
	unread = regexp.MustCompile(`"[^"]*": *|<[^>]*>|\{+[^}]*\}+|\S+@\S+`)
	mail   = regexp.MustCompile(`(?i)[\pL-]*mail[\pL-]*`)
	duden  = regexp.MustCompile(`^(\pL+-)?E-Mails?$|^E-Mail-Adressen?$`)
)

// TestGermanMail: mails and their addresses have one name each in German, spelled as in the Duden: E-Mail,
// E-Mail-Adresse, Registrierungs-E-Mail.
func TestGermanMail(t *testing.T) {
	seen := 0
	for _, pattern := range []string{"functions/*/text/de.json", "infra/*/text/de.json", "shared/*/text/*de.json", "shared/*/letters/de/*"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files (%v)", pattern, len(names), err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range mail.FindAllString(unread.ReplaceAllString(string(text), " "), -1) {
				if seen++; !duden.MatchString(word) {
					t.Errorf("%s says %s", name, word)
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d words found", seen)
	}
}
