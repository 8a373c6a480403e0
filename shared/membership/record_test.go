package membership_test

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/shared/membership"
)

// named is the input of a person with everything that is mandatory.
func named(email string) membership.RecordInput {
	return membership.RecordInput{ProfileInput: membership.ProfileInput{FirstName: ptr("Ina"), LastName: ptr("Neu")}, Email: &email}
}

func (w *world) create(c membership.Call, in membership.CreateInput) membership.User {
	w.t.Helper()
	u, err := w.records.Create(w.ctx, c, in)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// sweep sends what is owed and returns the token of the last mail of a letter, "" when none was sent.
func (w *world) sweep(letter membership.Letter) (token string) {
	w.t.Helper()
	posted := len(w.postman.posted)
	if _, err := w.outbox.Sweep(w.ctx, 100, func() time.Time { return w.now }); err != nil {
		w.t.Fatal(err)
	}
	for i := posted; i < len(w.postman.posted); i++ {
		if w.postman.posted[i].Letter == letter {
			token = w.postman.tokens[i]
		}
	}
	return token
}

func (w *world) signInWith(login, password string) error {
	_, err := w.signIn.SignIn(w.ctx, w.public(), membership.Credentials{Login: login, Password: password, Door: membership.PortalDoor, Source: "192.0.2.9"})
	return err
}

func TestCreatedWithALinkForAPassword(t *testing.T) {
	w := newWorld(t)
	in := named("neu@example.com")
	in.Country, in.Phone, in.Comment, in.ExternalID = ptr("de"), ptr("030 / 123456"), ptr("VIP"), ptr("HR-7")
	u := w.create(w.staff(), membership.CreateInput{CustomerID: "alpha", SendRegistrationEmail: true, RecordInput: in})
	if u.Status != membership.Active || u.Role != membership.Member || u.Username != "neu@example.com" || u.Phone != "+4930123456" || u.Country != "DE" ||
		u.Company != "alpha" || !u.NotificationsEnabled || u.Comment != "VIP" || u.Version != 1 {
		t.Errorf("%+v", u)
	}
	audit := w.store.audit[len(w.store.audit)-1]
	if audit.Action != "user.created" || audit.SubjectID != u.ID || audit.After["email"] != "neu@example.com" || audit.After["status"] != "active" {
		t.Errorf("%+v", audit)
	}
	wantCode(t, w.signInWith("neu@example.com", goodPassword), "wrong_credentials")
	token := w.sweep(membership.LetterUserRegistration)
	w.now = w.now.Add(7*24*time.Hour - time.Second)
	if _, err := w.signIn.InspectReset(w.ctx, w.public(), token); err != nil {
		t.Errorf("a second before seven days are over: %v", err)
	}
	if err := w.signIn.ResetPassword(w.ctx, w.public(), token, goodPassword); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(2 * time.Second)
	if err := w.signInWith("NEU@example.com", goodPassword); err != nil {
		t.Error(err)
	}
	wantCode(t, w.signIn.ResetPassword(w.ctx, w.public(), token, goodPassword), "reset_link_over")
}

func TestRegistrationLinkEndsAfterSevenDays(t *testing.T) {
	w := newWorld(t)
	w.create(w.staff(), membership.CreateInput{CustomerID: "alpha", SendRegistrationEmail: true, RecordInput: named("neu@example.com")})
	token := w.sweep(membership.LetterUserRegistration)
	w.now = w.now.Add(7 * 24 * time.Hour)
	_, err := w.signIn.InspectReset(w.ctx, w.public(), token)
	wantCode(t, err, "reset_link_over")
	if w.resetToken("neu@example.com", membership.PortalDoor) == "" {
		t.Error("forgot password does not help")
	}
}

func TestCreatedWithAPassword(t *testing.T) {
	w := newWorld(t)
	u := w.create(w.staff(), membership.CreateInput{CustomerID: "alpha", Password: goodPassword, RecordInput: named("neu@example.com")})
	if len(w.store.mails) != 0 {
		t.Errorf("mails %v", w.store.mails)
	}
	if err := w.signInWith(u.Username, goodPassword); err != nil {
		t.Error(err)
	}
	// A repeated request returns what was made and never touches the password again.
	c := w.staff()
	c.Done = []string{u.ID}
	w.accounts.calls = nil
	again, err := w.records.Create(w.ctx, c, membership.CreateInput{CustomerID: "alpha", Password: "another good one", RecordInput: named("neu@example.com")})
	if err != nil || again.ID != u.ID || len(w.accounts.calls) != 0 {
		t.Errorf("%v %v, calls %v", again, err, w.accounts.calls)
	}
	// If the account cannot be made, there is no user.
	w.accounts.fail = membership.ErrOverloaded
	_, err = w.records.Create(w.ctx, w.staff(), membership.CreateInput{CustomerID: "alpha", Password: goodPassword, RecordInput: named("other@example.com")})
	wantCode(t, err, "try_again")
	if w.store.logins["other@example.com"] != "" {
		t.Error("a user without an account")
	}
}

func TestWhatCannotBeCreated(t *testing.T) {
	long := strings.Repeat("x", 101)
	tests := map[string]struct {
		as   membership.Role // of the provider; of alpha if portal is set
		in   func(*membership.CreateInput)
		code string
	}{
		"no e-mail":             {"administrator", func(in *membership.CreateInput) { in.Email = nil }, "required"},
		"broken e-mail":         {"administrator", func(in *membership.CreateInput) { in.Email = ptr("x@") }, "invalid_email"},
		"no first name":         {"administrator", func(in *membership.CreateInput) { in.FirstName = nil }, "required"},
		"blank last name":       {"administrator", func(in *membership.CreateInput) { in.LastName = ptr(" ") }, "required"},
		"long name":             {"administrator", func(in *membership.CreateInput) { in.LastName = &long }, "too_long"},
		"unknown customer":      {"administrator", func(in *membership.CreateInput) { in.CustomerID = "gamma" }, "not_found"},
		"staff's role":          {"administrator", func(in *membership.CreateInput) { in.Role = ptr(membership.Agent) }, "invalid_role"},
		"short username":        {"administrator", func(in *membership.CreateInput) { in.Username = ptr("anna") }, "invalid_username"},
		"foreign address":       {"administrator", func(in *membership.CreateInput) { in.Username = ptr("beta@example.com") }, "username_is_foreign_email"},
		"taken username":        {"administrator", func(in *membership.CreateInput) { in.Username = ptr("BETA-administrator") }, "username_in_use"},
		"address elsewhere":     {"administrator", func(in *membership.CreateInput) { in.Email = ptr("beta-administrator@example.com") }, "email_in_use"},
		"address here":          {"administrator", func(in *membership.CreateInput) { in.Email = ptr("alpha-member@example.com") }, "already_user"},
		"short password":        {"administrator", func(in *membership.CreateInput) { in.Password = "short" }, "password_too_short"},
		"no country":            {"administrator", func(in *membership.CreateInput) { in.Country = ptr("XX") }, "invalid_country"},
		"no phone":              {"administrator", func(in *membership.CreateInput) { in.Phone = ptr("110") }, "invalid_phone"},
		"no postcode":           {"administrator", func(in *membership.CreateInput) { in.Postcode = ptr("10115/2") }, "invalid_postcode"},
		"no url":                {"administrator", func(in *membership.CreateInput) { in.URL = ptr("www.example.com") }, "invalid_url"},
		"contact with name":     {"administrator", func(in *membership.CreateInput) { in.Contact, in.Username = true, ptr("anna.neu") }, "contact_without_access"},
		"contact with password": {"administrator", func(in *membership.CreateInput) { in.Contact, in.Password = true, goodPassword }, "contact_without_access"},
		"contact with mail":     {"administrator", func(in *membership.CreateInput) { in.Contact, in.SendRegistrationEmail = true, true }, "contact_without_access"},
		"nobody": {"administrator", func(in *membership.CreateInput) {
			in.Contact, in.FirstName, in.LastName, in.Email = true, nil, nil, nil
		}, "required"},
		"by an agent": {"agent", func(*membership.CreateInput) {}, "forbidden"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			in := membership.CreateInput{CustomerID: "alpha", RecordInput: named("neu@example.com")}
			test.in(&in)
			users := len(w.store.users)
			_, err := w.records.Create(w.ctx, w.as(membership.ProviderID, test.as), in)
			wantCode(t, err, test.code)
			if len(w.store.users) != users {
				t.Error("created all the same")
			}
		})
	}
	for _, role := range []membership.Role{membership.Moderator, membership.Member} {
		w := newWorld(t)
		_, err := w.records.Create(w.ctx, w.as("alpha", role), membership.CreateInput{CustomerID: "alpha", RecordInput: named("neu@example.com")})
		wantCode(t, err, "forbidden")
	}
	w := newWorld(t)
	_, err := w.records.Create(w.ctx, w.as("beta", membership.Administrator), membership.CreateInput{CustomerID: "alpha", RecordInput: named("neu@example.com")})
	wantCode(t, err, "not_found")
}

