package membership

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// InvitationStatus is where an invitation stands.
type InvitationStatus string

// The statuses of an invitation. Expired follows the clock (StatusAt), not the clean-up.
const (
	InvitationPending  InvitationStatus = "pending"
	InvitationAccepted InvitationStatus = "accepted"
	InvitationDeclined InvitationStatus = "declined"
	InvitationRevoked  InvitationStatus = "revoked"
	InvitationExpired  InvitationStatus = "expired"
)

// Invitation is an offer, valid seven days, to become a user of one customer.
type Invitation struct {
	ID, CustomerID, UserID string
	Email                  string
	FirstName, LastName    string
	Language               string
	Role                   Role
	Grants                 []Grant
	GroupIDs               []string
	Status                 InvitationStatus
	Delivery               string // of the last mail: queued, sent, abandoned; delivered and bounced come with SES's events
	MailID                 string // of the last mail
	ExpiresAt              time.Time
	SentAt                 time.Time // when the last link was made
	CreatedAt, EndedAt     time.Time
	// Origin is the realm of the inviter. Invitations by a customer's own people are not listed for the provider.
	Origin Realm
	// OfContact is what the invitation changed in a user who was a contact before; deleting it turns the user back into
	// that contact. It is nil if the invitation made the user.
	OfContact     *FormerContact
	InvitedBy     string // user id; "" for the deployment itself
	InvitedByName string
	// LinkVersion is the version of the only link that is good; resending raises it.
	LinkVersion int
	Version     int
}

// StatusAt returns the status as the clock has it. The link is good up to, and not at, ExpiresAt.
func (i Invitation) StatusAt(now time.Time) InvitationStatus {
	if i.Status == InvitationPending && !now.Before(i.ExpiresAt) {
		return InvitationExpired
	}
	return i.Status
}

// Link returns the facts that the invitation's link proves.
func (i Invitation) Link() Link {
	return Link{Purpose: PurposeInvitation, ID: i.ID, Version: i.LinkVersion, ExpiresAt: i.ExpiresAt, Address: FoldLogin(i.Email)}
}

func (i Invitation) auditFields() map[string]string {
	return map[string]string{"status": string(i.Status), "email": i.Email, "role": string(i.Role), "firstName": i.FirstName,
		"lastName": i.LastName, "language": i.Language, "groupIds": strings.Join(i.GroupIDs, " "), "expiresAt": auditTime(i.ExpiresAt), "linkVersion": strconv.Itoa(i.LinkVersion)}
}

// Errors about invitations.
var (
	ErrIndividual          = &Error{Kind: Conflict, Code: "customer_is_individual", Message: "Only a corporate customer has several users, invitations and sub-accounts."}
	ErrCustomerDeactivated = &Error{Kind: Conflict, Code: "customer_deactivated", Message: "The customer is deactivated. Reactivate it first."}
	ErrEmailInUse          = &Error{Kind: Conflict, Code: "email_in_use", Field: "email", Message: "This address belongs to a user of another customer. One address is one user of one customer."}
	ErrAlreadyUser         = &Error{Kind: Conflict, Code: "already_user", Field: "email", Message: "This address already is a user of this customer."}
	ErrAlreadyInvited      = &Error{Kind: Conflict, Code: "already_invited", Field: "email", Message: "This address has been invited already. Resend the invitation instead."}
	ErrLoginTaken          = &Error{Kind: Conflict, Code: "login_taken", Message: "Somebody took this address or username at the same moment."}
	ErrAlreadyAccepted     = &Error{Kind: Conflict, Code: "already_accepted", Message: "This invitation has been accepted already. Sign in with your username or e-mail; if that fails, try the link again in a minute."}
	ErrInvitationEnded     = &Error{Kind: Gone, Code: "invitation_ended", Message: "This invitation was withdrawn or declined. Ask the person who invited you for a new one."}
	ErrInvitationExpired   = &Error{Kind: Gone, Code: "invitation_expired", Message: "This invitation has expired: links are valid for seven days. Ask for a new one."}
	ErrInvitationReplaced  = &Error{Kind: Gone, Code: "invitation_replaced", Message: "A newer mail has replaced this link. Use the link of the newest mail."}
	ErrInvitationBlocked   = &Error{Kind: Conflict, Code: "invitation_blocked", Message: "This organisation has no access at the moment. Ask the person who invited you."}
	ErrUsernameInUse       = &Error{Kind: Conflict, Code: "username_in_use", Field: "username", Message: "This username is taken. Choose another one."}
	ErrRenewedRecently     = &Error{Kind: TooMany, Code: "renewed_recently", Message: "A new link was mailed less than an hour ago. Look into your mailbox, also among the junk."}
	ErrInviterGone         = &Error{Kind: Conflict, Code: "inviter_gone", Message: "The person who invited you can no longer do so. Ask the organisation for a new invitation."}
)

