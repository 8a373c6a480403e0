package membership

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// RecordInput is what staff and a customer's administrators may set of a record; nil leaves a field as it is.
type RecordInput struct {
	ProfileInput
	Email, Username *string
	Role            *Role
	// Only staff set what follows: groups are the provider's, the comment is for its eyes, the flag is its switch
	// beside the person's own choice, and the external id its reference to another system (mission 2, 3 and 6).
	GroupIDs             *[]string
	NotificationsEnabled *bool
	ExternalID, Comment  *string
}

// CreateInput is a request to create a user directly, or a contact.
type CreateInput struct {
	CustomerID string
	// Contact is set for a record without access: it gets no username, no password and no mail.
	Contact bool
	// Password lets the person in at once; "" leaves it to a link to set one. Only staff know passwords of others.
	Password string
	// SendRegistrationEmail mails the way in: address, username, and what Credentials say, valid seven days.
	// Credentials "" is a link; only staff give temporary passwords.
	SendRegistrationEmail bool
	Credentials           PasswordMode
	RecordInput
}

// Errors about records.
var (
	ErrNotForYou      = &Error{Kind: Forbidden, Code: "field_not_allowed", Message: "Only the provider's staff can set this field. Leave it out."}
	ErrRoleNotForYou  = &Error{Kind: Forbidden, Code: "role_not_allowed", Field: "role", Message: "Your role does not allow you to give this role."}
	ErrOwnRole        = &Error{Kind: Conflict, Code: "own_account", Field: "role", Message: "You cannot do this to your own account. Ask another administrator."}
	ErrOnePerson      = &Error{Kind: Conflict, Code: "individual_has_user", Message: "This customer is one person and has its user already. Only a corporate customer has several."}
	ErrInvitedAddress = &Error{Kind: Conflict, Code: "address_is_invited", Field: "email", Message: "The invitation went to this address. Revoke it and invite the right one."}
	ErrExternalUserID = &Error{Kind: Conflict, Code: "external_id_in_use", Field: "externalId", Message: "This external id belongs to another record."}
)

// RecordStore is what records need of the table.
type RecordStore interface {
	UserStore
	// InviteFacts is that of InvitationStore.
	InviteFacts(ctx context.Context, reach Reach, customerID string, folded []string, keys []*IdempotencyKey) (Customer, []Address, []*Marker, error)
	// GroupsOf is that of GroupStore.
	GroupsOf(ctx context.Context, reach Reach, ids []string) ([]Group, error)
	// OnlyUser returns who is noted as the one user of an individual customer, "" for nobody.
	OnlyUser(ctx context.Context, customerID string) (userID string, err error)
	// CreateUser stores a new user of a customer that exists and is active; only is set for an individual customer's.
	// Errors: ErrLoginTaken, ErrCustomerDeactivated, ErrOnePerson, ErrExternalUserID, ErrGroupGone, ErrInProgress, TooMany.
	CreateUser(ctx context.Context, u User, only *OnlyUser, t Trail) error
	// SignIns is that of SignInStore.
	SignIns(ctx context.Context, customerID, userID string) (SignIns, error)
	// EndPassword is ChangeUser and ChangeSignIns in one.
	EndPassword(ctx context.Context, before, after User, signInsBefore, signInsAfter SignIns, t Trail) error
}

// OnlyUser is the note of an individual customer's one user: Before is whom it named until now, "" for nobody.
type OnlyUser struct{ Before string }

// Records are the use cases about whole records: of users, and of contacts.
type Records struct {
	Store    RecordStore
	Accounts Passwords
	Phones   Phones
	NewID    func() string
	Language string // of the deployment
}

