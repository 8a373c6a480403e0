package membership

import "slices"

// Realm is the world an actor comes from.
type Realm string

// The realms. System is the deployment itself: schedules, and the owner of a proven link. A guest is the reader of the
// contact address of a customer without users (guest.go).
const (
	Staff  Realm = "staff"
	Portal Realm = "portal"
	Guest  Realm = "guest"
	System Realm = "system"
)

// ProviderID is the reserved customer whose users are the staff.
const ProviderID = "provider"

// Door is one of the two sets of pages; a user of one does not sign in at the other.
type Door string

// The doors.
const (
	PortalDoor  Door = "portal"
	ConsoleDoor Door = "console"
)

// DoorOf returns the door at which the users of a customer sign in.
func DoorOf(customerID string) Door {
	if customerID == ProviderID {
		return ConsoleDoor
	}
	return PortalDoor
}

// realmOf returns the realm of the users of a customer.
func realmOf(customerID string) Realm {
	if customerID == ProviderID {
		return Staff
	}
	return Portal
}

// Actor is who is calling, read from the table for each request, so that a change or cut-off holds from the next one.
type Actor struct {
	Realm      Realm
	UserID     string
	CustomerID string
	Role       Role
	Name       string // for letters and the audit log
	Company    string // the customer's name
	Language   string // the person's, else the customer's; "" if neither has one
	// RequestID goes into the audit entry.
	RequestID string
	// signIns is what the table said about the ways into the actor's account; nil for actors not from the table.
	signIns *SignIns
}

// SystemActor is the deployment acting on its own, for example its clean-up.
func SystemActor(requestID string) Actor { return Actor{Realm: System, RequestID: requestID} }

// Reach is how far a store method may look: everywhere, or in one customer only. The zero Reach reaches nothing, so a
// forgotten one finds nothing instead of everything.
type Reach struct {
	all        bool
	customerID string
}

// ReachAll reaches every customer. It is for staff and the system; everybody else gets ReachCustomer.
func ReachAll() Reach { return Reach{all: true} }

// ReachCustomer reaches the things of one customer.
func ReachCustomer(customerID string) Reach { return Reach{customerID: customerID} }

// All says whether every customer is within reach.
func (r Reach) All() bool { return r.all }

// CustomerID returns the one customer within reach, "" when all or none are.
func (r Reach) CustomerID() string { return r.customerID }

// Includes says whether a customer is within reach.
func (r Reach) Includes(customerID string) bool {
	return r.all || r.customerID != "" && r.customerID == customerID
}

// Reach returns what the actor may look at.
func (a Actor) Reach() Reach {
	switch a.Realm {
	case Staff, System:
		return ReachAll()
	case Portal, Guest:
		return ReachCustomer(a.CustomerID)
	}
	return Reach{}
}

// Action is something an actor may be allowed to do; see May.
type Action string

// The actions.
const (
	ReadCustomer   Action = "read customer"
	CreateCustomer Action = "create customer"
	ChangeCustomer Action = "change customer" // also its sub-accounts, deactivating and deleting
	ReadUsers      Action = "read users"
	ExportUsers    Action = "export users" // take them out as a file
	ChangeUsers    Action = "change users" // deactivate, reactivate, remove
	ReadInvites    Action = "read invitations"
	Invite         Action = "invite" // also resend, revoke, delete
	AskFirstUser   Action = "ask for a first user"
	ReadDomains    Action = "read domains"
	ChangeDomains  Action = "change domains" // claim, verify, remove
	ReadGroups     Action = "read groups"
	ChangeGroups   Action = "change groups" // also who is in them
	Approve        Action = "approve"       // also disapprove, and see who waits
	ReadSettings   Action = "read settings"
	ChangeSettings Action = "change settings"
)

// scope is where a permission holds.
type scope int

const (
	anywhere  scope = iota // every customer, the provider included
	customers              // every customer but the provider; also those who wait without one
	own                    // the actor's own customer
)

// permission is one row of the table of who may do what: where, and for subjects of which role (nil is every role).
type permission struct {
	realm  Realm
	role   Role
	action Action
	scope  scope
	roles  []Role
}

