// Package session is how browsers stay signed in: a cookie for each of the two doors, and a session in the table.
//
// The cookie names customer, user and session, so that everything that decides about a request is one BatchGet, and
// carries 32 random bytes of which the table has only the hash. A sign-in that waits for its second factor needs no
// session: membership.SignInAnswer.Session is sealed (shared/identity) and goes into a hidden field of the page.
package session
