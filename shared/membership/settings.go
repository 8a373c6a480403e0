package membership

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Settings is what staff administrators decide for the whole deployment. It is one item, read by every request that
// depends on it (1 RCU), so that a change holds from the next request.
type Settings struct {
	// SelfRegistration opens the third way in: without it nobody can register, and everybody is told so.
	SelfRegistration bool
	// RegistrationNeedsApproval makes people wait once they have confirmed their address; else they are let in at once.
	RegistrationNeedsApproval bool
	// Credentials is what the mail to an approved person carries.
	Credentials PasswordMode
	// AllowedDomains are the domains, as A-labels, whose addresses can register; none means all. Subdomains are domains of
	// their own.
	AllowedDomains     []string
	RegistrationFields RegistrationFields
	// RegistrationAddress is the mailbox to which a mail starts a registration, "" for none.
	RegistrationAddress string
	Approvers           Approvers
	// EmbedSites are the https origins whose pages may embed our forms.
	EmbedSites []string
	// ReminderHours is how long somebody waits before approvers are reminded, and again once a day; 0 is never.
	ReminderHours int
	// DisapprovalSilent and DisapprovalReason are what the form for a disapproval begins with.
	DisapprovalSilent bool
	DisapprovalReason string
	ChangedAt         time.Time
	Version           int // 1 before anybody has changed anything
}

// Approvers says who decides about registrations.
type Approvers string

// ApproversCustomer routes a registration from a customer's proven domain to that customer's administrators as well.
const (
	ApproversStaff    Approvers = "staff"
	ApproversCustomer Approvers = "customer"
)

// FieldRule says whether a field of the registration form is asked for.
type FieldRule string

// The rules.
const (
	FieldOff       FieldRule = "off"
	FieldOptional  FieldRule = "optional"
	FieldMandatory FieldRule = "mandatory"
)

// RegistrationFields are the rules of the fields beside name, e-mail and language, which are always there.
type RegistrationFields struct {
	Company, Phone, Street, Postcode, City, Region, Country, Comment FieldRule
}

// RegistrationField is one field of the form by its name in the API.
type RegistrationField struct {
	Name string
	Rule FieldRule
}

// All returns the fields in the order in which forms show them.
func (f RegistrationFields) All() []RegistrationField {
	return []RegistrationField{{"company", f.Company}, {"phone", f.Phone}, {"street", f.Street}, {"postcode", f.Postcode}, {"city", f.City},
		{"region", f.Region}, {"country", f.Country}, {"comment", f.Comment}}
}

// WithoutAddress returns the rules with the optional fields of the postal address off, for forms without them.
// Mandatory fields stay: nobody could register otherwise.
func (f RegistrationFields) WithoutAddress() RegistrationFields {
	for _, rule := range []*FieldRule{&f.Street, &f.Postcode, &f.City, &f.Region, &f.Country} {
		if *rule == FieldOptional {
			*rule = FieldOff
		}
	}
	return f
}

func (f *RegistrationFields) rule(name string) *FieldRule {
	return map[string]*FieldRule{"company": &f.Company, "phone": &f.Phone, "street": &f.Street, "postcode": &f.Postcode, "city": &f.City,
		"region": &f.Region, "country": &f.Country, "comment": &f.Comment}[name]
}

// DefaultSettings returns what holds until somebody changes something: nobody can register.
func DefaultSettings() Settings {
	return Settings{
		RegistrationNeedsApproval: true, Credentials: ByLink, Approvers: ApproversStaff, ReminderHours: 24, Version: 1,
		RegistrationFields: RegistrationFields{Company: FieldOptional, Phone: FieldOptional, Street: FieldOff, Postcode: FieldOff, City: FieldOff,
			Region: FieldOff, Country: FieldOff, Comment: FieldOptional},
	}
}

// Allows says whether an address can register, by its domain.
func (s Settings) Allows(email string) bool {
	return len(s.AllowedDomains) == 0 || slices.Contains(s.AllowedDomains, DomainOf(email))
}

