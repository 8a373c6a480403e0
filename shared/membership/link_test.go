package membership_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

func testKeys(t testing.TB, secret string) membership.Keys {
	t.Helper()
	k, err := membership.NewKeys([]byte(strings.Repeat(secret, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sampleLink() membership.Link {
	return membership.Link{Purpose: membership.PurposeInvitation, ID: "0198c0de-0000-7000-8000-000000000001", Version: 3,
		ExpiresAt: time.Date(2026, 3, 9, 9, 30, 0, 0, time.UTC), Address: "ann@example.com"}
}

func TestLinkProvesItsFactsAndNothingElse(t *testing.T) {
	keys, l := testKeys(t, "s"), sampleLink()
	text := keys.Token(l)
	token, err := membership.ParseToken(text)
	if err != nil || !keys.Verify(token, l) {
		t.Fatalf("a good link is refused: %v", err)
	}
	if token, err = membership.ParseToken("  " + text + "\n"); err != nil || !keys.Verify(token, l) {
		t.Errorf("with space around it is refused: %v", err)
	}
	for what, change := range map[string]func(*membership.Link){
		"purpose":         func(l *membership.Link) { l.Purpose = membership.PurposePasswordReset },
		"cursor purpose":  func(l *membership.Link) { l.Purpose = membership.PurposeCursor },
		"expiry":          func(l *membership.Link) { l.ExpiresAt = l.ExpiresAt.Add(time.Second) },
		"earlier expiry":  func(l *membership.Link) { l.ExpiresAt = l.ExpiresAt.Add(-time.Second) },
		"address":         func(l *membership.Link) { l.Address = "bob@example.com" },
		"address cut":     func(l *membership.Link) { l.Address = "ann@example.co" },
		"no address":      func(l *membership.Link) { l.Address = "" },
		"address and NUL": func(l *membership.Link) { l.Address += "\x00" },
	} {
		other := l
		change(&other)
		if keys.Verify(token, other) {
			t.Errorf("the link holds for another %s", what)
		}
	}
	for what, text := range map[string]string{
		"id":      strings.Replace(text, "0001.", "0002.", 1),
		"version": strings.Replace(text, ".3.", ".4.", 1),
	} {
		other, err := membership.ParseToken(text)
		if err == nil && keys.Verify(other, l) {
			t.Errorf("the link holds for another %s", what)
		}
	}
	if testKeys(t, "t").Verify(token, l) {
		t.Error("the link holds under another secret")
	}
	later := l
	later.ExpiresAt = l.ExpiresAt.In(time.FixedZone("x", 3600))
	if !keys.Verify(token, later) {
		t.Error("the same moment in another zone is refused")
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	keys, l := testKeys(t, "s"), sampleLink()
	text := keys.Token(l)
	flips := 0
	for i := range len(text) * 8 {
		b := []byte(text)
		b[i/8] ^= 1 << (i % 8)
		token, err := membership.ParseToken(string(b))
		if err != nil {
			if !errors.Is(err, membership.ErrBadLink) {
				t.Fatalf("bit %d: %v", i, err)
			}
			continue
		}
		flips++
		facts := l
		facts.ID, facts.Version = token.ID, token.Version // even if such an invitation existed
		if keys.Verify(token, facts) {
			t.Fatalf("bit %d of %q may be flipped: %q", i, text, b)
		}
	}
	if flips == 0 {
		t.Error("no flipped token was parsed; the test shows nothing")
	}
	for n := range len(text) {
		if token, err := membership.ParseToken(text[:n]); err == nil && keys.Verify(token, l) {
			t.Errorf("cut off after %d characters it holds", n)
		}
	}
}

func TestTokensOfNoKind(t *testing.T) {
	good := testKeys(t, "s").Token(sampleLink())
	parts := strings.Split(good, ".")
	for _, bad := range []string{
		"", ".", "..", "...", "x", "a.b.c", "a.1.", ".1." + parts[2], good + ".", "." + good, good + "=", good + "A", strings.ToUpper(good) + "x",
		parts[0] + ".0." + parts[2], parts[0] + ".-1." + parts[2], parts[0] + ".+3." + parts[2], parts[0] + ".03." + parts[2], parts[0] + ". 3." + parts[2],
		parts[0] + ".3.0." + parts[2], parts[0] + ".99999999999999999999." + parts[2], parts[0] + ".3." + parts[2][:42], parts[0] + ".3." + parts[2] + "AA",
		parts[0] + ".٣." + parts[2], strings.Repeat("a", 65) + ".3." + parts[2], strings.Repeat("a", 10_000), strings.Repeat(".", 10_000),
		parts[0] + ".3." + strings.Replace(parts[2], parts[2][:1], "+", 1), "https://portal.example/invitation#" + good, good[:60] + "\n" + good[60:],
	} {
		if _, err := membership.ParseToken(bad); !errors.Is(err, membership.ErrBadLink) {
			t.Errorf("%.80q: %v", bad, err)
		}
	}
}

// There is one spelling of a token, so that logs, limits and comparisons of tokens cannot be led astray.
func FuzzParseToken(f *testing.F) {
	keys, l := testKeys(f, "s"), sampleLink()
	f.Add(keys.Token(l))
	f.Add("a.1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("a.+1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB")
	f.Add(" a.007.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= ")
	f.Add("..")
	good := keys.Token(l)
	f.Add(good[:60] + "\r\n" + good[60:])
	f.Fuzz(func(t *testing.T, s string) {
		token, err := membership.ParseToken(s)
		if err != nil {
			if !errors.Is(err, membership.ErrBadLink) {
				t.Fatal(err)
			}
			return
		}
		if token.Version < 1 || token.ID == "" || len(token.ID) > 64 {
			t.Errorf("%q became %+v", s, token)
		}
		if prefix := fmt.Sprintf("%s.%d.", token.ID, token.Version); !strings.HasPrefix(strings.TrimSpace(s), prefix) {
			t.Errorf("%q is another spelling of %s…", s, prefix)
		}
		if keys.Verify(token, l) && strings.TrimSpace(s) != keys.Token(l) {
			t.Errorf("%q is a forged %q", s, keys.Token(l))
		}
	})
}

func TestKeysOfPurposesDiffer(t *testing.T) {
	keys := testKeys(t, "s")
	seen := map[string]membership.Purpose{}
	for _, p := range []membership.Purpose{membership.PurposeInvitation, membership.PurposePasswordReset, membership.PurposeCursor, "", "invitation "} {
		k := string(keys.For(p))
		if other, twice := seen[k]; twice || len(k) != 32 {
			t.Errorf("%q and %q have one key", p, other)
		}
		seen[k] = p
	}
	for _, n := range []int{0, 16, 31} {
		if _, err := membership.NewKeys(make([]byte, n)); err == nil {
			t.Errorf("a secret of %d bytes is taken", n)
		}
	}
}

// A link of one kind opens nothing of the other, even for one id and version.
func TestLinksOfTheTwoKindsAreWorthNothingForEachOther(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Member)
	reset := w.resetToken("alpha-member", membership.PortalDoor)
	if _, err := w.signIn.InspectReset(w.ctx, w.public(), w.token(inv.ID)); membership.CodeOf(err) != "invalid_token" {
		t.Errorf("an invitation's link at the password page: %v", err)
	}
	if _, err := w.invitations.Inspect(w.ctx, w.public(), reset); membership.CodeOf(err) != "invalid_token" {
		t.Errorf("a password link at the invitation page: %v", err)
	}
	// A stolen id is no link: the MAC is over the address that the mail went to.
	forged := w.keys.Token(membership.Link{Purpose: membership.PurposeInvitation, ID: inv.ID, Version: inv.LinkVersion, ExpiresAt: inv.ExpiresAt, Address: "thief@example.com"})
	if _, err := w.invitations.Inspect(w.ctx, w.public(), forged); membership.CodeOf(err) != "invalid_token" {
		t.Errorf("a link of another address: %v", err)
	}
	newer := w.keys.Token(membership.Link{Purpose: membership.PurposeInvitation, ID: inv.ID, Version: inv.LinkVersion + 1, ExpiresAt: inv.ExpiresAt, Address: inv.Email})
	if _, err := w.invitations.Inspect(w.ctx, w.public(), newer); membership.CodeOf(err) != "invalid_token" {
		t.Errorf("a link of a version to come: %v", err)
	}
}
