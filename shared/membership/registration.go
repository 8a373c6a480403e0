package membership

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// UnassignedID is the reserved customer of people who wait, or were disapproved, and for whom no customer was chosen.
// They belong to the provider (mission, words) and yet are no staff, so they are with neither. It has no record, so
// nothing can be created or invited there, nobody's access through it is open, and no portal reaches it.
const UnassignedID = "unassigned"

// RegistrationStatus is where a registration stands.
type RegistrationStatus string

// The statuses of a registration. Expired follows the clock (StatusAt), not the clean-up.
const (
	RegistrationUnconfirmed RegistrationStatus = "unconfirmed"
	RegistrationWaiting     RegistrationStatus = "waiting"
	RegistrationApproved    RegistrationStatus = "approved"
	RegistrationDisapproved RegistrationStatus = "disapproved"
	RegistrationExpired     RegistrationStatus = "expired"
)

// RegistrationStatuses returns all of them in the order in which lists offer them.
func RegistrationStatuses() []RegistrationStatus {
	return []RegistrationStatus{RegistrationWaiting, RegistrationUnconfirmed, RegistrationApproved, RegistrationDisapproved, RegistrationExpired}
}

// RegistrationOrigin is how a registration came in.
type RegistrationOrigin string

// The origins.
const (
	OriginPage RegistrationOrigin = "page" // the portal's, also inside an iframe
	OriginForm RegistrationOrigin = "form" // embedded in another site
	OriginAPI  RegistrationOrigin = "api"
	OriginMail RegistrationOrigin = "mail" // a mail to the registration address
	// OriginGuest is a customer's contact address, which asked for a first user (Guests).
	OriginGuest RegistrationOrigin = "guest"
)

// Registration is the request of somebody who was not invited. Its id is that of the user it becomes when its address
// is confirmed.
type Registration struct {
	ID string
	// CustomerID is whose it is now: UnassignedID until it is routed to the customer of a proven domain, or decided.
	CustomerID string
	Email      string

	FirstName, LastName, Company, Language string
	Phone                                  string
	Street, Postcode, City                 string
	Region, Country                        string
	Comment                                string
	Origin                                 RegistrationOrigin
	Status                                 RegistrationStatus
	RegisteredAt, ConfirmedAt              time.Time
	// ExpiresAt is when the link of an unconfirmed one is over, EndedAt when it expired or was decided.
	ExpiresAt, EndedAt time.Time
	// ProposedCustomerID is the customer of the address's proven domain, or the one whose guest asked; "" for none.
	ProposedCustomerID string
	// ProposedRole is the role that a guest asked for; "" for none.
	ProposedRole Role
	// AskedBy is the folded contact address of the customer whose guest asked.
	AskedBy                  string
	DecidedBy, DecidedByName string // user id and name; "" if the settings decided
	Reason                   string // of a disapproval
	// Ignored says why an answered request came to nothing: honeypot, too_fast, domain. Nothing is mailed for it.
	Ignored string
	// RemindAt is when approvers are reminded that it waits; zero for never.
	RemindAt time.Time
	Delivery string // of the last mail, as with invitations
	MailID   string // of the last mail
	// LinkVersion is the version of the only link that is good; registering again raises it.
	LinkVersion int
	Version     int
}

// How long the link of a registration is valid, and how long an ended one is kept: an address that nobody confirmed
// belongs to somebody who may never have asked, and a decided one must not outlive its person for ever.
const (
	ConfirmationLifetime  = 24 * time.Hour
	UnconfirmedRetention  = 7 * 24 * time.Hour
	DecidedRetention      = InvitationRetention
	minimumFillTime       = 3 * time.Second // nobody reads and fills a form faster
	registrationReadTries = 4               // two forms for one address at the same moment
)

// stillAsked says whether a guest's registration still comes from the customer's contact address; it is true for all
// others.
func (r Registration) stillAsked(c Customer) bool {
	return r.Origin != OriginGuest || FoldLogin(c.Email) == r.AskedBy
}

