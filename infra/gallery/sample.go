package main

import (
	"time"

	"clientele/shared/membership"
	"clientele/shared/web"
)

// sample is one page with made-up data.
type sample struct {
	Name, Door, Page string
	Status           int
	Visitor          *web.Visitor
	Data             any
}

func samples(now time.Time) []sample {
	staff := &web.Visitor{
		Name: "Ines Albrecht", Detail: "ines.albrecht@nordwind.example", SignOut: "/sign-out",
		Nav:  []web.Link{{Label: web.Text("sample.customers"), URL: "/customers", Current: true}, {Label: web.Text("sample.staff"), URL: "/staff"}},
		Menu: []web.Link{{Label: web.Text("sample.profile"), URL: "/profile"}},
	}
	user := &web.Visitor{
		Name: "Maja Grønbech", Detail: "Fjordfisk AS", SignOut: "/sign-out",
		Nav:  []web.Link{{Label: web.Text("sample.users"), URL: "/users", Current: true}, {Label: web.Text("sample.profile"), URL: "/profile"}},
		Menu: []web.Link{{Label: web.Text("sample.profile"), URL: "/profile"}},
	}
	return []sample{
		{"customers", "console", "customers", 200, staff, customers(now)},
		{"customers-empty", "console", "customers", 200, staff, listPage{Form: web.NewForm(), Table: emptyCustomers()}},
		{"customer", "console", "customer", 200, staff, customer(now)},
		{"invite", "console", "invite", 200, staff, formPage{Form: web.NewForm("role", "member"), Roles: roles()}},
		{"invite-errors", "console", "invite", 422, staff, formPage{Form: wrongForm(), Roles: roles()}},
		{"results", "console", "results", 200, staff, results()},
		{"confirm", "console", "confirm", 200, staff, question()},
		{"sign-in", "portal", "sign-in", 200, nil, formPage{Form: web.NewForm()}},
		{"sign-in-wrong", "portal", "sign-in", 422, nil, formPage{Form: wrongSignIn()}},
		{"code", "console", "code", 200, nil, formPage{Form: web.NewForm()}},
		{"invitation", "portal", "invitation", 200, nil, nil},
		{"accept", "portal", "accept", 200, nil, formPage{Form: web.NewForm("username", "maja.groenbech@fjordfisk.example", "token", "x")}},
		{"expired", "portal", "expired", 410, nil, nil},
		{"users", "portal", "users", 200, user, portalUsers(now)},
		{"problem", "portal", "problem", 404, user, web.Problem{Code: "not_found", Status: 404, RequestID: "Jq3kPhA4DoEEMtw=",
			Actions: []web.Action{{Label: web.Text("problem.home"), URL: "/", Kind: "primary"}}}},
		{"components", "console", "components", 200, staff, components(now)},
	}
}

type listPage struct {
	Form  *web.Form
	Table web.Table
	Tabs  []web.Link
}

type formPage struct {
	Form  *web.Form
	Roles []web.Option
}

func roles() []web.Option {
	var options []web.Option
	for _, role := range []string{"member", "moderator", "administrator"} {
		options = append(options, web.Option{Value: role, Label: web.Word("role", role), Hint: web.Word("role_hint", role)})
	}
	return options
}

func customers(now time.Time) listPage {
	table := web.Table{
		Caption: web.Text("sample.customers"),
		Columns: []web.Column{
			{Head: web.Text("field.name"), Sort: "?order=desc", Order: "ascending"}, {Head: web.Text("field.status")}, {Head: web.Text("field.type"), Kind: "minor"},
			{Head: web.Text("field.city"), Kind: "minor"}, {Head: web.Text("field.createdAt"), Sort: "?sort=created"}, {Head: web.Text("table.actions"), Kind: "actions"},
		},
		Pager: &web.Pager{Next: "?cursor=x", Info: web.Text("sample.range", "from", 1, "to", 8, "all", 1213)},
	}
	for i, c := range []struct{ name, id, kind, city, status string }{
		{"Atelier Blau GmbH", "K-10044", "corporate", "Wien", "active"},
		{"Bäckerei Öztürk", "K-10101", "corporate", "Köln", "active"},
		{"Fjordfisk AS", "K-10007", "corporate", "Bergen", "active"},
		{"Hartmann, Ute", "", "individual", "Lübeck", "active"},
		{"Kraftwerk Südharz Verwaltungs- und Betriebsgesellschaft mbH & Co. KG", "K-09981", "corporate", "Nordhausen", "active"},
		{"Levant Spices S.A.R.L.", "K-10120", "corporate", "Marseille", "deactivated"},
		{"Okonkwo Trading Ltd", "K-10098", "corporate", "", "active"},
		{"Vinothek am Dom", "K-10012", "corporate", "Mainz", "active"},
	} {
		table.Rows = append(table.Rows, web.Row{Quiet: c.status == "deactivated", Cells: []web.Cell{
			{Text: c.name, URL: "/customer", Detail: c.id}, {Status: c.status}, {Word: web.Word("customer_type", c.kind)},
			{Text: c.city}, {Date: now.AddDate(0, -i*2, -i*3)},
			{Actions: []web.Action{{Label: web.Text("sample.invite"), URL: "/invite", About: c.name}}},
		}})
	}
	return listPage{Form: web.NewForm(), Table: table}
}

func emptyCustomers() web.Table {
	return web.Table{Empty: &web.Empty{Title: web.Text("sample.no_customers"), Text: web.Text("sample.no_customers_text"),
		Action: &web.Action{Label: web.Text("sample.new_customer"), URL: "/new", Kind: "primary"}}}
}

