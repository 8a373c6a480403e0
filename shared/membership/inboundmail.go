package membership

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
)

// MailReceipt is what the receiving server says of a mail: the envelope, and what the server found out itself. Only
// this can be trusted; all that the mail says of itself is a claim.
type MailReceipt struct {
	ID         string // the server's, under which the mail is kept
	ReceivedAt time.Time
	Sender     string   // of the envelope; "" for bounces
	Recipients []string // of the envelope, those that are ours
	SPF, DKIM  MailCheck
	DMARC      MailCheck
	Spam       MailCheck
	Virus      MailCheck
}

// MailCheck is the outcome of one check by the receiving server, in SES's words.
type MailCheck string

// The outcomes. Gray is neither: no policy, no signature, not sure.
const (
	CheckPass MailCheck = "PASS"
	CheckGray MailCheck = "GRAY"
)

// MailHead is the header of a mail, read and decoded (shared/inbound). There is one From with one address, and at most one
// Sender, Subject and Message-ID.
type MailHead struct {
	Name, Address string // of From
	Sender        string // address of Sender; "" if there is none
	Subject       string
	MessageID     string
	Language      string // in which the mail says it is written
	// Fields are all fields as they stand, by their names in small letters.
	Fields map[string][]string
}

// MailFault is why the header of a mail cannot be read, or must not be.
type MailFault struct{ Outcome MailOutcome }

func (f *MailFault) Error() string { return "mail: " + string(f.Outcome) }

// MailOutcome is what became of a mail: MailStarted, MailSeen, or why it was ignored. The reasons are for the
// operators' log; the sender is told nothing.
type MailOutcome string

// The outcomes.
const (
	MailStarted MailOutcome = "started" // a registration, and its one letter
	MailSeen    MailOutcome = "seen"    // the same mail once more

	MailFailsSPF   MailOutcome = "spf"
	MailFailsDKIM  MailOutcome = "dkim"
	MailFailsDMARC MailOutcome = "dmarc"
	MailSpam       MailOutcome = "spam"
	MailVirus      MailOutcome = "virus"
	MailOld        MailOutcome = "old"
	MailOff        MailOutcome = "off"       // the settings have no address for registrations
	MailElsewhere  MailOutcome = "elsewhere" // to another address of ours

	MailTooLong       MailOutcome = "header_too_long"
	MailMalformed     MailOutcome = "malformed"
	MailRepeatsField  MailOutcome = "repeated_field"
	MailNoFrom        MailOutcome = "no_from"
	MailSeveralFrom   MailOutcome = "several_from"
	MailSenderDiffers MailOutcome = "sender_differs"

	MailBounce    MailOutcome = "bounce"
	MailMachine   MailOutcome = "machine" // from an address nobody reads
	MailOwn       MailOutcome = "own"     // from one of ours
	MailAutomatic MailOutcome = "automatic"
	MailList      MailOutcome = "list"
	MailReport    MailOutcome = "report"
	MailLoop      MailOutcome = "loop"

	MailTooMany MailOutcome = "too_many"
	MailClosed  MailOutcome = "closed"  // nobody can register
	MailRefused MailOutcome = "refused" // an address that cannot be registered
)

// Group returns started, seen or ignored. Only these are counted, because each reason would be a metric to pay for.
func (o MailOutcome) Group() string {
	if o == MailStarted || o == MailSeen {
		return string(o)
	}
	return "ignored"
}

// Limits of registering by mail. The sender's is above what anybody needs: it is the last thing that ends a loop, when
// machines do not say what they are. The age is below KeyLifetime, so that a mail is forgotten only when it is too old
// to be accepted; Lambda retries for six hours.
var (
	mailsPerSender = Throttle{"mail-sender", 5, 24 * time.Hour}
	mailsInAll     = Throttle{"mail-all", 200, time.Hour}
)

const (
	mailAge  = 12 * time.Hour
	mailHops = 30 // Received fields; RFC 5321, 6.3 wants a hundred to be possible, people's mails have under fifteen
)

// MailRegistrationStore is what registering by mail needs of the table.
type MailRegistrationStore interface {
	Settings(ctx context.Context) (Settings, error)
	// Marker returns what is remembered of an earlier request with this key, nil when there was none.
	Marker(ctx context.Context, k IdempotencyKey) (*Marker, error)
	// Take counts one event. Errors: TooMany when the window's limit is reached.
	Take(ctx context.Context, t Throttle, subject string, now time.Time) error
}

// MailFiles keeps the mails that came in.
type MailFiles interface {
	// Head returns the start of a mail; a header that does not end in it is too long.
	// Errors: ErrNotFound, ErrOverloaded.
	Head(ctx context.Context, mailID string) ([]byte, error)
}

// MailStarter starts registrations, as Registrations does.
type MailStarter interface {
	Start(ctx context.Context, c Call, in RegistrationInput) error
}

