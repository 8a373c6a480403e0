package main

import (
	"fmt"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

func inviteInput(in api.InviteRequest) (membership.InviteInput, error) {
	if err := onlyWhatWorks(in); err != nil {
		return membership.InviteInput{}, err
	}
	customerID, err := httpapi.ID(in.CustomerID)
	if err != nil {
		return membership.InviteInput{}, err
	}
	out := membership.InviteInput{CustomerID: customerID, Role: membership.Role(value(in.Role)), GroupIDs: value(in.GroupIds), Invitees: make([]membership.Invitee, len(in.Invitees))}
	for i, row := range in.Invitees {
		out.Invitees[i] = membership.Invitee{
			Email: row.Email, FirstName: value(row.FirstName), LastName: value(row.LastName), Language: value(row.Language),
			Role: membership.Role(value(row.Role)),
		}
	}
	return out, nil
}

// onlyWhatWorks refuses grants, which are in the contract but do nothing yet: callers who send them must not believe
// that they take effect.
func onlyWhatWorks(in api.InviteRequest) error {
	if in.Grants != nil && len(*in.Grants) > 0 {
		return notSupportedYet("grants")
	}
	for i, row := range in.Invitees {
		if row.Grants != nil && len(*row.Grants) > 0 {
			return notSupportedYet(fmt.Sprintf("invitees[%d].grants", i))
		}
	}
	return nil
}

func notSupportedYet(field string) error {
	return membership.InvalidField(field, "not_supported_yet", "This is not supported yet: leave it out or empty.")
}

func value[T any](p *T) T {
	if p == nil {
		var none T
		return none
	}
	return *p
}