func TestACustomersAdministratorCreates(t *testing.T) {
	w := newWorld(t)
	c := w.as("alpha", membership.Administrator)
	for field, set := range map[string]func(*membership.CreateInput){
		"password":             func(in *membership.CreateInput) { in.Password = goodPassword },
		"comment":              func(in *membership.CreateInput) { in.Comment = ptr("x") },
		"externalId":           func(in *membership.CreateInput) { in.ExternalID = ptr("x") },
		"notificationsEnabled": func(in *membership.CreateInput) { in.NotificationsEnabled = ptr(true) },
		"groupIds":             func(in *membership.CreateInput) { in.GroupIDs = &[]string{"g1"} },
	} {
		in := membership.CreateInput{CustomerID: "alpha", RecordInput: named("neu@example.com")}
		set(&in)
		_, err := w.records.Create(w.ctx, c, in)
		if membership.KindOf(err) != membership.Forbidden {
			t.Errorf("%s: %v", field, err)
		}
	}
	in := named("neu@example.com")
	in.Role = ptr(membership.Administrator)
	if u := w.create(c, membership.CreateInput{CustomerID: "alpha", SendRegistrationEmail: true, RecordInput: in}); u.Role != membership.Administrator {
		t.Errorf("%+v", u)
	}
}

// Nothing in any answer tells a customer's administrator whether an address signs in elsewhere.
func TestAddressElsewhereLooksLikeAnyOther(t *testing.T) {
	for _, contact := range []bool{false, true} {
		w := newWorld(t)
		c := w.as("alpha", membership.Administrator)
		in := membership.CreateInput{CustomerID: "alpha", SendRegistrationEmail: !contact, Contact: contact, RecordInput: named("beta-administrator@example.com")}
		u := w.create(c, in)
		other := w.create(c, membership.CreateInput{CustomerID: "alpha", SendRegistrationEmail: !contact, Contact: contact, RecordInput: named("free@example.com")})
		if u.Status != other.Status || (u.Username == "") != (other.Username == "") {
			t.Errorf("%+v %+v", u, other)
		}
		if w.store.logins["beta-administrator@example.com"] != "beta-administrator" {
			t.Error("the login has another owner")
		}
		_, err := w.records.Create(w.ctx, c, in)
		wantCode(t, err, "already_user")
		if contact {
			continue
		}
		if w.sweep(membership.LetterAddressInUse) != "" || len(w.letters(membership.LetterAddressInUse)) != 1 || len(w.letters(membership.LetterUserRegistration)) != 1 {
			t.Errorf("mails %+v", w.store.mails)
		}
		told := func() (n int) {
			for _, m := range w.postman.posted {
				if m.Letter == membership.LetterAddressInUse && m.To == "beta-administrator@example.com" {
					n++
				}
			}
			return n
		}
		if told() != 1 {
			t.Errorf("the owner of the address got %d letters", told())
		}
		// A link for a password would make two accounts of one address.
		if err := w.records.RenewPassword(w.ctx, c, u.ID, membership.ByLink); err != nil {
			t.Fatal(err)
		}
		if len(w.letters(membership.LetterPasswordLink)) != 0 || len(w.letters(membership.LetterAddressInUse)) != 2 {
			t.Error("there is a link")
		}
		if err := w.records.RenewPassword(w.ctx, c, other.ID, membership.ByLink); err != nil {
			t.Fatal(err)
		}
		if one, two := w.store.users[u.ID].Version, w.store.users[other.ID].Version; one != two {
			t.Errorf("the version tells them apart: %d and %d", one, two)
		}
		if w.sweep(membership.LetterAddressInUse) != "" || told() != 2 {
			t.Errorf("the owner of the address got %d letters", told())
		}
		// Nor does one go out through another name of the record, whoever asks for it.
		name := membership.RecordInput{Username: ptr("another.name")}
		if _, err := w.records.Change(w.ctx, c, u.ID, w.store.users[u.ID].Version, name); err != nil {
			t.Fatal(err)
		}
		if err := w.signIn.ForgotPassword(w.ctx, w.public(), membership.Forgot{Login: "another.name", Door: membership.PortalDoor}, "en"); err != nil {
			t.Fatal(err)
		}
		if w.sweep(membership.LetterPasswordReset) != "" {
			t.Error("a link is mailed to somebody whose account it is not")
		}
		// What is no longer true is not told.
		w.now = w.now.Add(time.Minute)
		if err := w.records.RenewPassword(w.ctx, w.as("alpha", membership.Administrator), u.ID, membership.ByLink); err != nil {
			t.Fatal(err)
		}
		if _, err := w.users.Deactivate(w.ctx, c, u.ID, 0); err != nil {
			t.Fatal(err)
		}
		if w.sweep(membership.LetterAddressInUse); told() != 2 {
			t.Errorf("the owner of the address got %d letters", told())
		}
		if _, err := w.users.Reactivate(w.ctx, c, u.ID, 0); err != nil {
			t.Fatal(err)
		}
		// Once the address is free, it is the user's.
		if _, err := w.users.Remove(w.ctx, w.staff(), "beta-administrator", 0); err != nil {
			t.Fatal(err)
		}
		if err := w.records.RenewPassword(w.ctx, c, u.ID, membership.ByLink); err != nil {
			t.Fatal(err)
		}
		if w.store.logins["beta-administrator@example.com"] != u.ID || w.sweep(membership.LetterPasswordLink) == "" {
			t.Error("the address is free and not the user's")
		}
	}
}

