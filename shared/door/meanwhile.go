package door

import (
	"encoding/json"
	"strings"

	"clientele/shared/web"
)

// openedField is the hidden field of a form that holds what its fields held when it was opened.
const openedField = "opened"

// Opened keeps in a form what these fields of the record hold. Whoever comes second with it is then told of what somebody
// else changed only, and what they did not touch themselves is not put back to what it was (ShowStored).
func Opened(form *web.Form, fields ...string) {
	was := map[string]string{}
	for _, name := range fields {
		was[name] = form.Value(name)
	}
	keepOpened(form, was)
}

func keepOpened(form *web.Form, was map[string]string) {
	raw, _ := json.Marshal(was) // of strings: cannot fail
	form.Set(openedField, string(raw))
}

// ShowStored says at a field what somebody else has stored there since the form was opened: whoever saves again does it
// knowingly. A field that was not touched in the form takes over what is stored.
func ShowStored(form *web.Form, field, stored string) {
	showStored(form, field, stored, web.Plain(stored))
}

// showStored is ShowStored of a value that is told in words.
func showStored(form *web.Form, field, stored string, said web.Phrase) {
	var was map[string]string
	if json.Unmarshal([]byte(form.Value(openedField)), &was) != nil {
		was = nil // a form of before, or of nobody's: it knows of no field
	}
	opened, known := was[field]
	if known { // what is stored now is what the next comparison starts from
		was[field] = stored
		keepOpened(form, was)
	}
	mine := strings.ReplaceAll(form.Value(field), "\r\n", "\n") // forms post lines with both
	switch {
	case mine == stored, known && opened == stored:
	case known && mine == opened:
		form.Set(field, stored)
		form.Error(field, web.Text("form.taken_meanwhile"))
	case stored == "":
		form.Error(field, web.Text("form.emptied_meanwhile"))
	default:
		form.Error(field, web.Text("form.changed_meanwhile", "value", said))
	}
}