// StatusAt returns the status as the clock has it. The link is good up to, and not at, ExpiresAt.
func (r Registration) StatusAt(now time.Time) RegistrationStatus {
	if r.Status == RegistrationUnconfirmed && !now.Before(r.ExpiresAt) {
		return RegistrationExpired
	}
	return r.Status
}

// DueAt returns when the clean-up has to look at the registration again; zero for never.
func (r Registration) DueAt() time.Time {
	switch r.Status {
	case RegistrationUnconfirmed:
		return r.ExpiresAt
	case RegistrationWaiting:
		return r.RemindAt
	case RegistrationExpired:
		return r.EndedAt.Add(UnconfirmedRetention)
	case RegistrationApproved, RegistrationDisapproved:
		return r.EndedAt.Add(DecidedRetention)
	}
	return time.Time{}
}

// DisplayName is User.DisplayName for a registration.
func (r Registration) DisplayName() string {
	return User{FirstName: r.FirstName, LastName: r.LastName, Email: r.Email}.DisplayName()
}

// Link returns the facts that the registration's link proves.
func (r Registration) Link() Link {
	return Link{Purpose: PurposeRegistration, ID: r.ID, Version: r.LinkVersion, ExpiresAt: r.ExpiresAt, Address: FoldLogin(r.Email)}
}

// auditFields leaves out what a stranger has typed until it is confirmed: the log keeps it for ever.
func (r Registration) auditFields() map[string]string {
	f := map[string]string{"status": string(r.Status), "origin": string(r.Origin), "ignored": r.Ignored}
	if !r.ConfirmedAt.IsZero() {
		f["email"], f["firstName"], f["lastName"], f["company"] = r.Email, r.FirstName, r.LastName, r.Company
		f["customerId"], f["proposedCustomerId"], f["reason"] = r.CustomerID, r.ProposedCustomerID, r.Reason
	}
	return f
}

// RegistrationInput is a request for access. Fields that are off in the settings are dropped.
type RegistrationInput struct {
	Email, FirstName, LastName, Company, Language string
	Phone, Street, Postcode, City, Region         string
	Country, Comment                              string
	Origin                                        RegistrationOrigin
	Source                                        string // what throttles count by: the address the request came from, or the mail's sender
	// Website is a field that people do not see and programs fill: it must be empty.
	Website string
	// ShownAt is when the form was shown. A page always knows; from elsewhere it may be zero.
	ShownAt time.Time
}

// Errors about registrations.
var (
	ErrRegistrationOff      = &Error{Kind: Conflict, Code: "registration_off", Message: "Nobody can register here at the moment. Ask the company for an invitation."}
	ErrSiteNotAllowed       = &Error{Kind: Forbidden, Code: "site_not_allowed", Message: "Registrations are not taken from this web site. Register at the portal instead."}
	ErrRegistrationExpired  = &Error{Kind: Gone, Code: "registration_expired", Message: "This link has expired: it is valid for 24 hours. Register again to get a new one."}
	ErrRegistrationReplaced = &Error{Kind: Gone, Code: "registration_replaced", Message: "A newer mail has replaced this link. Use the link of the newest mail."}
	ErrRegistrationEnded    = &Error{Kind: Gone, Code: "registration_ended", Message: "This registration has been dealt with. Register again if you still need access."}
	ErrAddressKnown         = &Error{Kind: Conflict, Code: "address_known", Message: "This address has access or an invitation already. Sign in, or look for the invitation in your mailbox."}
	ErrAddressWaiting       = &Error{Kind: Conflict, Code: "address_waiting", Field: "email", Message: "Whoever has this address has registered and waits for approval. Approve the registration instead."}
)

// Limits of the public door: for an office behind one address, for a person who lost the mail, and for all visitors of
// a deployment together.
var (
	registrationsPerSource  = Throttle{"registration-source", 60, time.Hour}
	registrationsPerAddress = Throttle{"registration-address", 5, time.Hour}
	registrationsInAll      = Throttle{"registration-all", 1000, time.Hour}
)