func TestTheUserOfAnIndividual(t *testing.T) {
	w := newWorld(t)
	w.store.customers["ida"] = membership.Customer{ID: "ida", Name: "Ida", Type: membership.Individual, Status: membership.CustomerActive, PortalAccess: true, Version: 1}
	u := w.create(w.staff(), membership.CreateInput{CustomerID: "ida", RecordInput: named("ida@example.com")})
	_, err := w.records.Create(w.ctx, w.staff(), membership.CreateInput{CustomerID: "ida", RecordInput: named("ida2@example.com")})
	wantCode(t, err, "individual_has_user")
	if _, err := w.users.Remove(w.ctx, w.staff(), u.ID, 0); err != nil {
		t.Fatal(err)
	}
	w.create(w.staff(), membership.CreateInput{CustomerID: "ida", RecordInput: named("ida@example.com")})
	w.store.customers["ida"] = membership.Customer{ID: "ida", Name: "Ida", Type: membership.Individual, Status: membership.CustomerDeactivated, Version: 2}
	_, err = w.records.Create(w.ctx, w.staff(), membership.CreateInput{CustomerID: "ida", RecordInput: named("ida3@example.com")})
	wantCode(t, err, "customer_deactivated")
}

// What an invitation changed in a contact's record is undone with it, except what somebody has changed since.
func TestUninvitedContactsAreWhoTheyWere(t *testing.T) {
	w := newWorld(t)
	for id, name := range map[string]string{"g1": "One", "g2": "Two", "g3": "Three"} {
		w.store.groups[id] = membership.Group{ID: id, Name: name, Active: true, Version: 1}
	}
	for name, c := range map[string]struct {
		groups []string
		change membership.RecordInput
		want   func(*membership.User)
	}{
		"nothing since":   {[]string{"g1"}, membership.RecordInput{}, func(*membership.User) {}},
		"without groups":  {nil, membership.RecordInput{}, func(*membership.User) {}},
		"another name":    {[]string{"g1"}, membership.RecordInput{ProfileInput: membership.ProfileInput{LastName: ptr("Wed")}}, func(u *membership.User) { u.LastName = "Wed" }},
		"another role":    {[]string{"g1"}, membership.RecordInput{Role: ptr(membership.Administrator)}, func(u *membership.User) { u.Role = membership.Administrator }},
		"a further group": {[]string{"g1"}, membership.RecordInput{GroupIDs: &[]string{"g1", "g2", "g3"}}, func(u *membership.User) { u.GroupIDs = []string{"g1", "g3"} }},
	} {
		email := strings.ReplaceAll(name, " ", "-") + "@example.com"
		in := named(email)
		in.Language, in.GroupIDs = ptr("de"), &c.groups
		contact := w.create(w.staff(), membership.CreateInput{CustomerID: "alpha", Contact: true, RecordInput: in})
		results, err := w.invitations.Invite(w.ctx, w.staff(), membership.InviteInput{CustomerID: "alpha", Role: membership.Moderator, GroupIDs: []string{"g1", "g2"},
			Invitees: []membership.Invitee{{Email: email, FirstName: "Other", LastName: "Name", Language: "en"}}})
		if err != nil || results[0].Err != nil {
			t.Fatal(name, err, results)
		}
		invited := w.store.users[contact.ID]
		if invited.Role != membership.Moderator || invited.FirstName != "Other" || invited.Language != "en" || !slices.Contains(invited.GroupIDs, "g2") || invited.Group == "" {
			t.Fatalf("%s: %+v", name, invited)
		}
		if !reflect.DeepEqual(c.change, membership.RecordInput{}) {
			if _, err := w.records.Change(w.ctx, w.staff(), contact.ID, invited.Version, c.change); err != nil {
				t.Fatal(name, err)
			}
		}
		wantCode(t, w.invitations.Delete(w.ctx, w.staff(), results[0].ID), "")
		want, got := contact, w.store.users[contact.ID]
		c.want(&want)
		want.Version = got.Version
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v, want\n%+v", name, got, want)
		}
	}
}

