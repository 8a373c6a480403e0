package membership_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"clientele/shared/membership"
)

// memory is the table as the rules need it, in maps: the same conditions, no indexes. It is safe for parallel use.
type memory struct {
	mu          sync.Mutex
	customers   map[string]membership.Customer
	subAccounts map[string]membership.SubAccount
	groups      map[string]membership.Group
	users       map[string]membership.User
	invitations map[string]membership.Invitation
	logins      map[string]string // folded login → user id
	elsewhere   map[string]string // customer + "|" + folded → user id
	signIns     map[string]membership.SignIns
	mails       map[string]membership.Mail
	attempts    map[string]membership.Attempts
	events      map[string]int // throttles
	markers     map[membership.IdempotencyKey]membership.Marker
	digests     map[string]membership.Digest
	digestRows  map[string][]string
	onlyUsers   map[string]string // customer → user
	memoryRegistrations
	memoryDomains
	memoryGuests
	audit        []membership.AuditEntry
	jobs         []membership.Job
	before       func(method string) error // called first in every method that changes something; nil is nothing
	touchedUsers int
}

func newMemory() *memory {
	return &memory{
		customers: map[string]membership.Customer{}, subAccounts: map[string]membership.SubAccount{}, groups: map[string]membership.Group{}, users: map[string]membership.User{},
		invitations: map[string]membership.Invitation{}, logins: map[string]string{}, elsewhere: map[string]string{},
		signIns: map[string]membership.SignIns{}, mails: map[string]membership.Mail{}, attempts: map[string]membership.Attempts{},
		events: map[string]int{}, markers: map[membership.IdempotencyKey]membership.Marker{}, digests: map[string]membership.Digest{},
		digestRows: map[string][]string{}, onlyUsers: map[string]string{}, memoryRegistrations: newMemoryRegistrations(), memoryDomains: newMemoryDomains(), memoryGuests: newMemoryGuests(),
	}
}

var (
	_ membership.ExpiryStore     = (*memory)(nil)
	_ membership.ProviderStore   = (*memory)(nil)
	_ membership.SignInStore     = (*memory)(nil)
	_ membership.OutboxStore     = (*memory)(nil)
	_ membership.CustomerStore   = (*memory)(nil)
	_ membership.RecordStore     = (*memory)(nil)
	_ membership.EmailStore      = (*memory)(nil)
	_ membership.SubAccountStore = (*memory)(nil)
)

func (m *memory) lock(method string) (func(), error) {
	if m.before != nil {
		if err := m.before(method); err != nil {
			return func() {}, err
		}
	}
	m.mu.Lock()
	return m.mu.Unlock, nil
}

// promises checks the conditions of a trail except its marker's. The caller holds the lock.
func (m *memory) promises(t membership.Trail) error {
	if w := m.users[t.Witness]; t.Witness != "" && (w.Status != membership.Active || w.Role != membership.Administrator) {
		return membership.ErrSignedOut
	}
	return m.place(t.Letters, t.Now)
}

// trail checks the marker's condition and then keeps everything; it is called last, when nothing else can fail.
func (m *memory) trail(t membership.Trail) error {
	if t.Key != nil {
		k := *t.Key
		k.BodyHash = ""
		if _, there := m.markers[k]; there {
			return membership.ErrInProgress
		}
		m.markers[k] = membership.Marker{BodyHash: t.Key.BodyHash, IDs: t.KeyIDs}
	}
	if t.Audit.ID != "" {
		m.audit = append(m.audit, t.Audit)
	}
	for _, mail := range t.Mails {
		m.mails[mail.ID] = mail
	}
	m.jobs = append(m.jobs, t.Jobs...)
	m.count(t.Letters, t.Now)
	return nil
}

func (m *memory) marker(k *membership.IdempotencyKey) *membership.Marker {
	if k == nil {
		return nil
	}
	key := *k
	key.BodyHash = ""
	if found, ok := m.markers[key]; ok {
		return &found
	}
	return nil
}

func (m *memory) Customer(_ context.Context, r membership.Reach, id string) (membership.Customer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.customers[id]
	if !ok || !r.Includes(id) {
		return membership.Customer{}, membership.ErrNotFound
	}
	return c, nil
}

