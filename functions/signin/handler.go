package main

import (
	"context"
	"net/http"
	"strings"

	"clientele/shared/api"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
)

type handler struct {
	signIn   membership.SignIn
	guests   membership.Guests
	tickets  tickets
	families families
	gate     httpapi.Gate
}

// tickets says whose the sealed texts are that a sign-in has handed out; implemented by shared/identity's Pool.
type tickets interface {
	Ticket(ctx context.Context, refresh string) (membership.Ticket, error)
	Challenge(ctx context.Context, session string) (membership.Challenge, error)
}

// families says which sign-in the access token of a request belongs to; implemented by shared/actor's Callers.
type families interface {
	Family(r *http.Request) (membership.Family, error)
}

func (h handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /auth/sign-in", h.gate.Public(h.enter))
	mux.Handle("POST /auth/challenge", h.gate.Public(h.answerChallenge))
	mux.Handle("POST /auth/refresh", h.gate.Public(h.refresh))
	mux.Handle("POST /auth/sign-out", h.gate.SignedInBatch(h.signOut))
	mux.Handle("POST /auth/forgot-password", h.gate.Public(h.forgotPassword))
	mux.Handle("POST /auth/one-time-link", h.gate.Public(h.oneTimeLink))
	mux.Handle("POST /auth/reset-password", h.gate.Public(h.resetPassword))
	return httpapi.Routes(mux)
}

func (h handler) enter(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.SignInRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	door, err := doorOf(in.Door)
	if err != nil {
		return err
	}
	signedIn, err := h.signIn.SignIn(r.Context(), c, membership.Credentials{Login: in.Username, Password: in.Password, Door: door, Source: httpapi.Source(r)})
	if err != nil {
		return err
	}
	note(r, signedIn)
	httpapi.Respond(w, http.StatusOK, answerOf(signedIn, c))
	return nil
}

func (h handler) answerChallenge(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.ChallengeRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	signedIn, err := h.answer(r.Context(), c, in)
	if err != nil {
		return err
	}
	note(r, signedIn)
	httpapi.Respond(w, http.StatusOK, answerOf(signedIn, c))
	return nil
}

// answer depends on what is sent: a code is for a second factor, a new password for a temporary one. A session of the
// other challenge counts as over.
func (h handler) answer(ctx context.Context, c membership.Call, in api.ChallengeRequest) (membership.SignedIn, error) {
	switch {
	case (in.Code == nil) == (in.NewPassword == nil):
		return membership.SignedIn{}, membership.InvalidField("code", "required", "Send the code, or after a temporary password newPassword: one of them.")
	case in.NewPassword != nil:
		return h.signIn.AnswerNewPassword(ctx, c, membership.NewPassword{Session: in.Session, Password: *in.NewPassword})
	}
	challenge, err := h.tickets.Challenge(ctx, in.Session)
	if err != nil {
		return membership.SignedIn{}, err
	}
	challenge.Code = strings.ReplaceAll(*in.Code, " ", "") // apps show codes in two halves
	return h.signIn.AnswerChallenge(ctx, c, challenge)
}

func (h handler) refresh(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.RefreshRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	ticket, err := h.tickets.Ticket(r.Context(), in.RefreshToken)
	if err != nil {
		return err
	}
	tokens, err := h.signIn.Refresh(r.Context(), c, ticket)
	if err != nil {
		return err
	}
	httpapi.Respond(w, http.StatusOK, api.RefreshAnswer{AccessToken: tokens.Access, ExpiresIn: tokens.ExpiresIn})
	return nil
}

func (h handler) signOut(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	family, err := h.families.Family(r)
	if err != nil {
		return err
	}
	c.Key = nil // signing out twice is signing out; an Idempotency-Key would add nothing
	if err := h.signIn.SignOut(r.Context(), c, family); err != nil {
		return err
	}
	httpapi.NoContent(w)
	return nil
}

func (h handler) forgotPassword(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.ForgotPasswordRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	door, err := doorOf(in.Door)
	if err != nil {
		return err
	}
	forgot := membership.Forgot{Login: in.Username, Door: door, Source: httpapi.Source(r)}
	if err := h.signIn.ForgotPassword(r.Context(), c, forgot, language(r)); err != nil {
		return err
	}
	httpapi.Accepted(w)
	return nil
}

func (h handler) oneTimeLink(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.OneTimeLinkRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	if err := h.guests.Ask(r.Context(), c, membership.AskLink{Email: in.Email, Source: httpapi.Source(r)}, language(r)); err != nil {
		return err
	}
	httpapi.Accepted(w)
	return nil
}

func (h handler) resetPassword(w http.ResponseWriter, r *http.Request, c membership.Call) error {
	var in api.ResetPasswordRequest
	if err := httpapi.Decode(r, &in); err != nil {
		return err
	}
	if err := h.signIn.ResetPassword(r.Context(), c, in.Token, in.Password); err != nil {
		return err
	}
	httpapi.NoContent(w)
	return nil
}

// note tells the log line who signed in. A sign-in that waits for its second factor is nobody's yet.
func note(r *http.Request, s membership.SignedIn) {
	if s.Answer.Challenge == "" {
		httpapi.WithActor(r.Context(), s.User.ID, s.User.CustomerID)
	}
}

func answerOf(s membership.SignedIn, c membership.Call) api.SignInAnswer {
	if s.Answer.Challenge != "" {
		challenge := api.SignInAnswerChallenge(s.Answer.Challenge)
		return api.SignInAnswer{Challenge: &challenge, Session: &s.Answer.Session}
	}
	user := api.UserFor(membership.Actor{UserID: s.User.ID, CustomerID: s.User.CustomerID}, s.User, c.Now)
	return api.SignInAnswer{AccessToken: &s.Answer.Tokens.Access, RefreshToken: &s.Answer.Tokens.Refresh, ExpiresIn: &s.Answer.Tokens.ExpiresIn, User: &user}
}

func doorOf(d api.Door) (membership.Door, error) {
	switch door := membership.Door(d); door {
	case membership.PortalDoor, membership.ConsoleDoor:
		return door, nil
	}
	return "", membership.InvalidField("door", "invalid_choice", "The door is portal or console.")
}

// language returns the first of the caller's languages that the product has; the person's own comes before it.
func language(r *http.Request) string {
	wanted := strings.Split(r.Header.Get("Accept-Language"), ",")
	for i, tag := range wanted {
		tag, _, _ = strings.Cut(tag, ";")
		wanted[i] = strings.TrimSpace(tag)
	}
	return membership.ChooseLanguage(wanted...)
}
