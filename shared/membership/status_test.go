package membership_test

import (
	"slices"
	"strings"
	"testing"
	"testing/quick"

	"clientele/shared/membership"
)

// lifecycle is where each step leads from each status, written from the words of the mission:
// "inviting makes it invited", "the invitee sets the password and is active at once", "resend (also after expiry)",
// "removed (also after a declined or revoked invitation)", approve or disapprove who waits, deactivated and suspended
// keep everything and can come back, removed takes the user off the lists and frees the e-mail. "-" is impossible (409).
const lifecycle = `
             invite   resend   revoke   decline  accept  expire   approve  disapprove  deactivate   suspend    reactivate  change       remove
contact      invited  -        -        -        -       -        -        -           -            -          -           contact      removed
invited      -        invited  removed  removed  active  expired  -        -           -            -          -           invited      removed
expired      -        invited  removed  removed  -       -        -        -           -            -          -           expired      removed
waiting      -        -        -        -        -       -        active   rejected    -            -          -           -            removed
active       -        -        -        -        -       -        -        -           deactivated  suspended  -           active       removed
suspended    -        -        -        -        -       -        -        -           deactivated  suspended  active      suspended    removed
deactivated  -        -        -        -        -       -        -        -           -            -          active      deactivated  removed
rejected     -        -        -        -        -       -        -        -           -            -          -           -            removed
removed      -        -        -        -        -       -        -        -           -            -          -           -            -
`

func TestEveryStatusAndStep(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(lifecycle), "\n")
	steps := strings.Fields(lines[0])
	if len(steps) != len(membership.Steps()) || len(lines)-1 != len(membership.Statuses()) {
		t.Fatalf("the table has %d steps and %d statuses, the code %d and %d", len(steps), len(lines)-1, len(membership.Steps()), len(membership.Statuses()))
	}
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		status := membership.Status(cells[0])
		for i, step := range steps {
			next, possible := status.Next(membership.Step(step))
			if want := cells[i+1]; possible != (want != "-") || possible && string(next) != want {
				t.Errorf("%s × %s leads to %q (possible: %v), want %s", status, step, next, possible, want)
			}
			if slices.Contains(status.Possible(), membership.Step(step)) != possible {
				t.Errorf("%s × %s: Possible and Next disagree", status, step)
			}
		}
	}
}

func TestUnknownStatusAllowsNothing(t *testing.T) {
	for _, s := range []membership.Status{"", "Active", "ACTIVE", "blocked"} {
		if p := s.Possible(); len(p) != 0 {
			t.Errorf("status %q allows %v", s, p)
		}
	}
}

// walk applies steps, leaving out impossible ones, and reports each one made.
func walk(from membership.Status, choices []uint8, made func(from membership.Status, step membership.Step, to membership.Status)) membership.Status {
	for _, c := range choices {
		step := membership.Steps()[int(c)%len(membership.Steps())]
		next, ok := from.Next(step)
		if !ok {
			continue
		}
		made(from, step, next)
		from = next
	}
	return from
}

func TestNobodyBecomesActiveByAnythingButAcceptApproveReactivate(t *testing.T) {
	doors := []membership.Step{membership.StepAccept, membership.StepApprove, membership.StepReactivate}
	check := func(from uint8, choices []uint8) bool {
		ok := true
		walk(membership.Statuses()[int(from)%len(membership.Statuses())], choices, func(from membership.Status, step membership.Step, to membership.Status) {
			if to == membership.Active && from != membership.Active && !slices.Contains(doors, step) {
				t.Logf("%s -%s-> %s", from, step, to)
				ok = false
			}
			if step == membership.StepReactivate && from != membership.Suspended && from != membership.Deactivated {
				t.Logf("reactivated although %s", from)
				ok = false
			}
		})
		return ok
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 20_000}); err != nil {
		t.Error(err)
	}
}

func TestRemovedIsFinal(t *testing.T) {
	check := func(choices []uint8) bool {
		return walk(membership.Removed, choices, func(membership.Status, membership.Step, membership.Status) {}) == membership.Removed
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
	for _, s := range membership.Statuses() {
		if next, ok := s.Next(membership.StepRemove); s != membership.Removed && (!ok || next != membership.Removed) {
			t.Errorf("%s cannot be removed", s)
		}
	}
}

// Every status with a way on is reached from an invitation or a registration, so none is dead text.
func TestActivePeopleOnceWereLetIn(t *testing.T) {
	reached := map[membership.Status]bool{}
	queue := []membership.Status{membership.Contact, membership.Waiting}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		if reached[s] {
			continue
		}
		reached[s] = true
		for _, step := range s.Possible() {
			next, _ := s.Next(step)
			queue = append(queue, next)
		}
	}
	for _, s := range membership.Statuses() {
		if !reached[s] {
			t.Errorf("%s is never reached", s)
		}
	}
}
