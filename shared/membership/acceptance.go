package membership

import (
	"context"
	"errors"
	"time"
)

// AcceptanceLease is how long an acceptance in progress keeps others out. It outlasts the function's timeout
// (template.yaml: 29 s), so the holder of an expired lease is no longer running.
const AcceptanceLease = 40 * time.Second

// RenewalPause is how long after the last link an invitee can ask for a new one.
const RenewalPause = time.Hour

// Offer is what the holder of a good link may know of an invitation.
type Offer struct {
	State     OfferState
	Email     string
	Username  string // proposed
	FirstName string
	LastName  string
	Customer  string
	Inviter   string
	Role      Role
	Language  string
	Door      Door
	ExpiresAt time.Time
}

// OfferState says what can be done with a link.
type OfferState string

// The states of an offer.
const (
	OfferOpen     OfferState = "open"
	OfferExpired  OfferState = "expired"
	OfferAccepted OfferState = "accepted"
	OfferEnded    OfferState = "ended"   // revoked or declined
	OfferBlocked  OfferState = "blocked" // the customer has no access at the moment
)

// AcceptInput is what an invitee sends.
type AcceptInput struct {
	Token     string
	Password  string
	Username  string // "" takes the proposed one
	FirstName *string
	LastName  *string
}

// proven returns the invitation that the token was made for. Errors: ErrBadLink, ErrInvitationReplaced.
func (is Invitations) proven(ctx context.Context, token string) (Invitation, error) {
	t, err := ParseToken(token)
	if err != nil {
		return Invitation{}, err
	}
	inv, err := is.Store.Invitation(ctx, ReachAll(), t.ID)
	if KindOf(err) == NotFound {
		return Invitation{}, ErrBadLink
	}
	if err != nil {
		return Invitation{}, err
	}
	if t.Version < inv.LinkVersion {
		return Invitation{}, ErrInvitationReplaced
	}
	if t.Version != inv.LinkVersion || !is.Keys.Verify(t, inv.Link()) {
		return Invitation{}, ErrBadLink
	}
	return inv, nil
}

// Inspect says what the holder of a link can do with it. It changes nothing. Errors: ErrBadLink, ErrInvitationReplaced.
func (is Invitations) Inspect(ctx context.Context, c Call, token string) (Offer, error) {
	inv, err := is.proven(ctx, token)
	if err != nil {
		return Offer{}, err
	}
	proposals := ProposedUsernames(inv.Email)
	user, customer, holders, err := is.Store.AcceptanceFacts(ctx, inv, foldAll(proposals))
	if err != nil {
		return Offer{}, err
	}
	offer := Offer{
		Email: inv.Email, FirstName: inv.FirstName, LastName: inv.LastName, Customer: customer.Name, Inviter: inv.InvitedByName,
		Role: inv.Role, Language: ChooseLanguage(inv.Language, customer.Language, is.Language), Door: DoorOf(inv.CustomerID), ExpiresAt: inv.ExpiresAt,
	}
	offer.Username = freeUsername(proposals, holders, user.ID)
	switch {
	case inv.Status == InvitationAccepted:
		offer.State = OfferAccepted
	case inv.Status == InvitationDeclined || inv.Status == InvitationRevoked:
		offer.State = OfferEnded
	case !customer.Open():
		offer.State = OfferBlocked
	case inv.StatusAt(c.Now) == InvitationExpired:
		offer.State = OfferExpired
	default:
		offer.State = OfferOpen
	}
	return offer, nil
}

func foldAll(names []string) []string {
	folded := make([]string, len(names))
	for i, n := range names {
		folded[i] = FoldLogin(n)
	}
	return folded
}

// freeUsername returns the first proposal that nobody but this user holds, "" when all are taken.
func freeUsername(proposals []string, holders []Address, userID string) string {
	for i, p := range proposals {
		if holders[i].UserID == "" || holders[i].UserID == userID {
			return p
		}
	}
	return ""
}

// Accept makes the invitee an active user with the password given, and signs in. It is safe to repeat and to race:
//
//  1. a lease on the user (one winner; the others get ErrAlreadyAccepted),
//  2. sign-in account, password, sign-in (each safe to repeat),
//  3. one transaction: user active, invitation accepted, username reserved.
//
// A failure gives the lease back; after a crash it ends by itself (AcceptanceLease) and the link works again. The
// password of an active user is never touched. Other changes made to the user meanwhile (a role, a group, the
// customer's name) are kept.
// Errors: ErrBadLink, ErrInvitationReplaced, ErrInvitationExpired, ErrInvitationEnded, ErrInvitationBlocked,
// ErrAlreadyAccepted, ErrUsernameInUse, Invalid, ErrOverloaded.
func (is Invitations) Accept(ctx context.Context, c Call, in AcceptInput) (User, Tokens, error) {
	for range acceptTries {
		user, tokens, err := is.accept(ctx, c, in)
		if KindOf(err) != Stale {
			return user, tokens, err
		}
	}
	return User{}, Tokens{}, ErrOverloaded
}

