package membership_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
)

func TestCustomerFields(t *testing.T) {
	bad := func(set func(*membership.CustomerInput, *string), values map[string]string) func(*testing.T, string) {
		return func(t *testing.T, field string) {
			for v, code := range values {
				w := newWorld(t)
				in := membership.CustomerInput{Name: ptr("Gamma")}
				set(&in, &v)
				_, err := w.customers.Create(w.ctx, w.staff(), membership.Corporate, in)
				var e *membership.Error
				if code == "" {
					if err != nil {
						t.Errorf("%s %.40q: %v", field, v, err)
					}
				} else if !errors.As(err, &e) || e.Kind != membership.Invalid || e.Code != code || e.Field != field {
					t.Errorf("%s %.40q: %v, want %s", field, v, err, code)
				}
			}
		}
	}
	long := func(n int) string { return strings.Repeat("ä", n) }
	for field, check := range map[string]func(*testing.T, string){
		"name": bad(func(in *membership.CustomerInput, v *string) { in.Name = v }, map[string]string{"": "required", " ": "required", "3M": "", "Booking.example B.V.": "", "Müller & Söhne GmbH": "",
			long(100): "", long(101): "too_long", "a\x00b": "invalid_text", "a\u202eb": "invalid_text", "a\u2028b": "invalid_text", "a\tb": "invalid_text", "\xff": "invalid_text",
			"see www.x.example": "invalid_text", "ftp://x": "invalid_text", "<i>": "invalid_text", "株式会社": ""}),
		"email":      bad(func(in *membership.CustomerInput, v *string) { in.Email = v }, map[string]string{"": "", "a@b.co": "", "x": "invalid_email"}),
		"url":        bad(func(in *membership.CustomerInput, v *string) { in.URL = v }, map[string]string{"": "", "https://a.example/x?y": "", "http://a": "", "javascript:alert(1)": "invalid_url", "//a": "invalid_url", "a.example": "invalid_url", "https://": "invalid_url", "data:text/html,x": "invalid_url", "https://bank.example@evil.example": "invalid_url", "https://u:p@a.example": "invalid_url", `https://a"b.example`: "invalid_url", "https://a<b>": "invalid_url", "https://bücher.example:8443/x?y=@": "", "https://[2001:db8::1]/": "", "https://" + strings.Repeat("a", 500): "too_long"}),
		"phone":      bad(func(in *membership.CustomerInput, v *string) { in.Phone = v }, map[string]string{"": "", "+49 (0)30 123-456/7 x8": "", "call me": "invalid_phone", strings.Repeat("1", 41): "too_long"}),
		"country":    bad(func(in *membership.CustomerInput, v *string) { in.Country = v }, map[string]string{"": "", "de": "", "DEU": "invalid_country", "1A": "invalid_country", "ÄÖ": "invalid_country"}),
		"language":   bad(func(in *membership.CustomerInput, v *string) { in.Language = v }, map[string]string{"": "", "de-AT": "", "EN": "", "fr": "invalid_language", "de-" + strings.Repeat("x", 20): "invalid_language"}),
		"street":     bad(func(in *membership.CustomerInput, v *string) { in.Street = v }, map[string]string{long(200): "", long(201): "too_long", "a\nb": "invalid_text"}),
		"postcode":   bad(func(in *membership.CustomerInput, v *string) { in.Postcode = v }, map[string]string{"10115": "", long(21): "too_long"}),
		"externalId": bad(func(in *membership.CustomerInput, v *string) { in.ExternalID = v }, map[string]string{"X-1": "", long(101): "too_long", "a\x00": "invalid_text"}),
		"comment":    bad(func(in *membership.CustomerInput, v *string) { in.Comment = v }, map[string]string{"a\r\nb\tc": "", long(1000): "", long(1001): "too_long", "a\x00": "invalid_text", "a\u202e": "invalid_text"}),
	} {
		check(t, field)
	}
	w := newWorld(t)
	_, err := w.customers.Create(w.ctx, w.staff(), "partnership", membership.CustomerInput{Email: ptr("x"), URL: ptr("y")})
	var e *membership.Error
	if !errors.As(err, &e) || len(e.Fields) != 4 { // type, name, email, url
		t.Errorf("not everything is said at once: %+v", err)
	}
	if _, err := w.customers.Create(w.ctx, w.staff(), membership.Corporate, membership.CustomerInput{Name: ptr(strings.Repeat("ﷺ", 101))}); membership.KindOf(err) != membership.Invalid {
		t.Error(err)
	}
}

