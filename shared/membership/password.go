package membership

import (
	"context"
	"time"
)

// How long the links of these letters are valid, counted from the moment the mail is sent. A registration's is an
// activation code like an invitation's. Nobody waits at the mailbox for a link that staff send, so it lasts longer than
// the hour of one that the person asked for.
const (
	RegistrationLifetime = InvitationLifetime
	PasswordLinkLifetime = 24 * time.Hour
)

// RenewPassword takes a user's password away and mails a link to set a new one or, by staff, a temporary password. The
// old password, all open sessions, earlier links and temporary passwords end at once, in case somebody else knows them.
// Asking again mails another one.
// Errors: ErrNotFound, ErrForbidden, ErrNoTemporaryForYou, Invalid (mode), ErrDirectory, Conflict (impossible_in_status), TooMany, ErrOverloaded.
func (r Records) RenewPassword(ctx context.Context, c Call, userID string, mode PasswordMode) error {
	user, err := r.find(ctx, c, userID)
	if err != nil || len(c.Done) > 0 {
		return err
	}
	if err := c.Actor.mayGivePassword("mode", mode); err != nil {
		return err
	}
	if user.Source == SourceDirectory {
		return ErrDirectory
	}
	if s := user.StatusAt(c.Now); s != Active {
		return &Error{Kind: Conflict, Code: "impossible_in_status", Message: "A user who is " + string(s) + " cannot be the subject of: password."}
	}
	trail := c.trail(c.auditEntry(r.NewID(), "user.password-renewed", "user", user.ID, user.CustomerID, nil, nil), user.ID)
	letter := LetterPasswordLink
	if mode == ByTemporaryPassword {
		letter = LetterPasswordTemporary
	}
	trail.Mails = []Mail{r.letter(c, user, letter, Customer{})}
	trail.Letters = c.Actor.letters(user.CustomerID, user.Email)
	for try := 0; try < passwordTries; try++ {
		if try > 0 {
			if user, err = r.Store.User(ctx, c.Actor.Reach(), userID); err != nil {
				return err
			}
		}
		if user.AddressElsewhere {
			return r.remind(ctx, c, user, letter, trail)
		}
		before, err := r.Store.SignIns(ctx, user.CustomerID, user.ID)
		if err != nil {
			return err
		}
		after := before
		after.PasswordOver, after.ValidFrom, after.SignedOut, after.Version = true, cutOff(c.Now), nil, before.Version+1
		// The next version is nobody's link until the mail is sent, which makes its own. The lease of a reset in
		// progress stays; its holder finds out by the version that the link is over.
		after.ResetVersion, after.ResetMail, after.ResetExpiresAt = before.ResetVersion+1, "", time.Time{}
		after.TemporaryVersion, after.TemporaryExpiresAt = before.TemporaryVersion+1, time.Time{}
		trail.Mails[0].LinkVersion = 0
		if mode == ByTemporaryPassword {
			trail.Mails[0].LinkVersion = after.TemporaryVersion
		}
		// The record gets its next version as it does where there is no password to take away: else versions would tell
		// a customer's people which addresses sign in elsewhere.
		renewed := user
		renewed.Version++
		if err := r.Store.EndPassword(ctx, user, renewed, before, after, trail); KindOf(err) != Stale {
			return err
		}
	}
	return ErrOverloaded
}

// passwordTries is how often a renewal is tried when the person signs out, or asks for a link, at the same moment.
const passwordTries = 4

// reminders counts the calls of remind, so that its transaction has as many actions as the one that ends a password:
// the time of an answer must not tell them apart either.
var reminders = Throttle{"password-reminders", 1000, time.Hour}

// remind mails a user whose address signs in elsewhere, so that there is no password to renew. If the address has
// become free since, it becomes the user's.
func (r Records) remind(ctx context.Context, c Call, user User, letter Letter, trail Trail) error {
	_, holders, _, err := r.Store.InviteFacts(ctx, c.Actor.Reach(), user.CustomerID, []string{FoldLogin(user.Email)}, nil)
	if err != nil {
		return err
	}
	after := user
	after.ValidFrom, after.Version = cutOff(c.Now), user.Version+1
	trail.Letters = append(trail.Letters, Event{reminders, user.ID})
	if holders[0].UserID == "" {
		after.AddressElsewhere = false
		trail.Mails = []Mail{r.letter(c, after, letter, Customer{})} // the first password: it has no version
	}
	return r.Store.ChangeUser(ctx, user, after, nil, trail)
}
