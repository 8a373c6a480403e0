package membership_test

import (
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"clientele/shared/membership"
)

func TestEmails(t *testing.T) {
	local64, label63 := strings.Repeat("a", 64), strings.Repeat("b", 63)
	for _, good := range []string{
		"a@b.co", "first.last@example.com", "first+tag@example.com", "o'brien@example.co.uk", "a_b-c@example.com",
		"!#$%&'*+-/=?^_`{|}~@example.com", "1@example.com", "UPPER@EXAMPLE.COM", "a@b-c.example", "a@1.example", "x@xn--bcher-kva.example",
		"a@bücher.example", "a@BÜCHER.example", "a@münchen.straße.example", "a@例え.テスト", "a@почта.рф", "a@παράδειγμα.δοκιμή",
		"a@דוגמה.טעסט", "a@a.b.c.d.e.f.example", local64 + "@example.com", "a@" + label63 + ".com", "  padded@example.com\t",
	} {
		got, err := membership.CheckEmail("email", good)
		if err != nil {
			t.Errorf("%q is refused: %v", good, err)
		} else if got != strings.TrimSpace(good) {
			t.Errorf("%q became %q", good, got)
		}
	}
	long := "a@" + strings.Repeat(label63+".", 3) + strings.Repeat("c", 60) + ".de" // 257
	for _, bad := range []string{
		"", " ", "a", "@", "a@", "@example.com", "a@b", "a@localhost", "a b@example.com", "a@exam ple.com", "a@@example.com", "a@b@example.com",
		".a@example.com", "a.@example.com", "a..b@example.com", "a@.example.com", "a@example.com.", "a@example..com", "a@-example.com",
		"a@example-.com", "a@exa_mple.com", `"quoted"@example.com`, `"a b"@example.com`, "a(comment)@example.com", "(c)a@example.com",
		"a@example.com(c)", "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "Ann <a@example.com>", "<a@example.com>", "a@example.com, b@example.com",
		"a@example.com;b@example.com", "mailto:a@example.com", "a\\b@example.com", "a\n@example.com", "a@example.com\nBcc: b@example.com",
		"a\x00@example.com", "a\x7f@example.com", "a@exam\tple.com", "a@\xff.com", "\xff@example.com", local64 + "a@example.com",
		"a@" + label63 + "b.com", long, "a@xn--0.com", "a@example.com\u3002", "a@ex\u2028ample.com",
		// No mail system in reach takes these: SES sends only to ASCII before the @, RFC 5322 knows nothing else.
		"ü@example.com", "ali\u200bce@example.com", "\u202ealice@example.com", "а@example.com" /* Cyrillic */, "a\u00a0b@example.com",
	} {
		if got, err := membership.CheckEmail("email", bad); err == nil {
			t.Errorf("%q is accepted as %q", bad, got)
		} else if err.Kind != membership.Invalid || err.Field != "email" || err.Code != "invalid_email" && err.Code != "required" {
			t.Errorf("%q: %+v", bad, err)
		}
	}
}

