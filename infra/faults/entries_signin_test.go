package faults_test

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"clientele/shared/identity/identitytest"
	"clientele/shared/membership"
)

const newPassword = "Another good password 2!"

// forget deletes a person's account at Cognito, if there is one.
func (w *world) forget(name string) {
	_, _ = w.pool.API.AdminDeleteUser(w.ctx, &cognitoidentityprovider.AdminDeleteUserInput{UserPoolId: &w.pool.ID, Username: aws.String(w.vars[name])})
}

func acceptanceEntries() []entry {
	accept := func(w *world, c membership.Call) (any, error) {
		user, tokens, err := w.invitations().Accept(w.ctx, c, membership.AcceptInput{Token: w.vars["nia.token"], Password: password})
		return []any{user, tokens}, err
	}
	return []entry{
		{use: "Invitations.Accept", as: (*world).public, after: membership.AcceptanceLease, settled: []string{"already_accepted"}, accounts: []string{"nia.user"},
			prepare: func(w *world) { w.settle(); w.invite("nia", w.staff()); w.sendAll() },
			each:    func(w *world) { w.forget("nia.user") },
			run:     accept},
		{use: "Invitations.Accept", situation: "username taken meanwhile", as: (*world).public, after: membership.AcceptanceLease, accounts: []string{"nia.user"},
			prepare: func(w *world) { w.settle(); w.invite("nia", w.staff()) },
			each:    func(w *world) { w.forget("nia.user") },
			run: func(w *world, c membership.Call) (any, error) {
				_, _, err := w.invitations().Accept(w.ctx, c, membership.AcceptInput{Token: w.vars["nia.token"], Password: password, Username: "name-ben"})
				if membership.CodeOf(err) == "username_in_use" {
					return "in use", nil
				}
				return nil, err
			}},
	}
}

