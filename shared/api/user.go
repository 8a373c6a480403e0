package api

import (
	"time"

	"clientele/shared/membership"
)

// UserFor is a user as this caller may see them: status by the clock, the staff's comment for staff only.
func UserFor(caller membership.Actor, u membership.User, now time.Time) User {
	return User{
		ID: u.ID, CustomerID: CustomerIDOf(u.CustomerID), Company: u.Company, Title: u.Title, FirstName: u.FirstName, LastName: u.LastName,
		Email: u.Email, Username: u.Username, Role: Role(u.Role), GroupIds: List(u.GroupIDs), Status: UserStatus(u.StatusAt(now)),
		SuspendedUntil: Time(u.SuspendedUntil), NotificationsEnabled: u.NotificationsEnabled, AvatarURL: u.AvatarURL, URL: u.URL,
		Phone: u.Phone, Mobile: u.Mobile, Fax: u.Fax, Street: u.Street, Postcode: u.Postcode, City: u.City, Region: u.Region,
		Country: u.Country, Language: u.Language, ExternalID: u.ExternalID, Comment: ForStaff(caller, u.Comment),
		Source: UserSource(u.Source), RegisteredAt: u.RegisteredAt.UTC(), NewEmail: u.NewEmailAt(now), Version: u.Version,
	}
}

// UserRowOf is a user as lists show it.
func UserRowOf(u membership.UserRow) UserRow {
	return UserRow{
		ID: u.ID, CustomerID: CustomerIDOf(u.CustomerID), Company: u.Company, FirstName: u.FirstName, LastName: u.LastName, Email: u.Email,
		Username: u.Username, Role: Role(u.Role), GroupIds: List(u.GroupIDs), Status: UserStatus(u.Status),
		SuspendedUntil: Time(u.SuspendedUntil), Country: u.Country, RegisteredAt: u.RegisteredAt.UTC(),
	}
}

// CustomerIDOf is the customer of a user or registration, "" while it is the provider's because none was chosen yet.
func CustomerIDOf(id string) string {
	if id == membership.UnassignedID {
		return ""
	}
	return id
}

// ForStaff returns a text that is left out for everybody else.
func ForStaff(caller membership.Actor, text string) *string {
	if caller.Realm != membership.Staff {
		return nil
	}
	return &text
}

// Time returns nil, which is null in an answer, for no time.
func Time(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// List returns an empty list for none: lists are never null in an answer.
func List[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
