package membership

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Group is a named set of users and of whole customers. It carries no grants yet. Names differ by more than case and
// accents, because people choose groups by their names.
type Group struct {
	ID          string
	Name        string
	Description string
	// Active is false for a group that no choice offers; its members stay in it.
	Active    bool
	CreatedAt time.Time
	Version   int
	// Members is how many there are according to the counters, which follow a change within seconds. It is set when one
	// group or a list of them is read.
	Members GroupMembers
}

// GroupMembers counts who is in a group. Removed users are in none.
type GroupMembers struct{ Users, Customers int }

// MaxGroups is how many groups there can be: a choice shows them all, and the counters of all of them are one Query of
// some 10 RCU.
const MaxGroups = 500

// MaxGroupsOf is how many groups a user or a customer can be in: each is one more item in the transaction of every
// change that lists show.
const MaxGroupsOf = 20

// Errors about groups.
var (
	// ErrGroupGone answers putting somebody into a group that is inactive or does not exist.
	ErrGroupGone       = &Error{Kind: Conflict, Code: "group_gone", Field: "groupIds", Message: "This group does not exist or is not active. Choose another one."}
	ErrGroupNameInUse  = &Error{Kind: Conflict, Code: "group_name_in_use", Field: "name", Message: "There is a group of this name already. Choose another one."}
	ErrGroupNotEmpty   = &Error{Kind: Conflict, Code: "group_not_empty", Message: "The group still has members. Take them out first, or make the group inactive."}
	ErrTooManyGroups   = &Error{Kind: Conflict, Code: "too_many_groups", Message: "There can be at most 500 groups. Delete one that nobody needs any more."}
	ErrTooManyGroupsOf = &Error{Kind: Conflict, Code: "too_many_groups_of_one", Field: "groupIds", Message: "A user or customer can be in at most 20 groups."}
	ErrStaffInGroup    = &Error{Kind: Conflict, Code: "staff_have_no_groups", Field: "groupIds", Message: "Groups are for customers and their users. The rights of staff follow from their role."}
	ErrNoGroupsForYou  = &Error{Kind: Forbidden, Code: "groups_not_allowed", Field: "groupIds", Message: "Only administrators of the provider put people into groups."}
)

func (g Group) auditFields() map[string]string {
	return map[string]string{"name": g.Name, "description": g.Description, "active": strconv.FormatBool(g.Active)}
}

// GroupInput is what callers may set of a group; nil leaves a field as it is.
type GroupInput struct {
	Name, Description *string
	Active            *bool
}

// apply returns g with the input's fields, checked.
func (in GroupInput) apply(g Group) (Group, error) {
	var errs fieldErrors
	if in.Name != nil {
		g.Name = checkName(&errs, "name", *in.Name, mandatory)
	}
	if in.Description != nil {
		g.Description = checkText(&errs, "description", *in.Description, maxText)
	}
	if in.Active != nil {
		g.Active = *in.Active
	}
	return g, errs.err()
}

// GroupQuery asks for one page of groups, by name.
type GroupQuery struct {
	Reach Reach
	// Active limits the page to active or inactive groups; nil is all. Choices offer the active ones.
	Active *bool
	Page   PageRequest
}

// GroupStore is what the groups' use cases need of the table.
type GroupStore interface {
	// User returns one user within reach. Errors: ErrNotFound.
	User(ctx context.Context, reach Reach, userID string) (User, error)
	// Customer returns one customer within reach. Errors: ErrNotFound.
	Customer(ctx context.Context, reach Reach, customerID string) (Customer, error)
	// Group returns one group with its members counted. Errors: ErrNotFound, also when reach is not all.
	Group(ctx context.Context, reach Reach, groupID string) (Group, error)
	// Groups returns one page of groups with their members counted.
	Groups(ctx context.Context, q GroupQuery) (Page[Group], error)
	// GroupsOf returns the groups of these ids that exist, in the order of ids, without counting members: one wait.
	GroupsOf(ctx context.Context, reach Reach, ids []string) ([]Group, error)
	// GroupCustomers returns one page of the customers in a group, by name, with the columns that lists show.
	// Errors: ErrNotFound when there is no such group.
	GroupCustomers(ctx context.Context, reach Reach, groupID string, p PageRequest) (Page[Customer], error)
	// CreateGroup stores a new group. Errors: ErrGroupNameInUse, ErrTooManyGroups.
	CreateGroup(ctx context.Context, g Group, t Trail) error
	// ChangeGroup replaces before with after. Errors: ErrStale, ErrGroupNameInUse.
	ChangeGroup(ctx context.Context, before, after Group, t Trail) error
	// DeleteGroup deletes a group that nobody is in, and is safe when somebody is put into it at that moment.
	// Errors: ErrStale, ErrGroupNotEmpty.
	DeleteGroup(ctx context.Context, g Group, t Trail) error
	// ChangeUser and ChangeCustomer replace before with after. Errors: ErrStale, and ErrGroupGone when after is in a
	// new group that is not active.
	ChangeUser(ctx context.Context, before, after User, i *InvitationChange, t Trail) error
	ChangeCustomer(ctx context.Context, before, after Customer, t Trail) error
}