func TestCustomerSearch(t *testing.T) {
	w := newWorld(t)
	for q, code := range map[string]string{"a": "search_too_short", "a'": "search_too_short", " é ": "search_too_short", "al": "", "   ": "", strings.Repeat("a", 5000): "search_too_long", strings.Repeat("ﷺ", 100): "search_too_long"} {
		_, err := w.customers.List(w.ctx, w.staff(), membership.CustomerQuery{Search: q, Page: membership.PageRequest{Limit: 50}})
		if membership.CodeOf(err) != code {
			t.Errorf("search for %.20q: %v, want %q", q, err, code)
		}
	}
	_, err := w.customers.List(w.ctx, w.staff(), membership.CustomerQuery{Search: "al", Sort: membership.CustomersByName})
	wantCode(t, err, "search_excludes_sort")
	page, err := w.customers.List(w.ctx, w.as("alpha", membership.Member), membership.CustomerQuery{})
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != "alpha" {
		t.Errorf("a customer's own people see %v (%v)", page.Items, err)
	}
}

func TestChangesNeedTheVersionThatWasRead(t *testing.T) {
	w := newWorld(t)
	name := membership.CustomerInput{Name: ptr("Alpha Two")}
	for _, v := range []int{2, 7, -1} {
		wantCode(t, second(w.customers.Change(w.ctx, w.staff(), "alpha", v, name)), "changed_meanwhile")
		wantCode(t, w.customers.Delete(w.ctx, w.staff(), "beta", v), "changed_meanwhile")
		wantCode(t, second(w.users.Deactivate(w.ctx, w.staff(), "alpha-member", v)), "changed_meanwhile")
	}
	c, err := w.customers.Change(w.ctx, w.staff(), "alpha", 1, name)
	if err != nil || c.Version != 2 {
		t.Errorf("%+v %v", c, err)
	}
	wantCode(t, second(w.customers.Change(w.ctx, w.staff(), "alpha", 1, name)), "changed_meanwhile")
	wantCode(t, second(w.customers.Reactivate(w.ctx, w.staff(), "alpha", 0)), "already_active")
	wantCode(t, second(w.customers.Deactivate(w.ctx, w.staff(), "alpha", 0)), "")
	wantCode(t, second(w.customers.Deactivate(w.ctx, w.staff(), "alpha", 0)), "already_deactivated")
	wantCode(t, second(w.customers.Change(w.ctx, w.staff(), membership.ProviderID, 1, name)), "forbidden")
	wantCode(t, w.customers.Delete(w.ctx, w.staff(), membership.ProviderID, 1), "forbidden")
}