func (s Settings) auditFields() map[string]string {
	f := map[string]string{
		"selfRegistration": strconv.FormatBool(s.SelfRegistration), "registrationNeedsApproval": strconv.FormatBool(s.RegistrationNeedsApproval),
		"credentials": string(s.Credentials), "allowedDomains": strings.Join(s.AllowedDomains, " "), "registrationAddress": s.RegistrationAddress,
		"approvers": string(s.Approvers), "embedSites": strings.Join(s.EmbedSites, " "), "reminderHours": strconv.Itoa(s.ReminderHours),
		"disapprovalSilent": strconv.FormatBool(s.DisapprovalSilent), "disapprovalReason": s.DisapprovalReason,
	}
	for _, field := range s.RegistrationFields.All() {
		f["registrationFields."+field.Name] = string(field.Rule)
	}
	return f
}

// SettingsInput is what a change sets; nil leaves a setting as it is, and so does a field that RegistrationFields lacks.
type SettingsInput struct {
	SelfRegistration, RegistrationNeedsApproval *bool
	Credentials                                 *PasswordMode
	AllowedDomains, EmbedSites                  *[]string
	RegistrationFields                          map[string]FieldRule
	RegistrationAddress                         *string
	Approvers                                   *Approvers
	ReminderHours                               *int
	DisapprovalSilent                           *bool
	DisapprovalReason                           *string
}

// The longest lists, and the longest wait for a reminder: 30 days.
const (
	maxAllowedDomains = 100
	maxEmbedSites     = 50
	maxReminderHours  = 720
)

// apply returns s with the input's settings, checked. Errors: Invalid.
func (in SettingsInput) apply(s Settings) (Settings, error) {
	var errs fieldErrors
	if in.SelfRegistration != nil {
		s.SelfRegistration = *in.SelfRegistration
	}
	if in.RegistrationNeedsApproval != nil {
		s.RegistrationNeedsApproval = *in.RegistrationNeedsApproval
	}
	if in.Credentials != nil {
		if s.Credentials = *in.Credentials; !s.Credentials.Valid() {
			errs.add(InvalidField("credentials", "invalid_choice", "The credentials are link or temporaryPassword."))
		}
	}
	if in.AllowedDomains != nil {
		s.AllowedDomains = checkDomains(&errs, *in.AllowedDomains)
	}
	for name, rule := range in.RegistrationFields {
		field := "registrationFields." + name
		at := s.RegistrationFields.rule(name)
		switch {
		case at == nil:
			errs.add(InvalidField("registrationFields", "unknown_field", "The form has no such field."))
		case rule != FieldOff && rule != FieldOptional && rule != FieldMandatory:
			errs.add(InvalidField(field, "invalid_choice", "A field is off, optional or mandatory."))
		default:
			*at = rule
		}
	}
	if in.RegistrationAddress != nil {
		s.RegistrationAddress = ""
		if strings.TrimSpace(*in.RegistrationAddress) != "" {
			email, bad := CheckEmail("registrationAddress", *in.RegistrationAddress)
			errs.add(bad)
			s.RegistrationAddress = email
		}
	}
	if in.Approvers != nil {
		s.Approvers = *in.Approvers
		if s.Approvers != ApproversStaff && s.Approvers != ApproversCustomer {
			errs.add(InvalidField("approvers", "invalid_choice", "The approvers are staff or customer."))
		}
	}
	if in.EmbedSites != nil {
		s.EmbedSites = checkSites(&errs, *in.EmbedSites)
	}
	if in.ReminderHours != nil {
		if s.ReminderHours = *in.ReminderHours; s.ReminderHours < 0 || s.ReminderHours > maxReminderHours {
			errs.add(InvalidField("reminderHours", "out_of_range", "The hours until a reminder are 0 (never) to 720."))
		}
	}
	if in.DisapprovalSilent != nil {
		s.DisapprovalSilent = *in.DisapprovalSilent
	}
	if in.DisapprovalReason != nil {
		s.DisapprovalReason = checkComment(&errs, "disapprovalReason", *in.DisapprovalReason)
	}
	return s, errs.err()
}

