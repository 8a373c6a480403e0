package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/httpapi/httpapitest"
	"clientele/shared/membership"
	"clientele/shared/phone"
)

// book is the table for whole records, with the passwords that were set.
type book struct {
	*table
	passwords map[string]string
	trail     membership.Trail
	made      []string
}

func (b *book) InviteFacts(_ context.Context, reach membership.Reach, customerID string, folded []string, _ []*membership.IdempotencyKey) (membership.Customer, []membership.Address, []*membership.Marker, error) {
	if customerID != "c1" || !reach.Includes(customerID) {
		return membership.Customer{}, nil, nil, membership.ErrNotFound
	}
	addresses := make([]membership.Address, len(folded))
	for i, f := range folded {
		for _, u := range b.users {
			if f == membership.FoldLogin(u.Email) || f == membership.FoldLogin(u.Username) {
				addresses[i] = membership.Address{UserID: u.ID, CustomerID: u.CustomerID}
			}
		}
	}
	return membership.Customer{ID: "c1", Name: "Sommer GmbH", Type: membership.Corporate, Status: membership.CustomerActive}, addresses, nil, nil
}

func (b *book) GroupsOf(context.Context, membership.Reach, []string) ([]membership.Group, error) {
	return nil, nil
}

func (b *book) OnlyUser(context.Context, string) (string, error) { return "", nil }

func (b *book) CreateUser(ctx context.Context, u membership.User, _ *membership.OnlyUser, t membership.Trail) error {
	b.made = append(b.made, u.ID)
	return b.ChangeUser(ctx, membership.User{}, u, nil, t)
}

func (b *book) ChangeUser(ctx context.Context, before, after membership.User, i *membership.InvitationChange, t membership.Trail) error {
	b.trail = t
	return b.table.ChangeUser(ctx, before, after, i, t)
}

func (b *book) SignIns(context.Context, string, string) (membership.SignIns, error) {
	return membership.SignIns{}, nil
}

func (b *book) EndPassword(ctx context.Context, before, after membership.User, _, _ membership.SignIns, t membership.Trail) error {
	b.trail = t
	return b.ChangeUser(ctx, before, after, nil, t)
}

func (b *book) Create(_ context.Context, userID string) error {
	b.passwords[userID] = ""
	return nil
}

func (b *book) SetPassword(_ context.Context, userID, password string) error {
	b.passwords[userID] = password
	return nil
}

// books returns the routes about records.
func books() (http.Handler, *book) {
	_, t := routes()
	b := &book{table: t, passwords: map[string]string{}}
	newID := func() string { return "id" }
	return handler{
		users:   membership.Users{Store: t, NewID: newID},
		records: membership.Records{Store: b, Accounts: b, Phones: phone.Parse, NewID: newID, Language: "en"},
		gate:    httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: t, Now: func() time.Time { return noon }},
	}.routes(), b
}

func ask(t *testing.T, h http.Handler, route, as, body string, headers ...string) httpapitest.Answer {
	t.Helper()
	return httpapitest.Send(t, h, httpapitest.Event(route, body, append(headers, "Authorization", as, "Content-Type", "application/json")...))
}

