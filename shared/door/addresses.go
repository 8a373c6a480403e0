package door

import (
	"strings"

	"clientele/shared/membership"
)

// Invitees reads what people type or paste into the address field: one address per line, or several with commas or
// semicolons between them, each alone or with a name (`Maria López <maria@example.com>`,
// `López, Maria <maria@example.com>`). What is not an address stays as it was typed and is refused in its row.
func Invitees(typed string) []membership.Invitee {
	var all []membership.Invitee
	for _, part := range addressParts(typed) {
		all = append(all, invitee(part))
	}
	return all
}

// addressParts cuts the text between one address and the next.
func addressParts(typed string) []string {
	var parts []string
	for _, line := range cut(typed, "\n\r;") {
		pieces := cut(line, ",")
		for i := 0; i < len(pieces); i++ {
			piece := pieces[i]
			// "López, Maria <maria@example.com>" is one address, and its first piece has no @.
			if !strings.Contains(piece, "@") && i+1 < len(pieces) && strings.Contains(pieces[i+1], "<") {
				i++
				piece += ", " + pieces[i]
			}
			parts = append(parts, spaced(piece)...)
		}
	}
	return parts
}

// spaced takes "a@example.com b@example.com" apart; anywhere else, spaces belong to a name or a mistake.
func spaced(piece string) []string {
	fields := strings.Fields(piece)
	if len(fields) < 2 || strings.Contains(piece, "<") {
		return []string{piece}
	}
	for _, field := range fields {
		if !strings.Contains(field, "@") {
			return []string{piece}
		}
	}
	return fields
}

// cut splits s at any of the marks, but not within quotes, and leaves out empty parts.
func cut(s, marks string) []string {
	var parts []string
	var part strings.Builder
	end := func() {
		if p := strings.TrimSpace(part.String()); p != "" {
			parts = append(parts, p)
		}
		part.Reset()
	}
	quoted := false
	for _, r := range s {
		switch {
		case r == '"':
			quoted = !quoted
		case r == '\n':
			quoted = false // an unclosed quote ends with its line
		}
		if !quoted && strings.ContainsRune(marks, r) {
			end()
			continue
		}
		part.WriteRune(r)
	}
	end()
	return parts
}

func invitee(part string) membership.Invitee {
	name, rest, named := strings.Cut(part, "<")
	if !named || !strings.HasSuffix(rest, ">") {
		return membership.Invitee{Email: part}
	}
	in := membership.Invitee{Email: strings.TrimSpace(strings.TrimSuffix(rest, ">"))}
	name = strings.Trim(strings.TrimSpace(name), `"'`)
	if last, first, turned := strings.Cut(name, ","); turned {
		in.FirstName, in.LastName = strings.TrimSpace(first), strings.TrimSpace(last)
		return in
	}
	words := strings.Fields(name)
	switch len(words) {
	case 0:
	case 1:
		in.FirstName = words[0]
	default:
		in.FirstName, in.LastName = strings.Join(words[:len(words)-1], " "), words[len(words)-1]
	}
	return in
}

// typed returns an invitee as one would type it into the address field.
func typed(in membership.Invitee) string {
	name := strings.TrimSpace(in.FirstName + " " + in.LastName)
	if in.LastName != "" && (in.FirstName == "" || strings.Contains(in.LastName, " ")) {
		name = in.LastName + ", " + in.FirstName
	}
	if name == "" {
		return in.Email
	}
	return name + " <" + in.Email + ">"
}