func (m *memory) Customers(_ context.Context, q membership.CustomerQuery) (membership.Page[membership.Customer], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var p membership.Page[membership.Customer]
	for _, id := range slices.Sorted(maps.Keys(m.customers)) {
		if c := m.customers[id]; id != membership.ProviderID && strings.Contains(membership.FoldSearch(c.Name), q.Search) {
			p.Items = append(p.Items, c)
		}
	}
	return p, nil
}

func (m *memory) CreateCustomer(_ context.Context, c membership.Customer, t membership.Trail) error {
	unlock, err := m.lock("CreateCustomer")
	if err != nil {
		return err
	}
	defer unlock()
	if err := m.trail(t); err != nil {
		return err
	}
	m.customers[c.ID] = c
	return nil
}

func (m *memory) CreateProvider(_ context.Context, c membership.Customer, t membership.Trail) error {
	unlock, err := m.lock("CreateProvider")
	if err != nil {
		return err
	}
	defer unlock()
	if _, there := m.customers[c.ID]; there {
		return nil
	}
	m.customers[c.ID] = c
	return m.trail(t)
}

func (m *memory) ChangeCustomer(_ context.Context, before, after membership.Customer, t membership.Trail) error {
	unlock, err := m.lock("ChangeCustomer")
	if err != nil {
		return err
	}
	defer unlock()
	if m.customers[before.ID].Version != before.Version {
		return membership.ErrStale
	}
	if err := m.joins(before.GroupIDs, after.GroupIDs); err != nil {
		return err
	}
	if err := m.trail(t); err != nil {
		return err
	}
	m.customers[after.ID] = after
	return nil
}

func (m *memory) DeleteCustomer(_ context.Context, c membership.Customer, t membership.Trail) error {
	unlock, err := m.lock("DeleteCustomer")
	if err != nil {
		return err
	}
	defer unlock()
	if m.customers[c.ID].Version != c.Version {
		return membership.ErrStale
	}
	for _, u := range m.users {
		if u.CustomerID == c.ID && u.Status != membership.Removed {
			return membership.ErrCustomerNotEmpty
		}
	}
	delete(m.customers, c.ID)
	return m.trail(t)
}

func (m *memory) SubAccounts(_ context.Context, r membership.Reach, customerID string) ([]membership.SubAccount, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, there := m.customers[customerID]; !there || !r.Includes(customerID) {
		return nil, membership.ErrNotFound
	}
	var all []membership.SubAccount
	for _, s := range m.subAccounts {
		if s.CustomerID == customerID && r.Includes(customerID) {
			all = append(all, s)
		}
	}
	return all, nil
}

func (m *memory) SubAccount(_ context.Context, r membership.Reach, customerID, id string) (membership.SubAccount, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.subAccounts[id]
	if !ok || s.CustomerID != customerID || !r.Includes(customerID) {
		return membership.SubAccount{}, membership.ErrNotFound
	}
	return s, nil
}

func (m *memory) CreateSubAccount(_ context.Context, s membership.SubAccount, t membership.Trail) error {
	unlock, err := m.lock("CreateSubAccount")
	if err != nil {
		return err
	}
	defer unlock()
	have := 0
	for _, other := range m.subAccounts {
		if other.CustomerID == s.CustomerID {
			have++
		}
	}
	if have >= membership.MaxSubAccounts {
		return membership.ErrTooManySubAccounts
	}
	m.subAccounts[s.ID] = s
	return m.trail(t)
}

func (m *memory) ChangeSubAccount(_ context.Context, before, after membership.SubAccount, t membership.Trail) error {
	unlock, err := m.lock("ChangeSubAccount")
	if err != nil {
		return err
	}
	defer unlock()
	if m.subAccounts[before.ID].Version != before.Version {
		return membership.ErrStale
	}
	m.subAccounts[after.ID] = after
	return m.trail(t)
}

