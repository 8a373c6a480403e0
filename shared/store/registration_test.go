package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/shared/membership"
	"clientele/shared/store/storetest"
)

func (w *world) registrations() membership.Registrations {
	return membership.Registrations{Store: w.table, Keys: w.keys, NewID: w.id, Language: "en"}
}

func (w *world) approvals() membership.Approvals {
	return membership.Approvals{Store: w.table, NewID: w.id, Language: "en"}
}

// settings changes what holds; people can register.
func (w *world) settings(t testing.TB, in membership.SettingsInput) {
	t.Helper()
	use, on := membership.SettingsUse{Store: w.table, NewID: w.id}, true
	in.SelfRegistration = &on
	now, err := w.table.Settings(t.Context())
	must(t, err)
	_, err = use.Change(t.Context(), w.staff(), now.Version, in)
	must(t, err)
}

func form(email string) membership.RegistrationInput {
	return membership.RegistrationInput{Email: email, FirstName: "Rita", LastName: "Gister", Company: "Gister Ltd", Origin: membership.OriginAPI, Source: "192.0.2.9"}
}

// register starts a registration and returns it as stored.
func (w *world) register(t testing.TB, email string) membership.Registration {
	t.Helper()
	must(t, w.registrations().Start(t.Context(), membership.Call{Now: w.now}, form(email)))
	_, open, err := w.table.RegistrationFacts(t.Context(), membership.FoldLogin(email))
	must(t, err)
	r, err := w.table.Registration(t.Context(), membership.ReachAll(), open.RegistrationID)
	must(t, err)
	return r
}

func (w *world) confirm(t testing.TB, r membership.Registration) (membership.Registration, error) {
	return w.registrations().Confirm(t.Context(), membership.Call{Now: w.now}, membership.ConfirmInput{Token: w.keys.Token(r.Link())})
}

// waiting returns a registration that waits, as stored.
func (w *world) waiting(t testing.TB, email string) membership.Registration {
	t.Helper()
	r, err := w.confirm(t, w.register(t, email))
	must(t, err)
	return w.registration(t, r.ID)
}

func (w *world) registration(t testing.TB, id string) membership.Registration {
	t.Helper()
	r, err := w.table.Registration(t.Context(), membership.ReachAll(), id)
	must(t, err)
	return r
}

func (w *world) decide(t testing.TB, c membership.Call, in membership.DecisionInput) []membership.RowResult {
	t.Helper()
	results, err := w.approvals().Decide(t.Context(), c, in)
	must(t, err)
	return results
}

func queueOf(t testing.TB, w *world, customerID string, s membership.RegistrationStatus) []string {
	t.Helper()
	page, err := w.table.Registrations(t.Context(), membership.RegistrationQuery{Reach: membership.ReachAll(), CustomerID: customerID, Status: s,
		Page: membership.PageRequest{Limit: 50, Ascending: true}})
	must(t, err)
	var emails []string
	for _, r := range page.Items {
		emails = append(emails, r.Email)
	}
	return emails
}

func TestSettingsAreOneVersionedItem(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		first, err := w.table.Settings(ctx)
		must(t, err)
		equal(t, first, membership.DefaultSettings())
		after := first
		after.SelfRegistration, after.AllowedDomains, after.EmbedSites = true, []string{"a.example", "b.example"}, []string{"https://c.example"}
		after.RegistrationFields.City, after.RegistrationAddress, after.Approvers = membership.FieldMandatory, "in@a.example", membership.ApproversCustomer
		after.ReminderHours, after.DisapprovalSilent, after.DisapprovalReason, after.RegistrationNeedsApproval = 0, true, "No.", false
		after.ChangedAt, after.Version = w.now, 2
		must(t, w.table.ChangeSettings(ctx, first, after, w.trail()))
		fails(t, w.table.ChangeSettings(ctx, first, after, w.trail()), membership.ErrStale)
		stored, err := w.table.Settings(ctx)
		must(t, err)
		equal(t, stored, after)
		next := after
		next.Version++
		must(t, w.table.ChangeSettings(ctx, after, next, w.trail()))
		fails(t, w.table.ChangeSettings(ctx, after, next, w.trail()), membership.ErrStale)
	})
}

