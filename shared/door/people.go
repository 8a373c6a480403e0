package door

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// People are the pages about the users and invitations of one customer, or the list of everybody.
type People struct {
	Door *Door
	// Everyone makes it the list over all customers, whose people have their pages below their customers.
	Everyone bool
	// At begins the addresses of the pages; it may have the wildcard {customerId}.
	At string
	// CustomerID is whose people they are where the address does not say so; "" is the actor's own customer.
	CustomerID string
	// Frame is what stands around the lists; area is "users" or "invitations".
	Frame func(r *http.Request, c membership.Customer, area string) Frame
}

// Frame is what stands around the lists of a customer.
type Frame struct {
	Heading web.Phrase // empty: the list's own name
	Lead    web.Phrase
	Back    *web.Link
	Status  string // beside the heading; "" for none
	Tabs    []web.Link
}

// Routes mounts the pages.
func (p People) Routes(mux *http.ServeMux) {
	handle := func(pattern string, page func(http.ResponseWriter, *http.Request, place)) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.Handle(method+" "+p.At+path, p.Door.Require(func(w http.ResponseWriter, r *http.Request) {
			at, err := p.place(r)
			if err != nil {
				p.Door.Pages.Failed(w, r, err)
				return
			}
			page(w, r, at)
		}))
	}
	handle("GET /users", p.users)
	handle("POST /users/bulk", p.bulk)
	handle("GET /users/bulk", p.leaveBulk)
	if p.Everyone {
		handle("GET /users/customers", p.customerChoices)
		handle("GET /users/{userId}", p.findUser)
		return
	}
	handle("GET /users/new", p.showNew)
	handle("POST /users", p.create)
	handle("GET /users/{userId}", p.user)
	handle("GET /users/{userId}/edit", p.showEdit)
	handle("POST /users/{userId}/edit", p.edit)
	handle("POST /users/{userId}/withdraw-email", p.withdrawEmail)
	handle("GET /users/{userId}/groups", p.userGroups)
	handle("POST /users/{userId}/groups", p.changeGroups)
	handle("GET /users/{userId}/invitation", p.userInvitation)
	handle("GET /users/{userId}/picture", p.userPicture)
	handle("POST /users/{userId}/picture/begin", p.userPicture)
	handle("POST /users/{userId}/picture/remove", p.userPicture)
	handle("GET /users/{userId}/password", p.askPassword)
	handle("POST /users/{userId}/password", p.renewPassword)
	handle("GET /users/{userId}/suspend", p.askStep)
	handle("POST /users/{userId}/suspend", p.step)
	handle("GET /users/{userId}/deactivate", p.askStep)
	handle("POST /users/{userId}/deactivate", p.step)
	handle("POST /users/{userId}/reactivate", p.step)
	handle("GET /users/{userId}/remove", p.askStep)
	handle("POST /users/{userId}/remove", p.step)

	handle("GET /invitations", p.invitations)
	handle("GET /invitations/new", p.showInvite)
	handle("POST /invitations/new", p.showInviteAgain)
	handle("POST /invitations", p.invite)
	handle("POST /invitations/resend-expired", p.resendExpired)
	handle("POST /invitations/{invitationId}/resend", p.resend)
	handle("GET /invitations/{invitationId}/revoke", p.askEnd)
	handle("POST /invitations/{invitationId}/revoke", p.revoke)
	handle("GET /invitations/{invitationId}/delete", p.askEnd)
	handle("POST /invitations/{invitationId}/delete", p.delete)
}

// place is where a request's page stands: whose people, and under which address.
type place struct {
	customerID string // "" of everyone
	base       string
	everyone   bool
}

// of is the place of a customer's people: that of everyone has them below their customers.
func (at place) of(customerID string) place {
	if at.everyone {
		return place{customerID: customerID, base: "/customers/" + customerID}
	}
	return at
}

// users is the list: of those who have no customer yet, that of everyone.
func (at place) users() string {
	if at.customerID == membership.UnassignedID {
		return "/users"
	}
	return at.base + "/users"
}

// user is a page of somebody: who has no customer yet is known by the registration only.
func (at place) user(id, action string) string {
	if at.customerID == membership.UnassignedID && action == "" {
		return queuePath + "/" + id
	}
	return join(at.base+"/users/"+id, action)
}

func (at place) invitations() string                 { return at.base + "/invitations" }
func (at place) invitation(id, action string) string { return join(at.base+"/invitations/"+id, action) }

func join(address, action string) string {
	if action == "" {
		return address
	}
	return address + "/" + action
}

// back is the list that a request came from, with its filters, its sort and its page: as the form says, else as the
// browser does (Referrer-Policy: same-origin). Anything but a list of this place leads to the list from its start.
func (at place) back(r *http.Request) string {
	from := r.PostFormValue("back")
	if from == "" {
		from = r.Referer()
	}
	usual := at.users()
	if strings.HasPrefix(r.URL.Path, at.invitations()) {
		usual = at.invitations()
	}
	u, err := url.Parse(from)
	if err != nil || !slices.Contains([]string{usual, at.users(), "/users"}, u.Path) {
		return usual
	}
	if u.RawQuery == "" {
		return u.Path
	}
	return u.Path + "?" + u.Query().Encode()
}

// place finds out whose people a request is about, and whether the actor may see them at all.
func (p People) place(r *http.Request) (place, error) {
	actor := Actor(r)
	at := place{customerID: p.CustomerID, base: p.At, everyone: p.Everyone}
	switch {
	case p.Everyone:
	case strings.Contains(p.At, "{customerId}"):
		id, err := httpapi.PathID(r, "customerId")
		if err != nil || id == membership.ProviderID { // the staff have pages of their own
			return at, membership.ErrNotFound
		}
		at.customerID, at.base = id, strings.Replace(p.At, "{customerId}", id, 1)
	case p.CustomerID == "":
		at.customerID = actor.CustomerID
	}
	if !actor.May(membership.ReadUsers, at.customerID, "") {
		return at, membership.ErrForbidden
	}
	return at, nil
}

// beside reads the customer while read reads something else: two questions, one wait.
func (p People) beside(r *http.Request, at place, read func(context.Context) error) (membership.Customer, error) {
	var customer membership.Customer
	var failed error
	var reading sync.WaitGroup
	reading.Go(func() { customer, failed = p.Door.Customers.Get(r.Context(), p.Door.Call(r), at.customerID) })
	err := read(r.Context())
	reading.Wait()
	if failed != nil {
		return customer, failed // without the customer there is no page, whatever the other one says
	}
	return customer, err
}

// mayInvite says whether the page offers to invite at all; which roles is asked role by role.
func mayInvite(a membership.Actor, c membership.Customer) bool {
	return c.Type == membership.Corporate && c.Status == membership.CustomerActive && a.May(membership.Invite, c.ID, "")
}
