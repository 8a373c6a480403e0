package membership

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"time"
)

// A guest is somebody who reads the mail of a customer's contact address. While the customer has no user of its own, a
// guest gets in with a link that works once, sees the customer, and can ask for a first user; nothing else (mission 6).

// How long a one-time link is valid, counted from the moment the mail is sent (design 5), and how long a guest stays.
const (
	GuestLinkLifetime = 15 * time.Minute
	GuestStay         = time.Hour
)

// MaxGuestsOf is how many customers that share a contact address get a link when somebody asks for one.
const MaxGuestsOf = 5

// Throttles of guests: how many mails visitors can cause, and how many requests a guest can make to staff.
var (
	guestLinksPerSource  = Throttle{"guest-link-source", 30, time.Hour}
	guestLinksPerAddress = Throttle{"guest-link-address", 3, time.Hour}
	asksPerCustomer      = Throttle{"first-user", 5, 24 * time.Hour}
)

// Errors about guests.
var (
	ErrGuestLinkOver = &Error{Kind: Gone, Code: "guest_link_over", Message: "This link was used already, is older than 15 minutes, or is no longer needed. Ask for a new one, or sign in with your username."}
	ErrAlreadyAsked  = &Error{Kind: Conflict, Code: "already_asked", Field: "email", Message: "Somebody with this address is waiting for approval already."}
)

// GuestLink is what is kept about the one-time links of a customer.
type GuestLink struct {
	CustomerID string
	// MailID is the mail that carries the only good link; LinkVersion and ExpiresAt are that link's. ExpiresAt is zero
	// once the link was used.
	MailID      string
	LinkVersion int
	ExpiresAt   time.Time
	Version     int
}

// GuestSession is a guest's browser.
type GuestSession struct {
	ID         string
	CustomerID string
	Address    string // folded: the contact address that the link went to
	SecretHash []byte // SHA-256 of the secret in the cookie
	CreatedAt  time.Time
	EndsAt     time.Time
}

// proves says whether secret is the session's, in constant time.
func (s GuestSession) proves(secret []byte) bool {
	hash := sha256.Sum256(secret)
	return subtle.ConstantTimeCompare(hash[:], s.SecretHash) == 1
}

// GuestFacts is all that decides whether a guest gets in, read together and consistently.
type GuestFacts struct {
	Customer Customer // zero when there is none
	Link     GuestLink
	Session  *GuestSession // nil when none was asked for or it is gone
	// HasUser says whether the customer has a user who has, or had, access: active, suspended or deactivated.
	HasUser bool
}

// admit says whether the reader of a folded address is the customer's guest at this moment.
func (f GuestFacts) admit(address string) bool {
	return f.Customer.ID != "" && f.Customer.ID != ProviderID && f.Customer.Open() && !f.HasUser && address != "" && FoldLogin(f.Customer.Email) == address
}

// link returns the facts that a guest's link proves.
func (f GuestFacts) link() Link {
	return Link{Purpose: PurposeGuest, ID: f.Customer.ID, Version: f.Link.LinkVersion, ExpiresAt: f.Link.ExpiresAt, Address: FoldLogin(f.Customer.Email)}
}

// actor returns the guest as an actor.
func (f GuestFacts) actor(requestID string) Actor {
	return Actor{Realm: Guest, CustomerID: f.Customer.ID, Role: Contacting, Name: f.Customer.Email, Company: f.Customer.Name, Language: f.Customer.Language, RequestID: requestID}
}

// GuestReader reads what decides about guests.
type GuestReader interface {
	// GuestsOf returns the ids of the customers with a folded contact address, the oldest first, at most MaxGuestsOf.
	GuestsOf(ctx context.Context, address string) ([]string, error)
	// GuestFacts reads a customer, its link, whether it has a user and, if sessionID is not "", a session, consistently.
	GuestFacts(ctx context.Context, customerID, sessionID string) (GuestFacts, error)
	// ChangeGuestLink replaces before with after. Errors: ErrStale.
	ChangeGuestLink(ctx context.Context, before, after GuestLink) error
	// QueueMail stores a mail that no change owes.
	QueueMail(ctx context.Context, m Mail) error
}