// OpenRegistration is the reservation of an address by its one unconfirmed registration; zero for none.
type OpenRegistration struct {
	RegistrationID       string
	LinkVersion, Version int // those of the registration
}

// RegistrationChange is a registration before and after a change.
type RegistrationChange struct{ Before, After Registration }

// RegistrationQuery asks for one page of registrations: the longest waiting first if they wait, else the newest first.
type RegistrationQuery struct {
	Reach      Reach
	CustomerID string // "" is every customer; only with Reach all
	Status     RegistrationStatus
	Page       PageRequest
}

// RegistrationStore is what registrations need of the table.
type RegistrationStore interface {
	SettingsStore
	UserStore
	// Customer is that of CustomerStore.
	Customer(ctx context.Context, reach Reach, customerID string) (Customer, error)
	// RegistrationFacts returns the settings and the open registration of a folded address, with one wait.
	RegistrationFacts(ctx context.Context, folded string) (Settings, OpenRegistration, error)
	// StartRegistration stores an unconfirmed registration in place of the address's open one (zero for none), or an
	// ignored one beside it, and counts the trail's letters. Errors: ErrStale when another one was stored meanwhile,
	// TooMany.
	StartRegistration(ctx context.Context, open OpenRegistration, r Registration, t Trail) error
	// Registrations returns one page, without what only the record has: address, phone, comment, mail and link.
	Registrations(ctx context.Context, q RegistrationQuery) (Page[Registration], error)
	// LoginHolders returns who holds the folded logins, in the order asked and with one wait.
	LoginHolders(ctx context.Context, folded []string) ([]Address, error)
	// ProvenDomain returns the active customer that has proven a domain, "" for none.
	ProvenDomain(ctx context.Context, domain string) (customerID string, err error)
	// ConfirmRegistration ends the open registration of the address and stores its user, who waits or, with an
	// admission, is active at once. Errors: ErrStale, ErrLoginTaken, and those of DecideRegistration.
	ConfirmRegistration(ctx context.Context, r RegistrationChange, u User, d Admission, t Trail) error
}

// Admission is the customer that somebody is admitted to.
type Admission struct {
	// CustomerID is "" if nobody is admitted. The customer must exist and be open, unless Created makes it.
	CustomerID string
	Created    *Customer
	Audit      AuditEntry // of Created
	// Only is not nil for an individual customer's one user.
	Only *OnlyUser
}

// Registrations are the use cases of people who register.
type Registrations struct {
	Store    RegistrationStore
	Keys     Keys
	Phones   Phones
	NewID    func() string
	Language string // of the deployment
	// PublicMail is that of DomainNames, needed to show possible duplicates; with nil no domain is public.
	PublicMail func(domain string) bool
}

// RegistrationForm is what a page needs to know to show a form.
type RegistrationForm struct {
	Open       bool
	Fields     RegistrationFields
	EmbedSites []string
}

// Form says whether people can register, and what they are asked for.
func (rs Registrations) Form(ctx context.Context) (RegistrationForm, error) {
	s, err := rs.Store.Settings(ctx)
	return RegistrationForm{Open: s.SelfRegistration, Fields: s.RegistrationFields, EmbedSites: s.EmbedSites}, err
}

