package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"clientele/shared/membership"
)

const (
	maxDepth        = 16  // our deepest body has four levels
	maxFieldErrors  = 20  // an answer names at most this many fields
	maxFieldNameLen = 100 // how many characters of a field name an answer repeats
)

// Decode reads the JSON body of a request strictly into a struct. A field that is unknown (names are compared exactly),
// of another type or null, and a missing required one (its json tag has no omitempty, as in the types of shared/api),
// is an Invalid error that names it, up to 20 of them at once. When a name is given twice, the last value counts.
// Lengths, patterns and enums are rules, not form: membership judges them.
func Decode(r *http.Request, into any) error {
	if err := requireJSON(r); err != nil {
		return err
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	if err := wellFormed(body); err != nil {
		return err
	}
	d := decoder{}
	d.value(reflect.ValueOf(into).Elem(), body, "")
	return d.err()
}

func requireJSON(r *http.Request) error {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := parameters["charset"]
	if err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return membership.InvalidField("Content-Type", "invalid_content_type", "Send the body as Content-Type: application/json.")
	}
	return nil
}

// readBody returns the whole body and leaves it readable.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		return nil, invalidBody("The body did not arrive whole.").Because(err)
	}
	if len(body) > MaxBody {
		return nil, errBodyTooLarge
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

func wellFormed(body []byte) error {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return invalidBody("The body is empty; send a JSON object.")
	case !utf8.Valid(body):
		return invalidBody("The body is not valid UTF-8.")
	case depth(body) > maxDepth:
		return invalidBody("The body is nested too deeply.")
	}
	var syntax *json.SyntaxError
	if err := json.Unmarshal(body, new(json.RawMessage)); errors.As(err, &syntax) {
		return invalidBody("The body is not valid JSON: see byte " + strconv.FormatInt(syntax.Offset, 10) + ".")
	} else if err != nil {
		return invalidBody("The body is not valid JSON.")
	}
	return nil
}

func invalidBody(message string) *membership.Error {
	return membership.InvalidField("body", "invalid_body", message)
}

// depth returns how deeply arrays and objects are nested, before any parser recurses into them.
func depth(body []byte) int {
	now, most, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			most = max(most, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return most
}

// decoder fills a value and collects what is wrong, with its place as in "invitees[2].email".
type decoder struct{ wrong []membership.FieldError }

func (d *decoder) fail(field, code, message string) {
	if field == "" {
		field = "body"
	}
	if len(d.wrong) < maxFieldErrors {
		d.wrong = append(d.wrong, membership.FieldError{Field: field, Code: code, Message: message})
	}
}

func (d *decoder) err() error {
	if len(d.wrong) == 0 {
		return nil
	}
	first := d.wrong[0]
	return &membership.Error{Kind: membership.Invalid, Code: first.Code, Field: first.Field, Message: first.Message, Fields: d.wrong}
}

func (d *decoder) value(v reflect.Value, raw json.RawMessage, at string) {
	if len(d.wrong) == maxFieldErrors {
		return
	}
	if string(bytes.TrimSpace(raw)) == "null" {
		d.fail(at, "wrong_type", "This must not be null. Leave the field out, or send an empty value to clear it.")
		return
	}
	_, own := v.Addr().Interface().(json.Unmarshaler) // time.Time and others decode themselves
	switch {
	case own:
		d.leaf(v, raw, at)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(v.Elem(), raw, at)
	case v.Kind() == reflect.Struct:
		d.object(v, raw, at)
	case v.Kind() == reflect.Slice:
		d.list(v, raw, at)
	default:
		d.leaf(v, raw, at)
	}
}

func (d *decoder) leaf(v reflect.Value, raw json.RawMessage, at string) {
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		d.fail(at, "wrong_type", "This must be "+kindName(v)+".")
	}
}

func (d *decoder) list(v reflect.Value, raw json.RawMessage, at string) {
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		d.fail(at, "wrong_type", "This must be a list.")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(elements), len(elements)))
	for i, element := range elements {
		d.value(v.Index(i), element, at+"["+strconv.Itoa(i)+"]")
	}
}

func (d *decoder) object(v reflect.Value, raw json.RawMessage, at string) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		d.fail(at, "wrong_type", "This must be an object.")
		return
	}
	if at != "" {
		at += "."
	}
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		member, given := members[name]
		delete(members, name)
		switch {
		case given:
			d.value(v.Field(i), member, at+name)
		case !strings.Contains(options, "omitempty"):
			d.fail(at+name, "required", "This field is required.")
		}
	}
	unknown := make([]string, 0, len(members))
	for name := range members {
		unknown = append(unknown, name)
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		d.fail(at+fieldName(name), "unknown_field", "There is no such field here.")
	}
}

// fieldName returns the caller's name of a field in a form fit to be repeated: short, printable ASCII only.
func fieldName(name string) string {
	if len(name) > maxFieldNameLen {
		name = name[:maxFieldNameLen]
	}
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, name)
}

func kindName(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Map:
		return "an object"
	case reflect.Struct:
		return "a time such as 2026-01-31T12:00:00Z"
	}
	return "of another type"
}
