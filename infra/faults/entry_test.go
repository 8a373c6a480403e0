package faults_test

import (
	"time"

	"clientele/shared/membership"
)

// entry is one use case in one situation.
type entry struct {
	use       string // <struct>.<method> of shared/membership
	situation string // "" for the usual one
	// door is set for what doors ask of the table around a use case; use is then its name.
	door bool
	// prepare makes the world in which it runs, by use cases and without faults.
	prepare func(w *world)
	// each runs before every case, for what is not in the table.
	each func(w *world)
	// run makes the call with what prepare left in w.vars. The call's Now, Key and Done are filled in.
	run func(w *world, c membership.Call) (answer any, err error)
	// as returns who calls.
	as func(w *world) membership.Call
	// route is that of the Idempotency-Key, "" where the route takes none.
	route string
	// batch is set where the use case looks up what was done before row by row.
	batch bool
	// after is how much later the next try is made: after a lease, where there is one.
	after time.Duration
	// settled are the codes by which the next try may be answered once the first was carried out; "answer:" and an answer
	// says the same without an error.
	settled []string
	// passing are codes, beside "try again", that the first try may be answered with.
	passing []string
	// free leaves the answer uncompared: it says what was left to do.
	free bool
	// tries is set where a try that failed is an answer too, because the schedule tries again.
	tries bool
	// again is set where asking twice leaves two of this entity on purpose.
	again string
	// accounts are persons (names in w.vars) who, when active, must have an account with a password.
	accounts []string
}

func (e entry) name() string {
	if e.situation == "" {
		return e.use
	}
	return e.use + ", " + e.situation
}

// entries are all use cases.
func entries() []entry {
	var all []entry
	for _, some := range [][]entry{customerEntries(), domainEntries(), userEntries(), invitationEntries(), acceptanceEntries(), signInEntries(), mailEntries(), cleanUpEntries(), doorEntries(), groupEntries(), bulkEntries(), jobEntries(), avatarEntries(), importEntries(), recordEntries(), registrationEntries(), inboundMailEntries(), guestEntries()} {
		all = append(all, some...)
	}
	return all
}