// Start takes a registration and mails a link to confirm the address. It does and answers the same whoever has the
// address: that decides which letter is sent, out of the visitor's sight (Outbox). Registering again before the address
// is confirmed replaces the registration and its link.
// Errors: ErrRegistrationOff, Invalid, TooMany, ErrOverloaded.
func (rs Registrations) Start(ctx context.Context, c Call, in RegistrationInput) error {
	email, bad := CheckEmail("email", in.Email)
	folded := ""
	if bad == nil {
		folded = FoldLogin(email)
	}
	for try := 0; try < registrationReadTries; try++ {
		settings, open, err := rs.Store.RegistrationFacts(ctx, folded)
		if err != nil {
			return err
		}
		if !settings.SelfRegistration {
			return ErrRegistrationOff
		}
		reg, err := in.checked(settings, rs.Phones, email, bad)
		if err != nil {
			return err
		}
		now := second(c.Now)
		reg.ID, reg.RegisteredAt, reg.ExpiresAt, reg.LinkVersion, reg.Version = rs.NewID(), now, now.Add(ConfirmationLifetime), 1, 1
		if reg.Ignored = in.ignored(settings, c.Now); reg.Ignored != "" {
			reg.Status, reg.EndedAt = RegistrationExpired, now
		} else if open.RegistrationID != "" {
			reg.ID, reg.LinkVersion, reg.Version = open.RegistrationID, open.LinkVersion+1, open.Version+1
		}
		mail := rs.letter(c, reg, LetterRegistrationConfirm)
		if reg.Ignored != "" { // stored all the same: it is as much work
			mail.Status = MailWithdrawn
		}
		reg.MailID, reg.Delivery = mail.ID, string(mail.Status)
		trail := c.trail(c.auditEntry(rs.NewID(), "registration.started", "registration", reg.ID, reg.CustomerID, nil, reg.auditFields()))
		trail.Mails = []Mail{mail}
		trail.Letters = []Event{{registrationsPerSource, in.Source}, {registrationsPerAddress, mailbox(folded)}, {registrationsInAll, "all"}}
		if err := rs.Store.StartRegistration(ctx, open, reg, trail); KindOf(err) != Stale {
			return err
		}
	}
	return ErrOverloaded
}

// ignored returns why a request comes to nothing although it is answered like any other, or "".
func (in RegistrationInput) ignored(s Settings, now time.Time) string {
	switch {
	case in.Website != "":
		return "honeypot"
	case in.Origin == OriginPage && in.ShownAt.IsZero(),
		!in.ShownAt.IsZero() && (now.Sub(in.ShownAt) < minimumFillTime || now.Sub(in.ShownAt) > ConfirmationLifetime):
		return "too_fast"
	case !s.Allows(in.Email):
		return "domain"
	}
	return ""
}

// checked returns the registration that an input describes. Of a mail, only the valid fields are taken: nobody can be
// asked to correct it. Errors: Invalid.
func (in RegistrationInput) checked(s Settings, phones Phones, email string, bad *Error) (Registration, error) {
	var errs fieldErrors
	errs.add(bad)
	reg := Registration{CustomerID: UnassignedID, Email: email, Origin: in.Origin, Status: RegistrationUnconfirmed}
	byMail := in.Origin == OriginMail
	// take checks one field as its rule asks: one that is off is dropped, a mandatory one must be filled.
	take := func(name, text string, rule FieldRule, check func(errs *fieldErrors, s string) string) string {
		if rule == FieldOff {
			return ""
		}
		var here fieldErrors
		text = check(&here, text)
		switch {
		case byMail && len(here) > 0:
			return ""
		case len(here) > 0:
			errs = append(errs, here...)
		case text == "" && rule == FieldMandatory && !byMail:
			errs.add(InvalidField(name, "required", "This field must be filled."))
		}
		return text
	}
	text := func(name string) func(*fieldErrors, string) string {
		return func(errs *fieldErrors, s string) string { return checkText(errs, name, s, maxText) }
	}
	name := func(field string) func(*fieldErrors, string) string {
		return func(errs *fieldErrors, s string) string { return checkPersonName(errs, field, s, optional) }
	}
	f := s.RegistrationFields
	reg.FirstName = take("firstName", in.FirstName, FieldMandatory, name("firstName"))
	reg.LastName = take("lastName", in.LastName, FieldMandatory, name("lastName"))
	reg.Company = take("company", in.Company, f.Company, func(errs *fieldErrors, s string) string { return checkName(errs, "company", s, optional) })
	reg.Language = take("language", in.Language, FieldOptional, checkLanguage)
	reg.Street = take("street", in.Street, f.Street, text("street"))
	reg.Postcode = take("postcode", in.Postcode, f.Postcode, func(errs *fieldErrors, s string) string { return checkPostcode(errs, "postcode", s) })
	reg.City = take("city", in.City, f.City, text("city"))
	reg.Region = take("region", in.Region, f.Region, text("region"))
	reg.Country = take("country", in.Country, f.Country, func(errs *fieldErrors, s string) string { return checkCountry(errs, "country", s) })
	reg.Phone = take("phone", in.Phone, f.Phone, func(errs *fieldErrors, s string) string { return phones.check(errs, "phone", s, reg.Country) })
	comment := in.Comment
	if byMail { // a subject of any length
		comment = firstRunes(comment, maxText)
	}
	reg.Comment = take("comment", comment, f.Comment, func(errs *fieldErrors, s string) string { return checkComment(errs, "comment", s) })
	return reg, errs.err()
}

