package inbound_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clientele/shared/inbound"
	"clientele/shared/membership"
)

// mail puts fields before a body; their line ends are those of SMTP.
func mail(fields ...string) []byte {
	return []byte(strings.Join(fields, "\r\n") + "\r\n\r\nFrom: body@example.org\r\n\r\nHello\r\n")
}

const from = "From: Maja Berg <maja@example.com>"

func outcome(err error) membership.MailOutcome {
	if fault := (*membership.MailFault)(nil); errors.As(err, &fault) {
		return fault.Outcome
	}
	if err != nil {
		return "another error"
	}
	return ""
}

func TestNamesAndSubjects(t *testing.T) {
	tests := map[string]struct {
		raw           []byte
		name, subject string
	}{
		"plain":                      {mail(from, "Subject: Access, please"), "Maja Berg", "Access, please"},
		"no name, no subject":        {mail("From: maja@example.com"), "", ""},
		"angle brackets only":        {mail("From: <maja@example.com>"), "", ""},
		"in quotes":                  {mail(`From: "Berg, Maja (Ms)" <maja@example.com>`, "Subject: x"), "Berg, Maja (Ms)", "x"},
		"name in a comment":          {mail("From: maja@example.com (Maja Berg)"), "Maja Berg", ""},
		"folded":                     {mail("From: Maja\r\n Berg\r\n\t<maja@example.com>", "Subject: one\r\n two\r\n\tthree"), "Maja Berg", "one two three"},
		"line ends of Unix":          {[]byte("From: Maja Berg <maja@example.com>\nSubject: x\n\nbody"), "Maja Berg", "x"},
		"no body":                    {[]byte("From: Maja Berg <maja@example.com>\r\nSubject: x"), "Maja Berg", "x"},
		"names in capitals, spaces":  {mail("FROM : Maja Berg <maja@example.com>", "sUBJECT:x"), "Maja Berg", "x"},
		"Q":                          {mail("From: =?iso-8859-1?Q?J=F6rg_M=FCller?= <maja@example.com>", "Subject: =?utf-8?q?Zugang_f=C3=BCr?=\r\n =?utf-8?q?_mich?="), "Jörg Müller", "Zugang für mich"},
		"B":                          {mail("From: =?UTF-8?B?w5hydW4gw4VzZQ==?= <maja@example.com>", "Subject: =?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?="), "Ørun Åse", "日本語"},
		"KOI8-R":                     {mail("From: =?koi8-r?B?68nSyczM?= <maja@example.com>"), "Кирилл", ""},
		"language after the charset": {mail("From: =?utf-8*de?Q?J=C3=B6rg?= <maja@example.com>"), "Jörg", ""},
		"unknown charset":            {mail("From: =?x-martian?Q?J=F6rg_Berg?= <maja@example.com>", "Subject: =?x-martian?Q?Zugang_f=FCr?="), "J?rg Berg", "Zugang f?r"},
		"wrong charset":              {mail("From: =?utf-8?Q?J=F6rg?= <maja@example.com>", "Subject: =?utf-8?Q?f=FCr?="), "Jrg", "fr"},
		"broken word":                {mail(from, "Subject: =?utf-8?B?!!!?= =?utf-8?Q?unended"), "Maja Berg", "=?utf-8?B?!!!?= =?utf-8?Q?unended"},
		"bytes of Windows":           {mail("From: J\xf6rg <maja@example.com>", "Subject: f\xfcr \x80 5"), "Jörg", "für € 5"},
		"bytes of UTF-8":             {mail("From: Jörg <maja@example.com>", "Subject: für"), "Jörg", "für"},
		"bytes as the body has them": {mail("From: \xeb\xc9\xd2\xc9\xcc\xcc <maja@example.com>", "Content-Type: text/plain; charset=koi8-r", "Subject: \xeb"), "Кирилл", "К"},
		"controls, turned text":      {mail("From: =?utf-8?Q?Maja=00=0D=0ABerg=E2=80=AE?= <maja@example.com>", "Subject: =?utf-8?Q?a=0D=0ABcc:_x=E2=80=A8b?="), "Maja Berg", "a Bcc: x b"},
		"long":                       {mail(from, "Subject: "+strings.Repeat("ab ", 400)), "Maja Berg", strings.TrimSpace(strings.Repeat("ab ", 100))},
		"very long":                  {mail(from, "Subject: "+strings.Repeat("=?utf-8?Q?=C3=BC?=\r\n ", 3000)), "Maja Berg", strings.Repeat("ü", 300)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			head, err := inbound.Read(test.raw)
			if err != nil {
				t.Fatal(err)
			}
			if head.Name != test.name || head.Subject != test.subject || head.Address != "maja@example.com" || head.Sender != "" {
				t.Errorf("read %q, %q, %q, %q", head.Name, head.Subject, head.Address, head.Sender)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	tests := map[string]struct{ from, want string }{
		"as written":         {"From: Maja.BERG+x@Example.COM", "Maja.BERG+x@Example.COM"},
		"IDN":                {"From: <maja@müller.example>", "maja@müller.example"},
		"A-label":            {"From: <maja@xn--mller-kva.example>", "maja@xn--mller-kva.example"},
		"8-bit local part":   {"From: <jörg@example.com>", "jörg@example.com"}, // refused where it is registered
		"spaces around":      {"From:   <maja@example.com>  ", "maja@example.com"},
		"comment in between": {"From: Maja <maja@(hidden)example.com>", ""},
		"address as a name":  {`From: "boss@example.org" <maja@example.com>`, "maja@example.com"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			head, err := inbound.Read(mail(test.from))
			if head.Address != test.want || (err == nil) != (test.want != "") {
				t.Errorf("read %q, %v", head.Address, err)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	tests := map[string]struct {
		raw  []byte
		want membership.MailOutcome
	}{
		"nothing":                {nil, membership.MailNoFrom},
		"no header":              {[]byte("\r\nFrom: maja@example.com\r\n\r\n"), membership.MailNoFrom},
		"no From":                {mail("Subject: x"), membership.MailNoFrom},
		"empty From":             {mail("From: "), membership.MailNoFrom},
		"empty brackets":         {mail("From: Maja <>"), membership.MailMalformed},
		"no address":             {mail("From: Maja Berg"), membership.MailMalformed},
		"two addresses":          {mail("From: maja@example.com, boss@example.org"), membership.MailSeveralFrom},
		"two Froms":              {mail(from, from), membership.MailRepeatsField},
		"From and FROM":          {mail(from, "FROM: boss@example.org"), membership.MailRepeatsField},
		"From and a spaced one":  {mail(from, "From : boss@example.org"), membership.MailRepeatsField},
		"two Senders":            {mail(from, "Sender: a@example.com", "Sender: b@example.com"), membership.MailRepeatsField},
		"two Subjects":           {mail(from, "Subject: a", "Subject: b"), membership.MailRepeatsField},
		"group":                  {mail("From: Us: maja@example.com;"), membership.MailSeveralFrom},
		"group of two":           {mail("From: Us: maja@example.com, boss@example.org;"), membership.MailSeveralFrom},
		"empty group":            {mail("From: Undisclosed:;"), membership.MailNoFrom},
		"two addresses as one":   {mail("From: boss@example.org <maja@example.com>"), membership.MailMalformed},
		"bracket in the address": {mail("From: <boss@example.org><maja@example.com>"), membership.MailMalformed},
		"NUL":                    {mail(from, "Subject: a\x00b"), membership.MailMalformed},
		"lone CR":                {mail(from, "Subject: a\rFrom: boss@example.org"), membership.MailMalformed},
		"lone CR as a line":      {mail("Subject: a\r\r\nFrom: boss@example.org", from), membership.MailMalformed},
		"line without a name":    {mail(from, "no field at all"), membership.MailMalformed},
		"mailbox format":         {mail("From maja@example.com Sat Jan  3 01:05:34 2026", from), membership.MailMalformed},
		"begins folded":          {mail(" x", from), membership.MailMalformed},
		"name with a space":      {mail(from, "Sub ject: a"), membership.MailMalformed},
		"endless From":           {mail("From: (" + strings.Repeat("x", 100_000) + ") maja@example.com"), membership.MailMalformed},
		"endless header":         {append([]byte(from+"\r\n"), strings.Repeat("X: y\r\n", 30_000)...), membership.MailTooLong},
		"endless line":           {append([]byte(from+"\r\nX: "), strings.Repeat("y", 200_000)...), membership.MailTooLong},
		"unreadable Sender":      {mail(from, "Sender: somebody"), membership.MailSenderDiffers},
		"empty Sender":           {mail(from, "Sender:"), membership.MailSenderDiffers},
		"two in Sender":          {mail(from, "Sender: a@example.com, b@example.com"), membership.MailSenderDiffers},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if head, err := inbound.Read(test.raw); outcome(err) != test.want {
				t.Errorf("read %q, %v", head.Address, err)
			}
		})
	}
}

// A header of more than MaxHead bytes is cut in the bucket: what is left must not look whole.
func TestLongestHead(t *testing.T) {
	fill := func(n int) []byte {
		start := from + "\r\nX: "
		return []byte(start + strings.Repeat("y", n-len(start)-len("\r\n\r\n")) + "\r\n\r\n")
	}
	if _, err := inbound.Read(append(fill(inbound.MaxHead-1), "body"...)[:inbound.MaxHead]); err != nil {
		t.Error(err)
	}
	if _, err := inbound.Read(fill(inbound.MaxHead + 3)[:inbound.MaxHead]); outcome(err) != membership.MailTooLong {
		t.Errorf("got %v", err)
	}
}

func TestFieldsOfRules(t *testing.T) {
	head, err := inbound.Read(mail("Return-Path: <maja@example.com>", from, "Sender: M <maja@example.com>", "Message-ID: <1@example.com>", "Received: a", "Received: b",
		"Auto-Submitted: no", "Content-Language: de-AT", "Content-Type: Text/Plain; charset=\"utf-8"))
	if err != nil {
		t.Fatal(err)
	}
	if head.Sender != "maja@example.com" || head.MessageID != "<1@example.com>" || head.Language != "de-AT" || len(head.Fields["received"]) != 2 ||
		head.Fields["auto-submitted"][0] != "no" || head.Fields["content-type"][0] != `Text/Plain; charset="utf-8` {
		t.Errorf("read %+v", head)
	}
	if head, _ := inbound.Read(mail(from, "Accept-Language: de, en;q=0.5")); head.Language != "de" {
		t.Errorf("language %q", head.Language)
	}
}

// mails are whole mails as servers hand them over.
func mails(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no mails: %v", err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = raw
	}
	return all
}

func TestWholeMails(t *testing.T) {
	type read struct {
		name, address, subject, language string
		fault                            membership.MailOutcome
	}
	want := map[string]read{
		"exchange.eml":   {"Berg, Maja", "maja.berg@example.com", "Zugang für Fjordfisk AS – bitte", "de-DE", ""},
		"phone.eml":      {"Jörg Müller", "joerg@xn--mller-kva.example", "Access please 🐟", "", ""},
		"broken.eml":     {"Old Client", "old@example.net", "Für Sie", "", ""},
		"crafted.eml":    {fault: membership.MailRepeatsField},
		"attachment.eml": {"", "scan@example.com", "Scanned from the 2nd floor", "", ""},
	}
	for name, raw := range mails(t) {
		head, err := inbound.Read(raw)
		got := read{head.Name, head.Address, head.Subject, head.Language, outcome(err)}
		if got != want[name] {
			t.Errorf("%s: read %+v", name, got)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}
