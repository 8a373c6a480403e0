package door

import (
	"slices"
	"testing"

	"clientele/shared/membership"
)

func TestInvitees(t *testing.T) {
	mail := func(addresses ...string) []membership.Invitee {
		var all []membership.Invitee
		for _, a := range addresses {
			all = append(all, membership.Invitee{Email: a})
		}
		return all
	}
	maria := []membership.Invitee{{Email: "maria@example.com", FirstName: "Maria", LastName: "López"}}
	for typed, want := range map[string][]membership.Invitee{
		"":                                 nil,
		" \n\r\n ; , ":                     nil,
		"a@example.com":                    mail("a@example.com"),
		"a@example.com\r\nb@example.com\n": mail("a@example.com", "b@example.com"),
		"a@example.com, b@example.com;c@example.com":                     mail("a@example.com", "b@example.com", "c@example.com"),
		"a@example.com b@example.com":                                    mail("a@example.com", "b@example.com"),
		"not an address":                                                 mail("not an address"),
		"tor@fjordfisk, a@example.com":                                   mail("tor@fjordfisk", "a@example.com"),
		"Maria López <maria@example.com>":                                maria,
		"López, Maria <maria@example.com>":                               maria,
		"\"López, Maria\" <maria@example.com>":                           maria,
		"a@example.com, López, Maria <maria@example.com>; b@example.com": slices.Concat(mail("a@example.com"), maria, mail("b@example.com")),
		"Maria <maria@example.com>":                                      {{Email: "maria@example.com", FirstName: "Maria"}},
		"Ana Maria López <maria@example.com>":                            {{Email: "maria@example.com", FirstName: "Ana Maria", LastName: "López"}},
		"<maria@example.com>":                                            mail("maria@example.com"),
		"Maria <maria@example.com":                                       mail("Maria <maria@example.com"),
		"\"open, Maria <a@example.com>\nb@example.com":                   {{Email: "a@example.com", FirstName: "Maria", LastName: "open"}, {Email: "b@example.com"}},
	} {
		if got := Invitees(typed); !slices.Equal(got, want) {
			t.Errorf("%q: got %+v, want %+v", typed, got, want)
		}
	}
}

// What failed is offered again in the form: typing it back must give the same invitees.
func TestTypedInviteesComeBack(t *testing.T) {
	for _, in := range []membership.Invitee{
		{Email: "a@example.com"}, {Email: "a@example.com", FirstName: "Maria"}, {Email: "a@example.com", LastName: "López"},
		{Email: "a@example.com", FirstName: "Ana Maria", LastName: "López"}, {Email: "a@example.com", FirstName: "Ana", LastName: "de la Cruz"},
		{Email: "tor@fjordfisk"},
	} {
		if got := Invitees(typed(in)); len(got) != 1 || got[0] != in {
			t.Errorf("%+v came back as %+v (typed %q)", in, got, typed(in))
		}
	}
}

func FuzzInvitees(f *testing.F) {
	f.Add("López, Maria <maria@example.com>;\"x, y\" <a@b.c>\n<>,,<")
	f.Fuzz(func(t *testing.T, typed string) {
		for _, in := range Invitees(typed) {
			if in.Email == "" && in.FirstName == "" && in.LastName == "" && len(typed) == 0 {
				t.Error("an invitee out of nothing")
			}
		}
	})
}
