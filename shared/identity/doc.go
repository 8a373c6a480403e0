// Package identity keeps passwords and second factors in a Cognito user pool: it implements membership.Accounts, and is
// the only room that talks to Cognito.
//
// An account's name is the user's id, and it holds nothing about the person. The two app clients are confidential: every
// call carries a hash made with the client's secret, so tokens and challenges are worth nothing at Cognito itself
// without us. With the same secret the pool seals what it hands out (ticket.go), so that a refresh token says when and in
// which sign-in it was made, and a challenge for whom, and neither can be made up.
package identity
