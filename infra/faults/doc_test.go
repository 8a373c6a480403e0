// Package faults_test breaks every call that every use case makes to AWS, in every way in which such calls break, and
// looks at what is left: nothing may be half done, and the next try completes it.
//
// Only one entry for each use case is kept by hand (entries_*_test.go): a world, a call, and which answers mean "that
// was done already". Use cases are found in the source of shared/membership, calls are recorded in a run without
// faults, and every place in shared/store, shared/identity and shared/mail that calls AWS must have been met. It runs
// on the local cloud (CLIENTELE_ENDPOINT) with the real table, pool and mail sender.
package faults_test
