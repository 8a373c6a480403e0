package membership

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// Decision is what an approver decides.
type Decision string

// The decisions.
const (
	DecideApprove    Decision = "approve"
	DecideDisapprove Decision = "disapprove"
)

// DecisionInput is a decision about up to MaxBulk registrations.
type DecisionInput struct {
	RegistrationIDs []string
	Decision        Decision
	Reason          string // of a disapproval, mailed unless Silent
	Silent          bool
	// CustomerID is the customer whose users they become; NewCustomer creates it, for a single registration. With
	// neither, each goes to its proposed customer, else to the one that has proven its domain since.
	CustomerID  string
	NewCustomer *NewCustomer
	// Role "" means administrator of a new company, else the role that was asked for at this customer, else member.
	Role     Role
	GroupIDs []string
}

// NewCustomer is a customer to be created with an approval. Without a name, a company gets the company name of the
// registration, and a person their own name.
type NewCustomer struct {
	Type CustomerType
	CustomerInput
}

// Errors about approvals.
var (
	ErrCustomerNeeded   = &Error{Kind: Conflict, Code: "customer_needed", Field: "customerId", Message: "No proven domain proposes a customer: choose one, or create one."}
	ErrContactChanged   = &Error{Kind: Conflict, Code: "contact_changed", Field: "customerId", Message: "The contact address that asked for this user is no longer the customer's. Choose the customer, and the role, if this person shall have access all the same."}
	ErrUnconfirmed      = &Error{Kind: Conflict, Code: "registration_unconfirmed", Message: "The address of this registration has not been confirmed, so there is nobody yet to decide about."}
	ErrAlreadyDecided   = &Error{Kind: Conflict, Code: "already_decided", Message: "This registration has been decided already."}
	ErrNoPortalAccess   = &Error{Kind: Conflict, Code: "portal_access_off", Field: "customerId", Message: "The customer has no portal access, so nobody could get in. Turn it on first."}
	ErrInvitedMeanwhile = &Error{Kind: Conflict, Code: "invited_meanwhile", Field: "customerId", Message: "This customer's own people have invited the address, while its person waited. Remove the user who is invited there, then approve."}
	ErrStaffByApproval  = InvalidField("customerId", "invalid_customer", "Who registers becomes a user of a customer, never staff. Invite colleagues instead.")
	ErrOneRegistration  = InvalidField("newCustomer", "one_registration_only", "A new customer is made for one registration. Create it first, then choose it for all.")
	ErrCustomerNotYours = &Error{Kind: Forbidden, Code: "field_not_allowed", Field: "customerId", Message: "Only the provider's staff choose or create the customer. Leave it out."}
)

// ApprovalStore is what approvals need of the table.
type ApprovalStore interface {
	RegistrationStore
	// GroupsOf is that of GroupStore, OnlyUser that of RecordStore, Markers that of BulkStore.
	GroupsOf(ctx context.Context, reach Reach, ids []string) ([]Group, error)
	OnlyUser(ctx context.Context, customerID string) (userID string, err error)
	Markers(ctx context.Context, keys []*IdempotencyKey) ([]*Marker, error)
	// DecideRegistration replaces registration and user, who may move from one customer to another. Errors: ErrStale,
	// ErrLoginTaken, ErrCustomerDeactivated, ErrOnePerson, ErrInvitedMeanwhile when the customer has invited this
	// address although somebody else held it, ErrExternalUserID, ErrGroupGone, ErrInProgress.
	DecideRegistration(ctx context.Context, r RegistrationChange, before, after User, a Admission, t Trail) error
}

// Approvals are the use cases of approvers.
type Approvals struct {
	Store    ApprovalStore
	NewID    func() string
	Language string // of the deployment
}