// firstRunes returns the first n characters of s.
func firstRunes(s string, n int) string {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}

// letter returns a mail to the person who registers. Before the address is confirmed it carries nothing that was typed.
func (rs Registrations) letter(c Call, r Registration, letter Letter) Mail {
	fields := map[string]string{}
	if r.ConfirmedAt.IsZero() {
		fields["expiresAt"] = r.ExpiresAt.Format(time.RFC3339)
	} else {
		fields["firstName"] = r.FirstName
	}
	return Mail{
		ID: rs.NewID(), CustomerID: r.CustomerID, RegistrationID: r.ID, LinkVersion: r.LinkVersion, Letter: letter, To: r.Email, Door: PortalDoor,
		Language: ChooseLanguage(r.Language, rs.Language), Fields: fields,
	}.queued(c.Now)
}

// RegistrationOffer is what the holder of a good link may know of a registration.
type RegistrationOffer struct {
	// State is unconfirmed if the link can be used, else what has become of the registration.
	State                                         RegistrationStatus
	Email, FirstName, LastName, Company, Language string
	ExpiresAt                                     time.Time
}

// proven returns the registration that the token was made for.
// Errors: ErrBadLink, ErrRegistrationReplaced, ErrRegistrationEnded.
func (rs Registrations) proven(ctx context.Context, token string) (Registration, error) {
	t, err := ParseToken(token)
	if err != nil {
		return Registration{}, err
	}
	reg, err := rs.Store.Registration(ctx, ReachAll(), t.ID)
	if KindOf(err) == NotFound {
		return Registration{}, ErrBadLink
	}
	if err != nil {
		return Registration{}, err
	}
	if t.Version < reg.LinkVersion {
		return Registration{}, ErrRegistrationReplaced
	}
	if t.Version != reg.LinkVersion || !rs.Keys.Verify(t, reg.Link()) {
		return Registration{}, ErrBadLink
	}
	if reg.Status == RegistrationDisapproved { // perhaps in silence
		return Registration{}, ErrRegistrationEnded
	}
	return reg, nil
}

// Inspect says what the holder of a link can do with it. It changes nothing.
// Errors: ErrBadLink, ErrRegistrationReplaced, ErrRegistrationEnded.
func (rs Registrations) Inspect(ctx context.Context, c Call, token string) (RegistrationOffer, error) {
	reg, err := rs.proven(ctx, token)
	if err != nil {
		return RegistrationOffer{}, err
	}
	return RegistrationOffer{State: reg.StatusAt(c.Now), Email: reg.Email, FirstName: reg.FirstName, LastName: reg.LastName, Company: reg.Company,
		Language: ChooseLanguage(reg.Language, rs.Language), ExpiresAt: reg.ExpiresAt}, nil
}

// ConfirmInput is a request to confirm an address. Names that are not given stay as they are; a person who registered
// by mail may have none yet.
type ConfirmInput struct {
	Token               string
	FirstName, LastName *string
}