// acceptTries is how often an acceptance starts over, and how often its result is written, when something else about
// the user changes in between.
const acceptTries = 4

// accept makes one try. Errors: also ErrStale when something else changed before the lease was taken.
func (is Invitations) accept(ctx context.Context, c Call, in AcceptInput) (User, Tokens, error) {
	inv, err := is.proven(ctx, in.Token)
	if err != nil {
		return User{}, Tokens{}, err
	}
	if err := acceptable(inv, c.Now); err != nil {
		return User{}, Tokens{}, err
	}
	proposals := ProposedUsernames(inv.Email)
	if in.Username != "" {
		proposals = nil
		if CheckUsername("username", in.Username, inv.Email) == nil { // an invalid username may not even fit into a key
			proposals = []string{in.Username}
		}
	}
	user, customer, holders, err := is.Store.AcceptanceFacts(ctx, inv, foldAll(proposals))
	if err != nil {
		return User{}, Tokens{}, err
	}
	if !customer.Open() {
		return User{}, Tokens{}, ErrInvitationBlocked
	}
	if user.AddressElsewhere { // its mail carries no link, so nobody holds this token
		return User{}, Tokens{}, ErrBadLink
	}
	active, err := accepted(in, user, freeUsername(proposals, holders, user.ID), c.Now)
	if err != nil {
		return User{}, Tokens{}, err
	}
	if c.Now.Before(user.ActivatingUntil) {
		return User{}, Tokens{}, ErrAlreadyAccepted
	}
	claimed := user
	claimed.ActivatingUntil, claimed.Version = second(c.Now).Add(AcceptanceLease), user.Version+1
	if err := is.Store.ClaimAcceptance(ctx, user, claimed); err != nil {
		if KindOf(err) == Stale {
			if _, over := is.stillOpen(ctx, c, inv); over != nil {
				err = over
			}
		}
		return User{}, Tokens{}, err
	}
	tokens, err := is.openAccount(ctx, claimed, in.Password)
	if err != nil {
		return User{}, Tokens{}, is.release(ctx, claimed, err)
	}
	for try := 1; ; try++ {
		active.Version = claimed.Version + 1
		switch err := is.activate(ctx, c, inv, claimed, active); {
		case err == nil:
			return active, tokens, nil
		case errors.Is(err, ErrLoginTaken):
			return User{}, Tokens{}, is.release(ctx, claimed, ErrUsernameInUse)
		case KindOf(err) != Stale: // it may have been stored all the same; then there is nothing to release
			return User{}, Tokens{}, is.release(ctx, claimed, err)
		case try == acceptTries:
			return User{}, Tokens{}, is.release(ctx, claimed, ErrOverloaded)
		}
		if inv, claimed, err = is.stillClaimed(ctx, c, inv, claimed); err != nil {
			return User{}, Tokens{}, err
		}
		if active, err = accepted(in, claimed, active.Username, c.Now); err != nil {
			return User{}, Tokens{}, is.release(ctx, claimed, err)
		}
	}
}

// activate writes down that an invitation was accepted. Errors: those of ChangeUser.
func (is Invitations) activate(ctx context.Context, c Call, inv Invitation, claimed, active User) error {
	after := inv
	after.Status, after.EndedAt, after.Version = InvitationAccepted, second(c.Now), inv.Version+1
	c = c.as(active)
	trail := c.trail(c.auditEntry(is.NewID(), "invitation.accepted", "user", active.ID, active.CustomerID, claimed.auditFields(), active.auditFields()), active.ID)
	return is.Store.ChangeUser(ctx, claimed, active, &InvitationChange{inv, after}, trail)
}

// stillClaimed reads the invitation and the user of an acceptance in progress again after one of them was changed.
// Errors: those of stillOpen, and ErrAlreadyAccepted when somebody else holds the lease.
func (is Invitations) stillClaimed(ctx context.Context, c Call, inv Invitation, claimed User) (Invitation, User, error) {
	now, err := is.stillOpen(ctx, c, inv)
	if err != nil {
		return Invitation{}, User{}, err
	}
	user, err := is.Store.User(ctx, ReachCustomer(inv.CustomerID), inv.UserID)
	if err == nil && !user.ActivatingUntil.Equal(claimed.ActivatingUntil) {
		err = ErrAlreadyAccepted
	}
	return now, user, err
}

func acceptable(inv Invitation, now time.Time) error {
	switch inv.StatusAt(now) {
	case InvitationAccepted:
		return ErrAlreadyAccepted
	case InvitationDeclined, InvitationRevoked:
		return ErrInvitationEnded
	case InvitationExpired:
		return ErrInvitationExpired
	}
	return nil
}

