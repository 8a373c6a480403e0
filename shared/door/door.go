package door

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/session"
	"clientele/shared/telemetry"
	"clientele/shared/web"
)

//go:embed pages text
var files embed.FS

// Door is one of the two sets of pages.
type Door struct {
	Which        membership.Door
	Pages        *web.Pages // made by New
	Sessions     session.Sessions
	Challenges   Challenges
	SignIn       membership.SignIn
	Profile      membership.Profile
	EmailChanges membership.EmailChanges
	Customers    membership.Customers
	Domains      membership.Domains
	Users        membership.Users
	Invitations  membership.Invitations
	Bulk         membership.Bulk
	Records      membership.Records
	Avatars      membership.Avatars
	Groups       membership.Groups
	// Registrations and Approvals are for people who decide about registrations, Settings for staff.
	Registrations membership.Registrations
	Approvals     membership.Approvals
	Settings      membership.SettingsUse
	// Letter writes a mail as it would be sent, with samples where only the mail itself has the content. portal is the
	// portal's address, as far as this door knows it.
	Letter  func(m membership.Mail, portal string) (subject, text string, err error)
	Exports membership.Exports
	Imports membership.Imports
	Uploads string // where browsers may send files: the bucket's origin
	Markers httpapi.Markers
	Cursors httpapi.Cursors
	Phone   func(e164 string) string // a number as people write it; implemented by shared/phone
	NewID   func() string
	Now     func() time.Time
	Metrics io.Writer // where EMF lines go
	// Areas returns the areas of the door that a person may see, for the navigation.
	Areas func(membership.Actor) []web.Link
	// Registering says whether strangers can register here; nil means never.
	Registering func(context.Context) bool
	Open        []string // routes to which pages of other sites may post (web.Security)

	groups    *groupList
	publicURL string // "" means the gateway's own
}

// Challenges opens the session of a sign-in that waits for its second factor; implemented by shared/identity.
type Challenges interface {
	// Challenge returns the challenge without its code. Errors: ErrChallengeOver.
	Challenge(ctx context.Context, session string) (membership.Challenge, error)
}

// New returns a door with its pages: the site's, and behind them the common ones.
func New(d Door, site web.Site) *Door {
	site.Door, site.Now, site.StatusOf, site.RequestID = string(d.Which), d.Now, httpapi.StatusOf, httpapi.RequestID
	site.Files = append(site.Files, files)
	site.SaveLanguage = d.saveLanguage
	d.SignIn.Wait = wait
	d.Pages, d.groups = web.New(site), &groupList{}
	return &d
}

// Routes mounts the common pages.
func (d *Door) Routes(mux *http.ServeMux) {
	mux.Handle("GET "+web.AssetsPath, d.Pages.Assets())
	mux.Handle("POST /language", d.recognise(d.Pages.SwitchLanguage()))

	mux.HandleFunc("GET /sign-in", d.showSignIn)
	mux.HandleFunc("POST /sign-in", d.signIn)
	mux.HandleFunc("POST /sign-in/code", d.answerChallenge)
	mux.HandleFunc("POST /sign-in/password", d.choosePassword)
	mux.HandleFunc("POST /sign-out", d.signOut)
	mux.HandleFunc("GET /forgot-password", d.showForgot)
	mux.HandleFunc("POST /forgot-password", d.forgot)
	mux.HandleFunc("GET /reset-password", d.showReset)
	mux.HandleFunc("POST /reset-password", d.inspectReset)
	mux.HandleFunc("POST /reset-password/set", d.reset)

	mux.HandleFunc("GET /invitation", d.showInvitation)
	mux.HandleFunc("POST /invitation", d.inspectInvitation)
	mux.HandleFunc("POST /invitation/accept", d.accept)
	mux.HandleFunc("POST /invitation/decline", d.askDecline)
	mux.HandleFunc("POST /invitation/declined", d.decline)
	mux.HandleFunc("POST /invitation/renew", d.renew)

	mux.Handle("GET /profile", d.Require(d.showProfile))
	mux.Handle("POST /profile", d.Require(d.changeProfile))
	mux.Handle("GET /profile/username", d.Require(d.showUsername))
	mux.Handle("POST /profile/username", d.Require(d.changeUsername))
	mux.Handle("GET /profile/email", d.Require(d.showEmail))
	mux.Handle("POST /profile/email", d.Require(d.changeEmail))
	mux.Handle("GET /profile/picture", d.Require(d.ownPicture))
	mux.Handle("POST /profile/picture/begin", d.Require(d.ownPicture))
	mux.Handle("POST /profile/picture/remove", d.Require(d.ownPicture))
	mux.Handle("GET /users/{userId}/avatar", d.Require(d.picture))
	mux.HandleFunc("GET /email-change", d.showEmailChange)
	mux.HandleFunc("POST /email-change", d.inspectEmailChange)
	mux.HandleFunc("POST /email-change/confirm", d.confirmEmailChange)
	d.exportRoutes(mux)
	d.importRoutes(mux)
	d.queueRoutes(mux)
	mux.Handle("/", d.recognise(d.Pages.NotFound()))
}

