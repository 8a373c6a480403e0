package journeys_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"gopkg.in/yaml.v3"
)

// Every route of the contract that takes an id answers 404 for another customer's id, whoever of a customer asks.
func TestForeignIDs(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	mine, theirs := newCustomer(staff, "Ours Ltd"), newCustomer(staff, "Foreign Secret Ltd")
	foreigner, foreignUser := join(staff, theirs, address("foreign"), "administrator")
	foreignInvitation := invite(staff, theirs, address("foreign"), "member")
	foreignSub := staff.must(201, "POST", "/customers/"+theirs+"/subaccounts", map[string]string{"name": "Foreign Depot"}).text("id")

	foreignDomain := "foreign-depot-" + strings.ReplaceAll(uuid.NewString(), "-", "")[:12] + ".example"
	staff.must(201, "POST", "/customers/"+theirs+"/domains", map[string]string{"domain": foreignDomain})

	foreignExport := foreigner.must(201, "POST", "/exports", `{}`).text("id")
	foreignImport := foreigner.must(201, "POST", "/imports", map[string]string{"customerId": theirs, "fileName": "foreign.csv"}).text("id")
	foreignGroup, _ := newGroup(staff, "Foreign Group")
	staff.must(204, "PUT", "/groups/"+foreignGroup+"/customers/"+theirs, nil)
	settingsOf(staff)(map[string]any{"selfRegistration": true, "registrationNeedsApproval": true})
	foreignRegistration, _ := registered(t, s, address("foreign"))

	replace := strings.NewReplacer("{customerId}", theirs, "{userId}", foreignUser, "{invitationId}", foreignInvitation, "{subaccountId}", foreignSub, "{groupId}", foreignGroup, "{exportId}", foreignExport, "{importId}", foreignImport, "{domainName}", foreignDomain, "{registrationId}", foreignRegistration)
	bodies := map[string]any{
		"PATCH /customers/{customerId}": map[string]string{"name": "Taken"}, "POST /customers/{customerId}/subaccounts": map[string]string{"name": "Taken"},
		"PATCH /customers/{customerId}/subaccounts/{subaccountId}": map[string]string{"name": "Taken"},
		"POST /customers/{customerId}/domains":                     map[string]string{"domain": "taken.example"},
		"PATCH /users/{userId}":                                    map[string]string{"firstName": "Taken"},
		"POST /users/{userId}/password":                            map[string]string{"mode": "link"},
		"PATCH /groups/{groupId}":                                  map[string]string{"name": "Taken"},
		"POST /imports/{importId}/confirm":                         map[string]bool{"update": true},
		"PUT /users/{userId}/avatar":                               map[string]string{"contentType": "image/png"},
	}
	routes := contract(t)
	tried := 0
	for _, role := range []string{"member", "moderator", "administrator"} {
		user, _ := join(staff, mine, address(role), role)
		for _, route := range routes {
			method, path, _ := strings.Cut(route, " ")
			if !strings.Contains(path, "{") {
				continue
			}
			tried++
			headers := []string{}
			if method == "PATCH" || method == "DELETE" {
				headers = []string{"If-Match", `"1"`}
			}
			a := user.call(method, replace.Replace(path), bodies[route], headers...)
			if a.status != 404 {
				t.Errorf("%s as %s: %d instead of 404: %s", route, role, a.status, a.raw)
			}
			for _, secret := range []string{"Foreign Secret", "Foreign Depot", "Foreign Group", "foreign.", "foreign-depot"} {
				if strings.Contains(string(a.raw), secret) {
					t.Errorf("%s as %s: foreign bytes: %s", route, role, a.raw)
				}
			}
		}
		for _, list := range []string{"/users?customer=" + theirs, "/invitations?customer=" + theirs, "/registrations?customer=" + theirs, "/settings", "/embeds/registration"} {
			if a := user.call("GET", list, nil); a.status != 404 && a.status != 403 {
				t.Errorf("GET %s as %s: %d: %s", list, role, a.status, a.raw)
			}
		}
		a := user.call("POST", "/invitations", map[string]any{"customerId": theirs, "invitees": []map[string]string{{"email": address("x")}}})
		if a.status != 404 {
			t.Errorf("invite into a foreign customer as %s: %d: %s", role, a.status, a.raw)
		}
		row := user.call("POST", "/approvals", map[string]any{"registrationIds": []string{foreignRegistration}, "decision": "disapprove"})
		if role == "administrator" && (row.status != 200 || row.items("results")[0]["code"] != "not_found") || role != "administrator" && row.status != 403 {
			t.Errorf("decide about a foreign registration as %s: %d: %s", role, row.status, row.raw)
		}
		if a := user.call("GET", "/customers", nil); strings.Contains(string(a.raw), "Foreign") {
			t.Errorf("list of customers as %s: %s", role, a.raw)
		}
		if a := user.call("POST", "/customers", map[string]string{"name": "Mine", "type": "corporate"}); a.status != 403 {
			t.Errorf("create a customer as %s: %d: %s", role, a.status, a.raw)
		}
	}
	if tried == 0 {
		t.Fatal("no route was tried")
	}
	for _, unknown := range []string{"/users/unknown", "/customers/unknown", "/invitations/unknown", "/users/" + strings.Repeat("x", 300)} {
		if a := staff.call("GET", unknown, nil); a.status != 404 {
			t.Errorf("GET %.40s: %d: %s", unknown, a.status, a.raw)
		}
	}
}