// Groups are the use cases about groups. Staff see groups; staff administrators change them and their members. For
// everybody else there are none.
type Groups struct {
	Store GroupStore
	NewID func() string
}

// may returns nil when the actor may do this with groups, which are the provider's.
func (gs Groups) may(c Call, a Action) error { return c.Actor.require(a, ProviderID, "") }

// Get returns one group. Errors: ErrNotFound, ErrForbidden.
func (gs Groups) Get(ctx context.Context, c Call, groupID string) (Group, error) {
	if err := gs.may(c, ReadGroups); err != nil {
		return Group{}, err
	}
	return gs.Store.Group(ctx, c.Actor.Reach(), groupID)
}

// List returns one page of groups, by name. Errors: ErrForbidden, Invalid.
func (gs Groups) List(ctx context.Context, c Call, q GroupQuery) (Page[Group], error) {
	if gs.may(c, ReadGroups) != nil {
		return Page[Group]{}, ErrForbidden
	}
	q.Reach, q.Page.Ascending = c.Actor.Reach(), true
	return gs.Store.Groups(ctx, q)
}

// Customers returns one page of the customers in a group, by name. Errors: ErrNotFound, ErrForbidden, Invalid.
func (gs Groups) Customers(ctx context.Context, c Call, groupID string, p PageRequest) (Page[Customer], error) {
	if err := gs.may(c, ReadGroups); err != nil {
		return Page[Customer]{}, err
	}
	p.Ascending = true
	return gs.Store.GroupCustomers(ctx, c.Actor.Reach(), groupID, p)
}

// Create makes a group, active unless the input says otherwise. Errors: ErrForbidden, Invalid, ErrGroupNameInUse,
// ErrTooManyGroups.
func (gs Groups) Create(ctx context.Context, c Call, in GroupInput) (Group, error) {
	if gs.may(c, ChangeGroups) != nil {
		return Group{}, ErrForbidden
	}
	if len(c.Done) > 0 {
		return gs.Store.Group(ctx, c.Actor.Reach(), c.Done[0])
	}
	if in.Name == nil {
		none := ""
		in.Name = &none
	}
	g, err := in.apply(Group{Active: true})
	if err != nil {
		return Group{}, err
	}
	g.ID, g.CreatedAt, g.Version = gs.NewID(), second(c.Now), 1
	audit := c.auditEntry(gs.NewID(), "group.created", "group", g.ID, ProviderID, nil, g.auditFields())
	if err := gs.Store.CreateGroup(ctx, g, c.trail(audit, g.ID)); err != nil {
		return Group{}, err
	}
	return g, nil
}

// Change renames, describes, activates or deactivates a group. version is that of If-Match. A job updates the members'
// records, which carry the name of their first active group. Errors: ErrNotFound, ErrForbidden, ErrStale, Invalid,
// ErrGroupNameInUse.
func (gs Groups) Change(ctx context.Context, c Call, groupID string, version int, in GroupInput) (Group, error) {
	if err := gs.may(c, ChangeGroups); err != nil {
		return Group{}, err
	}
	before, err := gs.Store.Group(ctx, c.Actor.Reach(), groupID)
	if err != nil {
		return Group{}, err
	}
	if version != before.Version {
		return Group{}, ErrStale
	}
	after, err := in.apply(before)
	if err != nil || unchanged(before, after) {
		return after, err
	}
	after.Version = before.Version + 1
	trail := c.trail(c.auditEntry(gs.NewID(), "group.changed", "group", groupID, ProviderID, before.auditFields(), after.auditFields()), groupID)
	if after.Name != before.Name || after.Active != before.Active {
		trail.Jobs = []Job{gs.renameJob(c, groupID)}
	}
	if err := gs.Store.ChangeGroup(ctx, before, after, trail); err != nil {
		return Group{}, err
	}
	return after, nil
}

// renameJob returns the job that tells a group's members its new name or state. Nobody waits for it, so no list shows
// it.
func (gs Groups) renameJob(c Call, groupID string) Job {
	j := NewJob(c, gs.NewID(), JobRenameGroup, ProviderID, groupID, nil)
	j.By, j.ByName = "", ""
	return j
}

