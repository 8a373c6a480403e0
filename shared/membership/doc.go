// Package membership is the business of Clientele: who may sign in, for which customer, with which rights, and how they
// get in. Each file has one noun: its fields, its rules, its use cases, and the narrow store interface they need.
//
// It imports the standard library and golang.org/x only. Time is passed in, identifiers come from a function that the
// caller gives, and everything outside (table, sign-in, mail) is an interface declared next to its user.
//
// A use case is a method of the noun's struct (Customers, Invitations, …). It checks the actor, applies the rules, and
// hands the store one change that is written in one transaction together with its Trail: the audit entry, the mails it
// owes and the idempotency marker.
package membership
