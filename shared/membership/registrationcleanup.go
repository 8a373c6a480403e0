package membership

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// RegistrationCleanUpStore is what the clean-up of registrations needs of the table.
type RegistrationCleanUpStore interface {
	// Settings is that of SettingsStore, Registrations that of RegistrationStore.
	Settings(ctx context.Context) (Settings, error)
	Registrations(ctx context.Context, q RegistrationQuery) (Page[Registration], error)
	// DueRegistrations returns registrations whose link, retention or reminder is due, the oldest first, at most limit.
	DueRegistrations(ctx context.Context, now time.Time, limit int) ([]Registration, error)
	// ExpireRegistration replaces an unconfirmed registration and frees its address. Errors: ErrStale.
	ExpireRegistration(ctx context.Context, r RegistrationChange, t Trail) error
	// DeleteRegistration deletes a registration and, if user is not nil, the user that it made. Errors: ErrStale.
	DeleteRegistration(ctx context.Context, r Registration, user *User, t Trail) error
	// RemindOf replaces a waiting registration to set the time of its next reminder, and counts the trail's letters.
	// Errors: ErrStale, TooMany.
	RemindOf(ctx context.Context, r RegistrationChange, t Trail) error
}

const (
	// reminderNames is how many waiting people a reminder names; the rest is a number.
	reminderNames = 50
	// maxApprovers is how many approvers one reminder goes to: their mails are one transaction.
	maxApprovers = 50
)

// remindersPerScope is one a day: for the staff, and for each customer.
var remindersPerScope = Throttle{"approval-reminder", 1, 24 * time.Hour}

// registrations does what is due about registrations. reminded holds the customers whose approvers have been reminded.
func (e Expiry) registrations(ctx context.Context, c Call, limit int, r *Report) error {
	due, first := e.Store.DueRegistrations(ctx, c.Now, limit)
	reminded := map[string]bool{}
	for _, found := range due {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		err := e.registration(ctx, c, found, reminded, r)
		switch {
		case KindOf(err) == Stale:
			r.Skipped++
		case err != nil && first == nil:
			first = err
		}
	}
	return first
}

func (e Expiry) registration(ctx context.Context, c Call, found Registration, reminded map[string]bool, r *Report) error {
	// The index may be behind: what counts is the table.
	reg, err := e.Store.Registration(ctx, ReachCustomer(found.CustomerID), found.ID)
	if KindOf(err) == NotFound {
		return nil
	}
	if due := reg.DueAt(); err != nil || due.IsZero() || c.Now.Before(due) {
		return err
	}
	switch reg.Status {
	case RegistrationUnconfirmed:
		after := reg
		after.Status, after.EndedAt, after.Version = RegistrationExpired, reg.ExpiresAt, reg.Version+1
		audit := c.auditEntry(e.NewID(), "registration.expired", "registration", reg.ID, reg.CustomerID, reg.auditFields(), after.auditFields())
		err = e.Store.ExpireRegistration(ctx, RegistrationChange{reg, after}, c.trail(audit))
		if err == nil {
			r.RegistrationsExpired++
		}
	case RegistrationExpired, RegistrationApproved, RegistrationDisapproved:
		err = e.forget(ctx, c, reg)
		if err == nil {
			r.RegistrationsDeleted++
		}
	case RegistrationWaiting:
		err = e.remind(ctx, c, reg, reminded, r)
	}
	return err
}

// forget deletes a registration that has ended, with its user if that was disapproved. An approved person is a user
// like any other, whatever has become of that since.
func (e Expiry) forget(ctx context.Context, c Call, reg Registration) error {
	var with *User
	user, err := e.Store.User(ctx, ReachCustomer(reg.CustomerID), reg.ID)
	switch {
	case KindOf(err) == NotFound:
	case err != nil:
		return err
	case reg.Status == RegistrationDisapproved && (user.Status == Rejected || user.Status == Removed):
		with = &user
	}
	audit := c.auditEntry(e.NewID(), "registration.deleted-by-retention", "registration", reg.ID, reg.CustomerID, nil, nil)
	return e.Store.DeleteRegistration(ctx, reg, with, c.trail(audit))
}