// What a list or a letter shows of an address hides nothing, and is the address that gets the mail.
func TestEmailsShowWhatTheyAre(t *testing.T) {
	for in, want := range map[string]string{
		"a@exam\u00adple.com":      "a@example.com", // soft hyphen
		"a@ｅｘａｍｐｌｅ.com":            "a@example.com",
		"a@example。com":            "a@example.com",
		"a@\u2060example.com":      "a@example.com", // word joiner
		"a@Bücher.example":         "a@Bücher.example",
		"a@xn--bcher-kva.example":  "a@xn--bcher-kva.example",
		"Ann.Lee@Example.COM":      "Ann.Lee@Example.COM",
		"a@bu\u0308cher.example":   "a@bücher.example", // the mark apart
		"a@example\u200d.com":      "",
		"a@\u202eexample.com":      "",
		"a@ex\ufe0fample.com":      "a@example.com", // variation selector
		"a@example.com\u200b":      "a@example.com",
		"\ufeffa@example.com":      "",
		"a@K\u212aexample.example": "a@KKexample.example",
	} {
		got, err := membership.CheckEmail("email", in)
		if want == "" {
			if err == nil {
				t.Errorf("%+q is accepted as %+q", in, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%+q became %+q (%v), want %+q", in, got, err, want)
		}
	}
}

func TestFoldLogin(t *testing.T) {
	for in, want := range map[string]string{
		" Ann.Lee@Example.COM ": "ann.lee@example.com", "ANN_lee-1": "ann_lee-1", "a@BÜCHER.example": "a@xn--bcher-kva.example",
		"a@xn--bcher-kva.example": "a@xn--bcher-kva.example", "a@XN--BCHER-KVA.example": "a@xn--bcher-kva.example",
		"a@straße.example": "a@xn--strae-oqa.example", "a@strasse.example": "a@strasse.example", "a@bu\u0308cher.example": "a@xn--bcher-kva.example",
		"a@İstanbul.example": "a@xn--istanbul-o0e.example", "a@ISTANBUL.example": "a@istanbul.example", "İlker": "İlker",
		"": "", "  ": "", "@": "@", "a@": "a@", "a@b@C.example": "a@b@c.example",
		// Dots and tags make other people's addresses at most providers.
		"a.b@example.com": "a.b@example.com", "ab@example.com": "ab@example.com", "a+b@example.com": "a+b@example.com",
	} {
		if got := membership.FoldLogin(in); got != want {
			t.Errorf("FoldLogin(%q) = %q, want %q", in, got, want)
		}
	}
}

// Punycode takes time that grows with the square of the text: half a megabyte at the sign-in form took half a minute.
func TestFoldingLongTextsIsQuick(t *testing.T) {
	long := []rune{'a', '@'}
	for i := range 200_000 {
		long = append(long, rune(0x4e00+i%20_000))
	}
	begin := time.Now()
	if got := membership.FoldLogin(string(long)); len(got) < 600_000 {
		t.Errorf("%d bytes are left", len(got))
	}
	_, _ = membership.CheckEmail("email", string(long))
	_ = membership.CheckUsername("username", string(long), "ann@example.com")
	_ = membership.CheckPassword("password", string(long), "ann@example.com")
	_ = membership.FoldName(string(long))
	if took := time.Since(begin); took > 10*time.Second { // of the half minute that it was; a busy machine is slow
		t.Errorf("took %v", took)
	}
}

// samePerson is the rule in the design's words: trimmed, lower case, the domain as A-label; nothing more. It is written
// independently of the code: it compares runes by Unicode's folding, and domains by what IDNA makes of them as typed.
func samePerson(a, b string) bool {
	split := func(s string) (local, domain string, has bool) {
		s = norm.NFC.String(strings.TrimFunc(s, unicode.IsSpace))
		at := strings.LastIndex(s, "@")
		if at < 0 {
			return s, "", false
		}
		return s[:at], s[at+1:], true
	}
	// Equal except for case, rune by rune; İ (whose lower case is i in Go) is no i.
	equal := func(a, b string) bool {
		ra, rb := []rune(a), []rune(b)
		if len(ra) != len(rb) {
			return false
		}
		for i := range ra {
			ascii := ra[i] < 128 && rb[i] < 128
			foreign := ra[i] >= 128 && rb[i] >= 128
			if ra[i] != rb[i] && (!ascii && !foreign || unicode.ToLower(ra[i]) != unicode.ToLower(rb[i])) {
				return false
			}
		}
		return true
	}
	la, da, hasA := split(a)
	lb, db, hasB := split(b)
	if hasA != hasB || !equal(la, lb) {
		return false
	}
	aa, errA := idna.Lookup.ToASCII(da)
	ab, errB := idna.Lookup.ToASCII(db)
	if errA == nil && errB == nil {
		return aa == ab
	}
	return equal(da, db)
}

var peopleApart = []string{
	"anna@example.com", "ana@example.com", "änna@example.com", "anna@example.co", "anna@examp1e.com", "anna@exаmple.com", "аnna@example.com",
	"an.na@example.com", "anna+x@example.com", "anna@straße.example", "anna@strasse.example", "anna", "ann-a", "ann_a", "straße", "strasse",
	"ſtrasse", "İlker", "ilker", "ılker", "Ιωάννης", "ιωάννησ", "ﬁona", "fiona", "Ａnna", "anna ", "a\u200bnna", "a nna", "anna@", "@anna",
	"anna@example.com@example.com", "anna@@example.com", "anna@\u200bexample.com", "anna@xn--strae-oqa.example", "anna@xn--p1ai",
	"anna@İstanbul.example", "anna@istanbul.example", "anna@i\u0307stanbul.example", "anna@ISTANBUL.example", "anna@ıstanbul.example",
	"anna@a.example", "anna@a_b.example", "anna@A_B.example", "anna@-.example", "anna@..", "anna@[192.0.2.1]", "ǅ", "ǆ", "ß", "ẞ", "ss",
}

func TestFoldLoginNeverTakesTwoPeopleForOne(t *testing.T) {
	for _, a := range peopleApart {
		for _, b := range peopleApart {
			if got, want := membership.FoldLogin(a) == membership.FoldLogin(b), samePerson(a, b); got != want {
				t.Errorf("%+q and %+q are one person: %v, want %v (%+q, %+q)", a, b, got, want, membership.FoldLogin(a), membership.FoldLogin(b))
			}
		}
	}
	check := func(a, b string) bool {
		return membership.FoldLogin(a) != membership.FoldLogin(b) || samePerson(a, b)
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 20_000}); err != nil {
		t.Error(err)
	}
}

func FuzzFoldLogin(f *testing.F) {
	for i, a := range peopleApart {
		f.Add(a, peopleApart[(i+1)%len(peopleApart)])
		f.Add(a, strings.ToUpper(a))
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		fa, fb := membership.FoldLogin(a), membership.FoldLogin(b)
		if fa == fb && utf8.ValidString(a) && utf8.ValidString(b) && !samePerson(a, b) {
			t.Errorf("%+q and %+q are both %+q", a, b, fa)
		}
		if again := membership.FoldLogin(fa); again != fa {
			t.Errorf("%+q is folded to %+q and then to %+q", a, fa, again)
		}
	})
}

