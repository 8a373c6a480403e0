package membership

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// User is a person of a customer who has, or will have, access; the provider's users are its staff.
type User struct {
	ID         string
	CustomerID string
	Company    string // the customer's name when the user was last written
	Status     Status // as stored; StatusAt is what holds
	Role       Role

	Title, FirstName, LastName string
	Email, Username            string // Username is "" before active
	GroupIDs                   []string
	Group                      string // the name of the first active group when the user was last written; lists sort by it
	Grants                     []Grant
	NotificationsEnabled       bool
	AvatarURL, URL             string
	Phone, Mobile, Fax         string
	Street, Postcode, City     string
	Region, Country, Language  string
	ExternalID, Comment        string
	Source                     string // "" or "directory"

	RegisteredAt        time.Time // when the user first was on the list
	SuspendedUntil      time.Time
	InvitationID        string
	InvitationExpiresAt time.Time
	// ActivatingUntil is the lease of an acceptance in progress; the user is shown as invited meanwhile.
	ActivatingUntil time.Time
	// AddressElsewhere marks a user whose e-mail signs in for another customer, so that nothing is reserved for it
	// here. This customer's administrators cannot tell such a user from others.
	AddressElsewhere bool
	// NewEmail is the address that the user's e-mail is to be changed to, "" for none; it can be confirmed until
	// NewEmailUntil. NewEmailVersion is that of the newest link for it.
	NewEmail        string
	NewEmailUntil   time.Time
	NewEmailVersion int
	// ValidFrom is the moment before which no session or token of the user counts.
	ValidFrom time.Time
	Version   int
}

// Grant is a right: a module, in one sub-account or all (""), to read or write.
type Grant struct {
	Module       string
	SubAccountID string
	Level        string
}

// DisplayName returns the name to show: first and last name, else the e-mail.
func (u User) DisplayName() string {
	switch {
	case u.FirstName != "" && u.LastName != "":
		return u.FirstName + " " + u.LastName
	case u.FirstName+u.LastName != "":
		return u.FirstName + u.LastName
	}
	return u.Email
}

// SortName returns the text by which lists sort the user: last name first.
func (u User) SortName() string {
	if u.FirstName+u.LastName == "" {
		return FoldName(u.Email)
	}
	return FoldName(u.LastName + " " + u.FirstName)
}

func (u User) auditFields() map[string]string {
	return map[string]string{
		"status": string(u.Status), "role": string(u.Role), "title": u.Title, "firstName": u.FirstName, "lastName": u.LastName,
		"email": u.Email, "username": u.Username, "notificationsEnabled": strconv.FormatBool(u.NotificationsEnabled),
		"url": u.URL, "phone": u.Phone, "mobile": u.Mobile, "fax": u.Fax, "street": u.Street, "postcode": u.Postcode,
		"city": u.City, "region": u.Region, "country": u.Country, "language": u.Language, "externalId": u.ExternalID,
		"comment": u.Comment, "suspendedUntil": auditTime(u.SuspendedUntil), "groupIds": strings.Join(u.GroupIDs, " "), "newEmail": u.NewEmail,
	}
}

func auditTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// UserRow is a user as lists show it: what the list's index carries, not the whole record.
type UserRow struct {
	ID, CustomerID, Company string
	FirstName, LastName     string
	Email, Username         string
	Role                    Role
	Status                  Status // as the clock has it
	Country                 string
	GroupIDs                []string
	RegisteredAt            time.Time
	InvitationID            string
	InvitationExpiresAt     time.Time
	SuspendedUntil          time.Time
}

// StatusAt is User.StatusAt for a row.
func (r UserRow) StatusAt(now time.Time) Status {
	return User{Status: r.Status, InvitationExpiresAt: r.InvitationExpiresAt, SuspendedUntil: r.SuspendedUntil}.StatusAt(now)
}

