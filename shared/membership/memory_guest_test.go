package membership_test

import (
	"context"
	"maps"
	"slices"

	"clientele/shared/membership"
)

var _ membership.GuestStore = (*memory)(nil)

// memoryGuests are the links and sessions of guests.
type memoryGuests struct {
	guestLinks    map[string]membership.GuestLink
	guestSessions map[string]membership.GuestSession // customer + "|" + id
}

func newMemoryGuests() memoryGuests {
	return memoryGuests{guestLinks: map[string]membership.GuestLink{}, guestSessions: map[string]membership.GuestSession{}}
}

func (m *memory) GuestsOf(_ context.Context, address string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(m.customers)) {
		if e := m.customers[id].Email; e != "" && membership.FoldLogin(e) == address && len(ids) < membership.MaxGuestsOf {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (m *memory) GuestFacts(_ context.Context, customerID, sessionID string) (membership.GuestFacts, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := membership.GuestFacts{Customer: m.customers[customerID], Link: m.guestLinks[customerID]}
	f.Link.CustomerID = customerID
	if s, there := m.guestSessions[customerID+"|"+sessionID]; there {
		f.Session = &s
	}
	for _, u := range m.users {
		f.HasUser = f.HasUser || u.CustomerID == customerID && slices.Contains([]membership.Status{membership.Active, membership.Suspended, membership.Deactivated}, u.Status)
	}
	return f, nil
}

func (m *memory) ChangeGuestLink(_ context.Context, before, after membership.GuestLink) error {
	unlock, err := m.lock("ChangeGuestLink")
	if err != nil {
		return err
	}
	defer unlock()
	if m.guestLinks[before.CustomerID].Version != before.Version {
		return membership.ErrStale
	}
	m.guestLinks[after.CustomerID] = after
	return nil
}

func (m *memory) EnterAsGuest(_ context.Context, before, after membership.GuestLink, s membership.GuestSession, t membership.Trail) error {
	unlock, err := m.lock("EnterAsGuest")
	if err != nil {
		return err
	}
	defer unlock()
	if m.guestLinks[before.CustomerID].Version != before.Version {
		return membership.ErrStale
	}
	m.guestLinks[after.CustomerID], m.guestSessions[s.CustomerID+"|"+s.ID] = after, s
	return m.trail(t)
}

func (m *memory) EndGuestSession(_ context.Context, customerID, sessionID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.guestSessions, customerID+"|"+sessionID)
	return nil
}

func (m *memory) RequestUser(_ context.Context, r membership.Registration, u membership.User, t membership.Trail) error {
	unlock, err := m.lock("RequestUser")
	if err != nil {
		return err
	}
	defer unlock()
	if m.customers[r.ProposedCustomerID].Status != membership.CustomerActive {
		return membership.ErrSignedOut
	}
	if err := m.put(membership.User{}, u); err != nil {
		return err
	}
	m.registrations[r.ID] = r
	return m.trail(t)
}
