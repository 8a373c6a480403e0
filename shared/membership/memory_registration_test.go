package membership_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"clientele/shared/membership"
)

// memoryRegistrations is the part of the table about settings and registrations.
type memoryRegistrations struct {
	settings      *membership.Settings // nil while nothing was changed
	registrations map[string]membership.Registration
	registering   map[string]membership.OpenRegistration // folded address →
	domains       map[string]string                      // proven domain → customer
}

func newMemoryRegistrations() memoryRegistrations {
	return memoryRegistrations{registrations: map[string]membership.Registration{}, registering: map[string]membership.OpenRegistration{}, domains: map[string]string{}}
}

var _ membership.ApprovalStore = (*memory)(nil)

func (m *memory) now() membership.Settings {
	if m.settings == nil {
		return membership.DefaultSettings()
	}
	return *m.settings
}

func (m *memory) Settings(context.Context) (membership.Settings, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now(), nil
}

func (m *memory) ChangeSettings(_ context.Context, before, after membership.Settings, t membership.Trail) error {
	unlock, err := m.lock("ChangeSettings")
	if err != nil {
		return err
	}
	defer unlock()
	if m.now().Version != before.Version {
		return membership.ErrStale
	}
	m.settings = &after
	return m.trail(t)
}

func (m *memory) ProvenDomain(_ context.Context, domain string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := m.domains[domain]
	if m.customers[id].Status != membership.CustomerActive {
		return "", nil
	}
	return id, nil
}

func (m *memory) RegistrationFacts(_ context.Context, folded string) (membership.Settings, membership.OpenRegistration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now(), m.registering[folded], nil
}

func (m *memory) StartRegistration(_ context.Context, open membership.OpenRegistration, r membership.Registration, t membership.Trail) error {
	unlock, err := m.lock("StartRegistration")
	if err != nil {
		return err
	}
	defer unlock()
	if err := m.place(t.Letters, t.Now); err != nil {
		return err
	}
	folded := membership.FoldLogin(r.Email)
	if r.Ignored == "" {
		if m.registering[folded] != open {
			return membership.ErrStale
		}
		m.registering[folded] = membership.OpenRegistration{RegistrationID: r.ID, LinkVersion: r.LinkVersion, Version: r.Version}
	}
	m.registrations[r.ID] = r
	return m.trail(t)
}

func (m *memory) Registration(_ context.Context, reach membership.Reach, id string) (membership.Registration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.registrations[id]
	if !ok || !reach.Includes(r.CustomerID) {
		return membership.Registration{}, membership.ErrNotFound
	}
	return r, nil
}

func (m *memory) Registrations(_ context.Context, q membership.RegistrationQuery) (membership.Page[membership.Registration], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var p membership.Page[membership.Registration]
	for _, id := range slices.Sorted(maps.Keys(m.registrations)) {
		r := m.registrations[id]
		if r.Status == q.Status && q.Reach.Includes(r.CustomerID) && (q.CustomerID == "" || q.CustomerID == r.CustomerID) {
			p.Items = append(p.Items, r)
		}
	}
	slices.SortStableFunc(p.Items, func(a, b membership.Registration) int {
		if q.Page.Ascending {
			return a.ConfirmedAt.Compare(b.ConfirmedAt)
		}
		return b.ConfirmedAt.Compare(a.ConfirmedAt)
	})
	p.Items = p.Items[:min(len(p.Items), q.Page.Limit)]
	return p, nil
}

func (m *memory) LoginHolders(_ context.Context, folded []string) ([]membership.Address, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	holders := make([]membership.Address, len(folded))
	for n, f := range folded {
		holders[n] = m.holder(f)
	}
	return holders, nil
}

// admit checks what an admission asks for. The caller holds the lock.
func (m *memory) admit(u membership.User, a membership.Admission) error {
	switch {
	case a.CustomerID == "" || a.Created != nil:
		return nil
	case m.customers[a.CustomerID].Status != membership.CustomerActive:
		return membership.ErrCustomerDeactivated
	case m.elsewhere[a.CustomerID+"|"+membership.FoldLogin(u.Email)] != "":
		return membership.ErrInvitedMeanwhile
	case a.Only != nil && m.onlyUsers[a.CustomerID] != a.Only.Before:
		return membership.ErrOnePerson
	}
	return nil
}

// admitted stores what an admission brings. The caller holds the lock.
func (m *memory) admitted(u membership.User, a membership.Admission) {
	if a.Created != nil {
		m.customers[a.Created.ID] = *a.Created
		m.audit = append(m.audit, a.Audit)
	}
	if a.Only != nil {
		m.onlyUsers[a.CustomerID] = u.ID
	}
}

