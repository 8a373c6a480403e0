package membership

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"
)

// Attempts counts failed sign-ins with one login, known or not.
type Attempts struct {
	Login    string // folded
	Failures int
	NextAt   time.Time // no attempt is allowed before
}

// Slow-down and lock. Source: mission 6; ASVS 6.3.1 asks for documented limits.
//
//	failures 1–4   none
//	failures 5–9   2, 4, 8, 16, 32 seconds until the next attempt
//	failure 10 on  15 minutes
//
// Everything is forgotten AttemptsMemory after the last pause ended, and at once by a sign-in or a new password.
const (
	freeFailures   = 4
	lockFailures   = 10
	lockPause      = 15 * time.Minute
	AttemptsMemory = 24 * time.Hour
)

// failed returns the count after one more failure.
func (a Attempts) failed(now time.Time) Attempts {
	a.Failures++
	switch {
	case a.Failures >= lockFailures:
		a.NextAt = now.Add(lockPause)
	case a.Failures > freeFailures:
		a.NextAt = now.Add(time.Duration(1<<(a.Failures-freeFailures)) * time.Second)
	default:
		a.NextAt = now
	}
	return a
}

// Throttles of the public doors, per source address and per login. They keep one visitor from using up what all share.
var (
	// An office of a thousand people behind one address starts its day with it; guessing is stopped by the count of each login.
	signInsPerSource = Throttle{"sign-in-source", 600, 15 * time.Minute}
	resetsPerSource  = Throttle{"reset-source", 30, time.Hour}
	resetsPerLogin   = Throttle{"reset-login", 3, time.Hour}
)

// Errors about signing in. They do not tell whether the login or the password was wrong.
var (
	ErrWrongCredentials = &Error{Kind: Unauthenticated, Code: "wrong_credentials", Message: "Username or password is wrong, or there is no access here."}
	ErrWrongCode        = &Error{Kind: Unauthenticated, Code: "wrong_code", Field: "code", Message: "This code is wrong or over. Wait for the next one and try again."}
	ErrChallengeOver    = &Error{Kind: Unauthenticated, Code: "challenge_over", Message: "This took too long. Sign in again."}
	ErrTooManyAttempts  = &Error{Kind: TooMany, Code: "too_many_attempts", Message: "Too many attempts. Wait before you try again, or set a new password."}
	ErrResetOver        = &Error{Kind: Gone, Code: "reset_link_over", Message: "This link was used already, or is too old. Ask for a new one."}
)

// SignInStore is what signing in needs of the table.
type SignInStore interface {
	AccessStore
	// LoginFacts returns who holds a folded login and the failed attempts with it, with one wait.
	LoginFacts(ctx context.Context, folded string) (Address, Attempts, error)
	// CountAttempt replaces before with after. Errors: ErrTooManyAttempts when another attempt was counted meanwhile.
	CountAttempt(ctx context.Context, before, after Attempts, now time.Time) error
	// ForgetAttempts resets the count of a folded login.
	ForgetAttempts(ctx context.Context, folded string) error
	// Take counts one event. Errors: TooMany when the window's limit is reached.
	Take(ctx context.Context, t Throttle, subject string, now time.Time) error
	// QueueMail stores a mail that no change owes.
	QueueMail(ctx context.Context, m Mail) error
	// SignIns returns what is kept about the ways into one account.
	SignIns(ctx context.Context, customerID, userID string) (SignIns, error)
	// ChangeSignIns replaces before with after. t is nil for a change that is no event of its own (a lease).
	// Errors: ErrStale.
	ChangeSignIns(ctx context.Context, before, after SignIns, t *Trail) error
}

// SignIn are the use cases about getting in and out.
type SignIn struct {
	Store    SignInStore
	Accounts Accounts
	Keys     Keys
	NewID    func() string
	// Wait pauses; a sign-in within the second of a cut-off waits for its end, else its own token would be cut off.
	Wait func(context.Context, time.Duration) error
}

// Credentials are what somebody types at a door. Source is the address the request came from.
type Credentials struct {
	Login    string
	Password string
	Door     Door
	Source   string
}

// SignedIn is a completed sign-in, or a challenge to answer first.
type SignedIn struct {
	User   User
	Answer SignInAnswer
}

