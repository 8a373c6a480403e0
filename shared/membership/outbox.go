package membership

import (
	"context"
	"errors"
	"time"
)

// How mails are tried. A try holds a lease; a mail that is not marked sent when it ends is tried again. The pauses grow
// from 30 seconds to an hour: SES can be down for a night before a mail is given up.
const (
	mailLease    = 2 * time.Minute // longer than notify's timeout (template.yaml: 60 s)
	firstPause   = 30 * time.Second
	longestPause = time.Hour
	mailTries    = 20
)

// MailRefusal is an error of the Postman that would be the same next time: the address or the mail itself is refused.
type MailRefusal struct{ Reason string }

func (r *MailRefusal) Error() string { return "refused: " + r.Reason }

// Postman renders a mail and hands it over. shared/mail is the one on SES.
type Postman interface {
	// Post sends m with its secret (the token of its link, or a temporary password; "" for a letter without) and
	// returns the id under which it was accepted.
	// Errors: *MailRefusal when trying again is useless.
	Post(ctx context.Context, m Mail, secret string) (messageID string, err error)
}

// OutboxStore is what the outbox needs of the table.
type OutboxStore interface {
	AccessStore
	GuestReader
	// ClaimMail leases a queued mail that is due, or was never tried, until the given time, and counts the try.
	// Errors: ErrNotFound when there is nothing to do: sent, given up, or in progress elsewhere.
	ClaimMail(ctx context.Context, mailID string, now, until time.Time) (Mail, error)
	// FinishMail stores what became of a claimed mail (status, next try, SES's id, reason) unless somebody else has
	// claimed it since, and copies it to the invitation it belongs to.
	FinishMail(ctx context.Context, m Mail) error
	// DueMails returns ids of queued mails whose next try is due, the oldest first, at most limit.
	DueMails(ctx context.Context, now time.Time, limit int) ([]string, error)
	Invitation(ctx context.Context, reach Reach, invitationID string) (Invitation, error)
	Registration(ctx context.Context, reach Reach, registrationID string) (Registration, error)
	LoginFacts(ctx context.Context, folded string) (Address, Attempts, error)
	SignIns(ctx context.Context, customerID, userID string) (SignIns, error)
	ChangeSignIns(ctx context.Context, before, after SignIns, t *Trail) error
}

// Outbox delivers the mails that changes owe.
type Outbox struct {
	Store   OutboxStore
	Postman Postman
	Keys    Keys
}

// Deliveries counts what became of the mails that were tried.
type Deliveries struct {
	Mails       map[MailStatus]int
	Invitations int // invitations whose letter was sent, whoever made them: also resent, renewed, or from a file
}

// Add counts one mail as Deliver returned it.
func (d *Deliveries) Add(m Mail, err error) {
	if m.Status == "" {
		return
	}
	if d.Mails == nil {
		d.Mails = map[MailStatus]int{}
	}
	d.Mails[m.Status]++
	// A mail that could not be marked is sent once more, and is counted then.
	if m.InvitationID != "" && m.Status == MailSent && err == nil {
		d.Invitations++
	}
}

// Deliver tries one mail and returns it as it is after the try: sent, queued (to be tried again), withdrawn, abandoned,
// or the zero Mail when there was nothing to do. A crash between the Postman's answer and the mark sends a second copy
// and loses none. Errors come from the table only; what the Postman says is kept with the mail.
func (o Outbox) Deliver(ctx context.Context, mailID string, now time.Time) (Mail, error) {
	m, err := o.Store.ClaimMail(ctx, mailID, now, now.Add(mailLease))
	if KindOf(err) == NotFound {
		return Mail{}, nil
	}
	if err != nil {
		return Mail{}, err
	}
	secret, wanted, err := o.secret(ctx, &m, now)
	switch {
	case m.Attempts > mailTries: // the last try never came to its end
		m.Status, m.Reason = MailAbandoned, "no try came to its end"
	case err == nil && !wanted:
		m.Status, m.Reason = MailWithdrawn, ""
	case err == nil:
		m.MessageID, err = o.Postman.Post(ctx, m, secret)
		if err == nil {
			m.Status, m.SentAt, m.Reason = MailSent, second(now), ""
			break
		}
		fallthrough
	default:
		m.Reason = err.Error()
		if _, refused := errors.AsType[*MailRefusal](err); refused || m.Attempts >= mailTries {
			m.Status = MailAbandoned
		} else {
			m.DueAt = now.Add(pause(m.Attempts))
		}
	}
	// What became of the mail is stored even when the time for trying is over.
	return m, o.Store.FinishMail(context.WithoutCancel(ctx), m)
}

