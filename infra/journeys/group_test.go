package journeys_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// newGroup creates a group with a name that nobody has used, and returns its id and name.
func newGroup(c caller, name string) (id, full string) {
	c.t.Helper()
	full = name + " " + uuid.NewString()[24:]
	return c.must(201, "POST", "/groups", map[string]string{"name": full}).text("id"), full
}

// members waits until a group is counted to have this many users and customers.
func members(c caller, groupID, users, customers string) {
	c.t.Helper()
	within(c.t, users+" users and "+customers+" customers in the group", func() bool {
		g := c.must(200, "GET", "/groups/"+groupID, nil)
		return g.text("members.users") == users && g.text("members.customers") == customers
	})
}

func TestGroups(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Grouped Ltd")
	email := address("grouped")
	_, userID := join(staff, customer, email, "member")
	id, name := newGroup(staff, "Key accounts")
	path := "/groups/" + id
	staff.refused(409, "group_name_in_use", "POST", "/groups", map[string]string{"name": strings.ToUpper(name)})

	staff.must(204, "PUT", path+"/users/"+userID, nil)
	staff.must(204, "PUT", path+"/users/"+userID, nil) // twice is no error
	staff.must(204, "PUT", path+"/customers/"+customer, nil)
	members(staff, id, "1", "1")
	if list := staff.must(200, "GET", path+"/customers", nil).items("items"); len(list) != 1 || list[0]["id"] != customer {
		t.Errorf("customers of the group: %v", list)
	}
	within(t, "the user on the group's list", func() bool {
		list := staff.must(200, "GET", "/users?group="+id, nil).items("items")
		return len(list) == 1 && list[0]["id"] == userID
	})
	if a := staff.refused(409, "group_not_empty", "DELETE", path, nil, "If-Match", `"1"`); !strings.Contains(a.text("detail"), "1 user and 1 customer.") {
		t.Errorf("refused without the numbers: %s", a.raw)
	}

	// An inactive group is not offered, takes no new members, and keeps those it has.
	staff.refused(428, "if_match_required", "PATCH", path, map[string]bool{"active": false})
	etag := staff.must(200, "PATCH", path, map[string]bool{"active": false}, "If-Match", `"1"`).header.Get("ETag")
	staff.refused(412, "changed_meanwhile", "PATCH", path, map[string]bool{"active": true}, "If-Match", `"1"`)
	chosen := func(active string) bool {
		for next := "?limit=200&active=" + active; ; {
			a := staff.must(200, "GET", "/groups"+next, nil)
			for _, g := range a.items("items") {
				if g["id"] == id {
					return true
				}
			}
			cursor, more := a.body["next"].(string)
			if !more {
				return false
			}
			next = "?limit=200&active=" + active + "&cursor=" + cursor
		}
	}
	within(t, "the group among the inactive ones only", func() bool { return !chosen("true") && chosen("false") })
	other, _ := join(staff, customer, address("late"), "administrator")
	otherID := other.must(200, "GET", "/me", nil).text("id")
	staff.refused(409, "group_gone", "PUT", path+"/users/"+otherID, nil)
	if u := staff.must(200, "GET", "/users/"+userID, nil); !strings.Contains(string(u.raw), id) {
		t.Errorf("the member has left: %s", u.raw)
	}

	staff.must(204, "DELETE", path+"/users/"+userID, nil)
	staff.must(204, "DELETE", path+"/users/"+userID, nil)
	staff.must(204, "DELETE", path+"/customers/"+customer, nil)
	members(staff, id, "0", "0")
	staff.must(204, "DELETE", path, nil, "If-Match", etag)
	staff.refused(404, "not_found", "GET", path, nil)
	staff.must(201, "POST", "/groups", map[string]string{"name": name})
}

func TestInviteIntoGroup(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Invited Into Ltd")
	boss, _ := join(staff, customer, address("boss"), "administrator")
	agent, _ := join(staff, "provider", address("agent"), "agent")
	id, _ := newGroup(staff, "Carriers")
	email := address("carrier")
	body := map[string]any{"customerId": customer, "groupIds": []string{id}, "invitees": []map[string]string{{"email": email}}}
	for _, c := range []caller{boss, agent} {
		c.refused(403, "groups_not_allowed", "POST", "/invitations", body)
	}
	row := staff.must(200, "POST", "/invitations", body).items("results")[0]
	members(staff, id, "1", "0")
	accepted := nobody(t, s).must(200, "POST", "/invitations/accept", map[string]string{
		"token": token(t, mailed(t, s, email, 1)), "password": password, "firstName": "Cara", "lastName": "Carrier"})
	u := staff.must(200, "GET", "/users/"+accepted.text("user.id"), nil)
	if groups, _ := u.body["groupIds"].([]any); len(groups) != 1 || groups[0] != id {
		t.Errorf("invitation %v made %s", row, u.raw)
	}
}

