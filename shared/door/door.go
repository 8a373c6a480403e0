package door

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"strings"
	"time"

	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/session"
	"clientele/shared/web"
)

// Files are the pages and texts that both doors have.
//
//go:embed pages text
var Files embed.FS

// Door is one of the two sets of pages.
type Door struct {
	Which       membership.Door
	Pages       *web.Pages
	Sessions    session.Sessions
	SignIn      membership.SignIn
	Challenges  Challenges
	Invitations membership.Invitations
	Profile     membership.Profile
	Now         func() time.Time
	// Visitor says what the frame shows of a signed-in person: name, areas, menu.
	Visitor func(membership.Actor) web.Visitor
}

// Challenges opens the sealed session of a sign-in that waits for its second factor; shared/identity's Pool does.
type Challenges interface {
	// Challenge says whose sign-in it is and at which door. Errors: ErrChallengeOver.
	Challenge(ctx context.Context, session string) (membership.Challenge, error)
}

// Routes mounts the common pages.
func (d Door) Routes(mux *http.ServeMux) {
	mux.Handle("GET "+web.AssetsPath, d.Pages.Assets())
	mux.Handle("POST /language", d.Recognise(d.Pages.SwitchLanguage()))

	mux.HandleFunc("GET /sign-in", d.showSignIn)
	mux.HandleFunc("POST /sign-in", d.signIn)
	mux.HandleFunc("POST /sign-in/code", d.answerChallenge)
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
	mux.Handle("/", d.Recognise(d.Pages.NotFound()))
}

type actorKey struct{}

// Actor returns who is signed in; only behind Require.
func Actor(r *http.Request) membership.Actor {
	a, _ := r.Context().Value(actorKey{}).(membership.Actor)
	return a
}

// Call is what a use case needs to know about a request.
func (d Door) Call(r *http.Request) membership.Call {
	a := Actor(r)
	a.RequestID = httpapi.RequestID(r)
	return membership.Call{Actor: a, Now: d.Now()}
}

// Require lets only signed-in people pass; others go to the sign-in page and come back.
func (d Door) Require(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, err := d.Sessions.Load(w, r)
		if membership.KindOf(err) == membership.Unauthenticated {
			if _, had := r.Cookie(d.Sessions.CookieName()); had == nil {
				web.Notify(w, "info", "notice.session_ended")
			}
			http.Redirect(w, r, signInPath(r), http.StatusSeeOther)
			return
		}
		if err != nil {
			d.Pages.Failed(w, r, err)
			return
		}
		next(w, d.known(r, actor))
	})
}

// Recognise adds who is signed in, if anybody is.
func (d Door) Recognise(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, none := r.Cookie(d.Sessions.CookieName()); none == nil {
			if actor, err := d.Sessions.Load(w, r); err == nil {
				r = d.known(r, actor)
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (d Door) known(r *http.Request, actor membership.Actor) *http.Request {
	ctx := context.WithValue(r.Context(), actorKey{}, actor)
	ctx = httpapi.WithActor(ctx, actor.UserID, actor.CustomerID)
	return web.WithVisitor(r.WithContext(ctx), d.Visitor(actor))
}

// signInPath leads back to the page that was asked for, if it can be asked for again.
func signInPath(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/" {
		return "/sign-in"
	}
	return "/sign-in?next=" + url.QueryEscape(r.URL.RequestURI())
}

// SaveLanguage keeps the language chosen in the footer with the person.
func (d Door) SaveLanguage(r *http.Request, language string) error {
	c := d.Call(r)
	user, err := d.Profile.Get(r.Context(), c)
	if err != nil {
		return err
	}
	_, err = d.Profile.Change(r.Context(), c, user.Version, membership.ProfileInput{Language: &language})
	return err
}

// source is the address a request came from, without the port.
func source(r *http.Request) string {
	if at := strings.LastIndexByte(r.RemoteAddr, ':'); at > 0 && strings.Count(r.RemoteAddr, ":") == 1 {
		return r.RemoteAddr[:at]
	}
	return r.RemoteAddr
}
