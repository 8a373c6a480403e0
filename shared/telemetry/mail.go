package telemetry

import (
	"io"
	"time"
)

// Mails counts mails by outcome. Abandoned ones are counted again in a metric without dimensions, which the alarm
// watches. invitations is how many of the sent mails carried an invitation: they are counted here, because every way to
// invite somebody, the first time or again, ends in such a letter.
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
