package store

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"clientele/shared/membership"
	"clientele/shared/store/storetest"
)

func transaction(c storetest.Call) (*dynamodb.TransactWriteItemsInput, bool) {
	in, ok := c.Input.(*dynamodb.TransactWriteItemsInput)
	return in, ok
}

// checkUsers is checkRows, and also checks that every invitation and all sign-ins have their user.
func (w *world) checkUsers(t testing.TB) {
	t.Helper()
	items := w.items(t)
	users := checkRows(t, items)
	for _, i := range of(items, entityInvitation) {
		v := invitationFrom(i)
		u, there := users[v.UserID]
		if v.Status == membership.InvitationPending && (!there || u.Status != membership.Invited || u.InvitationID != v.ID || !u.InvitationExpiresAt.Equal(v.ExpiresAt)) {
			t.Errorf("pending invitation %s has the user %+v", v.ID, u)
		}
	}
	for id, u := range users {
		if u.Status == membership.Invited || u.Status == membership.Expired {
			if i, there := items[invitationKey(u.CustomerID, u.InvitationID)]; !there || i.str("userId") != id {
				t.Errorf("%s user %s has no invitation", u.Status, id)
			}
		}
	}
	for _, i := range of(items, entitySignIns) {
		if _, there := users[i.str("userId")]; !there {
			t.Errorf("sign-ins of nobody: %v", i.key())
		}
	}
}

// checkRows rebuilds rows, reservations and marks from the users' records and compares them with what is there: nothing is
// missing, different, or left over. It returns the users.
func checkRows(t testing.TB, items map[key]item) map[string]membership.User {
	t.Helper()
	want := map[key]item{}
	users := map[string]membership.User{}
	for _, i := range of(items, entityUser) {
		u := userFrom(i)
		users[u.ID] = u
		if i.key() != userKey(u.CustomerID, u.ID) {
			t.Errorf("user %s lies at %v", u.ID, i.key())
		}
		for _, f := range facets(u) {
			row := rowItem(u, f)
			want[row.key()] = row
		}
		for _, l := range logins(u) {
			i := newItem(loginKey(l), entityLogin)
			i.setStr("userId", u.ID)
			i.setStr("customerId", u.CustomerID)
			if holder, taken := want[i.key()]; taken {
				t.Errorf("login %s is held by %s and %s", l, holder.str("userId"), u.ID)
			}
			want[i.key()] = i
		}
		if e := reservedExternalID(u); e != "" {
			i := newItem(userExternalIDKey(u.CustomerID, e), entityExternalID)
			i.setStr("userId", u.ID)
			want[i.key()] = i
		}
		if address := elsewhere(u); address != "" {
			i := newItem(elsewhereKey(u.CustomerID, address), entityElsewhere)
			i.setStr("userId", u.ID)
			want[i.key()] = i
		}
	}
	for _, entity := range []string{entityUserRow, entityLogin, entityElsewhere, entityExternalID} {
		for _, i := range of(items, entity) {
			if entity == entityExternalID && i.str("userId") == "" { // a customer's
				continue
			}
			switch rebuilt, there := want[i.key()]; {
			case !there:
				t.Errorf("orphan %s %v", entity, i.key())
			case !reflect.DeepEqual(rebuilt, i):
				t.Errorf("%s %v is\n%v\nrebuilt it is\n%v", entity, i.key(), i, rebuilt)
			}
			delete(want, i.key())
		}
	}
	for k := range want {
		t.Errorf("missing %v", k)
	}
	return users
}