// Handler returns what a door serves: its routes, secured. publicURL is the door's configured address, "" for the
// gateway's own. Errors: those of web.Secure.
func (d *Door) Handler(mux *http.ServeMux, publicURL string) (http.Handler, error) {
	d.publicURL = publicURL
	return web.Secure(d.guard(mux), web.Security{PublicURL: publicURL, Refused: d.Pages.Refused(), Uploads: d.Uploads, Open: d.Open})
}

// origin returns this door's address for browsers: the configured one, else the request's.
func (d *Door) origin(r *http.Request) string {
	if d.publicURL != "" {
		return d.publicURL
	}
	return "https://" + r.Host
}

// guard turns a panic into a page; otherwise the adapter would answer as it does for the API.
func (d *Door) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if reason := recover(); reason != nil {
				d.Failed(w, r, fmt.Errorf("panic: %v\n%s", reason, debug.Stack()))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

type actorKey struct{}

// Actor returns the signed-in person; use it only behind Require.
func Actor(r *http.Request) membership.Actor {
	a, _ := r.Context().Value(actorKey{}).(membership.Actor)
	return a
}

// Call returns what a use case needs to know about a request.
func (d *Door) Call(r *http.Request) membership.Call {
	a := Actor(r)
	a.RequestID = httpapi.RequestID(r)
	return membership.Call{Actor: a, Now: d.Now()}
}

// Require lets only signed-in people through; others are sent to the sign-in page and come back afterwards.
func (d *Door) Require(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, err := d.Sessions.Load(w, r)
		switch {
		case membership.KindOf(err) == membership.Unauthenticated:
			if d.hasCookie(r) {
				web.Notify(w, "info", "notice.session_ended")
			}
			http.Redirect(w, r, signInPath(r), http.StatusSeeOther)
		case err != nil:
			d.Pages.Failed(w, r, err)
		default:
			next(w, d.known(r, actor))
		}
	})
}

// recognise adds the signed-in person, if there is one.
func (d *Door) recognise(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.hasCookie(r) {
			if actor, err := d.Sessions.Load(w, r); err == nil {
				r = d.known(r, actor)
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (d *Door) hasCookie(r *http.Request) bool {
	_, err := r.Cookie(d.Sessions.CookieName())
	return err == nil
}

func (d *Door) known(r *http.Request, actor membership.Actor) *http.Request {
	ctx := context.WithValue(r.Context(), actorKey{}, actor)
	ctx = httpapi.WithActor(ctx, actor.UserID, actor.CustomerID)
	return web.WithVisitor(r.WithContext(ctx), web.Visitor{
		Name: actor.Name, Detail: actor.Company, Language: actor.Language, Nav: d.Areas(actor),
		Menu: []web.Link{{Label: web.Text("profile.title"), URL: "/profile"}}, SignOut: "/sign-out",
	})
}

// signInPath returns the address of the sign-in page, which leads back to the requested page if that can be requested
// again.
func signInPath(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/" {
		return "/sign-in"
	}
	return "/sign-in?next=" + url.QueryEscape(r.URL.RequestURI())
}

// saveLanguage stores the language chosen in the footer with the person.
func (d *Door) saveLanguage(r *http.Request, language string) error {
	c := d.Call(r)
	user, err := d.Profile.Get(r.Context(), c)
	if err != nil {
		return err
	}
	_, err = d.Profile.Change(r.Context(), c, user.Version, membership.ProfileInput{Language: &language})
	if errors.Is(err, membership.ErrDirectory) {
		return nil // the browser keeps the choice
	}
	return err
}

// wait is membership.SignIn's Wait, for the rest of the second of a cut-off.
func wait(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// count writes a metric. An action that cannot be counted stays done.
func (d *Door) count(name string, n int) {
	if n > 0 {
		_ = telemetry.Count(d.Metrics, d.Now(), name, n, nil)
	}
}
