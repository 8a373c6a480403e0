package mail_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"clientele/shared/mail"
	"clientele/shared/mail/sending"
	"clientele/shared/membership"
)

// desk keeps the last mail that was handed over, or answers with its error.
type desk struct {
	last *sesv2.SendEmailInput
	err  error
}

func (d *desk) SendEmail(_ context.Context, in *sesv2.SendEmailInput, _ ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error) {
	d.last = in
	return &sesv2.SendEmailOutput{MessageId: aws.String("message-1")}, d.err
}

func (d *desk) text() string { return aws.ToString(d.last.Content.Simple.Body.Text.Data) }

func postman(d sending.SES) mail.Postman {
	return mail.Postman{
		Sender:   sending.Sender{Client: d, From: "no-reply@northwind.example"},
		Provider: "Northwind", PortalURL: "https://portal.example", ConsoleURL: "https://console.example", Language: "en",
	}
}

// stored is a mail as membership stores it.
func stored(letter membership.Letter) membership.Mail {
	m := membership.Mail{
		ID: "mail-1", Letter: letter, To: "anna@example.com", Door: membership.PortalDoor, Language: "en",
		CreatedAt: time.Date(2026, 3, 5, 8, 9, 0, 0, time.UTC),
		Fields: map[string]string{"firstName": "Anna", "customer": "Sommer GmbH", "provider": "Northwind", "inviter": "Jo Berg",
			"role": "agent", "expiresAt": "2026-03-12T14:05:00Z", "username": "anna"},
	}
	switch letter {
	case membership.LetterStaffInvitation:
		m.Door = membership.ConsoleDoor
	case membership.LetterExpiredDigest:
		m.Fields = map[string]string{"firstName": "Anna", "count": "53", "more": "51",
			"expired": "a@example.com\tSommer GmbH\t2026-03-12T14:05:00Z\nb@example.com\tFjord AS\t2026-03-12T15:05:00Z"}
	}
	return m
}

func TestPostmanWritesEveryLetterOfMembership(t *testing.T) {
	has := map[membership.Letter][]string{
		membership.LetterInvitation:            {"https://portal.example/invitation#a.1.b", "Hello Anna", "Jo Berg", "Sommer GmbH", "12 March 2026, 14:05 UTC"},
		membership.LetterStaffInvitation:       {"https://console.example/invitation#a.1.b", "agent", "Jo Berg"},
		membership.LetterAddressInUse:          {"Sommer GmbH", "https://portal.example\n", "Hello,\n"},
		membership.LetterAddressTaken:          {"Sommer GmbH", "cannot sign in", "Hello,\n"},
		membership.LetterExpiredDigest:         {"a@example.com (Sommer GmbH), expired on 12 March 2026, 14:05 UTC", "b@example.com (Fjord AS)", "and 51 more"},
		membership.LetterPasswordReset:         {"https://portal.example/reset-password#a.1.b", "username is anna.", "12 March 2026, 14:05 UTC"},
		membership.LetterPasswordChanged:       {"account anna with", "5 March 2026, 08:09 UTC"},
		membership.LetterRegistrationTemporary: {"\na.1.b\n", "username is anna.", "Sommer GmbH", "https://portal.example/sign-in\n", "choose a password of your own", "12 March 2026, 14:05 UTC", "do not reply"},
		membership.LetterPasswordTemporary:     {"\na.1.b\n", "account anna", "https://portal.example/sign-in\n", "choose a password of your own", "12 March 2026, 14:05 UTC"},
	}
	for letter, parts := range has {
		d := &desk{}
		token := "a.1.b"
		if letter == membership.LetterAddressInUse || letter == membership.LetterAddressTaken {
			token = ""
		}
		id, err := postman(d).Post(context.Background(), stored(letter), token)
		if err != nil || id != "message-1" {
			t.Errorf("%s: %q, %v", letter, id, err)
			continue
		}
		for _, part := range parts {
			if !strings.Contains(d.text(), part) {
				t.Errorf("%s: no %q in\n%s", letter, part, d.text())
			}
		}
		if tag := aws.ToString(d.last.EmailTags[0].Value); tag != "mail-1" {
			t.Errorf("%s: the message tag is %q", letter, tag)
		}
	}
}

func TestPostmanNamesTheAddressWhereThereIsNoUsername(t *testing.T) {
	d := &desk{}
	m := stored(membership.LetterPasswordChanged)
	delete(m.Fields, "username")
	if _, err := postman(d).Post(t.Context(), m, ""); err != nil || !strings.Contains(d.text(), "account anna@example.com with") {
		t.Errorf("%v in\n%s", err, d.text())
	}
}