// MaxInvitees is how many addresses one request can invite. Source: issue "up to 100 a request"; each is a transaction
// of its own, some 30 ms, so that the request stays well within the gateway's 30 seconds.
const MaxInvitees = 100

// What a customer's own people can make us mail: together five letters an hour to one address, and each a thousand a
// day, so that a stolen account is no mail cannon. Staff are not limited: they onboard whole companies.
var (
	lettersPerAddress = Throttle{"letters-address", 5, time.Hour}
	lettersPerActor   = Throttle{"letters-actor", 1000, 24 * time.Hour}
)

// letters returns the limits that a letter to each of these addresses counts against: those of the actor who causes it.
func (a Actor) letters(customerID string, emails ...string) []Event {
	if a.Realm != Portal {
		return nil
	}
	var events []Event
	for _, email := range emails { // two addresses of one mailbox count once: a transaction changes no item twice
		e := Event{lettersPerAddress, customerID + " " + mailbox(FoldLogin(email))}
		if !slices.Contains(events, e) {
			events = append(events, e)
		}
	}
	return append(events, Event{lettersPerActor, a.UserID})
}

// Invitee is one row of a request to invite.
type Invitee struct {
	Email               string
	FirstName, LastName string
	Language            string
	Role                Role // "" takes the role for all
	// Record is what else is known of the person, set by somebody who may: not address, username, role and groups.
	Record RecordInput
}

// record returns u with what else is known of the person. Errors: Invalid.
func (in Invitee) record(u User) (User, error) {
	var errs fieldErrors
	u = in.Record.set(&errs, u, nil) // its phone numbers were read before
	return u, errs.err()
}

// InviteInput is a request to invite.
type InviteInput struct {
	CustomerID string
	Invitees   []Invitee
	Role       Role // for all rows without one of their own; "" is the first of RolesOf
	// GroupIDs are active groups that all of them will be in. Only staff administrators may give them.
	GroupIDs []string
}

// RowResult says what became of one row of a batch.
type RowResult struct {
	Index int
	ID    string // of the invitation, when the row succeeded
	Err   *Error // nil when it did
}

// Address says who holds an e-mail or username: UserID and CustomerID are "" when nobody does.
type Address struct {
	UserID, CustomerID string
	// InvitedHere is the user of this customer who has this address although it signs in elsewhere.
	InvitedHere string
}

// InvitationQuery asks for one page of a customer's invitations, the newest first.
type InvitationQuery struct {
	Reach      Reach
	CustomerID string
	// Origin limits the page to invitations made in one realm; "" is all.
	Origin Realm
	Page   PageRequest
}

// InvitationStore is what the invitations' use cases need of the table.
type InvitationStore interface {
	UserStore
	// GroupsOf returns the groups of these ids that exist, in the order of ids: one wait.
	GroupsOf(ctx context.Context, reach Reach, ids []string) ([]Group, error)
	Customer(ctx context.Context, reach Reach, customerID string) (Customer, error)
	// Invitations returns one page.
	Invitations(ctx context.Context, q InvitationQuery) (Page[Invitation], error)
	// InviteFacts returns a customer, who holds the folded logins as that customer sees it, and the markers of the keys
	// (nil if there is none), in the order asked and with one wait. Errors: ErrNotFound when there is no such customer.
	InviteFacts(ctx context.Context, reach Reach, customerID string, folded []string, keys []*IdempotencyKey) (Customer, []Address, []*Marker, error)
	// CreateInvitation stores a new invitation with its user, for a customer that exists and is active.
	// Errors: ErrLoginTaken, ErrCustomerDeactivated, ErrGroupGone, ErrInProgress, TooMany.
	CreateInvitation(ctx context.Context, i Invitation, u User, t Trail) error
	// InviteContact is CreateInvitation for a user who was a contact until now. Errors: also ErrStale.
	InviteContact(ctx context.Context, before, after User, i Invitation, t Trail) error
	// LinkFacts returns what a new link of an invitation depends on, with one wait.
	LinkFacts(ctx context.Context, i Invitation) (LinkFacts, error)
	// DeleteInvitation deletes an invitation and, if user is not nil, that user, who is still invited or removed.
	// Errors: ErrStale.
	DeleteInvitation(ctx context.Context, i Invitation, user *User, t Trail) error
	// ReturnContact deletes an invitation and turns its user back into the contact they were. Errors: ErrStale.
	ReturnContact(ctx context.Context, i Invitation, before, after User, t Trail) error
	// AcceptanceFacts returns the user and customer of an invitation and who holds the folded logins, with one wait.
	AcceptanceFacts(ctx context.Context, i Invitation, folded []string) (User, Customer, []Address, error)
	// ClaimAcceptance gives before a lease until after.ActivatingUntil. Errors: ErrStale.
	ClaimAcceptance(ctx context.Context, before, after User) error
}

