package pages_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"
)

// otherSite is somebody else's web server, whose one page contains this code. Browsers resolve every name below
// localhost to this machine; nobody vouches for the certificate, but visitor accepts it.
func otherSite(t *testing.T, name, code string) (origin string) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Referrer-Policy", "origin") // else browsers do not tell the local portal, which has no TLS, which site a form is on
		_, _ = w.Write([]byte(`<!doctype html><html lang="en"><title>Fjordfisk</title><main><h1>Fjordfisk</h1><p><a href="#content">Fresh fish</a></p>` + code + `</main></html>`))
	}))
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "https://" + name + ".localhost:" + port
}

func visitorOf(t *testing.T) person {
	t.Helper()
	p := somebody(t)
	p.set("take any certificate", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
		return err
	}))
	return p
}

// frame returns what is in the page's frame. It is of another site, so the browser runs it in its own process.
func (p person) frame(address string) person {
	p.t.Helper()
	var frame person
	p.until("a frame of "+address, patience, func() bool {
		targets, err := chromedp.Targets(p.ctx)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, info := range targets {
			if info.Type == "iframe" && strings.HasPrefix(info.URL, address) && info.BrowserContextID == chromedp.FromContext(p.ctx).BrowserContextID {
				ctx, leave := chromedp.NewContext(p.ctx, chromedp.WithTargetID(info.TargetID))
				p.t.Cleanup(leave)
				frame = person{p.t, ctx}
				return started(ctx) == nil
			}
		}
		return false
	})
	return frame
}

func (c caller) embed(query string) string {
	c.t.Helper()
	return c.must(200, "GET", "/embeds/"+query, nil)["code"].(string)
}

// The plain form is on another site's page and leads to the portal, from an allowed site and from no other.
func TestEmbeddedForm(t *testing.T) {
	s := theStack(t)
	staff := administrator(t, s)
	change := settingsOf(staff)
	change(map[string]any{"selfRegistration": true, "registrationFields": map[string]string{"city": "optional"}})
	code := staff.embed("registration?address=true&language=en")
	allowed, other := otherSite(t, "www", code), otherSite(t, "evil", code)
	change(map[string]any{"embedSites": []string{allowed}})

	visitor := visitorOf(t)
	fill := func(site, email string) {
		visitor.open(site)
		visitor.fill("firstName", "Rita")
		visitor.fill("lastName", "Gister")
		visitor.fill("email", email)
		visitor.fill("city", "Bergen")
		visitor.press("Register")
	}
	fill(allowed, "rita@gister") // an address for the browser
	visitor.sees("There is a problem", "This is not an e-mail address.")
	if origin := visitor.ask(`location.origin`); origin != s.Portal {
		t.Errorf("the form leads to %v", origin)
	}
	email := address("rita")
	visitor.fill("email", email)
	visitor.press("Register")
	visitor.sees("Look into your mailbox")
	mailed(t, s, email, 1)

	email = address("rita")
	fill(allowed, email)
	visitor.sees("Look into your mailbox")
	confirm := mailed(t, s, email, 1)
	visitor.open(link(t, confirm))
	visitor.press("Confirm my address")
	visitor.sees("Thank you, we have your registration")
	registration, _, _ := strings.Cut(token(t, confirm), ".")
	if r := staff.must(200, "GET", "/registrations/"+registration, nil); r["origin"] != "form" || r["city"] != "Bergen" {
		t.Errorf("registered as %v", r)
	}

	fill(other, address("rita"))
	visitor.sees("Please register here")
	visitor.press("Register")
	visitor.sees("We mail you a link")

	// On the allowed site a script of the page sends the form itself and shows the result. The browser lets no other
	// page read the answer.
	email = address("rita")
	sent := func(site, email string) string {
		visitor.open(site)
		visitor.do(`document.title = "sending";
			const form = new URLSearchParams(new FormData(document.querySelector("main form")));
			form.set("firstName", "Rita"); form.set("lastName", "Gister"); form.set("email", ` + quote(email) + `);
			fetch(document.querySelector("main form").action, {method: "POST", body: form, headers: {Accept: "application/json"}})
				.then(async (r) => { document.title = r.ok ? "sent" : (await r.json()).errors[0].message; })
				.catch(() => { document.title = "unread"; })`)
		visitor.until("the script's answer", patience, func() bool { return !visitor.yes(`document.title === "sending"`) })
		return visitor.ask(`document.title`).(string)
	}
	for _, try := range []struct{ site, email, want string }{{allowed, "rita@gister", "This is not an e-mail address. It looks like name@example.com."}, {allowed, email, "sent"}, {other, address("rita"), "unread"}} {
		if got := sent(try.site, try.email); got != try.want {
			t.Errorf("%s from %s: %q, want %q", try.email, try.site, got, try.want)
		}
	}
	mailed(t, s, email, 1)
}

