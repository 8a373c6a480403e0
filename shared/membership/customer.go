package membership

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// CustomerType tells companies from persons.
type CustomerType string

// The types. Only a corporate customer has several users and invitations (seed 004).
const (
	Corporate  CustomerType = "corporate"
	Individual CustomerType = "individual"
)

// CustomerStatus says whether a customer takes part.
type CustomerStatus string

// The statuses of a customer. Deactivating it shuts its users out from their next request and blocks its invitations,
// until it is reactivated; its users then sign in again.
const (
	CustomerActive      CustomerStatus = "active"
	CustomerDeactivated CustomerStatus = "deactivated"
)

// Customer is a company or person that the provider serves.
type Customer struct {
	ID           string
	Name         string
	Type         CustomerType
	Management   string // "managed"; "independent" once customers can become so
	Status       CustomerStatus
	PortalAccess bool
	GroupIDs     []string

	Email, URL, Phone      string
	Street, Postcode, City string
	Region, Country        string
	Language               string
	ExternalID, Comment    string

	CreatedAt time.Time
	// ValidFrom is the moment before which no session or token of its users counts.
	ValidFrom time.Time
	Version   int
}

// ManagedCustomer is the management of a customer that the provider manages.
const ManagedCustomer = "managed"

// Provider returns the provider's own record, which the first administrator's invitation creates once.
func Provider(name, language string, now time.Time) Customer {
	return Customer{ID: ProviderID, Name: name, Type: Corporate, Management: ManagedCustomer, Status: CustomerActive,
		PortalAccess: true, Language: language, CreatedAt: second(now), Version: 1}
}

// newCustomer returns a customer that the provider manages, with portal access.
func newCustomer(id string, t CustomerType, now time.Time) Customer {
	return Customer{ID: id, Type: t, Management: ManagedCustomer, Status: CustomerActive, PortalAccess: true, CreatedAt: second(now), Version: 1}
}

// Open says whether the customer's users can get in and its invitations can be accepted.
func (c Customer) Open() bool { return c.Status == CustomerActive && c.PortalAccess }

func (c Customer) auditFields() map[string]string {
	return map[string]string{
		"name": c.Name, "type": string(c.Type), "status": string(c.Status), "portalAccess": strconv.FormatBool(c.PortalAccess),
		"email": c.Email, "url": c.URL, "phone": c.Phone, "street": c.Street, "postcode": c.Postcode, "city": c.City,
		"region": c.Region, "country": c.Country, "language": c.Language, "externalId": c.ExternalID, "comment": c.Comment,
	}
}

// CustomerInput is what callers may set of a customer; nil leaves a field as it is.
type CustomerInput struct {
	Name, Email, URL, Phone        *string
	Street, Postcode, City, Region *string
	Country, Language              *string
	ExternalID, Comment            *string
}

// apply returns c with the input's fields, checked.
func (in CustomerInput) apply(c Customer) (Customer, error) {
	var errs fieldErrors
	set := func(to *string, from *string, check func(string) string) {
		if from != nil {
			*to = check(*from)
		}
	}
	text := func(field string) func(string) string {
		return func(s string) string { return checkText(&errs, field, s, maxText) }
	}
	set(&c.Name, in.Name, func(s string) string { return checkName(&errs, "name", s, mandatory) })
	set(&c.Email, in.Email, func(s string) string {
		if strings.TrimSpace(s) == "" {
			return ""
		}
		email, err := CheckEmail("email", s)
		errs.add(err)
		return email
	})
	set(&c.URL, in.URL, func(s string) string { return checkURL(&errs, "url", s) })
	set(&c.Phone, in.Phone, func(s string) string { return checkPhone(&errs, "phone", s) })
	set(&c.Street, in.Street, text("street"))
	set(&c.Postcode, in.Postcode, func(s string) string { return checkText(&errs, "postcode", s, maxPostcode) })
	set(&c.City, in.City, text("city"))
	set(&c.Region, in.Region, text("region"))
	set(&c.Country, in.Country, func(s string) string { return checkCountry(&errs, "country", s) })
	set(&c.Language, in.Language, func(s string) string { return checkLanguage(&errs, s) })
	set(&c.ExternalID, in.ExternalID, func(s string) string { return checkText(&errs, "externalId", s, maxName) })
	set(&c.Comment, in.Comment, func(s string) string { return checkComment(&errs, "comment", s) })
	return c, errs.err()
}

// CustomerSort names the columns by which customers can be sorted.
type CustomerSort string

// The sorts of customers.
const (
	CustomersByName    CustomerSort = "name"
	CustomersByCreated CustomerSort = "created"
)