// LinkFacts is what a new link of an invitation depends on. What is gone is zero.
type LinkFacts struct {
	User     User
	Customer Customer
	Inviter  User    // zero for the deployment itself as well
	Holder   Address // of the invitation's e-mail
}

// Invitations are the use cases about invitations.
type Invitations struct {
	Store        InvitationStore
	Accounts     Accounts
	Keys         Keys
	NewID        func() string
	ProviderName string
	Language     string // of the deployment
}

// Invite invites up to MaxInvitees addresses and returns what became of each, one row per address. A failed row does
// not stop the others. Errors (of the whole request): ErrNotFound, ErrForbidden, ErrKeyReused, ErrIndividual,
// ErrCustomerDeactivated, Invalid, ErrNoGroupsForYou, ErrStaffInGroup, ErrTooManyGroupsOf, ErrGroupGone.
func (is Invitations) Invite(ctx context.Context, c Call, in InviteInput) ([]RowResult, error) {
	if err := c.Actor.require(Invite, in.CustomerID, ""); err != nil {
		return nil, err
	}
	if len(in.Invitees) == 0 {
		return nil, InvalidField("invitees", "required", "Name at least one address to invite.")
	}
	if len(in.Invitees) > MaxInvitees {
		return nil, InvalidField("invitees", "too_many", "At most 100 addresses can be invited at once.")
	}
	groups, err := chooseGroups(ctx, is.Store, c.Actor, in.CustomerID, in.GroupIDs)
	if err != nil {
		return nil, err
	}
	results := make([]RowResult, len(in.Invitees))
	folded := make([]string, len(in.Invitees))
	keys := make([]*IdempotencyKey, len(in.Invitees))
	first := map[string]int{}
	for i := range in.Invitees {
		results[i].Index, keys[i] = i, c.Key.row(i)
		if in.Invitees[i].Role == "" {
			in.Invitees[i].Role = in.Role
		}
		row, err := checkInvitee(c.Actor, in.CustomerID, in.Invitees[i])
		if err != nil {
			results[i].Err = err
			continue
		}
		in.Invitees[i], folded[i] = row, FoldLogin(row.Email)
		if _, twice := first[folded[i]]; twice {
			results[i].Err = &Error{Kind: Invalid, Code: "duplicate_row", Field: "email", Message: "This address stands in the list twice."}
			continue
		}
		first[folded[i]] = i
	}
	customer, addresses, markers, err := is.Store.InviteFacts(ctx, c.Actor.Reach(), in.CustomerID, folded, keys)
	if err != nil {
		return nil, err
	}
	if customer.Type != Corporate {
		return nil, ErrIndividual
	}
	if customer.Status != CustomerActive {
		return nil, ErrCustomerDeactivated
	}
	for _, m := range markers { // before anything is done
		if m != nil && m.BodyHash != c.Key.BodyHash {
			return nil, ErrKeyReused
		}
	}
	for i, row := range in.Invitees {
		if results[i].Err != nil {
			continue
		}
		if m := markers[i]; m != nil {
			results[i].ID = m.IDs[0]
			continue
		}
		call := c
		call.Key = keys[i]
		results[i].ID, err = is.inviteOne(ctx, call, customer, row, groups, addresses[i])
		if e, ok := errors.AsType[*Error](err); ok {
			results[i].Err = e
		} else if err != nil {
			// The rows before this one are done; the caller learns it from a repeated request.
			return nil, err
		}
	}
	return results, nil
}

