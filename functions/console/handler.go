package main

import (
	"embed"
	"io/fs"
	"net/http"

	"clientele/shared/door"
	"clientele/shared/membership"
	"clientele/shared/web"
)

//go:embed pages text
var embedded embed.FS

type handler struct {
	*door.Door
	subAccounts membership.SubAccounts
	portalURL   string // the portal's address, which other sites embed
	provider    string
}

// newHandler returns the console. portalURL is the portal's address; publicURL is the console's configured one, "" for
// the gateway's own.
func newHandler(parts door.Door, site web.Site, subAccounts membership.SubAccounts, portalURL, publicURL string) (http.Handler, error) {
	parts.Areas = areas
	site.Files = []fs.FS{embedded}
	h := handler{Door: door.New(parts, site), subAccounts: subAccounts, portalURL: portalURL, provider: site.Provider}
	mux := http.NewServeMux()
	h.Routes(mux)
	mux.Handle("GET /{$}", http.RedirectHandler("/customers", http.StatusSeeOther))

	mux.Handle("GET /customers", h.Require(h.customers))
	mux.Handle("GET /customers/new", h.Require(h.showNewCustomer))
	mux.Handle("POST /customers", h.Require(h.createCustomer))
	mux.Handle("GET /customers/{customerId}", h.Require(h.customer))
	mux.Handle("GET /customers/{customerId}/details", h.Require(h.details))
	mux.Handle("GET /customers/{customerId}/edit", h.Require(h.showCustomer))
	mux.Handle("POST /customers/{customerId}/edit", h.Require(h.changeCustomer))
	mux.Handle("GET /customers/{customerId}/deactivate", h.Require(h.askCustomer))
	mux.Handle("POST /customers/{customerId}/deactivate", h.Require(h.stepCustomer))
	mux.Handle("POST /customers/{customerId}/reactivate", h.Require(h.stepCustomer))
	mux.Handle("GET /customers/{customerId}/delete", h.Require(h.askCustomer))
	mux.Handle("POST /customers/{customerId}/delete", h.Require(h.stepCustomer))

	mux.Handle("GET /customers/{customerId}/subaccounts", h.Require(h.listSubAccounts))
	mux.Handle("POST /customers/{customerId}/subaccounts", h.Require(h.createSubAccount))
	mux.Handle("GET /customers/{customerId}/subaccounts/{subaccountId}", h.Require(h.showSubAccount))
	mux.Handle("POST /customers/{customerId}/subaccounts/{subaccountId}", h.Require(h.changeSubAccount))
	mux.Handle("GET /customers/{customerId}/subaccounts/{subaccountId}/delete", h.Require(h.askDeleteSubAccount))
	mux.Handle("POST /customers/{customerId}/subaccounts/{subaccountId}/delete", h.Require(h.deleteSubAccount))
	door.People{Door: h.Door, At: "/customers/{customerId}", Frame: customerFrame}.Routes(mux)
	door.CustomerDomains{Door: h.Door, At: "/customers/{customerId}", Frame: customerFrame}.Routes(mux)

	door.People{Door: h.Door, Everyone: true, Frame: everyoneFrame}.Routes(mux)
	mux.Handle("GET /groups", h.Require(h.listGroups))
	mux.Handle("GET /groups/new", h.Require(h.showNewGroup))
	mux.Handle("POST /groups", h.Require(h.createGroup))
	mux.Handle("GET /groups/{groupId}", h.Require(h.showGroup))
	mux.Handle("GET /groups/{groupId}/edit", h.Require(h.showGroupForm))
	mux.Handle("POST /groups/{groupId}/edit", h.Require(h.changeGroup))
	mux.Handle("POST /groups/{groupId}/deactivate", h.Require(h.changeGroup))
	mux.Handle("POST /groups/{groupId}/reactivate", h.Require(h.changeGroup))
	mux.Handle("GET /groups/{groupId}/delete", h.Require(h.askDeleteGroup))
	mux.Handle("POST /groups/{groupId}/delete", h.Require(h.deleteGroup))
	mux.Handle("POST /groups/{groupId}/customers", h.Require(h.addGroupCustomer))
	mux.Handle("POST /groups/{groupId}/customers/{customerId}/remove", h.Require(h.removeGroupCustomer))

	mux.Handle("GET /settings", h.Require(h.showSettings))
	mux.Handle("POST /settings", h.Require(h.changeSettings))
	mux.Handle("GET /settings/embeds", h.Require(h.showEmbeds))

	mux.Handle("GET /staff", http.RedirectHandler("/staff/users", http.StatusSeeOther))
	door.People{Door: h.Door, At: "/staff", CustomerID: membership.ProviderID, Frame: staffFrame}.Routes(mux)
	return h.Handler(mux, publicURL)
}

// areas returns the console's areas for the navigation.
func areas(a membership.Actor) []web.Link {
	links := []web.Link{{Label: web.Text("console.customers"), URL: "/customers"}, {Label: web.Text("console.all_users"), URL: "/users"}}
	if door.MayApprove(a) {
		links = append(links, web.Link{Label: web.Text("queue.title"), URL: "/registrations"})
	}
	if a.May(membership.ReadGroups, membership.ProviderID, "") {
		links = append(links, web.Link{Label: web.Text("console.groups"), URL: "/groups"})
	}
	if a.May(membership.ReadUsers, membership.ProviderID, "") {
		links = append(links, web.Link{Label: web.Text("console.staff"), URL: "/staff"})
	}
	if a.May(membership.ReadSettings, membership.ProviderID, "") {
		links = append(links, web.Link{Label: web.Text("settings.title"), URL: "/settings"})
	}
	return links
}

// customerFrame surrounds every page of one customer.
func customerFrame(r *http.Request, c membership.Customer, area string) door.Frame {
	at := address(c.ID, "")
	frame := door.Frame{Heading: web.Plain(c.Name), Back: &web.Link{Label: web.Text("console.customers"), URL: "/customers"}, Status: string(c.Status)}
	tab := func(label web.Phrase, name string) {
		frame.Tabs = append(frame.Tabs, web.Link{Label: label, URL: at + "/" + name, Current: area == name})
	}
	tab(web.Text("people.users"), "users")
	if c.Type == membership.Corporate { // only they have several users (mission 1)
		tab(web.Text("people.invitations"), "invitations")
		tab(web.Text("console.subaccounts"), "subaccounts")
		tab(web.Text("domains.title"), "domains")
	}
	tab(web.Text("people.details"), "details")
	return frame
}

// everyoneFrame surrounds the list of all customers' users.
func everyoneFrame(*http.Request, membership.Customer, string) door.Frame {
	return door.Frame{Heading: web.Text("console.all_users")}
}

func staffFrame(_ *http.Request, _ membership.Customer, area string) door.Frame {
	return door.Frame{Heading: web.Text("console.staff"), Lead: web.Text("console.staff_lead"), Tabs: []web.Link{
		{Label: web.Text("people.users"), URL: "/staff/users", Current: area == "users"},
		{Label: web.Text("people.invitations"), URL: "/staff/invitations", Current: area == "invitations"},
	}}
}

// address returns the address of a customer's page.
func address(customerID, page string) string {
	if page == "" {
		return "/customers/" + customerID
	}
	return "/customers/" + customerID + "/" + page
}