// A registration is stored whole, has its address for itself, and goes with its user to the customer that is chosen.
func TestRegistrationBecomesAUser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.settings(t, membership.SettingsInput{})
		customer := w.customer(t, "Sommer GmbH")
		w.groups(t, "key")
		first := w.register(t, "Rita@Gister.example")
		again := w.register(t, "rita@gister.example")
		if again.ID != first.ID || again.LinkVersion != 2 || again.Version != 2 || len(of(w.items(t), entityOpenRegistration)) != 1 {
			t.Errorf("registered again: %+v", again)
		}
		_, err := w.confirm(t, first)
		fails(t, err, membership.ErrRegistrationReplaced)
		equal(t, queueOf(t, w, "", membership.RegistrationUnconfirmed), []string{"rita@gister.example"})
		confirmed, err := w.confirm(t, again)
		must(t, err)
		equal(t, w.registration(t, first.ID), confirmed)
		equal(t, queueOf(t, w, "", membership.RegistrationWaiting), []string{"rita@gister.example"})
		if open := of(w.items(t), entityOpenRegistration); len(open) != 0 {
			t.Errorf("still reserved: %v", open)
		}
		// Who waits is in the directory over all customers and counted, and in no customer's list.
		must(t, w.table.Project(ctx, membership.UnassignedID, first.ID))
		q := membership.UserQuery{Reach: membership.ReachAll(), Status: membership.Waiting, Sort: membership.SortName, Now: w.now, Page: membership.PageRequest{Limit: 50, Ascending: true}}
		page, err := w.table.Users(ctx, q)
		must(t, err)
		if len(page.Items) != 1 || page.Items[0].ID != first.ID || page.Items[0].CustomerID != membership.UnassignedID {
			t.Errorf("listed %+v", page.Items)
		}
		counts, err := w.table.UserCounts(ctx, membership.ReachAll(), "")
		must(t, err)
		if counts[membership.Waiting] != 1 {
			t.Errorf("counted %v", counts)
		}
		results := w.decide(t, w.staff(), membership.DecisionInput{RegistrationIDs: []string{first.ID}, Decision: membership.DecideApprove, CustomerID: customer.ID, GroupIDs: []string{"key"}})
		if results[0].Err != nil {
			t.Fatal(results[0].Err)
		}
		for _, i := range w.items(t) {
			if strings.Contains(fmt.Sprint(i["pk"], i["sk"], i["facet"]), membership.UnassignedID) && !slices.Contains([]string{entityAudit, entityMail, entityProjection, entityUserWord, entityCount}, i.str("entity")) {
				t.Errorf("left behind: %v", i)
			}
		}
		u := w.user(t, first.ID)
		if u.CustomerID != customer.ID || u.Status != membership.Active || u.Username != "rita@gister.example" || u.Version != 2 || len(u.GroupIDs) != 1 {
			t.Errorf("let in as %+v", u)
		}
		holder, _, err := w.table.LoginFacts(ctx, "rita@gister.example")
		must(t, err)
		equal(t, holder, membership.Address{UserID: u.ID, CustomerID: customer.ID})
		equal(t, queueOf(t, w, "", membership.RegistrationApproved), []string{"rita@gister.example"})
		equal(t, queueOf(t, w, customer.ID, membership.RegistrationApproved), []string{"rita@gister.example"})
		// The two calls of the stream come in any order, and late ones.
		for _, order := range [][]string{{membership.UnassignedID, customer.ID}, {customer.ID, membership.UnassignedID}, {membership.UnassignedID}} {
			for _, of := range order {
				must(t, w.table.Project(ctx, of, u.ID))
			}
			counts, err := w.table.UserCounts(ctx, membership.ReachAll(), "")
			must(t, err)
			own, err := w.table.UserCounts(ctx, membership.ReachAll(), customer.ID)
			must(t, err)
			if counts[membership.Waiting] != 0 || counts[membership.Active] != 1 || own[membership.Active] != 1 {
				t.Errorf("after %v: counted %v, and %v of the customer", order, counts, own)
			}
			q := membership.UserQuery{Reach: membership.ReachAll(), Search: "gister", Now: w.now, Page: membership.PageRequest{Limit: 50, Ascending: true}}
			page, err := w.table.Users(ctx, q)
			must(t, err)
			if len(page.Items) != 1 || page.Items[0].CustomerID != customer.ID {
				t.Errorf("after %v: found %+v", order, page.Items)
			}
		}
	})
}

