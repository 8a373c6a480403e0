package door

import (
	"testing"

	"clientele/shared/web"
)

// Whoever comes second is told what somebody else changed, and only that; what they did not touch is not put back.
func TestShowStored(t *testing.T) {
	wrong := func(form *web.Form) map[string]bool {
		all := map[string]bool{}
		for _, e := range form.Errors() {
			all[e.Field] = true
		}
		return all
	}
	opened := web.NewForm("city", "Bonn", "street", "", "comment", "one\ntwo", "phone", "1", "role", "member")
	Opened(opened, "city", "street", "comment", "phone", "role")
	form := web.NewForm("opened", opened.Value("opened"),
		"city", "Bergen", "street", "", "comment", "one\r\ntwo\r\nthree", "phone", "2", "role", "member") // city, comment and phone are typed
	stored := map[string]string{"city": "Oslo", "street": "New street", "comment": "one\ntwo", "phone": "2", "role": "moderator"}
	for field, value := range stored {
		ShowStored(form, field, value)
	}
	for field, want := range map[string]struct {
		value string
		told  bool
	}{
		"city":    {"Bergen", true},               // both changed it
		"street":  {"New street", true},           // the other one did
		"comment": {"one\r\ntwo\r\nthree", false}, // the second one did
		"phone":   {"2", false},                   // both, to the same
		"role":    {"moderator", true},
	} {
		if form.Value(field) != want.value || wrong(form)[field] != want.told {
			t.Errorf("%s: %q, told: %v", field, form.Value(field), wrong(form)[field])
		}
	}

	// Sent again as it is and second once more: nothing has changed since it was shown.
	again := web.NewForm("opened", form.Value("opened"), "city", "Bergen", "street", "New street")
	ShowStored(again, "city", "Oslo")
	ShowStored(again, "street", "New street")
	if again.Failed() {
		t.Errorf("told again: %v", wrong(again))
	}

	// A form that does not say what it was opened with is told of every difference.
	for _, old := range []string{"", "{", "[]", `{"city":1}`} {
		form := web.NewForm("opened", old, "city", "Bonn", "street", "")
		ShowStored(form, "city", "")
		ShowStored(form, "street", "New street")
		if form.Value("city") != "Bonn" || form.Value("street") != "" || len(wrong(form)) != 2 {
			t.Errorf("%q: %q, %q, %v", old, form.Value("city"), form.Value("street"), wrong(form))
		}
	}
}
