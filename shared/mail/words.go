package mail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"clientele/shared/membership"
)

// words is what a language says in more than one letter: the file words.json of its folder.
type words struct {
	Greeting     string            `json:"greeting"`      // with {{first_name}}
	GreetingOnly string            `json:"greeting_only"` // if no first name is known
	Time         string            `json:"time"`          // with {{day}}, {{month}}, {{year}}, {{clock}}; says that it is UTC
	Months       []string          `json:"months"`
	Roles        map[string]string `json:"roles"`
	Expired      string            `json:"expired"`   // a line of the digest, with {{email}}, {{customer_name}}, {{expires_at}}
	More         string            `json:"more"`      // its last line if there are too many, with {{count}}
	Waiting      string            `json:"waiting"`   // a line of the approvers' reminder, with {{name}}, {{email}}, {{since}}
	NoReason     string            `json:"no_reason"` // of a disapproval
	NoReply      string            `json:"no_reply"`
	SignInAs     string            `json:"sign_in_as"`      // with {{username}}: which is not the address that the letter goes to
	SignInByMail string            `json:"sign_in_by_mail"` // with {{username}}, which is that address
}

func readWords(language string) (words, error) {
	source, err := files.ReadFile("letters/" + language + "/words.json")
	if err != nil {
		return words{}, fmt.Errorf("words of language %q: %w", language, err)
	}
	d := json.NewDecoder(bytes.NewReader(source))
	d.DisallowUnknownFields()
	var w words
	if err := d.Decode(&w); err != nil {
		return words{}, fmt.Errorf("words of language %q: %w", language, err)
	}
	if len(w.Months) != 12 {
		return words{}, fmt.Errorf("words of language %q: %d months", language, len(w.Months))
	}
	return w, nil
}

func (w words) greeting(firstName string) string {
	if firstName = OneLine(firstName); firstName == "" {
		return w.GreetingOnly
	}
	return say(w.Greeting, map[string]string{"first_name": firstName})
}

// signIn says what the recipient signs in with: mostly the username is the address itself, and is then named once.
func (w words) signIn(username, address string) string {
	phrase := w.SignInAs
	if membership.FoldLogin(username) == membership.FoldLogin(address) {
		phrase = w.SignInByMail
	}
	return say(phrase, map[string]string{"username": username})
}

// time returns "" for no time, which is an error if a letter needs one.
func (w words) time(t time.Time) string {
	if t.IsZero() || len(w.Months) != 12 {
		return ""
	}
	t = t.UTC()
	return say(w.Time, map[string]string{
		"day": strconv.Itoa(t.Day()), "month": w.Months[t.Month()-1], "year": strconv.Itoa(t.Year()), "clock": t.Format("15:04"),
	})
}

// role returns the name of a role in this language, or the role itself if the language has no word for it.
func (w words) role(role string) string {
	if name := w.Roles[role]; name != "" {
		return name
	}
	return role
}

// say fills a phrase of words.json. A phrase that cannot be filled gives "", so that the letter that needs it is not
// sent; a test fills every phrase of every language.
func say(phrase string, values map[string]string) string {
	var tags []Tag
	for name := range values {
		tags = append(tags, Tag{Name: name})
	}
	t, err := parse(phrase, tags)
	if err != nil {
		return ""
	}
	s, err := t.fill(plainForm, values)
	if err != nil {
		return ""
	}
	return s
}