// A contact that is invited into more groups is in no more of them than anybody can be.
func TestContactsAreInvitedIntoNoMoreGroupsThanThereMayBe(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for n := range membership.MaxGroupsOf + 1 {
		ids = append(ids, w.group("Group "+strconv.Itoa(n)).ID)
	}
	in := named("maja@example.com")
	has := ids[:membership.MaxGroupsOf]
	in.GroupIDs = &has
	contact := w.create(w.staff(), membership.CreateInput{CustomerID: "alpha", Contact: true, RecordInput: in})
	invite := func(groups []string) *membership.Error {
		results, err := w.invitations.Invite(w.ctx, w.staff(), membership.InviteInput{CustomerID: "alpha", GroupIDs: groups, Invitees: []membership.Invitee{{Email: "maja@example.com"}}})
		if err != nil {
			t.Fatal(err)
		}
		return results[0].Err
	}
	if err := invite(ids[membership.MaxGroupsOf:]); err == nil || err.Code != membership.ErrTooManyGroupsOf.Code || w.store.users[contact.ID].Status != membership.Contact {
		t.Errorf("one more: %v, %+v", err, w.store.users[contact.ID])
	}
	if err := invite(ids[1:3]); err != nil || len(w.store.users[contact.ID].GroupIDs) != membership.MaxGroupsOf {
		t.Errorf("into groups that the contact is in: %v, %+v", err, w.store.users[contact.ID])
	}
}