// GuestStore is what guests need of the table.
type GuestStore interface {
	GuestReader
	// Take counts one event. Errors: TooMany when the window's limit is reached.
	Take(ctx context.Context, t Throttle, subject string, now time.Time) error
	// EnterAsGuest uses up a link by replacing before with after, and stores the session. Errors: ErrStale.
	EnterAsGuest(ctx context.Context, before, after GuestLink, s GuestSession, t Trail) error
	// EndGuestSession deletes a session, if there is one.
	EndGuestSession(ctx context.Context, customerID, sessionID string) error
	// LoginHolders returns who holds the folded logins, in the order asked.
	LoginHolders(ctx context.Context, folded []string) ([]Address, error)
	// RegistrationFacts and StartRegistration are those of RegistrationStore.
	RegistrationFacts(ctx context.Context, folded string) (Settings, OpenRegistration, error)
	StartRegistration(ctx context.Context, open OpenRegistration, r Registration, t Trail) error
	// RequestUser stores a registration that waits, with its user, if the proposed customer is active.
	// Errors: ErrSignedOut, ErrLoginTaken.
	RequestUser(ctx context.Context, r Registration, u User, t Trail) error
}

// Guests are the use cases of guests.
type Guests struct {
	Store    GuestStore
	Keys     Keys
	NewID    func() string
	Language string // of the deployment
}

// AskLink is a request for a one-time link.
type AskLink struct {
	Email  string
	Source string // the address the request came from
}

// Ask queues a mail with a one-time link to a contact address. It stores the same, with the same calls, whether or not
// the address is one: that is found out when the mail is due, out of the visitor's sight. Errors: Invalid, TooMany.
func (gs Guests) Ask(ctx context.Context, c Call, in AskLink, language string) error {
	email, bad := CheckEmail("email", in.Email)
	if bad != nil {
		return bad
	}
	address := FoldLogin(email)
	if err := gs.Store.Take(ctx, guestLinksPerSource, in.Source, c.Now); err != nil {
		return err
	}
	if err := gs.Store.Take(ctx, guestLinksPerAddress, address, c.Now); err != nil {
		return err
	}
	return gs.Store.QueueMail(ctx, Mail{ID: gs.NewID(), CustomerID: nobody, Letter: LetterGuestLink, Login: address, Door: PortalDoor, Language: language}.queued(c.Now))
}

// proven returns the facts of the customer that the token was made for. Errors: ErrBadLink, ErrGuestLinkOver.
func (gs Guests) proven(ctx context.Context, now time.Time, token string) (GuestFacts, error) {
	t, err := ParseToken(token)
	if err != nil {
		return GuestFacts{}, err
	}
	f, err := gs.Store.GuestFacts(ctx, t.ID, "")
	if err != nil {
		return GuestFacts{}, err
	}
	switch {
	case f.Customer.ID == "":
		return GuestFacts{}, ErrBadLink
	case t.Version < f.Link.LinkVersion || t.Version == f.Link.LinkVersion && f.Link.ExpiresAt.IsZero():
		return GuestFacts{}, ErrGuestLinkOver
	case t.Version != f.Link.LinkVersion || !gs.Keys.Verify(t, f.link()):
		return GuestFacts{}, ErrBadLink
	case !now.Before(f.Link.ExpiresAt) || !f.admit(FoldLogin(f.Customer.Email)):
		return GuestFacts{}, ErrGuestLinkOver
	}
	return f, nil
}

// Inspect returns the customer whose guest the holder of a link is. It changes nothing.
// Errors: ErrBadLink, ErrGuestLinkOver.
func (gs Guests) Inspect(ctx context.Context, c Call, token string) (Customer, error) {
	f, err := gs.proven(ctx, c.Now, token)
	return f.Customer, err
}

// Enter lets a guest in with a link and uses the link up: of many at once, one gets in. secret is random and stays in
// the cookie. Errors: ErrBadLink, ErrGuestLinkOver.
func (gs Guests) Enter(ctx context.Context, c Call, token string, secret []byte) (GuestSession, error) {
	f, err := gs.proven(ctx, c.Now, token)
	if err != nil {
		return GuestSession{}, err
	}
	hash := sha256.Sum256(secret)
	s := GuestSession{ID: gs.NewID(), CustomerID: f.Customer.ID, Address: FoldLogin(f.Customer.Email), SecretHash: hash[:],
		CreatedAt: second(c.Now), EndsAt: second(c.Now).Add(GuestStay)}
	after := f.Link
	after.ExpiresAt, after.Version = time.Time{}, f.Link.Version+1
	c.Actor = f.actor(c.Actor.RequestID)
	trail := c.trail(c.auditEntry(gs.NewID(), "guest.entered", "customer", f.Customer.ID, f.Customer.ID, nil, nil))
	if err := gs.Store.EnterAsGuest(ctx, f.Link, after, s, trail); err != nil {
		if KindOf(err) == Stale {
			return GuestSession{}, ErrGuestLinkOver
		}
		return GuestSession{}, err
	}
	return s, nil
}