func FuzzCheckEmail(f *testing.F) {
	for _, s := range append([]string{"a@b.co", "a@bücher.example", `"q"@b.co`, "a(c)@b.co", "a@[1.2.3.4]", "a@exam\u00adple.com", "a@b。co"}, peopleApart...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		email, err := membership.CheckEmail("email", s)
		if err != nil {
			return
		}
		if membership.FoldLogin(email) != membership.FoldLogin(s) {
			t.Errorf("%+q is accepted as %+q, which signs in as somebody else", s, email)
		}
		if again, err := membership.CheckEmail("email", email); err != nil || again != email {
			t.Errorf("%+q is accepted as %+q and that as %+q (%v)", s, email, again, err)
		}
		if len(email) > 254 || strings.ContainsFunc(email, func(r rune) bool {
			return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Bidi_Control, r)
		}) {
			t.Errorf("%+q is accepted as %+q", s, email)
		}
	})
}

func TestUsernames(t *testing.T) {
	const email = "Ann.Lee@example.com"
	for _, good := range []string{"annie", "ANNIE", "a.b-c", "a_b_c", "12345", strings.Repeat("a", 31), "ann.lee@example.com", "ANN.LEE@EXAMPLE.COM", "-----"} {
		if err := membership.CheckUsername("username", good, email); err != nil {
			t.Errorf("%q is refused: %v", good, err)
		}
	}
	for bad, code := range map[string]string{
		"": "invalid_username", "anni": "invalid_username", strings.Repeat("a", 32): "invalid_username", "ann lee": "invalid_username",
		"änniel": "invalid_username", "ann+lee": "invalid_username", "ann\nlee": "invalid_username", " annie": "invalid_username",
		"ann/lee": "invalid_username", "ann#lee": "invalid_username", "аnnie" /* Cyrillic */ : "invalid_username", "ann\x00ie": "invalid_username",
		"bob@example.com": "username_is_foreign_email", "ann@lee": "username_is_foreign_email", "@annie": "username_is_foreign_email",
		"annie@": "username_is_foreign_email", "ann.lee@example.co": "username_is_foreign_email",
	} {
		err := membership.CheckUsername("username", bad, email)
		if err == nil || err.Code != code || err.Field != "username" {
			t.Errorf("%q: %v, want %s", bad, err, code)
		}
	}
}

func TestProposedUsernames(t *testing.T) {
	for email, best := range map[string]string{
		"ann@example.com": "ann@example.com", "a@b.co": "a@b.co", "ann.lee@a-very-long-company-name.example": "ann.lee",
		"bo@a-very-long-company-name-of-many-words.example": "bo002", "ann+tag@example.com": "anntag", "o'brien@example.com": "obrien",
		"ann@bücher.example": "ann02", "x@a-very-long-company-name-of-many-words.example": "x0002",
	} {
		if got := membership.ProposedUsernames(email); len(got) == 0 || got[0] != best {
			t.Errorf("%s: %v, want %s first", email, got, best)
		}
	}
}

// checkProposals checks that each proposal is a username that this person may have, whatever the address.
func checkProposals(t *testing.T, email string) {
	proposals := membership.ProposedUsernames(email)
	if len(proposals) < 10 {
		t.Errorf("%+q has only the proposals %v", email, proposals)
	}
	seen := map[string]bool{}
	for _, p := range proposals {
		if err := membership.CheckUsername("username", p, email); err != nil {
			t.Errorf("%+q: proposal %q is refused: %v", email, p, err)
		}
		if f := membership.FoldLogin(p); seen[f] {
			t.Errorf("%+q: %q is proposed twice", email, p)
		} else {
			seen[f] = true
		}
	}
}