// Saving a record as it is changes nothing: no version that makes others stale, no audit entry, no job. What refuses a
// change refuses this one too.
func TestSavingWithoutAChangeWritesNothing(t *testing.T) {
	w := newWorld(t)
	g, closed := w.group("One"), w.group("Two")
	_, err := w.customers.Change(w.ctx, w.staff(), "alpha", 1, membership.CustomerInput{Email: ptr("Office@Alpha.example"), URL: ptr("https://alpha.example"), Phone: ptr("+49 30 1"),
		Street: ptr("Street 1"), Country: ptr("DE"), Language: ptr("de-AT"), Comment: ptr("one\ntwo")})
	wantCode(t, err, "")
	sub, err := w.subAccounts.Create(w.ctx, w.staff(), "alpha", "Depot")
	wantCode(t, err, "")
	_, err = w.records.Change(w.ctx, w.staff(), "alpha-member", 1, membership.RecordInput{ProfileInput: membership.ProfileInput{City: ptr("Bonn"), Country: ptr("DE"), Phone: ptr("030 123456")},
		Comment: ptr("one\ntwo"), GroupIDs: ptr([]string{g.ID, closed.ID}), Email: ptr("new@example.com")})
	wantCode(t, err, "")
	wantCode(t, second(w.groups.Change(w.ctx, w.staff(), closed.ID, 1, membership.GroupInput{Active: ptr(false)})), "")
	w.now = w.now.Add(25 * time.Hour) // nothing waits for the new address any more
	settings := membership.SettingsUse{Store: w.store, NewID: w.id}
	_, err = settings.Change(w.ctx, w.staff(), 1, membership.SettingsInput{AllowedDomains: ptr([]string{"Münch.example"}), EmbedSites: ptr([]string{"https://www.alpha.example/"})})
	wantCode(t, err, "")

	alpha, member := w.store.customers["alpha"], w.store.users["alpha-member"]
	customer := func(version int) (any, int, error) {
		c, err := w.customers.Change(w.ctx, w.staff(), "alpha", version, membership.CustomerInput{Name: &alpha.Name, Email: &alpha.Email, URL: &alpha.URL, Phone: &alpha.Phone, Street: &alpha.Street,
			City: &alpha.City, Country: ptr("de"), Language: &alpha.Language, ExternalID: &alpha.ExternalID, Comment: ptr(" one\r\ntwo ")})
		return c, c.Version, err
	}
	profile := membership.ProfileInput{Title: &member.Title, FirstName: &member.FirstName, LastName: ptr(" " + member.LastName), City: ptr("Bonn "), Phone: ptr("030/123456"), Country: ptr("de")}
	for name, x := range map[string]struct {
		is     any
		save   func(version int) (any, int, error)
		stored func() any
	}{
		"customer": {alpha, customer, func() any { return w.store.customers["alpha"] }},
		"sub-account": {sub, func(version int) (any, int, error) {
			s, err := w.subAccounts.Change(w.ctx, w.staff(), "alpha", sub.ID, version, membership.SubAccountInput{Name: ptr(" Depot"), Active: ptr(true)})
			return s, s.Version, err
		}, func() any { return w.store.subAccounts[sub.ID] }},
		"group": {g, func(version int) (any, int, error) {
			g, err := w.groups.Change(w.ctx, w.staff(), g.ID, version, membership.GroupInput{Name: ptr("One "), Description: ptr(""), Active: ptr(true)})
			g.Members = membership.GroupMembers{} // they follow later
			return g, g.Version, err
		}, func() any { return w.store.groups[g.ID] }},
		"user": {member, func(version int) (any, int, error) {
			u, err := w.records.Change(w.ctx, w.staff(), "alpha-member", version, membership.RecordInput{ProfileInput: profile, Email: &member.Email, Username: &member.Username, Role: &member.Role,
				GroupIDs: ptr([]string{g.ID, g.ID, closed.ID}), NotificationsEnabled: &member.NotificationsEnabled, ExternalID: &member.ExternalID, Comment: ptr("one\r\ntwo")})
			return u, u.Version, err
		}, func() any { return w.store.users["alpha-member"] }},
		"own record": {member, func(version int) (any, int, error) {
			u, err := w.profile.Change(w.ctx, w.as("alpha", membership.Member), version, profile)
			return u, u.Version, err
		}, func() any { return w.store.users["alpha-member"] }},
		"settings": {*w.store.settings, func(version int) (any, int, error) {
			s, err := settings.Change(w.ctx, w.staff(), version, membership.SettingsInput{SelfRegistration: ptr(false), AllowedDomains: ptr([]string{"@xn--mnch-0ra.example"}),
				EmbedSites: ptr([]string{"https://www.alpha.example"}), RegistrationFields: map[string]membership.FieldRule{"city": membership.FieldOff}, RegistrationAddress: ptr("")})
			return s, s.Version, err
		}, func() any { return *w.store.settings }},
	} {
		audit, jobs, mails := len(w.store.audit), len(w.store.jobs), len(w.store.mails)
		is := reflect.ValueOf(x.is).FieldByName("Version").Interface().(int)
		saved, version, err := x.save(is)
		if err != nil || version != is || !reflect.DeepEqual(saved, x.is) || !reflect.DeepEqual(x.stored(), x.is) {
			t.Errorf("%s: %+v (%v), want %+v", name, saved, err, x.is)
		}
		_, _, err = x.save(is - 1)
		wantCode(t, err, "changed_meanwhile")
		if len(w.store.audit) != audit || len(w.store.jobs) != jobs || len(w.store.mails) != mails {
			t.Errorf("%s: %d audit entries, %d jobs, %d mails more", name, len(w.store.audit)-audit, len(w.store.jobs)-jobs, len(w.store.mails)-mails)
		}
	}
	wantCode(t, second(w.customers.Change(w.ctx, w.as("alpha", membership.Member), "alpha", 2, membership.CustomerInput{})), "forbidden")
}