// Who may invite whom, and who may do what to users.
func TestRoles(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Roles Ltd")
	boss, _ := join(staff, customer, address("boss"), "administrator")
	moderator, _ := join(staff, customer, address("moderator"), "moderator")
	member, memberID := join(staff, customer, address("member"), "member")
	agent, agentID := join(staff, "provider", address("agent"), "agent")

	one := func(role string) map[string]any {
		return map[string]any{"customerId": customer, "role": role, "invitees": []map[string]string{{"email": address("new")}}}
	}
	for _, c := range []struct {
		who  string
		c    caller
		role string
		code string // "" means success
	}{
		{"administrator", boss, "administrator", ""}, {"moderator", moderator, "member", ""}, {"moderator", moderator, "moderator", "role_not_allowed"},
		{"moderator", moderator, "administrator", "role_not_allowed"}, {"agent", agent, "administrator", ""}, {"administrator", boss, "agent", "invalid_role"},
	} {
		row := c.c.must(200, "POST", "/invitations", one(c.role)).items("results")[0]
		if code, _ := row["code"].(string); code != c.code {
			t.Errorf("%s invites %s: %q instead of %q", c.who, c.role, code, c.code)
		}
	}
	member.refused(403, "forbidden", "POST", "/invitations", one("member"))
	member.refused(403, "forbidden", "GET", "/users", nil)
	moderator.refused(403, "forbidden", "POST", "/users/"+memberID+"/deactivate", nil)
	agent.refused(403, "forbidden", "POST", "/customers", map[string]string{"name": "X", "type": "corporate"})
	agent.refused(403, "forbidden", "POST", "/users/"+memberID+"/deactivate", nil)
	agent.refused(403, "forbidden", "POST", "/invitations", map[string]any{"customerId": "provider", "role": "administrator", "invitees": []map[string]string{{"email": address("x")}}})
	agent.must(200, "GET", "/registrations", nil)
	agent.must(200, "GET", "/settings", nil)
	agent.refused(403, "forbidden", "PATCH", "/settings", map[string]any{}, "If-Match", `"1"`)
	boss.must(200, "GET", "/registrations", nil)
	for _, c := range []caller{member, moderator} {
		c.refused(403, "forbidden", "GET", "/registrations", nil)
		c.refused(403, "forbidden", "POST", "/approvals", map[string]any{"registrationIds": []string{"x"}, "decision": "approve"})
	}
	boss.must(200, "POST", "/users/"+memberID+"/deactivate", nil)
	boss.refused(404, "not_found", "GET", "/users/"+agentID, nil)
	staff.must(200, "POST", "/users/"+agentID+"/deactivate", nil)
	agent.refused(401, "sign_in_required", "GET", "/me", nil)
}

// contract returns "METHOD /path" of every route in openapi.yaml.
func contract(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]yaml.Node `yaml:"paths"`
	}
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	var routes []string
	for path, methods := range doc.Paths {
		for method := range methods {
			switch m := strings.ToUpper(method); m {
			case "GET", "POST", "PUT", "PATCH", "DELETE":
				routes = append(routes, m+" "+path)
			}
		}
	}
	return routes
}
