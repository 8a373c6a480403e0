package door

import (
	"net/http"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/session"
	"clientele/shared/web"
)

// GuestPages are the portal's pages for people who can read the mail of a customer's contact address, while the
// customer has no users.
type GuestPages struct {
	Door   *Door
	Guests session.Guests
}

// Routes mounts the pages.
func (p GuestPages) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /sign-in/link", p.showAsk)
	mux.HandleFunc("POST /sign-in/link", p.ask)
	mux.HandleFunc("GET /guest/link", p.showLink)
	mux.HandleFunc("POST /guest/link", p.inspect)
	mux.HandleFunc("POST /guest/enter", p.enter)
	mux.HandleFunc("GET /guest", p.show)
	mux.HandleFunc("POST /guest/first-user", p.firstUser)
	mux.HandleFunc("POST /guest/leave", p.leave)
}

// Home sends guests to the one page that they have, and everybody else on.
func (p GuestPages) Home(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.Guests.Has(r) && !p.Door.hasCookie(r) {
			http.Redirect(w, r, "/guest", http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (p GuestPages) showAsk(w http.ResponseWriter, r *http.Request) {
	p.Door.Pages.Render(w, r, http.StatusOK, "guest-ask", formPage{web.NewForm()})
}

// ask answers the same for every address; whose it is turns out when the mail is due.
func (p GuestPages) ask(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	err = p.Guests.Guests.Ask(r.Context(), p.Door.Call(r), membership.AskLink{Email: form.Value("email"), Source: httpapi.Source(r)}, p.Door.Pages.Language(r))
	if err != nil {
		if !form.Fail(err) {
			p.Door.Pages.Failed(w, r, err)
			return
		}
		p.Door.Pages.Render(w, r, http.StatusUnprocessableEntity, "guest-ask", formPage{form})
		return
	}
	web.Notify(w, "success", "notice.link_requested")
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

func (p GuestPages) showLink(w http.ResponseWriter, r *http.Request) {
	p.Door.Pages.Render(w, r, http.StatusOK, "guest-open", nil)
}

// guestLinkPage asks whether the holder of a link wants to enter; only the answer uses up the link.
type guestLinkPage struct{ Customer, Token string }

func (p GuestPages) inspect(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	token := web.PastedToken(form.Value("token"))
	customer, err := p.Guests.Guests.Inspect(r.Context(), p.Door.Call(r), token)
	if err != nil {
		p.dead(w, r, token, err)
		return
	}
	r = web.WithAgain(web.WithLanguage(r, customer.Language), map[string]string{"token": token})
	p.Door.Pages.Render(w, r, http.StatusOK, "guest-link", guestLinkPage{customer.Name, token})
}

// dead says why a link no longer works, and what to do instead.
func (p GuestPages) dead(w http.ResponseWriter, r *http.Request, token string, err error) {
	again := web.Action{Label: web.Text("guest.ask_again"), URL: "/sign-in/link", Kind: "primary"}
	page := deadLink{Text: web.Known(membership.CodeOf(err)), Actions: []web.Action{again, {Label: web.Text("problem.sign_in"), URL: "/sign-in"}}}
	switch membership.CodeOf(err) {
	case membership.ErrGuestLinkOver.Code:
		page.Title = web.Text("signin.reset_over_title")
	case membership.ErrBadLink.Code:
		page.Title = web.Text("accept.incomplete_title")
	default:
		p.Door.Pages.Fail(w, r, err, again)
		return
	}
	p.Door.deadLink(w, r, token, err, page)
}

func (p GuestPages) enter(w http.ResponseWriter, r *http.Request) {
	form, err := web.ReadForm(w, r)
	if err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	token := form.Value("token")
	if err := p.Guests.Start(w, r, p.Door.Call(r), token); err != nil {
		p.dead(w, r, token, err)
		return
	}
	http.Redirect(w, r, "/guest", http.StatusSeeOther)
}

// guestPage shows the customer and the form that asks for a first user.
type guestPage struct {
	Name      string
	Facts     []Fact
	Form      *web.Form
	Roles     []web.Option
	Languages []web.Option
}

// load returns the guest, or sends everybody else to the sign-in page.
func (p GuestPages) load(w http.ResponseWriter, r *http.Request) (membership.Call, membership.Customer, *http.Request, bool) {
	actor, customer, err := p.Guests.Load(w, r)
	switch {
	case membership.KindOf(err) == membership.Unauthenticated:
		web.Notify(w, "info", "notice.guest_ended")
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return membership.Call{}, customer, r, false
	case err != nil:
		p.Door.Pages.Failed(w, r, err)
		return membership.Call{}, customer, r, false
	}
	r = r.WithContext(httpapi.WithActor(r.Context(), "guest", actor.CustomerID))
	r = web.WithVisitor(r, web.Visitor{Name: actor.Name, Detail: actor.Company, Language: actor.Language, SignOut: "/guest/leave"})
	return membership.Call{Actor: actor, Now: p.Door.Now()}, customer, r, true
}

func (p GuestPages) show(w http.ResponseWriter, r *http.Request) {
	if c, customer, r, ok := p.load(w, r); ok {
		p.page(w, r, http.StatusOK, customer, web.NewForm("email", c.Actor.Name, "role", string(membership.Administrator), "language", p.Door.Pages.Language(r)))
	}
}

func (p GuestPages) page(w http.ResponseWriter, r *http.Request, status int, c membership.Customer, form *web.Form) {
	view := guestPage{Name: c.Name, Form: form, Languages: web.LanguageOptions(), Facts: Facts(
		Fact{Label: web.Text("field.email"), Text: c.Email}, Fact{Label: web.Text("field.phone"), Text: c.Phone}, Fact{Label: web.Text("field.url"), Text: c.URL, URL: c.URL},
		Fact{Label: web.Text("people.address"), Text: Address(c.Street, c.Postcode, c.City, c.Region, c.Country)}, language(c.Language),
	)}
	for _, role := range membership.RolesOf(c.ID) {
		view.Roles = append(view.Roles, web.Option{Value: string(role), Label: web.Word("role", role), Hint: web.Word("role_hint", role)})
	}
	p.Door.Pages.Render(w, r, status, "guest", view)
}

func (p GuestPages) firstUser(w http.ResponseWriter, r *http.Request) {
	c, customer, r, ok := p.load(w, r)
	if !ok {
		return
	}
	form, err := web.ReadForm(w, r)
	if err == nil {
		err = p.Guests.Guests.AskFirstUser(r.Context(), c, membership.FirstUser{FirstName: form.Value("firstName"), LastName: form.Value("lastName"),
			Email: form.Value("email"), Language: form.Value("language"), Role: membership.Role(form.Value("role"))})
	}
	switch {
	case err == nil:
		notice := "notice.first_user_asked"
		if membership.FoldLogin(form.Value("email")) != membership.FoldLogin(customer.Email) {
			notice = "notice.first_user_confirms"
		}
		web.Notify(w, "success", notice)
		http.Redirect(w, r, "/guest", http.StatusSeeOther)
	case form.Fail(err):
		p.page(w, r, http.StatusUnprocessableEntity, customer, form)
	default:
		p.Door.Pages.Failed(w, r, err)
	}
}

func (p GuestPages) leave(w http.ResponseWriter, r *http.Request) {
	if err := p.Guests.End(w, r); err != nil {
		p.Door.Pages.Failed(w, r, err)
		return
	}
	web.Notify(w, "success", "notice.signed_out")
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}
