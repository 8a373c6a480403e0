package mail_test

import (
	"errors"
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

// facts are the values of all letters.
type facts struct {
	FirstName, Inviter, Customer, Role, Username, Provider, Portal, Console, Token, Password string
	At                                                                                       time.Time
	Expired                                                                                  []mail.Expired
	Reason                                                                                   string
	Waiting                                                                                  []mail.Waiting
}

// usual is what people would see.
func usual() facts {
	at := time.Date(2026, time.March, 12, 14, 5, 0, 0, time.UTC)
	return facts{
		FirstName: "Anna", Inviter: "Jürgen Müller", Customer: "Bäckerei Sommer & Söhne GmbH", Role: "administrator", Username: "anna.sommer",
		Provider: "Northwind Logistics", Portal: "https://portal.northwind.example", Console: "https://console.northwind.example",
		Token: "01JP3Z5K7Q8R9S0T1V2W3X4Y5Z.1.q0lXv2s8T6kYw1Zc3Ue5Rg7Hn9Jb4Mf6Pd8Sa0Kt2Vx", Password: "7h4kq-9m2vd-x3c8r-p5wzt", At: at,
		Expired: []mail.Expired{
			{Email: "lena.vogt@sommer.example", Customer: "Bäckerei Sommer & Söhne GmbH", ExpiredAt: at},
			{Email: "o.hansen@fjord.example", Customer: "Fjord AS", ExpiredAt: at.Add(26 * time.Hour)},
		},
		Reason: "We do not know your company.\nPlease write to us with your customer number.",
		Waiting: []mail.Waiting{
			{Name: "Lena Vogt", Email: "lena.vogt@sommer.example", Since: at},
			{Name: "Ole Hansen", Email: "o.hansen@fjord.example", Since: at.Add(26 * time.Hour)},
		},
	}
}

// letters returns all letters with these values.
func (f facts) letters() []mail.Letter {
	portal := mail.Common{FirstName: f.FirstName, Provider: f.Provider, ProfileURL: f.Portal}
	console := mail.Common{FirstName: f.FirstName, Provider: f.Provider, ProfileURL: f.Console}
	link := func(address string) string {
		if f.Token == "" {
			return ""
		}
		return address + f.Token
	}
	return []mail.Letter{
		mail.Invitation{Common: portal, Inviter: f.Inviter, Customer: f.Customer, Link: link(f.Portal + "/invitation#"), ExpiresAt: f.At},
		mail.StaffInvitation{Common: console, Inviter: f.Inviter, Role: f.Role, Link: link(f.Console + "/invitation#"), ExpiresAt: f.At},
		mail.AddressInUse{Common: portal, Customer: f.Customer},
		mail.AddressTaken{Common: portal, Customer: f.Customer},
		mail.ExpiredDigest{Common: portal, Expired: f.Expired, Link: f.Portal},
		mail.PasswordReset{Common: portal, Username: f.Username, Link: link(f.Portal + "/reset-password#"), ExpiresAt: f.At},
		mail.PasswordChanged{Common: portal, Username: f.Username, ChangedAt: f.At},
		mail.UserRegistration{Common: portal, Customer: f.Customer, Username: f.Username, Address: "anna.sommer@northwind.example", Link: link(f.Portal + "/reset-password#"), ExpiresAt: f.At},
		mail.PasswordLink{Common: portal, Username: f.Username, Link: link(f.Portal + "/reset-password#"), ExpiresAt: f.At},
		mail.RegistrationTemporary{Common: portal, Customer: f.Customer, Username: f.Username, Address: "anna.sommer@northwind.example", Password: f.Password, Link: f.Portal + "/sign-in", ExpiresAt: f.At},
		mail.PasswordTemporary{Common: portal, Username: f.Username, Password: f.Password, Link: f.Portal + "/sign-in", ExpiresAt: f.At},
		mail.OneTimeLink{Common: portal, Customer: f.Customer, Link: link(f.Portal + "/guest/link#"), ExpiresAt: f.At},
		mail.EmailChangeConfirm{Common: portal, Link: link(f.Portal + "/email-change#"), ExpiresAt: f.At},
		mail.EmailChangeAnnounced{Common: portal, Username: f.Username, ExpiresAt: f.At},
		mail.EmailChanged{Common: portal, Username: f.Username, ChangedAt: f.At},
		mail.RegistrationConfirm{Common: portal, Link: link(f.Portal + "/registration#"), ExpiresAt: f.At},
		mail.RegistrationKnown{Common: portal, Username: f.Username, Address: "anna.sommer@northwind.example"},
		mail.RegistrationInvited{Common: portal},
		mail.RegistrationWaiting{Common: portal},
		mail.RegistrationDisapproved{Common: portal, Reason: f.Reason},
		mail.ApprovalReminder{Common: portal, Waiting: f.Waiting, Link: f.Portal + "/registrations"},
	}
}

func (f facts) letter(t *testing.T, name string) mail.Letter {
	t.Helper()
	for _, l := range f.letters() {
		if l.Name() == name {
			return l
		}
	}
	t.Fatalf("the tests have no letter %q", name)
	return nil
}

func names() []string {
	var names []string
	for _, l := range mail.Letters() {
		names = append(names, l.Name())
	}
	return names
}

func render(t *testing.T, l mail.Letter, language string) mail.Message {
	t.Helper()
	m, err := mail.Render(l, language)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func forEachLetter(t *testing.T, check func(t *testing.T, letter, language string)) {
	for _, letter := range names() {
		for _, language := range mail.Languages() {
			t.Run(letter+"/"+language, func(t *testing.T) { check(t, letter, language) })
		}
	}
}

func TestGolden(t *testing.T) {
	forEachLetter(t, func(t *testing.T, letter, language string) {
		m := render(t, usual().letter(t, letter), language)
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
	if want := len(names()) * len(mail.Languages()) * 3; len(found) != want {
		t.Errorf("%d golden files, want %d: delete those of letters that are gone", len(found), want)
	}
}

// Every folder has the same files, and every file belongs to a letter.
func TestEveryLanguageHasEveryLetter(t *testing.T) {
	var want []string
	for _, l := range names() {
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
		membership.LetterInvitation, membership.LetterStaffInvitation, membership.LetterAddressInUse, membership.LetterAddressTaken,
		membership.LetterExpiredDigest, membership.LetterPasswordReset, membership.LetterPasswordChanged, membership.LetterUserRegistration,
		membership.LetterPasswordLink, membership.LetterRegistrationTemporary, membership.LetterPasswordTemporary, membership.LetterEmailConfirm, membership.LetterEmailAnnounced, membership.LetterEmailChanged,
		membership.LetterRegistrationConfirm, membership.LetterRegistrationKnown, membership.LetterRegistrationInvited, membership.LetterRegistrationWaiting,
		membership.LetterRegistrationDisapproved, membership.LetterApprovalReminder,
	} {
		if !slices.Contains(names(), string(l)) {
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
		f := usual()
		m := render(t, f.letter(t, letter), language)
		wants := map[string]string{"no-reply sentence": noReply[language], "portal line": ": " + f.Portal, "provider": f.Provider, "greeting": "Anna,"}
		switch letter {
		case "invitation":
			wants["link"] = f.Portal + "/invitation#" + f.Token
		case "invitation-staff":
			wants["link"], wants["portal line"] = f.Console+"/invitation#"+f.Token, ": "+f.Console
		case "password-reset", "user-registration", "password-link":
			wants["link"] = f.Portal + "/reset-password#" + f.Token
		case "user-registration-temporary", "password-temporary":
			wants["link"], wants["temporary password"] = f.Portal+"/sign-in", f.Password
			wants["until when"] = map[string]string{"en": "12 March 2026, 14:05 UTC", "de": "12. März 2026, 14:05 Uhr (UTC)"}[language]
		case "email-change-confirm":
			wants["link"] = f.Portal + "/email-change#" + f.Token
		case "registration-confirm":
			wants["link"] = f.Portal + "/registration#" + f.Token
		}
		for part, s := range map[string]string{"text": m.Text, "HTML": m.HTML} {
			for what, want := range wants {
				if part == "HTML" {
					want = strings.TrimPrefix(want, ": ")
				}
				if !strings.Contains(s, want) {
					t.Errorf("the %s has no %s (%q)", part, what, want)
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
		for _, d := range mail.TagsOf(usual().letter(t, letter)) {
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
		for _, needed := range []string{"link", "expires_at", "changed_at", "expired_invitations", "reason", "waiting_registrations"} {
			if _, has := documented[needed]; has && !slices.Contains(used["txt"], needed) {
				t.Errorf("{{%s}} is not used", needed)
			}
		}
	})
}

func TestHTMLIsWellFormed(t *testing.T) {
	forEachLetter(t, func(t *testing.T, letter, language string) {
		checkHTML(t, render(t, usual().letter(t, letter), language).HTML, language)
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
			if !errors.Is(z.Err(), io.EOF) {
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

// Values come from people, some of them hostile: they add no header, no paragraph, no markup and no tag.
func TestUnkindValues(t *testing.T) {
	const unkind = "  \"Bob\" <b onload='x'>\r\nBcc: all@example.com\n\n{{link}} 👩‍👩‍👧 \u202Eevil\u2066 \x00\x7f\u2028 ]]> \xff"
	forEachLetter(t, func(t *testing.T, letter, language string) {
		calm := usual()
		f := calm
		f.FirstName, f.Inviter, f.Customer, f.Role, f.Username, f.Provider = unkind, unkind, unkind, unkind, unkind, unkind
		f.Reason = strings.NewReplacer("\r", "", "\n", " ").Replace(unkind) + "\nTwo lines." // its own lines stay lines
		f.Waiting = []mail.Waiting{{Name: unkind, Email: unkind, Since: f.At}, {Name: "B", Email: "b@example.com", Since: f.At}}
		f.Expired = []mail.Expired{{Email: unkind, Customer: unkind, ExpiredAt: f.At}, {Email: "b@example.com", Customer: "B", ExpiredAt: f.At}}
		m, want := render(t, f.letter(t, letter), language), render(t, calm.letter(t, letter), language)

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
	reset := mail.PasswordReset{Common: mail.Common{Provider: "P", ProfileURL: "https://p.example"}, Username: "u", ExpiresAt: time.Unix(1, 0)}
	for _, link := range []string{"", "javascript:alert(1)", "data:text/html,x", "//evil.example", "/invitation", "https://", "https://a b.example", "mailto:a@b.example"} {
		reset.Link = link
		if m, err := mail.Render(reset, "en"); err == nil {
			t.Errorf("%q was taken for a link:\n%s", link, m.Text)
		}
	}
	reset.Link = "http://localhost:8401/password?a=1&b=\"><script>#x"
	if m := render(t, reset, "en"); !strings.Contains(m.HTML, "?a=1&amp;b=&#34;&gt;&lt;script&gt;#x") || !strings.Contains(m.Text, reset.Link) {
		t.Error("a link is not escaped in HTML, or not kept in text")
	}
}

func TestMissingValues(t *testing.T) {
	empty := map[string]func(*facts){
		"Customer": func(f *facts) { f.Customer = " \n" }, "Role": func(f *facts) { f.Role = "" }, "Username": func(f *facts) { f.Username = "" },
		"Token": func(f *facts) { f.Token, f.Password = "", "" }, "At": func(f *facts) { f.At = time.Time{} }, "Expired": func(f *facts) { f.Expired = nil }, "Waiting": func(f *facts) { f.Waiting = nil },
		"Provider": func(f *facts) { f.Provider = "" }, "Portal": func(f *facts) { f.Portal, f.Console = "", "" },
	}
	needs := map[string][]string{
		"invitation":                  {"Customer", "Token", "At", "Provider", "Portal"},
		"invitation-staff":            {"Role", "Token", "At", "Provider", "Portal"},
		"invitation-address-in-use":   {"Customer", "Provider", "Portal"},
		"invitation-address-taken":    {"Customer", "Provider", "Portal"},
		"expired-digest":              {"Expired", "Provider", "Portal"},
		"password-reset":              {"Username", "Token", "At", "Provider", "Portal"},
		"password-changed":            {"Username", "At", "Provider", "Portal"},
		"user-registration":           {"Customer", "Username", "Token", "At", "Provider", "Portal"},
		"password-link":               {"Username", "Token", "At", "Provider", "Portal"},
		"user-registration-temporary": {"Customer", "Username", "Token", "At", "Provider", "Portal"},
		"password-temporary":          {"Username", "Token", "At", "Provider", "Portal"},
		"email-change-confirm":        {"Token", "At", "Provider", "Portal"},
		"email-change-announced":      {"Username", "At", "Provider", "Portal"},
		"email-changed":               {"Username", "At", "Provider", "Portal"},
		"registration-confirm":        {"Token", "At", "Provider", "Portal"},
		"registration-known":          {"Username", "Provider", "Portal"},
		"registration-invited":        {"Provider", "Portal"},
		"registration-waiting":        {"Provider", "Portal"},
		"registration-disapproved":    {"Provider", "Portal"},
		"approval-reminder":           {"Waiting", "Provider", "Portal"},
	}
	forEachLetter(t, func(t *testing.T, letter, language string) {
		for _, missing := range needs[letter] {
			f := usual()
			empty[missing](&f)
			if _, err := mail.Render(f.letter(t, letter), language); err == nil {
				t.Errorf("nobody missed %s", missing)
			}
		}
		f := usual()
		f.FirstName, f.Inviter = " ", ""
		m := render(t, f.letter(t, letter), language)
		if want := map[string]string{"en": "Hello,\n", "de": "Guten Tag,\n"}[language]; !strings.HasPrefix(m.Text, want) {
			t.Errorf("without a first name the letter begins with %q", m.Text[:20])
		}
		if strings.HasPrefix(letter, "invitation") && !strings.HasPrefix(letter, "invitation-address-") && !strings.HasPrefix(m.Subject, f.Provider) {
			t.Errorf("without an inviter, the provider invites: %q", m.Subject)
		}
	})
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
	f := usual()
	f.At = f.At.In(time.FixedZone("elsewhere", 11*3600))
	for language, want := range map[string]string{"en": "12 March 2026, 14:05 UTC", "de-AT": "12. März 2026, 14:05 Uhr (UTC)"} {
		if m := render(t, f.letter(t, "invitation"), language); !strings.Contains(strings.Join(strings.Fields(m.Text), " "), want) {
			t.Errorf("no %q in %s", want, m.Text)
		}
	}
}

func TestDigestIsNoBook(t *testing.T) {
	l := usual().letter(t, "expired-digest").(mail.ExpiredDigest)
	l.More = 23
	for language, more := range map[string]string{"en": "… and 23 more", "de": "… und 23 weitere"} {
		m := render(t, l, language)
		if !strings.Contains(m.Text, "\n"+more+"\n") || !strings.Contains(m.HTML, "<br>\n"+more+"<") || !strings.Contains(m.Subject, "25") {
			t.Errorf("%s: %s\n%s", language, m.Subject, m.Text)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	l := usual().letters()[0]
	for b.Loop() {
		if _, err := mail.Render(l, "de"); err != nil {
			b.Fatal(err)
		}
	}
}
