package door

import (
	"net/http"
	"testing"

	"clientele/shared/web"
)

// Whoever comes second is told what somebody else changed, and only that; what they did not touch is not put back.
func TestMeanwhile(t *testing.T) {
	wrong := func(form *web.Form) map[string]bool {
		all := map[string]bool{}
		for _, e := range form.Errors() {
			all[e.Field] = true
		}
		return all
	}
	held := func(pairs ...string) (fields []Held) {
		for i := 0; i < len(pairs); i += 2 {
			fields = append(fields, Held{Name: pairs[i], Value: pairs[i+1]})
		}
		return fields
	}
	opened := web.NewForm()
	Opened(opened, 1, held("city", "Bonn", "street", "", "comment", "one\ntwo", "phone", "1", "role", "member")...)
	form := web.NewForm("opened", opened.Value("opened"),
		"city", "Bergen", "street", "", "comment", "one\r\ntwo\r\nthree", "phone", "2", "role", "member") // city, comment and phone are typed
	if status := Meanwhile(form, 2, held("city", "Oslo", "street", "New street", "comment", "one\ntwo", "phone", "2", "role", "moderator")...); status != http.StatusPreconditionFailed || form.Value("version") != "2" {
		t.Errorf("%d, from version %s on", status, form.Value("version"))
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
	Meanwhile(again, 3, held("city", "Oslo", "street", "New street")...)
	if again.Failed() {
		t.Errorf("told again: %v", wrong(again))
	}

	// A form that does not say what it was opened with is told of every difference.
	for _, old := range []string{"", "{", "[]", `{"city":1}`} {
		form := web.NewForm("opened", old, "city", "Bonn", "street", "")
		Meanwhile(form, 2, held("city", "", "street", "New street")...)
		if form.Value("city") != "Bonn" || form.Value("street") != "" || len(wrong(form)) != 2 {
			t.Errorf("%q: %q, %q, %v", old, form.Value("city"), form.Value("street"), wrong(form))
		}
	}
}
