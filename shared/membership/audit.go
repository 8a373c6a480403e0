package membership

import "time"

// AuditEntry is the fact that something changed: who did it, for whom, and what was before and after. Every change
// writes exactly one, in its own transaction; secrets and passwords never are among the fields.
type AuditEntry struct {
	ID         string
	At         time.Time
	Realm      Realm
	ActorID    string
	ActorName  string
	OnBehalfOf string // the user for whom the actor acted, if that is somebody else
	CustomerID string
	Action     string // for example "customer.created"; docs list them all
	Subject    string // for example "customer", "user", "invitation"
	SubjectID  string
	Before     map[string]string
	After      map[string]string
	RequestID  string
}

// auditEntry builds the entry of a change: before and after hold only the fields that differ.
func (c Call) auditEntry(id, action, subject, subjectID, customerID string, before, after map[string]string) AuditEntry {
	e := AuditEntry{
		ID: id, At: second(c.Now), Realm: c.Actor.Realm, ActorID: c.Actor.UserID, ActorName: c.Actor.Name,
		CustomerID: customerID, Action: action, Subject: subject, SubjectID: subjectID, RequestID: c.Actor.RequestID,
		Before: map[string]string{}, After: map[string]string{},
	}
	for k, v := range before {
		if after[k] != v && v != "" {
			e.Before[k] = v
		}
	}
	for k, v := range after {
		if before[k] != v && v != "" {
			e.After[k] = v
		}
	}
	return e
}
