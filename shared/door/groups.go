package door

import (
	"context"
	"sync"
	"time"

	"clientele/shared/membership"
)

// groupsKept is how long the names of groups are kept: reading all of them costs up to 10 RCU, and every list shows them.
// A new group can be filtered by that much later; who is in it is read anew each time.
const groupsKept = 30 * time.Second

// groupList is all groups, as lists name them and are narrowed to. They are the same for all who may see them.
type groupList struct {
	mu   sync.Mutex
	all  []membership.Group
	read time.Time
}

// get returns all groups for whoever may see them; for others there are none.
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

// ForgetGroups is for whoever has changed one: the next page shows it.
func (d *Door) ForgetGroups() { d.groups.forget() }

// forget makes the next page read the groups again.
func (l *groupList) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read = time.Time{}
}
