package main

import (
	"context"
	"net/http"
	"time"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

// recordRoutes mounts the routes for whole records.
func (h handler) recordRoutes(mux *http.ServeMux) {
	mux.Handle("POST /users", h.gate.SignedIn(h.create))
	mux.Handle("PATCH /users/{userId}", h.one().SignedIn(h.change))
	mux.Handle("POST /users/{userId}/suspend", h.one().SignedIn(h.suspend))
	mux.Handle("POST /users/{userId}/password", h.one().SignedIn(h.renewPassword))
}

func (h handler) create(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.CreateUserRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	customerID, err := httpapi.ID(in.CustomerID)
	if err != nil {
		return err
	}
	input := membership.CreateInput{CustomerID: customerID}
	if in.Status != nil {
		switch *in.Status {
		case api.CreateUserRequestStatusActive:
		case api.CreateUserRequestStatusContact:
			input.Contact = true
		default:
			return membership.InvalidField("status", "invalid_choice", "Choose one of active and contact.")
		}
	}
	if in.Password != nil {
		input.Password = *in.Password
	}
	if in.SendRegistrationEmail != nil {
		input.SendRegistrationEmail = *in.SendRegistrationEmail
	}
	if in.Credentials != nil {
		input.Credentials = membership.PasswordMode(*in.Credentials)
		if input.Credentials == "" {
			return membership.InvalidField("credentials", "invalid_choice", "Choose one of link and temporaryPassword.")
		}
	}
	if input.RecordInput, err = record(api.ChangeUserRequest{
		Title: in.Title, FirstName: in.FirstName, LastName: in.LastName, Email: in.Email, Username: in.Username, Role: in.Role, URL: in.URL, Phone: in.Phone,
		Mobile: in.Mobile, Fax: in.Fax, Street: in.Street, Postcode: in.Postcode, City: in.City, Region: in.Region, Country: in.Country, Language: in.Language,
		GroupIds: in.GroupIds, NotificationsEnabled: in.NotificationsEnabled, ExternalID: in.ExternalID, Comment: in.Comment,
	}); err != nil {
		return err
	}
	user, err := h.records.Create(r.Context(), c, input)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/users/"+user.ID)
	httpapi.RespondVersion(w, http.StatusCreated, user.Version, api.UserFor(c.Actor, user, c.Now))
	return nil
}

func (h handler) change(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, version, err := httpapi.PathVersion(r, "userId")
	if err != nil {
		return err
	}
	var in api.ChangeUserRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	input, err := record(in)
	if err != nil {
		return err
	}
	user, err := h.records.Change(r.Context(), c, id, version, input)
	if err != nil {
		return err
	}
	httpapi.RespondVersion(w, http.StatusOK, user.Version, api.UserFor(c.Actor, user, c.Now))
	return nil
}

// record returns what a request says of a record. Errors: ErrGroupGone for a text that cannot be a group's id.
func record(in api.ChangeUserRequest) (membership.RecordInput, error) {
	input := membership.RecordInput{
		ProfileInput: membership.ProfileInput{
			Title: in.Title, FirstName: in.FirstName, LastName: in.LastName, URL: in.URL, Phone: in.Phone, Mobile: in.Mobile, Fax: in.Fax,
			Street: in.Street, Postcode: in.Postcode, City: in.City, Region: in.Region, Country: in.Country, Language: in.Language,
		},
		Email: in.Email, Username: in.Username, NotificationsEnabled: in.NotificationsEnabled, ExternalID: in.ExternalID, Comment: in.Comment,
	}
	if in.Role != nil {
		role := membership.Role(*in.Role)
		input.Role = &role
	}
	if in.GroupIds != nil {
		ids := []string{}
		for _, given := range *in.GroupIds {
			id, err := httpapi.ID(given)
			if err != nil {
				return input, membership.ErrGroupGone
			}
			ids = append(ids, id)
		}
		input.GroupIDs = &ids
	}
	return input, nil
}

func (h handler) suspend(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.SuspendRequest
	if r.ContentLength != 0 { // no body means no end
		if err := httpapi.Decode(r, &in); err != nil {
			return err
		}
	}
	var until time.Time
	if in.Until != nil {
		until = *in.Until
	}
	return step(w, r, c, func(ctx context.Context, c membership.Call, userID string, version int) (membership.User, error) {
		return h.users.Suspend(ctx, c, userID, version, until)
	})
}

func (h handler) renewPassword(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "userId")
	if err != nil {
		return err
	}
	var in api.RenewPasswordRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	if err := h.records.RenewPassword(r.Context(), c, id, membership.PasswordMode(in.Mode)); err != nil {
		return err
	}
	httpapi.Accepted(w)
	return nil
}