// MailRegistrations is the use case of people who register by mail.
type MailRegistrations struct {
	Store         MailRegistrationStore
	Files         MailFiles
	Registrations MailStarter
	// Read reads the header at the start of a mail. Errors: *MailFault.
	Read func(start []byte) (MailHead, error)
	From string // the sender of our own mails
}

// Receive starts a registration for the sender of a mail to the registration address, or ignores the mail. The only
// answer is the one letter of every registration, and it goes to the sender's own address only when the sending server
// has proven that the address is the sender's.
//
// Loops are impossible: our letters come from an address that takes no mail and say that they are automatic; automatic
// mails and mails from our own addresses are ignored; and nobody causes more than a few letters a day.
//
// The same mail, by its Message-ID and sender, has an effect once: the marker is written in the transaction that starts
// the registration. Errors: ErrNotFound when the mail is not kept, ErrInProgress, ErrOverloaded; all are worth a retry.
func (m MailRegistrations) Receive(ctx context.Context, c Call, r MailReceipt) (MailOutcome, error) {
	if o := r.ignored(c.Now); o != "" {
		return o, nil
	}
	settings, err := m.Store.Settings(ctx)
	if err != nil {
		return "", err
	}
	switch to := FoldLogin(settings.RegistrationAddress); {
	case !settings.SelfRegistration:
		return MailClosed, nil
	case to == "":
		return MailOff, nil
	case !slices.ContainsFunc(r.Recipients, func(s string) bool { return FoldLogin(s) == to }):
		return MailElsewhere, nil
	}
	start, err := m.Files.Head(ctx, r.ID)
	if err != nil {
		return "", err
	}
	head, err := m.Read(start)
	if err != nil {
		if fault, ok := errors.AsType[*MailFault](err); ok {
			return fault.Outcome, nil
		}
		return "", err
	}
	sender := FoldLogin(head.Address)
	if o := head.ignored(sender, FoldLogin(r.sender()), FoldLogin(m.From), FoldLogin(settings.RegistrationAddress)); o != "" {
		return o, nil
	}
	c.Key = head.key(r.ID, sender)
	seen, err := m.Store.Marker(ctx, *c.Key)
	if err != nil {
		return "", err
	}
	if seen != nil {
		return MailSeen, nil
	}
	err = m.Store.Take(ctx, mailsPerSender, mailbox(sender), c.Now)
	if err == nil {
		err = m.Store.Take(ctx, mailsInAll, "all", c.Now)
	}
	if err == nil {
		first, last := namesOf(head.Name)
		err = m.Registrations.Start(ctx, c, RegistrationInput{
			Email: head.Address, FirstName: first, LastName: last, Comment: head.Subject, Language: head.Language,
			Origin: OriginMail, Source: "mail:" + sender,
		})
	}
	switch {
	case err == nil:
		return MailStarted, nil
	case KindOf(err) == TooMany:
		return MailTooMany, nil
	case errors.Is(err, ErrRegistrationOff):
		return MailClosed, nil
	case KindOf(err) == Invalid:
		return MailRefused, nil
	}
	return "", err
}

// ignored returns why a mail is ignored because of what the receiving server says of it, or "".
//
// SPF, DKIM and DMARC must each pass. DMARC passes if one of the other two passes for the domain of From, so it alone
// would prove the domain. But when a domain signs nothing, or does not name its servers, we cannot know who writes from
// it; its people have the form. Spam and viruses may be uncertain: nothing of the mail's body is read. A check that was
// not made, whatever the word for it, has not passed.
func (r MailReceipt) ignored(now time.Time) MailOutcome {
	fails := func(c MailCheck) bool { return c != CheckPass && c != CheckGray }
	switch {
	case r.SPF != CheckPass:
		return MailFailsSPF
	case r.DKIM != CheckPass:
		return MailFailsDKIM
	case r.DMARC != CheckPass:
		return MailFailsDMARC
	case fails(r.Virus):
		return MailVirus
	case fails(r.Spam):
		return MailSpam
	case r.ReceivedAt.Before(now.Add(-mailAge)):
		return MailOld
	case r.sender() == "":
		return MailBounce
	}
	return ""
}

// sender returns the address of the envelope's sender without what its server adds to recognise bounces: BATV's
// prvs=<tag>=maja@example.com is maja@example.com.
func (r MailReceipt) sender() string {
	s := strings.Trim(strings.TrimSpace(r.Sender), "<>")
	if tagged, ok := cutPrefixFold(s, "prvs="); ok {
		if _, address, ok := strings.Cut(tagged, "="); ok {
			return address
		}
	}
	return s
}

