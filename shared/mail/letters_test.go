package mail_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"clientele/shared/mail"
	"clientele/shared/membership"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// sample is a record for each letter, with values that people would see.
func sample(letter string) mail.Record {
	expires := time.Date(2026, time.March, 12, 14, 5, 0, 0, time.UTC)
	r := mail.Record{
		Letter:     letter,
		Provider:   "Northwind Logistics",
		ProfileURL: "https://portal.northwind.example",
		Link:       "https://portal.northwind.example/invitation#01JP3Z5K7Q8R9S0T1V2W3X4Y5Z.1.q0lXv2s8T6kYw1Zc3Ue5Rg7Hn9Jb4Mf6Pd8Sa0Kt2Vx",
		ExpiresAt:  expires,
		Fields: map[string]string{
			"first_name":    "Anna",
			"inviter_name":  "Jürgen Müller",
			"customer_name": "Bäckerei Sommer & Söhne GmbH",
			"role":          "administrator",
			"changed_at":    "2026-03-05T08:09:00Z",
			"expired_invitations": formatExpired([]mail.Expired{
				{Email: "lena.vogt@sommer.example", Customer: "Bäckerei Sommer & Söhne GmbH", ExpiredAt: expires},
				{Email: "o.hansen@fjord.example", Customer: "Fjord AS", ExpiredAt: expires.Add(26 * time.Hour)},
			}),
		},
	}
	switch letter {
	case "invitation-staff":
		r.ProfileURL = "https://console.northwind.example"
		r.Link = strings.Replace(r.Link, "portal.", "console.", 1)
	case "invitation-address-in-use":
		r.Link = ""
	case "expired-digest":
		r.Link = "https://portal.northwind.example/invitations?status=expired"
	case "password-reset":
		r.Link = strings.Replace(r.Link, "/invitation#", "/password#", 1)
	}
	return r
}

func formatExpired(expired []mail.Expired) string {
	oneLine := strings.NewReplacer("\t", " ", "\n", " ")
	var lines []string
	for _, e := range expired {
		lines = append(lines, oneLine.Replace(e.Email)+"\t"+oneLine.Replace(e.Customer)+"\t"+e.ExpiredAt.Format(time.RFC3339))
	}
	return strings.Join(lines, "\n")
}

func render(t *testing.T, r mail.Record, language string) mail.Message {
	t.Helper()
	l, err := mail.FromRecord(r)
	if err != nil {
		t.Fatal(err)
	}
	if l.Name() != r.Letter {
		t.Errorf("the record's letter is %q, the letter's name %q", r.Letter, l.Name())
	}
	m, err := mail.Render(l, language)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func forEachLetter(t *testing.T, check func(t *testing.T, letter, language string)) {
	for _, letter := range mail.Names() {
		for _, language := range mail.Languages() {
			t.Run(letter+"/"+language, func(t *testing.T) { check(t, letter, language) })
		}
	}
}

func TestGolden(t *testing.T) {
	forEachLetter(t, func(t *testing.T, letter, language string) {
		m := render(t, sample(letter), language)
		for suffix, got := range map[string]string{"subject": m.Subject + "\n", "txt": m.Text, "html": m.HTML} {
			path := filepath.Join("testdata", "golden", letter+"."+language+"."+suffix)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v (go test ./shared/mail -run TestGolden -update writes it)", err)
			}
			if got != string(want) {
				t.Errorf("%s has changed; look at the difference after: go test ./shared/mail -run TestGolden -update\ngot:\n%s", path, got)
			}
		}
	})
}

func TestGoldenFilesAreAllOfLetters(t *testing.T) {
	found, err := os.ReadDir("testdata/golden")
	if err != nil {
		t.Fatal(err)
	}
	if want := len(mail.Names()) * len(mail.Languages()) * 3; len(found) != want {
		t.Errorf("%d golden files, want %d: delete those of letters that are gone", len(found), want)
	}
}

// Every folder has the same files, and every file belongs to a letter.
func TestEveryLanguageHasEveryLetter(t *testing.T) {
	var want []string
	for _, l := range mail.Names() {
		want = append(want, l+".html", l+".subject", l+".txt")
	}
	want = append(want, "words.json")
	slices.Sort(want)
	for _, language := range mail.Languages() {
		entries, err := os.ReadDir(filepath.Join("letters", language))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if !slices.Equal(got, want) {
			t.Errorf("letters/%s has %v, want %v", language, got, want)
		}
	}
}

