package main

import (
	"embed"
	"io/fs"
	"net/http"

	"clientele/shared/door"
	"clientele/shared/membership"
	"clientele/shared/session"
	"clientele/shared/web"
)

//go:embed pages text
var embedded embed.FS

// newHandler returns the portal. publicURL is its configured address, "" for the gateway's own.
func newHandler(parts door.Door, site web.Site, guests membership.Guests, publicURL string) (http.Handler, error) {
	parts.Areas = areas
	opening := &opening{registrations: parts.Registrations, now: parts.Now}
	parts.Registering, parts.Open = opening.ask, []string{embeddedRoute}
	site.Files = []fs.FS{embedded}
	d := door.New(parts, site)
	mux := http.NewServeMux()
	d.Routes(mux)
	visitors := door.GuestPages{Door: d, Guests: session.Guests{Guests: guests, Now: parts.Now}}
	mux.Handle("GET /{$}", visitors.Home(d.Require(home)))
	door.People{Door: d, Frame: frame}.Routes(mux)
	door.CustomerDomains{Door: d, Frame: frame}.Routes(mux)
	visitors.Routes(mux)
	registering{Door: d, opening: opening}.routes(mux)
	return d.Handler(mux, publicURL)
}

// areas returns the portal's areas. Members have only their own record, which is in everybody's menu.
func areas(a membership.Actor) []web.Link {
	own := web.Link{Label: web.Text("portal.profile"), URL: "/profile"}
	if !a.May(membership.ReadUsers, a.CustomerID, "") {
		return []web.Link{own}
	}
	links := []web.Link{{Label: web.Text("people.users"), URL: "/users"}, {Label: web.Text("people.invitations"), URL: "/invitations"}}
	if a.May(membership.ReadDomains, a.CustomerID, "") {
		links = append(links, web.Link{Label: web.Text("domains.title"), URL: "/domains"})
	}
	if door.MayApprove(a) {
		links = append(links, web.Link{Label: web.Text("queue.title"), URL: "/registrations"})
	}
	return append(links, own)
}

// home leads to the first area.
func home(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, areas(door.Actor(r))[0].URL, http.StatusSeeOther)
}

func frame(_ *http.Request, c membership.Customer, area string) door.Frame {
	switch area {
	case "users":
		return door.Frame{Lead: web.Text("portal.users_lead", "name", c.Name)}
	case "domains":
		return door.Frame{}
	}
	return door.Frame{Lead: web.Text("portal.invitations_lead", "name", c.Name)}
}