// GuestTicket is what a guest's cookie says.
type GuestTicket struct {
	CustomerID, SessionID string
	Secret                []byte
}

// Load returns the guest of a ticket and the customer. The stay ends with the first request after the customer got a
// user, was closed, or changed its contact address; the session is then deleted, so that it does not come back to life.
// Errors: ErrSignedOut.
func (gs Guests) Load(ctx context.Context, t GuestTicket, now time.Time, requestID string) (Actor, Customer, error) {
	f, err := gs.Store.GuestFacts(ctx, t.CustomerID, t.SessionID)
	if err != nil {
		return Actor{}, Customer{}, err
	}
	s := f.Session
	if s == nil || !s.proves(t.Secret) {
		return Actor{}, Customer{}, ErrSignedOut
	}
	if !now.Before(s.EndsAt) || s.CreatedAt.Before(f.Customer.ValidFrom) || !f.admit(s.Address) {
		// Best effort: the next request finds the same.
		_ = gs.Store.EndGuestSession(context.WithoutCancel(ctx), s.CustomerID, s.ID)
		return Actor{}, Customer{}, ErrSignedOut
	}
	return f.actor(requestID), f.Customer, nil
}

// Leave ends a guest's stay.
func (gs Guests) Leave(ctx context.Context, t GuestTicket) error {
	f, err := gs.Store.GuestFacts(ctx, t.CustomerID, t.SessionID)
	if err != nil || f.Session == nil || !f.Session.proves(t.Secret) {
		return err
	}
	return gs.Store.EndGuestSession(ctx, t.CustomerID, t.SessionID)
}

// FirstUser is the person for whom a guest asks access.
type FirstUser struct {
	FirstName, LastName, Email, Language string
	Role                                 Role // "" is administrator
}

// AskFirstUser asks staff for a first user. The link has proven the contact address itself, so its person waits in the
// queue of registrations at once, with the customer and the role proposed. Any other address must first be confirmed by
// its owner, as with every registration, so that the guest hears the same whoever has it.
// Errors: ErrNotFound, ErrForbidden, Invalid, ErrAlreadyAsked, ErrAddressKnown, TooMany, ErrOverloaded.
func (gs Guests) AskFirstUser(ctx context.Context, c Call, in FirstUser) error {
	customerID := c.Actor.CustomerID
	if err := c.Actor.require(AskFirstUser, customerID, ""); err != nil {
		return err
	}
	var errs fieldErrors
	email, bad := CheckEmail("email", in.Email)
	errs.add(bad)
	role := cmp.Or(in.Role, Administrator)
	if !ValidRole(customerID, role) {
		errs.add(InvalidField("role", "invalid_role", "There is no such role here."))
	}
	now := second(c.Now)
	r := Registration{CustomerID: UnassignedID, Email: email, Company: c.Actor.Company, Origin: OriginGuest, RegisteredAt: now,
		FirstName: checkPersonName(&errs, "firstName", in.FirstName, mandatory), LastName: checkPersonName(&errs, "lastName", in.LastName, mandatory),
		Language: checkLanguage(&errs, in.Language), ProposedCustomerID: customerID, ProposedRole: role, AskedBy: FoldLogin(c.Actor.Name),
		LinkVersion: 1, Version: 1}
	if err := errs.err(); err != nil {
		return err
	}
	if err := gs.Store.Take(ctx, asksPerCustomer, customerID, c.Now); err != nil {
		return err
	}
	folded := FoldLogin(email)
	for try := 0; try < registrationReadTries; try++ {
		settings, open, err := gs.Store.RegistrationFacts(ctx, folded)
		if err != nil {
			return err
		}
		if r.ID = gs.NewID(); folded == FoldLogin(c.Actor.Name) {
			return gs.wait(ctx, c, settings, r)
		}
		if r.Status, r.ExpiresAt = RegistrationUnconfirmed, now.Add(ConfirmationLifetime); open.RegistrationID != "" {
			r.ID, r.LinkVersion, r.Version = open.RegistrationID, open.LinkVersion+1, open.Version+1
		}
		mail := Registrations{NewID: gs.NewID, Language: gs.Language}.letter(c, r, LetterRegistrationConfirm)
		r.MailID, r.Delivery = mail.ID, string(mail.Status)
		trail := c.trail(c.auditEntry(gs.NewID(), "registration.started", "registration", r.ID, customerID, nil, r.auditFields()), r.ID)
		trail.Mails, trail.Letters = []Mail{mail}, []Event{{registrationsPerAddress, mailbox(folded)}}
		if err := gs.Store.StartRegistration(ctx, open, r, trail); KindOf(err) != Stale {
			return err
		}
	}
	return ErrOverloaded
}