// DisplayName is User.DisplayName for a row.
func (r UserRow) DisplayName() string {
	return User{FirstName: r.FirstName, LastName: r.LastName, Email: r.Email}.DisplayName()
}

// UserSort names the columns by which users can be sorted.
type UserSort string

// The six sorts.
const (
	SortName       UserSort = "name"
	SortEmail      UserSort = "email"
	SortGroup      UserSort = "group"
	SortRole       UserSort = "role"
	SortCompany    UserSort = "company"
	SortRegistered UserSort = "registered"
)

// UserQuery asks for one page of users. Filters are combined.
type UserQuery struct {
	Reach      Reach
	CustomerID string // "" is every customer; only with Reach all
	Status     Status // "" is every status but removed; as the clock has it at Now
	Role       Role   // "" is every role
	Country    string // ISO 3166, "" is every country
	GroupID    string // "" is every group
	// Search finds users by the start of any word of name, username, e-mail or company: folded (FoldName), at least
	// MinUserSearch characters. It has an order of its own.
	Search string
	Sort   UserSort
	Page   PageRequest
	Now    time.Time
}

// Keeps says whether a user found by one of the filters passes all of them.
func (q UserQuery) Keeps(r UserRow) bool {
	status := r.StatusAt(q.Now)
	switch {
	case q.CustomerID != "" && r.CustomerID != q.CustomerID,
		q.CustomerID == "" && r.CustomerID == ProviderID,
		!q.Reach.Includes(r.CustomerID),
		q.Status == "" && status == Removed,
		q.Status != "" && status != q.Status,
		q.Role != "" && r.Role != q.Role,
		q.Country != "" && r.Country != q.Country,
		q.GroupID != "" && !slices.Contains(r.GroupIDs, q.GroupID):
		return false
	}
	return true
}

// within returns the query as an actor may ask it: a customer's people ask about their own customer.
func (q UserQuery) within(a Actor) UserQuery {
	q.Reach = a.Reach()
	if a.Realm == Portal && q.CustomerID == "" {
		q.CustomerID = a.CustomerID
	}
	return q
}

// Errors about searches for users.
var (
	ErrShortUserSearch   = InvalidField("q", "search_too_short", "A search for people needs at least three characters.")
	ErrNoSearchOfRemoved = InvalidField("q", "search_excludes_removed", "Removed users are not searched: leave out the search or the status.")
)

// MinUserSearch and MaxUserSearch bound a search, in characters and in bytes of the folded text.
const (
	MinUserSearch = 3
	MaxUserSearch = 400
)

// UserStore is what the users' use cases need of the table.
type UserStore interface {
	// User returns one user within reach. Errors: ErrNotFound.
	User(ctx context.Context, reach Reach, userID string) (User, error)
	// Users returns one page of rows.
	Users(ctx context.Context, q UserQuery) (Page[UserRow], error)
	// UserCounts returns how many users of a customer, or with "" of all of them, are in each status.
	UserCounts(ctx context.Context, reach Reach, customerID string) (map[Status]int, error)
	// ChangeUser replaces before with after, which has the next version; it keeps the rows of the lists in step, reserves a
	// new e-mail or username and frees the old one in the same moment. invitation, when not nil, is changed with it (before
	// and after). Errors: ErrStale when before is no longer what is stored, ErrLoginTaken, ErrExternalUserID, ErrGroupGone,
	// ErrSignedOut when the trail's witness no longer is a staff administrator, ErrInProgress, TooMany.
	ChangeUser(ctx context.Context, before, after User, invitation *InvitationChange, t Trail) error
	// Invitation returns one invitation within reach. Errors: ErrNotFound.
	Invitation(ctx context.Context, reach Reach, invitationID string) (Invitation, error)
	// Registration returns one registration within reach. Errors: ErrNotFound.
	Registration(ctx context.Context, reach Reach, registrationID string) (Registration, error)
	// RemoveRegistrant is ChangeUser for somebody who waits, and ends the registration. Errors: ErrStale, ErrInProgress.
	RemoveRegistrant(ctx context.Context, before, after User, r RegistrationChange, t Trail) error
}

