package membership_test

import (
	"context"
	"maps"
	"slices"

	"clientele/shared/membership"
)

var _ membership.GroupStore = (*memory)(nil)

// counted is a group with its members.
func (m *memory) counted(g membership.Group) membership.Group {
	g.Members = membership.GroupMembers{}
	for _, u := range m.users {
		if u.Status != membership.Removed && slices.Contains(u.GroupIDs, g.ID) {
			g.Members.Users++
		}
	}
	for _, c := range m.customers {
		if slices.Contains(c.GroupIDs, g.ID) {
			g.Members.Customers++
		}
	}
	return g
}

// joins says whether the groups in after but not in before can take somebody in. The caller holds the lock.
func (m *memory) joins(before, after []string) error {
	for _, id := range after {
		if !slices.Contains(before, id) && !m.groups[id].Active {
			return membership.ErrGroupGone
		}
	}
	return nil
}

func (m *memory) Group(_ context.Context, r membership.Reach, id string) (membership.Group, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	g, ok := m.groups[id]
	if !ok || !r.All() {
		return membership.Group{}, membership.ErrNotFound
	}
	return m.counted(g), nil
}

func (m *memory) Groups(_ context.Context, q membership.GroupQuery) (membership.Page[membership.Group], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var p membership.Page[membership.Group]
	if !q.Reach.All() {
		return p, membership.ErrNotFound
	}
	for _, id := range slices.Sorted(maps.Keys(m.groups)) {
		if g := m.groups[id]; q.Active == nil || *q.Active == g.Active {
			p.Items = append(p.Items, m.counted(g))
		}
	}
	return p, nil
}

func (m *memory) GroupsOf(_ context.Context, r membership.Reach, ids []string) ([]membership.Group, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var groups []membership.Group
	for _, id := range ids {
		if g, ok := m.groups[id]; ok && r.All() {
			groups = append(groups, g)
		}
	}
	return groups, nil
}

func (m *memory) GroupCustomers(_ context.Context, r membership.Reach, id string, _ membership.PageRequest) (membership.Page[membership.Customer], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var p membership.Page[membership.Customer]
	if _, ok := m.groups[id]; !ok || !r.All() {
		return p, membership.ErrNotFound
	}
	for _, name := range slices.Sorted(maps.Keys(m.customers)) {
		if c := m.customers[name]; slices.Contains(c.GroupIDs, id) {
			p.Items = append(p.Items, c)
		}
	}
	return p, nil
}

// named says whether another group has the name. The caller holds the lock.
func (m *memory) named(g membership.Group) bool {
	for _, other := range m.groups {
		if other.ID != g.ID && membership.FoldName(other.Name) == membership.FoldName(g.Name) {
			return true
		}
	}
	return false
}

func (m *memory) CreateGroup(_ context.Context, g membership.Group, t membership.Trail) error {
	unlock, err := m.lock("CreateGroup")
	if err != nil {
		return err
	}
	defer unlock()
	if m.named(g) {
		return membership.ErrGroupNameInUse
	}
	if len(m.groups) >= membership.MaxGroups {
		return membership.ErrTooManyGroups
	}
	if err := m.trail(t); err != nil {
		return err
	}
	m.groups[g.ID] = g
	return nil
}

func (m *memory) ChangeGroup(_ context.Context, before, after membership.Group, t membership.Trail) error {
	unlock, err := m.lock("ChangeGroup")
	if err != nil {
		return err
	}
	defer unlock()
	switch {
	case m.groups[before.ID].Version != before.Version:
		return membership.ErrStale
	case m.named(after):
		return membership.ErrGroupNameInUse
	}
	m.groups[after.ID] = after
	return m.trail(t)
}

func (m *memory) DeleteGroup(_ context.Context, g membership.Group, t membership.Trail) error {
	unlock, err := m.lock("DeleteGroup")
	if err != nil {
		return err
	}
	defer unlock()
	switch {
	case m.groups[g.ID].Version != g.Version:
		return membership.ErrStale
	case m.counted(g).Members != membership.GroupMembers{}:
		return membership.ErrGroupNotEmpty
	}
	delete(m.groups, g.ID)
	return m.trail(t)
}