// wait puts the owner of the contact address into the queue.
func (gs Guests) wait(ctx context.Context, c Call, settings Settings, r Registration) error {
	holders, err := gs.Store.LoginHolders(ctx, []string{FoldLogin(r.Email)})
	switch {
	case err != nil:
		return err
	case holders[0].CustomerID == UnassignedID:
		return ErrAlreadyAsked
	case holders[0].UserID != "":
		return ErrAddressKnown
	}
	r.Status, r.ConfirmedAt, r.ExpiresAt = RegistrationWaiting, r.RegisteredAt, r.RegisteredAt // the link that has proven the address is used up
	r.RemindAt = remindAt(settings, r.ConfirmedAt)
	mail := Registrations{NewID: gs.NewID, Language: gs.Language}.letter(c, r, LetterRegistrationWaiting)
	r.MailID, r.Delivery = mail.ID, string(mail.Status)
	user := r.user(Waiting, r.ProposedRole)
	user.CustomerID = UnassignedID
	trail := c.trail(c.auditEntry(gs.NewID(), "registration.confirmed", "registration", r.ID, r.CustomerID, nil, r.auditFields()), r.ID)
	trail.Mails = []Mail{mail}
	if err = gs.Store.RequestUser(ctx, r, user, trail); errors.Is(err, ErrLoginTaken) {
		return ErrAlreadyAsked // by another browser, at this moment
	}
	return err
}

// guestLink finds out whose guest an address is when its mail is due, and makes the link. Further customers with the
// same contact address get mails of their own.
func (o Outbox) guestLink(ctx context.Context, m *Mail, now time.Time) (token string, wanted bool, err error) {
	ids := []string{m.CustomerID}
	if m.CustomerID == nobody {
		if ids, err = o.Store.GuestsOf(ctx, m.Login); err != nil {
			return "", false, err
		}
	}
	var all []GuestFacts
	for _, id := range ids {
		f, err := o.Store.GuestFacts(ctx, id, "")
		if err != nil {
			return "", false, err
		}
		if f.admit(m.Login) {
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		return "", false, nil
	}
	for n, f := range all[1:] {
		further := Mail{ID: m.ID + "-" + string(rune('b'+n)), CustomerID: f.Customer.ID, Letter: m.Letter, Login: m.Login, Door: m.Door, Language: m.Language,
			Status: MailQueued, CreatedAt: m.CreatedAt, DueAt: second(now)}
		if err := o.Store.QueueMail(ctx, further); err != nil {
			return "", false, err
		}
	}
	f := all[0]
	before := f.Link
	before.CustomerID = f.Customer.ID
	switch repeated := before.MailID == m.ID; {
	case repeated && before.ExpiresAt.IsZero(): // used since: an earlier copy arrived
		return "", false, nil
	case repeated && before.ExpiresAt.Sub(now) >= GuestLinkLifetime/2: // a copy that did arrive stays good
	default:
		f.Link.CustomerID, f.Link.MailID = before.CustomerID, m.ID
		if !repeated {
			f.Link.LinkVersion = before.LinkVersion + 1
		}
		f.Link.ExpiresAt, f.Link.Version = second(now).Add(GuestLinkLifetime), before.Version+1
		if err := o.Store.ChangeGuestLink(ctx, before, f.Link); err != nil {
			return "", false, err
		}
	}
	m.CustomerID, m.To = f.Customer.ID, f.Customer.Email
	m.Language = ChooseLanguage(f.Customer.Language, m.Language)
	m.Fields = map[string]string{"customer": f.Customer.Name, "expiresAt": f.Link.ExpiresAt.Format(time.RFC3339)}
	return o.Keys.Token(f.link()), true, nil
}
