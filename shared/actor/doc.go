// Package actor finds out who is calling the API: it verifies the access token of a request, and reads from the table
// what its user may do at this moment.
//
// The gateway's authorizer verifies tokens as well; functions do it again, because `sam local` has no authorizer and the
// gateway knows neither token_use nor our doors. Nothing of the user but the id is taken from the token, so that a change
// or a cut-off holds from the next request.
package actor