// SignIn checks username or e-mail and password at a door. Unknown logins, wrong passwords, ended access and the wrong
// door get the same answer after the same calls. A temporary password is computed for everybody, known or not; the
// right one is answered with a challenge, and the sign-in service never hears it.
// Errors: ErrWrongCredentials, ErrTooManyAttempts.
func (s SignIn) SignIn(ctx context.Context, c Call, in Credentials) (SignedIn, error) {
	folded := FoldLogin(in.Login)
	if folded == "" || len(folded) > maxEmail || in.Password == "" || utf8.RuneCountInString(in.Password) > maxPassword {
		return SignedIn{}, ErrWrongCredentials
	}
	if err := s.Store.Take(ctx, signInsPerSource, in.Source, c.Now); err != nil {
		return SignedIn{}, err
	}
	holder, attempts, err := s.Store.LoginFacts(ctx, folded)
	if err != nil {
		return SignedIn{}, err
	}
	giveBack, err := s.count(ctx, folded, attempts, c.Now)
	if err != nil {
		return SignedIn{}, err
	}
	access, err := s.Store.Access(ctx, orNobody(holder.CustomerID), orNobody(holder.UserID), "")
	if err != nil {
		return SignedIn{}, giveBack(err)
	}
	account := orNobody(access.User.ID)
	if wait := access.validFrom().Sub(c.Now); wait > 0 {
		if err := s.Wait(ctx, wait); err != nil {
			return SignedIn{}, giveBack(err)
		}
		c.Now = c.Now.Add(wait)
	}
	_, closed := access.Actor(in.Door, c.Now, "", c.Now)
	if s.Keys.ProvesTemporary(in.Password, TemporaryFacts(access.User, access.SignIns)) && c.Now.Before(access.SignIns.TemporaryExpiresAt) {
		if closed != nil {
			return SignedIn{}, ErrWrongCredentials
		}
		session := s.Keys.newPasswordSession(access.User.ID, access.SignIns.TemporaryVersion, c.Now)
		return SignedIn{User: access.User, Answer: SignInAnswer{Challenge: ChallengeNewPassword, Session: session}}, nil
	}
	answer, err := s.Accounts.SignIn(ctx, in.Door, account, in.Password)
	if err != nil {
		return SignedIn{}, giveBack(err)
	}
	if closed != nil || access.SignIns.PasswordOver {
		return SignedIn{}, ErrWrongCredentials
	}
	if answer.Challenge != "" {
		// The failures are forgotten when the challenge is answered, not before: else it could be tried without limit.
		return SignedIn{User: access.User, Answer: answer}, nil
	}
	return SignedIn{User: access.User, Answer: answer}, s.Store.ForgetAttempts(ctx, folded)
}

// nobody is an account that does not exist: asking for it costs what a real one costs.
const nobody = "00000000-0000-0000-0000-000000000000"

