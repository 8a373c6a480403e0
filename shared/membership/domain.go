package membership

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"
)

// Domain is a domain that a customer says is its own. Once a TXT record has proven it, registrations from addresses under
// exactly this domain, not under its subdomains, are proposed to the customer.
type Domain struct {
	CustomerID string
	Name       string // folded: the A-label, in lower case
	CreatedAt  time.Time
	ProvenAt   time.Time // since when it is proven without a break; zero while it is only claimed
	CheckedAt  time.Time // when the proof was last seen; zero while it is only claimed
	Version    int
}

// Proven says whether the domain is the customer's.
func (d Domain) Proven() bool { return !d.ProvenAt.IsZero() }

// RecordName returns the name that the TXT record must have.
func (d Domain) RecordName() string { return domainRecord + d.Name }

func (d Domain) auditFields() map[string]string {
	f := map[string]string{"domain": d.Name}
	if d.Proven() {
		f["provenAt"], f["checkedAt"] = d.ProvenAt.Format(time.RFC3339), d.CheckedAt.Format(time.RFC3339)
	}
	return f
}

// domainRecord begins the name of the TXT record. The record has a name of its own, so that it does not clash with what
// the domain already has, and the underscore keeps it from being a host.
const domainRecord = "_clientele."

// MaxDomains is how many domains a customer can claim: one page shows them all, and they are deleted with the customer in
// one transaction.
const MaxDomains = 20

// maxDomain is the longest domain in bytes that leaves room for domainRecord (RFC 1035, 2.3.4, less the final dot).
const maxDomain = 253 - len(domainRecord)

// DomainOf returns the folded domain of an address, "" if there is none.
func DomainOf(email string) string {
	folded := FoldLogin(email)
	return folded[strings.LastIndexByte(folded, '@')+1:]
}

// FoldDomain returns the form in which domains are compared and reserved, as FoldLogin folds what follows the @: the
// A-label in lower case, without the final dot. Anything but a domain of the public internet is "".
func FoldDomain(s string) string {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".")
	if len(s) > 4*maxDomain { // FoldLogin says why
		return ""
	}
	ascii, err := idna.Lookup.ToASCII(s)
	if err != nil || len(ascii) > maxDomain || !strings.Contains(ascii, ".") {
		return ""
	}
	if again, err := idna.Lookup.ToASCII(ascii); err != nil || again != ascii {
		return ""
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > maxLabel || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
		}) {
			return ""
		}
	}
	if last := ascii[strings.LastIndexByte(ascii, '.')+1:]; strings.Trim(last, "0123456789") == "" { // an IPv4 address
		return ""
	}
	return ascii
}