// Customers' people see no groups, whatever their role; agents see them but change nothing.
func TestGroupsAreTheStaffs(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Outside Ltd")
	id, name := newGroup(staff, "Secret")
	agent, _ := join(staff, "provider", address("agent"), "agent")
	_, memberID := join(staff, customer, address("inside"), "member")
	staff.must(204, "PUT", "/groups/"+id+"/customers/"+customer, nil)
	routes := []struct {
		method, path string
		body         any
	}{
		{"GET", "/groups", nil}, {"POST", "/groups", map[string]string{"name": "Mine " + uuid.NewString()}}, {"GET", "/groups/" + id, nil},
		{"PATCH", "/groups/" + id, map[string]string{"name": "Mine " + uuid.NewString()}}, {"DELETE", "/groups/" + id, nil},
		{"PUT", "/groups/" + id + "/users/" + memberID, nil}, {"DELETE", "/groups/" + id + "/users/" + memberID, nil},
		{"GET", "/groups/" + id + "/customers", nil}, {"PUT", "/groups/" + id + "/customers/" + customer, nil},
		{"DELETE", "/groups/" + id + "/customers/" + customer, nil},
	}
	for _, role := range []string{"member", "moderator", "administrator"} {
		user, _ := join(staff, customer, address(role), role)
		for _, r := range routes {
			want := 404
			if r.path == "/groups" {
				want = 403
			}
			if a := user.call(r.method, r.path, r.body, "If-Match", `"1"`); a.status != want || strings.Contains(string(a.raw), name) {
				t.Errorf("%s %s as %s: %d instead of %d: %s", r.method, r.path, role, a.status, want, a.raw)
			}
		}
	}
	for _, r := range routes {
		want := 200
		if r.method != "GET" {
			want = 403
		}
		if a := agent.call(r.method, r.path, r.body, "If-Match", `"1"`); a.status != want {
			t.Errorf("%s %s as agent: %d instead of %d: %s", r.method, r.path, a.status, want, a.raw)
		}
	}
	for _, c := range []string{id, "unknown"} { // staff have roles but no groups
		if a := staff.call("PUT", "/groups/"+c+"/customers/provider", nil); a.status != 409 && a.status != 404 {
			t.Errorf("the provider in group %s: %d: %s", c, a.status, a.raw)
		}
	}
}

// People are put into a group while it is deleted: either it is gone and nobody is in it, or it exists with its
// members.
func TestJoinAgainstDelete(t *testing.T) {
	s := theStack(t)
	staff := admin(t, s)
	customer := newCustomer(staff, "Racing Ltd")
	_, userID := join(staff, customer, address("racer"), "member")
	for range 10 {
		id, _ := newGroup(staff, "Race")
		path := "/groups/" + id
		answers := make([]answer, 3)
		var wg sync.WaitGroup
		for n, r := range []struct{ method, path string }{{"DELETE", path}, {"PUT", path + "/users/" + userID}, {"PUT", path + "/customers/" + customer}} {
			wg.Go(func() {
				var err error
				if answers[n], err = staff.try(r.method, r.path, nil, "If-Match", `"1"`); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		deleted := answers[0].status == 204
		for n, a := range answers {
			if a.status >= 500 {
				t.Errorf("request %d: %d %s", n, a.status, a.raw)
			}
			if n > 0 && deleted && a.status == 204 {
				t.Errorf("request %d put somebody into a deleted group", n)
			}
		}
		user, c := staff.must(200, "GET", "/users/"+userID, nil), staff.must(200, "GET", "/customers/"+customer, nil)
		if in := strings.Contains(string(user.raw)+string(c.raw), id); in == deleted {
			t.Errorf("deleted: %v, with a member: %v: %s, %s, %s", deleted, in, answers[0].raw, answers[1].raw, answers[2].raw)
		}
		if !deleted {
			staff.must(200, "GET", path, nil)
			staff.must(204, "DELETE", path+"/users/"+userID, nil)
			staff.must(204, "DELETE", path+"/customers/"+customer, nil)
		}
	}
}