// Confirm proves the address of a registration. Its user then waits for approval, with the customer of the proven
// domain if that customer's administrators approve, or is let in at once if the settings ask for no approval.
// Confirming again is safe and returns what has become of it.
// Errors: ErrBadLink, ErrRegistrationReplaced, ErrRegistrationExpired, ErrRegistrationEnded, ErrRegistrationOff,
// ErrAddressKnown, ErrUsernameInUse, Invalid, ErrOverloaded.
func (rs Registrations) Confirm(ctx context.Context, c Call, in ConfirmInput) (Registration, error) {
	for try := 0; try < registrationReadTries; try++ {
		reg, err := rs.confirm(ctx, c, in)
		switch {
		case KindOf(err) == Stale: // another confirmation, or a new registration
			continue
		case errors.Is(err, ErrLoginTaken) && try == 0: // perhaps only the username
			continue
		case errors.Is(err, ErrCustomerDeactivated): // since it was read
			continue
		case errors.Is(err, ErrLoginTaken), errors.Is(err, ErrInvitedMeanwhile):
			return Registration{}, ErrAddressKnown
		}
		return reg, err
	}
	return Registration{}, ErrOverloaded
}

func (rs Registrations) confirm(ctx context.Context, c Call, in ConfirmInput) (Registration, error) {
	reg, err := rs.proven(ctx, in.Token)
	if err != nil {
		return Registration{}, err
	}
	switch reg.StatusAt(c.Now) {
	case RegistrationWaiting, RegistrationApproved:
		return reg, nil
	case RegistrationExpired:
		return Registration{}, ErrRegistrationExpired
	}
	settings, err := rs.Store.Settings(ctx)
	if err != nil {
		return Registration{}, err
	}
	if !settings.SelfRegistration && reg.Origin != OriginGuest {
		return Registration{}, ErrRegistrationOff
	}
	after := reg
	var errs fieldErrors
	for _, n := range []struct {
		field string
		to    *string
		typed *string
	}{{"firstName", &after.FirstName, in.FirstName}, {"lastName", &after.LastName, in.LastName}} {
		if n.typed != nil {
			*n.to = *n.typed
		}
		*n.to = checkPersonName(&errs, n.field, *n.to, mandatory)
	}
	if err := errs.err(); err != nil {
		return Registration{}, err
	}
	after.ConfirmedAt, after.Version = second(c.Now), reg.Version+1
	if reg.Origin != OriginGuest { // a guest's registration brings its proposal along
		if after.ProposedCustomerID, err = rs.Store.ProvenDomain(ctx, DomainOf(reg.Email)); err != nil {
			return Registration{}, err
		}
	}
	c.Actor = Actor{Realm: Portal, UserID: reg.ID, CustomerID: UnassignedID, Role: Member, Name: after.DisplayName(), RequestID: c.Actor.RequestID}
	if settings.RegistrationNeedsApproval || reg.Origin == OriginGuest { // a first user is let in by staff
		return rs.wait(ctx, c, settings, reg, after)
	}
	return rs.letIn(ctx, c, settings, reg, after)
}

// wait makes the user who waits for a decision.
func (rs Registrations) wait(ctx context.Context, c Call, settings Settings, reg, after Registration) (Registration, error) {
	after.Status = RegistrationWaiting
	after.RemindAt = remindAt(settings, after.ConfirmedAt)
	company := ""
	if settings.Approvers == ApproversCustomer && after.ProposedCustomerID != "" && reg.Origin != OriginGuest {
		customer, err := rs.Store.Customer(ctx, ReachAll(), after.ProposedCustomerID)
		if err != nil && KindOf(err) != NotFound {
			return Registration{}, err
		}
		if err == nil && customer.Open() { // its administrators can get in
			after.CustomerID, company = customer.ID, customer.Name
		}
	}
	user := after.user(Waiting, cmp.Or(after.ProposedRole, Member))
	user.CustomerID, user.Company = after.CustomerID, company
	mail := rs.letter(c, after, LetterRegistrationWaiting)
	after.MailID, after.Delivery = mail.ID, string(mail.Status)
	trail := c.trail(c.auditEntry(rs.NewID(), "registration.confirmed", "registration", reg.ID, after.CustomerID, reg.auditFields(), after.auditFields()))
	trail.Mails = []Mail{mail}
	return after, rs.Store.ConfirmRegistration(ctx, RegistrationChange{reg, after}, user, Admission{}, trail)
}

