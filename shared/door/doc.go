// Package door is what portal and console have in common: signing in and out, second factor, forgotten passwords,
// accepting an invitation, one's own record, the people of a customer (users, invitations, inviting, actions on many), the
// queue of registrations, domains, exports and imports, and (portal only) the pages of guests. Each door
// mounts these pages with its own sessions and adds its own pages behind Require.
//
// Every page follows one pattern: GET shows and changes nothing; POST acts and redirects, or shows the form again with
// what is wrong (422) or with what somebody else has changed meanwhile (412). A form that is sent twice acts once (Send).
// Tokens of mailed links come in the fragment, are posted by a script (or pasted), and travel on in a hidden field; they
// never stand in an address.
//
// Pages have no rules: membership says what a button does and whether it is shown.
package door
