package membership

import (
	"context"
	"errors"
	"strings"
	"time"
)

// EmailChangeLifetime is how long a change of address waits for its confirmation. Source: mission 5 has 24 hours for
// confirming an address.
const EmailChangeLifetime = 24 * time.Hour

// Errors about changes of address.
var (
	ErrEmailChangeOver = &Error{Kind: Gone, Code: "email_change_over", Message: "This link was used already, is older than 24 hours, or the change was withdrawn. Ask for the change again."}
	ErrEmailTaken      = &Error{Kind: Conflict, Code: "email_taken", Field: "email", Message: "This address signs in for another account meanwhile. Choose another one, or ask for that account to be removed."}
	ErrWrongPassword   = InvalidField("password", "wrong_password", "This password is wrong.")
)

// EmailLink returns the facts that the link for a user's new address proves. Those of the newest link stay the same
// after its use, so that using it twice is no error.
func (u User) EmailLink() Link {
	address := u.NewEmail
	if address == "" {
		address = u.Email
	}
	return Link{Purpose: PurposeEmailChange, ID: u.ID, Version: u.NewEmailVersion, ExpiresAt: u.NewEmailUntil, Address: FoldLogin(address)}
}

// NewEmailAt returns the address that waits for its confirmation at this moment, "" for none.
func (u User) NewEmailAt(now time.Time) string {
	if !now.Before(u.NewEmailUntil) {
		return ""
	}
	return u.NewEmail
}

// announcement is what a change of address owes: mails, and the limits they count against.
type announcement struct {
	mails   []Mail
	letters []Event
}

// askAddress makes a change of address wait for its confirmation, in place of an earlier change. The new address gets
// the link; the old one is told, so that its reader can act against an unwanted change. Both letters count against the
// limits, because the old address may be unproven too. The new address is not reserved meanwhile, or anybody could
// block the addresses of others: whether it is free is decided on confirmation, and told only to its proven reader.
func askAddress(c Call, newID func() string, u User, email string, languages ...string) (User, announcement) {
	u.NewEmail, u.NewEmailUntil, u.NewEmailVersion = email, second(c.Now).Add(EmailChangeLifetime), u.NewEmailVersion+1
	confirm := addressMail(c, newID, u, LetterEmailConfirm, email, languages...)
	confirm.LinkVersion = u.NewEmailVersion
	delete(confirm.Fields, "firstName") // the new address is unproven: it gets no text that people type about themselves
	delete(confirm.Fields, "username")
	told := toldMail(c, newID, u, u, LetterEmailAnnounced, languages...)
	return u, announcement{mails: []Mail{confirm, told}, letters: c.Actor.letters(u.CustomerID, email, u.Email)}
}

// toldMail returns the mail that tells the reader of before's address of its change. If that address signs in for
// another customer, that account does not change, and the letter says so.
func toldMail(c Call, newID func() string, before, after User, letter Letter, languages ...string) Mail {
	m := addressMail(c, newID, after, letter, before.Email, languages...)
	if before.AddressElsewhere {
		m.Letter, m.Fields["customer"] = LetterAddressInUse, after.Company
	}
	return m
}

func addressMail(c Call, newID func() string, u User, letter Letter, to string, languages ...string) Mail {
	return Mail{
		ID: newID(), CustomerID: u.CustomerID, UserID: u.ID, Letter: letter, To: to, Door: DoorOf(u.CustomerID), Language: ChooseLanguage(append([]string{u.Language}, languages...)...),
		Fields: map[string]string{"firstName": u.FirstName, "username": u.Username, "expiresAt": u.NewEmailUntil.Format(time.RFC3339)},
	}.queued(c.Now)
}

// EmailStore is what changes of address need of the table.
type EmailStore interface {
	SignInStore
	// User, ChangeUser and InviteFacts are those of RecordStore.
	User(ctx context.Context, reach Reach, userID string) (User, error)
	ChangeUser(ctx context.Context, before, after User, invitation *InvitationChange, t Trail) error
	InviteFacts(ctx context.Context, reach Reach, customerID string, folded []string, keys []*IdempotencyKey) (Customer, []Address, []*Marker, error)
}

// EmailChanges are the use cases about changing one's own address. Records.Change begins changes for others.
type EmailChanges struct {
	Store    EmailStore
	Accounts Accounts
	Keys     Keys
	NewID    func() string
	Language string // of the deployment
}

// Ask begins a change of the caller's own address; asking for the present one withdraws a change that waits. It wants
// the password, because the reader of the address can set a new one (ASVS 7.5.1). The answer is the same whether or not
// the address signs in for somebody else.
// Errors: ErrDirectory, Invalid (email, wrong_password), ErrTooManyAttempts, ErrStale, TooMany.
func (e EmailChanges) Ask(ctx context.Context, c Call, email, password string) (User, error) {
	before, err := e.Store.User(ctx, ReachCustomer(c.Actor.CustomerID), c.Actor.UserID)
	if err != nil || len(c.Done) > 0 {
		return before, err
	}
	if before.Source == SourceDirectory {
		return User{}, ErrDirectory
	}
	email, bad := CheckEmail("email", email)
	if bad != nil {
		return User{}, bad
	}
	if err := e.proves(ctx, c, before, password); err != nil {
		return User{}, err
	}
	after, announced := before, announcement{}
	if FoldLogin(email) == FoldLogin(before.Email) {
		after.Email, after.NewEmail = email, ""
	} else {
		after, announced = askAddress(c, e.NewID, before, email, c.Actor.Language, e.Language)
	}
	after.Version = before.Version + 1
	trail := c.trail(c.auditEntry(e.NewID(), "user.email-change-asked", "user", before.ID, before.CustomerID, before.auditFields(), after.auditFields()), before.ID)
	trail.Mails, trail.Letters = announced.mails, announced.letters
	if err := e.Store.ChangeUser(ctx, before, after, nil, trail); err != nil {
		return User{}, err
	}
	return after, nil
}