func orNobody(id string) string {
	if id == "" {
		return nobody
	}
	return id
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// countTries is how often counting an attempt is tried while others with the same login are in progress: somebody who
// signs in at two places at once gets in at both.
const countTries = 5

// count counts an attempt before it is made, so that parallel ones cannot outrun the count. giveBack takes it back if
// err says that no password was tried (sign-in is down): an outage must lock nobody out. It returns err.
func (s SignIn) count(ctx context.Context, folded string, have Attempts, now time.Time) (giveBack func(err error) error, err error) {
	var base, counted Attempts
	for try := 1; ; try++ {
		have.Login = folded
		if wait := have.NextAt.Sub(now); wait > 0 {
			locked := *ErrTooManyAttempts
			locked.RetryAfter = wait
			return nil, &locked
		}
		base = have
		if !have.NextAt.IsZero() && !now.Before(have.NextAt.Add(AttemptsMemory)) { // the table deletes expired items late
			base.Failures = 0
		}
		counted = base.failed(now)
		err := s.Store.CountAttempt(ctx, have, counted, now)
		if err == nil {
			break
		}
		if !errors.Is(err, ErrTooManyAttempts) || try == countTries {
			return nil, err
		}
		if _, have, err = s.Store.LoginFacts(ctx, folded); err != nil { // another attempt was counted, or forgotten, meanwhile
			return nil, err
		}
	}
	return func(err error) error {
		if KindOf(err) != Unauthenticated {
			// Best effort; it does nothing if another attempt was counted since.
			_ = s.Store.CountAttempt(context.WithoutCancel(ctx), counted, base, now)
		}
		return err
	}, nil
}

// Challenge is the answer to a challenge.
type Challenge struct {
	UserID  string
	Door    Door
	Session string
	Code    string
}

// AnswerChallenge completes a sign-in with a second factor. Failures count like wrong passwords.
// Errors: ErrWrongCode, ErrChallengeOver, ErrTooManyAttempts.
func (s SignIn) AnswerChallenge(ctx context.Context, c Call, in Challenge) (SignedIn, error) {
	access, err := s.Store.Access(ctx, "", in.UserID, "")
	if err != nil {
		return SignedIn{}, err
	}
	if _, err := access.Actor(in.Door, c.Now, "", c.Now); err != nil || access.SignIns.PasswordOver {
		return SignedIn{}, ErrChallengeOver
	}
	folded := FoldLogin(access.User.Email)
	_, attempts, err := s.Store.LoginFacts(ctx, folded)
	if err != nil {
		return SignedIn{}, err
	}
	giveBack, err := s.count(ctx, folded, attempts, c.Now)
	if err != nil {
		return SignedIn{}, err
	}
	tokens, err := s.Accounts.AnswerChallenge(ctx, in.Door, in.UserID, in.Session, in.Code)
	if err != nil {
		return SignedIn{}, giveBack(err)
	}
	for _, login := range []string{access.User.Email, access.User.Username} {
		if err := s.Store.ForgetAttempts(ctx, FoldLogin(login)); err != nil {
			return SignedIn{}, err
		}
	}
	return SignedIn{User: access.User, Answer: SignInAnswer{Tokens: tokens}}, nil
}

// Family says which sign-in an access token belongs to.
type Family struct {
	ID     string // origin_jti
	EndsAt time.Time
}

// maxSignedOut is how many signed-out token families are remembered one by one; one more ends all sign-ins of the user.
const maxSignedOut = 20

// SignOut ends the sign-in that a token belongs to; other sign-ins of the user stay. Errors: ErrOverloaded.
func (s SignIn) SignOut(ctx context.Context, c Call, f Family) error {
	return s.changeSignIns(ctx, c.Actor.CustomerID, c.Actor.UserID, c.Actor.signIns, func(before SignIns) (SignIns, *Trail) {
		after := before
		after.SignedOut = map[string]time.Time{}
		for id, ends := range before.SignedOut {
			if c.Now.Before(ends) {
				after.SignedOut[id] = ends
			}
		}
		if len(after.SignedOut) >= maxSignedOut || f.ID == "" {
			after.SignedOut, after.ValidFrom = map[string]time.Time{}, cutOff(c.Now)
		} else {
			after.SignedOut[f.ID] = f.EndsAt
		}
		trail := c.trail(c.auditEntry(s.NewID(), "session.ended", "session", c.Actor.UserID, c.Actor.CustomerID, nil, nil))
		return after, &trail
	})
}

// changeSignIns repeats a read and a conditional write until nobody comes between, at most four times. known is what
// this request has read already, which saves the first read; nil if nothing.
func (s SignIn) changeSignIns(ctx context.Context, customerID, userID string, known *SignIns, change func(SignIns) (SignIns, *Trail)) error {
	for try := 0; try < 4; try++ {
		if known == nil {
			now, err := s.Store.SignIns(ctx, customerID, userID)
			if err != nil {
				return err
			}
			known = &now
		}
		before := *known
		after, trail := change(before)
		after.Version = before.Version + 1
		if err := s.Store.ChangeSignIns(ctx, before, after, trail); KindOf(err) != Stale {
			return err
		}
		known = nil
	}
	return ErrOverloaded
}

// Forgot is a request for a password link.
type Forgot struct {
	Login  string
	Door   Door
	Source string
}

// ForgotPassword queues a password mail to the owner of a login. It stores the same whether or not there is one: that
// is found out when the mail is due, out of the visitor's sight. Errors: Invalid, TooMany.
func (s SignIn) ForgotPassword(ctx context.Context, c Call, in Forgot, language string) error {
	folded := FoldLogin(in.Login)
	if folded == "" || len(folded) > maxEmail {
		return InvalidField("username", "required", "Type your username or e-mail address.")
	}
	if err := s.Store.Take(ctx, resetsPerSource, in.Source, c.Now); err != nil {
		return err
	}
	if err := s.Store.Take(ctx, resetsPerLogin, folded, c.Now); err != nil {
		return err
	}
	return s.Store.QueueMail(ctx, Mail{ID: s.NewID(), CustomerID: nobody, Letter: LetterPasswordReset, Login: folded, Door: in.Door, Language: language}.queued(c.Now))
}

// ResetLink returns the facts that a password link proves.
func ResetLink(u User, s SignIns) Link {
	return Link{Purpose: PurposePasswordReset, ID: u.ID, Version: s.ResetVersion, ExpiresAt: s.ResetExpiresAt, Address: FoldLogin(u.Email)}
}

// provenReset returns the access of the user that the password link was made for. Errors: ErrBadLink, ErrResetOver.
func (s SignIn) provenReset(ctx context.Context, now time.Time, token string) (Access, error) {
	t, err := ParseToken(token)
	if err != nil {
		return Access{}, err
	}
	access, err := s.Store.Access(ctx, "", t.ID, "")
	if err != nil {
		return Access{}, err
	}
	if access.User.ID == "" {
		return Access{}, ErrBadLink
	}
	if t.Version < access.SignIns.ResetVersion {
		return Access{}, ErrResetOver
	}
	if t.Version != access.SignIns.ResetVersion || !s.Keys.Verify(t, ResetLink(access.User, access.SignIns)) {
		return Access{}, ErrBadLink
	}
	if !now.Before(access.SignIns.ResetExpiresAt) {
		return Access{}, ErrResetOver
	}
	if _, err := access.actorNow(DoorOf(access.User.CustomerID), now); err != nil {
		return Access{}, ErrResetOver
	}
	return access, nil
}

// InspectReset says whether a password link is good and whose it is. It changes nothing. Errors: ErrBadLink, ErrResetOver.
func (s SignIn) InspectReset(ctx context.Context, c Call, token string) (User, error) {
	access, err := s.provenReset(ctx, c.Now, token)
	return access.User, err
}

// ResetPassword sets a new password with a mailed link, uses the link up, and ends all open sessions and tokens. A
// lease keeps two holders of the link apart; a failure gives it back, and a crash costs AcceptanceLease.
// Errors: ErrBadLink, ErrResetOver, Invalid.
func (s SignIn) ResetPassword(ctx context.Context, c Call, token, password string) error {
	access, err := s.provenReset(ctx, c.Now, token)
	if err != nil {
		return err
	}
	user, before := access.User, access.SignIns
	if e := CheckPassword("password", password, user.Email); e != nil {
		return e
	}
	if c.Now.Before(before.ResetClaimedUntil) {
		return ErrResetOver
	}
	return s.whileClaimed(ctx, c, before, ErrResetOver, func(claimed SignIns) error {
		if err := s.setPassword(ctx, user.ID, password); err != nil {
			return err
		}
		return s.passwordSet(ctx, c, access, claimed, "user.password-reset", ErrResetOver)
	})
}

// whileClaimed calls set, which sets a password, while a lease keeps others out: they get the error tooLate. A failure gives
// the lease back.
func (s SignIn) whileClaimed(ctx context.Context, c Call, before SignIns, tooLate *Error, set func(claimed SignIns) error) error {
	claimed := before
	claimed.ResetClaimedUntil, claimed.Version = c.Now.Add(AcceptanceLease), before.Version+1
	if err := s.Store.ChangeSignIns(ctx, before, claimed, nil); err != nil {
		if KindOf(err) == Stale {
			return tooLate
		}
		return err
	}
	err := set(claimed)
	if err != nil {
		// Best effort: the lease ends by itself. If the change was stored nevertheless, there is nothing to give back.
		free := claimed
		free.ResetClaimedUntil, free.Version = time.Time{}, claimed.Version+1
		_ = s.Store.ChangeSignIns(context.WithoutCancel(ctx), claimed, free, nil)
	}
	return err
}

// passwordSet records that a password was set: what could set it is used up, open sessions are closed, and the person
// is told. A failure before that can be repeated. If the password was renewed meanwhile, the error is tooLate: the one
// just set does not count, and what the renewal mails stays good.
func (s SignIn) passwordSet(ctx context.Context, c Call, access Access, claimed SignIns, action string, tooLate *Error) error {
	user := access.User
	for _, login := range []string{user.Email, user.Username} {
		if err := s.Store.ForgetAttempts(ctx, FoldLogin(login)); err != nil {
			return err
		}
	}
	c = c.as(user)
	renewed := false
	err := s.changeSignIns(ctx, user.CustomerID, user.ID, &claimed, func(now SignIns) (SignIns, *Trail) {
		after := now
		after.ResetClaimedUntil = time.Time{}
		if renewed = now.TemporaryVersion != claimed.TemporaryVersion; renewed {
			return after, nil
		}
		// The next version is nobody's link; a zero expiry says that the mail's link was used.
		after.ResetVersion, after.ResetExpiresAt = now.ResetVersion+1, time.Time{}
		after.TemporaryVersion, after.TemporaryExpiresAt = now.TemporaryVersion+1, time.Time{}
		after.ValidFrom, after.SignedOut, after.PasswordOver = later(now.ValidFrom, cutOff(c.Now)), nil, false
		trail := c.trail(c.auditEntry(s.NewID(), action, "user", user.ID, user.CustomerID, nil, nil))
		trail.Mails = []Mail{Mail{ID: s.NewID(), CustomerID: user.CustomerID, UserID: user.ID, Letter: LetterPasswordChanged, To: user.Email, Door: DoorOf(user.CustomerID),
			Language: ChooseLanguage(user.Language, access.Customer.Language), Fields: map[string]string{"firstName": user.FirstName, "username": user.Username}}.queued(c.Now)}
		return after, &trail
	})
	if err == nil && renewed {
		return tooLate
	}
	return err
}

// setPassword sets the password of an account, and makes the account again if it is missing: its owner can delete it
// at Cognito with a token of their own.
func (s SignIn) setPassword(ctx context.Context, userID, password string) error {
	if err := s.Accounts.Create(ctx, userID); err != nil {
		return err
	}
	return s.Accounts.SetPassword(ctx, userID, password)
}