func checkInvitee(actor Actor, customerID string, in Invitee) (Invitee, *Error) {
	email, bad := CheckEmail("email", in.Email)
	if bad != nil {
		return in, bad
	}
	in.Email = email
	if in.Role == "" {
		in.Role = RolesOf(customerID)[0]
	}
	if !ValidRole(customerID, in.Role) {
		return in, InvalidField("role", "invalid_role", "There is no such role here.")
	}
	if !actor.May(Invite, customerID, in.Role) {
		return in, &Error{Kind: Forbidden, Code: "role_not_allowed", Field: "role", Message: "Your role does not allow you to give this role."}
	}
	var errs fieldErrors
	in.FirstName = checkPersonName(&errs, "firstName", in.FirstName, optional)
	in.LastName = checkPersonName(&errs, "lastName", in.LastName, optional)
	in.Language = checkLanguage(&errs, in.Language)
	err := errs.err()
	if err == nil {
		_, err = in.record(User{})
	}
	e, _ := errors.AsType[*Error](err)
	return in, e
}

// inviteOne invites one checked row. The table decides a race for the address; the loser looks again, once.
func (is Invitations) inviteOne(ctx context.Context, c Call, customer Customer, row Invitee, groups choice, a Address) (string, error) {
	for try := 0; ; try++ {
		contact, elsewhere, err := is.invitable(ctx, c, customer.ID, a)
		if err != nil {
			return "", err
		}
		inv, user := is.newInvitation(c, customer, row, groups)
		if contact.ID != "" {
			if inv, user = contact.invited(inv, user); len(user.GroupIDs) > MaxGroupsOf {
				return "", ErrTooManyGroupsOf
			}
			user, _ = row.record(user) // checked
		}
		user.AddressElsewhere = elsewhere
		trail := c.trail(c.auditEntry(is.NewID(), "invitation.created", "invitation", inv.ID, customer.ID, nil, inv.auditFields()), inv.ID)
		mail := is.invitationMail(c, customer, inv, elsewhere)
		inv.MailID, inv.Delivery = mail.ID, string(MailQueued)
		trail.Mails, trail.Letters = []Mail{mail}, c.Actor.letters(customer.ID, row.Email)
		if contact.ID == "" {
			err = is.Store.CreateInvitation(ctx, inv, user, trail)
		} else {
			err = is.Store.InviteContact(ctx, contact, user, inv, trail)
		}
		if !errors.Is(err, ErrLoginTaken) || try > 0 {
			return inv.ID, err
		}
		_, again, _, err := is.Store.InviteFacts(ctx, c.Actor.Reach(), customer.ID, []string{FoldLogin(row.Email)}, nil)
		if err != nil {
			return "", err
		}
		a = again[0]
	}
}

// invitable says whether an address can be invited here, as which contact of the customer (zero for somebody new), and
// whether it signs in for another customer. Staff are told so. A customer's own people are not: they get the same answer
// as always, and the letter helps the owner of the address.
func (is Invitations) invitable(ctx context.Context, c Call, customerID string, a Address) (contact User, elsewhere bool, err error) {
	elsewhere = a.UserID != "" && a.CustomerID != customerID
	here := a.InvitedHere
	told := elsewhere && c.Actor.Realm != Portal
	switch {
	case here == "" && told && a.CustomerID == UnassignedID:
		return User{}, false, ErrAddressWaiting
	case here == "" && told:
		return User{}, false, ErrEmailInUse
	case here == "" && (elsewhere || a.UserID == ""):
		return User{}, elsewhere, nil
	case here == "":
		here = a.UserID
	}
	user, err := is.Store.User(ctx, ReachCustomer(customerID), here)
	if KindOf(err) == NotFound {
		return User{}, false, ErrLoginTaken
	}
	if err != nil {
		return User{}, false, err
	}
	switch user.StatusAt(c.Now) {
	case Contact:
		if told {
			return User{}, false, ErrEmailInUse
		}
		return user, elsewhere, nil
	case Invited, Expired:
		return User{}, false, ErrAlreadyInvited
	case Waiting: // routed here, so the inviter may know
		return User{}, false, ErrAddressWaiting
	}
	return User{}, false, ErrAlreadyUser
}