// permissions is the one table of who may do what. What is not in it is refused.
// Sources: mission, words (roles of staff and customers) and section 4.
var permissions = []permission{
	{Staff, StaffAdministrator, ReadCustomer, anywhere, nil},
	{Staff, StaffAdministrator, CreateCustomer, anywhere, nil},
	{Staff, StaffAdministrator, ChangeCustomer, customers, nil},
	{Staff, StaffAdministrator, ReadUsers, anywhere, nil},
	{Staff, StaffAdministrator, ExportUsers, anywhere, nil},
	{Staff, StaffAdministrator, ChangeUsers, anywhere, nil},
	{Staff, StaffAdministrator, ReadInvites, anywhere, nil},
	{Staff, StaffAdministrator, Invite, anywhere, nil},
	{Staff, StaffAdministrator, ReadDomains, customers, nil},
	{Staff, StaffAdministrator, ChangeDomains, customers, nil},
	{Staff, StaffAdministrator, ReadGroups, anywhere, nil},
	{Staff, StaffAdministrator, ChangeGroups, anywhere, nil}, // "only administrators (staff) put people into groups"
	{Staff, StaffAdministrator, Approve, customers, nil},
	{Staff, StaffAdministrator, ReadSettings, anywhere, nil},
	{Staff, StaffAdministrator, ChangeSettings, anywhere, nil},

	// An agent reads, invites and approves, and never lets colleagues in. Approving includes creating the customer that
	// a registered person is admitted to ("the customer is chosen, created": mission 5), and needs no CreateCustomer.
	{Staff, StaffAgent, ReadCustomer, anywhere, nil},
	{Staff, StaffAgent, ReadUsers, anywhere, nil},
	{Staff, StaffAgent, ExportUsers, anywhere, nil},
	{Staff, StaffAgent, ReadInvites, anywhere, nil},
	{Staff, StaffAgent, Invite, customers, nil},
	{Staff, StaffAgent, ReadDomains, customers, nil},
	{Staff, StaffAgent, ReadGroups, anywhere, nil},
	{Staff, StaffAgent, Approve, customers, nil},
	{Staff, StaffAgent, ReadSettings, anywhere, nil},

	{Portal, Administrator, ReadCustomer, own, nil},
	{Portal, Administrator, ReadUsers, own, nil},
	{Portal, Administrator, ExportUsers, own, nil},
	{Portal, Administrator, ChangeUsers, own, nil},
	{Portal, Administrator, ReadInvites, own, nil},
	{Portal, Administrator, Invite, own, nil},
	{Portal, Administrator, Approve, own, nil},
	{Portal, Administrator, ReadDomains, own, nil}, // the proof is in the domain's DNS, not in who asks
	{Portal, Administrator, ChangeDomains, own, nil},

	{Portal, Moderator, ReadCustomer, own, nil},
	{Portal, Moderator, ReadUsers, own, nil},
	{Portal, Moderator, ReadInvites, own, nil},
	{Portal, Moderator, Invite, own, []Role{Member}},

	{Portal, Member, ReadCustomer, own, nil},

	// A guest "sees its customer and can ask for a first user, nothing else".
	{Guest, Contacting, ReadCustomer, own, nil},
	{Guest, Contacting, AskFirstUser, own, nil},
}

func (p permission) covers(a Actor, customerID string) bool {
	switch p.scope {
	case anywhere:
		return true
	case customers:
		return customerID != ProviderID
	case own:
		return customerID == a.CustomerID
	}
	return false
}

// May says whether the actor may do this within a customer. subject is the role of the user or invitation it is about;
// "" asks whether the action is open to the actor for any subject at all (pages show or hide buttons with it).
func (a Actor) May(action Action, customerID string, subject Role) bool {
	if a.Realm == System {
		return true
	}
	if !a.Reach().Includes(customerID) {
		return false
	}
	for _, p := range permissions {
		if p.realm != a.Realm || p.role != a.Role || p.action != action || !p.covers(a, customerID) {
			continue
		}
		if subject == "" || p.roles == nil || slices.Contains(p.roles, subject) {
			return true
		}
	}
	return false
}

// require returns nil when the actor may, ErrNotFound when the customer is out of reach (a foreign id does not exist),
// and ErrForbidden otherwise.
func (a Actor) require(action Action, customerID string, subject Role) error {
	if a.May(action, customerID, subject) {
		return nil
	}
	if a.Realm != System && !a.Reach().Includes(customerID) {
		return ErrNotFound
	}
	return ErrForbidden
}