// InvitationChange is an invitation before and after a change.
type InvitationChange struct{ Before, After Invitation }

// Users are the use cases about people who are on the list already.
type Users struct {
	Store UserStore
	NewID func() string
}

// Get returns one user. Errors: ErrNotFound, ErrForbidden.
func (u Users) Get(ctx context.Context, c Call, userID string) (User, error) {
	user, err := u.find(ctx, c, userID)
	if err != nil {
		return User{}, err
	}
	if user.ID == c.Actor.UserID && c.Actor.Realm != System {
		return user, nil
	}
	if err := c.Actor.require(ReadUsers, user.CustomerID, ""); err != nil {
		return User{}, err
	}
	return user, nil
}

// find returns a user whom the actor can see: removed ones are shown to staff only (mission, words).
func (u Users) find(ctx context.Context, c Call, userID string) (User, error) {
	user, err := c.User.or(ctx, c.Actor.Reach(), userID, u.Store.User)
	if err == nil && user.Status == Removed && c.Actor.Realm == Portal {
		err = ErrNotFound
	}
	if err != nil {
		return User{}, err
	}
	return user, nil
}

// List returns one page of users. Staff see all customers, others their own. Errors: ErrForbidden, ErrNotFound, Invalid.
func (u Users) List(ctx context.Context, c Call, q UserQuery) (Page[UserRow], error) {
	q = q.within(c.Actor)
	if err := c.Actor.require(ReadUsers, q.CustomerID, ""); err != nil {
		return Page[UserRow]{}, err
	}
	if q.Status == Removed && c.Actor.Realm == Portal {
		return Page[UserRow]{}, ErrForbidden
	}
	q.Now = c.Now
	if q.Search = FoldSearch(q.Search); q.Search != "" {
		switch {
		case q.Sort != "":
			return Page[UserRow]{}, ErrNoSearchAndSort
		case utf8.RuneCountInString(q.Search) < MinUserSearch:
			return Page[UserRow]{}, ErrShortUserSearch
		case len(q.Search) > MaxUserSearch:
			return Page[UserRow]{}, ErrLongSearch
		case q.Status == Removed:
			return Page[UserRow]{}, ErrNoSearchOfRemoved
		}
		q.Page.Ascending = true
	} else if q.Sort == "" {
		q.Sort = SortName
	}
	page, err := u.Store.Users(ctx, q)
	if err != nil {
		return Page[UserRow]{}, err
	}
	for i := range page.Items {
		page.Items[i].Status = page.Items[i].StatusAt(c.Now)
	}
	return page, nil
}

// Counts returns how many users are in each status, of one customer or, with "", of all of them. They follow a change
// within seconds, and the clock within a minute. Errors: ErrForbidden, ErrNotFound.
func (u Users) Counts(ctx context.Context, c Call, customerID string) (map[Status]int, error) {
	if c.Actor.Realm == Portal && customerID == "" {
		customerID = c.Actor.CustomerID
	}
	if err := c.Actor.require(ReadUsers, customerID, ""); err != nil {
		return nil, err
	}
	counts, err := u.Store.UserCounts(ctx, c.Actor.Reach(), customerID)
	if err == nil && c.Actor.Realm == Portal {
		delete(counts, Removed)
	}
	return counts, err
}

// Deactivate ends a user's access with the next request and keeps everything else.
// Errors: ErrNotFound, ErrForbidden, ErrStale, Conflict (impossible_in_status, own_account).
func (u Users) Deactivate(ctx context.Context, c Call, userID string, version int) (User, error) {
	return u.step(ctx, c, userID, version, StepDeactivate, "user.deactivated", time.Time{})
}