// Sessions open when a customer was deactivated stay closed when it is back: its people sign in again.
func TestDeactivatedCustomersSessionsEndForGood(t *testing.T) {
	w := newWorld(t)
	in := func(issuedAt time.Time) bool {
		t.Helper()
		access, err := w.store.Access(w.ctx, "alpha", "alpha-member", "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = access.Actor(membership.PortalDoor, issuedAt, "", w.now)
		return err == nil
	}
	before := w.now
	wantCode(t, second(w.customers.Change(w.ctx, w.staff(), "alpha", 0, membership.CustomerInput{Name: ptr("Alpha Two")})), "")
	if !in(before) {
		t.Error("a change of the customer signs its people out")
	}
	w.now = w.now.Add(300 * time.Millisecond)
	wantCode(t, second(w.customers.Deactivate(w.ctx, w.staff(), "alpha", 0)), "")
	if in(before) || in(w.now.Add(time.Hour)) {
		t.Error("the customer is out, its people are not")
	}
	w.now = w.now.Add(time.Minute)
	wantCode(t, second(w.customers.Reactivate(w.ctx, w.staff(), "alpha", 0)), "")
	if in(before) {
		t.Error("a session from before works again")
	}
	if !in(w.now) {
		t.Error("who signs in now does not get in")
	}
	// Within the second of the cut-off, signing in waits for its end: a token's time has whole seconds.
	wantCode(t, second(w.customers.Deactivate(w.ctx, w.staff(), "alpha", 0)), "")
	wantCode(t, second(w.customers.Reactivate(w.ctx, w.staff(), "alpha", 0)), "")
	if _, err := w.signIn.SignIn(w.ctx, w.public(), membership.Credentials{Login: "alpha-member", Password: goodPassword, Door: membership.PortalDoor, Source: "192.0.2.1"}); err != nil || w.waited <= 0 {
		t.Errorf("%v after %v", err, w.waited)
	}
}

func TestSubAccountLimits(t *testing.T) {
	w := newWorld(t)
	for i := range membership.MaxSubAccounts {
		if _, err := w.subAccounts.Create(w.ctx, w.staff(), "alpha", fmt.Sprintf("Depot %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, second(w.subAccounts.Create(w.ctx, w.staff(), "alpha", "One more")), "too_many_subaccounts")
	wantCode(t, second(w.subAccounts.Create(w.ctx, w.staff(), "beta", " ")), "required")
	w.store.customers["person"] = membership.Customer{ID: "person", Type: membership.Individual, Status: membership.CustomerActive, Version: 1}
	wantCode(t, second(w.subAccounts.Create(w.ctx, w.staff(), "person", "Depot")), "customer_is_individual")
}

// Every change writes exactly one entry, which says who did what where; reading writes none. No entry has a field whose
// name or value is a secret.
func TestEveryChangeWritesOneAuditEntry(t *testing.T) {
	w := newWorld(t)
	var customer membership.Customer
	var sub membership.SubAccount
	var inv membership.Invitation
	do := func(want string, change func() error) {
		t.Helper()
		before := len(w.store.audit)
		w.now = w.now.Add(2 * time.Hour)
		if err := change(); err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		var got []string
		for _, e := range w.store.audit[before:] {
			got = append(got, e.Action)
			if e.ID == "" || e.Realm == "" || e.CustomerID == "" || e.Subject == "" || e.SubjectID == "" || e.RequestID != "req" || !e.At.Equal(w.now.Truncate(time.Second)) {
				t.Errorf("%s: %+v", want, e)
			}
			for _, side := range []map[string]string{e.Before, e.After} {
				for k, v := range side {
					low := strings.ToLower(k)
					if slices.ContainsFunc([]string{"password", "secret", "token", "mac", "hash", "session", "code"}, func(s string) bool { return strings.Contains(low, s) && k != "postcode" }) ||
						strings.Contains(v, goodPassword) || strings.Contains(v, "another good password") {
						t.Errorf("%s keeps %s = %q", want, k, v)
					}
				}
			}
			for k, v := range e.Before {
				if e.After[k] == v {
					t.Errorf("%s: %s did not change", want, k)
				}
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(strings.Fields(want)) {
			t.Errorf("%v, want %s", got, want)
		}
	}
	do("customer.created", func() (err error) {
		customer, err = w.customers.Create(w.ctx, w.staff(), membership.Corporate, membership.CustomerInput{Name: ptr("Gamma"), Postcode: ptr("10115")})
		return err
	})
	do("customer.changed", func() error {
		return second(w.customers.Change(w.ctx, w.staff(), customer.ID, 1, membership.CustomerInput{Name: ptr("Gamma Two")}))
	})
	do("customer.deactivated", func() error { return second(w.customers.Deactivate(w.ctx, w.staff(), customer.ID, 2)) })
	do("customer.reactivated", func() error { return second(w.customers.Reactivate(w.ctx, w.staff(), customer.ID, 3)) })
	do("subaccount.created", func() (err error) {
		sub, err = w.subAccounts.Create(w.ctx, w.staff(), customer.ID, "Depot")
		return err
	})
	do("subaccount.changed", func() error {
		return second(w.subAccounts.Change(w.ctx, w.staff(), customer.ID, sub.ID, 1, membership.SubAccountInput{Active: ptr(false)}))
	})
	do("subaccount.deleted", func() error { return w.subAccounts.Delete(w.ctx, w.staff(), customer.ID, sub.ID, 2) })
	do("", func() error {
		_, err := w.customers.Get(w.ctx, w.staff(), customer.ID)
		_, _ = w.users.List(w.ctx, w.staff(), membership.UserQuery{CustomerID: "alpha"})
		_, _ = w.subAccounts.List(w.ctx, w.staff(), "alpha")
		_, _ = w.profile.Get(w.ctx, w.as("alpha", membership.Member))
		return err
	})
	do("customer.deleted", func() error { return w.customers.Delete(w.ctx, w.staff(), customer.ID, 4) })
	do("invitation.created", func() error { inv = w.invite("new@example.com", membership.Member); return nil })
	do("", func() error { return second(w.invitations.Inspect(w.ctx, w.public(), w.token(inv.ID))) })
	do("invitation.resent", func() error { return second(w.invitations.Resend(w.ctx, w.staff(), inv.ID)) })
	do("invitation.renewed", func() error { return w.invitations.Renew(w.ctx, w.public(), w.token(inv.ID)) })
	do("invitation.accepted", func() error { return second(w.accept(inv.ID)) })
	do("user.deactivated", func() error { return second(w.users.Deactivate(w.ctx, w.staff(), inv.UserID, 0)) })
	do("user.reactivated", func() error { return second(w.users.Reactivate(w.ctx, w.staff(), inv.UserID, 0)) })
	do("user.removed", func() error { return second(w.users.Remove(w.ctx, w.staff(), inv.UserID, 0)) })
	do("user.changed", func() error {
		return second(w.profile.Change(w.ctx, w.as("alpha", membership.Member), 1, membership.ProfileInput{City: ptr("Berlin")}))
	})
	do("session.ended", func() error {
		return w.signIn.SignOut(w.ctx, w.as("alpha", membership.Member), membership.Family{ID: "f", EndsAt: w.now.Add(time.Hour)})
	})
	do("user.password-reset", func() error {
		return w.signIn.ResetPassword(w.ctx, w.public(), w.resetToken("alpha-member", membership.PortalDoor), "another good password")
	})
	do("user.password-renewed", func() error {
		return w.records.RenewPassword(w.ctx, w.staff(), "alpha-member", membership.ByTemporaryPassword)
	})
	do("user.password-chosen", func() error {
		w.now = w.now.Add(2 * time.Second)
		return w.chooses(w.session("alpha-member", w.sweep(membership.LetterPasswordTemporary)), ownPassword)
	})
	do("invitation.created invitation.revoked", func() error {
		return second(w.invitations.Revoke(w.ctx, w.staff(), w.invite("r@example.com", membership.Member).ID))
	})
	do("invitation.created invitation.declined", func() error {
		return w.invitations.Decline(w.ctx, w.public(), w.token(w.invite("d@example.com", membership.Member).ID))
	})
	do("invitation.created invitation.deleted", func() error {
		return w.invitations.Delete(w.ctx, w.staff(), w.invite("x@example.com", membership.Member).ID)
	})
}

// Role, groups, status, notifications, external id and customer are not the user's own to change (mission 6).
func TestProfile(t *testing.T) {
	w := newWorld(t)
	c := w.as("alpha", membership.Member)
	before := w.store.users["alpha-member"]
	u, err := w.profile.Change(w.ctx, c, 1, membership.ProfileInput{FirstName: ptr(" Änn "), Language: ptr("de"), Phone: ptr("+49 30 1")})
	if err != nil || u.FirstName != "Änn" || u.Version != 2 {
		t.Fatalf("%+v %v", u, err)
	}
	if u.Role != before.Role || u.Status != before.Status || u.CustomerID != before.CustomerID || u.Email != before.Email || u.Username != before.Username {
		t.Errorf("%+v", u)
	}
	wantCode(t, second(w.profile.Change(w.ctx, c, 1, membership.ProfileInput{})), "changed_meanwhile")
	wantCode(t, second(w.profile.Change(w.ctx, c, 2, membership.ProfileInput{FirstName: ptr("")})), "required")
	w.set("alpha-member", func(u *membership.User) { u.Source = "directory" })
	wantCode(t, second(w.profile.Change(w.ctx, c, 3, membership.ProfileInput{City: ptr("X")})), "kept_by_directory")
}
