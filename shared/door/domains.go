package door

import (
	"net/http"
	"strings"
	"time"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/web"
)

// CustomerDomains are the pages about one customer's domains.
type CustomerDomains struct {
	Door *Door
	// At begins the addresses of the pages. It may have the wildcard {customerId}; without it, the customer is the
	// actor's own.
	At string
	// Frame returns what surrounds the list.
	Frame func(r *http.Request, c membership.Customer, area string) Frame
}

// Routes mounts the pages.
func (p CustomerDomains) Routes(mux *http.ServeMux) {
	mux.Handle("GET "+p.At+"/domains", p.Door.Require(p.list))
	mux.Handle("POST "+p.At+"/domains", p.Door.Require(p.claim))
	mux.Handle("POST "+p.At+"/domains/{domainName}/verify", p.Door.Require(p.verify))
	mux.Handle("GET "+p.At+"/domains/{domainName}/verify", p.Door.Require(p.leave))
	mux.Handle("GET "+p.At+"/domains/{domainName}/remove", p.Door.Require(p.askRemove))
	mux.Handle("POST "+p.At+"/domains/{domainName}/remove", p.Door.Require(p.remove))
}

// domainsPage is a customer's domains and the form to add one.
type domainsPage struct {
	Frame   Frame
	Domains []domainView
	Empty   *web.Empty
	Action  string // of the form; "" if the actor may not add one
	Once    string
	Form    *web.Form
}

// domainView is one domain with the record that proves it.
type domainView struct {
	Name, ID, Status string
	RecordName       string
	RecordValue      string
	ProvenAt, SeenAt time.Time
	Verify, Remove   *web.Action
	Found            *found
}

// found is what a check of the record found instead.
type found struct {
	Notice web.Notice
	Texts  []string
}

// place returns the customer that a request is about, and the address of its domain pages.
func (p CustomerDomains) place(r *http.Request) (customerID, base string, err error) {
	customerID = Actor(r).CustomerID
	if strings.Contains(p.At, "{customerId}") {
		if customerID, err = httpapi.PathID(r, "customerId"); err != nil || customerID == membership.ProviderID {
			return "", "", membership.ErrNotFound
		}
	}
	return customerID, strings.Replace(p.At, "{customerId}", customerID, 1) + "/domains", nil
}

func (p CustomerDomains) list(w http.ResponseWriter, r *http.Request) {
	p.page(w, r, http.StatusOK, web.NewForm(), nil)
}

// leave is for people who reload the page that answered a check.
func (p CustomerDomains) leave(w http.ResponseWriter, r *http.Request) {
	_, base, err := p.place(r)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	http.Redirect(w, r, base, http.StatusSeeOther)
}

// page shows the list; check is the result of a check that was just made.
func (p CustomerDomains) page(w http.ResponseWriter, r *http.Request, status int, form *web.Form, check *membership.DomainCheck) {
	d := p.Door
	id, base, err := p.place(r)
	var customer membership.Customer
	if err == nil {
		customer, err = d.Customers.Get(r.Context(), d.Call(r), id)
	}
	if err == nil && customer.Type != membership.Corporate {
		err = membership.ErrIndividual
	}
	var all []membership.Domain
	if err == nil {
		all, err = d.Domains.List(r.Context(), d.Call(r), id)
	}
	if err != nil {
		d.Pages.Failed(w, r, err)
		return
	}
	view := domainsPage{Frame: p.Frame(r, customer, "domains"), Form: form, Once: d.Once()}
	may := Actor(r).May(membership.ChangeDomains, id, "")
	if may {
		view.Action = base
	}
	if len(all) == 0 {
		view.Empty = &web.Empty{Title: web.Text("domains.none"), Text: web.Text("domains.none_text")}
	}
	for _, one := range all {
		v := domainView{Name: one.Name, ID: strings.ReplaceAll(one.Name, ".", "-"), Status: "claimed", RecordName: one.RecordName(),
			RecordValue: d.Domains.Keys.DomainRecord(id, one.Name), ProvenAt: one.ProvenAt, SeenAt: one.CheckedAt}
		verify := web.Action{Label: web.Text("domains.verify"), URL: base + "/" + one.Name + "/verify", Post: true, Kind: "primary", About: one.Name}
		if one.Proven() {
			v.Status, verify.Label, verify.Kind = "proven", web.Text("domains.verify_again"), ""
		}
		if may {
			v.Verify = &verify
			v.Remove = &web.Action{Label: web.Text("domains.remove"), URL: base + "/" + one.Name + "/remove", Kind: "danger", About: one.Name}
		}
		if check != nil && check.Domain.Name == one.Name {
			v.Found = &found{Notice: web.Notice{Kind: "warning", Text: web.Text("domains.found_nothing", "name", one.RecordName())}, Texts: check.Found}
			if check.Result == membership.DomainOtherRecord {
				v.Found.Notice.Text = web.Text("domains.found_other", "name", one.RecordName())
			}
		}
		view.Domains = append(view.Domains, v)
	}
	d.Pages.Render(w, r, status, "domains", view)
}