// The frame works in an allowed site's page: by keyboard, with the height that it needs, without cookies. No other page
// shows it.
func TestEmbeddedFrame(t *testing.T) {
	s := theStack(t)
	staff := administrator(t, s)
	change := settingsOf(staff)
	change(map[string]any{"selfRegistration": true, "registrationFields": map[string]string{"company": "off", "phone": "off"}})
	code := staff.embed("registration?variant=iframe&language=en")
	allowed, other := otherSite(t, "shop", code), otherSite(t, "evil", code)
	change(map[string]any{"embedSites": []string{allowed}})
	rules := axeScript(t)

	visitor := visitorOf(t)
	visitor.open(allowed)
	frame := visitor.frame(s.Portal + "/embed/registration")
	fits := func(when string) float64 {
		t.Helper()
		var height float64
		visitor.until("a frame of the right height "+when, patience, func() bool {
			height, _ = visitor.ask(`document.querySelector("iframe").clientHeight`).(float64)
			content, _ := frame.ask(`Math.ceil(document.body.getBoundingClientRect().height)`).(float64)
			return height == content && frame.yes(`document.documentElement.scrollHeight <= innerHeight`)
		})
		return height
	}
	empty := fits("at first")
	if found := frame.audit(rules); found != "" {
		t.Error(found)
	}
	if title := visitor.ask(`document.querySelector("iframe").title`); !strings.HasPrefix(title.(string), "Register with ") {
		t.Errorf("the frame is called %v", title)
	}

	visitor.do(`document.querySelector("a").focus()`)
	frame.unhurried()
	visitor.types("\t")
	frame.until("the focus to come into the frame", patience, func() bool { return frame.yes(`document.activeElement?.name === "firstName"`) })
	visitor.types("Rita\tGister\t")
	frame.until("the names", patience, func() bool { return frame.value("lastName") == "Gister" })
	visitor.types("rita@\r")
	frame.sees("There is a problem", "This is not an e-mail address.")
	frame.until("the focus on what is wrong", patience, func() bool { return frame.yes(`document.activeElement?.matches(".error-summary")`) })
	if wrong := fits("with an error"); wrong <= empty {
		t.Errorf("the height is %v, and was %v", wrong, empty)
	}
	email := address("rita")
	frame.fill("email", email)
	frame.do(`document.querySelector("[name=email]").focus()`)
	visitor.types("\r")
	frame.sees("Look into your mailbox")
	frame.until("the focus on the answer", patience, func() bool { return frame.yes(`document.activeElement?.matches("[data-answer]")`) })
	if sent := fits("with the answer"); sent >= empty {
		t.Errorf("the height is %v, and was %v", sent, empty)
	}
	if origin := visitor.ask(`location.origin`); origin != allowed {
		t.Errorf("the page around the frame is now %v", origin)
	}
	mailed(t, s, email, 1)

	night := somebody(t) // it is light whatever the visitor's system prefers, like most pages around it
	night.prefer("dark")
	night.open(s.Portal + "/embed/registration")
	if colour := night.ask(`getComputedStyle(document.body).backgroundColor`); colour != "rgb(255, 255, 255)" {
		t.Errorf("the frame is %v at night", colour)
	}
	visitor.open(other)
	refused := visitor.frame(s.Portal + "/embed/registration")
	refused.until("the browser to refuse the frame", patience, func() bool { return refused.yes(`location.protocol === "chrome-error:"`) })
}

// The sign-in form on another site takes the name; the password is typed at the portal, whose address the browser shows.
func TestEmbeddedSignIn(t *testing.T) {
	s := theStack(t)
	staff := administrator(t, s)
	change := settingsOf(staff)
	login := address("maja")
	staff.join(staff.customer("Fjordfisk AS", "corporate"), login, "member", "en")
	plain := otherSite(t, "www", staff.embed("sign-in?language=en"))
	framed := otherSite(t, "shop", staff.embed("sign-in?variant=iframe&language=en"))
	change(map[string]any{"embedSites": []string{framed}})

	visitor := visitorOf(t)
	visitor.open(plain)
	visitor.fill("login", login)
	visitor.press("Go on to sign in")
	if origin := visitor.ask(`location.origin`); origin != s.Portal || visitor.value("login") != login || !visitor.yes(`document.activeElement.name === "password"`) {
		t.Errorf("at %v as %q", origin, visitor.value("login"))
	}
	visitor.fill("password", password)
	visitor.press("Sign in")
	visitor.sees("Your profile")
	visitor.press("Sign out")

	visitor.open(framed)
	frame := visitor.frame(s.Portal + "/embed/sign-in")
	frame.fill("login", login)
	frame.do(`document.querySelector("[name=login]").focus()`)
	visitor.leaves("Enter in the frame", func() { visitor.types("\r") })
	if origin := visitor.ask(`location.origin`); origin != s.Portal || visitor.value("login") != login {
		t.Errorf("at %v as %q", origin, visitor.value("login"))
	}
}
