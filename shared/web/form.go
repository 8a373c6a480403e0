package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"clientele/shared/membership"
)

// Form is what was typed and what is wrong with it. Passwords are never written back into a page: fields of type
// password ignore their value.
type Form struct {
	values url.Values
	errors []FieldError
}

// FieldError is what is wrong with one field; Field "" means the whole form.
type FieldError struct {
	Field string
	Text  Phrase
}

// NewForm returns a form with the given values: name, value, name, value …
func NewForm(start ...string) *Form {
	f := &Form{values: url.Values{}}
	for i := 0; i+1 < len(start); i += 2 {
		f.values.Set(start[i], start[i+1])
	}
	return f
}

// formLimit is far above any form here, and below what a gateway passes on.
const formLimit = 1 << 20

// ReadForm returns the form as posted. Values are trimmed, except passwords. Errors: Invalid (form_unreadable).
func ReadForm(w http.ResponseWriter, r *http.Request) (*Form, error) {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		return nil, &membership.Error{Kind: membership.Invalid, Code: "form_unreadable",
			Message: "The form could not be read."}
	}
	for name, values := range r.PostForm {
		if strings.Contains(strings.ToLower(name), "password") {
			continue
		}
		for i := range values {
			values[i] = strings.TrimSpace(values[i])
		}
	}
	return &Form{values: r.PostForm}, nil
}

// Value returns the first value of a field, or "".
func (f *Form) Value(name string) string {
	if f == nil {
		return ""
	}
	return f.values.Get(name)
}

// Values returns all values of a field that may appear several times.
func (f *Form) Values(name string) []string {
	if f == nil {
		return nil
	}
	return f.values[name]
}

// Checked says whether a checkbox was ticked.
func (f *Form) Checked(name string) bool { return f.Value(name) != "" }

// Set sets the value of a field.
func (f *Form) Set(name, value string) { f.values.Set(name, value) }

// Error adds what is wrong; field "" means the whole form.
func (f *Form) Error(field string, text Phrase) {
	f.errors = append(f.errors, FieldError{field, text})
}

// Fail adds what a use case found wrong, with the text of its code. It returns false for errors that are not about what
// was typed: those are for Pages.Failed. fields maps the use case's field names to the form's where they differ: name,
// field, name, field …
func (f *Form) Fail(err error, fields ...string) bool {
	var wrong *membership.Error
	if !errors.As(err, &wrong) {
		return false
	}
	switch wrong.Kind {
	case membership.Invalid, membership.Conflict, membership.TooMany, membership.Stale, membership.Unavailable:
	case membership.Unauthenticated: // a wrong password or code; a session that has ended needs the sign-in page
		if wrong.Code == membership.ErrSignedOut.Code {
			return false
		}
	case membership.Forbidden: // a role that may not be given is an error of its field
		if wrong.Field == "" {
			return false
		}
	default:
		return false
	}
	if len(wrong.Fields) == 0 {
		f.Error(rename(wrong.Field, fields), Known(wrong.Code))
	}
	for _, one := range wrong.Fields {
		f.Error(rename(one.Field, fields), Known(one.Code))
	}
	return true
}

func rename(field string, pairs []string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == field {
			return pairs[i+1]
		}
	}
	return field
}

// Failed says whether anything is wrong.
func (f *Form) Failed() bool { return f != nil && len(f.errors) > 0 }

// Errors returns what is wrong, for the partial "errors" on top of the form.
func (f *Form) Errors() []FieldError {
	if f == nil {
		return nil
	}
	return f.errors
}

func (f *Form) wrong(name string) Phrase {
	for _, e := range f.Errors() {
		if e.Field == name {
			return e.Text
		}
	}
	return Phrase{}
}

// Option is one choice of a select, of radio buttons, or of checkboxes.
type Option struct {
	Value  string
	Label  Phrase
	Hint   Phrase // for radio buttons: what it means to choose it
	Ticked bool   // for checkboxes
}

// LanguageOptions returns the options of a language field. Each language is named in itself, so that people who read no
// other can find it. A held language with a region is an option too: saving the form keeps it.
func LanguageOptions(held ...string) []Option {
	var options []Option
	for _, language := range Languages() {
		options = append(options, Option{Value: language, Label: Word("language", language)})
		for _, one := range held {
			if one != "" && one != language && membership.ChooseLanguage(one) == language {
				options = append(options, Option{Value: one, Label: Text("form.language_region", "language", Word("language", language), "code", one)})
			}
		}
	}
	return options
}

// Field is one form field with all that belongs to it. Pages make it with the template function field; doc.go lists its
// attributes.
type Field struct {
	ID, Name, Type, Value string
	Label, Hint, Wrong    Phrase
	Required, Optional    bool // Optional is said after the label
	Autofocus             bool
	Checked               bool
	Autocomplete          string
	InputMode             string
	Pattern, Min, Max     string
	MinLength, MaxLength  string
	Rows                  string
	Placeholder           string
	Class                 string // "short" or "code"
	Options               []Option
}

// DescribedBy returns the value of aria-describedby: hint and error, in the order in which they are shown.
func (f Field) DescribedBy() string {
	var ids []string
	if !f.Hint.Empty() {
		ids = append(ids, f.ID+"-hint")
	}
	if !f.Wrong.Empty() {
		ids = append(ids, f.ID+"-error")
	}
	return strings.Join(ids, " ")
}

// field makes a Field in a template: name, then attributes such as "type=email" or "required", and options as []Option.
func field(form *Form, name string, attributes ...any) (Field, error) {
	f := Field{
		ID: fieldID(name), Name: name, Type: "text",
		Label: Text("field." + name), Value: form.Value(name), Wrong: form.wrong(name),
	}
	for _, attribute := range attributes {
		switch a := attribute.(type) {
		case []Option:
			f.Options = a
		case Phrase:
			f.Label = a
		case string:
			if err := f.set(a); err != nil {
				return f, err
			}
		default:
			return f, errors.New("field " + name + ": an attribute is neither text nor options")
		}
	}
	switch f.Type {
	case "password":
		f.Value = ""
	case "checkbox":
		f.Checked = f.Value != ""
	}
	return f, nil
}

func (f *Field) set(attribute string) error {
	name, value, _ := strings.Cut(attribute, "=")
	switch name {
	case "type":
		f.Type = value
	case "id":
		f.ID = value
	case "label":
		f.Label = Text(value)
	case "hint":
		f.Hint = Text(value)
	case "value":
		f.Value = value
	case "required":
		f.Required = true
	case "optional":
		f.Optional = true
	case "autofocus":
		f.Autofocus = true
	case "autocomplete":
		f.Autocomplete = value
	case "inputmode":
		f.InputMode = value
	case "pattern":
		f.Pattern = value
	case "min":
		f.Min = value
	case "max":
		f.Max = value
	case "minlength":
		f.MinLength = value
	case "maxlength":
		f.MaxLength = value
	case "rows":
		f.Rows = value
	case "placeholder":
		f.Placeholder = value
	case "class":
		f.Class = value
	default:
		return errors.New("field " + f.Name + ": unknown attribute " + attribute)
	}
	return nil
}

// PastedToken returns the token in what a person pasted: the code alone, or the whole link with the code after its #.
func PastedToken(typed string) string {
	if _, fragment, ok := strings.Cut(typed, "#"); ok {
		typed = fragment
	}
	return strings.TrimSpace(typed)
}

// fieldID returns the id of a field's element: the name without the brackets and dots of "invitees[2].email", which
// anchors do not like.
func fieldID(name string) string {
	return "f-" + strings.NewReplacer("[", "-", "]", "", ".", "-").Replace(name)
}
