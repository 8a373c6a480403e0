package mail

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed letters
var files embed.FS

// DefaultLanguage is used if letters are in none of the wanted languages.
const DefaultLanguage = "en"

// Message is a letter ready to be sent.
type Message struct {
	Subject string
	Text    string
	HTML    string
}

// Languages returns the languages that letters are written in.
func Languages() []string {
	var languages []string
	entries, _ := files.ReadDir("letters") // of an embedded folder that is there
	for _, e := range entries {
		if e.IsDir() {
			languages = append(languages, e.Name())
		}
	}
	return languages
}

// Language returns the first of the wanted languages that letters are written in, where "de-AT" also means "de", else
// DefaultLanguage.
func Language(wanted ...string) string {
	have := Languages()
	for _, w := range wanted {
		w = strings.ToLower(strings.ReplaceAll(w, "_", "-"))
		for w != "" {
			if slices.Contains(have, w) {
				return w
			}
			w = w[:max(strings.LastIndexByte(w, '-'), 0)]
		}
	}
	return DefaultLanguage
}

// Render writes a letter in Language of these languages: pass the person's, the customer's, the deployment's. Errors: a
// value is missing or unfit, or a text uses a tag that the letter does not have.
func Render(letter Letter, languages ...string) (Message, error) {
	language := Language(languages...)
	m, err := render(letter, language)
	if err != nil {
		return Message{}, fmt.Errorf("letter %s in %s: %w", letter.Name(), language, err)
	}
	return m, nil
}

func render(letter Letter, language string) (Message, error) {
	w, err := readWords(language)
	if err != nil {
		return Message{}, err
	}
	values := letter.values(w)
	tags := tagsIn(values)
	path := "letters/" + language + "/" + letter.Name()

	subject, err := fillFile(path+".subject", subjectForm, tags, values)
	if err != nil {
		return Message{}, err
	}
	frame := map[string]string{
		"language": language, "subject": subject, "provider_name": values["provider_name"], "no_reply": w.NoReply,
	}
	framed := func(suffix string, f form) (string, error) {
		body, err := fillFile(path+suffix, f, tags, values)
		if err != nil {
			return "", err
		}
		frame["body"] = strings.TrimRight(body, "\n")
		return fillFile("letters/frame"+suffix, f, frameTags(), frame)
	}
	plain, err := framed(".txt", plainForm)
	if err != nil {
		return Message{}, err
	}
	page, err := framed(".html", htmlForm)
	if err != nil {
		return Message{}, err
	}
	return Message{Subject: subject, Text: plain, HTML: page}, nil
}

func fillFile(name string, f form, tags []Tag, values map[string]string) (string, error) {
	source, err := files.ReadFile(name)
	if err != nil {
		return "", err
	}
	t, err := parse(string(source), tags)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	s, err := t.fill(f, values)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}
