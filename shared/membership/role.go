package membership

import "slices"

// Role is what a user is: the first three in a customer, the last two among the staff. There is no manager yet, who
// would be staff for the customers of given customer groups.
type Role string

// The roles. Staff and customers both have an "administrator"; whose it is follows from the user's customer.
const (
	Member        Role = "member"
	Moderator     Role = "moderator"
	Administrator Role = "administrator"
	Agent         Role = "agent"

	// Contacting is the role of a guest, which no user can have.
	Contacting Role = "contacting"

	StaffAdministrator = Administrator
	StaffAgent         = Agent
)

// RolesOf returns the roles that a user of this customer can have, the most careful choice first.
func RolesOf(customerID string) []Role {
	if customerID == ProviderID {
		return []Role{Agent, Administrator}
	}
	return []Role{Member, Moderator, Administrator}
}

// ValidRole says whether a user of this customer can have this role.
func ValidRole(customerID string, role Role) bool {
	return slices.Contains(RolesOf(customerID), role)
}
