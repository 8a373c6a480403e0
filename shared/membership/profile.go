package membership

import (
	"context"
	"strings"
	"unicode"
)

// ProfileInput is what users may set of their own record; nil leaves a field as it is. Role, groups, status, the staff's
// notifications flag, external id and customer are not theirs to set (mission 6).
type ProfileInput struct {
	Title, FirstName, LastName     *string
	URL, Phone, Mobile, Fax        *string
	Street, Postcode, City, Region *string
	Country, Language              *string
}

// Phones reads a telephone number in any usual spelling and returns it in E.164, or false if it cannot be dialled from
// everywhere. country is the one whose national spellings are meant, "" for none. shared/phone implements it.
type Phones func(typed, country string) (e164 string, ok bool)

// check returns a number in the form in which it is stored. Without Phones, as in tools that bring numbers as they are,
// that is how it was typed.
func (p Phones) check(errs *fieldErrors, field, typed, country string) string {
	typed = strings.TrimSpace(typed)
	if p == nil || typed == "" {
		return checkPhone(errs, field, typed)
	}
	e164, ok := p(typed, country)
	if !ok {
		message := "This is no telephone number that can be dialled from everywhere. Write it with country code, for example +49 30 123456, without an extension."
		if country != "" {
			message = "This is no telephone number of the country in the address, nor one with a country code such as +49 30 123456. Write it without an extension."
		}
		errs.add(InvalidField(field, "invalid_phone", message))
		return typed
	}
	return e164
}

// apply returns u with the input's fields, checked. Errors: Invalid.
func (in ProfileInput) apply(u User, phones Phones) (User, error) {
	var errs fieldErrors
	u = in.set(&errs, u, phones)
	return u, errs.err()
}

// set is apply as one of several checks: it adds to errs.
func (in ProfileInput) set(errs *fieldErrors, u User, phones Phones) User {
	set := func(to *string, from *string, check func(string) string) {
		if from != nil && *from != *to { // a form sends all fields, and only changed ones are judged
			*to = check(*from)
		}
	}
	text := func(field string) func(string) string {
		return func(s string) string { return checkText(errs, field, s, maxText) }
	}
	set(&u.Title, in.Title, func(s string) string { return checkText(errs, "title", s, maxTitle) })
	set(&u.FirstName, in.FirstName, func(s string) string { return checkPersonName(errs, "firstName", s, u.complete()) })
	set(&u.LastName, in.LastName, func(s string) string { return checkPersonName(errs, "lastName", s, u.complete()) })
	set(&u.URL, in.URL, func(s string) string { return checkURL(errs, "url", s) })
	set(&u.Street, in.Street, text("street"))
	set(&u.Postcode, in.Postcode, func(s string) string { return checkPostcode(errs, "postcode", s) })
	set(&u.City, in.City, text("city"))
	set(&u.Region, in.Region, text("region"))
	set(&u.Country, in.Country, func(s string) string { return checkCountry(errs, "country", s) })
	set(&u.Language, in.Language, func(s string) string { return checkLanguage(errs, s) })
	// After the country: a national spelling is one of that country.
	set(&u.Phone, in.Phone, func(s string) string { return phones.check(errs, "phone", s, u.Country) })
	set(&u.Mobile, in.Mobile, func(s string) string { return phones.check(errs, "mobile", s, u.Country) })
	set(&u.Fax, in.Fax, func(s string) string { return phones.check(errs, "fax", s, u.Country) })
	return u
}

// complete says whether all mandatory fields must be filled: from active on (mission, words).
func (u User) complete() bool {
	return u.Status == Active || u.Status == Suspended || u.Status == Deactivated
}

// checkPostcode accepts what postcodes are made of in all countries (Universal Postal Union, S42).
func checkPostcode(errs *fieldErrors, field, s string) string {
	s = checkText(errs, field, s, maxPostcode)
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != ' ' && r != '-' }) {
		errs.add(InvalidField(field, "invalid_postcode", "A postcode has letters, digits, spaces and hyphens."))
	}
	return s
}

// Profile are the use cases of users about themselves.
type Profile struct {
	Store  UserStore
	Phones Phones
	NewID  func() string
}

// Get returns the caller's own record. Errors: ErrNotFound.
func (p Profile) Get(ctx context.Context, c Call) (User, error) {
	return p.Store.User(ctx, ReachCustomer(c.Actor.CustomerID), c.Actor.UserID)
}

// SourceDirectory is the source of users that their customer's directory keeps.
const SourceDirectory = "directory"

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
	if before.Source == SourceDirectory {
		return User{}, ErrDirectory
	}
	after, err := in.apply(before, p.Phones)
	if err != nil || unchanged(before, after) {
		return after, err
	}
	after.Version = before.Version + 1
	trail := c.trail(c.auditEntry(p.NewID(), "user.changed", "user", before.ID, before.CustomerID, before.auditFields(), after.auditFields()), before.ID)
	return after, p.Store.ChangeUser(ctx, before, after, nil, trail)
}