// Create creates a user who is active at once, or a contact. A user without a password has no way in until the link of
// the registration mail, or "forgot password", sets one.
//
// The account comes before the record: a failure in between leaves an account that nobody can use, where the other
// order would leave an active user whose password a repeated request would have to set again, perhaps over a newer one.
//
// Errors: ErrNotFound, ErrForbidden, ErrNotForYou, ErrNoGroupsForYou, ErrRoleNotForYou, Invalid, ErrCustomerDeactivated,
// ErrOnePerson, ErrEmailInUse (staff are told), ErrAlreadyUser, ErrUsernameInUse, ErrExternalUserID, ErrGroupGone, TooMany.
func (r Records) Create(ctx context.Context, c Call, in CreateInput) (User, error) {
	if err := c.Actor.require(ChangeUsers, in.CustomerID, ""); err != nil {
		return User{}, err
	}
	if len(c.Done) > 0 {
		return r.Store.User(ctx, c.Actor.Reach(), c.Done[0])
	}
	in.Credentials = cmp.Or(in.Credentials, ByLink)
	user, err := r.checked(c, in)
	if err != nil {
		return User{}, err
	}
	if in.GroupIDs != nil {
		chosen, err := chooseGroups(ctx, r.Store, c.Actor, in.CustomerID, *in.GroupIDs)
		if err != nil {
			return User{}, err
		}
		user.GroupIDs, user.Group = chosen.ids, chosen.first
	}
	for try := 0; ; try++ {
		made, err := r.create(ctx, c, in, user)
		if !errors.Is(err, ErrLoginTaken) || try > 0 { // the loser of a race looks again, once
			return made, err
		}
	}
}

// checked returns the new user that an input describes, except for what the table knows.
func (r Records) checked(c Call, in CreateInput) (User, error) {
	user := User{
		CustomerID: in.CustomerID, Status: Active, Role: RolesOf(in.CustomerID)[0], NotificationsEnabled: true,
		RegisteredAt: second(c.Now), Version: 1,
	}
	if in.Contact {
		user.Status = Contact
	}
	if err := notForYou(c.Actor, in.RecordInput, in.Password != ""); err != nil {
		return User{}, err
	}
	if err := c.Actor.mayGivePassword("credentials", in.Credentials); err != nil {
		return User{}, err
	}
	var errs fieldErrors
	user = in.RecordInput.set(&errs, user, r.Phones)
	if in.Email != nil || user.complete() {
		email, bad := CheckEmail("email", value(in.Email))
		if bad != nil && (user.complete() || value(in.Email) != "") {
			errs.add(bad)
		}
		user.Email = email
	}
	switch {
	case in.Contact && in.Username != nil && *in.Username != "":
		errs.add(withoutAccess("username"))
	case in.Contact && in.Password != "":
		errs.add(withoutAccess("password"))
	case in.Contact && in.SendRegistrationEmail:
		errs.add(withoutAccess("sendRegistrationEmail"))
	case in.Contact:
		if user.Email == "" && user.FirstName+user.LastName == "" {
			errs.add(InvalidField("lastName", "required", "A contact needs a name or an e-mail address."))
		}
	default:
		user.FirstName, user.LastName = checkPersonName(&errs, "firstName", user.FirstName, mandatory), checkPersonName(&errs, "lastName", user.LastName, mandatory)
		if in.Username != nil && *in.Username != "" {
			errs.add(CheckUsername("username", *in.Username, user.Email))
		}
		if in.Password != "" {
			errs.add(CheckPassword("password", in.Password, user.Email))
		}
		if in.Credentials == ByTemporaryPassword && (in.Password != "" || !in.SendRegistrationEmail) {
			errs.add(InvalidField("credentials", "temporary_without_mail", "A temporary password comes with the registration mail, to a user who is given no other one."))
		}
	}
	return user, errs.err()
}