func TestCreate(t *testing.T) {
	h, b := books()
	event := httpapitest.Recorded(t, "testdata/create.json")
	var u api.User
	first := httpapitest.Send(t, h, event).Want(http.StatusCreated, "")
	if first.Into(&u); first.Headers["Location"] != "/users/id" || first.Headers["Etag"] != `"1"` || u.Phone != "+49301234567" || u.Username != "bo.winter" ||
		u.Status != api.UserStatusActive || u.Company != "Sommer GmbH" || u.Comment == nil || *u.Comment != "met at the fair" || u.NotificationsEnabled {
		t.Errorf("%v %s", first.Headers, first.Body)
	}
	if b.passwords["id"] != "correct horse battery staple" || len(b.trail.Mails) != 1 || b.trail.Mails[0].Letter != membership.LetterUserRegistration ||
		strings.Contains(first.Body, "battery") || strings.Contains(b.trail.Audit.After["password"]+b.trail.Mails[0].Fields["password"], "battery") {
		t.Errorf("passwords %v, trail %+v", b.passwords, b.trail)
	}
	b.passwords["id"] = "changed since"
	if again := httpapitest.Send(t, h, event).Want(http.StatusCreated, ""); again.Body != first.Body || len(b.made) != 1 || b.passwords["id"] != "changed since" {
		t.Errorf("repeated: %s", again.Body)
	}
	for body, code := range map[string]string{
		`{}`:                                     "required",
		`{"customerId":"c1","id":"x"}`:           "unknown_field",
		`{"customerId":"c1","status":"invited"}`: "invalid_choice",
		`{"customerId":"c1","status":"contact"}`: "required",
		`{"customerId":"c1","status":"contact","lastName":"A","sendRegistrationEmail":true}`:                           "contact_without_access",
		`{"customerId":"c1","firstName":"A","lastName":"B","email":"a@example.com","phone":"110"}`:                     "invalid_phone",
		`{"customerId":"c1","firstName":"A","lastName":"B","email":"a@example.com","credentials":""}`:                  "invalid_choice",
		`{"customerId":"c1","firstName":"A","lastName":"B","email":"a@example.com","credentials":"temporaryPassword"}`: "temporary_without_mail",
	} {
		ask(t, h, "POST /users", staff, body).Want(http.StatusBadRequest, code)
	}
	ask(t, h, "POST /users", administrator, `{"customerId":"c1","firstName":"A","lastName":"B","email":"a@example.com","comment":"x"}`).Want(http.StatusForbidden, "field_not_allowed")
	ask(t, h, "POST /users", foreigner, `{"customerId":"c1","firstName":"A","lastName":"B","email":"a@example.com"}`).Want(http.StatusNotFound, "not_found")
	ask(t, h, "POST /users", staff, `{"customerId":"c 1"}`).Want(http.StatusNotFound, "not_found")
	ask(t, h, "POST /users", staff, `{"customerId":"c1","firstName":"A","lastName":"B","email":"ADA@example.com"}`).Want(http.StatusConflict, "already_user")
	ask(t, h, "POST /users", staff, `{"customerId":"c1","firstName":"A","lastName":"B","email":"a@example.com","groupIds":["g 1"]}`).Want(http.StatusConflict, "group_gone")
	const temporary = `{"customerId":"c1","firstName":"A","lastName":"B","email":"a@example.com","sendRegistrationEmail":true,"credentials":"temporaryPassword"}`
	ask(t, h, "POST /users", administrator, temporary).Want(http.StatusForbidden, "temporary_password_not_allowed")
	ask(t, h, "POST /users", staff, temporary).Want(http.StatusCreated, "")
	if len(b.trail.Mails) != 1 || b.trail.Mails[0].Letter != membership.LetterRegistrationTemporary {
		t.Errorf("%+v", b.trail.Mails)
	}
	u = api.User{}
	ask(t, h, "POST /users", administrator, `{"customerId":"c1","status":"contact","lastName":"Kontakt"}`).Want(http.StatusCreated, "").Into(&u)
	if u.Status != api.UserStatusContact || u.Username != "" || u.Comment != nil {
		t.Errorf("%+v", u)
	}
}

