package membership

import (
	"reflect"
	"time"
)

// Call is what every use case needs to know about the request it serves.
type Call struct {
	Actor Actor
	Now   time.Time
	// Key is the caller's Idempotency-Key, nil when there is none.
	Key *IdempotencyKey
	// Done is set when a request with the same key has been carried out before: the ids of what it made, in order.
	Done []string
	// Invitation is the one that the request names, if its door reads it ahead; else nil.
	Invitation *Ahead[Invitation]
	// User and Customer are the same for the user and the customer that the request names.
	User     *Ahead[User]
	Customer *Ahead[Customer]
}

// as returns the call with u as its actor: somebody who follows a link acts as the person it was mailed to.
func (c Call) as(u User) Call {
	c.Actor = Actor{Realm: realmOf(u.CustomerID), UserID: u.ID, CustomerID: u.CustomerID, Role: u.Role, Name: u.DisplayName(), RequestID: c.Actor.RequestID}
	return c
}

// IdempotencyKey names one request of one actor, so that repeating it does nothing twice. The marker is written in the
// same transaction as the change and kept for KeyLifetime.
type IdempotencyKey struct {
	ActorID  string
	Route    string // for example "POST /customers"
	Key      string
	BodyHash string // hex SHA-256 of the request's body: the same key with another body is refused
	Row      int    // of a batch, counted from 1; 0 when the request is no batch
}

// KeyLifetime is how long an Idempotency-Key is remembered.
const KeyLifetime = 24 * time.Hour

// Marker is what is remembered of a request that was carried out.
type Marker struct {
	BodyHash string
	IDs      []string
}

// row returns the key of one row of a batch (index counted from 0); nil stays nil.
func (k *IdempotencyKey) row(index int) *IdempotencyKey {
	if k == nil {
		return nil
	}
	r := *k
	r.Row = index + 1
	return &r
}

// ErrInProgress answers the loser of two requests with the same Idempotency-Key at the same moment.
var ErrInProgress = &Error{Kind: Conflict, Code: "request_in_progress", Message: "The same request is being carried out at this moment. Repeat it in a second to get its answer.", RetryAfter: time.Second}

// Trail is what every change writes besides itself in the same transaction: exactly one audit entry, the mails and jobs
// it owes, and the marker of its Idempotency-Key.
type Trail struct {
	Audit AuditEntry
	Mails []Mail
	Jobs  []Job
	Key   *IdempotencyKey
	// KeyIDs are the ids that a repeated request answers with.
	KeyIDs []string
	// Letters are the limits that the mails count against. They are counted with the change, by the store methods that
	// have TooMany among their errors; the others need no right to count.
	Letters []Event
	// Witness is the staff administrator who must still be one when the change is stored, "" for nobody.
	Witness string
	Now     time.Time
}

// witness returns who must still be a staff administrator when a change of this user is stored: the actor, if the
// change may cost a colleague the role or the access. So two cannot both succeed in removing each other at the same
// moment, and since nobody removes themselves, the provider always keeps one administrator.
func (c Call) witness(u User) string {
	if u.CustomerID != ProviderID || c.Actor.Realm != Staff || u.ID == c.Actor.UserID {
		return ""
	}
	return c.Actor.UserID
}

func (c Call) trail(audit AuditEntry, ids ...string) Trail {
	return Trail{Audit: audit, Key: c.Key, KeyIDs: ids, Now: c.Now}
}

// unchanged says whether a change leaves a record as it is. Then the caller gets the record back and nothing is
// written: no version that makes others stale, no empty audit entry, no job. Everything else that forbids the change
// still does.
func unchanged[T any](before, after T) bool { return reflect.DeepEqual(before, after) }

// Page is one page of a list. Next and Prev are positions in the store's own form, "" when there is none; doors seal
// them before they leave (shared/httpapi).
type Page[T any] struct {
	Items []T
	Next  string
	Prev  string
}

// PageRequest asks for one page: at most Limit items, from a position, in a direction.
type PageRequest struct {
	Limit     int
	Position  string // "" is the start
	Backward  bool   // read towards the start from Position
	Ascending bool
}

// second returns t in UTC without fractions: the precision in which the product keeps and shows time.
func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
