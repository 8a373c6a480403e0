package membership_test

import (
	"context"
	"strings"
	"testing"

	"clientele/shared/membership"
)

func TestNamesCanBeSeen(t *testing.T) {
	for name, code := range map[string]string{
		"Ada": "", "李": "", "👩\u200d🚀": "", "क्\u200dष": "", "O'Neil": "",
		"\u200b": "invalid_text", "\u2800": "invalid_text", "\u3164": "invalid_text", "\u00ad\u2060": "invalid_text", "\u0301": "invalid_text",
		"\u200b\u00a0\u200b": "invalid_text", "a\u202eb": "invalid_text", "a\r\nBcc: x": "invalid_text", "": "required", "\u00a0": "required",
	} {
		w := newWorld(t)
		c := w.as("alpha", membership.Member)
		user, err := w.profile.Get(w.ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.profile.Change(w.ctx, c, user.Version, membership.ProfileInput{FirstName: &name})
		if membership.CodeOf(err) != code || err != nil && code == "" {
			t.Errorf("%q: %v, want %q", name, err, code)
		}
	}
}

func TestLanguagesAreTags(t *testing.T) {
	for language, code := range map[string]string{
		"": "", "de": "", "de-AT": "", "en_GB": "", "fr": "invalid_language", "de-<b>": "invalid_language", "de-\n": "", "de\x00": "invalid_language",
		"de-ÄT": "invalid_language", "de-AT-AT-AT": "invalid_language",
	} {
		w := newWorld(t)
		c := w.as("alpha", membership.Member)
		user, err := w.profile.Get(w.ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.profile.Change(w.ctx, c, user.Version, membership.ProfileInput{Language: &language})
		if membership.CodeOf(err) != code || err != nil && code == "" {
			t.Errorf("%q: %v, want %q", language, err, code)
		}
	}
}

// keyLength is a store that takes logins of the length that a key of the table can hold.
type keyLength struct {
	membership.InvitationStore
	t *testing.T
}

func (s keyLength) AcceptanceFacts(ctx context.Context, i membership.Invitation, folded []string) (membership.User, membership.Customer, []membership.Address, error) {
	for _, login := range folded {
		if len(login) > 254 {
			s.t.Errorf("the table is asked for a login of %d bytes", len(login))
		}
	}
	return s.InvitationStore.AcceptanceFacts(ctx, i, folded)
}

func TestWhatIsNoUsernameIsNotLookedUp(t *testing.T) {
	w := newWorld(t)
	inv := w.invite("new@example.com", membership.Member)
	w.invitations.Store = keyLength{w.store, t}
	for _, username := range []string{strings.Repeat("a", 3000), strings.Repeat("ü", 100_000)} {
		_, _, err := w.invitations.Accept(w.ctx, w.public(), membership.AcceptInput{Token: w.token(inv.ID), Password: goodPassword, Username: username})
		wantCode(t, err, "invalid_username")
	}
}