func (p CustomerDomains) claim(w http.ResponseWriter, r *http.Request) {
	id, base, err := p.place(r)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	form, call, err := p.Door.Sent(w, r)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	d, err := p.Door.Domains.Claim(r.Context(), call, id, form.Value("domain"))
	if err != nil {
		if !form.Fail(err) {
			p.Door.Pages.Failed(w, r, err)
			return
		}
		p.page(w, r, http.StatusUnprocessableEntity, form, nil)
		return
	}
	web.Notify(w, "success", "notice.domain_claimed", "name", d.Name)
	http.Redirect(w, r, base, http.StatusSeeOther)
}

func (p CustomerDomains) verify(w http.ResponseWriter, r *http.Request) {
	id, base, err := p.place(r)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	check, err := p.Door.Domains.Verify(r.Context(), p.Door.Call(r), id, r.PathValue("domainName"))
	switch {
	case err == nil && check.Result == membership.DomainProven:
		web.Notify(w, "success", "notice.domain_proven", "name", check.Domain.Name)
		http.Redirect(w, r, base, http.StatusSeeOther)
	case err == nil:
		p.page(w, r, http.StatusUnprocessableEntity, web.NewForm(), &check)
	default:
		p.Door.Pages.Fail(w, r, err, web.Action{Label: web.Text("domains.back"), URL: base, Kind: "primary"})
	}
}

func (p CustomerDomains) askRemove(w http.ResponseWriter, r *http.Request) {
	id, base, err := p.place(r)
	if err == nil && !Actor(r).May(membership.ChangeDomains, id, "") {
		err = membership.ErrForbidden
	}
	name := membership.FoldDomain(r.PathValue("domainName"))
	if err == nil && name == "" {
		err = membership.ErrNotFound
	}
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	p.Door.Pages.Confirm(w, r, web.Confirm{Title: web.Text("domains.remove_title", "name", name), Text: web.Text("domains.remove_text"), Cancel: base,
		Action: web.Action{Label: web.Text("domains.remove"), URL: r.URL.Path, Kind: "danger"}})
}

// remove succeeds when the domain is gone, even if an earlier sending of the same form removed it.
func (p CustomerDomains) remove(w http.ResponseWriter, r *http.Request) {
	id, base, err := p.place(r)
	if err == nil {
		err = p.Door.Domains.Remove(r.Context(), p.Door.Call(r), id, r.PathValue("domainName"))
	}
	if err != nil {
		p.Door.Pages.Fail(w, r, err, web.Action{Label: web.Text("domains.back"), URL: base, Kind: "primary"})
		return
	}
	web.Notify(w, "success", "notice.domain_removed", "name", membership.FoldDomain(r.PathValue("domainName")))
	http.Redirect(w, r, base, http.StatusSeeOther)
}