func TestContactsAreInvitedLater(t *testing.T) {
	w := newWorld(t)
	in := membership.RecordInput{ProfileInput: membership.ProfileInput{LastName: ptr("Kontakt"), Mobile: ptr("+49 170 1234567")}, Comment: ptr("met at the fair")}
	contact := w.create(w.staff(), membership.CreateInput{CustomerID: "alpha", Contact: true, RecordInput: in})
	if contact.Status != membership.Contact || contact.Username != "" || contact.Email != "" {
		t.Fatalf("%+v", contact)
	}
	wantCode(t, w.records.RenewPassword(w.ctx, w.staff(), contact.ID, membership.ByLink), "impossible_in_status")
	_, err := w.records.Change(w.ctx, w.staff(), contact.ID, 1, membership.RecordInput{Username: ptr("kontakt")})
	wantCode(t, err, "contact_without_access")
	contact, err = w.records.Change(w.ctx, w.staff(), contact.ID, 1, membership.RecordInput{Email: ptr("kontakt@example.com")})
	if err != nil || contact.Email != "kontakt@example.com" || contact.NewEmail != "" || len(w.store.mails) != 0 {
		t.Fatalf("%+v %v", contact, err)
	}
	inv := w.inviteAs(w.staff(), "alpha", "Kontakt@example.com", membership.Moderator) // also in the second in which the contact was made
	u := w.store.users[contact.ID]
	if inv.UserID != contact.ID || u.Status != membership.Invited || u.Role != membership.Moderator || u.Mobile != "+491701234567" || u.Comment != "met at the fair" || u.FirstName != "Ina" {
		t.Errorf("%+v %+v", inv, u)
	}
	_, err = w.records.Change(w.ctx, w.staff(), u.ID, u.Version, membership.RecordInput{Email: ptr("other@example.com")})
	wantCode(t, err, "address_is_invited")
	// The invitation follows the record.
	if _, err = w.records.Change(w.ctx, w.staff(), u.ID, u.Version, membership.RecordInput{Role: ptr(membership.Member), ProfileInput: membership.ProfileInput{FirstName: ptr("Kim")}}); err != nil {
		t.Fatal(err)
	}
	if i := w.store.invitations[inv.ID]; i.Role != membership.Member || i.FirstName != "Kim" {
		t.Errorf("%+v", i)
	}
	// Deleting the invitation does not delete the contact.
	if err := w.invitations.Delete(w.ctx, w.staff(), inv.ID); err != nil {
		t.Fatal(err)
	}
	if u := w.store.users[contact.ID]; u.Status != membership.Contact || u.InvitationID != "" || w.store.logins["kontakt@example.com"] != contact.ID {
		t.Errorf("%+v", u)
	}
	inv = w.inviteAs(w.as("alpha", membership.Moderator), "alpha", "kontakt@example.com", membership.Member)
	if _, err := w.accept(inv.ID); err != nil || w.store.users[contact.ID].Status != membership.Active {
		t.Errorf("%+v %v", w.store.users[contact.ID], err)
	}
}