func (is Invitations) newInvitation(c Call, customer Customer, row Invitee, groups choice) (Invitation, User) {
	now := second(c.Now)
	inv := Invitation{
		ID: is.NewID(), CustomerID: customer.ID, UserID: is.NewID(), Email: row.Email, FirstName: row.FirstName, LastName: row.LastName,
		Language: row.Language, Role: row.Role, GroupIDs: groups.ids, Status: InvitationPending, ExpiresAt: now.Add(InvitationLifetime), SentAt: now,
		CreatedAt: now, Origin: c.Actor.Realm, InvitedBy: c.Actor.UserID, InvitedByName: c.Actor.Name, LinkVersion: 1, Version: 1,
	}
	user := User{
		ID: inv.UserID, CustomerID: customer.ID, Company: customer.Name, Status: Invited, Role: row.Role, FirstName: row.FirstName,
		LastName: row.LastName, Email: row.Email, Language: row.Language, GroupIDs: groups.ids, Group: groups.first,
		NotificationsEnabled: true, RegisteredAt: now,
		InvitationID: inv.ID, InvitationExpiresAt: inv.ExpiresAt, Version: 1,
	}
	user, _ = row.record(user) // checked
	return inv, user
}

// invitationMail returns the mail for an invitation's present link.
func (is Invitations) invitationMail(c Call, customer Customer, inv Invitation, elsewhere bool) Mail {
	letter := LetterInvitation
	switch {
	case elsewhere:
		letter = LetterAddressInUse
	case customer.ID == ProviderID:
		letter = LetterStaffInvitation
	}
	return Mail{
		ID: is.NewID(), CustomerID: customer.ID, UserID: inv.UserID, InvitationID: inv.ID, LinkVersion: inv.LinkVersion, Letter: letter,
		To: inv.Email, Door: DoorOf(customer.ID), Language: ChooseLanguage(inv.Language, customer.Language, is.Language),
		Fields: map[string]string{
			"firstName": inv.FirstName, "customer": customer.Name, "provider": is.ProviderName, "inviter": inv.InvitedByName,
			"role": string(inv.Role), "expiresAt": inv.ExpiresAt.Format(time.RFC3339),
		},
	}.queued(c.Now)
}

// Get returns one invitation. Errors: ErrNotFound, ErrForbidden.
func (is Invitations) Get(ctx context.Context, c Call, invitationID string) (Invitation, error) {
	inv, err := is.Store.Invitation(ctx, c.Actor.Reach(), invitationID)
	if err != nil {
		return Invitation{}, err
	}
	if err := c.Actor.require(ReadInvites, inv.CustomerID, ""); err != nil {
		return Invitation{}, err
	}
	inv.Status = inv.StatusAt(c.Now)
	return inv, nil
}

// List returns one page of a customer's invitations, the newest first. Staff see those that staff made.
// Errors: ErrNotFound, ErrForbidden, Invalid.
func (is Invitations) List(ctx context.Context, c Call, q InvitationQuery) (Page[Invitation], error) {
	if c.Actor.Realm == Portal && q.CustomerID == "" {
		q.CustomerID = c.Actor.CustomerID
	}
	if q.CustomerID == "" {
		return Page[Invitation]{}, InvalidField("customer", "required", "Name the customer whose invitations you want.")
	}
	if err := c.Actor.require(ReadInvites, q.CustomerID, ""); err != nil {
		return Page[Invitation]{}, err
	}
	q.Reach, q.Page.Ascending = c.Actor.Reach(), false
	if c.Actor.Realm == Staff && q.CustomerID != ProviderID {
		q.Origin = Staff
	}
	page, err := is.Store.Invitations(ctx, q)
	for i := range page.Items {
		page.Items[i].Status = page.Items[i].StatusAt(c.Now)
	}
	return page, err
}

// Resend makes a new link, valid seven days, and mails it; the old link dies. It is possible after expiry as well.
// Errors: ErrNotFound, ErrForbidden, ErrCustomerDeactivated, ErrAlreadyAccepted, ErrInvitationEnded, ErrStale, TooMany.
func (is Invitations) Resend(ctx context.Context, c Call, invitationID string) (Invitation, error) {
	inv, err := is.open(ctx, c, invitationID)
	if err != nil || len(c.Done) > 0 {
		return inv, err
	}
	return is.resend(ctx, c, inv)
}