// Decide decides about registrations and returns what became of each, one row per registration; a row's id is the
// registration's, which is also the user's. A failed row does not stop the others; each is a transaction with its own
// idempotency key.
// Errors (of the whole request): ErrForbidden, ErrKeyReused, ErrNotFound (customer), ErrCustomerDeactivated,
// ErrNoPortalAccess, ErrNoGroupsForYou, ErrGroupGone, ErrTooManyGroupsOf, Invalid.
func (as Approvals) Decide(ctx context.Context, c Call, in DecisionInput) ([]RowResult, error) {
	if err := c.Actor.require(Approve, as.where(c), ""); err != nil {
		return nil, err
	}
	in, err := as.checked(c, in)
	if err != nil {
		return nil, err
	}
	keys := make([]*IdempotencyKey, len(in.RegistrationIDs))
	for i := range keys {
		keys[i] = c.Key.row(i)
	}
	markers, err := as.Store.Markers(ctx, keys)
	if err != nil {
		return nil, err
	}
	for _, m := range markers { // before anything is done
		if m != nil && m.BodyHash != c.Key.BodyHash {
			return nil, ErrKeyReused
		}
	}
	chosen, err := as.choose(ctx, c, in)
	if err != nil {
		return nil, err
	}
	results := make([]RowResult, len(in.RegistrationIDs))
	seen := map[string]bool{}
	for i, id := range in.RegistrationIDs {
		results[i] = RowResult{Index: i, ID: id}
		if seen[id] {
			results[i].Err = &Error{Kind: Invalid, Code: "duplicate_row", Message: "This registration stands in the list twice."}
			continue
		}
		seen[id] = true
		if markers[i] != nil {
			continue
		}
		call := c
		call.Key = keys[i]
		err := as.one(ctx, call, in, chosen, id)
		if e, ok := errors.AsType[*Error](err); ok {
			results[i].Err = e
		} else if err != nil {
			return nil, err // the rows before this one are done; the caller learns it from a repeated request
		}
	}
	return results, nil
}

// checked returns the input, checked as far as that needs no table.
func (as Approvals) checked(c Call, in DecisionInput) (DecisionInput, error) {
	var errs fieldErrors
	switch {
	case len(in.RegistrationIDs) == 0:
		errs.add(InvalidField("registrationIds", "required", "Name at least one registration."))
	case len(in.RegistrationIDs) > MaxBulk:
		errs.add(InvalidField("registrationIds", "too_many", "At most 100 registrations can be decided at once."))
	}
	if in.Decision != DecideApprove && in.Decision != DecideDisapprove {
		errs.add(InvalidField("decision", "invalid_choice", "The decision is approve or disapprove."))
	}
	in.Reason = checkComment(&errs, "reason", in.Reason)
	if in.CustomerID != "" && in.NewCustomer != nil {
		errs.add(InvalidField("newCustomer", "one_of_two", "Choose a customer or create one, not both."))
	}
	if in.NewCustomer != nil {
		if t := in.NewCustomer.Type; t != Corporate && t != Individual {
			errs.add(InvalidField("newCustomer.type", "invalid_choice", "The type is corporate or individual."))
		}
		if len(in.RegistrationIDs) > 1 {
			errs.add(ErrOneRegistration)
		}
		if in.Role == "" && in.NewCustomer.Type == Corporate {
			in.Role = Administrator
		}
	}
	if in.CustomerID == ProviderID {
		errs.add(ErrStaffByApproval)
	}
	if in.Role != "" && !ValidRole(UnassignedID, in.Role) {
		errs.add(InvalidField("role", "invalid_role", "There is no such role here."))
	}
	if err := errs.err(); err != nil {
		return in, err
	}
	if c.Actor.Realm == Portal && (in.NewCustomer != nil || in.CustomerID != "" && in.CustomerID != c.Actor.CustomerID) {
		return in, ErrCustomerNotYours
	}
	if in.Decision == DecideDisapprove {
		in.CustomerID, in.NewCustomer, in.GroupIDs = "", nil, nil
	}
	return in, nil
}

// chosen is what all rows of a decision have in common.
type chosen struct {
	customer    Customer // zero if each row has its own
	groups      choice
	credentials PasswordMode
}

