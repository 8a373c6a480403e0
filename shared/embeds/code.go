package embeds

import (
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"clientele/shared/membership"
)

// Kind is what a form is for.
type Kind string

// The kinds.
const (
	SignIn       Kind = "sign-in"
	Registration Kind = "registration"
)

// Variant is how a form is embedded in a site.
type Variant string

// The variants.
const (
	Form  Variant = "form"
	Frame Variant = "iframe"
)

// Choice says which code is wanted.
type Choice struct {
	Kind    Kind
	Variant Variant
	// Address asks for the optional fields of the postal address; only with Registration.
	Address  bool
	Language string // of labels and pages
}

// Site is what all code of a deployment shares.
type Site struct {
	Portal   string // address without a slash at its end
	Provider string
	Fields   membership.RegistrationFields
}

// The initial heights of frames, in pixels: those of the usual forms. Higher forms scroll if scripts are off.
const (
	registrationHeight = 640
	signInHeight       = 150
	lowest, highest    = 80, 4000 // of what a frame may ask for
)

// Code returns what people copy into a page of another site.
func (s Site) Code(c Choice) (string, error) {
	texts, err := read(c.Language)
	if err != nil {
		return "", err
	}
	if c.Variant == Frame {
		return s.frame(c, texts), nil
	}
	return s.form(c, texts), nil
}

// FrameURL returns the address of a frame's page.
func (s Site) FrameURL(c Choice) string {
	query := url.Values{"language": {c.Language}}
	if c.Kind == Registration {
		query.Set("address", strconv.FormatBool(c.Address))
	}
	return s.Portal + "/embed/" + string(c.Kind) + "?" + query.Encode()
}

// frame returns an iframe, which keeps its height without its script. The script believes only the portal and this
// frame.
func (s Site) frame(c Choice, texts map[string]string) string {
	id, height, title := "clientele-"+string(c.Kind), registrationHeight, texts["title.registration"]
	if c.Kind == SignIn {
		height, title = signInHeight, texts["title.sign-in"]
	}
	origin, _ := json.Marshal(s.Portal) // a text in JavaScript, with <, > and & escaped
	return fmt.Sprintf(`<iframe id="%s" title="%s"
  src="%s"
  width="100%%" height="%d" style="border: 0"></iframe>
<script>
addEventListener("message", function (event) {
  var frame = document.getElementById("%s");
  if (event.origin !== %s || event.source !== frame.contentWindow) return;
  if (event.data.clientele !== "height") return;
  frame.height = Math.min(%d, Math.max(%d, Number(event.data.height) || 0));
});
</script>
`, id, attribute(strings.ReplaceAll(title, "{provider}", s.Provider)), attribute(s.FrameURL(c)), height, id, origin, highest, lowest)
}

// input is one field of a plain form.
type input struct {
	name, more string // more are attributes
	rule       membership.FieldRule
}

// form returns markup only. It leaves the page for the portal's (target): what is typed on the portal stays there, and
// a page that is itself in a frame would not be allowed to show it.
func (s Site) form(c Choice, texts map[string]string) string {
	var b strings.Builder
	action, method, button := s.Portal+"/embed/form", "post", texts["register"]
	inputs := s.registrationInputs(c)
	if c.Kind == SignIn {
		action, method, button = s.Portal+"/sign-in", "get", texts["sign_in"]
		inputs = []input{{"login", `autocomplete="username" maxlength="254"`, membership.FieldMandatory}}
	}
	fmt.Fprintf(&b, "<form action=\"%s\" method=\"%s\" target=\"_top\" accept-charset=\"utf-8\">\n", attribute(action), method)
	fmt.Fprintf(&b, "<input type=\"hidden\" name=\"language\" value=\"%s\">\n", attribute(c.Language))
	for _, in := range inputs {
		id, label, more := "clientele-"+in.name, html.EscapeString(texts["field."+in.name]), in.more
		if in.rule == membership.FieldMandatory {
			more += " required"
		} else {
			label += " " + html.EscapeString(texts["optional"])
		}
		fmt.Fprintf(&b, "<p><label for=\"%s\">%s</label><br>\n", id, label)
		if in.name == "comment" {
			fmt.Fprintf(&b, "<textarea id=\"%s\" name=\"%s\" %s></textarea></p>\n", id, in.name, more)
		} else {
			fmt.Fprintf(&b, "<input id=\"%s\" name=\"%s\" %s></p>\n", id, in.name, more)
		}
	}
	if c.Kind == Registration { // people do not see it, programs fill it
		fmt.Fprintf(&b, "<p hidden><label for=\"clientele-website\">%s</label>\n<input id=\"clientele-website\" name=\"website\" tabindex=\"-1\" autocomplete=\"off\"></p>\n", html.EscapeString(texts["trap"]))
	}
	fmt.Fprintf(&b, "<p><button>%s</button></p>\n</form>\n", html.EscapeString(button))
	return b.String()
}

func (s Site) registrationInputs(c Choice) []input {
	fields := s.Fields
	if !c.Address {
		fields = fields.WithoutAddress()
	}
	inputs := []input{
		{"firstName", `autocomplete="given-name" maxlength="100"`, membership.FieldMandatory},
		{"lastName", `autocomplete="family-name" maxlength="100"`, membership.FieldMandatory},
		{"email", `type="email" autocomplete="email" maxlength="254"`, membership.FieldMandatory},
		{"company", `autocomplete="organization" maxlength="100"`, fields.Company},
		{"phone", `type="tel" autocomplete="tel" maxlength="40"`, fields.Phone},
		{"street", `autocomplete="street-address" maxlength="200"`, fields.Street},
		{"postcode", `autocomplete="postal-code" maxlength="20"`, fields.Postcode},
		{"city", `autocomplete="address-level2" maxlength="200"`, fields.City},
		{"region", `autocomplete="address-level1" maxlength="200"`, fields.Region},
		{"country", `autocomplete="country" maxlength="2" size="2" pattern="[A-Za-z]{2}"`, fields.Country},
		{"comment", `rows="3" maxlength="1000"`, fields.Comment},
	}
	return slices.DeleteFunc(inputs, func(in input) bool { return in.rule == membership.FieldOff })
}

func attribute(s string) string { return html.EscapeString(s) }

//go:embed text
var files embed.FS

// read returns the texts of a language.
func read(language string) (map[string]string, error) {
	raw, err := files.ReadFile("text/" + membership.ChooseLanguage(language) + ".json")
	if err != nil {
		return nil, fmt.Errorf("texts of embeds: %w", err)
	}
	texts := map[string]string{}
	if err := json.Unmarshal(raw, &texts); err != nil {
		return nil, fmt.Errorf("texts of embeds: %w", err)
	}
	return texts, nil
}