// pause returns how long to wait after the n-th failed try.
func pause(n int) time.Duration {
	p := firstPause
	for ; n > 1 && p < longestPause; n-- {
		p *= 2
	}
	return min(p, longestPause)
}

// secret computes what only the mail may tell: the token of its link, or a temporary password. wanted is false when
// what the mail announces is no longer true.
func (o Outbox) secret(ctx context.Context, m *Mail, now time.Time) (secret string, wanted bool, err error) {
	switch m.Letter {
	case LetterInvitation, LetterStaffInvitation, LetterAddressInUse, LetterAddressTaken:
		if m.InvitationID == "" {
			return o.elsewhere(ctx, m, now)
		}
		inv, err := o.Store.Invitation(ctx, ReachCustomer(m.CustomerID), m.InvitationID)
		if KindOf(err) == NotFound {
			return "", false, nil
		}
		if err != nil {
			return "", false, err
		}
		if inv.StatusAt(now) != InvitationPending || inv.LinkVersion != m.LinkVersion {
			return "", false, nil
		}
		if m.Letter == LetterAddressInUse || m.Letter == LetterAddressTaken {
			return "", true, o.ownerOf(ctx, m, now)
		}
		return o.Keys.Token(inv.Link()), true, nil
	case LetterPasswordReset:
		holder, _, err := o.Store.LoginFacts(ctx, m.Login)
		if err != nil || holder.UserID == "" {
			return "", false, err
		}
		return o.passwordLink(ctx, m, holder, PasswordResetLifetime, now)
	case LetterUserRegistration:
		return o.passwordLink(ctx, m, Address{UserID: m.UserID, CustomerID: m.CustomerID}, RegistrationLifetime, now)
	case LetterPasswordLink:
		return o.passwordLink(ctx, m, Address{UserID: m.UserID, CustomerID: m.CustomerID}, PasswordLinkLifetime, now)
	case LetterRegistrationTemporary, LetterPasswordTemporary:
		return o.temporaryPassword(ctx, m, now)
	case LetterGuestLink:
		return o.guestLink(ctx, m, now)
	case LetterEmailConfirm:
		return o.emailLink(ctx, m, now)
	case LetterRegistrationConfirm, LetterRegistrationKnown, LetterRegistrationInvited, LetterRegistrationWaiting:
		return o.registrationLink(ctx, m, now)
	case LetterApprovalReminder:
		access, err := o.Store.Access(ctx, m.CustomerID, m.UserID, "")
		if err != nil {
			return "", false, err
		}
		_, closed := access.actorNow(m.Door, now)
		return "", closed == nil, nil
	}
	return "", true, nil
}

// elsewhere says whether a letter about a record, to the owner of its address, is still true: the user has access here,
// and the address signs in for another customer.
func (o Outbox) elsewhere(ctx context.Context, m *Mail, now time.Time) (token string, wanted bool, err error) {
	access, err := o.Store.Access(ctx, m.CustomerID, m.UserID, "")
	u := access.User
	if err != nil || u.StatusAt(now) != Active || !u.AddressElsewhere || FoldLogin(u.Email) != FoldLogin(m.To) {
		return "", false, err
	}
	return "", true, o.ownerOf(ctx, m, now)
}

// ownerOf chooses what to tell the owner of an address that is somebody's elsewhere: to sign in as always or, if they
// cannot (they wait, are only invited or a contact, or have no access at the moment), that they cannot. There is a
// letter either way: whoever caused it sees what becomes of the mail, and must not learn from that who has the address.
// A retry decides again.
func (o Outbox) ownerOf(ctx context.Context, m *Mail, now time.Time) error {
	holder, _, err := o.Store.LoginFacts(ctx, FoldLogin(m.To))
	if err != nil {
		return err
	}
	access, err := o.Store.Access(ctx, orNobody(holder.CustomerID), orNobody(holder.UserID), "")
	if err != nil {
		return err
	}
	u, door := access.User, DoorOf(access.User.CustomerID)
	m.Letter, m.Door, m.Language = LetterAddressTaken, DoorOf(m.CustomerID), ChooseLanguage(u.Language, access.Customer.Language, m.Language)
	if _, closed := access.actorNow(door, now); closed == nil {
		m.Letter, m.Door = LetterAddressInUse, door
	}
	return nil
}