func (m *memory) DeleteSubAccount(_ context.Context, s membership.SubAccount, t membership.Trail) error {
	unlock, err := m.lock("DeleteSubAccount")
	if err != nil {
		return err
	}
	defer unlock()
	if m.subAccounts[s.ID].Version != s.Version {
		return membership.ErrStale
	}
	delete(m.subAccounts, s.ID)
	return m.trail(t)
}

func (m *memory) User(_ context.Context, r membership.Reach, id string) (membership.User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, ok := m.users[id]
	if !ok || !r.Includes(u.CustomerID) {
		return membership.User{}, membership.ErrNotFound
	}
	return u, nil
}

func (m *memory) Users(_ context.Context, q membership.UserQuery) (membership.Page[membership.UserRow], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var p membership.Page[membership.UserRow]
	for _, id := range slices.Sorted(maps.Keys(m.users)) {
		if row := rowOf(m.users[id]); q.Keeps(row) && (q.Search == "" || found(row, q.Search)) {
			p.Items = append(p.Items, row)
		}
	}
	return p, nil
}

func rowOf(u membership.User) membership.UserRow {
	return membership.UserRow{ID: u.ID, CustomerID: u.CustomerID, Company: u.Company, FirstName: u.FirstName, LastName: u.LastName, Email: u.Email,
		Username: u.Username, Role: u.Role, Status: u.Status, Country: u.Country, GroupIDs: u.GroupIDs, RegisteredAt: u.RegisteredAt,
		InvitationID: u.InvitationID, InvitationExpiresAt: u.InvitationExpiresAt, SuspendedUntil: u.SuspendedUntil}
}

func (m *memory) UserCounts(_ context.Context, reach membership.Reach, customerID string) (map[membership.Status]int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	counts := map[membership.Status]int{}
	for _, u := range m.users {
		if reach.Includes(u.CustomerID) && (u.CustomerID == customerID || customerID == "" && u.CustomerID != membership.ProviderID) {
			counts[u.Status]++
		}
	}
	return counts, nil
}

func reserved(u membership.User) []string {
	if u.ID == "" || u.Status == membership.Removed || u.Status == membership.Rejected {
		return nil
	}
	var l []string
	email := membership.FoldLogin(u.Email)
	if email != "" && !u.AddressElsewhere {
		l = append(l, email)
	}
	if n := membership.FoldLogin(u.Username); n != "" && n != email {
		l = append(l, n)
	}
	return l
}

// put writes a user with its reservations. The caller holds the lock and has checked the version.
func (m *memory) put(before, after membership.User) error {
	if err := m.joins(before.GroupIDs, after.GroupIDs); err != nil {
		return err
	}
	for _, l := range reserved(after) {
		if holder, taken := m.logins[l]; taken && holder != after.ID {
			return membership.ErrLoginTaken
		}
	}
	for _, u := range m.users {
		if after.ExternalID != "" && u.ID != after.ID && u.CustomerID == after.CustomerID && u.ExternalID == after.ExternalID && u.Status != membership.Removed {
			return membership.ErrExternalUserID
		}
	}
	if there := m.elsewhere[after.CustomerID+"|"+membership.FoldLogin(after.Email)]; after.AddressElsewhere && there != "" && there != after.ID {
		return membership.ErrLoginTaken
	}
	for _, l := range reserved(before) {
		delete(m.logins, l)
	}
	delete(m.elsewhere, before.CustomerID+"|"+membership.FoldLogin(before.Email))
	if after.ID == "" {
		delete(m.users, before.ID)
		return nil
	}
	for _, l := range reserved(after) {
		m.logins[l] = after.ID
	}
	if after.AddressElsewhere && after.Status != membership.Removed {
		m.elsewhere[after.CustomerID+"|"+membership.FoldLogin(after.Email)] = after.ID
	}
	m.users[after.ID] = after
	m.touchedUsers++
	return nil
}

func (m *memory) EndPassword(ctx context.Context, before, after membership.User, signInsBefore, signInsAfter membership.SignIns, t membership.Trail) error {
	m.mu.Lock()
	stale := m.users[before.ID].Version != before.Version
	m.mu.Unlock()
	if stale {
		return membership.ErrStale
	}
	if err := m.ChangeSignIns(ctx, signInsBefore, signInsAfter, &t); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.put(before, after)
}

