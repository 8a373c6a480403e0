package door

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"clientele/shared/web"
)

// Held is a field of a form for changes, and what the record holds there.
type Held struct {
	Name, Value string
	Said        web.Phrase // how a page says the value, where that is not how people typed it
	Label       web.Phrase // of the field, where the summary of what is wrong finds none by its name
}

// openedField is the hidden field of a form that holds what its fields held when it was opened.
const openedField = "opened"

// Opened puts a record into a form, and what it held until it is sent. Whoever comes second with it is then told of what
// somebody else changed only, and what they did not touch themselves is not put back to what it was (Meanwhile).
func Opened(form *web.Form, version int, fields ...Held) {
	was := map[string]string{}
	for _, f := range fields {
		form.Set(f.Name, f.Value)
		was[f.Name] = f.Value
	}
	keepOpened(form, was)
	form.Set("version", strconv.Itoa(version))
}

// touched says whether a field of a form says something else than when the form was opened.
func touched(form *web.Form, name string) bool {
	opened, known := openedWith(form)[name]
	return !known || form.Value(name) != opened
}

// openedWith returns what the fields of a form held when it was opened, nil when the form does not say.
func openedWith(form *web.Form) map[string]string {
	var was map[string]string
	if json.Unmarshal([]byte(form.Value(openedField)), &was) != nil {
		return nil
	}
	return was
}

func keepOpened(form *web.Form, was map[string]string) {
	raw, _ := json.Marshal(was) // of strings: cannot fail
	form.Set(openedField, string(raw))
}

// Meanwhile says in a form that came second what somebody else has stored since it was opened: whoever saves again does it
// knowingly. It returns the status of that page.
func Meanwhile(form *web.Form, version int, fields ...Held) int {
	for _, f := range fields {
		showStored(form, f)
	}
	form.Set("version", strconv.Itoa(version))
	return http.StatusPreconditionFailed
}

// showStored is Meanwhile for one field. One that was not touched in the form takes over what is stored.
func showStored(form *web.Form, f Held) {
	was := openedWith(form)
	opened, known := was[f.Name]
	if known { // what is stored now is what the next comparison starts from
		was[f.Name] = f.Value
		keepOpened(form, was)
	}
	tell := func(text web.Phrase) {
		if !f.Label.Empty() {
			text = web.Text("form.of_field", "field", f.Label, "text", text)
		}
		form.Error(f.Name, text)
	}
	mine := strings.ReplaceAll(form.Value(f.Name), "\r\n", "\n") // forms post lines with both
	switch {
	case mine == f.Value, known && opened == f.Value:
	case known && mine == opened:
		form.Set(f.Name, f.Value)
		tell(web.Text("form.taken_meanwhile"))
	case !f.Said.Empty():
		tell(web.Text("form.changed_meanwhile", "value", f.Said))
	case f.Value == "":
		tell(web.Text("form.emptied_meanwhile"))
	default:
		tell(web.Text("form.changed_meanwhile", "value", web.Plain(f.Value)))
	}
}