// emailLink makes the link that confirms a new address, unless another change has replaced it since.
func (o Outbox) emailLink(ctx context.Context, m *Mail, now time.Time) (token string, wanted bool, err error) {
	access, err := o.Store.Access(ctx, m.CustomerID, m.UserID, "")
	if err != nil {
		return "", false, err
	}
	u := access.User
	if u.NewEmail != m.To || u.NewEmailVersion != m.LinkVersion || !now.Before(u.NewEmailUntil) {
		return "", false, nil
	}
	m.Language = ChooseLanguage(u.Language, access.Customer.Language, m.Language)
	return o.Keys.Token(u.EmailLink()), true, nil
}

// passwordLink gives a password mail a link that is valid for lifetime from now. A repeated try of the same mail keeps
// its link or, when half of the link's time is over, only its version.
func (o Outbox) passwordLink(ctx context.Context, m *Mail, holder Address, lifetime time.Duration, now time.Time) (token string, wanted bool, err error) {
	access, err := o.reader(ctx, m, holder, now)
	if err != nil || access.User.ID == "" {
		return "", false, err
	}
	before := access.SignIns
	after := before
	switch repeated := before.ResetMail == m.ID; {
	case repeated && before.ResetExpiresAt.IsZero(): // used since: an earlier copy arrived
		return "", false, nil
	case repeated && before.ResetExpiresAt.Sub(now) >= lifetime/2: // a copy that did arrive stays good
	default:
		if !repeated { // the lease of a reset in progress stays, as with invitations
			after.ResetMail, after.ResetVersion = m.ID, before.ResetVersion+1
		}
		after.ResetExpiresAt, after.Version = second(now).Add(lifetime), before.Version+1
		if err := o.Store.ChangeSignIns(ctx, before, after, nil); err != nil {
			return "", false, err
		}
	}
	m.address(access, after.ResetExpiresAt)
	return o.Keys.Token(ResetLink(access.User, after)), true, nil
}

// reader returns the person a password mail is for; zero if they have no access at the moment, or if their address
// signs in elsewhere: it can be one account's only.
func (o Outbox) reader(ctx context.Context, m *Mail, holder Address, now time.Time) (Access, error) {
	access, err := o.Store.Access(ctx, holder.CustomerID, holder.UserID, "")
	if err != nil {
		return Access{}, err
	}
	if _, closed := access.actorNow(m.Door, now); closed != nil || access.User.AddressElsewhere {
		return Access{}, nil
	}
	access.SignIns.CustomerID, access.SignIns.UserID = access.User.CustomerID, access.User.ID
	return access, nil
}

// address fills in what is known only when a password mail is sent: the stored address, and until when its link or
// password is good.
func (m *Mail) address(a Access, expiresAt time.Time) {
	u := a.User
	m.UserID, m.CustomerID, m.To = u.ID, u.CustomerID, u.Email
	m.Language = ChooseLanguage(u.Language, a.Customer.Language, m.Language)
	m.Fields = map[string]string{"firstName": u.FirstName, "username": u.Username, "customer": a.Customer.Name, "expiresAt": expiresAt.Format(time.RFC3339)}
}

// Sweep tries the mails that are due, at most limit, and returns how many ended in each status. It goes on after a
// failure, because one bad mail must not hold up the others; the first error is returned at the end.
func (o Outbox) Sweep(ctx context.Context, limit int, now func() time.Time) (Deliveries, error) {
	var counts Deliveries
	due, first := o.Store.DueMails(ctx, now(), limit)
	for _, id := range due {
		if ctx.Err() != nil {
			break
		}
		m, err := o.Deliver(ctx, id, now())
		if err != nil && first == nil {
			first = err
		}
		counts.Add(m, err)
	}
	return counts, first
}