func (m *memory) ConfirmRegistration(_ context.Context, r membership.RegistrationChange, u membership.User, a membership.Admission, t membership.Trail) error {
	unlock, err := m.lock("ConfirmRegistration")
	if err != nil {
		return err
	}
	defer unlock()
	folded := membership.FoldLogin(r.Before.Email)
	if m.registrations[r.Before.ID].Version != r.Before.Version || m.registering[folded].RegistrationID != r.Before.ID {
		return membership.ErrStale
	}
	if a.CustomerID == "" && u.CustomerID != membership.UnassignedID && m.customers[u.CustomerID].Status != membership.CustomerActive {
		return membership.ErrStale
	}
	if err := m.admit(u, a); err != nil {
		return err
	}
	if err := m.put(membership.User{}, u); err != nil {
		return err
	}
	m.admitted(u, a)
	delete(m.registering, folded)
	m.registrations[r.After.ID] = r.After
	return m.trail(t)
}

func (m *memory) DecideRegistration(_ context.Context, r membership.RegistrationChange, before, after membership.User, a membership.Admission, t membership.Trail) error {
	unlock, err := m.lock("DecideRegistration")
	if err != nil {
		return err
	}
	defer unlock()
	if m.marker(t.Key) != nil {
		return membership.ErrInProgress
	}
	if m.registrations[r.Before.ID].Version != r.Before.Version || m.users[before.ID].Version != before.Version {
		return membership.ErrStale
	}
	if err := m.admit(after, a); err != nil {
		return err
	}
	if err := m.put(before, after); err != nil {
		return err
	}
	m.admitted(after, a)
	m.registrations[r.After.ID] = r.After
	return m.trail(t)
}

func (m *memory) RemoveRegistrant(ctx context.Context, before, after membership.User, r membership.RegistrationChange, t membership.Trail) error {
	m.mu.Lock()
	stale := m.registrations[r.Before.ID].Version != r.Before.Version
	m.mu.Unlock()
	if stale {
		return membership.ErrStale
	}
	err := m.ChangeUser(ctx, before, after, nil, t)
	if err == nil {
		m.mu.Lock()
		m.registrations[r.After.ID] = r.After
		m.mu.Unlock()
	}
	return err
}

func (m *memory) DueRegistrations(_ context.Context, now time.Time, limit int) ([]membership.Registration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []membership.Registration
	for _, id := range slices.Sorted(maps.Keys(m.registrations)) {
		r := m.registrations[id]
		if at := r.DueAt(); !at.IsZero() && !now.Before(at) && len(due) < limit {
			due = append(due, r)
		}
	}
	return due, nil
}

func (m *memory) ExpireRegistration(_ context.Context, r membership.RegistrationChange, t membership.Trail) error {
	unlock, err := m.lock("ExpireRegistration")
	if err != nil {
		return err
	}
	defer unlock()
	if m.registrations[r.Before.ID].Version != r.Before.Version {
		return membership.ErrStale
	}
	m.registrations[r.After.ID] = r.After
	delete(m.registering, membership.FoldLogin(r.Before.Email))
	return m.trail(t)
}

func (m *memory) DeleteRegistration(_ context.Context, r membership.Registration, u *membership.User, t membership.Trail) error {
	unlock, err := m.lock("DeleteRegistration")
	if err != nil {
		return err
	}
	defer unlock()
	if m.registrations[r.ID].Version != r.Version {
		return membership.ErrStale
	}
	delete(m.registrations, r.ID)
	if u != nil {
		if err := m.put(*u, membership.User{}); err != nil {
			return err
		}
	}
	return m.trail(t)
}

func (m *memory) RemindOf(_ context.Context, r membership.RegistrationChange, t membership.Trail) error {
	unlock, err := m.lock("RemindOf")
	if err != nil {
		return err
	}
	defer unlock()
	if m.registrations[r.Before.ID].Version != r.Before.Version {
		return membership.ErrStale
	}
	if err := m.place(t.Letters, t.Now); err != nil {
		return err
	}
	m.registrations[r.After.ID] = r.After
	return m.trail(t)
}

// found says whether a search finds a row, as far as the rules need it: by the start of a word.
func found(r membership.UserRow, search string) bool {
	for _, text := range []string{r.FirstName + " " + r.LastName, r.LastName + " " + r.FirstName, r.Email, r.Username, r.Company} {
		text = membership.FoldSearch(text)
		for text != "" {
			if strings.HasPrefix(text, search) {
				return true
			}
			at := strings.IndexAny(text, " @.-")
			if at < 0 {
				break
			}
			text = text[at+1:]
		}
	}
	return false
}