func (as Approvals) choose(ctx context.Context, c Call, in DecisionInput) (chosen, error) {
	if in.Decision == DecideDisapprove {
		return chosen{}, nil
	}
	groups, err := chooseGroups(ctx, as.Store, c.Actor, UnassignedID, in.GroupIDs)
	if err != nil {
		return chosen{}, err
	}
	settings, err := as.Store.Settings(ctx)
	if err != nil || in.CustomerID == "" {
		return chosen{groups: groups, credentials: settings.Credentials}, err
	}
	customer, err := as.open(ctx, c, in.CustomerID)
	return chosen{customer: customer, groups: groups, credentials: settings.Credentials}, err
}

// open returns a customer that can admit people. Errors: ErrNotFound, ErrCustomerDeactivated, ErrNoPortalAccess.
func (as Approvals) open(ctx context.Context, c Call, customerID string) (Customer, error) {
	customer, err := as.Store.Customer(ctx, c.Actor.Reach(), customerID)
	switch {
	case err != nil:
		return Customer{}, err
	case customer.Status != CustomerActive:
		return Customer{}, ErrCustomerDeactivated
	case !customer.PortalAccess:
		return Customer{}, ErrNoPortalAccess
	}
	return customer, nil
}

// one decides about one registration. The loser of a race looks again, and is told who decided.
func (as Approvals) one(ctx context.Context, c Call, in DecisionInput, chosen chosen, id string) error {
	for try := 0; ; try++ {
		its, reg, user, err := as.waiting(ctx, c, in, chosen, id)
		switch {
		case err != nil:
		case in.Decision == DecideDisapprove:
			err = as.disapprove(ctx, c, its, reg, user)
		default:
			err = as.approve(ctx, c, its, chosen, reg, user)
		}
		if again := KindOf(err) == Stale || errors.Is(err, ErrLoginTaken); !again || try == decisionTries-1 {
			return err
		}
	}
}

// askedFor returns the role that a guest asked for if the person is admitted to the guest's customer, else "". customer
// is the chosen one, zero for none; then admission checks that the guest would still be one.
func (in DecisionInput) askedFor(reg Registration, customer Customer) Role {
	if in.NewCustomer != nil || in.CustomerID != "" && (in.CustomerID != reg.ProposedCustomerID || !reg.stillAsked(customer)) {
		return ""
	}
	return reg.ProposedRole
}

// waiting returns a registration that waits for a decision, its user, and the decision with the role for that user.
// Errors: ErrNotFound, ErrForbidden, ErrUnconfirmed, ErrAlreadyDecided with who did, ErrStale.
func (as Approvals) waiting(ctx context.Context, c Call, in DecisionInput, chosen chosen, id string) (DecisionInput, Registration, User, error) {
	refused := func(err error) (DecisionInput, Registration, User, error) { return in, Registration{}, User{}, err }
	reg, err := as.Store.Registration(ctx, c.Actor.Reach(), id)
	if err != nil {
		return refused(err)
	}
	in.Role = cmp.Or(in.Role, in.askedFor(reg, chosen.customer), Member)
	if err := c.Actor.require(Approve, reg.CustomerID, in.Role); err != nil {
		return refused(err)
	}
	switch reg.StatusAt(c.Now) {
	case RegistrationUnconfirmed, RegistrationExpired:
		return refused(ErrUnconfirmed)
	case RegistrationApproved, RegistrationDisapproved:
		decided := *ErrAlreadyDecided
		decided.Message = "This registration was " + string(reg.Status) + " by " + reg.who() + " at " + reg.EndedAt.UTC().Format(time.RFC3339) + "."
		decided.By, decided.At, decided.What = reg.DecidedByName, reg.EndedAt, string(reg.Status)
		return refused(&decided)
	}
	user, err := as.Store.User(ctx, ReachCustomer(reg.CustomerID), reg.ID)
	if KindOf(err) == NotFound || err == nil && user.Status != Waiting {
		err = ErrStale // decided between the two reads
	}
	return in, reg, user, err
}

