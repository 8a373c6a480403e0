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
)

// logins is the table for usernames and addresses, and the one account that there is.
type logins struct {
	membership.SignInStore
	membership.Accounts
	*table
	wrong int
}

func (l *logins) ChangeUser(ctx context.Context, before, after membership.User, i *membership.InvitationChange, t membership.Trail) error {
	if after.Username == "taken.name" {
		return membership.ErrLoginTaken
	}
	return l.table.ChangeUser(ctx, before, after, i, t)
}

func (l *logins) InviteFacts(_ context.Context, _ membership.Reach, _ string, folded []string, _ []*membership.IdempotencyKey) (membership.Customer, []membership.Address, []*membership.Marker, error) {
	return membership.Customer{ID: "c1"}, make([]membership.Address, len(folded)), nil, nil
}

func (l *logins) LoginFacts(_ context.Context, folded string) (membership.Address, membership.Attempts, error) {
	return membership.Address{}, membership.Attempts{Login: folded}, nil
}

func (l *logins) CountAttempt(_ context.Context, _, after membership.Attempts, _ time.Time) error {
	l.wrong = after.Failures
	return nil
}

func (l *logins) ForgetAttempts(context.Context, string) error {
	l.wrong = 0
	return nil
}

func (l *logins) SignIn(_ context.Context, _ membership.Door, userID, password string) (membership.SignInAnswer, error) {
	if userID != "u2" || password != "correct horse battery" {
		return membership.SignInAnswer{}, membership.ErrWrongCredentials
	}
	return membership.SignInAnswer{}, nil
}

func (l *logins) Marker(context.Context, membership.IdempotencyKey) (*membership.Marker, error) {
	return nil, nil
}

func loginRoutes(t *testing.T) (http.Handler, *logins, membership.Keys) {
	t.Helper()
	_, table := routes()
	l := &logins{table: table}
	keys, err := membership.NewKeys(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	newID := func() string { return "id" }
	return handler{
		profile: membership.Profile{Store: l.profile(), NewID: newID},
		emails:  membership.EmailChanges{Store: l, Accounts: l, Keys: keys, NewID: newID, Language: "en"},
		gate:    httpapi.Gate{Callers: httpapitest.ByHeader{}, Markers: l, Now: func() time.Time { return noon }},
	}.routes(), l, keys
}

// own is the part of the table for one's own record.
type own struct {
	membership.UserStore
	*logins
}

func (l *logins) profile() membership.UserStore { return own{l.UserStore, l} }

func (o own) User(ctx context.Context, reach membership.Reach, id string) (membership.User, error) {
	return o.logins.User(ctx, reach, id)
}

func (o own) ChangeUser(ctx context.Context, before, after membership.User, i *membership.InvitationChange, t membership.Trail) error {
	return o.logins.ChangeUser(ctx, before, after, i, t)
}

func TestChangeUsername(t *testing.T) {
	h, l, _ := loginRoutes(t)
	var u api.User
	a := send(t, h, "POST /me/username", member, `{"username":"ada.l"}`, "Content-Type", "application/json", "Idempotency-Key", "k").Want(http.StatusOK, "")
	if a.Into(&u); u.Username != "ada.l" || u.Version != 4 || a.Headers["Etag"] != `"4"` || l.trail.Audit.Action != "user.username-changed" || l.trail.Key == nil {
		t.Errorf("%v %s", a.Headers, a.Body)
	}
	for body, code := range map[string]string{`{}`: "required", `{"username":"x"}`: "invalid_username", `{"username":"b@example.com"}`: "username_is_foreign_email", `{"username":null}`: "wrong_type"} {
		send(t, h, "POST /me/username", member, body, "Content-Type", "application/json").Want(http.StatusBadRequest, code)
	}
	send(t, h, "POST /me/username", member, `{"username":"taken.name"}`, "Content-Type", "application/json").Want(http.StatusConflict, "username_in_use")
	send(t, h, "POST /me/username", "", `{"username":"ada.l"}`, "Content-Type", "application/json").Want(http.StatusUnauthorized, "sign_in_required")
}

func TestChangeEmail(t *testing.T) {
	h, l, keys := loginRoutes(t)
	post := func(body string) httpapitest.Answer {
		return send(t, h, "POST /me/email", member, body, "Content-Type", "application/json")
	}
	post(`{"email":"new@example.com"}`).Want(http.StatusBadRequest, "required")
	post(`{"email":"new@example.com","password":"wrong horse battery"}`).Want(http.StatusBadRequest, "wrong_password")
	if l.wrong != 1 {
		t.Error("a wrong password is not counted")
	}
	if a := post(`{"email":"new@example.com","password":"correct horse battery"}`).Want(http.StatusAccepted, ""); a.Body != "" {
		t.Errorf("%s", a.Body)
	}
	var u api.User
	if send(t, h, "GET /me", member, "").Want(http.StatusOK, "").Into(&u); u.Email != "ada@example.com" || u.NewEmail != "new@example.com" {
		t.Errorf("%+v", u)
	}
	confirm := func(token string) httpapitest.Answer {
		return httpapitest.Send(t, h, httpapitest.Event("POST /email-changes/confirm", `{"token":"`+token+`"}`, "Content-Type", "application/json"))
	}
	token := keys.Token(l.users["u2"].EmailLink())
	confirm("nonsense").Want(http.StatusBadRequest, "invalid_token")
	confirm(strings.Replace(token, ".1.", ".2.", 1)).Want(http.StatusBadRequest, "invalid_token")
	var changed api.EmailChanged
	if confirm(token).Want(http.StatusOK, "").Into(&changed); changed != (api.EmailChanged{Email: "new@example.com", Username: "ada.sommer", Door: api.DoorPortal}) || l.users["u2"].Email != "new@example.com" {
		t.Errorf("%+v %+v", changed, l.users["u2"])
	}
	confirm(token).Want(http.StatusOK, "")
	post(`{"email":"ada@example.com","password":"correct horse battery"}`).Want(http.StatusAccepted, "")
	confirm(token).Want(http.StatusGone, "email_change_over")
}
