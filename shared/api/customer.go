package api

import "clientele/shared/membership"

// CustomerRowOf is a customer as lists show it.
func CustomerRowOf(c membership.Customer) CustomerRow {
	return CustomerRow{
		ID: c.ID, Name: c.Name, Type: CustomerType(c.Type), Management: Management(c.Management), Status: CustomerStatus(c.Status),
		PortalAccess: c.PortalAccess, GroupIds: List(c.GroupIDs), Email: c.Email, City: c.City, Country: c.Country,
		ExternalID: c.ExternalID, CreatedAt: c.CreatedAt.UTC(), Version: c.Version,
	}
}
