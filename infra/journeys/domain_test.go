package journeys_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// publish makes the local cloud's name server answer with these TXT records; no texts remove the name.
func publish(t testing.TB, s stack, name string, texts ...string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.Mailbox+"/dns/"+name, strings.NewReader(strings.Join(texts, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	w, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = w.Body.Close()
	if w.StatusCode != http.StatusNoContent {
		t.Fatalf("publish %s: %d", name, w.StatusCode)
	}
}

// A domain is claimed by two customers, proven by one through a real name server, lost, and proven by the other.
func TestDomains(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	mine, theirs := newCustomer(staff, "Sommer GmbH"), newCustomer(staff, "Winter GmbH")
	boss, _ := join(staff, mine, address("boss"), "administrator")
	agent, _ := join(staff, "provider", address("agent"), "agent")
	name := "sommer-" + strings.ReplaceAll(uuid.NewString(), "-", "")[:12] + ".example"
	list := "/customers/" + mine + "/domains"
	domain, theirDomain := list+"/"+name, "/customers/"+theirs+"/domains/"+name

	claimed := boss.must(201, "POST", list, map[string]string{"domain": "@" + strings.ToUpper(name)}, "Idempotency-Key", "claim "+name)
	boss.must(201, "POST", list, map[string]string{"domain": "@" + strings.ToUpper(name)}, "Idempotency-Key", "claim "+name)
	boss.refused(409, "domain_claimed", "POST", list, map[string]string{"domain": name})
	other := staff.must(201, "POST", "/customers/"+theirs+"/domains", map[string]string{"domain": name})
	if claimed.text("name") != name || claimed.text("proven") != "false" || claimed.text("recordName") != "_clientele."+name || claimed.text("recordValue") == other.text("recordValue") {
		t.Fatalf("claimed %s and %s", claimed.raw, other.raw)
	}
	for typed, code := range map[string]string{"gmail.com": "public_mail_domain", "mail.gmx.de": "public_mail_domain", "co.uk": "public_suffix", "github.io": "public_suffix", "192.0.2.1": "invalid_domain", "x": "invalid_domain"} {
		boss.refused(400, code, "POST", list, map[string]string{"domain": typed})
	}
	agent.refused(403, "forbidden", "POST", list, map[string]string{"domain": "other.example"})
	agent.refused(403, "forbidden", "POST", domain+"/verify", nil)
	if got := agent.must(200, "GET", list, nil).items("items"); len(got) != 1 || got[0]["name"] != name {
		t.Errorf("the agent sees %v", got)
	}

	if a := boss.must(200, "POST", domain+"/verify", nil); a.text("result") != "no_record" || a.text("domain.proven") != "false" {
		t.Errorf("before the record: %s", a.raw)
	}
	publish(t, s, claimed.text("recordName"), "v=spf1 -all", other.text("recordValue"))
	if a := boss.must(200, "POST", domain+"/verify", nil); a.text("result") != "other_record" || !strings.Contains(string(a.raw), "v=spf1 -all") {
		t.Errorf("with another record: %s", a.raw)
	}
	publish(t, s, claimed.text("recordName"), "v=spf1 -all", other.text("recordValue"), claimed.text("recordValue"))
	if a := boss.must(200, "POST", domain+"/verify", nil); a.text("result") != "proven" || a.text("domain.provenAt") == "" {
		t.Errorf("with the record: %s", a.raw)
	}
	staff.refused(409, "domain_in_use", "POST", theirDomain+"/verify", nil)
	publish(t, s, claimed.text("recordName"), other.text("recordValue"))
	if a := staff.must(200, "POST", domain+"/verify", nil); a.text("result") != "other_record" || a.text("domain.proven") != "false" {
		t.Errorf("the record is gone: %s", a.raw)
	}
	staff.must(200, "POST", theirDomain+"/verify", nil)
	boss.must(204, "DELETE", domain, nil)
	boss.refused(404, "not_found", "DELETE", domain, nil)
	if got := staff.must(200, "GET", "/customers/"+theirs+"/domains", nil).items("items"); len(got) != 1 || got[0]["proven"] != true {
		t.Errorf("theirs are %v", got)
	}
}
