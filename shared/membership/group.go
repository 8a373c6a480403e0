package membership

import "time"

// Group is a named set of users and of whole customers. Its grants come with rights.
type Group struct {
	ID          string
	Name        string
	Description string
	// Active: an inactive group vanishes from every choice, and its members stay in it.
	Active    bool
	CreatedAt time.Time
	Version   int
}

// ErrGroupGone answers putting somebody into a group that is inactive or does not exist.
var ErrGroupGone = &Error{Kind: Conflict, Code: "group_gone", Field: "groupIds", Message: "This group does not exist or is not active. Choose another one."}