func (m *memory) ChangeUser(_ context.Context, before, after membership.User, i *membership.InvitationChange, t membership.Trail) error {
	unlock, err := m.lock("ChangeUser")
	if err != nil {
		return err
	}
	defer unlock()
	if m.users[before.ID].Version != before.Version || i != nil && m.invitations[i.Before.ID].Version != i.Before.Version {
		return membership.ErrStale
	}
	if marker := m.marker(t.Key); marker != nil {
		return membership.ErrInProgress
	}
	if err := m.promises(t); err != nil {
		return err
	}
	if err := m.put(before, after); err != nil {
		return err
	}
	if i != nil {
		m.invitations[i.After.ID] = i.After
	}
	return m.trail(t)
}

func (m *memory) Invitation(_ context.Context, r membership.Reach, id string) (membership.Invitation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.invitations[id]
	if !ok || !r.Includes(i.CustomerID) {
		return membership.Invitation{}, membership.ErrNotFound
	}
	return i, nil
}

func (m *memory) Invitations(_ context.Context, q membership.InvitationQuery) (membership.Page[membership.Invitation], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var p membership.Page[membership.Invitation]
	for _, id := range slices.Sorted(maps.Keys(m.invitations)) {
		i := m.invitations[id]
		if i.CustomerID == q.CustomerID && q.Reach.Includes(i.CustomerID) && (q.Origin == "" || i.Origin == q.Origin || i.Origin == membership.System) {
			p.Items = append(p.Items, i)
		}
	}
	return p, nil
}

func (m *memory) holder(folded string) membership.Address {
	id := m.logins[folded]
	return membership.Address{UserID: id, CustomerID: m.users[id].CustomerID}
}

func (m *memory) InviteFacts(_ context.Context, r membership.Reach, customerID string, folded []string, keys []*membership.IdempotencyKey) (membership.Customer, []membership.Address, []*membership.Marker, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	customer, ok := m.customers[customerID]
	if !ok || !r.Includes(customerID) {
		return membership.Customer{}, nil, nil, membership.ErrNotFound
	}
	addresses, markers := make([]membership.Address, len(folded)), make([]*membership.Marker, len(keys))
	for n, f := range folded {
		addresses[n] = m.holder(f)
		addresses[n].InvitedHere = m.elsewhere[customerID+"|"+f]
	}
	for n, k := range keys {
		markers[n] = m.marker(k)
	}
	return customer, addresses, markers, nil
}

func (m *memory) CreateInvitation(_ context.Context, i membership.Invitation, u membership.User, t membership.Trail) error {
	unlock, err := m.lock("CreateInvitation")
	if err != nil {
		return err
	}
	defer unlock()
	if m.customers[i.CustomerID].Status != membership.CustomerActive {
		return membership.ErrCustomerDeactivated
	}
	if marker := m.marker(t.Key); marker != nil {
		return membership.ErrInProgress
	}
	if err := m.promises(t); err != nil {
		return err
	}
	if err := m.put(membership.User{}, u); err != nil {
		return err
	}
	m.invitations[i.ID] = i
	return m.trail(t)
}

func (m *memory) InviteContact(ctx context.Context, before, after membership.User, i membership.Invitation, t membership.Trail) error {
	if m.customers[i.CustomerID].Status != membership.CustomerActive {
		return membership.ErrCustomerDeactivated
	}
	return m.ChangeUser(ctx, before, after, &membership.InvitationChange{After: i}, t)
}

func (m *memory) ReturnContact(ctx context.Context, i membership.Invitation, before, after membership.User, t membership.Trail) error {
	if err := m.ChangeUser(ctx, before, after, nil, t); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.invitations, i.ID)
	return nil
}

func (m *memory) LinkFacts(_ context.Context, i membership.Invitation) (membership.LinkFacts, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return membership.LinkFacts{User: m.users[i.UserID], Customer: m.customers[i.CustomerID], Inviter: m.users[i.InvitedBy],
		Holder: m.holder(membership.FoldLogin(i.Email))}, nil
}