// Routed to a customer, it is on that customer's list as long as it is the customer's.
func TestRoutedRegistration(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		customer := w.customer(t, "Sommer GmbH")
		w.proves(t, customer.ID, "sommer.example")
		routed := membership.ApproversCustomer
		w.settings(t, membership.SettingsInput{Approvers: &routed})
		r := w.waiting(t, "rita@sommer.example")
		w.waiting(t, "rolf@gister.example")
		equal(t, r.CustomerID, customer.ID)
		equal(t, r.ProposedCustomerID, customer.ID)
		equal(t, queueOf(t, w, customer.ID, membership.RegistrationWaiting), []string{"rita@sommer.example"})
		if all := queueOf(t, w, "", membership.RegistrationWaiting); len(all) != 2 {
			t.Errorf("all: %v", all)
		}
		boss := w.as(membership.Portal, customer.ID)
		other := w.customer(t, "Other GmbH")
		if results := w.decide(t, w.as(membership.Portal, other.ID), membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideApprove}); results[0].Err == nil || results[0].Err.Code != "not_found" {
			t.Errorf("another's: %+v", results)
		}
		if results := w.decide(t, w.staff(), membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideApprove, CustomerID: other.ID}); results[0].Err != nil {
			t.Fatal(results[0].Err)
		}
		equal(t, queueOf(t, w, customer.ID, membership.RegistrationApproved), []string(nil))
		equal(t, queueOf(t, w, other.ID, membership.RegistrationApproved), []string{"rita@sommer.example"})
		results := w.decide(t, boss, membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideDisapprove})
		if results[0].Err == nil || results[0].Err.Code != "not_found" {
			t.Errorf("who is gone: %+v", results)
		}
	})
}

// proves makes a domain a customer's.
func (w *world) proves(t testing.TB, customerID, domain string) {
	t.Helper()
	change := w.table.write()
	i := newItem(domainKey(domain), entityDomain)
	i.setStr("customerId", customerID)
	change.put(i, always(), nil)
	must(t, w.table.commit(t.Context(), change))
}

// Many confirm one link, approve and disapprove one registration, and register one address at once.
func TestRegistrationRaces(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.settings(t, membership.SettingsInput{})
		customer := w.customer(t, "Sommer GmbH")
		r := w.register(t, "rita@gister.example")
		codesOf := codes(t, parallel(8, func(int) error { _, err := w.confirm(t, r); return err }))
		if codesOf[""] != 8 || len(of(w.items(t), entityUser)) != 1 {
			t.Errorf("confirmed: %v", codesOf)
		}
		codesOf = codes(t, parallel(8, func(n int) error {
			in := membership.DecisionInput{RegistrationIDs: []string{r.ID}, Decision: membership.DecideDisapprove}
			if n%2 == 0 {
				in.Decision, in.CustomerID = membership.DecideApprove, customer.ID
			}
			results, err := w.approvals().Decide(t.Context(), w.staff(), in)
			if err != nil {
				return err
			}
			if e := results[0].Err; e != nil {
				return e
			}
			return nil
		}))
		if codesOf[""] != 1 || codesOf["already_decided"] != 7 {
			t.Errorf("decided: %v", codesOf)
		}
		codesOf = codes(t, parallel(4, func(n int) error {
			in := form("one@gister.example")
			in.Source = fmt.Sprint(n)
			return w.registrations().Start(t.Context(), membership.Call{Now: w.now}, in)
		}))
		if codesOf[""] == 0 || len(queueOf(t, w, "", membership.RegistrationUnconfirmed)) != 1 {
			t.Errorf("registered: %v", codesOf)
		}
	})
}

func TestRegistrationCleanUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.settings(t, membership.SettingsInput{})
		r, waits := w.register(t, "rita@gister.example"), w.waiting(t, "rolf@gister.example")
		w.now = r.ExpiresAt.Add(-time.Second)
		due, err := w.table.DueRegistrations(ctx, w.now, 10)
		must(t, err)
		if len(due) != 0 {
			t.Errorf("due too early: %+v", due)
		}
		w.now = r.ExpiresAt
		report, err := w.expiry.Run(ctx, w.system(), 10)
		must(t, err)
		if report.RegistrationsExpired != 1 || len(of(w.items(t), entityOpenRegistration)) != 0 {
			t.Errorf("did %+v", report)
		}
		equal(t, w.registration(t, r.ID).Status, membership.RegistrationExpired)
		if now := w.registration(t, waits.ID); !now.RemindAt.After(w.now) {
			t.Errorf("reminded of %+v", now)
		}
		w.now = r.ExpiresAt.Add(membership.UnconfirmedRetention)
		report, err = w.expiry.Run(ctx, w.system(), 10)
		must(t, err)
		_, gone := w.table.Registration(ctx, membership.ReachAll(), r.ID)
		fails(t, gone, membership.ErrNotFound)
		if report.RegistrationsDeleted != 1 {
			t.Errorf("did %+v", report)
		}
		w.decide(t, w.staff(), membership.DecisionInput{RegistrationIDs: []string{waits.ID}, Decision: membership.DecideDisapprove, Silent: true})
		w.now = w.now.Add(membership.DecidedRetention)
		_, err = w.expiry.Run(ctx, w.system(), 10)
		must(t, err)
		left := w.items(t)
		for _, entity := range []string{entityRegistration, entityRegistrationRow, entityOpenRegistration, entityUser, entityUserRow, entityLogin} {
			if some := of(left, entity); len(some) != 0 {
				t.Errorf("left of %s: %v", entity, some)
			}
		}
	})
}

// The no-oracle promise at the table: whoever has the address, the same calls are made in the same waits, and what they
// take in time overlaps. Where the machine did something else during one of few samples, more are taken: what differs by
// its work never overlaps.
func TestRegisteringTellsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.settings(t, membership.SettingsInput{AllowedDomains: &[]string{"gister.example"}})
		customer := w.customer(t, "Sommer GmbH")
		for _, n := range []string{"a", "b"} {
			w.member(t, customer.ID, "known-"+n+"@gister.example")
			blocked := w.member(t, customer.ID, "blocked-"+n+"@gister.example")
			_, err := w.users.Deactivate(ctx, w.staff(), blocked.ID, 0)
			must(t, err)
			w.invite(t, w.staff(), customer.ID, "invited-"+n+"@gister.example")
			w.waiting(t, "waiting-"+n+"@gister.example")
			w.register(t, "open-"+n+"@gister.example")
			rejected := w.waiting(t, "rejected-"+n+"@gister.example")
			w.decide(t, w.staff(), membership.DecisionInput{RegistrationIDs: []string{rejected.ID}, Decision: membership.DecideDisapprove})
		}
		took := map[string][]time.Duration{}
		for round := range 10 {
			if round > 1 && apart(took) == "" {
				break
			}
			w.now = w.now.Add(time.Hour) // the limits of one are not reached
			for _, who := range []string{"unknown", "known", "blocked", "invited", "waiting", "open", "rejected", "honeypot", "elsewhere"} {
				for _, n := range []string{"a", "b"} {
					in := form(who + "-" + n + "@gister.example")
					switch who {
					case "honeypot":
						in.Website = "x"
					case "elsewhere":
						in.Email = who + "-" + n + "@other.example"
					}
					in.Source = in.Email
					w.calls.Take()
					begin := time.Now()
					must(t, w.registrations().Start(ctx, membership.Call{Now: w.now}, in))
					took[who] = append(took[who], time.Since(begin))
					var made []string
					calls := w.calls.Take()
					for _, c := range calls {
						made = append(made, c.Operation)
					}
					if got := strings.Join(made, " "); got != "BatchGetItem TransactWriteItems" || storetest.Waits(calls) != 2 {
						t.Errorf("%s: %s", in.Email, got)
					}
				}
			}
		}
		if wrong := apart(took); wrong != "" {
			t.Error(wrong)
		}
	})
}

// apart says of which two all samples of one are longer than all of the other; "" where there are none.
func apart(took map[string][]time.Duration) string {
	for a, times := range took {
		for b, others := range took {
			if slices.Min(times) > slices.Max(others) && slices.Min(times)-slices.Max(others) > 20*time.Millisecond {
				return fmt.Sprintf("%s takes %v, %s %v", a, times, b, others)
			}
		}
	}
	return ""
}