func (is Invitations) resend(ctx context.Context, c Call, inv Invitation) (Invitation, error) {
	facts, err := is.Store.LinkFacts(ctx, inv)
	if err != nil {
		return Invitation{}, err
	}
	if facts.User.ID == "" || facts.Customer.ID == "" {
		return Invitation{}, ErrNotFound
	}
	return is.newLink(ctx, c, inv, facts, "invitation.resent", c.Actor.letters(inv.CustomerID, inv.Email))
}

// ExpiredPage is how many invitations one ResendExpired looks at: each that has expired is a transaction of its own.
const ExpiredPage = 50

// ResendExpired resends the expired invitations on one page of a customer's list, the newest first, where the actor
// may, and returns what became of each. next is where to go on, "" at the end. Repeating it does nothing twice: a
// resent invitation is no longer expired. Errors (of the whole): ErrNotFound, ErrForbidden, ErrCustomerDeactivated.
func (is Invitations) ResendExpired(ctx context.Context, c Call, customerID, position string) (results []RowResult, next string, err error) {
	if err := c.Actor.require(Invite, customerID, ""); err != nil {
		return nil, "", err
	}
	customer, err := is.Store.Customer(ctx, c.Actor.Reach(), customerID)
	if err != nil {
		return nil, "", err
	}
	if customer.Status != CustomerActive {
		return nil, "", ErrCustomerDeactivated
	}
	page, err := is.List(ctx, c, InvitationQuery{CustomerID: customerID, Page: PageRequest{Limit: ExpiredPage, Position: position}})
	if err != nil {
		return nil, "", err
	}
	c.Key, c.Done = nil, nil // the state of each invitation says what was done before
	for _, listed := range page.Items {
		if listed.Status != InvitationExpired || !c.Actor.May(Invite, customerID, listed.Role) {
			continue
		}
		result := RowResult{Index: len(results), ID: listed.ID}
		inv, err := is.open(ctx, c, listed.ID)
		if err == nil && inv.StatusAt(c.Now) != InvitationExpired { // resent since the list was read
			continue
		}
		if err == nil {
			_, err = is.resend(ctx, c, inv)
		}
		if e, ok := errors.AsType[*Error](err); ok && e.Kind != Unavailable {
			result.ID, result.Err = "", e
		} else if err != nil {
			return nil, "", err // those before are resent; a repeated call goes on with the rest
		}
		results = append(results, result)
	}
	return results, page.Next, nil
}

// newLink gives an open or expired invitation a new link and mails it; letters are the limits it counts against.
func (is Invitations) newLink(ctx context.Context, c Call, inv Invitation, facts LinkFacts, action string, letters []Event) (Invitation, error) {
	customer, user := facts.Customer, facts.User
	if customer.Status != CustomerActive {
		return Invitation{}, ErrCustomerDeactivated
	}
	next, err := user.StatusAt(c.Now).after(StepResend)
	if err != nil {
		return Invitation{}, err
	}
	after, userAfter := inv, user
	after.Status, after.LinkVersion, after.Version = InvitationPending, inv.LinkVersion+1, inv.Version+1
	after.SentAt, after.ExpiresAt = second(c.Now), second(c.Now).Add(InvitationLifetime)
	// The lease of an acceptance in progress stays: its holder will be told that the link was replaced, but may still
	// set a password, and must not do so after the new link has made the user active.
	userAfter.Status, userAfter.InvitationExpiresAt, userAfter.Version = next, after.ExpiresAt, user.Version+1
	userAfter.AddressElsewhere = user.AddressElsewhere && facts.Holder.UserID != "" // the address may have become free since
	mail := is.invitationMail(c, customer, after, userAfter.AddressElsewhere)
	after.MailID, after.Delivery = mail.ID, string(MailQueued)
	trail := c.trail(c.auditEntry(is.NewID(), action, "invitation", inv.ID, inv.CustomerID, inv.auditFields(), after.auditFields()), inv.ID)
	trail.Mails, trail.Letters = []Mail{mail}, letters
	if err := is.Store.ChangeUser(ctx, user, userAfter, &InvitationChange{inv, after}, trail); err != nil {
		return Invitation{}, err
	}
	return after, nil
}