// Reactivate gives a deactivated or suspended user access again; the user signs in again. Errors as Deactivate.
func (u Users) Reactivate(ctx context.Context, c Call, userID string, version int) (User, error) {
	return u.step(ctx, c, userID, version, StepReactivate, "user.reactivated", time.Time{})
}

// Remove takes a user off the customer's lists, ends the access, frees e-mail and username, and ends an invitation that
// is still open. The person can be invited again. Errors as Deactivate.
func (u Users) Remove(ctx context.Context, c Call, userID string, version int) (User, error) {
	return u.step(ctx, c, userID, version, StepRemove, "user.removed", time.Time{})
}

// step moves a user along the status machine. version is that of If-Match; with 0 only the status is checked. until is
// the end of a suspension. Users kept by a directory can be moved as well: access must end when somebody here says so,
// even while the directory does not answer.
func (u Users) step(ctx context.Context, c Call, userID string, version int, step Step, action string, until time.Time) (User, error) {
	before, err := u.find(ctx, c, userID)
	if err != nil {
		return User{}, err
	}
	if err := c.Actor.require(ChangeUsers, before.CustomerID, before.Role); err != nil {
		return User{}, err
	}
	if len(c.Done) > 0 {
		return before, nil
	}
	if before.ID == c.Actor.UserID {
		return User{}, &Error{Kind: Conflict, Code: "own_account", Message: "You cannot do this to your own account. Ask another administrator."}
	}
	if version != 0 && version != before.Version {
		return User{}, ErrStale
	}
	next, err := before.StatusAt(c.Now).after(step)
	if err != nil {
		return User{}, err
	}
	after := before
	after.Status, after.Version = next, before.Version+1
	after.SuspendedUntil, after.ActivatingUntil = until, time.Time{}
	after.ValidFrom = cutOff(c.Now)
	var change *InvitationChange
	if step == StepRemove && before.InvitationID != "" && before.Status != Active && before.Status != Deactivated && before.Status != Suspended {
		if change, err = u.endInvitation(ctx, c, before); err != nil {
			return User{}, err
		}
	}
	audit := c.auditEntry(u.NewID(), action, "user", before.ID, before.CustomerID, before.auditFields(), after.auditFields())
	trail := c.trail(audit, before.ID)
	trail.Witness = c.witness(before)
	if before.Status == Waiting {
		return after, u.removeRegistrant(ctx, c, before, after, trail)
	}
	if err := u.Store.ChangeUser(ctx, before, after, change, trail); err != nil {
		return User{}, err
	}
	return after, nil
}

// removeRegistrant removes somebody who waits: that is a silent disapproval.
func (u Users) removeRegistrant(ctx context.Context, c Call, before, after User, trail Trail) error {
	reg, err := u.Store.Registration(ctx, ReachCustomer(before.CustomerID), before.ID)
	if err != nil {
		return err
	}
	if reg.Status != RegistrationWaiting { // decided between the two reads
		return ErrStale
	}
	return u.Store.RemoveRegistrant(ctx, before, after, RegistrationChange{reg, reg.decided(c, RegistrationDisapproved)}, trail)
}

func (u Users) endInvitation(ctx context.Context, c Call, user User) (*InvitationChange, error) {
	before, err := u.Store.Invitation(ctx, c.Actor.Reach(), user.InvitationID)
	if KindOf(err) == NotFound { // deleted by retention
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if before.Status != InvitationPending && before.Status != InvitationExpired {
		return nil, nil
	}
	after := before
	after.Status, after.EndedAt = InvitationRevoked, second(c.Now)
	after.Version = before.Version + 1
	return &InvitationChange{before, after}, nil
}

// cutOff returns the moment before which tokens and sessions no longer count. Token times are whole seconds, so the
// second of the cut-off itself must be over; the cost is that a sign-in in the same second does not hold.
func cutOff(now time.Time) time.Time { return second(now).Add(time.Second) }