// CustomerQuery asks for one page of customers.
type CustomerQuery struct {
	// Search finds customers by the start of any word of the name, two characters or more; it excludes a sort.
	Search string
	Sort   CustomerSort
	Page   PageRequest
}

// CustomerStore is what the customers' use cases need of the table.
type CustomerStore interface {
	// Customer returns one customer within reach. Errors: ErrNotFound.
	Customer(ctx context.Context, reach Reach, customerID string) (Customer, error)
	// Customers returns one page of all customers but the provider, with the columns that lists show: id, name, type,
	// management, status, portal access, groups, e-mail, city, country, external id, age and version.
	Customers(ctx context.Context, q CustomerQuery) (Page[Customer], error)
	// CreateCustomer stores a new customer. Errors: ErrExternalIDInUse.
	CreateCustomer(ctx context.Context, c Customer, t Trail) error
	// ChangeCustomer replaces before with after. Errors: ErrStale, ErrExternalIDInUse.
	ChangeCustomer(ctx context.Context, before, after Customer, t Trail) error
	// DeleteCustomer deletes a customer without users and sub-accounts. Errors: ErrStale, ErrCustomerNotEmpty.
	DeleteCustomer(ctx context.Context, c Customer, t Trail) error
}

// Errors about customers.
var (
	ErrExternalIDInUse  = &Error{Kind: Conflict, Code: "external_id_in_use", Field: "externalId", Message: "Another customer has this external id."}
	ErrCustomerNotEmpty = &Error{Kind: Conflict, Code: "customer_not_empty", Message: "The customer still has users or sub-accounts. Remove them first, or deactivate the customer."}
	ErrNoSearchAndSort  = InvalidField("sort", "search_excludes_sort", "A search has its own order: leave out sort.")
	ErrShortSearch      = InvalidField("q", "search_too_short", "A search needs at least two characters.")
	ErrLongSearch       = InvalidField("q", "search_too_long", "This search is longer than any name.")
)

// Customers are the use cases about customers.
type Customers struct {
	Store CustomerStore
	NewID func() string
}

// Get returns one customer. Errors: ErrNotFound, ErrForbidden.
func (cs Customers) Get(ctx context.Context, c Call, customerID string) (Customer, error) {
	if err := c.Actor.require(ReadCustomer, customerID, ""); err != nil {
		return Customer{}, err
	}
	return cs.Store.Customer(ctx, c.Actor.Reach(), customerID)
}

// List returns one page of customers to staff; a customer's people get their own. Errors: ErrForbidden, Invalid.
func (cs Customers) List(ctx context.Context, c Call, q CustomerQuery) (Page[Customer], error) {
	if c.Actor.Realm == Portal {
		own, err := cs.Get(ctx, c, c.Actor.CustomerID)
		return Page[Customer]{Items: []Customer{own}}, err
	}
	if !c.Actor.May(ReadCustomer, "", "") {
		return Page[Customer]{}, ErrForbidden
	}
	if q.Search = FoldSearch(q.Search); q.Search != "" {
		if q.Sort != "" {
			return Page[Customer]{}, ErrNoSearchAndSort
		}
		if len([]rune(q.Search)) < MinCustomerSearch {
			return Page[Customer]{}, ErrShortSearch
		}
		if len(q.Search) > MaxCustomerSearch {
			return Page[Customer]{}, ErrLongSearch
		}
		q.Page.Ascending = true
	}
	if q.Sort == "" {
		q.Sort = CustomersByName
	}
	return cs.Store.Customers(ctx, q)
}

// MinCustomerSearch is the length of the shortest search for customers, in characters: there are names like "3M".
const MinCustomerSearch = 2

// MaxCustomerSearch is the longest search, in bytes of the folded text: more than any name has, and all that a key
// holds.
const MaxCustomerSearch = 400

// Create makes a customer that the provider manages, with portal access.
// Errors: ErrForbidden, Invalid, ErrExternalIDInUse.
func (cs Customers) Create(ctx context.Context, c Call, t CustomerType, in CustomerInput) (Customer, error) {
	if !c.Actor.May(CreateCustomer, "", "") {
		return Customer{}, ErrForbidden
	}
	if len(c.Done) > 0 {
		return cs.Store.Customer(ctx, c.Actor.Reach(), c.Done[0])
	}
	var errs fieldErrors
	if t != Corporate && t != Individual {
		errs.add(InvalidField("type", "invalid_choice", "The type is corporate or individual."))
	}
	if in.Name == nil {
		none := ""
		in.Name = &none
	}
	customer, err := in.apply(newCustomer(cs.NewID(), t, c.Now))
	if e, ok := errors.AsType[*Error](err); ok {
		errs = append(errs, e.Fields...)
	}
	if err := errs.err(); err != nil {
		return Customer{}, err
	}
	audit := c.auditEntry(cs.NewID(), "customer.created", "customer", customer.ID, customer.ID, nil, customer.auditFields())
	if err := cs.Store.CreateCustomer(ctx, customer, c.trail(audit, customer.ID)); err != nil {
		return Customer{}, err
	}
	return customer, nil
}