// DomainRecord returns the text of the TXT record by which a customer proves a domain. It is computed from the
// deployment's secret and stored nowhere: anybody who sees it learns nothing, and another customer's does not fit.
func (k Keys) DomainRecord(customerID, domain string) string {
	m := hmac.New(sha256.New, k.For(PurposeDomain))
	m.Write([]byte(customerID + "\x00" + domain))
	return "clientele-domain=" + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// Errors about domains.
var (
	ErrBadDomain      = InvalidField("domain", "invalid_domain", "This is not a domain. Write it as it stands behind the @, for example example.com.")
	ErrPublicMail     = InvalidField("domain", "public_mail_domain", "People of many companies have addresses under this domain, so it can be nobody's.")
	ErrPublicSuffix   = InvalidField("domain", "public_suffix", "Names under this domain belong to different owners, so it can be nobody's.")
	ErrDomainClaimed  = &Error{Kind: Conflict, Code: "domain_claimed", Field: "domain", Message: "The customer has this domain already."}
	ErrDomainInUse    = &Error{Kind: Conflict, Code: "domain_in_use", Message: "Another customer has proven this domain. It must give it up first."}
	ErrTooManyDomains = &Error{Kind: Conflict, Code: "too_many_domains", Message: "A customer can have at most 20 domains. Remove one first."}
	ErrDNSUnavailable = &Error{Kind: Unavailable, Code: "dns_unavailable", Message: "The name servers of this domain do not answer. Nothing was changed; try again in some minutes.", RetryAfter: time.Minute}
)

// checksPerCustomer bounds how often we ask other people's name servers for one customer.
var checksPerCustomer = Throttle{"domain-checks", 60, time.Hour}

// DomainNames is what is known of domains outside the table.
type DomainNames interface {
	// PublicMail says whether a mail service gives addresses under the domain, or one above it, to anybody.
	PublicMail(domain string) bool
	// PublicSuffix says whether names directly under the domain belong to different owners: co.uk, github.io.
	PublicSuffix(domain string) bool
	// TXT returns the texts of the TXT records of a name, none when there is no such name or record.
	// Errors: ErrDNSUnavailable when nobody can say.
	TXT(ctx context.Context, name string) ([]string, error)
}

// DomainStore is what the domains' use cases need of the table.
type DomainStore interface {
	Customer(ctx context.Context, reach Reach, customerID string) (Customer, error)
	// Domains returns all domains of a customer within reach, by name. Errors: ErrNotFound when out of reach.
	Domains(ctx context.Context, reach Reach, customerID string) ([]Domain, error)
	// Domain returns one domain of a customer within reach. Errors: ErrNotFound.
	Domain(ctx context.Context, reach Reach, customerID, name string) (Domain, error)
	// ClaimDomain stores a new claim if the customer exists and has fewer than MaxDomains, even when several are stored
	// at once. Errors: ErrNotFound, ErrDomainClaimed, ErrTooManyDomains.
	ClaimDomain(ctx context.Context, d Domain, t Trail) error
	// ChangeDomain replaces before with after. A proven domain is reserved for the customer, one that is not is free.
	// Errors: ErrStale, ErrDomainInUse when another customer has proven it.
	ChangeDomain(ctx context.Context, before, after Domain, t Trail) error
	// RemoveDomain deletes a claim and frees the domain. Errors: ErrStale.
	RemoveDomain(ctx context.Context, d Domain, t Trail) error
	// Take counts one event. Errors: TooMany when the window's limit is reached.
	Take(ctx context.Context, t Throttle, subject string, now time.Time) error
}

// Domains are the use cases about customers' domains.
type Domains struct {
	Store DomainStore
	Names DomainNames
	Keys  Keys
	NewID func() string
}

// List returns all domains of a customer, by name. Errors: ErrNotFound, ErrForbidden.
func (ds Domains) List(ctx context.Context, c Call, customerID string) ([]Domain, error) {
	if err := c.Actor.require(ReadDomains, customerID, ""); err != nil {
		return nil, err
	}
	if _, err := ds.Store.Customer(ctx, c.Actor.Reach(), customerID); err != nil {
		return nil, err
	}
	return ds.Store.Domains(ctx, c.Actor.Reach(), customerID)
}

// Claim notes that a corporate customer calls a domain its own. It has no effect until Verify finds the proof, so
// several customers can claim the same. Errors: ErrNotFound, ErrForbidden, Invalid, ErrDomainClaimed,
// ErrTooManyDomains, Conflict (customer_is_individual).
func (ds Domains) Claim(ctx context.Context, c Call, customerID, domain string) (Domain, error) {
	if err := c.Actor.require(ChangeDomains, customerID, ""); err != nil {
		return Domain{}, err
	}
	if len(c.Done) > 0 {
		return ds.Store.Domain(ctx, c.Actor.Reach(), customerID, c.Done[0])
	}
	name := FoldDomain(strings.TrimPrefix(strings.TrimSpace(domain), "@"))
	switch {
	case name == "":
		return Domain{}, ErrBadDomain
	case ds.Names.PublicMail(name):
		return Domain{}, ErrPublicMail
	case ds.Names.PublicSuffix(name):
		return Domain{}, ErrPublicSuffix
	}
	customer, err := ds.Store.Customer(ctx, c.Actor.Reach(), customerID)
	if err != nil {
		return Domain{}, err
	}
	if customer.Type != Corporate {
		return Domain{}, ErrIndividual
	}
	d := Domain{CustomerID: customerID, Name: name, CreatedAt: second(c.Now), Version: 1}
	audit := c.auditEntry(ds.NewID(), "domain.claimed", "domain", name, customerID, nil, d.auditFields())
	if err := ds.Store.ClaimDomain(ctx, d, c.trail(audit, name)); err != nil {
		return Domain{}, err
	}
	return d, nil
}

// DomainResult is what a look at a domain's TXT record found.
type DomainResult string

// The results.
const (
	DomainProven      DomainResult = "proven"
	DomainNoRecord    DomainResult = "no_record"    // there is no TXT record of this name
	DomainOtherRecord DomainResult = "other_record" // there is one, with another text
)

// DomainCheck is what Verify has found.
type DomainCheck struct {
	Domain Domain
	Result DomainResult
	// Found are the texts found, at most five, each cut to 100 characters: they show a person what went wrong.
	Found []string
}

// Verify checks whether the TXT record is there. If it is, the domain is the customer's; if not, it no longer is: the
// seller of a domain must not get the next owner's people. When the name servers do not answer, nothing changes.
// Errors: ErrNotFound, ErrForbidden, ErrStale, ErrDomainInUse, ErrDNSUnavailable, TooMany.
func (ds Domains) Verify(ctx context.Context, c Call, customerID, domain string) (DomainCheck, error) {
	if err := c.Actor.require(ChangeDomains, customerID, ""); err != nil {
		return DomainCheck{}, err
	}
	before, err := ds.Store.Domain(ctx, c.Actor.Reach(), customerID, FoldDomain(domain))
	if err != nil {
		return DomainCheck{}, err
	}
	if len(c.Done) > 0 {
		if before.Proven() {
			return DomainCheck{Domain: before, Result: DomainProven}, nil
		}
		return DomainCheck{Domain: before, Result: DomainNoRecord}, nil
	}
	if err := ds.Store.Take(ctx, checksPerCustomer, customerID, c.Now); err != nil {
		return DomainCheck{}, err
	}
	texts, err := ds.Names.TXT(ctx, before.RecordName())
	if err != nil {
		return DomainCheck{}, err
	}
	check := DomainCheck{Domain: before, Result: DomainNoRecord}
	after, action := before, "domain.verified"
	switch {
	case slices.Contains(texts, ds.Keys.DomainRecord(customerID, before.Name)):
		check.Result = DomainProven
		if after.CheckedAt = second(c.Now); !before.Proven() {
			after.ProvenAt = after.CheckedAt
		}
	case len(texts) > 0:
		check.Result, check.Found = DomainOtherRecord, shownTexts(texts)
		fallthrough
	default:
		if !before.Proven() {
			return check, nil
		}
		after.ProvenAt, after.CheckedAt, action = time.Time{}, time.Time{}, "domain.lost"
	}
	after.Version = before.Version + 1
	audit := c.auditEntry(ds.NewID(), action, "domain", before.Name, customerID, before.auditFields(), after.auditFields())
	if err := ds.Store.ChangeDomain(ctx, before, after, c.trail(audit, before.Name)); err != nil {
		return DomainCheck{}, err
	}
	check.Domain = after
	return check, nil
}

// shownTexts returns what a page can show of TXT records, which may hold any bytes.
func shownTexts(texts []string) []string {
	shown := make([]string, 0, 5)
	for _, text := range texts[:min(len(texts), cap(shown))] {
		runes := []rune(strings.ToValidUTF8(text, "�"))
		for n, r := range runes {
			if hidden(r) {
				runes[n] = '�'
			}
		}
		if len(runes) > maxName {
			runes = append(runes[:maxName-1], '…')
		}
		shown = append(shown, string(runes))
	}
	return shown
}

// Remove takes a domain from a customer; registrations from it no longer propose the customer.
// Errors: ErrNotFound, ErrForbidden, ErrStale.
func (ds Domains) Remove(ctx context.Context, c Call, customerID, domain string) error {
	if err := c.Actor.require(ChangeDomains, customerID, ""); err != nil {
		return err
	}
	before, err := ds.Store.Domain(ctx, c.Actor.Reach(), customerID, FoldDomain(domain))
	if err != nil {
		return err
	}
	audit := c.auditEntry(ds.NewID(), "domain.removed", "domain", before.Name, customerID, before.auditFields(), nil)
	return ds.Store.RemoveDomain(ctx, before, c.trail(audit, before.Name))
}
