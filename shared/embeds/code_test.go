package embeds

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"clientele/shared/membership"
)

func site() Site {
	return Site{Portal: "https://portal.example", Provider: `Nord & "Wind" </script>`, Fields: membership.RegistrationFields{
		Company: membership.FieldOptional, Phone: membership.FieldOff, Street: membership.FieldOptional, Postcode: membership.FieldMandatory, City: membership.FieldOptional,
		Region: membership.FieldOff, Country: membership.FieldOptional, Comment: membership.FieldOptional}}
}

func code(t *testing.T, c Choice) string {
	t.Helper()
	code, err := site().Code(c)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// A form asks for what the settings ask for; without the address, only what nobody can register without.
func TestRegistrationForm(t *testing.T) {
	for address, names := range map[bool][]string{
		true:  {"firstName", "lastName", "email", "company", "street", "postcode", "city", "country", "comment"},
		false: {"firstName", "lastName", "email", "company", "postcode", "comment"},
	} {
		form := code(t, Choice{Kind: Registration, Variant: Form, Address: address, Language: "en"})
		var found []string
		for _, part := range strings.Split(form, "<label for=\"clientele-")[1:] {
			name, _, _ := strings.Cut(part, `"`)
			found = append(found, name)
		}
		if want := append(names, "website"); !slices.Equal(found, want) {
			t.Errorf("with address %v: %v, want %v", address, found, want)
		}
		for _, part := range []string{`action="https://portal.example/embed/form" method="post"`, `name="postcode" autocomplete="postal-code" maxlength="20" required`, "Company (optional)",
			`<p hidden><label for="clientele-website">`, `name="language" value="en"`} {
			if !strings.Contains(form, part) {
				t.Errorf("no %s in\n%s", part, form)
			}
		}
	}
}

// No form on another site asks for a password, and none is sent there from.
func TestSignInHandsOver(t *testing.T) {
	form := code(t, Choice{Kind: SignIn, Variant: Form, Language: "de"})
	if !strings.Contains(form, `<form action="https://portal.example/sign-in" method="get" target="_top"`) || strings.Contains(form, "password") || strings.Count(form, "<input") != 2 ||
		!strings.Contains(form, `<input type="hidden" name="language" value="de">`) {
		t.Error(form)
	}
}

// What a frame says is believed only if it comes from the portal and from this frame; and names of companies are no code.
func TestFrame(t *testing.T) {
	frame := code(t, Choice{Kind: Registration, Variant: Frame, Address: true, Language: "de"})
	for _, part := range []string{`src="https://portal.example/embed/registration?address=true&amp;language=de"`, `title="Bei Nord &amp; &#34;Wind&#34; &lt;/script&gt; registrieren"`,
		`event.origin !== "https://portal.example"`, `event.source !== frame.contentWindow`} {
		if !strings.Contains(frame, part) {
			t.Errorf("no %s in\n%s", part, frame)
		}
	}
	if strings.Count(frame, "</script>") != 1 {
		t.Errorf("a name ends the script:\n%s", frame)
	}
	if signIn := code(t, Choice{Kind: SignIn, Variant: Frame, Address: true, Language: "en"}); !strings.Contains(signIn, `/embed/sign-in?language=en"`) {
		t.Error(signIn)
	}
}

func TestTextsInEveryLanguage(t *testing.T) {
	var keys []string
	for _, language := range membership.Languages() {
		raw, err := os.ReadFile("text/" + language + ".json")
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		if err := json.Unmarshal(raw, &texts); err != nil {
			t.Fatal(err)
		}
		these := slices.Sorted(maps.Keys(texts))
		if keys != nil && !slices.Equal(keys, these) {
			t.Errorf("%s has %v instead of %v", language, these, keys)
		}
		keys = these
		for _, in := range append(site().registrationInputs(Choice{Address: true}), input{name: "login"}, input{name: "phone"}, input{name: "region"}) {
			if texts["field."+in.name] == "" {
				t.Errorf("%s has no label for %s", language, in.name)
			}
		}
	}
}
