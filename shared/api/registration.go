package api

import "clientele/shared/membership"

// RegistrationRowOf is a registration as lists show it.
func RegistrationRowOf(r membership.Registration) RegistrationRow {
	row := RegistrationRow{
		ID: r.ID, CustomerID: CustomerIDOf(r.CustomerID), Email: r.Email, FirstName: r.FirstName, LastName: r.LastName, Company: r.Company,
		Language: r.Language, Country: r.Country, Origin: RegistrationOrigin(r.Origin), Status: RegistrationStatus(r.Status),
		Ignored: RegistrationRowIgnored(r.Ignored), ProposedCustomerID: r.ProposedCustomerID, RegisteredAt: r.RegisteredAt.UTC(),
		ConfirmedAt: Time(r.ConfirmedAt), ExpiresAt: r.ExpiresAt.UTC(), DecidedBy: r.DecidedBy, DecidedByName: r.DecidedByName,
	}
	if r.Status == membership.RegistrationApproved || r.Status == membership.RegistrationDisapproved {
		row.DecidedAt = Time(r.EndedAt)
	}
	return row
}