// checkDomains returns domains as A-labels, each once.
func checkDomains(errs *fieldErrors, typed []string) []string {
	if len(typed) > maxAllowedDomains {
		errs.add(InvalidField("allowedDomains", "too_many_entries", "At most 100 domains can be named."))
		return nil
	}
	var domains []string
	for i, d := range typed {
		domain := FoldDomain(strings.TrimPrefix(strings.TrimSpace(d), "@"))
		if domain == "" {
			errs.add(InvalidField("allowedDomains["+strconv.Itoa(i)+"]", "invalid_domain", "This is not a domain such as example.com."))
			continue
		}
		if !slices.Contains(domains, domain) {
			domains = append(domains, domain)
		}
	}
	return domains
}

// checkSites returns origins in the form in which browsers send them, each once.
func checkSites(errs *fieldErrors, typed []string) []string {
	if len(typed) > maxEmbedSites {
		errs.add(InvalidField("embedSites", "too_many_entries", "At most 50 sites can be named."))
		return nil
	}
	var sites []string
	for i, s := range typed {
		site, ok := origin(s)
		if !ok {
			errs.add(InvalidField("embedSites["+strconv.Itoa(i)+"]", "invalid_site", "A site is https:// and a host, without a path: https://www.example.com."))
			continue
		}
		if !slices.Contains(sites, site) {
			sites = append(sites, site)
		}
	}
	return sites
}

// origin returns an https origin as browsers write it (RFC 6454, 6.2): host as A-label in small letters, without the
// default port. It takes no wildcards, because anybody who rents a subdomain could show our forms. The result goes into
// headers, so it has only letters, digits, hyphens, dots and a port.
func origin(s string) (string, bool) {
	u, err := url.Parse(strings.TrimSuffix(strings.TrimSpace(s), "/"))
	if err != nil || u.Scheme != "https" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery {
		return "", false
	}
	host := FoldDomain(u.Hostname())
	if host == "" {
		return "", false
	}
	switch port := u.Port(); port {
	case "":
		if strings.HasSuffix(u.Host, ":") {
			return "", false
		}
	case "443":
	default:
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 || port != strconv.Itoa(n) {
			return "", false
		}
		host += ":" + port
	}
	return "https://" + host, true
}

// SettingsStore is what settings need of the table.
type SettingsStore interface {
	// Settings returns what holds now: DefaultSettings if nothing was ever changed.
	Settings(ctx context.Context) (Settings, error)
	// ChangeSettings replaces before with after. Errors: ErrStale, ErrInProgress.
	ChangeSettings(ctx context.Context, before, after Settings, t Trail) error
}

// SettingsUse are the use cases about settings.
type SettingsUse struct {
	Store SettingsStore
	NewID func() string
}

// Get returns the settings, for staff. Errors: ErrForbidden, ErrNotFound.
func (u SettingsUse) Get(ctx context.Context, c Call) (Settings, error) {
	if err := c.Actor.require(ReadSettings, ProviderID, ""); err != nil {
		return Settings{}, err
	}
	return u.Store.Settings(ctx)
}

// Change sets settings; they hold from the next request. version is that of If-Match.
// Errors: ErrForbidden, ErrNotFound, ErrStale, Invalid.
func (u SettingsUse) Change(ctx context.Context, c Call, version int, in SettingsInput) (Settings, error) {
	if err := c.Actor.require(ChangeSettings, ProviderID, ""); err != nil {
		return Settings{}, err
	}
	before, err := u.Store.Settings(ctx)
	if err != nil || len(c.Done) > 0 {
		return before, err
	}
	if version != before.Version {
		return Settings{}, ErrStale
	}
	after, err := in.apply(before)
	if err != nil || unchanged(before, after) {
		return after, err
	}
	after.ChangedAt, after.Version = second(c.Now), before.Version+1
	audit := c.auditEntry(u.NewID(), "settings.changed", "settings", ProviderID, ProviderID, before.auditFields(), after.auditFields())
	if err := u.Store.ChangeSettings(ctx, before, after, c.trail(audit, ProviderID)); err != nil {
		return Settings{}, err
	}
	return after, nil
}
