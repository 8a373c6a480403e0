package membership_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

func (w *world) domains(n names) membership.Domains {
	return membership.Domains{Store: w.store, Names: n, Keys: w.keys, NewID: w.id}
}

func TestFoldDomain(t *testing.T) {
	for typed, want := range map[string]string{
		"example.com": "example.com", " Example.COM. ": "example.com", "bücher.example": "xn--bcher-kva.example", "xn--bcher-kva.example": "xn--bcher-kva.example",
		"ex。ample.com": "ex.ample.com", "a-b.example": "a-b.example", "1and1.example": "1and1.example",
		"": "", "com": "", "192.0.2.1": "", "::1": "", "exa mple.com": "", "a..example": "", ".example.com": "", "example.com..": "", "*.example.com": "", "_dmarc.example.com": "",
		"https://example.com": "", "eva@example.com": "", "example.com/": "", "example.com#x": "", "-a.example": "", strings.Repeat("a", 64) + ".example": "",
		strings.Repeat("a.", 121) + "example": "", "\x00.example": "",
	} {
		if got := membership.FoldDomain(typed); got != want {
			t.Errorf("%q folds to %q, want %q", typed, got, want)
		}
	}
	for _, email := range []string{"eva@Bücher.example", "eva@xn--bcher-kva.EXAMPLE"} { // as addresses fold
		if got := membership.DomainOf(email); got != membership.FoldDomain("bücher.example") {
			t.Errorf("%q is of %q", email, got)
		}
	}
	if got := membership.DomainOf("nobody"); got != "nobody" && got != "" {
		t.Errorf("no address is of %q", got)
	}
}

// The text of the record fits one customer and one domain, and says neither.
func TestDomainRecord(t *testing.T) {
	w := newWorld(t)
	seen := map[string]string{}
	for _, of := range [][2]string{{"alpha", "a.example"}, {"alpha", "b.example"}, {"beta", "a.example"}, {"beta", "b.example"}} {
		text := w.keys.DomainRecord(of[0], of[1])
		if other, there := seen[text]; there || len(text) > 255 || strings.Contains(text, of[0]) || strings.Contains(text, of[1]) {
			t.Errorf("%v: %q (as %s)", of, text, other)
		}
		seen[text] = fmt.Sprint(of)
		if again := w.keys.DomainRecord(of[0], of[1]); again != text {
			t.Errorf("%v: %q, then %q", of, text, again)
		}
	}
}

func TestClaimAndProveADomain(t *testing.T) {
	w := newWorld(t)
	zone := names{}
	ds := w.domains(zone)
	boss := w.as("alpha", membership.Administrator)
	d, err := ds.Claim(w.ctx, boss, "alpha", " @Sommer.example. ")
	if err != nil || d.Name != "sommer.example" || d.Proven() || d.RecordName() != "_clientele.sommer.example" {
		t.Fatalf("claimed %+v, %v", d, err)
	}
	wantCode(t, second(ds.Claim(w.ctx, boss, "alpha", "sommer.example")), "domain_claimed")
	if d, err := ds.Claim(w.ctx, w.staff(), "beta", "sommer.example"); err != nil || d.CustomerID != "beta" {
		t.Fatalf("a second claim: %+v, %v", d, err)
	}
	verify := func(customer, want string, result membership.DomainResult, found ...string) membership.Domain {
		t.Helper()
		check, err := ds.Verify(w.ctx, w.staff(), customer, "sommer.example")
		if wantCode(t, err, want); err == nil && (check.Result != result || !slices.Equal(check.Found, found)) {
			t.Errorf("%s: %q, found %q", customer, check.Result, check.Found)
		}
		return check.Domain
	}
	entries := len(w.store.audit)
	verify("alpha", "", membership.DomainNoRecord)
	zone["_clientele.sommer.example"] = []string{"v=spf1\x00\u202e-all", w.keys.DomainRecord("beta", "sommer.example")}
	verify("alpha", "", membership.DomainOtherRecord, "v=spf1��-all", w.keys.DomainRecord("beta", "sommer.example"))
	if len(w.store.audit) != entries {
		t.Errorf("looking in vain was recorded: %+v", w.store.audit[entries:])
	}
	if d := verify("beta", "", membership.DomainProven); !d.ProvenAt.Equal(start.Truncate(time.Second)) {
		t.Errorf("proven %+v", d)
	}
	mine := w.keys.DomainRecord("alpha", "sommer.example")
	zone["_clientele.sommer.example"] = append(zone["_clientele.sommer.example"], mine)
	verify("alpha", "domain_in_use", "")

	// Checked again: still there, then silent, then gone.
	w.now = w.now.Add(time.Hour)
	if d := verify("beta", "", membership.DomainProven); !d.ProvenAt.Equal(start.Truncate(time.Second)) || !d.CheckedAt.After(d.ProvenAt) {
		t.Errorf("looked at again %+v", d)
	}
	zone["_clientele.sommer.example"] = []string{mine}
	if d := verify("beta", "", membership.DomainOtherRecord, mine); d.Proven() {
		t.Errorf("gone %+v", d)
	}
	verify("alpha", "", membership.DomainProven)
	if err := ds.Remove(w.ctx, w.staff(), "alpha", "Sommer.example"); err != nil || w.store.owners["sommer.example"] != "" {
		t.Errorf("removed: %v, %v", err, w.store.owners)
	}
	var actions []string
	for _, e := range w.store.audit[entries-2:] {
		actions = append(actions, e.Action+" "+e.CustomerID)
	}
	if want := []string{"domain.claimed alpha", "domain.claimed beta", "domain.verified beta", "domain.verified beta", "domain.lost beta", "domain.verified alpha", "domain.removed alpha"}; !slices.Equal(actions, want) {
		t.Errorf("recorded %v", actions)
	}
}