func signInEntries() []entry {
	credentials := func(p string) membership.Credentials {
		return membership.Credentials{Login: "NAME-mia", Password: p, Door: membership.PortalDoor, Source: "192.0.2.1"}
	}
	slow := []string{"too_many_attempts"} // for a second: the SDK repeated the attempt, which met itself
	withAccount := func(w *world) { w.settle(); w.account("mia") }
	linked := func(w *world) {
		withAccount(w)
		w.must(w.signIn().ForgotPassword(w.ctx, w.public(), membership.Forgot{Login: "name-mia", Door: membership.PortalDoor, Source: "192.0.2.1"}, "en"))
		w.sendAll()
		user, err := w.table.User(w.ctx, membership.ReachAll(), w.vars["mia"])
		w.must(err)
		ways, err := w.table.SignIns(w.ctx, user.CustomerID, user.ID)
		w.must(err)
		w.vars["mia.reset"] = w.keys.Token(membership.ResetLink(user, ways))
		for _, login := range []string{"name-mia", user.Email} { // failures, which a new password clears
			_, err = w.signIn().SignIn(w.ctx, w.public(), membership.Credentials{Login: login, Password: "Wrong horse battery 1!", Door: membership.PortalDoor, Source: "192.0.2.1"})
			if membership.CodeOf(err) != "wrong_credentials" {
				w.t.Fatal(err)
			}
		}
	}
	reset := func(w *world, c membership.Call) (any, error) {
		return nil, w.signIn().ResetPassword(w.ctx, c, w.vars["mia.reset"], newPassword)
	}
	temporary := func(w *world) {
		w.settle()
		w.must(w.records().RenewPassword(w.ctx, w.staff(), w.vars["mia"], membership.ByTemporaryPassword))
		w.now = w.now.Add(2 * time.Second)
		w.sendAll()
		access, err := w.table.Access(w.ctx, w.vars["alpha"], w.vars["mia"], "")
		w.must(err)
		w.vars["mia.temporary"] = w.keys.TemporaryPassword(membership.TemporaryFacts(access.User, access.SignIns))
	}
	challenged := func(w *world) {
		temporary(w)
		w.account("mia")
		in, err := w.signIn().SignIn(w.ctx, w.public(), credentials(w.vars["mia.temporary"]))
		w.must(err)
		w.vars["mia.session"] = in.Answer.Session
	}
	choose := func(w *world, c membership.Call) (any, error) {
		return w.signIn().AnswerNewPassword(w.ctx, c, membership.NewPassword{Session: w.vars["mia.session"], Door: membership.PortalDoor, Password: newPassword})
	}
	return []entry{
		{use: "SignIn.SignIn", passing: slow, prepare: withAccount, as: (*world).public, after: 3 * time.Second, run: func(w *world, c membership.Call) (any, error) {
			return w.signIn().SignIn(w.ctx, c, credentials(password))
		}},
		{use: "SignIn.SignIn", situation: "wrong password", passing: slow, prepare: withAccount, as: (*world).public, after: 3 * time.Second, run: func(w *world, c membership.Call) (any, error) {
			in, err := w.signIn().SignIn(w.ctx, c, credentials("Wrong horse battery 1!"))
			if membership.CodeOf(err) == "wrong_credentials" {
				return "wrong", nil
			}
			return in, err
		}},
		{use: "SignIn.SignIn", situation: "unknown", passing: slow, prepare: (*world).settle, as: (*world).public, after: 3 * time.Second, run: func(w *world, c membership.Call) (any, error) {
			in, err := w.signIn().SignIn(w.ctx, c, membership.Credentials{Login: "no-such-name", Password: password, Door: membership.PortalDoor, Source: "192.0.2.1"})
			if membership.CodeOf(err) == "wrong_credentials" {
				return "wrong", nil
			}
			return in, err
		}},
		{use: "SignIn.SignIn", situation: "temporary password", passing: slow, prepare: temporary, as: (*world).public, after: 3 * time.Second, free: true, run: func(w *world, c membership.Call) (any, error) {
			return w.signIn().SignIn(w.ctx, c, credentials(w.vars["mia.temporary"]))
		}},
		{use: "SignIn.AnswerNewPassword", prepare: challenged, as: (*world).public, after: membership.AcceptanceLease, settled: []string{"challenge_over"}, accounts: []string{"mia"}, run: choose},
		{use: "SignIn.AnswerNewPassword", situation: "the first password", prepare: challenged, as: (*world).public, after: membership.AcceptanceLease, settled: []string{"challenge_over"},
			each: func(w *world) { w.forget("mia") }, run: choose},
		{use: "SignIn.AnswerChallenge", passing: slow, as: (*world).public, after: 3 * time.Second, settled: []string{"challenge_over"},
			prepare: func(w *world) {
				withAccount(w)
				in, err := w.accounts().SignIn(w.ctx, membership.PortalDoor, w.vars["mia"], password)
				w.must(err)
				w.vars["mia.totp"] = w.pool.EnrolTOTP(w.t, w.vars["mia"], in.Tokens.Access)
			},
			each: func(w *world) {
				in, err := w.accounts().SignIn(w.ctx, membership.PortalDoor, w.vars["mia"], password)
				w.must(err)
				w.vars["mia.session"] = in.Session
			},
			run: func(w *world, c membership.Call) (any, error) {
				return w.signIn().AnswerChallenge(w.ctx, c, membership.Challenge{UserID: w.vars["mia"], Door: membership.PortalDoor, Session: w.vars["mia.session"],
					Code: identitytest.Code(w.t, w.vars["mia.totp"], time.Now())})
			}},
		{use: "SignIn.Refresh", prepare: withAccount, as: (*world).public,
			each: func(w *world) {
				in, err := w.accounts().SignIn(w.ctx, membership.PortalDoor, w.vars["mia"], password)
				w.must(err)
				w.vars["mia.refresh"] = in.Tokens.Refresh
			},
			run: func(w *world, c membership.Call) (any, error) {
				ticket, err := w.accounts().Ticket(w.ctx, w.vars["mia.refresh"])
				if err != nil {
					return nil, err
				}
				return w.signIn().Refresh(w.ctx, c, ticket)
			}},
		{use: "SignIn.SignOut", prepare: withAccount, as: (*world).member, settled: []string{"sign_in_required"}, run: func(w *world, c membership.Call) (any, error) {
			// The door has checked first who is calling.
			access, err := w.table.Access(w.ctx, "", w.vars["mia"], "")
			if err == nil {
				_, err = access.Actor(membership.PortalDoor, c.Now, "family", c.Now)
			}
			if err != nil {
				return nil, err
			}
			return nil, w.signIn().SignOut(w.ctx, c, membership.Family{ID: "family", EndsAt: c.Now.Add(24 * time.Hour)})
		}},
		{use: "SignIn.ForgotPassword", prepare: (*world).settle, as: (*world).public, again: "mail", run: func(w *world, c membership.Call) (any, error) {
			return nil, w.signIn().ForgotPassword(w.ctx, c, membership.Forgot{Login: "name-mia", Door: membership.PortalDoor, Source: "192.0.2.1"}, "en")
		}},
		{use: "SignIn.InspectReset", prepare: linked, as: (*world).public, run: func(w *world, c membership.Call) (any, error) {
			return w.signIn().InspectReset(w.ctx, c, w.vars["mia.reset"])
		}},
		{use: "SignIn.ResetPassword", prepare: linked, as: (*world).public, after: membership.AcceptanceLease, settled: []string{"reset_link_over"}, accounts: []string{"mia"}, run: reset},
		{use: "SignIn.ResetPassword", situation: "account missing", prepare: linked, as: (*world).public, after: membership.AcceptanceLease, settled: []string{"reset_link_over"},
			each: func(w *world) { w.forget("mia") }, run: reset},
	}
}