func TestChangingARecord(t *testing.T) {
	w := newWorld(t)
	u, err := w.records.Change(w.ctx, w.staff(), "alpha-member", 1, membership.RecordInput{
		ProfileInput: membership.ProfileInput{Title: ptr("Dr."), Country: ptr("DE"), Phone: ptr("030 123456"), Postcode: ptr("10115")},
		Username:     ptr("new.name"), Role: ptr(membership.Moderator), NotificationsEnabled: ptr(false), ExternalID: ptr("HR-1"), Comment: ptr("calm"),
	})
	if err != nil || u.Phone != "+4930123456" || u.Username != "new.name" || u.Role != membership.Moderator || u.NotificationsEnabled || u.Version != 2 {
		t.Fatalf("%+v %v", u, err)
	}
	if w.store.logins["new.name"] != u.ID || w.store.logins["alpha-member"] != "" {
		t.Error("the old name is not free, or the new one not reserved")
	}
	audit := w.store.audit[len(w.store.audit)-1]
	if audit.Action != "user.changed" || audit.Before["username"] != "alpha-member" || audit.After["username"] != "new.name" || audit.After["role"] != "moderator" || audit.Before["role"] != "member" {
		t.Errorf("%+v", audit)
	}
	for name, test := range map[string]struct {
		c    membership.Call
		user string
		in   membership.RecordInput
		code string
	}{
		"stale":                 {w.staff(), "alpha-moderator", membership.RecordInput{}, "changed_meanwhile"},
		"empty name":            {w.staff(), "alpha-member", membership.RecordInput{ProfileInput: membership.ProfileInput{LastName: ptr("")}}, "required"},
		"no username":           {w.staff(), "alpha-member", membership.RecordInput{Username: ptr("")}, "invalid_username"},
		"no e-mail":             {w.staff(), "alpha-member", membership.RecordInput{Email: ptr("")}, "required"},
		"taken":                 {w.staff(), "alpha-member", membership.RecordInput{Username: ptr("beta-administrator")}, "username_in_use"},
		"address elsewhere":     {w.staff(), "alpha-member", membership.RecordInput{Email: ptr("beta-administrator@example.com")}, "email_in_use"},
		"address here":          {w.as("alpha", membership.Administrator), "alpha-member", membership.RecordInput{Email: ptr("alpha-moderator@example.com")}, "already_user"},
		"comment":               {w.as("alpha", membership.Administrator), "alpha-member", membership.RecordInput{Comment: ptr("")}, "field_not_allowed"},
		"no role":               {w.as("alpha", membership.Administrator), "alpha-member", membership.RecordInput{Role: ptr(membership.Role("owner"))}, "invalid_role"},
		"own role":              {w.as("alpha", membership.Administrator), "alpha-administrator", membership.RecordInput{Role: ptr(membership.Member)}, "own_account"},
		"moderator":             {w.as("alpha", membership.Moderator), "alpha-member", membership.RecordInput{}, "forbidden"},
		"agent":                 {w.as(membership.ProviderID, membership.Agent), "alpha-member", membership.RecordInput{}, "forbidden"},
		"foreign":               {w.as("beta", membership.Administrator), "alpha-member", membership.RecordInput{}, "not_found"},
		"external id of nobody": {w.staff(), "alpha-administrator", membership.RecordInput{ExternalID: ptr("HR-1")}, "external_id_in_use"},
	} {
		version := w.store.users[test.user].Version
		if name == "stale" {
			version++
		}
		_, err := w.records.Change(w.ctx, test.c, test.user, version, test.in)
		if membership.CodeOf(err) != test.code {
			t.Errorf("%s: %v, want %s", name, err, test.code)
		}
	}
	w.store.groups["g1"], w.store.groups["g2"] = membership.Group{ID: "g1", Name: "One", Active: true}, membership.Group{ID: "g2", Name: "Two"}
	for _, ids := range [][]string{{"g1", "g1"}, {"g1"}, {}} {
		u, err := w.records.Change(w.ctx, w.staff(), "alpha-member", w.store.users["alpha-member"].Version, membership.RecordInput{GroupIDs: &ids})
		if err != nil || len(u.GroupIDs) != min(1, len(ids)) {
			t.Errorf("%v: %v %v", ids, u.GroupIDs, err)
		}
	}
	_, err = w.records.Change(w.ctx, w.staff(), "alpha-member", w.store.users["alpha-member"].Version, membership.RecordInput{GroupIDs: &[]string{"g2"}})
	wantCode(t, err, "group_gone")
	// A portal form sends all fields; unchanged ones are not judged again.
	old := w.store.users["alpha-member"]
	old.Phone = "12 34"
	w.store.users["alpha-member"] = old
	if _, err := w.records.Change(w.ctx, w.as("alpha", membership.Administrator), old.ID, old.Version, membership.RecordInput{ProfileInput: membership.ProfileInput{Phone: ptr("12 34"), City: ptr("Bonn")}}); err != nil {
		t.Error(err)
	}
}