// Delete deletes a group that nobody is in. Errors: ErrNotFound, ErrForbidden, ErrStale, Conflict (group_not_empty, which
// says how many are in it).
func (gs Groups) Delete(ctx context.Context, c Call, groupID string, version int) error {
	if err := gs.may(c, ChangeGroups); err != nil {
		return err
	}
	before, err := gs.Store.Group(ctx, c.Actor.Reach(), groupID)
	if err != nil {
		return err
	}
	if version != before.Version {
		return ErrStale
	}
	audit := c.auditEntry(gs.NewID(), "group.deleted", "group", groupID, ProviderID, before.auditFields(), nil)
	err = gs.Store.DeleteGroup(ctx, before, c.trail(audit, groupID))
	if errors.Is(err, ErrGroupNotEmpty) {
		return before.Members.notEmpty()
	}
	return err
}

// notEmpty returns ErrGroupNotEmpty with the numbers, which are a few seconds old, unless they are zero.
func (m GroupMembers) notEmpty() error {
	e := *ErrGroupNotEmpty
	if m.Users+m.Customers > 0 {
		e.Message = fmt.Sprintf("The group still has %s and %s. Take them out first, or make the group inactive.", counted(m.Users, "user"), counted(m.Customers, "customer"))
	}
	return &e
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// AddUser puts a user of a customer into an active group; a user who is in it already stays in it. Users kept by a
// customer's directory can be put into groups too: groups are the provider's.
// Errors: ErrNotFound, ErrForbidden, ErrGroupGone, ErrTooManyGroupsOf, Conflict (staff_have_no_groups, impossible_in_status).
func (gs Groups) AddUser(ctx context.Context, c Call, groupID, userID string) error {
	return gs.user(ctx, c, groupID, userID, "user.group-added", func(u User, g Group) (User, error) {
		switch {
		case u.CustomerID == ProviderID:
			return u, ErrStaffInGroup
		case slices.Contains(u.GroupIDs, g.ID):
			return u, nil
		case !g.Active:
			return u, ErrGroupGone
		case len(u.GroupIDs) >= MaxGroupsOf:
			return u, ErrTooManyGroupsOf
		}
		_, err := u.StatusAt(c.Now).after(StepChange)
		u.GroupIDs = append(slices.Clone(u.GroupIDs), g.ID)
		return u, err
	})
}

// RemoveUser takes a user out of a group, if the user is in it. Errors: ErrNotFound, ErrForbidden.
func (gs Groups) RemoveUser(ctx context.Context, c Call, groupID, userID string) error {
	return gs.user(ctx, c, groupID, userID, "user.group-removed", func(u User, g Group) (User, error) {
		u.GroupIDs = without(u.GroupIDs, g.ID)
		return u, nil
	})
}

// memberTries is how often a change of membership is tried when something else about the user or customer changes at
// the same moment. It does not depend on what was before, so nobody has to read again and repeat it.
const memberTries = 4

// user changes the groups of a user.
func (gs Groups) user(ctx context.Context, c Call, groupID, userID, action string, change func(User, Group) (User, error)) error {
	if err := gs.may(c, ChangeGroups); err != nil {
		return err
	}
	for try := 1; ; try++ {
		before, err := c.User.or(ctx, c.Actor.Reach(), userID, gs.Store.User)
		if err != nil {
			return err
		}
		c.User = nil // the next try reads it again
		groups, err := gs.Store.GroupsOf(ctx, c.Actor.Reach(), append(without(before.GroupIDs, groupID), groupID))
		if err != nil {
			return err
		}
		g, ok := findGroup(groups, groupID)
		if !ok {
			return ErrNotFound
		}
		after, err := change(before, g)
		if err != nil || len(after.GroupIDs) == len(before.GroupIDs) {
			return err
		}
		after.Group, after.Version = FirstActive(after.GroupIDs, groups), before.Version+1
		audit := c.auditEntry(gs.NewID(), action, "user", before.ID, before.CustomerID, membershipFields(before.GroupIDs, g), membershipFields(after.GroupIDs, g))
		if err = gs.Store.ChangeUser(ctx, before, after, nil, c.trail(audit, before.ID)); KindOf(err) != Stale || try == memberTries {
			return err
		}
	}
}

// AddCustomer puts a whole customer into an active group; a customer that is in it already stays in it.
// Errors: ErrNotFound, ErrForbidden, ErrGroupGone, ErrTooManyGroupsOf, Conflict (staff_have_no_groups).
func (gs Groups) AddCustomer(ctx context.Context, c Call, groupID, customerID string) error {
	return gs.customer(ctx, c, groupID, customerID, "customer.group-added", func(x Customer, g Group) (Customer, error) {
		switch {
		case x.ID == ProviderID:
			return x, ErrStaffInGroup
		case slices.Contains(x.GroupIDs, g.ID):
			return x, nil
		case !g.Active:
			return x, ErrGroupGone
		case len(x.GroupIDs) >= MaxGroupsOf:
			return x, ErrTooManyGroupsOf
		}
		x.GroupIDs = append(slices.Clone(x.GroupIDs), g.ID)
		return x, nil
	})
}

// RemoveCustomer takes a customer out of a group, if the customer is in it. Errors: ErrNotFound, ErrForbidden.
func (gs Groups) RemoveCustomer(ctx context.Context, c Call, groupID, customerID string) error {
	return gs.customer(ctx, c, groupID, customerID, "customer.group-removed", func(x Customer, g Group) (Customer, error) {
		x.GroupIDs = without(x.GroupIDs, g.ID)
		return x, nil
	})
}

// customer changes the groups of a customer.
func (gs Groups) customer(ctx context.Context, c Call, groupID, customerID, action string, change func(Customer, Group) (Customer, error)) error {
	if err := gs.may(c, ChangeGroups); err != nil {
		return err
	}
	groups, err := gs.Store.GroupsOf(ctx, c.Actor.Reach(), []string{groupID})
	if err != nil {
		return err
	}
	if len(groups) == 0 {
		return ErrNotFound
	}
	for try := 1; ; try++ {
		before, err := c.Customer.or(ctx, c.Actor.Reach(), customerID, gs.Store.Customer)
		if err != nil {
			return err
		}
		c.Customer = nil // the next try reads it again
		after, err := change(before, groups[0])
		if err != nil || len(after.GroupIDs) == len(before.GroupIDs) {
			return err
		}
		after.Version = before.Version + 1
		audit := c.auditEntry(gs.NewID(), action, "customer", customerID, customerID, membershipFields(before.GroupIDs, groups[0]), membershipFields(after.GroupIDs, groups[0]))
		if err = gs.Store.ChangeCustomer(ctx, before, after, c.trail(audit, customerID)); KindOf(err) != Stale || try == memberTries {
			return err
		}
	}
}

// membershipFields returns what an audit entry says of membership in a group; nil if the group is not among ids.
func membershipFields(ids []string, g Group) map[string]string {
	if !slices.Contains(ids, g.ID) {
		return nil
	}
	return map[string]string{"groupId": g.ID, "group": g.Name}
}

// FirstActive returns the name of the first active group, in the order of ids, or "". Lists sort a user by it.
func FirstActive(ids []string, groups []Group) string {
	for _, id := range ids {
		if g, ok := findGroup(groups, id); ok && g.Active {
			return g.Name
		}
	}
	return ""
}

func findGroup(groups []Group, id string) (Group, bool) {
	n := slices.IndexFunc(groups, func(g Group) bool { return g.ID == id })
	if n < 0 {
		return Group{}, false
	}
	return groups[n], true
}

func without(ids []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(x string) bool { return x == id })
}