func (m *memory) DeleteInvitation(_ context.Context, i membership.Invitation, u *membership.User, t membership.Trail) error {
	unlock, err := m.lock("DeleteInvitation")
	if err != nil {
		return err
	}
	defer unlock()
	if m.invitations[i.ID].Version != i.Version || u != nil && m.users[u.ID].Version != u.Version {
		return membership.ErrStale
	}
	delete(m.invitations, i.ID)
	if u != nil {
		if err := m.put(*u, membership.User{}); err != nil {
			return err
		}
	}
	return m.trail(t)
}

func (m *memory) AcceptanceFacts(_ context.Context, i membership.Invitation, folded []string) (membership.User, membership.Customer, []membership.Address, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	holders := make([]membership.Address, len(folded))
	for n, f := range folded {
		holders[n] = m.holder(f)
	}
	return m.users[i.UserID], m.customers[i.CustomerID], holders, nil
}

func (m *memory) ClaimAcceptance(_ context.Context, before, after membership.User) error {
	unlock, err := m.lock("ClaimAcceptance")
	if err != nil {
		return err
	}
	defer unlock()
	if m.users[before.ID].Version != before.Version {
		return membership.ErrStale
	}
	m.users[after.ID] = after
	return nil
}

func (m *memory) DueInvitations(_ context.Context, now time.Time, limit int) ([]membership.Invitation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []membership.Invitation
	for _, id := range slices.Sorted(maps.Keys(m.invitations)) {
		i := m.invitations[id]
		at := i.ExpiresAt
		if i.Status != membership.InvitationPending {
			at = i.EndedAt.Add(membership.InvitationRetention)
		}
		if i.Status != membership.InvitationAccepted && !now.Before(at) && len(due) < limit {
			due = append(due, i)
		}
	}
	return due, nil
}

func (m *memory) DueSuspensions(_ context.Context, now time.Time, limit int) ([]membership.User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []membership.User
	for _, id := range slices.Sorted(maps.Keys(m.users)) {
		u := m.users[id]
		if u.Status == membership.Suspended && !u.SuspendedUntil.IsZero() && !now.Before(u.SuspendedUntil) && len(due) < limit {
			due = append(due, u)
		}
	}
	return due, nil
}

func (m *memory) OnlyUser(_ context.Context, customerID string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.onlyUsers[customerID], nil
}

func (m *memory) CreateUser(_ context.Context, u membership.User, only *membership.OnlyUser, t membership.Trail) error {
	unlock, err := m.lock("CreateUser")
	if err != nil {
		return err
	}
	defer unlock()
	switch {
	case m.customers[u.CustomerID].Status != membership.CustomerActive:
		return membership.ErrCustomerDeactivated
	case only != nil && m.onlyUsers[u.CustomerID] != only.Before:
		return membership.ErrOnePerson
	case m.marker(t.Key) != nil:
		return membership.ErrInProgress
	}
	if err := m.promises(t); err != nil {
		return err
	}
	if err := m.put(membership.User{}, u); err != nil {
		return err
	}
	if only != nil {
		m.onlyUsers[u.CustomerID] = u.ID
	}
	return m.trail(t)
}

func (m *memory) ExpireInvitation(ctx context.Context, before, after membership.User, i membership.InvitationChange, d *membership.Digest, t membership.Trail) error {
	if err := m.ChangeUser(ctx, before, after, &i, t); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if d != nil {
		k := d.CustomerID + d.UserID + d.Day
		m.digests[k] = *d
		m.digestRows[k] = append(m.digestRows[k], i.After.ID)
	}
	return nil
}

func (m *memory) DueDigests(_ context.Context, now time.Time, limit int) ([]membership.Digest, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []membership.Digest
	for _, k := range slices.Sorted(maps.Keys(m.digests)) {
		if d := m.digests[k]; !now.Before(d.DueAt) && len(due) < limit {
			due = append(due, d)
		}
	}
	return due, nil
}

func (m *memory) DigestInvitations(_ context.Context, d membership.Digest) ([]membership.Invitation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var expired []membership.Invitation
	for _, id := range m.digestRows[d.CustomerID+d.UserID+d.Day] {
		if i := m.invitations[id]; i.Status == membership.InvitationExpired {
			expired = append(expired, i)
		}
	}
	return expired, nil
}