type customerPage struct {
	Name, Status string
	Tabs         []web.Link
	Table        web.Table
}

func customer(now time.Time) customerPage {
	return customerPage{Name: "Fjordfisk AS", Status: "active", Table: people(now),
		Tabs: []web.Link{
			{Label: web.Text("sample.users"), URL: "/customer", Current: true, Count: "6"}, {Label: web.Text("sample.invitations"), URL: "/customer", Count: "3"},
			{Label: web.Text("sample.subaccounts"), URL: "/customer", Count: "2"}, {Label: web.Text("sample.details"), URL: "/customer"},
		}}
}

func people(now time.Time) web.Table {
	table := web.Table{
		Caption: web.Text("sample.users"),
		Columns: []web.Column{
			{Head: web.Text("field.name"), Sort: "?", Order: "ascending"}, {Head: web.Text("field.status")}, {Head: web.Text("field.role")},
			{Head: web.Text("field.delivery"), Kind: "minor"}, {Head: web.Text("field.expiresAt")}, {Head: web.Text("table.actions"), Kind: "actions"},
		},
	}
	for _, u := range []struct {
		name, email, status, role, delivery string
		expires                             time.Duration
	}{
		{"Maja Grønbech", "maja.groenbech@fjordfisk.example", "active", "administrator", "", 0},
		{"Jón Þórsson", "jon@fjordfisk.example", "active", "moderator", "", 0},
		{"", "lager+bestellungen@fjordfisk.example", "invited", "member", "sent", 6*24*time.Hour + 20*time.Hour},
		{"Sigrid Aas", "sigrid.aas@fjordfisk.example", "invited", "member", "bounced", 3 * time.Hour},
		{"Tor Hagen", "tor@fjordfisk.example", "expired", "member", "delivered", -50 * time.Hour},
		{"Live Bakke", "live.bakke@fjordfisk.example", "deactivated", "member", "", 0},
	} {
		cells := []web.Cell{{Text: u.name, URL: "/user", Detail: u.email}, {Status: u.status}, {Word: web.Word("role", u.role)}, {}, {}, {}}
		if u.name == "" {
			cells[0] = web.Cell{Text: u.email, URL: "/user"}
		}
		if u.delivery != "" {
			cells[3].Status = u.delivery
			cells[4].Time = now.Add(u.expires)
			cells[5].Actions = []web.Action{
				{Label: web.Text("sample.resend"), URL: "/resend", Post: true, About: u.email},
				{Label: web.Text("sample.revoke"), URL: "/confirm", About: u.email},
				{Label: web.Text("sample.delete"), URL: "/confirm", Kind: "danger", About: u.email},
			}
		}
		table.Rows = append(table.Rows, web.Row{Cells: cells, Quiet: u.status == "deactivated"})
	}
	return table
}

func portalUsers(now time.Time) listPage {
	table := people(now)
	table.Rows[0].Cells[0].Note = web.Text("sample.you")
	return listPage{Form: web.NewForm(), Table: table}
}

func wrongForm() *web.Form {
	form := web.NewForm("role", "administrator", "emails", "")
	form.Fail(membership.InvalidField("invitees", "required", ""), "invitees", "emails")
	form.Fail(&membership.Error{Kind: membership.Forbidden, Code: "role_not_allowed", Field: "role"})
	return form
}

func wrongSignIn() *web.Form {
	form := web.NewForm("login", "maja.groenbech@fjordfisk.example")
	form.Fail(&membership.Error{Kind: membership.Unauthenticated, Code: "wrong_credentials"})
	return form
}

func results() web.Table {
	return web.Table{
		Caption: web.Text("sample.results"),
		Columns: []web.Column{{Head: web.Text("field.email")}, {Head: web.Text("field.status")}, {Head: web.Text("sample.what")}},
		Rows: []web.Row{
			{Cells: []web.Cell{{Text: "sigrid.aas@fjordfisk.example"}, {Status: "invited"}, {Word: web.Text("sample.mailed")}}},
			{Cells: []web.Cell{{Text: "tor@fjordfisk"}, {Status: "error"}, {Word: web.Known("invalid_email")}}},
			{Cells: []web.Cell{{Text: "jon@fjordfisk.example"}, {Status: "error"}, {Word: web.Known("already_user")}}},
		},
	}
}

func question() web.Confirm {
	return web.Confirm{
		Title:  web.Text("sample.deactivate_title", "name", "Levant Spices S.A.R.L."),
		Text:   web.Text("sample.deactivate_text"),
		Points: []web.Phrase{web.Text("sample.deactivate_point", "count", 14), web.Text("sample.deactivate_point2")},
		Action: web.Action{Label: web.Text("sample.deactivate"), URL: "/confirm", Kind: "danger"},
		Cancel: "/customer",
	}
}

type componentsPage struct {
	Now      time.Time
	Form     *web.Form
	Roles    []web.Option
	Statuses []string
}

func components(now time.Time) componentsPage {
	form := web.NewForm("language", "de", "notificationsEnabled", "on", "role", "member", "phone", "+49 221 <b>1234</b>")
	form.Error("phone", web.Known("invalid_phone"))
	return componentsPage{Now: now, Form: form, Roles: roles(),
		Statuses: []string{"active", "invited", "waiting", "expired", "deactivated", "rejected", "queued", "delivered", "bounced"}}
}
