package mail

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxExpired is how many invitations one digest lists; more would be a mail nobody reads.
const maxExpired = 100

// Expired is an invitation that nobody accepted in time.
type Expired struct {
	Email     string
	Customer  string
	ExpiredAt time.Time
}

// ExpiredDigest tells an inviter, once a day, which invitations expired.
type ExpiredDigest struct {
	Common
	Expired []Expired
	More    int    // how many there are beside those in Expired
	Link    string // the page where they can be sent again
}

// Name implements Letter.
func (ExpiredDigest) Name() string { return "expired-digest" }

func (l ExpiredDigest) values(w words) map[string]string {
	var lines []string
	named := l.Expired[:min(len(l.Expired), maxExpired)]
	for _, e := range named {
		lines = append(lines, say(w.Expired, map[string]string{"email": e.Email, "customer_name": e.Customer, "expires_at": w.time(e.ExpiredAt)}))
	}
	all := len(l.Expired) + l.More
	if more := all - len(named); more > 0 {
		lines = append(lines, say(w.More, map[string]string{"count": strconv.Itoa(more)}))
	}
	return l.with(w, map[string]string{
		"expired_invitations": strings.Join(lines, "\n"),
		"expired_count":       strconv.Itoa(all),
		"link":                l.Link,
	})
}

// parseExpired reads the field expired_invitations of a digest's record: a line for each invitation, with address,
// customer and RFC 3339 time, and a tab between them.
func parseExpired(field string) ([]Expired, error) {
	var expired []Expired
	for line := range strings.SplitSeq(field, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		parts := strings.Split(line, "\t")
		if len(parts) != 3 {
			return nil, fmt.Errorf("an expired invitation has %d parts: address, customer and time are needed", len(parts))
		}
		at, err := parseTime(parts[2])
		if err != nil {
			return nil, fmt.Errorf("an expired invitation's time: %w", err)
		}
		expired = append(expired, Expired{Email: parts[0], Customer: parts[1], ExpiredAt: at})
	}
	return expired, nil
}