// The outbox and this package must speak of the same letters and languages.
func TestLettersOfTheOutbox(t *testing.T) {
	for _, l := range []membership.Letter{
		membership.LetterInvitation, membership.LetterStaffInvitation, membership.LetterAddressInUse,
		membership.LetterExpiredDigest, membership.LetterPasswordReset, membership.LetterPasswordChanged,
	} {
		if !slices.Contains(mail.Names(), string(l)) {
			t.Errorf("there is no letter %q", l)
		}
	}
	for _, language := range membership.Languages() {
		if !slices.Contains(mail.Languages(), language) {
			t.Errorf("there are no letters in %q", language)
		}
	}
}

// What every letter must have, in every language.
func TestWhatEveryLetterHas(t *testing.T) {
	noReply := map[string]string{"en": "Please do not reply", "de": "Bitte antworten Sie nicht"}
	forEachLetter(t, func(t *testing.T, letter, language string) {
		r := sample(letter)
		m := render(t, r, language)
		for part, s := range map[string]string{"text": m.Text, "HTML": m.HTML} {
			for what, want := range map[string]string{"no-reply sentence": noReply[language], "portal line": r.ProfileURL, "provider": r.Provider, "link": r.Link, "greeting": "Anna,"} {
				if letter != "password-changed" || what != "link" {
					if !strings.Contains(s, want) {
						t.Errorf("the %s has no %s (%q)", part, what, want)
					}
				}
			}
			if strings.Contains(s, "{{") {
				t.Errorf("the %s has a tag left over", part)
			}
		}
		if strings.ContainsAny(m.Subject, "\r\n") || m.Subject == "" {
			t.Errorf("subject %q", m.Subject)
		}
	})
}

// Text and HTML of a letter use the same tags, every tag is documented, and nothing but links is used in attributes.
func TestTagsOfTexts(t *testing.T) {
	tag := regexp.MustCompile(`{{ *([^}]*?) *}}`)
	attribute := regexp.MustCompile(`="[^"]*{{ *([^}]*?) *}}[^"]*"`)
	for _, d := range mail.Tags() {
		if d.Meaning == "" {
			t.Errorf("tag %s has no meaning", d.Name)
		}
	}
	forEachLetter(t, func(t *testing.T, letter, language string) {
		documented := map[string]mail.Tag{}
		for _, d := range mail.TagsOf(letter) {
			documented[d.Name] = d
		}
		used := map[string][]string{}
		for _, suffix := range []string{"subject", "txt", "html"} {
			source, err := os.ReadFile(filepath.Join("letters", language, letter+"."+suffix))
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range tag.FindAllStringSubmatch(string(source), -1) {
				if _, ok := documented[m[1]]; !ok {
					t.Errorf("%s uses {{%s}}, which the letter does not have", suffix, m[1])
				}
				used[suffix] = append(used[suffix], m[1])
			}
			for _, m := range attribute.FindAllStringSubmatch(string(source), -1) {
				if documented[m[1]].Kind != mail.Link {
					t.Errorf("%s uses {{%s}} in an attribute: only links may be", suffix, m[1])
				}
			}
			slices.Sort(used[suffix])
			used[suffix] = slices.Compact(used[suffix])
		}
		if !slices.Equal(used["txt"], used["html"]) {
			t.Errorf("the text uses %v, the HTML %v", used["txt"], used["html"])
		}
		for _, needed := range []string{"link", "expires_at", "changed_at", "expired_invitations"} {
			if _, has := documented[needed]; has && !slices.Contains(used["txt"], needed) {
				t.Errorf("{{%s}} is not used", needed)
			}
		}
	})
}

func TestHTMLIsWellFormed(t *testing.T) {
	forEachLetter(t, func(t *testing.T, letter, language string) {
		checkHTML(t, render(t, sample(letter), language).HTML, language)
	})
}

