package telemetry

import (
	"io"
	"time"
)

// Mails counts what became of mails, by outcome. Abandoned ones are counted once more in a metric without dimensions:
// the alarm watches that one. invitations is how many of the sent ones carried an invitation: here, because every way to
// invite somebody, for the first time or again, ends in such a letter.
func Mails[Outcome ~string](w io.Writer, now time.Time, counts map[Outcome]int, invitations int) error {
	for outcome, n := range counts {
		if err := Count(w, now, "Mails", n, map[string]string{"Outcome": string(outcome)}); err != nil {
			return err
		}
	}
	if invitations > 0 {
		if err := Count(w, now, "InvitationsSent", invitations, nil); err != nil {
			return err
		}
	}
	if n := counts["abandoned"]; n > 0 {
		return Count(w, now, "MailsAbandoned", n, nil)
	}
	return nil
}