// letIn makes the user active at once: with the customer of the proven domain, else as an individual customer.
func (rs Registrations) letIn(ctx context.Context, c Call, settings Settings, reg, after Registration) (Registration, error) {
	var (
		customer  Customer
		admission Admission
		err       error
	)
	if after.ProposedCustomerID != "" {
		customer, err = rs.Store.Customer(ctx, ReachAll(), after.ProposedCustomerID)
		if err != nil && KindOf(err) != NotFound {
			return Registration{}, err
		}
	}
	if !customer.Open() || customer.Type != Corporate {
		customer = newCustomer(rs.NewID(), Individual, c.Now)
		customer.Name = firstRunes(after.DisplayName(), maxName)
		customer = after.asCustomer(customer)
		admission.Created, admission.Only = &customer, &OnlyUser{}
		admission.Audit = c.auditEntry(rs.NewID(), "customer.created", "customer", customer.ID, customer.ID, nil, customer.auditFields())
	}
	admission.CustomerID = customer.ID
	proposals := ProposedUsernames(after.Email)
	holders, err := rs.Store.LoginHolders(ctx, foldAll(append([]string{after.Email}, proposals...)))
	if err != nil {
		return Registration{}, err
	}
	if holders[0].UserID != "" {
		return Registration{}, ErrAddressKnown
	}
	user := after.user(Active, Member)
	user.CustomerID, user.Company = customer.ID, customer.Name
	if user.Username = freeUsername(proposals, holders[1:], user.ID); user.Username == "" {
		return Registration{}, ErrUsernameInUse
	}
	after.Status, after.CustomerID, after.EndedAt = RegistrationApproved, customer.ID, after.ConfirmedAt
	mail := admissionLetter(c, rs.NewID, user, customer, settings.Credentials, rs.Language)
	after.MailID, after.Delivery = mail.ID, string(mail.Status)
	trail := c.trail(c.auditEntry(rs.NewID(), "registration.approved", "registration", reg.ID, customer.ID, reg.auditFields(), after.auditFields()))
	trail.Mails = []Mail{mail}
	return after, rs.Store.ConfirmRegistration(ctx, RegistrationChange{reg, after}, user, admission, trail)
}

// user returns the user that a registration becomes, without the customer.
func (r Registration) user(status Status, role Role) User {
	return User{
		ID: r.ID, Status: status, Role: role, FirstName: r.FirstName, LastName: r.LastName, Email: r.Email, Language: r.Language,
		Phone: r.Phone, Street: r.Street, Postcode: r.Postcode, City: r.City, Region: r.Region, Country: r.Country,
		NotificationsEnabled: true, RegisteredAt: r.ConfirmedAt, Version: 1,
	}
}

// asCustomer fills in what an individual customer lacks with what the person has typed.
func (r Registration) asCustomer(c Customer) Customer {
	c.Email, c.Phone, c.Language = cmp.Or(c.Email, r.Email), cmp.Or(c.Phone, r.Phone), cmp.Or(c.Language, r.Language)
	if c.Street+c.Postcode+c.City+c.Region+c.Country == "" {
		c.Street, c.Postcode, c.City, c.Region, c.Country = r.Street, r.Postcode, r.City, r.Region, r.Country
	}
	return c
}

// remindAt returns when approvers are to be reminded of somebody who has waited since then; zero for never.
func remindAt(s Settings, since time.Time) time.Time {
	if s.ReminderHours == 0 {
		return time.Time{}
	}
	return since.Add(time.Duration(s.ReminderHours) * time.Hour)
}

// admissionLetter returns the mail that lets a registered person in, with the mode of the settings.
func admissionLetter(c Call, newID func() string, u User, customer Customer, mode PasswordMode, language string) Mail {
	mail := RegistrationLetter(c, newID, u, customer, mode, language)
	mail.RegistrationID = u.ID
	return mail
}

// Duplicate is somebody on the list who may be the same person, or a colleague.
type Duplicate struct {
	User   UserRow
	Domain bool // the address is of the same domain
	Name   bool // the name is the same
}

// maxDuplicates bounds each of the two searches for duplicates: they are read from the search rows, some 2 RCU each.
const maxDuplicates = 10