// checkHTML looks for unclosed and wrongly nested elements, the language, and anything that would be fetched.
func checkHTML(t *testing.T, page, language string) {
	t.Helper()
	void := []string{"meta", "br", "img", "hr", "link"}
	var open []string
	lang := ""
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				t.Fatal(z.Err())
			}
			if len(open) != 0 {
				t.Errorf("not closed: %v", open)
			}
			if lang != language {
				t.Errorf("lang is %q, want %q", lang, language)
			}
			return
		case html.StartTagToken:
			token := z.Token()
			for _, a := range token.Attr {
				if token.Data == "html" && a.Key == "lang" {
					lang = a.Val
				}
				if a.Key == "src" || a.Key == "background" || strings.HasPrefix(a.Key, "on") || strings.Contains(a.Val, "url(") {
					t.Errorf("<%s %s=%q>: nothing may be fetched or run", token.Data, a.Key, a.Val)
				}
				if a.Key == "href" && !strings.HasPrefix(a.Val, "https://") {
					t.Errorf("link to %q", a.Val)
				}
			}
			if slices.Contains([]string{"script", "img", "link", "iframe", "form", "object"}, token.Data) {
				t.Errorf("there is a <%s>", token.Data)
			}
			if !slices.Contains(void, token.Data) {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			name := z.Token().Data
			if len(open) == 0 || open[len(open)-1] != name {
				t.Fatalf("</%s> closes %v", name, open)
			}
			open = open[:len(open)-1]
		}
	}
}

// Values come from people, some of them unkind: they add no header, no paragraph, no markup and no tag.
func TestUnkindValues(t *testing.T) {
	const unkind = "  \"Bob\" <b onload='x'>\r\nBcc: all@example.com\n\n{{link}} 👩‍👩‍👧 \u202Eevil\u2066 \x00\x7f\u2028 ]]> \xff"
	forEachLetter(t, func(t *testing.T, letter, language string) {
		r, calm := sample(letter), sample(letter)
		for k := range r.Fields {
			if slices.Contains([]string{"first_name", "inviter_name", "customer_name", "role"}, k) {
				r.Fields[k] = unkind
			}
		}
		r.Fields["expired_invitations"] = formatExpired([]mail.Expired{
			{Email: unkind, Customer: unkind, ExpiredAt: r.ExpiresAt}, {Email: "b@example.com", Customer: "B", ExpiredAt: r.ExpiresAt},
		})
		r.Provider = unkind
		m, want := render(t, r, language), render(t, calm, language)

		for name, s := range map[string]string{"subject": m.Subject, "text": m.Text, "HTML": m.HTML} {
			if bad := regexp.MustCompile("[\x00-\x09\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]").FindString(s); bad != "" {
				t.Errorf("%s has %q", name, bad)
			}
			if letter != "expired-digest" || name != "subject" {
				if !strings.Contains(s, "{{link}} 👩‍👩‍👧 evil") {
					t.Errorf("%s has not kept the value as it is: %s", name, s)
				}
			}
		}
		if strings.Contains(m.Subject, "\n") {
			t.Errorf("subject %q", m.Subject)
		}
		if got, want := strings.Count(m.Text, "\n"), strings.Count(want.Text, "\n"); got != want {
			t.Errorf("the text has %d line ends, want %d:\n%s", got, want, m.Text)
		}
		if got, want := strings.Count(m.HTML, "<"), strings.Count(want.HTML, "<"); got != want {
			t.Errorf("the HTML has %d angle brackets, want %d:\n%s", got, want, m.HTML)
		}
		checkHTML(t, m.HTML, language)
	})
}

func TestLinksAreLinks(t *testing.T) {
	for _, link := range []string{"", "javascript:alert(1)", "data:text/html,x", "//evil.example", "/invitation", "https://", "https://a b.example", "mailto:a@b.example"} {
		r := sample("password-reset")
		r.Link = link
		l, err := mail.FromRecord(r)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := mail.Render(l, "en"); err == nil {
			t.Errorf("%q was taken for a link:\n%s", link, m.Text)
		}
	}
	r := sample("password-reset")
	r.Link = "http://localhost:8401/password?a=1&b=\"><script>#x"
	if m := render(t, r, "en"); !strings.Contains(m.HTML, "?a=1&amp;b=&#34;&gt;&lt;script&gt;#x") || !strings.Contains(m.Text, r.Link) {
		t.Error("a link is not escaped in HTML, or not kept in text")
	}
}