// choice is the groups that a new user will be in.
type choice struct {
	ids   []string
	first string // User.Group
}

// groupFinder is what checking a choice needs of the table.
type groupFinder interface {
	GroupsOf(ctx context.Context, reach Reach, ids []string) ([]Group, error)
}

// chooseGroups checks the groups that somebody chose for new users of a customer; no groups cost no wait. Storing a
// user checks again that each is still active.
// Errors: ErrNoGroupsForYou, ErrStaffInGroup, ErrTooManyGroupsOf, ErrGroupGone.
func chooseGroups(ctx context.Context, store groupFinder, a Actor, customerID string, ids []string) (choice, error) {
	wanted := each(ids)
	if err := mayChoose(a, customerID, wanted); err != nil || len(wanted) == 0 {
		return choice{}, err
	}
	groups, err := store.GroupsOf(ctx, a.Reach(), wanted)
	if err != nil {
		return choice{}, err
	}
	if err := allActive(wanted, groups); err != nil {
		return choice{}, err
	}
	return choice{ids: wanted, first: FirstActive(wanted, groups)}, nil
}

// each returns the ids without repetitions. It does not compare each with all others: anybody can send a hundred
// thousand.
func each(ids []string) []string {
	var once []string
	met := make(map[string]bool, len(ids))
	for _, id := range ids {
		if !met[id] {
			met[id] = true
			once = append(once, id)
		}
	}
	return once
}

// mayChoose returns nil if the actor may give these groups, which do not repeat, to a user of a customer.
func mayChoose(a Actor, customerID string, ids []string) error {
	switch {
	case slices.ContainsFunc(ids, func(id string) bool { return len(id) > maxName }):
		return ErrGroupGone
	case len(ids) == 0:
	case !a.May(ChangeGroups, ProviderID, ""):
		return ErrNoGroupsForYou
	case customerID == ProviderID:
		return ErrStaffInGroup
	case len(ids) > MaxGroupsOf:
		return ErrTooManyGroupsOf
	}
	return nil
}

// allActive returns nil if all ids are among the groups and active.
func allActive(ids []string, groups []Group) error {
	for _, id := range ids {
		if g, ok := findGroup(groups, id); !ok || !g.Active {
			return ErrGroupGone
		}
	}
	return nil
}