// Letters that may go to somebody who never asked for them, at an address that a stranger typed: whatever people could type
// about themselves or others, nothing of it becomes a link. Those that only confirm an address say nothing typed at all.
func TestLettersToUnprovenAddressesAdvertiseNothing(t *testing.T) {
	letters := map[membership.Letter]struct{ silent bool }{
		membership.LetterInvitation: {}, membership.LetterStaffInvitation: {}, membership.LetterAddressInUse: {}, membership.LetterAddressTaken: {},
		membership.LetterUserRegistration: {}, membership.LetterRegistrationTemporary: {}, membership.LetterPasswordLink: {}, membership.LetterPasswordTemporary: {},
		membership.LetterEmailConfirm: {true}, membership.LetterGuestLink: {}, membership.LetterRegistrationConfirm: {true},
	}
	for letter, want := range letters {
		for _, language := range membership.Languages() {
			d := &desk{}
			m := stored(letter)
			m.Language = language
			m.Fields["username"] = "win.evil.example" // letters, digits, dots: a good username
			if want.silent {                          // even if membership stored it by mistake
				m.Fields["firstName"] = ""
				m.Fields["customer"], m.Fields["inviter"] = "evil-customer", "evil-inviter"
			}
			if _, err := postman(d).Post(t.Context(), m, "a.1.b"); err != nil {
				t.Errorf("%s: %v", letter, err)
				continue
			}
			body := d.last.Content.Simple
			for _, s := range []string{aws.ToString(body.Subject.Data), d.text(), aws.ToString(body.Body.Html.Data)} {
				if strings.Contains(s, "evil") {
					t.Errorf("%s in %s says what was typed:\n%s", letter, language, s)
				}
			}
		}
	}
	d := &desk{}
	m := stored(membership.LetterUserRegistration)
	m.Fields["username"] = "anna-b"
	if _, err := postman(d).Post(t.Context(), m, "a.1.b"); err != nil || !strings.Contains(d.text(), "username is anna-b.") {
		t.Errorf("%v in\n%s", err, d.text())
	}
}

func TestPostmanTakesTheMailsLanguageElseTheDeployments(t *testing.T) {
	d := &desk{}
	for language, want := range map[string]string{"de-AT": "Guten Tag Anna", "": "Hello Anna"} {
		m := stored(membership.LetterInvitation)
		m.Language = language
		if _, err := postman(d).Post(context.Background(), m, "a.1.b"); err != nil || !strings.Contains(d.text(), want) {
			t.Errorf("%q: %v, no %q in\n%s", language, err, want, d.text())
		}
	}
}

func TestPostmanTellsRefusalsFromPassingFaults(t *testing.T) {
	for _, c := range []struct {
		err     error
		refused bool
	}{
		{&types.MessageRejected{Message: aws.String("Address blacklisted")}, true},
		{&types.BadRequestException{Message: aws.String("Illegal address")}, true},
		{&types.TooManyRequestsException{Message: aws.String("Maximum sending rate exceeded.")}, false},
		{errors.New("connection reset"), false},
	} {
		_, err := postman(&desk{err: c.err}).Post(context.Background(), stored(membership.LetterInvitation), "a.1.b")
		if refusal := (*membership.MailRefusal)(nil); err == nil || errors.As(err, &refusal) != c.refused {
			t.Errorf("%v became %v (%T)", c.err, err, err)
		}
	}
}

func TestPostmanNeverRefusesForOurOwnFault(t *testing.T) {
	unknown := stored("no-such-letter")
	broken := stored(membership.LetterInvitation)
	broken.Fields = map[string]string{"expiresAt": "soon"}
	empty := stored(membership.LetterInvitation)
	empty.Fields = nil
	for _, m := range []membership.Mail{unknown, broken, empty} {
		d := &desk{}
		_, err := postman(d).Post(context.Background(), m, "a.1.b")
		if refusal := (*membership.MailRefusal)(nil); err == nil || errors.As(err, &refusal) || d.last != nil {
			t.Errorf("%+v: %v", m, err)
		}
	}
}

func TestPostmanSurvivesAPanic(t *testing.T) {
	_, err := postman(nil).Post(context.Background(), stored(membership.LetterInvitation), "a.1.b")
	if err == nil || !strings.Contains(err.Error(), "panic") {
		t.Errorf("got %v", err)
	}
}