// RegistrationDetails is what an approver sees of one registration.
type RegistrationDetails struct {
	Registration Registration
	// Proposed is the customer of Registration.ProposedCustomerID; zero for none.
	Proposed   Customer
	Duplicates []Duplicate
}

// List returns one page of registrations: staff get all of them, a customer's administrators those routed to their
// customer. Without a status it lists those that wait, the longest waiting first. Errors: ErrForbidden, ErrNotFound.
func (rs Registrations) List(ctx context.Context, c Call, q RegistrationQuery) (Page[Registration], error) {
	q.Reach = c.Actor.Reach()
	if c.Actor.Realm == Portal && q.CustomerID == "" {
		q.CustomerID = c.Actor.CustomerID
	}
	if err := c.Actor.require(Approve, q.CustomerID, ""); err != nil {
		return Page[Registration]{}, err
	}
	if q.Status == "" {
		q.Status = RegistrationWaiting
	}
	q.Page.Ascending = q.Status == RegistrationWaiting
	page, err := rs.Store.Registrations(ctx, q)
	for i := range page.Items {
		page.Items[i].Status = page.Items[i].StatusAt(c.Now)
	}
	return page, err
}

// Get returns one registration with what helps to decide about it. Errors: ErrNotFound, ErrForbidden.
func (rs Registrations) Get(ctx context.Context, c Call, registrationID string) (RegistrationDetails, error) {
	reg, err := rs.Store.Registration(ctx, c.Actor.Reach(), registrationID)
	if err != nil {
		return RegistrationDetails{}, err
	}
	if err := c.Actor.require(Approve, reg.CustomerID, ""); err != nil {
		return RegistrationDetails{}, err
	}
	reg.Status = reg.StatusAt(c.Now)
	d := RegistrationDetails{Registration: reg}
	if reg.Status != RegistrationWaiting {
		return d, nil
	}
	if d.Registration.ProposedCustomerID == "" && c.Actor.Realm != Portal { // proven since
		if d.Registration.ProposedCustomerID, err = rs.Store.ProvenDomain(ctx, DomainOf(reg.Email)); err != nil {
			return RegistrationDetails{}, err
		}
	}
	if id := d.Registration.ProposedCustomerID; id != "" && c.Actor.Reach().Includes(id) {
		if d.Proposed, err = rs.Store.Customer(ctx, c.Actor.Reach(), id); err != nil && KindOf(err) != NotFound {
			return RegistrationDetails{}, err
		}
	}
	d.Duplicates, err = rs.duplicates(ctx, c, reg)
	return d, err
}

// duplicates finds people with an address of the same domain or the same name, each by one search within reach. Sharing
// a public mail service makes nobody a colleague.
func (rs Registrations) duplicates(ctx context.Context, c Call, reg Registration) ([]Duplicate, error) {
	var found []Duplicate
	domain, name := DomainOf(reg.Email), FoldName(reg.FirstName+" "+reg.LastName)
	if rs.PublicMail != nil && rs.PublicMail(domain) {
		domain = ""
	}
	for _, search := range []string{FoldSearch(domain), WithoutApostrophes(name)} {
		if utf8.RuneCountInString(search) < MinUserSearch {
			continue
		}
		q := UserQuery{Search: search, Now: c.Now, Page: PageRequest{Limit: maxDuplicates, Ascending: true}}.within(c.Actor)
		page, err := rs.Store.Users(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, row := range page.Items {
			d := Duplicate{User: row, Domain: domain != "" && DomainOf(row.Email) == domain, Name: FoldName(row.FirstName+" "+row.LastName) == name}
			if row.ID == reg.ID || !d.Domain && !d.Name || slices.ContainsFunc(found, func(d Duplicate) bool { return d.User.ID == row.ID }) {
				continue
			}
			d.User.Status = row.StatusAt(c.Now)
			found = append(found, d)
		}
	}
	return found, nil
}

// who returns who decided a registration, for the person who comes second.
func (r Registration) who() string {
	if name := strings.TrimSpace(r.DecidedByName); name != "" {
		return name
	}
	return "the settings of this deployment"
}