// A proven domain stays proven while its name servers are silent.
func TestSilentNameServers(t *testing.T) {
	w := newWorld(t)
	ds := w.domains(names{})
	d := membership.Domain{CustomerID: "alpha", Name: "silent.example", CreatedAt: start, ProvenAt: start, CheckedAt: start, Version: 2}
	w.store.claims["alpha|silent.example"], w.store.owners["silent.example"] = d, "alpha"
	wantCode(t, second(ds.Verify(w.ctx, w.staff(), "alpha", "silent.example")), "dns_unavailable")
	if got := w.store.claims["alpha|silent.example"]; got != d {
		t.Errorf("changed to %+v", got)
	}
}

func TestDomainsThatCannotBeClaimed(t *testing.T) {
	w := newWorld(t)
	ds := w.domains(names{})
	for domain, code := range map[string]string{
		"": "invalid_domain", "localhost": "invalid_domain", "eva@sommer.example": "invalid_domain", "mailhost.example": "public_mail_domain",
		"Mail.Mailhost.example": "public_mail_domain", "co.example": "public_suffix",
	} {
		wantCode(t, second(ds.Claim(w.ctx, w.staff(), "alpha", domain)), code)
	}
	w.store.customers["solo"] = membership.Customer{ID: "solo", Name: "Solo", Type: membership.Individual, Status: membership.CustomerActive, Version: 1}
	wantCode(t, second(ds.Claim(w.ctx, w.staff(), "solo", "solo.example")), "customer_is_individual")
	wantCode(t, second(ds.Claim(w.ctx, w.staff(), "nobody", "solo.example")), "not_found")
	wantCode(t, second(ds.Claim(w.ctx, w.staff(), membership.ProviderID, "provider.example")), "forbidden")
	wantCode(t, second(ds.Verify(w.ctx, w.staff(), "alpha", "never.example")), "not_found")
	wantCode(t, ds.Remove(w.ctx, w.staff(), "alpha", "never.example"), "not_found")
	for n := range membership.MaxDomains {
		if _, err := ds.Claim(w.ctx, w.staff(), "alpha", fmt.Sprintf("d%d.example", n)); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, second(ds.Claim(w.ctx, w.staff(), "alpha", "last.example")), "too_many_domains")
}

// Nobody can make us ask foreign name servers without end.
func TestChecksAreLimited(t *testing.T) {
	w := newWorld(t)
	ds := w.domains(names{})
	if _, err := ds.Claim(w.ctx, w.staff(), "alpha", "sommer.example"); err != nil {
		t.Fatal(err)
	}
	for range 60 {
		if _, err := ds.Verify(w.ctx, w.staff(), "alpha", "sommer.example"); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, second(ds.Verify(w.ctx, w.staff(), "alpha", "sommer.example")), "too_many_requests")
	w.now = w.now.Add(time.Hour)
	wantCode(t, second(ds.Verify(w.ctx, w.staff(), "alpha", "sommer.example")), "")
}

func TestDomainsOfOthers(t *testing.T) {
	w := newWorld(t)
	ds := w.domains(names{})
	if _, err := ds.Claim(w.ctx, w.staff(), "beta", "beta.example"); err != nil {
		t.Fatal(err)
	}
	for _, role := range membership.RolesOf("alpha") {
		c := w.as("alpha", role)
		for _, c := range []membership.Call{c, done(c)} {
			wantCode(t, second(ds.List(w.ctx, c, "beta")), "not_found")
			wantCode(t, second(ds.Claim(w.ctx, c, "beta", "x.example")), "not_found")
			wantCode(t, second(ds.Verify(w.ctx, c, "beta", "beta.example")), "not_found")
			wantCode(t, ds.Remove(w.ctx, c, "beta", "beta.example"), "not_found")
		}
	}
	for _, c := range []membership.Call{w.as("alpha", membership.Member), w.as("alpha", membership.Moderator), w.as(membership.ProviderID, membership.Agent)} {
		wantCode(t, second(ds.Claim(w.ctx, c, "alpha", "x.example")), "forbidden")
		wantCode(t, second(ds.Verify(w.ctx, c, "alpha", "x.example")), "forbidden")
		wantCode(t, ds.Remove(w.ctx, c, "alpha", "x.example"), "forbidden")
	}
}
