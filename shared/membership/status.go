package membership

import "time"

// Status is the one state a user is in. See mission, words.
type Status string

// The statuses. Expired is computed, and stored by the clean-up only: an invited user whose seven days are over.
const (
	Contact     Status = "contact"
	Invited     Status = "invited"
	Expired     Status = "expired"
	Waiting     Status = "waiting"
	Active      Status = "active"
	Suspended   Status = "suspended"
	Deactivated Status = "deactivated"
	Rejected    Status = "rejected"
	Removed     Status = "removed"
)

// Statuses returns all of them in the order in which lists show them.
func Statuses() []Status {
	return []Status{Contact, Invited, Expired, Waiting, Active, Suspended, Deactivated, Rejected, Removed}
}

// Step is something that moves a user from one status to another.
type Step string

// The steps.
const (
	StepInvite     Step = "invite"
	StepResend     Step = "resend"
	StepRevoke     Step = "revoke"
	StepDecline    Step = "decline"
	StepAccept     Step = "accept"
	StepExpire     Step = "expire"
	StepApprove    Step = "approve"
	StepDisapprove Step = "disapprove"
	StepDeactivate Step = "deactivate"
	StepSuspend    Step = "suspend"
	StepReactivate Step = "reactivate"
	StepChange     Step = "change"
	StepRemove     Step = "remove"
)

// Steps returns all of them.
func Steps() []Step {
	return []Step{StepInvite, StepResend, StepRevoke, StepDecline, StepAccept, StepExpire, StepApprove, StepDisapprove,
		StepDeactivate, StepSuspend, StepReactivate, StepChange, StepRemove}
}

// transitions is the status machine: where a step leads from a status. What is not in it is impossible.
// A removed person is invited again as a new user: the old record keeps its history.
var transitions = map[Status]map[Step]Status{
	Contact: {StepInvite: Invited, StepChange: Contact, StepRemove: Removed},
	Invited: {StepResend: Invited, StepRevoke: Removed, StepDecline: Removed, StepAccept: Active, StepExpire: Expired,
		StepChange: Invited, StepRemove: Removed},
	// An expired offer can still be declined: it tells the inviter more than silence.
	Expired: {StepResend: Invited, StepRevoke: Removed, StepDecline: Removed, StepChange: Expired, StepRemove: Removed},
	// A waiting user stays what was registered; the decision brings role and groups.
	Waiting:     {StepApprove: Active, StepDisapprove: Rejected, StepRemove: Removed},
	Active:      {StepDeactivate: Deactivated, StepSuspend: Suspended, StepChange: Active, StepRemove: Removed},
	Suspended:   {StepReactivate: Active, StepDeactivate: Deactivated, StepSuspend: Suspended, StepChange: Suspended, StepRemove: Removed},
	Deactivated: {StepReactivate: Active, StepChange: Deactivated, StepRemove: Removed},
	Rejected:    {StepRemove: Removed},
	Removed:     {},
}

// Next returns the status a step leads to, and false if the step is impossible.
func (s Status) Next(step Step) (Status, bool) {
	next, ok := transitions[s][step]
	return next, ok
}

// Possible returns the steps that are possible in a status, in the order of Steps.
func (s Status) Possible() []Step {
	var steps []Step
	for _, step := range Steps() {
		if _, ok := s.Next(step); ok {
			steps = append(steps, step)
		}
	}
	return steps
}

// after returns the status a step leads to. Errors: Conflict with code impossible_in_status.
func (s Status) after(step Step) (Status, error) {
	next, ok := s.Next(step)
	if !ok {
		return "", &Error{Kind: Conflict, Code: "impossible_in_status", Message: "A user who is " + string(s) + " cannot be the subject of: " + string(step) + "."}
	}
	return next, nil
}

// StatusAt returns the status as the clock has it: the table follows within a minute, decisions never wait for it.
// An invitation is valid up to, and not at, its ExpiresAt; a suspension ends at SuspendedUntil.
func (u User) StatusAt(now time.Time) Status {
	switch {
	case u.Status == Invited && !u.InvitationExpiresAt.IsZero() && !now.Before(u.InvitationExpiresAt):
		return Expired
	case u.Status == Suspended && !u.SuspendedUntil.IsZero() && !now.Before(u.SuspendedUntil):
		return Active
	}
	return u.Status
}