func TestMissingValues(t *testing.T) {
	optional := map[string]bool{"first_name": true, "inviter_name": true}
	needs := map[string][]string{
		"invitation":                {"customer_name", "Link", "ExpiresAt", "Provider", "ProfileURL"},
		"invitation-staff":          {"role", "Link", "ExpiresAt", "Provider", "ProfileURL"},
		"invitation-address-in-use": {"customer_name", "Provider", "ProfileURL"},
		"expired-digest":            {"expired_invitations", "Link", "Provider", "ProfileURL"},
		"password-reset":            {"Link", "ExpiresAt", "Provider", "ProfileURL"},
		"password-changed":          {"changed_at", "Provider", "ProfileURL"},
	}
	forEachLetter(t, func(t *testing.T, letter, language string) {
		for _, missing := range needs[letter] {
			r := sample(letter)
			switch missing {
			case "Link":
				r.Link = ""
			case "ExpiresAt":
				r.ExpiresAt = time.Time{}
			case "Provider":
				r.Provider, r.Fields["inviter_name"] = "", ""
			case "ProfileURL":
				r.ProfileURL = ""
			default:
				r.Fields[missing] = " \n"
			}
			l, err := mail.FromRecord(r)
			if err == nil {
				_, err = mail.Render(l, language)
			}
			if err == nil {
				t.Errorf("nobody missed %s", missing)
			}
		}
		r := sample(letter)
		for k := range optional {
			delete(r.Fields, k)
		}
		m := render(t, r, language)
		if want := map[string]string{"en": "Hello,\n", "de": "Guten Tag,\n"}[language]; !strings.HasPrefix(m.Text, want) {
			t.Errorf("without a first name the letter begins with %q", m.Text[:20])
		}
	})
}

func TestFromRecordRefuses(t *testing.T) {
	for _, r := range []mail.Record{
		{Letter: "reminder"},
		{},
		{Letter: "password-changed", Fields: map[string]string{"changed_at": "yesterday"}},
		{Letter: "expired-digest", Fields: map[string]string{"expired_invitations": "a@b.example"}},
		{Letter: "expired-digest", Fields: map[string]string{"expired_invitations": "a@b.example\tB\tsoon"}},
	} {
		if l, err := mail.FromRecord(r); err == nil {
			t.Errorf("%+v became %+v", r, l)
		}
	}
}

func TestLanguage(t *testing.T) {
	for _, c := range []struct {
		wanted []string
		want   string
	}{
		{nil, "en"}, {[]string{""}, "en"}, {[]string{"de"}, "de"}, {[]string{"de-AT"}, "de"}, {[]string{"DE_ch"}, "de"}, {[]string{"de-Latn-CH"}, "de"},
		{[]string{"fr", "", "de-AT", "en"}, "de"}, {[]string{"fr"}, "en"}, {[]string{"../de"}, "en"}, {[]string{"-", "d"}, "en"},
	} {
		if got := mail.Language(c.wanted...); got != c.want {
			t.Errorf("%v: %q, want %q", c.wanted, got, c.want)
		}
	}
}

func TestTimesAreInUTC(t *testing.T) {
	r := sample("invitation")
	r.ExpiresAt = r.ExpiresAt.In(time.FixedZone("elsewhere", 11*3600))
	if m := render(t, r, "en"); !strings.Contains(m.Text, "12 March 2026, 14:05 UTC") {
		t.Error(m.Text)
	}
	if m := render(t, r, "de-AT"); !strings.Contains(m.Text, "12. März 2026, 14:05 Uhr (UTC)") {
		t.Error(m.Text)
	}
}

func TestDigestIsNoBook(t *testing.T) {
	var expired []mail.Expired
	for range 123 {
		expired = append(expired, mail.Expired{Email: "a@b.example", Customer: "B", ExpiredAt: time.Unix(1, 0)})
	}
	r := sample("expired-digest")
	r.Fields["expired_invitations"] = formatExpired(expired)
	for language, more := range map[string]string{"en": "… and 23 more", "de": "… und 23 weitere"} {
		m := render(t, r, language)
		if n := strings.Count(m.Text, "a@b.example"); n != 100 || !strings.Contains(m.Text, more) || !strings.Contains(m.HTML, "<br>\n"+more) {
			t.Errorf("%s: %d lines", language, n)
		}
		if !strings.Contains(m.Subject, "123") {
			t.Error(m.Subject)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	l, err := mail.FromRecord(sample("invitation"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := mail.Render(l, "de"); err != nil {
			b.Fatal(err)
		}
	}
}