// proves returns nil if the password is the user's; wrong ones count like those at the door.
func (e EmailChanges) proves(ctx context.Context, c Call, u User, password string) error {
	if password == "" || len(password) > 4*maxPassword {
		return ErrWrongPassword
	}
	signIn := SignIn{Store: e.Store, Accounts: e.Accounts, Keys: e.Keys, NewID: e.NewID}
	folded := FoldLogin(u.Email)
	_, attempts, err := e.Store.LoginFacts(ctx, folded)
	if err != nil {
		return err
	}
	giveBack, err := signIn.count(ctx, folded, attempts, c.Now)
	if err != nil {
		return err
	}
	if _, err := e.Accounts.SignIn(ctx, DoorOf(u.CustomerID), u.ID, password); err != nil { // a second factor is not asked for again
		if err = giveBack(err); KindOf(err) == Unauthenticated {
			return ErrWrongPassword
		}
		return err
	}
	return e.Store.ForgetAttempts(ctx, folded)
}

// EmailChange is what the holder of a good link may know of a change of address.
type EmailChange struct {
	Email    string // the new one
	Username string // as it is, or will be
	Door     Door
	Language string
	Done     bool // the address is changed already
}

// proven returns the user whose change of address the token confirms. Errors: ErrBadLink, ErrEmailChangeOver.
func (e EmailChanges) proven(ctx context.Context, c Call, token string) (u User, done bool, err error) {
	t, err := ParseToken(token)
	if err != nil {
		return User{}, false, err
	}
	u, err = e.Store.User(ctx, ReachAll(), t.ID)
	if KindOf(err) == NotFound {
		return User{}, false, ErrBadLink
	}
	if err != nil {
		return User{}, false, err
	}
	if t.Version < u.NewEmailVersion {
		return User{}, false, ErrEmailChangeOver
	}
	if t.Version != u.NewEmailVersion || !e.Keys.Verify(t, u.EmailLink()) {
		if t.Version == u.NewEmailVersion && u.NewEmail == "" { // withdrawn
			return User{}, false, ErrEmailChangeOver
		}
		return User{}, false, ErrBadLink
	}
	if _, err := u.StatusAt(c.Now).after(StepChange); err != nil || u.Source == SourceDirectory || !c.Now.Before(u.NewEmailUntil) {
		return User{}, false, ErrEmailChangeOver
	}
	return u, u.NewEmail == "", nil
}

// Inspect says what the holder of a link can confirm. It changes nothing. Errors: ErrBadLink, ErrEmailChangeOver.
func (e EmailChanges) Inspect(ctx context.Context, c Call, token string) (EmailChange, error) {
	u, done, err := e.proven(ctx, c, token)
	if err != nil {
		return EmailChange{}, err
	}
	return e.shown(u, done), nil
}

func (e EmailChanges) shown(u User, done bool) EmailChange {
	change := EmailChange{Email: u.NewEmail, Username: u.Username, Door: DoorOf(u.CustomerID), Language: ChooseLanguage(u.Language, e.Language), Done: done}
	if done {
		change.Email = u.Email
	}
	return change
}

// Confirm changes the address with the link that was mailed to the new one; the old one becomes free, and is told. A
// username that was the old address becomes the new one, or what is proposed for it. All sessions and tokens end, and
// all
// links mailed to the old address, so that anybody the change shall keep out is out; the person signs in again.
// Confirming twice is fine. Errors: ErrBadLink, ErrEmailChangeOver, ErrEmailTaken, ErrUsernameInUse, ErrStale.
func (e EmailChanges) Confirm(ctx context.Context, c Call, token string) (EmailChange, error) {
	before, done, err := e.proven(ctx, c, token)
	if err != nil {
		return EmailChange{}, err
	}
	if done {
		return e.shown(before, true), nil
	}
	var names []string
	if strings.Contains(before.Username, "@") { // a username with @ is one's own address
		names = ProposedUsernames(before.NewEmail)
	}
	customer, holders, _, err := e.Store.InviteFacts(ctx, ReachAll(), before.CustomerID, append([]string{FoldLogin(before.NewEmail)}, foldAll(names)...), nil)
	if err != nil {
		return EmailChange{}, err
	}
	if holders[0].UserID != "" && holders[0].UserID != before.ID {
		return EmailChange{}, ErrEmailTaken
	}
	after := before
	after.Email, after.NewEmail, after.ValidFrom, after.Version = before.NewEmail, "", cutOff(c.Now), before.Version+1
	after.AddressElsewhere = false
	if len(names) > 0 {
		if after.Username = freeUsername(names, holders[1:], before.ID); after.Username == "" {
			return EmailChange{}, ErrUsernameInUse
		}
	}
	c = c.as(before)
	trail := c.trail(c.auditEntry(e.NewID(), "user.email-changed", "user", before.ID, before.CustomerID, before.auditFields(), after.auditFields()), before.ID)
	told := toldMail(c, e.NewID, before, after, LetterEmailChanged, customer.Language, e.Language)
	trail.Mails = []Mail{told}
	if err := e.Store.ChangeUser(ctx, before, after, nil, trail); err != nil {
		if errors.Is(err, ErrLoginTaken) {
			err = ErrEmailTaken
		}
		return EmailChange{}, err
	}
	return e.shown(after, true), nil
}
