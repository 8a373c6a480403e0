package faults_test

import (
	"time"

	"clientele/shared/membership"
)

// entry is one use case in one situation.
type entry struct {
	use       string // <struct>.<method> of shared/membership
	situation string // "" for the usual one
	// door is set for what doors ask the table around a use case; use is then a name for it.
	door bool
	// prepare makes the world that it runs in, with use cases and without faults.
	prepare func(w *world)
	// each runs before every case, for everything outside the table.
	each func(w *world)
	// run makes the call with what prepare left in w.vars. The call's Now, Key and Done are already set.
	run func(w *world, c membership.Call) (answer any, err error)
	// as returns the call of the person who calls.
	as func(w *world) membership.Call
	// route is the route of the Idempotency-Key, "" if the route takes none.
	route string
	// batch is set if the use case looks up row by row what was done before.
	batch bool
	// after is how much later the next try is made: after a lease, if there is one.
	after time.Duration
	// settled are the codes with which the next try may be answered once the first was carried out; "answer:" and an
	// answer means the same without an error.
	settled []string
	// passing are the codes, besides "try again", with which the first try may be answered.
	passing []string
	// free leaves the answer uncompared, because it depends on what was left to do.
	free bool
	// tries is set if a failed try is an answer too, because the schedule tries again.
	tries bool
	// again is set if asking twice leaves two of this entity on purpose.
	again string
	// accounts are people (names in w.vars) who must have an account with a password once they are active.
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
