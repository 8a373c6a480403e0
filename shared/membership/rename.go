package membership

import (
	"context"
	"strings"
	"sync"
	"time"
)

// Users carry a copy of two names, because lists show and sort by them: their customer's, and that of their first
// active group. A job brings a changed name to all of them. That is no change of the person, so it leaves no audit
// entry beside the one of the name; the version rises, as with every write.

// RenameStore is what the jobs need of the table.
type RenameStore interface {
	// CustomerUsers returns at most limit users of a customer as stored at this moment, without removed ones, by id,
	// after one of them ("" for the start). next is the id to go on after, "" at the end.
	CustomerUsers(ctx context.Context, customerID, after string, limit int) (users []User, next string, err error)
	// GroupUsers is CustomerUsers for a group.
	GroupUsers(ctx context.Context, groupID, after string, limit int) (users []User, next string, err error)
	User(ctx context.Context, reach Reach, userID string) (User, error)
	Customer(ctx context.Context, reach Reach, customerID string) (Customer, error)
	// GroupsOf returns those of the groups that exist.
	GroupsOf(ctx context.Context, reach Reach, ids []string) ([]Group, error)
	ChangeUser(ctx context.Context, before, after User, i *InvitationChange, t Trail) error
}

const (
	renamePage    = 200 // users per step
	renameWriters = 8   // of them are written at once
	renameTries   = 5
	// renameSettle is how much later a second look follows. By then, a user whom a slower request added with the old
	// name is there (functions have at most 29 s for a request, template.yaml).
	renameSettle = time.Minute
	secondLook   = "again:"
)

// CustomerRename is the worker of JobRenameCustomer: the job's customer has a new name.
type CustomerRename struct{ Store RenameStore }

// Step brings the name to one page of users.
func (r CustomerRename) Step(ctx context.Context, c Call, j *Job) (Trail, error) {
	return Trail{}, renameStep(c, j, func(after string) (int, string, error) {
		users, next, err := r.Store.CustomerUsers(ctx, j.CustomerID, after, renamePage)
		if err != nil {
			return 0, "", err
		}
		return len(users), next, eachUser(users, func(u User) error {
			return refresh(ctx, r.Store, u, func(u *User) error {
				customer, err := r.Store.Customer(ctx, ReachCustomer(u.CustomerID), u.CustomerID)
				if KindOf(err) == NotFound { // deleted, so that this user is gone, too
					return nil
				}
				u.Company = customer.Name
				return err
			})
		})
	})
}

// GroupRename is the worker of JobRenameGroup: the group that is the job's subject has a new name, or has been activated
// or deactivated.
type GroupRename struct{ Store RenameStore }

// Step brings the name to one page of users.
func (r GroupRename) Step(ctx context.Context, c Call, j *Job) (Trail, error) {
	return Trail{}, renameStep(c, j, func(after string) (int, string, error) {
		users, next, err := r.Store.GroupUsers(ctx, j.Subject, after, renamePage)
		if err != nil {
			return 0, "", err
		}
		return len(users), next, eachUser(users, func(u User) error {
			return refresh(ctx, r.Store, u, func(u *User) error {
				groups, err := r.Store.GroupsOf(ctx, ReachAll(), u.GroupIDs)
				u.Group = FirstActive(u.GroupIDs, groups)
				return err
			})
		})
	})
}

// renameStep does one page of the first or the second look at the users.
func renameStep(c Call, j *Job, page func(after string) (int, string, error)) error {
	after, again := strings.CutPrefix(j.Position, secondLook)
	n, next, err := page(after)
	if err != nil {
		return err
	}
	switch {
	case again && next == "":
		j.Finish(c.Now)
	case again:
		j.Position = secondLook + next
	case next == "":
		j.Progress, j.Position, j.DueAt = j.Progress+n, secondLook, second(c.Now.Add(renameSettle))
	default:
		j.Progress, j.Position = j.Progress+n, next
	}
	return nil
}

// refresh writes the user if name changes it. The name is read after the user: a later change of the name has its own
// job, which either finds what is written here or makes this write fail. After a lost race the user is read again.
func refresh(ctx context.Context, store RenameStore, before User, name func(*User) error) error {
	for try := 1; ; try++ {
		after := before
		if err := name(&after); err != nil {
			return err
		}
		if after.Company == before.Company && after.Group == before.Group {
			return nil
		}
		after.Version = before.Version + 1
		err := store.ChangeUser(ctx, before, after, nil, Trail{})
		if KindOf(err) != Stale || try == renameTries {
			return err
		}
		if before, err = store.User(ctx, ReachCustomer(before.CustomerID), before.ID); err != nil {
			if KindOf(err) == NotFound {
				return nil
			}
			return err
		}
		if before.Status == Removed { // on no list that shows the name
			return nil
		}
	}
}

// eachUser does the same for all users, some at once, and returns the first error.
func eachUser(users []User, do func(User) error) error {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
		todo  = make(chan User)
	)
	for range renameWriters {
		wg.Go(func() {
			for u := range todo {
				if err := do(u); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
				}
			}
		})
	}
	for _, u := range users {
		todo <- u
	}
	close(todo)
	wg.Wait()
	return first
}