func TestChange(t *testing.T) {
	h, b := books()
	ask(t, h, "PATCH /users/u5", staff, `{"city":"Bonn"}`).Want(http.StatusPreconditionRequired, "if_match_required")
	ask(t, h, "PATCH /users/u5", staff, `{"city":"Bonn"}`, "If-Match", `"2"`).Want(http.StatusPreconditionFailed, "changed_meanwhile")
	ask(t, h, "PATCH /users/u5", staff, `{"status":"active"}`, "If-Match", `"3"`).Want(http.StatusBadRequest, "unknown_field")
	ask(t, h, "PATCH /users/u5", foreigner, `{"city":"Bonn"}`, "If-Match", `"3"`).Want(http.StatusNotFound, "not_found")
	ask(t, h, "PATCH /users/u5", member, `{"city":"Bonn"}`, "If-Match", `"3"`).Want(http.StatusForbidden, "forbidden")
	var u api.User
	a := ask(t, h, "PATCH /users/u5", administrator, `{"city":"Bonn","role":"moderator","email":"new@example.com"}`, "If-Match", `"3"`).Want(http.StatusOK, "")
	if a.Into(&u); u.City != "Bonn" || u.Role != "moderator" || u.Email != "ada@example.com" || u.NewEmail != "new@example.com" || u.Version != 4 || a.Headers["Etag"] != `"4"` || u.Comment != nil {
		t.Errorf("%v %s", a.Headers, a.Body)
	}
	if len(b.trail.Mails) != 2 || b.trail.Audit.After["city"] != "Bonn" || len(b.trail.Letters) != 3 {
		t.Errorf("%+v", b.trail)
	}
	kept := b.users["u5"]
	kept.Source = membership.SourceDirectory
	b.keep(kept)
	ask(t, h, "PATCH /users/u5", staff, `{"city":"Kiel"}`, "If-Match", `"4"`).Want(http.StatusConflict, "kept_by_directory")
}

func TestSuspend(t *testing.T) {
	h, b := books()
	ask(t, h, "POST /users/u5/suspend", staff, `{"until":"2026-01-31T12:00:00Z"}`).Want(http.StatusBadRequest, "until_is_past")
	ask(t, h, "POST /users/u5/suspend", staff, `{"until":"tomorrow"}`).Want(http.StatusBadRequest, "wrong_type")
	var u api.User
	ask(t, h, "POST /users/u5/suspend", staff, `{"until":"2026-02-28T13:00:00+01:00"}`).Want(http.StatusOK, "").Into(&u)
	if u.Status != api.UserStatusSuspended || u.SuspendedUntil == nil || !u.SuspendedUntil.Equal(time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", u)
	}
	httpapitest.Send(t, h, httpapitest.Event("POST /users/u5/suspend", "", "Authorization", administrator)).Want(http.StatusOK, "").Into(&u)
	if u.Status != api.UserStatusSuspended || u.SuspendedUntil != nil || !b.users["u5"].SuspendedUntil.IsZero() {
		t.Errorf("%+v", u)
	}
	ask(t, h, "POST /users/u5/suspend", foreigner, `{}`).Want(http.StatusNotFound, "not_found")
}

func TestRenewPassword(t *testing.T) {
	h, b := books()
	ask(t, h, "POST /users/u5/password", staff, `{}`).Want(http.StatusBadRequest, "required")
	ask(t, h, "POST /users/u5/password", staff, `{"mode":"pigeon"}`).Want(http.StatusBadRequest, "invalid_choice")
	ask(t, h, "POST /users/u5/password", member, `{"mode":"link"}`).Want(http.StatusForbidden, "forbidden")
	if a := ask(t, h, "POST /users/u5/password", staff, `{"mode":"link"}`, "Idempotency-Key", "k").Want(http.StatusAccepted, ""); a.Body != "" {
		t.Errorf("%s", a.Body)
	}
	if b.trail.Audit.Action != "user.password-renewed" || len(b.trail.Mails) != 1 || b.trail.Mails[0].Letter != membership.LetterPasswordLink {
		t.Errorf("%+v", b.trail)
	}
	b.trail = membership.Trail{}
	if ask(t, h, "POST /users/u5/password", staff, `{"mode":"link"}`, "Idempotency-Key", "k").Want(http.StatusAccepted, ""); b.trail.Audit.ID != "" {
		t.Error("a repeated request renewed it again")
	}
	ask(t, h, "POST /users/u5/password", administrator, `{"mode":"temporaryPassword"}`).Want(http.StatusForbidden, "temporary_password_not_allowed")
	ask(t, h, "POST /users/u5/password", staff, `{"mode":"temporaryPassword"}`).Want(http.StatusAccepted, "")
	if len(b.trail.Mails) != 1 || b.trail.Mails[0].Letter != membership.LetterPasswordTemporary || b.trail.Mails[0].LinkVersion != 1 {
		t.Errorf("%+v", b.trail)
	}
}