// Preview returns the mail that a decision would send for the first of the registrations, or the zero Mail if it would
// send none. It stores nothing. Errors: those of Decide and of its rows.
func (as Approvals) Preview(ctx context.Context, c Call, in DecisionInput) (Mail, error) {
	if err := c.Actor.require(Approve, as.where(c), ""); err != nil {
		return Mail{}, err
	}
	in, err := as.checked(c, in)
	if err != nil {
		return Mail{}, err
	}
	chosen, err := as.choose(ctx, c, in)
	if err != nil {
		return Mail{}, err
	}
	in, reg, user, err := as.waiting(ctx, c, in, chosen, in.RegistrationIDs[0])
	switch {
	case err != nil:
		return Mail{}, err
	case in.Decision == DecideApprove:
		made, err := as.prepare(ctx, c, in, chosen, reg, user)
		return made.mail, err
	case in.Silent:
		return Mail{}, nil
	}
	return as.disapproval(c, in, reg, user), nil
}

// DecisionPreset is what the form for a disapproval begins with.
type DecisionPreset struct {
	Silent bool
	Reason string
}

// Preset returns the preset that the settings give, to approvers only. Errors: ErrForbidden.
func (as Approvals) Preset(ctx context.Context, c Call) (DecisionPreset, error) {
	if err := c.Actor.require(Approve, as.where(c), ""); err != nil {
		return DecisionPreset{}, err
	}
	s, err := as.Store.Settings(ctx)
	return DecisionPreset{Silent: s.DisapprovalSilent, Reason: s.DisapprovalReason}, err
}

// where returns the customer for which the actor must be allowed to decide, "" for any.
func (as Approvals) where(c Call) string {
	if c.Actor.Realm == Portal {
		return c.Actor.CustomerID
	}
	return ""
}

// decisionTries is how often a decision is tried when something changes between its reads and its write.
const decisionTries = 3

// decided returns the registration as the actor has decided it. It names no mail yet, because earlier mails do not tell
// the decision.
func (r Registration) decided(c Call, status RegistrationStatus) Registration {
	r.MailID, r.Delivery = "", ""
	r.Status, r.EndedAt, r.RemindAt, r.Version = status, second(c.Now), time.Time{}, r.Version+1
	r.DecidedBy, r.DecidedByName = c.Actor.UserID, c.Actor.Name
	return r
}

func (as Approvals) disapprove(ctx context.Context, c Call, in DecisionInput, reg Registration, user User) error {
	next, err := user.StatusAt(c.Now).after(StepDisapprove)
	if err != nil {
		return err
	}
	after, userAfter := reg.decided(c, RegistrationDisapproved), user
	after.Reason = in.Reason
	userAfter.Status, userAfter.Version = next, user.Version+1
	var mails []Mail
	if !in.Silent {
		mail := as.disapproval(c, in, reg, user)
		after.MailID, after.Delivery = mail.ID, string(mail.Status)
		mails = []Mail{mail}
	}
	trail := c.trail(c.auditEntry(as.NewID(), "registration.disapproved", "registration", reg.ID, reg.CustomerID, reg.auditFields(), after.auditFields()), reg.ID)
	trail.Mails = mails
	return as.Store.DecideRegistration(ctx, RegistrationChange{reg, after}, user, userAfter, Admission{}, trail)
}

// disapproval returns the mail that tells a person of a disapproval.
func (as Approvals) disapproval(c Call, in DecisionInput, reg Registration, user User) Mail {
	return Mail{
		ID: as.NewID(), CustomerID: reg.CustomerID, UserID: user.ID, RegistrationID: reg.ID, Letter: LetterRegistrationDisapproved, To: user.Email,
		Door: PortalDoor, Language: ChooseLanguage(user.Language, as.Language),
		Fields: map[string]string{"firstName": user.FirstName, "reason": in.Reason},
	}.queued(c.Now)
}

func (as Approvals) approve(ctx context.Context, c Call, in DecisionInput, chosen chosen, reg Registration, user User) error {
	made, err := as.prepare(ctx, c, in, chosen, reg, user)
	if err != nil {
		return err
	}
	after := reg.decided(c, RegistrationApproved)
	after.CustomerID = made.user.CustomerID
	after.MailID, after.Delivery = made.mail.ID, string(made.mail.Status)
	trail := c.trail(c.auditEntry(as.NewID(), "registration.approved", "registration", reg.ID, after.CustomerID, reg.auditFields(), after.auditFields()), reg.ID)
	trail.Mails = []Mail{made.mail}
	err = as.Store.DecideRegistration(ctx, RegistrationChange{reg, after}, user, made.user, made.admission, trail)
	if made.admission.Created != nil {
		err = calledAs(err, "externalId", "newCustomer.externalId")
	}
	return err
}

