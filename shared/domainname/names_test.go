package domainname

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"clientele/shared/domainname/domainnametest"
	"clientele/shared/membership"
)

// What a real name server answers, over UDP.
func TestTXT(t *testing.T) {
	server, err := domainnametest.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	names := New(server.Address())
	long := strings.Repeat("v=spf1 ", 50) // in two strings
	server.Set("_clientele.two.example", "first", long)
	server.Set("_clientele.Upper.example.", "text")
	for name, want := range map[string][]string{
		"_clientele.two.example": {"first", long}, "_clientele.upper.example": {"text"}, "_clientele.none.example": nil,
	} {
		got, err := names.TXT(t.Context(), name)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, code := range []dnsmessage.RCode{dnsmessage.RCodeServerFailure, dnsmessage.RCodeRefused} {
		server.Break("_clientele.broken.example", code)
		if got, err := names.TXT(t.Context(), "_clientele.broken.example"); membership.CodeOf(err) != "dns_unavailable" || got != nil {
			t.Errorf("%v: %q, %v", code, got, err)
		}
	}
	server.Set("_clientele.broken.example")
	if got, err := names.TXT(t.Context(), "_clientele.broken.example"); err != nil || got != nil {
		t.Errorf("gone: %q, %v", got, err)
	}
}

// A server that does not answer costs no more than our patience, nor one that answers nonsense.
func TestTXTOfASilentServer(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	names := New(silent.LocalAddr().String())
	names.patience = 50 * time.Millisecond
	if _, err := names.TXT(t.Context(), "_clientele.silent.example"); membership.CodeOf(err) != "dns_unavailable" {
		t.Errorf("got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := names.TXT(ended, "_clientele.silent.example"); membership.CodeOf(err) != "dns_unavailable" {
		t.Errorf("got %v", err)
	}
}

func TestPublicMail(t *testing.T) {
	for domain, want := range map[string]bool{
		"gmail.com": true, "mail.gmail.com": true, "gmx.de": true, "web.de": true, "t-online.de": true, "mailbox.org": true, "outlook.com": true,
		"tuta.com": true, "example.onmicrosoft.com": true, "mailinator.com": true, "notgmail.com": false, "gmail.com.example": false,
		"example.com": false, "sommer.example": false, "com": false, "": false,
	} {
		if got := New("").PublicMail(domain); got != want {
			t.Errorf("%q: %v", domain, got)
		}
	}
}

// Every line is found, and the list is in the order and form in which it is searched.
func TestMailHosts(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(mailHosts, "\n"), "\n")
	if len(lines) < 10_000 || !slices.IsSorted(lines) {
		t.Fatalf("%d lines, in order: %v", len(lines), slices.IsSorted(lines))
	}
	for _, line := range lines {
		if !listed(line) {
			t.Errorf("%q is not found", line)
		}
		if folded := membership.FoldDomain(line); folded != line && folded != "" {
			t.Errorf("%q folds to %q", line, folded)
		}
	}
}

func TestPublicSuffix(t *testing.T) {
	for domain, want := range map[string]bool{
		"com": true, "co.uk": true, "github.io": true, "sommer.github.io": false, "example.com": false, "example.co.uk": false, "example.unknowntld": false,
		"compute.amazonaws.com": false, "sapporo.jp": false,
	} {
		if got := New("").PublicSuffix(domain); got != want {
			t.Errorf("%q: %v", domain, got)
		}
	}
}