// Revoke takes an open or expired invitation back and keeps its history; its user is removed.
// Errors: ErrNotFound, ErrForbidden, ErrAlreadyAccepted, ErrInvitationEnded, ErrStale.
func (is Invitations) Revoke(ctx context.Context, c Call, invitationID string) (Invitation, error) {
	inv, err := is.open(ctx, c, invitationID)
	if err != nil || len(c.Done) > 0 {
		return inv, err
	}
	user, err := is.Store.User(ctx, ReachCustomer(inv.CustomerID), inv.UserID)
	if err != nil {
		return Invitation{}, err
	}
	return is.end(ctx, c, inv, user, StepRevoke, InvitationRevoked, "invitation.revoked")
}

// end closes an invitation for good and removes its user.
func (is Invitations) end(ctx context.Context, c Call, inv Invitation, user User, step Step, status InvitationStatus, action string) (Invitation, error) {
	next, err := user.StatusAt(c.Now).after(step)
	if err != nil {
		return Invitation{}, err
	}
	after, userAfter := inv, user
	after.Status, after.EndedAt, after.Version = status, second(c.Now), inv.Version+1
	userAfter.Status, userAfter.Version, userAfter.ActivatingUntil = next, user.Version+1, time.Time{}
	trail := c.trail(c.auditEntry(is.NewID(), action, "invitation", inv.ID, inv.CustomerID, inv.auditFields(), after.auditFields()), inv.ID)
	if err := is.Store.ChangeUser(ctx, user, userAfter, &InvitationChange{inv, after}, trail); err != nil {
		return Invitation{}, err
	}
	return after, nil
}

// Delete deletes an invitation and its user, who is still invited or was removed when it ended; a contact who is still
// invited becomes one again. An accepted invitation is kept: remove the user instead.
// Errors: ErrNotFound, ErrForbidden, Conflict (accepted_remove_user), ErrStale.
func (is Invitations) Delete(ctx context.Context, c Call, invitationID string) error {
	inv, err := c.Invitation.or(ctx, c.Actor.Reach(), invitationID, is.Store.Invitation)
	if err != nil {
		return err
	}
	if err := c.Actor.require(Invite, inv.CustomerID, inv.Role); err != nil {
		return err
	}
	if inv.Status == InvitationAccepted {
		return &Error{Kind: Conflict, Code: "accepted_remove_user", Message: "This invitation was accepted. Remove the user " + inv.UserID + " instead."}
	}
	return is.delete(ctx, c, inv, "invitation.deleted")
}

// delete deletes an invitation that nobody accepted, together with its user; a still invited user who was a contact
// before becomes one again.
func (is Invitations) delete(ctx context.Context, c Call, inv Invitation, action string) error {
	var with *User
	user, err := is.Store.User(ctx, ReachCustomer(inv.CustomerID), inv.UserID)
	switch {
	case KindOf(err) == NotFound:
	case err != nil:
		return err
	case user.InvitationID == inv.ID:
		with = &user
	}
	audit := c.auditEntry(is.NewID(), action, "invitation", inv.ID, inv.CustomerID, inv.auditFields(), nil)
	if with != nil && with.wasContact(inv) {
		return is.Store.ReturnContact(ctx, inv, user, user.contact(inv), c.trail(audit, inv.ID))
	}
	return is.Store.DeleteInvitation(ctx, inv, with, c.trail(audit, inv.ID))
}

// open returns a pending or expired invitation to an actor who may act on it. If the request was carried out before, it
// returns the invitation whatever has become of it.
func (is Invitations) open(ctx context.Context, c Call, invitationID string) (Invitation, error) {
	inv, err := c.Invitation.or(ctx, c.Actor.Reach(), invitationID, is.Store.Invitation)
	if err != nil {
		return Invitation{}, err
	}
	if err := c.Actor.require(Invite, inv.CustomerID, inv.Role); err != nil {
		return Invitation{}, err
	}
	if len(c.Done) > 0 {
		inv.Status = inv.StatusAt(c.Now)
		return inv, nil
	}
	switch inv.Status {
	case InvitationAccepted:
		return Invitation{}, ErrAlreadyAccepted
	case InvitationDeclined, InvitationRevoked:
		return Invitation{}, ErrInvitationEnded
	}
	return inv, nil
}
