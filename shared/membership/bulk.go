package membership

import (
	"context"
	"errors"
	"time"
)

// BulkAction is what one request can do with many users.
type BulkAction string

// The actions.
const (
	BulkResend     BulkAction = "resend" // the invitation of each
	BulkDeactivate BulkAction = "deactivate"
	BulkReactivate BulkAction = "reactivate"
	BulkRemove     BulkAction = "remove"
	BulkSuspend    BulkAction = "suspend"
	BulkSetRole    BulkAction = "setRole"
	BulkAddToGroup BulkAction = "addToGroup"
	BulkLeaveGroup BulkAction = "removeFromGroup"
)

// needs returns what an actor must be allowed to do for an action.
func (a BulkAction) needs() Action {
	switch a {
	case BulkResend:
		return Invite
	case BulkAddToGroup, BulkLeaveGroup:
		return ChangeGroups
	}
	return ChangeUsers
}

// BulkInput is a request to do something with many users.
type BulkInput struct {
	Action  BulkAction
	UserIDs []string
	GroupID string    // for BulkAddToGroup and BulkLeaveGroup
	Until   time.Time // for BulkSuspend; zero: until somebody reactivates them
	Role    Role      // for BulkSetRole
}

// MaxBulk is how many users one request can name. Each is a transaction of its own after up to three reads, some 40 ms,
// so that the request stays well within the gateway's 30 s.
const MaxBulk = 100

// BulkStore is what Bulk needs of the table besides the use cases that it repeats.
type BulkStore interface {
	// Markers returns what is remembered of requests with these keys, nil if nothing, in their order and with one wait.
	Markers(ctx context.Context, keys []*IdempotencyKey) ([]*Marker, error)
}

// Bulk does one thing with many users, each by the use case for one.
type Bulk struct {
	Store       BulkStore
	Users       Users
	Invitations Invitations
	Groups      Groups
	Records     Records
}

// Do does what is asked with each user and returns what became of each, one row per user. A failed row does not stop
// the others; each is a transaction with its own idempotency key, so that a repeated request does what is left.
// Errors (of the whole request): ErrForbidden, ErrKeyReused, Invalid.
func (b Bulk) Do(ctx context.Context, c Call, in BulkInput) ([]RowResult, error) {
	where := ""
	if c.Actor.Realm == Portal {
		where = c.Actor.CustomerID
	}
	if !c.Actor.May(in.Action.needs(), where, "") {
		return nil, ErrForbidden
	}
	do, err := b.use(in)
	if err != nil {
		return nil, err
	}
	results, keys := make([]RowResult, len(in.UserIDs)), make([]*IdempotencyKey, len(in.UserIDs))
	for i := range keys {
		keys[i] = c.Key.row(i)
	}
	markers, err := b.Store.Markers(ctx, keys)
	if err != nil {
		return nil, err
	}
	for _, m := range markers { // before anything is done
		if m != nil && m.BodyHash != c.Key.BodyHash {
			return nil, ErrKeyReused
		}
	}
	first := map[string]bool{}
	for i, id := range in.UserIDs {
		results[i].Index = i
		if first[id] {
			results[i].Err = &Error{Kind: Invalid, Code: "duplicate_row", Field: "userIds", Message: "This user stands in the list twice."}
			continue
		}
		first[id] = true
		if markers[i] == nil {
			call := c
			call.Key, call.Done = keys[i], nil
			err := do(ctx, call, id)
			if e, ok := errors.AsType[*Error](err); ok {
				results[i].Err = e
				continue
			} else if err != nil {
				return nil, err // the rows before this one are done; the caller learns it from a repeated request
			}
		}
		results[i].ID = id
	}
	return results, nil
}

// use returns the use case for one user.
func (b Bulk) use(in BulkInput) (func(context.Context, Call, string) error, error) {
	switch {
	case len(in.UserIDs) == 0:
		return nil, InvalidField("userIds", "required", "Name at least one user.")
	case len(in.UserIDs) > MaxBulk:
		return nil, InvalidField("userIds", "too_many", "At most 100 users can be named at once.")
	}
	step := func(do func(context.Context, Call, string, int) (User, error)) func(context.Context, Call, string) error {
		return func(ctx context.Context, c Call, id string) error {
			_, err := do(ctx, c, id, 0) // the status decides: nobody has read a hundred versions
			return err
		}
	}
	grouped := func(do func(context.Context, Call, string, string) error) func(context.Context, Call, string) error {
		return func(ctx context.Context, c Call, id string) error { return do(ctx, c, in.GroupID, id) }
	}
	switch in.Action {
	case BulkAddToGroup, BulkLeaveGroup:
		if in.GroupID == "" {
			return nil, InvalidField("groupId", "required", "Say which group.")
		}
		if in.Action == BulkLeaveGroup {
			return grouped(b.Groups.RemoveUser), nil
		}
		return grouped(b.Groups.AddUser), nil
	case BulkResend:
		return b.resend, nil
	case BulkDeactivate:
		return step(b.Users.Deactivate), nil
	case BulkReactivate:
		return step(b.Users.Reactivate), nil
	case BulkRemove:
		return step(b.Users.Remove), nil
	case BulkSuspend:
		return step(func(ctx context.Context, c Call, id string, version int) (User, error) {
			return b.Users.Suspend(ctx, c, id, version, in.Until)
		}), nil
	case BulkSetRole:
		if in.Role == "" {
			return nil, InvalidField("role", "required", "Say which role.")
		}
		return func(ctx context.Context, c Call, id string) error { return b.setRole(ctx, c, id, in.Role) }, nil
	}
	return nil, InvalidField("action", "invalid_choice", "There is no such action.")
}

// setRole gives a user a role, whatever else about the user changes at the same moment.
func (b Bulk) setRole(ctx context.Context, c Call, userID string, role Role) error {
	for try := 1; ; try++ {
		user, err := b.Users.Get(ctx, c, userID)
		if err != nil || user.Role == role {
			return err
		}
		_, err = b.Records.Change(ctx, c, userID, user.Version, RecordInput{Role: &role})
		if KindOf(err) != Stale || try == memberTries {
			return err
		}
	}
}

// resend resends the invitation of a user who is invited, or whose invitation has expired.
func (b Bulk) resend(ctx context.Context, c Call, userID string) error {
	user, err := b.Users.Get(ctx, c, userID)
	if err != nil {
		return err
	}
	if _, err := user.StatusAt(c.Now).after(StepResend); err != nil {
		return err
	}
	_, err = b.Invitations.Resend(ctx, c, user.InvitationID)
	return err
}