// withoutAccess says that a field is for users and not for contacts.
func withoutAccess(field string) *Error {
	return InvalidField(field, "contact_without_access", "A contact has no access: no username, no password, no registration mail. Invite the contact instead.")
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// notForYou refuses fields that only staff set.
func notForYou(a Actor, in RecordInput, password bool) error {
	if a.Realm != Portal {
		return nil
	}
	for _, f := range []struct {
		name  string
		given bool
	}{{"password", password}, {"notificationsEnabled", in.NotificationsEnabled != nil}, {"externalId", in.ExternalID != nil}, {"comment", in.Comment != nil}} {
		if f.given {
			refused := *ErrNotForYou
			refused.Field = f.name
			return &refused
		}
	}
	if in.GroupIDs != nil {
		return ErrNoGroupsForYou
	}
	return nil
}

// set returns u with the fields of the input that need nothing of the table, checked.
func (in RecordInput) set(errs *fieldErrors, u User, phones Phones) User {
	u = in.ProfileInput.set(errs, u, phones)
	if in.Role != nil {
		switch {
		case !ValidRole(u.CustomerID, *in.Role):
			errs.add(InvalidField("role", "invalid_role", "There is no such role here."))
		default:
			u.Role = *in.Role
		}
	}
	if in.NotificationsEnabled != nil {
		u.NotificationsEnabled = *in.NotificationsEnabled
	}
	if in.ExternalID != nil {
		u.ExternalID = checkText(errs, "externalId", *in.ExternalID, maxName)
	}
	if in.Comment != nil {
		u.Comment = checkComment(errs, "comment", *in.Comment)
	}
	return u
}

func (r Records) create(ctx context.Context, c Call, in CreateInput, user User) (User, error) {
	if !c.Actor.May(ChangeUsers, user.CustomerID, user.Role) {
		return User{}, ErrRoleNotForYou
	}
	var names []string
	switch {
	case in.Contact:
	case value(in.Username) != "":
		names = []string{*in.Username}
	default:
		names = ProposedUsernames(user.Email)
	}
	customer, holders, _, err := r.Store.InviteFacts(ctx, c.Actor.Reach(), user.CustomerID, append([]string{FoldLogin(user.Email)}, foldAll(names)...), nil)
	if err != nil {
		return User{}, err
	}
	if customer.Status != CustomerActive {
		return User{}, ErrCustomerDeactivated
	}
	only, err := onlyUser(ctx, r.Store, customer)
	if err != nil {
		return User{}, err
	}
	if user.AddressElsewhere, err = checkHolder(c.Actor, user.CustomerID, holders[0]); err != nil {
		return User{}, err
	}
	user.ID, user.Company = r.NewID(), customer.Name
	if len(names) > 0 {
		for i, name := range names {
			if FoldLogin(name) == FoldLogin(user.Email) { // one's own address is nobody else's username
				holders[i+1] = Address{}
			}
		}
		if user.Username = freeUsername(names, holders[1:], user.ID); user.Username == "" {
			return User{}, ErrUsernameInUse
		}
	}
	if in.Password != "" {
		if err := r.Accounts.Create(ctx, user.ID); err != nil {
			return User{}, err
		}
		if err := r.Accounts.SetPassword(ctx, user.ID, in.Password); err != nil {
			return User{}, err
		}
	}
	trail := c.trail(c.auditEntry(r.NewID(), "user.created", "user", user.ID, user.CustomerID, nil, user.auditFields()), user.ID)
	if in.SendRegistrationEmail {
		trail.Mails = []Mail{RegistrationLetter(c, r.NewID, user, customer, in.Credentials, r.Language)}
		trail.Letters = c.Actor.letters(user.CustomerID, user.Email)
	}
	return user, r.Store.CreateUser(ctx, user, only, trail)
}

// onlyFinder is what onlyUser needs of the table.
type onlyFinder interface {
	OnlyUser(ctx context.Context, customerID string) (userID string, err error)
	User(ctx context.Context, reach Reach, userID string) (User, error)
}

// onlyUser returns the note of an individual customer's one user, nil for a corporate customer. Errors: ErrOnePerson.
func onlyUser(ctx context.Context, store onlyFinder, customer Customer) (*OnlyUser, error) {
	if customer.Type == Corporate {
		return nil, nil
	}
	userID, err := store.OnlyUser(ctx, customer.ID)
	if err != nil || userID == "" {
		return &OnlyUser{}, err
	}
	user, err := store.User(ctx, ReachCustomer(customer.ID), userID)
	if err == nil && user.Status != Removed && user.Status != Rejected {
		return nil, ErrOnePerson
	}
	if err != nil && KindOf(err) != NotFound {
		return nil, err
	}
	return &OnlyUser{Before: userID}, nil
}

// checkHolder says whether a user of this customer can get an address that has this holder, and whether the address
// signs in for another customer; only staff are told the latter (see Invitations.invitable).
// Errors: ErrAlreadyUser; for staff also ErrAddressWaiting, ErrEmailInUse.
func checkHolder(a Actor, customerID string, holder Address) (elsewhere bool, err error) {
	switch {
	case holder.InvitedHere != "" || holder.UserID != "" && holder.CustomerID == customerID:
		return false, ErrAlreadyUser
	case holder.UserID == "":
		return false, nil
	case a.Realm == Portal:
		return true, nil
	case holder.CustomerID == UnassignedID:
		return false, ErrAddressWaiting
	}
	return false, ErrEmailInUse
}

// letter returns a mail about a record to its person.
func (r Records) letter(c Call, u User, letter Letter, customer Customer) Mail {
	return recordMail(c, r.NewID, u, letter, customer, r.Language)
}

// recordMail returns a mail about a record to its person. If the address signs in elsewhere, it is the letter that says
// so, as for an invitee.
func recordMail(c Call, newID func() string, u User, letter Letter, customer Customer, language string) Mail {
	if u.AddressElsewhere {
		letter = LetterAddressInUse
	}
	return Mail{
		ID: newID(), CustomerID: u.CustomerID, UserID: u.ID, Letter: letter, To: u.Email, Door: DoorOf(u.CustomerID),
		Language: ChooseLanguage(u.Language, customer.Language, language),
		Fields:   map[string]string{"firstName": u.FirstName, "username": u.Username, "customer": u.Company},
	}.queued(c.Now)
}

// Change sets fields of somebody's record. version is that of If-Match. The e-mail of somebody who has or had access
// changes when it is confirmed from the new address (EmailChanges); a contact's at once.
// Errors: ErrNotFound, ErrForbidden, ErrNotForYou, ErrNoGroupsForYou, ErrRoleNotForYou, ErrOwnRole, ErrDirectory, ErrStale,
// Invalid, ErrUsernameInUse, ErrEmailInUse (staff are told), ErrAlreadyUser, ErrInvitedAddress, ErrExternalUserID,
// ErrGroupGone, Conflict (impossible_in_status), TooMany.
func (r Records) Change(ctx context.Context, c Call, userID string, version int, in RecordInput) (User, error) {
	before, err := r.find(ctx, c, userID)
	if err != nil {
		return User{}, err
	}
	if version != before.Version {
		return User{}, ErrStale
	}
	if err := notForYou(c.Actor, in, false); err != nil {
		return User{}, err
	}
	if before.Source == SourceDirectory {
		return User{}, ErrDirectory
	}
	status := before.StatusAt(c.Now)
	if _, err := status.after(StepChange); err != nil {
		return User{}, err
	}
	var errs fieldErrors
	after := in.set(&errs, before, r.Phones)
	if in.Username != nil && *in.Username != before.Username {
		after.Username = *in.Username
		if before.complete() {
			errs.add(CheckUsername("username", after.Username, before.Email))
		} else {
			errs.add(InvalidField("username", "contact_without_access", "Who has no access yet has no username. It is chosen when the access begins."))
		}
	}
	email := value(in.Email)
	if in.Email != nil && (email != "" || status != Contact) {
		var bad *Error
		email, bad = CheckEmail("email", email)
		errs.add(bad)
	}
	if err := errs.err(); err != nil {
		return User{}, err
	}
	if err := mayGive(c.Actor, before, after.Role); err != nil {
		return User{}, err
	}
	if in.GroupIDs != nil {
		if after, err = r.regroup(ctx, c, after, *in.GroupIDs); err != nil {
			return User{}, err
		}
	}
	var announced announcement
	if in.Email != nil {
		if after, announced, err = r.readdress(ctx, c, status, after, email); err != nil {
			return User{}, err
		}
	}
	if unchanged(before, after) {
		return before, nil
	}
	invitation, err := r.followingInvitation(ctx, c, before, after)
	if err != nil {
		return User{}, err
	}
	after.Version = before.Version + 1
	trail := c.trail(c.auditEntry(r.NewID(), "user.changed", "user", before.ID, before.CustomerID, before.auditFields(), after.auditFields()), before.ID)
	trail.Mails, trail.Letters, trail.Witness = announced.mails, announced.letters, c.witness(before)
	err = r.Store.ChangeUser(ctx, before, after, invitation, trail)
	if errors.Is(err, ErrLoginTaken) {
		err = ErrUsernameInUse
		if FoldLogin(after.Email) != FoldLogin(before.Email) {
			err = ErrAlreadyUser
		}
	}
	return after, err
}

// readdress changes a person's e-mail: a contact's at once, because nobody gets in with it; that of somebody with
// access (also a suspended or ended one) when it is confirmed, because the reader of the address can set the password.
// Giving the present address withdraws a change that waits.
// Errors: ErrInvitedAddress, ErrAlreadyUser, ErrEmailInUse.
func (r Records) readdress(ctx context.Context, c Call, status Status, u User, email string) (User, announcement, error) {
	switch {
	case FoldLogin(email) == FoldLogin(u.Email):
		if u.Email = email; u.NewEmailAt(c.Now) != "" { // one that is over waits for nothing
			u.NewEmail = ""
		}
		return u, announcement{}, nil
	case status == Contact && email == "":
		u.Email, u.AddressElsewhere = "", false
		return u, announcement{}, nil
	case status != Contact && !u.complete():
		return u, announcement{}, ErrInvitedAddress
	}
	customer, holders, _, err := r.Store.InviteFacts(ctx, c.Actor.Reach(), u.CustomerID, []string{FoldLogin(email)}, nil)
	if err != nil {
		return u, announcement{}, err
	}
	if holders[0].InvitedHere == u.ID {
		holders[0].InvitedHere = ""
	}
	elsewhere, err := checkHolder(c.Actor, u.CustomerID, holders[0])
	if err != nil {
		return u, announcement{}, err
	}
	if status == Contact {
		u.Email, u.AddressElsewhere = email, elsewhere
		return u, announcement{}, nil
	}
	u, announced := askAddress(c, r.NewID, u, email, customer.Language, r.Language)
	return u, announced, nil
}

// find returns a user whom the actor may change.
func (r Records) find(ctx context.Context, c Call, userID string) (User, error) {
	user, err := c.User.or(ctx, c.Actor.Reach(), userID, r.Store.User)
	if err == nil && user.Status == Removed && c.Actor.Realm == Portal {
		err = ErrNotFound
	}
	if err != nil {
		return User{}, err
	}
	return user, c.Actor.require(ChangeUsers, user.CustomerID, user.Role)
}

// mayGive returns nil if the actor may give a role to a user. Nobody changes their own: an administrator who demotes
// others stays one.
func mayGive(a Actor, before User, role Role) error {
	switch {
	case role == before.Role:
		return nil
	case before.ID == a.UserID:
		return ErrOwnRole
	case !a.May(ChangeUsers, before.CustomerID, role):
		return ErrRoleNotForYou
	}
	return nil
}

// regroup puts a user into exactly these groups. Groups that the user is already in may be inactive.
func (r Records) regroup(ctx context.Context, c Call, u User, ids []string) (User, error) {
	wanted := each(ids)
	if slices.Equal(wanted, u.GroupIDs) {
		return u, nil
	}
	var added []string
	for _, id := range wanted {
		if !slices.Contains(u.GroupIDs, id) {
			added = append(added, id)
		}
	}
	if err := mayChoose(c.Actor, u.CustomerID, added); err != nil {
		return u, err
	}
	if len(wanted) > MaxGroupsOf {
		return u, ErrTooManyGroupsOf
	}
	groups, err := r.Store.GroupsOf(ctx, c.Actor.Reach(), wanted)
	if err != nil {
		return u, err
	}
	if err := allActive(added, groups); err != nil {
		return u, err
	}
	u.GroupIDs, u.Group = wanted, FirstActive(wanted, groups)
	return u, nil
}

// followingInvitation returns the change that keeps a user's open invitation in step with the record: it shows and
// mails the same name, role and language. It is nil if the invitation stays as it is.
func (r Records) followingInvitation(ctx context.Context, c Call, before, after User) (*InvitationChange, error) {
	same := before.FirstName == after.FirstName && before.LastName == after.LastName && before.Role == after.Role && before.Language == after.Language
	if same || before.InvitationID == "" || before.Status != Invited && before.Status != Expired {
		return nil, nil
	}
	was, err := r.Store.Invitation(ctx, c.Actor.Reach(), before.InvitationID)
	if KindOf(err) == NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	is := was
	is.FirstName, is.LastName, is.Role, is.Language, is.Version = after.FirstName, after.LastName, after.Role, after.Language, was.Version+1
	is.OfContact = was.OfContact.changed(before, after)
	return &InvitationChange{was, is}, nil
}
