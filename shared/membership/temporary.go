package membership

import (
	"context"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// PasswordMode says what a mail brings to somebody who has no password, or no longer has one.
type PasswordMode string

// The modes. A temporary password alone lets nobody in: signing in with it means choosing a password first.
const (
	ByLink              PasswordMode = "link"
	ByTemporaryPassword PasswordMode = "temporaryPassword"
)

// Valid says whether there is such a mode.
func (m PasswordMode) Valid() bool { return m == ByLink || m == ByTemporaryPassword }

// TemporaryPasswordLifetime is how long a temporary password is good, from the moment its mail is sent. Source: issue 5.
const TemporaryPasswordLifetime = 7 * 24 * time.Hour

// newPasswordPause is how long somebody who has signed in with a temporary password may take to choose a new one: as
// long as a second factor may take.
const newPasswordPause = 5 * time.Minute

// ChallengeNewPassword asks somebody who signed in with a temporary password for one of their own.
const ChallengeNewPassword = "newPassword"

// Errors about temporary passwords.
var (
	ErrNoTemporaryForYou = &Error{Kind: Forbidden, Code: "temporary_password_not_allowed", Message: "Only the provider's staff give temporary passwords. Choose link."}
	errTemporaryChosen   = InvalidField("newPassword", "password_is_temporary", "This is the temporary password. Choose one of your own.")
)

// mayGivePassword returns nil if the actor may choose this mode. field is where it was chosen. A customer's people must
// not learn each other's passwords, and a shared mailbox would tell them this one.
func (a Actor) mayGivePassword(field string, m PasswordMode) error {
	switch {
	case !m.Valid():
		return InvalidField(field, "invalid_choice", "Choose one of link and temporaryPassword.")
	case m == ByTemporaryPassword && a.Realm == Portal:
		refused := *ErrNoTemporaryForYou
		refused.Field = field
		return &refused
	}
	return nil
}

// TemporaryFacts returns the facts that a temporary password proves.
func TemporaryFacts(u User, s SignIns) Link {
	return Link{Purpose: PurposeTemporaryPassword, ID: u.ID, Version: s.TemporaryVersion, ExpiresAt: s.TemporaryExpiresAt, Address: FoldLogin(u.Email)}
}

// temporaryAlphabet is Crockford's: each of i, l, o is read as the digit it looks like, and u is left out.
const temporaryAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// A temporary password has four groups of five characters: 100 bits, so that it needs no lock of its own.
const (
	temporaryGroup  = 5
	temporaryLength = 20
)

// TemporaryPassword computes the temporary password of these facts. Like a link it is computed again each time it is
// needed, and never stored.
func (k Keys) TemporaryPassword(l Link) string {
	var b strings.Builder
	for i, r := range k.temporary(l) {
		if i > 0 && i%temporaryGroup == 0 {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (k Keys) temporary(l Link) string {
	return base32.NewEncoding(temporaryAlphabet).EncodeToString(k.mac(l))[:temporaryLength]
}

// ProvesTemporary says whether typed is the temporary password of these facts, however it was copied: in capitals, with
// other gaps, with an O for a zero. It compares in constant time and decides nothing about expiry.
func (k Keys) ProvesTemporary(typed string, l Link) bool {
	read := strings.Map(func(r rune) rune {
		switch r = unicode.ToLower(r); {
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r):
			return -1
		case r == 'o':
			return '0'
		case r == 'i' || r == 'l':
			return '1'
		}
		return r
	}, typed)
	return subtle.ConstantTimeCompare([]byte(read), []byte(k.temporary(l))) == 1
}

// newPasswordSession returns what a sign-in with a temporary password hands out: for five minutes its holder may choose
// the new one. It is the Unix time of the sign-in before a token, and ends with the temporary password it came from.
func (k Keys) newPasswordSession(userID string, version int, at time.Time) string {
	return strconv.FormatInt(at.Unix(), 10) + "." + k.Token(newPasswordFacts(userID, version+1, at))
}

// newPasswordFacts are the facts of such a session. Tokens count from 1, temporary passwords from 0: version is one more.
func newPasswordFacts(userID string, version int, at time.Time) Link {
	return Link{Purpose: PurposeNewPassword, ID: userID, Version: version, ExpiresAt: at.Add(newPasswordPause)}
}

// openNewPassword returns whose session it is, of which temporary password, and since when. Errors: ErrChallengeOver.
func (k Keys) openNewPassword(session string, now time.Time) (userID string, version int, at time.Time, err error) {
	seconds, token, _ := strings.Cut(session, ".")
	unix, errAt := strconv.ParseInt(seconds, 10, 64)
	t, errToken := ParseToken(token)
	at = time.Unix(unix, 0).UTC()
	if errAt != nil || errToken != nil || seconds != strconv.FormatInt(unix, 10) || !k.Verify(t, newPasswordFacts(t.ID, t.Version, at)) ||
		!now.Before(at.Add(newPasswordPause)) {
		return "", 0, time.Time{}, ErrChallengeOver
	}
	return t.ID, t.Version - 1, at, nil
}

// NewPassword is the answer to the challenge of a temporary password.
type NewPassword struct {
	Session  string
	Door     Door // "" for the session's own
	Password string
}

// AnswerNewPassword sets the password chosen by somebody who signed in with a temporary one, and signs in with it; a second
// factor is asked for as always. This uses up the temporary password and every password link, and ends all open sessions and
// tokens. It is safe to repeat and to race: the lease of password links keeps two holders apart, a failure gives the lease
// back, a crash costs AcceptanceLease, and the last thing written is that the temporary password was used.
// Errors: ErrChallengeOver, Invalid (newPassword), ErrOverloaded.
func (s SignIn) AnswerNewPassword(ctx context.Context, c Call, in NewPassword) (SignedIn, error) {
	userID, version, at, err := s.Keys.openNewPassword(in.Session, c.Now)
	if err != nil {
		return SignedIn{}, err
	}
	access, err := s.Store.Access(ctx, "", userID, "")
	if err != nil {
		return SignedIn{}, err
	}
	user, before := access.User, access.SignIns
	door := DoorOf(user.CustomerID)
	if _, err := access.Actor(door, at, "", c.Now); err != nil || in.Door != "" && in.Door != door ||
		version != before.TemporaryVersion || !c.Now.Before(before.TemporaryExpiresAt) || c.Now.Before(before.ResetClaimedUntil) {
		return SignedIn{}, ErrChallengeOver
	}
	if e := CheckPassword("newPassword", in.Password, user.Email); e != nil {
		return SignedIn{}, e
	}
	if s.Keys.ProvesTemporary(in.Password, TemporaryFacts(user, before)) {
		return SignedIn{}, errTemporaryChosen
	}
	var answer SignInAnswer
	err = s.whileClaimed(ctx, c, before, ErrChallengeOver, func(claimed SignIns) error {
		if err := s.setPassword(ctx, user.ID, in.Password); err != nil {
			return calledAs(err, "password", "newPassword")
		}
		cut := cutOff(c.Now)
		if err := s.Wait(ctx, cut.Sub(c.Now)); err != nil { // else its own token would be cut off
			return err
		}
		var err error
		if answer, err = s.Accounts.SignIn(ctx, door, user.ID, in.Password); err != nil {
			return err
		}
		return s.passwordSet(ctx, c, access, claimed, "user.password-chosen", ErrChallengeOver)
	})
	if err != nil {
		return SignedIn{}, err
	}
	return SignedIn{User: user, Answer: answer}, nil
}

// calledAs returns err with its field called name instead of field, as the caller knows it.
func calledAs(err error, field, name string) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Field != field {
		return err
	}
	renamed := *e
	renamed.Field, renamed.Fields = name, []FieldError{{name, e.Code, e.Message}}
	return &renamed
}

// RegistrationLetter returns the mail that lets a new user in: with a link to set a password, or with a temporary one.
// It belongs in the transaction that makes the user active, who had no password before; language is the deployment's.
// The caller decides who may choose the mode.
func RegistrationLetter(c Call, newID func() string, u User, customer Customer, mode PasswordMode, language string) Mail {
	letter := LetterUserRegistration
	if mode == ByTemporaryPassword {
		letter = LetterRegistrationTemporary
	}
	return recordMail(c, newID, u, letter, customer, language)
}

// temporaryPassword gives a mail the temporary password that it announces, good from now. A repeated try of the same
// mail carries the same one or, when half of its time is over, the next. The mail is no longer wanted if a password was
// set or renewed since, which changes the version.
func (o Outbox) temporaryPassword(ctx context.Context, m *Mail, now time.Time) (password string, wanted bool, err error) {
	access, err := o.reader(ctx, m, Address{UserID: m.UserID, CustomerID: m.CustomerID}, now)
	if err != nil || access.User.ID == "" || access.SignIns.TemporaryVersion != m.LinkVersion {
		return "", false, err
	}
	after := access.SignIns
	if after.TemporaryExpiresAt.Sub(now) < TemporaryPasswordLifetime/2 {
		after.TemporaryExpiresAt, after.Version = second(now).Add(TemporaryPasswordLifetime), after.Version+1
		if err := o.Store.ChangeSignIns(ctx, access.SignIns, after, nil); err != nil {
			return "", false, err
		}
	}
	m.address(access, after.TemporaryExpiresAt)
	return o.Keys.TemporaryPassword(TemporaryFacts(access.User, after)), true, nil
}
