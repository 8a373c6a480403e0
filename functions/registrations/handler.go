package main

import (
	"net/http"
	"strings"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

type handler struct {
	registrations membership.Registrations
	gate          httpapi.Gate
	cursors       httpapi.Cursors
}

func (h handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /registrations", h.gate.SignedIn(h.list))
	mux.Handle("GET /registrations/{registrationId}", h.gate.SignedIn(h.get))
	mux.Handle("POST /registrations", h.gate.Public(h.start))
	mux.Handle("POST /registrations/inspect", h.gate.Public(h.inspect))
	mux.Handle("POST /registrations/confirm", h.gate.Public(h.confirm))
	return httpapi.Routes(mux)
}

func (h handler) list(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	list, err := httpapi.ListParameters(r, "status", "customer")
	if err != nil {
		return err
	}
	var q membership.RegistrationQuery
	if q.Status, err = httpapi.Choice(list.Values, "status", membership.RegistrationStatuses()...); err != nil {
		return err
	}
	if q.CustomerID, err = httpapi.IDParameter(list.Values, "customer"); err != nil {
		return err
	}
	this := httpapi.Fingerprint("registrations", string(c.Actor.Realm), c.Actor.Reach().CustomerID(), q.CustomerID, string(q.Status))
	if q.Page, err = h.cursors.Page(this, list); err != nil {
		return err
	}
	page, err := h.registrations.List(r.Context(), c, q)
	if err != nil {
		return err
	}
	answer := api.RegistrationList{Items: make([]api.RegistrationRow, len(page.Items)), Next: h.cursors.Next(this, page.Next), Prev: h.cursors.Prev(this, page.Prev)}
	for i, registration := range page.Items {
		answer.Items[i] = api.RegistrationRowOf(registration)
	}
	httpapi.Respond(w, http.StatusOK, answer)
	return nil
}

func (h handler) get(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	id, err := httpapi.PathID(r, "registrationId")
	if err != nil {
		return err
	}
	d, err := h.registrations.Get(r.Context(), c, id)
	if err != nil {
		return err
	}
	httpapi.Respond(w, http.StatusOK, details(d))
	return nil
}

// start takes a registration. The answer is the same whatever is done with it.
func (h handler) start(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.RegisterRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	input, err := registration(in)
	if err != nil {
		return err
	}
	if input.Source = httpapi.Source(r); input.Language == "" {
		input.Language = language(r)
	}
	if err := h.registrations.Start(r.Context(), c, input); err != nil {
		return err
	}
	httpapi.Accepted(w)
	return nil
}

func (h handler) inspect(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.TokenRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	o, err := h.registrations.Inspect(r.Context(), c, in.Token)
	if err != nil {
		return err
	}
	httpapi.Respond(w, http.StatusOK, api.RegistrationOffer{State: api.RegistrationOfferState(o.State), Email: o.Email, FirstName: o.FirstName,
		LastName: o.LastName, Company: o.Company, Language: o.Language, ExpiresAt: o.ExpiresAt.UTC()})
	return nil
}

func (h handler) confirm(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.ConfirmRegistrationRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	registration, err := h.registrations.Confirm(r.Context(), c, membership.ConfirmInput{Token: in.Token, FirstName: in.FirstName, LastName: in.LastName})
	if err != nil {
		return err
	}
	httpapi.Respond(w, http.StatusOK, api.ConfirmedRegistration{Status: api.ConfirmedRegistrationStatus(registration.Status)})
	return nil
}

func registration(in api.RegisterRequest) (membership.RegistrationInput, error) {
	out := membership.RegistrationInput{Email: in.Email, FirstName: in.FirstName, LastName: in.LastName, Origin: membership.OriginAPI}
	if in.Origin != nil {
		if out.Origin = membership.RegistrationOrigin(*in.Origin); !in.Origin.Valid() {
			return out, membership.InvalidField("origin", "invalid_choice", "The origin is form or api.")
		}
	}
	for to, from := range map[*string]*string{&out.Company: in.Company, &out.Language: in.Language, &out.Phone: in.Phone, &out.Street: in.Street,
		&out.Postcode: in.Postcode, &out.City: in.City, &out.Region: in.Region, &out.Country: in.Country, &out.Comment: in.Comment, &out.Website: in.Website} {
		if from != nil {
			*to = *from
		}
	}
	if in.ShownAt != nil {
		out.ShownAt = *in.ShownAt
	}
	return out, nil
}

func details(d membership.RegistrationDetails) api.RegistrationDetails {
	r, row := d.Registration, api.RegistrationRowOf(d.Registration)
	answer := api.RegistrationDetails{
		ID: row.ID, CustomerID: row.CustomerID, Email: row.Email, FirstName: row.FirstName, LastName: row.LastName, Company: row.Company,
		Language: row.Language, Country: row.Country, Origin: row.Origin, Status: row.Status, Ignored: api.RegistrationDetailsIgnored(row.Ignored),
		ProposedCustomerID: row.ProposedCustomerID, RegisteredAt: row.RegisteredAt, ConfirmedAt: row.ConfirmedAt, ExpiresAt: row.ExpiresAt,
		DecidedAt: row.DecidedAt, DecidedBy: row.DecidedBy, DecidedByName: row.DecidedByName, Phone: r.Phone, Street: r.Street, Postcode: r.Postcode,
		City: r.City, Region: r.Region, Comment: r.Comment, Reason: r.Reason, ProposedCustomer: d.Proposed.Name, Duplicates: make([]api.Duplicate, len(d.Duplicates)),
	}
	if r.ProposedRole != "" {
		role := api.Role(r.ProposedRole)
		answer.ProposedRole = &role
	}
	for i, x := range d.Duplicates {
		answer.Duplicates[i] = api.Duplicate{User: api.UserRowOf(x.User), SameDomain: x.Domain, SameName: x.Name}
	}
	return answer
}

// language returns the first of the caller's languages that the product has.
func language(r *http.Request) string {
	wanted := strings.Split(r.Header.Get("Accept-Language"), ",")
	for i, tag := range wanted {
		tag, _, _ = strings.Cut(tag, ";")
		wanted[i] = strings.TrimSpace(tag)
	}
	if strings.Join(wanted, "") == "" {
		return "" // then the deployment's
	}
	return membership.ChooseLanguage(wanted...)
}