func TestDirectoryKeepsItsRecords(t *testing.T) {
	w := newWorld(t)
	u := w.store.users["alpha-member"]
	u.Source = membership.SourceDirectory
	w.store.users[u.ID] = u
	_, err := w.records.Change(w.ctx, w.staff(), u.ID, 1, membership.RecordInput{Comment: ptr("x")})
	wantCode(t, err, "kept_by_directory")
	wantCode(t, w.records.RenewPassword(w.ctx, w.staff(), u.ID, membership.ByLink), "kept_by_directory")
	me := w.as("alpha", membership.Member)
	_, err = w.profile.Change(w.ctx, me, 1, membership.ProfileInput{})
	wantCode(t, err, "kept_by_directory")
	_, err = w.profile.ChangeUsername(w.ctx, me, "new.name")
	wantCode(t, err, "kept_by_directory")
	_, err = w.emails.Ask(w.ctx, me, "new@example.com", goodPassword)
	wantCode(t, err, "kept_by_directory")
	if _, err := w.users.Suspend(w.ctx, w.staff(), u.ID, 0, time.Time{}); err != nil {
		t.Errorf("access can always be ended: %v", err)
	}
}

func TestRenewedPasswords(t *testing.T) {
	w := newWorld(t)
	if err := w.signInWith("alpha-member", goodPassword); err != nil {
		t.Fatal(err)
	}
	earlier := w.resetToken("alpha-member", membership.PortalDoor)
	before := w.now
	if err := w.records.RenewPassword(w.ctx, w.as("alpha", membership.Administrator), "alpha-member", membership.ByLink); err != nil {
		t.Fatal(err)
	}
	access, err := w.store.Access(w.ctx, "alpha", "alpha-member", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := access.Actor(membership.PortalDoor, before, "", w.now); err == nil {
		t.Error("an open session goes on")
	}
	w.now = w.now.Add(2 * time.Second)
	wantCode(t, w.signInWith("alpha-member", goodPassword), "wrong_credentials")
	wantCode(t, w.signIn.ResetPassword(w.ctx, w.public(), earlier, "another good one"), "reset_link_over")
	token := w.sweep(membership.LetterPasswordLink)
	w.now = w.now.Add(24*time.Hour - time.Second)
	if err := w.signIn.ResetPassword(w.ctx, w.public(), token, "another good one"); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(2 * time.Second)
	if err := w.signInWith("alpha-member", "another good one"); err != nil {
		t.Error(err)
	}
	wantCode(t, w.records.RenewPassword(w.ctx, w.as("alpha", membership.Moderator), "alpha-member", membership.ByLink), "forbidden")
	wantCode(t, w.records.RenewPassword(w.ctx, w.as("beta", membership.Administrator), "alpha-member", membership.ByLink), "not_found")
	// Five letters an hour to one address.
	for range 4 {
		if err := w.records.RenewPassword(w.ctx, w.as("alpha", membership.Administrator), "alpha-member", membership.ByLink); err != nil {
			t.Fatal(err)
		}
	}
	w.now = w.now.Truncate(time.Hour).Add(time.Hour)
	codes := []string{}
	for range 6 {
		codes = append(codes, membership.CodeOf(w.records.RenewPassword(w.ctx, w.as("alpha", membership.Administrator), "alpha-member", membership.ByLink)))
	}
	if !slices.Equal(codes, []string{"", "", "", "", "", "too_many_requests"}) {
		t.Errorf("%q", codes)
	}
}

// Two administrators of the provider who remove, deactivate, suspend or demote each other at the same moment: one stays.
func TestOneStaffAdministratorStays(t *testing.T) {
	do := map[string]func(w *world, c membership.Call, id string) error{
		"remove": func(w *world, c membership.Call, id string) error {
			_, err := w.users.Remove(w.ctx, c, id, 0)
			return err
		},
		"deactivate": func(w *world, c membership.Call, id string) error {
			_, err := w.users.Deactivate(w.ctx, c, id, 0)
			return err
		},
		"suspend": func(w *world, c membership.Call, id string) error {
			_, err := w.users.Suspend(w.ctx, c, id, 0, time.Time{})
			return err
		},
		"demote": func(w *world, c membership.Call, id string) error {
			_, err := w.records.Change(w.ctx, c, id, 1, membership.RecordInput{Role: ptr(membership.Agent)})
			return err
		},
	}
	for one, first := range do {
		for other, second := range do {
			w := newWorld(t)
			a := w.staff()
			bob := membership.User{ID: "bob", CustomerID: membership.ProviderID, Status: membership.Active, Role: membership.Administrator, FirstName: "Bob", LastName: "Staff",
				Email: "bob@example.com", Username: "bob.staff", Version: 1}
			if err := w.store.put(membership.User{}, bob); err != nil {
				t.Fatal(err)
			}
			b := a
			b.Actor.UserID = "bob"
			errs := make([]error, 2)
			var wg sync.WaitGroup
			wg.Go(func() { errs[0] = first(w, a, "bob") })
			wg.Go(func() { errs[1] = second(w, b, a.Actor.UserID) })
			wg.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Errorf("%s against %s: %v", one, other, errs)
			}
			for _, err := range errs {
				if err != nil && !slices.Contains([]string{"sign_in_required", "changed_meanwhile"}, membership.CodeOf(err)) {
					t.Errorf("%s against %s: %v", one, other, err)
				}
			}
		}
	}
}

