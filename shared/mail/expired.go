package mail

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

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
	More    int    // how many more than those in Expired
	Link    string // the page where they can be sent again
}

// Name implements Letter.
func (ExpiredDigest) Name() string { return "expired-digest" }

func (l ExpiredDigest) values(w words) map[string]string {
	var lines []string
	for _, e := range l.Expired {
		lines = append(lines, say(w.Expired, map[string]string{"email": e.Email, "customer_name": e.Customer, "expires_at": w.time(e.ExpiredAt)}))
	}
	if l.More > 0 {
		lines = append(lines, say(w.More, map[string]string{"count": strconv.Itoa(l.More)}))
	}
	return l.with(w, map[string]string{
		"expired_invitations": strings.Join(lines, "\n"),
		"expired_count":       strconv.Itoa(len(l.Expired) + l.More),
		"link":                l.Link,
	})
}

// parseExpired reads the field "expired" that membership stores with a digest: a line for each invitation, with address,
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