// remind tells the approvers of a registration that waits, and of all others that do, at most once a day. The reminders
// of the others move to the next day.
func (e Expiry) remind(ctx context.Context, c Call, reg Registration, reminded map[string]bool, r *Report) error {
	settings, err := e.Store.Settings(ctx)
	if err != nil {
		return err
	}
	after := reg
	after.RemindAt, after.Version = remindAt(settings, reg.ConfirmedAt), reg.Version+1
	if after.RemindAt.IsZero() || c.Now.Before(after.RemindAt) { // the settings have changed
		return e.Store.RemindOf(ctx, RegistrationChange{reg, after}, Trail{Now: c.Now})
	}
	after.RemindAt = second(c.Now).Add(remindersPerScope.Window)
	if !reminded[reg.CustomerID] {
		mails, err := e.reminders(ctx, c, reg.CustomerID)
		if err != nil {
			return err
		}
		err = e.Store.RemindOf(ctx, RegistrationChange{reg, after}, Trail{Now: c.Now, Mails: mails, Letters: []Event{{remindersPerScope, reg.CustomerID}}})
		if KindOf(err) != TooMany {
			reminded[reg.CustomerID] = err == nil
			if err == nil {
				r.Reminders++
			}
			return err
		}
		reminded[reg.CustomerID] = true
	}
	return e.Store.RemindOf(ctx, RegistrationChange{reg, after}, Trail{Now: c.Now})
}

// reminders returns the mails to the approvers of a customer's registrations: its administrators, or the staff if the
// registrations are routed to no customer, or nobody there can decide.
func (e Expiry) reminders(ctx context.Context, c Call, customerID string) ([]Mail, error) {
	scope, of := "", ProviderID
	if customerID != UnassignedID {
		scope, of = customerID, customerID
	}
	approvers, err := e.approvers(ctx, c, of)
	if err == nil && len(approvers) == 0 && of != ProviderID {
		scope = ""
		approvers, err = e.approvers(ctx, c, ProviderID)
	}
	if err != nil || len(approvers) == 0 {
		return nil, err
	}
	waiting, err := e.Store.Registrations(ctx, RegistrationQuery{Reach: ReachAll(), CustomerID: scope, Status: RegistrationWaiting,
		Page: PageRequest{Limit: reminderNames, Ascending: true}})
	if err != nil {
		return nil, err
	}
	counts, err := e.Store.UserCounts(ctx, ReachAll(), scope)
	if err != nil {
		return nil, err
	}
	lines := make([]string, len(waiting.Items))
	for i, w := range waiting.Items {
		lines[i] = w.DisplayName() + "\t" + w.Email + "\t" + w.ConfirmedAt.UTC().Format(time.RFC3339) // names have no tabs (checkName)
	}
	more := max(0, counts[Waiting]-len(lines)) // counters follow within seconds
	mails := make([]Mail, len(approvers))
	for i, u := range approvers {
		mails[i] = Mail{
			ID: e.NewID(), CustomerID: u.CustomerID, UserID: u.ID, Letter: LetterApprovalReminder, To: u.Email, Door: DoorOf(u.CustomerID),
			Language: ChooseLanguage(u.Language, e.Language),
			Fields:   map[string]string{"firstName": u.FirstName, "waiting": strings.Join(lines, "\n"), "more": strconv.Itoa(more)},
		}.queued(c.Now)
	}
	return mails, nil
}

// approvers returns the active users of a customer, or of the provider, who may decide.
func (e Expiry) approvers(ctx context.Context, c Call, of string) ([]User, error) {
	q := UserQuery{Reach: ReachAll(), CustomerID: of, Status: Active, Sort: SortName, Now: c.Now, Page: PageRequest{Limit: 200, Ascending: true}}
	page, err := e.Store.Users(ctx, q)
	if err != nil {
		return nil, err
	}
	about := of
	if of == ProviderID {
		about = UnassignedID
	}
	var found []User
	for _, row := range page.Items {
		actor := Actor{Realm: realmOf(row.CustomerID), UserID: row.ID, CustomerID: row.CustomerID, Role: row.Role}
		if len(found) == maxApprovers || !actor.May(Approve, about, "") {
			continue
		}
		user, err := e.Store.User(ctx, ReachCustomer(row.CustomerID), row.ID)
		if err != nil && KindOf(err) != NotFound {
			return nil, err
		}
		if err == nil && user.StatusAt(c.Now) == Active {
			found = append(found, user)
		}
	}
	return found, nil
}
