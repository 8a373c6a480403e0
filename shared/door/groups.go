package door

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"clientele/shared/membership"
	"clientele/shared/web"
)

// groupsKept is how long the names of groups are cached: reading all of them costs up to 10 RCU, and every list shows
// them. A new group appears as a filter that much later; its members are read anew each time.
const groupsKept = 30 * time.Second

// groupList caches all groups, which lists name and are filtered by. They are the same for everybody who may see them.
type groupList struct {
	mu   sync.Mutex
	all  []membership.Group
	read time.Time
}

// get returns all groups, or none if the actor may not see groups.
func (l *groupList) get(ctx context.Context, c membership.Call, groups membership.Groups) ([]membership.Group, error) {
	if !c.Actor.May(membership.ReadGroups, membership.ProviderID, "") {
		return nil, nil
	}
	l.mu.Lock()
	all, fresh := l.all, !l.read.IsZero() && c.Now.Sub(l.read) < groupsKept
	l.mu.Unlock()
	if fresh {
		return all, nil
	}
	page, err := groups.List(ctx, c, membership.GroupQuery{Page: membership.PageRequest{Limit: membership.MaxGroups}})
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all, l.read = page.Items, c.Now
	return page.Items, nil
}

// ForgetGroups makes the next page read the groups again. Call it after changing one.
func (d *Door) ForgetGroups() { d.groups.forget() }

// forget makes the next page read the groups again.
func (l *groupList) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read = time.Time{}
}

// groupOptions returns the checkboxes of a form's field "groups" about people of a customer, "" for one yet to be
// named, if the actor may put people into groups. There are none for staff, who are in no groups. Those that the form
// names are ticked.
func (d *Door) groupOptions(r *http.Request, customerID string, form *web.Form) ([]web.Option, error) {
	if customerID == membership.ProviderID || !Actor(r).May(membership.ChangeGroups, membership.ProviderID, "") {
		return nil, nil
	}
	groups, err := d.groups.get(r.Context(), d.Call(r), d.Groups)
	if err != nil {
		return nil, err
	}
	var options []web.Option
	ticked := groupsIn(form)
	for _, g := range groups {
		if g.Active {
			options = append(options, web.Option{Value: g.ID, Label: web.Plain(g.Name), Ticked: slices.Contains(ticked, g.ID)})
		}
	}
	return options, nil
}

// groupsIn returns the ticked groups; a button that brings a form back has them in one field.
func groupsIn(form *web.Form) []string {
	return strings.Fields(strings.Join(form.Values("groups"), " "))
}

// groupNames returns the names of those of the groups that exist, or "" if the actor may not see groups.
func (d *Door) groupNames(r *http.Request, ids []string) (string, error) {
	if len(ids) == 0 {
		return "", nil
	}
	groups, err := d.groups.get(r.Context(), d.Call(r), d.Groups)
	if err != nil {
		return "", err
	}
	var names []string
	for _, g := range groups {
		if slices.Contains(ids, g.ID) {
			names = append(names, g.Name)
		}
	}
	return strings.Join(names, ", "), nil
}