// approval is the outcome of approving: the user with a customer, and the mail that lets the user in.
type approval struct {
	user      User
	admission Admission
	mail      Mail
}

func (as Approvals) prepare(ctx context.Context, c Call, in DecisionInput, chosen chosen, reg Registration, user User) (approval, error) {
	next, err := user.StatusAt(c.Now).after(StepApprove)
	if err != nil {
		return approval{}, err
	}
	customer, admission, err := as.admission(ctx, c, in, chosen.customer, reg)
	if err != nil {
		return approval{}, err
	}
	if !c.Actor.May(Approve, customer.ID, in.Role) && admission.Created == nil {
		return approval{}, ErrRoleNotForYou
	}
	proposals := ProposedUsernames(user.Email)
	holders, err := as.Store.LoginHolders(ctx, foldAll(proposals))
	if err != nil {
		return approval{}, err
	}
	user.Status, user.CustomerID, user.Company, user.Role = next, customer.ID, customer.Name, in.Role
	if user.Username = freeUsername(proposals, holders, user.ID); user.Username == "" {
		return approval{}, ErrUsernameInUse
	}
	if len(chosen.groups.ids) > 0 {
		user.GroupIDs, user.Group = chosen.groups.ids, chosen.groups.first
	}
	user.Version++
	return approval{user, admission, admissionLetter(c, as.NewID, user, customer, chosen.credentials, as.Language)}, nil
}

// admission returns the customer that a registration is admitted to. Errors: ErrCustomerNeeded, ErrContactChanged,
// ErrNotFound, ErrCustomerDeactivated, ErrNoPortalAccess, ErrOnePerson, Invalid.
func (as Approvals) admission(ctx context.Context, c Call, in DecisionInput, customer Customer, reg Registration) (Customer, Admission, error) {
	if in.NewCustomer != nil {
		made, err := in.NewCustomer.made(as.NewID(), reg, c.Now)
		a := Admission{CustomerID: made.ID, Created: &made,
			Audit: c.auditEntry(as.NewID(), "customer.created", "customer", made.ID, made.ID, nil, made.auditFields())}
		if made.Type == Individual {
			a.Only = &OnlyUser{}
		}
		return made, a, err
	}
	if customer.ID == "" {
		proposed := reg.ProposedCustomerID
		if reg.CustomerID != UnassignedID { // routed
			proposed = reg.CustomerID
		}
		var err error
		if proposed == "" {
			if proposed, err = as.Store.ProvenDomain(ctx, DomainOf(reg.Email)); err != nil {
				return Customer{}, Admission{}, err
			}
		}
		if proposed == "" {
			return Customer{}, Admission{}, ErrCustomerNeeded
		}
		if customer, err = as.open(ctx, c, proposed); err != nil {
			return Customer{}, Admission{}, err
		}
		if !reg.stillAsked(customer) {
			return Customer{}, Admission{}, ErrContactChanged
		}
	}
	only, err := onlyUser(ctx, as.Store, customer)
	return customer, Admission{CustomerID: customer.ID, Only: only}, err
}

// made returns the customer to be created. Errors: Invalid.
func (n NewCustomer) made(id string, reg Registration, now time.Time) (Customer, error) {
	in := n.CustomerInput
	if value(in.Name) == "" {
		name := reg.Company
		if n.Type == Individual {
			name = firstRunes(reg.DisplayName(), maxName)
		}
		in.Name = &name
	}
	customer, err := in.apply(newCustomer(id, n.Type, now))
	if n.Type == Individual && err == nil {
		customer = reg.asCustomer(customer)
	}
	if e, ok := errors.AsType[*Error](err); ok { // name the fields as in this request
		named := *e
		named.Field, named.Fields = "newCustomer."+e.Field, nil
		for _, f := range e.Fields {
			f.Field = "newCustomer." + f.Field
			named.Fields = append(named.Fields, f)
		}
		return customer, &named
	}
	return customer, err
}