func TestSuspensions(t *testing.T) {
	w := newWorld(t)
	end := w.now.Add(time.Hour).Truncate(time.Second)
	_, err := w.users.Suspend(w.ctx, w.staff(), "alpha-member", 0, w.now)
	wantCode(t, err, "until_is_past")
	u, err := w.users.Suspend(w.ctx, w.as("alpha", membership.Administrator), "alpha-member", 1, end)
	if err != nil || u.Status != membership.Suspended || !u.SuspendedUntil.Equal(end) {
		t.Fatalf("%+v %v", u, err)
	}
	wantCode(t, w.signInWith("alpha-member", goodPassword), "wrong_credentials")
	if u, err = w.users.Suspend(w.ctx, w.staff(), "alpha-member", 0, end.Add(time.Hour)); err != nil || !u.SuspendedUntil.Equal(end.Add(time.Hour)) {
		t.Errorf("another end: %+v %v", u, err)
	}
	w.now = end.Add(time.Hour - time.Second)
	if r := w.cleanUp(); r.Reactivated != 0 || w.store.users[u.ID].Status != membership.Suspended {
		t.Errorf("a second early: %+v", r)
	}
	w.now = end.Add(time.Hour)
	if err := w.signInWith("alpha-member", goodPassword); err != nil {
		t.Errorf("before the clean-up: %v", err)
	}
	audit := len(w.store.audit)
	if r := w.cleanUp(); r.Reactivated != 1 || w.store.users[u.ID].Status != membership.Active || !w.store.users[u.ID].SuspendedUntil.IsZero() {
		t.Errorf("%+v %+v", r, w.store.users[u.ID])
	}
	if r := w.cleanUp(); r != (membership.Report{}) || len(w.store.audit) != audit+1 || w.store.audit[audit].Action != "user.suspension-ended" {
		t.Errorf("the second run: %+v %+v", r, w.store.audit[audit:])
	}
	// Without an end it lasts until somebody ends it.
	if _, err := w.users.Suspend(w.ctx, w.staff(), "alpha-member", 0, time.Time{}); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(1000 * 24 * time.Hour)
	if r := w.cleanUp(); r.Reactivated != 0 {
		t.Errorf("%+v", r)
	}
	if u, err := w.users.Reactivate(w.ctx, w.staff(), "alpha-member", 0); err != nil || u.Status != membership.Active {
		t.Errorf("%+v %v", u, err)
	}
	_, err = w.users.Suspend(w.ctx, w.as("alpha", membership.Administrator), "alpha-administrator", 0, time.Time{})
	wantCode(t, err, "own_account")
	_, err = w.users.Suspend(w.ctx, w.as("alpha", membership.Moderator), "alpha-member", 0, time.Time{})
	wantCode(t, err, "forbidden")
}