// accepted returns the user as active, with everything that is mandatory from then on.
func accepted(in AcceptInput, user User, username string, now time.Time) (User, error) {
	var errs fieldErrors
	next, err := user.StatusAt(now).after(StepAccept)
	if err != nil {
		if user.Status == Active {
			return User{}, ErrAlreadyAccepted
		}
		return User{}, ErrInvitationEnded
	}
	u := user
	u.Status, u.ActivatingUntil, u.InvitationExpiresAt = next, time.Time{}, time.Time{}
	if in.FirstName != nil {
		u.FirstName = *in.FirstName
	}
	if in.LastName != nil {
		u.LastName = *in.LastName
	}
	u.FirstName = checkPersonName(&errs, "firstName", u.FirstName, mandatory)
	u.LastName = checkPersonName(&errs, "lastName", u.LastName, mandatory)
	errs.add(CheckPassword("password", in.Password, u.Email))
	if in.Username != "" {
		errs.add(CheckUsername("username", in.Username, u.Email))
	}
	if err := errs.err(); err != nil {
		return User{}, err
	}
	if username == "" {
		return User{}, ErrUsernameInUse
	}
	u.Username = username
	return u, nil
}

// openAccount makes the sign-in account, sets the password and signs in: three calls, each safe to repeat.
func (is Invitations) openAccount(ctx context.Context, user User, password string) (Tokens, error) {
	if err := is.Accounts.Create(ctx, user.ID); err != nil {
		return Tokens{}, err
	}
	if err := is.Accounts.SetPassword(ctx, user.ID, password); err != nil {
		return Tokens{}, err
	}
	answer, err := is.Accounts.SignIn(ctx, DoorOf(user.CustomerID), user.ID, password)
	return answer.Tokens, err
}

// release tries to give the lease back after a failure, and returns why.
func (is Invitations) release(ctx context.Context, claimed User, why error) error {
	free := claimed
	free.ActivatingUntil, free.Version = time.Time{}, claimed.Version+1
	// Best effort: the lease ends by itself.
	_ = is.Store.ClaimAcceptance(context.WithoutCancel(ctx), claimed, free)
	return why
}

// stillOpen reads an invitation again after it or its user was changed during an acceptance.
// Errors: ErrInvitationEnded, ErrInvitationReplaced and those of acceptable, when its link is no longer good.
func (is Invitations) stillOpen(ctx context.Context, c Call, inv Invitation) (Invitation, error) {
	now, err := is.Store.Invitation(ctx, ReachCustomer(inv.CustomerID), inv.ID)
	switch {
	case KindOf(err) == NotFound:
		return Invitation{}, ErrInvitationEnded
	case err != nil:
		return Invitation{}, err
	case now.LinkVersion != inv.LinkVersion:
		return Invitation{}, ErrInvitationReplaced
	}
	return now, acceptable(now, c.Now)
}

// Decline refuses the offer: the invitation is declined and its user removed. Declining twice is fine.
// Errors: ErrBadLink, ErrInvitationReplaced, ErrAlreadyAccepted, ErrInvitationEnded, ErrStale.
func (is Invitations) Decline(ctx context.Context, c Call, token string) error {
	inv, err := is.proven(ctx, token)
	if err != nil {
		return err
	}
	switch inv.Status {
	case InvitationDeclined:
		return nil
	case InvitationAccepted:
		return ErrAlreadyAccepted
	case InvitationRevoked:
		return ErrInvitationEnded
	}
	user, err := is.Store.User(ctx, ReachCustomer(inv.CustomerID), inv.UserID)
	if err != nil {
		return err
	}
	c = c.as(user)
	_, err = is.end(ctx, c, inv, user, StepDecline, InvitationDeclined, "invitation.declined")
	return err
}

// Renew mails a new link to the stored address, at most once an hour, while the inviter may still invite.
// Errors: ErrBadLink, ErrInvitationReplaced, ErrAlreadyAccepted, ErrInvitationEnded, ErrInvitationBlocked,
// ErrRenewedRecently, ErrInviterGone.
func (is Invitations) Renew(ctx context.Context, c Call, token string) error {
	inv, err := is.proven(ctx, token)
	if err != nil {
		return err
	}
	if err := acceptable(inv, c.Now); err != nil && KindOf(err) != Gone || errors.Is(err, ErrInvitationEnded) {
		return err
	}
	if wait := inv.SentAt.Add(RenewalPause).Sub(c.Now); wait > 0 {
		recently := *ErrRenewedRecently
		recently.RetryAfter = wait
		return &recently
	}
	facts, err := is.Store.LinkFacts(ctx, inv)
	if err != nil {
		return err
	}
	if !facts.Customer.Open() {
		return ErrInvitationBlocked
	}
	if !inviterMayStill(inv, facts.Inviter, c.Now) {
		return ErrInviterGone
	}
	user := facts.User
	c = c.as(user)
	_, err = is.newLink(ctx, c, inv, facts, "invitation.renewed", nil) // limited by RenewalPause
	return err
}

func inviterMayStill(inv Invitation, inviter User, now time.Time) bool {
	if inv.InvitedBy == "" { // the deployment itself
		return true
	}
	actor := Actor{Realm: realmOf(inviter.CustomerID), UserID: inviter.ID, CustomerID: inviter.CustomerID, Role: inviter.Role}
	return inviter.ID != "" && inviter.StatusAt(now) == Active && actor.May(Invite, inv.CustomerID, inv.Role)
}