func FuzzProposedUsernames(f *testing.F) {
	for _, s := range append([]string{"ann@example.com", strings.Repeat("x", 60) + "@example.com", "---@a-very-long-company-name.example", "...@b.co", "日本@例え.テスト"}, peopleApart...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if email, err := membership.CheckEmail("email", s); err == nil {
			checkProposals(t, email)
		}
	})
}

func TestFoldName(t *testing.T) {
	for in, want := range map[string]string{
		"Weiß": "weiss", "WEISS": "weiss", "STRAẞE": "strasse", "Łukasz": "lukasz", "Østergård": "ostergard", "Müller": "muller", "Çelik": "celik",
		"  Ann \t Lee ": "ann lee", "Ann\u00a0Lee": "ann lee", "Ann\nLee": "ann lee", "Æther": "aether", "Œuvre": "oeuvre", "Đorđe": "dorde",
		"Þór": "thor", "İstanbul": "istanbul", "ISTANBUL": "istanbul", "ılgaz": "ilgaz", "Ħal": "hal", "Ŋga": "nga", "ﬁn": "fin", "Å": "a",
		"A\u030a": "a", "Nguyễn": "nguyen", "Ωmega": "ωmega", "ΣΑΣ": "σασ", "Σίσυφος": "σισυφος", "Иван": "иван", "Йод": "иод", "Ёж": "еж", "עברית": "עברית", "\u202bעברית\u202c": "עברית",
		"a\u200db": "ab", "👩‍👩‍👧 Ltd": "👩👩👧 ltd", "😀": "😀", "ＡＢＣ": "abc", "℡": "tel", "ℌ": "h", "™": "tm", "㎒": "mhz", "": "", " ": "", "\u0301": "",
		"ǽ": "ae", "Ǿ": "o", "ß\u0301": "ss", "\xffann": "\ufffdann", "3M": "3m", "Ⅷ": "viii",
	} {
		if got := membership.FoldName(in); got != want {
			t.Errorf("FoldName(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzFoldName(f *testing.F) {
	for _, s := range []string{"Weiß", "Łukasz", "  a  b ", "İ", "ℌ", "ﷺ", "\u202e", "각", "ǆ", "ẞ\u0301", "™", "Σς"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folded := membership.FoldName(s)
		if again := membership.FoldName(folded); again != folded {
			t.Errorf("%+q is folded to %+q and then to %+q", s, folded, again)
		}
		if !utf8.ValidString(folded) || strings.TrimSpace(folded) != folded || strings.Contains(folded, "  ") {
			t.Errorf("%+q is folded to %+q", s, folded)
		}
		if upper := membership.FoldName(strings.ToLower(s)); upper != folded {
			t.Errorf("%+q: folded %+q, its lower case %+q", s, folded, upper)
		}
	})
}

func TestPasswords(t *testing.T) {
	const email = "ann.lee@example.com"
	for _, good := range []string{"abcdefghij", "correct horse battery", "pässwörter", "密码密码很长一二三四五", "12345678901", strings.Repeat("abcd", 32), "a b c d e f", "with\u00a0inner"} {
		if err := membership.CheckPassword("password", good, email); err != nil {
			t.Errorf("%q is refused: %v", good, err)
		}
	}
	for bad, code := range map[string]string{
		"": "password_too_short", "abcdefghi": "password_too_short", "ääääöööüü": "password_too_short", strings.Repeat("abcd", 32) + "e": "password_too_long",
		" abcdefghij": "invalid_password", "abcdefghij\t": "invalid_password", "abcdefghij\u2003": "invalid_password", "abcde\nfghij": "invalid_password",
		"abcde\x00fghij": "invalid_password", "abcdefghij\xff": "invalid_password", email: "password_is_email", "ANN.LEE@EXAMPLE.COM": "password_is_email",
		"aaaaaaaaaaaa": "password_too_simple", "abababababab": "password_too_simple", "abcabcabcabc": "password_too_simple",
	} {
		err := membership.CheckPassword("password", bad, email)
		if err == nil || err.Code != code || err.Field != "password" {
			t.Errorf("%q: %v, want %s", bad, err, code)
		} else if bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("the error for %q repeats it", bad)
		}
	}
}

func TestLanguages(t *testing.T) {
	for want, wanted := range map[string][]string{
		"de": {"de-AT"}, "en": {"fr", "xx"}, "": nil,
	} {
		if want == "" {
			want = "en"
		}
		if got := membership.ChooseLanguage(wanted...); got != want {
			t.Errorf("%v: %s, want %s", wanted, got, want)
		}
	}
	if got := membership.ChooseLanguage("", "fr", "DE_de", "en"); got != "de" {
		t.Errorf("got %s", got)
	}
	if !slices.Contains(membership.Languages(), "de") {
		t.Error("no German")
	}
}
