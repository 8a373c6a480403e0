package membership

import (
	"context"
	"time"
)

// registrationLink decides how a registration is answered. It finds out who has the address, out of the visitor's
// sight: somebody unknown gets the link to confirm it, somebody with access what helps to sign in, somebody who waits
// or is invited is told so, and somebody whose access has ended gets nothing. A retry decides again.
func (o Outbox) registrationLink(ctx context.Context, m *Mail, now time.Time) (token string, wanted bool, err error) {
	reg, err := o.Store.Registration(ctx, ReachAll(), m.RegistrationID)
	if KindOf(err) == NotFound {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	if reg.Status == RegistrationWaiting && m.Letter == LetterRegistrationWaiting { // of the confirmation
		return "", true, nil
	}
	if reg.StatusAt(now) != RegistrationUnconfirmed || reg.LinkVersion != m.LinkVersion {
		return "", false, nil
	}
	holder, _, err := o.Store.LoginFacts(ctx, FoldLogin(reg.Email))
	if err != nil {
		return "", false, err
	}
	access, err := o.Store.Access(ctx, orNobody(holder.CustomerID), orNobody(holder.UserID), "") // as much work for nobody
	if err != nil {
		return "", false, err
	}
	if holder.UserID == "" {
		m.Letter, m.To, m.Fields = LetterRegistrationConfirm, reg.Email, map[string]string{"expiresAt": reg.ExpiresAt.Format(time.RFC3339)}
		return o.Keys.Token(reg.Link()), true, nil
	}
	u := access.User
	m.Language = ChooseLanguage(u.Language, access.Customer.Language, m.Language)
	m.To, m.Door, m.Fields = u.Email, DoorOf(u.CustomerID), map[string]string{"firstName": u.FirstName}
	m.Letter = LetterRegistrationKnown
	switch status := u.StatusAt(now); {
	case status == Waiting:
		m.Letter = LetterRegistrationWaiting
		return "", true, nil
	case status == Invited || status == Expired || status == Contact:
		m.Letter = LetterRegistrationInvited
	default:
		if _, closed := access.actorNow(m.Door, now); closed != nil {
			return "", false, nil
		}
		m.Fields["username"] = u.Username
	}
	return "", true, nil
}