func (m *memory) FinishDigest(_ context.Context, d membership.Digest, mail *membership.Mail) error {
	unlock, err := m.lock("FinishDigest")
	if err != nil {
		return err
	}
	defer unlock()
	k := d.CustomerID + d.UserID + d.Day
	if _, there := m.digests[k]; !there {
		return membership.ErrStale
	}
	delete(m.digests, k)
	if mail != nil {
		m.mails[mail.ID] = *mail
	}
	return nil
}

func (m *memory) Access(_ context.Context, customerID, userID, _ string) (membership.Access, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.users[userID]
	if customerID != "" && u.CustomerID != customerID {
		return membership.Access{}, nil
	}
	return membership.Access{User: u, SignIns: m.ways(u.CustomerID, userID), Customer: m.customers[u.CustomerID]}, nil
}

func (m *memory) ways(customerID, userID string) membership.SignIns {
	s := m.signIns[userID]
	s.CustomerID, s.UserID = customerID, userID
	return s
}

func (m *memory) SignIns(_ context.Context, customerID, userID string) (membership.SignIns, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ways(customerID, userID), nil
}

func (m *memory) ChangeSignIns(_ context.Context, before, after membership.SignIns, t *membership.Trail) error {
	unlock, err := m.lock("ChangeSignIns")
	if err != nil {
		return err
	}
	defer unlock()
	if m.signIns[before.UserID].Version != before.Version {
		return membership.ErrStale
	}
	if t == nil {
		m.signIns[after.UserID] = after
		return nil
	}
	if m.marker(t.Key) != nil {
		return membership.ErrInProgress
	}
	if err := m.promises(*t); err != nil {
		return err
	}
	m.signIns[after.UserID] = after
	return m.trail(*t)
}

func (m *memory) LoginFacts(_ context.Context, folded string) (membership.Address, membership.Attempts, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.attempts[folded]
	a.Login = folded
	return m.holder(folded), a, nil
}

func (m *memory) CountAttempt(_ context.Context, before, after membership.Attempts, _ time.Time) error {
	unlock, err := m.lock("CountAttempt")
	if err != nil {
		return err
	}
	defer unlock()
	if m.attempts[before.Login].Failures != before.Failures {
		return membership.ErrTooManyAttempts
	}
	m.attempts[after.Login] = after
	return nil
}

func (m *memory) ForgetAttempts(_ context.Context, folded string) error {
	unlock, err := m.lock("ForgetAttempts")
	if err != nil {
		return err
	}
	defer unlock()
	delete(m.attempts, folded)
	return nil
}

func (m *memory) Take(_ context.Context, t membership.Throttle, subject string, now time.Time) error {
	unlock, err := m.lock("Take")
	if err != nil {
		return err
	}
	defer unlock()
	one := []membership.Event{{Throttle: t, Subject: subject}}
	if err := m.place(one, now); err != nil {
		return err
	}
	m.count(one, now)
	return nil
}

func window(e membership.Event, now time.Time) string {
	return fmt.Sprint(e.Throttle.Name, "|", e.Subject, "|", now.Truncate(e.Throttle.Window).Unix())
}

// place says whether events may happen; count counts them. The caller holds the lock.
func (m *memory) place(events []membership.Event, now time.Time) error {
	for _, e := range events {
		if m.events[window(e, now)] >= e.Throttle.Limit {
			return &membership.Error{Kind: membership.TooMany, Code: "too_many_requests", RetryAfter: now.Truncate(e.Throttle.Window).Add(e.Throttle.Window).Sub(now)}
		}
	}
	return nil
}

func (m *memory) count(events []membership.Event, now time.Time) {
	for _, e := range events {
		m.events[window(e, now)]++
	}
}

func (m *memory) QueueMail(_ context.Context, mail membership.Mail) error {
	unlock, err := m.lock("QueueMail")
	if err != nil {
		return err
	}
	defer unlock()
	m.mails[mail.ID] = mail
	return nil
}