// Change sets fields of a customer. version is that of If-Match. A job brings a new name to the users' records.
// Errors: ErrNotFound, ErrForbidden, ErrStale, Invalid, ErrExternalIDInUse.
func (cs Customers) Change(ctx context.Context, c Call, customerID string, version int, in CustomerInput) (Customer, error) {
	return cs.change(ctx, c, customerID, version, "customer.changed", in.apply)
}

// Deactivate shuts a customer out: its users from their next request, their sessions and tokens for good, its
// invitations until Reactivate.
// Errors: ErrNotFound, ErrForbidden, ErrStale, Conflict (already_deactivated).
func (cs Customers) Deactivate(ctx context.Context, c Call, customerID string, version int) (Customer, error) {
	return cs.change(ctx, c, customerID, version, "customer.deactivated", func(x Customer) (Customer, error) {
		if x.Status == CustomerDeactivated {
			return x, &Error{Kind: Conflict, Code: "already_deactivated", Message: "The customer is deactivated already."}
		}
		x.Status = CustomerDeactivated
		return x, nil
	})
}

// Reactivate undoes Deactivate; the users sign in again.
// Errors: ErrNotFound, ErrForbidden, ErrStale, Conflict (already_active).
func (cs Customers) Reactivate(ctx context.Context, c Call, customerID string, version int) (Customer, error) {
	return cs.change(ctx, c, customerID, version, "customer.reactivated", func(x Customer) (Customer, error) {
		if x.Status == CustomerActive {
			return x, &Error{Kind: Conflict, Code: "already_active", Message: "The customer is active already."}
		}
		x.Status = CustomerActive
		return x, nil
	})
}

// change makes one version-checked change; version is 0 if the caller sent no If-Match and need not.
func (cs Customers) change(ctx context.Context, c Call, customerID string, version int, action string, apply func(Customer) (Customer, error)) (Customer, error) {
	if err := c.Actor.require(ChangeCustomer, customerID, ""); err != nil {
		return Customer{}, err
	}
	before, err := cs.Store.Customer(ctx, c.Actor.Reach(), customerID)
	if err != nil {
		return Customer{}, err
	}
	if len(c.Done) > 0 {
		return before, nil
	}
	if version != 0 && version != before.Version {
		return Customer{}, ErrStale
	}
	after, err := apply(before)
	if err != nil || unchanged(before, after) {
		return after, err
	}
	after.Version = before.Version + 1
	if before.Open() && !after.Open() { // open sessions end for good: when the customer is back, people sign in again
		after.ValidFrom = cutOff(c.Now)
	}
	audit := c.auditEntry(cs.NewID(), action, "customer", customerID, customerID, before.auditFields(), after.auditFields())
	trail := c.trail(audit, customerID)
	if after.Name != before.Name {
		trail.Jobs = []Job{cs.renameJob(c, customerID)}
	}
	if err := cs.Store.ChangeCustomer(ctx, before, after, trail); err != nil {
		return Customer{}, err
	}
	return after, nil
}

// renameJob returns the job that brings a new name to the customer's users. Nobody waits for it, so no list shows it.
func (cs Customers) renameJob(c Call, customerID string) Job {
	j := NewJob(c, cs.NewID(), JobRenameCustomer, customerID, customerID, nil)
	j.By, j.ByName = "", ""
	return j
}

// Delete deletes a customer without users and sub-accounts. Errors: ErrNotFound, ErrForbidden, ErrStale,
// ErrCustomerNotEmpty.
func (cs Customers) Delete(ctx context.Context, c Call, customerID string, version int) error {
	if err := c.Actor.require(ChangeCustomer, customerID, ""); err != nil {
		return err
	}
	before, err := cs.Store.Customer(ctx, c.Actor.Reach(), customerID)
	if err != nil {
		return err
	}
	if version != before.Version {
		return ErrStale
	}
	audit := c.auditEntry(cs.NewID(), "customer.deleted", "customer", customerID, customerID, before.auditFields(), nil)
	return cs.Store.DeleteCustomer(ctx, before, c.trail(audit, customerID))
}