// ignored returns why a mail is ignored because of what its header says, or "". All addresses are folded.
//
// The envelope's sender must be the address of From. SPF was checked for the envelope, so the sending server may speak
// for the address we write to, even if SES and we read a crafted From in two ways.
func (h MailHead) ignored(from, envelope, own, registration string) MailOutcome {
	local, _, _ := strings.Cut(from, "@")
	switch {
	case from == own || from == registration:
		return MailOwn
	case machine(local):
		return MailMachine
	case from != envelope || h.Sender != "" && FoldLogin(h.Sender) != from:
		return MailSenderDiffers
	case len(h.Fields["received"]) > mailHops:
		return MailLoop
	case h.automatic():
		return MailAutomatic
	case h.list():
		return MailList
	case h.report():
		return MailReport
	}
	return ""
}

// automatic says whether no person has sent this mail (RFC 3834, and common practice). Our own letters carry
// Auto-Submitted and X-Auto-Response-Suppress.
func (h MailHead) automatic() bool {
	said := func(field string, but ...string) bool {
		return slices.ContainsFunc(h.Fields[field], func(v string) bool { return !slices.Contains(but, word(v)) })
	}
	for _, field := range []string{"x-autoreply", "x-autorespond", "x-auto-reply", "x-auto-respond", "x-autogenerated", "x-auto-generated",
		"x-mail-autoreply", "x-vacation", "x-fc-machinegenerated", "x-cron-env", "x-loop", "x-failed-recipients"} {
		if said(field) {
			return true
		}
	}
	return said("auto-submitted", "no") || said("x-auto-response-suppress", "none", "") ||
		slices.ContainsFunc(h.Fields["precedence"], func(v string) bool { return strings.HasPrefix(word(v), "auto") })
}

// list says whether the mail was sent to many (RFC 2369, RFC 2919, and common practice).
func (h MailHead) list() bool {
	for name := range h.Fields {
		if strings.HasPrefix(name, "list-") {
			return true
		}
	}
	for _, field := range []string{"mailing-list", "x-mailing-list", "x-beenthere", "x-listname", "x-list-id", "x-mailman-version"} {
		if len(h.Fields[field]) > 0 {
			return true
		}
	}
	return slices.ContainsFunc(h.Fields["precedence"], func(v string) bool { return slices.Contains([]string{"bulk", "list", "junk"}, word(v)) })
}

// report says whether the mail is about another one (not delivered, read, complained of) or answers an appointment.
func (h MailHead) report() bool {
	return slices.ContainsFunc(h.Fields["content-type"], func(v string) bool {
		switch kind := word(v); kind {
		case "multipart/report", "text/rfc822-headers", "text/calendar":
			return true
		default:
			return strings.HasPrefix(kind, "message/")
		}
	})
}

// word returns the value of a field in small letters, without parameters and comments.
func word(value string) string {
	value, _, _ = strings.Cut(value, ";")
	value, _, _ = strings.Cut(value, "(")
	return strings.ToLower(strings.TrimSpace(value))
}

// machine says whether an address with this part before the @ is a machine's, in the spellings in use: RFC 2142 and the
// habits of list servers and senders that take no answers.
func machine(local string) bool {
	plain := strings.NewReplacer("-", "", "_", "", ".", "").Replace(local)
	if slices.Contains([]string{"mailerdaemon", "postmaster", "noreply", "donotreply", "dontreply", "autoreply", "autoresponder", "nobody", "daemon",
		"listserv", "listproc", "majordomo", "mailman", "root", "bounce", "bounces"}, plain) {
		return true
	}
	for _, start := range []string{"bounce-", "bounces-", "bounce+", "bounces+", "owner-", "noreply", "no-reply", "msprvs1=", "prvs=", "srs0", "srs1"} {
		if strings.HasPrefix(local, start) {
			return true
		}
	}
	for _, end := range []string{"-request", "-owner", "-bounces", "-noreply", "-no-reply"} {
		if strings.HasSuffix(local, end) {
			return true
		}
	}
	return false
}

// key names a mail by its sender and Message-ID, which stay the same when a server sends it again, or by our server's
// id if it has no Message-ID.
func (h MailHead) key(mailID, sender string) *IdempotencyKey {
	id := h.MessageID
	if id == "" {
		id = "\n" + mailID // no Message-ID has a line end
	}
	sum := sha256.Sum256([]byte(sender + "\n" + id))
	hash := hex.EncodeToString(sum[:])
	return &IdempotencyKey{ActorID: "mail", Route: "registration by mail", Key: hash, BodyHash: hash}
}

// namesOf splits a name as people show it in mails: "Maja Berg", "Berg, Maja". An address in its place is no name.
func namesOf(shown string) (first, last string) {
	shown = strings.TrimSpace(strings.Trim(strings.TrimSpace(shown), `'"`))
	if strings.Contains(shown, "@") {
		return "", ""
	}
	if last, first, ok := strings.Cut(shown, ","); ok {
		return strings.TrimSpace(first), strings.TrimSpace(last)
	}
	if space := strings.LastIndexByte(shown, ' '); space > 0 {
		return strings.TrimSpace(shown[:space]), shown[space+1:]
	}
	return shown, ""
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}