func (m *memory) ClaimMail(_ context.Context, id string, now, until time.Time) (membership.Mail, error) {
	unlock, err := m.lock("ClaimMail")
	if err != nil {
		return membership.Mail{}, err
	}
	defer unlock()
	mail, ok := m.mails[id]
	if !ok || mail.Status != membership.MailQueued || mail.Attempts > 0 && now.Before(mail.DueAt) {
		return membership.Mail{}, membership.ErrNotFound
	}
	mail.DueAt = until
	mail.Attempts++
	m.mails[id] = mail
	return mail, nil
}

func (m *memory) FinishMail(_ context.Context, mail membership.Mail) error {
	unlock, err := m.lock("FinishMail")
	if err != nil {
		return err
	}
	defer unlock()
	if m.mails[mail.ID].Attempts == mail.Attempts {
		m.mails[mail.ID] = mail
	}
	return nil
}

func (m *memory) DueMails(_ context.Context, now time.Time, limit int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []string
	for _, id := range slices.Sorted(maps.Keys(m.mails)) {
		if x := m.mails[id]; x.Status == membership.MailQueued && !now.Before(x.DueAt) && len(due) < limit {
			due = append(due, id)
		}
	}
	return due, nil
}

// accounts keeps passwords in a map.
type accounts struct {
	mu        sync.Mutex
	passwords map[string]string
	totp      map[string]string // user id → the code that is right
	fail      error             // what every call answers, when not nil
	calls     []string
}

func newAccounts() *accounts {
	return &accounts{passwords: map[string]string{}, totp: map[string]string{}}
}

func (a *accounts) call(name string) (func(), error) {
	a.mu.Lock()
	a.calls = append(a.calls, name)
	return a.mu.Unlock, a.fail
}

func (a *accounts) Create(_ context.Context, userID string) error {
	unlock, err := a.call("Create")
	defer unlock()
	if _, there := a.passwords[userID]; err == nil && !there {
		a.passwords[userID] = ""
	}
	return err
}

func (a *accounts) SetPassword(_ context.Context, userID, password string) error {
	unlock, err := a.call("SetPassword")
	defer unlock()
	if err == nil {
		a.passwords[userID] = password
	}
	return err
}

func (a *accounts) SignIn(_ context.Context, _ membership.Door, userID, password string) (membership.SignInAnswer, error) {
	unlock, err := a.call("SignIn")
	defer unlock()
	if err != nil {
		return membership.SignInAnswer{}, err
	}
	if have := a.passwords[userID]; have == "" || have != password {
		return membership.SignInAnswer{}, membership.ErrWrongCredentials
	}
	if a.totp[userID] != "" {
		return membership.SignInAnswer{Challenge: "totp", Session: "session-of-" + userID}, nil
	}
	return membership.SignInAnswer{Tokens: membership.Tokens{Access: "access-" + userID, Refresh: "refresh-" + userID, ExpiresIn: 3600}}, nil
}

func (a *accounts) AnswerChallenge(_ context.Context, _ membership.Door, userID, session, code string) (membership.Tokens, error) {
	unlock, err := a.call("AnswerChallenge")
	defer unlock()
	switch {
	case err != nil:
		return membership.Tokens{}, err
	case session != "session-of-"+userID:
		return membership.Tokens{}, membership.ErrChallengeOver
	case code != a.totp[userID]:
		return membership.Tokens{}, membership.ErrWrongCode
	}
	return membership.Tokens{Access: "access-" + userID}, nil
}

func (a *accounts) Refresh(_ context.Context, _ membership.Door, userID, _ string) (membership.Tokens, error) {
	unlock, err := a.call("Refresh")
	defer unlock()
	return membership.Tokens{Access: "access-" + userID}, err
}

// postman remembers what was posted.
type postman struct {
	fail   error
	posted []membership.Mail
	tokens []string
}

func (p *postman) Post(_ context.Context, m membership.Mail, token string) (string, error) {
	if p.fail != nil {
		return "", p.fail
	}
	p.posted, p.tokens = append(p.posted, m), append(p.tokens, token)
	return "ses-" + m.ID, nil
}
