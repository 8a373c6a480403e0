package membership

import "context"

// ProfileInput is what users may set of their own record; nil leaves a field as it is. Role, groups, status, the staff's
// notifications flag, external id and customer are not theirs to set (mission 6).
type ProfileInput struct {
	Title, FirstName, LastName     *string
	URL, Phone, Mobile, Fax        *string
	Street, Postcode, City, Region *string
	Country, Language              *string
}

func (in ProfileInput) apply(u User) (User, error) {
	var errs fieldErrors
	set := func(to *string, from *string, check func(string) string) {
		if from != nil {
			*to = check(*from)
		}
	}
	text := func(field string) func(string) string {
		return func(s string) string { return checkText(&errs, field, s, maxText, false) }
	}
	phone := func(field string) func(string) string {
		return func(s string) string { return checkPhone(&errs, field, s) }
	}
	set(&u.Title, in.Title, func(s string) string { return checkText(&errs, "title", s, 40, false) })
	set(&u.FirstName, in.FirstName, func(s string) string { return checkName(&errs, "firstName", s, true) })
	set(&u.LastName, in.LastName, func(s string) string { return checkName(&errs, "lastName", s, true) })
	set(&u.URL, in.URL, func(s string) string { return checkURL(&errs, "url", s) })
	set(&u.Phone, in.Phone, phone("phone"))
	set(&u.Mobile, in.Mobile, phone("mobile"))
	set(&u.Fax, in.Fax, phone("fax"))
	set(&u.Street, in.Street, text("street"))
	set(&u.Postcode, in.Postcode, func(s string) string { return checkText(&errs, "postcode", s, 20, false) })
	set(&u.City, in.City, text("city"))
	set(&u.Region, in.Region, text("region"))
	set(&u.Country, in.Country, func(s string) string { return checkCountry(&errs, "country", s) })
	set(&u.Language, in.Language, func(s string) string { return checkLanguage(&errs, "language", s) })
	return u, errs.err()
}

// Profile are the use cases of users about themselves.
type Profile struct {
	Store UserStore
	NewID func() string
}

// Get returns the caller's own record. Errors: ErrNotFound.
func (p Profile) Get(ctx context.Context, c Call) (User, error) {
	return p.Store.User(ctx, ReachCustomer(c.Actor.CustomerID), c.Actor.UserID)
}

// ErrDirectory answers changes of a record that a directory keeps.
var ErrDirectory = &Error{Kind: Conflict, Code: "kept_by_directory", Message: "This record is kept by the organisation's directory. Change it there."}

// Change sets fields of the caller's own record. version is that of If-Match. Errors: ErrStale, ErrDirectory, Invalid.
func (p Profile) Change(ctx context.Context, c Call, version int, in ProfileInput) (User, error) {
	before, err := p.Get(ctx, c)
	if err != nil {
		return User{}, err
	}
	if version != before.Version {
		return User{}, ErrStale
	}
	if before.Source == "directory" {
		return User{}, ErrDirectory
	}
	after, err := in.apply(before)
	if err != nil {
		return User{}, err
	}
	after.Version = before.Version + 1
	trail := c.trail(c.auditEntry(p.NewID(), "user.changed", "user", before.ID, before.CustomerID, before.auditFields(), after.auditFields()), before.ID)
	return after, p.Store.ChangeUser(ctx, before, after, nil, trail)
}
